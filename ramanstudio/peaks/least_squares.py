"""Batched Levenberg-Marquardt with variable projection: sums of peaks on a polynomial, fitted to many spectra at once.

The heights and the baseline are linear; at each step they are solved for exactly, and only centres, widths and shapes
are searched for (Golub and Pereyra 1973, doi:10.1137/0710036, with the Jacobian of Kaufman 1975). All that a step needs
of the data are inner products of the columns [profiles, derivatives, baseline, data], so that ties and bounds are
algebra on small matrices.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.parallel import map_ordered, slices
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.peaks.problem import Problem, columns, polynomial

Floats = NDArray[np.float64]

_BLOCK_VALUES: Final = 250_000  # of columns at once: they stay in the cache
_CHUNK: Final = 1024  # spectra of a thread, whose small matrices are solved at once
_TOLERANCE: Final = 3e-3  # a step that lowers chi² by less is the last: it is a twentieth of a standard error
_DAMPING: Final = (1e-3, 1e-9, 1e9)  # at first, least and most
_CREEPING: Final = 15  # steps
_RIDGE: Final = 1e-11
_MAX_WIDTH_STEP: Final = 0.7  # of log fwhm
_MAX_CENTER_STEP: Final = 0.5  # fwhm
_MAX_SHAPE_STEP: Final = 0.3  # of the range that its bounds leave


@dataclass(slots=True, eq=False)
class Solution:
    """The fit of N spectra.

    Parameters
    ----------
    free : (N, F) free nonlinear parameters
    linear : (N, H + n_baseline) free heights, then the polynomial in t = -1 … 1 over the axis
    chi_squared : (N,) weighted sum of squared residuals
    normal : (N, H + n_baseline + F, …) JᵀWJ at the solution, linear parameters first
    gradient : (N, F) JᵀW r of the nonlinear parameters: zero but for those at a bound
    converged : (N,)
    """

    free: Floats
    linear: Floats
    chi_squared: Floats
    normal: Floats
    gradient: Floats
    converged: NDArray[np.bool_]
    steps: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))


def solve(problem: Problem, progress: Progress = SILENT) -> Solution:
    """Fit all spectra of a problem, in batches on all threads. Raises Cancelled when asked to stop."""
    n_spectra = len(problem.values)
    n_chunks = max(1, min(-(-n_spectra // 64), 2 * -(-n_spectra // (2 * _CHUNK))))
    chunks = slices(n_spectra, -(-n_spectra // n_chunks))
    parts: list[Solution] = []
    for part, solution in map_ordered(lambda rows: _solve_chunk(problem.rows(rows)), chunks):
        progress(part.stop, n_spectra, "spectra")
        parts.append(solution)
    solution = Solution(*(np.concatenate([getattr(part, name) for part in parts]) for name in Solution.__slots__))
    if problem.nonnegative and problem.n_peaks > 1:
        _revive(problem, solution)
    return solution


def _revive(problem: Problem, solution: Solution) -> None:
    """Fit again, with negative heights allowed on the way, where a peak was lost to height zero; in place."""
    n_heights = solution.linear.shape[1] - problem.n_baseline
    rows = np.flatnonzero((solution.linear[:, :n_heights] <= 0).any(axis=1))
    if not rows.size:
        return
    again = _solve_chunk(replace(problem.rows(rows), nonnegative=False))
    better = (again.linear[:, :n_heights] >= 0).all(axis=1) & (again.chi_squared < solution.chi_squared[rows])
    for name in Solution.__slots__:
        getattr(solution, name)[rows[better]] = getattr(again, name)[better]


class _Workspace:
    """Inner products of the columns of a problem, computed in blocks that stay in the cache."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        n_peaks = problem.n_peaks
        self.n_heights = n_peaks
        self.n_parameters = n_peaks * (2 + len(problem.profile.shapes))
        self.n_columns = n_peaks + self.n_parameters + problem.n_baseline + 1
        self.block = max(1, _BLOCK_VALUES // (self.n_columns * problem.axis.size))
        self.buffer = np.empty((self.block, self.n_columns, problem.axis.size))
        self.base = slice(self.n_columns - 1 - problem.n_baseline, self.n_columns - 1)
        self.polynomial = polynomial(problem)
        self.buffer[:, self.base] = self.polynomial

    def products(self, rows: NDArray[np.intp], free: Floats) -> tuple[Floats, Floats]:
        """The inner products (n, columns, columns) and the factors (n, P) of the spectra `rows`."""
        problem = self.problem
        gram = np.empty((len(rows), self.n_columns, self.n_columns))
        factors = np.empty((len(rows), self.n_parameters))
        whole = problem.expand is None and problem.offset is None
        parameters = free if whole else problem.rows(rows).parameters(free)
        for start in range(0, len(rows), self.block):
            part = slice(start, start + self.block)
            which = rows[part]
            buffer = self.buffer[: len(which)]
            factors[part] = columns(problem, parameters[part], buffer)
            buffer[:, -1] = problem.values[which]
            weights = problem.weights[which]
            if weights.ndim == 2:
                buffer[:, self.base] = self.polynomial
                buffer *= weights[:, None]
            np.matmul(buffer, buffer.transpose(0, 2, 1), out=gram[part])
            if weights.ndim == 1:
                gram[part] *= (weights**2)[:, None, None]
        return gram, factors


@dataclass(slots=True, eq=False)
class _Step:
    """What is known of n spectra at their present parameters."""

    chi_squared: Floats  # (n,)
    linear: Floats  # (n, L)
    curvature: Floats  # (n, F, F) of the projected problem
    gradient: Floats  # (n, F)
    gram: Floats  # (n, columns, columns)
    factors: Floats  # (n, P)

    def replace(self, rows: Any, other: _Step, chosen: Any) -> None:
        for name in self.__slots__:
            getattr(self, name)[rows] = getattr(other, name)[chosen]


def _split(problem: Problem, gram: Floats, factors: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Inner products of linear columns, linear with derivative, derivative, each with the data, and of the data.

    The derivatives are those by the free parameters for heights of 1; `_with_heights` applies the heights.
    """
    n_peaks, n_parameters = problem.n_peaks, factors.shape[1]
    n_columns = gram.shape[1]
    base = slice(n_peaks + n_parameters, n_columns - 1)
    order = np.r_[0:n_peaks, base, n_peaks : n_peaks + n_parameters]
    n_linear = n_peaks + problem.n_baseline
    inner = gram[:, order[:, None], order]
    data = gram[:, order, -1]
    inner[:, n_linear:] *= factors[:, :, None]
    inner[:, :, n_linear:] *= factors[:, None]
    data[:, n_linear:] *= factors
    linear = inner[:, :n_linear, :n_linear]
    return (
        linear,
        inner[:, :n_linear, n_linear:],
        inner[:, n_linear:, n_linear:],
        data[:, :n_linear],
        data[:, n_linear:],
        gram[:, -1, -1],
    )


def _linear_map(problem: Problem) -> Floats | None:
    """The matrix from free heights and baseline to all heights and baseline, (K + nb, H + nb)."""
    if problem.share is None:
        return None
    n_full, n_free = problem.share.shape
    whole = np.zeros((n_full + problem.n_baseline, n_free + problem.n_baseline))
    whole[:n_full, :n_free] = problem.share
    whole[n_full:, n_free:] = np.eye(problem.n_baseline)
    return whole


def _reduce(
    problem: Problem, gram: Floats, factors: Floats, free: Floats, joint: bool = False
) -> tuple[_Step, Floats | None]:
    """Solve for the linear parameters and project the derivatives; with `joint` also return JᵀWJ of all parameters."""
    phi, cross, curvature, data, slope, energy = _split(problem, gram, factors)
    whole = _linear_map(problem)
    if whole is not None:
        phi, cross, data = whole.T @ phi @ whole, whole.T @ cross, data @ whole
    n_linear = phi.shape[1]
    diagonal = np.arange(n_linear)
    scale = phi[:, diagonal, diagonal]
    phi = phi.copy()
    phi[:, diagonal, diagonal] += _RIDGE * (scale + scale.max(axis=1, keepdims=True, initial=0.0)) + 1e-300
    solved = np.linalg.solve(phi, np.concatenate([data[:, :, None], cross], axis=2))
    amplitudes, projected = solved[:, :, 0], solved[:, :, 1:]
    if problem.nonnegative:
        _keep_nonnegative(phi, data, cross, amplitudes, projected, n_linear - problem.n_baseline)
    full = amplitudes if whole is None else amplitudes @ whole.T
    heights = np.tile(full[:, : problem.n_peaks], factors.shape[1] // max(1, problem.n_peaks))
    expand = problem.expand

    def scaled(matrix: Floats) -> Floats:
        columns_scaled: Floats = matrix * heights[:, None]
        return columns_scaled if expand is None else columns_scaled @ expand

    cross_h = scaled(cross)
    projected = scaled(projected)
    curvature_h = scaled(curvature * heights[:, :, None])
    if expand is not None:
        curvature_h = expand.T @ curvature_h
        gradient = (slope * heights) @ expand
    else:
        gradient = slope * heights
    gradient = gradient - np.einsum("nlf,nl->nf", cross_h, amplitudes)
    chi_squared = energy - 2 * np.einsum("nl,nl->n", data, amplitudes)
    chi_squared += np.einsum("nl,nl->n", amplitudes, np.einsum("nlk,nk->nl", phi, amplitudes))
    if problem.prior is not None and problem.precision is not None:
        apart = free - problem.prior
        chi_squared += (problem.precision * apart**2).sum(axis=1)
        gradient -= problem.precision * apart
        curvature_h = curvature_h + np.diag(problem.precision)
    step = _Step(chi_squared, amplitudes, curvature_h - cross_h.transpose(0, 2, 1) @ projected, gradient, gram, factors)
    if not joint:
        return step, None
    normal = np.concatenate(
        [
            np.concatenate([phi, cross_h], axis=2),
            np.concatenate([cross_h.transpose(0, 2, 1), curvature_h], axis=2),
        ],
        axis=1,
    )
    return step, normal


def _keep_nonnegative(
    phi: Floats, data: Floats, cross: Floats, amplitudes: Floats, projected: Floats, n_heights: int
) -> None:
    """Solve again, with heights that came out negative held at zero; in place."""
    held = np.zeros((len(phi), n_heights), dtype=bool)
    for _ in range(n_heights):
        negative = (amplitudes[:, :n_heights] < 0) & ~held
        rows = np.flatnonzero(negative.any(axis=1))
        if not rows.size:
            return
        held[rows] |= negative[rows]
        mask = np.ones((rows.size, phi.shape[1]))
        mask[:, :n_heights] = ~held[rows]
        masked = phi[rows] * mask[:, :, None] * mask[:, None]
        diagonal = np.arange(phi.shape[1])
        masked[:, diagonal, diagonal] += 1 - mask
        right = np.concatenate([data[rows, :, None], cross[rows]], axis=2) * mask[:, :, None]
        solved = np.linalg.solve(masked, right)
        amplitudes[rows], projected[rows] = solved[:, :, 0], solved[:, :, 1:]
    np.maximum(amplitudes[:, :n_heights], 0, out=amplitudes[:, :n_heights])


def _largest_step(problem: Problem, low: Floats, high: Floats, free: Floats) -> Floats:
    """How far each free parameter may move in one step (n, F)."""
    n_peaks = problem.n_peaks
    n_free = free.shape[1]
    kinds = np.arange(n_peaks * (2 + len(problem.profile.shapes))) // n_peaks
    width = np.exp(problem.parameters(free)[:, n_peaks : 2 * n_peaks])
    if problem.expand is None:
        limit = np.full((len(free), n_free), _MAX_WIDTH_STEP)
        limit[:, :n_peaks] = _MAX_CENTER_STEP * width
        limit[:, 2 * n_peaks :] = _MAX_SHAPE_STEP * (high - low)[:, 2 * n_peaks :]
        return limit
    kind = kinds[np.abs(problem.expand).argmax(axis=0)]
    limit = np.where(kind == 0, _MAX_CENTER_STEP * width.min(axis=1, keepdims=True), _MAX_WIDTH_STEP)
    return np.where(kind > 1, _MAX_SHAPE_STEP * (high - low), limit)


def _solve_chunk(problem: Problem) -> Solution:
    """Fit the spectra of one chunk: all that have not converged take a step together."""
    work = _Workspace(problem)
    n_spectra, n_free = problem.start.shape
    low, high = problem.low, problem.high
    free = np.clip(problem.start, low, high)
    freedom = np.maximum(1, problem.axis.size - n_free - problem.n_peaks - problem.n_baseline)
    everything = np.arange(n_spectra)
    state, _ = _reduce(problem, *work.products(everything, free), free)
    damping = np.full(n_spectra, _DAMPING[0])
    converged = np.zeros(n_spectra, dtype=bool)
    steps = np.zeros(n_spectra, dtype=np.intp)
    active = everything if n_free else everything[:0]
    for _ in range(problem.max_steps):
        if not active.size:
            break
        steps[active] += 1
        move, predicted = _proposed(problem.rows(active), state, free[active], damping[active], active)
        trial = np.clip(free[active] + move, low[active], high[active])
        reached, _ = _reduce(problem.rows(active), *work.products(active, trial), trial)
        before = state.chi_squared[active]
        better = reached.chi_squared <= before * (1 + 1e-12)
        rows = active[better]
        free[rows] = trial[better]
        state.replace(rows, reached, better)
        tolerance = _TOLERANCE * np.maximum(1.0, reached.chi_squared / freedom)
        last = predicted < tolerance
        # Along bounds, steps are short: what no longer lowers chi² after many of them is there, too.
        creeping = better & (before - reached.chi_squared < tolerance) & (steps[active] >= _CREEPING)
        small = damping[active] <= 1e-1
        damping[active] = np.clip(damping[active] * np.where(better, 0.1, 10.0), *_DAMPING[1:])
        done = creeping | (better & last & small) | (damping[active] >= _DAMPING[2]) | (last & ~better)
        converged[active[done]] = True
        active = active[~done]
    state, normal = _reduce(problem, state.gram, state.factors, free, joint=True)
    assert normal is not None
    if not n_free:
        converged[:] = True
    chi_squared = state.chi_squared
    if problem.prior is not None and problem.precision is not None:
        chi_squared = chi_squared - (problem.precision * (free - problem.prior) ** 2).sum(axis=1)
    return Solution(free, state.linear, chi_squared, normal, state.gradient, converged, steps)


def _stop_at_bounds(curvature: Floats, gradient: Floats, move: Floats, low: Floats, high: Floats) -> None:
    """Let parameters that would leave their bounds stop there, and solve again for the others; in place."""
    outside = (move < low) | (move > high)
    rows = np.flatnonzero(outside.any(axis=1))
    if not rows.size:
        return
    stopped = outside[rows]
    fixed = np.where(stopped, np.clip(move[rows], low[rows], high[rows]), 0.0)
    kept = 1.0 - stopped
    right = (gradient[rows] - np.einsum("nfg,ng->nf", curvature[rows], fixed)) * kept + fixed * stopped
    matrix = curvature[rows] * kept[:, :, None] * kept[:, None]
    diagonal = np.arange(move.shape[1])
    matrix[:, diagonal, diagonal] += stopped
    move[rows] = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]


def _proposed(
    problem: Problem, state: _Step, free: Floats, damping: Floats, active: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """The damped step (n, F) of some spectra within their bounds, and by how much it should lower chi² (n,)."""
    gradient = state.gradient[active]
    curvature = state.curvature[active].copy()
    held = ((free <= problem.low) & (gradient < 0)) | ((free >= problem.high) & (gradient > 0))
    diagonal = np.arange(free.shape[1])
    size = curvature[:, diagonal, diagonal]
    held |= size <= 1e-14 * size.max(axis=1, keepdims=True)
    kept = 1.0 - held
    curvature *= kept[:, :, None] * kept[:, None]
    gradient = gradient * kept
    plain = curvature.copy()
    curvature[:, diagonal, diagonal] += size * kept * damping[:, None] + held
    move = np.asarray(np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0], dtype=np.float64)
    _stop_at_bounds(curvature, gradient, move, problem.low - free, problem.high - free)
    limit = _largest_step(problem, problem.low, problem.high, free)
    move *= np.minimum(1.0, (limit / np.maximum(np.abs(move), 1e-300)).min(axis=1))[:, None]
    predicted = 2 * np.einsum("nf,nf->n", gradient, move) - np.einsum(
        "nf,nf->n", move, np.einsum("nfg,ng->nf", plain, move)
    )
    return move, predicted
