"""Labels as people give them, made into classes or numbers: blanks, spare spaces, and one word in two spellings."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError

Places = NDArray[np.intp]
FEWEST_A_CLASS: Final = 3
UNSEEN: Final = str.maketrans("", "", "\u200b\u2060\ufeff")  # of no width: two labels that differ in them look the same
UNEVEN: Final = 5  # times as many spectra in the largest class as in the smallest
FEWEST_NUMBERS, OFTEN_EQUAL = 12, 3  # numbers that differ make a quantity, unless each is there three times


@dataclass(frozen=True, slots=True, eq=False)
class ClassLabels:
    """The labelled of N spectra: their `places` (n,), class numbers `which` (n,), `classes` (K,), sample numbers (n,).

    `unlabelled` are the other places; `samples` is None where nothing is known of them.
    """

    places: Places
    which: Places
    classes: tuple[str, ...]
    samples: Places | None
    unlabelled: Places

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(np.bincount(self.which, minlength=len(self.classes)).tolist())


def clean(label: Any) -> str:
    """A label as one line of text without spare spaces; nothing for None and NaN."""
    if label is None or (isinstance(label, (float, np.floating)) and np.isnan(label)):
        return ""
    if isinstance(label, bytes):
        label = label.decode("utf-8", "replace")
    text = unicodedata.normalize("NFC", str(label)).translate(UNSEEN)
    return " ".join("".join(" " if unicodedata.category(one) == "Cc" else one for one in text).split())


def labelled(labels: ArrayLike | Sequence[Any], groups: ArrayLike | Sequence[Any] | None, spectra: int) -> ClassLabels:
    """The classes of `labels` (N,), where a blank means no label, and the samples named by `groups` (N,).

    A spectrum without a sample's name is a sample of its own. Raises StudioError when there are not so many labels as
    spectra, none, or only one class.
    """
    words = _words(labels, spectra, "labels")
    places = np.flatnonzero(words != "")
    if not len(places):
        raise StudioError("None of the spectra has a label.", remedy="Label a few spectra of each class.")
    classes, which = np.unique(words[places], return_inverse=True)
    if len(classes) < 2:
        raise StudioError(
            f"All labelled spectra are of one class, '{classes[0]}'.", remedy="Label spectra of a second class."
        )
    unlabelled = np.flatnonzero(words == "")
    return ClassLabels(places, which, tuple(classes.tolist()), _samples(groups, places, spectra), unlabelled)


def numbers(labels: ArrayLike | Sequence[Any], spectra: int) -> NDArray[np.float64]:
    """Labels (N,) as numbers, NaN for blanks. Raises StudioError when one is not a number."""
    words = _words(labels, spectra, "labels")
    found = np.full(spectra, np.nan)
    for place in np.flatnonzero(words != "").tolist():
        value = number(words[place])
        if value is None:
            raise StudioError(f"The label '{words[place]}' is not a number.", remedy="Give numbers, or teach classes.")
        found[place] = value
    if np.isfinite(found).sum() < FEWEST_A_CLASS or np.ptp(found[np.isfinite(found)]) == 0:
        raise StudioError(
            "A quantity cannot be learned from fewer than three numbers, or from equal ones.",
            remedy="Label more spectra, of different values.",
        )
    return found


def are_numbers(labels: ArrayLike | Sequence[Any], spectra: int) -> bool:
    """Whether labels look like a quantity: numbers, of which many differ."""
    words = [word for word in _words(labels, spectra, "labels") if word]
    values = [number(word) for word in words]
    if not values or any(value is None for value in values):
        return False
    different = len(set(values))
    return different >= FEWEST_NUMBERS and different * OFTEN_EQUAL > len(values)


def samples_of(groups: ArrayLike | Sequence[Any] | None, places: Places, spectra: int) -> Places | None:
    """The samples of the spectra at `places` by number (n,), None where none are named."""
    return _samples(groups, places, spectra)


def warnings(one: ClassLabels) -> list[str]:
    """What a person should know of the labels before trusting what is learned from them."""
    counts, told = np.array(one.counts), []
    few = [name for name, count in zip(one.classes, counts, strict=True) if count < FEWEST_A_CLASS]
    if few:
        told.append(f"Fewer than three spectra of {in_words(few)}: little can be said of how well it is recognised.")
    if counts.max() >= UNEVEN * max(counts.min(), 1):
        most, least = one.classes[int(counts.argmax())], one.classes[int(counts.argmin())]
        told.append(f"There are {counts.max()} spectra of '{most}' but {counts.min()} of '{least}'.")
    spellings: dict[str, list[str]] = {}
    for name in one.classes:
        spellings.setdefault(name.casefold(), []).append(name)
    for names in spellings.values():
        if len(names) > 1:
            told.append(f"{in_words(names)} differ only in capitals and are taken as different classes.")
    return told


def in_words(names: Sequence[str], most: int = 5) -> str:
    """Names in a sentence: 'a', 'b' and 3 more."""
    quoted = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(quoted)} and {len(names) - most} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _words(labels: ArrayLike | Sequence[Any], spectra: int, what: str) -> NDArray[np.str_]:
    given = np.asarray(labels, dtype=object).reshape(-1)
    if len(given) != spectra:
        raise StudioError(
            f"There are {len(given)} {what} for {spectra} spectra.", remedy="Give one for each; blank for none."
        )
    return np.array([clean(one) for one in given], dtype=str)


def _samples(groups: ArrayLike | Sequence[Any] | None, places: Places, spectra: int) -> Places | None:
    if groups is None:
        return None
    words = _words(groups, spectra, "names of samples").astype(object)
    for place in np.flatnonzero(words == ""):
        words[place] = ("", place)  # no two that are not named are one
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(words[place], len(seen)) for place in places], dtype=np.intp)


def number(word: str) -> float | None:
    """The number that a label is, with a decimal comma or per cent sign or without; None where it is none."""
    try:
        value = float(word.rstrip("%").strip().replace(",", "."))
    except ValueError:
        return None
    return value if np.isfinite(value) else None
