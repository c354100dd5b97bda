"""Correlated errors: how far the standard errors of a fit grow where the errors of neighbouring points are alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.peaks.least_squares import Solution
from ramanstudio.peaks.problem import Problem, columns, polynomial

Floats = NDArray[np.float64]

_LAGS: Final = 24  # points
_SIGNIFICANT: Final = 3.0  # standard deviations of the correlation of white noise
_SPECTRA: Final = 256  # from which the correlation is measured
_BLOCK_VALUES: Final = 1_000_000
_BUMP: Final = 1.75  # widths of a line over which the error of a baseline under it stretches


def estimate(problem: Problem, solution: Solution, correlation_cm: float = 0.0) -> Floats:
    """Return the correlation of errors by distance in points, from 1 at 0; length 1 for independent errors.

    Measured on the residuals, together for all spectra, which share their processing; not less than a triangle over
    `correlation_cm`, as linear interpolation leaves it.
    """
    n_spectra, n_points = len(problem.values), problem.axis.size
    rows = np.unique(np.linspace(0, n_spectra - 1, min(n_spectra, _SPECTRA)).astype(np.intp))
    residual = residuals(problem, solution, rows)
    n_lags = min(_LAGS, n_points // 4)
    energy = float((residual**2).sum())
    step = float(np.median(np.diff(problem.axis)))
    least = np.maximum(0.0, 1 - np.arange(n_lags + 1) * step / max(correlation_cm, 1e-9))
    if energy <= 0:
        return np.ones(1)
    measured = np.array([(residual[:, lag:] * residual[:, : n_points - lag]).sum() for lag in range(n_lags + 1)])
    measured /= energy
    # A fit takes up part of white noise, which leaves each residual correlated by about minus this much.
    limit = _SIGNIFICANT / np.sqrt(residual.size)
    white = np.flatnonzero(measured < limit)
    end = int(white[0]) if white.size else n_lags + 1
    measured[end:] = 0.0
    correlation = np.maximum(measured, least)
    correlation[0] = 1.0
    last = int(np.flatnonzero(correlation > 0)[-1])
    return np.asarray(correlation[: last + 1])


def residuals(problem: Problem, solution: Solution, rows: NDArray[np.intp]) -> Floats:
    """Return the weighted residuals of some spectra (n, B)."""
    part = problem.rows(rows)
    weights = part.weights if part.weights.ndim == 2 else part.weights[:, None]
    return np.asarray((part.values - fitted(part, solution.free[rows], solution.linear[rows])) * weights)


def fitted(problem: Problem, free: Floats, linear: Floats) -> Floats:
    """Return the fitted curves (n, B) of all spectra of a problem."""
    n, n_peaks = len(free), problem.n_peaks
    buffer = np.empty((n, n_peaks * (3 + len(problem.profile.shapes)), problem.axis.size))
    columns(problem, problem.parameters(free), buffer)
    n_heights = linear.shape[1] - problem.n_baseline
    heights = linear[:, :n_heights] if problem.share is None else linear[:, :n_heights] @ problem.share.T
    curve = np.einsum("nk,nkb->nb", heights, buffer[:, :n_peaks])
    return np.asarray(curve + linear[:, n_heights:] @ polynomial(problem))


def inflate(problem: Problem, solution: Solution, spread: Floats, correlation: Floats) -> Floats:
    """Return the covariance (N, L + F, L + F) for errors with this `correlation` by distance in points.

    C JᵀW R W J C with C the covariance for independent errors and R the correlation (the sandwich estimator), as
    C plus what the correlation of different points adds.
    """
    inflated = np.empty_like(spread)
    for part, jacobian in _jacobians(problem, solution):
        smeared = jacobian.copy()
        for lag, share in enumerate(correlation[1:], start=1):
            smeared[:, :, lag:] += share * jacobian[:, :, :-lag]
            smeared[:, :, :-lag] += share * jacobian[:, :, lag:]
        # What correlation adds to JᵀWJ: a parameter that only its limits restrict keeps its error.
        added = jacobian @ (smeared - jacobian).transpose(0, 2, 1)
        inflated[part] = spread[part] + spread[part] @ added @ spread[part]
    return inflated


def smooth_covariance(problem: Problem, solution: Solution, spread: Floats, baseline_error: Floats) -> Floats:
    """Return what the error of a subtracted baseline (N, B) adds to the covariance `spread` (N, L + F, L + F).

    Under each line that error is a bump as broad as the line, of the stated size, of unknown sign: each moves the
    parameters by C JᵀW b. The bumps of lines that overlap are one, those of others are independent.
    """
    added = np.zeros_like(spread)
    n_peaks = problem.n_peaks
    parameters = problem.parameters(solution.free)
    center, fwhm = parameters[:, :n_peaks], np.exp(parameters[:, n_peaks : 2 * n_peaks])
    for part, jacobian in _jacobians(problem, solution):
        weights = problem.weights[part] if problem.weights.ndim == 2 else problem.weights[part][:, None]
        u = (problem.axis - center[part][:, :, None]) / (_BUMP * fwhm[part][:, :, None])
        bumps = np.exp(-4 * np.log(2) * u**2)
        bumps /= np.maximum(1.0, np.sqrt((bumps**2).sum(axis=1, keepdims=True)))  # no larger than stated in total
        moved = jacobian @ (bumps * (baseline_error[part] * weights)[:, None]).transpose(0, 2, 1)
        moved = spread[part] @ moved
        added[part] = moved @ moved.transpose(0, 2, 1)
    return added


def _jacobians(problem: Problem, solution: Solution) -> Iterator[tuple[slice, Floats]]:
    """Yield blocks of spectra with their weighted derivatives by all free parameters (n, L + F, B)."""
    n_peaks, n_base = problem.n_peaks, problem.n_baseline
    n_columns = n_peaks * (3 + len(problem.profile.shapes))
    block = max(1, _BLOCK_VALUES // (n_columns * problem.axis.size))
    base = polynomial(problem)
    for start in range(0, len(solution.free), block):
        part = slice(start, start + block)
        rows = problem.rows(part)
        linear = solution.linear[part]
        n_heights = linear.shape[1] - n_base
        heights = linear[:, :n_heights] if problem.share is None else linear[:, :n_heights] @ problem.share.T
        buffer = np.empty((len(linear), n_columns, problem.axis.size))
        factors = columns(rows, rows.parameters(solution.free[part]), buffer)
        profiles = buffer[:, :n_peaks]
        if problem.share is not None:
            profiles = problem.share.T @ profiles
        slopes = buffer[:, n_peaks:] * (factors * np.tile(heights, factors.shape[1] // n_peaks))[:, :, None]
        if problem.expand is not None:
            slopes = problem.expand.T @ slopes
        jacobian = np.concatenate([profiles, np.broadcast_to(base, (len(linear), *base.shape)), slopes], axis=1)
        weights = rows.weights if rows.weights.ndim == 2 else rows.weights[:, None]
        yield part, jacobian * weights[:, None]
