"""From what a file measured along its axis to Raman shift in cm⁻¹, or a sentence why that cannot be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain
from ramanstudio.formats.validation import read_error

SHIFT: Final = "Raman shift in cm⁻¹"
WAVENUMBER: Final = "wavenumber in cm⁻¹"  # relative or absolute: the numbers tell
ABSOLUTE: Final = "absolute wavenumber in cm⁻¹"
NM: Final = "wavelength in nm"
MICRON: Final = "wavelength in µm"
ANGSTROM: Final = "wavelength in Å"
EV: Final = "photon energy in eV"
PIXEL: Final = "detector pixel"
UNKNOWN: Final = ""

HIGHEST_SHIFT_CM: Final = 6000.0  # H2, the stiffest bond there is, vibrates at 4161 cm⁻¹
# Wide spectra of a blue laser reach beyond the last band; the less the file says, the less is believed.
_RELATIVE: Final = (SHIFT, WAVENUMBER, UNKNOWN)
_HIGHEST_CM: Final = {SHIFT: 15000.0, WAVENUMBER: 8000.0, UNKNOWN: HIGHEST_SHIFT_CM}
_WAVELENGTHS_PER_CM: Final = {NM: 1e7, MICRON: 1e4, ANGSTROM: 1e8}
_CM_PER_EV: Final = 8065.543937
_GIVE_LASER: Final = (
    "Open it with the laser wavelength given (--laser-nm on the command line), or export it in Raman shift (cm⁻¹)."
)

# The first row that matches names the axis; the order matters ("Raman shift / nm" does not occur, "nm" alone does).
_NAMES: Final = (
    (
        SHIFT,
        re.compile(
            r"raman.?shift|raman.?verschiebung|d[ée]calage raman|desplazamiento raman|拉曼位移|拉曼频移"
            r"|(?<![a-z])(rel\.?|relative|delta|Δ)\s*(1/cm|cm|wavenumber)|^shift\b",
            re.I,
        ),
    ),
    (ABSOLUTE, re.compile(r"\babs(olute|\.)?\s*(1/cm|cm|wavenumber)", re.I)),
    (
        WAVENUMBER,
        re.compile(
            r"wave.?numbers?\b|wellenzahl|nombre d.onde|n[úu]mero de onda|波数|^wn$|1/cm|\bcm\s*[\^*]*\s*[-−⁻]\s*[1¹]"
            r"|^ram(an)?$",
            re.I,
        ),
    ),
    (
        NM,
        re.compile(
            r"wave.?lengths?\b|wellenl(ä|ae)nge|longueur d.onde|longitud de onda|波长|^wave\s*\[?nm|^wl$|(?<![a-z])nm\b"
            r"|nanomet|lambda|λ",
            re.I,
        ),
    ),
    (MICRON, re.compile(r"micromet|microns?\b|^[µμu]m$", re.I)),
    (ANGSTROM, re.compile(r"angstr[öo]m|^[ÅÅ]$", re.I)),
    (EV, re.compile(r"(?<![a-z])m?eV\b|photon energy")),
    (PIXEL, re.compile(r"^pixels?\b|channel (number|#)", re.I)),
)


def unit_named(words: str) -> str:
    """What the words of a header say about the axis: one of this module's units, or UNKNOWN."""
    words = words.strip()
    return next((unit for unit, pattern in _NAMES if pattern.search(words)), UNKNOWN)


def needs_laser(axis: NDArray[Any], unit: str) -> bool:
    """Whether such an axis becomes Raman shift only by way of the laser wavelength."""
    absolute = unit == WAVENUMBER and axis.size > 0 and float(np.min(axis)) >= HIGHEST_SHIFT_CM
    return absolute or unit in (ABSOLUTE, EV, *_WAVELENGTHS_PER_CM)


def laser_fact(axis: NDArray[Any], unit: str, own_nm: float | None, given_nm: float | None) -> dict[str, Plain]:
    """The fact 'laser_nm': the file's own; else the given one, where the axis was converted with it."""
    laser = own_nm if own_nm is not None else given_nm if needs_laser(axis, unit) else None
    return {} if laser is None else {"laser_nm": laser}


def raman_shift(path: Path, axis: NDArray[Any], unit: str, laser_nm: float | None) -> NDArray[np.float64]:
    """The axis (B,) as Raman shift in cm⁻¹, in the order of the file.

    Raises StudioError when the laser wavelength is needed and not known, or the result is no Raman shift.
    """
    axis = np.asarray(axis, dtype=np.float64)
    span = f"from {axis[0]:g} to {axis[-1]:g}" if axis.size else "without points"
    if unit == PIXEL:
        remedy = (
            "Calibrate it with a neon lamp or a known substance in the instrument's program and export Raman shift."
        )
        raise read_error(path, "its axis counts detector pixels, not Raman shift", remedy)
    lowest, highest = (float(np.min(axis)), float(np.max(axis))) if axis.size else (0.0, 0.0)
    if unit in _RELATIVE and (highest <= _HIGHEST_CM[unit]) and lowest < HIGHEST_SHIFT_CM:
        return axis
    if unit in (SHIFT, UNKNOWN) or (unit == WAVENUMBER and lowest < HIGHEST_SHIFT_CM):
        raise read_error(path, f"its axis runs {span}, which no Raman shift in cm⁻¹ does")
    unit = ABSOLUTE if unit == WAVENUMBER else unit
    if laser_nm is None:
        raise read_error(path, f"its axis is {unit} ({span}) and the laser wavelength is not known", _GIVE_LASER)
    return _within_raman(path, 1e7 / laser_nm - _absolute_cm(axis, unit), unit, span, laser_nm)


def _absolute_cm(axis: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    if unit in _WAVELENGTHS_PER_CM:
        with np.errstate(divide="ignore"):  # a wavelength of nothing is refused after
            return _WAVELENGTHS_PER_CM[unit] / axis
    return axis * _CM_PER_EV if unit == EV else axis


def _within_raman(path: Path, shift: NDArray[np.float64], unit: str, span: str, laser_nm: float) -> NDArray[np.float64]:
    # A lamp or a luminescence spectrum of 300-700 nm has next to no point where light scattered by the laser can lie.
    if not np.all(np.isfinite(shift)) or np.count_nonzero((shift > 0) & (shift < HIGHEST_SHIFT_CM)) * 2 < shift.size:
        found = f"its axis ({unit}, {span}) is not where a laser of {laser_nm:g} nm scatters"
        raise read_error(path, found, "Check the laser wavelength; luminescence and reflectance are not read.")
    return shift
