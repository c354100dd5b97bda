"""Units of spectral axes, and their conversion to Raman shift in cm⁻¹."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain
from ramanstudio.core.spectral_units import to_shift
from ramanstudio.formats.validation import not_raman_error, read_error

SHIFT: Final = "Raman shift in cm⁻¹"
WAVENUMBER: Final = "wavenumber in cm⁻¹"  # relative or absolute, by its range
ABSOLUTE: Final = "absolute wavenumber in cm⁻¹"
NM: Final = "wavelength in nm"
MICRON: Final = "wavelength in µm"
ANGSTROM: Final = "wavelength in Å"
EV: Final = "photon energy in eV"
PIXEL: Final = "detector pixel"
UNKNOWN: Final = ""

HIGHEST_SHIFT_CM: Final = 6000.0  # H2, the stiffest bond, vibrates at 4161 cm⁻¹
# Wide spectra of a blue laser reach beyond the last Raman band; an axis without a stated unit is trusted least.
_RELATIVE: Final = (SHIFT, WAVENUMBER, UNKNOWN)
_HIGHEST_CM: Final = {SHIFT: 15000.0, WAVENUMBER: 8000.0, UNKNOWN: HIGHEST_SHIFT_CM}
_NM_EACH: Final = {NM: 1.0, MICRON: 1e3, ANGSTROM: 0.1}
_MAX_CM: Final = 1e6  # of any point of a converted axis
ASSUMED_SHIFT: Final = "The file does not state the unit of its axis; it was read as Raman shift in cm⁻¹."
_GIVE_LASER: Final = "Set the laser wavelength (in nm), or export it in Raman shift (cm⁻¹)."


class LaserNeededError(StudioError):
    """The axis cannot be converted to Raman shift without the laser wavelength, which the file does not state."""


_WAVELENGTH: Final = r"wave.?length|wellenl(?:ä|ae)nge|longueur d.onde|longitud de onda|波[长長]|lambda|λ"
# Axis titles in several languages; the first pattern that matches decides, so the order matters.
_UNIT_PATTERNS: Final = (
    (
        SHIFT,
        re.compile(
            r"raman.?shift|raman.?verschiebung|d[ée](?:calage|placement) raman|desplazamiento raman"
            r"|(?:spostamento|deslocamento) raman|[рp]амановский сдвиг|라만 ?(?:이동|시프트)"
            r"|拉曼[位频]移|ラマンシフト"
            r"|(?<![a-z])(rel\.?|relative|delta|Δ)\s*(1/cm|cm|wavenumber)|^shift\b",
            re.I,
        ),
    ),
    (ABSOLUTE, re.compile(r"\babs(olute|\.)?\s*(1/cm|cm|wavenumber)", re.I)),
    (
        WAVENUMBER,
        re.compile(
            r"wave.?numbers?\b|wellenzahl|nombre d.onde|n[úu]mero (?:de|d[\'’]) ?onda"
            r"|волновое число|파수|kayser|波数|^wn$|1/cm"
            r"|\bcm\s*[\^*]*\s*[-−⁻]\s*[1¹]"
            r"|^ram(an)?$",
            re.I,
        ),
    ),
    (MICRON, re.compile(rf"(?:{_WAVELENGTH}).*(?<![a-z])(?:[µμu]m\b|microm)", re.I)),
    (ANGSTROM, re.compile(rf"(?:{_WAVELENGTH}).*(?:[ÅÅ]|angstr)", re.I)),
    (
        NM,
        re.compile(
            r"wave.?lengths?\b|wellenl(ä|ae)nge|longueur d.onde|longitud de onda"
            r"|lunghezza d.onda|comprimento de onda|длина волны|파장|波[长長]|^wave\s*\[?nm|^wl$"
            r"|(?<![a-z])nm\b"
            r"|nanomet|lambda|λ",
            re.I,
        ),
    ),
    (MICRON, re.compile(r"micromet|microns?\b|^[µμu]m$", re.I)),
    (ANGSTROM, re.compile(r"angstr[öo]m|^[ÅÅ]$", re.I)),
    (EV, re.compile(r"(?<![a-z])m?eV\b|photon energy")),
    (PIXEL, re.compile(r"^pixels?\b|channel (number|#)|^[像画]素", re.I)),
)


def unit_from_text(title: str) -> str:
    """Return the unit that an axis title or header line states, one of this module's constants, or UNKNOWN."""
    title = title.strip()
    if not title:
        return UNKNOWN
    return next((unit for unit, pattern in _UNIT_PATTERNS if pattern.search(title)), UNKNOWN)


