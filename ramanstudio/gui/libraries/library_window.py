"""The library window: what is on the shelf, its references with their spectra, and every edit of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QColor
from PySide6.QtWidgets import QDialog, QListWidgetItem, QPushButton, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme, appearance
from ramanstudio.gui.document.dropping import let_drops_through, paths_of
from ramanstudio.gui.libraries.library_edits import LibraryEdits, is_starter
from ramanstudio.gui.libraries.library_widgets import LibraryParts
from ramanstudio.gui.viewer.spectrum_strip import MAX_STRIP_CURVES, StripCurve

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDropEvent

    from ramanstudio.core.progress import Progress
    from ramanstudio.gui.document.libraries import Libraries
    from ramanstudio.gui.document.session import Session
    from ramanstudio.library.library import Library
    from ramanstudio.library.library_folder import UnreadableLibrary

LOOK_MS: Final = 80


class LibraryWindow(QDialog):
    """Stays open beside the main window; what is done here holds at once."""

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
        self._wanted: Path | None = None
        self._shown: tuple[Library, ...] = ()
        self._unopened: tuple[UnreadableLibrary, ...] = ()  # beneath them
        self.parts = LibraryParts(self)
        self.model = self.parts.model
        self.edits = LibraryEdits(session, libraries, self)
        self._soon = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._soon.timeout.connect(self._show_spectra)
        self._duplicates: Job | None = None
        self.resize(min(1080, parent.width() - 40), min(700, parent.height() - 40))
        self.setAcceptDrops(True)
        let_drops_through(self)
        self._connect()
        self.set_theme(appearance().theme)
        self._libraries.load()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.parts.strip.set_theme(theme)
        self.refresh()

    @property
    def chosen(self) -> Library | None:
        """The library whose references are shown."""
        row = self.parts.shelf.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    @property
    def chosen_unopened(self) -> UnreadableLibrary | None:
        """What is chosen on the shelf, where it could not be opened."""
        row = self.parts.shelf.currentRow() - len(self._shown)
        return self._unopened[row] if 0 <= row < len(self._unopened) else None

    @property
    def references(self) -> list[int]:
        """The chosen references."""
        spans = self.parts.table.selectionModel().selection()  # to ask for each row takes 0.2 s where all are chosen
        rows = {row for span in spans.toList() for row in range(span.top(), span.bottom() + 1)}
        return sorted(map(self.model.reference_at, rows))

    def show_reference(self, library: Library, at: int) -> None:
        """Show one reference of a library among the others."""
        self._turn_to(library)
        self.parts.search.clear()
        row = self.model.row_of(at)
        if self.model.library is library and row is not None:
            self.parts.table.selectRow(row)
            self.parts.table.scrollTo(self.model.index(row, 0))

    def refresh(self) -> None:
        """Show what is on the shelf now."""
        chosen = self.chosen or self.chosen_unopened
        before = self._wanted or (chosen.path if chosen is not None else None)
        shelf, libraries = self.parts.shelf, self._libraries
        with QSignalBlocker(shelf):
            shelf.clear()
            self._shown, self._unopened = libraries.all, libraries.unreadable
            for library in self._shown:
                self._put(f"{library.title}\n{count_of(len(library), 'reference')}", str(library.path))
            for one in self._unopened:
                self._put(f"{one.path.name}\ncould not be opened", f"{one.error}\n{one.path}", "error")
            paths = [library.path for library in self._shown] + [one.path for one in self._unopened]
            shelf.setCurrentRow(paths.index(before) if before in paths else 0)
        problems = "\n\n".join(str(error) for error in libraries.problems)
        aside = " Select it above to remove it." if self._unopened else ""
        words = "Opening the libraries…" if libraries.loading else f"{problems}{aside}"
        self.parts.problem.setText(words)
        self.parts.problem.setVisible(bool(words))
        self._show_library()

    def _put(self, words: str, tip: str, role: str = "text") -> None:
        """Put a row on the shelf, in the colour of a role."""
        item = QListWidgetItem(words)
        item.setToolTip(tip)
        item.setForeground(QColor(getattr(appearance().theme, role)))
        self.parts.shelf.addItem(item)

    def _show_library(self) -> None:
        library = self.chosen
        self._wanted = None
        if self.model.library is not library:
            self.model.show(library)
            with QSignalBlocker(self.parts.duplicates):
                self.parts.duplicates.setChecked(False)
        self._follow_rows()

    def _follow_rows(self) -> None:
        """Choose the first row where none is, and say how many there are."""
        table, library = self.parts.table, self.chosen
        if self.model.rowCount() and not table.selectionModel().hasSelection():
            table.selectRow(0)
        shown = self.model.rowCount()
        words = "" if library is None else f"{format_number(shown)} of {count_of(len(library), 'reference')}"
        self.parts.count.setText(words)
        self._enable()
        self._soon.start()

    def _enable(self) -> None:
        library, some = self.chosen, self.parts.table.selectionModel().hasSelection()
        own = library is not None and not is_starter(library)
        for one in (self.parts.rename, self.parts.remove):
            one.setEnabled(own and some)
        self.parts.retitle.setEnabled(own)
        self.parts.take_off.setEnabled(own or self.chosen_unopened is not None)
        self.parts.export.setEnabled(library is not None)
        self.parts.merge.setEnabled(len(self._libraries.all) > 1)
        self.parts.add.setEnabled(any(entry.source is not None for entry in self._session.selected))
        tip = "The starter library comes with the program and stays as it is" if library and not own else ""
        for button, usual in self.parts.tips.items():
            button.setToolTip(tip if tip and button in self.parts.edits else usual)

    def _show_spectra(self) -> None:
        library, theme = self.model.library, appearance().theme
        if library is None:
            self.parts.strip.show_curves([])
            return
        some = self.references[:MAX_STRIP_CURVES]
        curves = []
        for number, at in enumerate(some):
            try:
                spectrum = library.spectrum(at)
            except StudioError as error:
                self.parts.facts.setText(str(error))
                continue
            values = spectrum.values[0].astype(float)
            values = values / (float(abs(values).max()) or 1.0)
            colour = theme.reference if len(some) == 1 else theme.category(number)
            curves.append(StripCurve(str(library.names[at]), spectrum.axis, values, None, colour))
        self.parts.strip.show_curves(curves)
        self.parts.facts.setText(self.parts.words_of(library, some[0]) if len(some) == 1 else "")
        self._enable()

    # What hands do

    def _connect(self) -> None:
        parts = self.parts
        self._libraries.changed.connect(self.refresh)
        self._libraries.edited.connect(self._turn_to)
        self._session.selection_changed.connect(self._enable)
        appearance().changed.connect(self.set_theme)
        parts.shelf.currentRowChanged.connect(lambda _: self._show_library())
        parts.search.textChanged.connect(self._seek)
        parts.table.selectionModel().selectionChanged.connect(lambda *_: self._soon.start())
        parts.duplicates.toggled.connect(self._show_duplicates)
        verbs: tuple[tuple[QPushButton, Callable[[], object]], ...] = (
            (parts.from_file, self.edits.ask_file),
            (parts.from_folder, self.edits.ask_folder),
            (parts.add, self.edits.add_selected),
            (parts.rename, self.edits.rename),
            (parts.remove, self.edits.remove),
            (parts.retitle, self.edits.retitle),
            (parts.merge, self.edits.merge),
            (parts.export, self.edits.export),
            (parts.take_off, self.edits.take_off),
            (parts.more, self._show_download_guides),
        )
        for button, verb in verbs:
            button.clicked.connect(lambda _=False, verb=verb: verb())

    def _turn_to(self, library: Library) -> None:
        self._wanted = library.path
        self.refresh()

    def _seek(self, words: str) -> None:
        self.model.seek(words)
        self._follow_rows()

    def _show_duplicates(self, on: bool) -> None:
        library = self.chosen
        if not on or library is None:
            self.model.show_only(None)
            self._follow_rows()
            return

        def work(progress: Progress) -> list[int]:
            from ramanstudio.library.library import duplicates

            progress(0, 0)
            return [at for copies in duplicates(library) for at in copies]

        def keep(found: list[int]) -> None:
            if self.chosen is library and self.parts.duplicates.isChecked():
                self.model.show_only(found)
                self._follow_rows()
                if not found:
                    self.parts.count.setText("No reference is there twice.")

        job = self._workers.submit(work, "Looking for duplicates", "files", key="duplicates")
        job.succeeded.connect(keep)
        job.failed.connect(self._messages.show_error)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take files."""
        if paths_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Put what is dropped on the shelf."""
        self.edits.take(paths_of(event.mimeData()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Let nothing come later."""
        self._soon.stop()
        super().closeEvent(event)
