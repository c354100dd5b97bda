"""What is open: entries, what was found out about them, and the snapshots that undo steps through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import FEWEST_TOGETHER
from ramanstudio.project.groups import Groups, Members

if TYPE_CHECKING:
    from ramanstudio.engine import Denoised
    from ramanstudio.search.matches import Identification
    from ramanstudio.search.matches import Region as Within

Region = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One row of the list: the spectra of one file, or the sentence that says why there are none.

    `noise_region` (low, high) in cm⁻¹ is where the user wants the noise measured; None leaves it to the engine.
    `together` is the number of the set that its spectra are denoised with: the whole of this entry when it is its own
    id, else all entries of that number; 0 denoises each spectrum by itself.
    """

    id: int
    name: str
    path: Path
    source: SpectrumSet | None = None
    problem: str = ""
    remedy: str = ""
    noise_region: Region | None = None
    together: int = 0

    @property
    def is_set(self) -> bool:
        """Whether it holds enough spectra to be denoised with what they share: a map, a series, repeats."""
        return self.source is not None and len(self.source) >= FEWEST_TOGETHER

    @property
    def in_larger_set(self) -> bool:
        """Whether it is denoised with the spectra of other entries."""
        return self.together not in (0, self.id)


def look_like_repeats(entries: Sequence[Entry]) -> bool:
    """Whether several entries are likely to be repeats, saved one a file: on one axis, and not one set already."""
    if len(entries) < 2 or sum(len(entry.source) for entry in entries if entry.source is not None) < FEWEST_TOGETHER:
        return False
    first = entries[0]
    if first.in_larger_set and all(entry.together == first.together for entry in entries):
        return False
    return all(on_one_axis(first, entry, closely=False) for entry in entries)


