"""Penalised least-squares splines (Eilers and Marx 1996, doi:10.1214/ss/1038425655) for many spectra on one grid."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

N_COEFFICIENTS: Final = 64
DEGREE: Final = 3
RIDGE: Final = 1e-9  # keeps a system solvable where nearly all weights vanish
SECOND_DIFFERENCE: Final = (1.0, -2.0, 1.0)
THIRD_DIFFERENCE: Final = (-1.0, 3.0, -3.0, 1.0)


def basis(positions: Floats, n_coefficients: int = N_COEFFICIENTS) -> Floats:
    """Return the cubic B-splines at `positions` (B,), each in 0…1 of the range -> (B, n_coefficients)."""
    intervals = n_coefficients - DEGREE
    scaled = np.clip(positions, 0, 1) * intervals
    first = np.minimum(scaled.astype(np.int64), intervals - 1)
    t = scaled - first
    pieces = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    matrix = np.zeros((len(positions), n_coefficients))
    for offset, piece in enumerate(pieces):
        matrix[np.arange(len(positions)), first + offset] = piece / 6
    return matrix


@cache
def band_products(n_points: int) -> Floats:
    """Return the products of neighbouring B-splines on a grid of cell centres, (n_points, (DEGREE + 1) * K).

    Weights (N, n_points) times this matrix are the diagonals of BᵀWB, one after the other.
    """
    splines = basis(cell_centres(n_points))
    shifted = [np.pad(splines, ((0, 0), (0, shift)))[:, shift:] for shift in range(DEGREE + 1)]
    return np.hstack([splines * beside for beside in shifted])


def cell_centres(n_points: int) -> Floats:
    """Return the centres of `n_points` equal cells of 0…1."""
    centres: Floats = (np.arange(n_points) + 0.5) / n_points
    return centres


def fit(values: Floats, weights: Floats, stiffness: Floats, cubic_stiffness: Floats) -> Floats:
    """Fit a spline to each row: the minimum of Σ w (v - Bc)² + Σ λ (Δ²c)² + μ Σ (Δ³c)², solved in 64 bit.

    Parameters
    ----------
    values, weights : (N, G) on the centres of G equal cells
    stiffness : (N, K - 2), λ of each second difference
    cubic_stiffness : (N,), μ of all third differences

    Returns
    -------
    Coefficients (N, K) of `basis`.
    """
    n_spectra, n_points = values.shape
    bands = np.zeros((DEGREE + 1, N_COEFFICIENTS, n_spectra))  # [k, i] is element (i, i + k) of the system
    bands[:] = (weights @ band_products(n_points)).reshape(n_spectra, DEGREE + 1, N_COEFFICIENTS).transpose(1, 2, 0)
    for factors, penalty in ((SECOND_DIFFERENCE, stiffness.T), (THIRD_DIFFERENCE, cubic_stiffness)):
        rows = N_COEFFICIENTS - len(factors) + 1
        for first, factor in enumerate(factors):
            for second in range(first, len(factors)):
                bands[second - first, first : first + rows] += factor * factors[second] * penalty
    bands[0] += RIDGE
    right = np.ascontiguousarray(((weights * values) @ basis(cell_centres(n_points))).T)
    return _solved(bands, right).T


def _solved(bands: Floats, right: Floats) -> Floats:
    """Solve symmetric banded systems side by side by LDLᵀ, in place: `bands` (4, K, N), `right` (K, N) -> (K, N)."""
    size = len(right)
    for row in range(size):
        below = min(DEGREE, size - 1 - row)
        ratios = bands[1 : below + 1, row] / bands[0, row]
        for shift in range(1, below + 1):
            bands[: below + 1 - shift, row + shift] -= ratios[shift - 1] * bands[shift : below + 1, row]
        right[row + 1 : row + 1 + below] -= ratios * right[row]
        bands[1 : below + 1, row] = ratios
    for row in range(size - 1, -1, -1):
        below = min(DEGREE, size - 1 - row)
        right[row] /= bands[0, row]
        right[row] -= (bands[1 : below + 1, row] * right[row + 1 : row + 1 + below]).sum(axis=0)
    return right
