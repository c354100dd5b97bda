"""From spectra and what was found out about them to the picture of a map. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.ranges import ShiftRange
from ramanstudio.export.map_files import MapFigure, MapKind
from ramanstudio.project.project import Predictions
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_channels import Channel
from ramanstudio.signal.map_grid import MapGrid

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What the user wants a map to show, and how."""

    channel: str = "total"
    bands: tuple[ShiftRange, ...] = ()
    percentiles: ShiftRange = (2.0, 98.0)
    denoised: bool = True
    interpolated: bool = False
    plane: int = 0

    @property
    def needs(self) -> int:
        """How many bands it takes."""
        return {"band": 1, "bands": 2, "three bands": 3}.get(map_channels.channel(self.channel).needs, 0)

    @property
    def bands_used(self) -> tuple[ShiftRange, ...]:
        """The bands that count for it."""
        return self.bands[: self.needs]


@dataclass(frozen=True, slots=True, eq=False)
class MapData:
    """The spectra of a set as they are to be shown, (B,) and (N, B), and what is known of each (N,), or None."""

    axis: Floats
    values: Floats
    error: Floats | None = None
    snr_before: Floats | None = None
    snr_after: Floats | None = None
    gain: Floats | None = None
    labels: Floats | None = None
    features: Floats | None = None
    place: NDArray[np.intp] | None = None  # of each spectrum among the features, -1 where it is not
    selected: NDArray[np.bool_] | None = None
    unit: str = "a.u."
    labels_of: object = None  # the groups that `labels` were read from
    substances: Floats | None = None
    substances_of: object = None  # the identifications that `substances` were read from
    answers: Floats | None = None
    answers_of: Predictions | None = None  # what of a taught model says `answers`


def numbers_of(choice: MapOptions, source: MapData) -> Floats:
    """A number for each spectrum (N,), or three (N, 3); NaN where there is none, or nothing was measured."""
    numbers, there = _numbers(choice, source), map_channels.measured_rows(source.values)
    if there.any() and not there.all():
        numbers = np.array(numbers, dtype=np.float64)
        numbers[~there] = np.nan
    return numbers


def _numbers(choice: MapOptions, source: MapData) -> Floats:
    axis, values, bands = source.axis, source.values, choice.bands_used
    nothing = np.full(len(values), np.nan)
    if len(bands) < choice.needs and choice.channel != "rgb":
        return nothing
    if choice.channel == "total":
        return map_channels.total(axis, values)
    if choice.channel == "area":
        return map_channels.band_area(axis, values, bands[0])
    if choice.channel == "ratio":
        return map_channels.band_ratio(axis, values, bands[0], bands[1])
    if choice.channel == "peak":
        return map_channels.peak_position(axis, values, bands[0], source.error)
    if choice.channel == "rgb":
        areas = [map_channels.band_area(axis, values, band) for band in bands]
        return np.column_stack([*areas, *[np.zeros(len(values))] * (3 - len(areas))])
    if choice.channel == "distance":
        return _distances(source)
    known = {
        "snr_before": source.snr_before,
        "snr_after": source.snr_after,
        "gain": source.gain,
        "group": source.labels,
        "substance": source.substances,
        "class": source.answers,
        "value": source.answers,
    }[choice.channel]
    return nothing if known is None else np.asarray(known, dtype=np.float64)


def _distances(source: MapData) -> Floats:
    found = np.full(len(source.values), np.nan)
    if source.features is None or source.place is None or source.selected is None:
        return found
    there = source.place >= 0
    if not there.any() or source.selected.all():
        return found
    features = source.features[source.place[there]]
    found[there] = map_channels.distance(features, source.selected[there])
    return found


def picture_of(
    choice: MapOptions,
    grid: MapGrid,
    numbers: Floats,
    unit: str = "a.u.",
    names: tuple[str, ...] = (),
    colours: tuple[str, ...] = (),
    title: str = "",
) -> MapFigure:
    """The picture of `numbers` (N,) or (N, 3) on a grid; `names` and `colours` are those of the groups."""
    one = map_channels.channel(choice.channel)
    label, kind = label_of(choice, unit), kind_of(choice)
    if kind == "rgb":
        layers = [grid.image(_spread(numbers[:, band], choice.percentiles)) for band in range(3)]
        named = tuple(band_words(band) for band in choice.bands_used)
        return MapFigure(grid, np.stack(layers, axis=2), one.name, "rgb", (0.0, 1.0), named, title=title)
    values = grid.image(numbers)
    if kind == "categories":
        return MapFigure(grid, values, label, kind, (0.0, 1.0), names, colours, title)
    limits = map_channels.colour_limits(values, choice.percentiles)
    if kind == "signed" and np.isfinite(limits[0]):
        middle = float(np.nanmedian(values))
        reach = max(middle - limits[0], limits[1] - middle)
        limits = (middle - reach, middle + reach)
    return MapFigure(grid, values, label, kind, limits, title=title)


def kind_of(choice: MapOptions) -> MapKind:
    """How the colours are to be read. A peak moves to either side of where most have it: signed."""
    categories: dict[str, MapKind] = dict.fromkeys(("group", "substance", "class"), "categories")
    kinds: dict[str, MapKind] = {**categories, "rgb": "rgb", "peak": "signed"}
    return kinds.get(choice.channel, "amount")


def label_of(choice: MapOptions, unit: str) -> str:
    """`Band area 990–1,010 cm⁻¹ / counts cm⁻¹`."""
    one: Channel = map_channels.channel(choice.channel)
    bands = choice.bands_used
    if choice.channel == "total":
        return f"{one.name} / {unit} cm⁻¹"
    if choice.channel == "area" and bands:
        return f"{one.name} {band_words(bands[0])} / {unit} cm⁻¹"
    if choice.channel == "peak" and bands:
        return f"{one.name} in {band_words(bands[0])} / cm⁻¹"
    if choice.channel == "ratio" and len(bands) == 2:
        return f"{one.name} {band_words(bands[0])} over {band_words(bands[1])}"
    return one.name


def band_words(band: ShiftRange) -> str:
    """`990–1010 cm⁻¹`."""
    return f"{band[0]:.0f}–{band[1]:.0f} cm⁻¹"


def _spread(values: Floats, percentiles: ShiftRange) -> Floats:
    low, high = map_channels.colour_limits(values, percentiles)
    if not np.isfinite(low):
        return np.full(len(values), np.nan)
    return np.where(np.isfinite(values), np.clip((values - low) / (high - low), 0, 1), np.nan)


def axis_of_shift(rows: Floats, shifts: ShiftRange, at: Floats) -> MapGrid:
    """The grid that a series fills: Raman shift across, depth or time down; every row is a spectrum."""
    across = np.linspace(shifts[0], shifts[1], rows.shape[1])
    index = np.repeat(np.arange(len(rows), dtype=np.int64)[:, None], rows.shape[1], axis=1)
    return MapGrid(index, across, np.asarray(at, dtype=np.float64), "cm⁻¹")
