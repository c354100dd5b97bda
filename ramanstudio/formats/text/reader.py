"""Reading spectra from text files: two columns, matrices, maps, with or without instrument headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.axis_file import find_axis_file, missing_axis_error, partner_header
from ramanstudio.formats.text.column_titles import NotRamanError
from ramanstudio.formats.text.decoding import read_text
from ramanstudio.formats.text.dialect import Dialect
from ramanstudio.formats.text.header import (
    axis_unit,
    axis_unit_from_range,
    header_facts,
    intensity_unit_from,
    metadata_from,
    parse_key_values,
)
from ramanstudio.formats.text.instruments import position_note, with_positions
from ramanstudio.formats.text.layout import detect_layouts
from ramanstudio.formats.text.not_raman import not_raman_reason
from ramanstudio.formats.text.number_table import (
    NumberBlock,
    ParsedText,
    column_headers,
    parse_table,
    parse_two_columns,
    strip_comment,
)
from ramanstudio.formats.text.table_layout import TableLayout
from ramanstudio.formats.text.writer import own_metadata
from ramanstudio.formats.validation import not_raman_error, read_error, sorted_spectra

MAX_MB: Final = 500  # read as a whole: 500 MB of text take about 3 GB of memory
MIN_POINTS: Final = 4
_EXPECTED_TABLE = (
    "A spectrum is two columns of numbers, Raman shift and intensity, or a table with Raman shift in its first row or"
    " column."
)
_OPEN_RAMAN: Final = "Open a file with Raman intensities."


@dataclass(frozen=True, slots=True)
class _Table:
    """A block of numbers with the lines above it: titles, keys and values, unit of the axis, and the last line."""

    block: NumberBlock
    titles: Sequence[Sequence[str]]
    site_titles: Sequence[str]
    pairs: Mapping[str, str]
    unit: str
    caption: str


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of a text file, one set for each axis.

    `laser_nm` wins over the laser that the header states, where the axis has to be converted. Raises StudioError when
    there is no spectrum or its axis cannot be found or converted.
    """
    return spectra_from_text(path, read_text(path, MAX_MB), laser_nm)


