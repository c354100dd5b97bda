"""Detection of which column or row of a table of numbers is the axis, and which are spectra."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.number_table import NumberBlock

MIN_AXIS_POINTS = 8  # fewer numbers may be in order by chance

_UNIT_PREFERENCE = (  # where several columns could be the axis
    axes.SHIFT,
    axes.WAVENUMBER,
    axes.ABSOLUTE,
    axes.NM,
    axes.MICRON,
    axes.ANGSTROM,
    axes.EV,
    axes.UNKNOWN,
    axes.PIXEL,
)
_GENERIC_AXIS_TITLE = re.compile(r"^(#?wave|x[- _]?axis|x|w)$", re.I)  # an axis without a unit
_POSITION_COLUMNS = {
    "x": "x", "y": "y", "z": "z", "time": "time", "t": "time", "x (µm)": "x", "y (µm)": "y", "z (µm)": "z",
    "x (um)": "x", "y (um)": "y", "z (um)": "z", "time (s)": "time", "x_um": "x", "y_um": "y", "z_um": "z",
}  # fmt: skip
_NOT_RAMAN = re.compile(r"absorb|transmi|reflec|irradian|kubelka|^%|^p$|extinction|^t%", re.I)
_NOT_SIGNAL = re.compile(r"^dark$|^dark (current|counts?)$|^d$|^ref(erence)?\b|^r$|^pixels?\b|^index$|^#$", re.I)
_SIGNAL = re.compile(r"intens|counts|signal|\d{3}", re.I)  # 'Intensity at 532 nm' is not an axis
_BEST_SIGNAL = (re.compile(r"^dark.?subtracted", re.I), re.compile(r"^processed", re.I), re.compile(r"^(raw|s$)", re.I))


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table read as spectra: `axis` (B,) in `unit` as in the file, `values` (N, B), `table` {column: (N,)}.

    `series` (N,) is a column of numbers without a title beside the spectra.
    """

    axis: NDArray[np.float64]
    values: NDArray[Any]
    unit: str = axes.UNKNOWN
    table: dict[str, NDArray[Any]] = field(default_factory=dict)
    series: NDArray[np.float64] | None = None


class NotRamanError(Exception):
    """The columns hold absorbance, reflectance or the like; the message is the column title."""


def detect_layouts(block: NumberBlock, titles: Sequence[Sequence[str]], unit: str) -> list[TableLayout]:
    """Return the spectra in a block of numbers, given its rows of column `titles` and the axis unit in the header.

    Several layouts where the axes differ (a long table of points), none where no axis is found. Raises NotRamanError
    when the column titles name no Raman intensities.
    """
    numbers = block.numbers
    used = ~np.all(np.isnan(numbers), axis=0)
    used[: max(map(len, block.texts))] = True  # texts, not gaps
    names = [_joined_header(titles, column) for column in range(block.width)] if titles else []
    numbers, names = numbers[:, used], [name for name, keep in zip(names, used, strict=False) if keep]
    if names:
        long = _long_table(numbers, names, unit)
        if long:
            return long
        first_titles = [cell for cell, keep in zip(titles[0], used, strict=False) if keep]
        layout = _named_columns(numbers, names, first_titles, unit)
        if layout is not None:
            return [layout]
    return _layout_by_order(block, numbers, names, unit)


def _joined_header(titles: Sequence[Sequence[str]], column: int) -> str:
    """Return the title of a column and the unit below it as one text."""
    return " ".join(cell for cell in (row[column] for row in titles) if cell)


def _unit(name: str) -> str | None:
    """Return the axis unit in a column title; None when it is not the title of an axis."""
    title = name.strip("# ")
    return axes.unit_from_text(title) or (axes.UNKNOWN if _GENERIC_AXIS_TITLE.match(title.split(" ")[0]) else None)


