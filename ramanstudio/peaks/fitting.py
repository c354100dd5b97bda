"""peaks.fit: peaks fitted to any number of spectra, with a standard error for every number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.peaks.detection import find_set
from ramanstudio.peaks.model import PeakModel, baseline_degree
from ramanstudio.peaks.peak_table import PeakTable, as_table, joined
from ramanstudio.peaks.preparation import Options, error_of, prepare
from ramanstudio.peaks.profiles import profile as profile_of
from ramanstudio.peaks.results import about, empty_columns, shifted
from ramanstudio.peaks.starts import fit_problem, model_problem, spectra_by_peaks, table_problem, with_enough_points


def fit(
    spectra: SpectrumSet | Sequence[SpectrumSet],
    profile: str = "pseudo-voigt",
    start: Any = None,
    *,
    baseline: str = "linear",
    within: ShiftRange | None = None,
    expected_error: Any = None,
    correlation_cm: float = 0.0,
    baseline_error: Any = None,
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
    baseline : under the peaks, "none", "flat", "linear" or "cubic"
    within : (low, high) in cm⁻¹; the whole axis where None
    expected_error : standard deviation of the error of each point, a number, (N,) or (N, B); measured on each spectrum
        where None
    correlation_cm : over how many cm⁻¹ neighbouring errors are correlated; what the residuals show beyond it counts too
    baseline_error : the part of the expected error that a subtracted baseline leaves, (N, B), which is alike over a
        whole line: the step Baseline of a recipe states it as `curves["baseline_error"]`

    Returns
    -------
    PeakTable with the columns spectrum, peak, center, fwhm, height, area and the shapes of the profile, each with its
    `*_error` (one standard error; that of a centre holds the uncertainty of a calibrated axis), significance (height
    over its error), reduced_chi2 and flag. A spectrum that cannot be fitted is left out, and `problems` says why.
    Raises StudioError when no spectrum can be fitted.
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
        error = None if expected_error is None else error_of(expected_error, first, members, len(sets) > 1)
        begin = _start_of(start, first, members) if len(sets) > 1 else start
        smooth = None if baseline_error is None else np.asarray(baseline_error)[first : first + len(members)]
        tables.append(shifted(fit_set(members, options, begin, error, progress, baseline_error=smooth), first))
        first += len(members)
    table = joined(tables)
    if not len(table) and table.problems:
        raise next(iter(table.problems.values()))
    return table


def fit_set(
    spectra: SpectrumSet,
    options: Options,
    start: Any,
    expected_error: Any = None,
    progress: Progress = SILENT,
    begin: Any = None,
    baseline_error: Any = None,
) -> PeakTable:
    """Fit one set; see `fit`. Spectra that cannot be fitted are in `problems`.

    `begin` are centres and widths (N, K) to start each spectrum from instead of those of a model `start`.
    """
    row = profile_of(options.profile)
    baseline_degree(options.baseline)
    if start is None:
        return find_set(spectra, options, expected_error, progress=progress)
    prepared = prepare(spectra, options.within, expected_error, baseline_error)
    if isinstance(start, PeakModel):
        groups: dict[int | None, NDArray[np.intp]] = {None: np.arange(len(spectra))}
        problems: dict[int, StudioError] = {}
    else:
        table = as_table(start)
        groups, problems = spectra_by_peaks(table, len(spectra), prepared.axis)
    tables = []
    done = 0
    for key, members in groups.items():
        usable, unusable = with_enough_points(prepared, members, row, options, len(start.peaks) if key is None else key)
        problems.update(unusable)
        if usable.size:
            part = progress.part(done, len(spectra))
            if key is None:
                from_each = None if begin is None else (begin[0][usable], begin[1][usable])
                problem = model_problem(prepared, usable, start, from_each)
                names = [peak.name for peak in start.peaks]
            else:
                problem = table_problem(prepared, usable, table, row, options, key)
                names = None
            tables.append(fit_problem(problem, usable, prepared, options, names, part))
        done += len(members)
    if not tables:
        return PeakTable(empty_columns(row), about(options, prepared), problems)
    whole = joined(tables)
    order = np.lexsort((whole["peak"], whole["spectrum"]))
    return PeakTable({name: whole[name][order] for name in whole}, about(options, prepared), problems)


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
