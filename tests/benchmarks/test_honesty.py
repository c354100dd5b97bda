"""The measuring stick of honesty tells the truth from a lie, on cases whose answer is known."""

import numpy as np
import pytest

from benchmarks.honesty.claims import Claim
from benchmarks.honesty.peaks import SUPPORTED, bias, with_false_peaks
from benchmarks.honesty.simulated import AXIS, Lines, simulate
from ramanstudio.engine import Engine


def gauss(centre, width):
    return np.exp(-4 * np.log(2) * ((AXIS - centre) / width) ** 2)


def far_from(lines: Lines) -> float:
    """The middle of the widest gap between lines."""
    places = np.concatenate([[AXIS[0]], np.sort(lines.centre), [AXIS[-1]]])
    widest = int(np.argmax(np.diff(places)))
    return float(places[widest] + places[widest + 1]) / 2


def test_simulated_spectra_have_the_noise_and_the_lines_that_were_asked_for():
    quiet = simulate(1, 20, 20.0, drifting=False)
    noise = np.std(quiet.raw.values - quiet.truth, axis=1)
    height = np.array([one.on(AXIS).max() for one in quiet.lines])
    assert np.allclose(height / noise, 20, rtol=0.1)
    rough = simulate(1, 20, 20.0, drifting=True)
    assert np.mean((rough.raw.values - rough.truth) ** 2) > 1.05 * np.mean((quiet.raw.values - quiet.truth) ** 2)


def test_a_voigt_line_is_as_wide_as_it_says_whatever_its_shape():
    for lorentz in (0.0, 0.5, 1.0):
        one = Lines(np.array([1500.0]), np.array([40.0]), np.array([1.0]), np.array([lorentz]))
        above = np.linspace(1400, 1600, 20_001)
        assert np.ptp(above[one.on(above) > 0.5]) == pytest.approx(40, rel=0.01)


def test_an_error_that_is_claimed_rightly_is_honest_and_one_too_small_or_too_large_is_not():
    residual = np.random.default_rng(0).normal(0, 2, (100, 1000))
    right = np.full(residual.shape, 2.0)
    claim = Claim.of(residual, right)
    assert claim.is_honest
    assert claim.median == pytest.approx(1, abs=0.02) and claim.covered == pytest.approx(90, abs=1)
    assert claim.usual == 100 and claim.common < 0.05
    small, large = Claim.of(residual, right / 2), Claim.of(residual, right * 2)
    assert not small.is_honest and small.median == pytest.approx(0.5, abs=0.02) and small.covered < 70
    assert not large.is_honest and large.usual == 0
    assert small.cells()[0] == "0.50 ✗" and claim.cells()[0].endswith("✓")


def test_an_error_that_all_repeats_share_is_told_from_their_own():
    draw = np.random.default_rng(1)
    residual = 3 * np.sin(np.arange(1000) / 20) + draw.normal(0, 1, (5, 1000))
    assert Claim.of(residual, np.ones_like(residual)).common == pytest.approx(np.sqrt(4.5 / 5.5), abs=0.03)


def test_one_series_counts_each_of_its_spectra_alike():
    residual = np.random.default_rng(0).normal(0, 1, (30, 500))
    many, few = Claim.of(residual, np.ones_like(residual)), Claim.of(residual[:3], 3 * np.ones((3, 500)))
    assert Claim.pooled([many, few]).median == pytest.approx(1, abs=0.05)
    assert len(Claim.pooled([many, few]).ratio) == 33


def test_a_perfect_denoiser_has_no_false_peak_and_no_bias():
    crowded = simulate(2, 30, 10.0, drifting=False)
    error = np.full(crowded.truth.shape, 0.01)
    assert with_false_peaks(AXIS, crowded.truth, error, crowded.truth, crowded.lines) == 0
    lines = simulate(2, 2, 10.0, drifting=False, width_cm=20.0)
    found = bias(AXIS, lines.truth, lines.truth, lines.lines)
    assert (found.height, found.width, found.lost) == (0, 0, 0)


@pytest.mark.parametrize(("claimed", "caught"), [(0.02, 100.0), (0.1, 0.0)])
def test_a_bump_painted_where_nothing_is_is_caught_unless_its_error_is_admitted(claimed, caught):
    crowded = simulate(3, 20, 10.0, drifting=False)
    painted = np.stack([0.2 * gauss(far_from(one), 20) for one in crowded.lines])
    error = np.full(crowded.truth.shape, claimed)
    assert with_false_peaks(AXIS, crowded.truth + painted, error, crowded.truth, crowded.lines) == caught


def test_a_line_drawn_too_high_is_not_a_false_peak():
    lines = tuple(Lines(np.array([1500.0]), np.array([30.0]), np.array([1.0]), np.array([0.5])) for _ in range(3))
    truth = np.stack([one.on(AXIS) for one in lines])
    assert with_false_peaks(AXIS, 1.5 * truth, np.full(truth.shape, 0.01), truth, lines) == 0


def test_lines_that_are_lowered_and_broadened_are_told():
    lines = simulate(4, 3, 1000.0, drifting=False, width_cm=30.0)
    pure = np.stack([one.on(AXIS) for one in lines.lines])
    low = bias(AXIS, lines.truth - 0.1 * pure, lines.truth, lines.lines)
    assert low.height == pytest.approx(-10, abs=0.5) and low.width == pytest.approx(0, abs=0.5)
    wide = np.stack([Lines(one.centre, 1.2 * one.width, one.height, one.lorentz).on(AXIS) for one in lines.lines])
    broad = bias(AXIS, wide, pure, lines.lines)
    assert broad.width == pytest.approx(20, abs=1) and broad.height == pytest.approx(0, abs=1)


@pytest.mark.parametrize("snr", [3.0, 10.0])
def test_the_fast_model_draws_hardly_a_peak_that_is_not_there_and_still_shows_those_that_are(snr):
    spectra = simulate(40, 250, snr, drifting=True)
    denoised = Engine.load("smae-small", device="cpu", threads=1).denoise(spectra.raw)
    values, error = denoised.spectra.values, denoised.expected_error
    assert with_false_peaks(AXIS, values, error, spectra.truth, spectra.lines) < 2  # 8 and 5 where no peak is doubted
    strongest = [int(np.abs(AXIS - one.centre[one.height.argmax()]).argmin()) for one in spectra.lines]
    drawn = [
        np.ptp(row[at - 25 : at + 26]) > SUPPORTED * claim[at]
        for row, claim, at in zip(values, error, strongest, strict=True)
        if 25 <= at < len(AXIS) - 25
    ]
    assert np.mean(drawn) > 0.8
