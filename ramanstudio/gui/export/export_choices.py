"""The form of an export: which spectra, which contents and tables, in which format, under which names, where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from ramanstudio.core.settings import Settings
from ramanstudio.export.export_plan import CONTENTS, TABLES, ExportOptions
from ramanstudio.export.name_pattern import DEFAULT_PATTERN, PLACEHOLDERS
from ramanstudio.export.writers import WRITERS
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.widgets import label
from ramanstudio.project.project import Project

SCOPES: Final = {"selected": "Selected spectra", "shown": "Shown in the list", "all": "All that are open"}
_ONE_EACH: Final = ("One file for each spectrum or map", "All spectra on one axis in one file")
_HINTS: Final = {"identifications": "Identify the spectra first (Ctrl+5).", "groups": "Group them first (Ctrl+3)."}


class ExportChoices(QWidget):
    """The choices, which are remembered; `changed` after each."""

    changed = Signal()
    typed = Signal()  # a letter of the names or the folder

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.scope, self.format, self.files = QComboBox(self), QComboBox(self), QComboBox(self)
        self.contents = {key: QCheckBox(title, self) for key, title in CONTENTS.items()}
        self.error = QCheckBox("Expected error", self)
        self.tables = {key: QCheckBox(title, self) for key, title in TABLES.items()}
        self.pattern, self.folder = QLineEdit(self), QLineEdit(self)
        self.preview = label("quiet", wrap=True)
        self._fill()
        self._lay_out()
        for combo in (self.scope, self.format, self.files):
            combo.currentIndexChanged.connect(self.changed)
        for box in (*self.contents.values(), *self.tables.values(), self.error):
            box.toggled.connect(self.changed)
        for line in (self.pattern, self.folder):
            line.textChanged.connect(self.typed)

    def options(self) -> ExportOptions:
        """The choices."""
        return ExportOptions(
            tuple(key for key, box in self.contents.items() if box.isChecked()),
            tuple(key for key, box in self.tables.items() if box.isChecked() and box.isEnabled()),
            self.format.currentData(),
            self.files.currentIndex() == 1,
            self.error.isChecked(),
            self.pattern.text().strip(),
        )

    @property
    def target(self) -> Path:
        """The folder to write into."""
        return Path(self.folder.text().strip()).expanduser()

    def enable(self, project: Project) -> None:
        """Enable what the project has, and what the other choices allow."""
        known = {
            "identifications": bool(project.identifications or project.predictions),
            "groups": project.groups is not None,
        }
        for key, is_known in known.items():
            self.tables[key].setEnabled(is_known)
            self.tables[key].setToolTip("" if is_known else _HINTS[key])
        contents = self.options().contents
        self.error.setEnabled(bool({"denoised", "processed"} & set(contents)))
        for widget in (self.format, self.files, self.pattern):
            widget.setEnabled(bool(contents))

    def count_scopes(self, counts: Mapping[str, int]) -> None:
        """Show how many entries each scope has."""
        for index in range(self.scope.count()):
            key = self.scope.itemData(index)
            self.scope.setItemText(index, f"{SCOPES[key]} ({count_of(counts[key], 'entry', 'entries')})")

    def show_settings(self, settings: Settings) -> None:
        """Show the choices of the last export."""
        self.scope.setCurrentIndex(max(0, self.scope.findData(settings["export_scope"])))
        self.format.setCurrentIndex(max(0, self.format.findData(settings["export_format"])))
        self.files.setCurrentIndex(int(settings["export_one_file"]))
        self.error.setChecked(settings["export_error"])
        for key, box in self.contents.items():
            box.setChecked(key in settings["export_contents"])
        for key, box in self.tables.items():
            box.setChecked(key in settings["export_tables"])
        self.pattern.setText(settings["export_names"])
        self.folder.setText(str(settings["export_folder"] or Path.home()))

    def remember(self, settings: Settings) -> None:
        """Keep the choices for the next export."""
        options = self.options()
        settings["export_scope"] = self.scope.currentData()
        settings["export_format"], settings["export_one_file"] = options.format, options.one_file
        settings["export_error"], settings["export_contents"] = options.with_error, options.contents
        settings["export_tables"] = tuple(key for key, box in self.tables.items() if box.isChecked())
        settings["export_names"] = options.pattern or DEFAULT_PATTERN
        settings["export_folder"] = self.folder.text()

    def _fill(self) -> None:
        for key, title in SCOPES.items():
            self.scope.addItem(title, key)
        for writer in WRITERS:
            self.format.addItem(f"{writer.name} (.{writer.key})", writer.key)
        self.files.addItems(_ONE_EACH)
        names: Mapping[QWidget, str] = {
            self.scope: "Spectra to export",
            self.format: "Format",
            self.files: "Files",
            self.pattern: "File names",
            self.folder: "Folder",
        }
        for widget, name in names.items():
            widget.setAccessibleName(name)
        placeholders = "\n".join(f"{{{name}}}: {what}" for name, what in PLACEHOLDERS.items())
        self.pattern.setToolTip(f"A pattern of names; in braces:\n{placeholders}")
        self.error.setToolTip("The standard error at each point: a column, a dataset, or a file beside the spectra")
        for combo in (self.scope, self.format, self.files):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(20)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(10)
        form.setHorizontalSpacing(16)
        tables = list(self.tables.values())
        form.addRow("Spectra", self.scope)
        form.addRow("", _row(*self.contents.values(), self.error))
        form.addRow("Format", self.format)
        form.addRow("", self.files)
        form.addRow("Tables (CSV)", _row(*tables[:2]))
        form.addRow("", _row(*tables[2:]))
        form.addRow("Folder", self._folder_row())
        form.addRow("File names", self.pattern)
        form.addRow("", self.preview)

    def _folder_row(self) -> QHBoxLayout:
        browse = QPushButton("Browse…", self)
        browse.setAutoDefault(False)
        browse.setAccessibleName("Choose the folder")

        def choose() -> None:
            if (folder := dialogs.ask_folder(self, "Export to folder", self.folder.text())) is not None:
                self.folder.setText(str(folder))

        browse.clicked.connect(choose)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        return row


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(16)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch()
    return row
