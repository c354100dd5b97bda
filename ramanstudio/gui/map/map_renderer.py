"""Draws a map: calculated at once where that is quick, otherwise in the background; and the readout of a pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.core.progress import Progress
from ramanstudio.export.map_files import MapFigure
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.map.map_source import MapSource
from ramanstudio.gui.map.map_values import FITTED, MapData, MapOptions, channel_values, map_figure, series_grid
from ramanstudio.gui.map.map_view import MapView
from ramanstudio.gui.viewer.plot_axis import decimals_for
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import SpectrumSeries

Numbers = NDArray[np.floating[Any]]

NamesAndColours = tuple[tuple[str, ...], tuple[str, ...]]  # names and colours of the groups

MAX_SYNCHRONOUS_VALUES: Final = (
    4_000_000  # intensities that are summed within a frame or two; more are left to a thread
)


class MapRenderer:
    """Draws the chosen channel of a map on a view; calls `on_drawn` when it is there."""

    def __init__(
        self, view: MapView, map_source: MapSource, workers: Workers, messages: Messages, on_drawn: Callable[[], None]
    ) -> None:
        self._view, self._map_source, self._workers, self._messages = view, map_source, workers, messages
        self._on_drawn = on_drawn
        self._options = MapOptions()
        self._numbers: Numbers | None = None
        self._shown: tuple[object, ...] = ()

    def invalidate(self) -> None:
        """Draw again next time, even if nothing has changed."""
        self._shown = ()

    def draw(self, options: MapOptions, theme: Theme) -> None:
        """Draw the chosen channel, or the total intensity while it is not available, unless it is drawn already."""
        effective = replace(options, channel="total") if self._map_source.missing_for(options.channel) else options
        data = self._map_source.map_data(options)
        selection = self._map_source.rows.tobytes() if effective.channel == "distance" else b""
        names = self._map_source.category_names(effective.channel, theme)
        inputs = (data.values, data.snr_after, data.labels_of, data.substances_of, data.predictions)
        shown = (*inputs, effective, selection, names, self._map_source.entry)
        if len(shown) == len(self._shown) and all(
            new is old or (isinstance(new, (MapOptions, bytes, tuple)) and new == old)
            for new, old in zip(shown, self._shown, strict=True)
        ):
            return
        self._shown = shown
        if isinstance(self._map_source.layout, SpectrumSeries):
            self._draw_series(self._map_source.layout, data, options)
        elif data.values.size <= MAX_SYNCHRONOUS_VALUES and effective.channel not in FITTED:
            self._draw(effective, data, names, channel_values(effective, data))
        else:

            def work(_progress: Progress) -> Numbers:
                return channel_values(effective, data)

            job = self._workers.submit(work, "", "files", key=("map", "numbers"))
            job.succeeded.connect(partial(self._draw_if_current, shown, effective, data, names))
            job.failed.connect(self._messages.show_error)

    def _draw_if_current(
        self, shown: tuple[object, ...], effective: MapOptions, data: MapData, names: NamesAndColours, values: Numbers
    ) -> None:
        if shown is self._shown:
            self._draw(effective, data, names, values)

    def _draw(self, effective: MapOptions, data: MapData, names_and_colours: NamesAndColours, values: Numbers) -> None:
        layout, entry = self._map_source.layout, self._map_source.entry
        if layout is None or isinstance(layout, SpectrumSeries) or entry is None:
            return
        grid = layout[min(effective.plane, len(layout) - 1)]
        self._numbers, self._options = values, effective
        model_name = data.predictions.model if data.predictions is not None else ""
        title = " · ".join(part for part in (entry.name, grid.title, model_name) if part)
        picture = map_figure(effective, grid, values, data.unit, *names_and_colours, title)
        self._view.set_interpolated(effective.interpolated)
        self._view.show_picture(picture, len(data.values))
        self._on_drawn()

    def _draw_series(self, series: SpectrumSeries, data: MapData, options: MapOptions) -> None:
        if self._map_source.entry is None:
            return
        self._numbers = None
        rows, shifts = map_channels.waterfall_image(series, data.axis, data.values)
        measured = map_channels.measured_rows(rows)
        rows = np.where(measured[:, None], rows, np.float32(np.nan)) if measured.any() else rows
        picture = MapFigure(
            series_grid(rows, shifts, series.positions),
            rows,
            f"Intensity / {data.unit}",
            limits=map_channels.colour_limits(rows, options.percentiles),
            title=self._map_source.entry.name,
            axis_labels=("Raman shift / cm⁻¹", f"{series.quantity} / {series.unit}"),
        )
        self._view.set_interpolated(options.interpolated)
        self._view.show_series(series, rows, shifts, picture)
        self._on_drawn()

    def readout_for(self, row: int) -> str:
        """Return the readout of a pixel: `x 12.5 µm, y 3 µm   Band area: 1234`."""
        picture, layout = self._view.picture, self._map_source.layout
        if picture is None:
            return ""
        if isinstance(layout, SpectrumSeries):
            position = self._view.series.coordinates(row)
            return "" if position is None else f"{layout.quantity} {format_significant(position)} {layout.unit}"
        coordinates = self._view.canvas.coordinates(row)
        if coordinates is None or self._numbers is None or row >= len(self._numbers):
            return ""
        position_text = ", ".join(
            f"{axis} {format_number(coordinate, decimals_for(step))} {picture.grid.unit}".strip()
            for axis, coordinate, step in zip("xy", coordinates, picture.grid.step, strict=True)
        )
        value = np.atleast_1d(self._numbers[row])
        if picture.kind == "categories":
            rest = "outlier" if self._options.channel == "group" else "not identified"
            value_text = picture.names[int(value[0])] if 0 <= value[0] < len(picture.names) else rest
        else:
            value_text = ", ".join(format_significant(float(item)) if np.isfinite(item) else "–" for item in value)
        return f"{position_text}   {map_channels.channel(self._options.channel).name}: {value_text}"
