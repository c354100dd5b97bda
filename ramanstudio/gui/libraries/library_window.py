"""The library window: the libraries, the references of one with their spectra, and every edit of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QColor
from PySide6.QtWidgets import QDialog, QListWidgetItem, QPushButton, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme, appearance
from ramanstudio.gui.document.dropping import let_drops_through, paths_of
from ramanstudio.gui.libraries.library_edits import LibraryEdits, LibrarySelection, is_starter
from ramanstudio.gui.libraries.library_widgets import LibraryWidgets, describe_reference
from ramanstudio.gui.viewer.spectrum_strip import MAX_STRIP_CURVES, StripCurve

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from ramanstudio.core.progress import Progress
    from ramanstudio.gui.document.libraries import Libraries
    from ramanstudio.gui.document.session import Session
    from ramanstudio.library.library import Library
    from ramanstudio.library.library_folder import UnreadableLibrary

UPDATE_MS: Final = 80


class LibraryWindow(QDialog):
    """Stays open beside the main window; edits take effect at once."""

    def __init__(
        self,
        session: Session,
        workers: Workers,
        messages: Messages,
        libraries: Libraries,
        show_download_guides: Callable[[], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Libraries")
        self._session, self._workers, self._messages, self._libraries = session, workers, messages, libraries
        self._show_download_guides = show_download_guides
        self._wanted: Path | None = None  # the library to select at the next refresh
        self._listed: tuple[Library, ...] = ()
        self._unreadable: tuple[UnreadableLibrary, ...] = ()  # listed below them
        self.widgets = LibraryWidgets(self)
        self.model = self.widgets.model
        self.edits = LibraryEdits(session, libraries, self._selection, self)
        self._spectra_timer = QTimer(self, singleShot=True, interval=UPDATE_MS)
        self._spectra_timer.timeout.connect(self._show_spectra)
        self.resize(min(1080, parent.width() - 40), min(700, parent.height() - 40))
        self.setAcceptDrops(True)
        let_drops_through(self)
        self._connect()
        self.set_theme(appearance().theme)
        self._libraries.load()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self.widgets.strip.set_theme(theme)
        self.refresh()

    @property
    def library(self) -> Library | None:
        """The library whose references are shown."""
        row = self.widgets.libraries.currentRow()
        return self._listed[row] if 0 <= row < len(self._listed) else None

    @property
    def unreadable(self) -> UnreadableLibrary | None:
        """The file that is selected in the list of libraries, where it could not be opened."""
        row = self.widgets.libraries.currentRow() - len(self._listed)
        return self._unreadable[row] if 0 <= row < len(self._unreadable) else None

    @property
    def references(self) -> list[int]:
        """The rows of the selected references in the library."""
        ranges = self.widgets.table.selectionModel().selection()  # asking for each row takes 0.2 s where all are
        rows = {row for span in ranges.toList() for row in range(span.top(), span.bottom() + 1)}
        return sorted(map(self.model.reference_at, rows))

    def show_reference(self, library: Library, reference: int) -> None:
        """Select a reference of a library, shown among the others."""
        self._select_library(library)
        self.widgets.search.clear()
        row = self.model.row_of(reference)
        if self.model.library is library and row is not None:
            self.widgets.table.selectRow(row)
            self.widgets.table.scrollTo(self.model.index(row, 0))

    def refresh(self) -> None:
        """List the libraries that there are now."""
        selected = self.library or self.unreadable
        path = self._wanted or (selected.path if selected is not None else None)
        list_, libraries = self.widgets.libraries, self._libraries
        with QSignalBlocker(list_):
            list_.clear()
            self._listed, self._unreadable = libraries.all, libraries.unreadable
            for library in self._listed:
                self._add_row(f"{library.title}\n{count_of(len(library), 'reference')}", str(library.path))
            for file in self._unreadable:
                self._add_row(f"{file.path.name}\ncould not be opened", f"{file.error}\n{file.path}", "error")
            paths = [library.path for library in self._listed] + [file.path for file in self._unreadable]
            list_.setCurrentRow(paths.index(path) if path in paths else 0)
        problems = "\n\n".join(str(error) for error in libraries.problems)
        hint = " Select it above to remove it." if self._unreadable else ""
        text = "Opening the libraries…" if libraries.loading else f"{problems}{hint}"
        self.widgets.problem.setText(text)
        self.widgets.problem.setVisible(bool(text))
        self._show_library()

    def _selection(self) -> LibrarySelection:
        return LibrarySelection(self.library, self.references, self.unreadable)

    def _add_row(self, text: str, tooltip: str, role: str = "text") -> None:
        """Add a row to the list of libraries, in the colour of a role."""
        item = QListWidgetItem(text)
        item.setToolTip(tooltip)
        item.setForeground(QColor(getattr(appearance().theme, role)))
        self.widgets.libraries.addItem(item)

    def _show_library(self) -> None:
        library = self.library
        self._wanted = None
        if self.model.library is not library:
            self.model.show(library)
            with QSignalBlocker(self.widgets.duplicates):
                self.widgets.duplicates.setChecked(False)
        self._rows_changed()

    def _rows_changed(self) -> None:
        """Select the first row where none is, and show how many there are."""
        table, library = self.widgets.table, self.library
        if self.model.rowCount() and not table.selectionModel().hasSelection():
            table.selectRow(0)
        n_shown = self.model.rowCount()
        text = "" if library is None else f"{format_number(n_shown)} of {count_of(len(library), 'reference')}"
        self.widgets.count.setText(text)
        self._enable_buttons()
        self._spectra_timer.start()

    def _enable_buttons(self) -> None:
        widgets, library = self.widgets, self.library
        has_references = widgets.table.selectionModel().hasSelection()
        is_editable = library is not None and not is_starter(library)
        for button in (widgets.rename_references, widgets.remove_references):
            button.setEnabled(is_editable and has_references)
        widgets.rename_library.setEnabled(is_editable)
        widgets.delete.setEnabled(is_editable or self.unreadable is not None)
        widgets.export.setEnabled(library is not None)
        widgets.merge.setEnabled(len(self._libraries.all) > 1)
        widgets.add_selected.setEnabled(any(entry.source is not None for entry in self._session.selected))
        reason = (
            "The starter library comes with the program and cannot be edited" if library and not is_editable else ""
        )
        for widget, tooltip in widgets.tooltips.items():
            widget.setToolTip(reason if reason and widget in widgets.editing_buttons else tooltip)

    def _show_spectra(self) -> None:
        library, theme = self.model.library, appearance().theme
        references = self.references[:MAX_STRIP_CURVES] if library is not None else []
        curves: list[StripCurve] = []
        self.widgets.details.setText("")
        for number, row in enumerate(references):
            assert library is not None
            try:
                spectrum = library.spectrum(row)
            except StudioError as error:
                self.widgets.details.setText(str(error))
                continue
            values = spectrum.values[0].astype(float)
            values = values / (float(abs(values).max()) or 1.0)
            colour = theme.reference if len(references) == 1 else theme.category(number)
            curves.append(StripCurve(str(library.names[row]), spectrum.axis, values, None, colour))
        self.widgets.strip.show_curves(curves)
        self.widgets.show_plot("" if curves else self._why_no_spectra())
        if library is not None and len(references) == len(curves) == 1:
            self.widgets.details.setText(describe_reference(library, references[0]))
        self._enable_buttons()

    def _why_no_spectra(self) -> str:
        if self.library is None:
            return "Select a library to see its references."
        if not len(self.library):
            return "This library holds no references."
        if not self.model.rowCount():
            return "No reference matches the search."
        return "Select references in the table to see their spectra."

    # What the user does

    def _connect(self) -> None:
        widgets, edits = self.widgets, self.edits
        self._libraries.changed.connect(self.refresh)
        self._libraries.edited.connect(self._select_library)
        self._session.selection_changed.connect(self._enable_buttons)
        appearance().changed.connect(self.set_theme)
        widgets.libraries.currentRowChanged.connect(lambda _: self._show_library())
        widgets.search.textChanged.connect(self._search)
        widgets.table.selectionModel().selectionChanged.connect(lambda *_: self._spectra_timer.start())
        widgets.duplicates.toggled.connect(self._show_duplicates)
        commands: tuple[tuple[QPushButton, Callable[[], object]], ...] = (
            (widgets.add_files, edits.add_files),
            (widgets.create_from_folder, edits.create_from_folder),
            (widgets.add_selected, edits.add_selected_spectra),
            (widgets.rename_references, edits.rename_references),
            (widgets.remove_references, edits.remove_references),
            (widgets.rename_library, edits.rename_library),
            (widgets.merge, edits.merge),
            (widgets.export, edits.export),
            (widgets.delete, edits.delete),
            (widgets.download_guides, self._show_download_guides),
        )
        for button, command in commands:
            button.clicked.connect(lambda _=False, command=command: command())

    def _select_library(self, library: Library) -> None:
        self._wanted = library.path
        self.refresh()

    def _search(self, text: str) -> None:
        self.model.search(text)
        self._rows_changed()

    def _show_duplicates(self, on: bool) -> None:
        library = self.library
        if not on or library is None:
            self.model.show_only(None)
            self._rows_changed()
            return

        def work(progress: Progress) -> list[int]:
            from ramanstudio.library.library import duplicates

            progress(0, 0)
            return [row for copies in duplicates(library) for row in copies]

        def show(rows: list[int]) -> None:
            if self.library is library and self.widgets.duplicates.isChecked():
                self.model.show_only(rows)
                self._rows_changed()
                if not rows:
                    self.widgets.count.setText("No duplicates.")

        job = self._workers.submit(work, "Looking for duplicates", "files", key="duplicates")
        job.succeeded.connect(show)
        job.failed.connect(self._messages.show_error)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept files."""
        if paths_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Add the dropped files to the libraries."""
        self.edits.add_paths(paths_of(event.mimeData()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Stop the timer with the window."""
        self._spectra_timer.stop()
        super().closeEvent(event)
