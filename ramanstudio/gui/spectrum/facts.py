"""Metadata as rows: every fact that a reader found, in groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ramanstudio.core.metadata import BY_KEY, EDITED, FIELDS, FILE, HEADER, Field, edited_keys, value_text
from ramanstudio.core.spectra import SpectrumSet

DIFFERENT: Final = "(different)"


_HEADER_PREFIX: Final = "header."


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: its field, the value as text (empty where it is not stated), and whether the user set it."""

    field: Field
    text: str
    is_edited: bool = False


def facts_of(spectra: Sequence[SpectrumSet]) -> list[Fact]:
    """Return the facts about sets of spectra, group by group; a value that differs between them is DIFFERENT.

    Fields that can be edited are there even where nothing states them.
    """
    if not spectra:
        return []
    keys = dict.fromkeys(key for one_set in spectra for key in one_set.about if key != EDITED)
    facts = []
    for field in FIELDS:
        if field.key in keys or field.is_editable:
            facts.append(_fact(field, spectra))
    for key in keys:
        if key not in BY_KEY:
            name = key.removeprefix(_HEADER_PREFIX)
            group = HEADER if key.startswith(_HEADER_PREFIX) else FILE
            facts.append(
                _fact(Field(key, group, name if group == HEADER else _words(name), is_editable=False), spectra)
            )
    return facts


def _fact(field: Field, spectra: Sequence[SpectrumSet]) -> Fact:
    values = {one_set.about.get(field.key) for one_set in spectra}
    edited = any(field.key in edited_keys(one_set.about) for one_set in spectra)
    return Fact(field, value_text(values.pop()) if len(values) == 1 else DIFFERENT, edited)


def _words(key: str) -> str:
    return key.replace("_", " ").replace(".", " ")


def as_text(facts: Sequence[Fact]) -> str:
    """Return facts as lines 'name<tab>value' under their groups, to be copied."""
    lines: list[str] = []
    group = ""
    for fact in facts:
        if not fact.text:
            continue
        if fact.field.group != group:
            group = fact.field.group
            lines += [*([""] if lines else []), group]
        lines.append(
            f"{fact.field.name}\t{fact.text} {fact.field.unit}".rstrip() + (" (edited)" if fact.is_edited else "")
        )
    return "\n".join(lines)
