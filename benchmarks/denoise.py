"""Denoising on real repeats, beside the filter a user would otherwise tune: python -m benchmarks.denoise"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from benchmarks.repeats import Condition, conditions
from benchmarks.results import machine, table, write_section
from ramanstudio.engine import BAND, DEFAULT_MODEL, Denoised, Engine

SAVITZKY_GOLAY = ((5, 2), (7, 2), (9, 2), (11, 3), (15, 3), (21, 3), (31, 3))  # window in samples, degree
BARS = (2.8, 2.4, 1.6, 1.9, 1.5, 1.2, 1.1)
WORSE_DB = 0.1


def best_savitzky_golay(condition: Condition, before: NDArray[np.float64]) -> float:
    """The median gain of the filter that suits the condition best, which only the truth can tell."""
    filtered = (savgol_filter(condition.raw.values, *setting, axis=1) for setting in SAVITZKY_GOLAY)
    return max(float(np.median(before / condition.error(values))) for values in filtered)


def row(condition: Condition, denoised: Denoised, together: Denoised, bar: float) -> list[str]:
    """One condition: gains, spectra made worse, and what was claimed against what was true."""
    before = condition.error(condition.raw.values)
    residual, _ = condition.residual(denoised.spectra.values)
    after = np.sqrt(np.mean(residual**2, axis=1))
    gain = before / after
    place = np.linspace(-1, 1, len(condition.truth))
    truth = condition.residual(condition.raw.values)[1]
    lines = truth - np.polynomial.polynomial.polyval(place, np.polynomial.polynomial.polyfit(place, truth.T, 5))
    raw_db = 20 * np.log10(np.median(lines.std(axis=1) / before))
    # SNR after is signal over expected error, so claimed over true SNR is true over expected error
    honesty = after / np.sqrt(np.mean(denoised.expected_error**2, axis=1))
    inside = np.mean(np.abs(residual) < BAND * denoised.expected_error)
    return [
        condition.name,
        f"{raw_db:.1f}",
        f"{best_savitzky_golay(condition, before):.2f}×",
        f"**{np.median(gain):.2f}×**",
        f"{bar}×",
        f"{np.median(before / condition.error(together.spectra.values)):.2f}×",
        f"{100 * np.mean(gain < 10 ** (-WORSE_DB / 20)):.1f} %",
        f"{np.median(denoised.snr_before):.0f} → {np.median(denoised.snr_after):.0f}",
        f"{np.median(honesty):.2f}",
        f"{100 * inside:.0f} %",
    ]


def main(model: str = DEFAULT_MODEL) -> None:
    """Measure `model` on every condition and write the section."""
    engine = Engine.load(model, device="cpu")
    rows = [
        row(condition, engine.denoise(condition.raw), engine.denoise(condition.raw, together=True), bar)
        for condition, bar in zip(conditions(), BARS, strict=True)
    ]
    head = (
        "repeats of",
        "raw dB",
        "best Savitzky-Golay",
        engine.card.name,
        "bar",
        "together",
        "made worse",
        "shown",
        "shown / true",
        "in 90 % band",
    )
    write_section(
        f"Denoising single spectra: {engine.card.name}",
        f"`python -m benchmarks.denoise`, {machine()}. Model {engine.card.sha256[:12]}, {engine.card.steps} steps; it"
        " has seen none of these spectra.\n\n"
        "Median gain in amplitude over the raw spectrum, one spectrum at a time; how the truth is known:"
        " `benchmarks/repeats.py`. The Savitzky-Golay filter is the best of seven settings for the condition, chosen"
        " with the truth at hand, as no user could; the model has no setting. *Together*:"
        " the same with `together=True`, which joins what the set shares. *Made worse*: by more than 0.1 dB.\n"
        "*Shown*: the SNR before and after, as the window shows it; *shown / true*: that after over the one the truth"
        " gives, median. *In 90 % band*: how many true values lie in the band drawn around the curve."
        " The gains are on spectra nobody tuned for; the size of the drift in the expected error was read off these"
        " very repeats (docs/decisions/0007), so the last two columns show a fit, not a prediction.\n\n"
        + table(head, rows),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
