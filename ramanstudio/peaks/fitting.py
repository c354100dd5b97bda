"""peaks.fit: peaks fitted to any number of spectra, with a standard error for every number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.peaks import error_correlation
from ramanstudio.peaks.least_squares import Problem, Solution, solve
from ramanstudio.peaks.model import PeakModel, baseline_degree, default_limits, layout
from ramanstudio.peaks.peak_table import PeakTable, as_table, joined
from ramanstudio.peaks.profiles import Profile, profile
from ramanstudio.peaks.uncertainty import covariance
from ramanstudio.signal.blas_threads import single_threaded_blas
from ramanstudio.signal.snr import noise_sigma

Floats = NDArray[np.float64]

MIN_POINTS: Final = 8
# How much wider than the linear expansion says an interval of 68 % is, by the relative error r of the peak's width:
# 1 + 0.5 r + 0.7 r². Measured on 9000 simulated spectra (SNR 5 to 100, three profiles, alone and overlapping); it is
# 1.0 for peaks known to 2 %, 1.1 at 15 %, 1.3 at 40 %, of centre, width and area alike.
_BEYOND_LINEAR: Final = (0.5, 0.7)
_AT_BOUND: Final = 1e-6  # of the range between the bounds


def fit(
    spectra: SpectrumSet | Sequence[SpectrumSet],
    profile: str = "pseudo-voigt",
    start: Any = None,
    *,
    baseline: str = "linear",
    within: ShiftRange | None = None,
    expected_error: Any = None,
    correlation_cm: float = 0.0,
    progress: Progress = SILENT,
) -> PeakTable:
    """Fit peaks to each spectrum.

    Parameters
    ----------
    spectra : a set of N spectra, or several sets; NaN points are left out
    profile : "lorentz", "gauss", "pseudo-voigt", "voigt", "bwf" or "split-pseudo-voigt"
    start : where the peaks are at first: a table with the columns `center`, and where known `fwhm`, `height` and
        `spectrum` (without `spectrum` for all spectra alike); a PeakModel, with limits and ties; None: peaks are found,
        and added while the data pay for them
    baseline : under the peaks, "none", "flat" or "linear"
    within : (low, high) in cm⁻¹; the whole axis where None
    expected_error : standard deviation of the error of each point, a number, (N,) or (N, B); measured on each spectrum
        where None
    correlation_cm : over how many cm⁻¹ neighbouring errors are correlated; what the residuals show beyond it counts too

    Returns
    -------
    PeakTable with the columns spectrum, peak, center, fwhm, height, area and the shapes of the profile, each with its
    `*_error` (one standard error), significance (height over its error), reduced_chi2 and flag. A spectrum that
    cannot be fitted is left out, and `problems` says why. Raises StudioError when no spectrum can be fitted.
    """
    if isinstance(spectra, SpectrumSet):
        sets: Sequence[SpectrumSet] = (spectra,)
    else:
        sets = tuple(spectra)
        if not sets:
            raise StudioError("There is no spectrum to fit.", remedy="Give a set of spectra.")
    if isinstance(start, PeakModel):
        profile, baseline = start.profile, start.baseline
    options = Options(profile, baseline, within, correlation_cm)
    tables, first = [], 0
    for members in sets:
        error = None if expected_error is None else _error_of(expected_error, first, members, len(sets) > 1)
        begin = _start_of(start, first, members) if len(sets) > 1 or start is not None else None
        tables.append(_shifted(fit_set(members, options, begin, error, progress), first))
        first += len(members)
    table = joined(tables)
    if not len(table) and table.problems:
        raise next(iter(table.problems.values()))
    return table


@dataclass(frozen=True, slots=True)
class Options:
    """How to fit: see `fit`."""

    profile: str = "pseudo-voigt"
    baseline: str = "linear"
    within: ShiftRange | None = None
    correlation_cm: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Spectra in the range of a fit, as double precision: `values` (N, B), 0 at NaN, and `weights` (N,) or (N, B).

    `sigma_known` says whether the expected error was given.
    """

    axis: Floats
    values: Floats
    weights: Floats
    n_points: NDArray[np.intp]
    sigma_known: bool


