"""The references of one library as table rows, filtered by a search in their names, groups and samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ramanstudio.gui.common.texts import number

if TYPE_CHECKING:
    from ramanstudio.library.library import Library

Index = QModelIndex | QPersistentModelIndex

HEADER: Final = ("Substance", "Group", "Formula", "Laser / nm", "Sample", "Source")


class ReferenceModel(QAbstractTableModel):
    """Rows of a library; spectra are not read."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._library: Library | None = None
        self._search_texts: list[str] = []
        self._query = ""
        self._only: NDArray[np.intp] | None = None
        self._rows: NDArray[np.intp] = np.empty(0, dtype=np.intp)

    def show(self, library: Library | None) -> None:
        """Show another library, or the same one after an edit."""
        self._library, self._only = library, None
        self._search_texts = []
        if library is not None:
            fields = zip(library.names, library.groups, library.samples, strict=True)
            self._search_texts = ["\n".join(map(str, texts)).casefold() for texts in fields]
        self._filter()

    def search(self, text: str) -> None:
        """Show the references that have `text` in their name, group or sample; empty shows all."""
        self._query = text.strip().casefold()
        self._filter()

    def show_only(self, rows: Sequence[int] | None) -> None:
        """Show only these references, in this order; None shows all."""
        self._only = None if rows is None else np.array(rows, dtype=np.intp)
        self._filter()

    @property
    def library(self) -> Library | None:
        """The library that is shown."""
        return self._library

    def reference_at(self, row: int) -> int:
        """Which reference of the library a row shows."""
        return int(self._rows[row])

    def row_of(self, reference: int) -> int | None:
        """Which row shows a reference of the library; None where none does."""
        rows = np.flatnonzero(self._rows == reference)
        return int(rows[0]) if len(rows) else None

    def _filter(self) -> None:
        self.beginResetModel()
        rows = np.arange(len(self._search_texts), dtype=np.intp) if self._only is None else self._only
        if self._query:
            rows = np.array([row for row in rows.tolist() if self._query in self._search_texts[row]], dtype=np.intp)
        elif self._only is None:
            rows = np.array(sorted(rows.tolist(), key=self._search_texts.__getitem__), dtype=np.intp)
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's way
        """A row for each reference that is shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """The columns of HEADER."""
        return 0 if parent.isValid() else len(HEADER)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Title and alignment of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return HEADER[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text of a cell, which is also its tooltip."""
        library = self._library
        if library is None or not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._cell(library, self.reference_at(index.row()), index.column())
        return None

    def _cell(self, library: Library, row: int, column: int) -> str:
        if column == 3:
            return number(float(library.laser_nm[row])) if np.isfinite(library.laser_nm[row]) else ""
        texts = (library.names, library.groups, library.formulas, None, library.samples, library.sources)
        entries = texts[column]
        return "" if entries is None else str(entries[row])
