"""Arithmetic on spectra: the right values, errors that hold, and sentences where the spectra do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing import arithmetic

AXIS = np.linspace(200.0, 1800.0, 801)
SIGMA = 2.0


def spectra(n: int = 1, height: float = 100.0, axis: np.ndarray = AXIS, seed: int = 0, **about: str) -> SpectrumSet:
    line = height * np.exp(-(((axis - 900) / 40) ** 2)) + 50
    noise = np.random.default_rng(seed).normal(0, SIGMA, (n, len(axis)))
    return SpectrumSet(axis, line + noise, about=about)


def test_an_average_has_the_standard_error_of_the_mean() -> None:
    result = arithmetic.average([spectra(9, source="/data/a.txt"), spectra(7, seed=1, source="/data/b.txt")])
    assert len(result.spectra) == 1 and not result.note
    truth = 100 * np.exp(-(((AXIS - 900) / 40) ** 2)) + 50
    z = (result.spectra.values[0] - truth) / result.error[0]
    assert z.std() == pytest.approx(1, abs=0.15)
    assert np.median(result.error) == pytest.approx(SIGMA / 4, rel=0.1)
    assert result.spectra.about["operation"] == "Average of 16 spectra"
    assert result.spectra.about["operands"] == "a.txt (9 spectra), b.txt (7 spectra)"
    assert "source" not in result.spectra.about


def test_spectra_with_gaps_are_left_out_of_an_average_and_that_is_said() -> None:
    values = spectra(3).values.copy()
    values[1, 5] = np.nan
    result = arithmetic.average([SpectrumSet(AXIS, values)])
    assert np.isfinite(result.spectra.values).all() and "1 spectra with points without a number" in result.note
    np.testing.assert_allclose(result.spectra.values[0], values[[0, 2]].mean(axis=0), rtol=1e-5)


def test_a_sum_and_a_difference_propagate_the_noise() -> None:
    added = arithmetic.total([spectra(4)])
    assert np.median(added.error) == pytest.approx(2 * SIGMA, rel=0.15)
    np.testing.assert_allclose(added.spectra.values[0], spectra(4).values.sum(axis=0), rtol=1e-5)
    left = arithmetic.difference(spectra(3, 200), spectra(1, 100, seed=4), factor=2.0)
    assert left.spectra.values.shape == (3, 801) and np.abs(left.spectra.values + 50).max() < 8 * SIGMA
    assert left.spectra.values.std() == pytest.approx(float(np.median(left.error)), rel=0.1)
    assert left.spectra.about["operation"].startswith("A − 2·B")


def test_a_ratio_leaves_out_points_where_the_denominator_is_nothing() -> None:
    below = spectra(1, 100).with_values(spectra(1, 100).values - 50)
    result = arithmetic.ratio(spectra(1, 200), below)
    assert result.spectra.axis[0] > 700 and result.spectra.axis[-1] < 1100 and "near zero" in result.note
    top = np.argmin(np.abs(result.spectra.axis - 900))
    assert result.spectra.values[0, top] == pytest.approx(2.5, rel=0.15)
    with pytest.raises(StudioError, match="no more than noise"):
        arithmetic.ratio(spectra(), SpectrumSet(AXIS, np.random.default_rng(1).normal(0, 1, (1, 801))))


def test_different_axes_are_brought_to_a_common_one_and_that_is_said() -> None:
    other = np.linspace(400.0, 2400.0, 501)
    result = arithmetic.difference(spectra(), spectra(axis=other, seed=2))
    assert result.spectra.axis[0] == 400 and result.spectra.axis[-1] <= 1800
    assert "common axis of 4 cm⁻¹ from 400 to 1800" in result.note == result.spectra.about["axis_note"]
    assert np.abs(result.spectra.values).max() < 6 * SIGMA


@pytest.mark.parametrize(("matching", "expected"), [("none", 75), ("offset", 125), ("scale", 150)])
def test_overlapping_ranges_are_merged_into_one(matching: arithmetic.Matching, expected: float) -> None:
    left, right = np.linspace(200, 1000, 401), np.linspace(900, 2000, 276)
    flat = [
        SpectrumSet(left, np.full((1, 401), 100.0)),
        SpectrumSet(right, np.full((1, 276), 50.0) + 25 * (right > 1500)),
    ]
    merged = arithmetic.merge(flat[::-1], matching)
    axis, values = merged.spectra.axis, merged.spectra.values[0]
    assert (axis[0], axis[-1]) == (200, 2000) and np.all(np.diff(axis) > 0)
    assert values[0] == 100
    assert values[-1] == pytest.approx(expected)
    assert np.abs(np.diff(values[axis < 1400])).max() < 5


def test_ranges_that_do_not_overlap_leave_a_gap() -> None:
    sets = [SpectrumSet(np.linspace(low, low + 300, 151), np.ones((2, 151))) for low in (200, 900)]
    merged = arithmetic.merge(sets)
    assert "between 500 and 900" in merged.note and len(merged.spectra) == 2
    assert not ((merged.spectra.axis > 501) & (merged.spectra.axis < 899)).any()
    with pytest.raises(StudioError, match="do not overlap"):
        arithmetic.merge(sets, "scale")


def test_what_does_not_fit_is_a_sentence() -> None:
    with pytest.raises(StudioError, match="3 spectra do not pair with 2"):
        arithmetic.difference(spectra(3), spectra(2))
    with pytest.raises(StudioError, match="no spectrum"):
        arithmetic.average([])
    with pytest.raises(StudioError, match="share too little"):
        arithmetic.average([spectra(), spectra(axis=np.linspace(1795, 3000, 500))])
    with pytest.raises(StudioError, match="same number"):
        arithmetic.merge([spectra(2), spectra(1)])
