"""The history of the project: every change in order, to go back to any of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Project


class HistoryDialog(QDialog):
    """Lists the changes, oldest first; a click undoes or repeats changes until that one is the last."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("History")
        self._session = session
        self.list = QListWidget(self)
        self.list.setAccessibleName("Changes")
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        hint = QLabel("Click a change to go back to the project as it was after it. Nothing is lost by it.", self)
        hint.setWordWrap(True)
        hint.setProperty("role", "quiet")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        for widget in (hint, self.list, buttons):
            column.addWidget(widget)
        self.resize(420, 400)
        self._fill()
        session.changed.connect(self._follow)
        self.finished.connect(lambda _: session.changed.disconnect(self._follow))

    def _fill(self) -> None:
        self._shown = titles, n_made = self._session.edits
        self.list.clear()
        for number, title in enumerate(("As it was opened", *titles)):
            item = QListWidgetItem(title, self.list)
            item.setData(Qt.ItemDataRole.UserRole, number)
            if number > n_made:  # undone
                font = item.font()
                font.setItalic(True)
                item.setFont(font)
                item.setText(f"{title} (undone)")
        self.list.setCurrentRow(n_made)

    def _go(self, item: QListWidgetItem) -> None:
        self._session.go_to_edit(item.data(Qt.ItemDataRole.UserRole))

    def _follow(self, _before: Project, _now: Project) -> None:
        if self._session.edits != self._shown:
            self._fill()
