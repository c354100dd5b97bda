"""Unmix a spectrum: a few references and a smooth baseline, and how surely each reference is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.component_selection import SelectedComponents
from ramanstudio.search.mixture_fit import MISMATCH, MixtureFit
from ramanstudio.search.mixture_ranges import (
    FEWEST_POINTS,
    MOST_POINTS,
    FitRange,
    SampledSpectrum,
    fit_ranges,
    smooth_terms,
)

Floats = NDArray[np.floating[Any]]

# Logistic regression of whether one more component is real and does not make up for what is wrong with the others:
# intercept, then coefficients of `component_features`. Fitted to simulated mixtures by benchmarks/mixtures.py, which
# also measures it on mixtures of other species.
COMPONENT_COEFFICIENTS: Final = (4.17, 0.71, 0.63, 2.85, -6.69)
LEAST_PROBABILITY: Final = 0.6  # that one more component is real: of 0.5 to 0.8, what keeps pure spectra and weak parts
LEAST_EXPLAINED: Final = 0.7  # of the spectrum, by all components; else it is made of something else


@dataclass(frozen=True, slots=True)
class Component:
    """A reference in a mixture: its index, its `fraction` of the intensity with the standard `error`, both 0 to 1.

    The reference was moved by `shift_cm` to fit.
    """

    reference: int
    fraction: float
    error: float
    shift_cm: float


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The `components` of a spectrum, the largest first, and their curves.

    `explained` is how much of what is neither baseline nor noise the components explain, 0 to 1. `fitted` (B,) is the
    sum of components and baseline; `residual` (B,) the spectrum less that, NaN where no component has a reference;
    `curves` (P, B) each component without baseline, zero outside of its reference's range.
    """

    components: tuple[Component, ...]
    explained: float
    fitted: NDArray[np.float64]
    residual: NDArray[np.float64]
    curves: NDArray[np.float64]


def unmix(
    axis: Floats,
    values: Floats,
    sigma: Floats | float,
    references: Sequence[SpectrumSet],
    names: Sequence[str],
    most: int = 4,
) -> Mixture:
    """Find the components of a spectrum `values` (B,) at `axis` (B,) cm⁻¹ with noise `sigma` (B,) among `references`.

    Non-negative least squares of up to `most` references and a smooth baseline, weighted by the noise and by the
    differences between specimens of a substance, in a range that holds the bands. Of the references with one name at
    most one is used. A component is added while the Bayesian information criterion favours it, it is probably real
    (`component_probability`) and its fraction exceeds twice its error; there are no components where they would not
    explain the spectrum.

    Fractions are of the intensity, with each reference scaled to the same area of its bands over the range (heights
    would change with the resolution of the instrument); they are fractions of the substances only where these scatter
    equally. Errors include what is not explained, as so much may be hidden there. Raises StudioError when too little
    of the range is shared.
    """
    measured = np.isfinite(values)
    if measured.sum() < FEWEST_POINTS:
        raise StudioError("The spectrum has too few points to be analysed as a mixture.", remedy="Choose another one.")
    spectrum = _Spectrum(axis, values, np.broadcast_to(sigma, np.shape(axis)), measured)
    whole = spectrum.sampled(measured, 2 * MOST_POINTS)
    fits = [spectrum.fit(span, references, names, most) for span in fit_ranges(whole, references)]
    best_fit, selection = fits[0] if len(fits) == 1 else min(fits, key=lambda fit: _residual_square(whole, *fit))
    return spectrum.mixture(best_fit, selection)


