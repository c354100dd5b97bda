"""The error of points that were interpolated, from what interpolation misses beside them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

REACH: Final = 10  # points on either side of a gap over which interpolation is tried


def interpolation_error(values: NDArray[Any], replaced: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the error of straight lines across the points `replaced` (N, B) of `values` (N, B); 0 elsewhere.

    A gap of the same width is drawn over each place beside the true one, and bridged in the same way: the root mean
    square of what that misses of `values` is the error.
    """
    error = np.zeros(values.shape, dtype=np.float32)
    padded = np.pad(replaced, ((0, 0), (1, 1)))
    rows, starts = np.nonzero(padded[:, 1:] & ~padded[:, :-1])
    ends = np.nonzero(padded[:, :-1] & ~padded[:, 1:])[1]
    for row, first, last in zip(rows, starts, ends - 1, strict=True):
        error[row, first : last + 1] = _missed(values[row].astype(np.float64), replaced[row], int(first), int(last))
    return error


def _missed(spectrum: NDArray[Any], replaced: NDArray[np.bool_], first: int, last: int) -> float:
    """The root mean square of what bridging gaps of this width beside the points `first` to `last` misses."""
    width = last - first + 1
    share = np.arange(1, width + 1) / (width + 1)
    squares = list[float]()
    for start in range(max(1, first - REACH - width), min(len(spectrum) - width - 1, last + REACH) + 1):
        if replaced[start - 1 : start + width + 1].any():
            continue
        low, high = spectrum[start - 1], spectrum[start + width]
        missed = spectrum[start : start + width] - (low + share * (high - low))
        squares.append(float(np.mean(missed**2)))
    return float(np.sqrt(np.mean(squares))) if squares else 0.0
