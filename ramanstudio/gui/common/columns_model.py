"""A table whose columns have a title and a tooltip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex


class TitledColumn(Protocol):
    """A column: its title and its tooltip."""

    @property
    def title(self) -> str:
        """What stands above the column."""

    @property
    def help(self) -> str:
        """What the column means."""


class ColumnsModel(QAbstractTableModel):
    """The header of a table with the given columns; its rows are the subclass's."""

    def __init__(self, columns: Sequence[TitledColumn], parent: QObject) -> None:
        super().__init__(parent)
        self._columns = columns

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's way
        """The columns that were given."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Title and tooltip of a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        return self._columns[section].help if role == Qt.ItemDataRole.ToolTipRole else None
