"""Peaks against known truth, beside lmfit and scipy's curve_fit: python -m benchmarks.peaks

Simulated spectra of one to six known peaks (../shared/data/truth/peaks.h5, see its README), repeats of polystyrene, and
simulated batches for speed. The rivals fit the first spectra of the same set from the same starts in the same run.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import machine, table, write_section
from ramanstudio import peaks
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.peaks.profiles import evaluate, profile

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
KINDS = ("lorentz", "gauss", "pseudo-voigt")
N_RIVAL = 40  # spectra that the rivals fit
N_PROCESSED = 400  # spectra that are fitted after cosmic rays and baseline
NAMES = ("center", "fwhm", "area")


def mark(met: bool) -> str:
    """A tick where a bar is met."""
    return "✓" if met else "✗"


@dataclass
class Truth:
    """Spectra (N, 512) with their axes, and a row for each true peak."""

    axis: Any
    values: Any
    snr: Any
    sigma: Any
    n_peaks: Any
    overlapping: Any
    peaks: Any
    kind: Any
    step: Any

    @classmethod
    def read(cls) -> Truth:
        """Read the shared spectra."""
        import h5py

        with h5py.File(DATA / "truth" / "peaks.h5") as file:
            true = file["peaks"][:]
            axis = file["axis"][:].astype(float)
            first = np.searchsorted(true["spectrum"], np.arange(len(axis)))
            step = np.round(np.median(np.diff(axis, axis=1), axis=1), 2)
            columns = (file[name][:] for name in ("values", "snr", "sigma", "n_peaks", "overlapping"))
            return cls(axis, *columns, true, true["kind"][first], step)

    def first(self, count: int) -> Truth:
        """The first `count` spectra."""
        columns = (getattr(self, name)[:count] for name in ("axis", "values", "snr", "sigma", "n_peaks", "overlapping"))
        return Truth(*columns, self.peaks[self.peaks["spectrum"] < count], self.kind[:count], self.step[:count])

    def groups(self) -> Iterator[tuple[int, Any, Any, Any]]:
        """Each profile and step: kind, the spectra, the rows of their true peaks, and an axis from zero."""
        for step in np.unique(self.step):
            for kind in range(3):
                index = np.flatnonzero((self.step == step) & (self.kind == kind))
                rows = np.flatnonzero(np.isin(self.peaks["spectrum"], index))
                yield kind, index, rows, np.mean(self.axis[index] - self.axis[index, :1], axis=0)


def starts(truth: Truth) -> tuple[Any, Any]:
    """Centres off by up to a quarter of the width, widths by 0.7 to 1.4."""
    rng = np.random.default_rng(0)
    true = truth.peaks
    center = true["center"] + rng.uniform(-0.25, 0.25, len(true)) * true["fwhm"]
    return center, true["fwhm"] * rng.uniform(0.7, 1.4, len(true))


def fit_all(
    truth: Truth, change: Callable[[Any], Any] = lambda spectra: (spectra, None, None)
) -> tuple[dict[str, Any], float]:
    """Fit all spectra from the starts; values and errors in the order of the true peaks, and the seconds taken."""
    center, fwhm = starts(truth)
    names = [name for key in NAMES for name in (key, f"{key}_error")]
    result = {name: np.full(len(center), np.nan) for name in names}
    seconds = 0.0
    for kind, index, rows, axis in truth.groups():
        where = np.searchsorted(index, truth.peaks["spectrum"][rows])
        start = {
            "spectrum": where,
            "center": center[rows] - truth.axis[truth.peaks["spectrum"][rows], 0],
            "fwhm": fwhm[rows],
        }
        spectra, error, smooth = change(SpectrumSet(axis, truth.values[index]))
        began = time.perf_counter()
        fitted = peaks.fit(spectra, KINDS[kind], start, expected_error=error, baseline_error=smooth)
        seconds += time.perf_counter() - began
        for name in names:
            result[name][rows] = fitted[name]
    result["center"] += truth.axis[truth.peaks["spectrum"], 0]
    return result, seconds


def lmfit_all(truth: Truth, count: int) -> tuple[dict[str, Any], float]:
    """The same by lmfit's model classes, for the first `count` spectra."""
    from lmfit.models import GaussianModel, LinearModel, LorentzianModel, PseudoVoigtModel

    models = (LorentzianModel, GaussianModel, PseudoVoigtModel)
    center, fwhm = starts(truth)
    names = [name for key in NAMES for name in (key, f"{key}_error")]
    result = {name: np.full(len(center), np.nan) for name in names}
    seconds = 0.0
    for spectrum in range(count):
        rows = np.flatnonzero(truth.peaks["spectrum"] == spectrum)
        kind = int(truth.kind[spectrum])
        axis, values = truth.axis[spectrum], truth.values[spectrum].astype(float)
        model, guess = LinearModel(), {"slope": 0.0, "intercept": float(np.median(values))}
        for number, row in enumerate(rows):
            name = f"p{number}_"
            model += models[kind](prefix=name)
            sigma = fwhm[row] / (2.3548 if kind == 1 else 2.0)
            area = truth.peaks["height"][row] * fwhm[row] * (1.0645 if kind == 1 else 1.5708 if kind == 0 else 1.3)
            guess |= {f"{name}center": center[row], f"{name}sigma": sigma, f"{name}amplitude": area}
        began = time.perf_counter()
        try:
            fitted = model.fit(values, x=axis, **guess)
        except Exception:
            continue
        finally:
            seconds += time.perf_counter() - began
        for number, row in enumerate(rows):
            for key, theirs in (("center", "center"), ("fwhm", "fwhm"), ("area", "amplitude")):
                parameter = fitted.params[f"p{number}_{theirs}"]
                result[key][row] = parameter.value
                result[f"{key}_error"][row] = np.nan if parameter.stderr is None else parameter.stderr
    return result, seconds


