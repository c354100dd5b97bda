"""From spectra and what is known of them to the values and the figure of a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.ranges import ShiftRange
from ramanstudio.export.map_files import MapFigure, MapKind
from ramanstudio.project.project import Predictions
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_channels import Channel
from ramanstudio.signal.map_grid import MapGrid

FloatArray = NDArray[np.floating[Any]]

FITTED: Final = {  # channel: column of the fitted line
    "fit_position": "center",
    "fit_error": "center_error",
    "fit_width": "fwhm",
    "fit_height": "height",
    "fit_area": "area",
}
_LEAST_SIGNIFICANCE: Final = 3.0


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What a map shows, and how."""

    channel: str = "total"
    bands: tuple[ShiftRange, ...] = ()
    percentiles: ShiftRange = (2.0, 98.0)
    denoised: bool = True
    interpolated: bool = False
    plane: int = 0

    @property
    def n_bands(self) -> int:
        """The number of bands that the channel takes."""
        return {"band": 1, "bands": 2, "three bands": 3}.get(map_channels.channel(self.channel).needs, 0)

    @property
    def used_bands(self) -> tuple[ShiftRange, ...]:
        """The bands that the channel takes."""
        return self.bands[: self.n_bands]


@dataclass(frozen=True, slots=True, eq=False)
class MapData:
    """The spectra of a set, `axis` (B,) and `values` (N, B), and what is known of each (N,), or None."""

    axis: FloatArray
    values: FloatArray
    error: FloatArray | None = None
    snr_before: FloatArray | None = None
    snr_after: FloatArray | None = None
    gain: FloatArray | None = None
    labels: FloatArray | None = None
    features: FloatArray | None = None
    feature_rows: NDArray[np.intp] | None = None  # of each spectrum among the features, -1 where it is not
    selected: NDArray[np.bool_] | None = None
    unit: str = "a.u."
    labels_of: object = None  # the groups that `labels` were read from
    substances: FloatArray | None = None
    substances_of: object = None  # the identifications that `substances` were read from
    predicted: FloatArray | None = None
    predictions: Predictions | None = None  # what a fine-tuned model predicts for each spectrum


def channel_values(options: MapOptions, data: MapData) -> FloatArray:
    """Return a value for each spectrum (N,), or three (N, 3) for RGB; NaN where it is unknown or was not measured."""
    values, measured = _calculate(options, data), map_channels.measured_rows(data.values)
    if measured.any() and not measured.all():
        values = np.array(values, dtype=np.float64)
        values[~measured] = np.nan
    return values


def _calculate(options: MapOptions, data: MapData) -> FloatArray:
    axis, values, bands = data.axis, data.values, options.used_bands
    unknown = np.full(len(values), np.nan)
    if len(bands) < options.n_bands and options.channel != "rgb":
        return unknown
    if options.channel == "total":
        return map_channels.total(axis, values)
    if options.channel == "area":
        return map_channels.band_area(axis, values, bands[0])
    if options.channel == "ratio":
        return map_channels.band_ratio(axis, values, bands[0], bands[1])
    if options.channel == "peak":
        return map_channels.peak_position(axis, values, bands[0], data.error)
    if options.channel in FITTED:
        return fitted_line(axis, values, bands[0], data.error)[FITTED[options.channel]]
    if options.channel == "rgb":
        areas = [map_channels.band_area(axis, values, band) for band in bands]
        return np.column_stack([*areas, *[np.zeros(len(values))] * (3 - len(areas))])
    if options.channel == "distance":
        return _distances(data)
    by_channel = {
        "snr_before": data.snr_before,
        "snr_after": data.snr_after,
        "gain": data.gain,
        "group": data.labels,
        "substance": data.substances,
        "class": data.predicted,
        "value": data.predicted,
    }[options.channel]
    return unknown if by_channel is None else np.asarray(by_channel, dtype=np.float64)


def fitted_line(
    axis: FloatArray, values: FloatArray, band: ShiftRange, error: FloatArray | None
) -> dict[str, FloatArray]:
    """Return centre, width, height, area and their errors (N,) of one line fitted to each spectrum in a band.

    All start where the mean spectrum is highest above the line between the ends of the band; bad fits start again from
    their neighbours. NaN where there is no line, or the band has too few points.
    """
    from ramanstudio.core.errors import StudioError
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.peaks import fit_series

    result: dict[str, FloatArray] = {name: np.full(len(values), np.nan) for name in FITTED.values()}
    inside = (axis >= band[0]) & (axis <= band[1])
    if inside.sum() < 3:
        return result
    shifts, mean = axis[inside], np.nanmean(values[:, inside], axis=0)
    above = mean - np.interp(shifts, shifts[[0, -1]], mean[[0, -1]])
    start = {"center": [float(shifts[above.argmax()])], "fwhm": [(band[1] - band[0]) / 4]}
    try:
        table = fit_series(SpectrumSet.of(axis, values), "pseudo-voigt", start, within=band, expected_error=error)
    except StudioError:
        return result
    rows = table["spectrum"][table["significance"] >= _LEAST_SIGNIFICANCE]
    for name, column in result.items():
        column[rows] = table[name][table["significance"] >= _LEAST_SIGNIFICANCE]
    return result


