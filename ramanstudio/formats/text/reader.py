"""Spectra in plain text: two columns, matrices, maps, and what instruments write above them."""

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
from ramanstudio.formats.text.axis_file import axis_beside, no_axis
from ramanstudio.formats.text.decoding import decode_text
from ramanstudio.formats.text.header import axis_unit, facts_of, intensity_unit, parse_key_values
from ramanstudio.formats.text.layout import Layout, NotRaman, arranged
from ramanstudio.formats.text.number_table import Block, Dialect, Sheet, column_words, taken_apart, two_columns
from ramanstudio.formats.validation import bytes_of, read_error, rising

LARGEST_MB: Final = 500  # read whole: half a gigabyte of text takes about 3 GB of memory
FEWEST_POINTS: Final = 4
_A_SPECTRUM_IS = (
    "A spectrum is two columns of numbers, Raman shift and intensity, or a table with the shift in its first row or"
    " column."
)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """The spectra of a text file; raises StudioError when there are none or their axis is not known."""
    content = decode_text(path, bytes_of(path, LARGEST_MB))
    plain = two_columns(content)
    if plain is not None:
        header, numbers = plain
        block = Block(len(header), 2, cells=array("d", numbers), words=[()] * (len(numbers) // 2))
        tables = [(block, column_words(header, Dialect(None), 2) if header else [])]
    else:
        sheet = taken_apart(content)
        blocks = _blocks_of_substance(sheet)
        if not blocks:
            raise read_error(path, "it holds no table of numbers", _A_SPECTRUM_IS)
        header = sheet.header(blocks[0])
        tables = [(block, column_words(sheet.header(block), sheet.dialect, block.width)) for block in blocks]
    pairs = parse_key_values(header)
    facts = facts_of(path, pairs)
    unit = axis_unit(header, pairs)
    return tuple(
        _spectra(path, layout, facts, words, laser_nm)
        for block, words in tables
        for layout in _layouts(path, block, words, unit, facts)
    )


def _blocks_of_substance(sheet: Sheet) -> list[Block]:
    """The longest block of numbers, and those after it that are alike (several spectra one below the other)."""
    blocks = [block for block in sheet.blocks if len(block) * block.width >= FEWEST_POINTS]
    if not blocks:
        return []
    longest = max(blocks, key=lambda block: len(block) * block.width)
    return [
        block
        for block in blocks
        if block is longest or (block.width == longest.width == 2 and 2 * len(block) >= len(longest) >= 16)
    ]


def _layouts(
    path: Path, block: Block, words: Sequence[Sequence[str]], unit: str, facts: dict[str, Plain]
) -> list[Layout]:
    try:
        layouts = arranged(block, words, unit)
    except NotRaman as named:
        found = f"its intensities are '{named}', which is not Raman scattering"
        raise read_error(path, found, "Open a file with Raman intensities.") from None
    if layouts:
        return layouts
    beside = axis_beside(path, block)
    if beside is None:
        raise no_axis(path, block)
    layout, other = beside
    facts["notes"] = f"The axis was taken from '{other.name}' beside it."
    return [layout]


def _spectra(
    path: Path, layout: Layout, facts: dict[str, Plain], words: Sequence[Sequence[str]], laser_nm: float | None
) -> SpectrumSet:
    layout = _without_gaps(path, layout)
    about = dict(facts)
    own = about.get("laser_nm")
    own_nm = float(own) if own is not None else None
    _check_plausible(path, layout)
    shift = axes.raman_shift(path, layout.axis, layout.unit, laser_nm if own_nm is None else own_nm)
    if layout.unit == axes.UNKNOWN and "notes" not in about:
        about["notes"] = "The file does not say what its axis is; it was read as Raman shift in cm⁻¹."
    about |= axes.laser_fact(layout.axis, layout.unit, own_nm, laser_nm)
    if "intensity_unit" not in about and words:
        unit = next((found for row in words for cell in row[1:2] if (found := intensity_unit(cell))), "")
        if unit:
            about["intensity_unit"] = unit
    spectra = rising(path, shift, layout.values).with_about(**about).with_table(**layout.table)
    if layout.series is not None:
        spectra = spectra.with_table(**{_series_name(layout.series, about): layout.series})
    if "label" in about:
        spectra = spectra.with_table(label=np.array([str(about["label"])] * len(spectra)))
    return spectra


def _without_gaps(path: Path, layout: Layout) -> Layout:
    """The points that have a place on the axis and were measured in at least one spectrum."""
    kept = np.isfinite(layout.axis) & ~np.all(np.isnan(layout.values), axis=0)
    if np.count_nonzero(kept) < FEWEST_POINTS:
        raise read_error(path, f"it holds {np.count_nonzero(kept)} points, too few for a spectrum", _A_SPECTRUM_IS)
    return layout if np.all(kept) else replace(layout, axis=layout.axis[kept], values=layout.values[:, kept])


def _check_plausible(path: Path, layout: Layout) -> None:
    axis = layout.axis
    steps = np.diff(np.sort(axis))
    if len(layout.values) == 1 and axis.size < 64 and np.max(steps) > 3 * np.min(steps):
        raise read_error(
            path,
            f"its {axis.size} unevenly spaced points are a list of peaks, not a spectrum",
            "Export the whole spectrum instead of its peaks.",
        )
    # The 3648 pixels of an Ocean Optics spectrometer for 180-900 nm; without a header only their number tells.
    if layout.unit == axes.UNKNOWN and axis.size == 3648 and 150 < np.min(axis) < 360 and 800 < np.max(axis) < 1200:
        raise read_error(
            path,
            f"its axis ({axis[0]:g} to {axis[-1]:g}, 3648 points) looks like the wavelengths of an Ocean Optics"
            " spectrometer, and nothing in it says otherwise",
            "Export it in Raman shift, or write 'Raman shift (cm-1)' or 'Wavelength (nm)' above its first column.",
        )


def _series_name(series: NDArray[np.float64], about: dict[str, Plain]) -> str:
    """'time' when the steps of an unnamed series are about one exposure, as in LabSpec's exports; else 'position'."""
    exposure = float(about.get("exposure_s", 0)) * float(about.get("accumulations", 1))
    step = float(np.median(np.diff(series))) if series.size > 1 else 0.0
    return "time" if exposure and 0.8 * exposure <= step <= 3 * exposure else "position"


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra as text (comma-separated in .csv, tabs else), atomically.

    One spectrum becomes two columns; several become a matrix whose first row is the axis, with the columns of the
    table before it. Facts go above, each as '# name = value'.
    """
    from ramanstudio.core.writing import atomic_write

    separator = "," if path.suffix.lower() == ".csv" else "\t"
    lines = [
        f"# {name} = {value}"
        for name, value in spectra.about.items()
        if name not in ("source", "format") and "\n" not in str(value)
    ]
    axis = [repr(float(shift)) for shift in spectra.axis]
    if len(spectra) == 1:
        unit = spectra.about.get("intensity_unit")
        lines.append(f"# Raman shift (cm-1){separator}Intensity{f' ({unit})' if unit else ''}")
        lines += [
            f"{shift}{separator}{value}" for shift, value in zip(axis, spectra.values[0].astype(str), strict=True)
        ]
    else:
        columns = {name: [_cell(entry, separator) for entry in entries] for name, entries in spectra.table.items()}
        lines.append(separator.join([*columns, *axis]))
        for row, values in enumerate(spectra.values):
            lines.append(separator.join([*(entries[row] for entries in columns.values()), *values.astype(str)]))
    try:
        atomic_write(path, "\n".join(lines) + "\n")
    except OSError as error:
        raise refused_to_write(path, error) from error


def _cell(entry: object, separator: str) -> str:
    return str(entry).replace(separator, " ").replace("\n", " ")


def refused_to_write(path: Path, error: OSError) -> Exception:
    """The sentence for a file that could not be written."""
    from ramanstudio.core.errors import StudioError

    return StudioError(
        f"Could not write '{path.name}': {error.strerror or error}.",
        remedy="Choose another folder, or free some space.",
    )
