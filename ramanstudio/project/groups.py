"""Groups of spectra as the user works on them: named, coloured, merged, split; every edit gives new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError

OUTLIER: Final = -1  # the label of spectra that belong to no group
COLOURS: Final = 20  # that differ; then they come round again


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Which spectra, in order: the row `rows[i]` of the entry `entry_ids[i]`; both (N,) int64, read-only."""

    entry_ids: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of_entries(cls, sizes: Iterable[tuple[int, int]]) -> Members:
        """All spectra of entries, given as pairs of id and number of spectra."""
        sizes = list(sizes)
        many = [size for _, size in sizes]
        ids = np.repeat(np.array([entry_id for entry_id, _ in sizes], dtype=np.int64), many)
        rows = np.concatenate([np.arange(size, dtype=np.int64) for size in many]) if many else ids
        return cls(ids, rows)

    def __len__(self) -> int:
        return len(self.entry_ids)

    def __getitem__(self, which: NDArray[Any] | slice | Sequence[int]) -> Members:
        """Some of them: a slice, indices or a boolean (N,)."""
        return Members(self.entry_ids[which], self.rows[which])

    def by_entry(self) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Each entry's id, and where its spectra stand among these."""
        ids, starts = np.unique(self.entry_ids, return_index=True)
        order = np.argsort(self.entry_ids, kind="stable")
        ends = np.searchsorted(self.entry_ids[order], ids, side="right")
        pieces = np.split(order, ends[:-1]) if len(ids) else []
        for index in np.argsort(starts, kind="stable").tolist():
            yield int(ids[index]), pieces[index]

    def positions_in(self, others: Members) -> NDArray[np.intp]:
        """Where each of these stands among `others` (N,); -1 for those that are not there."""
        if not len(others):
            return np.full(len(self), -1, dtype=np.intp)
        theirs = others._keys()
        order = np.argsort(theirs, kind="stable")
        mine = self._keys()
        at = np.minimum(np.searchsorted(theirs, mine, sorter=order), len(theirs) - 1)
        found = order[at]
        places: NDArray[np.intp] = np.where(theirs[found] == mine, found, -1)
        return places

    def _keys(self) -> NDArray[np.int64]:
        return (self.entry_ids << 32) | self.rows


