"""Taking one spectrum apart: the best candidates of the search, fitted together. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.errors import StudioError
from ramanstudio.gui.identify.asking import CANDIDATES, Question, prepared
from ramanstudio.gui.identify.overlay import inside
from ramanstudio.progress import Progress
from ramanstudio.spectra import SpectrumSet

Floats = NDArray[np.floating[Any]]

FEWEST: Final = 32  # points


@dataclass(frozen=True, slots=True)
class MixedPart:
    """A substance of a mixture: its share of the fitted intensity, 0 to 1, and the standard error of that."""

    name: str
    fraction: float
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """What spectrum `row` of an entry is mixed of, the largest part first; `fitted` and `residual` (B,) on its axis,
    NaN where nothing was compared."""

    entry_id: int
    row: int
    parts: tuple[MixedPart, ...]
    fitted: Floats
    residual: Floats


def mixture_of(question: Question, entry_id: int, spectrum: SpectrumSet, row: int, progress: Progress) -> Mixed:
    """Fit up to four of the best candidates to a spectrum.

    Raises StudioError where nothing can be compared, Cancelled when asked to stop.
    """
    from ramanstudio.analysis import snr
    from ramanstudio.analysis.mixtures import unmix

    libraries = prepared(question, progress)
    progress(0, 0, "Taking the mixture apart")
    (found,) = question.engine.identify(spectrum, libraries, CANDIDATES, question.within, progress)
    if not found.matches:
        raise StudioError("There is nothing to take apart.", remedy=found.why or "Search in other libraries.")
    names = [match.name for match in found.matches]
    references = [libraries[match.library].spectrum(match.reference) for match in found.matches]
    compared = inside(spectrum.axis, question.within) & np.isfinite(spectrum.values[0])
    if compared.sum() < FEWEST:
        raise StudioError("Too little is left to take apart.", remedy="Compare a wider range.")
    values = spectrum.values[0].astype(np.float64)
    sigma = float(snr.noise_sigma(spectrum.values)[0])
    mixture = unmix(spectrum.axis[compared], values[compared], sigma, references, names)
    parts = [MixedPart(names[one.reference], float(one.fraction), float(one.error)) for one in mixture.parts]
    fitted, residual = np.full(spectrum.points, np.nan), np.full(spectrum.points, np.nan)
    fitted[compared], residual[compared] = mixture.fitted, mixture.residual
    parts.sort(key=lambda part: -part.fraction)
    return Mixed(entry_id, row, tuple(parts), fitted, residual)
