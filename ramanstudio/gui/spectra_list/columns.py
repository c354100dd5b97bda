"""What rows of the list can be sorted and filtered by: one row for each column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from ramanstudio.core.numbers import format_significant
from ramanstudio.gui.common.texts import Snr, State
from ramanstudio.project.project import Entry
from ramanstudio.signal.quality import Quality

Value = float | str | None


class EntryFacts(Protocol):
    """What columns and filter ask about the entry of a row."""

    def snr(self, entry: Entry) -> Snr | None:
        """Return its signal-to-noise ratio."""

    def state(self, entry: Entry) -> State:
        """Return its state."""

    def quality(self, entry: Entry) -> Quality | None:
        """Return what the checks found in it."""

    def cosmic_rays(self, entry: Entry) -> int | None:
        """Return how many cosmic rays it holds."""

    def substance(self, entry: Entry) -> tuple[str, float | None]:
        """Return what it was identified as, and the probability in %."""

    def facts(self, entry: Entry) -> list[str]:
        """Return words about it that the filter finds."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key, its title, other names of it in the filter, and its value for an entry.

    A column with `shows` is written into the rows while they are sorted by it. Numbers are sorted from the largest.
    """

    key: str
    title: str
    names: tuple[str, ...]
    value: Callable[[EntryFacts, Entry], Value]
    shows: bool = False
    unit: str = ""

    def text(self, model: EntryFacts, entry: Entry) -> str:
        """Return the value with its title or unit, for a row; empty where it is not known."""
        value = self.value(model, entry)
        if value is None or value == "":
            return ""
        if isinstance(value, str):
            return value
        return f"{format_significant(value)} {self.unit}" if self.unit else f"{self.title} {format_significant(value)}"


def _snr(name: str) -> Callable[[EntryFacts, Entry], Value]:
    return lambda model, entry: getattr(model.snr(entry), name, None)


def _fact(name: str) -> Callable[[EntryFacts, Entry], Value]:
    def value(_model: EntryFacts, entry: Entry) -> Value:
        stated: Any = entry.source.about.get(name) if entry.source is not None else None
        is_number = isinstance(stated, int | float) and not isinstance(stated, bool)
        return float(stated) if is_number else None

    return value


def _finding(code: str) -> Callable[[EntryFacts, Entry], Value]:
    def value(model: EntryFacts, entry: Entry) -> Value:
        quality = model.quality(entry)
        if quality is None:
            return None
        values = quality.values.get(code)
        return 0.0 if values is None else float(values.max())

    return value


def _cosmic_rays(model: EntryFacts, entry: Entry) -> Value:
    count = model.cosmic_rays(entry)
    return None if count is None else float(count)


COLUMNS: Final = (
    Column("name", "Name", (), lambda _model, entry: entry.name),
    Column("points", "Points", (), lambda _, entry: float(entry.source.points) if entry.source is not None else None),
    Column("spectra", "Spectra", (), lambda _, entry: float(len(entry.source)) if entry.source is not None else None),
    Column("before", "SNR before", ("raw snr",), _snr("before")),
    Column("after", "SNR after", ("snr",), _snr("after")),
    Column("gain", "Gain", (), _snr("gain"), shows=True),
    Column("cosmic_rays", "Cosmic rays", ("spikes",), _cosmic_rays),
    Column("saturated", "Saturated points", ("saturated",), _finding("saturated"), shows=True),
    Column("fluorescence", "Fluorescence", ("baseline",), _finding("fluorescence"), shows=True),
    Column("laser", "Laser", ("laser wavelength",), _fact("laser_nm"), shows=True, unit="nm"),
    Column("exposure", "Exposure", (), _fact("exposure_s"), shows=True, unit="s"),
    Column("substance", "Substance", (), lambda model, entry: model.substance(entry)[0] or None, shows=True),
    Column("probability", "Probability", (), lambda model, entry: model.substance(entry)[1], shows=True, unit="%"),
    Column("state", "State", (), lambda model, entry: model.state(entry)),
)
BY_KEY: Final = {column.key: column for column in COLUMNS}
NAMES: Final = {name: column for column in COLUMNS for name in (column.title.casefold(), *column.names)}


def sort_key(column: Column, value: Value, natural: Callable[[str], Any]) -> tuple[bool, Any]:
    """Return the key by which rows are sorted: texts from A, numbers from the largest; what is not known comes last."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return True, ()
    return False, natural(value) if isinstance(value, str) else (-value,)
