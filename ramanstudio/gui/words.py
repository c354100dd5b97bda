"""Numbers and states in the field's words, the same in the list, the panel and the tooltips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ramanstudio.pictures import ratio_text
from ramanstudio.project import Entry, Result

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
        return f"{ratio_text(self.before)} → {ratio_text(self.after)}"

    @property
    def times(self) -> str:
        """`×2.6`."""
        return f"×{ratio_text(self.gain)}"

    @property
    def exposure(self) -> str:
        """What the gain is worth: noise falls with the root of the exposure, so gain² times as long."""
        if not np.isfinite(self.gain):
            return ""
        if round(self.gain, 1) <= 1.0:
            return "clean already: nothing to gain"
        return f"like {ratio_text(self.gain**2)}× the exposure"


def median_snr(results: list[Result], spectrum: int | None = None) -> Snr | None:
    """The SNR over all spectra of `results`, or of one of them; None where nothing is denoised."""
    found = [result.denoised for result in results if result.denoised is not None]
    if not found:
        return None
    before, after, gain = (
        np.concatenate([np.atleast_1d(numbers) for numbers in column])
        for column in zip(*((one.snr_before, one.snr_after, one.gain) for one in found), strict=True)
    )
    rows = slice(None) if spectrum is None or spectrum >= len(before) else slice(spectrum, spectrum + 1)
    return Snr(*(float(np.median(numbers[rows])) for numbers in (before, after, gain)))


def size_of(entry: Entry) -> str:
    """`1015 points`, or `1600 spectra × 1015 points`."""
    if entry.source is None:
        return ""
    points = f"{entry.source.points} points"
    return points if len(entry.source) == 1 else f"{len(entry.source)} spectra × {points}"


def kind_of(entry: Entry) -> str:
    """`map`, `time series`, `spectra` or `spectrum`."""
    if entry.source is None:
        return ""
    if len(entry.source) == 1:
        return "spectrum"
    if entry.source.is_map:
        return "map"
    return "time series" if "time" in entry.source.table else "spectra"


def number(value: float) -> str:
    """A number without needless figures: 532, 632.8, 0.5."""
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def count_of(number: int, one: str, many: str = "") -> str:
    """`1 spectrum`, `24 spectra`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
