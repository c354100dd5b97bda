"""Layouts of wizard pages that scroll where the page is too small for them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QVBoxLayout, QWidget


def set_scrolling_layout(page: QWidget, layout: QLayout) -> QScrollArea:
    """Lay out `page` with `layout` inside a scroll area, so that no widget is ever out of reach; return the area."""
    content = QWidget()
    content.setLayout(layout)
    margins = layout.contentsMargins()
    margins.setRight(max(margins.right(), 12))
    layout.setContentsMargins(margins)
    area = QScrollArea(page)
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setMinimumSize(200, 80)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(area)
    return area
