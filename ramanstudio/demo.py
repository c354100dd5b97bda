"""The demo spectra that come with the program: simulated, so that their truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.denoising.denoised import Denoised

SPECTRUM_SUFFIXES = (".txt", ".csv", ".h5")
MAP_LINE_CM = 1008.0  # gypsum, which grows on the marble of the demo map


def demo_files() -> list[Path]:
    """The demo spectra in the order of their names. Raises StudioError when they are not installed."""
    folder = bundled_path("resources", "demo")
    files = sorted(file for file in folder.glob("*") if file.suffix in SPECTRUM_SUFFIXES)
    if not files:
        raise StudioError(f"The demo spectra are missing from '{folder}'.", remedy="Install RamanStudio again.")
    return files


def true_spectra(file: Path) -> NDArray[np.float32]:
    """What a demo file would show without noise, (N, B)."""
    with np.load(file.parent / ".truth.npz") as kept:
        return np.asarray(kept[f"{file.name}/shares"] @ kept[f"{file.name}/parts"])


def true_gain(raw: SpectrumSet, denoised: Denoised, truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """How many times smaller the root mean square error became, (N,), against the spectra `truth` (N, B)."""
    before = np.sqrt(np.mean((raw.values - truth) ** 2, axis=1))
    after = np.sqrt(np.mean((denoised.spectra.values - truth) ** 2, axis=1))
    return np.asarray(before / after, dtype=np.float32)
