"""The toolbar of the scatter plot: layout, colour, tools, and a summary of what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.ranges import ShiftRange
from ramanstudio.gui.common import icons
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.explore.colouring import GROUP, N_BANDS, ColourOption
from ramanstudio.gui.explore.comparison_bar import ComparisonBar
from ramanstudio.gui.viewer.flow_layout import FlowLayout

LAYOUTS: Final = (
    ("components", "PCA", "Principal components: the two directions in which the spectra differ most"),
    ("neighbours", "t-SNE", "Similar spectra next to each other; distances between groups mean little"),
)
TOOLS: Final = (
    ("lasso", "ph.scribble-loop", "Lasso: draw around spectra to select them (Shift adds, Ctrl removes)"),
    ("box", "ph.selection", "Box: drag a rectangle over spectra to select them (Shift adds, Ctrl removes)"),
    ("pan", "ph.hand-palm", "Pan: drag to move the plot (the right button always does)"),
)
_TYPING_PAUSE_MS: Final = 250
_MIN_BAND_CM: Final = 1.0


class ScatterToolbar(QWidget):
    """Emits what the user chooses: layout, colour, bands, tool, show all, recompute or stop the layout."""

    layout_chosen = Signal(str)
    recompute_requested = Signal()
    stop_requested = Signal()
    colouring_chosen = Signal(str)
    tool_chosen = Signal(str)
    show_all_requested = Signal()
    bands_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._layouts, self._tools = QButtonGroup(self), QButtonGroup(self)
        self._layout_running = False
        self._preferred_colour = GROUP  # chosen by the user; groups are offered later than the rest
        self._recompute = QToolButton(self)
        self._recompute.clicked.connect(self._recompute_or_stop)
        self.colour = QComboBox(self)
        self.colour.setAccessibleName("Colour by")
        self.colour.setToolTip("What the colour of the points shows")
        self.colour.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.colour.setMinimumContentsLength(10)
        self.colour.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.colour.activated.connect(lambda _: self._choose_colouring())
        self._colour_label = QLabel("Colour", self)
        self._show_all = QToolButton(self)
        self._show_all.setAccessibleName("Show all")
        self._show_all.setToolTip("Show all spectra (A, or double-click)")
        self._show_all.clicked.connect(self.show_all_requested)
        self.summary = ElidedLabel(self)
        self.summary.setProperty("role", "quiet")
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.comparison = ComparisonBar(self)
        self._bands = [_BandInput(self, "Band"), _BandInput(self, "over band")]
        for band in self._bands:
            band.changed.connect(self.bands_changed)
        self._lay_out()
        self.set_layout_running(False)
        self.show_layout(LAYOUTS[0][0])

    def _lay_out(self) -> None:
        layouts, colour, tools = QWidget(self), QWidget(self), QWidget(self)
        layout_row, colour_row, tool_row = _row(layouts), _row(colour), _row(tools)
        for key, text, tooltip in LAYOUTS:
            button = _checkable_button(self, self._layouts, key, text, tooltip)
            button.clicked.connect(lambda _, key=key: self.layout_chosen.emit(key))
            layout_row.addWidget(button)
        self._colour_label.setProperty("role", "quiet")
        self._colour_label.setBuddy(self.colour)
        colour_row.addWidget(self._colour_label)
        colour_row.addWidget(self.colour)
        for key, _, tooltip in TOOLS:
            button = _checkable_button(self, self._tools, key, "", tooltip)
            button.setAccessibleName(tooltip.partition(":")[0])
            button.setChecked(key == "lasso")
            button.clicked.connect(lambda _, key=key: self.tool_chosen.emit(key))
            tool_row.addWidget(button)
        tool_row.addWidget(self._show_all)
        upper, lower = QWidget(self), QWidget(self)
        upper_flow, lower_flow = FlowLayout(upper, last_at_end=True), FlowLayout(lower)
        for widget in (layouts, colour, tools):
            upper_flow.addWidget(widget)
        for widget in (self._recompute, *self._bands):
            lower_flow.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 4)
        layout.setSpacing(4)
        for widget in (upper, lower, self.summary, self.comparison):
            layout.addWidget(widget)

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of a theme."""
        for button, (_, name, _) in zip(self._tools.buttons(), TOOLS, strict=True):
            button.setIcon(icons.icon(name, theme))
            button.setIconSize(QSize(icons.SIZE, icons.SIZE))
        self._show_all.setIcon(icons.icon("ph.corners-out", theme))

    def show_summary(self, text: str) -> None:
        """Show a line of text, in full in its tooltip."""
        self.summary.setText(text)
        self.summary.setToolTip(text)

    # Layout

    def show_layout(self, key: str) -> None:
        """Check the button of a layout."""
        for button, (layout, _, _) in zip(self._layouts.buttons(), LAYOUTS, strict=True):
            button.setChecked(layout == key)
        self._recompute.setVisible(key == "neighbours")

    def set_layout_running(self, running: bool) -> None:
        """Offer to stop the layout while it runs, otherwise to recompute it."""
        self._layout_running = running
        self._recompute.setText("Stop" if running else "Recompute layout")
        self._recompute.setToolTip(
            "Stop, and keep the layout as it is" if running else "Compute the t-SNE layout again, starting from PCA"
        )

    def _recompute_or_stop(self) -> None:
        (self.stop_requested if self._layout_running else self.recompute_requested).emit()

    # Colour

    @property
    def coloured_by(self) -> str:
        """The key of the option that colours the points."""
        return str(self.colour.currentData() or "")

    def set_colour_options(self, options: Sequence[ColourOption]) -> None:
        """Offer these options; the user's choice is kept where it is among them."""
        current = [(self.colour.itemData(row), self.colour.itemText(row)) for row in range(self.colour.count())]
        if current == [(option.key, option.name) for option in options]:
            return
        self.colour.clear()
        for option in options:
            self.colour.addItem(option.name, option.key)
        self.colour.setCurrentIndex(max(0, self.colour.findData(self._preferred_colour)))
        self._show_bands()

    def choose_colouring(self, key: str) -> None:
        """Colour by an option, if it is offered."""
        if (row := self.colour.findData(key)) >= 0:
            self.colour.setCurrentIndex(row)
            self._choose_colouring()

    def _choose_colouring(self) -> None:
        self._preferred_colour = self.coloured_by
        self._show_bands()
        self.colouring_chosen.emit(self.coloured_by)

    # Bands

    @property
    def bands(self) -> list[ShiftRange]:
        """The bands that colour the points, (low, high) in cm⁻¹; empty where another option does."""
        return [band.band for band in self._bands[: N_BANDS.get(self.coloured_by, 0)]]

    def set_bands(self, bands: Sequence[ShiftRange], axis_range: ShiftRange | None = None) -> None:
        """Set the inputs to these bands without a signal; `axis_range` limits them."""
        for field, band in zip(self._bands, bands, strict=False):
            if axis_range is not None:
                field.set_range(axis_range)
            field.set_band(band)

    def _show_bands(self) -> None:
        n_bands = N_BANDS.get(self.coloured_by, 0)
        for number, band in enumerate(self._bands):
            band.setVisible(number < n_bands)


