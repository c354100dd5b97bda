"""What the colours of points mean: a legend of categories that can be hidden, or a colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.export.scatter_figure import LegendRow
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import QUIET_PX, Theme, blend, with_tabular_figures
from ramanstudio.gui.viewer.marker_shapes import RING, outline, shape_name

WIDTH: Final = 176
MIN_WIDTH: Final = 96
_ROW: Final = 26
_ROLE: Final = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


def key_width(view_width: int) -> int:
    """Return the width of a legend or colour bar beside a plot in a view of this width, in pixels."""
    return min(max(view_width // 4, MIN_WIDTH), WIDTH)


class _LegendModel(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: Sequence[LegendRow] = ()
        self.hidden: frozenset[int] = frozenset()

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        row = self.rows[index.row()]
        shown = index.row() not in self.hidden
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.ToolTipRole:
            spectra = count_of(row.count, "spectrum", "spectra")
            return (
                f"{row.name}: {spectra}. Click to {'hide' if shown else 'show'} it, double-click to show only this one."
            )
        if role == Qt.ItemDataRole.AccessibleTextRole:
            spectra = count_of(row.count, "spectrum", "spectra")
            return f"{row.name}, {shape_name(row.shape)}, {spectra}, {'shown' if shown else 'hidden'}"
        return row if role == _ROLE else None

    def show_rows(self, rows: Sequence[LegendRow]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def hide(self, hidden: frozenset[int]) -> None:
        self.hidden = hidden
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))


class CategoryLegend(QListView):
    """Categories with marker, name and count, outliers last.

    Click or Space hides or shows one, double click or Enter shows only that one. Emits `toggled`.
    """

    toggled = Signal()

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setAccessibleName("Legend")
        self.setWhatsThis("The marker of each group. Space hides or shows a group, Enter shows only that one.")
        self._rows = _LegendModel(self)
        self.setModel(self._rows)
        self._delegate = _LegendDelegate(self, theme)
        self.setItemDelegate(self._delegate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self._before: frozenset[int] = frozenset()
        self.clicked.connect(lambda index: self.toggle(index.row()))
        self.doubleClicked.connect(lambda index: self._show_only(index.row(), self._before))

    @property
    def hidden(self) -> frozenset[int]:
        """The indices of the hidden rows."""
        return self._rows.hidden

    @property
    def rows(self) -> Sequence[LegendRow]:
        """The rows, in order."""
        return self._rows.rows

    def show_rows(self, rows: Sequence[LegendRow], keep_hidden: bool) -> None:
        """Show these rows; `keep_hidden` where they mean the same as before."""
        self._rows.hidden = frozenset(row for row in self.hidden if row < len(rows)) if keep_hidden else frozenset()
        self._rows.show_rows(rows)

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._delegate.theme = theme
        self.viewport().update()

    def toggle(self, row: int) -> None:
        """Hide or show a row."""
        self._before = self.hidden
        self._hide(self.hidden ^ {row})

    def _show_only(self, row: int, before: frozenset[int]) -> None:
        others = frozenset(range(len(self.rows))) - {row}
        self._hide(frozenset() if before == others else others)

    def _hide(self, hidden: frozenset[int]) -> None:
        self._rows.hide(hidden)
        self.toggled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Space hides or shows the current row, Enter shows only that one."""
        row = self.currentIndex().row()
        if row >= 0 and event.key() == Qt.Key.Key_Space:
            self.toggle(row)
        elif row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._show_only(row, self.hidden)
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its rows."""
        return QSize(WIDTH, _ROW * len(self.rows) + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Three rows; it scrolls."""
        return QSize(MIN_WIDTH, 3 * _ROW)


