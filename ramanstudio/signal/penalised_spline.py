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
DIFFERENCES: Final = ((1.0, -2.0, 1.0), (-1.0, 3.0, -3.0, 1.0), (1.0, -4.0, 6.0, -4.0, 1.0))  # second, third, fourth
ROWS_AT_ONCE: Final = 16  # of a product whose rounding must not depend on how many rows there are
BANDS: Final = len(DIFFERENCES[-1])  # diagonals of the system, from the main one upwards


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


def row_products(rows: Floats, matrix: Floats) -> Floats:
    """Return `rows` (N, G) times a `matrix` (G, K), each row rounded the same whatever the others are and N is.

    A product of another size may take another path through the library, and be rounded in another way.
    """
    whole = -(-len(rows) // ROWS_AT_ONCE) * ROWS_AT_ONCE
    padded = np.concatenate([rows, np.zeros((whole - len(rows), rows.shape[1]), dtype=rows.dtype)])
    products = padded.reshape(-1, ROWS_AT_ONCE, rows.shape[1]) @ matrix
    result: Floats = products.reshape(whole, -1)[: len(rows)]
    return result


def fit(values: Floats, weights: Floats, second: Floats, third: Floats, fourth: Floats) -> Floats:
    """Fit a spline to each row: the minimum of Σ w (v - Bc)² + Σ λ₂ (Δ²c)² + Σ λ₃ (Δ³c)² + Σ λ₄ (Δ⁴c)², in 64 bit.

    Parameters
    ----------
    values, weights : (N, G) on the centres of G equal cells
    second, third, fourth : λ of each of the differences, (N, K - 2), (N, K - 3) and (N, 1) or (N, K - 4)

    Returns
    -------
    Coefficients (N, K) of `basis`.
    """
    n_spectra, n_points = values.shape
    bands = np.zeros((BANDS, N_COEFFICIENTS, n_spectra))  # [k, i] is element (i, i + k) of the system
    products = row_products(weights, band_products(n_points)).reshape(n_spectra, DEGREE + 1, N_COEFFICIENTS)
    bands[: DEGREE + 1] = products.transpose(1, 2, 0)
    for factors, penalty in zip(DIFFERENCES, (second, third, fourth), strict=True):
        rows = N_COEFFICIENTS - len(factors) + 1
        for left, factor in enumerate(factors):
            for right in range(left, len(factors)):
                bands[right - left, left : left + rows] += factor * factors[right] * penalty.T
    bands[0] += RIDGE
    return _solved(bands, np.ascontiguousarray(row_products(weights * values, basis(cell_centres(n_points))).T)).T


def _solved(bands: Floats, right: Floats) -> Floats:
    """Solve symmetric banded systems side by side by LDLᵀ, in place: (BANDS, K, N) and (K, N) -> (K, N)."""
    size = len(right)
    for row in range(size):
        below = min(BANDS - 1, size - 1 - row)
        ratios = bands[1 : below + 1, row] / bands[0, row]
        for shift in range(1, below + 1):
            bands[: below + 1 - shift, row + shift] -= ratios[shift - 1] * bands[shift : below + 1, row]
        right[row + 1 : row + 1 + below] -= ratios * right[row]
        bands[1 : below + 1, row] = ratios
    for row in range(size - 1, -1, -1):
        below = min(BANDS - 1, size - 1 - row)
        right[row] /= bands[0, row]
        right[row] -= (bands[1 : below + 1, row] * right[row + 1 : row + 1 + below]).sum(axis=0)
    return right
