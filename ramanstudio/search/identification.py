"""Identify spectra by their fingerprints: search libraries, and say what limits each result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.library.library import Library
from ramanstudio.search import confusable, fingerprints
from ramanstudio.search.fingerprints import GRID
from ramanstudio.search.library_search import search
from ramanstudio.search.matches import Identification
from ramanstudio.search.shortlist import looked_at
from ramanstudio.signal import snr

FEWEST_POINTS: Final = 8  # of a spectrum that has lines at all
CLEAR: Final = 1000.0  # signal-to-noise ratio of a spectrum without noise, such as a simulated one
FULL: Final = "The detector was full at the strongest line, whose height is not to be trusted. Measure with less light."
# Of spectra that are noise only nine in ten have a ratio after denoising below it; those measured with one of 5 have 10
# and more. Without it the noise in a map of 2205 spectra was given 140 names.
FAINT: Final = 6.0
SATURATED: Final = 5  # neighbouring samples at one highest value: the detector had no more to give

Fingerprints = dict[str, NDArray[Any]]


def comparable(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Return which spectra can be searched for (N,): finite, not constant, and of at least FEWEST_POINTS samples."""
    if spectra.points < FEWEST_POINTS:
        return np.zeros(len(spectra), dtype=bool)
    return _varies(spectra)


def _varies(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Which spectra are finite and not constant, (N,)."""
    finite = np.isfinite(spectra.values).all(axis=1)
    return np.asarray(finite & (np.ptp(np.nan_to_num(spectra.values), axis=1) > 0))


def blank(n_spectra: int, n_features: int) -> Fingerprints:
    """Return the fingerprints (N, …) of spectra that cannot be compared: all zero, with the ratio of a clean one."""
    features = np.zeros((n_spectra, n_features), dtype=np.float32)
    return {
        **fingerprints.empty_fingerprints(n_spectra),
        "features": features,
        "snr": np.full(n_spectra, CLEAR, dtype=np.float32),
    }


def fill(blanks: Fingerprints, rows: NDArray[Any], computed: Mapping[str, NDArray[Any]]) -> None:
    """Put `computed` arrays (M, …) at `rows` of `blanks` (N, …), except features that could not be computed (M, 0)."""
    for name, values in computed.items():
        if values.shape[1:] == blanks[name].shape[1:]:
            blanks[name][rows] = values


def snr_of_raw(spectra: SpectrumSet) -> NDArray[np.float32]:
    """Return the signal-to-noise ratios (N,) of spectra that are too short for the network, at most CLEAR."""
    ratio = snr.signal_height(spectra.axis, spectra.values) / np.maximum(snr.noise_sigma(spectra.values), 1e-30)
    return np.clip(np.nan_to_num(ratio, nan=CLEAR), 0, CLEAR).astype(np.float32)


def snr_of_denoised(denoised: Denoised) -> NDArray[np.float32]:
    """Return the signal-to-noise ratios (N,) after denoising; CLEAR where there was no noise."""
    return np.nan_to_num(denoised.snr_after, nan=CLEAR, posinf=CLEAR).astype(np.float32)


def identify(
    spectra: SpectrumSet,
    queries: Mapping[str, NDArray[Any]],
    libraries: Sequence[Library],
    top: int = 10,
    within: Region | None = None,
    progress: Progress = SILENT,
) -> list[Identification]:
    """Identify each of N `spectra` by their fingerprints `queries` (N, …); `libraries` hold those of the same model.

    Raises Cancelled when asked to stop.
    """
    answers = search(queries, libraries, top, within, progress)
    answers = [_unless_faint(_advised(answer), float(one)) for answer, one in zip(answers, queries["snr"], strict=True)]
    alike = confusable.confusable_notes(answers, libraries, looked_at(queries, within))
    answers = [
        replace(answer, explanation=_off_the_grid(spectra.axis)) if off else answer
        for answer, off in zip(answers, _is_off(spectra, queries), strict=True)
    ]
    said = [f"{one} {FULL if full else ''}".strip() for one, full in zip(alike, _saturated(spectra), strict=True)]
    return [
        replace(answer, explanation=f"{answer.explanation} {more}".strip())
        for answer, more in zip(answers, said, strict=True)
    ]


def _advised(answer: Identification) -> Identification:
    """An answer, with what to do next where nothing of what was searched is credible."""
    if not (answer.unknown and answer.matches):
        return answer
    return replace(
        answer, explanation=f"{answer.explanation} Search in other libraries, or see whether it is a mixture."
    )


def _unless_faint(answer: Identification, ratio: float) -> Identification:
    """An answer, or that it is unknown where no line stands out: what noise is most like says nothing."""
    if not answer.matches or ratio >= FAINT:
        return answer
    explanation = (
        f"No line stands out of the noise: the highest is {ratio:.1f} times as high as what denoising may have left"
        " wrong. Measure longer."
    )
    return replace(answer, unknown=True, explanation=explanation)


def _is_off(spectra: SpectrumSet, read: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Which spectra (N,) vary, but nowhere where libraries are searched."""
    beyond = spectra.axis[-1] < GRID.places[0] or spectra.axis[0] > GRID.places[-1]
    return np.asarray(_varies(spectra) & (read["first"] >= read["last"]) & beyond)


def _off_the_grid(axis: NDArray[Any]) -> str:
    return (
        f"Nothing of {axis[0]:.0f}–{axis[-1]:.0f} cm⁻¹ can be compared: libraries are searched from"
        f" {GRID.places[0]:.0f} to {GRID.places[-1]:.0f} cm⁻¹."
    )


def _saturated(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Which spectra stand at one highest value over several samples, as they do where the detector was full."""
    values = spectra.values
    if spectra.points < SATURATED:
        return np.zeros(len(spectra), dtype=bool)
    at_top = values == values.max(axis=1, keepdims=True)
    runs: NDArray[np.bool_] = np.lib.stride_tricks.sliding_window_view(at_top, SATURATED, axis=1)
    together = runs.all(axis=-1).any(axis=-1)
    flat = values.max(axis=1) == values.min(axis=1)
    saturated: NDArray[np.bool_] = together & ~flat
    return saturated
