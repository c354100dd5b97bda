"""Whether a profile still holds: the lines of a standard before and after its correction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.instrument import laser_of
from ramanstudio.calibration.profile import Check, Profile
from ramanstudio.calibration.standard_lines import StandardLine, match_standard
from ramanstudio.calibration.substances import Substance, find_substance
from ramanstudio.core.axis_uncertainty import COVERAGE
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

Floats = NDArray[np.floating[Any]]

TOLERANCE_CM: Final = 1.0
STRONG: Final = 0.15  # of the strongest line of the table; fainter ones, and those that overlap, are not judged
EDGE_CM: Final = 2.0  # beyond the outermost line of a profile, which another sample shows elsewhere
POOR_SD_CM: Final = 0.8


@dataclass(frozen=True, slots=True)
class VerifiedLine:
    """One line of the standard: its true position, how far it is off before and after, and whether that passes."""

    reference_cm: float
    before_cm: float
    after_cm: float
    sd_cm: float
    known: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """A profile held against a standard.

    Parameters
    ----------
    lines : the strong lines of the standard, by position
    before_cm, after_cm : mean absolute deviation of those lines without and with the correction
    largest_cm, offset_cm : largest absolute and mean signed deviation with it
    """

    substance: str
    lines: tuple[VerifiedLine, ...]
    before_cm: float
    after_cm: float
    largest_cm: float
    offset_cm: float
    tolerance_cm: float
    date: str

    @property
    def passed(self) -> bool:
        """Whether every line is within the tolerance (widened by the uncertainty of its own fit)."""
        return all(line.passed for line in self.lines)

    @property
    def worsens(self) -> bool:
        """Whether this standard is further off with the correction than without."""
        return self.after_cm > self.before_cm

    def sentence(self) -> str:
        """Return the outcome in one sentence, with advice against a correction that makes it worse."""
        title = find_title(self.substance)
        change = (
            f"{title}: mean deviation {self.before_cm:.2f} cm⁻¹ without the correction, {self.after_cm:.2f} with it"
        )
        if self.worsens:
            return f"{change}. This correction makes it worse: do not use it for this instrument."
        verdict = f"every line within {self.tolerance_cm:g} cm⁻¹" if self.passed else (
            f"{sum(not line.passed for line in self.lines)} of {len(self.lines)} lines off by more than"
            f" {self.tolerance_cm:g} cm⁻¹")  # fmt: skip
        return f"{change}; {verdict}."

    def check(self) -> Check:
        """Return the entry for the history of the profile."""
        return Check(
            self.date,
            self.substance,
            round(self.after_cm, 4),
            round(self.largest_cm, 4),
            self.tolerance_cm,
            self.passed,
            round(self.offset_cm, 4),
        )


def verify(
    profile: Profile,
    spectra: SpectrumSet,
    substance: str | Substance,
    tolerance_cm: float = TOLERANCE_CM,
    temperature_c: float | None = None,
) -> Verification:
    """Hold a profile against N spectra of a standard (their average), preferably not the one it was learned from.

    Raises StudioError when the spectra are not of this substance, or were measured with another laser.
    """
    known = find_substance(substance)
    profile.apply(spectra)  # refuses another laser
    laser = laser_of(spectra.about)
    # Matched on the axis as it is: a wrong correction must not make the match easier or harder.
    matched = match_standard(spectra, known, laser, temperature_c)
    span = float(spectra.axis[0]), float(spectra.axis[-1])
    lines = [line for line in matched if _is_judged(line, known, laser, span)]
    if not lines:
        raise StudioError(f"No strong line of {known.title} is in this spectrum.", remedy="Choose another standard.")
    shown = np.array([line.shown_cm for line in lines])
    true = np.array([line.reference_cm for line in lines])
    before, after = shown - true, profile.corrected(shown, laser) - true
    if known.is_lamp and profile.laser_nm and laser:
        after = after - (1e7 / profile.laser_nm - 1e7 / laser)
    sd = np.array([line.shown_sd_cm for line in lines])
    low, high = profile.range_cm
    known_there = (after + true > low - EDGE_CM) & (after + true < high + EDGE_CM)
    rows = tuple(
        VerifiedLine(float(true[k]), float(before[k]), float(after[k]), float(sd[k]), bool(known_there[k]),
                     bool(abs(after[k]) <= tolerance_cm + COVERAGE * sd[k]))
        for k in range(len(lines))
    )  # fmt: skip
    return Verification(
        known.key,
        rows,
        float(np.mean(np.abs(before))),
        float(np.mean(np.abs(after))),
        float(np.max(np.abs(after))),
        float(np.mean(after)),
        tolerance_cm,
        str(spectra.about.get("date", "")) or date.today().isoformat(),
    )


def find_title(key: str) -> str:
    """Return the title of a substance, or its key where it is not one of the program's."""
    try:
        return find_substance(key).title
    except StudioError:
        return key


def _is_judged(line: StandardLine, substance: Substance, laser_nm: float | None, span: tuple[float, float]) -> bool:
    if not line.used or line.shown_sd_cm > POOR_SD_CM:
        return False
    places = substance.shifts(laser_nm) if substance.is_lamp else substance.shifts()
    which = int(np.argmin(np.abs(places - line.reference_cm)))
    inside = (places > span[0]) & (places < span[1])
    return bool(substance.strengths[which] >= STRONG * substance.strengths[inside].max(initial=1e-9))
