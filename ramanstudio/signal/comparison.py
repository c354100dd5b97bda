"""Represent spectra on several axes for clustering: principal components of their lines and slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import spectral_features
from ramanstudio.signal.pca import PrincipalComponents

Floats = NDArray[np.floating[Any]]

MIN_POINTS: Final = 32  # in the range that spectra of several axes share
BLOCK: Final = 2048  # spectra transformed at once
FIT_SAMPLE: Final = 4000  # spectra that the components are fitted to
MIN_KEPT: Final = 0.95  # of the spectra; the others may be left out of a comparison
ROUNDING_CM: Final = 10.0  # a shared range that is longer by less is not worth a spectrum


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """N spectra as points that can be compared.

    `features` (N, D) of unit length, (N, 0) where the model has no embedder; `coordinates` (N, K), the coordinates that
    clusters are found in. `range_cm` (low, high) is where lines were compared; None where the spectra share too little
    of a range, and only the features count.
    """

    features: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    range_cm: tuple[float, float] | None


def common_axis(sets: Sequence[SpectrumSet]) -> NDArray[np.float64] | None:
    """Return the axis (B,) of all `sets`, or one of median step over what they share; None where that is too short."""
    first = sets[0]
    if all(spectra.same_axis(first) for spectra in sets):
        return first.axis
    low, high = max(spectra.axis[0] for spectra in sets), min(spectra.axis[-1] for spectra in sets)
    points = int((high - low) / median_step(sets) + 1e-6) + 1
    return np.linspace(low, high, points) if points >= MIN_POINTS else None


def median_step(sets: Sequence[SpectrumSet]) -> float:
    """Return the median sampling step of all spectra in cm⁻¹."""
    steps = [np.median(np.diff(spectra.axis)) for spectra in sets]
    return float(np.median(np.repeat(steps, [len(spectra) for spectra in sets])))


def resample(spectra: SpectrumSet, axis: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the intensities of `spectra` at another `axis` (B,) inside theirs, linearly interpolated -> (N, B)."""
    if spectra.axis is axis or np.array_equal(spectra.axis, axis):
        return spectra.values
    return np.stack([np.interp(axis, spectra.axis, row) for row in spectra.values]).astype(np.float32)


def line_components(
    sets: Sequence[SpectrumSet], axis: NDArray[np.float64], progress: Progress = SILENT
) -> NDArray[np.float32]:
    """Return principal components of the lines and of the slopes of all `sets` on one `axis`, side by side -> (N, K).

    The components are fitted to at most FIT_SAMPLE spectra, and all are transformed in blocks: a map of 100 000 pixels
    takes little more memory than its own.
    """
    n_spectra = sum(len(spectra) for spectra in sets)
    fitted = np.sort(np.random.default_rng(0).permutation(n_spectra)[:FIT_SAMPLE])
    blocks = spectral_features.lines_and_slopes(axis, _rows(sets, axis, fitted))
    components = [PrincipalComponents.fit(rows) for rows in blocks]
    if len(fitted) == n_spectra:
        return np.hstack([pca.transform(rows) for pca, rows in zip(components, blocks, strict=True)])
    scores = np.empty((n_spectra, sum(len(pca.axes) for pca in components)), dtype=np.float32)
    for start in range(0, n_spectra, BLOCK):
        progress(start, n_spectra, "spectra compared")
        chosen = np.arange(start, min(start + BLOCK, n_spectra))
        blocks = spectral_features.lines_and_slopes(axis, _rows(sets, axis, chosen))
        scores[chosen] = np.hstack([pca.transform(rows) for pca, rows in zip(components, blocks, strict=True)])
    return scores


def _rows(sets: Sequence[SpectrumSet], axis: NDArray[np.float64], chosen: NDArray[np.intp]) -> NDArray[np.float32]:
    """The spectra numbered `chosen` (n,), increasing over all `sets`, resampled to `axis` -> (n, B)."""
    ends = np.cumsum([len(spectra) for spectra in sets])
    pieces = []
    for spectra, end in zip(sets, ends.tolist(), strict=True):
        first = end - len(spectra)
        inside = chosen[np.searchsorted(chosen, first) : np.searchsorted(chosen, end)] - first
        if len(inside):
            pieces.append(resample(spectra[inside], axis))
    return np.concatenate(pieces)


def largest_overlap(sets: Sequence[SpectrumSet], min_kept: float = MIN_KEPT) -> NDArray[np.bool_]:
    """Return which `sets` to compare (N,): all, or those left when a few that share too little range are dropped.

    One short spectrum among hundreds would otherwise cut the range of all. A share of at least
    `min_kept` of the spectra, and two, are kept, such that their number times the range they share is largest.
    """
    ends = np.array([(spectra.axis[0], spectra.axis[-1]) for spectra in sets])
    counts = np.array([len(spectra) for spectra in sets], dtype=np.float64)
    lows, low = np.unique(np.ceil(ends[:, 0] / ROUNDING_CM), return_inverse=True)
    highs, high = np.unique(np.floor(ends[:, 1] / ROUNDING_CM), return_inverse=True)
    covering = np.zeros((len(lows), len(highs)))
    np.add.at(covering, (low, high), counts)
    # (i, j): the spectra that begin at `lows[i]` or before and end at `highs[j]` or after
    covering = np.cumsum(np.cumsum(covering, axis=0)[:, ::-1], axis=1)[:, ::-1]
    fewest = max(min_kept * counts.sum(), min(2.0, counts.sum()))
    worth = np.where(covering >= fewest, covering * (highs - lows[:, None]), 0)
    if worth.max() <= 0:
        return np.ones(len(sets), dtype=bool)
    i, j = np.unravel_index(int(worth.argmax()), worth.shape)
    kept: NDArray[np.bool_] = (low <= i) & (high >= j)
    return kept
