"""Regressors on representations: linear ones and Gaussian processes, which a model stores as plain arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.classifiers import Subspace, half_squared_distances
from ramanstudio.finetuning.config import (
    GAUSSIAN_PROCESS,
    LINEAR_PROCESS,
    PARTIAL_LEAST_SQUARES,
    REPRESENTATION_TITLES,
)

FloatArray = NDArray[np.floating[Any]]

RIDGE_PENALTIES: Final = np.geomspace(1e-4, 1e2, 13)  # chosen by generalised cross-validation
PROCESS_COMPONENTS: Final = 25  # principal components that a Gaussian process with a linear part sees


@dataclass(frozen=True, slots=True)
class RegressorCandidate:
    """A representation and a regressor on it; `components` is the number of PLS components."""

    representation: str
    estimator: str
    components: int = 0

    @property
    def is_process(self) -> bool:
        """Whether it is a Gaussian process."""
        return self.estimator in (GAUSSIAN_PROCESS, LINEAR_PROCESS)

    @property
    def title(self) -> str:
        """The candidate in words, such as `first derivative, PLS with 4 components`."""
        components = f" with {self.components} components" if self.components else ""
        return f"{REPRESENTATION_TITLES[self.representation]}, {self.estimator}{components}"


@dataclass(frozen=True, slots=True, eq=False)
class Regressor:
    """A fitted quantity in subspace coordinates: `mean` + rows @ `weights`.

    With training `rows` (n, R), it is a Gaussian process of the given `length` scale, and `weights` (n,) are its dual
    coefficients; without, `weights` (R,) are linear. `slope` (R,) is the linear part of a process that has one.
    """

    mean: float
    weights: FloatArray
    rows: FloatArray | None = None
    length: float = 1.0
    slope: FloatArray | None = None

    def predict(self, rows: FloatArray) -> NDArray[np.float64]:
        """Return the quantity (M,) for `rows` (M, R)."""
        linear = 0.0 if self.slope is None else rows @ self.slope
        if self.rows is not None:
            rows = np.exp(-half_squared_distances(rows, self.rows) / self.length**2)
        return np.asarray(self.mean + rows @ self.weights + linear, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class FittedRegressor:
    """A regressor with the subspace whose coordinates it takes: it predicts from rows of a representation."""

    subspace: Subspace
    regressor: Regressor

    @classmethod
    def fit(
        cls, candidate: RegressorCandidate, rows: FloatArray, values: FloatArray, scales: FloatArray | None = None
    ) -> FittedRegressor:
        """Return the regressor of `candidate` fitted to `rows` (N, D) and their `values` (N,); see `fit_regressor`."""
        subspace = Subspace.of(rows)
        if candidate.estimator == LINEAR_PROCESS:
            subspace = Subspace(subspace.mean, subspace.basis[:PROCESS_COMPONENTS])
        return cls(subspace, fit_regressor(candidate, subspace.project(rows), values, scales))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> FittedRegressor:
        """Return the regressor stored in `arrays`, their names after `prefix`. Raises KeyError when one is missing."""
        length = float(arrays[f"{prefix}curve.length"][0]) if f"{prefix}curve.length" in arrays else 1.0
        return cls(
            Subspace(arrays[f"{prefix}span.mean"], arrays[f"{prefix}span.basis"]),
            Regressor(
                float(arrays[f"{prefix}curve.mean"][0]),
                arrays[f"{prefix}curve.weights"],
                arrays.get(f"{prefix}curve.rows"),
                length,
                arrays.get(f"{prefix}curve.slope"),
            ),
        )

    def to_arrays(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Return the regressor as arrays, to be saved; their names begin with `prefix`."""
        regressor = self.regressor
        arrays: dict[str, NDArray[Any]] = {
            "span.mean": self.subspace.mean.astype(np.float32),
            "span.basis": self.subspace.basis.astype(np.float32),
            "curve.mean": np.array([regressor.mean]),
            "curve.weights": regressor.weights.astype(np.float64),
        }
        if regressor.rows is not None:
            arrays |= {"curve.rows": regressor.rows.astype(np.float64), "curve.length": np.array([regressor.length])}
        if regressor.slope is not None:
            arrays["curve.slope"] = regressor.slope.astype(np.float64)
        return {f"{prefix}{name}": array for name, array in arrays.items()}

    def predict(self, rows: FloatArray) -> NDArray[np.float64]:
        """Return the quantity (M,) for `rows` (M, D)."""
        return self.regressor.predict(self.subspace.project(rows))


