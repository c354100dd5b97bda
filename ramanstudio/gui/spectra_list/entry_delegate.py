"""How a row of the list is painted: a tiny spectrum, the name, and below it points, SNR, or what went wrong."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.texts import short_problem, size_of
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha, with_tabular_figures
from ramanstudio.gui.common.widgets import paint_row_background
from ramanstudio.gui.spectra_list.entry_model import EntryModel
from ramanstudio.project.project import Entry, Result

ROW_HEIGHT: Final = 48
MARGIN: Final = 12
SPARK: Final = QSize(44, 26)
KEPT: Final = 2000  # tiny spectra; those of rows that were scrolled by are made again when they come back


def tiny(spectra: SpectrumSet, across: int = SPARK.width()) -> np.ndarray:
    """The shape of a set in `across` numbers between 0 and 1; a set of many by the mean of some of them."""
    some = spectra.values[:: max(1, len(spectra) // 32)]
    whole = np.isfinite(some).all(axis=1)
    some = some[whole] if whole.any() else some
    curve = np.nan_to_num(some.mean(axis=0) if len(some) > 1 else some[0], nan=0.0, posinf=0.0, neginf=0.0)
    edges = np.linspace(0, curve.size, min(across, curve.size), endpoint=False).astype(int)
    binned = np.maximum.reduceat(curve, edges)  # a line narrower than a pixel must still be seen
    low, high = binned.min(), binned.max()
    return np.asarray((binned - low) / (high - low) if high > low else np.full_like(binned, 0.5), dtype=np.float64)


class EntryDelegate(QStyledItemDelegate):
    """Paints rows; tiny spectra are made when a row is first painted."""

    def __init__(self, model: EntryModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._theme: Theme | None = None
        self._sparks: OrderedDict[int, tuple[object, QPolygonF]] = OrderedDict()

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        return QSize(160, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = self._theme
        if theme is None:
            return
        entry = self._model.entry_at(index.row())
        painter.save()
        area = QRect(option.rect)
        state = option.state
        paint_row_background(painter, area, state, theme)
        spark = QRect(area.left() + MARGIN, area.center().y() - SPARK.height() // 2, SPARK.width(), SPARK.height())
        if entry.source is None:
            self._paint_sign(painter, spark, theme)
        else:
            self._paint_spark(painter, spark, entry, theme)
        text = area.adjusted(2 * MARGIN + SPARK.width() - 2, 6, -MARGIN, -6)
        self._paint_words(painter, text, entry, option.font, theme)
        painter.restore()

    def _paint_sign(self, painter: QPainter, area: QRect, theme: Theme) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(area.center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(theme.warning, 0.16))
        painter.drawEllipse(middle, 11, 11)
        painter.setPen(QColor(theme.warning))
        font = QFont(painter.font())
        font.setPixelSize(14)
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "!")

    def _paint_spark(self, painter: QPainter, area: QRect, entry: Entry, theme: Theme) -> None:
        result = self._model.result(entry)
        colour = theme.raw if result is None or result.denoised is None else theme.accent
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colour), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.translate(area.topLeft())
        painter.drawPolyline(self._spark(entry, result))
        painter.translate(-area.topLeft())

    def _spark(self, entry: Entry, result: Result | None) -> QPolygonF:
        shown = result.denoised.spectra if result is not None and result.denoised is not None else entry.source
        assert shown is not None
        made_of, polygon = self._sparks.get(entry.id, (None, QPolygonF()))
        if made_of is not shown:
            heights = tiny(shown)
            across = np.linspace(0, SPARK.width(), heights.size)
            points = zip(across, (1 - heights) * SPARK.height(), strict=True)
            polygon = QPolygonF([QPointF(x, y) for x, y in points])
            self._sparks[entry.id] = (shown, polygon)
            while len(self._sparks) > KEPT:
                self._sparks.popitem(last=False)
        else:
            self._sparks.move_to_end(entry.id)
        return polygon

    def _paint_words(self, painter: QPainter, area: QRect, entry: Entry, font: QFont, theme: Theme) -> None:
        name_area = QRect(area.left(), area.top(), area.width(), area.height() // 2)
        below = QRect(area.left(), name_area.bottom() + 1, area.width(), area.height() - name_area.height())
        metrics = QFontMetrics(font)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, name_area.width())
        painter.drawText(name_area, middle | int(Qt.AlignmentFlag.AlignLeft), name)
        quiet = with_tabular_figures(font)
        quiet.setPixelSize(QUIET_PX)
        painter.setFont(quiet)
        small = QFontMetrics(quiet)
        if sentence := self._model.sentence(entry):
            painter.setPen(QColor(theme.warning))
            words = small.elidedText(
                short_problem(entry.path.name, sentence), Qt.TextElideMode.ElideRight, below.width()
            )
            painter.drawText(below, middle | int(Qt.AlignmentFlag.AlignLeft), words)
            return
        right, colour = self._outcome(entry, theme)
        painter.setPen(QColor(colour))
        painter.drawText(below, middle | int(Qt.AlignmentFlag.AlignRight), right)
        room = below.width() - small.horizontalAdvance(right) - 8
        painter.setPen(QColor(theme.quiet))
        size = small.elidedText(size_of(entry), Qt.TextElideMode.ElideRight, max(0, room))
        painter.drawText(below, middle | int(Qt.AlignmentFlag.AlignLeft), size)

    def _outcome(self, entry: Entry, theme: Theme) -> tuple[str, str]:
        snr = self._model.snr(entry)
        if snr is not None:
            return snr.arrow, theme.text
        return ("waiting", theme.quiet) if self._model.state(entry) == "waiting" else ("", theme.quiet)
