"""Denoised spectra: what was found, how far to trust it, and the signal-to-noise ratio before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis import snr
from ramanstudio.errors import StudioError
from ramanstudio.spectra import SpectrumSet


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """Denoised spectra and how far to trust them.

    `spectra` on the axis of the raw ones; `expected_error` (N, B), the standard deviation of what is still wrong, in
    the unit of the values; `snr_before` and `snr_after` (N,): height of the strongest line over its local baseline,
    divided by the error to be expected of one raw sample and of one denoised sample.
    """

    spectra: SpectrumSet
    expected_error: NDArray[np.float32]
    snr_before: NDArray[np.float32]
    snr_after: NDArray[np.float32]

    @property
    def gain(self) -> NDArray[np.float32]:
        """How many times the signal-to-noise ratio grew (N,); 1 where there is nothing to compare."""
        gain = np.ones_like(self.snr_before)
        np.divide(self.snr_after, self.snr_before, out=gain, where=self.snr_before > 0)
        return gain

    def __len__(self) -> int:
        return len(self.spectra)

    def __getitem__(self, which: int | slice | Sequence[int] | NDArray[Any]) -> Denoised:
        """Some of the spectra: an index, a slice, a list of indices or a boolean (N,)."""
        rows = slice(which, which + 1 or None) if isinstance(which, (int, np.integer)) else which
        return Denoised(self.spectra[rows], self.expected_error[rows], self.snr_before[rows], self.snr_after[rows])

    def measured_in(self, raw: SpectrumSet, low_cm: float, high_cm: float) -> Denoised:
        """The same, with both ratios measured from the noise between two Raman shifts of the `raw` spectra.

        Raises StudioError when fewer than 16 points lie between them.
        """
        inside = _between(raw, low_cm, high_cm)
        if not reaches(raw, low_cm, high_cm):
            raise StudioError(
                f"There are only {int(inside.sum())} points between {low_cm:.0f} and {high_cm:.0f} cm⁻¹.",
                remedy=f"The noise can be measured from {snr.FEWEST_POINTS} points or more: widen the region.",
            )
        sigma = snr.noise_sigma(raw.values[:, inside])
        signal = snr.signal_height(self.spectra.axis, self.spectra.values)
        return with_ratios(self.spectra, self.expected_error, raw.values, signal, sigma, inside)


def with_ratios(
    denoised: SpectrumSet,
    expected_error: NDArray[np.float32],
    raw: NDArray[np.float32],
    signal: NDArray[np.float32],
    sigma: NDArray[np.float32],
    region: NDArray[np.bool_] | slice = slice(None),
) -> Denoised:
    """`denoised` spectra of `raw` values (N, B), with both ratios: the `signal` (N,) over the noise in a `region`.

    `sigma` (N,) is the least noise that there was.
    """
    # what 32 bits cannot resolve counts as noise, so that a spectrum without any has a large ratio, not an infinite one
    floor = np.finfo(np.float32).eps * np.abs(raw).max(axis=1) + np.finfo(np.float32).tiny
    left = np.maximum(_root_mean_square(expected_error[:, region]), floor)
    # The best estimate of noise and what it leaves are uncorrelated, so their squares add up to the noise there was;
    # the second difference sees only what is white.
    removed = _root_mean_square((raw - denoised.values)[:, region])
    there_was = np.maximum(np.hypot(removed, left), sigma)
    return Denoised(denoised, expected_error, signal / there_was, signal / left)


def at_least(expected_error: NDArray[np.float32], least: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """`expected_error` (N, B) with a root mean square of `least` (N,) or more, by an equal share for every point."""
    lacking = np.maximum(np.float64(least) ** 2 - np.float64(_root_mean_square(expected_error)) ** 2, 0)
    error: NDArray[np.float32] = np.hypot(expected_error, np.sqrt(lacking)[:, None]).astype(np.float32)
    return error


def _root_mean_square(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    # in 64 bits: in 32, squares of 1e-25 are zero and those of 1e20 infinite, whatever unit the intensities are in
    square = np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / rows.shape[1]
    mean: NDArray[np.float32] = np.sqrt(square).astype(np.float32)
    return mean


def reaches(spectra: SpectrumSet, low_cm: float, high_cm: float) -> bool:
    """Whether `spectra` have enough points between two Raman shifts to measure the noise there."""
    return int(_between(spectra, low_cm, high_cm).sum()) >= snr.FEWEST_POINTS


def _between(spectra: SpectrumSet, low_cm: float, high_cm: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (spectra.axis >= low_cm) & (spectra.axis <= high_cm)
    return inside


def noise_region(spectra: SpectrumSet) -> tuple[float, float]:
    """Where the noise is measured unless the user says otherwise: over the whole axis, in cm⁻¹."""
    return float(spectra.axis[0]), float(spectra.axis[-1])


def joined(source: SpectrumSet, parts: Sequence[Denoised], places: NDArray[np.intp] | None = None) -> Denoised:
    """The denoised spectra of `source` from those of its parts; `places` (N,) says where each belongs in it."""
    back = slice(None) if places is None else np.argsort(places)
    return Denoised(
        source.with_values(np.concatenate([one.spectra.values for one in parts])[back]),
        np.concatenate([one.expected_error for one in parts])[back],
        np.concatenate([one.snr_before for one in parts])[back],
        np.concatenate([one.snr_after for one in parts])[back],
    )
