"""Cosmic rays and baselines against known truth: python -m benchmarks.processing

Real spectra with spikes put in, and measured lines on measured backgrounds (../shared/data/truth, see its README). One
setting for all groups. Beside ours the rivals that a user would take: for spikes the best single threshold of six
rules, as that README states it; for baselines arPLS with its default, fitted in the same run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import table, write_section
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.baseline import automatic_baseline
from ramanstudio.signal.cosmic_rays import find_cosmic_rays

TRUTH = Path(__file__).resolve().parents[2] / "shared" / "data" / "truth"
# recall and precision of points: the bars, and the best rule with one threshold for all groups
SPIKE_BARS = {
    "mixture": (0.93, 0.97, ".90 / .99"), "single_cells": (0.93, 0.97, ".91 / .96"),
    "polystyrene": (0.80, 0.90, ".63 / .77"), "minerals": (0.85, 0.92, ".62 / .85"),
    "narrow": (None, None, ".64 / .26"), "cell_map": (0.92, 0.97, ".87 / .90"),
}  # fmt: skip
BASELINE_BARS = {100: 0.85, 20: 1.25, 5: 2.7}


def spike_rows() -> list[list[str]]:
    """Recall and precision of points, and how many tops of true lines are cut."""
    import h5py

    rows = []
    with h5py.File(TRUTH / "spikes.h5") as file:
        for group, (recall_bar, precision_bar, rival) in SPIKE_BARS.items():
            part = file[group]
            positions = {column: part[column][:] for column in ("x", "y") if column in part}
            found = find_cosmic_rays(SpectrumSet(part["axis"][:], part["values"][:], positions))
            truth, clean = part["mask"][:], part["clean"][:]
            counted = _counted(clean, part["sigma"][:]) if positions else np.ones(len(truth), dtype=bool)
            found, truth, clean = found[counted], truth[counted], clean[counted]
            right = (found & truth).sum()
            recall, precision = right / truth.sum(), right / max(1, found.sum())
            cut = np.mean(
                [
                    found[row, max(0, top - 1) : top + 2].any() and not truth[row, max(0, top - 2) : top + 3].any()
                    for row, top in enumerate(clean.argmax(axis=1))
                ]
            )
            bar = "" if recall_bar is None else f"≥ {recall_bar} / {precision_bar}"
            met = "" if recall_bar is None else _mark(recall >= recall_bar and precision >= precision_bar)
            rows.append([group, f"{recall:.3f} / {precision:.3f}", f"{bar} {met}".strip(), rival, f"{100 * cut:.1f} %"])
    return rows


def _counted(clean: Any, sigma: Any) -> Any:
    """Pixels of the map without spikes of their own: none six sigma above a median filter over seven points."""
    from scipy.ndimage import median_filter

    return ~((clean - median_filter(clean, (1, 7))) > 6 * sigma[:, None]).any(axis=1)


def baseline_rows() -> list[list[str]]:
    """Median RMSE in % of the strongest line, measured lines on measured backgrounds."""
    import h5py
    from pybaselines import Baseline

    errors: dict[int, list[tuple[float, float]]] = {snr: [] for snr in BASELINE_BARS}
    with h5py.File(TRUTH / "baseline.h5") as file:
        part = file["measured"]
        offsets, snrs = part["offsets"][:], part["snr"][:]
        for index, snr in enumerate(snrs):
            where = slice(offsets[index], offsets[index + 1])
            axis, values, truth, lines = (part[name][where] for name in ("axis", "values", "baseline", "lines"))
            ours = automatic_baseline(SpectrumSet(axis, values[None])).values[0]
            arpls = Baseline(axis).arpls(values.astype(np.float64))[0]
            errors[int(snr)].append(tuple(
                100 * float(np.sqrt(np.mean((curve - truth) ** 2)) / lines.max()) for curve in (ours, arpls)
            ))  # fmt: skip
    rows = []
    for snr, pairs in errors.items():
        ours, arpls = np.median(np.array(pairs), axis=0)
        bar = BASELINE_BARS[snr]
        rows.append([f"SNR {snr}", f"{ours:.2f}", f"≤ {bar} {_mark(ours <= bar)}", f"{arpls:.2f}"])
    return rows


def _mark(met: bool) -> str:
    return "✓" if met else "✗"


def main() -> None:
    """Measure both, and write them into RESULTS.md."""
    write_section(
        "Cosmic rays",
        "`python -m benchmarks.processing`. Points, recall / precision, one setting for all; *rival*: the best rule"
        " with one threshold for all groups. *Lines cut*: spectra whose strongest true line lost its top.\n\n"
        + table(["spectra", "ours", "bar", "rival", "lines cut"], spike_rows()),
    )
    write_section(
        "Baselines",
        "`python -m benchmarks.processing`. Measured lines on measured backgrounds, automatic; median RMSE in % of the"
        " strongest line.\n\n" + table(["spectra", "ours", "bar", "arPLS, default"], baseline_rows()),
    )


if __name__ == "__main__":
    main()
