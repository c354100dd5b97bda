"""What the points of the plane can be coloured by: groups, ratios, the table's columns, bands. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.ranges import ShiftRange
from ramanstudio.gui.explore.member_spectra import MemberSpectra, height_of_band
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Result

GROUP, ENTRY, BAND, RATIO = "group", "entry", "band", "ratio"
BANDED: Final = (BAND, RATIO)
_RATIOS: Final = {"snr_before": "SNR before", "snr_after": "SNR after", "gain": "Gain (SNR after / before)"}
_COLUMN: Final = "column "
MOST_NAMES: Final = 40
_FEW_NUMBERS: Final = 20  # whole numbers that are no more different ones than this are labels
_NO_NAMES: Final = {"", "nan", "none"}


@dataclass(frozen=True, slots=True)
class ColourOption:
    """One row of the choice: what the code and what the user calls it."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """Each point belongs to one of several (N,), -1 to none of them, which are called `rest`."""

    indices: NDArray[np.int64]
    names: Sequence[str]
    colours: Sequence[int]
    rest: str


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Each point has a number (N,), NaN where it is not known."""

    values: NDArray[np.float64]
    label: str


def tints(spectra: MemberSpectra, groups: Groups | None) -> list[ColourOption]:
    """All that these spectra can be coloured by."""
    rows = [ColourOption(GROUP, "Group")] if groups is not None else []
    rows += [ColourOption(key, name) for key, name in _RATIOS.items()]
    if len(spectra.parts) > 1:
        rows.append(ColourOption(ENTRY, "Entry"))
    columns: dict[str, None] = {}
    for entry, _, _, _ in spectra.parts:
        if entry.source is not None:
            columns |= dict.fromkeys(entry.source.table)
    rows += [ColourOption(f"{_COLUMN}{column}", f"Column: {column}") for column in columns]
    return [*rows, ColourOption(BAND, "Band intensity"), ColourOption(RATIO, "Band ratio")]


def tinted(
    key: str, spectra: MemberSpectra, groups: Groups | None, bands: Sequence[ShiftRange] = ()
) -> Categories | Values | None:
    """What each point is coloured by; None where there is nothing to know."""
    if key == GROUP:
        return None if groups is None else _by_group(groups)
    if key == ENTRY:
        return _by_entry(spectra)
    if key in _RATIOS:
        return Values(spectra.numbers(lambda _, result, rows: _ratio(key, result, rows)), _RATIOS[key])
    if key.startswith(_COLUMN):
        return _by_column(key.removeprefix(_COLUMN), spectra)
    if key in BANDED and bands:
        return _by_bands(key, spectra, bands)
    return None


def band_name(band: ShiftRange) -> str:
    """`995–1,010 cm⁻¹`."""
    return f"{band[0]:,.0f}–{band[1]:,.0f} cm⁻¹"


def _by_group(groups: Groups) -> Categories:
    names, colours = [group.name for group in groups.groups], [group.colour for group in groups.groups]
    return Categories(groups.labels, names, colours, "outliers")


def _ratio(key: str, result: Result, rows: NDArray[np.int64]) -> NDArray[np.floating[Any]] | None:
    if result.denoised is None:
        return None
    ratios: NDArray[np.floating[Any]] = np.atleast_1d(getattr(result.denoised, key))
    return ratios[rows]


def _by_entry(spectra: MemberSpectra) -> Categories:
    names = np.empty(len(spectra), dtype=object)
    names[:] = ""
    for entry, _, places, _ in spectra.parts:
        names[places] = entry.name
    return _categories(names)


def _by_column(column: str, spectra: MemberSpectra) -> Categories | Values:
    found = [
        (places, entry.source.table[column][rows])
        for entry, _, places, rows in spectra.parts
        if entry.source is not None and column in entry.source.table
    ]
    if all(part.dtype.kind in "iuf" for _, part in found):
        values = np.full(len(spectra), np.nan)
        for places, part in found:
            values[places] = part
        whole = all(part.dtype.kind in "iu" for _, part in found)
        if not whole or len(np.unique(values[np.isfinite(values)])) > _FEW_NUMBERS:
            return Values(values, column)
    names = np.empty(len(spectra), dtype=object)
    names[:] = ""
    for places, part in found:
        names[places] = part.astype(str)
    return _categories(names)


def _categories(names: NDArray[Any]) -> Categories:
    """The names in order; of very many the most frequent, and one for all others."""
    different, indices, counts = np.unique(names.astype(str), return_inverse=True, return_counts=True)
    named = np.array([name.strip().casefold() not in _NO_NAMES for name in different.tolist()])
    kept = named.copy()
    if named.sum() > MOST_NAMES:
        frequent = np.argsort(np.where(named, -counts, 1), kind="stable")[:MOST_NAMES]
        kept[:] = False
        kept[frequent] = True
    place = np.full(len(different), -1, dtype=np.int64)
    words, rank = _in_order(different[kept].tolist())
    place[kept] = rank
    if (named & ~kept).any():
        place[named & ~kept] = len(words)
        words.append(f"{int((named & ~kept).sum()):,} others")
    return Categories(place[indices.reshape(-1)], words, range(len(words)), "not known")


def _in_order(names: list[str]) -> tuple[list[str], list[int]]:
    """Names in the order a reader expects, 2 before 10; and where each of them goes."""
    try:
        order = sorted(range(len(names)), key=lambda at: float(names[at]))
    except ValueError:
        order = sorted(range(len(names)), key=lambda at: names[at].casefold())
    rank = [0] * len(names)
    for to, at in enumerate(order):
        rank[at] = to
    return [names[at] for at in order], rank


def _by_bands(key: str, spectra: MemberSpectra, bands: Sequence[ShiftRange]) -> Values:
    heights = [_heights(spectra, band) for band in bands]
    if key == BAND:
        return Values(heights[0], f"Mean height of {band_name(bands[0])} above the line between its ends")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(heights[1] > 0, heights[0] / heights[1], np.nan)
    return Values(ratio, f"{band_name(bands[0])} / {band_name(bands[1])}")


def _heights(spectra: MemberSpectra, band: ShiftRange) -> NDArray[np.float64]:
    return spectra.numbers(lambda _, result, rows: height_of_band(result, rows, *band))
