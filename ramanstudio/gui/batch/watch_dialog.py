"""The dialog that begins to watch a folder."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.settings import Settings
from ramanstudio.gui.batch import forms
from ramanstudio.gui.batch.folder_watch import FolderWatch
from ramanstudio.gui.batch.work import Plan
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.widgets import label
from ramanstudio.processing.recipe import Recipe


class WatchDialog(QDialog):
    """Asks which folder is watched, with which recipe, and whether results are written too."""

    def __init__(
        self, watch: FolderWatch, messages: Messages, settings: Settings, selected: Recipe | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._watch, self._settings = watch, settings
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Watch folder")
        about = label("", wrap=True)
        about.setText(
            "Files are opened once they have not changed for three seconds, and read again when they are replaced."
            " Watching goes on until you stop it, and waits for a folder that disappears."
        )
        self.source = forms.FolderInput("Folder to watch", self)
        self.recipe = forms.RecipeChoice(selected, messages, self)
        self.writes = QCheckBox("Also write the processed spectra and a table", self)
        self.out = forms.FolderInput("Folder for the results", self)
        self.format = forms.format_choice(self)
        self.template = forms.TemplateChoice(messages, self)
        self.identify = forms.identify_box(self)
        self.model = forms.model_choice(self)
        self.source.line.setText(settings["folder"])
        self.source.changed.connect(self._update)
        self.out.changed.connect(self._update)
        self.writes.toggled.connect(self._suggest_out)
        self.writes.toggled.connect(self._update)
        self.problem = label("error", wrap=True)
        self._lay_out(about)
        self._update()
        self.resize(QSize(600, 500).boundedTo(self.screen().availableSize() - QSize(40, 60)))

    def start(self) -> None:
        """Begin to watch."""
        source = self.source.folder
        if source is None:
            return
        if not source.is_dir():
            self.problem.setText(f"There is no folder '{source}'. Choose one that exists.")
            self.problem.show()
            return
        self._settings["folder"] = str(source)
        writes = self.writes.isChecked()
        self._watch.start(
            Plan(
                source.absolute(),
                self.recipe.value,
                self.out.folder if writes else None,
                str(self.format.currentData()),
                self.template.value if writes else "",
                writes and self.identify.isChecked(),
                str(self.model.currentData()) if writes else "",
                self._settings["disabled_libraries"],
                self._settings["model"],
                self._settings["device"],
                self._settings["laser_nm"] or None,
            )
        )
        self.accept()

    def _lay_out(self, about: QWidget) -> None:
        content = QWidget(self)
        form = QFormLayout(content)
        form.setContentsMargins(16, 16, 16, 8)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(about)
        form.addRow("Folder", self.source)
        form.addRow("Recipe", self.recipe)
        form.addRow(self.writes)
        self._results = (
            ("Results in", self.out),
            ("Format", self.format),
            ("Fit peaks", self.template),
            ("Classify", self.model),
            ("", self.identify),
        )
        for title, widget in self._results:
            form.addRow(title, widget)
        form.addRow(self.problem)
        self._form = form
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        self.start_button = QPushButton("Watch", self)
        self.start_button.setProperty("role", "primary")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(self.start)
        cancel = QPushButton("Cancel", self)
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addStretch()
        row.addWidget(self.start_button)
        row.addWidget(cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 16)
        column.addWidget(scroll, 1)
        column.addLayout(row)

    def _suggest_out(self) -> None:
        source = self.source.folder
        if source is not None and source.name and self.out.folder is None:
            self.out.line.setText(str(source.with_name(f"{source.name} processed")))

    def _update(self) -> None:
        writes = self.writes.isChecked()
        for _, widget in self._results:
            self._form.setRowVisible(widget, writes)
        self.problem.setVisible(False)
        ready = self.source.folder is not None and (not writes or self.out.folder is not None)
        self.start_button.setEnabled(ready)
