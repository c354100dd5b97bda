"""Groups of spectra as the user edits them: rename, recolour, merge, split, move. Every edit returns new Groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER

UNCERTAIN: Final = 0.5  # with a lower probability a spectrum may as well belong to another group
COLOURS: Final = 20  # colours in the theme's palette; the 21st group has the first again


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """References to N spectra, in order: row `rows[i]` of the entry `entry_ids[i]`; both (N,) int64, read-only."""

    entry_ids: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of_entries(cls, sizes: Iterable[tuple[int, int]]) -> Members:
        """Return references to all spectra of entries, given as pairs (id, number of spectra)."""
        sizes = list(sizes)
        counts = [size for _, size in sizes]
        ids = np.repeat(np.array([entry_id for entry_id, _ in sizes], dtype=np.int64), counts)
        rows = np.concatenate([np.arange(size, dtype=np.int64) for size in counts]) if counts else ids
        return cls(ids, rows)

    def __len__(self) -> int:
        return len(self.entry_ids)

    def __getitem__(self, which: NDArray[Any] | slice | Sequence[int]) -> Members:
        """Select a subset by slice, indices or boolean (N,)."""
        return Members(self.entry_ids[which], self.rows[which])

    def by_entry(self) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Yield each entry's id and the positions (N,) of its spectra here, in order of first appearance."""
        ids, starts = np.unique(self.entry_ids, return_index=True)
        order = np.argsort(self.entry_ids, kind="stable")
        ends = np.searchsorted(self.entry_ids[order], ids, side="right")
        positions = np.split(order, ends[:-1]) if len(ids) else []
        for index in np.argsort(starts, kind="stable").tolist():
            yield int(ids[index]), positions[index]

    def positions_in(self, others: Members) -> NDArray[np.intp]:
        """Return the position of each of these among `others` (N,); -1 for those that are missing there."""
        if not len(others):
            return np.full(len(self), -1, dtype=np.intp)
        other_keys = others._keys()
        order = np.argsort(other_keys, kind="stable")
        keys = self._keys()
        nearest = np.minimum(np.searchsorted(other_keys, keys, sorter=order), len(other_keys) - 1)
        candidates = order[nearest]
        positions: NDArray[np.intp] = np.where(other_keys[candidates] == keys, candidates, -1)
        return positions

    def _keys(self) -> NDArray[np.int64]:
        """One integer per spectrum, (N,): the entry id and the row."""
        return (self.entry_ids << 32) | self.rows


