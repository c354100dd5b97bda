"""What a group of spectra looks like, and the bands that set it apart from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal import spectral_features

Floats = NDArray[np.floating[Any]]

BLOCK = 4096  # spectra at once
APART_CM = 12.0  # two bands of a group lie at least so far from each other
LEAST_EFFECT = 0.5  # spreads by which a band must be higher or lower
FLOOR: Final = 0.15  # of the typical spread along the axis: where nothing varies, nothing sets apart
WEIGHT_OF_HEIGHT = 0.5  # the power of a difference's height that counts beside its effect


@dataclass(frozen=True, slots=True)
class Band:
    """A band at `shift_cm` (cm⁻¹) that is higher in a group (effect > 0) or lower than elsewhere, in spreads."""

    shift_cm: float
    effect: float


def mean_and_deviation(values: Floats, labels: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of `values` (N, B) in each of `count` groups -> (K, B), (K, B); outliers (-1) not.

    A group without spectra is zero.
    """
    total = np.zeros((count, values.shape[1]))
    squares = np.zeros_like(total)
    sizes = np.bincount(labels[labels >= 0], minlength=count)[:, None].astype(float)
    centre = values[:BLOCK].mean(axis=0, dtype=np.float64)  # squares of what is left after it keep their digits
    for at in range(0, len(values), BLOCK):
        rows, of = values[at : at + BLOCK] - centre, labels[at : at + BLOCK]
        inside = of >= 0
        member = np.zeros((count, len(rows)))
        member[of[inside], np.flatnonzero(inside)] = 1
        total += member @ rows
        squares += member @ rows**2
    mean = np.divide(total, sizes, out=np.zeros_like(total), where=sizes > 0)
    variance = np.divide(squares, sizes, out=np.zeros_like(total), where=sizes > 0) - mean**2
    whole = np.where(sizes > 0, mean + centre, 0)
    return whole.astype(np.float32), np.sqrt(np.maximum(variance, 0)).astype(np.float32)


def distinguishing_bands(
    axis: Floats, denoised: Floats, labels: NDArray[np.int64], group: int, most: int = 5
) -> tuple[Band, ...]:
    """The bands that set `group` apart from the other spectra, the strongest first, up to `most` of them.

    Local maxima of the difference of the means of `denoised` (N, B) at `axis` (B,) cm⁻¹, each spectrum without its
    baseline and of unit length, over the spread within and without (Cohen's d). Among bands of like effect the higher
    speaks first. None where there is no other spectrum.
    """
    return _apart(axis, _scaled(axis, denoised), labels == group, most)


def distinguishing_bands_of_all(
    axis: Floats, denoised: Floats, labels: NDArray[np.int64], count: int, most: int = 5
) -> list[tuple[Band, ...]]:
    """The same for each of `count` groups; the spectra are brought to one scale once."""
    rows = _scaled(axis, denoised)
    return [_apart(axis, rows, labels == group, most) for group in range(count)]


def _apart(axis: Floats, rows: Floats, inside: NDArray[np.bool_], most: int) -> tuple[Band, ...]:
    """The bands that set the scaled `rows` (N, B) that are `inside` (N,) apart from the others."""
    if not inside.any() or inside.all():
        return ()
    mean, other = rows[inside].mean(axis=0), rows[~inside].mean(axis=0)
    spread = np.sqrt((rows[inside].var(axis=0) + rows[~inside].var(axis=0)) / 2)
    floor = FLOOR * float(np.sqrt(np.mean(rows.var(axis=0))))
    difference = mean - other
    effect = difference / np.maximum(spread, max(floor, 1e-9))
    tops = _tops(axis, difference, np.abs(effect) * np.abs(difference) ** WEIGHT_OF_HEIGHT, mean, other)
    chosen = [top for top in tops if abs(effect[top]) >= LEAST_EFFECT]
    return tuple(Band(float(axis[top]), float(effect[top])) for top in chosen[:most])


def _scaled(axis: Floats, denoised: Floats) -> Floats:
    """Spectra without baseline, of unit length: the square root of the sum of squares is one."""
    rows = np.maximum(denoised - spectral_features.baseline(axis, denoised), 0).astype(np.float32)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return scaled


def _tops(axis: Floats, difference: Floats, score: Floats, mean: Floats, other: Floats) -> list[int]:
    """Where the group's mean, or that of the others where these are higher, has a line that differs; best first."""
    from scipy.signal import find_peaks

    least = 0.02 * max(float(mean.max()), float(other.max()))
    here = find_peaks(mean, prominence=least)[0]
    there = find_peaks(other, prominence=least)[0]
    tops = [*here[difference[here] > 0], *there[difference[there] < 0]]
    found: list[int] = []
    for top in sorted(tops, key=lambda place: -score[place]):
        if all(abs(axis[top] - axis[one]) >= APART_CM for one in found):
            found.append(int(top))
    return found
