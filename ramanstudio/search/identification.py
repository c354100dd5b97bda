"""Identify spectra by their fingerprints: search libraries, and say what limits each result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.axis_uncertainty import COVERAGE, axis_sd_cm
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.library.library import Library
from ramanstudio.search import confusable, fingerprints
from ramanstudio.search.band_matching import TOLERANCE_CM
from ramanstudio.search.classic_index import reconcile_hqi
from ramanstudio.search.fingerprints import GRID, Fingerprints
from ramanstudio.search.library_search import search
from ramanstudio.search.matches import Identification
from ramanstudio.search.shortlist import compared_samples
from ramanstudio.signal import snr

FEWEST_POINTS: Final = 8  # of a spectrum that has bands at all
HIGHEST_SNR: Final = 1000.0  # that of a spectrum without noise, such as a simulated one
LARGEST_INTENSITY: Final = 1e15  # whose square float32 can hold; its inverse is the smallest
FARTHEST_CM: Final = 1e5  # from zero, that a Raman shift may be
SATURATED_NOTE: Final = (
    "The detector was saturated at the strongest band, so its height is unreliable. Measure with less light."
)
UNCERTAIN_AXIS_CM: Final = 2.0  # a sample of the fingerprints: from here on the ± of an axis changes what is similar
AXIS_NOTE: Final = (
    "The Raman shift axis is known to ± {:.1f} cm⁻¹ only: bands are taken as the same within {:.1f} cm⁻¹."
)
# Nine in ten spectra of noise alone have a lower SNR after denoising; spectra measured with an SNR of 5 have 10 and
# more. Without this limit the noise in a map of 2205 spectra was given 140 names.
LEAST_SNR: Final = 6.0
SATURATED_SAMPLES: Final = 5  # neighbouring samples that share the highest value


def comparable(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Return which spectra can be searched for (N,): finite, not constant, and of at least FEWEST_POINTS samples.

    Samples beyond FARTHEST_CM do not count.
    """
    if (np.abs(spectra.axis) <= FARTHEST_CM).sum() < FEWEST_POINTS:
        return np.zeros(len(spectra), dtype=bool)
    return _varies(spectra)


