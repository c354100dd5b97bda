"""Tables with one row for each spectrum: the axis stands in the column titles, in the first row, or above each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.column_titles import (
    MIN_AXIS_POINTS,
    NOT_RAMAN,
    NotRamanError,
    axis_in_titles,
    is_monotonic,
    is_row_number,
    position_column,
)
from ramanstudio.formats.text.table_layout import TableLayout

MAX_SITE_COLUMNS = 3  # before an axis or its intensities: x, y, z


def titled_by_axis(
    numbers: NDArray[np.float64], names: Sequence[str], texts: Mapping[int, Sequence[str]], unit: str
) -> TableLayout | None:
    """Read a table whose column titles are the points of the axis; None when they are not."""
    points = axis_in_titles(names)
    if points is None or not len(numbers):
        return None
    columns, axis, stated = points
    if axes.unit_from_text(names[0]) and 0 not in columns and is_monotonic(numbers[:, 0]):
        return None  # 'Raman shift;0 s;10 s': the spectra are named by numbers
    others = [i for i in range(len(names)) if i not in columns]
    table, series = side_columns(numbers, texts, others, [names[i] for i in others])
    title_unit = next((title for name in names if (title := axes.unit_from_text(name))), axes.UNKNOWN)
    return TableLayout(axis, numbers[:, columns], stated or title_unit or unit, table, series)


def titled_by_row(
    numbers: NDArray[np.float64], names: Sequence[str], texts: Mapping[int, Sequence[str]], unit: str
) -> TableLayout:
    """Read a table with the axis in its first row; the cells without a number there are names, labels or positions."""
    columns = np.flatnonzero(np.isfinite(numbers[0]))
    others = [i for i in range(numbers.shape[1]) if i not in set(columns.tolist())]
    first = [texts[i][0] if i in texts else "" for i in others]
    titles = [title or (names[i] if names else "") for title, i in zip(first, others, strict=True)]
    below = {i: column[1:] for i, column in texts.items()}
    table, series = side_columns(numbers[1:], below, others, titles)
    stated = next((title_unit for title in titles if (title_unit := axes.unit_from_text(title))), unit)
    return TableLayout(numbers[0, columns], numbers[1:, columns], stated, table, series)


def side_columns(
    numbers: NDArray[np.float64], texts: Mapping[int, Sequence[str]], columns: Sequence[int], titles: Sequence[str]
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float64] | None]:
    """Return the table {column: (N,)} of what stands beside the spectra, and a column of numbers without a title."""
    table: dict[str, NDArray[Any]] = {}
    series = None
    for place, (i, title) in enumerate(zip(columns, titles, strict=True)):
        title = title.strip("# ").lower()
        column = numbers[:, i]
        if i in texts and any(texts[i]):
            entries = [text or _number_text(number) for text, number in zip(texts[i], column, strict=True)]
            key = title if title and not axes.unit_from_text(title) and title not in table else "name"
            table.setdefault(key, np.array(entries, dtype=str))
            continue
        if np.all(np.isnan(column)) or (is_row_number(title) and title):
            continue
        position = position_column(title)
        if position is not None:
            table[position[0]] = column * position[1]
        elif title and title not in table and not axes.unit_from_text(title):
            table[title] = column
        elif len(columns) == 1:
            series = column
        elif place < 3:
            table["xyz"[place]] = column
    return table, series


def _number_text(number: float) -> str:
    """Return the name of a spectrum that is a number, among names that are texts."""
    return "" if np.isnan(number) else f"{number:.15g}"


def alternating_rows(
    numbers: NDArray[np.float64], titles: Sequence[str], unit: str, series: NDArray[np.float64] | None = None
) -> list[TableLayout]:
    """Read rows that are in turn an axis and its intensities, after up to three columns of the site; none for others.

    Sites of one axis are one layout.
    """
    rows, width = numbers.shape
    if rows < 2 or rows % 2 or width < MIN_AXIS_POINTS + 1:
        return []
    for n_site in range(MAX_SITE_COLUMNS, -1, -1):
        site = numbers[0::2, :n_site]
        if not np.array_equal(site, numbers[1::2, :n_site], equal_nan=True) or (n_site == 0 and rows == 2):
            continue
        lines = numbers[0::2, n_site:]
        if width - n_site < MIN_AXIS_POINTS or not all(is_monotonic(line[np.isfinite(line)]) for line in lines):
            continue
        intensities = numbers[1::2, n_site:]
        if any(is_monotonic(line[np.isfinite(line)]) for line in intensities):
            continue
        return _by_axis(lines, intensities, site, titles, unit)
    return []


def _by_axis(
    lines: NDArray[np.float64],
    intensities: NDArray[np.float64],
    site: NDArray[np.float64],
    titles: Sequence[str],
    unit: str,
) -> list[TableLayout]:
    by_axis: dict[bytes, list[int]] = {}
    for row, line in enumerate(lines):
        by_axis.setdefault(line.tobytes(), []).append(row)
    names = [
        (position_column(titles[i]) or (titles[i].strip("# ").lower(), 1.0))[0]
        if i < len(titles) and titles[i]
        else "xyz"[i]
        for i in range(site.shape[1])
    ]
    layouts = []
    for members in by_axis.values():
        kept = np.isfinite(lines[members[0]])
        table = {name: site[members, i] for i, name in enumerate(names)}
        layouts.append(TableLayout(lines[members[0]][kept], intensities[members][:, kept], unit, table))
    return layouts


def column_pairs(numbers: NDArray[np.float64], names: Sequence[str], unit: str) -> list[TableLayout]:
    """Read columns that are in turn an axis and its intensities; pairs may differ in length. None for other tables."""
    rows, width = numbers.shape
    if width < 4 or width % 2 or rows < MIN_AXIS_POINTS:
        return []
    parts = []
    for left in range(0, width, 2):
        axis, values = numbers[:, left], numbers[:, left + 1]
        kept = np.isfinite(axis)
        if kept.sum() < MIN_AXIS_POINTS or not is_monotonic(axis[kept]):
            return []
        parts.append((axis[kept], values[kept]))
    low, high = (float(end(parts[0][0])) for end in (np.min, np.max))
    overlap = [min(high, float(axis.max())) - max(low, float(axis.min())) for axis, _ in parts]
    spans = [float(np.ptp(axis)) for axis, _ in parts]
    if any(shared < 0.5 * min(span, high - low) for shared, span in zip(overlap, spans, strict=True)):
        return []
    if any(is_monotonic(values[np.isfinite(values)]) for _, values in parts):
        return []
    if names and all(NOT_RAMAN.search(name.strip()) for name in names[1::2]):
        raise NotRamanError(names[1])
    pair_names = [_pair_name(names, left) for left in range(0, width, 2)] if names else []
    axis_unit = (axes.unit_from_text(names[0]) if names else "") or unit
    by_axis: dict[bytes, list[int]] = {}
    for index, (axis, _) in enumerate(parts):
        by_axis.setdefault(axis.tobytes(), []).append(index)
    layouts = []
    for members in by_axis.values():
        table: dict[str, NDArray[Any]] = {"name": np.array([pair_names[i] for i in members])} if any(pair_names) else {}
        values = np.stack([parts[i][1] for i in members])
        layouts.append(TableLayout(parts[members[0]][0], values, axis_unit, table))
    return layouts


def _pair_name(names: Sequence[str], left: int) -> str:
    """Return the name of the spectrum in columns `left` and `left + 1`: what 'A x' and 'A y' have in common."""
    first, second = names[left].strip(), names[left + 1].strip()
    if first and first == second:
        return first
    common = ""
    for one, other in zip(first.split(), second.split(), strict=False):
        if one != other:
            break
        common = f"{common} {one}".strip()
    if common:
        return common
    return second if second and axes.unit_from_text(first) else (first or second)
