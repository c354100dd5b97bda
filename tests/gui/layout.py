"""Whether a widget fits: no button and no label outside of it, or clipped."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QWidget

from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.widgets import ElidedCheckBox
from ramanstudio.gui.explore.comparison_bar import OptionButton


def misfits(root: QWidget) -> list[str]:
    """Describe every visible button and label in `root` that is beyond its edges, or shows only part of its text."""
    found = []
    for widget in (*root.findChildren(QAbstractButton), *root.findChildren(QLabel)):
        if not widget.isVisible() or widget.parent() is None or _is_qt_internal(widget):
            continue
        is_button = isinstance(widget, QAbstractButton)
        text = widget.text() or (widget.accessibleName() if is_button else "")
        if text and not _is_inside(widget, root):
            found.append(f"{text!r} is outside: {_rect_in(widget, root)} in {root.rect()}")
        elif text and (problem := _clipping(widget)):
            found.append(f"{text!r} is clipped: {problem}")
    return found


def _rect_in(widget: QWidget, root: QWidget) -> QRect:
    return QRect(widget.mapTo(root, QPoint(0, 0)), widget.size())


def _is_inside(widget: QWidget, root: QWidget) -> bool:
    """Whether a widget is within `root` and every parent; what is scrolled to counts as inside."""
    parent = widget.parentWidget()
    while parent is not None:
        rect = _rect_in(widget, parent)
        area = parent.parentWidget()
        if isinstance(area, QScrollArea) and area.viewport() is parent:
            rect = QRect(rect.x(), 0, rect.width(), 1)  # only its width: it scrolls up and down
            if not 0 <= rect.left() <= rect.right() < parent.width():
                return False
            return _is_inside(area, root) if area is not root else True
        if not parent.rect().contains(rect):
            return False
        if parent is root:
            return True
        parent = parent.parentWidget()
    return False


def _clipping(widget: QAbstractButton | QLabel) -> str:
    if isinstance(widget, (ElidedLabel, ElidedCheckBox)):  # cut with …, and whole in the tooltip
        return "" if widget.toolTip() else "without a tooltip"
    if isinstance(widget, QLabel) and widget.wordWrap():
        needed = widget.heightForWidth(widget.width())
        return f"{needed} px high in {widget.height()}" if needed > widget.height() + 1 else ""
    if isinstance(widget, OptionButton):
        return "" if widget.toolTip() else "without a tooltip"
    if isinstance(widget, QAbstractButton):  # its style asks for padding too, which may be less
        needed = widget.fontMetrics().horizontalAdvance(widget.text().replace("&", "")) + 4
    else:
        needed = widget.sizeHint().width()
    return f"{needed} px wide in {widget.width()}" if needed > widget.width() + 1 else ""


def _is_qt_internal(widget: QWidget) -> bool:
    return widget.objectName().startswith("qt_") or bool(
        widget.windowFlags() & Qt.WindowType.ToolTip == Qt.WindowType.ToolTip
    )
