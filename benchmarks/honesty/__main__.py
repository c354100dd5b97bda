"""Is what is claimed of denoised spectra true? python -m benchmarks.honesty [MODEL] writes it to RESULTS.md."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter
from scipy.special import erf

from benchmarks.honesty.claims import USUAL, Claim, Floats, mark
from benchmarks.honesty.peaks import bias, with_false_peaks
from benchmarks.honesty.simulated import AXIS, Simulated, simulate
from benchmarks.repeats import Condition, conditions
from benchmarks.results import machine, table, write_section
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.mae.model_store import DEFAULT_MODEL

RATIOS = (1.5, 3.0, 5.0, 10.0, 30.0, 100.0, 400.0)
MANY, MANY_FOR_PEAKS, MANY_ISOLATED = 400, 1000, 80
PEAK_RATIOS, FALSE_BAR = (3.0, 5.0, 10.0), 1.0
WIDTHS_CM = (8.0, 15.0, 30.0, 60.0)
HEIGHT_BAR, WIDTH_BAR, BIAS_RATIO = 3.0, 5.0, 10.0
SAVGOL = (11, 3)
SEED = 20_261

DRIFT_SCATTER = 0.35  # of ramanstudio/mae/corruption.py drift
CLAIM_HEAD = ("median", "5 – 95 %", "within 0.6 – 1.6", "in 90 % band")
BARS_OF_CLAIMS = ["**bar**", "0.9 – 1.1", "", "≥ 90 %", "85 – 95 %"]


@dataclass(frozen=True, slots=True)
class Repeats:
    """What was claimed of real repeats, each condition and both series."""

    name: str
    alone: Claim
    together: Claim


def on_repeats(engine: Engine) -> list[Repeats]:
    """Every condition, then all spectra of each series as one."""
    results = []
    for condition in conditions():
        claims = []
        for together in (False, True):
            denoised = engine.denoise(condition.raw, together=together)
            claims.append(Claim.of(condition.residual(denoised.spectra.values)[0], denoised.expected_error))
        results.append(Repeats(condition.name, *claims))
    for name in ("mixture", "polystyrene"):
        chosen = [repeats for repeats in results if repeats.name.startswith(name)]
        results.append(
            Repeats(
                f"**all {name}**",
                Claim.pooled([repeats.alone for repeats in chosen]),
                Claim.pooled([repeats.together for repeats in chosen]),
            )
        )
    return results


def shared(claim: Claim) -> str:
    """How much of the true error all repeats have alike."""
    return f"{100 * claim.common:.0f} %"


def rows_of_repeats(results: list[Repeats]) -> list[list[str]]:
    """One row a condition: alone, then together."""
    bars = [*BARS_OF_CLAIMS, "", *BARS_OF_CLAIMS[1:], ""]
    rows = [
        [
            repeats.name,
            *repeats.alone.cells(),
            shared(repeats.alone),
            *repeats.together.cells(),
            shared(repeats.together),
        ]
        for repeats in results
    ]
    return [bars, *rows]


def on_simulated(engine: Engine, drifting: bool) -> list[list[str]]:
    """One row a signal-to-noise ratio."""
    rows = []
    for number, snr in enumerate(RATIOS):
        spectra = simulate(SEED + number, MANY, snr, drifting)
        denoised = engine.denoise(spectra.raw)
        residual = denoised.spectra.values - spectra.truth
        claim = Claim.of(residual, denoised.expected_error)
        as_repeats = Claim.of(fitted_out(denoised.spectra.values, spectra.truth), denoised.expected_error)
        rows.append([f"SNR {snr:g}", *claim.cells(), f"{as_repeats.median:.2f}"])
    return rows


def best_within() -> float:
    """In how many spectra of a hundred the best claim is near a true error that scatters as the drift does."""
    half = np.log(USUAL[1] / USUAL[0]) / 2
    return float(100 * erf(half / DRIFT_SCATTER / np.sqrt(2)))


def fitted_out(values: Floats, truth: Floats) -> NDArray[np.float64]:
    """What is wrong with simulated spectra (N, B) by the measure of real repeats: scale and baseline fitted out."""
    rows = zip(values, truth, strict=True)
    return np.stack(
        [Condition("simulated", SpectrumSet.of(AXIS, row), true).residual(row[None])[0][0] for row, true in rows]
    )


def savgol(spectra: Simulated) -> NDArray[np.float32]:
    """What a user gets who smooths with the customary setting."""
    smooth: NDArray[np.float32] = savgol_filter(spectra.raw.values, *SAVGOL, axis=1)
    return smooth


def row_of_false_peaks(engine: Engine, snr: float, drifting: bool) -> list[str]:
    """Spectra in a hundred with a peak that is not there; a smoothed one is given the error it truly has."""
    spectra = simulate(SEED + 100 + int(snr), MANY_FOR_PEAKS, snr, drifting)
    denoised = engine.denoise(spectra.raw)
    ours = with_false_peaks(AXIS, denoised.spectra.values, denoised.expected_error, spectra.truth, spectra.lines)
    smooth = savgol(spectra)
    its_error = np.sqrt(np.mean((smooth - spectra.truth) ** 2, axis=1, keepdims=True)) * np.ones_like(smooth)
    theirs = with_false_peaks(AXIS, smooth, its_error, spectra.truth, spectra.lines)
    kind = "with drift" if drifting else "without"
    return [f"SNR {snr:g} {kind}", f"{ours:.1f} %", f"≤ {FALSE_BAR:g} % {mark(ours <= FALSE_BAR)}", f"{theirs:.1f} %"]


def row_of_bias(engine: Engine, width_cm: float) -> list[str]:
    """What becomes of the height and width of isolated lines of one width."""
    spectra = simulate(SEED + 200 + int(width_cm), MANY_ISOLATED, BIAS_RATIO, True, width_cm)
    step = (AXIS[-1] - AXIS[0]) / (len(AXIS) - 1)
    values = (engine.denoise(spectra.raw).spectra.values, spectra.raw.values, savgol(spectra))
    ours, raw, smooth = (bias(AXIS, rows, spectra.truth, spectra.lines) for rows in values)
    return [
        f"{width_cm:g} cm⁻¹ ({width_cm / step:.1f} samples)",
        f"{ours.height:+.1f} % {mark(abs(ours.height) <= HEIGHT_BAR)}",
        f"{ours.width:+.1f} % {mark(abs(ours.width) <= WIDTH_BAR)}",
        *(f"{change.height:+.1f} / {change.width:+.1f} %" for change in (raw, smooth)),
    ]


def about_repeats(engine: Engine) -> str:
    """What is claimed of real repeats."""
    text = (
        "Real repeats; true error as in `benchmarks/repeats.py`, scale and a baseline of degree five fitted out."
        " *Shared*: how much of the true error all repeats of the condition have alike. On polystyrene it is mostly a"
        " fixed pattern of the instrument (at 414, 690, 1347, 1541 cm⁻¹), which does not grow with the laser power and"
        " so is not in the truth: no spectrum by itself can tell it from lines. Together, what the repeats measured"
        " and those of the truth differ by as a whole is part of it, which no set can know."
    )
    head = ("repeats of", *(f"{kind}{word}" for kind in ("", "together: ") for word in (*CLAIM_HEAD, "shared")))
    return f"{text}\n\n{table(head, rows_of_repeats(on_repeats(engine)))}"


def about_simulated(engine: Engine) -> str:
    """What is claimed of simulated spectra, with the drift between repeats and without."""
    with_drift = (
        f"Simulated, {MANY} spectra of 1000 points a row, with the drift that repeats of a measurement show"
        " (docs/decisions/0007), as the real world has it. True error: denoised less the spectrum without noise and"
        " drift, nothing fitted out. SNR: the strongest line over the root mean square of the noise, drift not counted"
        " (`benchmarks/honesty/simulated.py`). *Fitted out*: the median when scale and baseline are fitted out of the"
        " error, as they are for repeats. Where the drift is nearly all of the error, its size is all that counts: it"
        f" scatters by {DRIFT_SCATTER:g} (standard deviation of the logarithm), so that whoever knew all but that"
        f" size would be within 0.6 – 1.6 in {best_within():.0f} % of spectra; beyond SNR 100 nobody can do better."
    )
    without = (
        "The same without any drift, which no instrument is known to reach: the claim, which counts drift that one"
        " spectrum cannot show, is then too large, the more so the less noise there is."
    )
    tables = (
        table(
            (f"simulated, {kind}", *CLAIM_HEAD, "median, fitted out"),
            [[*BARS_OF_CLAIMS, ""], *on_simulated(engine, drifting)],
        )
        for kind, drifting in (("with drift", True), ("no drift", False))
    )
    return "\n".join(f"{text}\n\n{rows}" for text, rows in zip((with_drift, without), tables, strict=True))


def about_peaks(engine: Engine) -> str:
    """Peaks that are not there."""
    text = (
        f"**False peaks**: spectra in a hundred ({MANY_FOR_PEAKS} a row) with at least one peak over three expected"
        " errors high where the truth has none (defined in `benchmarks/honesty/peaks.py`). Savitzky-Golay"
        f" {SAVGOL[0]} points, degree {SAVGOL[1]}, has no expected error and is given its true one."
    )
    rows = [row_of_false_peaks(engine, snr, drifting) for drifting in (True, False) for snr in PEAK_RATIOS]
    return f"{text}\n\n{table(('simulated', engine.card.name, 'bar', 'Savitzky-Golay'), rows)}"


def about_lines(engine: Engine) -> str:
    """Heights and widths of lines that are there."""
    text = (
        f"**Heights and widths** of isolated lines at SNR {BIAS_RATIO:g}, with drift, {5 * MANY_ISOLATED} lines a row:"
        " a Gauss-Lorentz line on a straight baseline is fitted to the spectrum and to its truth alike; median"
        " deviation."
    )
    bars = (f"height, bar ± {HEIGHT_BAR:g} %", f"width, bar ± {WIDTH_BAR:g} %")
    head = ("full width", *bars, "raw: height / width", "Savitzky-Golay: height / width")
    return f"{text}\n\n{table(head, [row_of_bias(engine, width) for width in WIDTHS_CM])}"


def text_of(engine: Engine) -> str:
    """The whole section."""
    text = (
        f"`python -m benchmarks.honesty {engine.card.name}`, {machine()}. Model {engine.card.sha256[:12]},"
        f" {engine.card.steps} steps; it has seen none of these spectra.\n\n"
        "**Claimed over true error** of each spectrum: root mean square of the expected error over that of what is"
        " truly wrong. *In 90 % band*: true values within ± 1.645 expected errors of the curve.\n"
    )
    return "\n".join([text, *(part(engine) for part in (about_repeats, about_simulated, about_peaks, about_lines))])


def main() -> None:
    """Measure one model."""
    ask = argparse.ArgumentParser(description="Hold what is claimed of denoised spectra against the truth.")
    ask.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    engine = Engine.load(ask.parse_args().model, device="cpu")
    write_section(f"Honest error: {engine.card.name}", text_of(engine))


if __name__ == "__main__":
    main()
