"""Analyse a spectrum as a mixture of substances of libraries: find candidates and fit those that improve the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search import mixture_candidates, mixtures
from ramanstudio.signal import snr

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.library.library import Library

Floats = NDArray[np.floating[Any]]

MIN_POINTS: Final = 32


@dataclass(frozen=True, slots=True)
class MixtureComponent:
    """A substance of a mixture: its share of the fitted intensity (0 to 1) and the standard error of that.

    `library` and `reference` are the indices of the reference it was fitted with; `note` is that of the reference.
    """

    name: str
    fraction: float
    error: float
    library: int
    reference: int
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class MixtureAnalysis:
    """The components of a spectrum, largest first, and how well they fit.

    `explained` is the share of the spectrum's bands that they explain (0 to 1), `residual_to_noise` the residual (RMS)
    in units of the noise: far above one, something else is in the spectrum. `fitted` and `residual` (B,) are on the
    axis of the spectrum, NaN where nothing was compared.
    """

    components: tuple[MixtureComponent, ...]
    explained: float
    fitted: Floats
    residual: Floats
    residual_to_noise: float


def analyse_mixture(
    spectrum: SpectrumSet, libraries: Sequence[Library], within: Region | None = None, progress: Progress = SILENT
) -> MixtureAnalysis:
    """Fit up to four substances of `libraries` to a spectrum (a set of one), as many as improve the fit significantly.

    The libraries have fingerprints. Only Raman shifts `within` a region are compared; None compares all. Raises
    StudioError where too little is compared or covered by the libraries, Cancelled when asked to stop.
    """
    progress(0, 0, "Analysing the mixture")
    finite = np.isfinite(spectrum.values[0])
    compared = finite if within is None else finite & within.contains(spectrum.axis)
    if compared.sum() < MIN_POINTS:
        raise StudioError("The range is too narrow to analyse a mixture.", remedy="Compare a wider range.")
    query = SpectrumSet(spectrum.axis[compared], spectrum.values[:, compared])
    sigma = float(snr.noise_sigma(spectrum.values[:, finite])[0])
    candidates = mixture_candidates.mixture_candidates(query, sigma, libraries)
    names = [str(libraries[library].names[reference]) for library, reference in candidates]
    references = [libraries[library].spectrum(reference) for library, reference in candidates]
    progress(0, 0, "Analysing the mixture")
    mixture = mixtures.unmix(query.axis, query.values[0].astype(np.float64), sigma, references, names)
    components = []
    for part in mixture.components:
        library, reference = candidates[part.reference]
        note = str(libraries[library].notes[reference])
        fraction, error = float(part.fraction), float(part.error)
        components.append(MixtureComponent(names[part.reference], fraction, error, library, reference, note))
    components.sort(key=lambda component: -component.fraction)
    fitted, residual = np.full(spectrum.points, np.nan), np.full(spectrum.points, np.nan)
    fitted[compared], residual[compared] = mixture.fitted, mixture.residual
    residual_to_noise = float(np.sqrt(np.nanmean(mixture.residual**2))) / max(sigma, 1e-30)
    return MixtureAnalysis(tuple(components), float(mixture.explained), fitted, residual, residual_to_noise)
