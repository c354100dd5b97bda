"""The rows of the list of groups: name, size, how many spectra are selected, and the bands that set a group apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.viewer.marker_shapes import shapes_of
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Project

if TYPE_CHECKING:
    from ramanstudio.clustering.group_bands import GroupBand
    from ramanstudio.project.exploration import GroupSummary

Index = QModelIndex | QPersistentModelIndex

OUTLIERS: Final = "Outliers"
OUTLIERS_HELP: Final = (
    "Spectra that belong to no group: they differ from the others, or were removed from their group.\n"
    "To make a group of them, select them and give them a name."
)
MAX_BANDS: Final = 3  # of a row; its tooltip lists all


@dataclass(frozen=True, slots=True, eq=False)
class GroupRow:
    """What a row shows; `colour` is None for the outliers, `selected` counts the selected spectra."""

    name: str
    colour: int | None
    count: int
    share: float
    selected: int
    portrait: GroupSummary | None
    shape: int = 0  # of its marker in the plot

    @property
    def size_text(self) -> str:
        """`96 · 13 %`."""
        percent = f"{100 * self.share:.0f}" if self.share >= 0.0095 or not self.count else "< 1"
        return f"{format_number(self.count)} · {percent} %"

    @property
    def selected_text(self) -> str:
        """`12 of 96`."""
        return f"{format_number(self.selected)} of {format_number(self.count)}"

    def bands_text(self, max_bands: int = MAX_BANDS) -> str:
        """Return `▲ 1003, 1450 · ▼ 785 cm⁻¹`: the most distinctive bands, stronger and weaker than in other groups."""
        if self.portrait is None:
            return ""
        distinctive = sorted(self.portrait.bands, key=lambda band: -abs(band.effect))[:max_bands]
        stronger, weaker = (_shifts(bands) for bands in _stronger_and_weaker(distinctive))
        text = " · ".join(f"{sign} {shifts}" for sign, shifts in (("▲", stronger), ("▼", weaker)) if shifts)
        return f"{text} cm⁻¹" if text else ""

    @property
    def bands_sentence(self) -> str:
        """`stronger than the others at 1003, 1450 cm⁻¹; weaker than the others at 785 cm⁻¹`."""
        bands = self.portrait.bands if self.portrait is not None else ()
        stronger, weaker = (_shifts(part) for part in _stronger_and_weaker(bands))
        named = (("stronger than the others at", stronger), ("weaker than the others at", weaker))
        return "; ".join(f"{comparison} {shifts} cm⁻¹" for comparison, shifts in named if shifts)


def _stronger_and_weaker(bands: Iterable[GroupBand]) -> tuple[list[GroupBand], list[GroupBand]]:
    ordered = sorted(bands, key=lambda band: band.shift_cm)
    return [band for band in ordered if band.effect > 0], [band for band in ordered if band.effect <= 0]


def _shifts(bands: Iterable[GroupBand]) -> str:
    return ", ".join(f"{band.shift_cm:.0f}" for band in bands)


class GroupModel(QAbstractListModel):
    """A row for each group in order, and one for the outliers if there are any; closed spectra do not count."""

    refused = Signal(object)  # StudioError: the name cannot be given
    appearance_changed = Signal()
    regrouped = Signal()  # spectra have moved between groups, or the groups are others

    def __init__(self, session: Session, exploring: Exploring, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._exploring = session, exploring
        self._groups: Groups | None = None
        self._open = np.zeros(0, dtype=np.bool_)
        self._n_rows = 0
        self._shapes: list[int] = []
        self._sizes = np.zeros(0, dtype=np.int64)
        self._selected = np.zeros(0, dtype=np.int64)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._update_selected)
        exploring.group_summaries_changed.connect(self._repaint)
        self._set_groups(self._open_groups())

    @property
    def groups(self) -> Groups | None:
        """The groups that are shown; None where there are none, or all of their spectra have been closed."""
        return self._groups

    @property
    def n_spectra(self) -> int:
        """How many grouped spectra are open, outliers included."""
        return int(self._open.sum())

    @property
    def n_outliers(self) -> int:
        """How many open spectra belong to no group."""
        return 0 if self._groups is None else int((self._open & (self._groups.labels == OUTLIER)).sum())

    @property
    def n_groups(self) -> int:
        """How many groups have open spectra."""
        return 0 if self._groups is None else int((self._sizes[: len(self._groups.groups)] > 0).sum())

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802
        """Return the number of groups, and one more where there are outliers."""
        return 0 if parent is not None and parent.isValid() else self._n_rows

    def summary(self, row: int) -> GroupRow:
        """Return what a row shows."""
        assert self._groups is not None
        group = self._groups.groups[row] if row < len(self._groups.groups) else None
        portraits = self._exploring.group_summaries
        has_portrait = group is not None and len(portraits) == len(self._groups.groups)
        return GroupRow(
            group.name if group is not None else OUTLIERS,
            group.colour if group is not None else None,
            int(self._sizes[row]),
            float(self._sizes[row]) / max(1, self.n_spectra),
            int(self._selected[row]),
            portraits[row] if has_portrait else None,
            self._shapes[row] if group is not None else 0,
        )

    def label_of(self, row: int) -> int:
        """Return the label of the spectra of a row."""
        return row if self._groups is not None and row < len(self._groups.groups) else OUTLIER

    def spectra_of(self, rows: Iterable[int]) -> NDArray[np.bool_]:
        """Return which spectra belong to any of the rows (N,)."""
        if self._groups is None:
            return np.zeros(0, dtype=np.bool_)
        mask: NDArray[np.bool_] = np.isin(self._groups.labels, [self.label_of(row) for row in rows])
        return mask

    def rows_selected(self) -> list[int]:
        """Return the rows whose spectra are selected: all of theirs, and no other explored spectrum.

        None where all spectra are selected, unless there is only one row: a file that was just opened is selected as a
        whole, but not to be merged.
        """
        touched = np.flatnonzero(self._selected)
        if np.any(self._selected[touched] < self._sizes[touched]) or (len(touched) == self._n_rows > 1):
            return []
        return [int(row) for row in touched]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the name of a group, its tooltip, or its description for screen readers."""
        if not index.isValid() or not 0 <= index.row() < self._n_rows:
            return None
        summary = self.summary(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return summary.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tooltip(summary)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{summary.name}, {_count_and_share(summary)}. {summary.bands_sentence}".strip()
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Rename a group; emits `refused` where the name cannot be given."""
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
        """Groups can be renamed, outliers cannot."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsEditable if self.label_of(index.row()) != OUTLIER else flags

    def _follow(self, before: Project, now: Project) -> None:
        regrouped = now.groups is not before.groups or now.exploration is not before.exploration
        if regrouped or now.entries is not before.entries:
            self._set_groups(self._open_groups())

    def _open_groups(self) -> Groups | None:
        """Return the session's groups; None where every spectrum in a group has been closed."""
        groups = self._session.groups
        if groups is None:
            return None
        open_ids = [entry.id for entry in self._session.project.entries]
        return groups if np.isin(groups.members.entry_ids, open_ids).any() else None

    def _set_groups(self, groups: Groups | None) -> None:
        open_ids = [entry.id for entry in self._session.project.entries]
        is_open = np.isin(groups.members.entry_ids, open_ids) if groups is not None else np.zeros(0, dtype=np.bool_)
        if groups is self._groups and np.array_equal(is_open, self._open):
            return
        n_rows = 0 if groups is None else len(groups.groups) + bool(groups.outliers)
        resets = n_rows != self._n_rows
        if resets:
            self.beginResetModel()
        before, self._groups, self._open, self._n_rows = self._groups, groups, is_open, n_rows
        self._sizes = self._count_by_row(is_open)
        self._shapes = shapes_of([group.colour for group in groups.groups]) if groups is not None else []
        self._selected = self._count_selected()
        if resets:
            self.endResetModel()
        self._repaint()
        if groups is None or before is None or groups.labels is not before.labels:
            self.regrouped.emit()

    def _update_selected(self) -> None:
        self._selected = self._count_selected()
        self._repaint()

    def _count_selected(self) -> NDArray[np.int64]:
        if self._groups is None:
            return np.zeros(0, dtype=np.int64)
        return self._count_by_row(self._open & self._session.selected_mask(self._groups.members))

    def _count_by_row(self, spectra: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many of `spectra` (N,) each row has."""
        groups = self._groups
        if groups is None:
            return np.zeros(0, dtype=np.int64)
        labels = groups.labels[spectra]
        rows = np.where(labels == OUTLIER, len(groups.groups), labels)
        counts: NDArray[np.int64] = np.bincount(rows, minlength=len(groups.groups) + 1)[: self._n_rows]
        return counts

    def _repaint(self) -> None:
        if self._n_rows:
            self.dataChanged.emit(self.index(0), self.index(self._n_rows - 1))
        self.appearance_changed.emit()


def _tooltip(summary: GroupRow) -> str:
    if summary.colour is None:
        return f"{_count_and_share(summary)}.\n{OUTLIERS_HELP}"
    bands = summary.bands_sentence
    lines = [f"{summary.name}: {_count_and_share(summary)}.", bands[:1].upper() + bands[1:] + "." if bands else ""]
    lines.append("Click selects its spectra, Ctrl+click more groups; double click or F2 renames it.")
    return "\n".join(filter(None, lines))


def _count_and_share(summary: GroupRow) -> str:
    """`96 spectra, 13 %`."""
    return f"{count_of(summary.count, 'spectrum', 'spectra')}, {summary.size_text.partition(' · ')[2]}"
