"""The oracles of the study of what can be reached: they do know the truth, and pure noise and drift are told apart."""

import numpy as np
import pytest

from benchmarks.denoise import Gain, best_of_grid
from benchmarks.reachable import Error, best, by_period, by_wavelets, by_windows, cosines
from benchmarks.repeats import Condition
from benchmarks.rivals.smoothers import SMOOTHERS
from ramanstudio.core.spectra import SpectrumSet

POINTS = 512


def repeats(drift: float = 0.0, many: int = 20) -> Condition:
    """Repeats of three lines under white noise of 0.1, and a ripple of 50 samples of random phase."""
    random = np.random.default_rng(0)
    axis = np.linspace(200, 1800, POINTS)
    truth = np.asarray(sum(np.exp(-0.5 * ((axis - centre) / 12) ** 2) for centre in (450.0, 900.0, 1400.0)))
    phase = 2 * np.pi * (np.arange(POINTS) / 50 + random.random((many, 1)))
    noise = 0.1 * random.standard_normal((many, POINTS))
    return Condition("made up", SpectrumSet.of(axis, truth + noise + drift * np.sin(phase)), truth)


@pytest.mark.parametrize("oracle", [by_wavelets, by_windows])
def test_whoever_knows_the_truth_gains_more_than_the_best_smoother(oracle):
    condition = repeats()
    gains, rebuilt = best(condition, oracle)
    assert min(gain.median for gain in gains) > max(best_of_grid(one, condition).median for one in SMOOTHERS)
    assert Gain.of(condition, rebuilt).median == pytest.approx(gains[1].median)


def test_an_oracle_told_of_the_drift_gains_more_than_one_that_thinks_all_is_white():
    (white, told), _ = best(repeats(drift=0.1), by_wavelets)
    assert told.median > 1.05 * white.median


def test_removing_white_noise_leaves_the_drift():
    floor = Error.of(repeats(drift=0.1)).floor
    assert floor == pytest.approx(np.sqrt((0.1**2 + 0.1**2 / 2) / (0.1**2 / 2)), rel=0.1)
    assert Error.of(repeats(many=100)).floor > 4


def test_error_is_told_apart_by_how_slow_it_is():
    ripple = np.sin(2 * np.pi * np.arange(POINTS) / 32)[None]
    power = cosines(ripple)
    shares = [float(share) for share in by_period(power, power.sum())]
    assert shares[2] > 95 and sum(shares) == pytest.approx(100, abs=0.2)
