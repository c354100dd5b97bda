"""Labels of peaks over a plot: upright numbers that do not collide, each with a line to its peak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ramanstudio.core.label_layout import spread
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.peak_label import PeakLabel
from ramanstudio.gui.viewer.displayed_spectra import Envelope

Floats = NDArray[np.floating[Any]]

HEADROOM, MOST_HEADROOM = 0.4, 1.3  # of the height of a spectrum, above it
TOP_PX: Final = 8  # of the plot, above the labels
GAP_PX: Final = 3  # between two labels
DISC_PX: Final = 3.5
NEAR_PX: Final = 10  # of a click to a peak
LONGEST: Final = 0.35  # of the height of the plot, that labels may take
DRAG_PX: Final = 4  # from which a press on a label moves it


def room_for_labels(axis: Floats, values: Floats, shifts: tuple[float, float], labels: Sequence[PeakLabel]) -> Envelope:
    """Return the bounds that leave room for `labels` above a spectrum (B,), between the Raman shifts in view."""
    n_letters = max((len(item.text) for item in labels if item.by is None), default=0)
    headroom = min(HEADROOM * max(1.0, n_letters / 7), MOST_HEADROOM)
    seen = values[(axis >= shifts[0]) & (axis <= shifts[1]) & np.isfinite(values)]
    top = float(seen.max()) + headroom * float(np.ptp(seen)) if seen.size else np.nan
    level = np.full(axis.size, top)
    return Envelope(np.asarray(axis, np.float64), level, level)


class PeakLabels(QWidget):
    """Draws labels over a plot; a label can be dragged, elsewhere the mouse goes through to the plot.

    `position_of(shift, intensity)` says where a point is drawn, in this widget, None where it is not in view;
    `point_at(position)` what is drawn there, as (shift, intensity); `left_of` where the plot begins. `moved(index, by)`
    when the user moved a label; `by` is None for a double click, which puts it back.
    """

    moved = Signal(int, object)

    def __init__(
        self,
        plot: QWidget,
        position_of: Callable[[float, float], QPointF | None],
        point_at: Callable[[QPointF], tuple[float, float]],
        theme: Theme,
        left_of: Callable[[], float] = lambda: 0.0,
    ) -> None:
        super().__init__(plot)
        self._plot, self._position_of, self._point_at, self._left_of = plot, position_of, point_at, left_of
        self._theme = theme
        self._labels: tuple[PeakLabel, ...] = ()
        self._selected: int | None = None
        self._span = 1.0  # of the intensities of the spectrum
        self._anchors: dict[int, QPointF] = {}  # the foot of each label that is shown
        self._dragged: tuple[int, QPointF, QPointF] | None = None  # label, where it was pressed, its foot then
        self._foot: QPointF | None = None  # of the label that is dragged
        self._has_cursor = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAccessibleName("Peak labels")
        plot.installEventFilter(self)
        self.setGeometry(plot.rect())
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the plot, and let labels be dragged."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        elif isinstance(event, QMouseEvent) and self.isVisible() and self._mouse(event):
            return True
        return super().eventFilter(watched, event)

    @property
    def labels(self) -> tuple[PeakLabel, ...]:
        """The labels that are shown."""
        return self._labels

    def show_labels(self, labels: Sequence[PeakLabel], selected: int | None = None, span: float | None = None) -> None:
        """Show these labels; `selected` is the index of one that stands out, `span` the height of the spectrum."""
        self._labels, self._selected = tuple(labels), selected
        if span is not None:
            self._span = max(span, 1e-300)
        self._dragged = self._foot = None
        self.setVisible(bool(labels))
        self.raise_()
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self.update()

    def nearest(self, x: float) -> int | None:
        """Return the index of the label whose peak is within a few pixels of `x`; None where there is none."""
        best, distance = None, float(NEAR_PX)
        for index, item in enumerate(self._labels):
            point = self._position_of(item.shift, item.height)
            if point is not None and abs(point.x() - x) <= distance:
                best, distance = index, abs(point.x() - x)
        return best

    def label_at(self, position: QPointF) -> int | None:
        """Return the index of the label whose text is drawn at a place; None where there is none."""
        metrics = QFontMetricsF(self.font())
        for index, foot in reversed(self._anchors.items()):
            if index < len(self._labels):
                length = metrics.horizontalAdvance(self._text(self._labels[index]))
                half = metrics.height() / 2
                if QRectF(foot.x() - half, foot.y() - length, 2 * half, length).contains(position):
                    return index
        return None

    def anchor(self, index: int) -> QPointF | None:
        """Return where the foot of a label is drawn; None where it is not shown."""
        return self._anchors.get(index)

    # Mouse

    def _mouse(self, event: QMouseEvent) -> bool:
        """Take what the mouse does with a label; return whether the plot should not see it."""
        kind, position = event.type(), event.position()
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            index = self.label_at(position)
            if index is not None:
                self._dragged = (index, position, QPointF(self._anchors[index]))
            return index is not None
        if kind == QEvent.Type.MouseButtonDblClick and (index := self.label_at(position)) is not None:
            self._dragged = self._foot = None
            if self._labels[index].by is not None:
                self.moved.emit(index, None)
            return True
        if kind == QEvent.Type.MouseMove:
            return self._drag(position)
        if kind == QEvent.Type.MouseButtonRelease and self._dragged is not None:
            index, foot = self._dragged[0], self._foot
            self._dragged = self._foot = None
            if foot is not None:
                self.moved.emit(index, self._offset_of(index, foot))
            return True
        return False

    def _drag(self, position: QPointF) -> bool:
        if self._dragged is None:
            is_over = self.label_at(position) is not None
            if is_over != self._has_cursor:
                self._has_cursor = is_over
                (self._plot.setCursor(Qt.CursorShape.OpenHandCursor) if is_over else self._plot.unsetCursor())
            return False
        _, pressed, foot = self._dragged
        moved = position - pressed
        if self._foot is not None or abs(moved.x()) + abs(moved.y()) > DRAG_PX:
            inside = self.rect()
            x = min(max(foot.x() + moved.x(), 0.0), float(inside.width()))
            y = min(max(foot.y() + moved.y(), 0.0), float(inside.height()))
            self._foot = QPointF(x, y)
            self.update()
        return True

    def _offset_of(self, index: int, foot: QPointF) -> tuple[float, float]:
        item = self._labels[index]
        shift, intensity = self._point_at(foot)
        return shift - item.shift, (intensity - item.height) / self._span

    # Drawing

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw the labels of the peaks that are in view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        metrics = QFontMetricsF(self.font())
        shown = [
            (index, item, point)
            for index, item in enumerate(self._labels)
            if (point := self._position_of(item.shift, item.height)) is not None
        ]
        self._place(shown, metrics)
        in_row = [index for index, item, _ in shown if item.by is None]
        is_crowded = len(in_row) * (metrics.height() + GAP_PX) > self.width() - self._left_of()
        for index, item, point in shown:
            # every second number, where there is no room for all
            has_text = not is_crowded or index == self._selected or item.by is not None or index % 2 == 0
            self._draw(painter, metrics, index, item, point, has_text)
        painter.end()

    def _place(self, shown: Sequence[tuple[int, PeakLabel, QPointF]], metrics: QFontMetricsF) -> None:
        """Find the foot of each label: in a row at the top without overlap, or where the user put it."""
        self._anchors = {}
        in_row = [(index, item, point) for index, item, point in shown if item.by is None]
        if in_row:
            pitch = metrics.height() + GAP_PX
            left = self._left_of() + pitch / 2
            places = spread([point.x() for _, _, point in in_row], pitch, left, self.width() - pitch / 2)
            bottom = TOP_PX + max(metrics.horizontalAdvance(self._text(item)) for _, item, _ in in_row) + 2
            for (index, _, _), place in zip(in_row, places, strict=True):
                self._anchors[index] = QPointF(place, bottom)
        for index, item, point in shown:
            if item.by is not None:
                foot = self._position_of(item.shift + item.by[0], item.height + item.by[1] * self._span)
                self._anchors[index] = self._inside(foot or point, metrics.horizontalAdvance(self._text(item)))
        if self._dragged is not None and self._foot is not None:
            self._anchors[self._dragged[0]] = self._foot

    def _text(self, item: PeakLabel) -> str:
        """What a label says: only the position where the plot is too low for all."""
        longest = max((len(label.text) for label in self._labels), default=0)
        is_low = QFontMetricsF(self.font()).averageCharWidth() * longest > LONGEST * self.height()
        return item.text.partition(",")[0] if is_low else item.text

    def _inside(self, foot: QPointF, length: float) -> QPointF:
        """A foot with which the whole text is in the plot."""
        return QPointF(foot.x(), min(max(foot.y(), length + 2), self.height() - 2.0))

    def _draw(
        self, painter: QPainter, metrics: QFontMetricsF, index: int, item: PeakLabel, point: QPointF, has_text: bool
    ) -> None:
        foot = self._anchors[index]
        is_moved = item.by is not None or (self._foot is not None and self._dragged is not None)
        colour = QColor(self._theme.reference if not item.is_hollow else self._theme.quiet)
        pen = QPen(colour, 1.6 if index == self._selected else 1.0)
        if item.is_hollow:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        if point.y() > foot.y() + 10:
            painter.drawPolyline([foot, QPointF(foot.x(), foot.y() + 5), QPointF(point.x(), point.y() - DISC_PX - 1)])
        elif is_moved and abs(point.x() - foot.x()) > metrics.height():
            painter.drawLine(foot, point)
        painter.setPen(QPen(colour, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush if item.is_hollow else colour)
        painter.drawEllipse(point, DISC_PX, DISC_PX)
        if not has_text:
            return
        painter.save()
        painter.translate(foot.x(), foot.y() - 1)
        painter.rotate(-90)
        painter.setPen(QColor(self._theme.text if not item.is_hollow else self._theme.quiet))
        painter.drawText(QPointF(0, metrics.ascent() - metrics.height() / 2), self._text(item))
        painter.restore()
