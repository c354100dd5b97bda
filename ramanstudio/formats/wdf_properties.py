"""The property sets of a WiRE file: exposure, accumulations, objective, grating, attenuation, and where they stand.

The layout is that of Renishaw's package renishaw-wdf (wdf/pset.py): items of a type, flags and a key, then the value;
keys of items are named by other items. Parsed here because each stated length must be checked; compressed texts, which
none of the properties that are used is, are skipped.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator, Mapping
from typing import Final

from ramanstudio.core.spectra import Plain

MAX_BYTES: Final = 2**22
MAX_DEPTH: Final = 12
_COMPRESSED, _ARRAY, _CUSTOM_KEY = 0x40, 0x80, 0x8000
_NUMBERS: Final = {"?": "?", "s": "h", "i": "i", "w": "q", "r": "f", "q": "d"}
_WITH_LENGTH: Final = "ukbp"  # text, name of a key, bytes, property set

_Value = Plain | bytes


def property_facts(content: bytes) -> dict[str, Plain]:
    """Return {name: value} of all properties in a block that holds a property set, those of nested sets too.

    The first of a name counts. What is damaged is left out.
    """
    facts: dict[str, Plain] = {}
    if content[:4] != b"PSET" or len(content) < 8:
        return facts
    size = min(int.from_bytes(content[4:8], "little"), len(content) - 8, MAX_BYTES)
    with contextlib.suppress(struct.error, UnicodeDecodeError, IndexError):  # what was found before is kept
        _collect(content[8 : 8 + size], {}, facts, 0)
    return facts


def _collect(content: bytes, names: Mapping[int, str], facts: dict[str, Plain], depth: int) -> None:
    items = list(_items(content))
    names = {**names, **{key: str(value) for kind, key, value in items if kind == "k"}}
    for kind, key, value in items:
        name = names.get(key, "")
        if kind == "p" and isinstance(value, bytes) and depth < MAX_DEPTH:
            _collect(value, names, facts, depth + 1)
        elif name and kind not in "kb" and not isinstance(value, bytes):
            facts.setdefault(name, value)


def _items(content: bytes) -> Iterator[tuple[str, int, _Value]]:
    """Yield type, key and value of the items of one property set."""
    offset = 0
    while offset + 4 <= len(content):
        kind, flags, key = chr(content[offset]), content[offset + 1], struct.unpack_from("<H", content, offset + 2)[0]
        offset += 4
        count = 1
        if flags & _ARRAY:
            (count,) = struct.unpack_from("<I", content, offset)
            offset += 4
        if kind in _WITH_LENGTH:
            (length,) = struct.unpack_from("<I", content, offset)
            raw = content[offset + 4 : offset + 4 + length]
            offset += 4 + length
            if flags & _COMPRESSED:
                continue
            yield kind, key, raw.decode("utf-8") if kind in "uk" else raw
        elif kind in _NUMBERS:
            width = struct.calcsize(_NUMBERS[kind])
            if count == 1:
                yield kind, key, struct.unpack_from(f"<{_NUMBERS[kind]}", content, offset)[0]
            offset += width * count
        elif kind in "ct":
            offset += (8 if kind == "t" else 1) * count
        else:
            return  # not a type


def measurement_metadata(facts: Mapping[str, Plain], setup: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return metadata from the properties of the measurement (block WXDM) and of the instrument (block WXCS)."""
    metadata: dict[str, Plain] = {}
    exposure_ms = _number(facts, "Exposure Time")
    if exposure_ms and 0 < exposure_ms < 1e10:
        metadata["exposure_s"] = exposure_ms / 1e3
    accumulations = _number(facts, "Accumulations")
    if accumulations and 1 <= accumulations < 1e9:
        metadata["accumulations"] = int(accumulations)
    percent = _number(facts, "NDPercent")
    if percent and 0 < percent <= 100:
        metadata["laser_power_percent"] = percent
    objective = setup.get("Objective name")
    if isinstance(objective, str) and objective.strip():
        metadata["objective"] = objective.strip()
    grooves = _number(setup, "Groove Density (lines/mm)")
    if grooves and 0 < grooves < 1e5:
        metadata["grating"] = f"{grooves:g} l/mm"
    slit = _number(facts, "slitOpening")
    if slit and 0 < slit < 1e5:
        metadata["slit_um"] = slit
    return metadata


def _number(facts: Mapping[str, Plain], name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) and value == value else None
