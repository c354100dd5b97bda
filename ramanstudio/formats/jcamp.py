"""JCAMP-DX files (.jdx, .dx): plain, packed, squeezed, difference and duplicate forms.

Decoded here and not by the package jcamp, which the tests compare with: jcamp trusts the repeat counts of a damaged
file and reads infrared and NMR spectra like Raman spectra. After McDonald & Wilks, Appl. Spectrosc. 42
(1988) 151.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet, stacked
from ramanstudio.formats import axis as axes
from ramanstudio.formats.jcamp_asdf import DecodingError, decode_ordinates, decode_pairs
from ramanstudio.formats.own_metadata import LABEL, from_json
from ramanstudio.formats.text.decoding import read_text, split_lines
from ramanstudio.formats.text.header import header_facts, metadata_from, parse_key_values
from ramanstudio.formats.validation import not_raman_error, read_error, sorted_spectra

MAX_MB: Final = 200
_LABEL: Final = re.compile(r"^\s*##([^=\n]*)=(.*)$")
_START: Final = re.compile(rb"^\s*##\s*(TITLE|JCAMP-?\s?DX)\s*=", re.I)
_DATA_LABELS: Final = ("XYDATA", "XYPOINTS", "RADATA", "PEAKTABLE", "DATATABLE")
_OWN_LABEL: Final = f"${LABEL}".replace(" ", "").upper()
_PAGE: Final = "PAGE"
_COMMA_IN_LABEL: Final = re.compile(
    r"^\s*##\s*(?:FIRSTX|LASTX|DELTAX|XFACTOR|YFACTOR|FIRSTY|MAXX|MINX|MAXY|MINY|RESOLUTION)\s*=\s*[-+]?\d*,\d+\s*$",
    re.I | re.M,
)
_ABSCISSA: Final = re.compile(r"\s*([-+]?\d+\.?\d*(?:[eE][-+]?\d+)?)")
_COMMA_IN_NUMBER: Final = re.compile(r"(?<=\d),(?=\d)")
_NOT_SCATTERING: Final = re.compile(r"absorb|transmi|reflect|kubelka|log\(1/r\)", re.I)
_RAMAN_ONLY: Final = "Open a Raman spectrum."
_EXPORT_AGAIN: Final = "Export it again from the instrument, ideally as text."


@dataclass(slots=True)
class _JcampBlock:
    """One block of a file: its labelled data records (labels in upper case, letters only) and its data lines."""

    labels: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    data_label: str = ""
    data_form: str = ""

    @property
    def data_type(self) -> str:
        """The stated ##DATA TYPE=, such as 'RAMAN SPECTRUM'; empty when there is none."""
        return self.labels.get("DATATYPE", "")


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a JCAMP-DX file."""
    return bool(_START.match(start)) and b"JCAMP" in start[:2048].upper()


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the Raman spectra of a JCAMP-DX file, one set for each.

    `laser_nm` is used where the axis has to be converted and the file states no laser. Raises StudioError when there
    are no Raman spectra or they are damaged.
    """
    blocks = _blocks(with_decimal_points(read_text(path, MAX_MB)))
    if not blocks:
        raise read_error(path, "it contains no JCAMP-DX labels (##TITLE=)")
    spectra = [block for block in blocks if block.data_label and block.data_label != "PEAKTABLE"]
    raman = [block for block in spectra if _not_raman_reason(block) is None]
    if not raman:
        reasons = [reason for block in spectra or blocks if (reason := _not_raman_reason(block)) is not None]
        raise not_raman_error(
            path, reasons[0] if reasons else "it contains no spectrum, only text or peaks", _RAMAN_ONLY
        )
    sets = [_to_spectrum_set(path, block, laser_nm) for block in raman]
    if len(sets) > 1 and all(map(sets[0].same_axis, sets)):
        if all(_OWN_LABEL in block.labels for block in raman):
            return (stacked(sets),)
        if all(_PAGE in block.labels for block in raman):
            names = np.array([block.labels[_PAGE] for block in raman])
            return (stacked(sets).with_table(name=names),)
    return tuple(sets)


def _blocks(text: str) -> list[_JcampBlock]:
    """Split the text into blocks; comments (after $$) are dropped."""
    blocks: list[_JcampBlock] = []
    in_data = False
    for raw in split_lines(text):
        line = raw.split("$$")[0]
        match = _LABEL.match(line)
        if match is None:
            if in_data and blocks and line.strip():
                blocks[-1].lines.append(line)
            continue
        label = re.sub(r"[\s\-_/]", "", match[1]).upper()
        if label == "TITLE":
            blocks.append(_JcampBlock())
        if not blocks:
            continue
        if label == "PAGE" and "NTUPLES" in blocks[-1].labels:
            blocks.append(_page(blocks[-1], match[2].strip()))
            continue
        in_data = label in _DATA_LABELS and not blocks[-1].data_label
        if in_data:
            blocks[-1].data_label, blocks[-1].data_form = label, re.sub(r"\s", "", match[2]).upper()
        blocks[-1].labels.setdefault(label, match[2].strip())
    return blocks


