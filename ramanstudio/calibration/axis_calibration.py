"""Learn the correction of a Raman shift axis from the spectrum of a standard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.curve import MAX_DEGREE, MAX_DEGREE_LAMP, Curve, fit_curve, mean_slope
from ramanstudio.calibration.instrument import laser_of, measured_with
from ramanstudio.calibration.profile import Profile, spectrum_of_standard
from ramanstudio.calibration.standard_lines import StandardLine, average, match_standard
from ramanstudio.calibration.substances import SINGLE, Substance, find_substance
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.refraction import air_to_vacuum

Floats = NDArray[np.floating[Any]]

FEW_FOR_CONVENTION: Final = 6  # lines of a lamp that tell how an axis was made
LEAST_SD_CM: Final = 0.01  # of a table
OF_AIR: Final = 2.8e-4  # by how much air instead of vacuum changes the scale of a shift
CLEARLY: Final = 0.4  # of it: how near the scale of the error has to be to that of one convention
FITS_CM: Final = 0.6  # what is left where a convention is the right one
MUCH_BETTER: Final = 0.6  # of what the other one leaves
NARROW: Final = ("calcite",)  # beside lamps, substances whose lines show the resolution of the instrument


def calibrate(
    spectra: SpectrumSet,
    substance: str | Substance = "polystyrene",
    *,
    laser_nm: float | None = None,
    temperature_c: float | None = None,
    after: Profile | None = None,
    name: str = "",
) -> Profile:
    """Learn the correction of the Raman shift axis from N spectra of a standard, whose average is used.

    Parameters
    ----------
    substance : a key or title of `substances()`, a file with a table of lines, or a Substance
    laser_nm : where the metadata do not state it; a lamp cannot do without
    temperature_c : of the standard; silicon's line moves by −0.022 cm⁻¹ per kelvin from 20 °C
    after : a profile learned before, from a lamp for instance: what it leaves is learned here, and the result does both
        (CWA 18133:2024: lamp, then silicon)

    Raises StudioError when the spectrum has no line, only saturated ones, is not of this substance, or was measured
    with another laser than `after`.
    """
    known = find_substance(substance)
    laser = laser_nm or laser_of(spectra.about)
    if laser is not None:
        spectra = spectra.with_about(laser_nm=laser)
    stage = spectra if after is None else after.apply(spectra)
    lines = match_standard(stage, known, _laser_for(known, laser, after), temperature_c)
    return fit_profile(spectra, known, lines, laser_nm=laser, temperature_c=temperature_c, after=after, name=name)


def fit_profile(
    spectra: SpectrumSet,
    substance: str | Substance,
    lines: Sequence[StandardLine],
    *,
    laser_nm: float | None = None,
    temperature_c: float | None = None,
    after: Profile | None = None,
    name: str = "",
) -> Profile:
    """Return the profile of lines that are matched already, as the window does after a match was moved by hand.

    `lines` are on the axis of the spectra, corrected by `after` where it is given. Raises StudioError when no line is
    left to use.
    """
    known = find_substance(substance)
    laser = laser_nm or laser_of(spectra.about)
    used = [line for line in lines if line.used]
    if not used:
        raise StudioError("No matched line is left.", remedy="Add a match, or choose another spectrum.")
    x, true, sd, table_sd = (np.array([getattr(line, item) for line in used])
                             for item in ("shown_cm", "reference_cm", "shown_sd_cm", "reference_sd_cm"))  # fmt: skip
    degree = 0 if known.kind == SINGLE else MAX_DEGREE_LAMP if known.is_lamp else MAX_DEGREE
    curve, kept = fit_curve(x, true - x, sd, np.maximum(table_sd, LEAST_SD_CM), degree)
    outliers = {used[index] for index in np.flatnonzero(~kept)}
    marked = tuple(replace(line, used=False, note="outlier") if line in outliers else line for line in lines)
    convention = (
        _convention([line for line in marked if line.used], known, laser) if after is None else after.convention
    )
    axis, values = average(spectra)
    profile = Profile(
        curve=curve if after is None else _composed(after, curve),
        lines=marked if after is None else after.lines + marked,
        substances=(known.key,) if after is None else (*after.substances, known.key),
        name=name,
        **measured_with(spectra.about, after.laser_nm if after is not None and after.laser_nm else laser),
        temperature_c=known.reference_c if temperature_c is None else temperature_c,
        convention=convention,
        resolution=_resolution(known, marked) or (() if after is None else after.resolution),
        spectrum=spectrum_of_standard(axis, values),
    )
    if np.any(np.diff(profile.corrected(axis)) <= 0):
        raise StudioError(
            "The matched lines would turn the axis around: some are matched wrongly.",
            remedy="Remove the matches whose residual stands out.",
        )
    return profile


def _composed(after: Profile, curve: Curve) -> Curve:
    """Both corrections in one curve on the axis of the first; one offset holds wherever the first one is known."""
    nominal = np.asarray(after.curve.axis_cm)
    first = np.asarray(after.curve.correction_cm)
    corrected = nominal + first
    if curve.degree > 0:
        inside = (corrected >= curve.range_cm[0]) & (corrected <= curve.range_cm[1])
        if inside.sum() >= 2:
            nominal, first, corrected = nominal[inside], first[inside], corrected[inside]
    second = curve.correction(corrected)
    sd = np.interp(corrected, curve.axis_cm, curve.sd_cm)
    total = np.hypot(np.interp(nominal, after.curve.axis_cm, after.curve.sd_cm), sd)
    return Curve(
        tuple(float(value) for value in np.round(nominal, 3)),
        tuple(float(value) for value in np.round(first + second, 4)),
        tuple(float(value) for value in np.round(total, 4)),
        max(after.curve.degree, curve.degree),
        curve.left_out_cm if np.isfinite(curve.left_out_cm) else after.curve.left_out_cm,
        mean_slope(nominal, first + second) if max(after.curve.degree, curve.degree) > 0 else 0.0,
    )


def _convention(lines: Sequence[StandardLine], substance: Substance, laser_nm: float | None) -> str:
    """Whether an axis was made with wavelengths in vacuum or in air; "" where that is open.

    First by the places themselves, where one convention fits to half a cm⁻¹ and clearly better: everything in air, or
    lines in vacuum with the laser's wavelength as stated or taken for one in air. Where the laser is not known so well,
    by the scale of the error: air instead of vacuum stretches the shift by 2.8e-4, which is 0.8 cm⁻¹ at 3000.
    """
    if not substance.is_lamp or len(lines) < FEW_FOR_CONVENTION or laser_nm is None:
        return ""
    x = np.array([line.reference_cm for line in lines])
    error = np.array([line.error_cm for line in lines])
    vacuum, air = substance.shifts(laser_nm), substance.shifts(laser_nm, in_air=True)
    which = [int(np.argmin(np.abs(vacuum - place))) for place in x]
    converted = 1e7 / air_to_vacuum(laser_nm) - 1e7 / laser_nm
    in_vacuum = min(_typical(error), _typical(error - converted))
    in_air = _typical(error + vacuum[which] - air[which])
    if min(in_vacuum, in_air) < FITS_CM and min(in_vacuum, in_air) < MUCH_BETTER * max(in_vacuum, in_air):
        return "vacuum" if in_vacuum < in_air else "air"
    first, second = np.triu_indices(len(x), 1)
    apart = np.abs(x[first] - x[second]) > np.ptp(x) / 4
    scale = float(np.median((error[first] - error[second])[apart] / (x[first] - x[second])[apart]))
    rest = error - scale * x
    uncertain = 1.4826 * _typical(rest - np.median(rest)) / max(float(np.sqrt(len(x)) * np.std(x)), 1e-9)
    near = [convention for convention, expected in (("vacuum", 0.0), ("air", OF_AIR))
            if abs(scale - expected) < CLEARLY * OF_AIR and uncertain < CLEARLY * OF_AIR / 2]  # fmt: skip
    return near[0] if near else ""


def _typical(errors: Floats) -> float:
    return float(np.median(np.abs(errors)))


def _resolution(substance: Substance, lines: Sequence[StandardLine]) -> tuple[tuple[float, float], ...]:
    """(shift, full width) of lines that are narrower than most instruments resolve: of lamps, of calcite at 1086."""
    if not substance.is_lamp and substance.key not in NARROW:
        return ()
    clean = [line for line in lines if line.used and not line.note and line.fwhm_cm > 0 and line.snr > 10]
    if substance.key in NARROW:
        clean = [line for line in clean if 1000 < line.reference_cm < 1100]
    return tuple((round(line.reference_cm, 1), round(line.fwhm_cm, 2)) for line in clean)


def _laser_for(substance: Substance, laser_nm: float | None, after: Profile | None) -> float | None:
    """The laser wavelength with which the lines of a lamp are placed."""
    return after.laser_nm or laser_nm if after is not None and substance.is_lamp else laser_nm
