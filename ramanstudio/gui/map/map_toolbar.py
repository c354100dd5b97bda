"""The row above a map: which one, what lies under the mouse, what a drag does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from ramanstudio.gui.common import icons
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.theme import Theme, with_tabular_figures

TOOLS: Final = (
    ("box", "ph.selection", "Box: drag a rectangle over the pixels to select (Shift adds, Ctrl takes out)"),
    ("lasso", "ph.scribble-loop", "Lasso: draw around the pixels to select (Shift adds, Ctrl takes out)"),
    ("pan", "ph.hand-palm", "Hand: drag to move the map (the right button does so always)"),
)


class MapToolbar(QWidget):
    """Says what was chosen: `entry_chosen(id)`, `tool_chosen(key)`, `all_asked()`."""

    entry_chosen = Signal(int)
    tool_chosen = Signal(str)
    all_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries = QComboBox(self)
        self.entries.setAccessibleName("Which map")
        self.entries.setToolTip("Which map is shown; it follows the list")
        self.entries.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.entries.setMinimumContentsLength(16)
        self.entries.setMaximumWidth(320)
        self.entries.activated.connect(lambda _: self.entry_chosen.emit(self.entries.currentData()))
        self.said = ElidedLabel(self)
        self.said.setFont(with_tabular_figures(self.said.font()))
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.said.setAccessibleName("What lies under the mouse")
        self._tools = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 4)
        row.setSpacing(4)
        row.addWidget(self.entries)
        row.addSpacing(8)
        row.addWidget(self.said, 1)
        self._buttons: dict[str, QToolButton] = {}
        for key, _, tooltip in TOOLS:
            button = QToolButton(self)
            button.setCheckable(True)
            button.setChecked(key == "box")
            button.setIconSize(QSize(16, 16))
            button.setToolTip(tooltip)
            button.setAccessibleName(tooltip.partition(":")[0])
            button.clicked.connect(lambda _, key=key: self.tool_chosen.emit(key))
            self._tools.addButton(button)
            self._buttons[key] = button
            row.addWidget(button)
        self._all = QToolButton(self)
        self._all.setAccessibleName("Show all")
        self._all.setToolTip("Show all of the map (A, or double-click)")
        self._all.clicked.connect(self.all_asked)
        row.addWidget(self._all)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of a theme."""
        for key, name, _ in TOOLS:
            self._buttons[key].setIcon(icons.icon(name, theme))
        self._all.setIcon(icons.icon("ph.corners-out", theme))

    def offer(self, entries: Sequence[tuple[int, str]], chosen: int) -> None:
        """Offer these maps, by id and name; the choice is hidden where there is none."""
        self.entries.blockSignals(True)
        self.entries.clear()
        for entry_id, name in entries:
            self.entries.addItem(name, entry_id)
        self.entries.setCurrentIndex(max(0, self.entries.findData(chosen)))
        self.entries.blockSignals(False)

    def show_tools(self, shown: bool) -> None:
        """Offer ways to select in a plane, or not: in a series rows are clicked."""
        for button in self._buttons.values():
            button.setVisible(shown)
