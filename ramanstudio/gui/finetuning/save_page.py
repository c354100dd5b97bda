"""Page 5 of teaching: a name for what was learned, the models that are kept, and whether to name the rest with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QFormLayout, QLineEdit, QVBoxLayout, QWizardPage

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.models_dialog import ModelList

if TYPE_CHECKING:
    from ramanstudio.gui.finetuning.wizard import FineTuneWizard


class SavePage(QWizardPage):
    """Asks for a name, and looks after the models that are kept."""

    def __init__(self, wizard: FineTuneWizard) -> None:
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
        self.models = ModelList(wizard.services.settings, wizard.services.models, self)
        self._lay_out()
        self.name.textChanged.connect(self._check)
        self.name.textChanged.connect(self._show_card)
        self.models.changed.connect(self._check)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        of_classes = not self._teach.data.quantity.isChecked()
        self.rest.setVisible(of_classes)
        if of_classes != self._of_classes:  # else what somebody chose stays
            self._of_classes = of_classes
            self.table.setChecked(not of_classes)
        self.models.refresh()
        self._show_card()
        self._check()
        self.name.setFocus()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        return bool(self.name.text().strip()) and not self.problem.text()

    def say(self, error: StudioError) -> None:
        """Say why it cannot be kept."""
        self.problem.setText(str(error))
        self.problem.show()

    def _check(self) -> None:
        self.problem.setText("")
        name = self.name.text().strip()
        if name:
            try:
                finetuned_model.require_unused_name(name)
            except StudioError as error:
                self.problem.setText(str(error))
        self.problem.setVisible(bool(self.problem.text()))
        self.completeChanged.emit()

    def _show_card(self) -> None:
        """Show the card as it will be kept, until another model is chosen."""
        found = self._teach.learn.found
        name = self.name.text().strip() or "No name yet"
        card = replace(found.model.card, name=name).text() if found else ""
        self.models.show_otherwise(f"As it will be kept:\n\n{card}" if card else "")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow("Name", self.name)
        form.addRow("", self.problem)
        form.addRow("", self.rest)
        form.addRow("", self.table)
        heading = label("heading")
        heading.setText("Models that are kept, and the card of the new one or of the one chosen")
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(heading)
        column.addWidget(self.models, 1)
