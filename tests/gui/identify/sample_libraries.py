"""A shelf with a library of four substances, files to identify, and a stand-in for the engine that compares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.library import library, starter_library
from ramanstudio.library.library import Library, Reference
from ramanstudio.search.matches import Identification, Match
from tests.gui.driver import SmoothingEngine

AXIS = np.linspace(150.0, 1850.0, 851)
SHIFTS = {  # cm⁻¹ and height of each line
    "quartz": ((206, 0.4), (464, 1.0), (1160, 0.2)),
    "calcite": ((282, 0.4), (712, 0.3), (1086, 1.0)),
    "anatase": ((398, 0.6), (516, 0.6), (640, 1.0)),
    "barite": ((461, 0.5), (618, 0.3), (988, 1.0)),
}


@cache
def all_starter_substances() -> list[Any]:
    """All substances of the starter library, simulated once for all tests."""
    return starter_library.starter_references()


def starter_subset() -> list[Any]:
    """Three of them: preparing all is not what is tested here."""
    return all_starter_substances()[:3]


def lines(of: Sequence[tuple[float, float]], axis: NDArray[Any] = AXIS) -> NDArray[Any]:
    """Lines 10 cm⁻¹ wide."""
    return np.sum([height / (1 + ((axis - at) / 5) ** 2) for at, height in of], axis=0)


def reference(name: str, **known: Any) -> Reference:
    return Reference(name, SpectrumSet(AXIS, lines(SHIFTS[name])[None].astype(np.float32)), **known)


def write_library(title: str = "Minerals", names: Sequence[str] = tuple(SHIFTS), note: str = "") -> Library:
    """A library on the shelf."""
    references = [reference(name, group="minerals", laser_nm=532.0, note=note) for name in names]
    return library.write(paths.user_libraries() / f"{title}{library.SUFFIX}", references, title)


def write_sample(folder: Path, name: str, parts: Mapping[str, float], seed: int = 0, noise: float = 2.0) -> Path:
    """A spectrum of these parts on a sloping ground, in counts."""
    counts = 100 * np.sum([share * lines(SHIFTS[part]) for part, share in parts.items()], axis=0) if parts else 0
    values = counts + 40 + 0.02 * AXIS + np.random.default_rng(seed).normal(0, noise, AXIS.size)
    path = folder / f"{name}.txt"
    np.savetxt(path, np.column_stack([AXIS, values]), fmt="%.3f", delimiter="\t")
    return path


class ComparingEngine(SmoothingEngine):
    """Compares by the correlation of slopes; a hit of less than 0.3 is not credible."""

    fingerprint_version = "slopes"

    def __init__(self, **known: Any) -> None:
        super().__init__(**known)
        self.asked: list[tuple[int, Region | None]] = []  # how many spectra, and within what
        self.denoised_before: list[bool] = []  # for each search, whether it was given what is denoised already
        self.prepared = 0
        self.refusal: StudioError | None = None  # what is wrong with the search as a whole

    def compute_fingerprints(self, spectra: Sequence[SpectrumSet]) -> dict[str, NDArray[Any]]:
        self.prepared += len(spectra)
        return {"slopes": np.stack([_slope(one.axis, one.values[0]) for one in spectra])}

    def identify(
        self,
        spectra: SpectrumSet,
        libraries: Sequence[Library],
        top: int = 10,
        within: Region | None = None,
        progress: Progress = SILENT,
        denoised: Denoised | None = None,
    ) -> list[Identification]:
        if self.refusal is not None:
            raise self.refusal
        self.denoised_before.append(denoised is not None)
        self.asked.append((len(spectra), within))
        found = []
        for row in range(len(spectra)):
            progress(row, len(spectra), "spectra")
            self.may_continue.wait(10)
            if np.ptp(spectra.values[row]) == 0:
                found.append(Identification((), True, 0, "The spectrum is flat: there is nothing to compare."))
                continue
            slope = _slope(spectra.axis, spectra.values[row])
            scored = [
                (float(np.dot(print_, slope)), position, at)
                for position, one in enumerate(libraries)
                for at, print_ in enumerate(one.fingerprints["slopes"])
            ]
            scored.sort(reverse=True)
            found.append(self._identification(scored[:top], libraries))
        return found

    def _identification(self, scored: Sequence[tuple[float, int, int]], libraries: Sequence[Library]) -> Identification:
        matches = []
        for score, position, at in scored:
            name = str(libraries[position].names[at])
            shifts = tuple(float(shift) for shift, _ in SHIFTS.get(name, ((500, 1.0),)))
            there = shifts if score > 0.6 else ()
            missing = tuple(shift for shift in shifts if shift not in there)
            kind = (there, missing, () if there else (464.0,))
            numbers = (max(score, 0.0), score, 1000 * max(score, 0.0) ** 2, score, 1 - score, 0.1)
            matches.append(Match(name, *numbers, position, at, *kind))
        unknown = not scored or scored[0][0] < 0.3
        explanation = "No reference has these bands." if unknown else ""
        return Identification(tuple(matches), unknown, 0 if unknown else 2, explanation)


def _slope(axis: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float32]:
    grid = np.linspace(200.0, 1800.0, 401)
    smooth = np.convolve(np.interp(grid, axis, values.astype(np.float64)), np.ones(5) / 5, mode="same")
    slope = np.diff(smooth)[3:-3]
    slope -= slope.mean()
    return (slope / (np.linalg.norm(slope) or 1.0)).astype(np.float32)
