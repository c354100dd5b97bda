"""Checks of a dialog's layout: no button, label or box is outside of the dialog, or clipped."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

CHECKED = (QAbstractButton, QLabel, QComboBox, QLineEdit)


def layout_problems(dialog: QWidget) -> list[str]:
    """Return what is outside of `dialog` or clipped; what a scroll area can bring into view is inside."""
    problems = []
    for widget in dialog.findChildren(QWidget):
        if not isinstance(widget, CHECKED) or not widget.isVisible() or _is_part_of_view(widget):
            continue
        frame, area = (
            _frame_of(widget, dialog),
            QRect(widget.mapTo(_holder(widget, dialog), QPoint(0, 0)), widget.size()),
        )
        if not frame.contains(area):
            problems.append(f"{_name(widget)} at {area.getRect()} is outside of {frame.getRect()}")
        problems += _clipping(widget)
    return problems


def _holder(widget: QWidget, dialog: QWidget) -> QWidget:
    """Return what a widget lies on: the content of its scroll area, or the dialog."""
    parent = widget.parentWidget()
    while parent is not None and parent is not dialog:
        area = parent.parentWidget().parentWidget() if parent.parentWidget() else None
        if isinstance(area, QScrollArea) and area.widget() is parent:
            return parent
        parent = parent.parentWidget()
    return dialog


def _frame_of(widget: QWidget, dialog: QWidget) -> QRect:
    """Return what has to contain a widget: the content of its scroll area, no wider than is visible, or the dialog."""
    holder = _holder(widget, dialog)
    if holder is dialog:
        return dialog.rect()
    return QRect(0, 0, min(holder.width(), holder.parentWidget().width()), holder.height())


def _is_part_of_view(widget: QWidget) -> bool:
    """Return whether a widget belongs to a table, list or plot, which scrolls by itself."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea) and not isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def _clipping(widget: QWidget) -> list[str]:
    """Return how a widget is too small for its text."""
    if isinstance(widget, QLabel):
        if not widget.text() or (widget.toolTip() and not widget.wordWrap()):
            return []
        needed = widget.heightForWidth(widget.width()) if widget.wordWrap() else widget.sizeHint().height()
        if widget.height() < needed or (not widget.wordWrap() and widget.width() < widget.sizeHint().width()):
            return [f"{_name(widget)} is clipped: {widget.size().toTuple()}, needs {needed} px of height"]
    elif isinstance(widget, QAbstractButton):
        text_width = widget.fontMetrics().horizontalAdvance(widget.text().replace("&", ""))
        if widget.text() and not isinstance(widget, QCheckBox) and widget.width() < text_width + 4:
            return [f"{_name(widget)} is clipped: {widget.width()} px, its text needs {text_width}"]
        if isinstance(widget, QCheckBox) and widget.width() < widget.sizeHint().width() and not widget.toolTip():
            return [f"{_name(widget)} is clipped"]
    return []


def _name(widget: QWidget) -> str:
    text = getattr(widget, "text", lambda: "")()
    return f"{type(widget).__name__} {(widget.accessibleName() or text)[:60]!r}"