def curve_fit_all(truth: Truth, count: int) -> float:
    """Spectra a second that curve_fit with the written Jacobian fits, of `count` with four Lorentz or Gauss peaks."""
    from scipy.optimize import curve_fit

    center, fwhm = starts(truth)
    seconds, done = 0.0, 0
    for spectrum in np.flatnonzero((truth.kind < 2) & (truth.n_peaks == 4))[:count]:
        rows = np.flatnonzero(truth.peaks["spectrum"] == spectrum)
        row = profile(KINDS[truth.kind[spectrum]])
        axis, k = truth.axis[spectrum], len(rows)
        scaled = (axis - axis[0]) / np.ptp(axis)

        def curve(_x: Any, *p: float, row: Any = row, axis: Any = axis, k: int = k, scaled: Any = scaled) -> Any:
            height, middle, width = np.array(p[: 3 * k]).reshape(3, k)
            shape = evaluate(row, axis, middle[None], np.abs(width)[None], np.zeros((1, k, 0)))[0]
            return height @ shape + p[-2] + p[-1] * scaled

        def jacobian(_x: Any, *p: float, row: Any = row, axis: Any = axis, k: int = k, scaled: Any = scaled) -> Any:
            height, middle, width = np.array(p[: 3 * k]).reshape(3, k)
            out = np.empty((1, 3, k, axis.size))
            factors = row.evaluate(axis - middle[None, :, None], np.abs(width)[None], np.zeros((1, k, 0)), out)[0]
            by_center = out[0, 1] * (factors[0] * height)[:, None]
            by_width = out[0, 2] * (factors[1] * height / width)[:, None]
            return np.vstack([out[0, 0], by_center, by_width, np.ones_like(scaled), scaled]).T

        begin = np.concatenate([truth.peaks["height"][rows], center[rows], fwhm[rows], [0.0, 0.0]])
        began = time.perf_counter()
        with contextlib.suppress(RuntimeError):
            curve_fit(curve, axis, truth.values[spectrum], begin, jac=jacobian)
        seconds += time.perf_counter() - began
        done += 1
    return done / seconds


def scores(truth: Truth, fitted: dict[str, Any], chosen: Any) -> tuple[float, list[float], list[float], float]:
    """Lost in %, bias in % of the width (of the area), coverage of one standard error, and without an error in %."""
    true = truth.peaks
    known = chosen & np.isfinite(fitted["center"])
    lost = (np.abs(fitted["center"] - true["center"]) > true["fwhm"] / 2) | (
        np.abs(fitted["fwhm"] - true["fwhm"]) > true["fwhm"]
    )
    good = known & ~lost
    bias, coverage = [], []
    for name in NAMES:
        off = fitted[name] - true[name]
        has_error = good & np.isfinite(fitted[f"{name}_error"]) & (fitted[f"{name}_error"] > 0)
        bias.append(100 * float(np.median((off / (true["area"] if name == "area" else true["fwhm"]))[good])))
        coverage.append(float(np.mean(np.abs(off[has_error]) < fitted[f"{name}_error"][has_error])))
    errors = np.stack([fitted[f"{name}_error"] for name in NAMES])[:, known]
    without = 100 * float(np.mean(~np.all(np.isfinite(errors) & (errors > 0), axis=0)))
    return 100 * float(lost[known].mean()), bias, coverage, without


