"""What the words at the top of a text file say: laser, exposure, sample, units."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ramanstudio.core.spectra import Plain
from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.number_table import bare

_PAIR = re.compile(r"^([^=:;,\t]{1,60}?)\s*(?:[=:;,\t]|\s{2,})\s*(.*)$")
_CIF_PAIR = re.compile(r"^_([\w.\[\]/-]+)\s+(\S.*)$")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?")
_LASER = re.compile(r"laser|excit|lambda.?0", re.I)
_NOT_THE_WAVELENGTH = re.compile(r"power|enable|temp|%|type|\bmw\b|level|watt|current|spot|intensity", re.I)
_EXPOSURE = re.compile(
    r"acq\S*\.?\s*time|exposition$|exposure.?(time|s)?$|int\w*gration.?times?$|integration_time", re.I
)
_WAVELENGTH_PROGRAMS = re.compile(r"spectrasuite|jaz data file", re.I)  # Ocean Optics: nm unless it says otherwise
_STATES_A_NUMBER = re.compile(r"[=:]\s*[-+]?\d")  # 'Slit width (nm): 5' says nothing about the axis
_IN_NAME = re.compile(r"__Raman(?:_Data\w*)?__(\d{3,4})(?:nm)?__|__(\d{3,4})__\d+__", re.I)

# What a header calls it (lower case, without unit) -> what we call it. The first that is there counts.
_FACTS: Mapping[str, tuple[str, ...]] = {
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
_COUNTS = ("accumulations", "accumulation", "scan averaging", "average number", "spectra averaged", "averaging nr.")


def parse_key_values(header: Sequence[str]) -> dict[str, str]:
    """Each header line that reads 'name = value' (or with ':', ';', ',' or a tab between), by name in lower case."""
    pairs: dict[str, str] = {}
    for line in header[:2000]:
        text = bare(line[:2000])
        match = _CIF_PAIR.match(text) or _PAIR.match(text)
        if match:
            pairs.setdefault(match[1].strip().lower(), match[2].lstrip("=:;,\t ").strip(" '\""))
    return pairs


def facts_of(path: Path, pairs: Mapping[str, str]) -> dict[str, Plain]:
    """The facts of the header under our names: laser_nm, exposure_s, accumulations, instrument, sample, …"""
    facts: dict[str, Plain] = {}
    for ours, theirs in _FACTS.items():
        value = next((pairs[name] for name in theirs if pairs.get(name)), "")
        if value:
            facts[ours] = value
    laser = laser_wavelength(path, pairs)
    if laser is not None:
        facts["laser_nm"] = laser
    exposure = _exposure_of(pairs)
    if exposure is not None:
        facts["exposure_s"] = exposure
    accumulations = next((_number(pairs[name]) for name in _COUNTS if name in pairs), None)
    if accumulations:
        facts["accumulations"] = int(accumulations)
    unit = intensity_unit(pairs.get("dataunit", "") or pairs.get("axisunit[0]", "") or pairs.get("intensity_unit", ""))
    if unit:
        facts["intensity_unit"] = unit
    if any(pairs.get(f"axistype[{place}]", "").lower() in ("column", "row") for place in range(8)):
        facts["place_unit"] = ""  # the wells of a plate are counted
    return facts


def laser_wavelength(path: Path, pairs: Mapping[str, str]) -> float | None:
    """The laser wavelength in nm: as the header says, or as an RRUFF file is named; None when neither does."""
    for name, value in pairs.items():
        if _LASER.search(name) and not _NOT_THE_WAVELENGTH.search(name):
            number = _number(value)
            if number is not None and 180 <= number <= 2000:
                return number
    match = _IN_NAME.search(path.name)
    return float(match[1] or match[2]) if match else None


def intensity_unit(words: str) -> str:
    """'counts', or what else a header calls the unit of the intensities; empty when it does not say."""
    words = words.strip()
    if re.search(r"\b(cts|cnts?|counts?)\b", words, re.I):
        return "counts/s" if re.search(r"/\s*s|per sec", words, re.I) else "counts"
    return words if words.lower() in ("a.u.", "arb. units", "v", "w") else ""


def axis_unit(header: Sequence[str], pairs: Mapping[str, str]) -> str:
    """The unit of the axis as the header states it for the whole file; UNKNOWN when it does not."""
    for name in ("xaxisunit", "xunits", "x units", "axis unit", "axis_unit"):
        unit = axes.unit_named(pairs.get(name, ""))
        if unit:
            return unit
    for place in range(8):  # LabSpec: the unit belongs to the axis of type 'Spectr'
        if pairs.get(f"axistype[{place}]", "").lower().startswith("spectr"):
            return axes.unit_named(pairs.get(f"axisunit[{place}]", ""))
    if "rruffid" in pairs:
        return axes.SHIFT
    if header and _WAVELENGTH_PROGRAMS.search(header[0]) and not any("raman" in line.lower() for line in header):
        return axes.NM
    words = [line for line in header if line.strip()][-2:]
    last = " ".join(line for line in words if not _LASER.search(line) and not _STATES_A_NUMBER.search(line))
    return axes.unit_named(last)


def _number(value: str) -> float | None:
    match = _NUMBER.search(value)
    try:
        return float(match[0].replace(",", ".")) if match else None
    except ValueError:
        return None


def _exposure_of(pairs: Mapping[str, str]) -> float | None:
    for name, value in pairs.items():
        plain = re.sub(r"\s*[\[(][^\])]*[\])]\s*$", "", name)
        if not _EXPOSURE.search(plain):
            continue
        number = _number(value)
        if number is None:
            continue
        if re.search(r"[\[(]\s*(usec|us|µs|μs)", name, re.I):
            return number / 1e6
        # Wasatch ENLIGHTEN and Renishaw's SPC files ('Exposure_time=Time: 3000') mean milliseconds without a word.
        if re.search(r"[\[(]\s*ms|_ms$", name, re.I) or "enlighten version" in pairs or value.startswith("Time: "):
            return number / 1e3
        return number
    return None