class _BandInput(QWidget):
    """The two ends of a band as numbers, in a line; emits `changed` after a pause in typing."""

    changed = Signal()

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self._ends = (_shift_box(self, f"{name} from"), _shift_box(self, f"{name} to"))
        self._pause = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        label, unit = QLabel(name, self), QLabel("cm⁻¹", self)
        for quiet in (label, unit):
            quiet.setProperty("role", "quiet")
        for widget in (label, self._ends[0], QLabel("–", self), self._ends[1], unit):
            row.addWidget(widget)
        for box in self._ends:
            box.valueChanged.connect(lambda _: self._pause.start())
        self.hide()

    @property
    def band(self) -> ShiftRange:
        low, high = sorted(box.value() for box in self._ends)
        return low, max(high, low + _MIN_BAND_CM)

    def set_range(self, axis_range: ShiftRange) -> None:
        for box in self._ends:
            box.blockSignals(True)
            box.setRange(*axis_range)
            box.blockSignals(False)

    def set_band(self, band: ShiftRange) -> None:
        for box, value in zip(self._ends, band, strict=True):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)


def _shift_box(parent: QWidget, name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox(parent)
    box.setDecimals(0)
    box.setRange(0, 10_000)
    box.setKeyboardTracking(False)
    box.setAccessibleName(f"{name}, in cm⁻¹")
    box.setToolTip(f"{name}, in cm⁻¹; the band can also be dragged on the spectra below")
    box.setStyleSheet("QAbstractSpinBox { padding: 5px 4px; } QLineEdit { padding: 0; border: none; }")
    box.setFixedWidth(76)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    return box


def _row(parent: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(parent)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    return row


def _checkable_button(parent: QWidget, group: QButtonGroup, key: str, text: str, tooltip: str) -> QToolButton:
    button = QToolButton(parent)
    button.setObjectName(key)
    button.setText(text)
    button.setToolTip(tooltip)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    group.addButton(button)
    return button
