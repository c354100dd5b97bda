"""Tables with one row for each point: tidy tables with an id or a position, and scans one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.column_titles import (
    NOT_RAMAN,
    SIGNAL,
    UNIT_PREFERENCE,
    NotRamanError,
    is_monotonic,
    is_row_number,
    position_column,
    title_unit,
)
from ramanstudio.formats.text.table_layout import TableLayout

MIN_POINTS: Final = 8  # of each scan
_NEAR_START: Final = 0.25  # of the span: where a repeated scan begins


def tidy_table(
    numbers: NDArray[np.float64], names: Sequence[str], texts: Mapping[int, Sequence[str]], unit: str
) -> list[TableLayout]:
    """Read a table whose titles name an axis, an intensity, and at least one column that tells the spectra apart.

    `numbers` (rows, columns), `texts` {column: one text for each row}. None of it where the axis runs through.
    """
    axis_column = _axis_column(names)
    if axis_column is None:
        return []
    others = [i for i in range(len(names)) if i != axis_column and not is_row_number(names[i])]
    positions = [i for i in others if position_column(names[i]) is not None]
    signals = [i for i in others if i not in texts and i not in positions and SIGNAL.search(names[i])]
    if not signals:
        signals = [i for i in others if i not in texts and i not in positions][-1:]
    if len(signals) != 1:
        return []
    ids = [i for i in others if i not in signals]
    if not positions and is_monotonic(numbers[:, axis_column]):
        return []  # one spectrum; what repeats beside it is a dark frame or a reference
    segments = _segments(numbers, texts, ids, axis_column) if ids else []
    if not segments or (len(segments) == 1 and not positions):
        return []
    if NOT_RAMAN.search(names[signals[0]]):
        raise NotRamanError(names[signals[0]])
    axis_unit = title_unit(names[axis_column]) or unit
    by_axis: dict[bytes, list[NDArray[np.intp]]] = {}
    for rows in segments:
        by_axis.setdefault(numbers[rows, axis_column].tobytes(), []).append(rows)
    layouts = []
    for members in by_axis.values():
        first_rows = np.array([rows[0] for rows in members])
        table: dict[str, NDArray[Any]] = {}
        for i in ids:
            constant = i in texts or all(np.unique(numbers[rows, i]).size == 1 for rows in members)
            if constant:
                column, scale = position_column(names[i]) or (names[i].strip("# ").lower(), 1.0)
                table[column] = (
                    np.array([texts[i][row] for row in first_rows]) if i in texts else (numbers[first_rows, i] * scale)
                )
        values = np.stack([numbers[rows, signals[0]] for rows in members])
        layouts.append(TableLayout(numbers[members[0], axis_column], values, axis_unit, table))
    return layouts


def _axis_column(names: Sequence[str]) -> int | None:
    """Return the column whose title is that of an axis; 'x' is one only where nothing else is."""
    stated = [i for i, name in enumerate(names) if axes.unit_from_text(name.strip("# ")) and not SIGNAL.search(name)]
    if stated:
        return min(stated, key=lambda i: UNIT_PREFERENCE.index(axes.unit_from_text(names[i].strip("# "))))
    generic = [i for i, name in enumerate(names) if title_unit(name) is not None and position_column(name) is None]
    return generic[0] if generic else None


def _segments(
    numbers: NDArray[np.float64], texts: Mapping[int, Sequence[str]], ids: Sequence[int], axis_column: int
) -> list[NDArray[np.intp]]:
    """Return the rows of each spectrum: consecutive rows of equal ids, or all of equal ids; none where neither fits."""
    codes = []
    for i in ids:
        column = np.asarray(texts[i]) if i in texts else np.nan_to_num(numbers[:, i], nan=-1.2345e300)
        code = np.unique(column, return_inverse=True)[1]
        if len(numbers) >= 4 * (int(code.max(initial=0)) + 1):  # a column of other numbers is not an id
            codes.append(code)
    if not codes:
        return []
    keys = np.stack(codes)
    changes = np.flatnonzero(np.r_[True, np.any(np.diff(keys, axis=1) != 0, axis=0)])
    runs = np.split(np.arange(len(numbers)), changes[1:])
    if all(is_monotonic(numbers[rows, axis_column]) for rows in runs):
        return runs
    _, spectrum = np.unique(keys, axis=1, return_inverse=True)
    spectrum = spectrum.ravel()
    order = np.argsort(spectrum, kind="stable")
    bounds = np.flatnonzero(np.diff(spectrum[order])) + 1
    groups = sorted(np.split(order, bounds), key=lambda rows: int(rows[0]))
    return groups if all(is_monotonic(numbers[rows, axis_column]) for rows in groups) else []


def untitled_long_table(numbers: NDArray[np.float64], unit: str) -> list[TableLayout]:
    """Read three to five columns without titles: one to three positions or a time, axis, intensity (WiRE)."""
    rows, width = numbers.shape
    if not 3 <= width <= 5 or rows < 2 * MIN_POINTS or np.any(np.isnan(numbers[:, : width - 1])):
        return []
    n_positions = width - 2
    begins = np.flatnonzero(np.r_[True, np.any(np.diff(numbers[:, :n_positions], axis=0) != 0, axis=1)])
    ends = np.r_[begins[1:], rows]
    lengths = ends - begins
    if len(begins) < 2 or np.any(lengths != lengths[0]) or lengths[0] < MIN_POINTS:
        return []
    cube = numbers.reshape(len(begins), int(lengths[0]), width)
    axis = cube[0, :, n_positions]
    if not is_monotonic(axis) or not np.allclose(cube[:, :, n_positions], axis, rtol=0, atol=0):
        return []
    table: dict[str, NDArray[Any]] = {}
    series = None
    if n_positions == 1:
        series = cube[:, 0, 0]
        if series[0] == 0.0 and np.all(np.diff(series) > 0):  # since the first spectrum
            table, series = {"time": series}, None
    else:
        table = {"xyz"[i]: cube[:, 0, i] for i in range(n_positions)}
    return [TableLayout(axis, cube[:, :, -1], unit, table, series)]


def stacked_scans(axis: NDArray[np.float64]) -> list[slice]:
    """Return the rows of each scan where an axis (n,) begins anew several times; none where it runs through."""
    steps = np.diff(axis)
    if axis.size < 2 * MIN_POINTS or not np.all(np.isfinite(axis)):
        return []
    if np.all(steps > 0) or np.all(steps < 0):
        return []
    direction = np.sign(np.median(np.sign(steps)))
    breaks = np.flatnonzero(np.sign(steps) != direction) + 1
    if direction == 0 or not breaks.size or breaks.size > axis.size // MIN_POINTS:
        return []
    begins = np.r_[0, breaks]
    lengths = np.diff(np.r_[begins, axis.size])
    starts = axis[begins]
    span = float(np.ptp(axis))
    if np.any(lengths < MIN_POINTS) or np.any(np.abs(starts - starts[0]) > _NEAR_START * span):
        return []
    return [slice(int(begin), int(begin + length)) for begin, length in zip(begins, lengths, strict=True)]
