"""Numbers, counts, sizes and signal-to-noise ratios as text: the same in the list, the panels and the tooltips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.export.snr_text import format_snr
from ramanstudio.project.project import Entry, Result

State = Literal["problem", "waiting", "raw", "denoised", "not denoised"]


@dataclass(frozen=True, slots=True)
class Snr:
    """Signal-to-noise ratio before and after denoising, and the gain; medians where there are several spectra."""

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
        """The exposure that the gain is equivalent to: noise falls with its square root, so gain² times as long."""
        if not np.isfinite(self.gain):
            return "Not denoised: it contains values that are not numbers."
        if round(self.gain, 1) <= 1.0:
            return "No measurable noise"
        return f"equivalent to {format_snr(self.gain**2)}× exposure"


def median_snr(results: list[Result]) -> Snr | None:
    """The median over all spectra of `results` whose SNR is known; None where nothing is denoised."""
    denoised = [result.denoised for result in results if result.denoised is not None]
    if not denoised:
        return None
    if len(denoised) == 1 and len(denoised[0].snr_before) == 1:  # nearly every row of a list: a median takes 50 µs
        only = denoised[0]
        return Snr(float(only.snr_before[0]), float(only.snr_after[0]), float(only.gain[0]))
    before, after, gain = (
        np.concatenate([np.atleast_1d(values) for values in column])
        for column in zip(*((item.snr_before, item.snr_after, item.gain) for item in denoised), strict=True)
    )
    known = np.isfinite(before)
    if not known.any():
        return Snr(np.nan, np.nan, np.nan)
    return Snr(*(float(np.median(values[known])) for values in (before, after, gain)))


def size_of(entry: Entry) -> str:
    """The size of an entry: `1015 points`, or `1600 × 1015 points`."""
    if entry.source is None:
        return ""
    points = f"{entry.source.points} points"
    return points if len(entry.source) == 1 else f"{len(entry.source)} × {points}"


def short_problem(entry_name: str, sentence: str) -> str:
    """`sentence` without the name that its row shows already: without `Could not read 'notes.txt': `."""
    for opening in (f"Could not read '{entry_name}': ", f"'{entry_name}' "):
        if sentence.startswith(opening):
            rest = sentence.removeprefix(opening)
            return rest[:1].upper() + rest[1:]
    return sentence


def kind_of(entry: Entry) -> str:
    """What an entry is: `map`, `time series`, `spectra` or `spectrum`."""
    if entry.source is None:
        return ""
    if len(entry.source) == 1:
        return "spectrum"
    if entry.source.is_map:
        return "map"
    return "time series" if "time" in entry.source.table else "spectra"


def number(value: float) -> str:
    """A number with four significant digits at most: 532, 632.8, 0.5."""
    return format_significant(value)


def count_of(count: int, singular: str, plural: str = "") -> str:
    """A count with its noun: `1 spectrum`, `24 spectra`."""
    return f"{format_number(count)} {singular if count == 1 else plural or singular + 's'}"
