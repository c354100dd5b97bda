"""peaks.find: which peaks are there, by matched filters, then by fits to which peaks are added while the data pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.peaks.error_correlation import residuals
from ramanstudio.peaks.least_squares import solve
from ramanstudio.peaks.matched_filter import Candidate, candidates, strongest
from ramanstudio.peaks.misfit import FIRST_SIGNIFICANCE, weighted_heights, with_misfit
from ramanstudio.peaks.model import baseline_degree
from ramanstudio.peaks.peak_table import PeakTable, joined
from ramanstudio.peaks.preparation import MIN_POINTS, Options, Prepared, error_of, prepare
from ramanstudio.peaks.profiles import Profile, profile
from ramanstudio.peaks.results import empty_columns, shifted
from ramanstudio.peaks.starts import fit_problem, start_problem
from ramanstudio.signal.blas_threads import single_threaded_blas

Floats = NDArray[np.float64]

SIGNIFICANCE: Final = 4.0
WINDOW_CM: Final = 250.0  # of a longer spectrum, the longest range that is searched at a time
_OVERLAP, _REACH = 1.0, 2.5  # widths from a line in which others overlap with it, and in which it is fitted
_NEXT_WINDOW: Final = 4.5  # standard deviations of a filtered spectrum from which a line gets a range of its own
_MAX_CANDIDATES: Final = 100
_LONGEST_CM, _LONGEST_POINTS = 700.0, 700  # searched as a whole, on the baseline that was chosen
_FEWEST_POINTS: Final = 24  # of a window
_SPECTRA: Final = 2048  # searched at once
_NEXT: Final = 2.5  # of filtered residuals, from which another peak is tried
_MAX_PEAKS: Final = 16  # in a window
_MAX_ROUNDS: Final = 12
_ROUNDS_OF_WINDOW: Final = 4
_STEPS: Final = 15  # of a fit that tries a peak


@dataclass(slots=True, eq=False)
class _Found:
    """The peaks of one spectrum so far: `center`, `fwhm` (K,), `shapes` (S, K) and chi² with them."""

    center: Floats
    fwhm: Floats
    shapes: Floats
    chi_squared: float
    residual: Floats


class _Search:
    """Peaks of many spectra, added while the data pay for them; spectra with as many peaks are fitted together."""

    def __init__(self, prepared: Prepared, row: Profile, degree: int) -> None:
        self.prepared = prepared
        self.row = row
        self.degree = degree
        self.step = float(np.median(np.diff(prepared.axis)))
        self.found: dict[int, _Found] = {}

    def fit(self, trials: Sequence[tuple[int, Floats, Floats, Floats | None]]) -> list[_Found]:
        """Fit peaks (spectrum, center, fwhm, shapes or None) and return what comes out, in order."""
        results: list[_Found | None] = [None] * len(trials)
        sizes = np.array([len(trial[1]) for trial in trials])
        n_shapes = len(self.row.shapes)
        for size in np.unique(sizes).tolist():
            which = np.flatnonzero(sizes == size).tolist()
            rows = np.array([trials[index][0] for index in which])
            center = np.array([trials[index][1] for index in which]).reshape(len(which), size)
            fwhm = np.array([trials[index][2] for index in which]).reshape(len(which), size)
            middle = np.repeat(np.array([shape.start for shape in self.row.shapes])[:, None], size, axis=1)
            shapes = np.array([middle if trials[index][3] is None else trials[index][3] for index in which])
            problem = start_problem(
                self.prepared, rows, center, fwhm, self.row, self.degree, shapes.reshape(len(which), n_shapes * size)
            )
            solution = solve(replace(problem, max_steps=_STEPS))
            left = residuals(problem, solution, np.arange(len(rows)))
            free = solution.free
            for position, index in enumerate(which):
                results[index] = _Found(
                    free[position, :size],
                    np.exp(free[position, size : 2 * size]),
                    free[position, 2 * size :].reshape(n_shapes, size),
                    float(solution.chi_squared[position]),
                    left[position],
                )
        return [result for result in results if result is not None]

    def begin(self, rows: NDArray[np.intp]) -> None:
        """Fit the peaks that stand out of the filtered spectra."""
        part = replace(self.prepared, values=self.prepared.values[rows], weights=self.prepared.weights[rows])
        weighted = weighted_heights(part)
        first = candidates(weighted, self.step, FIRST_SIGNIFICANCE, _MAX_PEAKS)
        trials = []
        for row, spectrum in zip(rows.tolist(), first, strict=True):
            center = self.prepared.axis[[candidate.index for candidate in spectrum]].astype(np.float64)
            trials.append((row, center, np.array([candidate.fwhm for candidate in spectrum]), None))
        self.found.update(zip(rows.tolist(), self.fit(trials), strict=True))

    def grow(self, rows: list[int], penalty: float) -> list[int]:
        """Try another peak in each spectrum of `rows`; return those that took one."""
        left = np.array([self.found[row].residual for row in rows])
        best = strongest(left, self.step)
        trials: list[tuple[int, Floats, Floats, Floats | None]] = []
        for row, candidate in zip(rows, best, strict=True):
            present = self.found[row]
            if len(present.center) >= _MAX_PEAKS:
                continue
            if candidate.significance >= _NEXT:
                trials.append((row, *self._with(present, candidate)))
            split = self._worst(present)
            if split is not None:
                trials.append((row, *self._split(present, split)))
        grown: dict[int, _Found] = {}
        for (row, *_), result in zip(trials, self.fit(trials), strict=True):
            if row not in grown or result.chi_squared < grown[row].chi_squared:
                grown[row] = result
        taken = []
        for row, result in grown.items():
            before, after = self.found[row].chi_squared, result.chi_squared
            # Where peaks of this profile cannot describe the lines, what is left over counts as noise, too.
            freedom = max(1, self.prepared.axis.size - 4 * len(result.center))
            if before - after > penalty * max(1.0, after / freedom):
                self.found[row] = result
                taken.append(row)
        return taken

    def _with(self, present: _Found, candidate: Candidate) -> tuple[Floats, Floats, Floats]:
        start = np.array([shape.start for shape in self.row.shapes])[:, None]
        return (
            np.append(present.center, self.prepared.axis[candidate.index]),
            np.append(present.fwhm, candidate.fwhm),
            np.concatenate([present.shapes, start], axis=1),
        )

    def _worst(self, present: _Found) -> int | None:
        """The peak under which the residuals are largest for what they should be."""
        if not present.center.size:
            return None
        axis = self.prepared.axis
        low = np.searchsorted(axis, present.center - present.fwhm)
        high = np.searchsorted(axis, present.center + present.fwhm)
        sums = np.concatenate([[0.0], np.cumsum(present.residual**2 - 1)])
        n_points = np.maximum(high - low, 1)
        excess = (sums[high] - sums[low]) / np.sqrt(2 * n_points)
        index = int(excess.argmax())
        return index if excess[index] > 0.5 else None

    def _split(self, present: _Found, index: int) -> tuple[Floats, Floats, Floats]:
        """Two peaks in the place of one."""
        shift, width = 0.35 * present.fwhm[index], 0.7 * present.fwhm[index]
        center, fwhm = present.center.copy(), present.fwhm.copy()
        center[index] -= shift
        fwhm[index] = width
        shapes = np.concatenate([present.shapes, present.shapes[:, index : index + 1]], axis=1)
        return np.append(center, present.center[index] + shift), np.append(fwhm, width), shapes


def find(
    spectra: SpectrumSet | Sequence[SpectrumSet],
    significance: float = SIGNIFICANCE,
    *,
    profile: str = "pseudo-voigt",
    baseline: str = "linear",
    within: ShiftRange | None = None,
    expected_error: Any = None,
    correlation_cm: float = 0.0,
    progress: Progress = SILENT,
) -> PeakTable:
    """Find the peaks of each spectrum.

    Peaks that stand out of matched filters of several widths are fitted; another is added where the residuals show one,
    or a peak is split, as long as the Bayesian information criterion falls.

    Parameters
    ----------
    spectra : a set of N spectra, or several sets
    significance : height over its standard error (baseline included) from which a peak is listed; one value serves
        clean and noisy spectra alike
    profile, baseline, within, expected_error, correlation_cm : as in `fit`

    Returns
    -------
    PeakTable with the columns spectrum, position, height, fwhm, area, each with its `*_error`, and significance, in
    order of position. A table without rows when there is no peak. Raises StudioError when no spectrum can be searched.
    """
    sets = (spectra,) if isinstance(spectra, SpectrumSet) else tuple(spectra)
    options = Options(profile, baseline, within, correlation_cm)
    tables, first = [], 0
    for members in sets:
        error = None if expected_error is None else error_of(expected_error, first, members, len(sets) > 1)
        tables.append(shifted(find_set(members, options, error, significance, progress), first))
        first += len(members)
    table = joined(tables)
    renamed = {"center": "position", "center_error": "position_error"}
    columns = {renamed.get(name, name): column for name, column in table.columns.items()}
    return PeakTable(columns, table.about, table.problems)


def find_set(
    spectra: SpectrumSet,
    options: Options,
    expected_error: Any = None,
    significance: float = SIGNIFICANCE,
    progress: Progress = SILENT,
) -> PeakTable:
    """Find and fit the peaks of one set, window by window where its axis is long; see `find`."""
    windows = _windows(spectra, options, expected_error)
    tables = []
    total = len(windows) * len(spectra)
    rounds = _MAX_ROUNDS if len(windows) == 1 else _ROUNDS_OF_WINDOW
    for number, (window, core) in enumerate(windows):
        chosen = options if len(windows) == 1 else replace(options, within=window, baseline="linear")
        prepared = prepare(spectra, chosen.within, expected_error)
        for start in range(0, len(spectra), _SPECTRA):
            rows = np.arange(start, min(start + _SPECTRA, len(spectra)))
            progress(number * len(spectra) + start, total, "spectra")
            part = progress.part(number * len(spectra) + start, total)
            table = _find_rows(prepared, rows, chosen, significance, rounds, part)
            inside = (table["center"] >= core[0]) & (table["center"] < core[1])
            # What is broader than its window is baseline.
            inside &= table["fwhm"] < window[1] - window[0]
            tables.append(table.where(inside))
    if not tables:
        return PeakTable(empty_columns(profile(options.profile)))
    table = _without_doubles(joined(tables))
    counts = np.bincount(table["spectrum"], minlength=len(spectra))
    number_in = np.concatenate([np.arange(count) for count in counts]).astype(np.intp)
    return PeakTable({**table.columns, "peak": number_in}, table.about, _problems(prepared))


def _windows(spectra: SpectrumSet, options: Options, expected_error: Any) -> list[tuple[ShiftRange, ShiftRange]]:
    """The ranges that are searched, and within each the part whose peaks count.

    A short axis is searched as a whole. On a longer one, which no simple baseline follows, lines that overlap in any of
    the spectra share a range, which ends in the valleys around them.
    """
    prepared = prepare(spectra, options.within, expected_error)
    axis = prepared.axis
    whole = ((float(axis[0]), float(axis[-1])), (-np.inf, np.inf))
    if axis[-1] - axis[0] <= _LONGEST_CM and axis.size <= _LONGEST_POINTS:
        return [whole]
    step = float(np.median(np.diff(axis)))
    rows = np.unique(np.linspace(0, len(spectra) - 1, min(len(spectra), _SPECTRA)).astype(np.intp))
    part = with_misfit(replace(prepared, values=prepared.values[rows], weights=prepared.weights[rows]))
    spread = sorted(
        (float(axis[candidate.index]), candidate.fwhm)
        for spectrum in candidates(weighted_heights(part), step, _NEXT_WINDOW, _MAX_CANDIDATES)
        for candidate in spectrum
    )
    if not spread:
        return [whole]
    groups: list[list[tuple[float, float]]] = []
    for center, fwhm in spread:
        end = max((other + _OVERLAP * width for other, width in groups[-1]), default=-np.inf) if groups else -np.inf
        if groups and center - _OVERLAP * fwhm < end and center - groups[-1][0][0] < WINDOW_CM:
            groups[-1].append((center, fwhm))
        else:
            groups.append([(center, fwhm)])
    height = part.values.mean(axis=0)
    inner = [(min(c - w for c, w in group), max(c + w for c, w in group)) for group in groups]
    edges = [float(axis[0])]
    for (_, left), (right, _) in pairwise(inner):
        low, high = sorted((left, right))
        between = np.flatnonzero((axis >= low) & (axis <= high))
        edges.append(float(axis[between[height[between].argmin()]]) if between.size else (low + high) / 2)
    edges.append(float(axis[-1]))
    windows = []
    for group, (left, right) in zip(groups, pairwise(edges), strict=True):
        low = max(left, min(c - _REACH * w for c, w in group))
        high = min(right, max(c + _REACH * w for c, w in group))
        missing = max(0.0, _FEWEST_POINTS * step - (high - low)) / 2
        windows.append(((low - missing, high + missing), (left, right if right < edges[-1] else np.inf)))
    return windows


def _without_doubles(table: PeakTable) -> PeakTable:
    """The peaks in order; of two at one place, from neighbouring windows, the one with the smaller error."""
    table = table.where(np.lexsort((table["center"], table["spectrum"])))
    same = (np.diff(table["spectrum"]) == 0) & (
        np.diff(table["center"]) < 0.2 * np.minimum(table["fwhm"][1:], table["fwhm"][:-1])
    )
    kept = np.ones(len(table), dtype=bool)
    for index in np.flatnonzero(same).tolist():
        worse = index if table["center_error"][index] > table["center_error"][index + 1] else index + 1
        kept[worse] = False
    return table.where(kept)


def _problems(prepared: Prepared) -> dict[int, StudioError]:
    """The spectra without enough numbers to be searched."""
    return {
        int(row): StudioError(
            f"Spectrum {row + 1} has {prepared.n_points[row]} points with a number, too few for peaks."
        )
        for row in np.flatnonzero(prepared.n_points < MIN_POINTS)
    }


def _find_rows(
    prepared: Prepared,
    rows: NDArray[np.intp],
    options: Options,
    significance: float,
    rounds: int,
    progress: Progress,
) -> PeakTable:
    row = profile(options.profile)
    prepared = with_misfit(prepared)
    search = _Search(prepared, row, baseline_degree(options.baseline))
    rows = rows[prepared.n_points[rows] >= MIN_POINTS]
    penalty = (3 + 0.5 * len(row.shapes)) * float(np.log(prepared.axis.size))
    with single_threaded_blas():
        search.begin(rows)
        active = rows.tolist()
        for _ in range(rounds):
            progress(0, 1, "peaks")
            if not active:
                break
            active = search.grow(active, penalty)
        table = _final(search, rows, options)
        weak = table["significance"] < significance
        while weak.any():
            shortened = np.unique(table["spectrum"][weak])
            _drop_weakest(search, table, shortened)
            again = _final(search, shortened, options)
            table = joined([table.where(~np.isin(table["spectrum"], shortened)), again])
            weak = table["significance"] < significance
    return table


def _drop_weakest(search: _Search, table: PeakTable, spectra: NDArray[np.intp]) -> None:
    """Leave out the least significant peak of some spectra, and fit the others again."""
    trials = []
    for spectrum in spectra.tolist():
        own = np.flatnonzero(table["spectrum"] == spectrum)
        weakest = int(table["significance"][own].argmin())
        present = search.found[spectrum]
        kept = np.delete(np.arange(len(present.center)), weakest)
        trials.append((spectrum, present.center[kept], present.fwhm[kept], present.shapes[:, kept]))
    search.found.update(zip(spectra.tolist(), search.fit(trials), strict=True))


def _final(search: _Search, rows: NDArray[np.intp], options: Options) -> PeakTable:
    """The table of the peaks of some spectra, in the order in which they were found."""
    counts = np.array([len(search.found[row].center) for row in rows.tolist()])
    tables = [PeakTable(empty_columns(search.row))]
    for count in np.unique(counts[counts > 0]):
        which = rows[counts == count]
        found = [search.found[row] for row in which.tolist()]
        problem = start_problem(
            search.prepared,
            which,
            np.array([peak.center for peak in found]),
            np.array([peak.fwhm for peak in found]),
            search.row,
            search.degree,
            np.array([peak.shapes.ravel() for peak in found]),
        )
        tables.append(fit_problem(problem, which, search.prepared, options))
    about = tables[-1].about
    return PeakTable(joined(tables).columns, about)
