"""The question into which library the selected spectra go, and of what they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.library.library import Library, Reference

NEW = "A new library"


class NamingDialog(QDialog):
    """Asks for a library, and for the substance and group of what goes into it."""

    def __init__(
        self, parent: QWidget, libraries: Sequence[Library], chosen: Library | None, what: str, name: str = ""
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Add to a library")
        self.where = QComboBox(self)
        self.where.setAccessibleName("Library")
        for library in libraries:
            self.where.addItem(library.title, library)
        self.where.addItem(NEW, None)
        self.where.setCurrentIndex(libraries.index(chosen) if chosen in libraries else len(libraries))
        self.title = QLineEdit("My library", self)
        self.title.setAccessibleName("Title of the new library")
        self.substance = QLineEdit(name, self, placeholderText="as each is labelled, else its file")
        self.substance.setAccessibleName("Substance")
        self.substance.setToolTip("What all of these spectra are of; empty takes each one's label, or its file's name")
        self.group = QLineEdit(self, placeholderText="polymers, say")
        self.group.setAccessibleName("Group")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Add")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 24, 24, 16)
        whole.setSpacing(16)
        whole.addWidget(QLabel(what, self))
        whole.addLayout(self._form())
        whole.addWidget(buttons)
        self.setMinimumWidth(440)
        self.where.currentIndexChanged.connect(self._follow)
        self._follow()

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(12)
        for words, widget in (
            ("Library", self.where),
            ("Title", self.title),
            ("Substance", self.substance),
            ("Group", self.group),
        ):
            form.addRow(words, widget)
        return form

    def _follow(self) -> None:
        self.title.setEnabled(self.where.currentData() is None)


def references_of(parts: Sequence[Entry], substance: str, group: str) -> partial[list[Reference]]:
    """What makes references of the spectra of these entries, all named alike, or each by its label or its file."""
    return partial(_references, tuple(parts), substance, group)


def _references(parts: Sequence[Entry], substance: str, group: str) -> list[Reference]:
    from ramanstudio.library.building import references_from_sets

    references, problems = [], []
    for entry in parts:
        if entry.source is None:
            continue
        sets, names = _named(entry, entry.source, substance)
        found, failed = references_from_sets(sets, names, group, entry.path.name)
        references += found
        problems += failed
    if not references and problems:
        raise problems[0]
    return references


def _named(entry: Entry, source: SpectrumSet, substance: str) -> tuple[list[SpectrumSet], list[str]]:
    labels = next((source.table[column] for column in ("label", "name") if column in source.table), None)
    if substance or labels is None:
        return [source], [substance or entry.path.stem]
    names = [str(label) or entry.path.stem for label in labels]
    return [source[row : row + 1] for row in range(len(source))], names
