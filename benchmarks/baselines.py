"""Automatic baselines against known truth and the rivals of a user: the rows of benchmarks.processing.

Measured lines on measured backgrounds and twelve simulated shapes (../shared/data/truth, section 1 of its README). The
oracle is arPLS with the best of 37 λ, chosen for each spectrum by the truth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.baseline import automatic_baseline, extended_range_baseline

TRUTH = Path(__file__).resolve().parents[2] / "shared" / "data" / "truth"
LAMS: Final = 10.0 ** np.arange(1, 10.01, 0.25)
SHAPES_EACH: Final = 20  # of the 60 of each shape
RMSE_BARS: Final = {100: 0.85, 20: 1.25, 5: 2.7}
AREA_BARS: Final = {100: 8, 20: 15, 5: 20}
SPEED_SHAPE: Final = (10_000, 1000)
LOOP: Final = 500  # of them for the rival's loop


def measured_spectra() -> Iterator[tuple[Any, Any, Any, Any, int]]:
    """Yield (axis, values, baseline, lines, SNR) of the measured lines on measured backgrounds."""
    import h5py

    with h5py.File(TRUTH / "baseline.h5") as file:
        part = file["measured"]
        offsets, snrs = part["offsets"][:], part["snr"][:]
        arrays = [part[name][:].astype(np.float64) for name in ("axis", "values", "baseline", "lines")]
    for index, snr in enumerate(snrs):
        axis, values, baseline, lines = (array[offsets[index] : offsets[index + 1]] for array in arrays)
        yield axis, values, baseline, lines, int(snr)


def measured_rows() -> list[list[str]]:
    """RMSE in % of the strongest line, area error of bands, share near the oracle, and coverage, by SNR."""
    from pybaselines import Baseline

    collected: dict[int, list[list[float]]] = {}
    for axis, values, truth, lines, snr in measured_spectra():
        spectrum = SpectrumSet(axis, values[None])
        ours = automatic_baseline(spectrum)
        fitter = Baseline(axis)
        curves = [ours.values[0], fitter.arpls(values)[0], extended_range_baseline(spectrum).values[0]]
        bands = bands_of(lines)
        errors = [percent_error(curve, truth, lines) for curve in curves]
        areas = [area_error(curve - truth, lines, bands) for curve in curves]
        within = float(np.mean(np.abs(ours.values[0] - truth) <= ours.uncertainty[0]))
        collected.setdefault(snr, []).append([*errors, oracle_error(fitter, values, truth, lines), *areas, within])
    rows = []
    for snr, figures in sorted(collected.items(), reverse=True):
        table = np.array(figures)
        ours, arpls, extended, oracle, area, area_arpls, area_extended, within = np.median(table, axis=0)
        near = np.quantile(table[:, 0] / table[:, 3], 0.9)
        held = table[:, 7].mean()
        rows.append([
            f"SNR {snr}",
            f"{ours:.2f}", f"≤ {RMSE_BARS[snr]} {mark(ours <= RMSE_BARS[snr])}",
            f"{arpls:.2f} / {extended:.2f} / {oracle:.2f}",
            f"{near:.2f} ({100 * np.mean(table[:, 0] <= 1.4 * table[:, 3]):.0f} %)", f"≤ 1.4 {mark(near <= 1.4)}",
            f"{area:.1f}", f"≤ {AREA_BARS[snr]} {mark(area <= AREA_BARS[snr])}",
            f"{area_arpls:.1f} / {area_extended:.1f}",
            f"{100 * held:.0f} % {mark(0.8 <= held <= 0.97)}",
        ])  # fmt: skip
    return rows


def shape_rows() -> list[list[str]]:
    """Median RMSE in % of the strongest line on the twelve simulated shapes, without noise and at SNR 20."""
    import h5py
    from pybaselines import Baseline

    rng = np.random.default_rng(7)
    figures: list[list[float]] = []
    rows = []
    with h5py.File(TRUTH / "baseline.h5") as file:
        for name, part in file["op_airpls"].items():
            axis = part["axis"][:].astype(np.float64)
            clean, truth = (part[key][:SHAPES_EACH].astype(np.float64) for key in ("values", "baseline"))
            lines = clean - truth
            noisy = clean + rng.normal(size=clean.shape) * lines.max(axis=1, keepdims=True) / 20
            fitter = Baseline(axis)
            errors = []
            for values in (clean, noisy):
                spectra = SpectrumSet(axis, values)
                curves = [automatic_baseline(spectra).values, extended_range_baseline(spectra).values]
                errors += [[percent_error(*row) for row in zip(curve, truth, lines, strict=True)] for curve in curves]
            errors.append([oracle_error(fitter, *row) for row in zip(noisy, truth, lines, strict=True)])
            rows.append([name.replace("_", " "), *(f"{np.median(row):.2f}" for row in errors)])
            figures += np.transpose(errors).tolist()
    median = np.median(figures, axis=0)
    ratio = np.median(np.array(figures)[:, 2] / np.array(figures)[:, 4])
    cells = [f"{median[0]:.2f} (≤ 0.5 {mark(median[0] <= 0.5)})", f"{median[1]:.2f}"]
    cells += [f"{median[2]:.2f}, {ratio:.2f} × the oracle (≤ 0.85 {mark(ratio <= 0.85)})"]
    return [*rows, ["**all**", *cells, f"{median[3]:.2f}", f"{median[4]:.2f}"]]


def speed_row() -> str:
    """Seconds for many spectra, ours and a loop over pybaselines' arPLS, side by side in one run."""
    from pybaselines import Baseline

    rng = np.random.default_rng(3)
    n_spectra, n_points = SPEED_SHAPE
    axis = np.linspace(200, 1300, n_points)
    centres = rng.uniform(250, 1250, (40, 1))
    kinds = np.exp(-(((axis - centres) / 8) ** 2))
    values = rng.random((n_spectra, 40)) ** 4 @ kinds
    values += rng.uniform(0.5, 5, (n_spectra, 1)) * np.exp(-axis / 700) + rng.normal(0, 0.05, values.shape)
    automatic_baseline(SpectrumSet(axis, values[:64]))
    fitter = Baseline(axis)
    ours, loop = 0.0, 0.0
    for start in range(0, n_spectra, n_spectra // 10):  # in turn, so that other programs disturb both alike
        part = slice(start, start + n_spectra // 10)
        began = time.perf_counter()
        automatic_baseline(SpectrumSet(axis, values[part]))
        ours += time.perf_counter() - began
        began = time.perf_counter()
        for row in values[part][: LOOP // 10]:
            fitter.arpls(row)
        loop += (time.perf_counter() - began) * n_spectra / LOOP
    return (
        f"{n_spectra} spectra of {n_points} points: {ours:.1f} s; a loop over pybaselines' arPLS {loop:.1f} s (from"
        f" {LOOP} spectra), {loop / ours:.2f} × as long (≥ 2 {mark(loop / ours >= 2)})."
    )


def percent_error(curve: Any, truth: Any, lines: Any) -> float:
    """Root mean square error of a baseline in % of the strongest line."""
    return 100 * float(np.sqrt(np.mean((curve - truth) ** 2)) / lines.max())


def oracle_error(fitter: Any, values: Any, truth: Any, lines: Any) -> float:
    """The error of arPLS with the λ that the truth prefers."""
    return min(percent_error(fitter.arpls(values, lam=lam)[0], truth, lines) for lam in LAMS)


def bands_of(lines: Any) -> list[slice]:
    """Where lines of more than 5 % prominence have not fallen by 90 %, merged where they touch."""
    from scipy.signal import find_peaks, peak_widths

    peaks, _ = find_peaks(lines, prominence=0.05 * lines.max())
    _, _, left, right = peak_widths(lines, peaks, 0.9)
    inside = np.zeros(len(lines) + 2, dtype=int)
    for first, last in zip(np.floor(left).astype(int), np.ceil(right).astype(int), strict=True):
        inside[first + 1 : last + 2] = 1
    edges = np.diff(inside)
    return [slice(*ends) for ends in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)]


def area_error(error: Any, lines: Any, bands: list[slice]) -> float:
    """Median over bands of the area that a wrong baseline adds or takes, in % of that of the lines."""
    return 100 * float(np.median([abs(error[band].sum()) / lines[band].sum() for band in bands] or [0.0]))


def mark(met: bool) -> str:
    """A tick or a cross."""
    return "✓" if met else "✗"
