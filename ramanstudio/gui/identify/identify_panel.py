"""The panel of Identify: libraries, fine-tuned models, compared range, mixture, and open spectra by substance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QPushButton, QVBoxLayout, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import ElidedCheckBox, SidePanel, button, label, panel_heading
from ramanstudio.gui.document.library_problems import LibraryProblems
from ramanstudio.gui.identify.components_view import ComponentsView
from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.gui.identify.model_choice import ModelChoice
from ramanstudio.gui.identify.search_range_inputs import SearchRangeInputs
from ramanstudio.gui.identify.substance_list import SubstanceList
from ramanstudio.gui.identify.texts import mixture_summary
from ramanstudio.project.substances import SubstanceCounts

if TYPE_CHECKING:
    from ramanstudio.core.settings import Settings
    from ramanstudio.gui.document.identifying import Identifying
    from ramanstudio.gui.document.model_predictions import FineTunedModels
    from ramanstudio.gui.document.session import Session
    from ramanstudio.gui.identify.mixture_jobs import MixtureJobs

UPDATE_MS: Final = 120
ONLY_STARTER: Final = "Only the starter library is here; its spectra are simulated from peak tables."


class IdentifyPanel(SidePanel):
    """Controls the search and shows its state; changes take effect at once."""

    def __init__(
        self,
        page: IdentifyPage,
        session: Session,
        settings: Settings,
        identifying: Identifying,
        mixture_jobs: MixtureJobs,
        models: FineTunedModels,
        actions: Mapping[str, QAction],
    ) -> None:
        super().__init__(panel_heading("Identify"))
        self._page, self._session, self._settings = page, session, settings
        self._identifying, self._mixture_jobs = identifying, mixture_jobs
        self._changes, self._counts = ChangeTracker(), SubstanceCounts()
        self._library_column, self._library_boxes = QVBoxLayout(), list[ElidedCheckBox]()
        self._library_hint, self.problems = label("quiet", wrap=True), LibraryProblems(identifying.libraries)
        self.models = ModelChoice(models)
        self._libraries_button = button(actions["libraries"])
        self._guides_button = button(actions["more_references"], "Download guides…")
        self.search_range = SearchRangeInputs()
        self.classic = QCheckBox("Show classic indices", self)
        self.classic.setToolTip("Show correlation (Pearson) and distance (Euclid) beside probability and hit quality")
        self.classic.setChecked(bool(self._settings["classic_indices"]))
        self.mixture_button = button(actions["analyse_mixture"])
        self.components, self._mixture_text = ComponentsView(), label("quiet", wrap=True)
        self.show_fit = QCheckBox("Show the fit", self)
        self.show_fit.setToolTip("Draw the fit of the mixture over the spectrum instead of the selected match")
        self._progress_text = label("quiet", wrap=True)
        self.run_button = QPushButton("Identify all", self)
        self.substances = SubstanceList(self)
        self._export = button(actions["export_identifications"])
        self._lay_out()
        self._refresh_timer = QTimer(self, singleShot=True, interval=UPDATE_MS)
        self._refresh_timer.timeout.connect(self.refresh)
        self._connect()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        for part in (self.search_range, self.components, self.substances):
            part.set_theme(theme)

    def refresh(self) -> None:
        """Show the present state."""
        identifying = self._identifying
        self._show_libraries()
        self._show_search_range()
        self._show_mixture()
        self._counts.count(self._session.project, identifying.is_current)
        done, total = self._counts.done, self._counts.total
        text = f"{format_number(done)} of {count_of(total, 'spectrum', 'spectra')} identified" if total else ""
        self._progress_text.setText(f"Searching… {text}" if identifying.busy else text)
        self.run_button.setVisible(identifying.busy or done < total)
        self.run_button.setText("Stop" if identifying.busy else "Identify all")
        self.run_button.setToolTip(
            "Stop the search; the spectrum that is shown is identified all the same"
            if identifying.busy
            else "Identify all open spectra"
        )
        self.substances.show_counts(self._counts.substances)

    @property
    def library_boxes(self) -> list[ElidedCheckBox]:
        """The check boxes of the libraries, from top to bottom."""
        return list(self._library_boxes)

    @property
    def library_hint(self) -> str:
        """The sentence below the libraries; empty where none is needed."""
        return self._library_hint.text()

    @property
    def mixture_text(self) -> str:
        """The summary of the mixture."""
        return self._mixture_text.text()

    def _show_libraries(self) -> None:
        libraries = self._identifying.libraries
        if not self._changes.has_changed("libraries", libraries.all, libraries.loading):
            for box, library in zip(self._library_boxes, libraries.all, strict=True):
                box.blockSignals(True)
                box.setChecked(libraries.is_searched(library))
                box.blockSignals(False)
            return
        for box in self._library_boxes:
            self._library_column.removeWidget(box)
            box.deleteLater()
        self._library_boxes = []
        for library in libraries.all:
            box = ElidedCheckBox(f"{library.title} · {format_number(len(library))}".replace("&", "&&"), self)
            box.setToolTip(f"{count_of(len(library), 'reference')} in {library.path}")
            box.setAccessibleName(f"Search in {library.title}, {count_of(len(library), 'reference')}")
            box.setChecked(libraries.is_searched(library))
            box.toggled.connect(lambda on, library=library: libraries.set_searched(library, on))
            self._library_column.addWidget(box)
            self._library_boxes.append(box)
        self._set_tab_order()
        hint = "Opening the libraries…" if libraries.loading else "There is no library yet."
        if libraries.all:
            hint = ONLY_STARTER if libraries.only_starter else ""
        self._library_hint.setText(hint)
        self._library_hint.setVisible(bool(hint))

    def _set_tab_order(self) -> None:
        """Let the Tab key move from top to bottom."""
        libraries = (*self._library_boxes, *self.problems.buttons, self._libraries_button, self._guides_button)
        comparison = (*self.search_range.tab_order, self.classic, self.mixture_button, self.show_fit)
        results = (self.run_button, self.substances, self._export)
        for widget, following in pairwise((*libraries, *self.models.tab_order, *comparison, *results)):
            QWidget.setTabOrder(widget, following)

    def _show_search_range(self) -> None:
        entry, view = self._page.entry, self._page.view
        if entry is not None and entry.source is not None and view is not None:
            ends = float(entry.source.axis[0]), float(entry.source.axis[-1])
            self.search_range.show_region(self._identifying.within, ends, view.shifts)
        self.search_range.setEnabled(entry is not None)

    def _show_mixture(self) -> None:
        page, entry = self._page, self._page.entry
        mixture = self._mixture_jobs.result(entry, page.row) if entry is not None else None
        self.mixture_button.setText("Analysing…" if self._mixture_jobs.busy else "Analyse as mixture")
        self.components.show_mixture(mixture)
        text = ""
        if mixture is not None:
            is_simulated = any(component.note for component in mixture.components)
            text = mixture_summary(len(mixture.components), mixture.explained, is_simulated)
        self._mixture_text.setText(text)
        self._mixture_text.setVisible(bool(text))
        self.show_fit.setVisible(mixture is not None and bool(mixture.components))
        self.show_fit.blockSignals(True)
        self.show_fit.setChecked(page.shows_mixture)
        self.show_fit.blockSignals(False)

    def _select_substance(self, name: str) -> None:
        members = self._counts.members_of(name)
        if len(members):
            self._session.select_spectra(members.entry_ids, members.rows)

    def _toggle_search(self) -> None:
        if self._identifying.busy:
            self._identifying.stop()
        else:
            self._identifying.resume()

    def _show_classic(self, on: bool) -> None:
        self._settings["classic_indices"] = on
        if self._page.match_list is not None:
            self._page.match_list.show_classic(on)

    def _connect(self) -> None:
        self._identifying.changed.connect(self._refresh_soon)
        self._mixture_jobs.changed.connect(self._refresh_soon)
        self.models.changed.connect(self._set_tab_order)
        self.problems.changed.connect(self._set_tab_order)
        self._session.changed.connect(lambda *_: self._refresh_soon())
        self._page.spectrum_changed.connect(self._refresh_soon)
        self._page.view_made.connect(lambda: self._show_classic(self.classic.isChecked()))
        self.search_range.changed.connect(self._identifying.compare_within)
        self.classic.toggled.connect(self._show_classic)
        self.show_fit.toggled.connect(self._page.show_mixture)
        self.substances.substance_selected.connect(self._select_substance)
        self.run_button.clicked.connect(self._toggle_search)

    def _refresh_soon(self) -> None:
        if self.isVisible() and not self._refresh_timer.isActive():
            self._refresh_timer.start()

    def _lay_out(self) -> None:
        content = QWidget(self)
        content.setProperty("panel", "true")
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 4, 12, 12)
        column.setSpacing(6)
        self._library_column.setSpacing(2)
        buttons = self._libraries_button, self._guides_button
        _add_section(column, "Search in", self._library_column, self._library_hint, self.problems, *buttons)
        _add_section(column, "Classify with fine-tuned models", self.models)
        _add_section(column, "Compare", self.search_range, self.classic)
        _add_section(column, "Mixture", self.mixture_button, self._mixture_text, self.components, self.show_fit)
        _add_section(column, "Open spectra by substance", self._progress_text, self.run_button)
        column.addWidget(self.substances, 1)
        column.addWidget(self._export)
        self.setWidget(content)


def _add_section(column: QVBoxLayout, title: str, *parts: QWidget | QVBoxLayout) -> None:
    """Add a heading and what belongs to it."""
    if column.count():
        column.addSpacing(10)
    heading = label("heading", wrap=True)
    heading.setText(title)
    column.addWidget(heading)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
