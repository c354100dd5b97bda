"""Taking one spectrum apart: the best candidates of the search, fitted together. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document.search_queue import SearchRequest, prepare_libraries
from ramanstudio.gui.identify.overlay import inside

Floats = NDArray[np.floating[Any]]

FEWEST: Final = 32  # points


@dataclass(frozen=True, slots=True)
class MixedPart:
    """A substance of a mixture: its share of the fitted intensity, 0 to 1, the standard error of it, and a note about
    its reference."""

    name: str
    fraction: float
    error: float
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """What spectrum `row` of an entry is mixed of, the largest part first, and how much of its lines they `explain` (0
    to 1); `fitted` and `residual` (B,) on its axis, NaN where nothing was compared."""

    entry_id: int
    row: int
    parts: tuple[MixedPart, ...]
    explain: float
    fitted: Floats
    residual: Floats

    @property
    def title(self) -> str:
        """`A mixture: anatase 82 ± 3 %, rutile 18 ± 3 %`."""
        return "A mixture: " + ", ".join(f"{one.name} {share_words(one.fraction, one.error)}" for one in self.parts)


def share_words(fraction: float, error: float) -> str:
    """`62 ± 3 %`."""
    return f"{100 * fraction:.0f} ± {max(100 * error, 1):.0f} %"


def mixture_of(request: SearchRequest, entry_id: int, spectrum: SpectrumSet, row: int, progress: Progress) -> Mixed:
    """Fit up to four substances of the libraries to a spectrum, where they pay for themselves.

    Raises StudioError where nothing can be compared, Cancelled when asked to stop.
    """
    from ramanstudio.search import mixture_candidates, mixtures
    from ramanstudio.signal import snr

    libraries = prepare_libraries(request, progress)
    progress(0, 0, "Taking the mixture apart")
    compared = inside(spectrum.axis, request.within) & np.isfinite(spectrum.values[0])
    if compared.sum() < FEWEST:
        raise StudioError("Too little is left to take apart.", remedy="Compare a wider range.")
    asked = SpectrumSet(spectrum.axis[compared], spectrum.values[:, compared])
    sigma = float(snr.noise_sigma(spectrum.values[:, np.isfinite(spectrum.values[0])])[0])
    places = mixture_candidates.mixture_candidates(asked, sigma, libraries)
    names = [str(libraries[library].names[at]) for library, at in places]
    references = [libraries[library].spectrum(at) for library, at in places]
    progress(0, 0, "Taking the mixture apart")
    mixture = mixtures.unmix(asked.axis, asked.values[0].astype(np.float64), sigma, references, names)
    notes = [str(libraries[library].notes[at]) for library, at in places]
    parts = tuple(
        MixedPart(names[one.reference], float(one.fraction), float(one.error), notes[one.reference])
        for one in mixture.components
    )
    fitted, residual = np.full(spectrum.points, np.nan), np.full(spectrum.points, np.nan)
    fitted[compared], residual[compared] = mixture.fitted, mixture.residual
    return Mixed(entry_id, row, parts, float(mixture.explained), fitted, residual)