def prepare(spectra: SpectrumSet, within: ShiftRange | None, expected_error: Any = None) -> Prepared:
    """Cut out the range and weight each point by one over its expected error.

    Raises StudioError when fewer than eight points lie in the range.
    """
    inside = slice(None)
    if within is not None:
        low, high = sorted(within)
        inside = slice(*np.searchsorted(spectra.axis, [low, np.nextafter(high, np.inf)]))
    axis = np.asarray(spectra.axis[inside])
    if axis.size < MIN_POINTS:
        span = f"{spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹"
        where = f"between {within[0]:.0f} and {within[1]:.0f} cm⁻¹" if within else "in these spectra"
        raise StudioError(
            f"There are {axis.size} points {where}, too few to fit peaks.", remedy=f"The spectra span {span}."
        )
    values = spectra.values[:, inside].astype(np.float64)
    finite = np.isfinite(values)
    if expected_error is None:
        sigma: Floats = _noise(spectra.values, values, finite)
    else:
        given = np.asarray(expected_error, dtype=np.float64)
        sigma = given[:, inside] if given.ndim == 2 else np.broadcast_to(given, (len(values),)).copy()
    smallest = 1e-7 * np.maximum(np.ptp(np.where(finite, values, 0), axis=1), 1e-300)
    sigma = np.maximum(sigma, smallest if sigma.ndim == 1 else smallest[:, None])
    weights = 1.0 / sigma
    if not finite.all() or not np.isfinite(weights).all():
        whole = np.broadcast_to(weights[:, None] if weights.ndim == 1 else weights, values.shape)
        weights = np.where(finite & np.isfinite(whole), whole, 0.0)
        values = np.where(finite, values, 0.0)
    return Prepared(axis, values, weights, finite.sum(axis=1), expected_error is not None)


def _noise(whole: NDArray[Any], values: Floats, finite: NDArray[np.bool_]) -> Floats:
    """The white noise of each spectrum (N,), measured on the whole axis where it has no gaps."""
    if finite.all() and np.isfinite(whole).all():
        return noise_sigma(whole).astype(np.float64)
    sigma = np.ones(len(values))
    for row, (line, kept) in enumerate(zip(values, finite, strict=True)):
        if kept.sum() >= MIN_POINTS:
            sigma[row] = float(noise_sigma(line[kept][None])[0])
    return sigma


def fit_set(
    spectra: SpectrumSet, options: Options, start: Any, expected_error: Any = None, progress: Progress = SILENT
) -> PeakTable:
    """Fit one set; see `fit`. Spectra that cannot be fitted are in `problems`."""
    row = profile(options.profile)
    baseline_degree(options.baseline)
    prepared = prepare(spectra, options.within, expected_error)
    if start is None:
        from ramanstudio.peaks.detection import find_set

        return find_set(spectra, options, prepared, progress=progress)
    if isinstance(start, PeakModel):
        groups = {None: np.arange(len(spectra))}
        problems: dict[int, StudioError] = {}
    else:
        table = as_table(start)
        groups, problems = _groups(table, len(spectra), prepared.axis)
    tables = []
    done = 0
    for key, members in groups.items():
        usable, unusable = _usable(prepared, members, row, options, len(start.peaks) if key is None else key)
        problems.update(unusable)
        if usable.size:
            part = progress.part(done, len(spectra))
            if key is None:
                problem = model_problem(prepared, usable, start)
                names = [peak.name for peak in start.peaks]
            else:
                problem = _table_problem(prepared, usable, table, row, options, key)
                names = None
            tables.append(fit_problem(problem, usable, prepared, options, names, part))
        done += len(members)
    if not tables:
        return PeakTable(empty_columns(row), _about(options, prepared), problems)
    whole = joined(tables)
    order = np.lexsort((whole["peak"], whole["spectrum"]))
    return PeakTable({name: whole[name][order] for name in whole.keys()}, _about(options, prepared), problems)


