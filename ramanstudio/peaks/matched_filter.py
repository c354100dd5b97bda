"""Matched filters: where a spectrum has something of the shape of a line, and how wide it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NARROWEST: Final = 2.5  # points, full width at half maximum
_WIDEST_CM: Final = 90.0
_RATIO: Final = 1.45  # between two widths
_BLOCK: Final = 512
_APART: Final = 0.6  # widths between two peaks that are there from the beginning


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a peak may be: `index` of the point, `fwhm` in cm⁻¹, `significance` in standard deviations."""

    index: int
    fwhm: float
    significance: float


def widths(n_points: int, step_cm: float) -> Floats:
    """Return the widths (full width at half maximum, in points) that are looked for."""
    widest = max(min(_WIDEST_CM / step_cm, n_points / 5), 1.1 * _NARROWEST)
    count = int(np.ceil(np.log(widest / _NARROWEST) / np.log(_RATIO))) + 1
    return np.geomspace(_NARROWEST, widest, count)


def respond(weighted: Floats, step_cm: float) -> tuple[Floats, NDArray[np.intp]]:
    """Filter spectra with noise of unit variance, (N, B): the strongest response (N, B) and which width gave it.

    The filters are second derivatives of Gaussians, of unit norm: blind to any straight baseline, so that the response
    to noise is normal with unit variance.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    n_points = weighted.shape[1]
    scales = widths(n_points, step_cm)
    margin = int(min(2 * scales[-1], n_points - 1))
    # Odd reflection at the ends keeps slopes; the ends are an average, so that their noise is not amplified.
    first = weighted[:, :3].mean(axis=1, keepdims=True)
    last = weighted[:, -3:].mean(axis=1, keepdims=True)
    padded = np.concatenate(
        [2 * first - weighted[:, margin:0:-1], weighted, 2 * last - weighted[:, -2 : -margin - 2 : -1]], axis=1
    )
    length = next_fast_len(padded.shape[1] + margin, real=True)
    transformed = rfft(padded, length, axis=1)
    best = np.full(weighted.shape, -np.inf)
    which = np.zeros(weighted.shape, dtype=np.intp)
    offsets = np.arange(length)
    offsets = np.minimum(offsets, length - offsets)
    for index, scale in enumerate(scales):
        sigma = scale / 2.3548
        u = (offsets / sigma) ** 2
        kernel = (1 - u) * np.exp(-u / 2)
        kernel /= np.sqrt((kernel**2).sum())
        response = irfft(transformed * rfft(kernel, length), length, axis=1)[:, margin : margin + n_points]
        better = response > best
        best[better] = response[better]
        which[better] = index
    return best, which


def candidates(weighted: Floats, step_cm: float, least: float, at_most: int) -> list[list[Candidate]]:
    """Return the local maxima of the response above `least` of each spectrum (N, B), the strongest first."""
    results: list[list[Candidate]] = []
    scales = widths(weighted.shape[1], step_cm) * step_cm
    for start in range(0, len(weighted), _BLOCK):
        best, which = respond(weighted[start : start + _BLOCK], step_cm)
        inner = best[:, 1:-1]
        top = (inner >= best[:, :-2]) & (inner > best[:, 2:]) & (inner > least)
        for row in range(len(best)):
            indices = np.flatnonzero(top[row]) + 1
            order = indices[np.argsort(best[row, indices])[::-1]]
            kept: list[Candidate] = []
            for index in order.tolist():
                fwhm = float(scales[which[row, index]])
                if (
                    all(abs(index - other.index) * step_cm > _APART * min(other.fwhm, 3 * fwhm) for other in kept)
                    and len(kept) < at_most
                ):
                    kept.append(Candidate(index, fwhm, float(best[row, index])))
            results.append(kept)
    return results


def strongest(weighted: Floats, step_cm: float) -> list[Candidate]:
    """Return the strongest response of each spectrum (N, B)."""
    scales = widths(weighted.shape[1], step_cm) * step_cm
    results = []
    for start in range(0, len(weighted), _BLOCK):
        best, which = respond(weighted[start : start + _BLOCK], step_cm)
        indices = best.argmax(axis=1)
        for row, index in enumerate(indices.tolist()):
            results.append(Candidate(index, float(scales[which[row, index]]), float(best[row, index])))
    return results
