"""The least squares problem of fitting peaks, and the columns of its Jacobian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.peaks.profiles import Profile

Floats = NDArray[np.float64]

MAX_STEPS: Final = 60


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """N spectra to be fitted with K peaks of one profile each on a polynomial.

    The P = K (2 + S) nonlinear parameters are ordered by kind: centres, log widths, then each shape.

    Parameters
    ----------
    axis : (B,) cm⁻¹
    values : (N, B), finite
    weights : (N,) or (N, B), one over the standard deviation; 0 leaves a point out
    degree : of the polynomial under the peaks; -1 for none
    start, low, high : (N, F) free parameters and their bounds
    expand, offset : (P, F) and (N, P): all parameters are expand @ free + offset
    share : (K, H) the heights are share @ free heights
    prior, precision : (F,) what the free parameters are without data, and one over the variance of that; 0 for none
    """

    axis: Floats
    values: NDArray[Any]
    weights: Floats
    profile: Profile
    n_peaks: int
    degree: int
    start: Floats
    low: Floats
    high: Floats
    expand: Floats | None = None
    offset: Floats | None = None
    share: Floats | None = None
    nonnegative: bool = True
    prior: Floats | None = None
    precision: Floats | None = None
    max_steps: int = MAX_STEPS

    @property
    def n_baseline(self) -> int:
        """The number of columns of the baseline."""
        return self.degree + 1

    def rows(self, part: Any) -> Problem:
        """Return the problem for a part of the spectra."""
        return Problem(
            self.axis,
            self.values[part],
            self.weights[part],
            self.profile,
            self.n_peaks,
            self.degree,
            self.start[part],
            self.low[part],
            self.high[part],
            self.expand,
            None if self.offset is None else self.offset[part],
            self.share,
            self.nonnegative,
            self.prior,
            self.precision,
            self.max_steps,
        )

    def parameters(self, free: Floats) -> Floats:
        """Return all nonlinear parameters, (n, F) -> (n, P)."""
        full = free if self.expand is None else free @ self.expand.T
        return full if self.offset is None else full + self.offset


def columns(problem: Problem, parameters: Floats, out: Floats) -> Floats:
    """Write the profiles (K) and the derivatives (P) of some spectra to `out` (n, columns, B).

    `parameters` (n, P). Returns the factors (n, P) that the derivatives have to be multiplied by, heights left out.
    """
    n, n_peaks = len(parameters), problem.n_peaks
    n_shapes = len(problem.profile.shapes)
    center = parameters[:, :n_peaks]
    fwhm = np.exp(parameters[:, n_peaks : 2 * n_peaks])
    shapes = parameters[:, 2 * n_peaks :].reshape(n, n_shapes, n_peaks).transpose(0, 2, 1)
    n_columns = n_peaks * (3 + n_shapes)
    view = out[:, :n_columns].reshape(n, 3 + n_shapes, n_peaks, problem.axis.size)
    offset = np.subtract(problem.axis, center[:, :, None])
    factors = problem.profile.evaluate(offset, fwhm, shapes, view)
    return factors.reshape(n, -1)


def polynomial(problem: Problem) -> Floats:
    """The columns of the baseline (n_baseline, B): powers of t = -1 … 1 over the axis."""
    axis = problem.axis
    scaled = 2 * (axis - axis[0]) / (axis[-1] - axis[0]) - 1
    return np.asarray(scaled ** np.arange(problem.n_baseline)[:, None])
