"""Signal-to-noise ratios as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.core.numbers import format_number

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised

HIGHEST_SNR: Final = 10_000  # no repeats agree to more than that; a smoothed or simulated file seems to


def format_snr(ratio: float) -> str:
    """Return a signal-to-noise ratio as text: 3.4, 31, or – where it is unknown."""
    if not math.isfinite(ratio):
        return "–"
    if ratio > HIGHEST_SNR:
        return f"> {format_number(HIGHEST_SNR)}"
    return f"{ratio:.1f}" if round(ratio, 1) < 10 else f"{ratio:.0f}"


def median_snr(denoised: Denoised) -> tuple[float, float, float]:
    """Return SNR before, SNR after and gain, as medians over the spectra that have them; NaN where none has."""
    known = np.isfinite(denoised.snr_before)
    ratios = (denoised.snr_before, denoised.snr_after, denoised.gain)
    before, after, gain = (float(np.median(ratio[known])) if known.any() else math.nan for ratio in ratios)
    return before, after, gain


def format_snr_change(denoised: Denoised) -> str:
    """Return `12 → 31 (×2.6)`; the medians for a set of several spectra."""
    before, after, gain = median_snr(denoised)
    return f"{format_snr(before)} → {format_snr(after)} (×{format_snr(gain)})"
