"""Paints a row of the list of groups: marker, name, size, mean spectrum and distinctive bands."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_tabular_figures
from ramanstudio.gui.common.widgets import paint_row_background
from ramanstudio.gui.explore.group_model import MAX_BANDS, GroupModel, GroupRow
from ramanstudio.gui.viewer.marker_shapes import outline

Index = QModelIndex | QPersistentModelIndex

ROW_HEIGHT: Final = 52
MARGIN: Final = 12
MARKER_PX: Final = 5.0  # the radius of a disc
INDENT: Final = MARGIN + 20  # of the text, right of the marker
SPARKLINE: Final = QSize(64, 18)
GAP: Final = 8


def sparkline(heights: np.ndarray, width: int = SPARKLINE.width(), height: int = SPARKLINE.height()) -> QPolygonF:
    """Return the curve of `heights` (B,) in a few points; a peak narrower than a pixel stays visible."""
    curve = np.nan_to_num(np.asarray(heights, dtype=np.float64))
    edges = np.linspace(0, curve.size, min(width, curve.size), endpoint=False).astype(int)
    maxima = np.maximum.reduceat(curve, edges)
    low, high = maxima.min(), maxima.max()
    normalised = (maxima - low) / (high - low) if high > low else np.full_like(maxima, 0.5)
    columns = np.linspace(0, width, normalised.size)
    return QPolygonF([QPointF(x, y) for x, y in zip(columns, (1 - normalised) * height, strict=True)])


def paint_marker(painter: QPainter, centre: QPointF, summary: GroupRow, theme: Theme) -> None:
    """Paint the marker of a group as the plot draws it; a ring for outliers."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    if summary.colour is None:
        painter.setPen(QPen(QColor(theme.quiet), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(), MARKER_PX - 0.75, MARKER_PX - 0.75)
    else:
        painter.fillPath(outline(summary.shape, MARKER_PX), QColor(theme.category(summary.colour)))
    painter.translate(-centre)


class GroupDelegate(QStyledItemDelegate):
    """Paints rows, and places the editor over the name."""

    def __init__(self, model: GroupModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._theme: Theme | None = None
        self._sparklines: dict[int, tuple[object, QPolygonF]] = {}

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """All rows have one height."""
        return QSize(160, ROW_HEIGHT)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: N802
        """Edit the name in a line."""
        editor = QLineEdit(parent)
        editor.setAccessibleName("Name of the group")
        return editor

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: N802
        """Rename the group."""
        if isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802
        """Place the editor over the name."""
        area = QRect(option.rect)
        editor.setGeometry(area.left() + INDENT - 8, area.top(), area.width() - INDENT + 4, 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        theme = self._theme
        if theme is None:
            return
        summary = self._model.summary(index.row())
        area, state = QRect(option.rect), option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        paint_row_background(painter, area, state, theme)
        paint_marker(painter, QPointF(area.left() + MARGIN + MARKER_PX + 1, area.top() + 16), summary, theme)
        upper = QRect(area.left() + INDENT, area.top() + 6, area.width() - INDENT - MARGIN, 20)
        lower = QRect(upper.left(), area.top() + 27, upper.width(), SPARKLINE.height())
        self._paint_name(painter, upper, summary, selected, QFont(option.font), theme)
        self._paint_portrait(painter, lower, summary, index.row(), QFont(option.font), theme)
        painter.restore()

    def _paint_name(
        self, painter: QPainter, area: QRect, summary: GroupRow, selected: bool, font: QFont, theme: Theme
    ) -> None:
        partly = 0 < summary.selected < summary.count and not selected
        size = summary.selected_text if partly else summary.size_text
        small_font = with_tabular_figures(font)
        small_font.setPixelSize(QUIET_PX)
        painter.setFont(small_font)
        painter.setPen(QColor(theme.accent if partly else theme.quiet))
        centred = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(area, centred | int(Qt.AlignmentFlag.AlignRight), size)
        width = area.width() - QFontMetrics(small_font).horizontalAdvance(size) - GAP
        painter.setFont(font)
        painter.setPen(QColor(theme.quiet if summary.colour is None else theme.text))
        name = QFontMetrics(font).elidedText(summary.name, Qt.TextElideMode.ElideRight, max(0, width))
        painter.drawText(area, centred | int(Qt.AlignmentFlag.AlignLeft), name)

    def _paint_portrait(
        self, painter: QPainter, area: QRect, summary: GroupRow, row: int, font: QFont, theme: Theme
    ) -> None:
        font.setPixelSize(QUIET_PX)
        painter.setFont(font)
        start = area.left()
        text = ""
        if summary.portrait is not None and summary.colour is not None:
            painter.setPen(QPen(QColor(theme.category(summary.colour)), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(area.topLeft())
            painter.drawPolyline(self._sparkline(row, summary.portrait.mean))
            painter.translate(-area.topLeft())
            start += SPARKLINE.width() + GAP
            text = self._fitting(summary, QFontMetrics(font), area.right() - start + 1)
        elif summary.colour is None:
            text = "belong to no group"
        remaining = QRect(start, area.top(), area.right() - start + 1, area.height())
        painter.setPen(QColor(theme.quiet))
        text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, remaining.width())
        painter.drawText(remaining, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)

    def _fitting(self, summary: GroupRow, metrics: QFontMetrics, width: int) -> str:
        """Return as many bands as fit into `width` pixels; none is cut, as it would read as another one."""
        candidates = (summary.bands_text(n_bands) for n_bands in range(MAX_BANDS, 0, -1))
        return next((text for text in candidates if metrics.horizontalAdvance(text) <= width), "")

    def _sparkline(self, row: int, mean: np.ndarray) -> QPolygonF:
        shown, polygon = self._sparklines.get(row, (None, QPolygonF()))
        if shown is not mean:
            polygon = sparkline(mean)
            self._sparklines[row] = (mean, polygon)
        return polygon
