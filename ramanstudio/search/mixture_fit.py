"""Fit a spectrum with references: the columns to choose from, and what a selection of them means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.component_selection import ComponentSelector, SelectedComponents
from ramanstudio.search.mixture_ranges import FitRange, SampledSpectrum, smooth_terms
from ramanstudio.signal import spectral_features

Floats = NDArray[np.floating[Any]]

SHIFTS_CM: Final = (-4.0, -2.0, 0.0, 2.0, 4.0)  # by which instruments and temperatures move the bands of a reference
FINE_SHIFTS_CM: Final = tuple(0.5 * step for step in range(-12, 13))  # for the few components that were chosen
LEAST_MISMATCH: Final = 0.03  # of the bands of one specimen on one instrument
MISMATCH: Final = 0.2  # relative difference in band height of two specimens of a substance; the best of 0.05 to 1
# Relative difference in area of two specimens of a substance, which no noise reveals. Fitted on the same species as the
# rule of `unmix`, so that the stated errors are those found.
SPECIMENS: Final = 0.2
FLOOR_QUANTILE: Final = 0.05  # of a reference's intensities, taken as its zero


@dataclass(frozen=True, slots=True, eq=False)
class MixtureFit:
    """A `query` in a range, and R `references` to fit it with, each as its axis and values.

    `usable` (R,) are the indices of the references, `shifts` (S,) in cm⁻¹ how far each is moved: column c of a
    selector is reference c // S moved by shift c % S. Bands may be off by a share `mismatch` of their heights.
    """

    query: SampledSpectrum
    references: tuple[tuple[Floats, Floats], ...]
    usable: NDArray[np.intp]
    shifts: tuple[float, ...] = SHIFTS_CM
    mismatch: float = MISMATCH

    @classmethod
    def in_range(cls, query: SampledSpectrum, span: FitRange, references: Sequence[SpectrumSet]) -> MixtureFit:
        """Prepare the fit of a query with the references that are usable in a range."""
        usable = tuple((references[index].axis, _from_floor(references[index].values[0])) for index in span.usable)
        return cls(query, usable, span.usable)

    @property
    def weights(self) -> Floats:
        """One over the expected misfit, (N,)."""
        return self.query.weights(self.mismatch)

    def selector(self, names: Sequence[str] | None = None) -> ComponentSelector:
        """Return the selector among all references, each moved by all of the shifts.

        Of the columns with one name only one is chosen; without `names`, of those of one reference.
        """
        n_shifts, n_references = len(self.shifts), len(self.usable)
        columns = np.stack([self.moved(column) for column in range(n_references * n_shifts)], axis=1)
        named = range(n_references) if names is None else [names[index] for index in self.usable]
        substances = np.unique(list(named), return_inverse=True)[1]
        return ComponentSelector.from_columns(
            columns * self.weights[:, None],
            self.query.values * self.weights,
            smooth_terms(self.query.axis, self.query.axis) * self.weights[:, None],
            np.repeat(substances, n_shifts),
        )

    def moved(self, column: int) -> Floats:
        """Return a reference moved by a shift, on the axis of the query -> (N,)."""
        reference, shift = divmod(column, len(self.shifts))
        axis, values = self.references[reference]
        return np.asarray(np.interp(self.query.axis - self.shifts[shift], axis, values, left=0, right=0))

    def with_fine_shifts(self, selection: SelectedComponents) -> tuple[MixtureFit, SelectedComponents]:
        """Fit the components of `selection` again with finer shifts, then with weights by how well they really fit."""
        chosen = [column // len(self.shifts) for column in selection.columns]
        fit = replace(
            self,
            references=tuple(self.references[index] for index in chosen),
            usable=self.usable[chosen],
            shifts=FINE_SHIFTS_CM,
            mismatch=LEAST_MISMATCH,
        )
        complete = [fine for fine in fit.selector().selections(len(chosen)) if len(fine.columns) == len(chosen)]
        if not complete:
            return self, selection
        fit = replace(fit, mismatch=float(np.clip(fit.misfit(complete[-1]), LEAST_MISMATCH, MISMATCH)))
        weighted = fit.selector().select(complete[-1].columns)
        return (fit, weighted) if (weighted.heights > 0).all() else (self, selection)

    def misfit(self, selection: SelectedComponents) -> float:
        """Return how far the bands are off beyond the noise, as a share of their heights."""
        heights = self.query.heights
        in_bands = heights > 0.1 * heights.max()
        excess = np.maximum(self.residual(selection) ** 2 - self.query.noise**2, 0)[in_bands]
        return float(np.sqrt(excess.mean() / np.square(heights[in_bands]).mean()))

    def explained(self, selection: SelectedComponents) -> float:
        """Return how much the components explain of what is neither baseline nor noise, 0 to 1."""
        noise = float(np.square(self.query.noise).sum())
        whole = float(np.square(self.subtract_baseline(self.query.values)).sum()) - noise
        left = max(float(np.square(self.residual(selection)).sum()) - noise, 0.0)
        return float(np.clip(1 - left / max(whole, 1e-300), 0, 1))

    def residual(self, selection: SelectedComponents) -> Floats:
        """Return the query less the components and a baseline, (N,)."""
        components = np.stack([self.moved(column) for column in selection.columns])
        return self.subtract_baseline(self.query.values - selection.heights @ components)

    def subtract_baseline(self, values: Floats) -> Floats:
        """Return `values` (N,) less their fit by the smooth terms."""
        terms, weights = smooth_terms(self.query.axis, self.query.axis), self.weights
        return np.asarray(values - terms @ np.linalg.lstsq(terms * weights[:, None], values * weights, rcond=None)[0])

    def fractions(self, selection: SelectedComponents) -> tuple[Floats, Floats]:
        """Return the fraction of each component, and its standard error, (P,) each."""
        areas = self.areas(selection)
        intensities = selection.heights * areas
        fractions = intensities / intensities.sum()
        # d fraction_i / d height_j = (delta_ij - fraction_i) * area_j / sum
        jacobian = (np.eye(len(intensities)) - fractions[:, None]) * areas / intensities.sum()
        specimens = np.diag((SPECIMENS * self.mismatch / MISMATCH * selection.heights) ** 2)
        return fractions, np.sqrt(np.einsum("ij,jk,ik->i", jacobian, selection.covariance + specimens, jacobian))

    def areas(self, selection: SelectedComponents) -> Floats:
        """Return the area of the bands of each component before it is scaled to fit, (P,)."""
        components = np.stack([self.moved(column) for column in selection.columns])
        bands = np.maximum(components - spectral_features.baseline(self.query.axis, components), 0)
        return np.asarray(bands.sum(axis=1) + 1e-30)

    def shift_of(self, column: int) -> float:
        """Return by how much a column is moved, in cm⁻¹."""
        return self.shifts[column % len(self.shifts)]

    def ends(self, selection: SelectedComponents) -> tuple[float, float]:
        """Return the range in cm⁻¹ in which any of the components has a reference."""
        axes = [self.references[column // len(self.shifts)][0] + self.shift_of(column) for column in selection.columns]
        return min(float(axis[0]) for axis in axes), max(float(axis[-1]) for axis in axes)

    def curves(self, selection: SelectedComponents, axis: Floats) -> Floats:
        """Return each component without baseline at `axis` (B,) -> (P, B); zero outside of its reference's range."""
        curves = np.zeros((len(selection.columns), len(axis)))
        for curve, column, height in zip(curves, selection.columns, selection.heights, strict=True):
            own_axis, values = self.references[column // len(self.shifts)]
            own_axis = own_axis + self.shift_of(column)
            inside = (axis >= own_axis[0]) & (axis <= own_axis[-1])
            bands = height * (values - spectral_features.baseline(own_axis, values[None])[0])
            curve[inside] = np.interp(axis[inside], own_axis, bands)
        return curves


def _from_floor(values: Floats) -> Floats:
    """A reference less its low level, so that it ends near zero."""
    return np.asarray(values - np.quantile(values, FLOOR_QUANTILE), dtype=np.float64)
