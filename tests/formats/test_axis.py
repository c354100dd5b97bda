"""Raman shift from every unit that an axis may be in: 1e7 / laser − 1e7 / wavelength, both in nm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.formats import axis as axes

LASER_NM = 532.0
SHIFT_CM = np.array([200.0, 1000.0, 1800.0, 3000.0])
WAVELENGTH_NM = 1e7 / (1e7 / LASER_NM - SHIFT_CM)


@pytest.mark.parametrize(
    ("unit", "axis"),
    [
        (axes.NM, WAVELENGTH_NM),
        (axes.MICRON, WAVELENGTH_NM / 1000),
        (axes.ANGSTROM, WAVELENGTH_NM * 10),
        (axes.ABSOLUTE, 1e7 / WAVELENGTH_NM),
        (axes.EV, 1239.841984 / WAVELENGTH_NM),
        (axes.SHIFT, SHIFT_CM),
    ],
)
def test_every_unit_becomes_the_same_raman_shift(unit: str, axis: np.ndarray) -> None:
    shift = axes.raman_shift(Path("a.txt"), axis, unit, LASER_NM)
    assert shift == pytest.approx(SHIFT_CM, abs=0.02)
