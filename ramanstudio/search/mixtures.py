"""What a mixture is made of: a few references, a smooth baseline, and how surely each of them is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.component_selection import Selection
from ramanstudio.search.mixture_fit import MISMATCH, MixtureFit
from ramanstudio.search.mixture_ranges import (
    FEWEST_POINTS,
    MOST_POINTS,
    FitRange,
    SampledSpectrum,
    ranges,
    smooth_terms,
)

Floats = NDArray[np.floating[Any]]

# The chance that one more part is real and does not mend what is wrong with the others, as a logistic function of
# ln(R² / (1 - R²)) of what it explains of the rest, ln(independent samples), ln(least fraction) and the likeness of
# the two parts most alike. Fitted to simulated mixtures by benchmarks/mixtures.py, which also says how it does on
# mixtures of other species.
REAL: Final = (4.17, 0.71, 0.63, 2.85, -6.69)
LEAST_CHANCE: Final = 0.6  # that one more part is real: of 0.5 to 0.8, what spares pure spectra and keeps weak parts
LEAST_EXPLAINED: Final = 0.7  # of the spectrum, by all parts; else it is made of something else


@dataclass(frozen=True, slots=True)
class Component:
    """One of the references in a mixture: its number, its `fraction` of the intensity, and the fraction's standard
    `error`, both 0 to 1; it was moved by `shift_cm` to fit."""

    reference: int
    fraction: float
    error: float
    shift_cm: float


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The `parts` of a spectrum, the largest first, and the curves they make.

    `explained` is how much of what is neither baseline nor noise the parts explain, 0 to 1. `fitted` (B,) is all parts
    and the baseline, `residual` (B,) what they leave of the spectrum, nan where no part has a reference; `curves`
    (P, B) each part alone, without the baseline, zero beyond its reference.
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
    """The parts of a spectrum `values` (B,) at `axis` (B,) cm⁻¹ with noise `sigma` (B,), among `references`.

    Non-negative least squares of up to `most` references and a smooth baseline, weighted by the noise and by what
    specimens of a substance differ in, in a range that holds the lines. References of one name are one substance, of
    which one is taken. One more is taken when it pays for itself (see `ComponentSelector`) and its fraction is above
    twice its error; there are no parts where they would not explain the spectrum. Fractions are of the intensity, each reference
    scaled to the same area of its lines over the range: areas, because heights change with the resolution of the
    instrument. They are fractions of a substance only where both scatter alike. Errors hold what is not explained: as
    much may be hidden there. Raises StudioError when too little of the range is shared.
    """
    measured = np.isfinite(values)
    if measured.sum() < FEWEST_POINTS:
        raise StudioError("Too little of this spectrum was measured to take it apart.", remedy="Choose another one.")
    spectrum = _Spectrum(axis, values, np.broadcast_to(sigma, np.shape(axis)), measured)
    whole = spectrum.sampled(measured, 2 * MOST_POINTS)
    tried = [spectrum.taken_apart(span, references, names, most) for span in ranges(whole, references)]
    fit, step = tried[0] if len(tried) == 1 else min(tried, key=lambda one: _left_of(whole, *one))
    return spectrum.mixture(fit, step)


@dataclass(frozen=True, slots=True, eq=False)
class _Spectrum:
    """A spectrum as it was given, its noise, and which of its samples were `measured`; (B,) each."""

    axis: Floats
    values: Floats
    sigma: Floats
    measured: NDArray[np.bool_]

    def sampled(self, which: NDArray[np.bool_], most: int = MOST_POINTS) -> SampledSpectrum:
        """Some of the samples."""
        return SampledSpectrum.of(self.axis[which], self.values[which], self.sigma[which], most)

    def inside(self, low: float, high: float) -> NDArray[np.bool_]:
        """The measured samples of a range, (B,)."""
        return self.measured & (self.axis >= low) & (self.axis <= high)

    def taken_apart(
        self, span: FitRange, references: Sequence[SpectrumSet], names: Sequence[str], most: int
    ) -> tuple[MixtureFit, Selection | None]:
        """The parts found in one range; None where there are none."""
        fit, taken = MixtureFit.of(self.sampled(self.inside(span.low, span.high)), span, references), None
        for step in fit.choice(names).steps(most):
            fractions, errors = fit.fractions(step)
            if (
                not step.pays
                or real_chance(step, float(fractions.min())) < LEAST_CHANCE
                or (fractions < 2 * errors).any()
            ):
                break
            taken = step
        return (fit, None) if taken is None else fit.finer(taken)

    def mixture(self, fit: MixtureFit, step: Selection | None) -> Mixture:
        """What was found, on the axis of the spectrum."""
        inside = self.inside(fit.query.low, fit.query.high)
        explained = 0.0 if step is None else fit.explained(step)
        if explained < LEAST_EXPLAINED:
            step = None
        curves = np.zeros((0, len(self.axis))) if step is None else fit.curves(step, self.axis)
        parts = [] if step is None else _parts(fit, step, explained)
        if step is not None:  # a line beyond the range that was fitted is to be seen too
            inside = self.inside(*fit.ends(step))
        residual, shown = self._left(curves, inside)
        largest = sorted(range(len(parts)), key=lambda one: -parts[one].fraction)
        sorted_parts = tuple(parts[one] for one in largest)
        fitted = np.asarray(self.values - residual, dtype=np.float64)
        explained = min(explained, shown)
        return Mixture(sorted_parts, explained, fitted, residual, np.asarray(curves[largest], dtype=np.float64))

    def _left(self, curves: Floats, inside: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
        """What parts and a baseline leave `inside` (B,), NaN elsewhere, and how much of the lines is explained."""
        sampled = self.sampled(inside)
        weights = np.interp(self.axis[inside], sampled.axis, sampled.weights(MISMATCH))
        terms = smooth_terms(self.axis[inside], sampled.axis)

        def without_baseline(rows: Floats) -> Floats:
            found = np.linalg.lstsq(terms * weights[:, None], rows * weights, rcond=None)[0]
            return np.asarray(rows - terms @ found)

        residual: NDArray[np.float64] = np.full(len(self.axis), np.nan)
        residual[inside] = without_baseline((self.values - curves.sum(axis=0))[inside])
        noise = float(np.square(self.sigma[inside]).sum())
        lines = float(np.square(without_baseline(self.values[inside])).sum()) - noise
        left = max(float(np.square(residual[inside]).sum()) - noise, 0.0)
        return residual, float(np.clip(1 - left / max(lines, 1e-300), 0, 1))


def _parts(fit: MixtureFit, step: Selection, explained: float) -> list[Component]:
    """The parts of a step, in its order."""
    return [
        Component(
            int(fit.usable[column // len(fit.shifts)]),
            float(fraction),
            float(np.hypot(error, fraction * (1 - explained))),
            fit.shift_of(column),
        )
        for column, fraction, error in zip(step.columns, *fit.fractions(step), strict=True)
    ]


def _left_of(whole: SampledSpectrum, fit: MixtureFit, step: Selection | None) -> float:
    """How much of a spectrum is not explained, over its whole range, so that fits in several ranges can be compared."""
    left = whole.values if step is None else whole.values - fit.curves(step, whole.axis).sum(axis=0)
    weights = whole.weights(MISMATCH)
    terms = smooth_terms(whole.axis, whole.axis) * weights[:, None]
    return float(np.square(left * weights - terms @ np.linalg.lstsq(terms, left * weights, rcond=None)[0]).sum())


def selection_path(
    spectrum: SpectrumSet, sigma: float, references: Sequence[SpectrumSet], names: Sequence[str], most: int = 4
) -> list[tuple[Selection, float]]:
    """What `unmix` decides between: the best one part, the best two, up to `most`, each with its least fraction."""
    query = SampledSpectrum.of(spectrum.axis, spectrum.values[0], sigma)
    span = ranges(query, references)[0]
    inside = (spectrum.axis >= span.low) & (spectrum.axis <= span.high)
    fit = MixtureFit.of(SampledSpectrum.of(spectrum.axis[inside], spectrum.values[0, inside], sigma), span, references)
    return [(step, float(fit.fractions(step)[0].min())) for step in fit.choice(names).steps(most)]


def real_chance(step: Selection, least_fraction: float) -> float:
    """How likely the part that a step added is really there, 0 to 1."""
    told = REAL[0] + float(np.dot(REAL[1:], evidence(step, least_fraction)))
    return float(1 / (1 + np.exp(-np.clip(told, -50, 50))))


def evidence(step: Selection, least_fraction: float) -> NDArray[np.float64]:
    """What speaks for the part that a step added, (4,); see REAL."""
    explained = np.clip(step.explained, 1e-6, 1 - 1e-6)
    return np.array(
        [np.log(explained / (1 - explained)), np.log(step.samples), np.log(least_fraction + 1e-4), step.likeness]
    )
