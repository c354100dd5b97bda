"""The list of matches: ↑ and ↓ move through it, and the reference over the spectrum follows."""

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
from ramanstudio.gui.identify.match_model import CANDIDATE, COLUMNS, PROBABILITY, QUIET, LibraryOf, MatchModel

if TYPE_CHECKING:
    from ramanstudio.search.matches import Identification, Match

Index = QModelIndex | QPersistentModelIndex

ROW_HEIGHT: Final = 30
BAR_WIDTH: Final = 48
# A narrower list leaves out the library, which is named above the spectrum too, then what distinguishes matches least.
NEEDED_WIDTHS: Final = {"library": 680, "gap": 500, "bands": 440, "hqi": 360}
_WIDTHS: Final = {"rank": 38, "probability": 126, "hqi": 54, "gap": 54, "bands": 70, "pearson": 70, "euclid": 64}


class MatchList(QTableView):
    """Shows the matches of one spectrum; `match_selected(Match)` when another one is selected."""

    match_selected = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.match_model = MatchModel(self)
        self.setModel(self.match_model)
        self._delegate = _MatchDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Matches")
        self.setWhatsThis(
            "The substances that match the spectrum, best first. Select one with ↑ and ↓ (Alt+↑ and Alt+↓ from"
            " anywhere) to see its reference over the spectrum. Enter or a double click shows it in its library."
            " The green edge marks the 90 % candidate set."
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
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(36)
        for index, column in enumerate(COLUMNS):
            if column.key in _WIDTHS:
                header.setSectionResizeMode(index, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(index, _WIDTHS[column.key])
            else:
                header.setSectionResizeMode(index, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(round(2.5 * ROW_HEIGHT))
        self.show_classic(False)
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    def set_theme(self, theme: Theme) -> None:
        """Paint in the colours of `theme`."""
        self._delegate.theme = theme
        self.viewport().update()

    def show_classic(self, on: bool) -> None:
        """Show the columns of the classic indices, or not."""
        for index, column in enumerate(COLUMNS):
            if column.classic:
                self.setColumnHidden(index, not on)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the columns that there is no room for."""
        super().resizeEvent(event)
        for index, column in enumerate(COLUMNS):
            if column.key in NEEDED_WIDTHS:
                self.setColumnHidden(index, self.width() < NEEDED_WIDTHS[column.key])

    def show_matches(self, identification: Identification | None, library_of: LibraryOf) -> None:
        """Show the matches of an identification with the best selected, or if they are shown already, the same one."""
        row = self.currentIndex().row() if identification is self.match_model.identification else 0
        self.match_model.show(identification, library_of)
        if self.match_model.matches:
            self.setCurrentIndex(self.match_model.index(min(max(row, 0), len(self.match_model.matches) - 1), 0))

    @property
    def selected_match(self) -> Match | None:
        """The match that is selected."""
        row = self.currentIndex().row()
        return self.match_model.matches[row] if 0 <= row < len(self.match_model.matches) else None

    def step(self, by: int) -> None:
        """Select the match `by` rows further down."""
        if self.match_model.matches:
            row = min(max(self.currentIndex().row() + by, 0), len(self.match_model.matches) - 1)
            self.setCurrentIndex(self.match_model.index(row, 0))

    def _current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self.match_selected.emit(self.selected_match)


class _MatchDelegate(QStyledItemDelegate):
    """Paints a cell: the probability as a bar with its number, and a green edge along the candidate set."""

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
        small = key not in ("name", "probability")
        font = with_tabular_figures(option.font)
        if small:
            font.setPixelSize(QUIET_PX)
        painter.setFont(font)
        painter.setPen(QColor(theme.quiet if quiet or key in ("rank", "library") else theme.text))
        text_area = area.adjusted(8, 0, -8, 0)
        if key == "probability":
            self._paint_bar(painter, area, float(index.data(PROBABILITY)), quiet)
            text_area.setLeft(area.left() + BAR_WIDTH + 18)
        alignment = Qt.AlignmentFlag(int(index.data(Qt.ItemDataRole.TextAlignmentRole)))
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, text_area.width())
        painter.drawText(text_area, int(alignment), text)
        painter.restore()

    def _paint_bar(self, painter: QPainter, area: QRect, probability: float, quiet: bool) -> None:
        theme = self.theme
        groove = QRect(area.left() + 8, area.center().y() - 3, BAR_WIDTH, 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(groove, 3, 3)
        filled = QRect(groove)
        filled.setWidth(max(3, round(BAR_WIDTH * min(max(probability, 0.0), 1.0))))
        painter.setBrush(QColor(theme.quiet if quiet else theme.reference))
        painter.drawRoundedRect(filled, 3, 3)
        painter.setPen(QColor(theme.quiet if quiet else theme.text))

    def _mark_candidate(self, painter: QPainter, area: QRect, position: str, first_column: bool) -> None:
        if not position:
            return
        if first_column:
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height()), QColor(self.theme.reference))
        if position == "last":
            painter.setPen(QPen(QColor(self.theme.reference), 1))
            painter.drawLine(area.bottomLeft(), area.bottomRight())
