"""Denoise a set of spectra with the structure they share, as principal components that a network has denoised."""

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

MAX_COMPONENTS = 30
RANK_SAMPLE = 1500  # spectra on which a component is held against chance
DRAWS = 2
SIGNIFICANT, STRONG = 1.05, 1.5  # times the largest singular value of chance
SMOOTHING = 31  # samples over which the size of the residual counts as constant
BASELINE_DEGREE = 6
MIN_SIGNAL_SHARE = 0.25  # a component whose square loses more than the rest as noise carries no information
# Of what repeats of one measurement differ by, at most so much (of its square) lies along one component.
DRIFT_ALONG_COMPONENT = 0.25
SEPARATES = 2.0  # times that drift: when most spectra depart by more, the component separates spectra
DRIFT_DEPARTURE, REAL_DEPARTURE = 2.0, 4.0  # else a departure below the first is drift, one above the second is real
RESIDUAL_DRIFT = 0.4  # of the drift between repeats, what stays in the shared part: measured on simulated sets
OWN_PEAK, OWN_FOOT = 6.0, 1.5  # times the typical residual that a band of one spectrum reaches at its top and its foot


def fit_polynomial_baseline(rows: Floats) -> Floats:
    """Return the least-squares polynomial of each of `rows` (N, B): fluorescence is individual to each spectrum."""
    basis = np.linalg.qr(np.polynomial.legendre.legvander(np.linspace(-1, 1, rows.shape[1]), BASELINE_DEGREE))[0]
    fitted: Floats = (rows @ basis) @ basis.T
    return fitted


def significant_components(rows: Floats, components: Floats) -> tuple[int, int]:
    """Count the `components` (K, B) of `rows` (N, B) that stand above chance, and those that stand far above it.

    Parallel analysis (Horn 1965). Chance is the residual of the rows themselves, with the sign of every coefficient of
    its cosine transform drawn at random: of the same size, the same spectrum of frequencies and the same strength along
    the axis, but with nothing shared.
    """
    from scipy.fft import dct
    from scipy.ndimage import uniform_filter1d

    random = np.random.default_rng(0)
    residual = rows[random.permutation(len(rows))[:RANK_SAMPLE]].astype(np.float64)
    rank = n_strong = 0
    for component in components[: min(MAX_COMPONENTS, len(rows) - 1)]:
        size = np.sqrt(uniform_filter1d(np.mean(residual**2, axis=0), SMOOTHING, mode="nearest")) + 1e-12
        even = residual / size
        waves = dct(even, norm="ortho", axis=1)
        chance = max(_largest_singular_value(waves * random.choice((-1.0, 1.0), waves.shape)) for _ in range(DRAWS))
        ratio = _largest_singular_value(even) / chance
        if ratio < SIGNIFICANT:
            break
        rank += 1
        n_strong = rank if ratio > STRONG else n_strong
        residual -= np.outer(residual @ component, component)
    return rank, n_strong


def _largest_singular_value(rows: Floats) -> float:
    from scipy.sparse.linalg import svds

    start = np.ones(min(rows.shape)) / np.sqrt(min(rows.shape))
    return float(svds(rows, 1, return_singular_vectors=False, tol=1e-3, v0=start)[0])


@dataclass(frozen=True, slots=True, eq=False)
class _SharedStructure:
    """The shared part of a set, in units of sigma: `spectra` (N, B) rebuilt from it, and their `variance` (N, B).

    `projection` (N, B) is each spectrum projected on the components, drift and noise included; `drift` (N, 1) is what
    repeats of one measurement differ by.
    """

    spectra: Floats
    variance: Floats
    projection: Floats
    drift: Floats


