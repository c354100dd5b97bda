"""The models that were taught and kept: their cards, and renaming, deleting, exporting and importing them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
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
from ramanstudio.gui.finetuning import predicting
from ramanstudio.gui.finetuning.label_errors_view import PADDED

if TYPE_CHECKING:
    from ramanstudio.core.settings import Settings
    from ramanstudio.gui.document.model_predictions import FineTunedModels
    from ramanstudio.gui.finetuning.services import FinetuningServices

KIND: Final = f"Taught model (*{finetuned_model.SUFFIX})"


class ModelList(QWidget):
    """The list, the card of the chosen one, and what can be done with it; `changed` when others are kept now."""

    changed = Signal()

    def __init__(self, settings: Settings, models: FineTunedModels, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings, self._models = settings, models
        self._otherwise = ""
        self.list = QListWidget(self)
        self.list.setAccessibleName("Models that are kept")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet(PADDED)
        self.card = QTextBrowser(self)
        self.card.setAccessibleName("Card of the model")
        self._buttons = [
            self._button("Rename…", "Call the chosen model by another name", self.rename),
            self._button("Delete…", "Take the chosen model away", self.delete),
            self._button("Export…", "Write the chosen model to one file, for another computer", self.export),
        ]
        self._import = self._button("Import…", "Keep a model that was exported on another computer", self.bring_in)
        self._lay_out()
        self.list.currentRowChanged.connect(self._show_card)
        self.refresh()

    def show_otherwise(self, words: str) -> None:
        """What to show while none is chosen."""
        self._otherwise = words
        self._show_card()

    def refresh(self) -> None:
        """Show the models that are kept now."""
        before = self.chosen
        self.list.clear()
        self.list.addItems(list(finetuned_model.list_names()))
        if not self.list.count():
            nothing = QListWidgetItem("None yet", self.list)
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
        elif before in finetuned_model.list_names():
            self.list.setCurrentRow(finetuned_model.list_names().index(before))
        self._show_card()

    @property
    def chosen(self) -> str:
        """The chosen model's name; empty where none is."""
        item = self.list.currentItem()
        return item.text() if item is not None and item.flags() & Qt.ItemFlag.ItemIsSelectable else ""

    def rename(self) -> None:
        """Ask for another name."""
        other, said_yes = QInputDialog.getText(self, "Rename", f"Another name for '{self.chosen}'", text=self.chosen)
        if said_yes:
            self._try(lambda: finetuned_model.rename(self.chosen, other))

    def delete(self) -> None:
        """Ask whether to, and delete it."""
        asked = f"Delete the model '{self.chosen}'? It cannot be brought back."
        if QMessageBox.question(self, "Delete the model", asked) == QMessageBox.StandardButton.Yes:
            self._try(lambda: finetuned_model.delete(self.chosen))

    def export(self) -> None:
        """Ask where to, and write it to one file."""
        folder = Path(str(self._settings["export_folder"] or Path.home()))
        path = dialogs.ask_name(self, "Export the model", folder / f"{self.chosen}{finetuned_model.SUFFIX}", KIND)
        if path is not None:
            self._try(lambda: finetuned_model.export_model(self.chosen, path))

    def bring_in(self) -> None:
        """Ask for files, and keep the models that they hold."""
        for path in dialogs.ask_any_files(self, "Import a model", KIND):
            self._try(partial(finetuned_model.import_model, path))

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except StudioError as error:
            QMessageBox.warning(self, "Models", str(error))
        self.refresh()
        self._models.refresh()
        self.changed.emit()

    def _show_card(self) -> None:
        for button in self._buttons:
            button.setEnabled(bool(self.chosen))
        words = self._otherwise
        if self.chosen:
            try:
                words = finetuned_model.load(self.chosen).card.text()
            except StudioError as error:
                words = str(error)
        self.card.setPlainText(words)

    def _button(self, words: str, tooltip: str, do: Callable[[], None]) -> QPushButton:
        made = QPushButton(words, self)
        made.setAutoDefault(False)
        made.setToolTip(tooltip)
        made.clicked.connect(lambda: do())
        return made

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (*self._buttons, self._import):
            row.addWidget(button)
        row.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(12)
        both.addWidget(self.list, 1)
        both.addWidget(self.card, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(both, 1)
        column.addLayout(row)


class ModelsDialog(QDialog):
    """The models that are kept, and one of them put to work on what is open."""

    def __init__(self, services: FinetuningServices, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Taught models")
        self._services = services
        self.models = ModelList(services.settings, services.models, self)
        self.models.show_otherwise("Choose a model to read its card. Analyse › Teach… makes one.")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.use = buttons.addButton("Name the spectra with it", QDialogButtonBox.ButtonRole.ActionRole)
        self.use.setToolTip("Let it name what is selected, or all that is open")
        self.use.clicked.connect(self._use)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.models, 1)
        column.addWidget(buttons)
        self.models.list.setCurrentRow(0 if finetuned_model.list_names() else -1)
        self.models.list.currentRowChanged.connect(self._enable)
        self.models.changed.connect(self._enable)
        self._enable()
        self.resize(min(760, parent.width() - 40), min(480, parent.height() - 40))

    def _enable(self) -> None:
        self.use.setEnabled(bool(self.models.chosen) and bool(predicting.all_spectra(self._services.session)))

    def _use(self) -> None:
        try:
            predicting.name_by(self._services, self, self.models.chosen)
        except StudioError as error:
            self._services.messages.show_error(error)
