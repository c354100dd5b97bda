"""Page 5 of the wizard: a name for the model, the saved models, and whether to classify the other spectra with it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QFormLayout, QLineEdit, QVBoxLayout, QWizardPage

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.models_dialog import ModelList
from ramanstudio.gui.finetuning.scroll_layout import set_scrolling_layout
from ramanstudio.gui.finetuning.wizard_state import WizardState


class SavePage(QWizardPage):
    """Asks for a name, and manages the saved models."""

    def __init__(self, state: WizardState) -> None:
        super().__init__()
        self.setTitle("Save model")
        self.setSubTitle("Saved models can be used here and with “ramanstudio classify”.")
        self._state = state
        self.name = QLineEdit(self)
        self.name.setAccessibleName("Name of the model")
        self.name.setPlaceholderText("for example: strains, July")
        self.classify_all = QCheckBox("Classify all open spectra, as groups in Explore", self)
        self.classify_all.setChecked(True)
        self.classify_all.setToolTip(
            "Every spectrum is put in the group of its class, unknown ones in none. Your own labels stay. You can undo"
            " this."
        )
        self._was_of_classes = True
        self.save_table = QCheckBox("Save the predictions for all open spectra as a table…", self)
        self.save_table.setToolTip("A CSV file with a row for each spectrum; asks for its name")
        self.problem = label("error", wrap=True)
        self.problem.hide()
        self.models = ModelList(state.services.settings, state.services.models, self)
        self._lay_out()
        self.name.textChanged.connect(self._check)
        self.name.textChanged.connect(self._show_card)
        self.models.changed.connect(self._check)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Show the new model and the saved ones."""
        of_classes = not self._state.is_quantity
        self.classify_all.setVisible(of_classes)
        if of_classes != self._was_of_classes:  # otherwise the user's choice stays
            self._was_of_classes = of_classes
            self.save_table.setChecked(not of_classes)
        self.models.refresh()
        self._show_card()
        self._check()
        self.name.setFocus()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Return whether the name can be used."""
        return bool(self.name.text().strip()) and not self.problem.text()

    def show_problem(self, error: StudioError) -> None:
        """Show why the model cannot be saved."""
        self.problem.setText(str(error))
        self.problem.show()

    def _check(self) -> None:
        """Check the name."""
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
        """Show the card of the new model while no saved model is selected."""
        result = self._state.result
        name = self.name.text().strip() or "No name yet"
        card = replace(result.model.card, name=name).text() if result else ""
        self.models.set_placeholder(f"Card of the new model:\n\n{card}" if card else "")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow("Name", self.name)
        form.addRow("", self.problem)
        form.addRow("", self.classify_all)
        form.addRow("", self.save_table)
        heading = label("heading", wrap=True)
        heading.setText("Saved models")
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(heading)
        column.addWidget(self.models, 1)
        set_scrolling_layout(self, column)
