"""Which column or row of a table of numbers is the axis, and which are spectra."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.number_table import Block

FEWEST_AXIS_POINTS = 8  # fewer numbers in rising order say nothing

_RANK = (
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
_AXIS_WORDS = re.compile(r"^(#?wave|x[- _]?axis|x|w)$", re.I)  # an axis whose unit the word leaves open
_PLACES = {
    "x": "x", "y": "y", "z": "z", "time": "time", "t": "time", "x (µm)": "x", "y (µm)": "y", "z (µm)": "z",
    "x (um)": "x", "y (um)": "y", "z (um)": "z", "time (s)": "time", "x_um": "x", "y_um": "y", "z_um": "z",
}  # fmt: skip
_NOT_RAMAN = re.compile(r"absorb|transmi|reflec|irradian|kubelka|^%|^p$|extinction|^t%", re.I)
_NOT_SIGNAL = re.compile(r"^dark$|^dark (current|counts?)$|^d$|^ref(erence)?\b|^r$|^pixels?\b|^index$|^#$", re.I)
_SIGNAL = re.compile(r"intens|counts|signal|\d{3}", re.I)  # 'Intensity at 532 nm' is no axis
_BEST_SIGNAL = (re.compile(r"^dark.?subtracted", re.I), re.compile(r"^processed", re.I), re.compile(r"^(raw|s$)", re.I))


@dataclass(frozen=True, slots=True)
class Layout:
    """A table read as spectra: `axis` (B,) in the order of the file, `values` (N, B), and what is known of each."""

    axis: NDArray[np.float64]
    values: NDArray[Any]
    unit: str = axes.UNKNOWN
    table: dict[str, NDArray[Any]] = field(default_factory=dict)
    series: NDArray[np.float64] | None = None  # numbers beside each spectrum of which the table does not say what


class NotRaman(Exception):
    """The columns hold absorbance, reflectance or the like; carries the word that said so."""


def arranged(block: Block, words: Sequence[Sequence[str]], unit: str) -> list[Layout]:
    """The spectra of a block of numbers, given the lines of `words` above it and the unit the header states.

    Gives several layouts where the axes differ (a long table of points), none where no axis is found.
    Raises NotRaman when the columns are named and hold no Raman intensities.
    """
    numbers = block.numbers
    used = ~np.all(np.isnan(numbers), axis=0)
    used[: max(map(len, block.words))] = True  # words, not gaps
    names = [_joined(words, column) for column in range(block.width)] if words else []
    numbers, names = numbers[:, used], [name for name, keep in zip(names, used, strict=False) if keep]
    if names:
        long = _long_table(numbers, names, unit)
        if long:
            return long
        titles = [cell for cell, keep in zip(words[0], used, strict=False) if keep]
        chosen = _named_columns(numbers, names, titles, unit)
        if chosen is not None:
            return [chosen]
    return _unnamed(block, numbers, names, unit)


def _joined(words: Sequence[Sequence[str]], column: int) -> str:
    return " ".join(cell for cell in (row[column] for row in words) if cell)


def _unit(name: str) -> str | None:
    """The unit a column's name gives the axis; None when the name names no axis."""
    bare = name.strip("# ")
    return axes.unit_named(bare) or (axes.UNKNOWN if _AXIS_WORDS.match(bare.split(" ")[0]) else None)


def _long_table(numbers: NDArray[np.float64], names: Sequence[str], unit: str) -> list[Layout]:
    """A table with one line for each point: x, y (or z, time), axis, intensity; consecutive lines are a spectrum."""
    lower = [name.lower().strip("# ") for name in names]
    wave = next((i for i, name in enumerate(names) if lower[i] not in _PLACES and _unit(name) is not None), None)
    places = {i: _PLACES[name] for i, name in enumerate(lower) if name in _PLACES and i != wave}
    others = [i for i in range(len(names)) if i != wave and i not in places]
    if wave is None or not places or len(others) != 1:
        return []
    where = numbers[:, sorted(places)]
    begins = np.flatnonzero(np.r_[True, np.any(np.diff(where, axis=0) != 0, axis=1)])
    axis_unit = _unit(names[wave]) or unit
    groups: dict[bytes, list[int]] = {}
    for place, (begin, end) in enumerate(zip(begins, np.r_[begins[1:], len(numbers)], strict=True)):
        groups.setdefault(numbers[begin:end, wave].tobytes(), []).append(place)
    ends = np.r_[begins[1:], len(numbers)]
    layouts = []
    for members in groups.values():
        axis = numbers[begins[members[0]] : ends[members[0]], wave]
        values = np.stack([numbers[begins[i] : ends[i], others[0]] for i in members])
        table: dict[str, NDArray[Any]] = {places[i]: numbers[begins[members], i] for i in places}
        layouts.append(Layout(axis, values, axis_unit, table))
    return layouts


def _named_columns(
    numbers: NDArray[np.float64], names: Sequence[str], titles: Sequence[str], unit: str
) -> Layout | None:
    """The axis column and the columns of intensity by their names; None when the names name no axis."""
    units = [_unit(name) for name in names]
    stated = [i for i, unit in enumerate(units[:5]) if unit and (i == 0 or not _SIGNAL.search(names[i]))]
    axis_columns = stated or [i for i, unit in enumerate(units[:1]) if unit is not None]
    if not axis_columns or (axis_columns[0] != 0 and not _NOT_SIGNAL.match(names[0].strip())):
        return None
    if len(names) == 2:
        axis_columns = [0]
    axis_column = min(axis_columns, key=lambda i: _RANK.index(units[i] or axes.UNKNOWN))
    axis = numbers[:, axis_column]
    known = axis[~np.isnan(axis)]
    if not known.size or np.unique(known).size * 2 < known.size:
        return None
    signals = _signals(names, axis_columns)
    # A word such as 'Wave' leaves the unit open, then the header of the whole file may state it.
    axis_unit = units[axis_column] or unit
    values = numbers[:, signals].T
    table = {} if len(signals) == 1 else _named([titles[i] for i in signals])
    return Layout(axis, values, axis_unit, table)


