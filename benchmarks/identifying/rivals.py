"""What other library searches rank by: correlation, first derivative, Euclidean distance; baseline on or off."""

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
_WINDOW, _DEGREE = 7, 2  # samples and degree of the Savitzky-Golay derivative
FEWEST_SAMPLES = 75  # that a query and a reference share, as in our own search
_NEVER = -9.0


def gridded(spectra: Sequence[SpectrumSet], subtract_baseline: bool) -> Gridded:
    """Return spectra as measured, or without the automatic baseline, on the grid of our own search."""
    rows, measured = [], []
    for spectrum in spectra:
        values = spectrum.values
        if subtract_baseline:
            values = values - spectral_features.baseline(spectrum.axis, values)
        row, where = resample_to_grid(GRID, spectrum.axis, values)
        rows.append(row[0])
        measured.append(where)
    return np.stack(rows), np.stack(measured)


def similarity(rival: str, queries: Gridded, references: Gridded) -> NDArray[np.float32]:
    """Return the similarity of each query and each reference over what both were measured at -> (Q, N)."""
    if rival == "first derivative":
        queries, references = _derivatives(queries), _derivatives(references)
    return _pairwise(queries, references, rival == "Euclid")


def _derivatives(spectra: Gridded) -> Gridded:
    """Savitzky-Golay derivative of each row, where all that it needs was measured."""
    rows, measured = spectra
    inside = minimum_filter1d(measured, _WINDOW, axis=1, mode="constant", cval=False)
    return np.where(inside, savgol_filter(rows, _WINDOW, _DEGREE, deriv=1, axis=1), 0), inside


def _pairwise(queries: Gridded, references: Gridded, euclid: bool) -> NDArray[np.float32]:
    """Pearson's r, or the negative Euclidean distance of both scaled to unit length from their minimum."""
    (a, have_a), (b, have_b) = (_scaled(spectra, euclid) for spectra in (queries, references))
    shared = have_a @ have_b.T
    product, power_a, power_b = a @ b.T, np.square(a) @ have_b.T, have_a @ np.square(b).T
    if euclid:
        cosine = product / np.sqrt(np.maximum(power_a * power_b, 1e-20))
        values = -np.sqrt(np.maximum(2 - 2 * cosine, 0))
    else:
        sum_a, sum_b, count = a @ have_b.T, have_a @ b.T, np.maximum(shared, 1)
        size = (power_a - sum_a**2 / count) * (power_b - sum_b**2 / count)
        values = (product - sum_a * sum_b / count) / np.sqrt(np.maximum(size, 1e-20))
    pairwise: NDArray[np.float32] = np.where(shared >= FEWEST_SAMPLES, values, _NEVER)
    return pairwise


def _scaled(spectra: Gridded, euclid: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, measured = spectra
    where = measured.astype(np.float32)
    if euclid:
        low = np.where(measured, rows, np.inf).min(axis=1, keepdims=True)
        rows = np.where(measured, rows - np.where(np.isfinite(low), low, 0), 0)
    else:
        rows = np.where(measured, rows - rows.sum(axis=1, keepdims=True) / np.maximum(where.sum(axis=1)[:, None], 1), 0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.maximum(length, 1e-12)).astype(np.float32), where


def ranks(
    similarity: Floats, substance: NDArray[np.intp], truth: NDArray[np.intp], allowed: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the rank, from 0, of each query's true substance by its best reference -> (Q,).

    `substance` (N,) are those of the references, `truth` (Q,) those of the queries; `allowed` (Q, N) are the references
    that a query may be compared with.
    """
    order = np.argsort(substance, kind="stable")
    starts = np.searchsorted(substance[order], np.arange(substance.max() + 1))
    best = np.maximum.reduceat(np.where(allowed, similarity, 2 * _NEVER)[:, order], starts, axis=1)
    true = best[np.arange(len(truth)), truth]
    return (best > true[:, None]).sum(axis=1)
