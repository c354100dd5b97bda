"""Metadata as rows: every fact that a reader found, in groups, and how a typed value becomes one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_significant
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.gui.document.laser import EDITED

MEASUREMENT, SAMPLE, FILE, HEADER = "Measurement", "Sample", "File", "Header of the file"
DIFFERENT: Final = "(different)"


@dataclass(frozen=True, slots=True)
class Field:
    """A known fact: metadata key, group, name and unit; `kind` is the type of its value, `is_editable` by the user."""

    key: str
    group: str
    name: str
    unit: str = ""
    kind: type[str] | type[float] | type[int] = str
    is_editable: bool = True


FIELDS: Final = (
    Field("laser_nm", MEASUREMENT, "Laser wavelength", "nm", float, is_editable=False),
    Field("laser_in_file_nm", MEASUREMENT, "Laser wavelength in the file", "nm", float, is_editable=False),
    Field("laser_power_mw", MEASUREMENT, "Laser power", "mW", float),
    Field("laser_power_percent", MEASUREMENT, "Laser power, of its maximum", "%", float),
    Field("exposure_s", MEASUREMENT, "Exposure time", "s", float),
    Field("accumulations", MEASUREMENT, "Accumulations", "", int),
    Field("date", MEASUREMENT, "Date"),
    Field("instrument", MEASUREMENT, "Instrument"),
    Field("objective", MEASUREMENT, "Objective"),
    Field("grating", MEASUREMENT, "Grating"),
    Field("slit_um", MEASUREMENT, "Slit", "µm", float),
    Field("detector", MEASUREMENT, "Detector"),
    Field("operator", MEASUREMENT, "Operator"),
    Field("software", MEASUREMENT, "Software", "", str, is_editable=False),
    Field("sample", SAMPLE, "Sample"),
    Field("title", SAMPLE, "Title"),
    Field("what", SAMPLE, "Description"),
    Field("intensity_unit", SAMPLE, "Unit of intensities"),
    Field("format", FILE, "Format", is_editable=False),
    Field("axis_in_file", FILE, "Axis in the file", is_editable=False),
    Field("other_columns", FILE, "Columns not shown", is_editable=False),
    Field("white_light_image", FILE, "White-light image", is_editable=False),
    Field("notes", FILE, "Note", is_editable=False),
    Field("source", FILE, "Path", is_editable=False),
)
BY_KEY: Final = {field.key: field for field in FIELDS}
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
    edited = any(field.key in str(one_set.about.get(EDITED, "")).split(", ") for one_set in spectra)
    return Fact(field, _text(values.pop()) if len(values) == 1 else DIFFERENT, edited)


def _words(key: str) -> str:
    return key.replace("_", " ").replace(".", " ")


def _text(value: Plain | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return format_significant(value) if abs(value) < 1e6 else f"{value:g}"
    return str(value)


def value_from_text(field: Field, text: str) -> Plain | None:
    """Return the value that a user typed for a field; None where it was emptied.

    Raises StudioError when it is not a number of the field's kind.
    """
    text = text.strip()
    if not text:
        return None
    if field.kind is str:
        return text[:10_000]
    plain = text.removesuffix(field.unit).strip().replace("\u2009", "").replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number <= 0 or (field.kind is int and number != int(number)):
        what = "a whole number" if field.kind is int else "a number"
        unit = f" in {field.unit}" if field.unit else ""
        raise StudioError(f"'{text}' is no {field.name.lower()}.", remedy=f"Type {what} above 0{unit}.")
    return int(number) if field.kind is int else number


def with_fact(about: Mapping[str, Plain], key: str, value: Plain | None) -> dict[str, Plain]:
    """Return metadata in which a fact is set by the user, or removed (None), and marked as edited."""
    edited = [name for name in str(about.get(EDITED, "")).split(", ") if name and name != key]
    changed = {name: old for name, old in about.items() if name not in (key, EDITED)}
    if value is not None:
        changed[key] = value
    return changed | {EDITED: ", ".join([*edited, key])}


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
