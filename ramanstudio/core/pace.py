"""The time that long work still needs, from the pace of its reports."""

from __future__ import annotations

from collections import deque
from typing import Final

_WINDOW: Final = 0.33  # of the work, over which the pace is measured
_MIN_SHARE: Final = 0.02  # of the work, before an estimate is made
_INTERVAL_S: Final = 0.1  # between two reports that are recorded


class Pace:
    """Estimates the time left from the pace over the last third of the work.

    What happens before the first report, such as waiting for a thread, does not count. Work that starts counting again
    from a lower number has begun another phase, whose pace is measured anew.
    """

    def __init__(self) -> None:
        self._reports: deque[tuple[float, float]] = deque()  # time in s, and what was done by then

    def record(self, now_s: float, done: float, total: float) -> None:
        """Note that `done` of `total` units are done at the time `now_s`."""
        if self._reports and done < self._reports[-1][1]:
            self._reports.clear()
        if self._reports and now_s - self._reports[-1][0] < _INTERVAL_S:
            return
        self._reports.append((now_s, done))
        while len(self._reports) > 2 and done - self._reports[1][1] > _WINDOW * total:
            self._reports.popleft()

    def seconds_left(self, now_s: float, done: float, total: float) -> float | None:
        """The estimated time left in s; None while too little is known."""
        if not self._reports or total <= 0:
            return None
        began_s, done_then = self._reports[0]
        if done - done_then < _MIN_SHARE * total:
            return None
        pace = (done - done_then) / max(self._reports[-1][0] - began_s, 1e-9)
        return max(0.0, (total - done) / pace - (now_s - self._reports[-1][0]))