def _varies(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Which spectra are finite and not constant, (N,)."""
    finite = np.isfinite(spectra.values).all(axis=1)
    return np.asarray(finite & (spectra.values.max(axis=1) > spectra.values.min(axis=1)))


def in_plain_range(spectra: SpectrumSet) -> SpectrumSet:
    """Return comparable spectra whose numbers are too large or small for float32 arithmetic divided by their maximum.

    Samples beyond FARTHEST_CM are dropped. Ordinary spectra are returned as they are.
    """
    near = np.abs(spectra.axis) <= FARTHEST_CM
    if not near.all():
        spectra = spectra.with_axis(spectra.axis[near], spectra.values[:, near])
    largest = np.abs(spectra.values.astype(np.float64)).max(axis=1)
    extreme = (largest > LARGEST_INTENSITY) | ((largest < 1 / LARGEST_INTENSITY) & (largest > 0))
    if not extreme.any():
        return spectra
    return spectra.with_values(spectra.values / np.where(extreme, largest, 1)[:, None])


def blank(n_spectra: int, n_features: int) -> dict[str, NDArray[Any]]:
    """Return the fingerprints (N, …) of spectra that cannot be compared: all zero, with the SNR of a clean one."""
    return {
        **fingerprints.empty_fingerprints(n_spectra),
        "features": np.zeros((n_spectra, n_features), dtype=np.float32),
        "snr": np.full(n_spectra, HIGHEST_SNR, dtype=np.float32),
    }


def fill(blanks: Mapping[str, NDArray[Any]], rows: NDArray[Any], computed: Fingerprints) -> None:
    """Put `computed` arrays (M, …) at `rows` of `blanks` (N, …), except features that could not be computed (M, 0)."""
    for name, values in computed.items():
        if values.shape[1:] == blanks[name].shape[1:]:
            blanks[name][rows] = values


def snr_of_raw(spectra: SpectrumSet) -> NDArray[np.float32]:
    """Return the signal-to-noise ratios (N,) of spectra too short for the network, at most HIGHEST_SNR."""
    ratio = snr.signal_height(spectra.axis, spectra.values) / np.maximum(snr.noise_sigma(spectra.values), 1e-30)
    return np.clip(np.nan_to_num(ratio, nan=HIGHEST_SNR), 0, HIGHEST_SNR).astype(np.float32)


def snr_of_denoised(denoised: Denoised) -> NDArray[np.float32]:
    """Return the signal-to-noise ratios (N,) after denoising; HIGHEST_SNR where there was no noise."""
    return np.nan_to_num(denoised.snr_after, nan=HIGHEST_SNR, posinf=HIGHEST_SNR).astype(np.float32)


def identify(
    spectra: SpectrumSet,
    queries: Fingerprints,
    libraries: Sequence[Library],
    top: int = 10,
    within: Region | None = None,
    progress: Progress = SILENT,
) -> list[Identification]:
    """Identify each of N `spectra` by their fingerprints `queries` (N, …); `libraries` hold those of the same model.

    Where the axis was calibrated, its uncertainty widens the tolerance between matching bands, which the result says
    where it matters. Raises Cancelled when asked to stop.
    """
    axis_cm = COVERAGE * axis_sd_cm(spectra.about)
    axis_note = AXIS_NOTE.format(axis_cm, np.hypot(TOLERANCE_CM, axis_cm)) if axis_cm > UNCERTAIN_AXIS_CM else ""
    found = search(queries, libraries, top, within, progress, axis_cm)
    found = [
        _check_snr(_with_advice(result), float(ratio)) for result, ratio in zip(found, queries["snr"], strict=True)
    ]
    compared = compared_samples(queries, within)
    notes = confusable.confusable_notes(found, libraries, compared)
    results = []
    for result, note, outside, saturated in zip(
        found, notes, _outside_grid(spectra, queries), saturated_spectra(spectra), strict=True
    ):
        explanation = _outside_grid_note(spectra.axis) if outside else result.explanation
        sentences = (explanation, note, SATURATED_NOTE if saturated else "", axis_note)
        results.append(replace(result, explanation=" ".join(sentence for sentence in sentences if sentence)))
    return [
        reconcile_hqi(result, spectra[row : row + 1], {"roots": queries["roots"][row]}, compared[row], libraries)
        for row, result in enumerate(results)
    ]


def _with_advice(result: Identification) -> Identification:
    """A result, with what to do next when no match is credible."""
    if not (result.unknown and result.matches):
        return result
    advice = "Search other libraries, or analyse it as a mixture."
    return replace(result, explanation=f"{result.explanation} {advice}")


def _check_snr(result: Identification, ratio: float) -> Identification:
    """A result, or unknown where no band stands out from the noise: what noise is most similar to says nothing."""
    if not result.matches or ratio >= LEAST_SNR:
        return result
    explanation = f"No band stands out from the noise (SNR {ratio:.1f} after denoising). Measure longer."
    return replace(result, unknown=True, explanation=explanation)


def _outside_grid(spectra: SpectrumSet, queries: Fingerprints) -> NDArray[np.bool_]:
    """Which spectra (N,) vary, but only outside the range of the fingerprints."""
    outside = spectra.axis[-1] < GRID.centres_cm[0] or spectra.axis[0] > GRID.centres_cm[-1]
    return np.asarray(_varies(spectra) & (queries["first"] >= queries["last"]) & outside)


def _outside_grid_note(axis: NDArray[Any]) -> str:
    low, high = (f"{shift:.0f}" if abs(shift) < FARTHEST_CM else f"{shift:.3g}" for shift in (axis[0], axis[-1]))
    return (
        f"The spectrum, {low}–{high} cm⁻¹, lies outside of the range in which libraries are searched,"
        f" {GRID.centres_cm[0]:.0f}–{GRID.centres_cm[-1]:.0f} cm⁻¹."
    )


def saturated_spectra(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Return which spectra (N,) have their highest value in several neighbouring samples: a saturated detector."""
    values = spectra.values
    if spectra.points < SATURATED_SAMPLES:
        return np.zeros(len(spectra), dtype=bool)
    at_top = values == values.max(axis=1, keepdims=True)
    runs: NDArray[np.bool_] = np.lib.stride_tricks.sliding_window_view(at_top, SATURATED_SAMPLES, axis=1)
    constant = values.max(axis=1) == values.min(axis=1)
    saturated: NDArray[np.bool_] = runs.all(axis=-1).any(axis=-1) & ~constant
    return saturated