def on_one_axis(one: Entry, other: Entry, closely: bool = True) -> bool:
    """Whether two entries are sampled at the same Raman shifts; not `closely`, only ends and numbers are looked at."""
    if one.source is None or other.source is None:
        return False
    if closely:
        return one.source.same_axis(other.source)
    axis, beside = one.source.axis, other.source.axis
    return axis.size == beside.size and axis[0] == beside[0] and axis[-1] == beside[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What the engine made of `source`: denoised spectra and where their noise was measured, or why there are none.

    `region_is_manual` tells whether the user chose the region, or the engine did. `together` is what was asked for (see
    Entry), `set_size` how many spectra the set had whose structure was used: 0 where each was denoised by itself.
    `model` made it.
    """

    source: SpectrumSet
    denoised: Denoised | None = None
    noise_region: Region | None = None
    region_is_manual: bool = False
    problem: str = ""
    together: int = 0
    set_size: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """How the spectra `members` (N of them) of one or many entries lie to each other.

    `features` (N, D) of unit length say what each is of, `likeness` (N, K) is what groups are found by; both were read
    from the denoised spectra, over `range_cm` (low, high) where their axes differ. `planes` {layout: (N, 2)} puts like
    by like. `aside` says what the user should know about it; `model` made it.
    """

    members: Members
    features: NDArray[np.float32]
    likeness: NDArray[np.float32]
    range_cm: Region | None = None
    planes: Mapping[str, NDArray[np.float32]] = field(default_factory=lambda: MappingProxyType({}))
    aside: str = ""
    model: str = ""

    def with_plane(self, layout: str, plane: NDArray[np.float32]) -> Exploration:
        """The same with another plane (N, 2)."""
        return replace(self, planes=MappingProxyType({**self.planes, layout: plane}))


@dataclass(frozen=True, slots=True, eq=False)
class Identifications:
    """What the spectra `source` of one entry were found to be: `found` has one for each, None where nobody asked yet.

    `asked` names the question (which libraries, over which range, which model): answers to another one are old.
    `libraries` has the hashes of the libraries that were searched, in the order in which a match counts them.
    """

    source: SpectrumSet
    found: tuple[Identification | None, ...]
    asked: str = ""
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a fine-tuned `model` predicts for the spectra `source` of one entry: `words` (N,), `probabilities` (N,).

    Words are classes, or the `values` (N,) of a quantity, which are off by `error` as a rule; empty where nobody has
    asked. `unknown` (N,) are unlike all it was taught. `asked` is the hash of the model; `problem` says why it has no
    answer.
    """

    source: SpectrumSet
    model: str
    asked: str
    words: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    unknown: NDArray[np.bool_]
    values: NDArray[np.float64] | None = None
    error: float = float("nan")
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether all spectra have their answer, as far as there is one."""
        return bool(self.problem) or bool(np.all(self.words != ""))

    def over(self, before: Predictions | None) -> Predictions:
        """The same, with the answers that were there before for the spectra that it does not speak of."""
        if before is None or before.asked != self.asked or before.source is not self.source or before.problem:
            return self
        old = self.words == ""
        pairs = ((before.words, self.words), (before.probabilities, self.probabilities), (before.unknown, self.unknown))
        words, probabilities, unknown = (np.where(old, one, other) for one, other in pairs)
        values = self.values
        if values is not None and before.values is not None:
            values = np.where(old, before.values, values)
        return replace(self, words=words, probabilities=probabilities, unknown=unknown, values=values)


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """All entries, in the order in which they were opened, the results by entry id, and how all lie to each other.

    `groups` are the user's to edit; of spectra that are no longer open they remember where they belonged. `within` is
    where spectra are compared to identify them; None compares all. `predictions` has, by entry id, those of each
    fine-tuned model.
    """

    entries: tuple[Entry, ...] = ()
    results: Mapping[int, Result] = field(default_factory=lambda: MappingProxyType({}))
    explored: Exploration | None = None
    groups: Groups | None = None
    identified: Mapping[int, Identifications] = field(default_factory=lambda: MappingProxyType({}))
    within: Within | None = None
    predictions: Mapping[int, tuple[Predictions, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def entry(self, entry_id: int) -> Entry | None:
        """The entry of this id, or None where it is gone."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    def result(self, entry: Entry) -> Result | None:
        """What was found for the spectra that `entry` holds now; None while nothing is known."""
        result = self.results.get(entry.id)
        return result if result is not None and result.source is entry.source else None

    def identification(self, entry: Entry) -> Identifications | None:
        """What the spectra that `entry` holds now were found to be; None while nobody has asked."""
        found = self.identified.get(entry.id)
        return found if found is not None and found.source is entry.source else None

    def answers(self, entry: Entry) -> tuple[Predictions, ...]:
        """What taught models say of the spectra that `entry` holds now, each model once."""
        return tuple(one for one in self.predictions.get(entry.id, ()) if one.source is entry.source)

    def expanded_to_sets(self, entries: Iterable[Entry]) -> list[Entry]:
        """These entries and all that are denoised with them, in the order of the project."""
        entries = list(entries)
        ids = {entry.id for entry in entries}
        sets = {entry.together for entry in entries if entry.in_larger_set}
        if not sets:
            return entries
        return [entry for entry in self.entries if entry.id in ids or (entry.in_larger_set and entry.together in sets)]

    def with_entries(self, entries: Iterable[Entry]) -> Project:
        """The same results with other entries."""
        return replace(self, entries=tuple(entries))

    def with_results(self, found: Mapping[int, Result]) -> Project:
        """The same entries with results added, or replaced."""
        return replace(self, results=MappingProxyType({**self.results, **found}))

    def without(self, ids: Iterable[int]) -> Project:
        """The entries that are not in `ids`."""
        gone = frozenset(ids)
        return self.with_entries(entry for entry in self.entries if entry.id not in gone)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A project as it was after an edit, and what the edit was called."""

    project: Project
    what: str
    key: object = None


class History:
    """Snapshots of the project; arrays are shared between them, so a step costs a tuple.

    What is found is not edited: undo and redo change entries and groups, and leave results where they are.
    """

    def __init__(self, project: Project | None = None, depth: int = 500) -> None:
        self._snapshots: list[Snapshot] = [Snapshot(project or Project(), "")]
        self._at = 0
        self._depth = depth

    @property
    def present(self) -> Project:
        """The project as it is now."""
        return self._snapshots[self._at].project

    @property
    def undo_title(self) -> str:
        """What the next undo takes back, such as "Remove 3 spectra"; empty where there is nothing to undo."""
        return self._snapshots[self._at].what if self._at else ""

    @property
    def redo_title(self) -> str:
        """What the next redo does again; empty where there is nothing to redo."""
        return self._snapshots[self._at + 1].what if self._at + 1 < len(self._snapshots) else ""

    def push(self, project: Project, what: str, key: object = None) -> Project:
        """Make `project` the present; an edit with the same `key` as the last becomes one step with it."""
        del self._snapshots[self._at + 1 :]
        if key is not None and self._at and self._snapshots[self._at].key == key:
            self._snapshots[self._at] = Snapshot(project, what, key)
            return project
        self._snapshots.append(Snapshot(project, what, key))
        del self._snapshots[: max(0, len(self._snapshots) - self._depth)]
        self._at = len(self._snapshots) - 1
        return project

    def keep(self, found: Mapping[int, Result]) -> Project:
        """Add results to the present; this is no step that could be undone."""
        now = self._snapshots[self._at]
        self._snapshots[self._at] = replace(now, project=now.project.with_results(found))
        return self.present

    def add_exploration(self, explored: Exploration, groups: Groups | None) -> Project:
        """Add to the present how its spectra lie to each other, and `groups` if given; no step that could be undone."""
        now = self._snapshots[self._at]
        project = replace(now.project, explored=explored, groups=groups or now.project.groups)
        self._snapshots[self._at] = replace(now, project=project)
        return self.present

    def add_identifications(self, found: Mapping[int, Identifications]) -> Project:
        """Add to the present what spectra were found to be; no step that could be undone."""
        now = self._snapshots[self._at]
        identified = MappingProxyType({**now.project.identified, **found})
        self._snapshots[self._at] = replace(now, project=replace(now.project, identified=identified))
        return self.present

    def add_predictions(self, found: Mapping[int, Predictions]) -> Project:
        """Add to the present what a taught model says of entries, by id; no step that could be undone."""
        now = self._snapshots[self._at]
        known = dict(now.project.predictions)
        for entry_id, said in found.items():
            others = [one for one in known.get(entry_id, ()) if one.model != said.model]
            before = next((one for one in known.get(entry_id, ()) if one.model == said.model), None)
            known[entry_id] = (*others, said.over(before))
        predictions = replace(now.project, predictions=MappingProxyType(known))
        self._snapshots[self._at] = replace(now, project=predictions)
        return self.present

    def undo(self) -> Project:
        """Step back; the project as it was, with all that has been found since. Does nothing at the beginning."""
        return self._step(-1)

    def redo(self) -> Project:
        """Step forward again. Does nothing at the end."""
        return self._step(1)

    def _step(self, by: int) -> Project:
        to = self._at + by
        if 0 <= to < len(self._snapshots):
            now = self.present
            self._at = to
            then = self._snapshots[to]
            kept = {name: getattr(now, name) for name in ("results", "explored", "identified", "answered")}
            found = replace(then.project, **kept)
            self._snapshots[to] = replace(then, project=found)
        return self.present
