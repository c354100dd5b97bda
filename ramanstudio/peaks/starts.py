"""From peaks to start with to the least squares problem, and from there to the table of its solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.peaks import error_correlation
from ramanstudio.peaks.least_squares import Solution, solve
from ramanstudio.peaks.model import PeakModel, baseline_degree, default_limits, layout, limits
from ramanstudio.peaks.peak_table import PeakTable
from ramanstudio.peaks.preparation import Options, Prepared
from ramanstudio.peaks.problem import Problem
from ramanstudio.peaks.profiles import Profile, profile
from ramanstudio.peaks.results import full_covariance, reduced_chi_squared, result_table
from ramanstudio.peaks.uncertainty import covariance
from ramanstudio.signal.blas_threads import single_threaded_blas

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A solved problem of n spectra with all its covariances.

    Parameters
    ----------
    spread : (n, L + F, L + F) covariance of the free parameters, linear ones first
    parameters : (n, K + P) heights, centres, log widths and shapes
    covariance : (n, K + P, K + P) of them
    """

    problem: Problem
    solution: Solution
    spread: Floats
    parameters: Floats
    covariance: Floats

    def fields(self, parameters: Floats) -> dict[str, Floats]:
        """Return center, fwhm, height and area of each peak, (n, K), for `parameters` like ours."""
        n_peaks = self.problem.n_peaks
        heights, center, fwhm = (parameters[:, index * n_peaks : (index + 1) * n_peaks] for index in range(3))
        shapes = parameters[:, 3 * n_peaks :].reshape(len(parameters), -1, n_peaks).transpose(0, 2, 1)
        fwhm = np.exp(fwhm)
        area = heights * self.problem.profile.area(fwhm, shapes)
        return {"center": center, "fwhm": fwhm, "height": heights, "area": area}


def solved_problem(
    problem: Problem,
    spectra: NDArray[np.intp],
    prepared: Prepared,
    options: Options,
    progress: Progress = SILENT,
) -> Solved:
    """Fit the `spectra` (n,) of `prepared`, and compute the covariances, those of correlated errors included."""
    with single_threaded_blas():
        solution = solve(problem, progress)
        spread = covariance(problem, solution)
        lags = error_correlation.estimate(problem, solution, options.correlation_cm)
        inflated = error_correlation.inflate(problem, solution, spread, lags) if lags.size > 1 else spread
    _, scale = reduced_chi_squared(problem, solution, prepared.n_points[spectra], prepared.sigma_known)
    curvature, spread = spread, inflated * scale[:, None, None]
    if prepared.baseline_error is not None:
        baseline_error = prepared.baseline_error[spectra]
        spread = spread + error_correlation.smooth_covariance(problem, solution, curvature, baseline_error)
    n_heights = solution.linear.shape[1] - problem.n_baseline
    heights = solution.linear[:, :n_heights]
    heights = heights if problem.share is None else heights @ problem.share.T
    parameters = np.concatenate([heights, problem.parameters(solution.free)], axis=1)
    return Solved(problem, solution, spread, parameters, full_covariance(problem, spread, n_heights))


def fit_problem(
    problem: Problem,
    spectra: NDArray[np.intp],
    prepared: Prepared,
    options: Options,
    names: list[str] | None = None,
    progress: Progress = SILENT,
) -> PeakTable:
    """Fit, and return the table of the peaks of `spectra` (n,)."""
    solved = solved_problem(problem, spectra, prepared, options, progress)
    return result_table(problem, solved.solution, solved.spread, spectra, prepared, options, names)


def model_problem(
    prepared: Prepared, rows: NDArray[np.intp], model: PeakModel, begin: tuple[Floats, Floats] | None = None
) -> Problem:
    """Return the problem of fitting one model to the spectra `rows` (n,).

    `begin` are centres and widths (n, K) to start each spectrum from instead of those of the model.
    """
    plan = layout(model, prepared.axis)
    row = profile(model.profile)
    n = len(rows)
    start, low, high = plan.start[None], plan.low[None], plan.high[None]
    if begin is not None:
        center, fwhm = begin[0], np.maximum(begin[1], 1e-9)
        low, high = (entries[:, plan.free] for entries in limits(model, center, fwhm, prepared.axis))
        shapes = np.broadcast_to(plan.start[2 * center.shape[1] :], (n, len(plan.start) - 2 * center.shape[1]))
        start = np.concatenate([center, np.log(fwhm), shapes], axis=1)

    def repeated(entries: Floats) -> Floats:
        return np.ascontiguousarray(np.broadcast_to(entries, (n, entries.shape[-1])))

    return Problem(
        prepared.axis,
        prepared.values[rows],
        prepared.weights[rows],
        row,
        len(model.peaks),
        baseline_degree(model.baseline),
        repeated(start[:, plan.free]),
        repeated(low),
        repeated(high),
        plan.expand,
        None if plan.offset is None else repeated(plan.offset[None]),
        plan.share,
        **{name: values[plan.free] for name, values in shape_prior(row, len(model.peaks)).items()},
    )


