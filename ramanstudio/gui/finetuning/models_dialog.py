"""The saved fine-tuned models: their cards, and renaming, deleting, exporting and importing them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.finetuning.classification import all_spectra, classify_with
from ramanstudio.gui.finetuning.label_errors_view import PADDED

if TYPE_CHECKING:
    from ramanstudio.core.settings import Settings
    from ramanstudio.gui.document.model_predictions import FineTunedModels
    from ramanstudio.gui.finetuning.services import FinetuningServices

MODEL_FILTER: Final = f"Fine-tuned model (*{finetuned_model.SUFFIX})"


class ModelList(QWidget):
    """The saved models, the card of the selected one, and buttons to manage it; `changed` after any change."""

    changed = Signal()

    def __init__(self, settings: Settings, models: FineTunedModels, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings, self._models = settings, models
        self._placeholder = ""
        self.list = QListWidget(self)
        self.list.setAccessibleName("Saved models")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet(PADDED)
        self.card = QTextBrowser(self)
        self.card.setAccessibleName("Card of the model")
        self._buttons = [
            self._button("Rename…", "Rename the selected model", self.rename),
            self._button("Delete…", "Delete the selected model", self.delete),
            self._button("Export…", "Write the selected model to one file, for another computer", self.export_model),
        ]
        self._import = self._button("Import…", "Add a model that was exported on another computer", self.import_models)
        self._lay_out()
        self.list.currentRowChanged.connect(self._show_card)
        self.refresh()

    def set_placeholder(self, text: str) -> None:
        """Set the text to show while no model is selected."""
        self._placeholder = text
        self._show_card()

    def refresh(self) -> None:
        """List the models that are saved now."""
        before = self.selected_name
        self.list.clear()
        names = finetuned_model.list_names()
        for name in names:
            QListWidgetItem(name, self.list).setToolTip(name)
        if not names:
            none_yet = QListWidgetItem("None yet", self.list)
            none_yet.setFlags(Qt.ItemFlag.NoItemFlags)
        elif before in names:
            self.list.setCurrentRow(names.index(before))
        self._show_card()

    @property
    def selected_name(self) -> str:
        """The name of the selected model; empty where none is selected."""
        item = self.list.currentItem()
        return item.text() if item is not None and item.flags() & Qt.ItemFlag.ItemIsSelectable else ""

    def rename(self) -> None:
        """Ask for a new name and rename the selected model."""
        name = self.selected_name
        new_name, accepted = QInputDialog.getText(self, "Rename", f"New name of '{name}'", text=name)
        if accepted:
            self._try(lambda: finetuned_model.rename(name, new_name))

    def delete(self) -> None:
        """Ask for confirmation and delete the selected model."""
        question = f"Delete the model '{self.selected_name}'? This cannot be undone."
        if QMessageBox.question(self, "Delete model", question) == QMessageBox.StandardButton.Yes:
            self._try(lambda: finetuned_model.delete(self.selected_name))

    def export_model(self) -> None:
        """Ask for a file name and write the selected model to it."""
        folder = Path(str(self._settings["export_folder"] or Path.home()))
        suggested = folder / f"{self.selected_name}{finetuned_model.SUFFIX}"
        path = dialogs.ask_name(self, "Export model", suggested, MODEL_FILTER)
        if path is not None:
            self._try(lambda: finetuned_model.export_model(self.selected_name, path))

    def import_models(self) -> None:
        """Ask for files and save the models in them."""
        for path in dialogs.ask_any_files(self, "Import models", MODEL_FILTER):
            self._try(partial(finetuned_model.import_model, path))

    def _try(self, change: Callable[[], object]) -> None:
        """Make a change, show why it failed if it did, and list the models again."""
        try:
            change()
        except StudioError as error:
            QMessageBox.warning(self, "Fine-tuned models", str(error))
        self.refresh()
        self._models.refresh()
        self.changed.emit()

    def _show_card(self) -> None:
        for button in self._buttons:
            button.setEnabled(bool(self.selected_name))
        text = self._placeholder
        if self.selected_name:
            try:
                text = finetuned_model.load(self.selected_name).card.text()
            except StudioError as error:
                text = str(error)
        self.card.setPlainText(text)

    def _button(self, text: str, tooltip: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.setToolTip(tooltip)
        button.clicked.connect(lambda: action())
        return button

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (*self._buttons, self._import):
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        grid.addWidget(self.list, 0, 0)
        grid.addWidget(self.card, 0, 1)
        grid.addLayout(buttons, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 2)
        grid.setRowStretch(0, 1)
        self.list.setMinimumSize(100, 120)
        self.card.setMinimumSize(140, 120)


class ModelsDialog(QDialog):
    """The saved models, and a button that classifies spectra with the selected one."""

    def __init__(self, services: FinetuningServices, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Fine-tuned models")
        self._services = services
        self.models = ModelList(services.settings, services.models, self)
        self.models.set_placeholder("Select a model to read its card. Analyse › Fine-tune… trains one.")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.classify_button = buttons.addButton("Classify spectra", QDialogButtonBox.ButtonRole.ActionRole)
        self.classify_button.setToolTip("Classify the selected spectra, or all that are open, with the selected model")
        self.classify_button.clicked.connect(self._classify)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.models, 1)
        column.addWidget(buttons)
        self.models.list.setCurrentRow(0 if finetuned_model.list_names() else -1)
        self.models.list.currentRowChanged.connect(self._update_button)
        self.models.changed.connect(self._update_button)
        self._update_button()
        self.resize(min(760, parent.width() - 40), min(480, parent.height() - 40))

    def _update_button(self) -> None:
        has_spectra = bool(all_spectra(self._services.session))
        self.classify_button.setEnabled(bool(self.models.selected_name) and has_spectra)

    def _classify(self) -> None:
        try:
            classify_with(self._services, self, self.models.selected_name)
        except StudioError as error:
            self._services.messages.show_error(error)
