"""The row above the plane: how it is laid out, what colours the points, what a drag does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
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
from ramanstudio.gui.explore.colouring import BAND, GROUP, RATIO, ColourOption
from ramanstudio.gui.explore.excluded_spectra import AxesRow

LAYOUTS: Final = (
    ("components", "Components", "The two directions in which the spectra differ most (PCA): distances are true"),
    ("neighbours", "Neighbours", "Each spectrum by those it is most like (t-SNE): near is alike, gaps say little"),
)  # fmt: skip
TOOLS: Final = (
    ("lasso", "ph.scribble-loop", "Lasso: draw around the spectra to select (Shift adds, Ctrl takes out)"),
    ("box", "ph.selection", "Box: drag a rectangle over the spectra to select (Shift adds, Ctrl takes out)"),
    ("pan", "ph.hand-palm", "Hand: drag to move the plane (the right button does so always)"),
)
_REST_MS: Final = 250
_ROOMY_PX: Final = 620
_NARROWEST: Final = 1.0


class ScatterToolbar(QWidget):
    """Says what was chosen: `layout_chosen(key)`, `tint_chosen(key)`, `tool_chosen(key)`, `bands_changed()`, …"""

    layout_chosen = Signal(str)
    settle_asked = Signal(bool)  # False: stop
    tint_chosen = Signal(str)
    tool_chosen = Signal(str)
    all_asked = Signal()
    bands_changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._layouts, self._tools = QButtonGroup(self), QButtonGroup(self)
        self._moves = False
        self._wanted = GROUP  # what a hand chose; the groups are found after the rest is known
        self._settle = QToolButton(self)
        self._settle.clicked.connect(lambda: self.settle_asked.emit(not self._moves))
        self.tint = QComboBox(self)
        self.tint.setAccessibleName("Colour by")
        self.tint.setToolTip("What the colour of the points stands for")
        self.tint.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.tint.setMinimumContentsLength(9)
        self.tint.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.tint.setMaximumWidth(240)
        self.tint.activated.connect(lambda _: self._choose_tint())
        self._colour = QLabel("Colour", self)
        self._all = QToolButton(self)
        self._all.setAccessibleName("Show all")
        self._all.setToolTip("Show all spectra (A, or double-click)")
        self._all.clicked.connect(self.all_asked)
        self.said = ElidedLabel(self)
        self.said.setProperty("role", "quiet")
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.axes = AxesRow(self)
        self._bands = [_BandInput(self, "Band"), _BandInput(self, "over band")]
        for band in self._bands:
            band.changed.connect(self.bands_changed)
        self._lay_out()
        self.set_moving(False)
        self.show_layout("components")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        for key, words, tooltip in LAYOUTS:
            button = _checkable(self, self._layouts, key, words, tooltip)
            button.clicked.connect(lambda _, key=key: self.layout_chosen.emit(key))
            row.addWidget(button)
        row.addSpacing(4)
        self._colour.setProperty("role", "quiet")
        self._colour.setBuddy(self.tint)
        row.addWidget(self._colour)
        row.addWidget(self.tint, 2)
        row.addStretch(1)
        for key, _, tooltip in TOOLS:
            button = _checkable(self, self._tools, key, "", tooltip)
            button.setAccessibleName(tooltip.partition(":")[0])
            button.setChecked(key == "lasso")
            button.clicked.connect(lambda _, key=key: self.tool_chosen.emit(key))
            row.addWidget(button)
        row.addWidget(self._all)
        beneath = QHBoxLayout()
        beneath.setSpacing(8)
        beneath.addWidget(self._settle)
        for band in self._bands:
            beneath.addWidget(band)
        beneath.addWidget(self.said, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 8, 8, 4)
        whole.setSpacing(4)
        whole.addLayout(row)
        whole.addLayout(beneath)
        whole.addWidget(self.axes)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Where there is little room, the choice of a colour goes without its word."""
        super().resizeEvent(event)
        self._colour.setVisible(self.width() >= _ROOMY_PX)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As narrow as it is without the word."""
        whole = super().minimumSizeHint()
        spare = self._colour.sizeHint().width() if self._colour.isVisible() else 0
        return QSize(whole.width() - spare, whole.height())

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the colours of a theme."""
        for button, (_, name, _) in zip(self._tools.buttons(), TOOLS, strict=True):
            button.setIcon(icons.icon(name, theme))
            button.setIconSize(QSize(icons.SIZE, icons.SIZE))
        self._all.setIcon(icons.icon("ph.corners-out", theme))

    def say(self, sentence: str) -> None:
        """Say this in the quiet line; all of it in its tooltip."""
        self.said.setText(sentence)
        self.said.setToolTip(sentence)

    # Layout

    def show_layout(self, key: str) -> None:
        """Check the button of a layout."""
        for button, (name, _, _) in zip(self._layouts.buttons(), LAYOUTS, strict=True):
            button.setChecked(name == key)
        self._settle.setVisible(key == "neighbours")

    def set_moving(self, moves: bool) -> None:
        """Offer to stop a plane that settles, or to settle it again."""
        self._moves = moves
        self._settle.setText("Stop" if moves else "Settle again")
        self._settle.setToolTip(
            "Leave the plane as far as it has settled" if moves else "Lay the spectra out anew, from the components"
        )

    # Colour

    @property
    def tinted_by(self) -> str:
        """The key of what colours the points."""
        return str(self.tint.currentData() or "")

    def offer_tints(self, rows: Sequence[ColourOption]) -> None:
        """Offer these; what was chosen stays, where it is still there."""
        there = [(self.tint.itemData(at), self.tint.itemText(at)) for at in range(self.tint.count())]
        if there == [(row.key, row.name) for row in rows]:
            return
        self.tint.clear()
        for row in rows:
            self.tint.addItem(row.name, row.key)
        self.tint.setCurrentIndex(max(0, self.tint.findData(self._wanted)))
        self._show_bands()

    def choose_tint(self, key: str) -> None:
        """Colour by this, if it is offered."""
        if (at := self.tint.findData(key)) >= 0:
            self.tint.setCurrentIndex(at)
            self._choose_tint()

    def _choose_tint(self) -> None:
        self._wanted = self.tinted_by
        self._show_bands()
        self.tint_chosen.emit(self.tinted_by)

    # Bands

    @property
    def bands(self) -> list[ShiftRange]:
        """The bands that colour the points, (low, high) in cm⁻¹; none where something else does."""
        many = {BAND: 1, RATIO: 2}.get(self.tinted_by, 0)
        return [band.region for band in self._bands[:many]]

    def set_bands(self, bands: Sequence[ShiftRange], limits: ShiftRange | None = None) -> None:
        """Put the inputs to these bands, without a word; `limits` are the ends of the axis."""
        for field, region in zip(self._bands, bands, strict=False):
            if limits is not None:
                field.limit(limits)
            field.put(region)

    def _show_bands(self) -> None:
        many = {BAND: 1, RATIO: 2}.get(self.tinted_by, 0)
        for number, band in enumerate(self._bands):
            band.setVisible(number < many)


