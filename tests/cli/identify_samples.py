"""A stand-in for the engine that knows minerals by one band, and their spectra as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.library.library import Library
from ramanstudio.search import fingerprints
from ramanstudio.signal.spectral_features import subtract_baseline

AXIS = np.linspace(200, 1800, 321)
LINES = {"calcite": 1085.0, "quartz": 465.0, "rutile": 610.0, "barite": 988.0}


def spectrum_of(name: str, seed: int = 0) -> SpectrumSet:
    noise = np.random.default_rng(seed).normal(0, 0.5, AXIS.shape)
    return SpectrumSet.of(AXIS, 100 * np.exp(-0.5 * ((AXIS - LINES[name]) / 10) ** 2) + noise)


class StubSearch:
    """Stands for the engine: it knows a substance by the shift of its peak, and calls unknown what lies 20 cm⁻¹ off."""

    device_name = "CPU · 1 thread"
    fingerprint_version = "nose-1"

    def __init__(self) -> None:
        self.prepared = 0
        self.batch_sizes: list[int] = []
        self.within: list[object] = []

    def compute_fingerprints(self, spectra: Sequence[SpectrumSet]) -> Mapping[str, NDArray[np.float64]]:
        self.prepared += len(spectra)
        fingerprints_of_each = [fingerprints.fingerprints(item, item, subtract_baseline(item)) for item in spectra]
        peaks = [[item.axis[np.argmax(item.values[0])]] for item in spectra]
        return {
            name: np.concatenate([item[name] for item in fingerprints_of_each]) for name in fingerprints_of_each[0]
        } | {"peak": np.array(peaks)}

    def identify(
        self,
        spectra: SpectrumSet,
        libraries: Sequence[Library],
        top: int = 10,
        within: object = None,
        progress: Progress = SILENT,
    ) -> list[SimpleNamespace]:
        if not np.isfinite(spectra.values).all():
            raise StudioError("The spectrum holds values that are not numbers.", remedy="Crop the range.")
        progress(len(spectra), len(spectra), "spectra")
        self.batch_sizes.append(len(spectra))
        self.within.append(within)
        return [self._identification(float(spectra.axis[np.argmax(row)]), libraries, top) for row in spectra.values]

    def _identification(self, peak: float, libraries: Sequence[Library], top: int) -> SimpleNamespace:
        distances = [
            (abs(float(item.fingerprints["peak"][index, 0]) - peak), str(item.names[index]), which, index)
            for which, item in enumerate(libraries)
            for index in range(len(item))
        ]
        best: dict[str, tuple[float, int, int]] = {}
        for off, name, which, index in sorted(distances):
            best.setdefault(name, (off, which, index))
        matches = tuple(
            SimpleNamespace(
                name=name, probability=1 / (1 + off), hqi=1000 - off, pearson=0.9, euclid=0.3, gap=0.1,
                library=which, reference=index,
                matched=(peak,), missing=(), extra=(),
            )
            for name, (off, which, index) in list(best.items())[:top]
        )  # fmt: skip
        unknown = matches[0].hqi < 980
        return SimpleNamespace(
            matches=matches,
            unknown=unknown,
            candidate_set_size=1,
            explanation="Nothing is near enough." if unknown else "",
        )


def write_spectrum(path: Path, name: str, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    item = spectrum_of(name, seed)
    path.write_text("".join(f"{x:.3f}\t{y:.4f}\n" for x, y in zip(item.axis, item.values[0], strict=True)))
    return path
