"""Detection of which column or row of a table of numbers is the axis, and which are spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.column_titles import (
    MIN_AXIS_POINTS,
    NOT_SIGNAL,
    SIGNAL,
    UNIT_PREFERENCE,
    counts_rows,
    is_monotonic,
    is_row_number,
    names_and_positions,
    signal_columns,
    title_unit,
)
from ramanstudio.formats.text.long_table import stacked_scans, tidy_table, untitled_long_table
from ramanstudio.formats.text.number_table import NumberBlock
from ramanstudio.formats.text.table_layout import TableLayout
from ramanstudio.formats.text.wide_table import alternating_rows, column_pairs, titled_by_axis, titled_by_row

Texts = Mapping[int, Sequence[str]]
_AXIS_COLUMNS_LOOKED_AT = 6
_LONG, _NARROW, _MIN_SHARE = 64, 12, 0.1


def detect_layouts(
    block: NumberBlock, titles: Sequence[Sequence[str]], unit: str, site_titles: Sequence[str] = ()
) -> list[TableLayout]:
    """Return the spectra in a block of numbers, given its rows of column `titles` and the axis unit in the header.

    `site_titles` are the cells of the line above the numbers, however many. Several layouts where the axes differ,
    none where no axis is found. Raises NotRamanError when the column titles name no Raman intensities.
    """
    numbers = block.numbers
    texts = _without_stray_words(block, _texts_by_column(block))
    n_measured = np.count_nonzero(~np.isnan(numbers), axis=0)
    used = n_measured > 0
    if len(numbers) >= _LONG and block.width <= _NARROW:
        used &= n_measured >= _MIN_SHARE * len(numbers)  # notes and peak lists beside a spectrum are no spectra
    used[list(texts)] = True  # texts, not gaps
    columns = np.flatnonzero(used)
    all_names = [_joined_title(titles, column) for column in range(block.width)] if titles else []
    names = [all_names[int(column)] for column in columns] if titles else []
    numbers = numbers[:, used]
    texts = {int(np.searchsorted(columns, column)): entries for column, entries in texts.items()}
    if names:
        layouts = _by_titles(numbers, names, [titles[0][int(column)] for column in columns], texts, unit)
        if layouts:
            return layouts
    return _by_order(numbers, names, site_titles, texts, unit)


def _texts_by_column(block: NumberBlock) -> dict[int, list[str]]:
    """Return {column: one text for each row, empty where it has a number}."""
    if not any(block.texts):
        return {}
    columns = sorted({column for row in block.texts for column in row})
    return {column: [row.get(column, "") for row in block.texts] for column in columns}


def _without_stray_words(block: NumberBlock, texts: dict[int, list[str]]) -> dict[int, list[str]]:
    """Return the columns of texts without those of numbers in which a few cells hold words, which are gaps.

    The words are noted in the block. Texts of the first line only are titles.
    """
    kept = {}
    for column, entries in texts.items():
        words = [entry for entry in entries[1:] if entry]
        if words and 2 * len(words) < len(entries):
            block.words.update(word.lower() for word in words)
        else:
            kept[column] = entries
    return kept


def _joined_title(titles: Sequence[Sequence[str]], column: int) -> str:
    """Return the title of a column and the unit below it as one text."""
    return " ".join(cell for cell in (row[column] for row in titles) if cell)


def _by_titles(
    numbers: NDArray[np.float64], names: Sequence[str], first_titles: Sequence[str], texts: Texts, unit: str
) -> list[TableLayout]:
    """Read a table by its column titles; nothing where they do not tell what the columns are."""
    wide = titled_by_axis(numbers, names, texts, unit)
    if wide is not None:
        return [wide]
    tidy = tidy_table(numbers, names, texts, unit)
    if tidy:
        return tidy
    if not texts:
        pairs = column_pairs(numbers, names, unit)
        if pairs:
            return pairs
    layout = _named_columns(numbers, names, first_titles, texts, unit)
    return _split_scans(layout) if layout is not None else []


def _named_columns(
    numbers: NDArray[np.float64], names: Sequence[str], titles: Sequence[str], texts: Texts, unit: str
) -> TableLayout | None:
    """Read a table whose column titles tell axis and intensities; None when no title is that of an axis."""
    units = [title_unit(name) for name in names]
    stated = [
        i
        for i, name_unit in enumerate(units[:_AXIS_COLUMNS_LOOKED_AT])
        if name_unit and i not in texts and (i == 0 or not SIGNAL.search(names[i]))
    ]
    axis_columns = stated or [i for i, name_unit in enumerate(units[:1]) if name_unit is not None]
    if not axis_columns:
        return None
    if 0 in axis_columns and len(names) == 2 and len(stated) < 2:
        axis_columns = [0]
    axis_column = min(axis_columns, key=lambda i: UNIT_PREFERENCE.index(units[i] or axes.UNKNOWN))
    axis = numbers[:, axis_column]
    known = axis[~np.isnan(axis)]
    if not known.size or (np.unique(known).size * 2 < known.size and not stacked_scans(known)):
        return None
    if 0 not in axis_columns and not is_monotonic(known) and not stacked_scans(known):
        return None
    others = [
        i
        for i in range(len(names))
        if i not in texts and not (i != axis_column and is_row_number(names[i]) and counts_rows(numbers[:, i]))
    ]
    axis_columns = [i for i in axis_columns if i in others]
    signals, stages = signal_columns([names[i] for i in others], [others.index(i) for i in axis_columns])
    signals = [others[i] for i in signals]
    # A title such as 'Wave' has no unit; the header of the file may state it.
    axis_unit = units[axis_column] or unit
    values = numbers[:, signals].T
    table = {} if len(signals) == 1 else names_and_positions([titles[i] for i in signals])
    return TableLayout(axis, values, axis_unit, table, stages=tuple(stages))


def _by_order(
    numbers: NDArray[np.float64], names: Sequence[str], site_titles: Sequence[str], texts: Texts, unit: str
) -> list[TableLayout]:
    """Find an untitled axis by its order, in the first column or row (LabSpec maps begin with empty cells)."""
    rows, columns = numbers.shape
    if columns < 2:
        return []
    if columns == 2 and not texts and is_monotonic(numbers[:, 0]):
        return _axis_in_column(numbers, names, texts, 0, True, unit)
    if not texts:
        for layouts in (
            alternating_rows(numbers, site_titles, unit),
            untitled_long_table(numbers, unit),
            [] if names else column_pairs(numbers, (), unit),
        ):
            if layouts:
                return layouts
    known = np.isfinite(numbers[0])
    head = numbers[0, known]
    gaps = int(np.argmax(known)) if rows else 0
    column, below = numbers[:, 0], numbers[1:, 0]
    titled = 0 in texts and bool(texts[0][0]) and _is_axis_title(texts[0][0])
    in_row = rows >= 2 and head.size >= MIN_AXIS_POINTS and is_monotonic(head)
    numbered = counts_rows(head)  # the spectra are named 1, 2, 3, …
    in_column = is_monotonic(column) or (gaps > 0 and (titled or numbered) and is_monotonic(below))
    if in_row and in_column and bool(known.all()):  # both are monotonic: the longer one is the axis
        in_row = rows < MIN_AXIS_POINTS or columns > rows
    if in_row and gaps and in_column and (titled or (numbered and not counts_rows(below))):
        in_row = False  # 'Raman shift' above a monotonic column: the spectra are named by numbers
    if in_row:
        return [titled_by_row(numbers, names, texts, unit)]
    return _axis_in_column(numbers, names, texts, gaps, in_column, unit)


def is_text_column(column: Sequence[str]) -> bool:
    """Whether most cells of a column are texts."""
    return sum(map(bool, column)) * 2 > len(column)


def _is_axis_title(title: str) -> bool:
    return title.lower() != "x" and title_unit(title) is not None


def _axis_in_column(
    numbers: NDArray[np.float64], names: Sequence[str], texts: Texts, gaps: int, in_column: bool, unit: str
) -> list[TableLayout]:
    """Read a table with the axis in its first column, or in the second after one that counts the rows."""
    kept = [i for i in range(numbers.shape[1]) if i not in texts or not is_text_column(texts[i])]
    numbers, names = numbers[:, kept], [names[i] for i in kept] if names else []
    if numbers.shape[1] < 2 or not len(numbers):
        return []
    if numbers.shape[1] >= 3 and _is_row_counter(numbers, names):
        numbers, names, in_column = numbers[:, 1:], names[1:], True
    if numbers.shape[1] == 2 and not in_column and is_monotonic(numbers[:, 1]) and not counts_rows(numbers[:, 1]):
        numbers, names = numbers[:, ::-1], names[::-1]  # intensities first
    column = numbers[:, 0]
    if not in_column and not stacked_scans(column) and numbers.shape[1] != 2:
        return []
    table: dict[str, NDArray[Any]] = {}
    if gaps and numbers.shape[0] > 2 and np.isnan(column[0]):  # spectra named by numbers
        table["name"] = np.array([f"{number:g}" for number in numbers[0, 1:]])
        numbers, column = numbers[1:], column[1:]
    elif names and numbers.shape[1] > 2:
        table = names_and_positions(names[1:])
    stated = (title_unit(names[0]) if names else None) or unit
    if stated == axes.UNKNOWN and counts_rows(column):
        stated = axes.PIXEL
    return _split_scans(TableLayout(column, numbers[:, 1:].T, stated, table))


def _is_row_counter(numbers: NDArray[np.float64], names: Sequence[str]) -> bool:
    """Whether the first column counts the rows and the second is an axis."""
    if not counts_rows(numbers[:, 0]) or not is_monotonic(numbers[:, 1]) or counts_rows(numbers[:, 1]):
        return False
    return not names or is_row_number(names[0]) or bool(NOT_SIGNAL.search(names[0])) or title_unit(names[0]) is None


def _split_scans(layout: TableLayout) -> list[TableLayout]:
    """Return the scans that stand one below the other in a layout of one spectrum, those of one axis together."""
    scans = stacked_scans(layout.axis) if len(layout.values) == 1 else []
    if not scans:
        return [layout]
    by_axis: dict[bytes, list[slice]] = {}
    for rows in scans:
        by_axis.setdefault(layout.axis[rows].tobytes(), []).append(rows)
    return [
        TableLayout(
            layout.axis[members[0]],
            np.stack([layout.values[0, rows] for rows in members]),
            layout.unit,
            stages=layout.stages,
        )
        for members in by_axis.values()
    ]
