"""What is left out of a comparison, and buttons for what can be compared instead."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.document.comparison_set import ComparisonOption
from ramanstudio.gui.viewer.flow_layout import FlowLayout


class OptionButton(QPushButton):
    """A button that names a file; where space is short its text takes two lines, and is cut if that is too little."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for some words."""
        return QSize(120, super().minimumSizeHint().height())

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """One line, or two where the text is wider than the button."""
        hint = self.sizeHint()
        return hint.height() + (self.fontMetrics().lineSpacing() if width < hint.width() else 0)

    def shown_text(self) -> str:
        """The text as it is painted: on one line or two, each with "…" where it is still too wide."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        available = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        metrics, words = self.fontMetrics(), self.text().split(" ")
        breaks = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
        lines: tuple[str, ...] = (self.text(),)
        if metrics.horizontalAdvance(self.text()) > available and breaks:
            lines = min(breaks, key=lambda pair: max(map(metrics.horizontalAdvance, pair)))
        return "\n".join(metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, available) for line in lines)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint as much of the text as fits."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown_text()
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


class ComparisonButtons(QWidget):
    """A button for each option; emits `chosen(mode)`."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget, centred: bool = False) -> None:
        super().__init__(parent)
        self.buttons: list[QPushButton] = []
        self._options: list[ComparisonOption] = []
        self._flow = FlowLayout(self, centred=centred)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_options(self, options: Sequence[ComparisonOption]) -> None:
        """Show a button for each of these options; hidden where there are none."""
        self.setVisible(bool(options))
        if list(options) == self._options:
            return
        self._options = list(options)
        for old in self.buttons:
            self._flow.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.buttons = []
        for option in options:
            button = OptionButton(option.text, self)
            button.setToolTip(f"{option.text}: {option.tooltip[:1].lower()}{option.tooltip[1:]}")
            button.clicked.connect(lambda _=False, mode=option.mode: self.chosen.emit(mode))
            self._flow.addWidget(button)
            button.show()
            self.buttons.append(button)


class ComparisonBar(QWidget):
    """Up to two notes, each on a line, and the options; emits `chosen(mode)`. Hidden where there is nothing to say."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._lines = [self._line(), self._line()]
        self._buttons = ComparisonButtons(self)
        self._buttons.chosen.connect(self.chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(2)
        for widget in (*self._lines, self._buttons):
            layout.addWidget(widget)
        self.hide()

    def _line(self) -> ElidedLabel:
        line = ElidedLabel(self)
        line.setProperty("role", "quiet")
        line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return line

    @property
    def text(self) -> str:
        """The notes that are shown."""
        return " ".join(line.text() for line in self._lines if line.text())

    @property
    def buttons(self) -> list[QPushButton]:
        """The buttons of the options."""
        return self._buttons.buttons

    def show_for(self, notes: Sequence[str], options: Sequence[ComparisonOption]) -> None:
        """Show notes, in full in their tooltips, and options."""
        for line, note in zip_longest(self._lines, notes[: len(self._lines)], fillvalue=""):
            assert isinstance(line, ElidedLabel)
            line.setText(note)
            line.setToolTip(note)
            line.setVisible(bool(note))
        self._buttons.show_options(options)
        self.setVisible(bool(notes or options))