def fit_rows(
    truth: Truth, fitted: dict[str, Any], low: float, high: float, first: int | None = None
) -> list[list[str]]:
    """Rows of the table of fits: all, each SNR, each profile, overlapping."""
    spectrum = truth.peaks["spectrum"]
    within = np.ones(len(spectrum), dtype=bool) if first is None else spectrum < first
    snr, kind, overlap = truth.snr[spectrum], truth.kind[spectrum], truth.overlapping[spectrum] > 0
    chosen = {"all": within, **{f"SNR {value}": within & (snr == value) for value in (5, 10, 30, 100)}}
    chosen |= {"SNR ≥ 10": within & (snr >= 10), "overlapping": within & overlap}
    chosen |= {name: within & (kind == number) for number, name in enumerate(("Lorentz", "Gauss", "pseudo-Voigt"))}
    rows = []
    for name, mask in chosen.items():
        lost, bias, coverage, without = scores(truth, fitted, mask)
        met = all(low <= value <= high for value in coverage)
        shown = " ".join(f"{value:.3f}" for value in coverage)
        biases = " ".join(f"{value:+.2f}" for value in bias)
        rows.append([name, f"{lost:.2f}", biases, f"{shown} {mark(met)}", f"{without:.1f}"])
    return rows


def detection_rows(truth: Truth) -> tuple[list[list[str]], float]:
    """F1 by SNR with one significance for all, and how often the number of peaks is right."""
    bars, rivals = {5: 0.92, 10: 0.93, 30: 0.93, 100: 0.95}, {5: 0.904, 10: 0.908, 30: 0.910, 100: 0.931}
    counts = np.zeros((len(truth.snr), 3), dtype=int)  # hits, true, found
    for step in np.unique(truth.step):
        index = np.flatnonzero(truth.step == step)
        axis = np.mean(truth.axis[index] - truth.axis[index, :1], axis=0)
        table = peaks.find(SpectrumSet(axis, truth.values[index]))
        for position, spectrum in enumerate(index.tolist()):
            positions = table["position"][table["spectrum"] == position] + truth.axis[spectrum, 0]
            true = truth.peaks[truth.peaks["spectrum"] == spectrum]
            free = list(positions)
            hits = 0
            for peak in true[np.argsort(-true["height"])]:
                near = [centre for centre in free if abs(centre - peak["center"]) <= peak["fwhm"] / 2]
                if near:
                    free.remove(min(near, key=lambda centre: abs(centre - peak["center"])))
                    hits += 1
            counts[spectrum] = hits, len(true), len(positions)
    rows = []
    for snr, bar in bars.items():
        hits, true, found_count = counts[truth.snr == snr].sum(axis=0)
        f1 = 2 * hits / (true + found_count)
        shown = f"{hits / found_count:.3f} / {hits / true:.3f}"
        rows.append([f"{snr}", shown, f"{f1:.3f}", f"≥ {bar} {mark(f1 >= bar)}", f"{rivals[snr]:.3f}"])
    nearest = np.array([truth.peaks["separation"][truth.peaks["spectrum"] == s].min() for s in range(len(truth.snr))])
    apart = (truth.snr >= 30) & (nearest >= 1)
    return rows, float(np.mean(counts[apart, 1] == counts[apart, 2]))


def batch(n_spectra: int, centers: tuple[float, ...], seed: int = 0) -> tuple[SpectrumSet, dict[str, Any]]:
    """Simulated Lorentz lines at 512 points, and starts off by up to a quarter of the width."""
    rng = np.random.default_rng(seed)
    axis = 500.0 + np.arange(512)
    k = len(centers)
    center = np.array(centers) + rng.uniform(-15, 15, (n_spectra, k))
    fwhm, height = rng.uniform(8, 30, (n_spectra, k)), rng.uniform(0.3, 1, (n_spectra, k))
    values = np.empty((n_spectra, 512), dtype=np.float32)
    for begin in range(0, n_spectra, 2000):
        part = slice(begin, begin + 2000)
        shape = evaluate(profile("lorentz"), axis, center[part], fwhm[part], np.zeros((*center[part].shape, 0)))
        values[part] = np.einsum("nk,nkb->nb", height[part], shape) + 0.5 + 0.001 * (axis - 500)
    values += rng.normal(0, 1 / 30, values.shape).astype(np.float32)
    start = {
        "spectrum": np.repeat(np.arange(n_spectra), k),
        "center": (center + rng.uniform(-0.25, 0.25, center.shape) * fwhm).ravel(),
        "fwhm": (fwhm * rng.uniform(0.7, 1.4, fwhm.shape)).ravel(),
    }
    return SpectrumSet(axis, values), start


