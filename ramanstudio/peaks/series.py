"""The same peaks in every spectrum of a map or series: bad fits are started again from their neighbours' solutions."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.peaks.fitting import fit, fit_set
from ramanstudio.peaks.model import PeakModel
from ramanstudio.peaks.peak_table import PeakTable
from ramanstudio.peaks.preparation import Options

N_NEIGHBOURS: Final = 8
_WORSE, _FLAGGED = 1.5, 3.0  # times the reduced chi² of good fits to be tried again; of the median, to be flagged
_GOOD_PERCENT: Final = 10  # of the fits are good ones
_ROUNDS: Final = 60  # a solution wanders from spectrum to spectrum, one a round, for as long as that helps


def fit_series(
    spectra: SpectrumSet,
    profile: str = "pseudo-voigt",
    start: Any = None,
    *,
    baseline: str = "linear",
    within: ShiftRange | None = None,
    expected_error: Any = None,
    progress: Progress = SILENT,
) -> PeakTable:
    """Fit the same peaks to all N spectra of a map or series.

    All start from one table or model, whose limits, locks and ties hold in each. Fits that did not converge, stand at a
    limit or are worse than the good ones start again from the solution of a neighbour (by x, y and z of the table, else
    in order), and the better one of both is kept; those that stay bad are flagged.

    Parameters are those of `fit`; `start` is needed. Returns a PeakTable with the same number of peaks for each.
    Raises StudioError when no spectrum can be fitted.
    """
    if isinstance(start, PeakModel):
        profile, baseline = start.profile, start.baseline
    options = Options(profile, baseline, within)
    part = progress.part(0, 2 * len(spectra))
    table = fit(spectra, profile, start, baseline=baseline, within=within, expected_error=expected_error, progress=part)
    n_peaks = int(table["peak"].max()) + 1
    columns = {name: np.array(column) for name, column in table.columns.items()}
    fitted = columns["spectrum"].reshape(-1, n_peaks)[:, 0]
    neighbours = _neighbours(spectra, fitted)
    for _ in range(_ROUNDS):
        bad = np.flatnonzero(_is_bad(columns, n_peaks))
        if not bad.size or bad.size == fitted.size:
            break
        near = _nearby(columns, neighbours, bad, n_peaks)
        error = _rows(expected_error, fitted[bad])
        if isinstance(start, PeakModel):
            begin = near["center"].reshape(-1, n_peaks), near["fwhm"].reshape(-1, n_peaks)
            again = fit_set(spectra[fitted[bad]], options, start, error, begin=begin)
        else:
            table_of_starts = {"spectrum": np.repeat(np.arange(bad.size), n_peaks), **near}
            again = fit_set(spectra[fitted[bad]], options, table_of_starts, error)
        progress(2 * len(spectra) - bad.size, 2 * len(spectra), "spectra")
        if not len(again) or not _take_better(columns, again, bad, n_peaks):
            break
    chi2 = columns["reduced_chi2"].reshape(-1, n_peaks)[:, 0]
    worse = (chi2 > _FLAGGED * np.median(chi2)) & (columns["flag"].reshape(-1, n_peaks) == "").all(axis=1)
    columns["flag"][np.repeat(worse, n_peaks)] = "worse than the others"
    progress(len(spectra), len(spectra), "spectra")
    return PeakTable(columns, table.about, table.problems)


def _nearby(
    columns: dict[str, Any], neighbours: NDArray[np.intp], bad: NDArray[np.intp], n_peaks: int
) -> dict[str, Any]:
    """Centres and widths to start the spectra `bad` from: of the good one nearest to each, else the usual ones."""
    good: NDArray[np.bool_] = np.logical_not(_is_bad(columns, n_peaks))
    near: NDArray[np.bool_] = np.asarray(good)[neighbours[bad]]
    source = neighbours[bad][np.arange(bad.size), near.argmax(axis=1)]
    has_any = np.asarray(near.any(axis=1))
    begin = {}
    for name in ("center", "fwhm"):
        values = np.asarray(columns[name]).reshape(-1, n_peaks)
        usual = np.median(values[np.flatnonzero(good)], axis=0) if good.any() else values.mean(axis=0)
        begin[name] = np.where(has_any[:, None], values[source], usual).ravel()
    return begin


def _rows(expected_error: Any, rows: NDArray[np.intp]) -> Any:
    given = None if expected_error is None else np.asarray(expected_error)
    return given if given is None or given.ndim == 0 else given[rows]


def _is_bad(columns: dict[str, Any], n_peaks: int) -> NDArray[np.bool_]:
    """Which spectra (n,) have a fit that should be tried again."""
    flags = columns["flag"].reshape(-1, n_peaks)
    chi2 = columns["reduced_chi2"].reshape(-1, n_peaks)[:, 0]
    failed = np.isin(flags, ("not converged", "at a limit", "outside the measured range")).any(axis=1)
    failed |= (flags == "below three standard errors").all(axis=1)
    return np.asarray(failed | (chi2 > _WORSE * max(1.0, float(np.percentile(chi2, _GOOD_PERCENT)))))


def _take_better(columns: dict[str, Any], again: PeakTable, bad: NDArray[np.intp], n_peaks: int) -> bool:
    """Replace the fits of the spectra `bad` that came out better, in place; return whether there was one."""
    new = again["spectrum"].reshape(-1, n_peaks)[:, 0]
    before = columns["reduced_chi2"].reshape(-1, n_peaks)[bad[new], 0]
    better = again["reduced_chi2"].reshape(-1, n_peaks)[:, 0] < before - 1e-9
    for name, column in columns.items():
        if name not in ("spectrum", "peak", "name") and name in again:
            column.reshape(-1, n_peaks)[bad[new[better]]] = again[name].reshape(-1, n_peaks)[better]
    return bool(better.any())


def _neighbours(spectra: SpectrumSet, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """The nearest of the spectra `rows` (n,) to each, as positions among them (n, k)."""
    from scipy.spatial import cKDTree

    places = [np.asarray(spectra.table[name], dtype=float)[rows] for name in ("x", "y", "z") if name in spectra.table]
    points = np.column_stack(places) if places else rows[:, None].astype(float)
    points = np.where(np.isfinite(points), points, 0.0)
    k = min(N_NEIGHBOURS + 1, len(rows))
    return np.asarray(cKDTree(points).query(points, k=k)[1]).reshape(len(rows), -1)
