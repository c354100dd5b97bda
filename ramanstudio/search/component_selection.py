"""Choose the few of many columns that make up a spectrum, one after the other, and measure what each of them adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

SWEEPS: Final = 4  # in which each column is chosen anew while the others stay
LEAST_NEW: Final = 0.02  # of a column's square that the chosen columns must leave unexplained
RIDGE: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class SelectedComponents:
    """Some of the columns, and what the last of them added to the others.

    `heights` (P,) are the factors of the columns and `covariance` (P, P) theirs. `explained` is the share of the
    previous residual's square that the last column explains, `samples` the number of independent samples in the
    residual, `similarity` the cosine of the two most similar columns, `is_supported` whether the Bayesian information
    criterion favours the last column.
    """

    columns: tuple[int, ...]
    heights: Floats
    covariance: Floats
    explained: float
    samples: float
    similarity: float
    is_supported: bool


@dataclass(frozen=True, slots=True, eq=False)
class ComponentSelector:
    """`columns` of unit length (n, C) and a `spectrum` (n,), both without the smooth terms of the baseline.

    `substances` (C,) says which columns exclude each other, `lengths` (C,) what the columns were divided by,
    `n_smooth` is the number of smooth terms; `products` (C, C) are those of the columns, `projections` (C,) those of
    the columns with the spectrum.
    """

    columns: Floats
    spectrum: Floats
    substances: NDArray[np.intp]
    lengths: Floats
    n_smooth: int
    products: Floats
    projections: Floats

    @classmethod
    def from_columns(
        cls, columns: Floats, spectrum: Floats, smooth: Floats, substances: NDArray[np.intp]
    ) -> ComponentSelector:
        """Project the `smooth` terms (N, K) out of `columns` (N, C) and `spectrum` (N,).

        All three are weighted by one over the expected misfit.
        """
        terms = np.linalg.qr(smooth)[0]
        columns = columns - terms @ (terms.T @ columns)
        spectrum = spectrum - terms @ (terms.T @ spectrum)
        lengths = np.maximum(np.linalg.norm(columns, axis=0), 1e-30)
        columns = columns / lengths
        return cls(columns, spectrum, substances, lengths, terms.shape[1], columns.T @ columns, columns.T @ spectrum)

    def selections(self, most: int) -> Iterator[SelectedComponents]:
        """Yield the best one column, the best two, up to `most`: one is added each time, then all are chosen anew."""
        chosen: list[int] = []
        for _ in range(most):
            before = self._residual_square(chosen)
            column, _ = self._best_addition(chosen)
            if column is None:
                return
            chosen = self._refined([*chosen, column])
            yield self._selection(chosen, before)

    def select(self, columns: tuple[int, ...]) -> SelectedComponents:
        """Return the fit of given columns; what the last one added is measured against the smooth terms alone."""
        return self._selection(list(columns), self._residual_square([]))

    def _selection(self, chosen: list[int], before: float) -> SelectedComponents:
        """The fit of `chosen`, given the square of the residual `before` the last of them."""
        inverse = np.linalg.inv(self._normal_matrix(chosen))
        heights = inverse @ self.projections[chosen]
        residual = self.spectrum - self.columns[:, chosen] @ heights
        square = float(residual @ residual)
        samples = self._independent_samples(residual)
        cosines = self.products[np.ix_(chosen, chosen)] - np.eye(len(chosen))
        # Bayesian information criterion (Schwarz 1978) with the number of independent samples; that the column was the
        # best of many is counted too.
        penalty = np.log(samples) + 2 * np.log(len(self.lengths))
        scale = 1 / self.lengths[chosen]
        return SelectedComponents(
            columns=tuple(chosen),
            heights=heights * scale,
            covariance=inverse * np.outer(scale, scale) * square / samples,
            explained=1 - square / max(before, 1e-300),
            samples=samples,
            similarity=float(cosines.max()),
            is_supported=bool(samples * np.log(max(before, 1e-300) / max(square, 1e-300)) > penalty),
        )

    def _independent_samples(self, residual: Floats) -> float:
        """The number of independent samples in a residual (n,), for first-order autoregression (Bartlett 1946)."""
        square = float(residual @ residual)
        autocorrelation = float(np.clip(residual[1:] @ residual[:-1] / max(square, 1e-300), 0, 0.98))
        return max((len(residual) - self.n_smooth) * (1 - autocorrelation) / (1 + autocorrelation), 2.0)

    def _normal_matrix(self, chosen: list[int]) -> Floats:
        return self.products[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))

    def _residual_square(self, chosen: list[int]) -> float:
        """The square of the residual of the spectrum fitted with `chosen`."""
        square = float(self.spectrum @ self.spectrum)
        if not chosen:
            return square
        projections = self.projections[chosen]
        return square - float(projections @ np.linalg.solve(self._normal_matrix(chosen), projections))

    def _best_addition(self, chosen: list[int]) -> tuple[int | None, float]:
        """The column that explains most of the residual of `chosen`, all factors positive; and its new square."""
        inverse = np.linalg.inv(self._normal_matrix(chosen)) if chosen else np.zeros((0, 0))
        weights = self.products[:, chosen] @ inverse
        new = np.maximum(1 - np.einsum("ja,ja->j", weights, self.products[:, chosen]), 1e-9)
        rest = self.projections - weights @ self.projections[chosen]
        others = inverse @ self.projections[chosen] - weights * (rest / new)[:, None]
        allowed = (rest > 0) & (new > LEAST_NEW) & (others > 0).all(axis=1)
        allowed &= ~np.isin(self.substances, self.substances[chosen])
        gain = np.where(allowed, rest**2 / new, -1.0)
        best, square = int(np.argmax(gain)), self._residual_square(chosen)
        return (best, square - float(gain[best])) if gain[best] > 0 else (None, square)

    def _refined(self, chosen: list[int]) -> list[int]:
        """`chosen` with each column in turn replaced by a better one, until none is."""
        square = self._residual_square(chosen)
        for _ in range(SWEEPS):
            before = square
            for column in list(chosen):
                rest = [other for other in chosen if other != column]
                better, better_square = self._best_addition(rest)
                if better is not None and better_square < square * (1 - 1e-9):
                    chosen, square = [*rest, better], better_square
            if square >= before:
                break
        return chosen
