"""Numbers and states in the field's words, the same in the list, the panel and the tooltips."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.export.figures import format_snr
from ramanstudio.project.project import Entry, Result

State = Literal["problem", "waiting", "raw", "denoised", "not denoised"]


@dataclass(frozen=True, slots=True)
class Snr:
    """Signal-to-noise before and after, and their ratio; medians where there are several spectra."""

    before: float
    after: float
    gain: float

    @property
    def arrow(self) -> str:
        """`12 → 31`."""
        return f"{format_snr(self.before)} → {format_snr(self.after)}"

    @property
    def times(self) -> str:
        """`×2.6`."""
        return f"×{format_snr(self.gain)}"

    @property
    def exposure(self) -> str:
        """What the gain is worth: noise falls with the root of the exposure, so gain² times as long."""
        if not np.isfinite(self.gain):
            return "Not denoised: it holds values that are not numbers."
        if round(self.gain, 1) <= 1.0:
            return "no measurable noise"
        return f"equivalent to {format_snr(self.gain**2)}× exposure"


def median_snr(results: list[Result]) -> Snr | None:
    """The SNR over all spectra of `results` of which it is known; None where nothing is denoised."""
    found = [result.denoised for result in results if result.denoised is not None]
    if not found:
        return None
    if len(found) == 1 and len(found[0].snr_before) == 1:  # nearly every row of a list: a median takes 50 µs
        only = found[0]
        return Snr(float(only.snr_before[0]), float(only.snr_after[0]), float(only.gain[0]))
    before, after, gain = (
        np.concatenate([np.atleast_1d(numbers) for numbers in column])
        for column in zip(*((one.snr_before, one.snr_after, one.gain) for one in found), strict=True)
    )
    known = np.isfinite(before)
    if not known.any():
        return Snr(np.nan, np.nan, np.nan)
    return Snr(*(float(np.median(numbers[known])) for numbers in (before, after, gain)))


def size_of(entry: Entry) -> str:
    """`1015 points`, or `1600 × 1015 points`."""
    if entry.source is None:
        return ""
    points = f"{entry.source.points} points"
    return points if len(entry.source) == 1 else f"{len(entry.source)} × {points}"


def short_problem(entry_name: str, sentence: str) -> str:
    """A sentence for a row that has the name already: without `Could not read 'notes.txt': `."""
    for opening in (f"Could not read '{entry_name}': ", f"'{entry_name}' "):
        if sentence.startswith(opening):
            rest = sentence.removeprefix(opening)
            return rest[:1].upper() + rest[1:]
    return sentence


def kind_of(entry: Entry) -> str:
    """`map`, `time series`, `spectra` or `spectrum`."""
    if entry.source is None:
        return ""
    if len(entry.source) == 1:
        return "spectrum"
    if entry.source.is_map:
        return "map"
    return "time series" if "time" in entry.source.table else "spectra"


def count_of(number: int, one: str, many: str = "") -> str:
    """`1 spectrum`, `24 spectra`."""
    return f"{format_number(number)} {one if number == 1 else many or one + 's'}"


def region_words(results: list[Result]) -> str:
    """Where the noise was measured: `over the whole axis`, `from 1,800 to 1,900 cm⁻¹`, or `in different regions`."""
    places = {_place(one) for one in results if one.denoised is not None and one.noise_region is not None}
    if len(places) > 1:
        return "in different regions"
    return places.pop() if places else ""


def _place(result: Result) -> str:
    """Only as far as the axis goes: a region may have been dragged over its end."""
    assert result.noise_region is not None
    first, last = float(result.source.axis[0]), float(result.source.axis[-1])
    low, high = max(result.noise_region[0], first), min(result.noise_region[1], last)
    return (
        "over the whole axis"
        if (low, high) == (first, last)
        else f"from {format_number(low)} to {format_number(high)} cm⁻¹"
    )


def together_words(results: list[Result]) -> str:
    """How the denoised spectra came to be: `with the whole set`, `each by itself`; nothing to say of one alone."""
    found = [one for one in results if one.denoised is not None]
    if sum(len(one.source) for one in found) == 1 and not found[0].set_size:
        return ""
    ways = {_way(one) for one in found}
    if len(ways) > 1:
        return "some with their set, some by themselves" if "each by itself" in ways else "each set as a whole"
    return ways.pop() if ways else ""


def wanted_words(entries: list[Entry]) -> str:
    """How entries are to be denoised: `with the whole set`, `each by itself`, `as one set`."""
    if not any(entry.set_id for entry in entries):
        return "each by itself"
    return "as one set" if any(entry.in_larger_set for entry in entries) else "with the whole set"


def _way(result: Result) -> str:
    if not result.set_size:
        return "each by itself"
    if result.set_size == len(result.source):
        return "with the whole set"
    return f"with a set of {format_number(result.set_size)} spectra"


_FACTS: Final = (  # what an instrument tells, in the order in which one asks
    ("laser_nm", "Laser", "nm"),
    ("exposure_s", "Exposure", "s"),
    ("accumulations", "Accumulations", ""),
    ("power_mw", "Power", "mW"),
    ("grating", "Grating", ""),
    ("objective", "Objective", ""),
    ("instrument", "Instrument", ""),
    ("sample", "Sample", ""),
    ("what", "What", ""),
    ("title", "Title", ""),
    ("date", "Measured", ""),
    ("intensity_unit", "Intensity", ""),
    ("format", "Format", ""),
    ("notes", "Note", ""),  # what the reader had to assume, or could not get
)


def facts_of(entries: list[Entry], results: list[Result]) -> list[tuple[str, str]]:
    """What is known of the selected entries: one by one where it is one, else what they have in common."""
    sources = [entry.source for entry in entries if entry.source is not None]
    if not sources:
        return []
    facts: list[tuple[str, str]] = []
    if len(sources) > 1:
        facts.append(("Selected", count_of(len(sources), "entry", "entries")))
    points = {source.points for source in sources}
    spectra = sum(len(source) for source in sources)
    if spectra > 1:
        shape = _shape(entries[0]) if len(sources) == 1 else ""
        facts.append(("Spectra", f"{format_number(spectra)}{shape}"))
    facts.append(
        (
            "Points",
            f"{format_number(points.pop())}"
            if len(points) == 1
            else f"{format_number(min(points))} to {format_number(max(points))}",
        )
    )
    low = min(float(source.axis[0]) for source in sources)
    high = max(float(source.axis[-1]) for source in sources)
    facts.append(("Range", f"{format_number(low)} to {format_number(high)} cm⁻¹"))
    for key, name, unit in _FACTS:
        values = {source.about.get(key) for source in sources}
        value = values.pop() if len(values) == 1 else None
        if value not in (None, ""):
            words = format_significant(float(value)) if isinstance(value, (int, float)) else str(value)
            facts.append((name, f"{words} {unit}".strip()))
    models = {one.model for one in results if one.denoised is not None}
    if len(models) == 1:
        facts.append(("Model", _breakable(models.pop(), "_-. ")))
    folders = {entry.path.parent for entry in entries}
    if len(entries) == 1:
        facts.append(("File", _breakable(entries[0].path.name, "_-. ")))
    if len(folders) == 1:
        facts.append(("Folder", _breakable(_near_home(folders.pop()), "/\\_-")))
    return facts


def _breakable(words: str, after: str) -> str:
    """The same words, which may go on in another line after any of these signs."""
    return "".join(f"{sign}\u200b" if sign in after else sign for sign in words)


def _near_home(folder: Path) -> str:
    """`~/Spectra` for what lies in the user's own folder."""
    home = Path.home()
    return str(Path("~") / folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)


def _shape(entry: Entry) -> str:
    """` (map, 40 × 40)`, ` (time series)`."""
    source = entry.source
    if source is None:
        return ""
    if source.is_map:
        across, down = np.unique(source.table["x"]).size, np.unique(source.table["y"]).size
        return f" (map, {across} × {down})" if across * down == len(source) else " (map)"
    return " (time series)" if "time" in source.table else ""
