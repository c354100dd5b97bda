"""The fit of one spectrum with its curves: what is drawn beside the table of its peaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.peaks.error_correlation import fitted
from ramanstudio.peaks.model import Parameter, Peak, PeakModel
from ramanstudio.peaks.peak_table import PeakTable, joined
from ramanstudio.peaks.preparation import Options, prepare
from ramanstudio.peaks.problem import polynomial
from ramanstudio.peaks.profiles import evaluate
from ramanstudio.peaks.profiles import profile as profile_of
from ramanstudio.peaks.results import result_table
from ramanstudio.peaks.starts import Solved, model_problem, solved_problem, with_enough_points

Floats = NDArray[np.float64]

REACH: Final = 2.5  # widths from a peak in which it is fitted, where the spectrum is fitted in several ranges
_SHORT_CM: Final = 700.0  # fitted as a whole, on one baseline


@dataclass(frozen=True, slots=True, eq=False)
class FittedRange:
    """A fitted range of a spectrum: `axis`, `fit`, `baseline` and `residual` (B,), and each of the `peaks` (K, B)."""

    axis: Floats
    fit: Floats
    baseline: Floats
    peaks: Floats
    residual: Floats


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumFit:
    """The fit of one spectrum: `table` of its peaks, `model` as it came out, and the `ranges` that were fitted."""

    table: PeakTable
    model: PeakModel
    ranges: tuple[FittedRange, ...]


def fit_spectrum(
    spectrum: SpectrumSet,
    model: PeakModel,
    within: ShiftRange | None = None,
    expected_error: Any = None,
    progress: Progress = SILENT,
    baseline_error: Any = None,
) -> SpectrumFit:
    """Fit a model to one spectrum: as a whole, or peaks that overlap in a range of their own where it is long.

    The errors are those of `peaks.fit`.

    Raises StudioError when no range can be fitted.
    """
    if not model.peaks:
        raise StudioError("There is no peak to fit.", remedy="Find peaks first, or add one by a click.")
    groups = ranges_of(spectrum, model, within)
    tables, ranges, numbers, problem = [], [], [], None
    for done, (members, limits) in enumerate(groups):
        progress(done, len(groups), "ranges")
        try:
            table, part = _fit_group(spectrum, model.part(members), limits, expected_error, baseline_error)
        except StudioError as error:
            problem = problem or error
            continue
        tables.append(PeakTable({**table.columns, "peak": np.array(members)}))
        ranges.append(part)
        numbers += members
    if not tables:
        assert problem is not None
        raise problem
    table = joined(tables)
    table = table.where(np.argsort(table["center"], kind="stable"))
    return SpectrumFit(table, _as_fitted(model, table), tuple(ranges))


def model_of(table: PeakTable, profile: str, baseline: str = "linear") -> PeakModel:
    """Return a model that starts from the peaks of a table."""
    known = [shape.name for shape in profile_of(profile).shapes if shape.name in table]
    peaks = tuple(
        Peak(
            Parameter(float(table["center"][row])),
            Parameter(float(table["fwhm"][row])),
            shapes={name: Parameter(float(table[name][row])) for name in known},
        )
        for row in range(len(table))
    )
    return PeakModel(peaks, profile, baseline)


def _as_fitted(model: PeakModel, table: PeakTable) -> PeakModel:
    """The model with the centres and widths that came out; limits and locks stay."""
    peaks = list(model.peaks)
    for row in table.rows():
        peak = peaks[row["peak"]]
        peaks[row["peak"]] = replace(
            peak,
            center=replace(peak.center, value=row["center"]),
            fwhm=replace(peak.fwhm, value=row["fwhm"]),
        )
    return replace(model, peaks=tuple(peaks))


def ranges_of(spectrum: SpectrumSet, model: PeakModel, within: ShiftRange | None) -> list[tuple[list[int], ShiftRange]]:
    """Return which peaks of a model are fitted together, and in which range. Raises StudioError when there is none."""
    low, high = (float(spectrum.axis[0]), float(spectrum.axis[-1])) if within is None else sorted(within)
    inside = [index for index, peak in enumerate(model.peaks) if low <= peak.center.value <= high]
    if not inside:
        raise StudioError(
            f"There is no peak between {low:.0f} and {high:.0f} cm⁻¹.",
            remedy="Find peaks there, or add one by a click.",
        )
    if within is not None or high - low <= _SHORT_CM:
        return [(inside, (low, high))]
    order = sorted(inside, key=lambda index: model.peaks[index].center.value)
    groups: list[list[int]] = [order[:1]]
    for index in order[1:]:
        peak, last = model.peaks[index], model.peaks[groups[-1][-1]]
        near = peak.center.value - last.center.value < REACH * 0.6 * (peak.fwhm.value + last.fwhm.value)
        # Tied peaks are fitted together, with those between them.
        tied = [number for number, group in enumerate(groups) if any(_are_tied(model, index, other) for other in group)]
        first = min([*tied, len(groups) - 1] if near else [*tied, len(groups)])
        groups[first:] = [[*(other for group in groups[first:] for other in group), index]]
    step = float(np.median(np.diff(spectrum.axis)))
    ends = [
        (
            min(model.peaks[i].center.value - max(REACH * model.peaks[i].fwhm.value, 8 * step) for i in group),
            max(model.peaks[i].center.value + max(REACH * model.peaks[i].fwhm.value, 8 * step) for i in group),
        )
        for group in groups
    ]
    # No range reaches into the lines of another group.
    edges = [low]
    for left, right in pairwise(groups):
        end_of_left = max(model.peaks[i].center.value + model.peaks[i].fwhm.value for i in left)
        start_of_right = min(model.peaks[i].center.value - model.peaks[i].fwhm.value for i in right)
        edges.append((end_of_left + start_of_right) / 2)
    edges.append(high)
    return [
        (group, (max(edges[number], begin), min(edges[number + 1], end)))
        for number, (group, (begin, end)) in enumerate(zip(groups, ends, strict=True))
    ]


def _are_tied(model: PeakModel, index: int, other: int) -> bool:
    return any({tie.peak, tie.to} == {index, other} for tie in model.ties)


def _fit_group(
    spectrum: SpectrumSet, model: PeakModel, within: ShiftRange, expected_error: Any, baseline_error: Any = None
) -> tuple[PeakTable, FittedRange]:
    options = Options(model.profile, model.baseline, within)
    prepared = prepare(spectrum, within, expected_error, baseline_error)
    row = np.arange(1)
    problem = model_problem(prepared, row, model)
    _, problems = with_enough_points(prepared, row, problem.profile, options, len(model.peaks))
    if problems:
        raise problems[0]
    solved = solved_problem(problem, row, prepared, options)
    names = [peak.name for peak in model.peaks]
    table = result_table(problem, solved.solution, solved.spread, row, prepared, options, names if any(names) else None)
    return table, curves(solved)


def curves(solved: Solved) -> FittedRange:
    """Return the curves of the first spectrum of a solved problem."""
    problem, n_peaks = solved.problem, solved.problem.n_peaks
    heights = solved.parameters[0, :n_peaks]
    parameters = solved.parameters[:1, n_peaks:]
    shapes = parameters[:, 2 * n_peaks :].reshape(1, -1, n_peaks).transpose(0, 2, 1)
    center, fwhm = parameters[:, :n_peaks], np.exp(parameters[:, n_peaks : 2 * n_peaks])
    peaks = heights[:, None] * evaluate(problem.profile, problem.axis, center, fwhm, shapes)[0]
    first = problem.rows(slice(0, 1))
    whole = fitted(first, solved.solution.free[:1], solved.solution.linear[:1])[0]
    n_heights = solved.solution.linear.shape[1] - problem.n_baseline
    baseline = solved.solution.linear[0, n_heights:] @ polynomial(problem)
    weights = problem.weights[0] if problem.weights.ndim == 2 else np.ones(problem.axis.size)
    residual = np.where(weights > 0, problem.values[0] - whole, np.nan)
    return FittedRange(np.asarray(problem.axis), whole, np.asarray(baseline), peaks, residual)
