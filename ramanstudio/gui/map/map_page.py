"""Map: where in a map, or when in a series, it is; beneath it the spectra of what is selected, with bands to drag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.map_files import MapFigure, save_map
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
from ramanstudio.gui.viewer.tab_page import DrawFigure, TabPage
from ramanstudio.project.project import Project
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import SpectrumSeries

if TYPE_CHECKING:
    from ramanstudio.gui.map.map_renderer import MapRenderer
    from ramanstudio.gui.map.map_strip import MapSpectrumStrip
    from ramanstudio.gui.map.map_toolbar import MapToolbar
    from ramanstudio.gui.map.map_view import MapView

Numbers = NDArray[np.floating[Any]]

AT_ONCE: Final = 4_000_000  # intensities that are summed within a frame or two; more are left to a thread
AFTER_RESULTS_MS: Final = 300
WHILE_DRAGGED_MS: Final = 40


class MapPage(TabPage):
    """Shows one map. The view is made when the page is first looked at. `changed` when the panel has to look again."""

    changed = Signal()

    def __init__(
        self,
        session: Session,
        exploring: Exploring,
        workers: Workers,
        messages: Messages,
        actions: Mapping[str, QAction],
    ) -> None:
        super().__init__()
        self._session, self._exploring, self._workers, self._messages = session, exploring, workers, messages
        self.view: MapView | None = None
        self.bar: MapToolbar | None = None
        self.strip: MapSpectrumStrip | None = None
        self.choice = MapOptions()
        self._hovered = -1
        self.subject = MapSource(session)
        self.aside = ""
        self._drawing: MapRenderer | None = None
        self._theme: Theme | None = None
        self._bands_of: object = None
        self.empty = EmptyPage([actions[name] for name in ("open_files", "open_folder", "try_demo")])
        self._map = QWidget(self)
        self._map.setProperty("panel", "true")
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._map)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self.refresh)
        session.changed.connect(self._follow)
        session.selection_changed.connect(lambda: self._refresh_soon())
        exploring.group_summaries_changed.connect(lambda: self._refresh_soon())

    def make_view(self) -> None:
        """Make the map and what goes with it, if it is not there yet."""
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
        self._drawing = MapRenderer(self.view, self.subject, self._workers, self._messages, self._take_drawn)
        lay_out_with_strip(self._map, self.bar, self.view, self.strip)
        let_drops_through(self._map)
        self.view.hovered.connect(self._hover)
        self.view.picked.connect(self._pick)
        self.bar.entry_chosen.connect(lambda entry_id: self._session.select([entry_id]))
        self.bar.tool_chosen.connect(self.view.set_tool)
        self.bar.all_asked.connect(self.view.show_all)
        self.strip.band_dragged.connect(self.drag_band)
        self.strip.band_asked.connect(self.show_band)
        self._dress(self._theme or current_theme())

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._dress(theme)
        if self._drawing is not None:
            self._drawing.forget()
        self._refresh_soon()

    def _dress(self, theme: Theme) -> None:
        for part in (self.view, self.bar, self.strip):
            if part is not None:
                part.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has become of it meanwhile."""
        super().showEvent(event)
        self.refresh()

    def _follow(self, before: Project, now: Project) -> None:
        only_results = (
            now.entries is before.entries and now.groups is before.groups and now.exploration is before.exploration
        )
        self._refresh_soon(AFTER_RESULTS_MS if only_results else 0)

    def _refresh_soon(self, after_ms: int = 0) -> None:
        if self.isVisible() and (not self._soon.isActive() or self._soon.interval() > after_ms):
            self._soon.start(after_ms)

    # What is shown

    def choose(self, choice: MapOptions) -> None:
        """Show this of the map."""
        if choice != self.choice:
            self.choice = choice
            self._refresh_soon()
            self.changed.emit()

    def drag_band(self, index: int, low: float, high: float) -> None:
        """Move one of the bands, in cm⁻¹."""
        bands = list(self.choice.bands)
        if index < len(bands):
            bands[index] = (min(low, high), max(low, high))
            self.choice = replace(self.choice, bands=tuple(bands))
            self._refresh_soon(WHILE_DRAGGED_MS)
            self.changed.emit()

    def show_band(self, low: float, high: float) -> None:
        """Show the area of a band, in cm⁻¹; a series is all bands, and shows it already."""
        if not isinstance(self.subject.places, SpectrumSeries):
            self.choose(replace(self.choice, channel="area", bands=((low, high), *self.choice.bands[1:])))

    def refresh(self) -> None:
        """Show what is known now, as far as it is not shown already."""
        other = self.subject.look()
        entry, source = self.subject.entry, self.subject.source
        if entry is None or source is None:
            self._stack.setCurrentWidget(self.empty)
            self.changed.emit()
            return
        self.make_view()
        self._stack.setCurrentWidget(self._map)
        if other:
            self._hovered = -1
            self._forget_hover()
            self.choice = replace(self.choice, plane=0)
        self._suggest_bands(source)
        assert self.strip is not None and self.bar is not None and self._drawing is not None
        self.aside = self.subject.offers(self.choice.channel)
        self._drawing.draw(self.choice, self._theme or current_theme())
        self._outline()
        self.strip.show_for(entry, self.subject.spectra(self.choice)[0], self.choice, self.subject.rows)
        self.bar.offer([(one.id, one.name) for one in self.subject.others], entry.id)
        self.changed.emit()

    def _forget_hover(self) -> None:
        """What was under the mouse belongs to another map."""
        if self.strip is not None and self.bar is not None:
            self.strip.strip.show_hover(None)
            self.bar.said.setText("")

    def _suggest_bands(self, source: SpectrumSet) -> None:
        ends = (float(source.axis[0]), float(source.axis[-1]))
        if self._bands_of == ends:
            return
        self._bands_of = ends
        some = source.values[:: max(1, len(source) // 500)].astype(np.float64)
        some = some[np.isfinite(some).all(axis=1)]
        found = map_channels.strongest_bands(source.axis, some.mean(axis=0)) if len(some) else ()
        left, span = ends[0], ends[1] - ends[0]
        spare = [(round(left + share * span, 1), round(left + (share + 0.05) * span, 1)) for share in (0.2, 0.5, 0.7)]
        self.choice = replace(self.choice, bands=(*found, *spare[len(found) :]))

    def _outline(self) -> None:
        if self.view is not None and self.bar is not None:
            self.view.set_selected(self.subject.mask)
            self.bar.show_tools(not self.view.is_series)

    def _take_drawn(self) -> None:
        self._outline()
        if self.bar is not None and self._hovered >= 0:
            self.bar.said.setText(self.words_of(self._hovered))
        self.changed.emit()

    def words_of(self, row: int) -> str:
        """What is said of the pixel of a spectrum: `x 12.5 µm, y 3 µm   Band area: 1,234`."""
        return self._drawing.words_of(row) if self._drawing is not None else ""

    # Hands

    def _hover(self, row: int) -> None:
        if self.strip is None or self.bar is None or self.subject.source is None:
            return
        self._hovered = row
        words = self.words_of(row) if row >= 0 else ""
        self.bar.said.setText(words)
        self.strip.show_hover(self.subject.spectra(self.choice)[0], row, words.partition("   ")[0])

    def _pick(self, rows: NDArray[np.intp], mode: str) -> None:
        self.subject.select(self.subject.picked(rows, mode))

    def set_current(self, on: bool) -> None:
        """Keep the projection and the groups up to date while the page is shown: some channels need them."""
        self._exploring.set_active(on)

    # Taking it away

    @property
    def has_figure(self) -> bool:
        """A map is always drawn as it is shown."""
        return True

    def figure(self) -> DrawFigure | None:
        """Draws the map; None where none is shown."""
        picture = self.picture
        return None if picture is None else partial(save_map, content=picture)

    @property
    def picture(self) -> MapFigure | None:
        """What is shown, to be saved."""
        return self.view.picture if self.view is not None and self.subject.entry is not None else None

    def export(self, path: Path) -> Job | None:
        """Save what is shown as .png, .svg, .tif (32-bit) or .csv; None where nothing is shown."""
        picture = self.picture
        if picture is None:
            return None
        dark = (self._theme or current_theme()).is_dark

        def work(progress: Progress) -> str:
            progress(0, 0, "Saving the map")
            save_map(path, picture, dark)
            return f"The map was saved as '{path}'."

        job = self._workers.submit(work, "Saving the map", "files")
        job.succeeded.connect(self._messages.info)
        job.failed.connect(self._messages.show_error)
        return job
