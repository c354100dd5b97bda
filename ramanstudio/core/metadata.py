"""What is known about a measurement: one table of metadata keys with their names, units and kinds of value.

The window, reports, the NeXus writer and the export dialog take names and units from here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_significant
from ramanstudio.core.spectra import Plain

MEASUREMENT, SAMPLE, FILE, HEADER = "Measurement", "Sample", "File", "Header of the file"
EDITED: Final = "edited"  # metadata key: the keys of what the user set, separated by commas


@dataclass(frozen=True, slots=True)
class Field:
    """A known fact: metadata key, group, name and unit; `kind` is the type of its value, `is_editable` by the user.

    `short` is its name where there is little room, `choices` what is usual, `hint` an example.
    """

    key: str
    group: str
    name: str
    unit: str = ""
    kind: type[str] | type[float] | type[int] = str
    is_editable: bool = True
    short: str = ""
    choices: tuple[str, ...] = ()
    hint: str = ""

    @property
    def short_name(self) -> str:
        """Its name where there is little room."""
        return self.short or self.name


_KINDS_OF_RAMAN: Final = (  # those of the NeXus definition NXraman
    *("non-resonant Raman spectroscopy", "resonant Raman spectroscopy", "Raman imaging", "in situ Raman spectroscopy"),
    *("surface-enhanced Raman spectroscopy (SERS)", "tip-enhanced Raman spectroscopy (TERS)"),
    *("stimulated Raman spectroscopy (SRS)", "coherent anti-Stokes Raman spectroscopy (CARS)"),
    *("hyper Raman spectroscopy (HRS)", "inverse Raman spectroscopy (IRS)"),
)
FIELDS: Final = (
    Field("laser_nm", MEASUREMENT, "Laser wavelength", "nm", float, is_editable=False, short="Laser"),
    Field("laser_in_file_nm", MEASUREMENT, "Laser wavelength in the file", "nm", float, is_editable=False),
    Field("laser_power_mw", MEASUREMENT, "Laser power", "mW", float, short="Power"),
    Field("laser_power_percent", MEASUREMENT, "Laser power, of its maximum", "%", float, short="Power of maximum"),
    Field("exposure_s", MEASUREMENT, "Exposure time", "s", float, short="Exposure"),
    Field("accumulations", MEASUREMENT, "Accumulations", "", int),
    Field("date", MEASUREMENT, "Date", short="Measured", hint="2026-01-31 14:30"),
    Field("instrument", MEASUREMENT, "Instrument"),
    Field("objective", MEASUREMENT, "Objective"),
    Field("numerical_aperture", MEASUREMENT, "Numerical aperture", "", float),
    Field("grating", MEASUREMENT, "Grating"),
    Field("slit_um", MEASUREMENT, "Slit", "µm", float),
    Field("detector", MEASUREMENT, "Detector"),
    Field("detector_channel_type", MEASUREMENT, "Detector channels", choices=("multichannel", "single-channel")),
    Field("raman_experiment_type", MEASUREMENT, "Kind of experiment", choices=_KINDS_OF_RAMAN),
    Field(
        "scattering_configuration",
        MEASUREMENT,
        "Scattering configuration",
        choices=("z(..)z", "z(xx)z", "z(xy)z", "x(zz)y"),
        hint="Porto notation; z(..)z is backscattering without polarisers",
    ),
    Field("calibration", MEASUREMENT, "Raman shift calibrated by", is_editable=False, short="Calibrated by"),
    Field(
        "axis_uncertainty_cm",
        MEASUREMENT,
        "± of the calibrated axis (95 %)",
        "cm⁻¹",
        float,
        is_editable=False,
        short="± of the axis",
    ),
    Field("axis_known_cm", MEASUREMENT, "Calibrated range", "cm⁻¹", is_editable=False, short="Axis known"),
    Field("calibration_warning", MEASUREMENT, "Calibration: note", is_editable=False),
    Field("resolution_cm", MEASUREMENT, "Spectral resolution", "cm⁻¹", float, is_editable=False, short="Resolution"),
    Field(
        "resolution_by_shift",
        MEASUREMENT,
        "Spectral resolution by shift",
        is_editable=False,
        short="Resolution by shift",
    ),
    Field(
        "intensity_correction",
        MEASUREMENT,
        "Relative intensity corrected by",
        is_editable=False,
        short="Intensity corrected by",
    ),
    Field(
        "intensity_corrected_cm",
        MEASUREMENT,
        "Intensity corrected range",
        "cm⁻¹",
        is_editable=False,
        short="Intensity corrected",
    ),
    Field("operator", MEASUREMENT, "Operator"),
    Field("software", MEASUREMENT, "Software", "", str, is_editable=False),
    Field("sample", SAMPLE, "Sample"),
    Field("title", SAMPLE, "Title"),
    Field("what", SAMPLE, "Description"),
    Field("intensity_unit", SAMPLE, "Unit of intensities", short="Intensity"),
    Field("format", FILE, "Format", is_editable=False),
    Field("axis_in_file", FILE, "Axis in the file", is_editable=False),
    Field("other_columns", FILE, "Columns not shown", is_editable=False),
    Field("white_light_image", FILE, "White-light image", is_editable=False),
    Field("notes", FILE, "Note", is_editable=False),
    Field("source", FILE, "Path", is_editable=False),
)
BY_KEY: Final = {field.key: field for field in FIELDS}


def value_text(value: Plain | None) -> str:
    """Return a value of metadata as text, without its unit; empty for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return format_significant(value) if abs(value) < 1e6 else f"{value:g}"
    return str(value)


def value_from_text(field: Field, text: str) -> Plain | None:
    """Return the value that a user typed for a field; None where it was emptied.

    Raises StudioError when it is not a number of the field's kind.
    """
    text = text.strip()
    if not text:
        return None
    if field.kind is str:
        return text[:10_000]
    plain = text.removesuffix(field.unit).strip().replace("\u2009", "").replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number <= 0 or (field.kind is int and number != int(number)):
        what = "a whole number" if field.kind is int else "a number"
        unit = f" in {field.unit}" if field.unit else ""
        raise StudioError(f"'{text}' is no {field.name.lower()}.", remedy=f"Type {what} above 0{unit}.")
    return int(number) if field.kind is int else number


def with_fact(about: Mapping[str, Plain], key: str, value: Plain | None) -> dict[str, Plain]:
    """Return metadata in which a fact is set by the user, or removed (None), and marked as edited."""
    edited = [name for name in edited_keys(about) if name != key]
    changed = {name: old for name, old in about.items() if name not in (key, EDITED)}
    if value is not None:
        changed[key] = value
    return changed | {EDITED: ", ".join([*edited, key])}


def edited_keys(about: Mapping[str, Plain]) -> tuple[str, ...]:
    """Return the keys of the metadata that the user set."""
    return tuple(key.strip() for key in str(about.get(EDITED, "")).split(",") if key.strip())
