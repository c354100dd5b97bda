"""Metadata in the header lines of text files: laser, exposure, sample, units."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ramanstudio.core.spectra import Plain
from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.number_table import strip_comment

MAX_ACCUMULATIONS = 10**9
MAX_EXPOSURE_S = 1e7  # four months
_KEY_VALUE = re.compile(r"^([^=:;,\t]{1,60}?)\s*(?:[=:;,\t]|\s{2,})\s*(.*)$")
_CIF_KEY_VALUE = re.compile(r"^_([\w.\[\]/-]+)\s+(\S.*)$")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?")
_LASER = re.compile(r"laser|excit|lambda.?0", re.I)
_NOT_THE_WAVELENGTH = re.compile(r"power|enable|temp|%|type|\bmw\b|level|watt|current|spot|intensity", re.I)
_EXPOSURE = re.compile(
    r"acq\S*\.?\s*time|exposition$|exposure.?(time|s)?$|int\w*gration.?times?$|integration_time", re.I
)
_WAVELENGTH_PROGRAMS = re.compile(r"spectrasuite|jaz data file", re.I)  # Ocean Optics: nm unless stated otherwise
_STATES_A_NUMBER = re.compile(r"[=:]\s*[-+]?\d")  # 'Slit width (nm): 5' says nothing about the axis
_IN_NAME = re.compile(r"__Raman(?:_Data\w*)?__(\d{3,4})(?:nm)?__|__(\d{3,4})__\d+__", re.I)

# Our metadata key -> what headers call it (lower case, without unit); the first that is present counts.
_METADATA_KEYS: Mapping[str, tuple[str, ...]] = {
    "instrument": ("instrument", "model", "spectrometers", "spectrometer", "instrument model"),
    "objective": ("objective",),
    "sample": ("sample", "sample name", "rruffid", "chemical_name_mineral"),
    "label": ("names",),
    "title": ("title", "graphname", "label"),
    "date": ("acquired", "date", "timestamp", "fecha"),
    "grating": ("grating",),
    "detector": ("detector",),
    "url": ("url",),
}
_ACCUMULATION_KEYS = (
    "accumulations",
    "accumulation",
    "scan averaging",
    "average number",
    "spectra averaged",
    "averaging nr.",
)


def parse_key_values(header: Sequence[str]) -> dict[str, str]:
    """Return {key in lower case: value} of the lines 'key = value' (also with ':', ';', ',' or a tab in between)."""
    pairs: dict[str, str] = {}
    for line in header[:2000]:
        text = strip_comment(line[:2000])
        match = _CIF_KEY_VALUE.match(text) or _KEY_VALUE.match(text)
        if match:
            pairs.setdefault(match[1].strip().lower(), match[2].lstrip("=:;,\t ").strip(" '\""))
    return pairs


def metadata_from(path: Path, pairs: Mapping[str, str]) -> dict[str, Plain]:
    """Return the metadata in a header: laser_nm, exposure_s, accumulations, instrument, sample, …

    `path` is the file; the names of RRUFF files state the laser.
    """
    metadata: dict[str, Plain] = {}
    for key, names in _METADATA_KEYS.items():
        value = next((pairs[name] for name in names if pairs.get(name)), "")
        if value:
            metadata[key] = value
    laser = laser_wavelength(path, pairs)
    if laser is not None:
        metadata["laser_nm"] = laser
    exposure = _exposure_s(pairs)
    if exposure is not None and 0 < exposure < MAX_EXPOSURE_S:
        metadata["exposure_s"] = exposure
    accumulations = next((_number(pairs[name]) for name in _ACCUMULATION_KEYS if name in pairs), None)
    if accumulations and 1 <= accumulations <= MAX_ACCUMULATIONS:
        metadata["accumulations"] = int(accumulations)
    unit = intensity_unit_from(
        pairs.get("dataunit", "") or pairs.get("axisunit[0]", "") or pairs.get("intensity_unit", "")
    )
    if unit:
        metadata["intensity_unit"] = unit
    if any(pairs.get(f"axistype[{column}]", "").lower() in ("column", "row") for column in range(8)):
        metadata["place_unit"] = ""  # the wells of a plate have numbers, not positions
    return metadata


def laser_wavelength(path: Path, pairs: Mapping[str, str]) -> float | None:
    """Return the laser wavelength in nm from the header or the name of an RRUFF file; None when neither has it."""
    for name, value in pairs.items():
        if _LASER.search(name) and not _NOT_THE_WAVELENGTH.search(name):
            number = _number(value)
            if number is not None and 180 <= number <= 2000:
                return number
    match = _IN_NAME.search(path.name)
    return float(match[1] or match[2]) if match else None


def intensity_unit_from(text: str) -> str:
    """Return the unit of intensities that a header states: 'counts', 'counts/s', 'a.u.', …; empty when it has none."""
    text = text.strip()
    if re.search(r"\b(cts|cnts?|counts?)\b", text, re.I):
        return "counts/s" if re.search(r"/\s*s|per sec", text, re.I) else "counts"
    return text if text.lower() in ("a.u.", "arb. units", "v", "w") else ""


def axis_unit(header: Sequence[str], pairs: Mapping[str, str]) -> str:
    """Return the unit of the axis that a header states for the whole file, or axis.UNKNOWN."""
    for name in ("xaxisunit", "xunits", "x units", "axis unit", "axis_unit"):
        unit = axes.unit_from_text(pairs.get(name, ""))
        if unit:
            return unit
    for column in range(8):  # LabSpec: the unit belongs to the axis of type 'Spectr'
        if pairs.get(f"axistype[{column}]", "").lower().startswith("spectr"):
            return axes.unit_from_text(pairs.get(f"axisunit[{column}]", ""))
    if "rruffid" in pairs:
        return axes.SHIFT
    if header and _WAVELENGTH_PROGRAMS.search(header[0]) and not any("raman" in line.lower() for line in header):
        return axes.NM
    last_two = [line for line in header if line.strip()][-2:]
    titles = " ".join(line for line in last_two if not _LASER.search(line) and not _STATES_A_NUMBER.search(line))
    return axes.unit_from_text(titles)


def _number(value: str) -> float | None:
    """Return the first number in a text, with a decimal point or comma."""
    match = _NUMBER.search(value)
    if match is None:
        return None
    number = float(match[0].replace(",", "."))
    return number if math.isfinite(number) else None


def _exposure_s(pairs: Mapping[str, str]) -> float | None:
    """Return the exposure time in seconds, whatever unit the header uses."""
    for name, value in pairs.items():
        plain = re.sub(r"\s*[\[(][^\])]*[\])]\s*$", "", name)
        if not _EXPOSURE.search(plain):
            continue
        number = _number(value)
        if number is None:
            continue
        if re.search(r"[\[(]\s*(usec|us|µs|μs)", name, re.I):
            return number / 1e6
        # Wasatch ENLIGHTEN and Renishaw's SPC files ('Exposure_time=Time: 3000') mean milliseconds without stating it.
        if re.search(r"[\[(]\s*ms|_ms$", name, re.I) or "enlighten version" in pairs or value.startswith("Time: "):
            return number / 1e3
        return number
    return None
