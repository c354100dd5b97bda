"""What the default recipe leaves of cosmic rays, and what it claims: python -m benchmarks.default_recipe

Real spectra with cosmic rays put in (../shared/data/truth/spikes.h5), each spectrum by itself; in the map spikes are
searched with the neighbours. Stated gain: SNR after over SNR before. Left: spikes near which (5 points) the processed
spectrum is more than five sigma away from the measured one without spikes. Top lost: truth of narrow lines is known.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import table, write_section
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.processing import Recipe
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.runner import Processed

TRUTH = Path(__file__).resolve().parents[2] / "shared" / "data" / "truth"
GROUPS = ("mixture", "single_cells", "polystyrene", "minerals", "narrow", "cell_map")
BESIDE = 5  # points of a spike within which nothing may be left


def processed_pair(part: Any, engine: Engine) -> tuple[Processed, Processed, np.ndarray]:
    """The spectra with spikes and those without after the default recipe, and which rows they are."""
    axis, positions = part["axis"][:], {column: part[column][:] for column in ("x", "y") if column in part}
    rows = np.flatnonzero(part["mask"][:].any(axis=1)) if positions else np.arange(len(part["values"]))
    results = []
    for name in ("values", "clean"):
        spectra = SpectrumSet(axis, part[name][:], positions)
        repaired = Recipe.of(RemoveCosmicRays()).apply(spectra)
        state = repaired.results[0].state
        denoised = engine.denoise(state.spectra[rows], replaced=state.replaced[rows])
        results.append((denoised, repaired))
    return results[0], results[1], rows  # type: ignore[return-value]


def spike_rows(engine: Engine) -> tuple[list[list[str]], list[float], list[bool]]:
    """Rows of the table, all ratios of stated gains, and for all spikes whether anything is left."""
    import h5py

    rows, all_ratios, all_left = [], list[float](), list[bool]()
    with h5py.File(TRUTH / "spikes.h5") as file:
        for group in GROUPS:
            part = file[group]
            (with_spikes, _), (without, _), which = processed_pair(part, engine)
            mask, clean, sigma = part["mask"][:][which], part["clean"][:][which], part["sigma"][:][which]
            ratios = (with_spikes.gain / without.gain)[mask.any(axis=1)]
            row_of = {int(row): index for index, row in enumerate(which)}
            left = []
            for spectrum, first, width, *_ in part["spikes"][:]:
                index = row_of[int(spectrum)]
                beside = slice(max(0, first - BESIDE), first + width + BESIDE)
                away = np.abs(with_spikes.spectra.values[index, beside] - clean[index, beside])
                left.append(bool(away.max() > 5 * sigma[index]))
            low, middle, high = np.percentile(ratios, (10, 50, 90))
            rows.append(
                [group, f"{middle:.3f} ({low:.3f}–{high:.3f})", f"{ratios.max():.2f}", f"{100 * np.mean(left):.1f} %"]
            )
            all_ratios += ratios.tolist()
            all_left += left
    return rows, all_ratios, all_left


def top_rows(engine: Engine) -> list[list[str]]:
    """How much of the top of true narrow lines denoising takes, in % of the line, by SNR."""
    import h5py

    rows = []
    with h5py.File(TRUTH / "spikes.h5") as file:
        part = file["narrow"]
        axis, truth = part["axis"][:], part["truth"][:]
    height = np.ptp(truth, axis=1)
    top = truth.argmax(axis=1)
    index = np.arange(len(truth))
    for snr, bar in ((10, None), (30, 1.0), (100, 0.5), (300, None)):
        noise = np.random.default_rng(snr).normal(0, 1, truth.shape) * (height / snr)[:, None]
        denoised = engine.denoise(SpectrumSet(axis, truth + noise)).spectra.values
        lost = 100 * (truth[index, top] - denoised[index, top]) / height
        median, spread = float(np.median(lost)), 100 / snr
        shown = "" if bar is None else f"≤ {bar:g} % {'✓' if median <= bar else '✗'}"
        rows.append([f"SNR {snr}", f"{median:.2f} %", shown, f"{np.percentile(lost, 90):.1f} %", f"{spread:.2f} %"])
    return rows


def main() -> None:
    """Measure, and write it into RESULTS.md."""
    engine = Engine.load()
    rows, ratios, left = spike_rows(engine)
    low, middle, high = np.percentile(ratios, (10, 50, 90))
    ok_gain = 0.95 <= middle <= 1.05 and low >= 0.85 and high <= 1.15
    everything = ["all", f"{middle:.3f} ({low:.3f}–{high:.3f})", f"{max(ratios):.2f}", f"{100 * np.mean(left):.1f} %"]
    bars = [
        "bar",
        f".95–1.05 (.85–1.15) {'✓' if ok_gain else '✗'}",
        "",
        f"≤ 5 % {'✓' if np.mean(left) <= 0.05 else '✗'}",
    ]
    write_section(
        "Default recipe on spectra with cosmic rays",
        "`python -m benchmarks.default_recipe`. *Stated gain*: with spikes over without, median (10–90 %). *Left*:"
        " spikes that leave more than five sigma within five points.\n\n"
        + table(["spectra", "stated gain, with over without", "largest", "left"], [*rows, everything, bars]),
    )
    write_section(
        "Tops of narrow lines",
        "`python -m benchmarks.default_recipe`. Lines 1.6–3 points wide of known truth: what denoising takes off the"
        " top, in % of the line; *noise* is one sigma of a raw point.\n\n"
        + table(["line", "lost, median", "bar", "lost, 90 %", "noise"], top_rows(engine)),
    )


if __name__ == "__main__":
    main()