def model_problem(prepared: Prepared, rows: NDArray[np.intp], model: PeakModel) -> Problem:
    """Return the problem of fitting one model to the spectra `rows`."""
    plan = layout(model, prepared.axis)
    n = len(rows)

    def repeated(entries: Floats) -> Floats:
        return np.repeat(entries[None], n, axis=0)

    return Problem(
        prepared.axis,
        prepared.values[rows],
        prepared.weights[rows],
        profile(model.profile),
        len(model.peaks),
        baseline_degree(model.baseline),
        repeated(plan.start[plan.free]),
        repeated(plan.low),
        repeated(plan.high),
        plan.expand,
        None if plan.offset is None else repeated(plan.offset),
        plan.share,
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


def shape_prior(row: Profile, n_peaks: int) -> dict[str, Floats]:
    """Return what is known of shapes without data: the mean and spread of their range.

    Noise often puts the best shape on a limit, where width and area would be biased with it; this keeps a shape that
    the data do not determine in the middle, with the error of the whole range.
    """
    if not row.shapes:
        return {}
    prior = [np.zeros(2 * n_peaks)] + [np.full(n_peaks, (shape.low + shape.high) / 2) for shape in row.shapes]
    precision = [np.zeros(2 * n_peaks)] + [np.full(n_peaks, 12 / (shape.high - shape.low) ** 2) for shape in row.shapes]
    return {"prior": np.concatenate(prior), "precision": np.concatenate(precision)}


def fit_problem(
    problem: Problem,
    spectra: NDArray[np.intp],
    prepared: Prepared,
    options: Options,
    names: list[str] | None = None,
    progress: Progress = SILENT,
) -> PeakTable:
    """Fit, and return the table of the peaks of `spectra` (n,)."""
    with single_threaded_blas():
        solution = solve(problem, progress)
        spread = covariance(problem, solution)
        lags = error_correlation.estimate(problem, solution, options.correlation_cm)
        if lags.size > 1:
            spread = error_correlation.inflate(problem, solution, spread, lags)
    return result_table(problem, solution, spread, spectra, prepared, options, names)


def result_table(
    problem: Problem,
    solution: Solution,
    spread: Floats,
    spectra: NDArray[np.intp],
    prepared: Prepared,
    options: Options,
    names: list[str] | None,
) -> PeakTable:
    """Return the table of a solution with its covariance `spread`."""
    n, n_peaks, n_base = len(spectra), problem.n_peaks, problem.n_baseline
    n_all = solution.linear.shape[1] + solution.free.shape[1]
    chi2 = solution.chi_squared / np.maximum(1, prepared.n_points[spectra] - n_all)
    # Measured noise is known as well as the residuals show; a given expected error is never made smaller.
    scale = np.maximum(chi2, 1.0) if prepared.sigma_known else chi2
    spread = spread * scale[:, None, None]
    n_heights = solution.linear.shape[1] - n_base
    heights = solution.linear[:, :n_heights]
    if problem.share is not None:
        heights = heights @ problem.share.T
    everything = problem.parameters(solution.free)
    center, fwhm = everything[:, :n_peaks], np.exp(everything[:, n_peaks : 2 * n_peaks])
    n_shapes = len(problem.profile.shapes)
    shapes = everything[:, 2 * n_peaks :].reshape(n, n_shapes, n_peaks).transpose(0, 2, 1)
    full = _full_covariance(problem, spread, n_heights)
    unit_area = problem.profile.area(fwhm, shapes)
    area = heights * unit_area
    by_shape = _area_slopes(problem.profile, fwhm, shapes) * heights[:, :, None]
    # (n, K, 3 + S) the derivatives of the area by height, centre, log width and shapes
    slopes = np.concatenate([unit_area[:, :, None], np.zeros((n, n_peaks, 1)), area[:, :, None], by_shape], axis=2)
    own = np.arange(3 + n_shapes)[None, :] * n_peaks + np.arange(n_peaks)[:, None]
    blocks = full[:, own[:, :, None], own[:, None, :]]  # (n, K, 3 + S, 3 + S) of each peak
    errors = np.sqrt(np.maximum(blocks[:, :, np.arange(3 + n_shapes), np.arange(3 + n_shapes)], 0))
    area_error = np.sqrt(np.maximum(np.einsum("nka,nkab,nkb->nk", slopes, blocks, slopes), 0))
    weak = np.minimum(errors[:, :, 2], 1.0)  # the relative error of the width
    wider = 1 + _BEYOND_LINEAR[0] * weak + _BEYOND_LINEAR[1] * weak**2
    errors, area_error = errors * wider[:, :, None], area_error * wider
    height_error = errors[:, :, 0]
    columns: dict[str, Any] = {
        "spectrum": np.repeat(spectra, n_peaks),
        "peak": np.tile(np.arange(n_peaks), n),
    }
    if names is not None and any(names):
        columns["name"] = np.tile(np.array(names), n)
    pairs = [("center", center, errors[:, :, 1]), ("fwhm", fwhm, fwhm * errors[:, :, 2])]
    pairs += [("height", heights, height_error), ("area", area, area_error)]
    pairs += [
        (shape.name, shapes[:, :, index], errors[:, :, 3 + index]) for index, shape in enumerate(problem.profile.shapes)
    ]
    for name, value, error in pairs:
        columns[name], columns[f"{name}_error"] = value.ravel(), error.ravel()
    significance = np.divide(heights, height_error, out=np.zeros_like(heights), where=height_error > 0)
    columns["significance"] = significance.ravel()
    columns["reduced_chi2"] = np.repeat(chi2, n_peaks)
    columns["flag"] = _flags(problem, solution, significance, center, fwhm)
    return PeakTable(columns, _about(options, prepared))


def _full_covariance(problem: Problem, spread: Floats, n_heights: int) -> Floats:
    """The covariance of heights, centres, log widths and shapes, (n, K + P, K + P)."""
    keep = np.r_[0:n_heights, n_heights + problem.n_baseline : spread.shape[1]]
    part = spread[:, keep[:, None], keep]
    if problem.share is None and problem.expand is None:
        return part
    share = np.eye(n_heights) if problem.share is None else problem.share
    expand = np.eye(part.shape[1] - n_heights) if problem.expand is None else problem.expand
    whole = np.zeros((len(share) + len(expand), part.shape[1]))
    whole[: len(share), :n_heights] = share
    whole[len(share) :, n_heights:] = expand
    return np.asarray(whole @ part @ whole.T)


def _area_slopes(row: Profile, fwhm: Floats, shapes: Floats) -> Floats:
    """The derivative of the area of a unit profile by each shape (n, K, S)."""
    slopes = np.zeros_like(shapes)
    for index, shape in enumerate(row.shapes):
        step = 1e-5 * (shape.high - shape.low)
        up, down = shapes.copy(), shapes.copy()
        up[..., index] = np.minimum(up[..., index] + step, shape.high)
        down[..., index] = np.maximum(down[..., index] - step, shape.low)
        width = up[..., index] - down[..., index]
        slopes[..., index] = (row.area(fwhm, up) - row.area(fwhm, down)) / width
    return slopes


def _flags(problem: Problem, solution: Solution, significance: Floats, center: Floats, fwhm: Floats) -> NDArray[Any]:
    """What a user should know of each peak (n * K,)."""
    n, n_peaks = significance.shape
    flags = np.full((n, n_peaks), "", dtype="U40")
    flags[fwhm < 1.5 * float(np.median(np.diff(problem.axis)))] = "narrower than two points"
    outside = (center < problem.axis[0]) | (center > problem.axis[-1])
    flags[outside] = "outside the measured range"
    if problem.expand is None:
        reach = _AT_BOUND * (problem.high - problem.low)
        at = (solution.free <= problem.low + reach) | (solution.free >= problem.high - reach)
        flags[at[:, :n_peaks] | at[:, n_peaks : 2 * n_peaks]] = "at a limit"
    flags[significance < 3] = "below three standard errors"
    flags[~solution.converged] = "not converged"
    return flags.ravel()


def empty_columns(row: Profile) -> dict[str, NDArray[Any]]:
    """Return the columns of a table without a peak."""
    names = [name for key in ("center", "fwhm", "height", "area") for name in (key, f"{key}_error")]
    names += [name for shape in row.shapes for name in (shape.name, f"{shape.name}_error")]
    columns: dict[str, NDArray[Any]] = {"spectrum": np.zeros(0, dtype=np.intp), "peak": np.zeros(0, dtype=np.intp)}
    columns.update({name: np.zeros(0) for name in (*names, "significance", "reduced_chi2")})
    return {**columns, "flag": np.zeros(0, dtype="U40")}


def _about(options: Options, prepared: Prepared) -> dict[str, Any]:
    return {
        "profile": options.profile,
        "baseline": options.baseline,
        "weights": "expected error" if prepared.sigma_known else "noise of each spectrum",
        "within": (float(prepared.axis[0]), float(prepared.axis[-1])),
    }


def _groups(
    table: PeakTable, n_spectra: int, axis: Floats
) -> tuple[dict[Any, NDArray[np.intp]], dict[int, StudioError]]:
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


def _usable(
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


def _table_problem(
    prepared: Prepared, rows: NDArray[np.intp], table: PeakTable, row: Profile, options: Options, n_peaks: int
) -> Problem:
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


def _start_of(start: Any, first: int, members: SpectrumSet) -> Any:
    """The part of a start table that is about one of several sets."""
    if start is None or isinstance(start, PeakModel):
        return start
    table = as_table(start)
    if "spectrum" not in table:
        return table
    which = np.asarray(table["spectrum"])
    part = table.where((which >= first) & (which < first + len(members)))
    return (
        PeakTable({**part.columns, "spectrum": part["spectrum"] - first})
        if first
        else (table if len(part) == len(table) else part)
    )


def _error_of(expected_error: Any, first: int, members: SpectrumSet, several: bool) -> Any:
    if not several:
        given = np.asarray(expected_error, dtype=np.float64)
        if given.ndim not in (0, 1, 2) or (given.ndim and given.shape[0] != len(members)):
            raise StudioError(
                f"An expected error of shape {given.shape} does not fit {len(members)} spectra.",
                remedy="Give a number, one for each spectrum, or one for each point.",
            )
        return given
    if isinstance(expected_error, Sequence):
        return np.concatenate([np.asarray(part) for part in expected_error])[first : first + len(members)]
    given = np.asarray(expected_error)
    return given if given.ndim == 0 else given[first : first + len(members)]


def _shifted(table: PeakTable, first: int) -> PeakTable:
    if not first:
        return table
    problems = {spectrum + first: error for spectrum, error in table.problems.items()}
    return PeakTable({**table.columns, "spectrum": table["spectrum"] + first}, table.about, problems)
