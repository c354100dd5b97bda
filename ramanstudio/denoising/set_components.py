"""What the spectra of a set have in common, used to denoise each of them better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal.pca import thin_svd
from ramanstudio.signal.snr import GAUSSIAN_MAD, drift_between_repeats, signal_height

Floats = NDArray[np.floating[Any]]
FindNoise = Callable[[Floats, Floats], tuple[Floats, Floats]]  # values (N, B), sigma (N,) -> noise, expected error

MOST = 30  # components
ENOUGH = 1500  # spectra that are asked whether a component stands above chance
DRAWS = 2
MARGIN, FAR_ABOVE = 1.05, 1.5  # times chance
NEIGHBOURS = 31  # samples over which the size of what is left counts as equal
BASELINE_DEGREE = 6
MOSTLY_LINES = 0.25  # a component that loses more than the rest of its square as noise tells of nothing
# Of what repeats of one measurement differ by, at most so much (of its square) lies along one component.
ALONG_ONE = 0.25
POPULATION = 2.0  # times that drift: when most spectra depart by more, the component tells spectra apart
HIDDEN_BY_DRIFT, ABOVE_DRIFT = 2.0, 4.0  # else a departure below the first is drift, one above the second is real
DRIFT_LEFT = 0.4  # of the drift between repeats, what stays in the common part: measured on simulated sets
OWN_SEED, OWN_EDGE = 6.0, 1.5  # what one spectrum has for itself: so high over the typical at its top, and at its foot


def baseline(rows: Floats) -> Floats:
    """The least-squares polynomial of each of `rows` (N, B): fluorescence is each spectrum's own."""
    basis = np.linalg.qr(np.polynomial.legendre.legvander(np.linspace(-1, 1, rows.shape[1]), BASELINE_DEGREE))[0]
    under: Floats = (rows @ basis) @ basis.T
    return under


def shared_rank(rows: Floats, components: Floats) -> tuple[int, int]:
    """How many of the `components` (K, B) of `rows` (N, B) stand above chance, and how many of these far above.

    Parallel analysis (Horn 1965).
    Chance is what is left of the rows themselves, with the sign of every coefficient of its cosine transform drawn at
    random: as large, as slow or quick, as strong at each place, but nothing in it is shared.
    """
    from scipy.fft import dct
    from scipy.ndimage import uniform_filter1d

    random = np.random.default_rng(0)
    left = rows[random.permutation(len(rows))[:ENOUGH]].astype(np.float64)
    rank = strong = 0
    for component in components[: min(MOST, len(rows) - 1)]:
        size = np.sqrt(uniform_filter1d(np.mean(left**2, axis=0), NEIGHBOURS, mode="nearest")) + 1e-12
        even = left / size
        waves = dct(even, norm="ortho", axis=1)
        chance = max(_largest(waves * random.choice((-1.0, 1.0), waves.shape)) for _ in range(DRAWS))
        over = _largest(even) / chance
        if over < MARGIN:
            break
        rank += 1
        strong = rank if over > FAR_ABOVE else strong
        left -= np.outer(left @ component, component)
    return rank, strong


