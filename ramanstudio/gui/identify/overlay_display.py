"""What is drawn over the spectrum: the fitted reference of a match, or the fit of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.identify.band_ruler import BandMark
from ramanstudio.gui.identify.overlay_view import OverlaySpectrum, QuerySpectrum
from ramanstudio.gui.identify.texts import reference_note
from ramanstudio.project.project import Entry, Result
from ramanstudio.search.reference_overlay import baseline_of, fit_corrected_reference, fit_reference

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Match
    from ramanstudio.search.mixture_analysis import MixtureAnalysis


@dataclass(frozen=True, slots=True, eq=False)
class OverlayContent:
    """The overlay, the bands to mark, and the share of the spectrum it covers (0 to 1); or why there is none."""

    overlay: OverlaySpectrum | None = None
    marks: Sequence[BandMark] = ()
    coverage: float = 1.0
    problem: str = ""


def query_spectrum(entry: Entry, row: int, result: Result | None) -> QuerySpectrum:
    """Spectrum `row` of an entry, denoised where it is, without its baseline: small bands are seen."""
    source, denoised = entry.source, result.denoised if result is not None else None
    assert source is not None
    spectra = (source if denoised is None else denoised.spectra)[row : row + 1]
    baseline = baseline_of(spectra)
    values = spectra.values[0] if baseline is None else spectra.values[0] - baseline
    name = entry.name if len(source) == 1 else f"{entry.name} · {row + 1}"
    done = ["denoised"] * (denoised is not None) + ["baseline subtracted"] * (baseline is not None)
    unit = str(source.about.get("intensity_unit", "a.u."))
    return QuerySpectrum(", ".join([name, *done]), spectra.axis, values, unit, baseline)


def reference_overlay(
    query: QuerySpectrum, match: Match | None, library: Library | None, within: Region | None
) -> OverlayContent:
    """The reference of a match, fitted to a spectrum over the range that is compared."""
    if match is None or library is None:
        return OverlayContent()
    try:
        reference = library.spectrum(match.reference)
    except StudioError as error:
        return OverlayContent(problem=str(error))
    fit = fit_reference if query.baseline is None else fit_corrected_reference
    fitted, marks = fit(query.axis, query.values, reference, within), _band_marks(match)
    if fitted is None:
        return OverlayContent(None, marks)
    is_simulated = bool(reference_note(match, library))
    overlay = OverlaySpectrum(match.name, fitted.reference, fitted.difference, is_simulated)
    return OverlayContent(overlay, marks, fitted.coverage)


def mixture_overlay(query: QuerySpectrum, mixture: MixtureAnalysis) -> OverlayContent:
    """The fit of all components of a mixture."""
    names = " + ".join(component.name for component in mixture.components)
    fitted = mixture.fitted if query.baseline is None else mixture.fitted - query.baseline
    return OverlayContent(OverlaySpectrum(names, fitted, query.values - fitted))


def _band_marks(match: Match) -> list[BandMark]:
    kinds = (("matched", match.matched), ("missing", match.missing), ("extra", match.extra))
    return [BandMark(shift, kind) for kind, shifts in kinds for shift in shifts]
