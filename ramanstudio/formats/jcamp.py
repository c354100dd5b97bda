"""JCAMP-DX files (.jdx, .dx): plain, packed, squeezed, difference and duplicate forms.

Decoded here and not by the package jcamp (which the tests compare with): that takes the repeat counts of a damaged
file at their word, and reads infrared and NMR as willingly as Raman. After McDonald & Wilks, Appl. Spectrosc. 42
(1988) 151.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.jcamp_asdf import Damaged, ordinates, pairs
from ramanstudio.formats.text.decoding import decode_text
from ramanstudio.formats.text.header import facts_of, parse_key_values
from ramanstudio.formats.validation import bytes_of, read_error, rising

LARGEST_MB: Final = 200
_LABEL: Final = re.compile(r"^\s*##([^=\n]*)=(.*)$")
_START: Final = re.compile(rb"^\s*##\s*(TITLE|JCAMP-?\s?DX)\s*=", re.I)
_DATA_LABELS: Final = ("XYDATA", "XYPOINTS", "RADATA", "PEAKTABLE", "DATATABLE")
_NOT_SCATTERING: Final = re.compile(r"absorb|transmi|reflect|kubelka|log\(1/r\)", re.I)
_RAMAN_ONLY: Final = "Open a Raman spectrum."


@dataclass(slots=True)
class _Block:
    """One spectrum of a file: its labels (upper case, letters only) and the lines of its data."""

    labels: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    data_label: str = ""
    data_form: str = ""

    @property
    def data_type(self) -> str:
        """What the file says it is, such as 'RAMAN SPECTRUM'."""
        return self.labels.get("DATATYPE", "")


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so is a JCAMP-DX file."""
    return bool(_START.match(start)) and b"JCAMP" in start[:2048].upper()


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """The Raman spectra of a JCAMP-DX file; raises StudioError when there are none or they are damaged."""
    blocks = _blocks(decode_text(path, bytes_of(path, LARGEST_MB)))
    if not blocks:
        raise read_error(path, "it holds no JCAMP-DX labels (##TITLE=)")
    spectra = [block for block in blocks if block.data_label and block.data_label != "PEAKTABLE"]
    raman = [block for block in spectra if _refusal(block) is None]
    if not raman:
        reasons = [reason for block in blocks if (reason := _refusal(block)) is not None]
        raise read_error(path, reasons[0] if reasons else "it holds no spectrum, only words or peaks", _RAMAN_ONLY)
    return tuple(_set(path, block, laser_nm) for block in raman)


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    in_data = False
    for raw in text.splitlines():
        line = raw.split("$$")[0]
        match = _LABEL.match(line)
        if match is None:
            if in_data and blocks and line.strip():
                blocks[-1].lines.append(line)
            continue
        label = re.sub(r"[\s\-_/]", "", match[1]).upper()
        if label == "TITLE":
            blocks.append(_Block())
        if not blocks:
            continue
        in_data = label in _DATA_LABELS and not blocks[-1].data_label
        if in_data:
            blocks[-1].data_label, blocks[-1].data_form = label, re.sub(r"\s", "", match[2]).upper()
        blocks[-1].labels.setdefault(label, match[2].strip())
    return blocks


def _refusal(block: _Block) -> str | None:
    """Why a block is no Raman spectrum; None when it may be one."""
    kind, ordinate = block.data_type, block.labels.get("YUNITS", "")
    if "RAMAN" in kind.upper():
        return None
    if kind and kind.upper() not in ("LINK", "UNKNOWN", "SPECTRUM"):
        return f"it says that it is '{kind.lower()}', not Raman"
    if _NOT_SCATTERING.search(ordinate):
        return f"it holds {ordinate.lower()}, as infrared spectra do"
    unit = block.labels.get("XUNITS", "")
    if block.data_label and not axes.unit_named(unit):
        return f"its axis is '{unit.lower()}'" if unit else "it does not say what its axis is"
    return None if block.data_label else "it holds no spectrum, only words or peaks"


def _set(path: Path, block: _Block, laser_nm: float | None) -> SpectrumSet:
    labels = block.labels
    try:
        if block.data_form.startswith("(XY") or block.data_label == "XYPOINTS":
            axis, values = pairs(block.lines)
            axis = axis * _number(labels, "XFACTOR", 1.0)
        else:
            values = np.array(ordinates(block.lines, _points(labels)))
            axis = np.linspace(_number(labels, "FIRSTX"), _number(labels, "LASTX"), values.size)
        values = values * _number(labels, "YFACTOR", 1.0)
    except Damaged as damage:
        raise read_error(path, str(damage), "Export it again from the instrument, best as text.") from None
    stated = _points(labels)
    if stated is not None and values.size < stated:
        found = f"the file ends after {values.size} of {stated} points"
        raise read_error(path, found, "Export it again from the instrument, best as text.")
    kept = np.isfinite(values) & np.isfinite(axis)
    if np.count_nonzero(kept) < 4:
        raise read_error(path, f"it holds {np.count_nonzero(kept)} points, too few for a spectrum")
    about = _facts(path, labels)
    own = about.get("laser_nm")
    own_nm = float(own) if own is not None else None
    unit = axes.unit_named(labels.get("XUNITS", ""))
    shift = axes.raman_shift(path, axis[kept], unit, laser_nm if own_nm is None else own_nm)
    about |= axes.laser_fact(axis, unit, own_nm, laser_nm)
    if "RAMAN" not in block.data_type.upper():
        about["notes"] = "The file does not say that it is a Raman spectrum; it was read as one."
    return rising(path, shift, values[kept][None]).with_about(**about)


def _facts(path: Path, labels: Mapping[str, str]) -> dict[str, Plain]:
    facts = facts_of(path, parse_key_values([f"{label.lstrip('.$')}={value}" for label, value in _short(labels)]))
    instrument = labels.get("SPECTROMETERDATASYSTEM") or labels.get("ORIGIN")
    if instrument:
        facts["instrument"] = instrument
    if "COUNT" in labels.get("YUNITS", "").upper():
        facts["intensity_unit"] = "counts"
    return facts


def _short(labels: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((label, value) for label, value in labels.items() if value and len(value) < 200)


def _points(labels: Mapping[str, str]) -> int | None:
    try:
        return int(float(labels["NPOINTS"]))
    except (KeyError, ValueError, OverflowError):
        return None


def _number(labels: Mapping[str, str], label: str, default: float | None = None) -> float:
    try:
        number = float(labels[label].replace(",", "."))
    except (KeyError, ValueError):
        if default is None:
            raise Damaged(f"it does not state ##{label}=") from None
        return default
    if not np.isfinite(number):
        raise Damaged(f"##{label}= is not a number")
    return number
