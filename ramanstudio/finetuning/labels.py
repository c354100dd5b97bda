"""Labels as users give them, parsed into classes or numbers: blanks, stray spaces, and one word in two spellings."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError

IntArray = NDArray[np.intp]
LabelInput = ArrayLike | Sequence[Any]  # a label for each spectrum: text, number, None or NaN
MIN_LABELS_PER_CLASS: Final = 3
MIN_NUMBERS: Final = 3
MAX_NUMBER: Final = 1e30  # of a quantity: its square has to be a number too
ZERO_WIDTH: Final = str.maketrans("", "", "\u200b\u2060\ufeff")  # two labels that differ in these look the same
IMBALANCE_RATIO: Final = 5  # of the largest to the smallest class, from which on a warning is due
_ZERO_PADDED: Final = re.compile(r"0\d+")
MAX_CODES: Final = (
    11  # classes numbered 0, 1, 2, … or 1, 2, 3, …; more consecutive numbers are a quantity, such as days
)


@dataclass(frozen=True, slots=True, eq=False)
class ClassLabels:
    """The class labels of N spectra, n of them labelled, with K classes.

    `indices` (n,) are the labelled spectra, `targets` (n,) their class numbers, `samples` (n,) their sample numbers
    (None where samples are unknown), `unlabelled` (N - n,) the other spectra.
    """

    indices: IntArray
    targets: IntArray
    classes: tuple[str, ...]
    samples: IntArray | None
    unlabelled: IntArray

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of labelled spectra of each class (K)."""
        return tuple(np.bincount(self.targets, minlength=len(self.classes)).tolist())


def clean_label(label: Any) -> str:
    """Return a label as one line of text without stray spaces; empty for None and NaN."""
    if label is None or (isinstance(label, (float, np.floating)) and np.isnan(label)):
        return ""
    if isinstance(label, bytes):
        label = label.decode("utf-8", "replace")
    text = unicodedata.normalize("NFC", str(label)).translate(ZERO_WIDTH)
    return " ".join("".join(" " if unicodedata.category(char) == "Cc" else char for char in text).split())


def parse_classes(labels: LabelInput, groups: LabelInput | None, n_spectra: int) -> ClassLabels:
    """Return the classes of `labels` (N,), where a blank means unlabelled, with the samples named by `groups` (N,).

    A spectrum without a sample name is a sample of its own. Raises StudioError when the numbers of labels and spectra
    differ, or when there are fewer than two classes.
    """
    words = _clean_labels(labels, n_spectra, "labels")
    indices = np.flatnonzero(words != "")
    if not len(indices):
        raise StudioError("None of the spectra has a label.", remedy="Label a few spectra of each class.")
    classes, targets = np.unique(words[indices], return_inverse=True)
    if len(classes) < 2:
        raise StudioError(
            f"All labelled spectra are of one class, '{classes[0]}'.", remedy="Label spectra of a second class."
        )
    samples = parse_samples(groups, indices, n_spectra)
    return ClassLabels(indices, targets, tuple(classes.tolist()), samples, np.flatnonzero(words == ""))


def parse_numbers(labels: LabelInput, n_spectra: int) -> NDArray[np.float64]:
    """Return labels (N,) as numbers, NaN for blanks.

    Raises StudioError when a label is not a number, or there are fewer than three numbers or only equal ones.
    """
    numbers = parse_test_numbers(labels, n_spectra)
    known = numbers[np.isfinite(numbers)]
    if len(known) < MIN_NUMBERS or np.ptp(known) == 0:
        raise StudioError(
            "A quantity cannot be learned from fewer than three numbers, or from equal ones.",
            remedy="Label more spectra, of different values.",
        )
    return numbers


