"""Twins: what no spectrum tells apart is named together; what lies farther apart than specimens do is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Reference

AXIS = np.arange(150.0, 1300.0, 2.0)
# as garnets are: one species beside another shifts by less than specimens of either do
SERIES = {"almandine": 0.0, "pyrope": 1.0, "grossular": -30.0}
LINES = ((350.0, 0.5), (500.0, 0.2), (557.0, 0.3), (915.0, 1.0))


def specimen(shift: float, seed: int, beyond: float = 0.0) -> SpectrumSet:
    """A specimen whose lines lie up to 3 cm⁻¹ aside; `beyond` is the height of a line of its own at 1100 cm⁻¹."""
    random = np.random.default_rng(seed)
    lines = [(place + shift + random.uniform(-3, 3), height * random.uniform(0.7, 1.3)) for place, height in LINES]
    values = sum(height / (1 + ((AXIS - place) / 6) ** 2) for place, height in [*lines, (1100.0, beyond)])
    return SpectrumSet.of(AXIS, np.asarray(values) + random.normal(0, 0.005, AXIS.size))


def asked(folder: Path, engine: Engine, beyond: float = 0.0, within: Region | None = None) -> Any:
    """What a specimen of the first two of the series is, of which the second has a line of its own `beyond`."""
    references = [
        Reference(name, specimen(shift, 10 * number + one, beyond if name == "pyrope" else 0.0), sample=f"{name} {one}")
        for number, (name, shift) in enumerate(SERIES.items())
        for one in range(3)
    ]
    shelf = libraries.write(folder / "garnets.ramanlib", references, "Garnets").with_fingerprints(engine)
    return engine.identify(specimen(0.5, 99, beyond / 2), shelf, within=within)[0]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(threads=1)


def test_substances_as_alike_as_two_specimens_of_one_are_named_together(engine: Engine, tmp_path: Path) -> None:
    found = asked(tmp_path, engine)
    assert {match.name for match in found.matches[:2]} == {"almandine", "pyrope"}
    assert " or " in found.explanation
    assert "as alike as two specimens of one substance" in found.explanation
    assert "grossular" not in found.explanation


def test_a_line_of_its_own_tells_a_substance_apart_unless_it_is_not_looked_at(engine: Engine, tmp_path: Path) -> None:
    assert "as alike as" not in asked(tmp_path, engine, beyond=1.0).explanation
    assert "as alike as" in asked(tmp_path, engine, beyond=1.0, within=Region(150.0, 1040.0)).explanation