def speed_rows(truth: Truth, lmfit_rate: float) -> list[list[str]]:
    """Fits a second, one spectrum, and a map; wall clock and computing, since other programs share the cores."""
    rows = []
    spectra, start = batch(10_000, (590, 690, 790, 900))
    best, computing = 0.0, 0.0
    for _ in range(3):
        began, cpu = time.perf_counter(), time.process_time()
        peaks.fit(spectra, "lorentz", start)
        best = max(best, 10_000 / (time.perf_counter() - began))
        computing = max(computing, 2 * 10_000 / (time.process_time() - cpu))
    curve_fit_rate = curve_fit_all(truth, 40)
    what = "fits/s, 4 Lorentz lines, 512 points, batch of 10 000"
    rows.append([what, f"{best:.0f}", f"{computing:.0f}", f"≥ 5000 {mark(computing >= 5000)}", ""])
    rows.append(
        [
            "the same by curve_fit with written Jacobian",
            f"{curve_fit_rate:.0f}",
            "",
            "",
            "× " + f"{best / curve_fit_rate:.0f}",
        ]
    )
    rows.append(["lmfit, all of the truth", f"{lmfit_rate:.1f}", "", "", ""])
    six, begin = batch(1, (560, 585, 690, 712, 820, 850), seed=5)
    peaks.fit(six, "pseudo-voigt", begin)
    times = []
    for _ in range(7):
        cpu = time.process_time()
        peaks.fit(six, "pseudo-voigt", begin)
        times.append(1000 * (time.process_time() - cpu))
    rows.append(
        [
            "one spectrum, 6 overlapping peaks, ms",
            "",
            f"{np.median(times):.0f}",
            f"≤ 150 {mark(np.median(times) <= 150)}",
            "",
        ]
    )
    pixels, _ = batch(40_000, (700,), seed=7)
    began, cpu = time.perf_counter(), time.process_time()
    peaks.fit(pixels, "lorentz", {"center": [700.0], "fwhm": [18.0]})
    wall, used = time.perf_counter() - began, (time.process_time() - cpu) / 2
    rows.append(
        [
            "a map of 40 000 pixels, one line, 512 points, s",
            f"{wall:.1f}",
            f"{used:.1f}",
            f"≤ 10 {mark(used <= 10)}",
            "",
        ]
    )
    return rows


def polystyrene_rows() -> list[list[str]]:
    """Scatter of the position of the 1001 cm⁻¹ line over its stated error, at each laser power."""
    import h5py

    rows = []
    with h5py.File(DATA / "corpus.h5") as file:
        group = file["power_series_a"]
        axis, values, conditions = group["axis"][:], group["values"][:], group["condition"].asstr()[:]
    totals = {}
    for kind in ("lorentz", "pseudo-voigt"):
        ratios = []
        for condition in dict.fromkeys(conditions):
            repeats = SpectrumSet.of(axis, values[conditions == condition])
            fitted = peaks.fit(repeats, kind, {"center": [1000.5], "fwhm": [7.0]}, within=(980, 1018))
            scatter, stated = float(np.std(fitted["center"], ddof=1)), float(np.median(fitted["center_error"]))
            ratios.append(scatter / stated)
            power = str(condition).split("Probe_")[-1].split("(")[0]
            shown = f"{np.mean(fitted['center']):.3f}", f"{scatter:.4f}", f"{stated:.4f}", f"{scatter / stated:.2f}"
            rows.append([f"{power} %, {kind}", *shown])
        totals[kind] = float(np.sqrt(np.mean(np.square(ratios))))
    for kind, pooled in totals.items():
        met = mark(0.8 <= pooled <= 1.25)
        rows.append([f"root mean square, {kind}", "", "", "", f"{pooled:.2f}, bar .8–1.25 {met}"])
    return rows


