"""What is wrong with the shelf: what could not be opened as a library is named, and removed when asked."""

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


def is_sure(parent: QWidget, question: str) -> bool:
    """Ask before something is removed."""
    buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel
    return QMessageBox.question(parent, "Remove", question, buttons) == QMessageBox.StandardButton.Yes


def ask_to_remove(one: UnreadableLibrary, libraries: Libraries, parent: QWidget) -> None:
    """Remove it, if somebody is sure."""
    name = one.path.name
    if is_sure(parent, f"Remove the file '{name}' for good? It could not be opened, so what is in it cannot be shown."):
        libraries.delete_unopened(one)


class UnopenedRows(QWidget):
    """A sentence for each problem, with a button that removes the file in question; `changed` when they are others.

    Hidden where there is none.
    """

    changed = Signal()

    def __init__(self, libraries: Libraries) -> None:
        super().__init__()
        self._libraries = libraries
        self._shown: tuple[StudioError, ...] = ()
        self._parts: list[QWidget] = []
        self.buttons: tuple[QPushButton, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        libraries.changed.connect(self.refresh)
        self.refresh()

    @property
    def words(self) -> Sequence[str]:
        """What is said, one after another."""
        return [error.sentence for error in self._shown]

    def refresh(self) -> None:
        """Say what is wrong now."""
        if self._libraries.problems != self._shown:
            self._shown = self._libraries.problems
            for part in self._parts:
                self._column.removeWidget(part)
                part.deleteLater()
            self._parts, files = [], {id(one.error): one for one in self._libraries.unreadable}
            made = [self._add(error, files.get(id(error))) for error in self._shown]
            self.buttons = tuple(button for button in made if button is not None)
            self.changed.emit()
        self.setVisible(bool(self._shown))

    def _add(self, error: StudioError, one: UnreadableLibrary | None) -> QPushButton | None:
        said = label("error", wrap=True)
        said.setText(error.sentence)
        said.setToolTip(str(error))
        self._column.addWidget(said)
        self._parts.append(said)
        if one is None:
            return None
        remove = QPushButton("Remove…", self)
        remove.setToolTip(f"Take {one.path} off the shelf")
        remove.setAccessibleName(f"Remove {one.path.name}")
        remove.clicked.connect(partial(self._ask, one))
        self._column.addWidget(remove, 0, Qt.AlignmentFlag.AlignLeft)
        self._parts.append(remove)
        return remove

    def _ask(self, one: UnreadableLibrary) -> None:
        ask_to_remove(one, self._libraries, self)
