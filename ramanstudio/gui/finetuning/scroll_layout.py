"""Layouts and boxes of wizard pages that fit small windows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

MIN_CHARACTERS: Final = 10  # of a combo box


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


def make_shrinkable(box: QComboBox) -> QComboBox:
    """Let `box` be narrower than its longest item; the current one is its tooltip while it has no other."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(MIN_CHARACTERS)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    if not box.toolTip():
        box.currentTextChanged.connect(box.setToolTip)
    return box
