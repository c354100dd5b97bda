"""Checks that everything in a window can be read: nothing outside of it, no text cut."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QRadioButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.widgets import ElidedCheckBox

SLACK_PX = 2


def layout_problems(window: QWidget) -> list[str]:
    """What cannot be read in `window` at its size: each label or button that is outside or cut, with its text."""
    problems = []
    for widget in window.findChildren(QWidget):
        if widget.window() is not window or not widget.isVisible() or not isinstance(widget, READ):
            continue
        problem = _problem(widget, window)
        if problem:
            problems.append(f"{type(widget).__name__} '{_text(widget)[:40]}' {problem}")
    return problems


READ = (QLabel, QAbstractButton, QComboBox)


def _text(widget: QWidget) -> str:
    return widget.currentText() if isinstance(widget, QComboBox) else str(widget.property("text") or "")


def _problem(widget: QWidget, window: QWidget) -> str:
    if _inside_item_view(widget):
        return ""
    area = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    frame, scrolls_down = window.rect(), False
    for viewport, content in _scroll_areas(widget):
        frame = QRect(viewport.mapTo(window, QPoint(0, 0)), viewport.size())
        scrolls_down = content.height() > viewport.height()
        break
    if area.left() < frame.left() - SLACK_PX or area.right() > frame.right() + SLACK_PX:
        return f"reaches from {area.left()} to {area.right()}, shown are {frame.left()} to {frame.right()}"
    if not scrolls_down and (area.top() < frame.top() - SLACK_PX or area.bottom() > frame.bottom() + SLACK_PX):
        return f"reaches down to {area.bottom()}, shown is down to {frame.bottom()}"
    return _cut(widget)


def _cut(widget: QWidget) -> str:
    """How the text of `widget` is cut; empty where it is whole, or made to be elided."""
    if isinstance(widget, (ElidedLabel, ElidedCheckBox)):
        return ""
    if isinstance(widget, QLabel):
        if not widget.text() or (widget.pixmap() is not None and not widget.pixmap().isNull()):
            return ""
        room = widget.contentsRect()
        if widget.wordWrap():
            needed = widget.heightForWidth(widget.width())
            return "" if needed <= widget.height() + SLACK_PX else f"needs {needed} px, is {widget.height()} px high"
        needed = _width_of(widget)
        return "" if needed <= room.width() + SLACK_PX else f"needs {needed} px, has {room.width()} px"
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextUnderIcon:
        needed = widget.fontMetrics().horizontalAdvance(widget.text())
        return "" if needed <= widget.width() + SLACK_PX else f"needs {needed} px, has {widget.width()} px"
    if isinstance(widget, (QCheckBox, QRadioButton, QAbstractButton)) and widget.property("text"):
        needed = widget.minimumSizeHint().width()
        return "" if needed <= widget.width() + SLACK_PX else f"needs {needed} px, has {widget.width()} px"
    return ""


def _width_of(label: QLabel) -> int:
    if "<span" in label.text():
        document = QTextDocument()
        document.setDefaultFont(label.font())
        document.setHtml(label.text())
        return round(document.idealWidth())
    return max(label.fontMetrics().horizontalAdvance(line) for line in label.text().splitlines() or [""])


def _scroll_areas(widget: QWidget) -> Iterator[tuple[QWidget, QWidget]]:
    """The viewport and the contents of each scroll area around `widget`, the innermost first."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea) and parent.widget() is not None:
            yield parent.viewport(), parent.widget()
        parent = parent.parentWidget()


def _inside_item_view(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea) and not isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False
