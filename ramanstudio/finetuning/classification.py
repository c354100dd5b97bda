"""Predictions of a fine-tuned model: the class of each spectrum with its probability, a quantity, or unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import accuracy, classifier_ensemble, finetuned_model, novelty, regression
from ramanstudio.finetuning.classifier_arrays import from_arrays
from ramanstudio.finetuning.config import FALSE_UNKNOWN_RATE
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.model_card import TUNED
from ramanstudio.finetuning.representations import (
    COMPONENT_ARRAYS,
    FeatureExtractor,
    Representations,
    represent_denoised,
    require_usable,
)
from ramanstudio.signal import comparison
from ramanstudio.signal.pca import PrincipalComponents

MAX_MISSING: Final = 0.03  # of a model's range that spectra may lack at the ends


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """Predictions for N spectra: `labels` (N,), `probabilities` (N, K) of the `classes` (K,), `unknown` (N,).

    Labels are the most probable classes, even of unknown spectra. A model of a quantity gives `values` (N,) and their
    `error` (RMSE) instead, no classes, and labels that are the values as text; `calibrated_range` are the lowest and
    highest value learned. `false_unknown_rate` is the share of unknown ones to expect among spectra like those learned.
    """

    labels: NDArray[np.str_]
    probabilities: NDArray[np.float64]
    classes: tuple[str, ...]
    unknown: NDArray[np.bool_]
    values: NDArray[np.float64] | None = None
    error: float = float("nan")
    false_unknown_rate: float = FALSE_UNKNOWN_RATE
    calibrated_range: tuple[float, float] = (float("nan"), float("nan"))

    @property
    def extrapolated(self) -> NDArray[np.bool_]:
        """Which values (N,) are outside the calibrated range by more than their error; none of classes."""
        if self.values is None:
            return np.zeros(len(self.labels), dtype=bool)
        low, high = self.calibrated_range
        margin = self.error if np.isfinite(self.error) else 0.0
        return np.asarray((self.values < low - margin) | (self.values > high + margin))

    @property
    def extrapolation(self) -> str:
        """A sentence where values are extrapolated, with what to do; "" where none is."""
        return describe_extrapolation(int(self.extrapolated.sum()), len(self.labels), self.calibrated_range)

    @property
    def shift(self) -> str:
        """A sentence where these spectra differ from those learned, with what to do; "" where they do not."""
        return novelty.describe_shift(int(self.unknown.sum()), len(self.unknown), self.false_unknown_rate)

    def subset(self, rows: slice) -> Classified:
        """Return the predictions for some of the spectra."""
        return replace(
            self,
            labels=self.labels[rows],
            probabilities=self.probabilities[rows],
            unknown=self.unknown[rows],
            values=None if self.values is None else self.values[rows],
        )

    @property
    def labels_or_unknown(self) -> NDArray[np.str_]:
        """The labels (N,), "unknown" for spectra unlike all training spectra."""
        return np.where(self.unknown, UNKNOWN, self.labels)


def classify(
    extractor: FeatureExtractor, spectra: SpectrumSet, model: FineTunedModel, progress: Progress = SILENT
) -> Classified:
    """Return what `model` predicts for `spectra` (N, B), on any axis that covers the model's range.

    Raises StudioError when the model was fine-tuned from another model or on another range, is damaged, or a spectrum
    cannot be denoised; Cancelled when asked to stop.
    """
    finetuned_model.require_parent(model.card, extractor.parent, extractor.sha256)
    if not len(spectra):
        return _of_none(model)
    _require_range(spectra, model)
    try:
        representations = _represent(extractor, spectra, model, progress)
        distances = novelty.nearest_distances(representations.rows("joined"), model.arrays["kept"])
        unknown = distances > model.card.novelty_threshold
        if not model.card.is_classifier:
            return _of_quantity(_finite(regression.predict(model, representations)), unknown, model)
        probabilities = _finite(predict_probabilities(model, representations))
    except (KeyError, ValueError, IndexError) as error:
        raise StudioError(
            f"The fine-tuned model '{model.card.name}' is damaged.", remedy="Import it again, or train it again."
        ) from error
    labels = np.array(model.card.classes)[np.argmax(probabilities, axis=1)]
    rate = model.card.false_unknown_rate
    return Classified(labels, probabilities, model.card.classes, unknown, false_unknown_rate=rate)


def _of_none(model: FineTunedModel) -> Classified:
    """Return the predictions for no spectra."""
    card, labels, unknown = model.card, np.empty(0, dtype=str), np.zeros(0, dtype=bool)
    if card.is_classifier:
        return Classified(labels, np.empty((0, len(card.classes))), card.classes, unknown)
    return _of_quantity(np.empty(0), unknown, model)


def _finite(predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return predictions that are all finite. Raises ValueError when the numbers of a model overflow."""
    if not np.isfinite(predicted).all():
        raise ValueError("predictions are not finite")
    return predicted


