"""Taught models beside the libraries: which of them are asked, and above the hits what they say of the spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.finetuning.finetuned_model import CLASSES
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.widgets import NamedBox, label
from ramanstudio.project.predictions import prediction_text

if TYPE_CHECKING:
    from ramanstudio.finetuning.finetuned_model import FineTunedModelCard
    from ramanstudio.gui.document.model_predictions import FineTunedModels
    from ramanstudio.project.project import Entry

NONE_YET = "None yet. Analyse › Teach… makes one of spectra that are labelled."


class TaughtChoice(QWidget):
    """A box for each taught model; `changed` when they are others."""

    changed = Signal()

    def __init__(self, models: FineTunedModels) -> None:
        super().__init__()
        self._models = models
        self._boxes: dict[str, NamedBox] = {}
        self._nothing = label("quiet", wrap=True)
        self._nothing.setText(NONE_YET)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self._nothing)
        models.changed.connect(self.refresh)
        self.refresh()

    @property
    def in_reading_order(self) -> tuple[NamedBox, ...]:
        """The boxes from top to bottom."""
        return tuple(self._boxes.values())

    def refresh(self) -> None:
        """Show the models that there are now."""
        cards = self._models.cards
        if list(self._boxes) != list(cards):
            for box in self._boxes.values():
                self._column.removeWidget(box)
                box.deleteLater()
            self._boxes = {name: self._box(name, card) for name, card in cards.items()}
            self.changed.emit()
        for name, box in self._boxes.items():
            box.blockSignals(True)
            box.setChecked(self._models.is_asked(name))
            box.blockSignals(False)
        self._nothing.setVisible(not cards)

    def _box(self, name: str, card: FineTunedModelCard) -> NamedBox:
        what = count_of(len(card.classes), "class", "classes") if card.kind == CLASSES else "a quantity"
        box = NamedBox(f"{name} · {what}".replace("&", "&&"), self)
        box.setToolTip(card.text())
        box.setAccessibleName(f"Ask the taught model {name}, {what}")
        box.toggled.connect(lambda on: self._models.ask(name, on))
        self._column.addWidget(box)
        return box


class TaughtRows(QWidget):
    """A line for each model that is asked: `five strains (taught): Strain B · 94 %`. Hidden where none is."""

    def __init__(self, parent: QWidget, models: FineTunedModels) -> None:
        super().__init__(parent)
        self._models = models
        self._entry: Entry | None = None
        self._row = 0
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.words = label("", wrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setAccessibleName("What taught models say")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 6, 12, 6)
        column.addWidget(self.words)
        self.hide()
        models.changed.connect(self.refresh)

    def show_spectrum(self, entry: Entry | None, row: int) -> None:
        """Show the predictions for spectrum `row` of `entry`; None hides them."""
        self._entry, self._row = entry, row
        self.refresh()

    def refresh(self) -> None:
        """Show the predictions that there are now."""
        entry, lines, before = self._entry, [], self._models.waits_for
        waiting = f"is asked once this is done: {before}…" if before else "being asked…"
        for name, said in self._models.answers(entry) if entry is not None else ():
            words = prediction_text(said, self._row) if said is not None else ""
            lines.append(f"{name} (taught): {words or waiting}")
        self.words.setText("\n".join(lines))
        self.setVisible(bool(lines))


def above(upper: QWidget, lower: QWidget) -> QWidget:
    """One part directly above another, which has the room that is left."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(upper)
    column.addWidget(lower, 1)
    return holder
