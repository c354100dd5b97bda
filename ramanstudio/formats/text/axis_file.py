"""The axis of a table that has none, from a separate file of the same folder."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats.text.layout import Layout
from ramanstudio.formats.text.number_table import Block
from ramanstudio.formats.validation import read_error

_AXIS_NAME = re.compile(r"axis|wave.?numbers?|raman.?shifts?|wavelengths?", re.I)
_X_OF_Y = re.compile(r"([-_ ])y$", re.I)
_LARGEST_AXIS_BYTES = 2**21


def is_axis_name(path: Path) -> bool:
    """Whether a file is called as files are that hold only an axis ('saliva_axis.csv', 'Map-x.dat')."""
    return bool(_AXIS_NAME.search(path.stem) or re.search(r"[-_ ]x$", path.stem, re.I))


def axis_beside(path: Path, block: Block) -> tuple[Layout, Path] | None:
    """The spectra of a table without an axis, with the axis of the one file beside it that fits; None without one.

    Two names are tried: WITec's 'Map-x.dat' beside 'Map-y.dat' (one column, spectrum after spectrum), and a file of
    the same first word with 'axis', 'wavenumber' or 'shift' in its name beside a matrix. It must hold as many rising
    numbers as the table has columns (then each line is a spectrum) or lines; where several files fit, none is taken.
    """
    found = [(layout, other) for other in _candidates(path) if (layout := _fitted(_axis_in(other), block)) is not None]
    return found[0] if len(found) == 1 else None


def _candidates(path: Path) -> list[Path]:
    partner = path.with_name(_X_OF_Y.sub(r"\1x", path.stem) + path.suffix)
    first_word = re.split(r"[-_ .]", path.stem.lower())[0]
    try:
        names = sorted(path.parent.iterdir())
    except OSError:
        return []
    return [
        other
        for other in names
        if other.name != path.name
        and other.suffix.lower() in (".txt", ".csv", ".tsv", ".dat", ".asc")
        and (
            other.name == partner.name or (_AXIS_NAME.search(other.stem) and other.name.lower().startswith(first_word))
        )
    ]


def _axis_in(path: Path) -> NDArray[np.float64] | None:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_AXIS_BYTES:
            return None
        words = re.split(r"[\s,;]+", path.read_text(encoding="utf-8-sig").strip(" \n\r\t,;"))
    except (OSError, UnicodeDecodeError):
        return None
    try:
        axis = np.array([float(word) for word in words])
    except ValueError:
        try:
            axis = np.array([float(word) for word in words[1:]])  # a title, then numbers
        except ValueError:
            return None
    steps = np.diff(axis)
    return axis if axis.size >= 8 and (np.all(steps > 0) or np.all(steps < 0)) else None


def _fitted(axis: NDArray[np.float64] | None, block: Block) -> Layout | None:
    if axis is None:
        return None
    numbers = block.numbers
    if block.width == 1 and len(block) % axis.size == 0:
        return Layout(axis, numbers.reshape(-1, axis.size))
    if block.width == axis.size:
        return Layout(axis, numbers)
    return Layout(axis, numbers.T) if len(block) == axis.size else None


def no_axis(path: Path, block: Block) -> Exception:
    """The sentence for a table in which nothing is an axis."""
    if block.width == 1 and is_axis_name(path):
        return read_error(
            path, "it holds only an axis, no intensities", "Open the file with the intensities beside it."
        )
    shape = "one column of numbers" if block.width == 1 else f"{len(block)} × {block.width} numbers"
    return read_error(
        path,
        f"it holds {shape}, none of which is an axis of Raman shift",
        "Put the Raman shift in its first column or row, or in a file beside it, named like it with 'axis' "
        f"('{re.split('[-_ .]', path.stem)[0]}_axis{path.suffix}').",
    )