def _page(block: _JcampBlock, name: str) -> _JcampBlock:
    """Return the block of one page of NTUPLES: the labels of the first, those of X and Y as its own."""
    labels = {label: value for label, value in block.labels.items() if label not in (*_DATA_LABELS, "NPOINTS")}
    symbols = [symbol.strip().upper() for symbol in labels.get("SYMBOL", "").split(",")]
    for symbol in "XY":
        if symbol not in symbols:
            continue
        place = symbols.index(symbol)
        for label in ("UNITS", "FIRST", "LAST", "FACTOR"):
            cells = labels.get(label, "").split(",")
            if place < len(cells) and cells[place].strip():
                labels[symbol + label if label in ("UNITS", "FACTOR") else label + symbol] = cells[place].strip()
    return _JcampBlock({**labels, _PAGE: name})


def _not_raman_reason(block: _JcampBlock) -> str | None:
    """Return why a block is not a Raman spectrum; None when it may be one."""
    data_type, y_units = block.data_type, block.labels.get("YUNITS", "")
    if "RAMAN" in data_type.upper():
        return None
    if data_type and data_type.upper() not in ("LINK", "UNKNOWN", "SPECTRUM"):
        return f"it states that it is '{data_type.lower()}', not Raman"
    if _NOT_SCATTERING.search(y_units):
        return f"it contains {y_units.lower()}, as infrared spectra do"
    x_units = block.labels.get("XUNITS", "")
    if block.data_label and not axes.unit_from_text(x_units):
        return f"its axis is '{x_units.lower()}'" if x_units else "it does not state the unit of its axis"
    return None if block.data_label else "it contains no spectrum, only text or peaks"


def _to_spectrum_set(path: Path, block: _JcampBlock, laser_nm: float | None) -> SpectrumSet:
    """Decode one block; raises StudioError when it is damaged or its axis cannot be converted."""
    labels = block.labels
    try:
        if block.data_form.startswith("(XY") or block.data_label == "XYPOINTS":
            axis, values = decode_pairs(block.lines)
            axis = _pairs_axis(axis, labels)
        else:
            values = np.array(decode_ordinates(block.lines, _point_limit(block)))
            values, axis = _stated_range(values, _with_first_x(labels, block.lines))
        values = values * _number(labels, "YFACTOR", 1.0)
    except DecodingError as error:
        raise read_error(path, str(error), _EXPORT_AGAIN) from None
    notes = []
    stated = _stated_points(labels)
    if stated is not None and values.size < stated:
        if not _is_complete(axis, labels) or (block.data_form.startswith("(X++") and _expected_points(labels) is None):
            raise read_error(path, f"the file ends after {values.size} of {stated} points", _EXPORT_AGAIN)
        notes.append(f"##NPOINTS= states {stated} points; the file holds {values.size}, up to its ##LASTX=.")
    kept = np.isfinite(values) & np.isfinite(axis)
    if np.count_nonzero(kept) < 4:
        raise read_error(path, f"it contains {np.count_nonzero(kept)} points, too few for a spectrum")
    about = _metadata(path, labels)
    own = about.get("laser_nm")
    file_laser_nm = float(own) if own is not None else None
    unit = axes.unit_from_text(labels.get("XUNITS", ""))
    shift = axes.raman_shift(path, axis[kept], unit, axes.chosen_laser(file_laser_nm, laser_nm))
    about |= axes.laser_metadata(axis, unit, file_laser_nm, laser_nm)
    if "RAMAN" not in block.data_type.upper():
        notes.append("The file does not state that it is a Raman spectrum; it was read as one.")
    if notes:
        about["notes"] = " ".join(notes)
    spectra = sorted_spectra(path, shift, values[kept][None])
    if _OWN_LABEL in labels:
        own_about, table = from_json(labels[_OWN_LABEL], 1)
        return replace(spectra, about=own_about, table=table)
    return spectra.with_about(**about)


