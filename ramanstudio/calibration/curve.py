"""The correction of an axis: a polynomial through matched lines, no stiffer and no freer than the lines support."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

MAX_DEGREE: Final = 3
MAX_DEGREE_LAMP: Final = 4
LINES_PER_DEGREE: Final = {0: 1, 1: 3, 2: 4, 3: 5, 4: 12}  # so many lines support so many parameters
BEND_SD_CM: Final = 5.0  # how far axes are expected to be bent: standard deviation of each coefficient beyond the scale
COST: Final = 0.7  # by how much a further parameter has to raise the log density of the left-out lines
LEAST_WEIGHT: Final = 0.25  # in the uncertainty, of the polynomial of the highest degree that the lines support
TAIL: Final = 6.0  # degrees of freedom of Student's distribution there: one wrong line must not decide
TWO_LINES: Final = 3.0  # standard uncertainties by which two lines must disagree to give a scale
PRIOR_LINES: Final = 2.0  # how many lines the table's own uncertainty weighs beside the scatter of the fit
OUTLIER: Final = 4.0  # standard uncertainties
MANY_LINES: Final = 12  # from which the scatter of the others judges a line: of eleven (polystyrene) it took good ones
SHARE_OF_OUTLIERS: Final = 0.2
KNOT_STEP_CM: Final = 25.0
MODELS: Final = ("offset", "offset and scale", "quadratic", "cubic", "polynomial of degree 4")


@dataclass(frozen=True, slots=True)
class Curve:
    """What is added to a Raman shift, at knots between which it is interpolated; hashable.

    Parameters
    ----------
    axis_cm, correction_cm, sd_cm : (K,) shift on the uncorrected axis, what is added, its standard uncertainty
    degree : of the polynomial; 0 is an offset
    left_out_cm : root mean square error at lines left out, one after the other; NaN where that cannot be tried
    slope : with which the correction goes on beyond the knots; an axis that is stretched does not stop being so there
    """

    axis_cm: tuple[float, ...]
    correction_cm: tuple[float, ...]
    sd_cm: tuple[float, ...]
    degree: int = 0
    left_out_cm: float = float("nan")
    slope: float = 0.0

    @property
    def model(self) -> str:
        """The correction in words."""
        return MODELS[min(self.degree, len(MODELS) - 1)]

    @property
    def range_cm(self) -> tuple[float, float]:
        """The range on the uncorrected axis in which the correction is known."""
        return self.axis_cm[0], self.axis_cm[-1]

    def correction(self, axis: Floats) -> Floats:
        """Return what is added at shifts (B,) in cm⁻¹ -> (B,); beyond the range continued by the mean slope."""
        beyond = np.asarray(axis) - np.clip(axis, self.axis_cm[0], self.axis_cm[-1])
        return np.interp(axis, self.axis_cm, self.correction_cm) + self.slope * beyond

    def sd(self, axis: Floats) -> Floats:
        """Return the standard uncertainty of the correction at shifts (B,) -> (B,); NaN beyond the range."""
        return np.interp(axis, self.axis_cm, self.sd_cm, left=np.nan, right=np.nan)


def fit_curve(
    x: Floats,
    correction: Floats,
    sd: Floats,
    line_sd: Floats,
    max_degree: int,
    extent: tuple[float, float] | None = None,
) -> tuple[Curve, NDArray[np.bool_]]:
    """Fit a correction to what lines at `x` (n,) are off by, `correction` (n,), with uncertainties `sd` (n,), in cm⁻¹.

    Polynomials of every degree that the lines support are weighed by how well they predict left-out lines; the model
    that is named is the heaviest. How far the lines scatter beyond `sd`, as a multiple of the uncertainties of the
    table, `line_sd` (n,), is estimated from each fit. Returns the curve between the outermost lines (or over `extent`)
    and which lines were used (n,): outliers are not.
    """
    used = np.ones(len(x), dtype=bool)
    for _ in range(1 + int(SHARE_OF_OUTLIERS * len(x))):
        fits = _fits(x[used], correction[used], sd[used], line_sd[used], max_degree)
        best = max(fits, key=_Fit.density)
        misfit = np.abs(best.left_out) * np.sqrt(best.rest) / best.sd
        worst = int(np.argmax(misfit))
        if used.sum() <= best.degree + 3 or (~used).sum() >= SHARE_OF_OUTLIERS * len(x):
            break
        index = int(np.flatnonzero(used)[worst])
        others = used & (np.arange(len(x)) != index)
        hidden = (
            used.sum() >= MANY_LINES and _misfit_to(x, correction, sd, line_sd, others, index, best.degree) > OUTLIER
        )
        if misfit[worst] <= OUTLIER and not hidden:
            break
        used[index] = False
    low, high = extent or (float(x[used].min()), float(x[used].max()))
    n_knots = max(2, int(np.ceil((high - low) / KNOT_STEP_CM)) + 1)
    knots = np.linspace(low, high, n_knots) if high > low else np.array([low - 0.5, low + 0.5])
    while True:
        values, spread, best = _weighed(fits, knots)
        if best.degree == 0 or np.all(np.diff(knots + values) > 0):
            break
        fits = [fit for fit in fits if fit.degree < max(other.degree for other in fits)]
    left_out = float(np.sqrt(np.average(best.left_out**2, weights=best.sd**-2))) if used.sum() > 2 else float("nan")
    slope = mean_slope(knots, values) if best.degree > 0 else 0.0
    curve = Curve(_rounded(knots, 3), _rounded(values, 4), _rounded(spread, 4), best.degree, round(left_out, 4), slope)
    return curve, used


def _misfit_to(
    x: Floats, y: Floats, sd: Floats, line_sd: Floats, others: NDArray[np.bool_], index: int, degree: int
) -> float:
    """By how many standard uncertainties a line misses the curve of the `others` (n,), whose scatter is free of it."""
    fit = _Fit(x[others], y[others], sd[others], line_sd[others], degree)
    predicted, spread = fit.at(x[index : index + 1])
    own = fit.factor * float(np.hypot(sd[index], fit.scale * line_sd[index]))
    return abs(float(y[index] - predicted[0])) / float(np.hypot(own, spread[0]))


def mean_slope(knots: Floats, values: Floats) -> float:
    """Return the slope of the straight line through `values` (K,) at `knots` (K,)."""
    return round(float(np.polynomial.polynomial.polyfit(knots - knots.mean(), values, 1)[1]), 9)


class _Fit:
    """A weighted polynomial of one degree, and how far the lines scatter about it beyond their own uncertainty.

    Coefficients beyond offset and scale are held by a prior of BEND_SD_CM, so that a gap between lines is not filled
    with an arbitrary curve.
    """

    def __init__(self, x: Floats, y: Floats, sd: Floats, line_sd: Floats, degree: int) -> None:
        self.centre, self.half = (x.max() + x.min()) / 2, max((x.max() - x.min()) / 2, 1.0)
        self.degree = degree
        basis = self._basis(x)
        prior = np.diag(np.where(np.arange(degree + 1) < 2, 0.0, BEND_SD_CM**-2))
        scale = 1.0
        for _ in range(5):
            self.sd = np.hypot(sd, scale * line_sd)
            weights = self.sd**-2
            self.covariance = np.linalg.pinv(basis.T @ (weights[:, None] * basis) + prior)
            self.coefficients = self.covariance @ (basis.T @ (weights * y))
            leverage = np.einsum("ij,jk,ik->i", basis, self.covariance, basis) * weights
            self.rest = np.maximum(1 - leverage, 1e-6)
            residual = y - basis @ self.coefficients
            beyond = float(np.sum((residual**2 - self.rest * sd**2) / line_sd**2))
            scale = float(np.sqrt(max((PRIOR_LINES + beyond) / (PRIOR_LINES + float(self.rest.sum())), 0.1**2)))
        self.scale = scale
        self.left_out = residual / self.rest
        # Few lines give an uncertain scatter: Student's distribution, as a factor on a normal one of the same 95 %. It
        # concerns the part of the uncertainty that was estimated from the scatter, not that of each fit.
        estimated = float(np.mean((scale * line_sd / self.sd) ** 2))
        self.factor = 1 + 1.3 * estimated / max(PRIOR_LINES + float(self.rest.sum()), 1.0)

    def density(self) -> float:
        """Log density of the left-out lines, summed: Student's with their predicted variance."""
        variance = self.sd**2 / self.rest
        return float(np.sum(-0.5 * np.log(variance) - (TAIL + 1) / 2 * np.log1p(self.left_out**2 / variance / TAIL)))

    def _basis(self, x: Floats) -> Floats:
        return np.polynomial.chebyshev.chebvander((x - self.centre) / self.half, self.degree)

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """Values and standard uncertainties (K,) at `x` (K,)."""
        basis = self._basis(x)
        spread = np.sqrt(np.einsum("ij,jk,ik->i", basis, self.covariance, basis))
        return basis @ self.coefficients, self.factor * spread