@dataclass(frozen=True, slots=True, eq=False)
class _Spectrum:
    """A spectrum as it was given, its noise, and which of its samples were `measured`; (B,) each."""

    axis: Floats
    values: Floats
    sigma: Floats
    measured: NDArray[np.bool_]

    def sampled(self, which: NDArray[np.bool_], most: int = MOST_POINTS) -> SampledSpectrum:
        """The samples `which` (B,), averaged to at most `most` points."""
        return SampledSpectrum.from_spectrum(self.axis[which], self.values[which], self.sigma[which], most)

    def inside(self, low: float, high: float) -> NDArray[np.bool_]:
        """The measured samples of a range, (B,)."""
        return self.measured & (self.axis >= low) & (self.axis <= high)

    def fit(
        self, span: FitRange, references: Sequence[SpectrumSet], names: Sequence[str], most: int
    ) -> tuple[MixtureFit, SelectedComponents | None]:
        """Fit the spectrum in one range; the selection is None where no component was found."""
        fit = MixtureFit.in_range(self.sampled(self.inside(span.low, span.high)), span, references)
        accepted = None
        for selection in fit.selector(names).selections(most):
            fractions, errors = fit.fractions(selection)
            if (
                not selection.is_supported
                or component_probability(selection, float(fractions.min())) < LEAST_PROBABILITY
                or (fractions < 2 * errors).any()
            ):
                break
            accepted = selection
        return (fit, None) if accepted is None else fit.with_fine_shifts(accepted)

    def mixture(self, fit: MixtureFit, selection: SelectedComponents | None) -> Mixture:
        """The mixture of a fit, on the axis of the spectrum."""
        inside = self.inside(fit.query.low, fit.query.high)
        explained = 0.0 if selection is None else fit.explained(selection)
        if explained < LEAST_EXPLAINED:
            selection = None
        curves = np.zeros((0, len(self.axis))) if selection is None else fit.curves(selection, self.axis)
        components = [] if selection is None else _components(fit, selection, explained)
        if selection is not None:  # a band outside of the range that was fitted is to be seen too
            inside = self.inside(*fit.ends(selection))
        residual, explained_inside = self._residual(curves, inside)
        order = sorted(range(len(components)), key=lambda index: -components[index].fraction)
        largest_first = tuple(components[index] for index in order)
        fitted = np.asarray(self.values - residual, dtype=np.float64)
        explained = min(explained, explained_inside)
        return Mixture(largest_first, explained, fitted, residual, np.asarray(curves[order], dtype=np.float64))

    def _residual(self, curves: Floats, inside: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
        """The spectrum less `curves` and a baseline `inside` (B,), NaN elsewhere; and the explained share, 0 to 1."""
        sampled = self.sampled(inside)
        weights = np.interp(self.axis[inside], sampled.axis, sampled.weights(MISMATCH))
        terms = smooth_terms(self.axis[inside], sampled.axis)

        def subtract_baseline(rows: Floats) -> Floats:
            coefficients = np.linalg.lstsq(terms * weights[:, None], rows * weights, rcond=None)[0]
            return np.asarray(rows - terms @ coefficients)

        residual: NDArray[np.float64] = np.full(len(self.axis), np.nan)
        residual[inside] = subtract_baseline((self.values - curves.sum(axis=0))[inside])
        noise = float(np.square(self.sigma[inside]).sum())
        bands = float(np.square(subtract_baseline(self.values[inside])).sum()) - noise
        left = max(float(np.square(residual[inside]).sum()) - noise, 0.0)
        return residual, float(np.clip(1 - left / max(bands, 1e-300), 0, 1))


def _components(fit: MixtureFit, selection: SelectedComponents, explained: float) -> list[Component]:
    """The components of a selection, in its order."""
    return [
        Component(
            int(fit.usable[column // len(fit.shifts)]),
            float(fraction),
            float(np.hypot(error, fraction * (1 - explained))),
            fit.shift_of(column),
        )
        for column, fraction, error in zip(selection.columns, *fit.fractions(selection), strict=True)
    ]


def _residual_square(whole: SampledSpectrum, fit: MixtureFit, selection: SelectedComponents | None) -> float:
    """The weighted square of the residual over the whole spectrum, by which fits in several ranges are compared."""
    residual = whole.values if selection is None else whole.values - fit.curves(selection, whole.axis).sum(axis=0)
    weights = whole.weights(MISMATCH)
    terms = smooth_terms(whole.axis, whole.axis) * weights[:, None]
    weighted = residual * weights
    return float(np.square(weighted - terms @ np.linalg.lstsq(terms, weighted, rcond=None)[0]).sum())


def selection_path(
    spectrum: SpectrumSet, sigma: float, references: Sequence[SpectrumSet], names: Sequence[str], most: int = 4
) -> list[tuple[SelectedComponents, float]]:
    """Return the selections that `unmix` decides between, of 1 to `most` components, each with its least fraction."""
    query = SampledSpectrum.from_spectrum(spectrum.axis, spectrum.values[0], sigma)
    span = fit_ranges(query, references)[0]
    inside = (spectrum.axis >= span.low) & (spectrum.axis <= span.high)
    sampled = SampledSpectrum.from_spectrum(spectrum.axis[inside], spectrum.values[0, inside], sigma)
    fit = MixtureFit.in_range(sampled, span, references)
    selections = fit.selector(names).selections(most)
    return [(selection, float(fit.fractions(selection)[0].min())) for selection in selections]


def component_probability(selection: SelectedComponents, least_fraction: float) -> float:
    """Return the probability that the last component of a selection is real, 0 to 1."""
    intercept, *coefficients = COMPONENT_COEFFICIENTS
    logit = intercept + float(np.dot(coefficients, component_features(selection, least_fraction)))
    return float(1 / (1 + np.exp(-np.clip(logit, -50, 50))))


def component_features(selection: SelectedComponents, least_fraction: float) -> NDArray[np.float64]:
    """Return what the probability of a selection's last component is computed from, (4,).

    The logit of what it explains of the rest, the logarithms of the number of independent samples and of the least
    fraction, and the similarity of the two most similar components.
    """
    explained = np.clip(selection.explained, 1e-6, 1 - 1e-6)
    return np.array(
        [
            np.log(explained / (1 - explained)),
            np.log(selection.samples),
            np.log(least_fraction + 1e-4),
            selection.similarity,
        ]
    )