def _signals(names: Sequence[str], axis_columns: Sequence[int]) -> list[int]:
    others = [i for i in range(len(names)) if i not in axis_columns]
    wanted = [i for i in others if not _NOT_SIGNAL.search(names[i]) and not _NOT_RAMAN.search(names[i])]
    if not wanted:
        raise NotRaman(next((names[i] for i in others), "no intensity"))
    if len(axis_columns) == 1 and not any(_NOT_SIGNAL.search(names[i]) for i in others):
        return wanted
    # A table of one measurement in several stages (dark, reference, raw, corrected): one of them is the spectrum.
    for pattern in _BEST_SIGNAL:
        best = [i for i in wanted if pattern.search(names[i])]
        if best:
            return best
    return wanted


def _named(names: Sequence[str]) -> dict[str, NDArray[Any]]:
    table: dict[str, NDArray[Any]] = {"name": np.array(names, dtype=str)}
    # WITec: 'Map_000_Spec.Data 1(3/0)' is pixel 3 of line 0; others write the stage's place into the name.
    pixels = [re.search(r"\((\d+)/(\d+)\)", name) for name in names]
    stages = [re.search(r"_X_(-?[\d.]+?\d)_+Y_(-?[\d.]+?\d)_", name + "_") for name in names]
    for places in (pixels, stages):
        if len(names) > 1 and all(places):
            table["x"] = np.array([float(place[1]) for place in places if place])
            table["y"] = np.array([float(place[2]) for place in places if place])
            break
    return table


def _rises(numbers: NDArray[np.float64]) -> bool:
    steps = np.diff(numbers)
    return bool(numbers.size >= 2 and (np.all(steps > 0) or np.all(steps < 0)))


def _unnamed(block: Block, numbers: NDArray[np.float64], names: Sequence[str], unit: str) -> list[Layout]:
    """The axis found by its order: in the first column or in the first row (LabSpec's maps begin with empty cells)."""
    rows, columns = numbers.shape
    if columns < 2:
        return []
    gaps = int(np.argmax(~np.isnan(numbers[0]))) if rows else 0
    head = numbers[0, gaps:]
    column, below = numbers[:, 0], numbers[1:, 0]
    in_row = rows >= 2 and head.size >= FEWEST_AXIS_POINTS and _rises(head) and columns - gaps >= 2
    in_column = _rises(column) or (gaps > 0 and _axis_word(block) and _rises(below))
    if in_row and in_column and gaps == 0:  # both rise: the longer one is the axis
        in_row = rows < FEWEST_AXIS_POINTS or columns > rows
    if in_row and gaps and in_column and _axis_word(block):
        in_row = False  # 'Raman shift' above a rising column, and numbers name the spectra
    if in_row:
        return [_axis_in_row(block, numbers, gaps, names, unit)]
    if in_column or columns == 2:
        return [_axis_in_column(numbers, column, gaps, names, unit)]
    return []


def _axis_word(block: Block) -> bool:
    return bool(block.words[0]) and block.words[0][0].lower() != "x" and _unit(block.words[0][0]) is not None


def _axis_in_row(block: Block, numbers: NDArray[np.float64], gaps: int, names: Sequence[str], unit: str) -> Layout:
    table: dict[str, NDArray[Any]] = {}
    head = block.words[0] if block.words[0] else tuple(names[:gaps])
    series = None
    for place in range(gaps):
        title = head[place].lower().strip("# ") if place < len(head) else ""
        words = [row[place] if place < len(row) else "" for row in block.words[1:]]
        if any(words):
            words = [word or _number_word(number) for word, number in zip(words, numbers[1:, place], strict=True)]
            table[title if title in ("label", "sample") else "name"] = np.array(words, dtype=str)
            continue
        title = _PLACES.get(title, title)
        if not title and gaps == 1:
            series = numbers[1:, place]
        elif not title and place < 3:
            title = "xyz"[place]
        if title and title not in table:
            table[title] = numbers[1:, place]
    title_unit = next((found for found in map(axes.unit_named, head) if found), unit)
    return Layout(numbers[0, gaps:], numbers[1:, gaps:], title_unit, table, series)


def _number_word(number: float) -> str:
    """A name that is a number, among names that are words."""
    return "" if np.isnan(number) else f"{number:.15g}"


def _axis_in_column(
    numbers: NDArray[np.float64], column: NDArray[np.float64], gaps: int, names: Sequence[str], unit: str
) -> Layout:
    table: dict[str, NDArray[Any]] = {}
    if gaps and numbers.shape[0] > 2:  # the first row names the spectra by numbers
        table["name"] = np.array([f"{number:g}" for number in numbers[0, 1:]])
        numbers, column = numbers[1:], column[1:]
    elif names and numbers.shape[1] > 2:
        table = _named(names[1:])
    return Layout(column, numbers[:, 1:].T, (_unit(names[0]) if names else None) or unit, table)
