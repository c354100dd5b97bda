"""Denoised spectra, their expected error, and the signal-to-noise ratio before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import snr
from ramanstudio.signal.cosmic_rays import interpolate

MAX_INTENSITY = 1e30  # squares of more do not fit even 64 bits once they are summed and squared again
CONFIDENCE_90 = 1.645  # expected errors on either side that hold the true value with 90 % probability


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """Denoised spectra with their expected error and signal-to-noise ratios.

    `spectra` on the axis of the raw ones; `expected_error` (N, B), the standard deviation of the error that is left, in
    the unit of the values; `snr_before` and `snr_after` (N,): height of the strongest line above its local baseline,
    divided by the expected error of one raw sample and of one denoised sample. A spectrum that holds NaN or infinities
    stays as measured; its expected error and both ratios are NaN.
    """

    spectra: SpectrumSet
    expected_error: NDArray[np.float32]
    snr_before: NDArray[np.float32]
    snr_after: NDArray[np.float32]

    @property
    def gain(self) -> NDArray[np.float32]:
        """SNR after over SNR before (N,); 1 for spectra without noise, NaN where it is not known."""
        gain = np.where(np.isnan(self.snr_before), self.snr_before, np.float32(1))
        np.divide(self.snr_after, self.snr_before, out=gain, where=self.snr_before > 0)
        return gain

    def __len__(self) -> int:
        return len(self.spectra)

    def __getitem__(self, which: int | slice | Sequence[int] | NDArray[Any]) -> Denoised:
        """Select spectra by an index, a slice, a list of indices or a boolean (N,)."""
        rows = slice(which, which + 1 or None) if isinstance(which, (int, np.integer)) else which
        return Denoised(self.spectra[rows], self.expected_error[rows], self.snr_before[rows], self.snr_after[rows])

    def with_noise_region(self, raw: SpectrumSet, low_cm: float, high_cm: float) -> Denoised:
        """Measure both ratios again, with the noise of the `raw` spectra between two Raman shifts.

        Cosmic rays in `raw` count neither as signal nor as noise, as when it was denoised.
        Raises StudioError when fewer than 16 points lie between them.
        """
        inside = _between(raw, low_cm, high_cm)
        if not has_noise_region(raw, low_cm, high_cm):
            raise StudioError(
                f"There are only {int(inside.sum())} points between {low_cm:.0f} and {high_cm:.0f} cm⁻¹.",
                remedy=f"The noise can be measured from {snr.FEWEST_POINTS} points or more: widen the region.",
            )
        finite = is_finite(raw)
        if not finite.all():
            return apply_to_finite(raw, lambda rows: self[finite].with_noise_region(rows, low_cm, high_cm))
        measured, clean = raw.values, self.spectra.values
        spikes = self._kept_spikes(raw)
        if spikes.any():
            measured, clean = (interpolate(raw.axis, values, spikes) for values in (measured, clean))
        sigma = snr.noise_sigma(measured[:, inside])
        signal = snr.signal_height(raw.axis, clean)
        ratios = with_snr(self.spectra.with_values(clean), self.expected_error, measured, signal, sigma, inside)
        return replace(ratios, spectra=self.spectra)

    def _kept_spikes(self, raw: SpectrumSet) -> NDArray[np.bool_]:
        """The points (N, B) that denoising left as they were in `raw`, with the white noise as their error."""
        sigma = snr.noise_sigma(raw.values)[:, None]
        as_measured: NDArray[np.bool_] = (self.spectra.values == raw.values) & (self.expected_error == sigma)
        return as_measured & (sigma > 0)


def with_snr(
    denoised: SpectrumSet,
    expected_error: NDArray[np.float32],
    raw: NDArray[np.float32],
    signal: NDArray[np.float32],
    sigma: NDArray[np.float32],
    region: NDArray[np.bool_] | slice = slice(None),
) -> Denoised:
    """Return `denoised` spectra of `raw` values (N, B) with both ratios: `signal` (N,) over the noise in a `region`.

    `sigma` (N,) is a lower bound of the noise there was.
    """
    # what 32 bits cannot resolve counts as noise, so that a spectrum without any has a large ratio, not an infinite one
    floor = np.finfo(np.float32).eps * np.abs(raw).max(axis=1) + np.finfo(np.float32).tiny
    left = np.maximum(_root_mean_square(expected_error[:, region]), floor)
    # The best estimate of the noise and its error are uncorrelated, so their squares add up to the noise there was;
    # the second difference, which gives sigma, sees white noise only.
    removed = _root_mean_square((raw - denoised.values)[:, region])
    noise = np.maximum(np.hypot(removed, left), sigma)
    return Denoised(denoised, expected_error, signal / noise, signal / left)


def with_minimum_rms(expected_error: NDArray[np.float32], least: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return `expected_error` (N, B), enlarged evenly to a root mean square of `least` (N,) where it is smaller."""
    lacking = np.maximum(np.float64(least) ** 2 - np.float64(_root_mean_square(expected_error)) ** 2, 0)
    error: NDArray[np.float32] = np.hypot(expected_error, np.sqrt(lacking)[:, None]).astype(np.float32)
    return error