def _fits(x: Floats, y: Floats, sd: Floats, line_sd: Floats, max_degree: int) -> list[_Fit]:
    """The polynomials that the lines support."""
    if len(x) == 2:
        apart = abs(float(np.ptp(y))) > TWO_LINES * float(np.hypot(*np.hypot(sd, line_sd)))
        return [_Fit(x, y, sd, line_sd, 1 if apart and max_degree >= 1 else 0)]
    degrees = [degree for degree in range(max_degree + 1) if len(x) >= LINES_PER_DEGREE[degree]]
    return [_Fit(x, y, sd, line_sd, degree) for degree in degrees]


def _weighed(fits: list[_Fit], knots: Floats) -> tuple[Floats, Floats, _Fit]:
    """Values and standard uncertainties at `knots` (K,), over all fits weighed by their density; the heaviest of them.

    What the fits disagree by counts as uncertainty: which degree is right is not known either, and lines that cannot
    tell do not show that an axis is straight.
    """
    densities = np.array([fit.density() - COST * fit.degree for fit in fits])
    weights = np.exp(densities - densities.max())
    weights /= weights.sum()
    each = [fit.at(knots) for fit in fits]
    values = np.sum([weight * mean for weight, (mean, _) in zip(weights, each, strict=True)], axis=0)
    variance = np.sum(
        [weight * (sd**2 + (mean - values) ** 2) for weight, (mean, sd) in zip(weights, each, strict=True)], axis=0
    )
    bent = max(place for place, fit in enumerate(fits) if fit.degree <= MAX_DEGREE)
    mean, sd = each[bent]
    lacking = max(LEAST_WEIGHT - float(weights[bent:].sum()), 0.0)
    variance += lacking * ((mean - values) ** 2 + np.maximum(sd**2 - variance, 0))
    return values, np.sqrt(variance), fits[int(np.argmax(weights))]


def _rounded(values: Floats, decimals: int) -> tuple[float, ...]:
    return tuple(float(value) for value in np.round(values, decimals))
