"""The dialog that adds the selected spectra to a library: to which, and as which substance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.library.library import Library, Reference

NEW_LIBRARY: Final = "New library"


class AddReferencesDialog(QDialog):
    """Asks for a library, and for the substance and group of what is added to it."""

    def __init__(
        self, parent: QWidget, libraries: Sequence[Library], chosen: Library | None, heading: str, substance: str = ""
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Add to library")
        self.library = QComboBox(self)
        self.library.setAccessibleName("Library")
        for library in libraries:
            self.library.addItem(library.title, library)
        self.library.addItem(NEW_LIBRARY, None)
        self.library.setCurrentIndex(libraries.index(chosen) if chosen in libraries else len(libraries))
        self.title = QLineEdit("My library", self)
        self.title.setAccessibleName("Title of the new library")
        self.substance = QLineEdit(substance, self, placeholderText="label of each spectrum, or its file name")
        self.substance.setAccessibleName("Substance")
        self.substance.setToolTip(
            "The substance of all these spectra; leave empty to use the label of each, or the name of its file"
        )
        self.group = QLineEdit(self, placeholderText="for example polymers")
        self.group.setAccessibleName("Group")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Add")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(16)
        column.addWidget(QLabel(heading, self))
        column.addLayout(self._form())
        column.addWidget(buttons)
        self.setMinimumWidth(440)
        self.library.currentIndexChanged.connect(self._enable_title)
        self._enable_title()

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(12)
        for text, widget in (
            ("Library", self.library),
            ("Title", self.title),
            ("Substance", self.substance),
            ("Group", self.group),
        ):
            form.addRow(text, widget)
        return form

    def _enable_title(self) -> None:
        self.title.setEnabled(self.library.currentData() is None)


def references_from_entries(entries: Sequence[Entry], substance: str, group: str) -> partial[list[Reference]]:
    """A function that makes references from the spectra of entries, for a worker.

    They are named `substance`, or where that is empty each by its label or its file. Raises StudioError when none of
    the spectra can be a reference.
    """
    return partial(_references_from_entries, tuple(entries), substance, group)


def _references_from_entries(entries: Sequence[Entry], substance: str, group: str) -> list[Reference]:
    from ramanstudio.library.building import references_from_sets

    references, errors = [], []
    for entry in entries:
        if entry.source is None:
            continue
        sets, names = _named_sets(entry, entry.source, substance)
        accepted, rejected = references_from_sets(sets, names, group, entry.path.name)
        references += accepted
        errors += rejected
    if not references and errors:
        raise errors[0]
    return references


def _named_sets(entry: Entry, source: SpectrumSet, substance: str) -> tuple[list[SpectrumSet], list[str]]:
    """The spectra of an entry in sets of one substance each, and the name of each."""
    labels = next((source.table[column] for column in ("label", "name") if column in source.table), None)
    if substance or labels is None:
        return [source], [substance or entry.path.stem]
    names = [str(label) or entry.path.stem for label in labels]
    return [source[row : row + 1] for row in range(len(source))], names
