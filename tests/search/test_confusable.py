"""Confusable substances are named together; those further apart than two specimens are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Reference
from ramanstudio.search.matches import Identification

AXIS = np.arange(150.0, 1300.0, 2.0)
# like garnets: the bands of the first two differ by less than those of two specimens of either
SHIFTS_CM = {"almandine": 0.0, "pyrope": 1.0, "grossular": -30.0}
BANDS = ((350.0, 0.5), (500.0, 0.2), (557.0, 0.3), (915.0, 1.0))


def specimen(shift: float, seed: int, own_band: float = 0.0) -> SpectrumSet:
    """A specimen with bands up to 3 cm⁻¹ off, and a band of its own at 1100 cm⁻¹ of the height `own_band`."""
    random = np.random.default_rng(seed)
    bands = [(centre + shift + random.uniform(-3, 3), height * random.uniform(0.7, 1.3)) for centre, height in BANDS]
    values = sum(height / (1 + ((AXIS - centre) / 6) ** 2) for centre, height in [*bands, (1100.0, own_band)])
    return SpectrumSet.of(AXIS, np.asarray(values) + random.normal(0, 0.005, AXIS.size))


def identify_garnet(
    folder: Path, engine: Engine, own_band: float = 0.0, within: Region | None = None
) -> Identification:
    """Identify a specimen between the first two garnets, of which the second has a band of its own."""
    references = [
        Reference(
            name, specimen(shift, 10 * number + copy, own_band if name == "pyrope" else 0.0), sample=f"{name} {copy}"
        )
        for number, (name, shift) in enumerate(SHIFTS_CM.items())
        for copy in range(3)
    ]
    library = libraries.write(folder / "garnets.ramanlib", references, "Garnets").with_fingerprints(engine)
    return engine.identify(specimen(0.5, 99, own_band / 2), library, within=within)[0]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(threads=1)


def test_substances_as_similar_as_two_specimens_are_named_together(engine: Engine, tmp_path: Path) -> None:
    result = identify_garnet(tmp_path, engine)
    assert {match.name for match in result.matches[:2]} == {"almandine", "pyrope"}
    assert " or " in result.explanation
    assert "as similar as two specimens of one substance" in result.explanation
    assert "grossular" not in result.explanation


def test_a_band_of_its_own_distinguishes_a_substance_unless_it_is_not_compared(engine: Engine, tmp_path: Path) -> None:
    assert "as similar as" not in identify_garnet(tmp_path, engine, own_band=1.0).explanation
    without_band = Region(150.0, 1040.0)
    assert "as similar as" in identify_garnet(tmp_path, engine, own_band=1.0, within=without_band).explanation
