"""Units of the axis: round trips, the known values, and which laser several spectra share."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.spectral_units import BY_KEY, AxisScale, common_laser_nm, from_shift, to_shift


def test_the_520_line_of_silicon_is_at_547_nm_with_a_green_laser() -> None:
    assert from_shift(520.5, "nm", 532.0) == pytest.approx(547.15, abs=0.01)
    assert from_shift(520.5, "absolute", 532.0) == pytest.approx(18276.5, abs=0.1)
    assert from_shift(0.0, "ev", 532.0) == pytest.approx(2.33053, abs=1e-4)


@pytest.mark.parametrize("unit", list(BY_KEY))
def test_every_unit_converts_back(unit: str) -> None:
    shifts = np.linspace(-500, 4000, 91)
    assert to_shift(from_shift(shifts, unit, 785.0), unit, 785.0) == pytest.approx(shifts, abs=1e-8)


def test_light_without_energy_has_no_wavelength() -> None:
    assert np.isnan(from_shift(9500.0, "nm", 1064.0))


def test_a_unit_that_needs_an_unknown_laser_falls_back_to_raman_shift() -> None:
    assert AxisScale.of("nm", None).value(1000.0) == 1000.0
    assert AxisScale.of("nm", 532.0).value(1000.0) == pytest.approx(561.89, abs=0.01)


def test_several_spectra_need_one_known_laser() -> None:
    assert common_laser_nm([532, 532.0]) == (532.0, "")
    for stated in ([532.0, 785.0], [532.0, None], [None], ["green"], [True]):
        laser, reason = common_laser_nm(stated)
        assert laser is None and "laser" in reason
