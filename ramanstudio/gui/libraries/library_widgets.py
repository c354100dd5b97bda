"""What the library window is made of: shelf, table, spectra and buttons, and how they are laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QPushButton,
    QSplitter,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.libraries.reference_model import ReferenceModel
from ramanstudio.gui.viewer.spectrum_strip import SpectrumStrip

if TYPE_CHECKING:
    from ramanstudio.library.library import Library


class LibraryParts:
    """Makes the widgets inside `window`."""

    def __init__(self, window: QWidget) -> None:
        self.tips: dict[QWidget, str] = {}
        self.shelf = QListWidget(window)
        self.shelf.setAccessibleName("Libraries")
        self.shelf.setFrameShape(QListWidget.Shape.NoFrame)
        self.shelf.setStyleSheet("QListWidget::item { padding: 6px 8px; border-radius: 6px; }")
        self.problem = label("error", wrap=True)
        self.search = QLineEdit(
            window, placeholderText="Search by substance, group or sample…", clearButtonEnabled=True
        )
        self.search.setAccessibleName("Search in the library")
        self.search.setAcceptDrops(False)
        self.count = label("quiet")
        self.model = ReferenceModel(window)
        self.table = self._make_table(window)
        self.strip, self.facts = SpectrumStrip(window), label("quiet", wrap=True)
        self.strip.setAccessibleName("Spectra of the chosen references")
        self.from_file = self._button("Add files…", "Put libraries, RRUFF's zip or Open Specy's table on the shelf")
        self.from_folder = self._button("Make of a folder…", "Make a library of spectra; subfolders are groups")
        self.merge = self._button("Merge…", "Make one library of those that are searched")
        self.retitle = self._button("Rename…", "Give the library another title")
        self.export = self._button("Export…", "Save a copy of the library elsewhere")
        self.take_off = self._button("Remove…", "Take the library off the shelf, with its file")
        self.more = self._button("Get more references…", "Where measured references can be downloaded")
        self.add = self._button("Add the selected spectra…", "Add what is selected in the main window to a library")
        self.rename = self._button("Rename…", "Give the chosen references another substance's name")
        self.remove = self._button("Remove", "Take the chosen references out of the library")
        self.edits = (self.rename, self.remove, self.retitle, self.take_off)
        self.duplicates = QToolButton(window)
        self.duplicates.setText("Duplicates")
        self.duplicates.setCheckable(True)
        self.duplicates.setToolTip("Show only references that are one spectrum, whatever they are called")
        self._lay_out(window)

    def words_of(self, library: Library, at: int) -> str:
        """What is known of a reference, in a line."""
        spectrum = library.spectrum(at)
        low, high = spectrum.axis[[0, -1]]
        laser = float(library.laser_nm[at])
        parts = (
            str(library.names[at]),
            str(library.formulas[at]),
            f"laser {format_significant(laser)} nm" if np.isfinite(laser) else "",
            f"{format_number(spectrum.points)} points, {format_number(low)} to {format_number(high)} cm⁻¹".replace(
                "-", "−"
            ),
            str(library.sources[at]),
            str(library.licences[at]),
            str(library.notes[at]),
        )
        return " · ".join(part for part in parts if part)

    def _button(self, words: str, tip: str) -> QPushButton:
        made = QPushButton(words)
        made.setAutoDefault(False)
        made.setToolTip(tip)
        self.tips[made] = tip
        return made

    def _make_table(self, window: QWidget) -> QTableView:
        table = QTableView(window)
        table.setModel(self.model)
        table.setAccessibleName("References")
        table.setShowGrid(False)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        head = table.horizontalHeader()
        head.setHighlightSections(False)
        head.setStretchLastSection(True)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((190, 120, 110, 88, 100)):
            table.setColumnWidth(column, width)
        table.setStyleSheet("QTableView::item { padding: 0 6px; }")
        return table

    def _lay_out(self, window: QWidget) -> None:
        left = self._column(self.shelf, self.problem, self.from_file, self.from_folder, self.more)
        for place, pair in ((2, (self.retitle, self.merge)), (3, (self.export, self.take_off))):
            left.layout().insertLayout(place, _in_a_row(*pair))  # type: ignore[union-attr]
        left.setMinimumWidth(230)
        spectra = self._column(self.strip, self.facts, margin=0)
        views = QSplitter(Qt.Orientation.Vertical)
        views.setChildrenCollapsible(False)
        views.addWidget(self.table)
        views.addWidget(spectra)
        views.setSizes([360, 240])
        above = _in_a_row(self.search, self.count, self.duplicates, first=True)
        below = _in_a_row(self.add, self.rename, self.remove, first=False)
        below.insertStretch(1)
        right = QWidget(window)
        column = QVBoxLayout(right)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(above)
        column.addWidget(views, 1)
        column.addLayout(below)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.setChildrenCollapsible(False)
        for widget in (left, right):
            widget.setProperty("panel", "true")
            parts.addWidget(widget)
        parts.setSizes([250, 830])
        whole = QHBoxLayout(window)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(parts)

    def _column(self, *widgets: QWidget, margin: int = 12) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(8)
        for place, widget in enumerate(widgets):
            column.addWidget(widget, 1 if place == 0 else 0)
        return holder


def _in_a_row(*widgets: QWidget, first: bool | None = None) -> QHBoxLayout:
    """Side by side: the first takes what is left, or all share alike (None)."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for place, widget in enumerate(widgets):
        row.addWidget(widget, int(first is None or (first and place == 0)))
    return row
