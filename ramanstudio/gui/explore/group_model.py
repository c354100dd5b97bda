"""The rows of the list of groups: which there are, how many spectra each has, and how many of them are selected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.viewer.marker_shapes import shapes_of
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Project

if TYPE_CHECKING:
    from ramanstudio.project.exploration import GroupSummary

Index = QModelIndex | QPersistentModelIndex

OUTLIERS: Final = "Outliers"
WHY_OUTLIERS: Final = (
    "Spectra that belong to no group: they are unlike the others, or were taken out of their group.\n"
    "Select them and give them a name to make a group of them."
)
MOST_SHOWN: Final = 3  # bands of a row; its tooltip has all


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What a row shows; `colour` is None for the outliers, `selected` counts the spectra that are selected."""

    name: str
    colour: int | None
    count: int
    share: float
    selected: int
    portrait: GroupSummary | None
    shape: int = 0  # of its mark in the plane

    @property
    def size(self) -> str:
        """`96 · 13 %`."""
        share = f"{100 * self.share:.0f}" if self.share >= 0.0095 or not self.count else "< 1"
        return f"{self.count:,} · {share} %"

    @property
    def part(self) -> str:
        """`12 of 96`."""
        return f"{self.selected:,} of {self.count:,}"

    def bands(self, most: int = MOST_SHOWN) -> str:
        """`▲ 1003, 1450 · ▼ 785 cm⁻¹`: where it is stronger and weaker than the others, the `most` telling bands."""
        if self.portrait is None:
            return ""
        telling = sorted(self.portrait.bands, key=lambda band: -abs(band.effect))[:most]
        up, down = (", ".join(f"{band.shift_cm:.0f}" for band in some) for some in _up_and_down(telling))
        words = " · ".join(f"{sign} {some}" for sign, some in (("▲", up), ("▼", down)) if some)
        return f"{words} cm⁻¹" if words else ""

    @property
    def bands_in_words(self) -> str:
        """`stronger than the others at 1003, 1450 cm⁻¹; weaker at 785 cm⁻¹`."""
        up, down = _up_and_down(self.portrait.bands) if self.portrait is not None else ([], [])
        words = []
        for some, how in ((up, "stronger than the others at"), (down, "weaker than the others at")):
            if some:
                words.append(f"{how} {', '.join(f'{band.shift_cm:.0f}' for band in some)} cm⁻¹")
        return "; ".join(words)