class _LegendDelegate(QStyledItemDelegate):
    def __init__(self, parent: CategoryLegend, theme: Theme) -> None:
        super().__init__(parent)
        self._legend, self.theme = parent, theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:  # noqa: N802
        return QSize(WIDTH, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: LegendRow = index.data(_ROLE)
        shown = index.row() not in self._legend.hidden
        area = QRect(option.rect)
        painter.save()
        if self._legend.hasFocus() and self._legend.currentIndex().row() == index.row():
            painter.fillRect(area, QColor(blend(self.theme.panel, self.theme.accent, 0.14)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_marker(painter, row, shown, QPointF(area.left() + 14.5, area.center().y() + 0.5))
        font = with_tabular_figures(self._legend.font())
        font.setPixelSize(QUIET_PX)
        font.setStrikeOut(not shown)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        count = f"{format_number(row.count)}"
        count_area = area.adjusted(0, 0, -8, 0)
        painter.setPen(QColor(self.theme.quiet))
        painter.drawText(count_area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count)
        name_area = area.adjusted(28, 0, -16 - metrics.horizontalAdvance(count), 0)
        painter.setPen(QColor(self.theme.text if shown else self.theme.quiet))
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, name_area.width())
        painter.drawText(name_area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
        painter.restore()

    def _paint_marker(self, painter: QPainter, row: LegendRow, shown: bool, centre: QPointF) -> None:
        painter.translate(centre)
        if row.shape == RING or not shown:
            painter.setPen(self.theme.pen(row.colour, 1.4, 1.0 if shown else 0.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(outline(0 if row.shape == RING else row.shape, 4.0))
        else:
            painter.fillPath(outline(row.shape, 5.0), QColor(row.colour))
        painter.translate(-centre)


class ColourBar(QWidget):
    """A colour bar from `low` to `high`; values beyond have the colour of the end."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._label, self._low, self._high, self._missing = "", 0.0, 1.0, 0
        font = with_tabular_figures(self.font())
        font.setPixelSize(QUIET_PX)
        self.setFont(font)

    def show_range(self, label: str, low: float, high: float, missing: int) -> None:
        """Show the quantity, its limits, and how many points have no value."""
        self._label, self._low, self._high, self._missing = label, low, high, missing
        text = f"{label}: {self._ends()}" + (f"; {format_number(missing)} unknown" if missing else "")
        self.setAccessibleName(f"Colours of {text}")
        self.setToolTip(f"{text}. 2 % of the points lie beyond each end.")
        self.update()

    @property
    def range(self) -> tuple[str, float, float]:
        """The quantity and its limits."""
        return self._label, self._low, self._high

    def _ends(self) -> str:
        return (
            "no value"
            if not np.isfinite(self._low)
            else f"{format_significant(self._low)} to {format_significant(self._high)}"
        )

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A column."""
        return QSize(WIDTH, 220)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for both numbers."""
        return QSize(MIN_WIDTH, 120)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Update the layout when the font changes."""
        super().changeEvent(event)
        self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint the quantity, the bar with its limits, and the number of unknown values."""
        painter = QPainter(self)
        metrics = painter.fontMetrics()
        line = metrics.height() + 4
        painter.setPen(QColor(self._theme.text))
        area = QRect(0, 0, self.width() - 8, 3 * line)
        flags = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop)
        text_rect = painter.boundingRect(area, flags, self._label)
        painter.drawText(text_rect, flags, self._label)
        if not np.isfinite(self._low):
            painter.setPen(QColor(self._theme.quiet))
            painter.drawText(area.translated(0, text_rect.bottom() + 8), flags, "not known for any spectrum")
            painter.end()
            return
        below = line + 4 if self._missing else 0
        bar = QRectF(0, text_rect.bottom() + 10, 14, min(200, self.height() - text_rect.bottom() - 18 - below))
        gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
        for step, colour in enumerate(viridis(9, self._theme)):
            gradient.setColorAt(step / 8, QColor(colour))
        painter.fillRect(bar, gradient)
        painter.setPen(QColor(self._theme.quiet))
        for fraction, value in ((0.0, self._high), (0.5, (self._low + self._high) / 2), (1.0, self._low)):
            y = bar.top() + fraction * bar.height()
            label_rect = QRectF(22, min(max(y - line / 2, bar.top() - 2), bar.bottom() - line + 4), 90, line)
            painter.drawText(label_rect, int(Qt.AlignmentFlag.AlignVCenter), format_significant(value))
        if self._missing:
            painter.drawText(
                QRectF(0, bar.bottom() + 6, self.width(), line), f"grey: {format_number(self._missing)} unknown"
            )
        painter.end()


def viridis(count: int, theme: Theme) -> list[str]:
    """Return `count` colours "#rrggbb" from low to high, without the end that is hardly visible in the theme."""
    start, stop = (0.2, 1.0) if theme.is_dark else (0.0, 0.93)
    table: NDArray[np.uint8] = pg.colormap.get("viridis").getLookupTable(start, stop, count)
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in table[:, :3].tolist()]
