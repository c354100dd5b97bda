"""A narrow ruler above the spectrum that marks bands: matched with the reference, missing, or extra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_tabular_figures

HEIGHT: Final = 34
MARK_RADIUS: Final = 4.5
HOVER_PX: Final = 8
KIND_TEXTS: Final = {
    "matched": "in the spectrum and in the reference",
    "missing": "in the reference, not in the spectrum",
    "extra": "in the spectrum, not in the reference",
}


@dataclass(frozen=True, slots=True)
class BandMark:
    """A band at a Raman shift in cm⁻¹: "matched", "missing" or "extra"."""

    shift: float
    kind: str


def band_colour(kind: str, theme: Theme) -> str:
    """The colour of a kind of band; each has a shape of its own too."""
    return {"matched": theme.reference, "missing": theme.warning, "extra": theme.accent}[kind]


def draw_band_mark(painter: QPainter, centre: QPointF, kind: str, theme: Theme) -> None:
    """Draw a disc for a matched band, a hollow triangle pointing down for a missing one, up for an extra one."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(band_colour(kind, theme))
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(colour if kind == "matched" else Qt.BrushStyle.NoBrush)
    x, y = centre.x(), centre.y()
    if kind == "matched":
        painter.drawEllipse(centre, MARK_RADIUS - 1, MARK_RADIUS - 1)
        return
    tip = MARK_RADIUS * (-1 if kind == "extra" else 1)
    corners = ((x - MARK_RADIUS, y - tip * 0.7), (x + MARK_RADIUS, y - tip * 0.7), (x, y + tip * 0.8))
    painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))


class BandRuler(QWidget):
    """Paints marks where `x_of(shift)` says, with their Raman shifts as far as there is room."""

    def __init__(self, x_of: Callable[[float], float | None], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._x_of, self._theme = x_of, theme
        self._marks: tuple[BandMark, ...] = ()
        font = with_tabular_figures(self.font())
        font.setPixelSize(QUIET_PX - 1)
        self.setFont(font)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Bands compared with the reference")
        self.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Two lines."""
        return QSize(200, HEIGHT)

    def apply_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.update()

    @property
    def marks(self) -> tuple[BandMark, ...]:
        """The bands that are marked, by Raman shift."""
        return self._marks

    def show_marks(self, marks: tuple[BandMark, ...]) -> None:
        """Mark these bands in place of the others."""
        self._marks = tuple(sorted(marks, key=lambda mark: mark.shift))
        self.setAccessibleDescription(
            ", ".join(f"{mark.shift:.0f} cm⁻¹ {KIND_TEXTS[mark.kind]}" for mark in self._marks[:40])
        )
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw marks, and shifts where they do not collide: bands that do not match go first."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        visible = [(mark, x) for mark in self._marks if (x := self._x_of(mark.shift)) is not None]
        for mark, x in visible:
            draw_band_mark(painter, QPointF(x, 10), mark.kind, self._theme)
        occupied: list[QRectF] = []
        metrics = self.fontMetrics()
        for mark, x in sorted(visible, key=lambda pair: pair[0].kind == "matched"):
            text = f"{mark.shift:.0f}"
            width = metrics.horizontalAdvance(text)
            box = QRectF(x - width / 2, 17, width, metrics.height())
            if any(box.adjusted(-4, 0, 4, 0).intersects(other) for other in occupied):
                continue
            occupied.append(box)
            painter.setPen(QColor(band_colour(mark.kind, self._theme)))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Show the tooltip of the mark under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            distances = [(abs(x - event.pos().x()), mark) for mark in self._marks if (x := self._x_of(mark.shift))]
            distance, mark = min(distances, key=lambda pair: pair[0], default=(HOVER_PX + 1, None))
            if mark is not None and distance <= HOVER_PX:
                QToolTip.showText(event.globalPos(), f"{mark.shift:.0f} cm⁻¹: {KIND_TEXTS[mark.kind]}", self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
