"""Peaks of the spectra that are looked at: found and fitted in the background, kept while spectrum and result stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from ramanstudio.core.axis_uncertainty import COVERAGE, axis_sd_cm
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.project.project import Entry, Result

if TYPE_CHECKING:
    from ramanstudio.core.ranges import ShiftRange
    from ramanstudio.gui.document.peak_series import SetFit
    from ramanstudio.library.library import Library
    from ramanstudio.peaks import PeakModel, PeakTable
    from ramanstudio.peaks.spectrum_fit import SpectrumFit
    from ramanstudio.peaks.templates import Template, TemplateFit

SIGNIFICANCE: Final = 4.0  # of a peak that is labelled
SUPPORTED: Final = 3.0  # standard errors of the measured spectrum from which it supports a peak
_KEPT: Final = 200  # spectra whose peaks are remembered

Key = tuple[int, int]  # id of the entry, row of the spectrum


@dataclass(frozen=True, slots=True, eq=False)
class PeakInput:
    """One spectrum: as measured, on axis and scale of the processed one, and as processed with its expected error."""

    name: str
    measured: SpectrumSet
    processed: SpectrumSet
    error: Any = None
    source: SpectrumSet | None = None
    result: Result | None = None
    baseline_error: Any = None  # the part of the error that a subtracted baseline leaves

    def is_of(self, entry: Entry, result: Result | None) -> bool:
        """Whether the entry, and what its recipe made of it, are still those that this was taken from."""
        return entry.source is self.source and result is self.result

    def spectrum(self, denoised: bool) -> tuple[SpectrumSet, Any]:
        """Return what is fitted, with its expected error where it is not measured on it."""
        return (self.processed, self.error) if denoised else (self.measured, None)


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumPeaks:
    """What is known of the peaks of one spectrum.

    Parameters
    ----------
    model : the peaks that are labelled and fitted
    table : their values with errors; None before they were found or fitted
    supported : (K,) whether the measured spectrum supports each row of the table
    fit : the curves of the last fit; template : what the template gave
    """

    input: PeakInput
    denoised: bool
    model: PeakModel
    table: PeakTable | None = None
    supported: Any = None
    fit: SpectrumFit | None = None
    template: TemplateFit | None = None


def peak_input(entry: Entry, result: Result | None, row: int) -> PeakInput:
    """Return one spectrum of an entry for the search of peaks."""
    assert entry.source is not None
    name = entry.name if len(entry.source) == 1 else f"{entry.name} · {row + 1}"
    final = result.final_denoised if result is not None else None
    measured = (result.unprocessed if result is not None else entry.source)[row]
    if final is None or not measured.same_axis(final.spectra):
        return PeakInput(name, measured, measured, None, entry.source, result)
    error = np.asarray(final.expected_error)[row : row + 1]
    smooth = None if result is None else _baseline_error(result, row, final.spectra)
    return PeakInput(name, measured, final.spectra[row], error, entry.source, result, smooth)


def _baseline_error(result: Result, row: int, final: SpectrumSet) -> Any:
    """The uncertainty (1, B) of the baseline that the last step of a recipe subtracted; None where it was another."""
    last = result.processed.results[-1] if result.processed is not None and result.processed.results else None
    if last is None or "baseline_error" not in last.curves or not last.state.spectra.same_axis(final):
        return None
    error = np.asarray(last.curves["baseline_error"])
    return error[row : row + 1] if error.shape == final.values.shape else None


def find_peaks(
    source: PeakInput, denoised: bool, profile: str, baseline: str, significance: float, progress: Progress
) -> SpectrumPeaks:
    """Find the peaks of a spectrum, and whether the measured one supports each."""
    from ramanstudio.peaks import find
    from ramanstudio.peaks.spectrum_fit import model_of

    spectrum, error = source.spectrum(denoised)
    table = find(spectrum, significance, profile=profile, expected_error=error, progress=progress)
    model = model_of(table, profile, baseline)
    return SpectrumPeaks(source, denoised, model, table, _supported(source, denoised, table, model))


def fit_peaks(
    source: PeakInput,
    denoised: bool,
    model: PeakModel,
    within: ShiftRange | None,
    before: SpectrumPeaks | None,
    progress: Progress,
) -> SpectrumPeaks:
    """Fit the peaks of a model, all or those in a range; what is known of the others `before` stays."""
    from ramanstudio.peaks.spectrum_fit import fit_spectrum

    spectrum, error = source.spectrum(denoised)
    smooth = source.baseline_error if denoised else None
    fit = fit_spectrum(spectrum, model, within, error, progress, smooth)
    if within is not None and before is not None and before.fit is not None:
        fit = _joined(before.fit, fit)
    return SpectrumPeaks(
        source, denoised, fit.model, fit.table, _supported(source, denoised, fit.table, fit.model), fit
    )


def _joined(before: SpectrumFit, now: SpectrumFit) -> SpectrumFit:
    """The fit of a range together with those of other ranges of the same model."""
    from ramanstudio.peaks.peak_table import joined

    if before.table.keys() != now.table.keys():
        return now
    kept = before.table.where(~np.isin(before.table["peak"], now.table["peak"]))
    table = joined([kept, now.table])
    table = table.where(np.argsort(table["center"], kind="stable"))
    new = now.ranges[0].axis
    others = tuple(part for part in before.ranges if part.axis[-1] <= new[0] or part.axis[0] >= new[-1])
    return replace(now, table=table, ranges=(*others, *now.ranges))


def fit_template(source: PeakInput, denoised: bool, template: Template, progress: Progress) -> SpectrumPeaks:
    """Fit the peaks of a template to a spectrum, and compute its quantities."""
    from ramanstudio.peaks import templates
    from ramanstudio.peaks.spectrum_fit import fit_spectrum

    spectrum, error = source.spectrum(denoised)
    applied = templates.apply(template, spectrum, error, progress=progress)
    model = templates.fitting_to(template, spectrum).model
    fit = fit_spectrum(spectrum, model, template.within, error, progress)
    return SpectrumPeaks(source, denoised, fit.model, fit.table, np.ones(len(fit.table), dtype=bool), fit, applied)


def _supported(source: PeakInput, denoised: bool, table: PeakTable, model: PeakModel) -> Any:
    """Whether the measured spectrum has each peak of a table (K,), at its place and width."""
    if not len(table):
        return np.zeros(0, dtype=bool)
    if not denoised:
        return np.asarray(table["significance"] >= SUPPORTED)
    from ramanstudio.peaks.spectrum_fit import fit_spectrum

    rows = list(table.rows())
    order = {row["peak"]: position for position, row in enumerate(rows)}
    locked = replace(
        model,
        peaks=tuple(
            replace(peak, center=replace(peak.center, locked=True), fwhm=replace(peak.fwhm, locked=True))
            for peak in model.peaks
        ),
        ties=(),
    )
    supported = np.zeros(len(rows), dtype=bool)
    for row in fit_spectrum(source.measured, locked).table.rows():
        if row["peak"] in order:
            supported[order[row["peak"]]] = row["significance"] >= SUPPORTED
    return supported


def without(peaks: SpectrumPeaks, gone: set[int]) -> SpectrumPeaks:
    """Return what is known without the peaks of these numbers in the model; what was fitted with them is left out."""
    from ramanstudio.peaks import PeakTable

    kept = [number for number in range(len(peaks.model.peaks)) if number not in gone]
    model = peaks.model.part(kept)
    table, supported = peaks.table, peaks.supported
    if table is not None:
        stays = np.isin(table["peak"], kept)
        table, supported = table.where(stays), supported[stays]
        table = PeakTable({**table.columns, "peak": np.searchsorted(kept, table["peak"])}, table.about)
    return SpectrumPeaks(peaks.input, peaks.denoised, model, table, supported)


class PeakFinding(QObject):
    """Finds and fits peaks in the background; `changed(key)` when those of a spectrum have changed."""

    changed = Signal(object)  # Key
    busy_changed = Signal()

    def __init__(self, workers: Workers, messages: Messages) -> None:
        super().__init__()
        self._workers, self._messages = workers, messages
        self._peaks: dict[Key, SpectrumPeaks] = {}
        self._job: Job | None = None
        self._finding_key: Key | None = None
        self._label_fields: tuple[str, ...] = ()

    @property
    def label_fields(self) -> tuple[str, ...]:
        """What labels say beside the position: "height", "fwhm", "area"."""
        return self._label_fields

    def set_label_fields(self, fields: tuple[str, ...]) -> None:
        """Choose what labels say beside the position."""
        self._label_fields = fields
        for key in list(self._peaks):
            self.changed.emit(key)

    @property
    def busy(self) -> bool:
        """Whether peaks are being found or fitted."""
        return self._job is not None

    def peaks(self, key: Key) -> SpectrumPeaks | None:
        """What is known of the peaks of a spectrum."""
        return self._peaks.get(key)

    def set_peaks(self, key: Key, peaks: SpectrumPeaks) -> None:
        """Keep what is known of the peaks of a spectrum, as the user has changed it."""
        self._peaks.pop(key, None)
        self._peaks[key] = peaks
        while len(self._peaks) > _KEPT:
            self._peaks.pop(next(iter(self._peaks)))
        self.changed.emit(key)

    def forget(self, key: Key) -> None:
        """Forget the peaks of a spectrum."""
        if self._peaks.pop(key, None) is not None:
            self.changed.emit(key)

    def find(self, key: Key, source: PeakInput) -> None:
        """Find the peaks of the measured spectrum, unless that is going on."""
        if self._job is None or self._finding_key != key:
            self._finding_key = key
            work = partial(find_peaks, source, False, "pseudo-voigt", "linear", SIGNIFICANCE)
            self.submit(key, work, f"Finding peaks of {source.name}")

    def fit_set(self, work: Callable[[Progress], SetFit], title: str, show: Callable[[SetFit], None]) -> None:
        """Fit a set in the background; `show` gets what came out."""
        job = self._workers.submit(work, title, "files", key="peaks of set")
        job.succeeded.connect(show)
        job.failed.connect(self._messages.show_error)

    def match(self, peaks: SpectrumPeaks, libraries: Sequence[Library], show: Callable[[Any], None]) -> None:
        """Compare positions with the lines of libraries in the background; `show` gets the matches."""
        from ramanstudio.peaks.matching import TOLERANCE_CM, match_positions

        places = [peak.center.value for peak in peaks.model.peaks]
        axis = peaks.input.measured.axis
        within = (float(axis[0]), float(axis[-1]))
        tolerance = float(np.hypot(TOLERANCE_CM, COVERAGE * axis_sd_cm(peaks.input.measured.about)))

        def work(progress: Progress) -> Any:
            heights = None if peaks.table is None or len(peaks.table) != len(places) else peaks.table["height"]
            positions = places if heights is None or peaks.table is None else peaks.table["center"]
            return match_positions(positions, libraries, heights, within, tolerance, progress=progress)

        job = self._workers.submit(work, "Comparing positions with the libraries", "files", key="match peaks")
        job.succeeded.connect(show)
        job.failed.connect(self._messages.show_error)

    def submit(self, key: Key, work: Callable[[Progress], SpectrumPeaks], title: str) -> Job:
        """Find or fit in the background; the latest request counts."""
        job = self._workers.submit(work, title, "files", key="peaks")
        self._job = job
        job.succeeded.connect(partial(self.set_peaks, key))
        job.failed.connect(self._messages.show_error)
        job.finished.connect(partial(self._finished, job))
        self.busy_changed.emit()
        return job

    def _finished(self, job: Job) -> None:
        if self._job is job:
            self._job = None
        self.busy_changed.emit()
