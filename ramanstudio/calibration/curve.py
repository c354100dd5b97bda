"""The correction of an axis: a polynomial through matched lines, no stiffer and no freer than the lines support."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

MAX_DEGREE: Final = 3
MAX_DEGREE_LAMP: Final = 4
LINES_PER_DEGREE: Final = {0: 1, 1: 3, 2: 5, 3: 6, 4: 12}  # so many lines support so many parameters
BETTER: Final = 0.9  # a further parameter has to lower the leave-one-line-out error to this share
TWO_LINES: Final = 3.0  # standard uncertainties by which two lines must disagree to give a scale
PRIOR_LINES: Final = 2.0  # how many lines the table's own uncertainty weighs beside the scatter of the fit
OUTLIER: Final = 4.0  # standard uncertainties
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
    """

    axis_cm: tuple[float, ...]
    correction_cm: tuple[float, ...]
    sd_cm: tuple[float, ...]
    degree: int = 0
    left_out_cm: float = float("nan")

    @property
    def model(self) -> str:
        """The correction in words."""
        return MODELS[min(self.degree, len(MODELS) - 1)]

    @property
    def range_cm(self) -> tuple[float, float]:
        """The range on the uncorrected axis in which the correction is known."""
        return self.axis_cm[0], self.axis_cm[-1]

    def correction(self, axis: Floats) -> Floats:
        """Return what is added at shifts (B,) in cm⁻¹ -> (B,); beyond the range the value at its end."""
        return np.interp(axis, self.axis_cm, self.correction_cm)

    def sd(self, axis: Floats) -> Floats:
        """Return the standard uncertainty of the correction at shifts (B,) -> (B,); NaN beyond the range."""
        return np.interp(axis, self.axis_cm, self.sd_cm, left=np.nan, right=np.nan)


def fit_curve(
    x: Floats, correction: Floats, sd: Floats, line_sd: float, max_degree: int, extent: tuple[float, float] | None = None
) -> tuple[Curve, NDArray[np.bool_]]:
    """Fit a correction to what lines at `x` (n,) are off by, `correction` (n,), with uncertainties `sd` (n,), in cm⁻¹.

    The degree is the one whose error at left-out lines is least, as far as the lines support it. The scatter of the
    lines beyond their uncertainty is estimated from the fit, together with `line_sd`, that of the table. Returns the
    curve between the outermost lines (or over `extent`) and which lines were used (n,): outliers are not.
    """
    used = np.ones(len(x), dtype=bool)
    degree, left_out = 0, float("nan")
    for _ in range(1 + int(SHARE_OF_OUTLIERS * len(x))):
        degree, left_out = _choose_degree(x[used], correction[used], sd[used], line_sd, max_degree)
        fit = _Fit(x[used], correction[used], sd[used], line_sd, degree)
        misfit = np.abs(fit.left_out) / np.hypot(sd[used], fit.line_sd)
        worst = int(np.argmax(misfit))
        if misfit[worst] <= OUTLIER or used.sum() <= degree + 3 or (~used).sum() >= SHARE_OF_OUTLIERS * len(x):
            break
        used[np.flatnonzero(used)[worst]] = False
    fit = _Fit(x[used], correction[used], sd[used], line_sd, degree)
    fit, degree = _monotonic(fit, x[used], correction[used], sd[used], line_sd, degree)
    low, high = extent or (float(x[used].min()), float(x[used].max()))
    n_knots = max(2, int(np.ceil((high - low) / KNOT_STEP_CM)) + 1)
    knots = np.linspace(low, high, n_knots) if high > low else np.array([low - 0.5, low + 0.5])
    values, spread = fit.at(knots)
    curve = Curve(_rounded(knots, 3), _rounded(values, 4), _rounded(spread, 4), degree, round(left_out, 4))
    return curve, used


class _Fit:
    """A weighted polynomial of one degree, and how far the lines scatter about it beyond their own uncertainty."""

    def __init__(self, x: Floats, y: Floats, sd: Floats, line_sd: float, degree: int) -> None:
        self.centre, self.half = (x.max() + x.min()) / 2, max((x.max() - x.min()) / 2, 1.0)
        self.degree = degree
        basis = self._basis(x)
        scatter = line_sd
        for _ in range(4):
            weights = 1 / (sd**2 + scatter**2)
            covariance = np.linalg.pinv(basis.T @ (weights[:, None] * basis))
            self.coefficients = covariance @ (basis.T @ (weights * y))
            leverage = np.clip(np.einsum("ij,jk,ik->i", basis, covariance, basis) * weights, 0, 1 - 1e-9)
            residual = y - basis @ self.coefficients
            free = PRIOR_LINES + len(x) - degree - 1
            beyond = float(np.sum(residual**2 - (1 - leverage) * sd**2))
            scatter = float(np.sqrt(max((PRIOR_LINES * line_sd**2 + beyond) / free, (0.1 * line_sd) ** 2)))
        self.covariance, self.line_sd = covariance, scatter
        self.left_out = residual / (1 - leverage)
        # Few lines give an uncertain scatter: Student's distribution, as a factor on a normal one of the same 95 %.
        freedom = max(PRIOR_LINES + len(x) - degree - 1, 1.0)
        self.factor = 1 + 1.3 / freedom

    def _basis(self, x: Floats) -> Floats:
        return np.polynomial.chebyshev.chebvander((x - self.centre) / self.half, self.degree)

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """Values and standard uncertainties (K,) at `x` (K,)."""
        basis = self._basis(x)
        spread = np.sqrt(np.einsum("ij,jk,ik->i", basis, self.covariance, basis))
        return basis @ self.coefficients, self.factor * spread


def _choose_degree(x: Floats, y: Floats, sd: Floats, line_sd: float, max_degree: int) -> tuple[int, float]:
    """The degree with the least error at left-out lines, and that error in cm⁻¹."""
    if len(x) == 2 and max_degree >= 1 and abs(np.ptp(y)) > TWO_LINES * np.hypot(*np.hypot(sd, line_sd)):
        return 1, float("nan")
    best, least = 0, _left_out_error(x, y, sd, line_sd, 0)
    for degree in range(1, max_degree + 1):
        if len(x) < LINES_PER_DEGREE[degree]:
            break
        error = _left_out_error(x, y, sd, line_sd, degree)
        if error < BETTER * least:
            best, least = degree, error
    return best, least


def _left_out_error(x: Floats, y: Floats, sd: Floats, line_sd: float, degree: int) -> float:
    if len(x) < degree + 2:
        return float("nan") if len(x) < 2 else float("inf")
    weights = 1 / (sd**2 + line_sd**2)
    fit = _Fit(x, y, sd, line_sd, degree)
    return float(np.sqrt(np.average(fit.left_out**2, weights=weights)))


def _monotonic(
    fit: _Fit, x: Floats, y: Floats, sd: Floats, line_sd: float, degree: int
) -> tuple[_Fit, int]:  # fmt: skip
    """The fit, with fewer parameters where the corrected axis would not increase."""
    while degree > 0:
        dense = np.linspace(x.min(), x.max(), 200)
        if np.all(np.diff(dense + fit.at(dense)[0]) > 0):
            break
        degree -= 1
        fit = _Fit(x, y, sd, line_sd, degree)
    return fit, degree


def _rounded(values: Floats, decimals: int) -> tuple[float, ...]:
    return tuple(float(value) for value in np.round(values, decimals))
