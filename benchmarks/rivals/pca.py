"""Principal components of a set, their number by parallel analysis: what a chemometrician denoises a map with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

DRAWS = 20
QUANTILE = 0.95


def rank(centred: Floats) -> int:
    """How many components of `centred` (N, B) stand above chance (Horn 1965): each column shuffled by itself."""
    random = np.random.default_rng(0)
    singular_values = np.linalg.svd(centred, compute_uv=False)
    chance = [np.linalg.svd(random.permuted(centred, axis=0), compute_uv=False) for _ in range(DRAWS)]
    above = singular_values > np.quantile(chance, QUANTILE, axis=0)
    return int(np.argmin(above)) if not above.all() else len(above)


def denoise(values: Floats) -> tuple[Floats, int]:
    """`values` (N, B) as their mean and the components that stand above chance -> (N, B), and how many those are."""
    mean = values.mean(axis=0, dtype=float)
    centred = values - mean
    n_components = rank(centred)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    return mean + (left[:, :n_components] * sizes[:n_components]) @ right[:n_components], n_components
