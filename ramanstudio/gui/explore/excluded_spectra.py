"""What is said where spectra of several axes are compared, or some are left out, with the other choices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.document.comparable import ComparisonOffer


class AxesRow(QWidget):
    """Some sentences and a button for each offer; hidden where there is nothing to say. `chosen(choice)`."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._lines = [self._line(), self._line()]
        self.buttons: list[QPushButton] = []
        self._offers: list[ComparisonOffer] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 4)
        whole.setSpacing(2)
        for line in self._lines:
            whole.addWidget(line)
        whole.addLayout(self._row)
        self.hide()

    def _line(self) -> ElidedLabel:
        line = ElidedLabel(self)
        line.setProperty("role", "quiet")
        line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return line

    @property
    def words(self) -> str:
        """All that is said; where there is little room, the tooltip says it in full."""
        return " ".join(line.text() for line in self._lines if line.text())

    def show_for(self, sentences: Sequence[str], offers: Sequence[ComparisonOffer]) -> None:
        """Say these, two at most, each in a line, and offer these."""
        for line, sentence in zip_longest(self._lines, sentences[: len(self._lines)], fillvalue=""):
            assert isinstance(line, ElidedLabel)
            line.setText(sentence)
            line.setToolTip(sentence)
            line.setVisible(bool(sentence))
        if list(offers) != self._offers:
            self._offers = list(offers)
            self._make_buttons()
        self.setVisible(bool(sentences or offers))

    def _make_buttons(self) -> None:
        for old in self.buttons:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = []
        for place, offer in enumerate(self._offers):
            button = QPushButton(offer.text, self)
            button.setToolTip(offer.tooltip)
            button.clicked.connect(lambda _=False, choice=offer.choice: self.chosen.emit(choice))
            self._row.insertWidget(place, button)
            button.show()
            self.buttons.append(button)
