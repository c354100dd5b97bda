"""Edits of the peaks of one spectrum: peaks added by a click, ties between them, and the model that is fitted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document.peak_finding import PeakInput, SpectrumPeaks
from ramanstudio.gui.document.peak_series import SetFit, fit_set
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.peaks.options import PeakOptions
from ramanstudio.gui.peaks.peak_model import peak_names

if TYPE_CHECKING:
    from ramanstudio.core.ranges import ShiftRange
    from ramanstudio.peaks import PeakModel

NEW_WIDTH_POINTS: Final = 8  # of a peak that is added by a click


def model_to_fit(model: PeakModel, options: PeakOptions, within: ShiftRange | None) -> PeakModel:
    """Return a model with the profile and baseline that were chosen, and one width for all where that was chosen."""
    from ramanstudio.peaks import Tie

    model = replace(model, profile=options.profile, baseline=options.baseline)
    if not options.equal_widths:
        return model
    low, high = within or (-np.inf, np.inf)
    first = next((index for index, peak in enumerate(model.peaks) if low <= peak.center.value <= high), 0)
    widths = tuple(Tie("width", index, first) for index in range(len(model.peaks)) if index != first)
    return replace(model, ties=(*without_width_ties(model).ties, *widths))


def without_width_ties(model: PeakModel) -> PeakModel:
    """Return a model in which every peak has a width of its own."""
    return replace(model, ties=tuple(tie for tie in model.ties if tie.kind != "width"))


def with_peak(peaks: SpectrumPeaks | None, source: PeakInput, shift: float, options: PeakOptions) -> SpectrumPeaks:
    """Return the peaks of a spectrum with one more at a Raman shift, as wide as the others are."""
    from ramanstudio.peaks import Parameter, Peak, PeakModel

    spectrum, _ = source.spectrum(options.denoised)
    step = float(np.median(np.diff(spectrum.axis)))
    known = [peak.fwhm.value for peak in peaks.model.peaks] if peaks is not None else []
    new = Peak(Parameter(shift), Parameter(float(np.median(known)) if known else NEW_WIDTH_POINTS * step))
    if peaks is None:
        return SpectrumPeaks(source, options.denoised, PeakModel((new,), options.profile, options.baseline))
    return replace(peaks, model=replace(peaks.model, peaks=(*peaks.model.peaks, new)), fit=None)


def tied(peaks: SpectrumPeaks, numbers: Sequence[int], kind: str) -> PeakModel:
    """Return the model with peaks tied to the first of them, as they are now.

    Raises StudioError when their heights are not known, or the tie contradicts another one.
    """
    from ramanstudio.peaks import Tie

    first, *others = numbers
    model = peaks.model
    heights: dict[int, float] = {}
    if peaks.table is not None:
        heights = dict(zip(peaks.table["peak"].tolist(), peaks.table["height"].tolist(), strict=True))
    for number in others:
        value = 1.0
        if kind == "distance":
            value = model.peaks[number].center.value - model.peaks[first].center.value
        elif kind == "ratio":
            if not heights.get(first, 0.0) > 0 or number not in heights:
                raise StudioError("The heights of these peaks are not known yet.", remedy="Fit them first.")
            value = heights[number] / heights[first]
        model = model.with_tie(Tie(kind, number, first, float(f"{value:.6g}")))
    return model


def selected_sets(session: Session) -> tuple[list[SpectrumSet], list[tuple[int, int]], int]:
    """Return the selected spectra, all of them where one set is selected, with entry id and row of each.

    The third is the number of entries.
    """
    entries = [entry for entry in session.selected if entry.source is not None]
    sets: list[SpectrumSet] = []
    members: list[tuple[int, int]] = []
    for entry in entries:
        result = session.project.result(entry)
        source = result.unprocessed if result is not None else entry.source
        assert source is not None
        rows = np.arange(len(source)) if len(entries) == 1 else session.rows_of(entry)
        sets.append(source[rows])
        members += [(entry.id, int(row)) for row in rows]
    return sets, members, len(entries)


def set_work(
    session: Session, model: PeakModel, options: PeakOptions, within: ShiftRange | None, name: str
) -> tuple[Callable[[Progress], SetFit], str]:
    """Return the fit of every selected spectrum, to be run in the background, and its title."""
    sets, members, n_entries = selected_sets(session)
    model = model_to_fit(model, options, within)
    name = name if n_entries == 1 else f"{n_entries} files"
    work = partial(fit_set, name, sets, members, model, peak_names(model), within)
    return work, f"Fitting {len(members)} spectra of {name}"


def untied(model: PeakModel, chosen: Collection[int]) -> PeakModel:
    """Return a model without the ties of the `chosen` peaks, without any where none is chosen."""
    return replace(model, ties=tuple(tie for tie in model.ties if chosen and not {tie.peak, tie.to} & set(chosen)))
