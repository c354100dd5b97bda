"""The list of spectra: their number, a filter, an order, and the rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import panel_heading
from ramanstudio.gui.document.quality_checking import QualityChecking
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectra_list.entry_delegate import EntryDelegate
from ramanstudio.gui.spectra_list.entry_filter import HELP, PRESETS
from ramanstudio.gui.spectra_list.entry_model import SORTS, EntryModel
from ramanstudio.project.project import Entry, Project

MIN_WIDTH_FOR_ONE_ROW: Final = 400  # of filter and order


class EntryList(QWidget):
    """Shows the session's entries; selecting rows selects entries in the session."""

    def __init__(self, session: Session, waits: Callable[[Entry], bool], checking: QualityChecking) -> None:
        super().__init__()
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self.model = EntryModel(session, waits, checking, self)
        self._updating_selection = False
        self._count = ElidedLabel("")
        self._count.setProperty("role", "quiet")
        self.heading = panel_heading("Spectra", self._count)
        self.filter_box = QLineEdit(self, placeholderText="Filter: words, SNR < 5 …", clearButtonEnabled=True)
        self.filter_box.setAccessibleName("Filter the list")
        self.filter_box.setToolTip(HELP)
        self.presets = self._make_presets()
        self.filter_box.setAcceptDrops(False)  # files dropped here are files to open, not words
        self.order = QComboBox(self)
        self.order.setAccessibleName("Order of the list")
        self.order.setToolTip("Order of the list")
        for key, text in SORTS:
            self.order.addItem(text, key)
        self.direction = QToolButton(self)
        self.direction.setCheckable(True)
        self.direction.toggled.connect(self._reverse)
        self._reverse(False)
        self.view = self._make_view()
        self._delegate = EntryDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        self._lay_out()
        self.filter_box.textChanged.connect(self.model.filter)
        self.filter_box.returnPressed.connect(self.view.setFocus)
        self.order.currentIndexChanged.connect(lambda: self.model.sort_by(self.order.currentData()))
        self.model.count_changed.connect(self._show_count)
        self.model.appearance_changed.connect(self.view.viewport().update)
        self.view.selectionModel().selectionChanged.connect(self._select)
        session.selection_changed.connect(self._follow_selection)
        session.changed.connect(self._follow_project)
        self._show_count()

    def _make_presets(self) -> QToolButton:
        """The button whose menu fills the filter with ready conditions."""
        presets = QToolButton(self)
        presets.setText("▾")
        presets.setAccessibleName("Conditions of the filter")
        presets.setToolTip("Add a condition to the filter: SNR, cosmic rays, saturated, not identified …")
        presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        presets.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(presets)
        for title, condition in PRESETS:
            menu.addAction(title, partial(self._add_condition, condition))
        menu.addSeparator()
        menu.addAction("Clear the filter", self.filter_box.clear)
        presets.setMenu(menu)
        return presets

    def _add_condition(self, condition: str) -> None:
        text = self.filter_box.text().strip()
        if condition not in text:
            self.filter_box.setText(f"{text} {condition}".strip())
        self.filter_box.setFocus()

    def _reverse(self, is_reversed: bool) -> None:
        self.direction.setText("↑" if is_reversed else "↓")
        self.direction.setToolTip("Opposite order" if not is_reversed else "Order as before: numbers from the largest")
        self.direction.setAccessibleName("Opposite order of the list")
        self.model.set_reversed(is_reversed)

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._delegate.set_theme(theme)
        self.view.viewport().update()

    def find_words(self) -> None:
        """Put the keyboard focus into the filter."""
        self.filter_box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_box.selectAll()

    def select_all(self) -> None:
        """Select every row that passes the filter."""
        self.view.selectAll()
        self.view.setFocus()

    def shown_ids(self) -> list[int]:
        """Return the ids of the rows, in order."""
        return [self.model.entry_at(row).id for row in range(self.model.rowCount())]

    def _make_view(self) -> QListView:
        view = QListView(self)
        view.setModel(self.model)
        view.setAccessibleName("Spectra")
        view.setWhatsThis(
            "Every file that was opened: a sketch of its spectrum, its size, and its signal-to-noise ratio before and"
            " after denoising. Select several to compare them; a file that could not be read says why."
        )
        view.setUniformItemSizes(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setMouseTracking(True)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        return view

    def _lay_out(self) -> None:
        self._tools = tools = QHBoxLayout()
        tools.setContentsMargins(12, 4, 12, 0)
        tools.setSpacing(8)
        filters, orders = QHBoxLayout(), QHBoxLayout()
        for row, widgets in ((filters, (self.filter_box, self.presets)), (orders, (self.order, self.direction))):
            row.setSpacing(2)
            for widget in widgets:
                row.addWidget(widget, 0 if isinstance(widget, QToolButton) else 1)
        tools.addLayout(filters, 3)
        tools.addLayout(orders, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addLayout(tools)
        whole.addWidget(self.view, 1)
        self.setMinimumWidth(180)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put the order below the filter where there is no space for both side by side."""
        super().resizeEvent(event)
        narrow = self.width() < MIN_WIDTH_FOR_ONE_ROW
        directions = QHBoxLayout.Direction
        self._tools.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)

    def _show_count(self) -> None:
        entries = self._session.project.entries
        spectra = sum(len(entry.source) for entry in entries if entry.source is not None)
        shown = self.model.rowCount()
        if shown != len(entries):
            self._count.setText(f"{format_number(shown)} of {format_number(len(entries))}")
        elif spectra > len(entries):
            self._count.setText(
                f"{count_of(len(entries), 'entry', 'entries')} · {count_of(spectra, 'spectrum', 'spectra')}"
            )
        else:
            self._count.setText(f"{format_number(len(entries))}" if entries else "")
        self._count.setToolTip(
            f"{count_of(len(entries), 'entry', 'entries')}, {count_of(spectra, 'spectrum', 'spectra')}"
        )

    def _select(self) -> None:
        if self._updating_selection:
            return
        rows = [index.row() for index in self.view.selectionModel().selectedIndexes()]
        self._session.select(self.model.entry_at(row).id for row in sorted(rows))

    def _follow_project(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._follow_selection()

    def _follow_selection(self) -> None:
        selected_rows = [
            row for entry_id in self._session.selected_ids if (row := self.model.row_of(entry_id)) is not None
        ]
        selection = self.view.selectionModel()
        if sorted(selected_rows) == sorted(index.row() for index in selection.selectedIndexes()):
            return
        self._updating_selection = True
        try:
            rows = QItemSelection()
            for row in selected_rows:
                rows.select(self.model.index(row), self.model.index(row))
            selection.select(rows, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            if selected_rows:
                self._make_current(self.model.index(selected_rows[0]))
        finally:
            self._updating_selection = False

    def _make_current(self, index: QModelIndex) -> None:
        self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.view.scrollTo(index)