class _BandInput(QWidget):
    changed = Signal()

    def __init__(self, parent: QWidget, words: str) -> None:
        super().__init__(parent)
        self._ends = (_shift(self, f"{words} from"), _shift(self, f"{words} to"))
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        label = QLabel(words, self)
        label.setProperty("role", "quiet")
        unit = QLabel("cm⁻¹", self)
        unit.setProperty("role", "quiet")
        for part in (label, self._ends[0], QLabel("–", self), self._ends[1], unit):
            row.addWidget(part)
        for end in self._ends:
            end.valueChanged.connect(lambda _: self._rest.start())
        self.hide()

    @property
    def region(self) -> ShiftRange:
        low, high = sorted(end.value() for end in self._ends)
        return low, max(high, low + _NARROWEST)

    def limit(self, limits: ShiftRange) -> None:
        for end in self._ends:
            end.blockSignals(True)
            end.setRange(*limits)
            end.blockSignals(False)

    def put(self, region: ShiftRange) -> None:
        for end, value in zip(self._ends, region, strict=True):
            end.blockSignals(True)
            end.setValue(value)
            end.blockSignals(False)


def _shift(parent: QWidget, words: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox(parent)
    box.setDecimals(0)
    box.setRange(0, 10_000)
    box.setKeyboardTracking(False)
    box.setAccessibleName(f"{words}, in cm⁻¹")
    box.setToolTip(f"{words}, in cm⁻¹; the band can also be dragged on the spectrum below")
    box.setStyleSheet("QAbstractSpinBox { padding: 5px 4px; } QLineEdit { padding: 0; border: none; }")
    box.setFixedWidth(76)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    return box


def _checkable(parent: QWidget, group: QButtonGroup, key: str, words: str, tooltip: str) -> QToolButton:
    button = QToolButton(parent)
    button.setObjectName(key)
    button.setText(words)
    button.setToolTip(tooltip)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    group.addButton(button)
    return button
