"""Which point lies under the mouse, and which is the next one in a direction: answered among 100 000 within a frame."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]

_POINTS_A_CELL: Final = 4
_MOST_CELLS: Final = 250  # each way: their number fits into 16 bits, which are sorted in a tenth of the time


class Nearby:
    """Points (N, 2) sorted into the cells of a grid; `there` (N,) says which of them can be found."""

    def __init__(self, points: Points, there: NDArray[np.bool_]) -> None:
        self._kept = np.flatnonzero(there & np.isfinite(points).all(axis=1))
        kept = np.asarray(points[self._kept], dtype=np.float64)
        self._low = kept.min(axis=0) if len(kept) else np.zeros(2)
        self._high = kept.max(axis=0) if len(kept) else np.ones(2)
        span = self._high - self._low
        side = int(np.clip(np.sqrt(len(kept) / _POINTS_A_CELL), 1, _MOST_CELLS))
        self._cell = max(float(span.max()) / side, 1e-12)
        self._across, self._up = (int(span[axis] / self._cell) + 1 for axis in (0, 1))
        cells = self._cells(kept)
        number = (cells[:, 1] * self._across + cells[:, 0]).astype(np.uint16)
        order = np.argsort(number, kind="stable")
        self._kept, self._points = self._kept[order], kept[order]
        self._starts = np.searchsorted(number[order], np.arange(self._across * self._up + 1))

    def __len__(self) -> int:
        return len(self._kept)

    def _cells(self, points: Points) -> NDArray[np.int64]:
        cells = ((points - self._low) / self._cell).astype(np.int64)
        return np.clip(cells, 0, (self._across - 1, self._up - 1))

    def nearest(self, x: float, y: float, reach: float) -> int:
        """The point nearest to (x, y) and not farther than `reach`; -1 where there is none."""
        if not len(self._kept):
            return -1
        corners = np.array([(x - reach, y - reach), (x + reach, y + reach)])
        if (corners[1] < self._low).any() or (corners[0] > self._high).any():
            return -1
        (left, bottom), (right, top) = self._cells(corners).tolist()
        best, found = reach * reach, -1
        for row in range(bottom, top + 1):
            first, last = self._starts[row * self._across + left], self._starts[row * self._across + right + 1]
            if first == last:
                continue
            away = ((self._points[first:last] - (x, y)) ** 2).sum(axis=1)
            closest = int(away.argmin())
            if away[closest] <= best:
                best, found = float(away[closest]), int(self._kept[first + closest])
        return found

    def next_to(self, index: int, across: int, up: int) -> int:
        """From the point `index`, the nearest one that lies in a direction (1, 0 is right); itself where none does."""
        here = np.flatnonzero(self._kept == index)
        if not len(here):
            return int(self._kept[0]) if len(self._kept) else -1
        away = self._points - self._points[here[0]]
        along = away @ (float(across), float(up))
        aside = np.abs(away @ (-float(up), float(across)))
        ahead = np.flatnonzero((along > 0) & (aside <= along))
        if not len(ahead):
            return index
        # what lies straight ahead is meant before what lies as near but aside
        return int(self._kept[ahead[np.argmin(along[ahead] + 2 * aside[ahead])]])
