"""What a mixture is made of: a few references, a smooth baseline, and how surely each of them is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis import lines
from ramanstudio.analysis.part_choice import Choice, Step
from ramanstudio.errors import StudioError
from ramanstudio.spectra import SpectrumSet

Floats = NDArray[np.floating[Any]]

FEWEST_POINTS: Final = 32
MOST_POINTS: Final = 800  # of a query that are fitted; more only cost time, lines are wider
LEAST_SHARED: Final = 0.7  # of the range that the widest reference shares with the query; others are left aside
SMOOTH_CM: Final = 150.0  # the finest turn of the baseline: the hump of a glass vial is as narrow
SHIFTS_CM: Final = (-4.0, -2.0, 0.0, 2.0, 4.0)  # by which instruments and temperatures move the lines of a reference
FINE_CM: Final = tuple(0.5 * step for step in range(-12, 13))  # the same for the few that were chosen, and a bit beyond
LEAST_MISMATCH: Final = 0.03  # of the lines of one specimen on one instrument
MISMATCH: Final = 0.2  # by which the lines of two specimens of one substance differ in height, of 0.05 to 1 the best
# By which two specimens of one substance differ in area; no noise tells of it. Fitted like REAL, so that the errors
# given are those found.
SPECIMENS: Final = 0.2
SMOOTHING_CM: Final = 3.0  # before a query's lines are taken for their height
# The chance that one more part is real and does not mend what is wrong with the others, as a logistic function of
# ln(R² / (1 - R²)) of what it explains of the rest, ln(independent samples), ln(least fraction) and the likeness of
# the two parts most alike. Fitted to simulated mixtures by benchmarks/mixtures.py, which also says how it does on
# mixtures of other species.
REAL: Final = (3.6, 0.94, 0.7, 2.51, -6.45)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the references in a mixture: its number, its `fraction` of the intensity, and the fraction's standard
    `error`, both 0 to 1; it was moved by `shift_cm` to fit."""

    reference: int
    fraction: float
    error: float
    shift_cm: float


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The `parts` of a spectrum, the largest first, and the curves they make.

    `fitted` (B,) is all parts and the baseline, `residual` (B,) what they leave of the spectrum, `curves` (P, B) each
    part alone, without the baseline; all nan outside the range that the references share with the spectrum.
    """

    parts: tuple[Part, ...]
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
    specimens of a substance differ in. References of the same name are one substance, of which one is taken. One more
    is taken when it pays for itself (see `Choice`) and its fraction is above twice its error. Fractions are of the
    intensity, each reference scaled to the same area of its lines over the range that all share: areas, because
    heights change with the resolution of the instrument. They are fractions of a substance only where both scatter
    alike. Raises StudioError when too little of the range is shared.
    """
    query, taken = _Query.of(axis, values, sigma, references), None
    for step in query.choice(names).steps(most):
        fractions, errors = query.fractions(step)
        if not step.pays or real_chance(step, float(fractions.min())) < 0.5 or (fractions < 2 * errors).any():
            break
        taken = step
    if taken is not None:
        query, taken = query.finer(taken)
    return query.mixture(taken)


def steps_of(
    spectrum: SpectrumSet, sigma: float, references: Sequence[SpectrumSet], names: Sequence[str], most: int = 4
) -> list[tuple[Step, float]]:
    """What `unmix` decides between: the best one part, the best two, up to `most`, each with its least fraction."""
    query = _Query.of(spectrum.axis, spectrum.values[0].astype(np.float64), sigma, references)
    return [(step, float(query.fractions(step)[0].min())) for step in query.choice(names).steps(most)]


def real_chance(step: Step, least_fraction: float) -> float:
    """How likely the part that a step added is really there, 0 to 1."""
    told = REAL[0] + float(np.dot(REAL[1:], evidence(step, least_fraction)))
    return float(1 / (1 + np.exp(-np.clip(told, -50, 50))))


