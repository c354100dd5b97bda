"""The row that says where spectra of several axes are compared, and which are left out, with the other choices."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from ramanstudio.gui.compared import Offer
from ramanstudio.gui.message_bar import ElidedLabel


class AxesRow(QWidget):
    """One sentence and a button for each offer; hidden where there is nothing to say. `chosen(choice)`."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.said = ElidedLabel(self)
        self.said.setProperty("role", "quiet")
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.buttons: list[QPushButton] = []
        self._offers: list[Offer] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.said, 1)
        self.hide()

    def show_for(self, sentence: str, offers: Sequence[Offer]) -> None:
        """Say this, and offer these."""
        self.said.setText(sentence)
        self.said.setToolTip(sentence)
        self.said.setAccessibleName(sentence)
        if list(offers) != self._offers:
            self._offers = list(offers)
            self._make_buttons()
        self.setVisible(bool(sentence or offers))

    def _make_buttons(self) -> None:
        for old in self.buttons:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = []
        for offer in self._offers:
            button = QPushButton(offer.words, self)
            button.setToolTip(offer.help)
            button.clicked.connect(lambda _=False, choice=offer.choice: self.chosen.emit(choice))
            self._row.addWidget(button)
            button.show()
            self.buttons.append(button)
