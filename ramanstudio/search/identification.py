"""Identify: what a search compares of spectra, by a model that denoises them and reads their features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.denoising.batches import at_once
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.library.library import Library
from ramanstudio.search import confusable, fingerprints
from ramanstudio.search.fingerprints import GRID
from ramanstudio.search.library_search import search
from ramanstudio.search.matches import Identification, Region
from ramanstudio.search.shortlist import looked_at
from ramanstudio.signal import snr, spectral_features

FEWEST_POINTS: Final = 8  # of a spectrum that has lines at all
CLEAR: Final = 1000.0  # signal-to-noise ratio of a spectrum without noise, such as a simulated one
FULL: Final = "The detector was full at the strongest line, whose height is not to be trusted. Measure with less light."
# Of spectra that are noise only nine in ten have a ratio after denoising below it; those measured with one of 5 have 10
# and more. Without it the noise in a map of 2205 spectra was given 140 names.
FAINT: Final = 6.0
SATURATED: Final = 5  # neighbouring samples at one highest value: the detector had no more to give

Prints = dict[str, NDArray[Any]]


class Reader(Protocol):
    """What an engine gives: a name for what its model sees, spectra without their noise, and their features."""

    @property
    def fingerprint_version(self) -> str: ...
    @property
    def feature_count(self) -> int: ...
    def compute_fingerprints(self, spectra: Sequence[SpectrumSet]) -> Mapping[str, NDArray[Any]]: ...
    def denoise(self, spectra: SpectrumSet, together: bool = False, progress: Progress | None = None) -> Denoised: ...
    def features_of(self, denoised: SpectrumSet, progress: Progress) -> NDArray[np.float32]: ...


def compute_fingerprints(reader: Reader, sets: Sequence[SpectrumSet], progress: Progress = SILENT) -> Prints:
    """What a search compares of all spectra of `sets`, arrays (N, …) by name, `features` and `snr` among them.

    Those of one axis are read at once. What cannot be read (flat, too short, not numbers) has zeros.
    """
    ends = np.cumsum([0, *(len(one) for one in sets)])
    whole: Prints = {}
    done = 0
    for _, indices in at_once(sets, [0] * len(sets), range(len(sets))):
        joint = stacked([sets[index] for index in indices]) if len(indices) > 1 else sets[indices[0]]
        rows = np.concatenate([np.arange(ends[index], ends[index + 1]) for index in indices])
        for name, found in _of_one_axis(reader, joint, progress.part(done, int(ends[-1]))).items():
            if name not in whole:
                whole[name] = np.zeros((int(ends[-1]), *found.shape[1:]), dtype=found.dtype)
            whole[name][rows] = found
        done += len(rows)
    return whole


def _of_one_axis(reader: Reader, spectra: SpectrumSet, progress: Progress, known: Denoised | None = None) -> Prints:
    """The prints of spectra on one axis; `known` is what denoising each by itself gave, where that was done before."""
    good = np.asarray(np.isfinite(spectra.values).all(axis=1)) & (np.ptp(np.nan_to_num(spectra.values), axis=1) > 0)
    found = {**fingerprints.empty_fingerprints(len(spectra)), **_none_read(reader, len(spectra))}
    if spectra.points < FEWEST_POINTS or not good.any():
        return found
    some = spectra if good.all() else spectra[np.flatnonzero(good)]
    known = known if known is None or good.all() else known[good]
    denoised, ratio = _denoised(reader, some, progress, known)
    # without its baseline: under strong fluorescence the features then find .70 of the minerals in place of .54
    lines_only = spectral_features.without_baseline(denoised)
    read = {
        **fingerprints.fingerprints(some, denoised, lines_only),
        "features": reader.features_of(lines_only, progress),
        "snr": ratio,
    }
    for name, rows in read.items():
        if rows.shape[1:] == found[name].shape[1:]:  # features are missing where too little of a range is measured
            found[name][good] = rows
    return found


def _none_read(reader: Reader, many: int) -> Prints:
    features = np.zeros((many, reader.feature_count), dtype=np.float32)
    return {"features": features, "snr": np.full(many, CLEAR, dtype=np.float32)}


def _denoised(
    reader: Reader, spectra: SpectrumSet, progress: Progress, known: Denoised | None
) -> tuple[SpectrumSet, NDArray[np.float32]]:
    """`spectra` without noise, and their ratios after; as they are where they are too short for the network."""
    try:
        denoised = known or reader.denoise(spectra, progress=progress)
    except StudioError:
        ratio = snr.signal_height(spectra.axis, spectra.values) / np.maximum(snr.noise_sigma(spectra.values), 1e-30)
        return spectra, np.clip(np.nan_to_num(ratio, nan=CLEAR), 0, CLEAR).astype(np.float32)
    after = np.nan_to_num(denoised.snr_after, nan=CLEAR, posinf=CLEAR).astype(np.float32)
    return denoised.spectra, after


def identify(
    reader: Reader,
    spectra: SpectrumSet,
    libraries: Sequence[Library],
    top: int = 10,
    within: Region | None = None,
    progress: Progress = SILENT,
    denoised: Denoised | None = None,
) -> list[Identification]:
    """What each of the N `spectra` is; a library that another model has seen is prepared anew first.

    `denoised` is what denoising each by itself gave, where that was done before: it is not done again. Raises
    StudioError when no library is given or one cannot be written, Cancelled when asked to stop.
    """
    if not libraries:
        raise StudioError("No library is searched.", remedy="Choose a library, or make one.")
    ready = [
        one if one.fingerprint_version == reader.fingerprint_version else one.with_fingerprints(reader, progress)
        for one in libraries
    ]
    read = _of_one_axis(reader, spectra, progress, denoised)
    answers = search(read, ready, top, within, progress)
    answers = [_unless_faint(_advised(answer), float(one)) for answer, one in zip(answers, read["snr"], strict=True)]
    alike = confusable.confusable_notes(answers, ready, looked_at(read, within))
    answers = [
        replace(answer, explanation=_off_the_grid(spectra.axis)) if off else answer
        for answer, off in zip(answers, _is_off(spectra, read), strict=True)
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
    varies = np.isfinite(spectra.values).all(axis=1) & (np.ptp(np.nan_to_num(spectra.values), axis=1) > 0)
    beyond = spectra.axis[-1] < GRID.places[0] or spectra.axis[0] > GRID.places[-1]
    return np.asarray(varies & (read["first"] >= read["last"]) & beyond)


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
