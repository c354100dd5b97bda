"""What the spectra of a set have in common, used to denoise each of them better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis.snr import drift_between_repeats

Floats = NDArray[np.floating[Any]]
FindNoise = Callable[[Floats, Floats], tuple[Floats, Floats]]  # values (N, B), sigma (N,) -> noise, expected error

FEWEST = 4  # spectra; fewer have no structure that could be told from chance
DRAWS = 3
MARGIN = 1.02  # the noise that a denoiser takes off is a little smaller than the noise there was


def principal(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Left vectors (N, K), singular values (K,) and right vectors (K, B) of `rows` (N, B), largest first.

    By way of the smaller of the two Gram matrices: a map has far more spectra than points.
    """
    rows = rows.astype(np.float64)
    tall = len(rows) > rows.shape[1]
    squares, vectors = np.linalg.eigh(rows.T @ rows if tall else rows @ rows.T)
    order = np.argsort(squares)[::-1]
    sizes = np.sqrt(np.maximum(squares[order], 1e-12 * squares[order[0]] + 1e-300))
    vectors = vectors[:, order]
    if tall:
        return rows @ vectors / sizes, sizes, vectors.T
    return vectors, sizes, (vectors.T @ rows) / sizes[:, None]


def shared_rank(sizes: Floats, noise: Floats) -> int:
    """How many components stand above chance: parallel analysis (Horn 1965) with the set's own noise.

    `sizes` (K,) are the singular values of the spectra in units of sigma; `noise` (N, B) what was taken off each. With
    every row of the noise shifted and signed at random nothing is shared, but its colour and its steps stay.
    """
    random = np.random.default_rng(0)
    chance = 0.0
    for _ in range(DRAWS):
        rows = np.stack([np.roll(row, random.integers(len(row))) * random.choice((-1, 1)) for row in noise])
        rows /= np.sqrt(np.mean(rows**2, axis=1, keepdims=True)) + 1e-12
        chance = max(chance, float(principal(rows)[1][0]))
    return int(np.sum(sizes > MARGIN * chance))


def join(values: Floats, sigma: Floats, noise: Floats, error: Floats, find_noise: FindNoise) -> tuple[Floats, Floats]:
    """Noise and expected error (N, B) of spectra denoised with what they share; each no worse than by itself.

    The components that stand above chance are denoised like spectra, which they resemble. What a spectrum has beside
    them (a band that the others lack) is denoised by itself and put back, so that the common ones cannot paint it over.
    A spectrum for which that promises no smaller error keeps its own result.
    """
    rows = values / sigma[:, None]
    scores, sizes, components = principal(rows)
    rank = shared_rank(sizes, noise / sigma[:, None])
    if rank == 0:
        return noise, error
    scores, components = scores[:, :rank], components[:rank]
    spectra = (sizes[:rank, None] * components).astype(np.float32)  # each has the noise of one spectrum: sigma = 1
    component_noise, component_error = find_noise(spectra, np.ones(rank, np.float32))
    common = scores @ (spectra - component_noise)
    own = (rows - common).astype(np.float32)
    own_noise, own_error = find_noise(own, np.ones(len(own), np.float32))
    variance = own_error**2 + scores**2 @ component_error**2 + np.sum(components**2, axis=0)
    alone = (error / sigma[:, None]) ** 2
    better = np.mean(variance, axis=1) < np.mean(alone, axis=1)
    # what a set shares says nothing of how repeats of it would drift; by itself, the network counted that already
    height = np.ptp(common, axis=1, keepdims=True)
    variance = np.minimum(variance + drift_between_repeats(height, np.ones_like(height)) ** 2, alone)
    joint_error = np.sqrt(variance) * sigma[:, None]
    return (
        np.where(better[:, None], own_noise * sigma[:, None], noise).astype(np.float32),
        np.where(better[:, None], joint_error, error).astype(np.float32),
    )
