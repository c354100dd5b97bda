"""Labels of peaks over a plot: upright numbers that do not collide, each with a line to its peak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.peak_finding import SpectrumPeaks
from ramanstudio.gui.viewer.displayed_spectra import Envelope

Floats = NDArray[np.floating[Any]]

HEADROOM: Final = 0.4  # of the height of a spectrum, above it
TOP_PX: Final = 8  # of the plot, above the labels
GAP_PX: Final = 3  # between two labels
DISC_PX: Final = 3.5
NEAR_PX: Final = 10  # of a click to a peak


@dataclass(frozen=True, slots=True)
class PeakLabel:
    """A label at Raman shift `shift` in cm⁻¹ for a peak of this `height`; hollow where the data do not support it."""

    shift: float
    height: float
    text: str
    is_hollow: bool = False


def spread(wanted: Sequence[float], width: float, low: float, high: float) -> list[float]:
    """Return places for labels of one `width` near the `wanted` ones (n,), in order, without overlap, in low … high.

    Labels that would overlap form a block around the mean of their wanted places. Where there is no room for all, they
    stand closer together.
    """
    count = len(wanted)
    if not count:
        return []
    width = min(width, (high - low) / count)
    order = sorted(range(count), key=lambda index: wanted[index])
    blocks: list[tuple[float, list[int]]] = []  # (centre, labels)
    for index in order:
        block = ([index], wanted[index])
        members, center = block
        center = _inside(center, width, low, high)
        while blocks and blocks[-1][0] + width * len(blocks[-1][1]) / 2 > center - width * len(members) / 2:
            _, before = blocks.pop()
            members = [*before, *members]
            center = sum(wanted[member] for member in members) / len(members)
            center = _inside(center, width * len(members), low, high)
        blocks.append((center, members))
    places = [0.0] * count
    for center, members in blocks:
        for position, member in enumerate(members):
            places[member] = center + width * (position - (len(members) - 1) / 2)
    return places


def _inside(center: float, length: float, low: float, high: float) -> float:
    return min(max(center, low + length / 2), high - length / 2)


def room_for_labels(axis: Floats, values: Floats, shifts: tuple[float, float]) -> Envelope:
    """Return the bounds that leave room for labels above a spectrum (B,), between the Raman shifts in view."""
    seen = values[(axis >= shifts[0]) & (axis <= shifts[1]) & np.isfinite(values)]
    top = float(seen.max()) + HEADROOM * float(np.ptp(seen)) if seen.size else np.nan
    level = np.full(axis.size, top)
    return Envelope(np.asarray(axis, np.float64), level, level)


def labels_of(peaks: SpectrumPeaks, axis: Floats, values: Floats) -> list[PeakLabel]:
    """Return the labels of the peaks of a spectrum, by position, at the heights of `values` (B,) at `axis` (B,)."""
    finite = np.isfinite(values)
    places = [(peak.center.value, True) for peak in peaks.model.peaks]
    if peaks.table is not None:
        rows = zip(peaks.table["peak"].tolist(), peaks.table["center"].tolist(), peaks.supported.tolist(), strict=True)
        for number, center, is_supported in rows:
            places[number] = (center, is_supported)
    if not finite.any():
        return []
    heights = np.interp([place for place, _ in places], axis[finite], values[finite]).tolist()
    labels = [
        PeakLabel(place, height, f"{place:.1f}", not is_supported)
        for (place, is_supported), height in zip(places, heights, strict=True)
    ]
    return sorted(labels, key=lambda item: item.shift)


class PeakLabels(QWidget):
    """Draws labels over a plot; the mouse goes through to the plot.

    `position_of(shift, intensity)` says where a point is drawn, in this widget; `area` its inner rectangle.
    """

    def __init__(self, plot: QWidget, position_of: Callable[[float, float], QPointF | None], theme: Theme) -> None:
        super().__init__(plot)
        self._position_of = position_of
        self._theme = theme
        self._labels: tuple[PeakLabel, ...] = ()
        self._selected: int | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAccessibleName("Peak labels")
        plot.installEventFilter(self)
        self.setGeometry(plot.rect())
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the plot."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return super().eventFilter(watched, event)

    @property
    def labels(self) -> tuple[PeakLabel, ...]:
        """The labels that are shown."""
        return self._labels

    def show_labels(self, labels: Sequence[PeakLabel], selected: int | None = None) -> None:
        """Show these labels; `selected` is the index of one that stands out."""
        self._labels, self._selected = tuple(labels), selected
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
        if not shown:
            return
        pitch = metrics.height() + GAP_PX
        places = spread([point.x() for _, _, point in shown], pitch, pitch / 2, self.width() - pitch / 2)
        longest = max(metrics.horizontalAdvance(item.text) for _, item, _ in shown)
        is_crowded = len(shown) * pitch > self.width()
        for (index, item, point), place in zip(shown, places, strict=True):
            colour = QColor(self._theme.reference if not item.is_hollow else self._theme.quiet)
            is_selected = index == self._selected
            pen = QPen(colour, 1.6 if is_selected else 1.0)
            if item.is_hollow:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            bottom = TOP_PX + longest + 2
            top = QPointF(place, bottom)
            if point.y() > bottom + 10:
                painter.drawPolyline([top, QPointF(place, bottom + 5), QPointF(point.x(), point.y() - DISC_PX - 1)])
            painter.setPen(QPen(colour, 1.4))
            painter.setBrush(Qt.BrushStyle.NoBrush if item.is_hollow else colour)
            painter.drawEllipse(point, DISC_PX, DISC_PX)
            if is_crowded and not is_selected and index % 2:
                continue  # every second number, where there is no room for all
            painter.save()
            painter.translate(place, bottom - 1)
            painter.rotate(-90)
            painter.setPen(QColor(self._theme.text if not item.is_hollow else self._theme.quiet))
            painter.drawText(QPointF(0, metrics.ascent() - metrics.height() / 2), item.text)
            painter.restore()
        painter.end()
