"""The mean spectrum of a group, and the bands that distinguish it from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal import spectral_features

Floats = NDArray[np.floating[Any]]

BLOCK = 4096  # spectra at once
MIN_DISTANCE_CM = 12.0  # between two bands of a group
MIN_EFFECT = 0.5  # standard deviations by which a band must be higher or lower
MIN_SPREAD: Final = 0.15  # of the typical spread along the axis: where nothing varies, nothing distinguishes
HEIGHT_POWER = 0.5  # of the difference, as a factor beside its effect when bands are ranked


@dataclass(frozen=True, slots=True)
class GroupBand:
    """A band at `shift_cm` (cm⁻¹) and its `effect` (Cohen's d), above zero where the group is higher."""

    shift_cm: float
    effect: float


def mean_and_deviation(values: Floats, labels: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of `values` (N, B) in each of `count` groups -> (K, B), (K, B).

    Outliers (-1) do not count. Zero for a group without spectra.
    """
    total = np.zeros((count, values.shape[1]))
    squares = np.zeros_like(total)
    sizes = np.bincount(labels[labels >= 0], minlength=count)[:, None].astype(float)
    centre = values[:BLOCK].mean(axis=0, dtype=np.float64)  # without it, squares of large values lose their digits
    for start in range(0, len(values), BLOCK):
        rows, groups = values[start : start + BLOCK] - centre, labels[start : start + BLOCK]
        inside = groups >= 0
        membership = np.zeros((count, len(rows)))
        membership[groups[inside], np.flatnonzero(inside)] = 1
        total += membership @ rows
        squares += membership @ rows**2
    mean = np.divide(total, sizes, out=np.zeros_like(total), where=sizes > 0)
    variance = np.divide(squares, sizes, out=np.zeros_like(total), where=sizes > 0) - mean**2
    group_mean = np.where(sizes > 0, mean + centre, 0)
    return group_mean.astype(np.float32), np.sqrt(np.maximum(variance, 0)).astype(np.float32)


def distinguishing_bands(
    axis: Floats, denoised: Floats, labels: NDArray[np.int64], group: int, most: int = 5
) -> tuple[GroupBand, ...]:
    """Return up to `most` bands that distinguish `group` from the other spectra, the strongest first.

    Local maxima of the difference between the means of `denoised` (N, B) at `axis` (B,) cm⁻¹, each spectrum without its
    baseline and of unit length, over the pooled standard deviation (Cohen's d). Among bands of similar effect the
    higher comes first. Empty where there is no other spectrum.
    """
    return _bands_of_members(axis, _normalise(axis, denoised), labels == group, most)


def distinguishing_bands_of_all(
    axis: Floats, denoised: Floats, labels: NDArray[np.int64], count: int, most: int = 5
) -> list[tuple[GroupBand, ...]]:
    """Return the bands that set each of `count` groups apart; `denoised` (N, B), `labels` (N,), `axis` (B,)."""
    rows = _normalise(axis, denoised)
    return [_bands_of_members(axis, rows, labels == group, most) for group in range(count)]


def _bands_of_members(axis: Floats, rows: Floats, members: NDArray[np.bool_], most: int) -> tuple[GroupBand, ...]:
    """The bands that distinguish the normalised `rows` (N, B) that are `members` (N,) from the others."""
    if not members.any() or members.all():
        return ()
    mean, other = rows[members].mean(axis=0), rows[~members].mean(axis=0)
    spread = np.sqrt((rows[members].var(axis=0) + rows[~members].var(axis=0)) / 2)
    floor = MIN_SPREAD * float(np.sqrt(np.mean(rows.var(axis=0))))
    difference = mean - other
    effect = difference / np.maximum(spread, max(floor, 1e-9))
    tops = _rank_peaks(axis, difference, np.abs(effect) * np.abs(difference) ** HEIGHT_POWER, mean, other)
    chosen = [top for top in tops if abs(effect[top]) >= MIN_EFFECT]
    return tuple(GroupBand(float(axis[top]), float(effect[top])) for top in chosen[:most])


def _normalise(axis: Floats, denoised: Floats) -> Floats:
    """Spectra (N, B) without baseline, of unit length."""
    rows = np.maximum(denoised - spectral_features.baseline(axis, denoised), 0).astype(np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    normalised: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return normalised


def _rank_peaks(axis: Floats, difference: Floats, score: Floats, mean: Floats, other: Floats) -> list[int]:
    """Samples where the group's mean, or that of the others where it is higher, has a peak; highest `score` first."""
    from scipy.signal import find_peaks

    prominence = 0.02 * max(float(mean.max()), float(other.max()))
    own = find_peaks(mean, prominence=prominence)[0]
    others = find_peaks(other, prominence=prominence)[0]
    tops = [*own[difference[own] > 0], *others[difference[others] < 0]]
    ranked: list[int] = []
    for top in sorted(tops, key=lambda sample: -score[sample]):
        if all(abs(axis[top] - axis[previous]) >= MIN_DISTANCE_CM for previous in ranked):
            ranked.append(int(top))
    return ranked
