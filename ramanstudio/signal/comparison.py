"""What spectra are compared by: lines and slopes over the range they share, as components of all of them."""

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

FEWEST_POINTS: Final = 32  # in the range that spectra of several axes have in common
BLOCK: Final = 2048  # spectra whose lines are read at once
ENOUGH: Final = 4000  # spectra that the components are found from
MOST: Final = 0.95  # of the spectra; the others may be left out of a comparison
GRID_CM: Final = 10.0  # differences of range below are worth no spectrum


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What N spectra are of, and by what they are compared.

    `features` (N, D) of unit length, (N, 0) where the model gives none; `likeness` (N, K), what groups are found by.
    `range_cm` (low, high) is where their lines were compared; None where they share too little, and only the features
    are compared.
    """

    features: NDArray[np.float32]
    likeness: NDArray[np.float32]
    range_cm: tuple[float, float] | None


def common_axis(sets: Sequence[SpectrumSet]) -> NDArray[np.float64] | None:
    """The axis of all `sets`, or one over the range they share, by their usual step; None where that is too short."""
    first = sets[0]
    if all(one.same_axis(first) for one in sets):
        return first.axis
    low, high = max(one.axis[0] for one in sets), min(one.axis[-1] for one in sets)
    points = int((high - low) / median_step(sets) + 1e-6) + 1
    return np.linspace(low, high, points) if points >= FEWEST_POINTS else None


def median_step(sets: Sequence[SpectrumSet]) -> float:
    """How far apart the samples of most spectra lie, in cm⁻¹."""
    return float(np.median(np.repeat([np.median(np.diff(one.axis)) for one in sets], [len(one) for one in sets])))


def resampled(spectra: SpectrumSet, axis: NDArray[np.float64]) -> NDArray[np.float32]:
    """The intensities of `spectra` at another `axis` (B,) inside theirs, by linear interpolation -> (N, B)."""
    if spectra.axis is axis or np.array_equal(spectra.axis, axis):
        return spectra.values
    return np.stack([np.interp(axis, spectra.axis, row) for row in spectra.values]).astype(np.float32)


def line_components(
    sets: Sequence[SpectrumSet], axis: NDArray[np.float64], progress: Progress = SILENT
) -> NDArray[np.float32]:
    """Components of the lines and the slopes of all `sets` on one `axis`, side by side -> (N, K).

    The components are found from at most ENOUGH of the spectra, in blocks: a map of 100 000 pixels takes little more
    memory than its own.
    """
    many = sum(len(one) for one in sets)
    chosen = np.sort(np.random.default_rng(0).permutation(many)[:ENOUGH])
    readings = spectral_features.lines_and_slopes(axis, _rows(sets, axis, chosen))
    found = [PrincipalComponents.fit(rows) for rows in readings]
    if len(chosen) == many:
        return np.hstack([one.transform(rows) for one, rows in zip(found, readings, strict=True)])
    likeness = np.empty((many, sum(len(one.axes) for one in found)), dtype=np.float32)
    for start in range(0, many, BLOCK):
        progress(start, many, "spectra compared")
        block = np.arange(start, min(start + BLOCK, many))
        readings = spectral_features.lines_and_slopes(axis, _rows(sets, axis, block))
        likeness[block] = np.hstack([one.transform(rows) for one, rows in zip(found, readings, strict=True)])
    return likeness


def _rows(sets: Sequence[SpectrumSet], axis: NDArray[np.float64], chosen: NDArray[np.intp]) -> NDArray[np.float32]:
    """The spectra numbered `chosen`, in order, over all `sets`, on one axis."""
    ends = np.cumsum([len(one) for one in sets])
    pieces = []
    for one, end in zip(sets, ends.tolist(), strict=True):
        first = end - len(one)
        inside = chosen[np.searchsorted(chosen, first) : np.searchsorted(chosen, end)] - first
        if len(inside):
            pieces.append(resampled(one[inside], axis))
    return np.concatenate(pieces)


def largest_overlap(sets: Sequence[SpectrumSet], min_share: float = MOST) -> NDArray[np.bool_]:
    """Which `sets` to compare (N,): all, or those that share so much more of a range that the few others had better go.

    One short spectrum among hundreds would otherwise shorten the range of all. A share of at least `min_share` of the
    spectra is kept, and two or more, such that their number times the range they share is largest.
    """
    ends = np.array([(one.axis[0], one.axis[-1]) for one in sets])
    counts = np.array([len(one) for one in sets], dtype=np.float64)
    lows, low = np.unique(np.ceil(ends[:, 0] / GRID_CM), return_inverse=True)
    highs, high = np.unique(np.floor(ends[:, 1] / GRID_CM), return_inverse=True)
    there = np.zeros((len(lows), len(highs)))
    np.add.at(there, (low, high), counts)
    # (i, j): the spectra that begin at `lows[i]` or before and end at `highs[j]` or after
    there = np.cumsum(np.cumsum(there, axis=0)[:, ::-1], axis=1)[:, ::-1]
    fewest = max(min_share * counts.sum(), min(2.0, counts.sum()))
    shared = np.where(there >= fewest, there * (highs - lows[:, None]), 0)
    if shared.max() <= 0:
        return np.ones(len(sets), dtype=bool)
    i, j = np.unravel_index(int(shared.argmax()), shared.shape)
    kept: NDArray[np.bool_] = (low <= i) & (high >= j)
    return kept
