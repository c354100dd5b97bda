"""The components of a mixture as bars: a row for each, with its share and the standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ramanstudio.gui.common.theme import Theme, current_theme, with_tabular_figures
from ramanstudio.gui.identify.texts import format_fraction

if TYPE_CHECKING:
    from ramanstudio.search.mixture_analysis import MixtureAnalysis

ROW_HEIGHT: Final = 36


class ComponentsView(QWidget):
    """Paints the components of a mixture as bars."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = current_theme()
        self._mixture: MixtureAnalysis | None = None
        self.setFont(with_tabular_figures(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Shares of the fitted intensity, each reference scaled to equal area, ± standard error")

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_mixture(self, mixture: MixtureAnalysis | None) -> None:
        """Show the components of a mixture; None hides them."""
        self._mixture = mixture
        components = mixture.components if mixture is not None else ()
        texts = (f"{part.name} {format_fraction(part.fraction, part.error)}" for part in components)
        self.setAccessibleName("; ".join(texts))
        self.setVisible(bool(components))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """A row for each component."""
        return QSize(160, ROW_HEIGHT * len(self._mixture.components) if self._mixture is not None else 0)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """A row for each component."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Draw name, fraction and bar of each component."""
        if self._mixture is None:
            return
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centred, metrics = int(Qt.AlignmentFlag.AlignVCenter), self.fontMetrics()
        for number, part in enumerate(self._mixture.components):
            line = QRect(0, number * ROW_HEIGHT + 2, self.width(), 20)
            share = format_fraction(part.fraction, part.error)
            painter.setPen(QColor(theme.text))
            painter.drawText(line, centred | int(Qt.AlignmentFlag.AlignRight), share)
            room = self.width() - metrics.horizontalAdvance(share) - 8
            name = metrics.elidedText(part.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(line, centred | int(Qt.AlignmentFlag.AlignLeft), name)
            groove = QRect(0, line.bottom() + 3, self.width(), 5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.line))
            painter.drawRoundedRect(groove, 2, 2)
            painter.setBrush(QColor(theme.reference))
            groove.setWidth(max(3, round(self.width() * min(part.fraction, 1.0))))
            painter.drawRoundedRect(groove, 2, 2)
        painter.end()
