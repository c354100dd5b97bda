"""The selected spectra on one axis, with every column that could be their labels or samples. Imports no Qt."""

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
from ramanstudio.gui.finetuning.label_summary import CodeArray, TextArray, encode
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Project

RowArray = NDArray[np.int64]
SelectedRows = Sequence[tuple[Entry, RowArray]]

# Where labels are read from.
FOLDER, GROUP, PATTERN, MANUAL, COLUMN = "folder", "group", "pattern", "manual", "column "
UNNAMED_GROUP: Final = re.compile(r"Group \d+( · \d+)*")  # the name of a group that the user has not named
MAX_CLASSES: Final = 500
N_EXAMPLES: Final = 3  # file names by which a pattern is shown


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumn:
    """A column that may hold labels or sample names: `words` (N,), empty where unknown, and its title.

    It has `n_distinct` words; `codes` (N,) numbers them, -1 where unknown.
    """

    key: str
    title: str
    words: TextArray
    n_distinct: int
    codes: CodeArray

    @classmethod
    def of(cls, key: str, title: str, words: TextArray) -> LabelColumn:
        """Return the column of these `words` (N,)."""
        names, codes = encode(words)
        return cls(key, title, words, len(names), codes)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSpectra:
    """N spectra to train on: `members` of the project, their names, their file names `stems`, and label columns.

    `for_display` are the same spectra denoised, if all of them are, for plots. `pattern` is what file names seem to
    follow, `examples` are some of them. `n_excluded` of the selected spectra are not among them.
    """

    spectra: SpectrumSet
    for_display: SpectrumSet
    members: Members
    names: tuple[str, ...]
    stems: tuple[str, ...]
    columns: tuple[LabelColumn, ...]
    n_excluded: int
    pattern: str
    examples: tuple[str, ...]

    @classmethod
    def of(cls, selected: SelectedRows, project: Project) -> TrainingSpectra:
        """Return the `selected` rows of entries as training spectra.

        Raises StudioError when their ranges share too little, or all hold values that are not numbers.
        """
        usable = [(entry, finite_rows(entry, rows)) for entry, rows in selected if entry.source is not None]
        usable = [(entry, rows) for entry, rows in usable if len(rows)]
        sets = [_measured(entry, project)[rows] for entry, rows in usable]
        if not sets:
            raise StudioError("All spectra here hold values that are not numbers.", remedy="Open other spectra.")
        spectra, kept = training_set.on_common_axis(sets)
        usable = [pair for pair, keep in zip(usable, kept.tolist(), strict=True) if keep]
        ids = np.concatenate([np.full(len(rows), entry.id, dtype=np.int64) for entry, rows in usable])
        members = Members(ids, np.concatenate([rows for _, rows in usable]).astype(np.int64))
        owners = [entry for entry, rows in usable for _ in range(len(rows))]
        names = tuple(
            entry.name if entry.source is not None and len(entry.source) == 1 else f"{entry.name} · {row + 1}"
            for entry, row in zip(owners, members.rows.tolist(), strict=True)
        )
        columns = _table_columns([spectra for spectra, keep in zip(sets, kept.tolist(), strict=True) if keep])
        folders = np.array([entry.path.parent.name for entry in owners])
        columns.append(LabelColumn.of(FOLDER, "Folder names", folders))
        stems = tuple(entry.path.stem for entry in owners)
        return cls(
            spectra=spectra,
            for_display=_denoised(usable, project, spectra),
            members=members,
            names=names,
            stems=stems,
            columns=tuple(columns),
            n_excluded=sum(len(rows) for _, rows in selected) - len(names),
            pattern=filename_pattern.guess_pattern(stems),
            examples=_spread_out(tuple(dict.fromkeys(stems))),
        ).with_groups(project.groups)

    def with_groups(self, groups: Groups | None) -> TrainingSpectra:
        """Return the same spectra with the names of these groups as a column."""
        columns = tuple(column for column in self.columns if column.key != GROUP)
        if groups is not None:
            words = _group_names(groups, self.members)
            columns = (*columns, LabelColumn.of(GROUP, "Group names (those that you named)", words))
        return replace(self, columns=columns)

    def column(self, key: str) -> LabelColumn:
        """Return the column of this key."""
        return next(column for column in self.columns if column.key == key)

    @property
    def label_columns(self) -> tuple[LabelColumn, ...]:
        """The columns that could be labels, best first: two classes or more, or a column of one that is called so."""
        preference = {f"{COLUMN}label": 0, f"{COLUMN}class": 1, GROUP: 2}
        fewest = dict.fromkeys(preference, 1)
        columns = [column for column in self.columns if fewest.get(column.key, 2) <= column.n_distinct <= MAX_CLASSES]
        return tuple(sorted(columns, key=lambda column: (column.n_distinct < 2, preference.get(column.key, 3))))


def finite_rows(entry: Entry, rows: RowArray) -> RowArray:
    """Return those (M,) of the `rows` (N,) of an entry that hold finite values only."""
    assert entry.source is not None
    return rows[np.isfinite(entry.source.values[rows]).all(axis=1)]


def _spread_out(stems: tuple[str, ...]) -> tuple[str, ...]:
    """Return a few names from all over the list: names that follow each other are often of one class."""
    return stems[:: max(1, len(stems) // N_EXAMPLES)][:N_EXAMPLES]


def _measured(entry: Entry, project: Project) -> SpectrumSet:
    """Return the spectra of an entry as they enter Denoise; as measured where that is not known yet."""
    result = project.result(entry)
    assert entry.source is not None
    return entry.source if result is None else result.measured


def _denoised(selected: SelectedRows, project: Project, spectra: SpectrumSet) -> SpectrumSet:
    """Return the denoised spectra on the axis of `spectra`, if all are denoised and finite; else `spectra`."""
    sets = []
    for entry, rows in selected:
        result = project.result(entry)
        if result is None or result.denoised is None:
            return spectra
        sets.append(result.denoised.spectra[rows])
    values = training_set.resample(sets, spectra.axis)
    return spectra.with_values(values) if np.isfinite(values).all() else spectra


def _table_columns(sets: Sequence[SpectrumSet]) -> list[LabelColumn]:
    """Return the columns of the tables of all sets, blank for sets without the column."""
    names: Mapping[str, None] = dict.fromkeys(name for spectra in sets for name in spectra.table)
    columns = []
    for name in names:
        cells = [cell for spectra in sets for cell in spectra.table.get(name, [""] * len(spectra))]
        words = np.array([clean_label(cell) for cell in cells], dtype=object).astype(str)
        columns.append(LabelColumn.of(f"{COLUMN}{name}", f"Column “{name}”", words))
    return columns


def _group_names(groups: Groups, members: Members) -> TextArray:
    """Return the group names (N,) that the user gave; of groups that a model predicted only the user's own labels."""
    subset = groups.for_members(members)
    names = [*("" if UNNAMED_GROUP.fullmatch(group.name) else group.name for group in subset.groups), ""]
    words = np.array(names, dtype=str)[subset.labels]
    return np.where((subset.method in PREDICTED) & (subset.probabilities < 1), "", words)


FINE_TUNED: Final = "fine-tuned"  # the method of groups that a fine-tuned model predicted
PREDICTED: Final = (FINE_TUNED, "taught")  # and its name in projects of earlier versions
