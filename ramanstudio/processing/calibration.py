"""Steps that apply what was learned from standards: Raman shift calibration, and relative intensity correction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

import numpy as np

from ramanstudio.core.axis_uncertainty import AXIS_UNCERTAINTY
from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, number, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.step import Context, State, Step, StepResult

AUTOMATIC: Final = "automatic"  # instead of a file: the profile whose metadata fit


class CalibrationProfile(Protocol):
    """What the steps need of a profile: it moves the axis of spectra, or scales their intensities."""

    def apply(self, spectra: SpectrumSet) -> SpectrumSet: ...


@dataclass(frozen=True, slots=True)
class Shift:
    """Correct the Raman shift axis by a profile, and add a constant to it.

    profile : file of a calibration profile, or "automatic": the saved one that fits the metadata of the spectra
    offset_cm : the offset of an instrument, known from a standard
    """

    offset_cm: float = 0.0
    profile: str = ""

    key: ClassVar[str] = "shift"
    title: ClassVar[str] = "Raman shift calibration"
    schema: ClassVar[Schema] = Schema(
        {"offset_cm": optional(number(-500, 500), 0.0), "profile": optional(text(4000), "")}
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return the spectra on the corrected axis (B,).

        Raises StudioError when the profile cannot be read, or does not fit these spectra.
        """
        spectra = state.spectra
        corrected = _profile_for(self.profile, spectra, "Profile").apply(spectra) if self.profile else spectra
        if corrected.points != spectra.points:
            raise StudioError(
                f"'{Path(self.profile).name}' does not cover the whole axis.", remedy="Crop to its range before."
            )
        if not np.array_equal(corrected.values, spectra.values, equal_nan=True):
            raise StudioError(
                f"'{Path(self.profile).name}' corrects intensities, not the Raman shift.",
                remedy="Choose it in the step Intensity correction.",
            )
        axis = corrected.axis + self.offset_cm
        middle = spectra.points // 2
        summary = f"{axis[middle] - spectra.axis[middle]:+.3g} cm⁻¹"
        record: dict[str, Any] = {"shift_in_the_middle_cm": float(axis[middle] - spectra.axis[middle])}
        if self.profile:
            name, known = str(corrected.about.get("calibration", "")), corrected.about.get(AXIS_UNCERTAINTY)
            certainty = f" ± {known:.2g}" if isinstance(known, float) else ""
            automatic = ", automatic" if self.profile == AUTOMATIC else ""
            warning = str(corrected.about.get("calibration_warning", ""))
            summary = f"{summary.removesuffix(' cm⁻¹')}{certainty} cm⁻¹, '{name}'{automatic}{_warned(warning)}"
            record |= {"profile": name, "automatic": bool(automatic), "axis_uncertainty_cm": known, "warning": warning}
        moved = corrected.with_axis(axis, spectra.values)
        return StepResult(
            replace(state, spectra=moved),
            summary,
            record,
        )


@dataclass(frozen=True, slots=True)
class CorrectIntensity:
    """Divide by the relative response of the instrument, known from a standard of relative intensity."""

    profile: str

    key: ClassVar[str] = "intensity"
    title: ClassVar[str] = "Intensity correction"
    schema: ClassVar[Schema] = Schema({"profile": text(4000)})

    def apply(self, state: State, context: Context) -> StepResult:
        """Return intensities (N, B) and errors, both scaled by the correction at each point.

        Raises StudioError when the profile cannot be read, or does not fit these spectra.
        """
        spectra = state.spectra
        profile = _profile_for(self.profile, spectra, "IntensityProfile")
        applied = profile.apply(spectra[:1].with_values(np.ones((1, spectra.points))))
        factor = applied.values
        if not np.array_equal(applied.axis, spectra.axis):
            raise StudioError(
                f"'{Path(self.profile).name}' corrects the Raman shift, not intensities.",
                remedy="Choose it in the step Raman shift calibration.",
            )
        if factor.shape != (1, spectra.points) or not np.all(np.isfinite(factor) & (factor > 0)):
            raise StudioError(
                f"'{Path(self.profile).name}' has no correction for the whole axis.",
                remedy="Crop to its range before, or choose another profile.",
            )
        corrected = spectra.with_values(spectra.values * factor.astype(np.float64)).with_about(**applied.about)
        name, warning = (
            str(corrected.about.get(key, "")) for key in ("intensity_correction", "intensity_correction_warning")
        )
        automatic = self.profile == AUTOMATIC
        return StepResult(
            replace(state, spectra=corrected, expected_error=(state.expected_error * factor).astype(np.float32)),
            f"×{factor.min():.3g} to ×{factor.max():.3g}, '{name}'{', automatic' if automatic else ''}"
            f"{_warned(warning)}",
            {
                "factor_lowest": float(factor.min()),
                "factor_highest": float(factor.max()),
                "profile": name,
                "automatic": automatic,
                "warning": warning,
            },
            {"factor": np.repeat(factor, len(spectra), axis=0)} if len(spectra) <= 64 else {},
        )


def _profile_for(file: str, spectra: SpectrumSet, kind: str) -> CalibrationProfile:
    """The profile of a file, or the only saved one of a kind that fits the metadata of the spectra."""
    if file != AUTOMATIC:
        return load_profile(file)
    from ramanstudio import calibration
    from ramanstudio.calibration.profile_files import require_fitting_profile

    return require_fitting_profile(spectra, getattr(calibration, kind)).profile


def has_fitting_profile(spectra: SpectrumSet, kind: type[Step]) -> bool:
    """Whether exactly one saved profile fits the metadata of the spectra; `kind` is Shift or CorrectIntensity."""
    from ramanstudio import calibration

    profile_kind = calibration.Profile if kind is Shift else calibration.IntensityProfile
    return calibration.fitting_profile(spectra, calibration.stored_profiles()[0], profile_kind) is not None


def stored_profile_files(kind: type[Step]) -> list[tuple[str, Path]]:
    """Return names and files of the saved profiles that a step can use; `kind` is Shift or CorrectIntensity."""
    from ramanstudio import calibration

    profile_kind = calibration.Profile if kind is Shift else calibration.IntensityProfile
    stored = calibration.stored_profiles()[0]
    return [(entry.profile.name, entry.path) for entry in stored if isinstance(entry.profile, profile_kind)]


def _warned(warning: str) -> str:
    return f". Warning: {warning}" if warning else ""


def load_profile(file: str) -> CalibrationProfile:
    """Read a calibration profile. Raises StudioError when it cannot be read."""
    from ramanstudio.calibration.profile_files import load_profile as load

    return load(Path(file))
