"""The time left is within a factor of two once a tenth of the work is done, whatever came before."""

from __future__ import annotations

import pytest

from ramanstudio.core.pace import Pace


def estimates(times: list[float], dones: list[float], total: float) -> list[tuple[float, float]]:
    """The estimated and true time left at each report after a tenth of the work."""
    pace, pairs = Pace(), []
    for now, done in zip(times, dones, strict=True):
        pace.record(now, done, total)
        if 0.1 * total <= done < 0.95 * total:
            estimated = pace.seconds_left(now, done, total)
            assert estimated is not None
            pairs.append((estimated, times[-1] - now))
    return pairs


@pytest.mark.parametrize("waited_s", [0.0, 300.0])
def test_waiting_before_the_first_report_does_not_count(waited_s: float) -> None:
    pairs = estimates([waited_s + second for second in range(101)], [10.0 * second for second in range(101)], 1000)
    assert all(0.9 < estimated / true < 1.1 for estimated, true in pairs)


def test_reports_in_large_steps_give_estimates_within_a_factor_of_two() -> None:
    pairs = estimates([1.1 * step for step in range(24)], [min(65.0 * step, 1500) for step in range(24)], 1500)
    assert pairs and all(0.5 < estimated / true < 2 for estimated, true in pairs)


def test_a_change_of_pace_is_followed() -> None:
    """Another program takes a core for the second half of the work."""
    dones = [*(10.0 * second for second in range(51)), *(500 + 5.0 * second for second in range(1, 101))]
    pairs = estimates([float(second) for second in range(151)], dones, 1000)
    late = [(estimated, true) for estimated, true in pairs if true < 50]
    assert late and all(0.5 < estimated / true < 2 for estimated, true in late)


def test_a_phase_that_counts_from_the_start_again_is_measured_anew() -> None:
    pace = Pace()
    for second in range(100):
        pace.record(second, second, 100)  # a library is prepared, one reference a second
    pace.record(100, 0, 1000)
    assert pace.seconds_left(100, 0, 1000) is None
    pace.record(110, 500, 1000)
    assert pace.seconds_left(110, 500, 1000) == pytest.approx(10)


def test_nothing_is_estimated_while_too_little_is_known() -> None:
    pace = Pace()
    assert pace.seconds_left(0, 0, 100) is None
    pace.record(0, 0, 100)
    pace.record(5, 1, 100)
    assert pace.seconds_left(5, 1, 100) is None
    assert pace.seconds_left(5, 0, 0) is None
