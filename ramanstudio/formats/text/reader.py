"""Reading spectra from text files: two columns, matrices, maps, with or without instrument headers."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.text.axis_file import find_axis_file, missing_axis_error
from ramanstudio.formats.text.decoding import read_text
from ramanstudio.formats.text.header import axis_unit, intensity_unit_from, metadata_from, parse_key_values
from ramanstudio.formats.text.layout import NotRamanError, TableLayout, detect_layouts
from ramanstudio.formats.text.number_table import (
    Dialect,
    NumberBlock,
    ParsedText,
    column_headers,
    parse_table,
    parse_two_columns,
)
from ramanstudio.formats.validation import read_error, sorted_spectra

MAX_MB: Final = 500  # read as a whole: 500 MB of text take about 3 GB of memory
MIN_POINTS: Final = 4
_EXPECTED_TABLE = (
    "A spectrum is two columns of numbers, Raman shift and intensity, or a table with Raman shift in its first row or"
    " column."
)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of a text file, one set for each axis.

    `laser_nm` is used where the axis has to be converted and the header states no laser. Raises StudioError when
    there is no spectrum or its axis cannot be found or converted.
    """
    content = read_text(path, MAX_MB)
    plain = parse_two_columns(content)
    if plain is not None:
        header, numbers = plain
        block = NumberBlock(len(header), 2, cells=array("d", numbers), texts=[()] * (len(numbers) // 2))
        tables = [(block, column_headers(header, Dialect(None), 2) if header else [])]
    else:
        sheet = parse_table(content)
        blocks = _spectral_blocks(sheet)
        if not blocks:
            raise read_error(path, "it contains no table of numbers", _EXPECTED_TABLE)
        header = sheet.header(blocks[0])
        tables = [(block, column_headers(sheet.header(block), sheet.dialect, block.width)) for block in blocks]
    pairs = parse_key_values(header)
    metadata = metadata_from(path, pairs)
    unit = axis_unit(header, pairs)
    return tuple(
        _spectra(path, layout, metadata, titles, laser_nm)
        for block, titles in tables
        for layout in _layouts(path, block, titles, unit, metadata)
    )


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


def _layouts(
    path: Path, block: NumberBlock, titles: Sequence[Sequence[str]], unit: str, metadata: dict[str, Plain]
) -> list[TableLayout]:
    """Return the spectra in a block; takes the axis from another file where the block has none, and notes it."""
    try:
        layouts = detect_layouts(block, titles, unit)
    except NotRamanError as error:
        reason = f"its intensities are '{error}', which is not Raman scattering"
        raise read_error(path, reason, "Open a file with Raman intensities.") from None
    if layouts:
        return layouts
    with_axis = find_axis_file(path, block)
    if with_axis is None:
        raise missing_axis_error(path, block)
    layout, axis_file = with_axis
    metadata["notes"] = f"The axis was taken from '{axis_file.name}' beside it."
    return [layout]


def _spectra(
    path: Path, layout: TableLayout, metadata: dict[str, Plain], titles: Sequence[Sequence[str]], laser_nm: float | None
) -> SpectrumSet:
    """Build a set from a layout: drop missing points, convert the axis, collect the metadata."""
    layout = _without_missing_points(path, layout)
    about = dict(metadata)
    own = about.get("laser_nm")
    file_laser_nm = float(own) if own is not None else None
    _check_plausible(path, layout)
    shift = axes.raman_shift(path, layout.axis, layout.unit, laser_nm if file_laser_nm is None else file_laser_nm)
    if layout.unit == axes.UNKNOWN and "notes" not in about:
        about["notes"] = axes.ASSUMED_SHIFT
    about |= axes.laser_metadata(layout.axis, layout.unit, file_laser_nm, laser_nm)
    if "intensity_unit" not in about and titles:
        unit = next((stated for row in titles for cell in row[1:2] if (stated := intensity_unit_from(cell))), "")
        if unit:
            about["intensity_unit"] = unit
    spectra = sorted_spectra(path, shift, layout.values).with_about(**about).with_table(**layout.table)
    if layout.series is not None:
        spectra = spectra.with_table(**{_series_name(layout.series, about): layout.series})
    if "label" in about:
        spectra = spectra.with_table(label=np.array([str(about["label"])] * len(spectra)))
    return spectra


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
        raise read_error(
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


def _series_name(series: NDArray[np.float64], about: dict[str, Plain]) -> str:
    """Return 'time' when the steps of an untitled series (N,) are about one exposure (LabSpec), else 'position'."""
    exposure = float(about.get("exposure_s", 0)) * float(about.get("accumulations", 1))
    step = float(np.median(np.diff(series))) if series.size > 1 else 0.0
    return "time" if exposure and 0.8 * exposure <= step <= 3 * exposure else "position"
