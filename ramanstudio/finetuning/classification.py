"""What a taught model says of spectra: the class of each with its probability, or that it is like none of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import accuracy, finetuned_model, novelty, quantities
from ramanstudio.finetuning.classifiers import LinearClassifier, NearestNeighbourClassifier
from ramanstudio.finetuning.finetuned_model import CLASSES, TUNED, FineTunedModel
from ramanstudio.finetuning.representations import FeatureExtractor, Representations, represent_denoised
from ramanstudio.signal import comparison
from ramanstudio.signal.pca import PrincipalComponents

Floats = NDArray[np.floating[Any]]
MISSING: Final = 0.03  # of a model's range that spectra may lack at the ends


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """What N spectra are: `labels` (N,), `probabilities` (N, K) of the `classes` (K,), whether each is `unknown` (N,).

    Labels are those of the likeliest class even of unknown spectra. A model of a quantity gives `values` (N,) and
    their `error` instead, no classes, and labels that are the values in words.
    """

    labels: NDArray[np.str_]
    probabilities: NDArray[np.float64]
    classes: tuple[str, ...]
    unknown: NDArray[np.bool_]
    values: NDArray[np.float64] | None = None
    error: float = float("nan")

    def part(self, rows: slice) -> Classified:
        """The same of some of the spectra."""
        values = None if self.values is None else self.values[rows]
        parts = (self.labels[rows], self.probabilities[rows])
        return replace(self, labels=parts[0], probabilities=parts[1], unknown=self.unknown[rows], values=values)

    @property
    def told(self) -> NDArray[np.str_]:
        """The labels, with "unknown" in place of those of spectra that are unlike all classes."""
        return np.where(self.unknown, UNKNOWN, self.labels)


def classify(
    extractor: FeatureExtractor, spectra: SpectrumSet, model: FineTunedModel, progress: Progress = SILENT
) -> Classified:
    """What each of `spectra` is by a taught model, on whatever axis that covers the model's.

    Raises StudioError when the model was made for another parent or other Raman shifts, or a spectrum cannot be
    denoised; Cancelled when asked to stop.
    """
    finetuned_model.require_parent(model.card, extractor.parent, extractor.sha256)
    _require_range(spectra, model)
    try:
        representations = _read(extractor, spectra, model, progress)
        far = novelty.distances(representations.rows("joined"), model.arrays["kept"]) > model.card.novelty_threshold
        if model.card.kind != CLASSES:
            return _of_values(quantities.predicted(model, representations), far, model)
        told = probabilities_of(model, representations)
    except (KeyError, ValueError, IndexError) as error:
        raise StudioError(
            f"The taught model '{model.card.name}' is damaged.", remedy="Import it again, or teach it again."
        ) from error
    return Classified(np.array(model.card.classes)[np.argmax(told, axis=1)], told, model.card.classes, far)


def _of_values(values: NDArray[np.float64], far: NDArray[np.bool_], model: FineTunedModel) -> Classified:
    words = np.array([f"{value:.4g}" for value in values.tolist()])
    error = float(model.card.figures.get("RMSE held out", np.nan))
    return Classified(words, np.empty((len(values), 0)), (), far, values, error)


def probabilities_of(model: FineTunedModel, representations: Representations) -> NDArray[np.float64]:
    """The probabilities (N, K) that a model of classes gives to what was read of N spectra."""
    rows = representations.rows(model.card.representation)
    arrays, many = model.arrays, len(model.card.classes)
    estimator = (
        LinearClassifier(arrays["weights"], arrays["offset"])
        if "weights" in arrays
        else NearestNeighbourClassifier(arrays["rows"], arrays["which"].astype(np.intp), many)
    )
    return accuracy.chances(estimator.scores(rows), model.card.inverse_temperature)


def components_of(model: FineTunedModel) -> dict[str, PrincipalComponents]:
    """The components that a model sees spectra by."""
    heads = {name.rpartition(".")[0] for name in model.arrays if name.endswith(".axes")}
    return {
        name: PrincipalComponents(*(model.arrays[f"{name}.{part}"] for part in ("mean", "axes", "scale")))
        for name in heads
    }


def _read(
    extractor: FeatureExtractor, spectra: SpectrumSet, model: FineTunedModel, progress: Progress
) -> Representations:
    denoised, axis = extractor.denoise(spectra, progress), model.arrays["axis"]
    if not np.array_equal(spectra.axis, axis):
        spectra, denoised = (one.with_axis(axis, comparison.resampled(one, axis)) for one in (spectra, denoised))
    weights = {name.removeprefix(TUNED): array for name, array in model.arrays.items() if name.startswith(TUNED)}
    if weights:
        extractor = replace(extractor, weights=weights)
    return represent_denoised(
        extractor, spectra, denoised, components_of(model), ("joined", model.card.representation), progress
    )


def _require_range(spectra: SpectrumSet, model: FineTunedModel) -> None:
    low, high = model.card.axis_cm
    lacks = max(0.0, spectra.axis[0] - low) + max(0.0, high - spectra.axis[-1])
    if lacks > MISSING * (high - low):
        raise StudioError(
            f"These spectra reach from {spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹; the model"
            f" '{model.card.name}' was taught from {low:.0f} to {high:.0f} cm⁻¹.",
            remedy="Teach a model on the range that all have.",
        )