def _root_mean_square(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The root mean square of each of `rows` (N, B) -> (N,)."""
    # in 64 bits: in 32, squares of 1e-25 are zero and those of 1e20 infinite, whatever unit the intensities are in
    square = np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / rows.shape[1]
    mean: NDArray[np.float32] = np.sqrt(square).astype(np.float32)
    return mean


def has_noise_region(spectra: SpectrumSet, low_cm: float, high_cm: float) -> bool:
    """Return whether `spectra` have enough points between two Raman shifts to measure the noise there."""
    return int(_between(spectra, low_cm, high_cm).sum()) >= snr.FEWEST_POINTS


def _between(spectra: SpectrumSet, low_cm: float, high_cm: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (spectra.axis >= low_cm) & (spectra.axis <= high_cm)
    return inside


def axis_range(spectra: SpectrumSet) -> tuple[float, float]:
    """Return both ends of the axis in cm⁻¹: the default noise region."""
    return float(spectra.axis[0]), float(spectra.axis[-1])


def is_finite(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Return which spectra hold no NaN, no infinity and no intensity above MAX_INTENSITY (N,)."""
    if not len(spectra):
        return np.zeros(0, dtype=bool)
    low, high = spectra.values.min(axis=1), spectra.values.max(axis=1)  # NaN where a value is
    return np.asarray((low >= -MAX_INTENSITY) & (high <= MAX_INTENSITY))


def describe_non_finite(sets: Sequence[SpectrumSet]) -> str:
    """Return what is wrong with spectra of `sets` that are not finite, as the object of "hold"."""
    infinite = any(not np.isfinite(spectra.values).all() for spectra in sets)
    return "values that are not numbers (NaN or infinite)" if infinite else f"intensities above {MAX_INTENSITY:.0e}"


def apply_to_finite(spectra: SpectrumSet, denoise: Callable[[SpectrumSet], Denoised]) -> Denoised:
    """Apply `denoise` to the finite spectra; the others stay as measured, with NaN for their error and ratios."""
    finite = is_finite(spectra)
    if finite.all():
        return denoise(spectra)
    denoised = denoise(spectra[finite])
    values, error = spectra.values.copy(), np.full_like(spectra.values, np.nan)
    before, after = (np.full(len(spectra), np.nan, np.float32) for _ in range(2))
    values[finite], error[finite] = denoised.spectra.values, denoised.expected_error
    before[finite], after[finite] = denoised.snr_before, denoised.snr_after
    return Denoised(spectra.with_values(values), error, before, after)


def warn_non_finite(sets: Sequence[SpectrumSet], progress: Progress) -> None:
    """Warn how many spectra of `sets` stay as measured because they are not finite, and in which files."""
    counts = [int((~is_finite(spectra)).sum()) for spectra in sets]
    if not sum(counts):
        return
    sources = [str(spectra.about.get("source", "")) for spectra, count in zip(sets, counts, strict=True) if count]
    names = list(dict.fromkeys(f"'{Path(source).name}'" for source in sources if source))
    where = f" in {', '.join(names[:3])}{' …' if len(names) > 3 else ''}" if names else ""
    hold, stay = ("holds", "It stays as it is") if sum(counts) == 1 else ("hold", "They stay as they are")
    progress.warn(
        f"{sum(counts):,} of {sum(map(len, sets)):,} spectra{where} {hold} {describe_non_finite(sets)}. {stay}, without"
        " a signal-to-noise ratio."
    )


def concatenate_denoised(
    source: SpectrumSet, parts: Sequence[Denoised], rows: NDArray[np.intp] | None = None
) -> Denoised:
    """Join the denoised `parts` of `source`; `rows` (N,) are the rows of `source` that the parts hold, in order."""
    order = slice(None) if rows is None else np.argsort(rows)
    return Denoised(
        source.with_values(np.concatenate([part.spectra.values for part in parts])[order]),
        np.concatenate([part.expected_error for part in parts])[order],
        np.concatenate([part.snr_before for part in parts])[order],
        np.concatenate([part.snr_after for part in parts])[order],
    )