def _largest(rows: Floats) -> float:
    """The largest singular value of `rows`."""
    from scipy.sparse.linalg import svds

    start = np.ones(min(rows.shape)) / np.sqrt(min(rows.shape))
    return float(svds(rows, 1, return_singular_vectors=False, tol=1e-3, v0=start)[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Common:
    """What a set shares, in units of sigma: `spectra` (N, B) put together from it, and the `variance` (N, B) of that.

    `told` (N, B) is all that the components tell of each spectrum, drift and noise included.
    """

    spectra: Floats
    variance: Floats
    told: Floats
    drift: Floats


def _common(axis: Floats, rows: Floats, find_noise: FindNoise) -> _Common | None:
    """What `rows` (N, B), in units of sigma and without baseline, share; None where that is nothing.

    The components are denoised like spectra, which they resemble. Along the first every spectrum has its own height.
    Along the others it departs from the typical one: a departure no larger than what repeats of one measurement
    differ by says nothing of the sample, unless that of most spectra is larger.
    """
    scores, sizes, components = thin_svd(rows)
    rank, strong = shared_rank(rows, components)
    if rank == 0:
        return None
    sizes, components = sizes[:rank], components[:rank]
    spectra = (sizes[:, None] * components).astype(np.float32)  # each has the noise of one spectrum: sigma = 1
    noise, error = find_noise(spectra, np.ones(rank, np.float32))
    clean, error = (spectra - noise) / sizes[:, None], error / sizes[:, None]
    lines = np.sum(clean**2, axis=1) > MOSTLY_LINES
    lines[0] = True
    clean, error, strong = clean[lines], error[lines], int(lines[:strong].sum())
    # fitted to the clean ones: along its own noise a component that few spectra have stands a fifth too low
    scores = rows @ np.linalg.pinv(clean)
    typical = np.median(scores, axis=0)
    departure = scores - typical
    height = signal_height(axis, scores[:, :1] @ clean[:1])[:, None]
    drift = drift_between_repeats(height, np.ones_like(height))
    along = np.sqrt(1 + ALONG_ONE * drift**2 * rows.shape[1])
    kept = np.clip((np.abs(departure) / along - HIDDEN_BY_DRIFT) / (ABOVE_DRIFT - HIDDEN_BY_DRIFT), 0, 1)
    tells_apart = np.median(np.abs(departure / along), axis=0) / GAUSSIAN_MAD > POPULATION
    tells_apart[: max(1, strong)] = True
    kept[:, tells_apart] = 1
    shown = typical + kept * departure
    variance = shown**2 @ error**2 + kept**2 @ clean**2 + (DRIFT_LEFT * drift) ** 2
    return _Common(shown @ clean, variance, scores @ clean, drift)


def _stands_out(own: Floats, typical: Floats) -> NDArray[np.bool_]:
    """Where what a spectrum has for itself, `own` (N, B), stands out of what is `typical` (B,): whole bands."""
    from scipy.ndimage import binary_propagation

    high = np.abs(own) / typical
    along = np.zeros((3, 3), dtype=bool)
    along[1] = True
    found: NDArray[np.bool_] = binary_propagation(high > OWN_SEED, structure=along, mask=high > OWN_EDGE)
    return found


def join(
    axis: Floats, values: Floats, sigma: Floats, noise: Floats, error: Floats, find_noise: FindNoise
) -> tuple[Floats, Floats]:
    """Noise and expected error (N, B) of spectra denoised with what they share; each no worse than by itself.

    `values` (N, B) on `axis` (B,) cm⁻¹; `noise` and `error` (N, B) of each by itself. What a spectrum has beside the
    common (a band that the others lack) is denoised by itself and put back where it stands out of what all have, so
    that the common ones cannot paint it over. A spectrum for which all this promises no smaller error keeps its own
    result. Why so: docs/decisions/0008.
    """
    from scipy.ndimage import uniform_filter1d

    scaled = values / sigma[:, None]
    under = baseline(scaled)
    rows = scaled - under
    common = _common(axis, rows, find_noise)
    if common is None:
        return noise, error
    own = (rows - common.told).astype(np.float32)
    own_noise, own_error = find_noise(own, np.ones(len(own), np.float32))
    own -= own_noise
    spread = np.median(np.abs(own), axis=0) / GAUSSIAN_MAD
    typical = np.sqrt(uniform_filter1d(spread**2, NEIGHBOURS, mode="nearest"))
    typical = np.maximum(typical, np.median(common.drift) / 2)
    shown = _stands_out(own, typical)
    variance = common.variance + np.where(shown, own_error**2, 0) + (BASELINE_DEGREE + 1) / len(axis)
    together = under + common.spectra + np.where(shown, own, 0)
    better = np.mean(variance, axis=1) < np.mean((error / sigma[:, None]) ** 2, axis=1)
    return (
        np.where(better[:, None], (scaled - together) * sigma[:, None], noise).astype(np.float32),
        np.where(better[:, None], np.sqrt(variance) * sigma[:, None], error).astype(np.float32),
    )
