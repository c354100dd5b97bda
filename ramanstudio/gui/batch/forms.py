"""What the windows of a batch and of a watched folder ask: folders, a recipe, and what is computed after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.export.processed_files import writable_formats
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.recipe_editor import BUILT_IN
from ramanstudio.processing.recipe import Recipe

_FROM_FILE: Final = object()
_TOML: Final = "TOML files (*.toml)"
_FORMATS: Final = {
    "csv": "CSV",
    "h5": "HDF5",
    "jdx": "JCAMP-DX",
    "spc": "Galactic SPC",
    "nxs": "NeXus NXraman",
    "xlsx": "Excel",
    "txt": "Text",
    "zarr": "Zarr",
}


class FolderInput(QWidget):
    """A line for a folder, with *Browse…*."""

    changed = Signal()

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = title
        self.line = QLineEdit(self)
        self.line.setAccessibleName(title)
        self.line.textChanged.connect(self.changed)
        self.browse_button = QPushButton("Browse…", self)
        self.browse_button.setAutoDefault(False)
        self.browse_button.setAccessibleName(f"Choose: {title}")
        self.browse_button.clicked.connect(self._browse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line)
        row.addWidget(self.browse_button)

    @property
    def folder(self) -> Path | None:
        """The folder; None where the line is empty."""
        text = self.line.text().strip()
        return Path(text).expanduser() if text else None

    def _browse(self) -> None:
        start = self.folder or Path.home()
        if folder := dialogs.ask_folder(self, self._title, str(start)):
            self.line.setText(str(folder))


class _Choice(QComboBox):
    """Rows of values, and *From file…*, which asks for one; `changed` once a value is chosen."""

    changed = Signal()

    def __init__(self, title: str, rows: Sequence[tuple[str, Any]], messages: Messages, parent: QWidget) -> None:
        super().__init__(parent)
        self._title, self._messages = title, messages
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(12)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for text, value in rows:
            self.addItem(text, value)
        self.addItem("From file…", _FROM_FILE)
        self._chosen = 0
        self.activated.connect(self._choose)

    @property
    def value(self) -> Any:
        """The value of the chosen row."""
        return self.itemData(self._chosen)

    def add_file(self, path: Path) -> bool:
        """Add the content of a file as a row, and choose it; returns whether it could be read."""
        try:
            text, value = self.read(path)
        except StudioError as error:
            self._messages.show_error(error)
            self.setCurrentIndex(self._chosen)
            return False
        self.insertItem(self.count() - 1, text, value)
        self.setCurrentIndex(self.count() - 2)
        self._choose(self.currentIndex())
        return True

    def read(self, path: Path) -> tuple[str, Any]:
        """Return the text and the value of a file's row. Raises StudioError when it cannot be read."""
        raise NotImplementedError

    def _choose(self, index: int) -> None:
        if self.itemData(index) is not _FROM_FILE:
            self._chosen = index
            self.changed.emit()
            return
        self.setCurrentIndex(self._chosen)
        if paths := dialogs.ask_any_files(self, f"{self._title} from file", _TOML):
            self.add_file(paths[0])


class RecipeChoice(_Choice):
    """The recipe of the selection, a built-in one, or that of a file."""

    def __init__(self, selected: Recipe | None, messages: Messages, parent: QWidget) -> None:
        rows = [(recipe.name, recipe) for recipe in BUILT_IN]
        if selected is not None and selected not in BUILT_IN:
            rows.insert(0, ("As the selected spectrum", selected))
        super().__init__("Recipe", rows, messages, parent)

    def read(self, path: Path) -> tuple[str, Any]:
        """Read a recipe."""
        recipe = Recipe.load(path)
        return recipe.name or path.stem, recipe


class TemplateChoice(_Choice):
    """No template of peaks, one of those known by name, or that of a file."""

    def __init__(self, messages: Messages, parent: QWidget) -> None:
        from ramanstudio.peaks import templates

        rows: list[tuple[str, Any]] = [("None", "")]
        for path in templates.available():
            try:
                rows.append((templates.read(path).title, str(path)))
            except StudioError:
                continue  # the Peaks tab names it
        super().__init__("Template of peaks", rows, messages, parent)

    def read(self, path: Path) -> tuple[str, Any]:
        """Read a template."""
        from ramanstudio.peaks import templates

        return templates.read(path).title, str(path)


def model_choice(parent: QWidget) -> QComboBox:
    """Return the choice of a fine-tuned model, or none."""
    from ramanstudio.finetuning.finetuned_model import list_names

    box = QComboBox(parent)
    box.setAccessibleName("Fine-tuned model")
    box.addItem("None", "")
    for name in list_names():
        box.addItem(name, name)
    box.setEnabled(box.count() > 1)
    if box.count() == 1:
        box.setToolTip("There is no fine-tuned model yet: Model › Fine-tune…")
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def format_choice(parent: QWidget) -> QComboBox:
    """Return the choice of the format that results are written in."""
    box = QComboBox(parent)
    box.setAccessibleName("Format")
    for suffix in writable_formats():
        box.addItem(f"{_FORMATS.get(suffix, suffix.upper())} (.{suffix})", suffix)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box


def identify_box(parent: QWidget) -> QCheckBox:
    """Return the switch of identification."""
    box = QCheckBox("Identify by the libraries that are searched", parent)
    box.setToolTip("Adds the best substance, its probability and hit quality index to the table")
    return box
