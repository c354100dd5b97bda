"""Fine-tuned models beside the libraries: which are switched on, and their predictions above the matches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.widgets import ElidedCheckBox, label
from ramanstudio.project.predictions import prediction_text

if TYPE_CHECKING:
    from ramanstudio.finetuning.model_card import FineTunedModelCard
    from ramanstudio.gui.document.model_predictions import FineTunedModels
    from ramanstudio.project.project import Entry

NO_MODELS: Final = "No model yet. Analyse › Fine-tune… trains one on spectra with labels."


class ModelChoice(QWidget):
    """A check box for each fine-tuned model; `changed` when there are others."""

    changed = Signal()

    def __init__(self, models: FineTunedModels) -> None:
        super().__init__()
        self._models = models
        self._boxes: dict[str, ElidedCheckBox] = {}
        self._empty = label("quiet", wrap=True)
        self._empty.setText(NO_MODELS)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self._empty)
        models.changed.connect(self.refresh)
        self.refresh()

    @property
    def tab_order(self) -> tuple[ElidedCheckBox, ...]:
        """The boxes from top to bottom."""
        return tuple(self._boxes.values())

    def refresh(self) -> None:
        """Show the models that there are now."""
        cards = self._models.cards
        if list(self._boxes) != list(cards):
            for box in self._boxes.values():
                self._column.removeWidget(box)
                box.deleteLater()
            self._boxes = {name: self._make_box(name, card) for name, card in cards.items()}
            self.changed.emit()
        for name, box in self._boxes.items():
            box.blockSignals(True)
            box.setChecked(self._models.is_enabled(name))
            box.blockSignals(False)
        self._empty.setVisible(not cards)

    def _make_box(self, name: str, card: FineTunedModelCard) -> ElidedCheckBox:
        kind = count_of(len(card.classes), "class", "classes") if card.is_classifier else "a quantity"
        box = ElidedCheckBox(f"{name} · {kind}".replace("&", "&&"), self)
        box.setToolTip(card.text())
        box.setAccessibleName(f"Classify with {name}, {kind}")
        box.toggled.connect(lambda on: self._models.set_enabled(name, on))
        self._column.addWidget(box)
        return box


class PredictionRows(QWidget):
    """A line for each model that is switched on: `strains (fine-tuned): Strain B · 94 %`. Hidden where none is."""

    def __init__(self, parent: QWidget, models: FineTunedModels) -> None:
        super().__init__(parent)
        self._models = models
        self._entry: Entry | None = None
        self._row = 0
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = label("", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setAccessibleName("Predictions of fine-tuned models")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 12, 6)
        column.addWidget(self.text)
        self.hide()
        models.changed.connect(self.refresh)

    def show_spectrum(self, entry: Entry | None, row: int) -> None:
        """Show the predictions for spectrum `row` of `entry`; None hides them."""
        self._entry, self._row = entry, row
        self.refresh()

    def refresh(self) -> None:
        """Show the predictions that there are now."""
        other_work, lines = self._models.waits_for, []
        pending = f"waiting for: {other_work}…" if other_work else "classifying…"
        for name, predictions in self._models.predictions_for(self._entry) if self._entry is not None else ():
            text = prediction_text(predictions, self._row) if predictions is not None else ""
            lines.append(f"{name} (fine-tuned): {text or pending}")
        self.text.setText("\n".join(lines))
        self.setVisible(bool(lines))
