"""A calibration that is being made: matched lines that a person moves, adds, removes, and the profile they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.axis_calibration import calibrate, fit_profile
from ramanstudio.calibration.profile import Profile
from ramanstudio.calibration.standard_lines import StandardLine, average
from ramanstudio.calibration.substances import Substance, find_substance
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.line_fit import fit_line

Floats = NDArray[np.floating[Any]]

BY_HAND: Final = "set by hand"
UNFITTED_SD_CM: Final = 1.0  # of a line that was set where no line can be fitted
USUAL_FWHM_CM: Final = 8.0


@dataclass(frozen=True, slots=True)
class CalibrationDraft:
    """The spectra of a standard, what they were taken for, the matched lines, and the profile these give.

    Parameters
    ----------
    stage : the average spectrum on the axis that `after` has corrected; `lines` are on this axis
    """

    spectra: SpectrumSet
    substance: Substance
    lines: tuple[StandardLine, ...]
    profile: Profile
    stage: tuple[Floats, Floats]
    after: Profile | None = None
    temperature_c: float | None = None

    @classmethod
    def begin(
        cls,
        spectra: SpectrumSet,
        substance: str | Substance,
        after: Profile | None = None,
        temperature_c: float | None = None,
        name: str = "",
    ) -> CalibrationDraft:
        """Match the lines of a standard; errors as `calibrate`."""
        known = find_substance(substance)
        profile = calibrate(spectra, known, after=after, temperature_c=temperature_c, name=name)
        lines = profile.lines[len(after.lines) if after is not None else 0 :]
        stage = average(spectra if after is None else after.apply(spectra))
        return cls(spectra, known, lines, profile, stage, after, temperature_c)

    def remaining(self) -> tuple[float, ...]:
        """Return what is left of the error of each line, in cm⁻¹."""
        return tuple(remaining_error(self.profile, line, self.after) for line in self.lines)

    def moved(self, index: int, shown_cm: float) -> CalibrationDraft:
        """Return the draft with a line set where the spectrum shows it: fitted there, or as set where that fails."""
        return self._with({index: self._fitted(shown_cm, self.lines[index])})

    def with_used(self, index: int, used: bool) -> CalibrationDraft:
        """Return the draft with a match used or left out."""
        return self._with({index: replace(self.lines[index], used=used, note=BY_HAND)})

    def with_reference(self, index: int, reference_cm: float) -> CalibrationDraft:
        """Return the draft with a shown line matched to another line of the table."""
        return self._with({index: replace(self.lines[index], reference_cm=reference_cm, used=True, note=BY_HAND)})

    def without(self, index: int) -> CalibrationDraft:
        """Return the draft without a match."""
        return self._refit(tuple(line for place, line in enumerate(self.lines) if place != index))

    def added(self, shown_cm: float) -> CalibrationDraft:
        """Return the draft with a match added: the line shown there, and the nearest free line of the table.

        Raises StudioError when every line of the table is matched.
        """
        table = self.substance.shifts(self.profile.laser_nm or None, self.temperature_c)
        taken = {round(line.reference_cm, 4) for line in self.lines}
        free = [index for index, place in enumerate(table) if round(float(place), 4) not in taken]
        if not free:
            raise StudioError("Every line of the table is matched.", remedy="Remove a match first.")
        offset = float(np.median([line.error_cm for line in self.lines] or [0.0]))
        nearest = min(free, key=lambda index: abs(float(table[index]) + offset - shown_cm))
        line = StandardLine(shown_cm, UNFITTED_SD_CM, float(table[nearest]), float(self.substance.sds[nearest]))
        return self._refit(tuple(sorted((*self.lines, self._fitted(shown_cm, line)), key=lambda row: row.shown_cm)))

    def named(self, name: str) -> CalibrationDraft:
        """Return the draft with a name for its profile."""
        return replace(self, profile=replace(self.profile, name=name))

    def _fitted(self, shown_cm: float, line: StandardLine) -> StandardLine:
        axis, values = self.stage
        fit = fit_line(axis, values, shown_cm, line.fwhm_cm or self._usual_width())
        if fit is None or abs(fit.centre - shown_cm) > max(fit.fwhm, 5.0):
            return replace(line, shown_cm=shown_cm, shown_sd_cm=UNFITTED_SD_CM, used=True, note=BY_HAND)
        return replace(line, shown_cm=fit.centre, shown_sd_cm=fit.centre_sd, fwhm_cm=fit.fwhm, snr=fit.snr, used=True,
                       note=BY_HAND)  # fmt: skip

    def _usual_width(self) -> float:
        return float(np.median([line.fwhm_cm for line in self.lines if line.fwhm_cm] or [USUAL_FWHM_CM]))

    def _with(self, changed: dict[int, StandardLine]) -> CalibrationDraft:
        return self._refit(tuple(changed.get(index, line) for index, line in enumerate(self.lines)))

    def _refit(self, lines: Sequence[StandardLine]) -> CalibrationDraft:
        profile = fit_profile(
            self.spectra, self.substance, lines, after=self.after, temperature_c=self.temperature_c,
            name=self.profile.name,
        )  # fmt: skip
        kept = profile.lines[len(self.after.lines) if self.after is not None else 0 :]
        return replace(self, lines=kept, profile=profile)


def remaining_error(profile: Profile, line: StandardLine, after: Profile | None = None) -> float:
    """Return how far a line is off on the corrected axis, in cm⁻¹; `line` is on the axis that `after` corrected."""
    if after is None:
        return line.error_cm + float(profile.curve.correction(np.array([line.shown_cm]))[0])
    nominal = np.asarray(after.curve.axis_cm)
    margin = np.array([-2000.0, 2000.0])
    nominal = np.concatenate([nominal[:1] + margin[:1], nominal, nominal[-1:] + margin[1:]])
    place = np.interp(line.shown_cm, nominal + after.curve.correction(nominal), nominal)
    return line.error_cm + float(profile.curve.correction(place) - after.curve.correction(place))
