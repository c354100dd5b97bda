"""The message in the status bar: one sentence, with details on request."""

from __future__ import annotations

from collections import deque
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.gui.common.messages import Message

MAX_UNREAD: Final = 20
INFO_MS: Final = 8000  # an info disappears by itself; a warning or error stays until it is dismissed
PREFIXES: Final = {"info": "", "warning": "⚠ ", "error": "⚠ "}


class ElidedLabel(QLabel):
    """A line of text, cut with … where there is too little room; its tooltip shows all of it."""

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Show a text, which is its tooltip too, unless another one was set."""
        if self.toolTip() in ("", self.text()):
            self.setToolTip(text)
        super().setText(text)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for a few letters."""
        return QSize(60, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw as much of the text as fits."""
        text = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | self.alignment()), text)


class MessageBar(QWidget):
    """Shows one message, the latest; Details shows all of it, ✕ dismisses it.

    A warning or error that a later message replaced comes back once that is dismissed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._message: Message | None = None
        self._unread: deque[Message] = deque(maxlen=MAX_UNREAD)
        self._sentence = ElidedLabel(self)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._sentence.setAccessibleName("Message")
        self._details = QToolButton(self)
        self._details.setText("Details")
        self._details.setToolTip("Show the whole message, to read or copy")
        self._details.clicked.connect(self._show_details)
        self._dismiss = QToolButton(self)
        self._dismiss.setText("✕")
        self._dismiss.setToolTip("Dismiss this message")
        self._dismiss.setAccessibleName("Dismiss the message")
        self._dismiss.clicked.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(4)
        for widget in (self._sentence, self._details, self._dismiss):
            row.addWidget(widget)
        self._hide_timer = QTimer(self)
        self._hide_timer.setSingleShot(True)
        self._hide_timer.timeout.connect(self.clear)
        self.clear()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty while there is none."""
        return self._message.sentence if self._message else ""

    def post(self, message: Message) -> None:
        """Show `message` in place of the one before."""
        if self._message is not None and self._message.level != "info" and self._message != message:
            self._unread.append(self._message)
        self._show(message)

    def retract(self, sentence: str) -> None:
        """Remove the message with this sentence: it no longer holds."""
        self._unread = deque((unread for unread in self._unread if unread.sentence != sentence), maxlen=MAX_UNREAD)
        if self.text == sentence:
            self.clear()

    def _show(self, message: Message) -> None:
        self._message = message
        role = {"info": "quiet", "warning": "warning", "error": "error"}[message.level]
        self._sentence.setProperty("role", role)
        self._sentence.style().unpolish(self._sentence)
        self._sentence.style().polish(self._sentence)
        self._sentence.setText(PREFIXES[message.level] + message.sentence)
        self._sentence.setToolTip(message.sentence)
        self._hide_timer.stop()
        if message.level == "info":
            self._hide_timer.start(INFO_MS)
        self._details.setVisible(message.level != "info" or bool(message.details))
        self._sentence.show()
        self._dismiss.show()

    def clear(self) -> None:
        """Dismiss the message; shows the warning or error that it had replaced, if any."""
        self._message = None
        if self._unread:
            self._show(self._unread.pop())
            return
        for widget in (self._sentence, self._details, self._dismiss):
            widget.hide()

    def _show_details(self) -> None:
        if self._message is not None:
            text = "\n\n".join(part for part in (self._message.sentence, self._message.details) if part)
            DetailsDialog("Details", text, self.window()).open()


class DetailsDialog(QDialog):
    """A longer text to read and copy."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None, lead: str = "") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        editor = QPlainTextEdit(text, self, readOnly=True)
        editor.setAccessibleName(title)
        copy = QPushButton("Copy details", self)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        copy.setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        if lead:
            column.addWidget(QLabel(lead, self, wordWrap=True))
        column.addWidget(editor)
        column.addWidget(buttons)
        self.resize(640, 360)