@dataclass(frozen=True, slots=True)
class Group:
    """A group's name and the index of its colour in the theme's palette."""

    name: str
    colour: int


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A grouping of N spectra.

    `labels` (N,) are indices into `groups`, OUTLIER for a spectrum in no group; `probabilities` (N,) that each is in
    the right group. `method` is the key of the clustering method, `silhouette` its mean silhouette (-1 to 1).
    """

    members: Members
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    groups: tuple[Group, ...]
    method: str = ""
    silhouette: float = 0.0

    @classmethod
    def from_clustering(
        cls,
        members: Members,
        labels: NDArray[np.int64],
        probabilities: NDArray[np.float32],
        method: str = "",
        silhouette: float = 0.0,
    ) -> Groups:
        """Return groups for a clustering: `labels` and `probabilities` (N,), names numbered and coloured from 1."""
        n_groups = int(labels.max(initial=-1)) + 1
        groups = tuple(Group(f"Group {number + 1}", number % COLOURS) for number in range(n_groups))
        return cls(members, labels, probabilities, groups, method, silhouette)

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of spectra in each group, (K,)."""
        counts: NDArray[np.int64] = np.bincount(self.labels[self.labels >= 0], minlength=len(self.groups))
        return counts

    @property
    def uncertain(self) -> NDArray[np.bool_]:
        """Whether each spectrum may as well belong to another group, (N,)."""
        uncertain: NDArray[np.bool_] = (self.labels != OUTLIER) & (self.probabilities < UNCERTAIN)
        return uncertain

    @property
    def outliers(self) -> int:
        """The number of spectra in no group."""
        return int((self.labels < 0).sum())

    def names(self, outlier: str = "outlier") -> list[str]:
        """Return the name of each spectrum's group, (N,)."""
        names = [*(group.name for group in self.groups), outlier]
        return [names[label] for label in self.labels.tolist()]

    def renamed(self, index: int, name: str) -> Groups:
        """Rename the group `index`. Raises StudioError when the name is empty or taken."""
        name = name.strip()
        if not name:
            raise StudioError("A group needs a name.", remedy="Type one, or press Esc to keep the current name.")
        if any(group.name == name for other, group in enumerate(self.groups) if other != index):
            raise StudioError(
                f"There is already a group '{name}'.", remedy="Choose another name, or merge the two groups."
            )
        return self._with_group(index, replace(self.groups[index], name=name))

    def recoloured(self, index: int, colour: int) -> Groups:
        """Give the group `index` another colour of the theme."""
        return self._with_group(index, replace(self.groups[index], colour=colour % COLOURS))

    def merged(self, which: Iterable[int], name: str = "") -> Groups:
        """Merge groups into the largest of them, which keeps its name unless `name` is given."""
        chosen = sorted(set(which))
        if len(chosen) < 2:
            return self
        largest = max(chosen, key=lambda index: int(self.counts[index]))
        labels = np.where(np.isin(self.labels, chosen), largest, self.labels)
        merged = replace(self, labels=labels)
        if name.strip():
            merged = merged._with_group(largest, replace(self.groups[largest], name=name.strip()))
        return merged._without_empty()

    def split(self, index: int, parts: NDArray[np.int64]) -> Groups:
        """Split the group `index`: `parts` (N,) is the part, from 0, that each spectrum goes to."""
        labels, groups = self.labels.copy(), list(self.groups)
        inside = np.flatnonzero(self.labels == index)
        for part in range(1, int(parts.max(initial=0)) + 1):
            labels[inside[parts == part]] = len(groups)
            groups.append(Group(self._free_name(groups, self.groups[index].name), self._free_colour(groups)))
        return replace(self, labels=labels, groups=tuple(groups))._without_empty()

    def moved(self, chosen: NDArray[np.bool_], to: int | str) -> Groups:
        """Move the spectra `chosen` (N,) to the group `to`: an index, OUTLIER, or a name (of a new group if need be).

        Groups left empty are removed. The user's assignment is certain: the probability becomes 1.
        Raises StudioError for an empty name.
        """
        groups = list(self.groups)
        if isinstance(to, str):
            name = to.strip()
            if not name:
                raise StudioError("A group needs a name.", remedy="Type one.")
            target = next((index for index, group in enumerate(groups) if group.name == name), len(groups))
            if target == len(groups):
                groups.append(Group(name, self._free_colour(groups)))
        else:
            target = to
        labels = np.where(chosen, target, self.labels)
        probabilities = np.where(chosen, np.float32(0 if target == OUTLIER else 1), self.probabilities)
        moved = replace(self, labels=labels, probabilities=probabilities, groups=tuple(groups))
        return moved._without_empty()

    def without(self, index: int) -> Groups:
        """Dissolve the group `index`; its spectra become outliers."""
        return self.moved(self.labels == index, OUTLIER)

    def for_members(self, members: Members, nearest: NDArray[np.int64] | None = None) -> Groups:
        """Return the same groups for M other spectra: known ones keep theirs, new ones take `nearest` (M,), or none.

        A group that loses all its spectra stays, so that undo can bring them back into it.
        """
        positions = members.positions_in(self.members)
        known = positions >= 0
        labels = np.full(len(members), OUTLIER, dtype=np.int64) if nearest is None else nearest.astype(np.int64)
        probabilities = np.zeros(len(members), dtype=np.float32)
        labels[known], probabilities[known] = self.labels[positions[known]], self.probabilities[positions[known]]
        return replace(self, members=members, labels=labels, probabilities=probabilities)

    def _with_group(self, index: int, group: Group) -> Groups:
        groups = list(self.groups)
        groups[index] = group
        return replace(self, groups=tuple(groups))

    def _without_empty(self) -> Groups:
        kept = np.flatnonzero(self.counts)
        if len(kept) == len(self.groups):
            return self
        new_index = np.full(len(self.groups) + 1, OUTLIER, dtype=np.int64)  # the last element is that of OUTLIER, -1
        new_index[kept] = np.arange(len(kept))
        return replace(self, labels=new_index[self.labels], groups=tuple(self.groups[index] for index in kept.tolist()))

    def _free_name(self, groups: Sequence[Group], name: str) -> str:
        taken = {group.name for group in groups}
        return next(new for number in count(2) if (new := f"{name} · {number}") not in taken)

    def _free_colour(self, groups: Sequence[Group]) -> int:
        used = {group.colour for group in groups}
        return next((colour for colour in range(COLOURS) if colour not in used), len(groups) % COLOURS)
