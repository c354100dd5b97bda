"""The hit list: ↑ and ↓ walk through it, and the reference over the spectrum follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ramanstudio.gui.common.theme import QUIET_PX, Theme, blend, current_theme, with_tabular_figures
from ramanstudio.gui.identify.match_model import CANDIDATE, CHANCE, COLUMNS, QUIET, HitModel, LibraryOf

if TYPE_CHECKING:
    from ramanstudio.search.matches import Identification, Match

Index = QModelIndex | QPersistentModelIndex

ROW_HEIGHT: Final = 30
BAR: Final = 48
WIDE: Final = 680  # a narrower list leaves out which library a hit is from; that is said above the spectrum too
_WIDTHS: Final = {"rank": 38, "chance": 126, "hqi": 54, "gap": 54, "bands": 70, "pearson": 70, "euclid": 64}


class HitList(QTableView):
    """Shows the hits of one spectrum; `walked(Match)` when another one is looked at."""

    walked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hits = HitModel(self)
        self.setModel(self.hits)
        self._row = _HitRow(self)
        self.setItemDelegate(self._row)
        self.setAccessibleName("Hits")
        self.setWhatsThis(
            "What the spectrum may be, best first. Walk with ↑ and ↓ (Alt+↑ and Alt+↓ from elsewhere): the reference"
            " over the spectrum follows. Enter or a double click shows it in its library."
            " The green edge marks the candidates, which hold the right one nine times in ten."
        )
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setMinimumSectionSize(36)
        for number, column in enumerate(COLUMNS):
            if column.key in _WIDTHS:
                head.setSectionResizeMode(number, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(number, _WIDTHS[column.key])
            else:
                head.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(4 * ROW_HEIGHT)
        self.show_classic(False)
        self.selectionModel().currentRowChanged.connect(self._walk)

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._row.theme = theme
        self.viewport().update()

    def show_classic(self, on: bool) -> None:
        """Show the columns of the classic indices, or not."""
        for number, column in enumerate(COLUMNS):
            if column.classic:
                self.setColumnHidden(number, not on)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        self.setColumnHidden([column.key for column in COLUMNS].index("library"), self.width() < WIDE)

    def show_hits(self, found: Identification | None, library_of: LibraryOf) -> None:
        """Show these hits, the best one looked at; where they are those that are shown, the same one as before."""
        row = self.currentIndex().row() if found is self.hits.found else 0
        self.hits.show(found, library_of)
        if self.hits.matches:
            self.setCurrentIndex(self.hits.index(min(max(row, 0), len(self.hits.matches) - 1), 0))

    @property
    def chosen(self) -> Match | None:
        """The hit that is looked at."""
        row = self.currentIndex().row()
        return self.hits.matches[row] if 0 <= row < len(self.hits.matches) else None

    def walk(self, by: int) -> None:
        """Look at the next hit, or the one before."""
        if self.hits.matches:
            row = min(max(self.currentIndex().row() + by, 0), len(self.hits.matches) - 1)
            self.setCurrentIndex(self.hits.index(row, 0))

    def _walk(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self.walked.emit(self.chosen)


class _HitRow(QStyledItemDelegate):
    """Paints a cell: the chance as a bar with its number, and an edge in green along the candidates."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = current_theme()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        return QSize(60, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, area = self.theme, QRect(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(blend(theme.panel, theme.accent, 0.22 if theme.is_dark else 0.14)))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(blend(theme.panel, theme.text, 0.06)))
        key, quiet = COLUMNS[index.column()].key, bool(index.data(QUIET))
        self._mark_candidate(painter, area, str(index.data(CANDIDATE) or ""), key == "rank")
        small = key not in ("name", "chance")
        font = with_tabular_figures(option.font)
        if small:
            font.setPixelSize(QUIET_PX)
        painter.setFont(font)
        painter.setPen(QColor(theme.quiet if quiet or key in ("rank", "library") else theme.text))
        words = area.adjusted(8, 0, -8, 0)
        if key == "chance":
            self._paint_bar(painter, area, float(index.data(CHANCE)), quiet)
            words.setLeft(area.left() + BAR + 18)
        side = Qt.AlignmentFlag(int(index.data(Qt.ItemDataRole.TextAlignmentRole)))
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, int(side), text)
        painter.restore()

    def _paint_bar(self, painter: QPainter, area: QRect, chance: float, quiet: bool) -> None:
        theme = self.theme
        groove = QRect(area.left() + 8, area.center().y() - 3, BAR, 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(groove, 3, 3)
        filled = QRect(groove)
        filled.setWidth(max(3, round(BAR * min(max(chance, 0.0), 1.0))))
        painter.setBrush(QColor(theme.quiet if quiet else theme.reference))
        painter.drawRoundedRect(filled, 3, 3)
        painter.setPen(QColor(theme.quiet if quiet else theme.text))

    def _mark_candidate(self, painter: QPainter, area: QRect, place: str, first_column: bool) -> None:
        if not place:
            return
        if first_column:
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), QColor(self.theme.reference))
        if place == "last":
            painter.setPen(QPen(QColor(self.theme.reference), 1))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
