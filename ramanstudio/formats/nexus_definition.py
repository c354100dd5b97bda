"""What the NeXus application definition NXraman requires, and what of it the metadata of spectra state.

From applications/NXraman.nxdl.xml of nexusformat/definitions (2025), which extends NXoptical_spectroscopy. Fields that
these definitions call required are here; recommended ones are written where they are known, and not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ramanstudio.core.metadata import BY_KEY, Field
from ramanstudio.core.spectra import Plain, SpectrumSet

VERSION: Final = "2025"
URL: Final = "https://manual.nexusformat.org/classes/applications/NXraman.html"
DETECTOR: Final = "instrument/detector_spectrometer"
_ARRAYS: Final = re.compile(r"ccd|cmos|ingaas|array|synapse|newton|idus|pixis|andor", re.IGNORECASE)
_DATES: Final = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%Y%m%d")


@dataclass(frozen=True, slots=True)
class RequiredField:
    """A field that is filled from metadata: its path below the entry, and the key of the metadata."""

    path: str
    key: str

    @property
    def field(self) -> Field:
        """Name, unit and kind of the metadata."""
        return BY_KEY[self.key]


REQUIRED: Final = (
    RequiredField("raman_experiment_type", "raman_experiment_type"),
    RequiredField("start_time", "date"),
    RequiredField("instrument/scattering_configuration", "scattering_configuration"),
    RequiredField("instrument/beam_incident/wavelength", "laser_nm"),
    RequiredField(f"{DETECTOR}/detector_channel_type", "detector_channel_type"),
    RequiredField("sample/name", "sample"),
)


def required_value(spectra: SpectrumSet, key: str) -> Plain | None:
    """Return the value of a required field, as it is written; None where the metadata do not state it.

    A map is Raman imaging, and a detector that is called a CCD or an array has many channels; a date is written only
    where it can be read without doubt.
    """
    value = spectra.about.get(key)
    if key == "date":
        return iso_date(str(value or ""))
    if key == "laser_nm":
        return value if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
    if value not in (None, ""):
        return str(value)
    if key == "raman_experiment_type" and spectra.is_map:
        return "Raman imaging"
    if key == "detector_channel_type" and _ARRAYS.search(str(spectra.about.get("detector", ""))):
        return "multichannel"
    return None


def missing_fields(sets: Sequence[SpectrumSet]) -> tuple[Field, ...]:
    """Return the required fields that any of these sets lack, in the order of the definition."""
    return tuple(row.field for row in REQUIRED if any(required_value(spectra, row.key) is None for spectra in sets))


def iso_date(text: str) -> str | None:
    """Return a date in the form of ISO 8601; None where it is not one, or day and month could be mixed up."""
    text = text.strip()
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        pass
    for pattern in _DATES:
        try:
            return datetime.strptime(text, pattern).isoformat()
        except ValueError:
            continue
    return None
