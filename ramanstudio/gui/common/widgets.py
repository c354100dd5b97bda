"""What panels are made of: labels, buttons that are one with an action, columns with a margin."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.gui.common.theme import Theme, blend


class SidePanel(QScrollArea):
    """A panel beside a page: scrolls up and down where it is too low, and is moved by its `heading`."""

    def __init__(self, heading: QWidget) -> None:
        super().__init__()
        self.heading = heading
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(248)

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""


def lay_out_with_strip(page: QWidget, bar: QWidget, view: QWidget, strip: QWidget) -> None:
    """Lay out a page: its bar, and beneath it what it shows over the spectra, parted by a handle."""
    parts = QSplitter(Qt.Orientation.Vertical, page)
    parts.setChildrenCollapsible(False)
    parts.addWidget(view)
    parts.addWidget(strip)
    parts.setStretchFactor(0, 3)
    parts.setStretchFactor(1, 1)
    parts.setSizes([600, 220])
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(bar)
    layout.addWidget(parts, 1)


def padded_column(*parts: QWidget | QHBoxLayout) -> QWidget:
    """A column of parts with the margin of a panel."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(12, 0, 12, 0)
    column.setSpacing(8)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    return holder


def button_row(buttons: list[QToolButton]) -> QHBoxLayout:
    """Buttons side by side that share the width by the length of their words."""
    row = QHBoxLayout()
    row.setSpacing(0)
    for button in buttons:
        row.addWidget(button, button.fontMetrics().horizontalAdvance(button.text()) + 8)
    return row


def label(role: str, wrap: bool = False) -> QLabel:
    """A label of a role of the style sheet."""
    label = QLabel(wordWrap=wrap)
    if role:
        label.setProperty("role", role)
    return label


class ElidedCheckBox(QCheckBox):
    """A box with a name that others chose: cut in its middle where it is too long for the panel."""

    def __init__(self, words: str, parent: QWidget) -> None:
        super().__init__(words, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A few letters."""
        return QSize(80, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw the box with as much of its name as there is room for."""
        look = QStyleOptionButton()
        self.initStyleOption(look)
        room = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, look, self).width()
        look.text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, room, Qt.TextFlag.TextShowMnemonic.value
        )
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_CheckBox, look)
        painter.end()


def button(action: QAction, words: str = "") -> QPushButton:
    """A button that is one with an action."""
    made = QPushButton(words or action.text())
    made.setToolTip(action.toolTip())
    made.setEnabled(action.isEnabled())
    made.clicked.connect(action.trigger)
    action.enabledChanged.connect(made.setEnabled)
    return made


def tool(action: QAction, words: str, parent: QWidget) -> QToolButton:
    """A button with a word under its icon, that is one with an action."""
    made = QToolButton(parent)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    made.setIconSize(QSize(16, 16))
    made.setText(words)
    made.setAccessibleName(action.text().rstrip("…"))
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setStyleSheet("QToolButton { padding: 4px 0; font-size: 12px; }")

    def follow() -> None:
        made.setIcon(action.icon())
        made.setToolTip(action.toolTip())
        made.setEnabled(action.isEnabled())

    follow()
    action.changed.connect(follow)
    made.clicked.connect(action.trigger)
    return made


def panel_heading(words: str, beside: QWidget | None = None) -> QWidget:
    """The heading of a panel, by which it can be moved, with something at its right end."""
    heading = QWidget()
    heading.setProperty("panel", "true")
    heading.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    label = QLabel(words)
    label.setProperty("role", "heading")
    row = QHBoxLayout(heading)
    row.setContentsMargins(12, 12, 12, 4)
    row.addWidget(label)
    row.addStretch()
    if beside is not None:
        row.addWidget(beside)
    return heading


def paint_row_background(painter: QPainter, area: QRect, state: QStyle.StateFlag, theme: Theme) -> None:
    """Paint the background of a list row: selected, hovered, or with the keyboard focus."""
    if state & QStyle.StateFlag.State_Selected:
        painter.fillRect(area, QColor(blend(theme.panel, theme.accent, 0.22 if theme.is_dark else 0.14)))
        painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), QColor(theme.accent))
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(area, QColor(blend(theme.panel, theme.text, 0.06)))
    if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
        painter.setPen(QPen(QColor(theme.accent), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(0, 0, -1, -1))
