"""Units of a spectral axis: Raman shift, wavelength, absolute wavenumber and photon energy of scattered light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

CM_PER_EV: Final = 8065.543937  # wavenumber of a photon of 1 eV, CODATA 2018: e / (h c)
NM_PER_CM: Final = 1e7


@dataclass(frozen=True, slots=True)
class SpectralUnit:
    """A unit of the axis: its key, the quantity, its symbol, and how many decimals a line position has."""

    key: str
    quantity: str
    symbol: str
    decimals: int

    @property
    def label(self) -> str:
        """The label of an axis: `Raman shift / cm⁻¹`."""
        return f"{self.quantity} / {self.symbol}"

    @property
    def needs_laser(self) -> bool:
        """Whether it takes the laser wavelength to convert a Raman shift."""
        return self.key != "shift"


UNITS: Final = (
    SpectralUnit("shift", "Raman shift", "cm⁻¹", 1),
    SpectralUnit("nm", "Wavelength", "nm", 2),
    SpectralUnit("absolute", "Absolute wavenumber", "cm⁻¹", 1),
    SpectralUnit("ev", "Photon energy", "eV", 4),
)
SHIFT: Final = UNITS[0]
BY_KEY: Final = {unit.key: unit for unit in UNITS}


def from_shift(shift_cm: ArrayLike, unit: str, laser_nm: float) -> NDArray[np.float64]:
    """Return Raman shifts (...) in cm⁻¹ as `unit` (a key of BY_KEY): ν = 10⁷ / laser − shift, in vacuum.

    NaN where the scattered light would have no energy left.
    """
    shifts = np.asarray(shift_cm, np.float64)
    if unit == "shift":
        return shifts
    absolute = NM_PER_CM / laser_nm - shifts
    if unit == "absolute":
        return absolute
    if unit == "ev":
        return absolute / CM_PER_EV
    with np.errstate(divide="ignore", invalid="ignore"):
        wavelengths: NDArray[np.float64] = np.where(absolute > 0, NM_PER_CM / absolute, np.nan)
    return wavelengths


def to_shift(values: ArrayLike, unit: str, laser_nm: float) -> NDArray[np.float64]:
    """Return values (...) in `unit` (a key of BY_KEY) as Raman shift in cm⁻¹: the inverse of `from_shift`."""
    given = np.asarray(values, np.float64)
    if unit == "shift":
        return given
    with np.errstate(divide="ignore"):  # a wavelength of 0 has no finite wavenumber
        absolute = {"nm": lambda: NM_PER_CM / given, "ev": lambda: given * CM_PER_EV, "absolute": lambda: given}[unit]()
    shifts: NDArray[np.float64] = NM_PER_CM / laser_nm - absolute
    return shifts


@dataclass(frozen=True, slots=True)
class AxisScale:
    """An axis of Raman shifts shown in another unit, which may need the laser wavelength."""

    unit: SpectralUnit = SHIFT
    laser_nm: float = 0.0  # in use only where the unit needs it

    @classmethod
    def of(cls, key: str, laser_nm: float | None) -> AxisScale:
        """Return the scale of a unit by its key; Raman shift where its laser wavelength is unknown."""
        unit = BY_KEY.get(key, SHIFT)
        if not unit.needs_laser:
            return cls()
        return cls(unit, laser_nm) if laser_nm else cls()

    def values(self, shift_cm: ArrayLike) -> NDArray[np.float64]:
        """Return Raman shifts (...) in cm⁻¹ in the unit."""
        return from_shift(shift_cm, self.unit.key, self.laser_nm)

    def value(self, shift_cm: float) -> float:
        """Return one Raman shift in the unit."""
        return float(self.values(shift_cm))

    def shifts(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return values (...) in the unit as Raman shift in cm⁻¹."""
        return to_shift(values, self.unit.key, self.laser_nm)


def common_laser_nm(stated: list[Any]) -> tuple[float | None, str]:
    """Return the one laser wavelength in nm of some spectra, or None and why there is none, as a sentence.

    `stated` are the values of `laser_nm` in their metadata, None where it is not known.
    """
    if any(not isinstance(laser, int | float) or isinstance(laser, bool) or not laser > 0 for laser in stated):
        unknown = "The laser wavelength of this spectrum is not known."
        return None, unknown if len(stated) == 1 else "The laser wavelength of some of these spectra is not known."
    lasers = {round(float(laser), 3) for laser in stated}
    if len(lasers) > 1:
        return None, "These spectra were measured with different laser wavelengths."
    return (float(stated[0]), "") if stated else (None, "No spectrum is selected.")