def _long_table(numbers: NDArray[np.float64], names: Sequence[str], unit: str) -> list[TableLayout]:
    """Read a table with one row per point: x, y (or z, time), axis, intensity; consecutive rows are a spectrum."""
    lower = [name.lower().strip("# ") for name in names]
    axis_column = next(
        (i for i, name in enumerate(names) if lower[i] not in _POSITION_COLUMNS and _unit(name) is not None), None
    )
    positions = {
        i: _POSITION_COLUMNS[name] for i, name in enumerate(lower) if name in _POSITION_COLUMNS and i != axis_column
    }
    others = [i for i in range(len(names)) if i != axis_column and i not in positions]
    if axis_column is None or not positions or len(others) != 1:
        return []
    position = numbers[:, sorted(positions)]
    begins = np.flatnonzero(np.r_[True, np.any(np.diff(position, axis=0) != 0, axis=1)])
    ends = np.r_[begins[1:], len(numbers)]
    axis_unit = _unit(names[axis_column]) or unit
    spectra_by_axis: dict[bytes, list[int]] = {}
    for spectrum, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        spectra_by_axis.setdefault(numbers[begin:end, axis_column].tobytes(), []).append(spectrum)
    layouts = []
    for members in spectra_by_axis.values():
        axis = numbers[begins[members[0]] : ends[members[0]], axis_column]
        values = np.stack([numbers[begins[i] : ends[i], others[0]] for i in members])
        table: dict[str, NDArray[Any]] = {positions[i]: numbers[begins[members], i] for i in positions}
        layouts.append(TableLayout(axis, values, axis_unit, table))
    return layouts


def _named_columns(
    numbers: NDArray[np.float64], names: Sequence[str], titles: Sequence[str], unit: str
) -> TableLayout | None:
    """Read a table whose column titles tell axis and intensities; None when no title is that of an axis."""
    units = [_unit(name) for name in names]
    stated = [i for i, unit in enumerate(units[:5]) if unit and (i == 0 or not _SIGNAL.search(names[i]))]
    axis_columns = stated or [i for i, unit in enumerate(units[:1]) if unit is not None]
    if not axis_columns or (axis_columns[0] != 0 and not _NOT_SIGNAL.match(names[0].strip())):
        return None
    if len(names) == 2:
        axis_columns = [0]
    axis_column = min(axis_columns, key=lambda i: _UNIT_PREFERENCE.index(units[i] or axes.UNKNOWN))
    axis = numbers[:, axis_column]
    known = axis[~np.isnan(axis)]
    if not known.size or np.unique(known).size * 2 < known.size:
        return None
    signals = _signals(names, axis_columns)
    # A title such as 'Wave' has no unit; the header of the file may state it.
    axis_unit = units[axis_column] or unit
    values = numbers[:, signals].T
    table = {} if len(signals) == 1 else _names_and_positions([titles[i] for i in signals])
    return TableLayout(axis, values, axis_unit, table)


def _signals(names: Sequence[str], axis_columns: Sequence[int]) -> list[int]:
    """Return the columns of Raman intensities; raises NotRamanError when there are none."""
    others = [i for i in range(len(names)) if i not in axis_columns]
    wanted = [i for i in others if not _NOT_SIGNAL.search(names[i]) and not _NOT_RAMAN.search(names[i])]
    if not wanted:
        raise NotRamanError(next((names[i] for i in others), "no intensity"))
    if len(axis_columns) == 1 and not any(_NOT_SIGNAL.search(names[i]) for i in others):
        return wanted
    # One measurement at several stages (dark, reference, raw, corrected): one of them is the spectrum.
    for pattern in _BEST_SIGNAL:
        best = [i for i in wanted if pattern.search(names[i])]
        if best:
            return best
    return wanted


