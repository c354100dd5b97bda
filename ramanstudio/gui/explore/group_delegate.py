"""How a row of the list of groups is painted: its mark, name and size, its mean spectrum, and what sets it apart."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_tabular_figures
from ramanstudio.gui.common.widgets import paint_row_background
from ramanstudio.gui.explore.group_model import MOST_SHOWN, GroupModel, Line
from ramanstudio.gui.viewer.marker_shapes import outline

Index = QModelIndex | QPersistentModelIndex

ROW_HEIGHT: Final = 52
MARGIN: Final = 12
MARK_PX: Final = 5.0  # the radius of a disc
INDENT: Final = MARGIN + 20  # of the words, right of the mark
SPARK: Final = QSize(64, 18)
GAP: Final = 8


def spark(heights: np.ndarray, across: int = SPARK.width(), down: int = SPARK.height()) -> QPolygonF:
    """A curve (B,) in a few points; a line narrower than a pixel is still seen."""
    curve = np.nan_to_num(np.asarray(heights, dtype=np.float64))
    edges = np.linspace(0, curve.size, min(across, curve.size), endpoint=False).astype(int)
    binned = np.maximum.reduceat(curve, edges)
    low, high = binned.min(), binned.max()
    level = (binned - low) / (high - low) if high > low else np.full_like(binned, 0.5)
    places = np.linspace(0, across, level.size)
    return QPolygonF([QPointF(x, y) for x, y in zip(places, (1 - level) * down, strict=True)])


def paint_mark(painter: QPainter, middle: QPointF, line: Line, theme: Theme) -> None:
    """The group's mark, as the plane draws it; a ring for outliers."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(middle)
    if line.colour is None:
        painter.setPen(QPen(QColor(theme.quiet), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(), MARK_PX - 0.75, MARK_PX - 0.75)
    else:
        painter.fillPath(outline(line.shape, MARK_PX), QColor(theme.category(line.colour)))
    painter.translate(-middle)


class GroupDelegate(QStyledItemDelegate):
    """Paints rows, and puts the editor where the name is."""

    def __init__(self, model: GroupModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._theme: Theme | None = None
        self._sparks: dict[int, tuple[object, QPolygonF]] = {}

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(160, ROW_HEIGHT)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: N802
        editor = QLineEdit(parent)
        editor.setAccessibleName("Name of the group")
        return editor

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: N802
        if isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802
        area = QRect(option.rect)
        editor.setGeometry(area.left() + INDENT - 8, area.top(), area.width() - INDENT + 4, 30)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = self._theme
        if theme is None:
            return
        line = self._model.line(index.row())
        area, state = QRect(option.rect), option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        paint_row_background(painter, area, state, theme)
        paint_mark(painter, QPointF(area.left() + MARGIN + MARK_PX + 1, area.top() + 16), line, theme)
        above = QRect(area.left() + INDENT, area.top() + 6, area.width() - INDENT - MARGIN, 20)
        below = QRect(above.left(), area.top() + 27, above.width(), SPARK.height())
        self._paint_name(painter, above, line, chosen, QFont(option.font), theme)
        self._paint_portrait(painter, below, line, index.row(), QFont(option.font), theme)
        painter.restore()

    def _paint_name(self, painter: QPainter, area: QRect, line: Line, chosen: bool, font: QFont, theme: Theme) -> None:
        in_part = 0 < line.selected < line.count and not chosen
        size = line.part if in_part else line.size
        small = with_tabular_figures(font)
        small.setPixelSize(QUIET_PX)
        painter.setFont(small)
        painter.setPen(QColor(theme.accent if in_part else theme.quiet))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(area, middle | int(Qt.AlignmentFlag.AlignRight), size)
        room = area.width() - QFontMetrics(small).horizontalAdvance(size) - GAP
        painter.setFont(font)
        painter.setPen(QColor(theme.quiet if line.colour is None else theme.text))
        name = QFontMetrics(font).elidedText(line.name, Qt.TextElideMode.ElideRight, max(0, room))
        painter.drawText(area, middle | int(Qt.AlignmentFlag.AlignLeft), name)

    def _paint_portrait(self, painter: QPainter, area: QRect, line: Line, row: int, font: QFont, theme: Theme) -> None:
        font.setPixelSize(QUIET_PX)
        painter.setFont(font)
        start = area.left()
        words = ""
        if line.portrait is not None and line.colour is not None:
            painter.setPen(QPen(QColor(theme.category(line.colour)), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(area.topLeft())
            painter.drawPolyline(self._spark(row, line.portrait.mean))
            painter.translate(-area.topLeft())
            start += SPARK.width() + GAP
            words = self._fitting(line, QFontMetrics(font), area.right() - start + 1)
        elif line.colour is None:
            words = "belong to no group"
        rest = QRect(start, area.top(), area.right() - start + 1, area.height())
        painter.setPen(QColor(theme.quiet))
        words = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideRight, rest.width())
        painter.drawText(rest, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)

    def _fitting(self, line: Line, metrics: QFontMetrics, room: int) -> str:
        """As many bands as there is room for: one that is cut would be another."""
        found = (line.bands(most) for most in range(MOST_SHOWN, 0, -1))
        return next((words for words in found if metrics.horizontalAdvance(words) <= room), "")

    def _spark(self, row: int, mean: np.ndarray) -> QPolygonF:
        made_of, polygon = self._sparks.get(row, (None, QPolygonF()))
        if made_of is not mean:
            polygon = spark(mean)
            self._sparks[row] = (mean, polygon)
        return polygon
