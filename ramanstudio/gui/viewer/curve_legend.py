"""The legend of a plot: names and a sample of each line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme
from ramanstudio.gui.viewer.curve_layer import LegendEntry

_SAMPLE: Final = 20  # length of the stroke shown
_LINE: Final = 20
# A few names may be long; of many, only so much that they stay a frame.
_LONGEST: Final = {8: 320, 20: 130}
_SHARE: Final = 0.25  # of the height of the plot that the rows may take
_FEWEST_ROWS: Final = 2


class CurveLegend(QWidget):
    """Names with a sample of their line, in rows above the plot, where they cover no curve."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme, self._plot = theme, parent
        self._keys: Sequence[LegendEntry] = ()
        font = self.font()
        font.setPixelSize(QUIET_PX)
        self.setFont(font)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        parent.installEventFilter(self)  # its height says how many rows there may be
        self.hide()

    @property
    def names(self) -> list[str]:
        """The names that are shown, in order."""
        return [key.name for key in self._keys]

    def apply_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.update()

    def show_entries(self, keys: Sequence[LegendEntry]) -> None:
        """Show these entries; hidden where there are none."""
        self._keys = tuple(keys)
        self.setAccessibleName("Legend: " + ", ".join(self.names))
        self.setToolTip("\n".join(self.names))
        self.setVisible(bool(keys))
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """The number of rows depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height of the rows."""
        rects, _ = self._arranged(width)
        return rects[-1].bottom() + 1 + 4 if rects else 0

    def sizeHint(self) -> QSize:  # noqa: N802
        """One row, or as many as the present width takes."""
        return QSize(200, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As narrow as one name."""
        return QSize(80, self.heightForWidth(max(self.width(), 200)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """A higher plot has room for more rows."""
        if event.type() == QEvent.Type.Resize and self._keys:
            self.updateGeometry()
            self.update()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Arrange the rows again."""
        super().resizeEvent(event)
        self.updateGeometry()

    def _short(self, name: str, metrics: QFontMetrics, width: int) -> str:
        longest = next((width for count, width in _LONGEST.items() if len(self._keys) <= count), 100)
        room = max(40, width - 2 * 16 - _SAMPLE - 10)  # of a row
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, min(longest, room))

    def _arranged(self, width: int) -> tuple[list[QRect], int]:
        """The places of the names that the rows have room for, then of "n more"; and n, the names without a place."""
        metrics = self.fontMetrics()
        rects, x, y = [], 16, 8
        for key in self._keys:
            wide = _SAMPLE + 8 + metrics.horizontalAdvance(self._short(key.name, metrics, width)) + 2
            if x > 16 and x + wide > width - 16:
                x, y = 16, y + _LINE
            rects.append(QRect(x, y, wide, _LINE))
            x += wide + 16
        last_row = 8 + _LINE * (max(_FEWEST_ROWS, int(_SHARE * self._plot.height() / _LINE)) - 1)
        shown = [rect for rect in rects if rect.top() <= last_row]
        if len(shown) == len(rects):
            return shown, 0
        more = metrics.horizontalAdvance(f"{len(rects)} more") + 2
        while shown[-1].top() == last_row and shown[-1].right() + 16 + more > width - 16:
            shown.pop()
        left = shown[-1].right() + 17 if shown[-1].top() == last_row else 16
        return [*shown, QRect(left, last_row, more, _LINE)], len(rects) - len(shown)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint samples and names."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        rects, n_more = self._arranged(self.width())
        if n_more:
            painter.setPen(QColor(self._theme.quiet))
            painter.drawText(rects.pop(), Qt.AlignmentFlag.AlignVCenter, f"{n_more} more")
        for entry, rect in zip(self._keys, rects, strict=False):
            self._draw_sample(painter, entry, QRectF(rect.left(), rect.center().y() - 4, _SAMPLE, 8))
            painter.setPen(QColor(self._theme.text))
            text_rect = rect.adjusted(_SAMPLE + 8, 0, 0, 0)
            name = self._short(entry.name, metrics, self.width())
            painter.drawText(text_rect, Qt.AlignmentFlag.AlignVCenter, name)
        painter.end()

    def _draw_sample(self, painter: QPainter, key: LegendEntry, place: QRectF) -> None:
        if key.kind == "density":
            ramp = QLinearGradient(place.topLeft(), place.topRight())
            colours = pg.colormap.get("viridis").getLookupTable(nPts=5)
            for step, (red, green, blue) in enumerate(colours):
                ramp.setColorAt(step / 4, QColor(int(red), int(green), int(blue)))
            painter.fillRect(place, ramp)
            return
        pen = self._theme.pen(key.colour, 2)
        pen.setCosmetic(False)  # two pixels of a fine screen are a hair
        if key.kind == "dashed":
            pen.setDashPattern([2, 2])
        painter.setPen(pen)
        if key.kind == "hollow":
            painter.drawEllipse(place.center(), 3.5, 3.5)
            return
        painter.drawLine(QPointF(place.left(), place.center().y()), QPointF(place.right(), place.center().y()))
