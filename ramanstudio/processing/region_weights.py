"""Weights of ranges for a baseline, whatever its method: ranges that it bridges, and ranges that it follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError

EDGE: Final = 5  # points beside a range, over which the height of its edge is averaged
ELSEWHERE: Final = 1e-3  # weight of staying with the fitted baseline outside of the ranges that are followed

Weights = Sequence[tuple[float, float, float]]


def bridge_regions(axis: NDArray[Any], values: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    """Return `values` (N, B) that are drawn towards a straight line across each range whose weight is below 1."""
    bridged = values
    for low, high, weight in weights:
        inside = np.flatnonzero((axis >= low) & (axis <= high))
        if weight >= 1 or not len(inside):
            continue
        if bridged is values:
            bridged = values.copy()
        first, last = int(inside[0]), int(inside[-1])
        left = bridged[:, max(0, first - EDGE) : max(1, first)].mean(axis=1)
        right = (
            bridged[:, min(len(axis) - 1, last + 1) : last + 1 + EDGE].mean(axis=1) if last + 1 < len(axis) else left
        )
        left = right if first == 0 else left
        share = (axis[inside] - axis[first]) / max(axis[last] - axis[first], 1e-12)
        line = left[:, None] + (right - left)[:, None] * share
        bridged[:, inside] = weight * bridged[:, inside] + (1 - weight) * line
    return bridged


def follow_regions(
    axis: NDArray[Any], values: NDArray[np.float32], baseline: NDArray[np.float32], weights: Weights, length_cm: float
) -> NDArray[np.float32]:
    """Return `baseline` (N, B), bent so that it follows `values` (N, B) in ranges whose weight is above 1.

    By penalised least squares on second differences, as smooth as lines of `length_cm`.
    """
    from scipy.linalg import solveh_banded

    weight = np.full(len(axis), ELSEWHERE)
    for low, high, strength in weights:
        if strength > 1:
            weight[(axis >= low) & (axis <= high)] = strength - 1
    if weight.max() <= ELSEWHERE:
        return baseline
    n_points = len(axis)
    lam = min(max(length_cm / float(np.median(np.diff(axis))), 2.0), float(n_points)) ** 4 / 60
    bands = np.zeros((3, n_points))
    difference = np.array([1.0, -2.0, 1.0])
    for start in range(3):
        for other in range(start + 1):
            bands[2 - (start - other), start : n_points - 2 + start] += lam * difference[start] * difference[other]
    bands[2] += weight
    target = np.where(weight > ELSEWHERE, values.astype(np.float64) - baseline, 0.0)
    bend = solveh_banded(bands, (weight * target).T).T
    followed: NDArray[np.float32] = (baseline + bend).astype(np.float32)
    return followed


def check_regions(axis: NDArray[Any], weights: Weights) -> None:
    """Raise StudioError when a range is outside of the `axis` (B,), or a weight negative."""
    for low, high, weight in weights:
        if not ((axis >= low) & (axis <= high)).any():
            raise StudioError(
                f"The range {low:g}–{high:g} cm⁻¹ holds no point.",
                remedy=f"These spectra span {axis[0]:.0f} to {axis[-1]:.0f} cm⁻¹.",
            )
        if weight < 0:
            raise StudioError(
                f"A weight of {weight:g} is negative.", remedy="Give 0 to bridge a range, more than 1 to follow it."
            )