def _metadata(path: Path, labels: Mapping[str, str]) -> dict[str, Plain]:
    """Return the metadata in the labels: laser_nm, exposure_s, instrument, intensity_unit, …"""
    short = [f"{label.lstrip('.$')}={value}" for label, value in labels.items() if 0 < len(value) < 200]
    pairs = parse_key_values(short)
    metadata = metadata_from(path, pairs) | header_facts(pairs)
    date = f"{labels.get('DATE', '')} {labels.get('TIME', '')}".strip()
    if not labels.get("LONGDATE") and re.fullmatch(r"\d\d/\d\d/\d\d( [\d:]+)?", date):  # JCAMP-DX 4: yy/mm/dd
        century = "19" if int(date[:2]) >= 70 else "20"
        metadata["date"] = century + date.replace("/", "-")
    instrument = labels.get("SPECTROMETERDATASYSTEM") or labels.get("ORIGIN")
    if instrument:
        metadata["instrument"] = instrument
    if "COUNT" in labels.get("YUNITS", "").upper():
        metadata["intensity_unit"] = "counts"
    return metadata


def with_decimal_points(text: str) -> str:
    """Return a file whose labels have decimal commas with points in their place; other files as they are.

    The comma is the mark between the X and Y of a pair only where a space does not stand between them.
    """
    if not _COMMA_IN_LABEL.search(text):
        return text
    lines = [line if line.lstrip().startswith("##") else _COMMA_IN_NUMBER.sub(".", line) for line in split_lines(text)]
    return "\n".join(lines)


def _expected_points(labels: Mapping[str, str]) -> int | None:
    """Return how many points ##FIRSTX=, ##LASTX= and ##DELTAX= give; None where one is missing."""
    try:
        step = _number(labels, "DELTAX")
        count = (_number(labels, "LASTX") - _number(labels, "FIRSTX")) / step if step else 0.0
    except DecodingError:
        return None
    return round(count) + 1 if 0 < count < 1e9 and abs(count - round(count)) < 0.1 else None


def _point_limit(block: _JcampBlock) -> int | None:
    """Return the largest number of points that a block may hold by its labels."""
    stated, expected = _stated_points(block.labels), _expected_points(block.labels)
    return max(stated, expected or 0) if stated is not None else None


def _stated_range(
    values: NDArray[np.float64], labels: Mapping[str, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return intensities (B,) and the axis (B,) from ##FIRSTX= to ##LASTX=; drops what is beyond the stated points."""
    stated = _stated_points(labels)
    if stated is not None and values.size > stated >= 2 and values.size != _expected_points(labels):
        values = values[:stated]
    return values, np.linspace(_number(labels, "FIRSTX"), _number(labels, "LASTX"), values.size)


def _with_first_x(labels: Mapping[str, str], lines: Sequence[str]) -> Mapping[str, str]:
    """Return labels with ##FIRSTX= and ##LASTX=, where one is missing from the abscissas of the data lines."""
    if ("FIRSTX" in labels and "LASTX" in labels) or not lines:
        return labels
    starts = [_ABSCISSA.match(line) for line in (lines[0], lines[-1])]
    if None in starts:
        return labels
    first, last = (float(start[1]) * _number(labels, "XFACTOR", 1.0) for start in starts if start)
    before = len(decode_ordinates(lines[:-1], None))
    after = len(decode_ordinates(lines, None)) - before
    step = _number(labels, "DELTAX", (last - first) / before if before else 0.0)
    return {"FIRSTX": str(first), "LASTX": str(last + step * (after - 1)), **labels}


def _is_complete(axis: NDArray[np.float64], labels: Mapping[str, str]) -> bool:
    """Whether an axis (B,) reaches ##LASTX= in steps of ##DELTAX=, so that only ##NPOINTS= is wrong."""
    if axis.size < 4:
        return False
    expected = _expected_points(labels)
    if expected is not None:
        return expected == axis.size
    try:
        last = _number(labels, "LASTX")
    except DecodingError:
        return False
    typical = float(np.median(np.abs(np.diff(axis))))
    return abs(last - float(axis[-1])) <= typical


def _pairs_axis(axis: NDArray[np.float64], labels: Mapping[str, str]) -> NDArray[np.float64]:
    """Return the X of pairs (B,) times ##XFACTOR=, unless they are the numbers that ##FIRSTX= states already."""
    factor = _number(labels, "XFACTOR", 1.0)
    first = _number(labels, "FIRSTX", float("nan")) if "FIRSTX" in labels else float("nan")
    if axis.size and factor != 1.0 and axis[0] == first:
        return axis
    return axis * factor


def _stated_points(labels: Mapping[str, str]) -> int | None:
    """Return ##NPOINTS=; None when it is missing or no number."""
    try:
        return int(float(labels["NPOINTS"]))
    except (KeyError, ValueError, OverflowError):
        return None


def _number(labels: Mapping[str, str], label: str, default: float | None = None) -> float:
    """Return the number of a label, or `default`; raises DecodingError when it is required or not finite."""
    try:
        number = float(labels[label].replace(",", "."))
    except (KeyError, ValueError):
        if default is None:
            raise DecodingError(f"##{label}= is missing") from None
        return default
    if not np.isfinite(number):
        raise DecodingError(f"##{label}= is not a number")
    return number
