"""Page 5 of teaching: a name for what was learned, the models that are kept, and whether to name the rest with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWizardPage,
)

from ramanstudio.errors import StudioError
from ramanstudio.gui import dialogs
from ramanstudio.gui.panel_parts import label
from ramanstudio.teaching import taught

if TYPE_CHECKING:
    from ramanstudio.gui.teach_wizard import TeachWizard

KIND = f"Taught model (*{taught.EXPORTED})"


class KeepPage(QWizardPage):
    """Asks for a name, and looks after the models that are kept."""

    def __init__(self, wizard: TeachWizard) -> None:
        super().__init__()
        self.setTitle("Keep it")
        self.setSubTitle("It is kept beside the others, and is used here and by “ramanstudio classify”.")
        self._teach = wizard
        self.name = QLineEdit(self)
        self.name.setAccessibleName("Name of the model")
        self.name.setPlaceholderText("such as: strains, July")
        self.rest = QCheckBox("Name all that is open with it, as groups in Explore", self)
        self.rest.setChecked(True)
        self.rest.setToolTip(
            "Every spectrum is put in the group of its class, those unlike all of them in none; labels that were given"
            " stay. An undo takes it back."
        )
        self._of_classes = True
        self.table = QCheckBox("Save what it says of all that is open as a table…", self)
        self.table.setToolTip("A line for each spectrum, as CSV; it asks where")
        self.problem = label("error", wrap=True)
        self.problem.hide()
        self.list = QListWidget(self)
        self.list.setAccessibleName("Models that are kept")
        self.card = QTextBrowser(self)
        self.card.setAccessibleName("Card of the model")
        self._buttons = [
            self._button("Rename…", "Call the chosen model by another name", self.rename),
            self._button("Delete…", "Take the chosen model away", self.delete),
            self._button("Export…", "Write the chosen model to one file, for another computer", self.export),
        ]
        self._import = self._button("Import…", "Keep a model that was exported on another computer", self.bring_in)
        self._lay_out()
        self.name.textChanged.connect(self._check)
        self.name.textChanged.connect(self._show_card)
        self.list.currentRowChanged.connect(self._show_card)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        of_classes = not self._teach.data.quantity.isChecked()
        self.rest.setVisible(of_classes)
        if of_classes != self._of_classes:  # else what somebody chose stays
            self._of_classes = of_classes
            self.table.setChecked(not of_classes)
        self.refresh()
        self.name.setFocus()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        return bool(self.name.text().strip()) and not self.problem.text()

    def say(self, error: StudioError) -> None:
        """Say why it cannot be kept."""
        self.problem.setText(str(error))
        self.problem.show()

    def refresh(self) -> None:
        """Show the models that are kept now."""
        self.list.clear()
        self.list.addItems(list(taught.names()))
        if not self.list.count():
            nothing = QListWidgetItem("None yet", self.list)
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
        self._show_card()
        self._check()

    @property
    def chosen(self) -> str:
        """The chosen model's name; empty where none is."""
        item = self.list.currentItem()
        return item.text() if item is not None and item.flags() & Qt.ItemFlag.ItemIsSelectable else ""

    def rename(self) -> None:
        other, said_yes = QInputDialog.getText(self, "Rename", f"Another name for '{self.chosen}'", text=self.chosen)
        if said_yes:
            self._try(lambda: taught.rename(self.chosen, other))

    def delete(self) -> None:
        asked = f"Delete the model '{self.chosen}'? It cannot be brought back."
        if QMessageBox.question(self, "Delete the model", asked) == QMessageBox.StandardButton.Yes:
            self._try(lambda: taught.delete(self.chosen))

    def export(self) -> None:
        folder = self._teach.export_folder
        path = dialogs.ask_name(self, "Export the model", folder / f"{self.chosen}{taught.EXPORTED}", KIND)
        if path is not None:
            self._try(lambda: taught.export(self.chosen, path))

    def bring_in(self) -> None:
        for path in dialogs.ask_any_files(self, "Import a model", KIND):
            self._try(partial(taught.bring_in, path))

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except StudioError as error:
            QMessageBox.warning(self, "Models", str(error))
        self.refresh()

    def _check(self) -> None:
        self.problem.setText("")
        name = self.name.text().strip()
        if name:
            try:
                taught.require_free(name)
            except StudioError as error:
                self.problem.setText(str(error))
        self.problem.setVisible(bool(self.problem.text()))
        self.completeChanged.emit()

    def _show_card(self) -> None:
        for button in self._buttons:
            button.setEnabled(bool(self.chosen))
        found = self._teach.learn.found
        words = "As it will be kept:\n\n" + replace(found.model.card, name=self.name.text()).text() if found else ""
        if self.chosen:
            try:
                words = taught.load(self.chosen).card.text()
            except StudioError as error:
                words = str(error)
        self.card.setPlainText(words)

    def _button(self, words: str, tooltip: str, do: Callable[[], None]) -> QPushButton:
        made = QPushButton(words, self)
        made.setToolTip(tooltip)
        made.clicked.connect(lambda: do())
        return made

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow("Name", self.name)
        form.addRow("", self.problem)
        form.addRow("", self.rest)
        form.addRow("", self.table)
        row = QHBoxLayout()
        for button in (*self._buttons, self._import):
            row.addWidget(button)
        row.addStretch(1)
        both = QHBoxLayout()
        both.addWidget(self.list, 1)
        both.addWidget(self.card, 2)
        heading = label("heading")
        heading.setText("Models that are kept, and the card of the new one or of the one chosen")
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(heading)
        column.addLayout(both, 1)
        column.addLayout(row)
