"""What a library search ranks by elsewhere: correlation, first derivative, Euclid's distance; baseline on or off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d
from scipy.signal import savgol_filter

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.fingerprints import GRID
from ramanstudio.signal import spectral_features
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]
Gridded = tuple[NDArray[np.float32], NDArray[np.bool_]]  # rows (N, G), and where they were measured

RIVALS: Final = ("correlation", "first derivative", "Euclid")
_SLOPE, _DEGREE = 7, 2  # samples and degree of the Savitzky-Golay derivative
FEWEST = 75  # samples that a query and a reference share, as in our own search
_NEVER = -9.0


def gridded(spectra: Sequence[SpectrumSet], subtract_baseline: bool) -> Gridded:
    """Spectra as measured, or without the automatic baseline, on the grid of our own search."""
    rows, measured = [], []
    for one in spectra:
        values = one.values - spectral_features.baseline(one.axis, one.values) if subtract_baseline else one.values
        row, where = resample_to_grid(GRID, one.axis, values)
        rows.append(row[0])
        measured.append(where)
    return np.stack(rows), np.stack(measured)


def likeness(rival: str, queries: Gridded, references: Gridded) -> NDArray[np.float32]:
    """How alike each query and each reference are over what both were measured at -> (Q, N)."""
    if rival == "first derivative":
        queries, references = _slopes(queries), _slopes(references)
    return _joint(queries, references, rival == "Euclid")


def _slopes(of: Gridded) -> Gridded:
    """Savitzky and Golay's derivative of each row, where all that it takes was measured."""
    rows, measured = of
    inside = minimum_filter1d(measured, _SLOPE, axis=1, mode="constant", cval=False)
    return np.where(inside, savgol_filter(rows, _SLOPE, _DEGREE, deriv=1, axis=1), 0), inside


def _joint(queries: Gridded, references: Gridded, euclid: bool) -> NDArray[np.float32]:
    """Pearson's r, or less Euclid's distance of both brought to unit length from their lowest point."""
    (a, have_a), (b, have_b) = (_scaled(one, euclid) for one in (queries, references))
    many = have_a @ have_b.T
    product, power_a, power_b = a @ b.T, np.square(a) @ have_b.T, have_a @ np.square(b).T
    if euclid:
        cosine = product / np.sqrt(np.maximum(power_a * power_b, 1e-20))
        found = -np.sqrt(np.maximum(2 - 2 * cosine, 0))
    else:
        sum_a, sum_b, count = a @ have_b.T, have_a @ b.T, np.maximum(many, 1)
        size = (power_a - sum_a**2 / count) * (power_b - sum_b**2 / count)
        found = (product - sum_a * sum_b / count) / np.sqrt(np.maximum(size, 1e-20))
    likeness: NDArray[np.float32] = np.where(many >= FEWEST, found, _NEVER)
    return likeness


def _scaled(of: Gridded, euclid: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, measured = of
    where = measured.astype(np.float32)
    if euclid:
        low = np.where(measured, rows, np.inf).min(axis=1, keepdims=True)
        rows = np.where(measured, rows - np.where(np.isfinite(low), low, 0), 0)
    else:
        rows = np.where(measured, rows - rows.sum(axis=1, keepdims=True) / np.maximum(where.sum(axis=1)[:, None], 1), 0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(length, 1e-12)).astype(np.float32), where


def ranks(likeness: Floats, of: NDArray[np.intp], truth: NDArray[np.intp], seen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """At which place, from 0, each query's true substance comes, by its best reference.

    `of` (N,) numbers the references' substances, `truth` (Q,) those of the queries; `seen` (Q, N) are the references
    that a query may be compared with.
    """
    order = np.argsort(of, kind="stable")
    starts = np.searchsorted(of[order], np.arange(of.max() + 1))
    best = np.maximum.reduceat(np.where(seen, likeness, 2 * _NEVER)[:, order], starts, axis=1)
    true = best[np.arange(len(truth)), truth]
    return (best > true[:, None]).sum(axis=1)
