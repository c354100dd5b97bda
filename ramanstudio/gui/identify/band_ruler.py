"""A narrow ruler above the spectrum: which bands match the reference, which it lacks, and which it has beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_tabular_figures

HEIGHT: Final = 34
SIZE: Final = 4.5  # half of a mark
NEAR_PX: Final = 8
WORDS: Final = {
    "matched": "in the spectrum and in the reference",
    "missing": "in the reference, not in the spectrum",
    "extra": "in the spectrum, not in the reference",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A band at a Raman shift in cm⁻¹: "matched", "missing" or "extra"."""

    shift: float
    kind: str


def colour_of(kind: str, theme: Theme) -> str:
    """The colour of a kind of mark; each has a shape of its own too."""
    return {"matched": theme.reference, "missing": theme.warning, "extra": theme.accent}[kind]


def draw_mark(painter: QPainter, middle: QPointF, kind: str, theme: Theme) -> None:
    """A disc for what matches, a hollow triangle downwards for what is missing, one upwards for what is extra."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(colour_of(kind, theme))
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(colour if kind == "matched" else Qt.BrushStyle.NoBrush)
    x, y = middle.x(), middle.y()
    if kind == "matched":
        painter.drawEllipse(middle, SIZE - 1, SIZE - 1)
        return
    up = -1 if kind == "extra" else 1
    corners = ((x - SIZE, y - up * SIZE * 0.7), (x + SIZE, y - up * SIZE * 0.7), (x, y + up * SIZE * 0.8))
    painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))


class BandRuler(QWidget):
    """Paints marks where `place_of(shift)` says, their Raman shifts beneath as far as there is room."""

    def __init__(self, place_of: Callable[[float], float | None], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._place_of, self._theme = place_of, theme
        self._marks: tuple[Mark, ...] = ()
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
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What is marked."""
        return self._marks

    def show_marks(self, marks: tuple[Mark, ...]) -> None:
        """Mark these bands; none at all leaves the ruler empty."""
        self._marks = tuple(sorted(marks, key=lambda mark: mark.shift))
        self.setAccessibleDescription(
            ", ".join(f"{mark.shift:.0f} cm⁻¹ {WORDS[mark.kind]}" for mark in self._marks[:40])
        )
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw marks, and numbers where they do not run into each other: what does not match goes first."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        seen = [(mark, x) for mark in self._marks if (x := self._place_of(mark.shift)) is not None]
        for mark, x in seen:
            draw_mark(painter, QPointF(x, 10), mark.kind, self._theme)
        taken: list[QRectF] = []
        metrics = self.fontMetrics()
        for mark, x in sorted(seen, key=lambda one: one[0].kind == "matched"):
            words = f"{mark.shift:.0f}"
            wide = metrics.horizontalAdvance(words)
            box = QRectF(x - wide / 2, 17, wide, metrics.height())
            if any(box.adjusted(-4, 0, 4, 0).intersects(other) for other in taken):
                continue
            taken.append(box)
            painter.setPen(QColor(colour_of(mark.kind, self._theme)))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Say of the mark under the mouse what it is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            places = [(abs(x - event.pos().x()), mark) for mark in self._marks if (x := self._place_of(mark.shift))]
            near = min(places, key=lambda one: one[0], default=(NEAR_PX + 1, None))
            if near[1] is not None and near[0] <= NEAR_PX:
                QToolTip.showText(event.globalPos(), f"{near[1].shift:.0f} cm⁻¹: {WORDS[near[1].kind]}", self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