def _distances(data: MapData) -> FloatArray:
    distances = np.full(len(data.values), np.nan)
    if data.features is None or data.feature_rows is None or data.selected is None:
        return distances
    known = data.feature_rows >= 0
    if not known.any() or data.selected.all():
        return distances
    features = data.features[data.feature_rows[known]]
    distances[known] = map_channels.distance(features, data.selected[known])
    return distances


def map_figure(
    options: MapOptions,
    grid: MapGrid,
    values: FloatArray,
    unit: str = "a.u.",
    names: tuple[str, ...] = (),
    colours: tuple[str, ...] = (),
    title: str = "",
) -> MapFigure:
    """Return the figure of `pixels` (N,) or (N, 3) on a grid; `names` and `colours` are those of categories."""
    channel = map_channels.channel(options.channel)
    label, kind = label_of(options, unit), kind_of(options)
    if kind == "rgb":
        layers = [grid.image(_to_unit_range(values[:, band], options.percentiles)) for band in range(3)]
        band_names = tuple(band_text(band) for band in options.used_bands)
        return MapFigure(grid, np.stack(layers, axis=2), channel.name, "rgb", (0.0, 1.0), band_names, title=title)
    pixels = grid.image(values)
    if kind == "categories":
        return MapFigure(grid, pixels, label, kind, (0.0, 1.0), names, colours, title)
    limits = map_channels.colour_limits(pixels, options.percentiles)
    if kind == "signed" and np.isfinite(limits[0]):
        median = float(np.nanmedian(pixels))
        reach = max(median - limits[0], limits[1] - median)
        limits = (median - reach, median + reach)
    return MapFigure(grid, pixels, label, kind, limits, title=title)


def kind_of(options: MapOptions) -> MapKind:
    """Return how the colours of a channel are read; a peak position is signed, around where most have it."""
    categories: dict[str, MapKind] = dict.fromkeys(("group", "substance", "class"), "categories")
    kinds: dict[str, MapKind] = {**categories, "rgb": "rgb", "peak": "signed", "fit_position": "signed"}
    return kinds.get(options.channel, "amount")


def label_of(options: MapOptions, unit: str) -> str:
    """Return `Band area 990–1010 cm⁻¹ / counts cm⁻¹`."""
    channel: Channel = map_channels.channel(options.channel)
    bands = options.used_bands
    if options.channel == "total":
        return f"{channel.name} / {unit} cm⁻¹"
    if options.channel == "area" and bands:
        return f"{channel.name} {band_text(bands[0])} / {unit} cm⁻¹"
    if options.channel in FITTED and bands:
        units = {"fit_height": unit, "fit_area": f"{unit} cm⁻¹"}
        return f"{channel.name} in {band_text(bands[0])} / {units.get(options.channel, 'cm⁻¹')}"
    if options.channel == "peak" and bands:
        return f"{channel.name} in {band_text(bands[0])} / cm⁻¹"
    if options.channel == "ratio" and len(bands) == 2:
        return f"{channel.name} {band_text(bands[0])} over {band_text(bands[1])}"
    return channel.name


def band_text(band: ShiftRange) -> str:
    """Return `990–1010 cm⁻¹`."""
    return f"{band[0]:.0f}–{band[1]:.0f} cm⁻¹"


def _to_unit_range(values: FloatArray, percentiles: ShiftRange) -> FloatArray:
    low, high = map_channels.colour_limits(values, percentiles)
    if not np.isfinite(low):
        return np.full(len(values), np.nan)
    return np.where(np.isfinite(values), np.clip((values - low) / (high - low), 0, 1), np.nan)


def series_grid(rows: FloatArray, shifts: ShiftRange, at: FloatArray) -> MapGrid:
    """Return the grid of a series of `rows` (N, C): Raman shift across, position `at` (N,) down."""
    across = np.linspace(shifts[0], shifts[1], rows.shape[1])
    index = np.repeat(np.arange(len(rows), dtype=np.int64)[:, None], rows.shape[1], axis=1)
    return MapGrid(index, across, np.asarray(at, dtype=np.float64), "cm⁻¹")
