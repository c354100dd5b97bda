"""Where the classic hit quality index and the probability disagree: say why, and compute the index from clean bands.

The index correlates the spectrum as measured, less a baseline, with the reference. Under strong fluorescence or noise
it is low for every reference, and highest for the wrong one now and then; the probability is not, as it compares
denoised spectra, too. The index is then computed from the bands of the denoised, baseline-corrected spectrum instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.library.library import Library
from ramanstudio.search.fingerprints import measured_samples
from ramanstudio.search.matches import Identification, Match
from ramanstudio.search.shortlist import correlation

LIKELY: Final = 0.5  # probability of the best match from which a low index contradicts it
LOW_HQI: Final = 400.0
UNLIKELY: Final = 0.1  # probability of a match, relative to the best, that should not have a higher index
BLOCKS: Final = 12  # of the axis, whose lower quantiles outline the fluorescence
STRONG_FLUORESCENCE: Final = 3.0  # times the strongest band


def reconcile_hqi(
    result: Identification,
    spectrum: SpectrumSet,
    query: Mapping[str, NDArray[Any]],
    compared: NDArray[np.bool_],
    libraries: Sequence[Library],
) -> Identification:
    """Return `result` with the index of clean bands and a note why, where index and probability disagree.

    `spectrum` is a set of one, `query` its fingerprint with `compared` samples (G,) of the grid.
    """
    if not disagrees(result):
        return result
    matches = tuple(_with_clean_hqi(match, query, compared, libraries) for match in result.matches)
    before, after = result.matches[0].hqi, matches[0].hqi
    if after <= before:
        return result
    ratio = fluorescence_to_bands(spectrum)
    cause = (
        f"Fluorescence {ratio:.0f} × as intense as the strongest band"
        if ratio >= STRONG_FLUORESCENCE
        else "Noise in the measured spectrum"
    )
    note = (
        f"{cause} makes its hit quality index unreliable (HQI {before:.0f}). HQI is shown for the denoised,"
        f" baseline-corrected spectrum (HQI {after:.0f})."
    )
    return replace(result, matches=matches, explanation=f"{result.explanation} {note}".strip())


def disagrees(result: Identification) -> bool:
    """Tell whether the best match is likely, but has a low index, or a lower one than an unlikely match."""
    if result.unknown or not result.matches or result.matches[0].probability < LIKELY:
        return False
    best, *others = result.matches
    unlikely = (match.hqi for match in others if match.probability < UNLIKELY * best.probability)
    return best.hqi < max(LOW_HQI, *unlikely) if others else best.hqi < LOW_HQI


def fluorescence_to_bands(spectrum: SpectrumSet) -> float:
    """Return how many times as high as its strongest band the smooth background of a spectrum (a set of one) is."""
    axis, values = spectrum.axis, spectrum.values[0].astype(np.float64)
    blocks = [block for block in np.array_split(np.arange(len(axis)), BLOCKS) if len(block)]
    floor = np.array([np.quantile(values[block], 0.2) for block in blocks])
    background = np.interp(axis, [float(axis[block].mean()) for block in blocks], floor)
    strongest = float(np.quantile(values - background, 0.999))
    return float(np.ptp(background)) / strongest if strongest > 0 else 0.0


def _with_clean_hqi(
    match: Match, query: Mapping[str, NDArray[Any]], compared: NDArray[np.bool_], libraries: Sequence[Library]
) -> Match:
    """A match with HQI and Euclid from the bands of the denoised, baseline-corrected spectra."""
    library = libraries[match.library].fingerprints
    reference = np.array([match.reference])
    shared = compared & measured_samples(library, reference)[0]
    if not shared.any():
        return match
    bands, others = (
        np.square(roots.astype(np.float32) - float(roots[shared].min()))
        for roots in (query["roots"], library["roots"][match.reference])
    )
    r = max(float(correlation(bands, others[None], shared[None])[0]), 0.0)
    return replace(match, hqi=1000 * r**2, euclid=float(np.sqrt(2 - 2 * r)))
