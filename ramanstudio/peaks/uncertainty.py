"""Standard errors of fitted peaks: from the curvature of chi², within the bounds, with correlated errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ramanstudio.peaks.least_squares import Solution
from ramanstudio.peaks.problem import Problem

Floats = NDArray[np.float64]


def covariance(problem: Problem, solution: Solution) -> Floats:
    """Return the covariance of all free parameters, linear ones first, (N, L + F, L + F).

    The inverse of JᵀWJ. A parameter that its bounds restrict has the spread of the normal distribution truncated to
    them (moments by expectation, parameter by parameter), and those that depend on it follow, so that a shape at its
    bound neither counts as known nor as unlimited; every peak has an error.
    """
    n_linear = solution.linear.shape[1]
    normal = solution.normal.copy()
    diagonal = np.arange(normal.shape[1])
    reach = problem.high - problem.low
    # The bounds as a wide normal distribution keep the matrix regular; `_truncate` replaces it where they matter.
    width = np.where(np.isfinite(reach) & (reach > 0), reach, 1e-12)
    normal[:, diagonal[n_linear:], diagonal[n_linear:]] += 0.01 / width**2
    normal[:, diagonal[:n_linear], diagonal[:n_linear]] += 1e-18 * normal[
        :, diagonal[:n_linear], diagonal[:n_linear]
    ].max(axis=1, keepdims=True)
    size = normal[:, diagonal, diagonal]
    scale = 1 / np.sqrt(np.where(size > 0, size, 1.0))
    normal *= scale[:, :, None] * scale[:, None]
    normal[:, diagonal, diagonal] += np.where(size > 0, 1e-12, 1.0)
    inverse = np.asarray(np.linalg.inv(normal), dtype=np.float64)
    inverse *= scale[:, :, None] * scale[:, None]
    if solution.free.shape[1]:
        _truncate(problem, solution, inverse, n_linear)
    return inverse


def _truncate(problem: Problem, solution: Solution, inverse: Floats, n_linear: int) -> None:
    """Restrict the covariance to the bounds of each free parameter, in place."""
    n_free = solution.free.shape[1]
    # Where chi² would be least without bounds: the gradient is zero but for parameters at a bound.
    gradient = np.zeros((len(inverse), inverse.shape[1]))
    gradient[:, n_linear:] = solution.gradient
    mean = np.einsum("nij,nj->ni", inverse, gradient)
    mean[:, n_linear:] += solution.free
    for index in range(n_free):
        column = n_linear + index
        low, high = problem.low[:, index], problem.high[:, index]
        deviation = np.sqrt(np.maximum(inverse[:, column, column], 1e-30))
        near = (high - low < 8 * deviation) | (
            np.minimum(mean[:, column] - low, high - mean[:, column]) < 3 * deviation
        )
        rows = np.flatnonzero(near & (high > low))
        if not rows.size:
            continue
        spread = deviation[rows]
        first, variance = _truncated_moments(
            (low[rows] - mean[rows, column]) / spread, (high[rows] - mean[rows, column]) / spread
        )
        share = inverse[rows, :, column] / spread[:, None]
        mean[rows] += share * first[:, None]
        inverse[rows] -= share[:, :, None] * share[:, None] * (1 - variance)[:, None, None]


def _truncated_moments(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of a standard normal variable between `low` and `high` (n,)."""
    flip = low + high < 0  # work on the positive side, where the tails are accurate
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    a, b = np.clip(a, -40, 40), np.clip(b, -40, 40)
    b = np.maximum(b, a + 1e-6)
    grid = (np.arange(64) + 0.5) / 64
    # Midpoints of the interval weighted by the density, relative to the largest: right for tails and narrow intervals.
    inner_low, inner_high = np.maximum(a, -8.0), np.minimum(b, np.maximum(a, 0.0) + 8.0)
    points = inner_low[:, None] + (inner_high - inner_low)[:, None] * grid
    logs = -0.5 * points**2
    density = np.exp(logs - logs.max(axis=1, keepdims=True))
    total = density.sum(axis=1)
    mean = (density * points).sum(axis=1) / total
    variance = (density * (points - mean[:, None]) ** 2).sum(axis=1) / total
    return np.where(flip, -mean, mean), np.clip(variance, 1e-12, 1.0)