def _shared_structure(axis: Floats, rows: Floats, find_noise: FindNoise) -> _SharedStructure | None:
    """Find what `rows` (N, B), in units of sigma and without baseline, share; None where that is nothing.

    The components are denoised like spectra, which they resemble. Along the first every spectrum keeps its own height.
    Along the others it departs from the median: a departure no larger than what repeats of one measurement differ by
    is not a property of the sample, unless that of most spectra is larger.
    """
    scores, singular, components = thin_svd(rows)
    rank, n_strong = significant_components(rows, components)
    if rank == 0:
        return None
    singular, components = singular[:rank], components[:rank]
    spectra = (singular[:, None] * components).astype(np.float32)  # each has the noise of one spectrum: sigma = 1
    noise, error = find_noise(spectra, np.ones(rank, np.float32))
    clean, error = (spectra - noise) / singular[:, None], error / singular[:, None]
    informative = np.sum(clean**2, axis=1) > MIN_SIGNAL_SHARE
    informative[0] = True
    clean, error, n_strong = clean[informative], error[informative], int(informative[:n_strong].sum())
    # fitted to the clean ones: along its own noise a component that few spectra have stands a fifth too low
    scores = rows @ np.linalg.pinv(clean)
    typical = np.median(scores, axis=0)
    departure = scores - typical
    height = signal_height(axis, scores[:, :1] @ clean[:1])[:, None]
    drift = drift_between_repeats(height, np.ones_like(height))
    scale = np.sqrt(1 + DRIFT_ALONG_COMPONENT * drift**2 * rows.shape[1])
    kept = np.clip((np.abs(departure) / scale - DRIFT_DEPARTURE) / (REAL_DEPARTURE - DRIFT_DEPARTURE), 0, 1)
    separates = np.median(np.abs(departure / scale), axis=0) / GAUSSIAN_MAD > SEPARATES
    separates[: max(1, n_strong)] = True
    kept[:, separates] = 1
    shrunk = typical + kept * departure
    variance = shrunk**2 @ error**2 + kept**2 @ clean**2 + (RESIDUAL_DRIFT * drift) ** 2
    return _SharedStructure(shrunk @ clean, variance, scores @ clean, drift)


def _own_bands(own: Floats, typical: Floats) -> NDArray[np.bool_]:
    """Where whole bands of the individual parts `own` (N, B) stand out of the `typical` residual (B,) -> (N, B)."""
    from scipy.ndimage import binary_propagation

    height = np.abs(own) / typical
    along_axis = np.zeros((3, 3), dtype=bool)
    along_axis[1] = True
    bands: NDArray[np.bool_] = binary_propagation(height > OWN_PEAK, structure=along_axis, mask=height > OWN_FOOT)
    return bands


def denoise_set(
    axis: Floats, values: Floats, sigma: Floats, noise: Floats, error: Floats, find_noise: FindNoise
) -> tuple[Floats, Floats]:
    """Return noise and expected error (N, B) of spectra denoised with the structure they share.

    `values` (N, B) on `axis` (B,) cm⁻¹ with white noise `sigma` (N,); `noise` and `error` (N, B) of each spectrum by
    itself. What a spectrum has beside the shared structure (a band that the others lack) is denoised by itself and
    added where it stands out, so that the others cannot paint it over. A spectrum for which this promises no smaller
    error keeps its own result. Reasons: docs/decisions/0008.
    """
    from scipy.ndimage import uniform_filter1d

    scaled = values / sigma[:, None]
    baseline = fit_polynomial_baseline(scaled)
    rows = scaled - baseline
    shared = _shared_structure(axis, rows, find_noise)
    if shared is None:
        return noise, error
    own = (rows - shared.projection).astype(np.float32)
    own_noise, own_error = find_noise(own, np.ones(len(own), np.float32))
    own -= own_noise
    spread = np.median(np.abs(own), axis=0) / GAUSSIAN_MAD
    typical = np.sqrt(uniform_filter1d(spread**2, SMOOTHING, mode="nearest"))
    typical = np.maximum(typical, np.median(shared.drift) / 2)
    kept = _own_bands(own, typical)
    variance = shared.variance + np.where(kept, own_error**2, 0) + (BASELINE_DEGREE + 1) / len(axis)
    joint = baseline + shared.spectra + np.where(kept, own, 0)
    better = np.mean(variance, axis=1) < np.mean((error / sigma[:, None]) ** 2, axis=1)
    return (
        np.where(better[:, None], (scaled - joint) * sigma[:, None], noise).astype(np.float32),
        np.where(better[:, None], np.sqrt(variance) * sigma[:, None], error).astype(np.float32),
    )
