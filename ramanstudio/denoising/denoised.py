"""Denoised spectra: what was found, how far to trust it, and the signal-to-noise ratio before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import snr

CONFIDENCE_90 = 1.645  # expected errors on either side that hold the true value with 90 % probability


@dataclass(frozen=True, slots=True, eq=False)
class Denoised:
    """Denoised spectra and how far to trust them.

    `spectra` on the axis of the raw ones; `expected_error` (N, B), the standard deviation of what is still wrong, in
    the unit of the values; `snr_before` and `snr_after` (N,): height of the strongest line over its local baseline,
    divided by the error to be expected of one raw sample and of one denoised sample. A spectrum of which some values
    are no numbers stays as it was measured; its expected error and both its ratios are NaN.
    """

    spectra: SpectrumSet
    expected_error: NDArray[np.float32]
    snr_before: NDArray[np.float32]
    snr_after: NDArray[np.float32]

    @property
    def gain(self) -> NDArray[np.float32]:
        """How many times the signal-to-noise ratio grew (N,); 1 without any noise, NaN where it is not known."""
        gain = np.where(np.isnan(self.snr_before), self.snr_before, np.float32(1))
        np.divide(self.snr_after, self.snr_before, out=gain, where=self.snr_before > 0)
        return gain

    def __len__(self) -> int:
        return len(self.spectra)

    def __getitem__(self, which: int | slice | Sequence[int] | NDArray[Any]) -> Denoised:
        """Some of the spectra: an index, a slice, a list of indices or a boolean (N,)."""
        rows = slice(which, which + 1 or None) if isinstance(which, (int, np.integer)) else which
        return Denoised(self.spectra[rows], self.expected_error[rows], self.snr_before[rows], self.snr_after[rows])

    def with_noise_region(self, raw: SpectrumSet, low_cm: float, high_cm: float) -> Denoised:
        """The same, with both ratios measured from the noise between two Raman shifts of the `raw` spectra.

        Raises StudioError when fewer than 16 points lie between them.
        """
        inside = _between(raw, low_cm, high_cm)
        if not has_noise_region(raw, low_cm, high_cm):
            raise StudioError(
                f"There are only {int(inside.sum())} points between {low_cm:.0f} and {high_cm:.0f} cm⁻¹.",
                remedy=f"The noise can be measured from {snr.FEWEST_POINTS} points or more: widen the region.",
            )
        whole = is_finite(raw)
        if not whole.all():
            return apply_to_finite(raw, lambda rows: self[whole].with_noise_region(rows, low_cm, high_cm))
        sigma = snr.noise_sigma(raw.values[:, inside])
        signal = snr.signal_height(self.spectra.axis, self.spectra.values)
        return with_snr(self.spectra, self.expected_error, raw.values, signal, sigma, inside)


def with_snr(
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


def with_minimum_rms(expected_error: NDArray[np.float32], least: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """`expected_error` (N, B) with a root mean square of `least` (N,) or more, by an equal share for every point."""
    lacking = np.maximum(np.float64(least) ** 2 - np.float64(_root_mean_square(expected_error)) ** 2, 0)
    error: NDArray[np.float32] = np.hypot(expected_error, np.sqrt(lacking)[:, None]).astype(np.float32)
    return error


def _root_mean_square(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    # in 64 bits: in 32, squares of 1e-25 are zero and those of 1e20 infinite, whatever unit the intensities are in
    square = np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / rows.shape[1]
    mean: NDArray[np.float32] = np.sqrt(square).astype(np.float32)
    return mean


def has_noise_region(spectra: SpectrumSet, low_cm: float, high_cm: float) -> bool:
    """Whether `spectra` have enough points between two Raman shifts to measure the noise there."""
    return int(_between(spectra, low_cm, high_cm).sum()) >= snr.FEWEST_POINTS


def _between(spectra: SpectrumSet, low_cm: float, high_cm: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (spectra.axis >= low_cm) & (spectra.axis <= high_cm)
    return inside


def noise_region(spectra: SpectrumSet) -> tuple[float, float]:
    """Where the noise is measured unless the user says otherwise: over the whole axis, in cm⁻¹."""
    return float(spectra.axis[0]), float(spectra.axis[-1])


def is_finite(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Which spectra hold numbers only (N,), no NaN and no infinity."""
    return np.asarray(np.isfinite(spectra.values).all(axis=1))


def apply_to_finite(spectra: SpectrumSet, find: Callable[[SpectrumSet], Denoised]) -> Denoised:
    """What `find` gives of the spectra that hold numbers only; the others as they are, with nothing known of them."""
    whole = is_finite(spectra)
    if whole.all():
        return find(spectra)
    found = find(spectra[whole])
    values, error = spectra.values.copy(), np.full_like(spectra.values, np.nan)
    before, after = (np.full(len(spectra), np.nan, np.float32) for _ in range(2))
    values[whole], error[whole] = found.spectra.values, found.expected_error
    before[whole], after[whole] = found.snr_before, found.snr_after
    return Denoised(spectra.with_values(values), error, before, after)


def warn_non_finite(sets: Sequence[SpectrumSet], progress: Progress) -> None:
    """Say how many spectra of `sets` are left as they are, where some are."""
    counts = [int((~is_finite(one)).sum()) for one in sets]
    if not sum(counts):
        return
    among = [str(one.about.get("source", "")) for one, count in zip(sets, counts, strict=True) if count]
    names = list(dict.fromkeys(f"'{Path(source).name}'" for source in among if source))
    where = f" in {', '.join(names[:3])}{' …' if len(names) > 3 else ''}" if names else ""
    hold, stay = ("holds", "It stays as it is") if sum(counts) == 1 else ("hold", "They stay as they are")
    progress.warn(
        f"{sum(counts):,} of {sum(map(len, sets)):,} spectra{where} {hold} values that are not numbers (NaN or"
        f" infinite). {stay}, without a signal-to-noise ratio."
    )


def joined(source: SpectrumSet, parts: Sequence[Denoised], places: NDArray[np.intp] | None = None) -> Denoised:
    """The denoised spectra of `source` from those of its parts; `places` (N,) says where each belongs in it."""
    back = slice(None) if places is None else np.argsort(places)
    return Denoised(
        source.with_values(np.concatenate([one.spectra.values for one in parts])[back]),
        np.concatenate([one.expected_error for one in parts])[back],
        np.concatenate([one.snr_before for one in parts])[back],
        np.concatenate([one.snr_after for one in parts])[back],
    )