def _names_and_positions(names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the table columns in the titles of N spectra: name, and x and y (N,) where the titles hold them."""
    table: dict[str, NDArray[Any]] = {"name": np.array(names, dtype=str)}
    # WITec: 'Map_000_Spec.Data 1(3/0)' is pixel 3 of line 0; others write the stage position into the name.
    pixels = [re.search(r"\((\d+)/(\d+)\)", name) for name in names]
    stages = [re.search(r"_X_(-?[\d.]+?\d)_+Y_(-?[\d.]+?\d)_", name + "_") for name in names]
    for matches in (pixels, stages):
        if len(names) > 1 and all(matches):
            table["x"] = np.array([float(match[1]) for match in matches if match])
            table["y"] = np.array([float(match[2]) for match in matches if match])
            break
    return table


def _is_monotonic(numbers: NDArray[np.float64]) -> bool:
    steps = np.diff(numbers)
    return bool(numbers.size >= 2 and (np.all(steps > 0) or np.all(steps < 0)))


def _layout_by_order(
    block: NumberBlock, numbers: NDArray[np.float64], names: Sequence[str], unit: str
) -> list[TableLayout]:
    """Find an untitled axis by its order, in the first column or row (LabSpec maps begin with empty cells)."""
    rows, columns = numbers.shape
    if columns < 2:
        return []
    gaps = int(np.argmax(~np.isnan(numbers[0]))) if rows else 0
    head = numbers[0, gaps:]
    column, below = numbers[:, 0], numbers[1:, 0]
    in_row = rows >= 2 and head.size >= MIN_AXIS_POINTS and _is_monotonic(head) and columns - gaps >= 2
    in_column = _is_monotonic(column) or (gaps > 0 and _has_axis_title(block) and _is_monotonic(below))
    if in_row and in_column and gaps == 0:  # both are monotonic: the longer one is the axis
        in_row = rows < MIN_AXIS_POINTS or columns > rows
    if in_row and gaps and in_column and _has_axis_title(block):
        in_row = False  # 'Raman shift' above a monotonic column: the spectra are named by numbers
    if in_row:
        return [_axis_in_row(block, numbers, gaps, names, unit)]
    if in_column or columns == 2:
        return [_axis_in_column(numbers, column, gaps, names, unit)]
    return []


def _has_axis_title(block: NumberBlock) -> bool:
    return bool(block.texts[0]) and block.texts[0][0].lower() != "x" and _unit(block.texts[0][0]) is not None


def _axis_in_row(
    block: NumberBlock, numbers: NDArray[np.float64], gaps: int, names: Sequence[str], unit: str
) -> TableLayout:
    """Read a table with the axis in its first row, after `gaps` columns of names or positions."""
    table: dict[str, NDArray[Any]] = {}
    head = block.texts[0] if block.texts[0] else tuple(names[:gaps])
    series = None
    for column in range(gaps):
        title = head[column].lower().strip("# ") if column < len(head) else ""
        texts = [row[column] if column < len(row) else "" for row in block.texts[1:]]
        if any(texts):
            texts = [text or _number_text(number) for text, number in zip(texts, numbers[1:, column], strict=True)]
            table[title if title in ("label", "sample") else "name"] = np.array(texts, dtype=str)
            continue
        title = _POSITION_COLUMNS.get(title, title)
        if not title and gaps == 1:
            series = numbers[1:, column]
        elif not title and column < 3:
            title = "xyz"[column]
        if title and title not in table:
            table[title] = numbers[1:, column]
    title_unit = next((stated for stated in map(axes.unit_from_text, head) if stated), unit)
    return TableLayout(numbers[0, gaps:], numbers[1:, gaps:], title_unit, table, series)


def _number_text(number: float) -> str:
    """Return the name of a spectrum that is a number, among names that are texts."""
    return "" if np.isnan(number) else f"{number:.15g}"


def _axis_in_column(
    numbers: NDArray[np.float64], column: NDArray[np.float64], gaps: int, names: Sequence[str], unit: str
) -> TableLayout:
    """Read a table with the axis in its first column; the first row may name the spectra."""
    table: dict[str, NDArray[Any]] = {}
    if gaps and numbers.shape[0] > 2:  # spectra named by numbers
        table["name"] = np.array([f"{number:g}" for number in numbers[0, 1:]])
        numbers, column = numbers[1:], column[1:]
    elif names and numbers.shape[1] > 2:
        table = _names_and_positions(names[1:])
    return TableLayout(column, numbers[:, 1:].T, (_unit(names[0]) if names else None) or unit, table)