def processed(spectra: SpectrumSet, without_baseline: bool = False) -> tuple[SpectrumSet, Any, Any]:
    """Cosmic rays removed, as by the default recipe, and the baseline where chosen; the error and its smooth part."""
    from ramanstudio.processing.baseline import SubtractBaseline
    from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
    from ramanstudio.processing.recipe import Recipe
    from ramanstudio.processing.step import RecipeStep

    steps = (RecipeStep(RemoveCosmicRays()), *([RecipeStep(SubtractBaseline())] if without_baseline else []))
    result = Recipe(steps).apply(spectra)
    smooth = result.results[-1].curves["baseline_error"] if without_baseline else None
    return result.spectra, result.expected_error, smooth


def main() -> None:
    """Measure, and write the section of RESULTS.md."""
    truth = Truth.read()
    fitted, seconds = fit_all(truth)
    rival, rival_seconds = lmfit_all(truth, N_RIVAL)
    head = ["which", "lost, %", "bias of centre, width, area, %", "coverage of centre, width, area", "no error, %"]
    parts = [
        f"`python -m benchmarks.peaks`, {machine()}. `../shared/data/truth/peaks.h5`: 2000 spectra of 1–6 peaks"
        " on a straight baseline, starts off by up to a quarter of the width. *Lost*: centre off by half a width,"
        " or width by more than itself; bars 1.5 % of all, 3.5 % of overlapping. *Coverage*: how often the truth lies"
        f" within one standard error; bar .65–.71. All 2000 in {seconds:.1f} s.\n\n"
        + table(head, fit_rows(truth, fitted, 0.65, 0.71)),
        f"lmfit 1.3.4, the first {N_RIVAL} spectra, same starts, {rival_seconds:.0f} s:\n\n"
        + table(head, fit_rows(truth, rival, 0.65, 0.71, N_RIVAL)),
    ]
    print("fitted", flush=True)
    rows, right = detection_rows(truth)
    print("detected", flush=True)
    parts.append(
        "Detection (`peaks.find`, significance 4 for all; rival: `find_peaks` on Savitzky-Golay, best threshold"
        " told the truth):\n\n" + table(["SNR", "precision / recall", "F1", "bar", "rival"], rows)
    )
    parts.append(
        f"Number of peaks right at SNR ≥ 30 and a separation of a width or more: {100 * right:.1f} %"
        f" (≥ 90 {mark(right >= 0.9)}).\n"
    )
    try:
        subset = truth.first(N_PROCESSED)
        done, _ = fit_all(subset, partial(processed, without_baseline=True))
        print("processed", flush=True)
        cleaned, _ = fit_all(subset, processed)
        parts.append(
            f"The first {N_PROCESSED} after cosmic rays were removed, as by the default recipe (bar .62–.74):\n\n"
            + table(head, fit_rows(subset, cleaned, 0.62, 0.74))
        )
        parts.append(
            f"The first {N_PROCESSED} after cosmic rays and the automatic baseline (bar .62–.74)."
            " Its stated uncertainty is `baseline_error`: under each line an error of that size, 1.75 widths broad."
            " The bias of the area stays: an automatic baseline takes part of the tails of broad lines with it."
            " The window therefore fits the measured spectrum, on a baseline of its own.\n\n"
            + table(head, fit_rows(subset, done, 0.62, 0.74))
        )
    except Exception as error:
        parts.append(f"Processed spectra could not be fitted: {error}\n")
    speed = speed_rows(truth, N_RIVAL / rival_seconds)
    parts.append(
        "Speed. *Wall*: with whatever else runs on the machine. *Computing*: what two cores with nothing"
        " else to do reach (spectra over processor time, times two).\n\n"
        + table(["what", "wall", "computing", "bar", "over rival"], speed)
    )
    head = ["laser power", "position, cm⁻¹", "scatter", "stated error", "scatter / stated"]
    parts.append(
        "Polystyrene, five repeats at each power, the 1001 cm⁻¹ line. With a pseudo-Voigt the ratio is above the bar at"
        " 60 and 80 % power: the line moves by 0.06 cm⁻¹, a thirtieth of a point, between repeats, with any profile; a"
        " Lorentzian, which describes it less well, states a larger error.\n\n" + table(head, polystyrene_rows())
    )
    write_section("Peaks", "\n".join(parts))


if __name__ == "__main__":
    main()
