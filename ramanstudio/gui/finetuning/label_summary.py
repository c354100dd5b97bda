"""Labels of N spectra, read, counted and checked; too slow for a key press where spectra are many. Imports no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import filename_pattern, labels

TextArray = NDArray[np.str_]
CodeArray = NDArray[np.intp]
MANY_NUMBERS: Final = (
    "Nearly every label is a different number. If they are a quantity, tick the box for numbers to predict."
)


@dataclass(frozen=True, slots=True, eq=False)
class LabelSummary:
    """Labels (N,) of K `classes`, the class number of each spectrum `codes` (N,), -1 without a label, and `counts` (K).

    `samples` (N,) are the sample names in a file name pattern; `is_numeric` says whether the labels could be a
    quantity; `problem` is why nothing can be trained on them; `warnings` is what is doubtful.
    """

    labels: TextArray
    samples: TextArray
    classes: tuple[str, ...]
    codes: CodeArray
    counts: tuple[int, ...]
    is_numeric: bool
    problem: str
    warnings: tuple[str, ...]

    @property
    def n_unlabelled(self) -> int:
        """The number of spectra without a label."""
        return len(self.labels) - sum(self.counts)


def empty_summary(n_spectra: int) -> LabelSummary:
    """Return the summary of `n_spectra` before their labels were counted."""
    blank = np.full(n_spectra, "")
    return LabelSummary(blank, blank, (), np.full(n_spectra, -1), (), False, "The labels are not counted yet.", ())


def encode(words: TextArray | Sequence[str]) -> tuple[tuple[str, ...], CodeArray]:
    """Return the distinct `words`, sorted, and the number of each of N words (N,), -1 for an empty one."""
    values = words.tolist() if isinstance(words, np.ndarray) else words
    names = sorted(set(values) - {""})
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    return tuple(names), np.fromiter((numbers[word] for word in values), np.intp, len(values))


def summarise_pattern(pattern: str, stems: Sequence[str], quantity: bool) -> LabelSummary:
    """Return the summary of the labels that `pattern` finds in file names `stems` (N,)."""
    words, samples = filename_pattern.match_pattern(pattern, stems)
    return summarise_labels(words, quantity, samples)


def summarise_labels(words: TextArray, quantity: bool, samples: TextArray | None = None) -> LabelSummary:
    """Return the summary of labels `words` (N,), checked as classes, or as a `quantity` if they can be one."""
    classes, codes = encode(words)
    counts = tuple(np.bincount(codes[codes >= 0], minlength=len(classes)).tolist())
    not_numeric = _why_not_numeric(words)
    problem, warnings = not_numeric if quantity else "", tuple[str, ...]()
    if not quantity or not_numeric:
        try:
            warnings, problem = tuple(labels.label_warnings(labels.parse_classes(words, None, len(words)))), ""
            if labels.look_numeric(words, len(words)):
                warnings = (MANY_NUMBERS,)
        except StudioError as error:
            problem = str(error)
    samples = np.full(len(words), "") if samples is None else samples
    return LabelSummary(words, samples, classes, codes, counts, not not_numeric, problem, warnings)


def _why_not_numeric(words: TextArray) -> str:
    """Return why labels are not a quantity; empty where they can be one."""
    try:
        labels.parse_numbers(words, len(words))
    except StudioError as error:
        return str(error)
    return ""
