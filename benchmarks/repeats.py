"""Real repeats of one measurement, where the mean of many tells the truth about each: denoisers held to account.

The truth of a mixture spectrum is the mean of the repeats beyond the first 200 at the same exposure; that of a
polystyrene spectrum the mean at full laser power. The scale of the truth and a polynomial of degree five are fitted
out of every spectrum first, because sample and fluorescence drift from repeat to repeat; what is left is error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "data" / "corpus.h5"
FIRST = 200
DEGREE = 5


@dataclass(frozen=True, slots=True)
class Condition:
    """Noisy repeats `raw` (N, B) of one thing, and its `truth` (B,)."""

    name: str
    raw: SpectrumSet
    truth: NDArray[np.float64]

    def error(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The root mean square error of each row of `values` (N, B), as defined above -> (N,)."""
        return np.sqrt(np.mean(self.residual(values)[0] ** 2, axis=1))

    def residual(self, values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is left of `values` (N, B) when scale and baseline are fitted out, and the fitted truth, both (N, B)."""
        abscissa = np.linspace(-1, 1, len(self.truth))
        design = np.stack([self.truth, *(abscissa**degree for degree in range(DEGREE + 1))], axis=1)
        parts = np.linalg.lstsq(design, np.asarray(values, dtype=float).T, rcond=None)[0]
        return values - (design @ parts).T, np.outer(parts[0], self.truth)


def conditions(corpus: Path = CORPUS) -> Iterator[Condition]:
    """The three exposures of the mixture and the four lower laser powers of polystyrene."""
    with h5py.File(corpus) as file:
        mixture = file["exposure_mixture_01"]
        axis, values = mixture["axis"][:], mixture["values"][:]
        for exposure in (10, 100, 1000):
            rows = np.flatnonzero(mixture["exposure_ms"][:] == exposure)
            rows = rows[np.argsort(mixture["repeat"][:][rows], kind="stable")]
            truth = values[rows[FIRST:]].mean(axis=0, dtype=float)
            yield Condition(f"mixture {exposure} ms", SpectrumSet.of(axis, values[rows[:FIRST]]), truth)
        power = file["power_series_a"]
        axis, values, names = power["axis"][:], power["values"][:], power["condition"].asstr()[:]
        percent = np.array([int(name.split("Probe_")[1].split("(")[0]) for name in names])
        truth = values[percent == 100].mean(axis=0, dtype=float)
        for power_percent in (20, 40, 60, 80):
            yield Condition(
                f"polystyrene {power_percent} %", SpectrumSet.of(axis, values[percent == power_percent]), truth
            )
