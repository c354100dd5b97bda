"""The toolbar of a map: which map is shown, readout of the pixel under the mouse, tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ramanstudio.gui.common import icons
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.theme import Theme, with_tabular_figures
from ramanstudio.gui.viewer.flow_layout import FlowLayout

TOOLS: Final = (
    ("box", "ph.selection", "Box: drag a rectangle over pixels to select them (Shift adds, Ctrl removes)"),
    ("lasso", "ph.scribble-loop", "Lasso: draw around pixels to select them (Shift adds, Ctrl removes)"),
    ("pan", "ph.hand-palm", "Pan: drag to move the map (the right button always does)"),
)


class MapToolbar(QWidget):
    """Emits what the user chooses: map (`entry_chosen`), tool, show all."""

    entry_chosen = Signal(int)
    tool_chosen = Signal(str)
    show_all_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries = QComboBox(self)
        self.entries.setAccessibleName("Map")
        self.entries.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.entries.setMinimumContentsLength(8)
        self.entries.setMaximumWidth(320)
        self.entries.activated.connect(lambda _: self.entry_chosen.emit(self.entries.currentData()))
        self.readout = ElidedLabel(self)
        self.readout.setFont(with_tabular_figures(self.readout.font()))
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.readout.setAccessibleName("Readout of the pixel under the mouse")
        self._tools = QButtonGroup(self)
        upper, tools = QWidget(self), QWidget(self)
        flow, row = FlowLayout(upper, last_at_end=True), QHBoxLayout(tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        flow.addWidget(self.entries)
        flow.addWidget(tools)
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
        self._show_all = QToolButton(self)
        self._show_all.setAccessibleName("Show all")
        self._show_all.setToolTip("Show all of the map (A, or double-click)")
        self._show_all.clicked.connect(self.show_all_requested)
        row.addWidget(self._show_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(upper)
        layout.addWidget(self.readout)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of a theme."""
        for key, name, _ in TOOLS:
            self._buttons[key].setIcon(icons.icon(name, theme))
        self._show_all.setIcon(icons.icon("ph.corners-out", theme))

    def set_entries(self, entries: Sequence[tuple[int, str]], chosen: int) -> None:
        """Offer these maps, by id and name, and show which is chosen."""
        self.entries.blockSignals(True)
        self.entries.clear()
        for entry_id, name in entries:
            self.entries.addItem(name, entry_id)
        self.entries.setCurrentIndex(max(0, self.entries.findData(chosen)))
        self.entries.setToolTip(
            f"{self.entries.currentText()}: the map that is shown; selecting one in the list works too"
        )
        self.entries.blockSignals(False)

    def show_tools(self, visible: bool) -> None:
        """Show or hide the selection tools: in a series, rows are clicked."""
        for button in self._buttons.values():
            button.setVisible(visible)
