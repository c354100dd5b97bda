"""Labels of N spectra, read, counted and checked; too slow for a key press where spectra are many. Imports no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_significant
from ramanstudio.finetuning import filename_pattern, labels

TextArray = NDArray[np.str_]
CodeArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class LabelSummary:
    """Labels (N,) of K `classes`, the class number of each spectrum `codes` (N,), -1 without a label, and `counts` (K).

    `samples` (N,) are the sample names in a file name pattern; `is_numeric` says whether the labels could be a
    quantity, `is_quantity` whether they are learned as one; `problem` is why nothing can be trained on them; `warnings`
    is what is doubtful.
    """

    labels: TextArray
    samples: TextArray
    classes: tuple[str, ...]
    codes: CodeArray
    counts: tuple[int, ...]
    is_numeric: bool
    is_quantity: bool
    problem: str
    warnings: tuple[str, ...]

    @property
    def n_unlabelled(self) -> int:
        """The number of spectra without a label."""
        return len(self.labels) - sum(self.counts)


def empty_summary(n_spectra: int) -> LabelSummary:
    """Return the summary of `n_spectra` before their labels were counted."""
    blank = np.full(n_spectra, "")
    return LabelSummary(
        blank, blank, (), np.full(n_spectra, -1), (), False, False, "The labels are not counted yet.", ()
    )


def encode(words: TextArray | Sequence[str]) -> tuple[tuple[str, ...], CodeArray]:
    """Return the distinct `words`, sorted, and the number of each of N words (N,), -1 for an empty one."""
    values = words.tolist() if isinstance(words, np.ndarray) else words
    names = sorted(set(values) - {""})
    numbers = {name: number for number, name in enumerate(names)} | {"": -1}
    return tuple(names), np.fromiter((numbers[word] for word in values), np.intp, len(values))


def summarise_pattern(pattern: str, stems: Sequence[str], quantity: bool | None) -> LabelSummary:
    """Return the summary of the labels that `pattern` finds in file names `stems` (N,)."""
    words, samples = filename_pattern.match_pattern(pattern, stems)
    return summarise_labels(words, quantity, samples)


def summarise_labels(words: TextArray, quantity: bool | None, samples: TextArray | None = None) -> LabelSummary:
    """Return the summary of labels `words` (N,), checked as classes, or as a `quantity` if they can be one.

    With None for `quantity` they are what they look like.
    """
    classes, codes = encode(words)
    counts = tuple(np.bincount(codes[codes >= 0], minlength=len(classes)).tolist())
    not_numeric = _why_not_numeric(words)
    is_quantity = not not_numeric and (labels.look_numeric(words, len(words)) if quantity is None else quantity)
    problem, warnings = not_numeric if quantity else "", tuple[str, ...]()
    if not is_quantity:
        try:
            warnings, problem = tuple(labels.label_warnings(labels.parse_classes(words, None, len(words)))), ""
        except StudioError as error:
            problem = str(error)
    samples = np.full(len(words), "") if samples is None else samples
    return LabelSummary(words, samples, classes, codes, counts, not not_numeric, is_quantity, problem, warnings)


def quantity_text(summary: LabelSummary) -> str:
    """Return what numeric labels are learned as, in a sentence; empty for others."""
    if not summary.is_numeric:
        return ""
    values = [value for name in summary.classes if (value := labels.parse_number(name)) is not None]
    if not summary.is_quantity:
        return f"The labels are numbers, learned as {len(values)} classes. Tick the box to learn a quantity."
    low, high = format_significant(min(values)), format_significant(max(values))
    return f"Learned as a quantity from {low} to {high}, {len(values)} different values. Untick the box for classes."


def _why_not_numeric(words: TextArray) -> str:
    """Return why labels are not a quantity; empty where they can be one."""
    try:
        labels.parse_numbers(words, len(words))
    except StudioError as error:
        return str(error)
    return ""
