"""The axis of a table without one, from a separate file in the same folder."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.text.decoding import decode_text
from ramanstudio.formats.text.header import parse_key_values
from ramanstudio.formats.text.number_table import NumberBlock
from ramanstudio.formats.text.table_layout import TableLayout
from ramanstudio.formats.validation import not_raman_error, read_error

_AXIS_NAME = re.compile(r"axis|wave.?numbers?|raman.?shifts?|wavelengths?", re.I)
_X_OF_Y = re.compile(r"([-_ ])y$", re.I)
_WITEC_Y = re.compile(r"\(Y-Axis\)(?=\.\w+$)", re.I)  # beside '… (X-Axis).txt' and '… (Header).txt'
_DECIMAL_COMMAS = re.compile(r"(?:-?\d+,\d+\s+)+-?\d+,\d+")  # one a line
MAX_AXIS_BYTES = 2**21


def is_axis_name(path: Path) -> bool:
    """Return whether a file is named like one that holds only an axis ('saliva_axis.csv', 'Map-x.dat')."""
    return bool(_AXIS_NAME.search(path.stem) or re.search(r"[-_ ]x$", path.stem, re.I))


def find_axis_file(path: Path, block: NumberBlock) -> tuple[TableLayout, Path] | None:
    """Return the spectra of a table without an axis, and the file beside it whose axis fits; None without one.

    Two kinds of names are tried: WITec's 'Map-x.dat' beside 'Map-y.dat' (one column, spectrum after spectrum), and a
    file with the same first word and 'axis', 'wavenumber' or 'shift' in its name beside a matrix. It must hold as many
    increasing numbers as the table has columns (then each row is a spectrum) or rows. Where several files fit, none
    is used.
    """
    fitting = [
        (layout, other) for other in _candidates(path) if (layout := _apply_axis(_read_axis(other), block)) is not None
    ]
    return fitting[0] if len(fitting) == 1 else None


def _candidates(path: Path) -> list[Path]:
    """Return the files beside `path` that are named like its axis file."""
    if _WITEC_Y.search(path.name):
        return [path.with_name(_WITEC_Y.sub("(X-Axis)", path.name))]
    partner = path.with_name(_X_OF_Y.sub(r"\1x", path.stem) + path.suffix)
    first_word = re.split(r"[-_ .]", path.stem.lower())[0]
    try:
        siblings = sorted(path.parent.iterdir())
    except OSError:
        return []
    return [
        other
        for other in siblings
        if other.name != path.name
        and other.suffix.lower() in (".txt", ".csv", ".tsv", ".dat", ".asc")
        and (
            other.name == partner.name or (_AXIS_NAME.search(other.stem) and other.name.lower().startswith(first_word))
        )
    ]


def partner_header(path: Path) -> dict[str, str]:
    """Return the keys and values of the '… (Header).txt' that WITec writes beside '… (Y-Axis).txt'; none without it."""
    if not _WITEC_Y.search(path.name):
        return {}
    header = path.with_name(_WITEC_Y.sub("(Header)", path.name))
    try:
        if not header.is_file() or header.stat().st_size > MAX_AXIS_BYTES:
            return {}
        return parse_key_values(decode_text(header, header.read_bytes()).splitlines())
    except (OSError, StudioError):
        return {}


def _read_axis(path: Path) -> NDArray[np.float64] | None:
    """Return the axis (B,) that a file holds and nothing else; None when it is another file."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_AXIS_BYTES:
            return None
        content = path.read_text(encoding="utf-8-sig").strip(" \n\r\t,;")
        if "." not in content and _DECIMAL_COMMAS.fullmatch(content):
            content = content.replace(",", ".")
        cells = re.split(r"[\s,;]+", content)
    except (OSError, UnicodeDecodeError):
        return None
    try:
        axis = np.array([float(cell) for cell in cells])
    except ValueError:
        try:
            axis = np.array([float(cell) for cell in cells[1:]])  # a title, then numbers
        except ValueError:
            return None
    steps = np.diff(axis)
    return axis if axis.size >= 8 and (np.all(steps > 0) or np.all(steps < 0)) else None


def _apply_axis(axis: NDArray[np.float64] | None, block: NumberBlock) -> TableLayout | None:
    """Return the table read with this axis (B,); None where their sizes do not fit."""
    if axis is None:
        return None
    numbers = block.numbers
    if block.width == 1 and len(block) % axis.size == 0:
        return TableLayout(axis, numbers.reshape(-1, axis.size))
    if block.width == axis.size:
        return TableLayout(axis, numbers)
    return TableLayout(axis, numbers.T) if len(block) == axis.size else None


def missing_axis_error(path: Path, block: NumberBlock) -> StudioError:
    """Return the error for a table in which no column and no row is an axis."""
    if block.width == 1 and is_axis_name(path):
        return not_raman_error(
            path, "it contains only an axis, no intensities", "Open the file with the intensities instead."
        )
    shape = "one column of numbers" if block.width == 1 else f"{len(block)} × {block.width} numbers"
    return read_error(
        path,
        f"it contains {shape}, none of which is a Raman shift axis",
        "Put the Raman shift in its first column or row, or in a file beside it that is named like it with 'axis' "
        f"('{re.split('[-_ .]', path.stem)[0]}_axis{path.suffix}').",
    )
