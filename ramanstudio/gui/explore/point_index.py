"""Finds the point under the mouse, or the next one in a direction, among 100 000 within a frame."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]

_POINTS_PER_CELL: Final = 4
_MAX_CELLS: Final = 250  # each way: cell numbers fit into 16 bits, which sort ten times as fast


class PointIndex:
    """The `visible` (N,) of `points` (N, 2), sorted into the cells of a grid."""

    def __init__(self, points: Points, visible: NDArray[np.bool_]) -> None:
        self._items = np.flatnonzero(visible & np.isfinite(points).all(axis=1))
        kept = np.asarray(points[self._items], dtype=np.float64)
        self._low = kept.min(axis=0) if len(kept) else np.zeros(2)
        self._high = kept.max(axis=0) if len(kept) else np.ones(2)
        span = self._high - self._low
        n_cells = int(np.clip(np.sqrt(len(kept) / _POINTS_PER_CELL), 1, _MAX_CELLS))
        self._cell_size = max(float(span.max()) / n_cells, 1e-12)
        self._columns, self._rows = (int(span[axis] / self._cell_size) + 1 for axis in (0, 1))
        cells = self._cells(kept)
        number = (cells[:, 1] * self._columns + cells[:, 0]).astype(np.uint16)
        order = np.argsort(number, kind="stable")
        self._items, self._points = self._items[order], kept[order]
        self._starts = np.searchsorted(number[order], np.arange(self._columns * self._rows + 1))

    def __len__(self) -> int:
        """Return the number of visible points."""
        return len(self._items)

    def _cells(self, points: Points) -> NDArray[np.int64]:
        cells = ((points - self._low) / self._cell_size).astype(np.int64)
        return np.clip(cells, 0, (self._columns - 1, self._rows - 1))

    def nearest(self, x: float, y: float, reach: float) -> int:
        """Return the point nearest to (x, y) within `reach`; -1 where there is none."""
        if not len(self._items):
            return -1
        corners = np.array([(x - reach, y - reach), (x + reach, y + reach)])
        if (corners[1] < self._low).any() or (corners[0] > self._high).any():
            return -1
        (left, bottom), (right, top) = self._cells(corners).tolist()
        shortest, nearest = reach * reach, -1
        for row in range(bottom, top + 1):
            first, last = self._starts[row * self._columns + left], self._starts[row * self._columns + right + 1]
            if first == last:
                continue
            squared = ((self._points[first:last] - (x, y)) ** 2).sum(axis=1)
            closest = int(squared.argmin())
            if squared[closest] <= shortest:
                shortest, nearest = float(squared[closest]), int(self._items[first + closest])
        return nearest

    def next_to(self, item: int, right: int, up: int) -> int:
        """Return the next point in a direction (1, 0 is right); `item` itself where there is none."""
        position = np.flatnonzero(self._items == item)
        if not len(position):
            return int(self._items[0]) if len(self._items) else -1
        offset = self._points - self._points[position[0]]
        forward = offset @ (float(right), float(up))
        sideways = np.abs(offset @ (-float(up), float(right)))
        ahead = np.flatnonzero((forward > 0) & (sideways <= forward))
        if not len(ahead):
            return item
        # a point straight ahead comes before one that is as near but off to the side
        return int(self._items[ahead[np.argmin(forward[ahead] + 2 * sideways[ahead])]])
