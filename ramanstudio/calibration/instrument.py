"""With what a standard was measured, and whether spectra were measured with the same: fields of every profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Missing, number, optional, text
from ramanstudio.core.spectra import Plain

SAME_LASER_NM: Final = 1.0  # lasers further apart are different ones; nearer, one laser with two values in its files
_TITLES: Final = {
    "instrument": "instrument", "serial": "serial number", "optical_path": "optical path", "grating": "grating",
}  # fmt: skip
_KEYS: Final = {  # of metadata, the first that is stated
    "instrument": ("instrument",),
    "serial": ("serial", "serial_number"),
    "optical_path": ("optical_path", "objective"),
    "grating": ("grating",),
}
INSTRUMENT_KEYS: Final = ("laser_nm", "calibration", *(name for names in _KEYS.values() for name in names))
INSTRUMENT_FIELDS: Final[Mapping[str, Missing]] = {
    **{key: optional(text(300), "") for key in _KEYS},
    "laser_nm": optional(number(0, 1e5), 0.0),
    "date": optional(text(300), ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredWith:
    """The instrument, optical path and laser of a standard, and when it was measured; empty or 0 where unknown."""

    instrument: str = ""
    serial: str = ""
    optical_path: str = ""
    grating: str = ""
    laser_nm: float = 0.0
    date: str = ""

    def other_parts(self, about: Mapping[str, Plain]) -> tuple[str, ...]:
        """Return a sentence for each part in which spectra with these metadata differ: another grating, instrument."""
        sentences = []
        for key, title in _TITLES.items():
            own, other = str(getattr(self, key)), stated(about, key)
            if own and other and not _is_same(own, other):
                sentences.append(f"The profile was measured with another {title} ({own}, not {other}).")
        return tuple(sentences)

    def fits(self, about: Mapping[str, Plain]) -> bool:
        """Whether laser and instrument are stated on both sides and agree, and nothing that both state differs."""
        laser = laser_of(about)
        if not laser or not self.laser_nm or not self.instrument or not stated(about, "instrument"):
            return False
        return abs(laser - self.laser_nm) <= SAME_LASER_NM and not self.other_parts(about)

    def require_laser(self, about: Mapping[str, Plain], what: str) -> None:
        """Raise StudioError when spectra were measured with another laser; `what` begins the sentence."""
        laser = laser_of(about)
        if self.laser_nm and laser and abs(laser - self.laser_nm) > SAME_LASER_NM:
            raise StudioError(
                f"{what} was measured with a laser of {self.laser_nm:g} nm, these spectra with {laser:g} nm.",
                remedy="Choose a profile of this laser, or calibrate with it.",
            )


def measured_with(about: Mapping[str, Plain], laser_nm: float | None) -> dict[str, Any]:
    """Return the fields of MeasuredWith that metadata state; the date is today where they state none."""
    from datetime import date

    return {
        **{key: stated(about, key) for key in _KEYS},
        "laser_nm": laser_nm or 0.0,
        "date": str(about.get("date", "")) or date.today().isoformat(),
    }


def stated(about: Mapping[str, Plain], key: str) -> str:
    """Return what metadata state of a part of the instrument; empty where nothing."""
    return next((str(about[name]).strip() for name in _KEYS[key] if str(about.get(name, "")).strip()), "")


def laser_of(about: Mapping[str, Plain]) -> float | None:
    """Return the laser wavelength in nm that metadata state; None where they state none."""
    laser = about.get("laser_nm")
    return float(laser) if isinstance(laser, int | float) and not isinstance(laser, bool) and laser > 0 else None


def _is_same(first: str, second: str) -> bool:
    return " ".join(first.lower().split()) == " ".join(second.lower().split())
