"""Predictions of a fine-tuned model for open spectra, as groups, as a table, and to keep. Imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.export.text_table import spectrum_names, write_csv
from ramanstudio.gui.finetuning.label_summary import TextArray
from ramanstudio.gui.finetuning.training_spectra import (
    FINE_TUNED,
    RowArray,
    SelectedRows,
    TrainingSpectra,
    finite_rows,
)
from ramanstudio.project.groups import Group, Groups, Members
from ramanstudio.project.predictions import predictions_from

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.classification import Classified
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.project.project import Entry, Predictions

MAX_PREDICTED: Final = 0.9999  # probability of a prediction in groups; 1 is a label that the user gave


@dataclass(frozen=True, slots=True, eq=False)
class ClassifiedSpectra:
    """What `model` predicts for N spectra, the `rows` of some entries, beside the user's own labels `given` (N,)."""

    model: FineTunedModel
    rows: SelectedRows
    given: TextArray
    classified: Classified
    n_excluded: int

    @property
    def members(self) -> Members:
        """The spectra as members of the project."""
        ids = np.repeat([entry.id for entry, _ in self.rows], [len(rows) for _, rows in self.rows])
        return Members(ids.astype(np.int64), np.concatenate([rows for _, rows in self.rows]))

    @property
    def groups(self) -> Groups:
        """Each spectrum in the group of its class, unknown ones in none; the user's own labels are certain."""
        classified = self.classified
        best = np.argmax(classified.probabilities, axis=1)
        labels = np.where(classified.unknown, OUTLIER, best).astype(np.int64)
        probabilities = classified.probabilities.max(axis=1).astype(np.float32)
        for number, name in enumerate(classified.classes):
            is_given = self.given == name
            labels[is_given], probabilities[is_given] = number, 1.0
        groups = tuple(Group(name, number) for number, name in enumerate(classified.classes))
        limit = np.where(self.given == "", MAX_PREDICTED, 1)
        return Groups(self.members, labels, np.minimum(probabilities, limit), groups, FINE_TUNED)

    @property
    def by_entry(self) -> Iterator[tuple[int, Predictions]]:
        """The predictions for each entry id, to be kept with the project."""
        start = 0
        for entry, rows in self.rows:
            subset = slice(start, start + len(rows))
            if entry.source is not None:
                classified = self.classified.subset(subset)
                yield entry.id, predictions_from(entry.source, rows, self.model.card, classified)
            start += len(rows)

    @property
    def n_unknown(self) -> int:
        """The number of spectra without a label that are unlike all training spectra."""
        return int(np.sum(self.classified.unknown & (self.given == "")))

    def table(self) -> Iterator[Sequence[str]]:
        """Yield the rows of a table, the header first."""
        is_quantity = self.classified.values is not None
        prediction = ("value", "error") if is_quantity else ("class", "probability")
        last = ("extrapolated",) if is_quantity else self.classified.classes
        yield "file", "spectrum", "label", *prediction, "unknown", *last
        position = 0
        for entry, rows in self.rows:
            names = spectrum_names(entry.source) if entry.source is not None else []
            for row in rows.tolist():
                yield str(entry.path), names[row], str(self.given[position]), *self._prediction_cells(position)
                position += 1

    def _prediction_cells(self, position: int) -> Iterator[str]:
        classified = self.classified
        if classified.values is not None:
            yield from (f"{classified.values[position]:.6g}", f"{classified.error:.3g}")
        else:
            yield from (str(classified.labels[position]), f"{classified.probabilities[position].max():.4f}")
        yield str(int(classified.unknown[position]))
        if classified.values is not None:
            yield str(int(classified.extrapolated[position]))
        yield from (f"{probability:.4f}" for probability in classified.probabilities[position].tolist())


def classify_spectra(
    engine: Engine,
    model: FineTunedModel,
    selected: SelectedRows,
    training: TrainingSpectra | None,
    given: TextArray | None,
    progress: Progress,
) -> ClassifiedSpectra:
    """Classify the `selected` spectra, those of one axis at once; spectra that lack the model's range are excluded.

    `given` (N,) are the user's labels of the N spectra of `training`. Raises StudioError when no spectrum can be
    classified, Cancelled when asked to stop.
    """
    usable = [(entry, finite_rows(entry, rows)) for entry, rows in selected]
    usable = [(entry, rows) for entry, rows in usable if len(rows)]
    parts: list[tuple[list[tuple[Entry, RowArray]], Classified]] = []
    refusal: StudioError | None = None
    done, total = 0, sum(len(rows) for _, rows in usable)
    for same_axis in _by_axis(usable):
        sets = [entry.source[rows] for entry, rows in same_axis if entry.source is not None]
        try:
            parts.append((same_axis, engine.classify(stacked(sets), model, progress.part(done, total))))
        except StudioError as error:
            refusal = error
        done += sum(len(spectra) for spectra in sets)
    if not parts:
        raise refusal or StudioError("There is no spectrum to classify.", remedy="Open some spectra.")
    classified = _concatenate([part for _, part in parts])
    n_spectra = len(classified.labels)
    result = ClassifiedSpectra(
        model=model,
        rows=[pair for same_axis, _ in parts for pair in same_axis],
        given=np.full(n_spectra, "", dtype=object),
        classified=classified,
        n_excluded=sum(len(rows) for _, rows in selected) - n_spectra,
    )
    if training is None or given is None:
        return result
    positions = result.members.positions_in(training.members)
    return replace(result, given=np.where(positions >= 0, given.astype(object)[positions], ""))


def _by_axis(selected: SelectedRows) -> list[list[tuple[Entry, RowArray]]]:
    """Return the selected rows in lists of entries on one axis."""
    axes: list[tuple[SpectrumSet, list[tuple[Entry, RowArray]]]] = []
    for entry, rows in selected:
        source = entry.source
        assert source is not None
        same_axis = next((pairs for first, pairs in axes if first.same_axis(source)), None)
        if same_axis is None:
            same_axis = []
            axes.append((source, same_axis))
        same_axis.append((entry, rows))
    return [pairs for _, pairs in axes]


def _concatenate(parts: Sequence[Classified]) -> Classified:
    """Return the predictions of several calls as one."""
    first = parts[0]
    values = None
    if first.values is not None:
        values = np.concatenate([part.values for part in parts if part.values is not None])
    return replace(
        first,
        labels=np.concatenate([part.labels for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        unknown=np.concatenate([part.unknown for part in parts]),
        values=values,
    )


def write_table(path: Path, classified: ClassifiedSpectra) -> None:
    """Write the predictions as CSV. Raises StudioError when `path` is an open file or cannot be written."""
    if any(entry.path.absolute() == path.absolute() for entry, _ in classified.rows):
        raise StudioError(f"'{path.name}' holds spectra that are open.", remedy="Choose another name.")
    write_csv(path, classified.table())