@dataclass(frozen=True, slots=True)
class Group:
    """A group's name, and which of the theme's categories colours it."""

    name: str
    colour: int


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Which spectra belong together, and what they are called.

    `labels` (N,) index into `groups`, OUTLIER for a spectrum that belongs to none; `probabilities` (N,), the chance
    that each belongs where it is; `method` found them, `silhouette` says how apart they lie (-1 to 1).
    """

    members: Members
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    groups: tuple[Group, ...]
    method: str = ""
    silhouette: float = 0.0

    @classmethod
    def found(
        cls,
        members: Members,
        labels: NDArray[np.int64],
        probabilities: NDArray[np.float32],
        method: str = "",
        silhouette: float = 0.0,
    ) -> Groups:
        """Groups as an algorithm found them: numbered from 1, coloured in that order."""
        many = int(labels.max(initial=-1)) + 1
        groups = tuple(Group(f"Group {number + 1}", number % COLOURS) for number in range(many))
        return cls(members, labels, probabilities, groups, method, silhouette)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many spectra each group has, (K,)."""
        counts: NDArray[np.int64] = np.bincount(self.labels[self.labels >= 0], minlength=len(self.groups))
        return counts

    @property
    def outliers(self) -> int:
        """How many spectra belong to no group."""
        return int((self.labels < 0).sum())

    def names(self, outlier: str = "outlier") -> list[str]:
        """The name of each spectrum's group, (N,)."""
        names = [*(group.name for group in self.groups), outlier]
        return [names[label] for label in self.labels.tolist()]

    def renamed(self, index: int, name: str) -> Groups:
        """The group `index` by another name. Raises StudioError when it is empty or another group has it."""
        name = name.strip()
        if not name:
            raise StudioError("A group needs a name.", remedy="Type one, or press Esc to keep the old.")
        if any(group.name == name for other, group in enumerate(self.groups) if other != index):
            raise StudioError(
                f"There is a group '{name}' already.", remedy="Choose another name, or merge the two groups."
            )
        return self._with(index, replace(self.groups[index], name=name))

    def recoloured(self, index: int, colour: int) -> Groups:
        """The group `index` in another colour of the theme."""
        return self._with(index, replace(self.groups[index], colour=colour % COLOURS))

    def merged(self, which: Iterable[int], name: str = "") -> Groups:
        """Several groups as one, which has the place and, unless named, the name of the largest of them."""
        chosen = sorted(set(which))
        if len(chosen) < 2:
            return self
        largest = max(chosen, key=lambda index: int(self.counts[index]))
        labels = np.where(np.isin(self.labels, chosen), largest, self.labels)
        merged = replace(self, labels=labels)
        if name.strip():
            merged = merged._with(largest, replace(self.groups[largest], name=name.strip()))
        return merged._without_empty()

    def split(self, index: int, parts: NDArray[np.int64]) -> Groups:
        """The group `index` as several: `parts` (its number of spectra,) says which of them, from 0, each joins."""
        labels, groups = self.labels.copy(), list(self.groups)
        inside = np.flatnonzero(self.labels == index)
        for part in range(1, int(parts.max(initial=0)) + 1):
            labels[inside[parts == part]] = len(groups)
            groups.append(Group(self._free_name(groups, self.groups[index].name), self._free_colour(groups)))
        return replace(self, labels=labels, groups=tuple(groups))._without_empty()

    def moved(self, chosen: NDArray[np.bool_], to: int | str) -> Groups:
        """The spectra `chosen` (N,) in the group `to`: an index, OUTLIER, or a name, of a new group if there is none.

        Groups that are left empty go. What the user says is certain: the chance of these is 1.
        """
        groups = list(self.groups)
        if isinstance(to, str):
            name = to.strip()
            if not name:
                raise StudioError("A group needs a name.", remedy="Type one.")
            at = next((index for index, group in enumerate(groups) if group.name == name), len(groups))
            if at == len(groups):
                groups.append(Group(name, self._free_colour(groups)))
        else:
            at = to
        labels = np.where(chosen, at, self.labels)
        probabilities = np.where(chosen, np.float32(0 if at == OUTLIER else 1), self.probabilities)
        moved = replace(self, labels=labels, probabilities=probabilities, groups=tuple(groups))
        return moved._without_empty()

    def without(self, index: int) -> Groups:
        """The group `index` given up; its spectra belong to none."""
        return self.moved(self.labels == index, OUTLIER)

    def of(self, members: Members, nearest: NDArray[np.int64] | None = None) -> Groups:
        """The same groups for other spectra: known ones keep theirs, new ones get that of `nearest` (M,), or none.

        A group that loses all its spectra stays, so that it is there when an undo brings them back.
        """
        places = members.positions_in(self.members)
        known = places >= 0
        labels = np.full(len(members), OUTLIER, dtype=np.int64) if nearest is None else nearest.astype(np.int64)
        chance = np.zeros(len(members), dtype=np.float32)
        labels[known], chance[known] = self.labels[places[known]], self.probabilities[places[known]]
        return replace(self, members=members, labels=labels, probabilities=chance)

    def _with(self, index: int, group: Group) -> Groups:
        groups = list(self.groups)
        groups[index] = group
        return replace(self, groups=tuple(groups))

    def _without_empty(self) -> Groups:
        kept = np.flatnonzero(self.counts)
        if len(kept) == len(self.groups):
            return self
        place = np.full(len(self.groups) + 1, OUTLIER, dtype=np.int64)  # the last is where OUTLIER points
        place[kept] = np.arange(len(kept))
        return replace(self, labels=place[self.labels], groups=tuple(self.groups[index] for index in kept.tolist()))

    def _free_name(self, groups: Sequence[Group], name: str) -> str:
        taken = {group.name for group in groups}
        return next(new for number in count(2) if (new := f"{name} · {number}") not in taken)

    def _free_colour(self, groups: Sequence[Group]) -> int:
        used = {group.colour for group in groups}
        return next((colour for colour in range(COLOURS) if colour not in used), len(groups) % COLOURS)