def _of_quantity(values: NDArray[np.float64], unknown: NDArray[np.bool_], model: FineTunedModel) -> Classified:
    """Return predicted values (N,) of a quantity with their text and error."""
    labels = np.array([f"{value:.4g}" for value in values.tolist()])
    card, none = model.card, np.empty((len(values), 0))
    return Classified(labels, none, (), unknown, values, card.rmse, card.false_unknown_rate, card.calibrated_range)


def describe_extrapolation(n_extrapolated: int, n_spectra: int, calibrated_range: tuple[float, float]) -> str:
    """Return a sentence on values outside the calibrated range, with what to do; "" where there is none."""
    if not n_extrapolated:
        return ""
    low, high = calibrated_range
    return (
        f"{n_extrapolated} of {n_spectra} values are extrapolated: outside {low:.4g} to {high:.4g}, which was learned,"
        " by more than the error. Add standards from there and train again."
    )


def predict_probabilities(model: FineTunedModel, representations: Representations) -> NDArray[np.float64]:
    """Return the probabilities (N, K) that a model of K classes gives for N represented spectra."""
    with np.errstate(over="ignore", invalid="ignore"):  # of damaged models, which are refused by the caller
        classifier = from_arrays(model.card, model.arrays)
        scores = classifier_ensemble.score(classifier, model.card.representation, representations.rows)
        return accuracy.softmax(scores, model.card.inverse_temperature)


def _components_of(model: FineTunedModel) -> dict[str, PrincipalComponents]:
    """Return the principal components that a model represents spectra by."""
    names = {name.rpartition(".")[0] for name in model.arrays if name.endswith(".axes")}
    return {name: PrincipalComponents(*(model.arrays[f"{name}.{part}"] for part in COMPONENT_ARRAYS)) for name in names}


def _represent(
    extractor: FeatureExtractor, spectra: SpectrumSet, model: FineTunedModel, progress: Progress
) -> Representations:
    """Denoise `spectra` and represent them on the axis of the model."""
    require_usable(spectra)
    denoised, axis = extractor.denoise(spectra, progress), model.arrays["axis"]
    if not np.array_equal(spectra.axis, axis):
        spectra, denoised = (each.with_axis(axis, comparison.resample(each, axis)) for each in (spectra, denoised))
    weights = {name.removeprefix(TUNED): array for name, array in model.arrays.items() if name.startswith(TUNED)}
    if weights:
        extractor = replace(extractor, weights=weights)
    needed = ("joined", model.card.representation, *model.card.members)
    return represent_denoised(extractor, spectra, denoised, _components_of(model), needed, progress)


def _require_range(spectra: SpectrumSet, model: FineTunedModel) -> None:
    """Raise StudioError when `spectra` lack more than MAX_MISSING of the model's range."""
    low, high = model.card.axis_cm
    missing = max(0.0, spectra.axis[0] - low) + max(0.0, high - spectra.axis[-1])
    if missing > MAX_MISSING * (high - low):
        raise StudioError(
            f"These spectra reach from {spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹; the model"
            f" '{model.card.name}' was trained on {low:.0f} to {high:.0f} cm⁻¹.",
            remedy="Train a model on the range that all spectra have.",
        )
