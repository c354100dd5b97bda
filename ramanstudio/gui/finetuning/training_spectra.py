"""What is taught by: the spectra of a selection on one axis, and all that is known of each. Knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import filename_pattern, training_set
from ramanstudio.finetuning.labels import clean_label
from ramanstudio.gui.finetuning.label_counts import Codes, coded
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Project

Words = NDArray[np.str_]
Rows = NDArray[np.int64]

# What labels can be read from.
FOLDER, GROUP, PATTERN, HAND, COLUMN = "folder", "group", "pattern", "hand", "column "
UNNAMED: Final = re.compile(r"Group \d+( · \d+)*")  # the groups that nobody has named
TAUGHT: Final = "taught"  # the method of groups that a model has put spectra in
MOST_CLASSES: Final = 500
EXAMPLES: Final = 3  # names of files by which a pattern is shown


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumn:
    """One thing that is known of each spectrum: what it is called, and a word for each (N,), empty where unknown.

    `distinct` words there are; `codes` (N,) numbers them, -1 where unknown.
    """

    key: str
    name: str
    words: Words
    distinct: int
    codes: Codes

    @classmethod
    def of(cls, key: str, name: str, words: Words) -> LabelColumn:
        """What these words tell."""
        names, codes = coded(words)
        return cls(key, name, words, len(names), codes)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSpectra:
    """N spectra to teach by: which they are, what each is called, its file's name, and what else is `told` of them.

    `seen` are the same for the eye: denoised, where all of them are. `pattern` is what names of files seem to follow,
    and `examples` are some of these names.
    """

    spectra: SpectrumSet
    seen: SpectrumSet
    members: Members
    names: tuple[str, ...]
    stems: tuple[str, ...]
    told: tuple[LabelColumn, ...]
    left_out: int
    pattern: str
    examples: tuple[str, ...]

    @classmethod
    def of(cls, entries: Sequence[tuple[Entry, NDArray[np.int64]]], project: Project) -> TrainingSpectra:
        """Some rows of each of some entries. Raises StudioError when their ranges share too little, or hold nothing."""
        whole = [(entry, finite_rows(entry, rows)) for entry, rows in entries if entry.source is not None]
        whole = [(entry, rows) for entry, rows in whole if len(rows)]
        sets = [entry.source[rows] for entry, rows in whole if entry.source is not None]
        if not sets:
            raise StudioError("No spectrum here holds numbers only.", remedy="Open some that do.")
        spectra, kept = training_set.on_common_axis(sets)
        chosen = [pair for pair, keep in zip(whole, kept.tolist(), strict=True) if keep]
        ids = np.concatenate([np.full(len(rows), entry.id, dtype=np.int64) for entry, rows in chosen])
        members = Members(ids, np.concatenate([rows for _, rows in chosen]).astype(np.int64))
        owners = [entry for entry, rows in chosen for _ in range(len(rows))]
        names = tuple(
            entry.name if entry.source is not None and len(entry.source) == 1 else f"{entry.name} · {row + 1}"
            for entry, row in zip(owners, members.rows.tolist(), strict=True)
        )
        told = [*_columns([one for one, keep in zip(sets, kept.tolist(), strict=True) if keep])]
        told.append(LabelColumn.of(FOLDER, "Names of folders", np.array([entry.path.parent.name for entry in owners])))
        asked = sum(len(rows) for _, rows in entries)
        stems = tuple(entry.path.stem for entry in owners)
        seen = _denoised(chosen, project, spectra)
        pattern, examples = filename_pattern.guess_pattern(stems), _some(tuple(dict.fromkeys(stems)))
        made = cls(spectra, seen, members, names, stems, tuple(told), asked - len(names), pattern, examples)
        return made.with_groups(project.groups)

    def with_groups(self, groups: Groups | None) -> TrainingSpectra:
        """The same, with the names of these groups."""
        told = tuple(one for one in self.told if one.key != GROUP)
        if groups is not None:
            words = _of_groups(groups, self.members)
            told = (*told, LabelColumn.of(GROUP, "Names of groups (those that you named)", words))
        return replace(self, told=told)

    def told_by(self, key: str) -> LabelColumn:
        """One thing that is told."""
        return next(one for one in self.told if one.key == key)

    @property
    def for_labels(self) -> tuple[LabelColumn, ...]:
        """What could be labels: two classes or more, best first; last what is called so and names one class only."""
        usual = {f"{COLUMN}label": 0, f"{COLUMN}class": 1, GROUP: 2}
        fewest = dict.fromkeys(usual, 1)
        some = [one for one in self.told if fewest.get(one.key, 2) <= one.distinct <= MOST_CLASSES]
        return tuple(sorted(some, key=lambda one: (one.distinct < 2, usual.get(one.key, 3))))


def finite_rows(entry: Entry, rows: Rows) -> Rows:
    """Those of the rows of an entry that hold numbers only."""
    assert entry.source is not None
    return rows[np.isfinite(entry.source.values[rows]).all(axis=1)]


def _some(stems: tuple[str, ...]) -> tuple[str, ...]:
    """A few, from all over the list: names that follow each other are often of one class."""
    return stems[:: max(1, len(stems) // EXAMPLES)][:EXAMPLES]


def _denoised(chosen: Sequence[tuple[Entry, NDArray[np.int64]]], project: Project, spectra: SpectrumSet) -> SpectrumSet:
    """The denoised spectra on the same axis, where all of them are denoised already; else the spectra themselves."""
    sets = []
    for entry, rows in chosen:
        result = project.result(entry)
        if result is None or result.denoised is None:
            return spectra
        sets.append(result.denoised.spectra[rows])
    found = training_set.resample(sets, spectra.axis)
    return spectra.with_values(found) if np.isfinite(found).all() else spectra


def _columns(sets: Sequence[SpectrumSet]) -> list[LabelColumn]:
    """The columns of the tables, of all sets that have them; not those where each spectrum has a word of its own."""
    found: Mapping[str, None] = dict.fromkeys(name for one in sets for name in one.table)
    columns = []
    for name in found:
        words = np.concatenate(
            [
                np.array([clean_label(cell) for cell in one.table.get(name, [""] * len(one))], dtype=object)
                for one in sets
            ]
        ).astype(str)
        columns.append(LabelColumn.of(f"{COLUMN}{name}", f"Column “{name}”", words))
    return columns


def _of_groups(groups: Groups, members: Members) -> Words:
    """The names that somebody gave; of groups that a model has made only what was told to it, not what it answered."""
    here = groups.for_members(members)
    given = [*("" if UNNAMED.fullmatch(one.name) else one.name for one in here.groups), ""]
    words = np.array(given, dtype=str)[here.labels]
    return np.where((here.method == TAUGHT) & (here.probabilities < 1), "", words)
