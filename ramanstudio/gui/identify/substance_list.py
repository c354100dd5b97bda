"""How many of the open spectra are of which substance; a click selects them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.theme import Theme, current_theme, with_tabular_figures
from ramanstudio.project.substances import Counted


class Substances(QTreeWidget):
    """Rows of substances with their counts; `chosen(name)` once one is clicked or walked to."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._shown, self._following = current_theme(), tuple[Counted, ...](), False
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.setAccessibleName("Substances")
        self.setWhatsThis("What the open spectra are, most common first. Click a substance to select its spectra.")
        self.setToolTip("Click a substance to select its spectra")
        self.setMinimumHeight(3 * 28 + 4)
        self.itemClicked.connect(lambda item, _: self._say(item))
        self.itemActivated.connect(lambda item, _: self._say(item))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """No more than the panel can spare: what is left over is its own anyway."""
        return QSize(160, self.minimumHeight())

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._fill()

    def show_counts(self, counts: Sequence[Counted]) -> None:
        """Show these, in this order."""
        if tuple(counts) != self._shown:
            self._shown = tuple(counts)
            self._fill()

    @property
    def rows(self) -> list[tuple[str, int]]:
        """What is shown: names and counts."""
        return [(one.name, one.count) for one in self._shown]

    def _fill(self) -> None:
        item = self.currentItem()
        current_name = item.text(0) if item is not None else ""
        self.clear()
        for one in self._shown:
            row = QTreeWidgetItem([one.name, f"{format_number(one.count)}"])
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.setFont(1, with_tabular_figures(self.font()))
            row.setForeground(1, QColor(self._theme.quiet))
            if one.is_unknown:
                row.setForeground(0, QColor(self._theme.quiet))
            self.addTopLevelItem(row)
            if one.name == current_name:
                self.setCurrentItem(row)

    def _say(self, item: QTreeWidgetItem) -> None:
        self.chosen.emit(item.text(0))
