"""Drawing a map: measured at once where that is quick, else off the window's thread; and what a pixel says."""

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
from ramanstudio.gui.map.map_values import MapData, MapOptions, axis_of_shift, numbers_of, picture_of
from ramanstudio.gui.map.map_view import MapView
from ramanstudio.gui.viewer.plot_axis import decimals_for
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import SpectrumSeries

Numbers = NDArray[np.floating[Any]]

Named = tuple[tuple[str, ...], tuple[str, ...]]  # names and colours of the groups

AT_ONCE: Final = 4_000_000  # intensities that are summed within a frame or two; more are left to a thread


class MapRenderer:
    """Puts what is chosen of a subject on a view; `drawn()` is called once it is there."""

    def __init__(
        self, view: MapView, subject: MapSource, workers: Workers, messages: Messages, drawn: Callable[[], None]
    ) -> None:
        self._view, self._subject, self._workers, self._messages = view, subject, workers, messages
        self._drawn = drawn
        self._choice = MapOptions()
        self._numbers: Numbers | None = None
        self._shown: tuple[object, ...] = ()

    def forget(self) -> None:
        """Draw anew next time, whatever is drawn."""
        self._shown = ()

    def draw(self, choice: MapOptions, theme: Theme) -> None:
        """Draw what is chosen, or the total intensity while that is not known; nothing where it is drawn already."""
        wanted = replace(choice, channel="total") if self._subject.offers(choice.channel) else choice
        source = self._subject.measured(choice)
        picked = self._subject.rows.tobytes() if wanted.channel == "distance" else b""
        names = self._subject.category_names(wanted.channel, theme)
        made_of = (source.values, source.snr_after, source.labels_of, source.substances_of, source.answers_of)
        shown = (*made_of, wanted, picked, names, self._subject.entry)
        if len(shown) == len(self._shown) and all(
            one is other or (isinstance(one, (MapOptions, bytes, tuple)) and one == other)
            for one, other in zip(shown, self._shown, strict=True)
        ):
            return
        self._shown = shown
        if isinstance(self._subject.places, SpectrumSeries):
            self._draw_series(self._subject.places, source, choice)
        elif source.values.size <= AT_ONCE:
            self._draw(wanted, source, names, numbers_of(wanted, source))
        else:

            def work(_progress: Progress) -> Numbers:
                return numbers_of(wanted, source)

            job = self._workers.submit(work, "", "files", key=("map", "numbers"))
            job.succeeded.connect(partial(self._draw_if_current, shown, wanted, source, names))
            job.failed.connect(self._messages.show_error)

    def _draw_if_current(
        self, shown: tuple[object, ...], wanted: MapOptions, source: MapData, names: Named, numbers: Numbers
    ) -> None:
        if shown is self._shown:
            self._draw(wanted, source, names, numbers)

    def _draw(self, wanted: MapOptions, source: MapData, named: Named, numbers: Numbers) -> None:
        places, entry = self._subject.places, self._subject.entry
        if places is None or isinstance(places, SpectrumSeries) or entry is None:
            return
        grid = places[min(wanted.plane, len(places) - 1)]
        self._numbers, self._choice = numbers, wanted
        model = source.answers_of.model if source.answers_of is not None else ""
        title = " · ".join(part for part in (entry.name, grid.title, model) if part)
        picture = picture_of(wanted, grid, numbers, source.unit, *named, title)
        self._view.set_interpolated(wanted.interpolated)
        self._view.show_picture(picture, len(source.values))
        self._drawn()

    def _draw_series(self, series: SpectrumSeries, source: MapData, choice: MapOptions) -> None:
        if self._subject.entry is None:
            return
        self._numbers = None
        rows, shifts = map_channels.waterfall_image(series, source.axis, source.values)
        there = map_channels.measured_rows(rows)
        rows = np.where(there[:, None], rows, np.float32(np.nan)) if there.any() else rows
        picture = MapFigure(
            axis_of_shift(rows, shifts, series.at),
            rows,
            f"Intensity / {source.unit}",
            limits=map_channels.colour_limits(rows, choice.percentiles),
            title=self._subject.entry.name,
            axes=("Raman shift / cm⁻¹", f"{series.quantity} / {series.unit}"),
        )
        self._view.set_interpolated(choice.interpolated)
        self._view.show_series(series, rows, shifts, picture)
        self._drawn()

    def words_of(self, row: int) -> str:
        """`x 12.5 µm, y 3 µm   Band area 1,234`."""
        if self._view.picture is None:
            return ""
        if isinstance(self._subject.places, SpectrumSeries):
            at = self._view.series.coordinates(row)
            return (
                f"{self._subject.places.quantity} {format_significant(at)} {self._subject.places.unit}"
                if at is not None
                else ""
            )
        place = self._view.canvas.coordinates(row)
        if place is None or self._numbers is None or row >= len(self._numbers):
            return ""
        unit = self._view.picture.grid.unit
        across, down = (
            format_number(at, decimals_for(step)) for at, step in zip(place, self._view.picture.grid.step, strict=True)
        )
        where = ", ".join(f"{axis} {at} {unit}".strip() for axis, at in (("x", across), ("y", down)))
        value = np.atleast_1d(self._numbers[row])
        if self._view.picture.kind == "categories":
            names = self._view.picture.names
            rest = "outlier" if self._choice.channel == "group" else "not identified"
            said = names[int(value[0])] if 0 <= value[0] < len(names) else rest
        else:
            said = ", ".join(format_significant(float(one)) if np.isfinite(one) else "–" for one in value)
        return f"{where}   {map_channels.channel(self._choice.channel).name}: {said}"
