"""How far one spectrum can be denoised by whoever knows the truth: python -m benchmarks.reachable

Each oracle is told, of every single spectrum, the truth that benchmarks/denoise.py measures it by, and may do no more
with it than choose how much of each of its own coefficients to keep. Whoever is not told has to guess those shares from
one noisy spectrum.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pywt
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from benchmarks.denoise import BARS, Gain
from benchmarks.repeats import DEGREE, Condition, conditions
from benchmarks.results import machine, table, write_section
from benchmarks.rivals.wavelets import WAVELETS
from ramanstudio.engine import Engine
from ramanstudio.mae.model_store import DEFAULT_MODEL
from ramanstudio.signal.snr import noise_sigma

Floats = NDArray[np.float64]
Oracle = Callable[[Floats, Floats, Floats], Iterator[Floats]]

LEVELS = (4, 5, 6, 7)
WINDOWS = (16, 32, 64, 128, 256)  # samples
PERIODS = (0, 6, 18, 60, np.inf)  # samples; the error is told apart by how slow it is
WHITE_BELOW = 4.0  # samples: cosines of a shorter period are taken to hold white noise alone


def share_to_keep(true: NDArray[Any], error: Floats) -> Floats:
    """The share of each coefficient that leaves the least error: theta² / (theta² + error power)."""
    power: Floats = np.abs(true) ** 2
    return power / np.maximum(power + error, 1e-300)


def by_wavelets(values: Floats, truth: Floats, white: Floats) -> Iterator[Floats]:
    """`values` (N, B) with each wavelet coefficient kept as far as the `truth` (N, B) tells; `white` (N, 1) sigma.

    Stationary transform, as in benchmarks/rivals/wavelets.py, at each wavelet and depth. Twice: told that the error is
    white noise, and told the power that it truly has at each scale, drift and all.
    """
    points = values.shape[1]
    for levels in LEVELS:
        block = 2**levels
        around = block * int(np.ceil((points + 16 * block) / block)) - points
        first = around // 2
        ends = ((0, 0), (first, around - first))
        for wavelet in WAVELETS:
            seen, true = (
                pywt.swt(np.pad(rows, ends, mode="symmetric"), wavelet, levels, trim_approx=True, norm=True, axis=1)
                for rows in (values, truth)
            )
            for told_scales in (False, True):
                parts = [seen[0]]
                for index, (rows, theirs) in enumerate(zip(seen[1:], true[1:], strict=True)):
                    error = np.mean((rows - theirs) ** 2) if told_scales else white**2 / 2.0 ** (levels - index)
                    parts.append(rows * share_to_keep(theirs, error))
                yield pywt.iswt(parts, wavelet, norm=True, axis=1)[:, first : first + points]


def by_windows(values: Floats, truth: Floats, white: Floats) -> Iterator[Floats]:
    """The Wiener filter of each of many overlapping windows, by the truth's own spectrum in it; twice, as above."""
    for window in WINDOWS:
        shape = hann(window, sym=False)
        transform = ShortTimeFFT(shape, hop=max(1, window // 8), fs=1.0)
        ends = ((0, 0), (window, window))
        seen, true = (transform.stft(np.pad(rows, ends, mode="symmetric"), axis=1) for rows in (values, truth))
        error = np.mean(np.abs(seen - true) ** 2, axis=(0, 2), keepdims=True)
        for power in ((white**2 * np.sum(shape**2))[:, :, None], error):
            kept = seen * share_to_keep(true, power)
            whole = transform.istft(kept, k1=values.shape[1] + 2 * window, f_axis=1, t_axis=2)
            yield whole[:, window : window + values.shape[1]]


def best(condition: Condition, oracle: Oracle) -> tuple[list[Gain], Floats]:
    """What an oracle gains at its best setting, told white noise and told all; and what the latter makes of it."""
    values = condition.raw.values.astype(float)
    truth = values - condition.residual(values)[0]
    results = list(oracle(values, truth, noise_sigma(values).astype(float)[:, None]))
    gains = [Gain.of(condition, result) for result in results]
    tops = [max(range(first, len(gains), 2), key=lambda index: gains[index].median) for first in (0, 1)]
    return [gains[top] for top in tops], results[tops[1]]


@dataclass(frozen=True, slots=True)
class Error:
    """The power (B,) of each cosine of the error of raw spectra, and the power of what is white noise in each."""

    power: Floats
    white: float

    @classmethod
    def of(cls, condition: Condition) -> Error:
        """White is what the fast cosines hold that repeats do not share; the noise of the truth they all share."""
        error = condition.residual(condition.raw.values.astype(float))[0]
        own = (error - error.mean(axis=0)) * np.sqrt(len(error) / (len(error) - 1))
        fast = periods(error.shape[1]) < WHITE_BELOW
        return cls(cosines(error), float(cosines(own)[fast].mean()))

    @property
    def floor(self) -> float:
        """The gain of whoever takes the white noise away without a trace and leaves all else."""
        white = self.white * (len(self.power) - DEGREE - 2)  # the metric fits out so many coefficients
        left = self.power.sum() - white
        return float(np.sqrt(self.power.sum() / left)) if left > 0 else np.inf


def periods(points: int) -> Floats:
    """The period of each cosine in samples (B,); that of the mean is infinite."""
    with np.errstate(divide="ignore"):
        return 2 * points / np.arange(points)


def cosines(rows: Floats) -> Floats:
    """The mean power (B,) of each cosine coefficient of `rows` (N, B)."""
    power: Floats = np.mean(dct(rows, norm="ortho", axis=1) ** 2, axis=0)
    return power


def by_period(power: Floats, whole: float) -> list[str]:
    """How much of `power` (B,) lies between the PERIODS, in percent of `whole`."""
    period = periods(len(power))
    inside = ((period >= low) & ((period < high) | (high == np.inf)) for low, high in pairwise(PERIODS))
    return [f"{100 * power[band].sum() / whole:.1f}" for band in inside]


GAINS = (
    "repeats of", "bar", "ours", "wavelets: white noise", "wavelets: error of each scale", "windows: white noise",
    "windows: error of each scale", "ours / best oracle", "bar / best oracle", "all white noise gone, all else left",
)  # fmt: skip
LEFT = ("repeats of", "error of", *(f"{low:g} – {high:g}" for low, high in pairwise(PERIODS)), "all")
ABOUT_GAINS = (
    "How much of the bars of the sections above lies within reach of a single spectrum. The oracles keep of each of"
    " their coefficients the share that leaves the least error, theta² / (theta² + error power), with theta read off"
    " the truth of that very spectrum: they know where every line is and how high. *White noise*: the error power is"
    " what second differences of the raw spectrum say; *error of each scale*: what the error truly has at that scale,"
    " drift and all. *Wavelets*: stationary, best of four wavelets and four depths; *windows*: a Wiener filter in"
    " overlapping windows, best of five lengths; chosen by the truth. Where *bar / best oracle* is over 100 % the bar"
    " is beyond them all. They flatter: they know the noise that the truth itself has (on polystyrene the mean of"
    " five spectra) as if it were signal. *All white noise gone*: the gain of whoever takes away the white noise"
    " without a trace and leaves what repeats differ by beside it, and what they differ from the truth by; ∞ where"
    " there is no such excess to be seen. Gains as in `benchmarks/denoise.py`."
)
ABOUT_LEFT = (
    "Where the error is: its power by the period of its cosines in samples, in percent of all error of the raw spectra,"
    " at one scale of the truth; *oracle*: wavelets, error of each scale."
)


def main() -> None:
    """Measure the oracles on every condition, and write the section."""
    ask = argparse.ArgumentParser(description="What oracles that know the truth make of one spectrum.")
    ask.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    engine = Engine.load(ask.parse_args().model, device="cpu")
    gains, left = [], []
    for condition, bar in zip(conditions(), BARS, strict=True):
        wavelets, rebuilt = best(condition, by_wavelets)
        windows, _ = best(condition, by_windows)
        denoised = engine.denoise(condition.raw).spectra.values.astype(float)
        error = Error.of(condition)
        gains.append(row_of_gains(condition, bar, Gain.of(condition, denoised), [*wavelets, *windows], error))
        for what, values in (("raw", condition.raw.values), ("ours", denoised), ("oracle", rebuilt)):
            left.append(row_of_error(condition, what, values, error))
    name = engine.card.name
    source = f"`python -m benchmarks.reachable {name}`, {machine()}. Ours: {name}, model {engine.card.sha256[:12]}."
    tables = f"{table(GAINS, gains)}\n{ABOUT_LEFT}\n\n{table(LEFT, left)}"
    write_section("What one spectrum can reach", f"{source}\n\n{ABOUT_GAINS}\n\n{tables}")


def row_of_gains(condition: Condition, bar: float, ours: Gain, oracles: list[Gain], error: Error) -> list[str]:
    """One condition: ours, the oracles, and the bar."""
    top = max(gain.median for gain in oracles)
    shares = [f"{100 * gain / top:.0f} %" for gain in (ours.median, bar)]
    floor = f"{error.floor:.2f}×" if np.isfinite(error.floor) else "∞"
    return [condition.name, f"{bar:.2f}×", f"**{ours}**", *map(str, oracles), *shares, floor]


def row_of_error(condition: Condition, what: str, values: NDArray[Any], error: Error) -> list[str]:
    """The error of `values` (N, B) by period; what shrinks the signal is scaled up first, so as not to look better."""
    shrunk = np.median(Gain.of(condition, values).signal_left)
    power = cosines(condition.residual(values.astype(float))[0] / shrunk)
    whole = error.power.sum()
    return [condition.name, what, *by_period(power, whole), f"{100 * power.sum() / whole:.1f}"]


if __name__ == "__main__":
    main()