def parse_test_numbers(labels: LabelInput, n_spectra: int) -> NDArray[np.float64]:
    """Return labels (N,) as numbers, NaN for blanks, however few there are.

    Raises StudioError when a label is not a number.
    """
    words = _clean_labels(labels, n_spectra, "labels")
    numbers = np.full(n_spectra, np.nan)
    for index in np.flatnonzero(words != "").tolist():
        value = parse_number(words[index])
        if value is None:
            raise StudioError(
                f"The label '{words[index]}' is not a number.", remedy="Give numbers, or train on classes."
            )
        if abs(value) > MAX_NUMBER:
            raise StudioError(
                f"The label '{words[index]}' is too large to be learned.", remedy=f"Give numbers up to {MAX_NUMBER:g}."
            )
        numbers[index] = value
    return numbers


def parse_number(text: str) -> float | None:
    """Return the number in a label, with a decimal comma or per cent sign or without; None where it is not one."""
    try:
        value = float(text.rstrip("%").strip().replace(",", "."))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def look_numeric(labels: LabelInput, n_spectra: int) -> bool:
    """Return whether labels (N,) look like a quantity: three or more different numbers that are no codes of classes.

    Repeats of each number say nothing: a calibration series has several spectra of each concentration. Codes are up to
    eleven whole numbers that count from 0 or 1, and numbers such as 007.
    """
    words = [word for word in _clean_labels(labels, n_spectra, "labels") if word]
    values = [parse_number(word) for word in words]
    if not values or any(value is None for value in values) or any(map(_ZERO_PADDED.fullmatch, words)):
        return False
    distinct = sorted({value for value in values if value is not None})
    counts_up = distinct[0] in (0.0, 1.0) and all(b - a == 1 for a, b in itertools.pairwise(distinct))
    return len(distinct) >= MIN_NUMBERS and not (counts_up and len(distinct) <= MAX_CODES)


def parse_samples(groups: LabelInput | None, indices: IntArray, n_spectra: int) -> IntArray | None:
    """Return the sample numbers (n,) of the spectra at `indices` (n,), named by `groups` (N,); None without groups.

    Each spectrum without a sample name gets a number of its own.
    """
    if groups is None:
        return None
    names = _clean_labels(groups, n_spectra, "sample names").astype(object)
    for index in np.flatnonzero(names == ""):
        names[index] = ("", index)
    numbers: dict[Any, int] = {}
    return np.array([numbers.setdefault(names[index], len(numbers)) for index in indices], dtype=np.intp)


def label_warnings(labels: ClassLabels) -> list[str]:
    """Return sentences on small, unbalanced and similarly spelled classes."""
    counts, warnings = np.array(labels.counts), []
    small = [name for name, count in zip(labels.classes, counts, strict=True) if count < MIN_LABELS_PER_CLASS]
    if small:
        warnings.append(f"Fewer than three spectra of {quote_names(small)}: the recall of such a class is uncertain.")
    if counts.max() >= IMBALANCE_RATIO * max(counts.min(), 1):
        largest, smallest = labels.classes[int(counts.argmax())], labels.classes[int(counts.argmin())]
        warnings.append(f"There are {counts.max()} spectra of '{largest}' but {counts.min()} of '{smallest}'.")
    spellings: dict[str, list[str]] = {}
    for name in labels.classes:
        spellings.setdefault(name.casefold(), []).append(name)
    for names in spellings.values():
        if len(names) > 1:
            warnings.append(f"{quote_names(names)} differ only in capitals and count as different classes.")
    return warnings


def quote_names(names: Sequence[str], limit: int = 5) -> str:
    """Return names for a sentence: 'a', 'b' and 3 more."""
    quoted = [f"'{name}'" for name in names[:limit]]
    if len(names) > limit:
        return f"{', '.join(quoted)} and {len(names) - limit} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _clean_labels(labels: LabelInput, n_spectra: int, what: str) -> NDArray[np.str_]:
    """Return cleaned labels (N,). Raises StudioError when there are not `n_spectra` of them."""
    values = np.asarray(labels, dtype=object).reshape(-1)
    if len(values) != n_spectra:
        raise StudioError(
            f"There are {len(values)} {what} for {n_spectra} spectra.",
            remedy="Give one for each spectrum; leave unknown ones blank.",
        )
    return np.array([clean_label(value) for value in values], dtype=str)
