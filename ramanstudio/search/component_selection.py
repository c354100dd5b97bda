"""Choosing the few of many columns that make up a spectrum, one after the other, and what each of them is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

SWEEPS: Final = 4  # in which each part is chosen anew, the others held
LEAST_NEW: Final = 0.02  # of a column's square that the parts already chosen must not explain
RIDGE: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Some of the columns, and what the last of them added to the others.

    `heights` (P,) are the columns' factors and `covariance` (P, P) theirs. `explained` is the share of what was left
    of the spectrum before, `samples` how many independent ones the residual is worth, `likeness` the cosine of
    the two columns most alike, `pays` whether the data pay for one column more.
    """

    columns: tuple[int, ...]
    heights: Floats
    covariance: Floats
    explained: float
    samples: float
    likeness: float
    pays: bool


@dataclass(frozen=True, slots=True, eq=False)
class ComponentSelector:
    """Columns of unit length (n, C) and a spectrum (n,), from both of which the smooth terms have been taken out.

    `substances` (C,) says which columns exclude each other, `lengths` (C,) what the columns were divided by; `free` is
    the number of smooth terms.
    """

    columns: Floats
    spectrum: Floats
    substances: NDArray[np.intp]
    lengths: Floats
    free: int
    products: Floats
    towards: Floats

    @classmethod
    def of(cls, columns: Floats, spectrum: Floats, smooth: Floats, substances: NDArray[np.intp]) -> ComponentSelector:
        """From `columns` (n, C), `spectrum` (n,) and `smooth` terms (n, K), all weighted by one over the misfit."""
        terms = np.linalg.qr(smooth)[0]
        columns = columns - terms @ (terms.T @ columns)
        spectrum = spectrum - terms @ (terms.T @ spectrum)
        lengths = np.maximum(np.linalg.norm(columns, axis=0), 1e-30)
        columns = columns / lengths
        return cls(columns, spectrum, substances, lengths, terms.shape[1], columns.T @ columns, columns.T @ spectrum)

    def steps(self, most: int) -> Iterator[Selection]:
        """The best one column, the best two, up to `most`; each found from the last by adding one and choosing anew."""
        chosen: list[int] = []
        for _ in range(most):
            before = self._left(chosen)
            one, _ = self._best_beside(chosen)
            if one is None:
                return
            chosen = self._settled([*chosen, one])
            yield self._step(chosen, before)

    def step(self, columns: tuple[int, ...]) -> Selection:
        """Some columns as they fit, none chosen anew; what the last one added is measured against the smooth terms."""
        return self._step(list(columns), self._left([]))

    def _step(self, chosen: list[int], before: float) -> Selection:
        """What is known of a choice, of which all but one part left `before` of the spectrum's square."""
        inverse = np.linalg.inv(self._among(chosen))
        heights = inverse @ self.towards[chosen]
        residual = self.spectrum - self.columns[:, chosen] @ heights
        left = float(residual @ residual)
        samples = self._independent(residual)
        alike = self.products[np.ix_(chosen, chosen)] - np.eye(len(chosen))
        # Bayesian information criterion (Schwarz 1978) with the samples that are independent of each other; that the
        # column was the best of many is counted too.
        price = np.log(samples) + 2 * np.log(len(self.lengths))
        scale = 1 / self.lengths[chosen]
        return Selection(
            columns=tuple(chosen),
            heights=heights * scale,
            covariance=inverse * np.outer(scale, scale) * left / samples,
            explained=1 - left / max(before, 1e-300),
            samples=samples,
            likeness=float(alike.max()),
            pays=bool(samples * np.log(max(before, 1e-300) / max(left, 1e-300)) > price),
        )

    def _independent(self, residual: Floats) -> float:
        """How many independent samples a residual is worth: fewer where neighbours are alike (first-order
        autoregression, Bartlett 1946)."""
        square = float(residual @ residual)
        alike = float(np.clip(residual[1:] @ residual[:-1] / max(square, 1e-300), 0, 0.98))
        return max((len(residual) - self.free) * (1 - alike) / (1 + alike), 2.0)

    def _among(self, chosen: list[int]) -> Floats:
        return self.products[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))

    def _left(self, chosen: list[int]) -> float:
        """The square of what some columns leave of the spectrum."""
        square = float(self.spectrum @ self.spectrum)
        if not chosen:
            return square
        return square - float(self.towards[chosen] @ np.linalg.solve(self._among(chosen), self.towards[chosen]))

    def _best_beside(self, chosen: list[int]) -> tuple[int | None, float]:
        """The column that explains most of what `chosen` leave, all factors positive; and what is left then."""
        inverse = np.linalg.inv(self._among(chosen)) if chosen else np.zeros((0, 0))
        towards = self.products[:, chosen] @ inverse
        new = np.maximum(1 - np.einsum("ja,ja->j", towards, self.products[:, chosen]), 1e-9)
        rest = self.towards - towards @ self.towards[chosen]
        others = inverse @ self.towards[chosen] - towards * (rest / new)[:, None]
        allowed = (rest > 0) & (new > LEAST_NEW) & (others > 0).all(axis=1)
        allowed &= ~np.isin(self.substances, self.substances[chosen])
        gain = np.where(allowed, rest**2 / new, -1.0)
        one = int(np.argmax(gain))
        return (one, self._left(chosen) - float(gain[one])) if gain[one] > 0 else (None, self._left(chosen))

    def _settled(self, chosen: list[int]) -> list[int]:
        """`chosen` with each column in turn changed for a better one, until none is."""
        left = self._left(chosen)
        for _ in range(SWEEPS):
            before = left
            for one in list(chosen):
                rest = [other for other in chosen if other != one]
                better, then = self._best_beside(rest)
                if better is not None and then < left * (1 - 1e-9):
                    chosen, left = [*rest, better], then
            if left >= before:
                break
        return chosen
