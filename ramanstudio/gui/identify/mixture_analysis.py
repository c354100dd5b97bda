"""Analyse one spectrum as a mixture: the best candidates of a search, fitted together. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document.search_queue import SearchRequest, prepare_libraries
from ramanstudio.gui.identify.overlay import compared_samples

Floats = NDArray[np.floating[Any]]

MIN_POINTS: Final = 32


@dataclass(frozen=True, slots=True)
class MixtureComponent:
    """A substance of a mixture: its share of the fitted intensity (0 to 1), the standard error of that, and the note of
    its reference."""

    name: str
    fraction: float
    error: float
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class MixtureResult:
    """The components of spectrum `row` of an entry, the largest first, and the share of its bands that they explain.

    `fitted` and `residual` (B,) are on the axis of the spectrum, NaN where nothing was compared.
    """

    entry_id: int
    row: int
    components: tuple[MixtureComponent, ...]
    explained: float
    fitted: Floats
    residual: Floats

    @property
    def title(self) -> str:
        """`Mixture: anatase 82 ± 3 %, rutile 18 ± 3 %`."""
        parts = (f"{part.name} {format_fraction(part.fraction, part.error)}" for part in self.components)
        return f"Mixture: {', '.join(parts)}"


def format_fraction(fraction: float, error: float) -> str:
    """`62 ± 3 %`."""
    return f"{100 * fraction:.0f} ± {max(100 * error, 1):.0f} %"


def analyse_mixture(
    request: SearchRequest, entry_id: int, spectrum: SpectrumSet, row: int, progress: Progress
) -> MixtureResult:
    """Fit up to four substances of the libraries to a spectrum, as many as improve the fit significantly.

    Raises StudioError where nothing can be compared, Cancelled when asked to stop.
    """
    from ramanstudio.search import mixture_candidates, mixtures
    from ramanstudio.signal import snr

    libraries = prepare_libraries(request, progress)
    progress(0, 0, "Analysing the mixture")
    compared = compared_samples(spectrum.axis, request.within) & np.isfinite(spectrum.values[0])
    if compared.sum() < MIN_POINTS:
        raise StudioError("The range is too narrow to analyse a mixture.", remedy="Compare a wider range.")
    query = SpectrumSet(spectrum.axis[compared], spectrum.values[:, compared])
    sigma = float(snr.noise_sigma(spectrum.values[:, np.isfinite(spectrum.values[0])])[0])
    candidates = mixture_candidates.mixture_candidates(query, sigma, libraries)
    names = [str(libraries[library].names[reference]) for library, reference in candidates]
    notes = [str(libraries[library].notes[reference]) for library, reference in candidates]
    references = [libraries[library].spectrum(reference) for library, reference in candidates]
    progress(0, 0, "Analysing the mixture")
    mixture = mixtures.unmix(query.axis, query.values[0].astype(np.float64), sigma, references, names)
    components = tuple(
        MixtureComponent(names[part.reference], float(part.fraction), float(part.error), notes[part.reference])
        for part in mixture.components
    )
    fitted, residual = np.full(spectrum.points, np.nan), np.full(spectrum.points, np.nan)
    fitted[compared], residual[compared] = mixture.fitted, mixture.residual
    return MixtureResult(entry_id, row, components, float(mixture.explained), fitted, residual)