def start_problem(
    prepared: Prepared,
    rows: NDArray[np.intp],
    center: Floats,
    fwhm: Floats,
    row: Profile,
    degree: int,
    shapes: Floats | None = None,
) -> Problem:
    """Return the problem of fitting peaks that start at `center` and `fwhm` (n, K) to the spectra `rows`."""
    step = float(np.median(np.diff(prepared.axis)))
    fwhm = np.clip(fwhm, step, np.ptp(prepared.axis))
    low, high = default_limits(center, fwhm, prepared.axis, row)
    begin = [np.full_like(center, shape.start) for shape in row.shapes] if shapes is None else [shapes]
    start = np.concatenate([center, np.log(fwhm), *begin], axis=1)
    weights = prepared.weights[rows]
    values = prepared.values[rows]
    return Problem(
        prepared.axis,
        values,
        weights,
        row,
        center.shape[1],
        degree,
        start,
        low,
        high,
        **shape_prior(row, center.shape[1]),
    )


def shape_prior(row: Profile, n_peaks: int) -> dict[str, Any]:
    """Return what is known of shapes without data: the mean and spread of their range.

    Noise often puts the best shape on a limit, where width and area would be biased with it; this keeps a shape that
    the data do not determine in the middle, with the error of the whole range.
    """
    if not row.shapes:
        return {}
    prior = [np.zeros(2 * n_peaks)] + [np.full(n_peaks, (shape.low + shape.high) / 2) for shape in row.shapes]
    precision = [np.zeros(2 * n_peaks)] + [np.full(n_peaks, 12 / (shape.high - shape.low) ** 2) for shape in row.shapes]
    return {"prior": np.concatenate(prior), "precision": np.concatenate(precision)}


def spectra_by_peaks(
    table: PeakTable, n_spectra: int, axis: Floats
) -> tuple[dict[int | None, NDArray[np.intp]], dict[int, StudioError]]:
    """The spectra by how many peaks they start with, and those without one."""
    if "spectrum" not in table:
        return {len(table): np.arange(n_spectra)}, {}
    which = np.asarray(table["spectrum"]).astype(np.intp)
    if which.size and (which.min() < 0 or which.max() >= n_spectra):
        raise StudioError(
            f"The table of peaks has spectrum {int(which.max())} where there are {n_spectra} spectra, from 0.",
            remedy="Count the spectra of the table from 0.",
        )
    counts = np.bincount(which, minlength=n_spectra)
    problems = {
        int(row): StudioError(f"Spectrum {row + 1} has no peak to start from.", remedy="Add a peak, or find them.")
        for row in np.flatnonzero(counts == 0)
    }
    return {int(count): np.flatnonzero(counts == count) for count in np.unique(counts[counts > 0])}, problems


def with_enough_points(
    prepared: Prepared, members: NDArray[np.intp], row: Profile, options: Options, n_peaks: int
) -> tuple[NDArray[np.intp], dict[int, StudioError]]:
    """The spectra with more points than parameters, and what to say of the others."""
    needed = n_peaks * (3 + len(row.shapes)) + baseline_degree(options.baseline) + 2
    enough = prepared.n_points[members] >= needed
    problems = {
        int(index): StudioError(
            f"Spectrum {index + 1} has {prepared.n_points[index]} points for {needed - 1} parameters.",
            remedy="Fit fewer peaks, or a wider range.",
        )
        for index in members[~enough]
    }
    return members[enough], problems


def table_problem(
    prepared: Prepared, rows: NDArray[np.intp], table: PeakTable, row: Profile, options: Options, n_peaks: int
) -> Problem:
    """Return the problem of fitting the peaks of a table, `n_peaks` in each of the spectra `rows`."""
    n = len(rows)
    center = np.asarray(table["center"], dtype=np.float64)
    if "fwhm" in table:
        fwhm = np.asarray(table["fwhm"], dtype=np.float64)
    else:
        fwhm = np.full(len(center), 10 * float(np.median(np.diff(prepared.axis))))
    known = [shape.name for shape in row.shapes if shape.name in table]
    shapes = [np.asarray(table[name], dtype=np.float64) for name in known] if len(known) == len(row.shapes) else None
    if "spectrum" in table:
        which = np.asarray(table["spectrum"]).astype(np.intp)
        order = np.lexsort((np.arange(len(which)), which))
        position = np.full(int(which.max()) + 1, -1)
        position[rows] = np.arange(n)
        order = order[position[which[order]] >= 0]
    else:
        order = np.tile(np.arange(n_peaks), n)
    begin = np.concatenate([entries[order].reshape(n, n_peaks) for entries in shapes], axis=1) if shapes else None
    return start_problem(
        prepared,
        rows,
        center[order].reshape(n, n_peaks),
        fwhm[order].reshape(n, n_peaks),
        row,
        baseline_degree(options.baseline),
        begin,
    )
