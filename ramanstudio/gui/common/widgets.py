"""Building blocks of panels and pages: labels, buttons that trigger actions, layouts."""

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
    """A panel beside a page; scrolls vertically where it is too low. `heading` is the title bar that moves it."""

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


class ThemedWidget(QWidget):
    """A part of a panel that follows the theme."""

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""


class _MinimalSplitter(QSplitter):
    """A vertical splitter that asks for its minimum height only; it is stretched where there is more space."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As low as its widgets allow."""
        return self.minimumSizeHint()


def lay_out_with_strip(page: QWidget, bar: QWidget, view: QWidget, strip: QWidget) -> None:
    """Lay out a page: a toolbar, below it the plot and the spectrum strip with a splitter; scrolls in a low window."""
    splitter = _MinimalSplitter(Qt.Orientation.Vertical)
    splitter.setChildrenCollapsible(False)
    splitter.addWidget(view)
    splitter.addWidget(strip)
    splitter.setStretchFactor(0, 3)
    splitter.setStretchFactor(1, 1)
    splitter.setSizes([600, 220])
    content = QWidget()
    content.setProperty("panel", "true")
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(bar)
    column.addWidget(splitter, 1)
    scroll = QScrollArea(page)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QScrollArea.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(content)
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(scroll)


def padded_column(*parts: QWidget | QHBoxLayout) -> QWidget:
    """A column of widgets and rows with the margin of a panel."""
    container = QWidget()
    column = QVBoxLayout(container)
    column.setContentsMargins(12, 0, 12, 0)
    column.setSpacing(8)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    return container


def button_row(buttons: list[QToolButton]) -> QHBoxLayout:
    """A row of buttons that share its width in proportion to their text."""
    row = QHBoxLayout()
    row.setSpacing(0)
    for button in buttons:
        row.addWidget(button, button.fontMetrics().horizontalAdvance(button.text()) + 8)
    return row


def label(role: str, wrap: bool = False) -> QLabel:
    """A label with a role of the style sheet ("" for normal text)."""
    label = QLabel(wordWrap=wrap)
    if role:
        label.setProperty("role", role)
    return label


class ElidedCheckBox(QCheckBox):
    """A check box whose text, a name chosen by a user, is elided in the middle where it is too long."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for a few letters."""
        return QSize(80, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw the check box with as much of its text as fits."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        width = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, self).width()
        option.text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, width, Qt.TextFlag.TextShowMnemonic.value
        )
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_CheckBox, option)
        painter.end()


def button(action: QAction, text: str = "") -> QPushButton:
    """A push button that triggers `action` and is enabled with it; `text` replaces that of the action."""
    push_button = QPushButton(text or action.text())
    push_button.setToolTip(action.toolTip())
    push_button.setEnabled(action.isEnabled())
    push_button.clicked.connect(action.trigger)
    action.enabledChanged.connect(push_button.setEnabled)
    return push_button


def tool(action: QAction, text: str, parent: QWidget) -> QToolButton:
    """A tool button with `text` under its icon that triggers `action` and follows its icon and state."""
    tool_button = QToolButton(parent)
    tool_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    tool_button.setIconSize(QSize(16, 16))
    tool_button.setText(text)
    tool_button.setAccessibleName(action.text().rstrip("…"))
    tool_button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    tool_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    tool_button.setStyleSheet("QToolButton { padding: 4px 0; font-size: 12px; }")

    def follow() -> None:
        tool_button.setIcon(action.icon())
        tool_button.setToolTip(action.toolTip())
        tool_button.setEnabled(action.isEnabled())

    follow()
    action.changed.connect(follow)
    tool_button.clicked.connect(action.trigger)
    return tool_button


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
