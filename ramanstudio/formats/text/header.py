"""Metadata in the header lines of text files: laser, exposure, sample, units."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain
from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.header_words import (
    ACCUMULATION,
    EXPOSURE,
    LASER,
    METADATA_KEYS,
    NOT_THE_WAVELENGTH,
    POWER,
    iso_date,
)
from ramanstudio.formats.text.number_table import strip_comment

MAX_ACCUMULATIONS = 10**9
MAX_EXPOSURE_S = 1e7  # four months
MAX_OTHER_FACTS: Final = 200  # of a header, kept as they are
MAX_FACT: Final = 300  # characters
_KEY_VALUE = re.compile(r"^([^=:;,\t：]{1,60}?)\s*(?:[=:;,\t：]|\s{2,})\s*(.*)$")
_CIF_KEY_VALUE = re.compile(r"^_([\w.\[\]/-]+)\s+(\S.*)$")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?")
_LASER_LINE: Final = re.compile(r"(?:laser|excitation)(?: wavelength)?\s+(\d{3,4}(?:[.,]\d+)?)\s*nm\b", re.I)
_IN_BRACKETS: Final = re.compile(r"\s*[\[(（][^\])）]*[\])）]\s*$")
_WAVELENGTH_PROGRAMS = re.compile(  # Ocean Optics: nm unless stated otherwise
    r"spectrasuite|jaz data file|ooibase|oceanview|data from .* node", re.I
)
_STATES_A_NUMBER = re.compile(r"[=:]\s*[-+]?\d")  # 'Slit width (nm): 5' says nothing about the axis
_IN_NAME = re.compile(r"__Raman(?:_Data\w*)?__(\d{3,4})(?:nm)?__|__(\d{3,4})__\d+__", re.I)
_AXIS_UNIT_KEYS: Final = (
    "xaxisunit", "xdatakind", "xunits", "x units", "x unit", "xunit", "axis unit", "axis_unit", "x-axis unit",
    "xaxis mode",
    "x axis mode", "x-axis", "x axis", "xlabel", "x label", "spectral unit", "x-einheit",
)  # fmt: skip


def parse_key_values(header: Sequence[str]) -> dict[str, str]:
    """Return {key in lower case: value} of the lines 'key = value' (also with ':', ';', ',' or a tab in between)."""
    pairs: dict[str, str] = {}
    for line in header[:2000]:
        text = strip_comment(line[:2000])
        match = _CIF_KEY_VALUE.match(text) or _KEY_VALUE.match(text)
        if laser := _LASER_LINE.match(text):
            pairs.setdefault("laser", laser[1])
        elif match:
            pairs.setdefault(match[1].strip(" \"'").lower(), match[2].lstrip("=:;,\t ：").strip(" '\""))
    return pairs


def metadata_from(path: Path, pairs: Mapping[str, str]) -> dict[str, Plain]:
    """Return the metadata in a header: laser_nm, exposure_s, accumulations, instrument, sample, …

    `path` is the file; the names of RRUFF files state the laser.
    """
    if not pairs:
        laser = laser_wavelength(path, pairs)
        return {} if laser is None else {"laser_nm": laser}
    plain = {_IN_BRACKETS.sub("", name): value for name, value in reversed(list(pairs.items()))} | dict(pairs)
    metadata: dict[str, Plain] = {}
    for key, names in METADATA_KEYS.items():
        value = next((plain[name] for name in names if plain.get(name)), "")
        if value:
            metadata[key] = iso_date(value) if key == "date" else value
    laser = laser_wavelength(path, pairs)
    if laser is not None:
        metadata["laser_nm"] = laser
    exposure = _exposure_s(pairs)
    if exposure is not None and 0 < exposure < MAX_EXPOSURE_S:
        metadata["exposure_s"] = exposure
    accumulations = next((_number(value) for name, value in plain.items() if ACCUMULATION.search(name)), None)
    if accumulations and 1 <= accumulations <= MAX_ACCUMULATIONS:
        metadata["accumulations"] = int(accumulations)
    power = _power_mw(pairs)
    if power is not None:
        metadata["laser_power_mw"] = power
    unit = intensity_unit_from(
        pairs.get("dataunit", "") or pairs.get("axisunit[0]", "") or pairs.get("intensity_unit", "")
    )
    if unit:
        metadata["intensity_unit"] = unit
    if any(pairs.get(f"axistype[{column}]", "").lower() in ("column", "row") for column in range(8)):
        metadata["place_unit"] = ""  # the wells of a plate have numbers, not positions
    return metadata


def header_facts(pairs: Mapping[str, str]) -> dict[str, Plain]:
    """Return what a header states as metadata 'header.<key>', as it is written; without tables and long texts."""
    facts: dict[str, Plain] = {}
    for name, value in pairs.items():
        if value and len(value) <= MAX_FACT and re.search(r"[^\W\d_]", name) and not name.startswith("table."):
            facts[f"header.{name}"] = value
            if len(facts) == MAX_OTHER_FACTS:
                break
    return facts


def laser_wavelength(path: Path, pairs: Mapping[str, str]) -> float | None:
    """Return the laser wavelength in nm from the header or the name of an RRUFF file; None when neither has it."""
    for name, value in pairs.items():
        if LASER.search(name) and not NOT_THE_WAVELENGTH.search(name):
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
    for name in _AXIS_UNIT_KEYS if pairs else ():
        unit = axes.unit_from_text(pairs.get(name, ""))
        if unit:
            return unit
    for column in range(8) if pairs else ():  # LabSpec: the unit belongs to the axis of type 'Spectr'
        if pairs.get(f"axistype[{column}]", "").lower().startswith("spectr"):
            return axes.unit_from_text(pairs.get(f"axisunit[{column}]", ""))
    if "rruffid" in pairs:
        return axes.SHIFT
    if header and _WAVELENGTH_PROGRAMS.search(header[0]) and not any("raman" in line.lower() for line in header):
        return axes.NM
    last_two = [line for line in header if line.strip()][-2:]
    titles = " ".join(line for line in last_two if not LASER.search(line) and not _STATES_A_NUMBER.search(line))
    return axes.unit_from_text(titles)


def axis_unit_from_range(axis: NDArray[np.float64], pairs: Mapping[str, str]) -> str:
    """Return nm where a header without a unit of the axis (B,) states its range or its centre in nm; else UNKNOWN.

    LabSpec 5 writes 'Range (nm)= 400...600' or 'Spectro (nm)= 560', Andor Solis 'Wavelength (nm): 430', the centre.
    """
    low, high = float(np.min(axis)), float(np.max(axis))
    span = high - low
    ends = _two_numbers(pairs.get("range (nm)", ""))
    if ends is not None and abs(ends[0] - low) < 0.1 * span and abs(ends[1] - high) < 0.1 * span:
        return axes.NM
    for key, closeness in (("spectro (nm)", 0.5), ("wavelength (nm)", 0.1), ("center wavelength (nm)", 0.1)):
        centre = _number(pairs.get(key, ""))
        if centre and abs(centre - (low + high) / 2) < closeness * span and low > 100:
            return axes.NM
    return axes.UNKNOWN


def _two_numbers(value: str) -> tuple[float, float] | None:
    numbers = re.findall(r"\d+(?:[.,]\d+)?(?![\d.,]*\d*%)", value.replace("...", " "))
    return (float(numbers[0].replace(",", ".")), float(numbers[1].replace(",", "."))) if len(numbers) == 2 else None


def _number(value: str) -> float | None:
    """Return the first number in a text, with a decimal point or comma."""
    match = _NUMBER.search(value)
    if match is None:
        return None
    number = float(match[0].replace(",", "."))
    return number if math.isfinite(number) else None


def _power_mw(pairs: Mapping[str, str]) -> float | None:
    """Return the laser power in mW; None without one, or where it is a percentage."""
    for name, value in pairs.items():
        number = _number(value) if POWER.search(_IN_BRACKETS.sub("", name)) else None
        if number and 0 < number < 1e6 and "%" not in name + value:
            return number * 1000.0 if re.search(r"(?<![mµa-z])w\b", f"{name} {value}", re.I) else number
    return None


def _exposure_s(pairs: Mapping[str, str]) -> float | None:
    """Return the exposure time in seconds, whatever unit the header uses."""
    for name, value in pairs.items():
        if not EXPOSURE.search(_IN_BRACKETS.sub("", name)) or "date" in name:
            continue
        number = _number(value)
        if number is None:
            continue
        unit = re.search(r"[\[(（]\s*(usecs?|us|µs|μs|msecs?|ms|min|s|sec|秒|毫秒)", name, re.I)
        after = re.match(r"[^\d]*[\d.,eE+-]+\s*(usecs?|us|µs|μs|msecs?|ms|min|secs?|s|秒|毫秒)\b", value, re.I)
        stated = (unit or after)[1].lower() if unit or after else ""  # type: ignore[index]
        if stated in ("usec", "usecs", "us", "µs", "μs"):
            return number / 1e6
        # Wasatch ENLIGHTEN, Kaiser HoloGRAMS ('Exposure_Length=10000') and Renishaw's SPC files ('Exposure_time=Time:
        # 3000') mean milliseconds without stating it.
        if stated in ("ms", "msec", "msecs", "毫秒") or name.endswith("_ms"):
            return number / 1e3
        if not stated and ("enlighten version" in pairs or value.startswith("Time: ") or name == "exposure_length"):
            return number / 1e3
        return number * 60 if stated == "min" else number
    return None