def spectra_from_text(path: Path, content: str, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of the content of a text file, one set for each axis; `path` names it in errors."""
    own_about, own_columns, content = own_metadata(content)
    tables = _tables(path, content)
    sets: list[SpectrumSet] = []
    for table in tables:
        own = dict(table.pairs)
        for layout, notes in _layouts(path, table):
            about = metadata_from(path, own) | header_facts(own)
            title = own.get("title") or own.get("graphname") or table.caption
            if len(tables) > 1 and len(layout.values) == 1 and title and "name" not in layout.table:
                layout = replace(layout, table={**layout.table, "name": np.array([title])})
            sets.append(_spectra(path, layout, about, own, table.titles, notes, laser_nm))
    if own_about or own_columns:  # a file that RamanStudio wrote
        return tuple(replace(spectra, about=own_about, table={**spectra.table, **own_columns}) for spectra in sets)
    return tuple(_joined(sets))


def _tables(path: Path, content: str) -> list[_Table]:
    """Return the blocks of numbers of a file that are spectra; raises StudioError where there are none."""
    plain = parse_two_columns(content)
    if plain is not None:
        header, numbers = plain
        block = NumberBlock(len(header), 2, cells=numbers, texts=[{}] * (len(numbers) // 2))
        blocks, headers, dialect, trailer = [block], [header], Dialect(None), []
    else:
        sheet = parse_table(content)
        blocks, dialect, trailer = _spectral_blocks(sheet), sheet.dialect, sheet.trailer()
        headers = [sheet.header(block) for block in blocks]
    if not blocks:
        reason = not_raman_reason(content[:100_000].splitlines()[:500], {}, 0)
        raise not_raman_error(
            path, reason or "it contains no table of numbers", _OPEN_RAMAN if reason else _EXPECTED_TABLE
        )
    tables = []
    for block, header in zip(blocks, headers, strict=True):
        pairs = parse_key_values(header)
        pairs = pairs | {name: value for name, value in parse_key_values(trailer).items() if name not in pairs}
        if len(headers) > 1 and header is not headers[0]:  # what stands above the first counts for all
            pairs = {**parse_key_values(headers[0]), **pairs}
        pairs = {**partner_header(path), **pairs}
        reason = not_raman_reason(header, pairs, block.width)
        if reason is not None:
            raise not_raman_error(path, reason, _OPEN_RAMAN)
        titles = column_headers(header, dialect, block.width) if header else []
        last = next((line for line in reversed(header) if line.strip()), "")
        site_titles = [strip_comment(cell) for cell in dialect.cells(last)] if last else []
        caption = strip_comment(last) if not titles and len(last) < 80 and not re.search(r"[=\t]", last) else ""
        tables.append(_Table(block, titles, site_titles, pairs, axis_unit(header, pairs), caption))
    return tables


def _spectral_blocks(sheet: ParsedText) -> list[NumberBlock]:
    """Return the longest block of numbers, and similar ones (several spectra one below the other)."""
    blocks = [block for block in sheet.blocks if len(block) * block.width >= MIN_POINTS]
    if not blocks:
        return []
    longest = max(blocks, key=lambda block: len(block) * block.width)
    return [
        block
        for block in blocks
        if block is longest or (block.width == longest.width == 2 and 2 * len(block) >= len(longest) >= 16)
    ]


def _layouts(path: Path, table: _Table) -> list[tuple[TableLayout, list[str]]]:
    """Return the spectra in a block, and notes; takes the axis from another file where the block has none."""
    try:
        layouts = detect_layouts(table.block, table.titles, table.unit, table.site_titles)
    except NotRamanError as error:
        reason = f"its intensities are '{error}', which is not Raman scattering"
        raise not_raman_error(path, reason, _OPEN_RAMAN) from None
    notes = _left_out(table.block)
    if layouts:
        return [(layout, notes) for layout in layouts]
    with_axis = find_axis_file(path, table.block)
    if with_axis is None:
        raise missing_axis_error(path, table.block)
    layout, axis_file = with_axis
    if table.unit:
        layout = replace(layout, unit=table.unit)
    return [(layout, [*notes, f"The axis was taken from '{axis_file.name}' beside it."])]


def _left_out(block: NumberBlock) -> list[str]:
    """Return sentences about lines and cells of words within a table."""
    notes = []
    if block.left_out:
        lines = "1 line of words" if block.left_out == 1 else f"{block.left_out} lines of words"
        notes.append(f"{lines} within the numbers {'was' if block.left_out == 1 else 'were'} left out.")
    count = sum(block.words.values())
    if count:
        words = ", ".join(f"'{word[:30]}'" for word, _ in block.words.most_common(3))
        notes.append(
            f"{count} {'cell holds' if count == 1 else 'cells hold'} words in place of numbers ({words}): gaps."
        )
    return notes


def _spectra(
    path: Path,
    layout: TableLayout,
    about: dict[str, Plain],
    pairs: Mapping[str, str],
    titles: Sequence[Sequence[str]],
    notes: Sequence[str],
    laser_nm: float | None,
) -> SpectrumSet:
    """Build a set from a layout: drop missing points, convert the axis, collect the metadata."""
    layout = _without_missing_points(path, layout)
    if layout.unit == axes.UNKNOWN:
        layout = replace(layout, unit=axis_unit_from_range(layout.axis, pairs))
    own = about.get("laser_nm")
    file_laser_nm = float(own) if own is not None else None
    _check_plausible(path, layout)
    shift = axes.raman_shift(path, layout.axis, layout.unit, axes.chosen_laser(file_laser_nm, laser_nm))
    if layout.unit == axes.UNKNOWN and not any("axis" in note for note in notes):
        notes = [*notes, axes.ASSUMED_SHIFT]
    if layout.stages:
        about["other_columns"] = ", ".join(layout.stages)
    if notes:
        about["notes"] = " ".join(notes)
    about |= axes.laser_metadata(layout.axis, layout.unit, file_laser_nm, laser_nm)
    if "intensity_unit" not in about and titles:
        unit = next((stated for row in titles for cell in row[1:2] if (stated := intensity_unit_from(cell))), "")
        if unit:
            about["intensity_unit"] = unit
    layout = with_positions(layout, pairs, about)
    if note := position_note(layout, pairs):
        about["notes"] = " ".join(filter(None, [str(about.get("notes", "")), note]))
    spectra = sorted_spectra(path, shift, layout.values).with_about(**about).with_table(**layout.table)
    if "label" in about and "label" not in layout.table:
        spectra = spectra.with_table(label=np.array([str(about["label"])] * len(spectra)))
    return spectra


def _joined(sets: Sequence[SpectrumSet]) -> list[SpectrumSet]:
    """Return sets of one axis as one set, where they have the same columns and differ in their titles only."""
    joined: list[SpectrumSet] = []
    for spectra in sets:
        for place, other in enumerate(joined):
            if other.same_axis(spectra) and set(other.table) == set(spectra.table):
                about = {key: value for key, value in other.about.items() if spectra.about.get(key) == value}
                table = {name: np.concatenate([entries, spectra.table[name]]) for name, entries in other.table.items()}
                joined[place] = SpectrumSet(other.axis, np.concatenate([other.values, spectra.values]), table, about)
                break
        else:
            joined.append(spectra)
    return joined


def _without_missing_points(path: Path, layout: TableLayout) -> TableLayout:
    """Keep the points that have an axis value and were measured in at least one spectrum."""
    kept = np.isfinite(layout.axis) & ~np.all(np.isnan(layout.values), axis=0)
    if np.count_nonzero(kept) < MIN_POINTS:
        raise read_error(path, f"it contains {np.count_nonzero(kept)} points, too few for a spectrum", _EXPECTED_TABLE)
    return layout if np.all(kept) else replace(layout, axis=layout.axis[kept], values=layout.values[:, kept])


def _check_plausible(path: Path, layout: TableLayout) -> None:
    """Raise StudioError for lists of peaks, and for wavelengths without a header."""
    axis = layout.axis
    steps = np.diff(np.sort(axis))
    if len(layout.values) == 1 and axis.size < 64 and np.max(steps) > 3 * np.min(steps):
        raise not_raman_error(
            path,
            f"its {axis.size} unevenly spaced points are a peak list, not a spectrum",
            "Export the whole spectrum instead of its peaks.",
        )
    # The 3648 pixels of an Ocean Optics spectrometer for 180-900 nm; without a header only their number tells.
    if layout.unit == axes.UNKNOWN and axis.size == 3648 and 150 < np.min(axis) < 360 and 800 < np.max(axis) < 1200:
        raise read_error(
            path,
            f"its axis ({axis[0]:g} to {axis[-1]:g}, 3648 points) looks like the wavelengths of an Ocean Optics"
            " spectrometer, and it has no header",
            "Export it in Raman shift, or write 'Raman shift (cm-1)' or 'Wavelength (nm)' above its first column.",
        )