def fit_regressor(
    candidate: RegressorCandidate, rows: FloatArray, values: FloatArray, scales: FloatArray | None = None
) -> Regressor:
    """Return the regressor of `candidate` fitted to `rows` (N, R) and their `values` (N,).

    `scales` are those of a Gaussian process, from `fit_process_scales`; without them they are fitted here.
    """
    mean = float(values.mean())
    if candidate.is_process:
        return _fit_process(candidate, rows, values, fit_process_scales(candidate, rows, values, scales))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a component that explains nothing more
        if candidate.estimator == PARTIAL_LEAST_SQUARES:
            from sklearn.cross_decomposition import PLSRegression

            n_components = max(1, min(candidate.components, rows.shape[1], len(rows) - 1))
            pls = PLSRegression(n_components, scale=False).fit(rows, values)
            weights = pls.coef_.reshape(-1)
            return Regressor(float(pls.intercept_[0] - pls._x_mean @ weights), weights)
        from sklearn.linear_model import RidgeCV

        ridge = RidgeCV(RIDGE_PENALTIES).fit(rows, values - mean)
        return Regressor(float(ridge.intercept_) + mean, ridge.coef_)


def fit_process_scales(
    candidate: RegressorCandidate, rows: FloatArray, values: FloatArray, scales: FloatArray | None = None
) -> FloatArray | None:
    """Return the logarithms of the scales of a Gaussian process, fitted to `rows` (N, R) by marginal likelihood.

    They do not depend on the coordinates, so folds can share them. None for a candidate that is not one.
    """
    if not candidate.is_process:
        return None
    if scales is not None:
        return scales
    from sklearn.gaussian_process import GaussianProcessRegressor

    rows, values = np.asarray(rows) / _process_unit(candidate, rows), (values - values.mean()) / (values.std() or 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a scale at its bound
        process = GaussianProcessRegressor(_process_kernel(candidate), random_state=0).fit(rows, values)
    return np.asarray(process.kernel_.theta)


def _process_unit(candidate: RegressorCandidate, rows: FloatArray) -> float:
    """Return the length that a process measures `rows` (N, R) in: with a linear part their mean length, else one."""
    if candidate.estimator != LINEAR_PROCESS:
        return 1.0
    return float(np.sqrt(np.mean(np.sum(rows**2, axis=1)))) or 1.0


def _process_kernel(candidate: RegressorCandidate) -> Any:
    """Return the covariance of a process: RBF and white noise, and with a linear part that of a straight line."""
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * RBF(1.0, (0.1, 100.0)) + WhiteKernel(0.1, (1e-4, 10.0))
    if candidate.estimator == LINEAR_PROCESS:
        kernel += ConstantKernel(1.0, (1e-3, 1e5)) * DotProduct(0.0, "fixed")
    return kernel


def _fit_process(
    candidate: RegressorCandidate, rows: FloatArray, values: FloatArray, scales: FloatArray | None
) -> Regressor:
    """Return a Gaussian process with known `scales`."""
    from sklearn.gaussian_process import GaussianProcessRegressor

    mean, scale = float(values.mean()), float(values.std()) or 1.0
    unit = _process_unit(candidate, rows)
    in_units = np.asarray(rows) / unit
    kernel = _process_kernel(candidate).clone_with_theta(scales)
    dual = GaussianProcessRegressor(kernel, optimizer=None).fit(in_units, (values - mean) / scale).alpha_ * scale
    has_line = candidate.estimator == LINEAR_PROCESS
    smooth = kernel.k1.k1 if has_line else kernel.k1
    slope = kernel.k2.k1.constant_value * (dual @ in_units) / unit if has_line else None
    return Regressor(mean, dual * smooth.k1.constant_value, np.asarray(rows), smooth.k2.length_scale * unit, slope)
