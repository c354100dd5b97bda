"""Whether everything in a window, page or dialog can be read: nothing outside of it, no text cut."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QToolButton,
    QWidget,
)

from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.widgets import ElidedCheckBox
from ramanstudio.gui.explore.comparison_bar import OptionButton

CHECKED = (QLabel, QAbstractButton, QComboBox, QLineEdit)
MADE_TO_BE_CUT = (ElidedLabel, ElidedCheckBox, OptionButton)  # with "…", and whole in the tooltip
SLACK_PX = 2


def layout_problems(root: QWidget) -> list[str]:
    """Return what of the visible labels, buttons and boxes in `root` is outside or cut and cannot be scrolled to."""
    problems = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, CHECKED) or not widget.isVisible() or widget.window() is not root.window():
            continue
        if widget.objectName().startswith("qt_") or _is_part_of_view(widget):
            continue
        problem = _position_problem(widget, root) or _cut(widget)
        if problem:
            problems.append(f"{type(widget).__name__} '{_text(widget)[:60]}' {problem}")
    return problems


def _text(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return str(widget.property("text") or widget.accessibleName())


def _position_problem(widget: QWidget, root: QWidget) -> str:
    """How a widget is beyond the edges of one of its parents up to `root`; in a scroll area only the width counts."""
    area, parent = widget.geometry(), widget.parentWidget()
    while parent is not None:
        frame = parent.rect()
        scroll_area = parent.parentWidget()
        scrolls = isinstance(scroll_area, QScrollArea) and scroll_area.viewport() is parent
        if scrolls:
            area = QRect(area.x(), frame.y(), area.width(), frame.height())
        if area.left() < frame.left() - SLACK_PX or area.right() > frame.right() + SLACK_PX:
            return f"reaches from {area.left()} to {area.right()}, shown are {frame.left()} to {frame.right()}"
        if area.top() < frame.top() - SLACK_PX or area.bottom() > frame.bottom() + SLACK_PX:
            return f"reaches from {area.top()} down to {area.bottom()}, shown is down to {frame.bottom()}"
        if parent is root:
            return ""
        area = parent.geometry() if scrolls else area.translated(parent.mapToParent(QPoint(0, 0)))
        parent = parent.parentWidget()
    return ""


def _cut(widget: QWidget) -> str:
    """How the text of `widget` is cut; empty where it is whole, or cut on purpose with a tooltip."""
    if isinstance(widget, MADE_TO_BE_CUT):
        return "" if widget.toolTip() or not widget.property("text") else "may be cut and has no tooltip"
    if isinstance(widget, QLabel):
        return _cut_label(widget)
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly:
        return ""
    if isinstance(widget, QAbstractButton) and widget.text():
        if isinstance(widget, (QCheckBox, QRadioButton)):
            needed = widget.minimumSizeHint().width()
        else:  # its style asks for padding too, which may be less
            needed = widget.fontMetrics().horizontalAdvance(widget.text().replace("&", "")) + 4
        return "" if needed <= widget.width() + SLACK_PX else f"needs {needed} px, has {widget.width()} px"
    return ""


def _cut_label(label: QLabel) -> str:
    if not label.text() or (label.pixmap() is not None and not label.pixmap().isNull()):
        return ""
    if label.wordWrap():
        needed = label.heightForWidth(label.width())
        return "" if needed <= label.height() + SLACK_PX else f"needs {needed} px, is {label.height()} px high"
    needed, room = _width_of(label), label.contentsRect().width()
    return "" if needed <= room + SLACK_PX else f"needs {needed} px, has {room} px"


def _width_of(label: QLabel) -> int:
    if "<" in label.text():
        document = QTextDocument()
        document.setDefaultFont(label.font())
        document.setHtml(label.text())
        return round(document.idealWidth())
    return max(label.fontMetrics().horizontalAdvance(line) for line in label.text().splitlines() or [""])


def _is_part_of_view(widget: QWidget) -> bool:
    """Whether a widget belongs to a table, list or plot, which scrolls by itself."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea) and not isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False
