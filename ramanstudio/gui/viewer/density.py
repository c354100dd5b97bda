"""Ten thousand spectra as one picture: how many pass through each pixel, and their percentiles. Knows no Qt.

Both are generators that yield between pieces of a few milliseconds, so that a window can do them without freezing.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.viewer.displayed_spectra import FloatArray, logarithm

Steps = Generator[None, None, NDArray[Any]]

# Samples a piece: one bincount of a million takes 7 ms, and holds the interpreter's lock for so long.
_VALUES_PER_STEP: Final = 300_000


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of the plot, Raman shifts `left` to `right` and intensities `low` to `high`, and its pixels."""

    left: float
    right: float
    low: float
    high: float
    width: int
    height: int
    pixel_ratio: float = 1.0

    @property
    def usable(self) -> bool:
        """Whether there is anything to draw on."""
        return self.width > 0 and self.height > 0 and self.right > self.left and self.high > self.low


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """How an axis falls on the columns: samples `first` to `last`, each step between two cut in `parts`.

    Of the pieces those `inside` lie on columns; they begin, column after column, at `starts`; `columns` are theirs.
    """

    first: int
    last: int
    parts: int
    inside: slice
    starts: NDArray[np.intp]
    columns: NDArray[np.intp]


def _segments(axis: FloatArray, frame: Frame) -> _Segments | None:
    first = max(int(np.searchsorted(axis, frame.left)) - 1, 0)
    last = min(int(np.searchsorted(axis, frame.right, side="right")) + 1, axis.size)
    if last - first < 2:
        return None
    pixel = (frame.right - frame.left) / frame.width
    steps = np.diff(axis[first:last])
    # Where samples lie wider than pixels, each step is cut, so that its line is drawn and every sample is still met.
    parts = max(1, int(np.ceil(np.median(steps) / pixel)))
    middles = (np.arange(parts) + 0.5) / parts
    places = (axis[first : last - 1, None] + steps[:, None] * middles).ravel()
    column = np.floor((places - frame.left) / pixel).astype(np.intp)
    inside = slice(int(np.searchsorted(column, 0)), int(np.searchsorted(column, frame.width)))
    columns, starts = np.unique(column[inside], return_index=True)
    return _Segments(first, last, parts, inside, starts, columns) if columns.size else None


def line_counts(axis: FloatArray, values: FloatArray, frame: Frame, log: bool = False) -> Steps:
    """Count how many of `values` (N, B) pass through each pixel -> (height, width) float32, lowest intensity first.

    A generator: yields between steps and returns the counts.
    """
    segments = _segments(axis, frame)
    if segments is None:
        return np.zeros((frame.height, frame.width), np.float32)
    # A row beneath and one above take what leaves the picture; the last is where a line ends that goes above.
    depth = frame.height + 3
    edges = np.zeros(frame.width * depth, np.int64)
    column = segments.columns * depth
    rows = max(1, _VALUES_PER_STEP // ((segments.last - segments.first) * segments.parts))
    for start in range(0, len(values), rows):
        block = values[start : start + rows, segments.first : segments.last]
        low, high = _spans(logarithm(block) if log else block, segments, frame)
        yield
        edges += np.bincount((low + column).ravel(), minlength=edges.size)
        yield
        edges -= np.bincount((high + column).ravel(), minlength=edges.size)
        yield
    counts = edges.reshape(frame.width, depth).cumsum(axis=1)[:, 1 : 1 + frame.height].astype(np.float32)
    covered = np.arange(segments.columns[0], segments.columns[-1] + 1)
    empty = np.setdiff1d(covered, segments.columns, assume_unique=True)
    counts[empty] = counts[segments.columns[np.searchsorted(segments.columns, empty) - 1]]
    return counts.T


def _spans(block: FloatArray, segments: _Segments, frame: Frame) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return for each spectrum the first row and the one after the last in each column (R, C); equal where none."""
    rows = (block - np.float32(frame.low)) * np.float32(frame.height / (frame.high - frame.low)) + np.float32(1)
    if segments.parts > 1:
        fractions = (np.arange(segments.parts) / segments.parts).astype(np.float32)
        with np.errstate(invalid="ignore"):  # beside what is infinite lies nothing
            subdivided = rows[:, :-1, None] + (rows[:, 1:, None] - rows[:, :-1, None]) * fractions
        rows = np.concatenate([subdivided.reshape(len(rows), -1), rows[:, -1:]], axis=1)
    rows = rows[:, segments.inside.start : segments.inside.stop + 1]
    missing = ~np.isfinite(rows)
    has_gaps = bool(missing.any())
    pixels = np.clip(np.where(missing, 0, rows) if has_gaps else rows, 0, frame.height + 1).astype(np.int32)
    low, high = np.minimum(pixels[:, :-1], pixels[:, 1:]), np.maximum(pixels[:, :-1], pixels[:, 1:]) + 1
    if has_gaps:
        broken = missing[:, :-1] | missing[:, 1:]
        low[broken], high[broken] = frame.height + 2, 0
    if segments.starts.size < low.shape[1]:
        low = np.minimum.reduceat(low, segments.starts, axis=1)
        high = np.maximum.reduceat(high, segments.starts, axis=1)
    if has_gaps:
        low = np.minimum(low, high)
    return low, high


def percentile_curves(values: FloatArray, percent: tuple[float, ...]) -> Steps:
    """Return percentiles (P, B) of `values` (N, B) at each Raman shift, without values that are not finite."""
    size, points = values.shape
    curves = np.full((len(percent), points), np.nan, np.float32)
    ranks = np.clip(np.round(np.array(percent) / 100 * (size - 1)).astype(int), 0, size - 1)
    width = max(1, _VALUES_PER_STEP // 2 // max(size, 1))
    for start in range(0, points, width):
        block = np.array(values[:, start : start + width].T, order="C")  # a copy: it is put in order in place
        if np.isfinite(block).all():
            block.partition(np.unique(ranks), axis=1)
            curves[:, start : start + width] = block[:, ranks].T
        else:
            for offset, row in enumerate(block):
                finite = row[np.isfinite(row)]
                if finite.size:
                    curves[:, start + offset] = np.percentile(finite, percent)
        yield
    return curves


def run_to_end(pieces: Steps) -> NDArray[Any]:
    """Run all steps at once and return the array that they compute, of any shape (...)."""
    while True:
        try:
            next(pieces)
        except StopIteration as stop:
            result: NDArray[Any] = stop.value
            return result
