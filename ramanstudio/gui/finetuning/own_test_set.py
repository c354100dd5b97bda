"""A test set of the user's own: labelled spectra from a folder, kept out of training. Imports no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.finetuning import filename_pattern
from ramanstudio.finetuning.classification import MAX_MISSING
from ramanstudio.finetuning.evaluation import Evaluation, evaluate_test_set
from ramanstudio.finetuning.labels import parse_number, quote_names
from ramanstudio.formats import registry
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.finetuning.label_summary import TextArray
from ramanstudio.gui.finetuning.training_spectra import COLUMN, PATTERN, TrainingSpectra
from ramanstudio.project.entry_processing import RecipeRun
from ramanstudio.project.project import Entry, Project

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.processing.recipe import Recipe

LABEL: Final = f"{COLUMN}label"
PATTERN_TITLE: Final = "File name pattern"


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Where the wizard takes labels and samples from: keys of columns, and the file name `pattern`."""

    labels: str = LABEL
    samples: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OwnTestReport:
    """What a model made of a test set: its `evaluation`, or the `problem` why there is none; `notes` say the rest."""

    evaluation: Evaluation | None
    problem: str
    notes: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The figure with its interval in a sentence, or that there is none."""
        return self.evaluation.sentences[0] if self.evaluation else f"The test set was not evaluated. {self.problem}"


@dataclass(frozen=True, slots=True, eq=False)
class OwnTestSet:
    """The `spectra` of a test set and what to call it; `left_out` are sentences on what is not used, and why."""

    name: str
    spectra: TrainingSpectra
    left_out: tuple[str, ...]

    @classmethod
    def read(
        cls, paths: Sequence[Path], training: TrainingSpectra, entries: Sequence[Entry], progress: Progress
    ) -> OwnTestSet:
        """Read the files at `paths`, folders with all in them, up to Denoise by the recipe of the training `entries`.

        Files that are trained on, cannot be read, or lack some of the range of the `training` spectra are left out.
        Raises StudioError when none is left.
        """
        trained, recipe = {entry.path.resolve() for entry in entries}, entries[0].recipe if entries else None
        files = registry.find_files(paths)
        kept, failed, usable = (
            [file for file in files if file.resolve() not in trained],
            dict[str, str](),
            list[Entry](),
        )
        n_of_other_range = 0
        for number, file in enumerate(kept):
            progress(number, len(kept), "files")
            try:
                sets = registry.read(file)
            except Cancelled:
                raise
            except Exception as error:
                failed[file.name] = str(error)
                continue
            for spectra in sets:
                entry = _up_to_denoise(Entry(len(usable) + 1, file.name, file, source=spectra), recipe)
                assert entry.source is not None
                if _covers(entry.source, training.spectra):
                    usable.append(entry)
                else:
                    n_of_other_range += len(spectra)
        left_out = _left_out(len(files) - len(kept), failed, n_of_other_range)
        if not usable:
            raise StudioError("No spectrum here can be used as a test set.", " ".join(left_out) or "Choose another.")
        test = TrainingSpectra.of([(entry, np.arange(_size(entry))) for entry in usable], Project())
        if test.n_excluded:
            left_out.append(f"{count_of(test.n_excluded, 'spectrum', 'spectra')} with values that are not numbers.")
        name = paths[0].name if len(paths) == 1 else count_of(len(paths), "file")
        return cls(name, test, tuple(left_out))

    def find_labels(self, source: LabelSource, classes: Sequence[str] | None) -> tuple[str, TextArray]:
        """Return the title of the column that the labels are in, and the labels (N,), "" where there is none.

        It is the column that the training labels are from, if a label in it is one of `classes` (a number, where that
        is None); else the column with most such labels, for numbers "label" alone. The title is "" where none fits.
        """
        spectra = self.spectra
        found = [(column.key, column.title, column.words) for column in spectra.columns]
        found.append((PATTERN, PATTERN_TITLE, filename_pattern.match_pattern(source.pattern, spectra.stems)[0]))
        counts = {key: _n_known(words, classes) for key, _, words in found}
        allowed = [key for key in counts if classes is not None or key in (source.labels, LABEL)]
        best = max(allowed, key=lambda key: (counts[key] > 0 and key == source.labels, counts[key]), default="")
        if not counts.get(best):
            return "", np.full(len(spectra.names), "")
        return next((title, words) for key, title, words in found if key == best)

    def find_samples(self, source: LabelSource) -> TextArray | None:
        """Return the sample of each spectrum (N,), from where those of the training spectra are; None without."""
        if source.samples == PATTERN:
            return filename_pattern.match_pattern(source.pattern, self.spectra.stems)[1]
        return next((column.words for column in self.spectra.columns if column.key == source.samples), None)

    def evaluate(
        self, engine: Engine, model: FineTunedModel, source: LabelSource, n_before: int, progress: Progress
    ) -> OwnTestReport:
        """Return how good `model` is on these spectra; `n_before` models were evaluated on them before."""
        title, words = self.find_labels(source, model.card.classes if model.card.is_classifier else None)
        notes = [f"Labels: {title}."] if title else []
        notes += self.left_out
        if n_blank := int(np.sum(words == "")):
            notes.append(f"{count_of(n_blank, 'spectrum', 'spectra')} without a label.")
        if n_before:
            notes.append(
                f"This is model {n_before + 1} that is tested on these spectra: whoever chooses among models by the"
                " test set gets a figure that is too good."
            )
        try:
            classified = engine.classify(self.spectra.spectra, model, progress)
            evaluation = evaluate_test_set(classified, words, self.find_samples(source), model.card)
        except StudioError as error:
            return OwnTestReport(None, str(error), tuple(notes))
        return OwnTestReport(evaluation, "", tuple(notes))


def _n_known(words: TextArray, classes: Sequence[str] | None) -> int:
    """Return how many `words` (N,) are one of the classes, or a number where `classes` is None."""
    counts = Counter(words.tolist())
    if classes is not None:
        return sum(counts[name] for name in classes)
    return sum(count for word, count in counts.items() if parse_number(word) is not None)


def _size(entry: Entry) -> int:
    return 0 if entry.source is None else len(entry.source)


def _up_to_denoise(entry: Entry, recipe: Recipe | None) -> Entry:
    """Return an entry with its spectra as they enter Denoise by `recipe`."""
    return entry if recipe is None else replace(entry, source=RecipeRun(replace(entry, recipe=recipe)).measured)


def _covers(spectra: SpectrumSet, training: SpectrumSet) -> bool:
    """Whether spectra reach over the range of the training spectra, but for a little at the ends."""
    low, high = training.axis[0], training.axis[-1]
    missing = max(0.0, spectra.axis[0] - low) + max(0.0, high - spectra.axis[-1])
    return bool(missing <= MAX_MISSING * (high - low))


def _left_out(n_trained: int, failed: dict[str, str], n_of_other_range: int) -> list[str]:
    """Return sentences on files and spectra that are not used."""
    sentences = []
    if n_trained:
        sentences.append(f"{count_of(n_trained, 'file')} left out: trained on.")
    if failed:
        name, reason = next(iter(failed.items()))
        names = "" if len(failed) == 1 and name in reason else f": {quote_names(list(failed), 3)}"
        sentences.append(f"{count_of(len(failed), 'file')} not readable{names}. {reason}")
    if n_of_other_range:
        spectra = count_of(n_of_other_range, "spectrum", "spectra")
        sentences.append(f"{spectra} left out: without the range that is trained on.")
    return sentences
