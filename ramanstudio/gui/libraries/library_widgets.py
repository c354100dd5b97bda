"""The widgets of the library window and their layout: libraries, table of references, spectra and buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.texts import number
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.libraries.reference_model import ReferenceModel
from ramanstudio.gui.viewer.spectrum_strip import SpectrumStrip

if TYPE_CHECKING:
    from ramanstudio.library.library import Library


PLOT_HEIGHT: Final = 120  # at least
TABLE_HEIGHT: Final = 92  # at least: the header and two references


class LibraryWidgets:
    """Makes the widgets inside `window` and lays them out."""

    def __init__(self, window: QWidget) -> None:
        self.tooltips: dict[QWidget, str] = {}
        self.libraries = QListWidget(window)
        self.libraries.setAccessibleName("Libraries")
        self.libraries.setFrameShape(QListWidget.Shape.NoFrame)
        self.libraries.setStyleSheet("QListWidget::item { padding: 6px 8px; border-radius: 6px; }")
        self.problem = label("error", wrap=True)
        self.search = QLineEdit(
            window, placeholderText="Search by substance, group or sample…", clearButtonEnabled=True
        )
        self.search.setAccessibleName("Search in the library")
        self.search.setAcceptDrops(False)
        self.count = label("quiet")
        self.model = ReferenceModel(window)
        self.table = self._make_table(window)
        self.strip, self.details = SpectrumStrip(window), ElidedLabel(window)
        self.details.setProperty("role", "quiet")
        self.strip.setAccessibleName("Spectra of the selected references")
        self.empty = label("quiet", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.add_files = self._button("Add files…", "Add libraries, a RRUFF zip or an Open Specy table")
        self.create_from_folder = self._button(
            "Create library from folder…", "Create a library from a folder of spectra; its subfolders are groups"
        )
        self.merge = self._button("Merge…", "Merge the libraries that are searched into a new one")
        self.rename_library = self._button("Rename…", "Give the library another title")
        self.export = self._button("Export…", "Save a copy of the library elsewhere")
        self.delete = self._button("Remove…", "Delete the library and its file")
        self.download_guides = self._button("Download guides…", "Where to download libraries of measured spectra")
        self.add_selected = self._button("Add selected spectra…", "Add the spectra selected in the main window")
        self.rename_references = self._button("Rename…", "Rename the substance of the selected references")
        self.remove_references = self._button("Remove", "Remove the selected references from the library")
        self.editing_buttons = (self.rename_references, self.remove_references, self.rename_library, self.delete)
        self.duplicates = QToolButton(window)
        self.duplicates.setText("Duplicates")
        self.duplicates.setCheckable(True)
        self.duplicates.setToolTip("Show only references with equal spectra, whatever their names")
        self._lay_out(window)
        self.show_plot()

    def show_plot(self, instead: str = "") -> None:
        """Show the plot, or `instead` of it a sentence that says why it would be empty."""
        self.empty.setText(instead)
        self.strip.setVisible(not instead)
        self.empty.setVisible(bool(instead))

    def _button(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.setToolTip(tooltip)
        self.tooltips[button] = tooltip
        return button

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
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((190, 120, 110, 88, 100)):
            table.setColumnWidth(column, width)
        table.setStyleSheet("QTableView::item { padding: 0 6px; }")
        return table

    def _lay_out(self, window: QWidget) -> None:
        left = _column(self.libraries, self.problem, self.add_files, self.create_from_folder, self.download_guides)
        for index, pair in ((2, (self.rename_library, self.merge)), (3, (self.export, self.delete))):
            left.layout().insertLayout(index, _row(*pair))  # type: ignore[union-attr]
        left.setMinimumWidth(244)
        self.strip.setMinimumHeight(PLOT_HEIGHT)
        self.table.setMinimumHeight(TABLE_HEIGHT)
        spectra = _column(self.strip, self.empty, self.details, margin=0)
        spectra.layout().setStretchFactor(self.empty, 1)  # type: ignore[union-attr]
        views = QSplitter(Qt.Orientation.Vertical)
        views.setChildrenCollapsible(False)
        views.addWidget(self.table)
        views.addWidget(spectra)
        views.setSizes([360, 240])
        above = _row(self.search, self.count, self.duplicates, stretch_first=True)
        below = _row(self.add_selected, self.rename_references, self.remove_references, stretch_first=False)
        below.insertStretch(1)
        right = QWidget(window)
        column = QVBoxLayout(right)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(above)
        column.addWidget(views, 1)
        column.addLayout(below)
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.setChildrenCollapsible(False)
        for widget in (left, right):
            widget.setProperty("panel", "true")
            sides.addWidget(widget)
        sides.setSizes([250, 830])
        whole = QHBoxLayout(window)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(sides)


def describe_reference(library: Library, row: int) -> str:
    """`quartz · SiO2 · laser 532 nm · 1015 points, 100 to 1300 cm⁻¹ · RRUFF`: what is known of a reference."""
    spectrum = library.spectrum(row)
    low, high = spectrum.axis[[0, -1]]
    laser_nm = float(library.laser_nm[row])
    parts = (
        str(library.names[row]),
        str(library.formulas[row]),
        f"laser {number(laser_nm)} nm" if np.isfinite(laser_nm) else "",
        f"{format_number(spectrum.points)} points, {format_number(low)} to {format_number(high)} cm⁻¹".replace(
            "-", "−"
        ),
        str(library.sources[row]),
        str(library.licences[row]),
        str(library.notes[row]),
    )
    return " · ".join(part for part in parts if part)


def _column(*widgets: QWidget, margin: int = 12) -> QWidget:
    """Widgets one below the other; the first takes the room that is left."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(margin, margin, margin, margin)
    column.setSpacing(8)
    for index, widget in enumerate(widgets):
        column.addWidget(widget, int(index == 0))
    return holder


def _row(*widgets: QWidget, stretch_first: bool | None = None) -> QHBoxLayout:
    """Widgets side by side; the first takes the room that is left, or (None) all share it."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for index, widget in enumerate(widgets):
        row.addWidget(widget, int(stretch_first is None or (stretch_first and index == 0)))
    return row
