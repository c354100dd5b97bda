"""The labels of N spectra as they are read, counted and judged: what takes too long for a key press. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import filename_pattern, labels

Words = NDArray[np.str_]
Codes = NDArray[np.intp]
ARE_NUMBERS: Final = "Nearly each label is another number: if they are a quantity, tick the box for numbers to predict."


@dataclass(frozen=True, slots=True, eq=False)
class LabelSummary:
    """Labels `words` (N,), which of the `classes` each is, `which` (N,), -1 without one, and the `counts` of these.

    `samples` (N,) is what a pattern says of samples; `numeric` whether the labels could be a quantity; `problem` why
    nothing can be learned from them; `warnings` what is doubtful.
    """

    words: Words
    samples: Words
    classes: tuple[str, ...]
    which: Codes
    counts: tuple[int, ...]
    numeric: bool
    problem: str
    warnings: tuple[str, ...]

    @property
    def blank(self) -> int:
        """How many have no label."""
        return len(self.words) - sum(self.counts)


def nothing_counted(spectra: int) -> LabelSummary:
    """Before anything was counted."""
    nothing = np.full(spectra, "")
    return LabelSummary(nothing, nothing, (), np.full(spectra, -1), (), False, "Nothing is counted yet.", ())


def coded(words: Words | Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """The different words in order, and for each of N words which it is (N,), -1 for an empty one."""
    given = words.tolist() if isinstance(words, np.ndarray) else words
    names = sorted(set(given) - {""})
    place = {name: number for number, name in enumerate(names)} | {"": -1}
    return tuple(names), np.fromiter((place[word] for word in given), np.intp, len(given))


def count_pattern(pattern: str, stems: Sequence[str], quantity: bool) -> LabelSummary:
    """Read the labels from the names of files."""
    words, samples = filename_pattern.match_pattern(pattern, stems)
    return count(words, quantity, samples)


def count(words: Words, quantity: bool, samples: Words | None = None) -> LabelSummary:
    """Count labels, and judge them as classes, or as a `quantity` where they can be one."""
    classes, which = coded(words)
    counts = tuple(np.bincount(which[which >= 0], minlength=len(classes)).tolist())
    unlike = _refusal_of_numbers(words)
    problem, told = unlike if quantity else "", tuple[str, ...]()
    if not quantity or unlike:
        try:
            known = labels.parse_classes(words, None, len(words))
            told, problem = tuple(labels.label_warnings(known)), ""
            if labels.look_numeric(words, len(words)):
                told = (ARE_NUMBERS,)
        except StudioError as error:
            problem = str(error)
    nothing = np.full(len(words), "") if samples is None else samples
    return LabelSummary(words, nothing, classes, which, counts, not unlike, problem, told)


def _refusal_of_numbers(words: Words) -> str:
    try:
        labels.parse_numbers(words, len(words))
    except StudioError as error:
        return str(error)
    return ""
