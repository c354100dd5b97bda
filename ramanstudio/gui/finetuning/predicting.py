"""What a taught model says of the spectra that are open: as groups of the project, and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtWidgets import QInputDialog, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.text_table import spectrum_names
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.finetuning.training_spectra import TAUGHT, Rows, TrainingSpectra, Words, finite_rows
from ramanstudio.project.groups import Group, Groups, Members
from ramanstudio.project.predictions import predictions_from

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.core.settings import Settings
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.classification import Classified
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.gui.document.session import Session
    from ramanstudio.gui.finetuning.services import FinetuningServices
    from ramanstudio.project.project import Entry, Predictions

KIND: Final = "Table (*.csv)"
Chosen = Sequence[tuple["Entry", Rows]]
Kept = tuple["ClassifiedSpectra", Groups | None, dict[int, "Predictions"], str]


@dataclass(frozen=True, slots=True, eq=False)
class ClassifiedSpectra:
    """What `model` says of N spectra: `rows` of each of some entries, `given` (N,) the labels that somebody gave."""

    model: FineTunedModel
    chosen: Chosen
    given: Words
    found: Classified
    left_out: int

    @property
    def members(self) -> Members:
        """Which spectra they are."""
        ids = np.repeat([entry.id for entry, _ in self.chosen], [len(rows) for _, rows in self.chosen])
        return Members(ids.astype(np.int64), np.concatenate([rows for _, rows in self.chosen]))

    @property
    def groups(self) -> Groups:
        """Each spectrum in the group of its class, the unknown in none; what somebody said of one is certain."""
        found = self.found
        labels = np.where(found.unknown, OUTLIER, np.argmax(found.probabilities, axis=1)).astype(np.int64)
        chances = found.probabilities.max(axis=1).astype(np.float32)
        for place, name in enumerate(found.classes):
            mine = self.given == name
            labels[mine], chances[mine] = place, 1.0
        groups = tuple(Group(name, place) for place, name in enumerate(found.classes))
        return Groups(self.members, labels, np.minimum(chances, np.where(self.given == "", 0.9999, 1)), groups, TAUGHT)

    @property
    def by_entry(self) -> Iterator[tuple[int, Predictions]]:
        """What it says of each entry, to be kept with the project."""
        start = 0
        for entry, rows in self.chosen:
            part = slice(start, start + len(rows))
            if entry.source is not None:
                yield entry.id, predictions_from(entry.source, rows, self.model.card, self.found.subset(part))
            start += len(rows)

    @property
    def unknown(self) -> int:
        """How many without a label are unlike all that was taught."""
        return int(np.sum(self.found.unknown & (self.given == "")))

    def lines(self) -> Iterator[Sequence[str]]:
        """A table, its head first."""
        quantity = self.found.values is not None
        answer = ("value", "error") if quantity else ("class", "probability")
        yield "file", "spectrum", "label", *answer, "unknown", *self.found.classes
        place = 0
        for entry, rows in self.chosen:
            names = spectrum_names(entry.source) if entry.source is not None else []
            for row in rows.tolist():
                yield str(entry.path), names[row], str(self.given[place]), *self._cells(place)
                place += 1

    def _cells(self, place: int) -> Iterator[str]:
        found = self.found
        if found.values is not None:
            yield from (f"{found.values[place]:.6g}", f"{found.error:.3g}")
        else:
            yield from (str(found.labels[place]), f"{found.probabilities[place].max():.4f}")
        yield str(int(found.unknown[place]))
        yield from (f"{chance:.4f}" for chance in found.probabilities[place].tolist())


def chosen_spectra(session: Session) -> Chosen:
    """What is selected, where that is more than one spectrum; else all that is open."""
    chosen = [(entry, session.rows_of(entry)) for entry in session.selected if entry.source is not None]
    if sum(len(rows) for _, rows in chosen) > 1:
        return chosen
    return all_spectra(session)


def all_spectra(session: Session) -> Chosen:
    """All that is open and could be read."""
    entries = session.project.entries
    return [(entry, np.arange(len(entry.source), dtype=np.int64)) for entry in entries if entry.source is not None]


def answer(
    engine: Engine,
    model: FineTunedModel,
    chosen: Chosen,
    subject: TrainingSpectra | None,
    given: Words | None,
    progress: Progress,
) -> ClassifiedSpectra:
    """Let the model name these spectra, those of one axis at once; what does not reach as far as it sees is left out.

    `given` (N,) are the labels of the N spectra of `subject`. Raises StudioError when none can be named, Cancelled
    when asked to stop.
    """
    whole = [(entry, finite_rows(entry, rows)) for entry, rows in chosen]
    whole = [(entry, rows) for entry, rows in whole if len(rows)]
    parts: list[tuple[list[tuple[Entry, Rows]], Classified]] = []
    refusal: StudioError | None = None
    done, total = 0, sum(len(rows) for _, rows in whole)
    for same in _of_one_axis(whole):
        sets = [entry.source[rows] for entry, rows in same if entry.source is not None]
        try:
            parts.append((same, engine.classify(stacked(sets), model, progress.part(done, total))))
        except StudioError as error:
            refusal = error
        done += sum(len(one) for one in sets)
    if not parts:
        raise refusal or StudioError("There is no spectrum that could be named.", remedy="Open some.")
    named = [pair for same, _ in parts for pair in same]
    found = _joined([one for _, one in parts])
    asked = sum(len(rows) for _, rows in chosen)
    answers = ClassifiedSpectra(
        model, named, np.full(len(found.labels), "", dtype=object), found, asked - len(found.labels)
    )
    if subject is None or given is None:
        return answers
    at = answers.members.positions_in(subject.members)
    return replace(answers, given=np.where(at >= 0, given.astype(object)[at], ""))


def _of_one_axis(chosen: Chosen) -> list[list[tuple[Entry, Rows]]]:
    parted: list[tuple[SpectrumSet, list[tuple[Entry, Rows]]]] = []
    for entry, rows in chosen:
        source = entry.source
        assert source is not None
        same = next((pairs for first, pairs in parted if first.same_axis(source)), None)
        if same is None:
            same = []
            parted.append((source, same))
        same.append((entry, rows))
    return [pairs for _, pairs in parted]


def _joined(some: Sequence[Classified]) -> Classified:
    first = some[0]
    values = None if first.values is None else np.concatenate([one.values for one in some if one.values is not None])
    return replace(
        first,
        labels=np.concatenate([one.labels for one in some]),
        probabilities=np.concatenate([one.probabilities for one in some]),
        unknown=np.concatenate([one.unknown for one in some]),
        values=values,
    )


def ask_and_name(services: FinetuningServices, parent: QWidget) -> None:
    """Ask which kept model is to name the spectra, and let it; one of a quantity writes a table.

    Raises StudioError when none is kept, or the one chosen is damaged.
    """
    names = finetuned_model.list_names()
    if not names:
        raise StudioError("No model has been taught yet.", remedy="Teach one: Analyse, Teach….")
    chosen, said_yes = QInputDialog.getItem(parent, "Name by a taught model", "Model", list(names), 0, False)
    if said_yes:
        name_by(services, parent, chosen)


def name_by(services: FinetuningServices, parent: QWidget, name: str) -> None:
    """Let the kept model of this name name what is selected, or all that is open. Raises StudioError when damaged."""
    model = finetuned_model.load(name)
    of_classes = model.card.kind == finetuned_model.CLASSES
    table = None if of_classes else ask_where(services.settings, parent, model.card.name)
    if of_classes or table is not None:
        name_spectra(services, model, chosen_spectra(services.session), table=table)


def ask_where(settings: Settings, parent: QWidget, name: str) -> Path | None:
    """Where to save a table of answers; None when nothing was chosen."""
    return dialogs.ask_export(parent, "Save what the model says", settings, f"{name}.csv", KIND)


def name_spectra(
    services: FinetuningServices,
    model: FineTunedModel,
    chosen: Chosen,
    subject: TrainingSpectra | None = None,
    given: Words | None = None,
    in_groups: bool = True,
    table: Path | None = None,
) -> None:
    """Put every spectrum in the group of its class, as one step that can be undone, and save a table where asked."""
    engine = services.denoising.engine
    if engine is None:
        services.messages.warning("The model is still being loaded. Try again in a moment.")
        return

    def work(progress: Progress) -> Kept:
        found = answer(engine, model, chosen, subject, given, progress)
        if table is not None:
            _write(table, found)
        groups = found.groups if in_groups and model.card.kind == finetuned_model.CLASSES else None
        return found, groups, dict(found.by_entry), _words(found, groups, table)

    many = sum(len(rows) for _, rows in chosen)
    title = f"Naming {count_of(many, 'spectrum', 'spectra')}"
    job = services.workers.submit(work, title, "model", key="name spectra")
    job.succeeded.connect(partial(_keep, services))
    job.failed.connect(services.messages.show_error)


def _keep(services: FinetuningServices, done: Kept) -> None:
    answers, groups, by_entry, words = done
    services.session.add_predictions(by_entry)
    if groups is not None:
        services.session.set_groups(groups, f"Name spectra by '{answers.model.card.name}'")
    say = services.messages.warning if answers.left_out else services.messages.info
    say(words)


def _words(answers: ClassifiedSpectra, groups: Groups | None, table: Path | None) -> str:
    many, name = count_of(len(answers.given), "spectrum", "spectra"), answers.model.card.name
    verb = "named" if answers.found.values is None else "given a value"
    parts = [f"{many} were {verb} by '{name}'{' as groups in Explore' if groups is not None else ''}."]
    if answers.unknown:
        parts.append(f"{answers.unknown:,} are unlike all it was taught{', and in no group' if groups else ''}.")
    if answers.left_out:
        told = count_of(answers.left_out, "spectrum reaches", "spectra reach")
        parts.append(f"{told} less far than it sees, or could not be read, and were left out.")
    if table is not None:
        parts.append(f"Table: '{table}'.")
    return " ".join(parts)


def _write(path: Path, answers: ClassifiedSpectra) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(answers.lines())
    for entry, _ in answers.chosen:
        if entry.path.absolute() == path.absolute():
            raise StudioError(f"'{path.name}' holds spectra that are open.", remedy="Choose another name.")
    try:
        atomic_write(path, text.getvalue())
    except OSError as error:
        raise StudioError(
            f"Could not save '{path.name}': {error.strerror or error}.", remedy="Choose another folder."
        ) from error
