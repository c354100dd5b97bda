"""How many open spectra there are of each substance; a click selects them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.theme import Theme, current_theme, with_tabular_figures
from ramanstudio.project.substances import SubstanceCount


class SubstanceList(QTreeWidget):
    """Rows of substances with their counts; `substance_selected(name)` once one is clicked or walked to."""

    substance_selected = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._shown, self._following = current_theme(), tuple[SubstanceCount, ...](), False
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
        self.setWhatsThis("The substances of the open spectra, most common first. Click one to select its spectra.")
        self.setToolTip("Click a substance to select its spectra")
        self.setMinimumHeight(3 * 28 + 4)
        self.itemClicked.connect(lambda item, _: self._emit(item))
        self.itemActivated.connect(lambda item, _: self._emit(item))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Small: it is given what is left over in the panel anyway."""
        return QSize(160, self.minimumHeight())

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self._fill()

    def show_counts(self, counts: Sequence[SubstanceCount]) -> None:
        """Show these counts, in this order."""
        if tuple(counts) != self._shown:
            self._shown = tuple(counts)
            self._fill()

    @property
    def rows(self) -> list[tuple[str, int]]:
        """The names and counts that are shown."""
        return [(substance.name, substance.count) for substance in self._shown]

    def _fill(self) -> None:
        item = self.currentItem()
        current_name = item.text(0) if item is not None else ""
        self.clear()
        for substance in self._shown:
            row = QTreeWidgetItem([substance.name, f"{format_number(substance.count)}"])
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.setFont(1, with_tabular_figures(self.font()))
            row.setForeground(1, QColor(self._theme.quiet))
            if substance.is_unknown:
                row.setForeground(0, QColor(self._theme.quiet))
            self.addTopLevelItem(row)
            if substance.name == current_name:
                self.setCurrentItem(row)

    def _emit(self, item: QTreeWidgetItem) -> None:
        self.substance_selected.emit(item.text(0))
