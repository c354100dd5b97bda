"""Principal components of a set of spectra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

N_COMPONENTS: Final = 32
SCALE_POWER: Final = 0.5  # scores are divided by singular value ** 0.5: halfway between PCA (0) and whitening (1)


def thin_svd(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the thin singular value decomposition of `rows` (N, B), largest singular value first.

    Left vectors (N, K), singular values (K,) and right vectors (K, B), by way of the smaller of the two Gram matrices:
    a map has far more spectra than points.
    """
    rows = rows.astype(np.float64)
    tall = len(rows) > rows.shape[1]
    squares, vectors = np.linalg.eigh(rows.T @ rows if tall else rows @ rows.T)
    order = np.argsort(squares)[::-1]
    singular = np.sqrt(np.maximum(squares[order], 1e-12 * squares[order[0]] + 1e-300))
    vectors = vectors[:, order]
    if tall:
        return rows @ vectors / singular, singular, vectors.T
    return vectors, singular, (vectors.T @ rows) / singular[:, None]


def unit_rows(rows: Floats) -> NDArray[np.float32]:
    """Return `rows` (N, D), each minus its mean and scaled to unit length; constant rows become zero."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    # in 64 bits: in 32, squares of 1e20 are infinite
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))[:, None]
    scaled: NDArray[np.float32] = np.divide(rows, length, out=np.zeros(rows.shape), where=length > 1e-12).astype(
        np.float32
    )
    return scaled


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalComponents:
    """The first principal components of a set: `mean` (B,), `axes` (K, B), and the `scale` (K,) of the scores."""

    mean: Floats
    axes: Floats
    scale: Floats

    @classmethod
    def fit(cls, rows: Floats) -> PrincipalComponents:
        """Find the first N_COMPONENTS principal components of `rows` (N, B)."""
        mean = rows.mean(axis=0)
        _, singular, axes = thin_svd(rows - mean)
        first = slice(min(N_COMPONENTS, *rows.shape))
        scale = np.where(
            singular[first] > 1e-5 * singular[0], np.maximum(singular[first], 1e-30) ** (SCALE_POWER - 1), 0
        )
        return cls(mean, axes[first].astype(np.float32), scale)

    def transform(self, rows: Floats) -> NDArray[np.float32]:
        """Return the scaled scores of `rows` (N, B), each row of unit length -> (N, K)."""
        return unit_rows(((rows - self.mean) @ self.axes.T) * self.scale)


def principal_scores(rows: Floats) -> NDArray[np.float32]:
    """Return the scaled scores of `rows` (N, D) along their own principal components -> (N, K)."""
    return PrincipalComponents.fit(rows).transform(rows)