def _up_and_down(bands: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    ordered = sorted(bands, key=lambda band: band.shift_cm)
    return [band for band in ordered if band.effect > 0], [band for band in ordered if band.effect <= 0]


class GroupModel(QAbstractListModel):
    """A row for each group, in their order, and one for the outliers if there are any."""

    refused = Signal(object)  # StudioError: a name that cannot be given
    looks_changed = Signal()
    regrouped = Signal()  # spectra are in other groups, or the groups are others

    def __init__(self, session: Session, exploring: Exploring, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._exploring = session, exploring
        self._groups: Groups | None = None
        self._count = 0
        self._shapes: list[int] = []
        self._sizes = np.zeros(0, dtype=np.int64)
        self._selected = np.zeros(0, dtype=np.int64)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._count_selected)
        exploring.group_summaries_changed.connect(self._repaint)
        self._take(session.groups)

    @property
    def groups(self) -> Groups | None:
        """The groups that are shown; None where none were found."""
        return self._groups

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else self._count

    def line(self, row: int) -> Line:
        """What the row shows."""
        assert self._groups is not None
        group = self._groups.groups[row] if row < len(self._groups.groups) else None
        portraits = self._exploring.group_summaries
        known = group is not None and len(portraits) == len(self._groups.groups)
        return Line(
            group.name if group is not None else OUTLIERS,
            group.colour if group is not None else None,
            int(self._sizes[row]),
            float(self._sizes[row]) / max(1, len(self._groups.members)),
            int(self._selected[row]),
            portraits[row] if known else None,
            self._shapes[row] if group is not None else 0,
        )

    def label_of(self, row: int) -> int:
        """The label that the spectra of a row have."""
        return row if self._groups is not None and row < len(self._groups.groups) else OUTLIER

    def spectra_of(self, rows: Iterable[int]) -> NDArray[np.bool_]:
        """Which spectra the rows have together, (N,)."""
        if self._groups is None:
            return np.zeros(0, dtype=np.bool_)
        mask: NDArray[np.bool_] = np.isin(self._groups.labels, [self.label_of(row) for row in rows])
        return mask

    def rows_selected(self) -> list[int]:
        """The rows whose spectra are what is selected: all of theirs, and no other that was explored.

        None where all spectra are selected, unless there is but one row: a whole file that was just opened is looked
        at, not chosen to be merged.
        """
        some = np.flatnonzero(self._selected)
        if np.any(self._selected[some] < self._sizes[some]) or (len(some) == self._count > 1):
            return []
        return [int(row) for row in some]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < self._count:
            return None
        line = self.line(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return line.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._told(line)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{line.name}, {_spectra(line)}. {line.bands_in_words}".strip()
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        if role != Qt.ItemDataRole.EditRole or self._groups is None or self.label_of(index.row()) == OUTLIER:
            return False
        row, name = index.row(), str(value).strip()
        old = self._groups.groups[row].name
        if name == old:
            return True
        try:
            self._session.edit_groups(lambda groups: groups.renamed(row, name), f"Rename '{old}'")
        except StudioError as error:
            self.refused.emit(error)
            return False
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsEditable if self.label_of(index.row()) != OUTLIER else flags

    def _told(self, line: Line) -> str:
        if line.colour is None:
            return f"{_spectra(line)}.\n{WHY_OUTLIERS}"
        bands = line.bands_in_words
        told = [f"{line.name}: {_spectra(line)}.", bands[:1].upper() + bands[1:] + "." if bands else ""]
        told.append("Click selects its spectra, Ctrl more groups; double click or F2 renames it.")
        return "\n".join(filter(None, told))

    def _follow(self, before: Project, now: Project) -> None:
        if now.groups is not before.groups or now.exploration is not before.exploration:
            self._take(self._session.groups)

    def _take(self, groups: Groups | None) -> None:
        if groups is self._groups:
            return
        many = 0 if groups is None else len(groups.groups) + bool(groups.outliers)
        same = many == self._count
        if not same:
            self.beginResetModel()
        before, self._groups, self._count = self._groups, groups, many
        sizes = np.append(groups.counts, groups.outliers) if groups is not None else np.zeros(0, dtype=np.int64)
        self._sizes = sizes[:many]
        self._shapes = shapes_of([group.colour for group in groups.groups]) if groups is not None else []
        self._selected = self._selected_now()
        if not same:
            self.endResetModel()
        self._repaint()
        if groups is None or before is None or groups.labels is not before.labels:
            self.regrouped.emit()

    def _count_selected(self) -> None:
        self._selected = self._selected_now()
        self._repaint()

    def _selected_now(self) -> NDArray[np.int64]:
        groups = self._groups
        if groups is None:
            return np.zeros(0, dtype=np.int64)
        labels = groups.labels[self._session.selected_mask(groups.members)]
        places = np.where(labels == OUTLIER, len(groups.groups), labels)
        counted: NDArray[np.int64] = np.bincount(places, minlength=len(groups.groups) + 1)[: self._count]
        return counted

    def _repaint(self) -> None:
        if self._count:
            self.dataChanged.emit(self.index(0), self.index(self._count - 1))
        self.looks_changed.emit()


def _spectra(line: Line) -> str:
    """`96 spectra, 13 %`."""
    return f"{count_of(line.count, 'spectrum', 'spectra')}, {line.size.partition(' · ')[2]}"