def needs_laser(axis: NDArray[Any], unit: str) -> bool:
    """Whether converting this axis (B,) to Raman shift takes the laser wavelength."""
    absolute = unit == WAVENUMBER and axis.size > 0 and float(np.min(axis)) >= HIGHEST_SHIFT_CM
    return absolute or unit in (ABSOLUTE, EV, *_NM_EACH)


def chosen_laser(file_laser_nm: float | None, user_laser_nm: float | None) -> float | None:
    """Return the laser wavelength in nm to convert an axis with: the user's wins over the file's."""
    return file_laser_nm if user_laser_nm is None else user_laser_nm


def laser_metadata(
    axis: NDArray[Any], unit: str, file_laser_nm: float | None, user_laser_nm: float | None
) -> dict[str, Plain]:
    """Return the laser, and how it was used, as metadata.

    laser_nm is the user's where the axis (B,) is converted with it, else the file's; axis_in_file is the unit of an
    axis that was converted, laser_in_file_nm the file's statement where the user's differs.
    """
    if not needs_laser(axis, unit):
        return {} if file_laser_nm is None else {"laser_nm": file_laser_nm}
    laser = chosen_laser(file_laser_nm, user_laser_nm)
    metadata: dict[str, Plain] = {"axis_in_file": unit}
    if laser is not None:
        metadata["laser_nm"] = laser
    if file_laser_nm is not None and laser != file_laser_nm:
        metadata["laser_in_file_nm"] = file_laser_nm
    return metadata


def raman_shift(path: Path, axis: NDArray[Any], unit: str, laser_nm: float | None) -> NDArray[np.float64]:
    """Convert an axis (B,) in `unit` to Raman shift in cm⁻¹, keeping the order of the file.

    Raises StudioError when the laser wavelength is needed but unknown, or the result is not a Raman shift.
    """
    axis = np.asarray(axis, dtype=np.float64)
    span = f"from {axis[0]:g} to {axis[-1]:g}" if axis.size else "without points"
    if unit == PIXEL:
        remedy = "Calibrate the spectrometer in the instrument's software, then export Raman shift."
        raise not_raman_error(path, "its axis counts detector pixels, not Raman shift", remedy)
    lowest, highest = (float(np.min(axis)), float(np.max(axis))) if axis.size else (0.0, 0.0)
    limit = _HIGHEST_CM.get(unit, 0.0)
    if unit in _RELATIVE and -limit <= lowest and highest <= limit and lowest < HIGHEST_SHIFT_CM:
        return axis
    if unit in (SHIFT, UNKNOWN) or (unit == WAVENUMBER and not lowest >= HIGHEST_SHIFT_CM):
        raise read_error(path, f"its axis runs {span}, which is not a Raman shift in cm⁻¹")
    unit = ABSOLUTE if unit == WAVENUMBER else unit
    if laser_nm is None:
        reason = f"its axis is {unit} ({span}) and the laser wavelength is unknown"
        raise LaserNeededError(read_error(path, reason).sentence, remedy=_GIVE_LASER)
    shift = _converted(axis, unit, laser_nm)
    # A lamp or luminescence spectrum of 300-700 nm has almost no point where Raman scattering of the laser can lie.
    if (
        not np.all(np.abs(shift) < _MAX_CM)
        or np.count_nonzero((shift > 0) & (shift < HIGHEST_SHIFT_CM)) * 2 < shift.size
    ):
        reason = f"its axis ({unit}, {span}) is outside the Raman range of a {laser_nm:g} nm laser"
        raise read_error(path, reason, "Check the laser wavelength. Luminescence and reflectance are not supported.")
    return shift


def _converted(axis: NDArray[np.float64], unit: str, laser_nm: float) -> NDArray[np.float64]:
    """Convert wavelengths, energies or absolute wavenumbers (B,) to Raman shift in cm⁻¹."""
    if unit in _NM_EACH:
        return to_shift(axis * _NM_EACH[unit], "nm", laser_nm)
    return to_shift(axis, "ev" if unit == EV else "absolute", laser_nm)
