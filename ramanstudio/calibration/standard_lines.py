"""The lines of a measured standard: found, recognised as those of its table, and fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.matching import Matching, match_lines
from ramanstudio.calibration.substances import SINGLE, Substance
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.line_fit import FittedLine, find_lines, fit_line

Floats = NDArray[np.floating[Any]]

NOTHING_BELOW_CM: Final = 60.0  # what the filter leaves of the laser is not a line
FAINT: Final = 0.04  # of the strongest line of the table: fainter lines are not looked for
GUIDED_CM: Final = 6.0  # how far from its expected place a line is looked for once the axis is known
MIN_GUIDED: Final = 5.0  # heights over the noise of a mean over the width
BLEND: Final = 1.0  # full widths: nearer lines of a lamp are one, whose place is not known well
BLEND_STRENGTH: Final = 0.1
MAX_SINGLE_CM: Final = 53.0  # an offset of ± 50; quartz has its strongest line 57 below that of silicon
DOMINANT: Final = 2.0  # times the strongest other line of like width
LIKE_WIDTH: Final = (0.5, 3.0)  # times its own: narrower is a cosmic ray, wider is background
LOWEST_OTHER_CM: Final = 150.0  # below, filters and air show lines
SIGNIFICANT: Final = 7.0  # height over the noise of a mean over the width; noise alone does not reach it
BROADEST_CM: Final = 70.0  # a wider line is background
MIN_EXPLAINED: Final = 0.5
MIN_EXPECTED: Final = 0.45
MIN_SCORE: Final = 0.55
MAX_RESIDUAL_CM: Final = 1.6
MAX_CENTRE_SD_CM: Final = 2.5


@dataclass(frozen=True, slots=True)
class StandardLine:
    """A line of a standard: where the axis shows it, and where it is.

    Parameters
    ----------
    shown_cm, shown_sd_cm : fitted position on the axis of the spectrum, and its standard uncertainty
    reference_cm, reference_sd_cm : true position, and its standard uncertainty
    fwhm_cm, snr : full width at half maximum; height over the noise of a point
    used : whether the calibration uses it
    note : why not, or what to mind: "saturated", "merged", "blend", "outlier", "added by hand"
    """

    shown_cm: float
    shown_sd_cm: float
    reference_cm: float
    reference_sd_cm: float = 0.0
    fwhm_cm: float = 0.0
    snr: float = 0.0
    used: bool = True
    note: str = ""

    @property
    def error_cm(self) -> float:
        """How far the axis is off at this line: shown minus true position."""
        return self.shown_cm - self.reference_cm


def average(spectra: SpectrumSet) -> tuple[Floats, Floats]:
    """Return axis (B,) and one spectrum (B,): the mean of N, from three on the median, which drops cosmic rays."""
    values = np.asarray(spectra.values, dtype=np.float64)
    middle = (
        values[0] if len(values) == 1 else np.mean(values, axis=0) if len(values) == 2 else np.median(values, axis=0)
    )
    finite = np.isfinite(middle)
    return spectra.axis[finite], middle[finite]


def match_standard(
    spectra: SpectrumSet, substance: Substance, laser_nm: float | None = None, temperature_c: float | None = None
) -> tuple[StandardLine, ...]:
    """Find the lines of a standard and match them to its table, on an axis up to 50 cm⁻¹ and some per cent off.

    Raises StudioError where the spectrum has no line, only saturated ones, or is not of this substance.
    """
    axis, values = average(spectra)
    if len(axis) < 16:
        raise StudioError("The spectrum of the standard has fewer than 16 points.", remedy="Choose another spectrum.")
    reference = substance.shifts(laser_nm, temperature_c)
    inside = (reference > axis[0] - 20) & (reference < axis[-1] + 20)
    if not inside.any():
        raise StudioError(
            f"No line of {_in_sentence(substance)} lies between {axis[0]:.0f} and {axis[-1]:.0f} cm⁻¹.",
            remedy="Check the laser wavelength, or choose another standard.",
        )
    step = float(np.median(np.diff(axis)))
    lines = [line for line in find_lines(axis, values) if line.snr * np.sqrt(max(line.fwhm / step, 1)) > SIGNIFICANT]
    if not substance.is_lamp:
        lines = [line for line in lines if line.centre > NOTHING_BELOW_CM and line.fwhm < BROADEST_CM]
    if not lines:
        raise StudioError(
            f"The spectrum shows no line, so it cannot be of {_in_sentence(substance)}.",
            remedy="Measure the standard longer, or choose another spectrum.",
        )
    if substance.kind == SINGLE:
        matched = [_single(lines, float(reference[0]), substance, (float(axis[0]), float(axis[-1])))]
    else:
        matched = _several(axis, values, lines, reference, substance)
    if not any(line.used for line in matched):
        raise StudioError(
            f"Every line of {_in_sentence(substance)} is saturated: its place cannot be measured.",
            remedy="Measure the standard with less light or a shorter exposure.",
        )
    return tuple(matched)


def _single(
    lines: Sequence[FittedLine], reference: float, substance: Substance, span: tuple[float, float]
) -> StandardLine:
    """The one line of a substance such as silicon: the strongest of the spectrum, near its place."""
    near = [line for line in lines if abs(line.centre - reference) <= MAX_SINGLE_CM]
    strongest = max(near or lines, key=lambda line: line.height)
    edge = 0.02 * (span[1] - span[0])
    others = [
        line.height
        for line in lines
        if abs(line.centre - strongest.centre) > 1.5 * strongest.fwhm
        and LIKE_WIDTH[0] * strongest.fwhm < line.fwhm < LIKE_WIDTH[1] * strongest.fwhm
        and max(LOWEST_OTHER_CM, span[0] + edge) < line.centre < span[1] - edge
    ]
    if not near or strongest.height < DOMINANT * max(others, default=0.0):
        raise StudioError(
            f"This is not a spectrum of {_in_sentence(substance)}: its one strong line, at {reference:.0f} cm⁻¹,"
            f" is not there, or others are as strong (the strongest is at {max(lines, key=_height).centre:.0f} cm⁻¹).",
            remedy="Choose what was measured.",
        )
    return _line(strongest, reference, substance.line_sd_cm)


def _height(line: FittedLine) -> float:
    return line.height


def _several(
    axis: Floats, values: Floats, lines: Sequence[FittedLine], reference: Floats, substance: Substance
) -> list[StandardLine]:
    """The lines of a substance with several: matched as a pattern."""
    matching = match_lines(lines, reference, substance.strengths, (float(axis[0]), float(axis[-1])))
    if matching is None or not is_credible(matching):
        found = 0 if matching is None else len(matching.pairs)
        raise StudioError(
            f"This is not a spectrum of {_in_sentence(substance)}, or its axis is off by more than 50 cm⁻¹:"
            f" only {found} of its lines could be matched.",
            remedy="Choose what was measured, or check the laser wavelength of the spectrum.",
        )
    matched = [_line(lines[i], float(reference[j]), float(substance.sds[j])) for i, j in matching.pairs]
    if substance.is_lamp:
        return _without_blends(matched, reference, substance.strengths)
    return _guided(axis, values, matched, matching, reference, substance)


def is_credible(matching: Matching) -> bool:
    """Whether a matching explains enough of both sides to be right."""
    return (
        len(matching.pairs) >= 2
        and matching.explained >= MIN_EXPLAINED
        and matching.expected >= MIN_EXPECTED
        and matching.score >= MIN_SCORE
        and matching.residual_cm <= MAX_RESIDUAL_CM
    )


def _guided(
    axis: Floats,
    values: Floats,
    matched: Sequence[StandardLine],
    matching: Matching,
    reference: Floats,
    substance: Substance,
) -> list[StandardLine]:
    """Fit every line of the table again where it is expected, with its known neighbours beside it.

    A weak line that detection missed still tells where it is, and a neighbour that is hidden in a slope moves a centre.
    """
    dense = np.linspace(axis[0], axis[-1], 4000)
    places = np.interp(reference, matching.true(dense), dense, left=np.nan, right=np.nan)
    by_reference = {line.reference_cm: line for line in matched}
    usual = float(np.median([line.fwhm_cm for line in matched]))
    widths = np.array([by_reference[r].fwhm_cm if r in by_reference else usual for r in reference.tolist()])
    sigma = _noise(axis, values)
    result = []
    for index, place in enumerate(places):
        known = by_reference.get(float(reference[index]))
        if not np.isfinite(place) or (known is None and substance.strengths[index] < FAINT):
            continue
        start = place if known is None else known.shown_cm
        others = [(float(places[k]), float(widths[k])) for k in np.argsort(np.abs(places - place))[1:3]
                  if np.isfinite(places[k]) and abs(places[k] - place) < 2 * widths[index]]  # fmt: skip
        line = fit_line(axis, values, float(start), float(widths[index]), others, sigma)
        good = (
            line is not None
            and abs(line.centre - place) < GUIDED_CM
            and line.centre_sd < MAX_CENTRE_SD_CM
            and line.height > MIN_GUIDED * sigma / np.sqrt(max(line.fwhm / float(np.median(np.diff(axis))), 1.0))
        )
        if good and line is not None:
            result.append(_line(line, float(reference[index]), float(substance.sds[index])))
        elif known is not None:
            result.append(known)
    return result


def _noise(axis: Floats, values: Floats) -> float:
    from ramanstudio.signal.snr import noise_sigma

    return max(float(noise_sigma(values[None])[0]), 1e-5 * float(np.ptp(values)), 1e-30)


def _without_blends(matched: Sequence[StandardLine], reference: Floats, strengths: Floats) -> list[StandardLine]:
    """Lines of a lamp, those that stand for several set aside, unless few would be left."""
    marked = []
    for line in matched:
        own = float(strengths[int(np.argmin(np.abs(reference - line.reference_cm)))])
        near = (np.abs(reference - line.reference_cm) < BLEND * line.fwhm_cm) & (reference != line.reference_cm)
        blended = bool((strengths[near] > BLEND_STRENGTH * own).any())
        marked.append(replace(line, used=False, note="blend") if blended and line.used else line)
    if sum(line.used for line in marked) >= min(4, len(marked)):
        return marked
    return [
        replace(line, used=True, shown_sd_cm=float(np.hypot(line.shown_sd_cm, 0.3 * line.fwhm_cm)))
        if line.note == "blend" else line
        for line in marked
    ]  # fmt: skip


def _line(line: FittedLine, reference: float, reference_sd: float) -> StandardLine:
    note = "saturated" if line.saturated else "merged" if line.merged else ""
    return StandardLine(
        line.centre,
        line.centre_sd,
        reference,
        reference_sd,
        line.fwhm,
        line.snr,
        used=not line.saturated,
        note=note,
    )


def _in_sentence(substance: Substance) -> str:
    title = substance.title
    text = title[0].lower() + title[1:] if title[:1].isalpha() else title
    return f"a {text}" if substance.is_lamp else text
