"""What the points of the scatter plot can be coloured by: groups, SNR, columns of the table, band intensities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.ranges import ShiftRange
from ramanstudio.gui.explore.member_spectra import MemberSpectra, band_height
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Result

GROUP, ENTRY, BAND, RATIO = "group", "entry", "band", "ratio"
N_BANDS: Final = {BAND: 1, RATIO: 2}  # bands that a colouring takes
_SNR: Final = {"snr_before": "SNR before", "snr_after": "SNR after", "gain": "Gain (SNR after / before)"}
_COLUMN: Final = "column "
MAX_NAMES: Final = 40
_MAX_INTEGER_CATEGORIES: Final = 20  # integers with more different values are a quantity
_MISSING_NAMES: Final = {"", "nan", "none"}


@dataclass(frozen=True, slots=True)
class ColourOption:
    """One row of *Colour*: its key, and its name in the window."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class CategoryColouring:
    """Each point has a category `indices` (N,) in `names`; -1 is none of them, called `rest`."""

    indices: NDArray[np.int64]
    names: Sequence[str]
    colours: Sequence[int]
    rest: str


@dataclass(frozen=True, slots=True, eq=False)
class ValueColouring:
    """Each point has a number `values` (N,), NaN where it is unknown."""

    values: NDArray[np.float64]
    label: str


Colouring = CategoryColouring | ValueColouring


def colour_options(spectra: MemberSpectra, groups: Groups | None) -> list[ColourOption]:
    """List everything that these spectra can be coloured by."""
    options = [ColourOption(GROUP, "Group")] if groups is not None else []
    options += [ColourOption(key, name) for key, name in _SNR.items()]
    if len(spectra.parts) > 1:
        options.append(ColourOption(ENTRY, "Entry"))
    columns: dict[str, None] = {}
    for part in spectra.parts:
        if part.entry.source is not None:
            columns |= dict.fromkeys(part.entry.source.table)
    options += [ColourOption(f"{_COLUMN}{column}", f"Column: {column}") for column in columns]
    return [*options, ColourOption(BAND, "Band intensity"), ColourOption(RATIO, "Band ratio")]


def colouring_for(
    key: str, spectra: MemberSpectra, groups: Groups | None, bands: Sequence[ShiftRange] = ()
) -> Colouring | None:
    """Return the category or value of each spectrum for an option; None where nothing is known."""
    if key == GROUP:
        return None if groups is None else _by_group(groups)
    if key == ENTRY:
        return _by_entry(spectra)
    if key in _SNR:
        return ValueColouring(spectra.values_from(lambda _, result, rows: _snr(key, result, rows)), _SNR[key])
    if key.startswith(_COLUMN):
        return _by_column(key.removeprefix(_COLUMN), spectra)
    if key in N_BANDS and bands:
        return _by_bands(key, spectra, bands)
    return None


def band_name(band: ShiftRange) -> str:
    """Format a band: `995–1010 cm⁻¹`."""
    return f"{band[0]:.0f}–{band[1]:.0f} cm⁻¹"


def _by_group(groups: Groups) -> CategoryColouring:
    names, colours = [group.name for group in groups.groups], [group.colour for group in groups.groups]
    return CategoryColouring(groups.labels, names, colours, "outliers")


def _snr(key: str, result: Result, rows: NDArray[np.int64]) -> NDArray[np.floating[Any]] | None:
    if result.denoised is None:
        return None
    values: NDArray[np.floating[Any]] = np.atleast_1d(getattr(result.denoised, key))
    return values[rows]


def _by_entry(spectra: MemberSpectra) -> CategoryColouring:
    names = np.full(len(spectra), "", dtype=object)
    for part in spectra.parts:
        names[part.members] = part.entry.name
    return _by_name(names)


def _by_column(column: str, spectra: MemberSpectra) -> Colouring:
    """Colour by a column of the table: a quantity where it holds numbers, categories where it holds labels."""
    cells = [
        (part.members, part.entry.source.table[column][part.rows])
        for part in spectra.parts
        if part.entry.source is not None and column in part.entry.source.table
    ]
    if all(entries.dtype.kind in "iuf" for _, entries in cells):
        values = np.full(len(spectra), np.nan)
        for members, entries in cells:
            values[members] = entries
        integers = all(entries.dtype.kind in "iu" for _, entries in cells)
        if not integers or len(np.unique(values[np.isfinite(values)])) > _MAX_INTEGER_CATEGORIES:
            return ValueColouring(values, column)
    names = np.full(len(spectra), "", dtype=object)
    for members, entries in cells:
        names[members] = entries.astype(str)
    return _by_name(names)


def _by_name(names: NDArray[Any]) -> CategoryColouring:
    """Make a category of each name (N,), in order; of very many the most frequent, and one for all others."""
    unique, indices, counts = np.unique(names.astype(str), return_inverse=True, return_counts=True)
    named = np.array([name.strip().casefold() not in _MISSING_NAMES for name in unique.tolist()])
    kept = named.copy()
    if named.sum() > MAX_NAMES:
        frequent = np.argsort(np.where(named, -counts, 1), kind="stable")[:MAX_NAMES]
        kept[:] = False
        kept[frequent] = True
    category = np.full(len(unique), -1, dtype=np.int64)
    ordered, rank = _in_natural_order(unique[kept].tolist())
    category[kept] = rank
    others = named & ~kept
    if others.any():
        category[others] = len(ordered)
        ordered.append(f"{int(others.sum())} others")
    return CategoryColouring(category[indices.reshape(-1)], ordered, range(len(ordered)), "unknown")


def _in_natural_order(names: list[str]) -> tuple[list[str], list[int]]:
    """Return the names sorted (2 before 10), and the new position of each."""
    try:
        order = sorted(range(len(names)), key=lambda index: float(names[index]))
    except ValueError:
        order = sorted(range(len(names)), key=lambda index: names[index].casefold())
    rank = [0] * len(names)
    for position, index in enumerate(order):
        rank[index] = position
    return [names[index] for index in order], rank


def _by_bands(key: str, spectra: MemberSpectra, bands: Sequence[ShiftRange]) -> ValueColouring:
    heights = [_band_heights(spectra, band) for band in bands]
    if key == BAND:
        return ValueColouring(heights[0], f"Mean height of {band_name(bands[0])} above the line between its ends")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(heights[1] > 0, heights[0] / heights[1], np.nan)
    return ValueColouring(ratio, f"{band_name(bands[0])} / {band_name(bands[1])}")


def _band_heights(spectra: MemberSpectra, band: ShiftRange) -> NDArray[np.float64]:
    return spectra.values_from(lambda _, result, rows: band_height(result, rows, *band))
