"""A spectrum and the references it is fitted with: which columns there are to choose from, and what a choice means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.component_selection import ComponentSelector, Selection
from ramanstudio.search.mixture_ranges import FitRange, SampledSpectrum, smooth_terms
from ramanstudio.signal import spectral_features

Floats = NDArray[np.floating[Any]]

SHIFTS_CM: Final = (-4.0, -2.0, 0.0, 2.0, 4.0)  # by which instruments and temperatures move the lines of a reference
FINE_CM: Final = tuple(0.5 * step for step in range(-12, 13))  # the same for the few that were chosen, and a bit beyond
LEAST_MISMATCH: Final = 0.03  # of the lines of one specimen on one instrument
MISMATCH: Final = 0.2  # by which the lines of two specimens of one substance differ in height, of 0.05 to 1 the best
# By which two specimens of one substance differ in area; no noise tells of it. Fitted on the species that the rule of
# `unmix` was, so that the errors given are those found.
SPECIMENS: Final = 0.2
FLOOR: Final = 0.05  # of a reference's samples that lie below its low level


@dataclass(frozen=True, slots=True, eq=False)
class MixtureFit:
    """A `query` in a range, and references (R) to fit it with, each as its axis and values.

    `usable` (R,) are their numbers, `shifts` (S,) how far each is moved: column c of a choice is reference c // S moved
    by shift c % S. Lines may be off by a share `mismatch` of their heights.
    """

    query: SampledSpectrum
    references: tuple[tuple[Floats, Floats], ...]
    usable: NDArray[np.intp]
    shifts: tuple[float, ...] = SHIFTS_CM
    mismatch: float = MISMATCH

    @classmethod
    def of(cls, query: SampledSpectrum, span: FitRange, references: Sequence[SpectrumSet]) -> MixtureFit:
        """The references that can be used in a range."""
        chosen = tuple((references[one].axis, _above_floor(references[one].values[0])) for one in span.usable)
        return cls(query, chosen, span.usable)

    @property
    def weights(self) -> Floats:
        """One over the misfit to expect, (n,)."""
        return self.query.weights(self.mismatch)

    def choice(self, names: Sequence[str] | None = None) -> ComponentSelector:
        """All references, each moved by all of the shifts, as columns to choose from; of one name, or of one reference
        where no names are given, only one is chosen."""
        shifts, many = len(self.shifts), len(self.usable)
        columns = np.stack([self.moved(column) for column in range(many * shifts)], axis=1)
        named = range(many) if names is None else [names[one] for one in self.usable]
        substances = np.unique(list(named), return_inverse=True)[1]
        return ComponentSelector.of(
            columns * self.weights[:, None],
            self.query.values * self.weights,
            smooth_terms(self.query.axis, self.query.axis) * self.weights[:, None],
            np.repeat(substances, shifts),
        )

    def moved(self, column: int) -> Floats:
        """A reference moved by a shift, on the axis of the query -> (n,)."""
        reference, shift = divmod(column, len(self.shifts))
        own, values = self.references[reference]
        return np.asarray(np.interp(self.query.axis - self.shifts[shift], own, values, left=0, right=0))

    def finer(self, step: Selection) -> tuple[MixtureFit, Selection]:
        """The same parts with finer shifts, which the peaks decide, and then with weights by how well these references
        really fit."""
        numbers = [column // len(self.shifts) for column in step.columns]
        few = replace(
            self,
            references=tuple(self.references[one] for one in numbers),
            usable=self.usable[numbers],
            shifts=FINE_CM,
            mismatch=LEAST_MISMATCH,
        )
        fine = [one for one in few.choice().steps(len(numbers)) if len(one.columns) == len(numbers)]
        if not fine:
            return self, step
        few = replace(few, mismatch=float(np.clip(few.misfit(fine[-1]), LEAST_MISMATCH, MISMATCH)))
        weighted = few.choice().step(fine[-1].columns)
        return (few, weighted) if (weighted.heights > 0).all() else (self, step)

    def misfit(self, step: Selection) -> float:
        """By how much the lines are off beyond the noise, as a share of their heights."""
        heights = self.query.heights
        there = heights > 0.1 * heights.max()
        off = np.maximum(self.residual(step) ** 2 - self.query.noise**2, 0)[there]
        return float(np.sqrt(off.mean() / np.square(heights[there]).mean()))

    def explained(self, step: Selection) -> float:
        """How much the parts of a step explain of what is neither baseline nor noise, 0 to 1."""
        noise = float(np.square(self.query.noise).sum())
        whole = float(np.square(self.without_baseline(self.query.values)).sum()) - noise
        left = max(float(np.square(self.residual(step)).sum()) - noise, 0.0)
        return float(np.clip(1 - left / max(whole, 1e-300), 0, 1))

    def residual(self, step: Selection) -> Floats:
        """What the parts of a step and a baseline leave of the query, (n,)."""
        parts = np.stack([self.moved(column) for column in step.columns])
        return self.without_baseline(self.query.values - step.heights @ parts)

    def without_baseline(self, left: Floats) -> Floats:
        """What the smooth terms do not explain of `left` (n,)."""
        terms, weights = smooth_terms(self.query.axis, self.query.axis), self.weights
        return np.asarray(left - terms @ np.linalg.lstsq(terms * weights[:, None], left * weights, rcond=None)[0])

    def fractions(self, step: Selection) -> tuple[Floats, Floats]:
        """The fraction of each part of a step, and its standard error, (P,) each."""
        areas = self.areas(step)
        heights = step.heights * areas
        fractions = heights / heights.sum()
        # d fraction_i / d height_j = (delta_ij - fraction_i) * area_j / sum
        slopes = (np.eye(len(heights)) - fractions[:, None]) * areas / heights.sum()
        spread = step.covariance + np.diag((SPECIMENS * self.mismatch / MISMATCH * step.heights) ** 2)
        return fractions, np.sqrt(np.einsum("ij,jk,ik->i", slopes, spread, slopes))

    def areas(self, step: Selection) -> Floats:
        """The area of the lines of each part (P,), as it was before it was scaled to fit."""
        parts = np.stack([self.moved(column) for column in step.columns])
        return np.asarray(np.maximum(parts - spectral_features.baseline(self.query.axis, parts), 0).sum(axis=1) + 1e-30)

    def shift_of(self, column: int) -> float:
        """By how much a column is moved, in cm⁻¹."""
        return self.shifts[column % len(self.shifts)]

    def ends(self, step: Selection) -> tuple[float, float]:
        """From where to where, in cm⁻¹, any of the parts of a step has a reference."""
        axes = [self.references[column // len(self.shifts)][0] + self.shift_of(column) for column in step.columns]
        return min(float(axis[0]) for axis in axes), max(float(axis[-1]) for axis in axes)

    def curves(self, step: Selection, axis: Floats) -> Floats:
        """Each part of a step without its baseline at any `axis` (B,) -> (P, B); zero beyond its reference's range."""
        drawn = np.zeros((len(step.columns), len(axis)))
        for curve, column, height in zip(drawn, step.columns, step.heights, strict=True):
            own, values = self.references[column // len(self.shifts)]
            own = own + self.shift_of(column)
            inside = (axis >= own[0]) & (axis <= own[-1])
            curve[inside] = np.interp(
                axis[inside], own, height * (values - spectral_features.baseline(own, values[None])[0])
            )
        return drawn


def _above_floor(values: Floats) -> Floats:
    """A reference less its low level, so that it ends near zero."""
    return np.asarray(values - np.quantile(values, FLOOR), dtype=np.float64)
