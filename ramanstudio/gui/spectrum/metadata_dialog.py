"""The window of all metadata of the selected spectra: grouped, searched, copied, and edited."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.errors import StudioError
from ramanstudio.core.metadata import value_from_text, with_fact
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectrum.facts import DIFFERENT, Fact, as_text, facts_of

_KEY = Qt.ItemDataRole.UserRole


class MetadataDialog(QDialog):
    """Shows every fact about the selected entries; what the user edits is marked, and can be undone."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Metadata")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session = session
        self._facts: list[Fact] = []
        self._filling = False
        self._headings: dict[str, QTreeWidgetItem] = {}
        self._groups: dict[str, list[QTreeWidgetItem]] = {}
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search names and values")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search metadata")
        self.tree = QTreeWidget(self)
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels(["Name", "Value"])
        self.tree.setAccessibleName("Metadata")
        self.tree.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.tree.setAlternatingRowColors(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.note = QLabel(self)
        self.note.setProperty("role", "quiet")
        self.note.setWordWrap(True)
        copy, close = QPushButton("Copy all", self), QPushButton("Close", self)
        copy.clicked.connect(self.copy)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        for part in (self.search, self.tree, self.note):
            layout.addWidget(part)
        layout.addLayout(buttons)
        self.search.textChanged.connect(self._filter)
        self.tree.itemChanged.connect(self._edit)
        session.selection_changed.connect(self.refresh)
        session.changed.connect(lambda *_: self.refresh())
        self.resize(560, 560)
        self.refresh()

    def refresh(self) -> None:
        """Show the facts about what is selected now."""
        sources = [entry.source for entry in self._session.selected if entry.source is not None]
        facts = facts_of(sources)
        of_many = f" Edits apply to all {count_of(len(sources), 'entry', 'entries')}." if len(sources) > 1 else ""
        self.note.setText(
            f"Double-click a value to edit it; what you edit is marked and kept in projects and exports.{of_many}"
            if sources
            else "Select a spectrum in the list."
        )
        if facts == self._facts:
            return
        self._facts = facts
        self._fill()
        self._filter(self.search.text())

    def _fill(self) -> None:
        self._filling = True
        self.tree.clear()
        self._groups, self._headings = {}, {}
        for fact in self._facts:
            group = self._headings.get(fact.field.group)
            if group is None:
                group = self._headings[fact.field.group] = QTreeWidgetItem(self.tree, [fact.field.group])
                self._groups[fact.field.group] = []
                group.setFirstColumnSpanned(True)
                group.setExpanded(True)
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            unit = f" / {fact.field.unit}" if fact.field.unit else ""
            item = QTreeWidgetItem(group, [f"{fact.field.name}{unit}", fact.text])
            self._groups[fact.field.group].append(item)
            item.setData(0, _KEY, fact.field.key)
            item.setToolTip(1, fact.text)
            if fact.field.is_editable:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            elif fact.field.key == "laser_nm":
                item.setToolTip(1, "Edit › Set laser wavelength… changes it, and the axis with it.")
            if fact.is_edited:
                item.setText(0, f"{item.text(0)} (edited)")
                font = item.font(0)
                font.setItalic(True)
                item.setFont(0, font)
                item.setFont(1, font)
        self._filling = False

    def copy(self) -> None:
        """Copy all facts to the clipboard, a line each."""
        QGuiApplication.clipboard().setText(as_text(self._facts))

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for group, items in self._groups.items():
            for item in items:
                shown = f"{item.text(0)} {item.text(1)}".casefold()
                item.setHidden(not all(word in shown for word in words))
            self._headings[group].setHidden(all(item.isHidden() for item in items))

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling or column != 1:
            return
        fact = next((fact for fact in self._facts if fact.field.key == item.data(0, _KEY)), None)
        if fact is None or item.text(1) in (fact.text, DIFFERENT):
            return
        try:
            value = value_from_text(fact.field, item.text(1))
        except StudioError as error:
            self._filling = True
            item.setText(1, fact.text)
            self._filling = False
            self.note.setText(str(error))
            return
        sources = {
            entry.id: entry.source.with_metadata(with_fact(entry.source.about, fact.field.key, value))
            for entry in self._session.selected
            if entry.source is not None
        }
        self._session.replace_sources(sources, f"Edit {fact.field.name.lower()}", keep_results=True)
