"""The references of one library as rows: those whose name or group has the words that are searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ramanstudio.core.numbers import format_significant

if TYPE_CHECKING:
    from ramanstudio.library.library import Library

Index = QModelIndex | QPersistentModelIndex

HEADS: Final = ("Substance", "Group", "Formula", "Laser / nm", "Sample", "Source")


class ReferenceModel(QAbstractTableModel):
    """Rows of a library; only what is looked at is read."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._library: Library | None = None
        self._words: list[str] = []
        self._sought = ""
        self._only: NDArray[np.intp] | None = None
        self._rows: NDArray[np.intp] = np.empty(0, dtype=np.intp)

    def show(self, library: Library | None) -> None:
        """Show another library, or the same one after an edit."""
        self._library, self._only = library, None
        self._words = []
        if library is not None:
            pairs = zip(library.names, library.groups, library.samples, strict=True)
            self._words = ["\n".join(map(str, pair)).casefold() for pair in pairs]
        self._look()

    def seek(self, words: str) -> None:
        """Show those that have these words in name, group or sample."""
        self._sought = words.strip().casefold()
        self._look()

    def show_only(self, rows: Sequence[int] | None) -> None:
        """Show only these references, in this order; None shows all."""
        self._only = None if rows is None else np.array(rows, dtype=np.intp)
        self._look()

    @property
    def library(self) -> Library | None:
        """The library that is shown."""
        return self._library

    def reference_at(self, row: int) -> int:
        """Which reference of the library a row shows."""
        return int(self._rows[row])

    def row_of(self, reference: int) -> int | None:
        """Which row shows a reference of the library; None where none does."""
        found = np.flatnonzero(self._rows == reference)
        return int(found[0]) if len(found) else None

    def _look(self) -> None:
        self.beginResetModel()
        rows = np.arange(len(self._words), dtype=np.intp) if self._only is None else self._only
        if self._sought:
            rows = np.array([row for row in rows.tolist() if self._sought in self._words[row]], dtype=np.intp)
        elif self._only is None:
            rows = np.array(sorted(rows.tolist(), key=self._words.__getitem__), dtype=np.intp)
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's way
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return HEADS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        library = self._library
        if library is None or not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._cell(library, self.reference_at(index.row()), index.column())
        return None

    def _cell(self, library: Library, at: int, column: int) -> str:
        if column == 3:
            return format_significant(float(library.laser_nm[at])) if np.isfinite(library.laser_nm[at]) else ""
        texts = (library.names, library.groups, library.formulas, None, library.samples, library.sources)
        entries = texts[column]
        return "" if entries is None else str(entries[at])
