"""Fine-tuning as scikit-learn estimators: `fit`, `predict` and `predict_proba` on arrays of intensities.

For pipelines and benchmarks with the interface of scikit-learn; docs/developer/ramanbench.md runs RamanBench with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning.classification import Classified
from ramanstudio.finetuning.config import AUTO, FinetunePlan
from ramanstudio.mae.model_store import DEFAULT_MODEL

ASSUMED_RANGE_CM: Final = (400.0, 1800.0)  # of arrays that come without an axis, as RamanBench passes them


@lru_cache(maxsize=2)
def _engine(model: str, device: str) -> Engine:
    """Return the engine for a model; it is kept, as copies of an estimator are made and fitted all the time."""
    return Engine.load(model, device)


class _FineTuned(BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor share: the axis, the engine and the model.

    `axis` (B,) are the Raman shifts in cm⁻¹ of the columns; None takes the column names of a data frame, and spreads
    other arrays evenly over ASSUMED_RANGE_CM. `model` and `device` are those of `Engine.load`, the others those of
    `FinetunePlan`. Fitted estimators can be pickled; `model_` is a FineTunedModel and `report_` the report on it.
    """

    _is_quantity = False

    def __init__(
        self,
        axis: ArrayLike | None = None,
        *,
        model: str = DEFAULT_MODEL,
        device: str = "auto",
        representation: str = AUTO,
        estimator: str = AUTO,
        tune_features: str = AUTO,
        seed: int = 0,
    ) -> None:
        self.axis = axis
        self.model = model
        self.device = device
        self.representation = representation
        self.estimator = estimator
        self.tune_features = tune_features
        self.seed = seed

    def _fine_tune(self, X: Any, labels: Sequence[Any], groups: ArrayLike | None) -> None:  # noqa: N803
        spectra = self._spectra(X)
        plan = FinetunePlan(
            self.representation,
            self.estimator,
            self.tune_features,
            quantity=self._is_quantity,
            importance=False,
            seed=self.seed,
        )
        result = _engine(self.model, self.device).finetune(spectra, labels, plan, groups)
        self.model_, self.report_ = result.model, result.report
        self.n_features_in_ = spectra.values.shape[1]

    def _classified(self, X: Any) -> Classified:  # noqa: N803
        if not hasattr(self, "model_"):
            raise StudioError(f"This {type(self).__name__} is not fitted.", remedy="Call fit first.")
        return _engine(self.model, self.device).classify(self._spectra(X), self.model_)

    def _spectra(self, X: Any) -> SpectrumSet:  # noqa: N803 - scikit-learn's name
        """Return the rows of X (N, B) as spectra. Raises StudioError when the axis has another length."""
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2 or not values.size:
            raise StudioError("X is no table of spectra.", remedy="Give an array (N, B) with a spectrum in each row.")
        axis = _column_shifts(X) if self.axis is None else np.asarray(self.axis, dtype=np.float64)
        if axis is None:
            axis = np.linspace(*ASSUMED_RANGE_CM, values.shape[1])
        return SpectrumSet.of(axis, values)


class RamanStudioClassifier(ClassifierMixin, _FineTuned):  # type: ignore[misc]
    """A classifier of spectra by one-click fine-tuning; every choice is made by cross-validation on what it is given.

    Attributes after `fit`: `classes_` (K,), `model_`, `report_`.
    """

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> RamanStudioClassifier:  # noqa: N803
        """Fine-tune on spectra X (N, B) of the classes y (N,); `groups` (N,) name samples that are kept whole.

        Raises StudioError when the labels do not suit or a spectrum has values that are not numbers.
        """
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self._fine_tune(X, [f"class {code}" for code in codes.reshape(-1)], groups)
        self._order = np.array([int(name.split()[-1]) for name in self.model_.card.classes])
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the calibrated probabilities (N, K) of `classes_` for spectra X (N, B)."""
        probabilities = self._classified(X).probabilities
        ordered = np.empty_like(probabilities)
        ordered[:, self._order] = probabilities
        return ordered

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the most probable class (N,) of each of the spectra X (N, B)."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])


class RamanStudioRegressor(RegressorMixin, _FineTuned):  # type: ignore[misc]
    """A regressor of a quantity by one-click fine-tuning; `model_` and `report_` are there after `fit`."""

    _is_quantity = True

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> RamanStudioRegressor:  # noqa: N803
        """Fine-tune on spectra X (N, B) with the numbers y (N,); `groups` (N,) name samples that are kept whole.

        Raises StudioError when there are fewer than three numbers, or a spectrum has values that are not numbers.
        """
        self._fine_tune(X, np.asarray(y, dtype=np.float64).reshape(-1).tolist(), groups)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the quantity (N,) for spectra X (N, B)."""
        values = self._classified(X).values
        assert values is not None
        return values


def _column_shifts(X: Any) -> NDArray[np.float64] | None:  # noqa: N803
    """Return the Raman shifts (B,) that the columns of a data frame are named by; None for other arrays."""
    try:
        return np.array([float(name) for name in X.columns])
    except (AttributeError, TypeError, ValueError):
        return None
