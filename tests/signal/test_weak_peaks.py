"""What a weak peak is claimed to be worth: never more than the samples under it can tell."""

import numpy as np
import pytest

from ramanstudio.signal import weak_peaks
from ramanstudio.signal.weak_peaks import raise_error_at_weak_peaks

AXIS = np.linspace(200, 3200, 1000)
DRIFT = 0.1


def bump(centre, height, width):
    """A Gaussian `width` samples wide at half its height around sample `place`."""
    return height * np.exp(-4 * np.log(2) * ((np.arange(1000) - centre) / width) ** 2)


def claimed(rows, error=0.2, sigma=1.0, drift=DRIFT, axis=AXIS):
    """What is claimed of denoised `rows` where a network claims the same `error` everywhere."""
    rows = np.atleast_2d(rows).astype(np.float32)
    n_spectra = len(rows)
    return raise_error_at_weak_peaks(
        axis, rows, np.full(rows.shape, error, np.float32), np.full(n_spectra, sigma), np.full(n_spectra, drift)
    )


def root_mean_square(rows):
    return np.sqrt(np.mean(np.square(rows, dtype=float), axis=-1))


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_bump_no_higher_than_the_noise_of_its_few_samples_is_no_fact(unit):
    drawn = unit * bump(500, 0.8, 4)  # four expected errors high, twice the noise of four samples
    error = claimed(drawn, 0.2 * unit, unit, DRIFT * unit)
    assert 0.8 * unit < 3 * error[0, 500]


def test_the_wider_a_bump_the_more_samples_bear_it_out():
    heights = [0.8 / claimed(bump(500, 0.8, width))[0, 500] for width in (3, 6, 12, 24)]
    assert heights == sorted(heights)
    assert heights[0] < 2 < 3 < heights[-1]


def test_a_bump_as_wide_as_it_may_be_is_no_fact_where_repeats_differ_by_half_its_height():
    assert 3 * claimed(bump(500, 0.8, 24), drift=0.4)[0, 500] > 0.8


def test_what_stands_far_above_noise_and_drift_keeps_its_claim():
    assert claimed(bump(300, 40, 5) + bump(600, 6, 12)) == pytest.approx(0.2)


def test_what_is_too_flat_to_be_seen_keeps_its_claim_and_what_is_doubted_enough_too():
    ripple = 0.15 * np.sin(np.arange(1000) / 3)
    assert claimed(ripple, error=0.2) == pytest.approx(0.2)
    assert claimed(bump(500, 0.8, 4), error=0.6) == pytest.approx(0.6)


def test_the_claim_has_no_step_and_grows_only_under_the_bump():
    error = claimed(bump(500, 0.8, 8) + bump(200, 30, 10))[0]
    assert np.abs(np.diff(np.log(error))).max() < 0.35
    far = np.abs(np.arange(1000) - 500) > 10
    assert np.ptp(error[far]) == pytest.approx(0) and error[500] > 1.4 * error[far][0]


def test_a_little_more_height_changes_the_claim_by_little():
    heights = np.linspace(0.2, 3, 300)
    error = claimed(np.stack([bump(500, height, 8) for height in heights]))[:, 500]
    assert np.abs(np.diff(np.log(error))).max() < 0.05
    is_fact = heights > 3 * error
    assert not is_fact[0] and is_fact[-1] and (np.diff(is_fact.astype(int)) >= 0).all()


def test_the_error_of_the_whole_spectrum_stays_as_it_was_calibrated():
    random = np.random.default_rng(0)
    rows = sum(bump(centre, random.uniform(0.3, 2, (20, 1)), 5) for centre in range(50, 1000, 60))
    error = claimed(rows)
    assert np.ptp(error, axis=1).min() > 0.05
    assert root_mean_square(error) == pytest.approx(0.2, rel=1e-5)


def test_each_spectrum_is_doubted_by_itself_however_many_there_are(monkeypatch):
    rows = np.stack([bump(centre, 0.8, 4) for centre in (1, 30, 500, 998)] + [np.zeros(1000), np.arange(1000.0)])
    apart = np.concatenate([claimed(row) for row in rows])
    assert np.array_equal(claimed(rows), apart)
    monkeypatch.setattr(weak_peaks, "BLOCK", 2)
    assert np.array_equal(claimed(rows), apart)


@pytest.mark.parametrize("points", [8, 40, 1000])
def test_spectra_that_are_short_or_stand_still_are_taken_as_they_come(points):
    rows = np.zeros((3, points))
    rows[1, points // 2 :], rows[2, 2 : points - 2] = 1, 5  # a step, and a plateau
    assert np.isfinite(claimed(rows, axis=np.linspace(200, 3200, points))).all()
