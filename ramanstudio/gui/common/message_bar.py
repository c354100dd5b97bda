"""Where messages are said: one sentence at the bottom, with its details for whoever asks."""

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

UNREAD: Final = 20
INFO_MS: Final = 8000  # good news goes by itself; bad news stays until it is read
SIGNS: Final = {"info": "", "warning": "⚠ ", "error": "⚠ "}


class ElidedLabel(QLabel):
    """A line of text that ends in … where there is no room, and says all of it in its tooltip."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(60, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        words = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | self.alignment()), words)


class MessageBar(QWidget):
    """Says one message at a time, the latest; Details shows all of it, ✕ puts it away.

    Bad news that was talked over before it was put away is said again after what came later.
    """

    def __init__(self) -> None:
        super().__init__()
        self._message: Message | None = None
        self._unread: deque[Message] = deque(maxlen=UNREAD)
        self._sentence = ElidedLabel(self)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._sentence.setAccessibleName("Message")
        self._details = QToolButton(self)
        self._details.setText("Details")
        self._details.setToolTip("Show the whole message, to read or to copy")
        self._details.clicked.connect(self._show_details)
        self._away = QToolButton(self)
        self._away.setText("✕")
        self._away.setToolTip("Put this message away")
        self._away.setAccessibleName("Put the message away")
        self._away.clicked.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(4)
        for widget in (self._sentence, self._details, self._away):
            row.addWidget(widget)
        self._leave = QTimer(self)
        self._leave.setSingleShot(True)
        self._leave.timeout.connect(self.clear)
        self.clear()

    @property
    def words(self) -> str:
        """The sentence that is shown; empty while there is none."""
        return self._message.sentence if self._message else ""

    def say(self, message: Message) -> None:
        """Show a message in the place of the one before."""
        if self._message is not None and self._message.level != "info" and self._message != message:
            self._unread.append(self._message)
        self._show(message)

    def forget(self, sentence: str) -> None:
        """Say a sentence no more: it holds no longer."""
        self._unread = deque((one for one in self._unread if one.sentence != sentence), maxlen=UNREAD)
        if self.words == sentence:
            self.clear()

    def _show(self, message: Message) -> None:
        self._message = message
        role = {"info": "quiet", "warning": "warning", "error": "error"}[message.level]
        self._sentence.setProperty("role", role)
        self._sentence.style().unpolish(self._sentence)
        self._sentence.style().polish(self._sentence)
        self._sentence.setText(SIGNS[message.level] + message.sentence)
        self._sentence.setToolTip(message.sentence)
        self._leave.stop()
        if message.level == "info":
            self._leave.start(INFO_MS)
        self._details.setVisible(message.level != "info" or bool(message.details))
        self._sentence.show()
        self._away.show()

    def clear(self) -> None:
        """Put the message away; what it talked over is said again, or nothing."""
        self._message = None
        if self._unread:
            self._show(self._unread.pop())
            return
        for widget in (self._sentence, self._details, self._away):
            widget.hide()

    def _show_details(self) -> None:
        if self._message is not None:
            words = "\n\n".join(part for part in (self._message.sentence, self._message.details) if part)
            DetailsDialog("Details", words, self.window()).open()


class DetailsDialog(QDialog):
    """A longer text to read, and to copy."""

    def __init__(self, title: str, words: str, parent: QWidget | None = None, lead: str = "") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        text = QPlainTextEdit(words, self, readOnly=True)
        text.setAccessibleName(title)
        copy = QPushButton("Copy details", self)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(words))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        copy.setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(12)
        if lead:
            label = QLabel(lead, self, wordWrap=True)
            whole.addWidget(label)
        whole.addWidget(text)
        whole.addWidget(buttons)
        self.resize(640, 360)
