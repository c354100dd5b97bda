"""The Map tab: a map, or a series in depth or time; beneath it the spectra of the selection, with bands to drag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.map_files import MapFigure, map_rows, save_map
from ramanstudio.export.text_table import tab_text
from ramanstudio.gui.common.empty_page import EmptyPage
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.common.widgets import lay_out_with_strip
from ramanstudio.gui.document.dropping import let_drops_through
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.map.map_source import MapSource
from ramanstudio.gui.map.map_values import MapOptions
from ramanstudio.gui.viewer.project_page import ProjectPage
from ramanstudio.gui.viewer.tab_page import DrawFigure
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import SpectrumSeries

if TYPE_CHECKING:
    from ramanstudio.gui.map.map_renderer import MapRenderer
    from ramanstudio.gui.map.map_strip import MapSpectrumStrip
    from ramanstudio.gui.map.map_toolbar import MapToolbar
    from ramanstudio.gui.map.map_view import MapView

Numbers = NDArray[np.floating[Any]]

MAX_SYNCHRONOUS_VALUES: Final = (
    4_000_000  # intensities that are summed within a frame or two; more are left to a thread
)
DRAG_DELAY_MS: Final = 40
MENU_ACTIONS: Final = ("average", "export_spectra", "export_map", "copy", "all_metadata")


class MapPage(ProjectPage):
    """Shows one map. The view is made when the page is first shown. Emits `changed` when the panel must update."""

    changed = Signal()

    def __init__(
        self,
        session: Session,
        exploring: Exploring,
        workers: Workers,
        messages: Messages,
        actions: Mapping[str, QAction],
    ) -> None:
        super().__init__(session)
        self._exploring, self._workers, self._messages = exploring, workers, messages
        self._actions = actions
        self.view: MapView | None = None
        self.bar: MapToolbar | None = None
        self.strip: MapSpectrumStrip | None = None
        self.options = MapOptions()
        self._hovered = -1
        self.map_source = MapSource(session)
        self.note = ""
        self._renderer: MapRenderer | None = None
        self._theme: Theme | None = None
        self._suggested_for: object = None
        self.empty = EmptyPage([actions[name] for name in ("open_files", "open_folder", "try_demo")])
        self._map = QWidget(self)
        self._map.setProperty("panel", "true")
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._map)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        exploring.group_summaries_changed.connect(lambda: self._refresh_soon())

    def make_view(self) -> None:
        """Make map, toolbar and spectrum strip, unless they are there."""
        if self.view is not None:
            return
        from ramanstudio.gui.map.map_renderer import MapRenderer
        from ramanstudio.gui.map.map_strip import MapSpectrumStrip
        from ramanstudio.gui.map.map_toolbar import MapToolbar
        from ramanstudio.gui.map.map_view import MapView

        self.view, self.bar, self.strip = (
            MapView(),
            MapToolbar(self._map),
            MapSpectrumStrip(self._session, self._exploring),
        )
        self._renderer = MapRenderer(self.view, self.map_source, self._workers, self._messages, self._after_drawing)
        lay_out_with_strip(self._map, self.bar, self.view, self.strip)
        let_drops_through(self._map)
        self.view.hovered.connect(self._hover)
        self.view.picked.connect(self._pick)
        self.menu = QMenu(self.view)  # of the selected region
        self.menu.setToolTipsVisible(True)
        for name in MENU_ACTIONS:
            self.menu.addAction(self._actions[name])
        self.view.menu_requested.connect(self.menu.popup)
        self.bar.entry_chosen.connect(lambda entry_id: self._session.select([entry_id]))
        self.bar.tool_chosen.connect(self.view.set_tool)
        self.bar.show_all_requested.connect(self.view.show_all)
        self.strip.band_dragged.connect(self.drag_band)
        self.strip.band_requested.connect(self.show_band)
        self._apply_theme(self._theme or current_theme())

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self._apply_theme(theme)
        if self._renderer is not None:
            self._renderer.invalidate()
        self._refresh_soon()

    def _apply_theme(self, theme: Theme) -> None:
        for widget in (self.view, self.bar, self.strip):
            if widget is not None:
                widget.set_theme(theme)

    # What is shown

    def choose(self, options: MapOptions) -> None:
        """Show another channel, band or plane."""
        if options != self.options:
            self.options = options
            self._refresh_soon()
            self.changed.emit()

    def drag_band(self, index: int, low: float, high: float) -> None:
        """Move one of the bands, in cm⁻¹."""
        bands = list(self.options.bands)
        if index < len(bands):
            bands[index] = (min(low, high), max(low, high))
            self.options = replace(self.options, bands=tuple(bands))
            self._refresh_soon(DRAG_DELAY_MS)
            self.changed.emit()

    def show_band(self, low: float, high: float) -> None:
        """Show the area of a band, in cm⁻¹; a series shows all bands already."""
        if not isinstance(self.map_source.layout, SpectrumSeries):
            self.choose(replace(self.options, channel="area", bands=((low, high), *self.options.bands[1:])))

    def refresh(self) -> None:
        """Show the present state, as far as it is not shown already."""
        is_other = self.map_source.update()
        entry, source = self.map_source.entry, self.map_source.source
        if entry is None or source is None:
            self._stack.setCurrentWidget(self.empty)
            self.changed.emit()
            return
        self.make_view()
        self._stack.setCurrentWidget(self._map)
        if is_other:
            self._hovered = -1
            self._clear_hover()
            self.options = replace(self.options, plane=0)
        self._suggest_bands(source)
        assert self.strip is not None and self.bar is not None and self._renderer is not None
        self.note = self.map_source.missing_for(self.options.channel)
        self._renderer.draw(self.options, self._theme or current_theme())
        self._outline()
        self.strip.show_for(entry, self.map_source.spectra(self.options)[0], self.options, self.map_source.rows)
        self.bar.set_entries([(entry.id, entry.name) for entry in self.map_source.all_entries], entry.id)
        self.changed.emit()

    def _clear_hover(self) -> None:
        """Clear the readout: it belongs to another map."""
        if self.strip is not None and self.bar is not None:
            self.strip.strip.show_hover(None)
            self.bar.readout.setText("")

    def _suggest_bands(self, source: SpectrumSet) -> None:
        axis_range = (float(source.axis[0]), float(source.axis[-1]))
        if self._suggested_for == axis_range:
            return
        self._suggested_for = axis_range
        subset = source.values[:: max(1, len(source) // 500)].astype(np.float64)
        subset = subset[np.isfinite(subset).all(axis=1)]
        bands = map_channels.strongest_bands(source.axis, subset.mean(axis=0)) if len(subset) else ()
        low, span = axis_range[0], axis_range[1] - axis_range[0]
        fallback = [
            (round(low + fraction * span, 1), round(low + (fraction + 0.05) * span, 1)) for fraction in (0.2, 0.5, 0.7)
        ]
        self.options = replace(self.options, bands=(*bands, *fallback[len(bands) :]))

    def _outline(self) -> None:
        if self.view is not None and self.bar is not None:
            self.view.set_selected(self.map_source.mask)
            self.bar.show_tools(not self.view.is_series)

    def _after_drawing(self) -> None:
        self._outline()
        if self.bar is not None and self._hovered >= 0:
            self.bar.readout.setText(self.readout_for(self._hovered))
        self.changed.emit()

    def readout_for(self, row: int) -> str:
        """Return the readout of a pixel: `x 12.5 µm, y 3 µm   Band area: 1234`."""
        return self._renderer.readout_for(row) if self._renderer is not None else ""

    # Mouse

    def _hover(self, row: int) -> None:
        if self.strip is None or self.bar is None or self.map_source.source is None:
            return
        self._hovered = row
        text = self.readout_for(row) if row >= 0 else ""
        self.bar.readout.setText(text)
        self.strip.show_hover(self.map_source.spectra(self.options)[0], row, text.partition("   ")[0])

    def _pick(self, rows: NDArray[np.intp], mode: str) -> None:
        self.map_source.select(self.map_source.picked(rows, mode))

    def set_current(self, on: bool) -> None:
        """Keep exploration and groups up to date while the page is shown: some channels need them."""
        self._exploring.set_active(on)

    # Export

    @property
    def has_figure(self) -> bool:
        """A map is always exported as it is shown."""
        return True

    def figure(self) -> DrawFigure | None:
        """Return what draws the map; None where none is shown."""
        picture = self.picture
        return None if picture is None else partial(save_map, content=picture)

    @property
    def picture(self) -> MapFigure | None:
        """The map that is shown; None where there is none."""
        return self.view.picture if self.view is not None and self.map_source.entry is not None else None

    def numbers(self) -> str:
        """Return the values of the map as tab-separated text: a row for each pixel, of a series for each spectrum."""
        picture = self.picture
        return "" if picture is None else tab_text(map_rows(picture))

    def export(self, path: Path) -> Job | None:
        """Save the map as .png, .svg, .tif (32-bit) or .csv; None where none is shown."""
        picture = self.picture
        if picture is None:
            return None
        dark = (self._theme or current_theme()).is_dark

        def work(progress: Progress) -> str:
            progress(0, 0, "Saving the map")
            save_map(path, picture, dark)
            return f"The map was saved as '{path}'."

        job = self._workers.submit(work, "Saving the map", "files", is_saving=True)
        job.succeeded.connect(self._messages.info)
        job.failed.connect(self._messages.show_error)
        return job
