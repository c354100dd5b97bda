"""What is said where spectra of several axes are compared, or some are left out, with the other choices."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ramanstudio.gui.compared import Offer
from ramanstudio.gui.panel_parts import label


class AxesRow(QWidget):
    """Some sentences and a button for each offer; hidden where there is nothing to say. `chosen(choice)`."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.said = label("quiet", wrap=True)
        self.buttons: list[QPushButton] = []
        self._offers: list[Offer] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 4)
        whole.setSpacing(4)
        whole.addWidget(self.said)
        whole.addLayout(self._row)
        self.hide()

    def show_for(self, sentence: str, offers: Sequence[Offer]) -> None:
        """Say this, and offer these."""
        self.said.setText(sentence)
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
        for place, offer in enumerate(self._offers):
            button = QPushButton(offer.words, self)
            button.setToolTip(offer.help)
            button.clicked.connect(lambda _=False, choice=offer.choice: self.chosen.emit(choice))
            self._row.insertWidget(place, button)
            button.show()
            self.buttons.append(button)
