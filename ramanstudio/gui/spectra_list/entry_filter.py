"""The filter of the list: words, "not" before a word, and conditions such as `SNR < 5`. Free of Qt."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ramanstudio.gui.spectra_list.columns import NAMES, Column, EntryFacts
from ramanstudio.project.project import Entry

HELP: Final = (
    "Show spectra whose name, folder or state contains these words (Ctrl+F).\n"
    "Conditions: SNR < 5, cosmic rays > 0, gain >= 2, points < 500, laser = 785, saturated > 0, probability > 90.\n"
    "Words: saturated, strong fluorescence, only noise, with cosmic rays, identified, problem; a not before a word"
    " turns it round: not identified."
)
PRESETS: Final = (  # title, filter
    ("SNR below 5", "SNR < 5"),
    ("With cosmic rays", "cosmic rays > 0"),
    ("Saturated", "saturated > 0"),
    ("Strong fluorescence", "fluorescence > 3"),
    ("Only noise", "only noise"),
    ("Identified", "identified"),
    ("Not identified", "not identified"),
    ("Not denoised", "not denoised"),
    ("Could not be read", "problem"),
)
_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "≤": operator.le,
    "≥": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_CONDITION: Final = re.compile(
    rf"(?<!\w)({'|'.join(map(re.escape, sorted(NAMES, key=len, reverse=True)))})\s*"
    rf"({'|'.join(map(re.escape, _OPERATORS))})\s*(-?\d+(?:[.,]\d+)?)"
)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What a row must hold: `words`, none of `unwanted`, and numbers in some columns."""

    words: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    conditions: tuple[tuple[Column, str, float], ...] = ()

    @classmethod
    def parse(cls, text: str) -> EntryFilter:
        """Return the filter that a text states."""
        text = text.casefold()
        conditions = tuple(
            (NAMES[name], sign, float(number.replace(",", "."))) for name, sign, number in _CONDITION.findall(text)
        )
        words, unwanted, is_negated = list[str](), list[str](), False
        for word in _CONDITION.sub(" ", text).split():
            if word == "not" and not is_negated:
                is_negated = True
                continue
            (unwanted if is_negated else words).append(word)
            is_negated = False
        return cls((*words, *(["not"] if is_negated else [])), tuple(unwanted), conditions)

    def __bool__(self) -> bool:
        return bool(self.words or self.unwanted or self.conditions)

    def passes(self, model: EntryFacts, entry: Entry) -> bool:
        """Whether an entry passes; a number that is not known passes no condition."""
        for column, sign, number in self.conditions:
            value = column.value(model, entry)
            if not isinstance(value, float) or not _OPERATORS[sign](value, number):
                return False
        if not (self.words or self.unwanted):
            return True
        facts = model.facts(entry)
        text = f"{entry.name} {entry.path.parent.name} {model.state(entry)} {' '.join(facts)}".casefold()
        if not all(word in text for word in self.words):
            return False
        own = {model.state(entry), *(word for fact in facts for word in fact.casefold().split())}
        name = entry.name.casefold()
        return not any(word in own or word in name for word in self.unwanted)
