"""Of what a spectrum is mixed: a row for each part, with its share and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ramanstudio.gui.common.theme import Theme, current_theme, with_tabular_figures
from ramanstudio.gui.identify.mixture_analysis import share_words

if TYPE_CHECKING:
    from ramanstudio.gui.identify.mixture_analysis import Mixed

ROW = 36


class PartsView(QWidget):
    """Paints the parts of a mixture as bars."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = current_theme()
        self._mixed: Mixed | None = None
        self.setFont(with_tabular_figures(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Shares of the fitted intensity, each reference scaled to equal area, ± standard error")

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self.update()

    def show_mixture(self, mixed: Mixed | None) -> None:
        """Show what a spectrum is mixed of."""
        self._mixed = mixed
        parts = mixed.parts if mixed is not None else ()
        self.setAccessibleName("; ".join(f"{one.name} {share_words(one.fraction, one.error)}" for one in parts))
        self.setVisible(bool(parts))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(160, ROW * len(self._mixed.parts) if self._mixed is not None else 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        if self._mixed is None:
            return
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, metrics = int(Qt.AlignmentFlag.AlignVCenter), self.fontMetrics()
        for number, part in enumerate(self._mixed.parts):
            line = QRect(0, number * ROW + 2, self.width(), 20)
            share = share_words(part.fraction, part.error)
            painter.setPen(QColor(theme.text))
            painter.drawText(line, middle | int(Qt.AlignmentFlag.AlignRight), share)
            room = self.width() - metrics.horizontalAdvance(share) - 8
            name = metrics.elidedText(part.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(line, middle | int(Qt.AlignmentFlag.AlignLeft), name)
            groove = QRect(0, line.bottom() + 3, self.width(), 5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.line))
            painter.drawRoundedRect(groove, 2, 2)
            painter.setBrush(QColor(theme.reference))
            groove.setWidth(max(3, round(self.width() * min(part.fraction, 1.0))))
            painter.drawRoundedRect(groove, 2, 2)
        painter.end()
