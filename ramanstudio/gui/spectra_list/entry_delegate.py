"""Paints a row of the list: a sketch of the spectrum, the name, and below it size and SNR, or what went wrong."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.texts import count_of, short_problem, size_of
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha, with_tabular_figures
from ramanstudio.gui.common.widgets import paint_row_background
from ramanstudio.gui.spectra_list.entry_model import EntryModel
from ramanstudio.project.project import Entry, Result

if TYPE_CHECKING:
    from ramanstudio.signal.quality import Quality

ROW_HEIGHT: Final = 48
MARGIN: Final = 12
SKETCH: Final = QSize(44, 26)
BADGES: Final = {  # by code of the check, the worst first
    "flat": "flat",
    "saturated": "saturated",
    "no_numbers": "gaps",
    "pixel_axis": "pixels?",
    "only_noise": "only noise",
    "fluorescence": "fluorescence",
}
BADGE_SHARE: Final = 0.45  # of a row's text that a badge may take
MAX_SKETCHES: Final = 2000  # kept; those of rows far away are made again when they are shown


def sketch_of(spectra: SpectrumSet, width: int = SKETCH.width()) -> np.ndarray:
    """Return the shape of a set in `width` values between 0 and 1; of many spectra the mean of some."""
    sample = spectra.values[:: max(1, len(spectra) // 32)]
    finite = np.isfinite(sample).all(axis=1)
    sample = sample[finite] if finite.any() else sample
    curve = np.nan_to_num(sample.mean(axis=0) if len(sample) > 1 else sample[0], nan=0.0, posinf=0.0, neginf=0.0)
    edges = np.linspace(0, curve.size, min(width, curve.size), endpoint=False).astype(int)
    maxima = np.maximum.reduceat(curve, edges)  # a peak narrower than a pixel stays visible
    low, high = maxima.min(), maxima.max()
    return np.asarray((maxima - low) / (high - low) if high > low else np.full_like(maxima, 0.5), dtype=np.float64)


def badge_of(quality: Quality) -> str:
    """Return the word for the worst that the checks found, with a count where not all have it; empty for nothing."""
    for code, word in BADGES.items():
        if code in quality.values:
            count = int(np.count_nonzero(quality.values[code]))
            return word if count == quality.n_spectra else f"{count}× {word}"
    return ""


class EntryDelegate(QStyledItemDelegate):
    """Paints rows; sketches are made when a row is first painted."""

    def __init__(self, model: EntryModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._theme: Theme | None = None
        self._sketches: OrderedDict[int, tuple[object, QPolygonF]] = OrderedDict()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """All rows have one height."""
        return QSize(160, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint a row."""
        theme = self._theme
        if theme is None:
            return
        entry = self._model.entry_at(index.row())
        painter.save()
        area = QRect(option.rect)
        state = option.state
        paint_row_background(painter, area, state, theme)
        sketch_area = QRect(
            area.left() + MARGIN, area.center().y() - SKETCH.height() // 2, SKETCH.width(), SKETCH.height()
        )
        if entry.source is None:
            self._paint_sign(painter, sketch_area, theme)
        else:
            self._paint_sketch(painter, sketch_area, entry, theme)
        text = area.adjusted(2 * MARGIN + SKETCH.width() - 2, 6, -MARGIN, -6)
        self._paint_text(painter, text, entry, option.font, theme)
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

    def _paint_sketch(self, painter: QPainter, area: QRect, entry: Entry, theme: Theme) -> None:
        result = self._model.result(entry)
        colour = theme.raw if result is None or result.denoised is None else theme.accent
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colour), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.translate(area.topLeft())
        painter.drawPolyline(self._sketch(entry, result))
        painter.translate(-area.topLeft())

    def _sketch(self, entry: Entry, result: Result | None) -> QPolygonF:
        shown = result.final if result is not None else entry.source
        assert shown is not None
        drawn, polygon = self._sketches.get(entry.id, (None, QPolygonF()))
        if drawn is not shown:
            heights = sketch_of(shown)
            width = np.linspace(0, SKETCH.width(), heights.size)
            points = zip(width, (1 - heights) * SKETCH.height(), strict=True)
            polygon = QPolygonF([QPointF(x, y) for x, y in points])
            self._sketches[entry.id] = (shown, polygon)
            while len(self._sketches) > MAX_SKETCHES:
                self._sketches.popitem(last=False)
        else:
            self._sketches.move_to_end(entry.id)
        return polygon

    def _paint_text(self, painter: QPainter, area: QRect, entry: Entry, font: QFont, theme: Theme) -> None:
        name_area = QRect(area.left(), area.top(), area.width(), area.height() // 2)
        lower = QRect(area.left(), name_area.bottom() + 1, area.width(), area.height() - name_area.height())
        badge = self._badge(entry)
        if badge:
            name_area.setRight(name_area.right() - self._paint_badge(painter, badge, name_area, font, theme) - 6)
        metrics = QFontMetrics(font)
        centred = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, name_area.width())
        painter.drawText(name_area, centred | int(Qt.AlignmentFlag.AlignLeft), name)
        quiet = with_tabular_figures(font)
        quiet.setPixelSize(QUIET_PX)
        painter.setFont(quiet)
        metrics_small = QFontMetrics(quiet)
        if sentence := self._model.sentence(entry):
            painter.setPen(QColor(theme.warning))
            text = metrics_small.elidedText(
                short_problem(entry.path.name, sentence), Qt.TextElideMode.ElideRight, lower.width()
            )
            painter.drawText(lower, centred | int(Qt.AlignmentFlag.AlignLeft), text)
            return
        right, colour = self._outcome(entry, theme)
        painter.setPen(QColor(colour))
        painter.drawText(lower, centred | int(Qt.AlignmentFlag.AlignRight), right)
        room = lower.width() - metrics_small.horizontalAdvance(right) - 8
        painter.setPen(QColor(theme.quiet))
        size = metrics_small.elidedText(self._left_text(entry), Qt.TextElideMode.ElideRight, max(0, room))
        painter.drawText(lower, centred | int(Qt.AlignmentFlag.AlignLeft), size)

    def _badge(self, entry: Entry) -> str:
        quality = self._model.quality(entry)
        return "" if quality is None else badge_of(quality)

    def _paint_badge(self, painter: QPainter, text: str, area: QRect, font: QFont, theme: Theme) -> int:
        """Paint a word at the right of an area, and return its width."""
        small = QFont(font)
        small.setPixelSize(QUIET_PX - 1)
        width = QFontMetrics(small).horizontalAdvance(text) + 10
        if width > BADGE_SHARE * area.width():  # the name comes first
            text, width = "!", 18
        box = QRect(area.right() - width + 1, area.top(), width, area.height() - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(theme.warning, 0.16))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(theme.warning))
        painter.setFont(small)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        return width

    def _left_text(self, entry: Entry) -> str:
        """The value that the rows are sorted by, or the size; and the cosmic rays."""
        count = self._model.cosmic_rays(entry)
        parts = [self._model.shown_value(entry) or size_of(entry), count_of(count, "cosmic ray") if count else ""]
        return " · ".join(part for part in parts if part)

    def _outcome(self, entry: Entry, theme: Theme) -> tuple[str, str]:
        snr = self._model.snr(entry)
        if snr is not None:
            return snr.arrow, theme.text
        return ("waiting", theme.quiet) if self._model.state(entry) == "waiting" else ("", theme.quiet)
