"""Subtract predicted noise, and measure the ratios and the error that is left; cosmic rays count as neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core import parallel
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.batches import MIN_TOGETHER
from ramanstudio.denoising.denoised import Denoised, with_minimum_rms, with_snr
from ramanstudio.denoising.narrow_lines import keep_narrow_tops
from ramanstudio.denoising.set_denoising import FindNoise, denoise_set
from ramanstudio.signal import snr, weak_peaks

BLOCK: Final = 512  # spectra that one thread finishes at once


def finish_denoising(
    spectra: SpectrumSet,
    noise: NDArray[np.float32],
    error: NDArray[np.float32],
    sigma: NDArray[np.float32],
    find_set_noise: FindNoise | None = None,
) -> Denoised:
    """Subtract the `noise` (N, B) of each spectrum and measure both ratios; overwrites `noise` and `error`.

    With `find_set_noise` the structure that the set shares is used first.
    """
    values = spectra.values
    keep_narrow_tops(spectra.axis, values, noise, error, sigma)
    if find_set_noise is not None:
        # beyond a ratio of 1e9, which no detector has, 32 bits hold nothing of the noise, and the set would suffer
        noisy = (sigma > 0) & (np.ptp(values, axis=1) < 1e9 * sigma.astype(np.float64))
        if noisy.sum() >= MIN_TOGETHER:
            signal = snr.signal_height(spectra.axis, values - noise)
            drift = snr.drift_between_repeats(signal, sigma)
            error = weak_peaks.raise_error_at_weak_peaks(spectra.axis, values - noise, error, sigma, drift)
            noise[noisy], error[noisy] = denoise_set(
                spectra.axis, values[noisy], sigma[noisy], noise[noisy], error[noisy], find_set_noise
            )
            return _subtract_noise(spectra, noise, error, sigma, joint=True)
    # block by block, so that a large map needs little memory beside its results, which take the place of the noise
    before, after = np.empty_like(sigma), np.empty_like(sigma)

    def finish(block: slice) -> Denoised:
        return _subtract_noise(spectra[block], noise[block], error[block], sigma[block], joint=False)

    for block, part in parallel.map_ordered(finish, parallel.slices(len(spectra), BLOCK)):
        noise[block], error[block] = part.spectra.values, part.expected_error
        before[block], after[block] = part.snr_before, part.snr_after
    return Denoised(spectra.with_values(noise), error, before, after)


def _subtract_noise(
    spectra: SpectrumSet,
    noise: NDArray[np.float32],
    error: NDArray[np.float32],
    sigma: NDArray[np.float32],
    joint: bool,
) -> Denoised:
    """Subtract the `noise` (N, B) and measure both ratios; `joint` errors (N, B) are not raised at weak peaks."""
    denoised = spectra.with_values(spectra.values - noise)
    signal = snr.signal_height(spectra.axis, denoised.values)
    drift = snr.drift_between_repeats(signal, sigma)
    if not joint:
        error = weak_peaks.raise_error_at_weak_peaks(spectra.axis, denoised.values, error, sigma, drift)
    # Beyond the ratios it was trained on the network claims too much. No spectrum is much truer than repeats of it
    # agree; half of what they typically differ by leaves alone what the network knows better.
    return with_snr(denoised, with_minimum_rms(error, drift / 2), spectra.values, signal, sigma)


def keep_spikes(
    denoised: Denoised, measured: NDArray[np.float32], rows: NDArray[np.intp], spikes: NDArray[np.bool_]
) -> Denoised:
    """Return `denoised` with the points `spikes` (K, B) of its `rows` (K,) as they were `measured` (N, B)."""
    if not len(rows):
        return denoised
    values, error = denoised.spectra.values.copy(), denoised.expected_error.copy()
    values[rows] = np.where(spikes, measured[rows], values[rows])
    error[rows] = np.where(spikes, snr.noise_sigma(measured[rows])[:, None], error[rows])
    return replace(denoised, spectra=denoised.spectra.with_values(values), expected_error=error)
