"""Spectra made ready for fits: the range, double precision, one weight for each point; the options of fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.axis_uncertainty import axis_sd_cm
from ramanstudio.core.errors import StudioError
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.snr import noise_sigma

Floats = NDArray[np.float64]

MIN_POINTS: Final = 8
_LEAST_WHITE: Final = 0.2  # of the expected error, that is independent from point to point


@dataclass(frozen=True, slots=True)
class Options:
    """How to fit: see `fit`."""

    profile: str = "pseudo-voigt"
    baseline: str = "linear"
    within: ShiftRange | None = None
    correlation_cm: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Spectra in the range of a fit, as double precision: `values` (N, B), 0 at NaN, and `weights` (N,) or (N, B).

    `sigma_known` says whether the expected error was given; `baseline_error` (N, B) is the smooth part of it;
    `axis_sd_cm` is the standard uncertainty of the axis, which all peaks of a spectrum share.
    """

    axis: Floats
    values: Floats
    weights: Floats
    n_points: NDArray[np.intp]
    sigma_known: bool
    baseline_error: Floats | None = None
    axis_sd_cm: float = 0.0


def prepare(
    spectra: SpectrumSet, within: ShiftRange | None, expected_error: Any = None, baseline_error: Any = None
) -> Prepared:
    """Cut out the range and weight each point by one over its expected error, what is smooth of it left out.

    Raises StudioError when fewer than eight points lie in the range.
    """
    inside = slice(None)
    if within is not None:
        low, high = sorted(within)
        inside = slice(*np.searchsorted(spectra.axis, [low, np.nextafter(high, np.inf)]))
    axis = np.asarray(spectra.axis[inside])
    if axis.size < MIN_POINTS:
        span = f"{spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹"
        where = f"between {within[0]:.0f} and {within[1]:.0f} cm⁻¹" if within else "in these spectra"
        points = "is 1 point" if axis.size == 1 else f"are {axis.size} points"
        raise StudioError(f"There {points} {where}, too few to fit peaks.", remedy=f"The spectra span {span}.")
    values = spectra.values[:, inside].astype(np.float64)
    finite = np.isfinite(values)
    if expected_error is None:
        sigma: Floats = _noise(spectra.values, values, finite)
    else:
        given = np.asarray(expected_error, dtype=np.float64)
        sigma = given[:, inside] if given.ndim == 2 else np.broadcast_to(given, (len(values),)).copy()
    smooth = None
    if baseline_error is not None:
        smooth = np.broadcast_to(np.asarray(baseline_error, dtype=np.float64)[..., inside], values.shape)
        smooth = np.where(np.isfinite(smooth), smooth, 0.0)
        if expected_error is not None:
            total = sigma if sigma.ndim == 2 else sigma[:, None]
            sigma = np.sqrt(np.maximum(total**2 - smooth**2, (_LEAST_WHITE * total) ** 2))
    whole = np.where(finite, values, 0.0)
    smallest = np.maximum(1e-7 * np.ptp(whole, axis=1), 1e-9 * np.abs(whole).max(axis=1))
    smallest[smallest < 1e-100] = 1.0
    sigma = np.maximum(sigma, smallest if sigma.ndim == 1 else smallest[:, None])
    weights = 1.0 / sigma
    if not finite.all() or not np.isfinite(weights).all():
        spread = np.broadcast_to(weights[:, None] if weights.ndim == 1 else weights, values.shape)
        weights = np.where(finite & np.isfinite(spread), spread, 0.0)
        values = np.where(finite, values, 0.0)
    known = expected_error is not None
    return Prepared(axis, values, weights, finite.sum(axis=1), known, smooth, axis_sd_cm(spectra.about))


def _noise(whole: NDArray[Any], values: Floats, finite: NDArray[np.bool_]) -> Floats:
    """The white noise of each spectrum (N,), measured on the whole axis where it has no gaps."""
    if finite.all() and np.isfinite(whole).all():
        return noise_sigma(whole).astype(np.float64)
    sigma = np.ones(len(values))
    for row, (line, kept) in enumerate(zip(values, finite, strict=True)):
        if kept.sum() >= MIN_POINTS:
            sigma[row] = float(noise_sigma(line[kept][None])[0])
    return sigma


def error_of(expected_error: Any, first: int, members: SpectrumSet, several: bool) -> Any:
    if not several:
        given = np.asarray(expected_error, dtype=np.float64)
        if given.ndim not in (0, 1, 2) or (given.ndim and given.shape[0] != len(members)):
            raise StudioError(
                f"An expected error of shape {given.shape} does not fit {len(members)} spectra.",
                remedy="Give a number, one for each spectrum, or one for each point.",
            )
        return given
    if isinstance(expected_error, Sequence):
        return np.concatenate([np.asarray(part) for part in expected_error])[first : first + len(members)]
    given = np.asarray(expected_error)
    return given if given.ndim == 0 else given[first : first + len(members)]
