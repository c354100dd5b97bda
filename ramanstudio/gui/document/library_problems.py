"""Library files that could not be opened: a sentence for each, and a button that deletes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMessageBox, QPushButton, QVBoxLayout, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.common.widgets import label

if TYPE_CHECKING:
    from ramanstudio.gui.document.libraries import Libraries
    from ramanstudio.library.library_folder import UnreadableLibrary


def confirm_removal(parent: QWidget, question: str) -> bool:
    """Ask before something is removed for good; whether the user agrees."""
    buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel
    return QMessageBox.question(parent, "Remove", question, buttons) == QMessageBox.StandardButton.Yes


def delete_unreadable(file: UnreadableLibrary, libraries: Libraries, parent: QWidget) -> None:
    """Delete a file that could not be opened, if the user agrees."""
    question = f"Delete the file '{file.path.name}' for good? It could not be opened, so its content cannot be shown."
    if confirm_removal(parent, question):
        libraries.delete_unreadable(file)


class LibraryProblems(QWidget):
    """A sentence for each problem, with a button where a file can be deleted; `changed` when there are others.

    Hidden where there is none.
    """

    changed = Signal()

    def __init__(self, libraries: Libraries) -> None:
        super().__init__()
        self._libraries = libraries
        self._problems: tuple[StudioError, ...] = ()
        self._widgets: list[QWidget] = []
        self.buttons: tuple[QPushButton, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        libraries.changed.connect(self.refresh)
        self.refresh()

    @property
    def sentences(self) -> Sequence[str]:
        """The sentences that are shown, from top to bottom."""
        return [error.sentence for error in self._problems]

    def refresh(self) -> None:
        """Show the problems that there are now."""
        if self._libraries.problems != self._problems:
            self._problems = self._libraries.problems
            for widget in self._widgets:
                self._column.removeWidget(widget)
                widget.deleteLater()
            self._widgets, files = [], {id(file.error): file for file in self._libraries.unreadable}
            buttons = [self._add_problem(error, files.get(id(error))) for error in self._problems]
            self.buttons = tuple(button for button in buttons if button is not None)
            self.changed.emit()
        self.setVisible(bool(self._problems))

    def _add_problem(self, error: StudioError, file: UnreadableLibrary | None) -> QPushButton | None:
        """Add a sentence, and a button where it is about a file that can be deleted."""
        sentence = label("error", wrap=True)
        sentence.setText(error.sentence)
        sentence.setToolTip(str(error))
        self._column.addWidget(sentence)
        self._widgets.append(sentence)
        if file is None:
            return None
        button = QPushButton("Remove…", self)
        button.setToolTip(f"Delete {file.path}")
        button.setAccessibleName(f"Remove {file.path.name}")
        button.clicked.connect(partial(delete_unreadable, file, self._libraries, self))
        self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._widgets.append(button)
        return button
