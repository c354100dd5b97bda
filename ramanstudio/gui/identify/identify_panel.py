"""The panel on the right of Identify: where is searched, what is compared, mixtures, and what is there of which."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import ElidedCheckBox, SidePanel, button, label, panel_heading
from ramanstudio.gui.document.library_problems import UnopenedRows
from ramanstudio.gui.identify.components_view import PartsView
from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.gui.identify.model_choice import ModelChoice
from ramanstudio.gui.identify.region_inputs import RegionInputs
from ramanstudio.gui.identify.substance_list import Substances
from ramanstudio.gui.identify.texts import mixture_words
from ramanstudio.project.substances import Tally

if TYPE_CHECKING:
    from ramanstudio.core.settings import Settings
    from ramanstudio.gui.document.identifying import Identifying
    from ramanstudio.gui.document.model_predictions import FineTunedModels
    from ramanstudio.gui.document.session import Session
    from ramanstudio.gui.identify.mixture_jobs import Unmixing

LATER_MS: Final = 120
STARTER: Final = "Only the starter library is here; its spectra are simulated from peak tables."


class IdentifyPanel(SidePanel):
    """Speaks of the search; what is chosen here holds at once."""

    def __init__(
        self,
        page: IdentifyPage,
        session: Session,
        settings: Settings,
        identifying: Identifying,
        unmixing: Unmixing,
        models: FineTunedModels,
        actions: Mapping[str, QAction],
    ) -> None:
        super().__init__(panel_heading("Identify"))
        self._page, self._session, self._settings = page, session, settings
        self._identifying, self._unmixing = identifying, unmixing
        self._made, self._tally = ChangeTracker(), Tally()
        self._checks, self._boxes = QVBoxLayout(), list[ElidedCheckBox]()
        self._starter, self.unreadable = label("quiet", wrap=True), UnopenedRows(identifying.libraries)
        self.models = ModelChoice(models)
        self._shelf, self._more = button(actions["libraries"]), button(actions["more_references"], "Get more…")
        self.regions = RegionInputs()
        self.classic = QCheckBox("Show the classic indices", self)
        self.classic.setToolTip("Show correlation (Pearson) and distance (Euclid) beside chance and hit quality")
        self.classic.setChecked(bool(self._settings["classic_indices"]))
        self.mixture = button(actions["is_mixture"])
        self.parts, self._parts_words = PartsView(), label("quiet", wrap=True)
        self.fit = QCheckBox("Draw the fit of all parts", self)
        self.fit.setToolTip("Lay the fit of the mixture over the spectrum; off, the hit that is looked at")
        self._state = label("quiet", wrap=True)
        self.go = QPushButton("Identify all", self)
        self.substances = Substances(self)
        self._export = button(actions["export_identified"])
        self._lay_out()
        self._soon = QTimer(self, singleShot=True, interval=LATER_MS)
        self._soon.timeout.connect(self.refresh)
        self._connect()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        for part in (self.regions, self.parts, self.substances):
            part.set_theme(theme)

    def refresh(self) -> None:
        """Say what is true now."""
        identifying = self._identifying
        self._show_libraries()
        self._show_region()
        self._show_mixture()
        self._tally.count(self._session.project, identifying.is_current)
        done, total = self._tally.done, self._tally.total
        words = f"{format_number(done)} of {count_of(total, 'spectrum', 'spectra')} identified" if total else ""
        self._state.setText(f"Searching… {words}" if identifying.busy else words)
        self.go.setVisible(identifying.busy or done < total)
        self.go.setText("Stop" if identifying.busy else "Identify all")
        self.go.setToolTip(
            "Stop; what is looked at is identified all the same" if identifying.busy else "Identify all that is open"
        )
        self.substances.show_counts(self._tally.substances)

    @property
    def libraries(self) -> list[ElidedCheckBox]:
        """The boxes that say what is searched."""
        return list(self._boxes)

    @property
    def mixture_words(self) -> str:
        """What is said of the mixture."""
        return self._parts_words.text()

    def _show_libraries(self) -> None:
        libraries = self._identifying.libraries
        if not self._made.has_changed("libraries", libraries.all, libraries.loading):
            for box, library in zip(self._boxes, libraries.all, strict=True):
                box.blockSignals(True)
                box.setChecked(libraries.is_searched(library))
                box.blockSignals(False)
            return
        for box in self._boxes:
            self._checks.removeWidget(box)
            box.deleteLater()
        self._boxes = []
        for library in libraries.all:
            box = ElidedCheckBox(f"{library.title} · {format_number(len(library))}".replace("&", "&&"), self)
            box.setToolTip(f"{count_of(len(library), 'reference')} in {library.path}")
            box.setAccessibleName(f"Search in {library.title}, {count_of(len(library), 'reference')}")
            box.setChecked(libraries.is_searched(library))
            box.toggled.connect(lambda on, library=library: libraries.search_in(library, on))
            self._checks.addWidget(box)
            self._boxes.append(box)
        self._order()
        words = "Opening the libraries…" if libraries.loading else "There is no library yet."
        if libraries.all:
            words = (
                "Only the starter library is here; it is simulated from peak tables." if libraries.only_starter else ""
            )
        self._starter.setText(words)
        self._starter.setVisible(bool(words))

    def _order(self) -> None:
        """Let the Tab key walk from top to bottom."""
        compare = (*self.regions.in_reading_order, self.classic, self.mixture, self.fit)
        above = (*self._boxes, *self.unreadable.buttons, self._shelf, self._more, *self.models.tab_order)
        reading = (*above, *compare, self.go, self.substances, self._export)
        for one, following in pairwise(reading):
            QWidget.setTabOrder(one, following)

    def _show_region(self) -> None:
        entry, view = self._page.entry, self._page.view
        if entry is not None and entry.source is not None and view is not None:
            ends = float(entry.source.axis[0]), float(entry.source.axis[-1])
            self.regions.show_region(self._identifying.within, ends, view.shifts)
        self.regions.setEnabled(entry is not None)

    def _show_mixture(self) -> None:
        page, entry = self._page, self._page.entry
        mixed = self._unmixing.answer(entry, page.row) if entry is not None else None
        busy = self._unmixing.busy
        self.mixture.setText("Taking it apart…" if busy else "Is it a mixture?")
        self.parts.show_mixture(mixed)
        words = ""
        if mixed is not None:
            words = mixture_words(len(mixed.parts), mixed.explain, any(part.note for part in mixed.parts))
        self._parts_words.setText(words)
        self._parts_words.setVisible(bool(words))
        self.fit.setVisible(mixed is not None and bool(mixed.parts))
        self.fit.blockSignals(True)
        self.fit.setChecked(page.shows_mixture)
        self.fit.blockSignals(False)

    def _choose(self, name: str) -> None:
        members = self._tally.members_of(name)
        if len(members):
            self._session.select_spectra(members.entry_ids, members.rows)

    def _toggle_run(self) -> None:
        if self._identifying.busy:
            self._identifying.stop()
        else:
            self._identifying.resume()

    def _show_classic(self, on: bool) -> None:
        self._settings["classic_indices"] = on
        if self._page.hits is not None:
            self._page.hits.show_classic(on)

    def _connect(self) -> None:
        self._identifying.changed.connect(self._refresh_soon)
        self._unmixing.changed.connect(self._refresh_soon)
        self.models.changed.connect(self._order)
        self.unreadable.changed.connect(self._order)
        self._session.changed.connect(lambda *_: self._refresh_soon())
        self._page.looked_at.connect(self._refresh_soon)
        self._page.made.connect(lambda: self._show_classic(self.classic.isChecked()))
        self.regions.changed.connect(self._identifying.compare_within)
        self.classic.toggled.connect(self._show_classic)
        self.fit.toggled.connect(self._page.show_mixture)
        self.substances.chosen.connect(self._choose)
        self.go.clicked.connect(self._toggle_run)

    def _refresh_soon(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _lay_out(self) -> None:
        inside = QWidget(self)
        inside.setProperty("panel", "true")
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(12, 4, 12, 12)
        whole.setSpacing(6)
        self._checks.setSpacing(2)
        shelf = QHBoxLayout()
        shelf.setSpacing(8)
        shelf.addWidget(self._shelf, 1)
        shelf.addWidget(self._more, 1)
        self._head(whole, "Search in", self._checks, self._starter, self.unreadable, shelf)
        self._head(whole, "Ask taught models", self.models)
        self._head(whole, "Compare", self.regions, self.classic)
        self._head(whole, "Mixture", self.mixture, self._parts_words, self.parts, self.fit)
        self._head(whole, "In what is open", self._state, self.go)
        whole.addWidget(self.substances, 1)
        whole.addWidget(self._export)
        self.setWidget(inside)

    def _head(self, whole: QVBoxLayout, words: str, *parts: QWidget | QVBoxLayout | QHBoxLayout) -> None:
        if whole.count():
            whole.addSpacing(10)
        head = label("heading")
        head.setText(words)
        whole.addWidget(head)
        for part in parts:
            if isinstance(part, QWidget):
                whole.addWidget(part)
            else:
                whole.addLayout(part)