def evidence(step: Step, least_fraction: float) -> NDArray[np.float64]:
    """What speaks for the part that a step added, (4,); see REAL."""
    explained = np.clip(step.explained, 1e-6, 1 - 1e-6)
    return np.array(
        [np.log(explained / (1 - explained)), np.log(step.samples), np.log(least_fraction + 1e-4), step.likeness]
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """A spectrum and its references over the range they share, in at most MOST_POINTS points (n,).

    `whole` are axis and values as given, `inside` (B,) where the range is; `usable` (R,) numbers the references that
    cover it, `shifts` (S,) are how far each is moved: column c of a choice is reference c // S moved by shift c % S.
    `noise` (n,) and the `heights` (n,) of the query's lines times `mismatch` are how far a fit may be off.
    """

    whole: tuple[Floats, Floats]
    inside: NDArray[np.bool_]
    axis: Floats
    values: Floats
    noise: Floats
    heights: Floats
    references: tuple[tuple[Floats, Floats], ...]
    usable: NDArray[np.intp]
    shifts: tuple[float, ...] = SHIFTS_CM
    mismatch: float = MISMATCH

    @classmethod
    def of(cls, axis: Floats, values: Floats, sigma: Floats | float, references: Sequence[SpectrumSet]) -> _Query:
        """The query over the range that most of the references share with it."""
        usable, low, high = _shared_range(axis, references)
        inside = (axis >= low) & (axis <= high) & np.isfinite(values)
        if inside.sum() < FEWEST_POINTS:
            raise _too_little(axis, references)
        block = -(-int(inside.sum()) // MOST_POINTS)
        places, means = _means(axis[inside], block), _means(values[inside], block)
        noise = np.sqrt(_means(np.broadcast_to(np.square(sigma), axis.shape)[inside], block) / block)
        noise = np.maximum(noise, 1e-6 * np.ptp(means) + 1e-30)
        chosen = tuple((references[one].axis, references[one].values[0].astype(np.float64)) for one in usable)
        return cls((axis, values), inside, places, means, noise, line_heights(places, means), chosen, usable)

    @property
    def weights(self) -> Floats:
        """One over the expected misfit, (n,)."""
        return np.asarray(1 / np.hypot(self.noise, self.mismatch * self.heights))

    def finer(self, step: Step) -> tuple[_Query, Step]:
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

    def misfit(self, step: Step) -> float:
        """By how much the lines are off beyond the noise, as a share of their heights."""
        there = self.heights > 0.1 * self.heights.max()
        off = np.maximum(self.residual(step) ** 2 - self.noise**2, 0)[there]
        return float(np.sqrt(off.mean() / np.square(self.heights[there]).mean()))

    def residual(self, step: Step) -> Floats:
        """What the parts of a step and a baseline leave of the query, (n,)."""
        parts = np.stack([self.moved(*divmod(column, len(self.shifts))) for column in step.columns])
        return self.without_baseline(self.axis, self.values - step.heights @ parts)

    def without_baseline(self, axis: Floats, left: Floats) -> Floats:
        """What the smooth terms do not explain of `left` (n,) at `axis` (n,)."""
        terms, weights = smooth_terms(axis, self.axis), np.interp(axis, self.axis, self.weights)
        return np.asarray(left - terms @ np.linalg.lstsq(terms * weights[:, None], left * weights, rcond=None)[0])

    def choice(self, names: Sequence[str] | None = None) -> Choice:
        """All references, each moved by all of the shifts, as columns to choose from; of one name, or of one reference
        where no names are given, only one is chosen."""
        shifts, many = len(self.shifts), len(self.usable)
        columns = np.stack([self.moved(one, shift) for one in range(many) for shift in range(shifts)], axis=1)
        named = range(many) if names is None else [names[one] for one in self.usable]
        substances = np.unique(list(named), return_inverse=True)[1]
        return Choice.of(
            columns * self.weights[:, None],
            self.values * self.weights,
            smooth_terms(self.axis, self.axis) * self.weights[:, None],
            np.repeat(substances, shifts),
        )

    def moved(self, reference: int, shift: int, axis: Floats | None = None) -> Floats:
        """A reference moved up by one of the shifts, at `axis` (n,) or that of the query -> (n,)."""
        own, values = self.references[reference]
        return np.asarray(np.interp((self.axis if axis is None else axis) - self.shifts[shift], own, values))

    def fractions(self, step: Step) -> tuple[Floats, Floats]:
        """The fraction of each part of a step, and its standard error, (P,) each."""
        heights = step.heights * self.areas(step)
        fractions = heights / heights.sum()
        # d fraction_i / d height_j = (delta_ij - fraction_i) * area_j / sum
        slopes = (np.eye(len(heights)) - fractions[:, None]) * self.areas(step) / heights.sum()
        spread = step.covariance + np.diag((SPECIMENS * self.mismatch / MISMATCH * step.heights) ** 2)
        return fractions, np.sqrt(np.einsum("ij,jk,ik->i", slopes, spread, slopes))

    def areas(self, step: Step) -> Floats:
        """The area of the lines of each part (P,), as it was before it was scaled to fit."""
        parts = np.stack([self.moved(*divmod(column, len(self.shifts))) for column in step.columns])
        return np.asarray(np.maximum(parts - lines.baseline(self.axis, parts), 0).sum(axis=1) + 1e-30)

    def mixture(self, step: Step | None) -> Mixture:
        """What a step has found, on the axis of the spectrum as it was given."""
        axis, values = self.whole[0][self.inside], self.whole[1][self.inside]
        parts, curves = self._parts(step), np.full((0 if step is None else len(step.columns), len(self.inside)), np.nan)
        if step is not None:
            drawn = np.stack([self.moved(*divmod(column, len(self.shifts)), axis) for column in step.columns])
            curves[:, self.inside] = step.heights[:, None] * (drawn - lines.baseline(axis, drawn))
        residual = np.full(len(self.inside), np.nan)
        residual[self.inside] = self.without_baseline(axis, values - curves[:, self.inside].sum(axis=0))
        largest = sorted(range(len(parts)), key=lambda one: -parts[one].fraction)
        return Mixture(tuple(parts[one] for one in largest), self.whole[1] - residual, residual, curves[largest])

    def _parts(self, step: Step | None) -> list[Part]:
        if step is None:
            return []
        moved = [divmod(column, len(self.shifts)) for column in step.columns]
        return [
            Part(int(self.usable[one]), float(fraction), float(error), self.shifts[shift])
            for (one, shift), fraction, error in zip(moved, *self.fractions(step), strict=True)
        ]


def smooth_terms(axis: Floats, whole: Floats) -> Floats:
    """A baseline's terms at `axis` (n,) -> (n, K): Legendre polynomials over the range of `whole`, which turn at most
    every SMOOTH_CM."""
    low, high = whole[0], whole[-1]
    degree = int(np.clip(round((high - low) / SMOOTH_CM), 2, 24))
    return np.asarray(np.polynomial.legendre.legvander(2 * (axis - low) / (high - low) - 1, degree))


def _shared_range(axis: Floats, references: Sequence[SpectrumSet]) -> tuple[NDArray[np.intp], float, float]:
    """The references that share enough of their range with `axis`, and from where to where all those do."""
    ends = np.array([(max(axis[0], one.axis[0]), min(axis[-1], one.axis[-1])) for one in references]).reshape(-1, 2)
    lengths = ends[:, 1] - ends[:, 0]
    if not len(ends) or lengths.max() <= 0:
        raise _too_little(axis, references)
    usable = np.flatnonzero(lengths >= LEAST_SHARED * lengths.max())
    return usable, float(ends[usable, 0].max()), float(ends[usable, 1].min())


def _too_little(axis: Floats, references: Sequence[SpectrumSet]) -> StudioError:
    if not len(references):
        return StudioError("There are no references to make a mixture of.", remedy="Open a library first.")
    low, high = min(one.axis[0] for one in references), max(one.axis[-1] for one in references)
    return StudioError(
        f"The spectrum, {axis[0]:.0f} to {axis[-1]:.0f} cm⁻¹, shares too little of its range with the references,"
        f" {low:.0f} to {high:.0f} cm⁻¹.",
        remedy="Use references that were measured over the same Raman shifts.",
    )


def _means(values: Floats, block: int) -> Floats:
    """The means of every `block` neighbours; what is left at the end is dropped."""
    whole = len(values) // block * block
    means: Floats = np.asarray(values[:whole], dtype=np.float64).reshape(-1, block).mean(axis=1)
    return means


def line_heights(axis: Floats, values: Floats) -> Floats:
    """How high the lines of a spectrum stand above its baseline, (n,)."""
    from scipy.ndimage import gaussian_filter1d

    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    smoothed: Floats = gaussian_filter1d(values, SMOOTHING_CM / step)
    heights: Floats = np.maximum(smoothed - lines.baseline(axis, smoothed[None])[0], 0)
    return heights
