"""The engine: what RamanStudio can do with spectra. The window, the command line and scripts share these verbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.clustering import clusters
from ramanstudio.clustering.clusters import Clusters
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.denoising import set_components
from ramanstudio.denoising.batches import (
    DEFAULT_MODEL,
    FEWEST_POINTS,
    MOST_TOGETHER,
    at_once,
    broken,
    of_two_passes,
    portions,
    refusal_of,
)
from ramanstudio.denoising.denoised import (
    Denoised,
    at_least,
    holds_numbers,
    joined,
    noise_region,
    over_gaps,
    reaches,
    warn_of_gaps,
    with_ratios,
)
from ramanstudio.finetuning import classification, finetuned_model, training
from ramanstudio.finetuning.classification import Classified
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.report import FineTuningResult
from ramanstudio.finetuning.representations import FeatureExtractor
from ramanstudio.library.library import Library
from ramanstudio.mae import model_store
from ramanstudio.mae.model_store import ModelCard
from ramanstudio.search import fingerprints, identification
from ramanstudio.search.matches import Identification, Region
from ramanstudio.signal import comparison as compare
from ramanstudio.signal import snr, weak_peaks
from ramanstudio.signal.comparison import Comparison

if TYPE_CHECKING:
    from ramanstudio.mae.predictor import Predictor

__all__ = [
    "BAND",
    "DEFAULT_MODEL",
    "FEWEST_POINTS",
    "FEWEST_TOGETHER",
    "MOST_TOGETHER",
    "Clusters",
    "Comparison",
    "Denoised",
    "Engine",
    "holds_numbers",
    "joined",
    "models",
    "noise_region",
    "over_gaps",
    "portions",
    "reaches",
    "warn_of_gaps",
]

FEWEST_TOGETHER = set_components.FEWEST  # spectra; fewer are denoised each by itself, whatever is asked
BAND = 1.645  # expected errors either side of the curve that hold the true value nine times in ten


def models() -> tuple[str, ...]:
    """The names of the models that can be loaded."""
    return model_store.available()


class Engine:
    """One loaded model on one device. Not for two threads at once."""

    def __init__(self, card: ModelCard, predictor: Predictor) -> None:
        self.card = card
        self._predictor = predictor

    @classmethod
    def load(cls, model: str | Path = DEFAULT_MODEL, device: str = "auto", threads: int | None = None) -> Engine:
        """Load a model by name or folder onto "auto", "cpu", "cuda" or "mps"; a CPU works with `threads`.

        Raises StudioError when the model is missing or damaged, or there is no such device.
        """
        from ramanstudio.mae import predictor

        predictor.use_threads(threads)
        folder = model_store.find(model)
        card, network = model_store.load(folder)
        chosen = predictor.choose_device(device)
        return cls(
            card, predictor.Predictor(network, card.error_calibration, chosen, model_store.load_embedder(folder))
        )

    @property
    def device_name(self) -> str:
        """The device in words: "CPU · 2 threads", "GPU · NVIDIA H200"."""
        return self._predictor.device_name

    def denoise(self, spectra: SpectrumSet, together: bool = False, progress: Progress | None = None) -> Denoised:
        """Take the noise off each spectrum, and say how much is left.

        Each by itself, or `together`: with the structure that the set shares, where it shares any. Spectra that hold
        NaN or infinities stay as they are, with NaN for what is known of them, and are warned of. Raises StudioError
        when all do or they are too short, Cancelled when asked to stop.
        """
        progress = progress or SILENT
        refusal = refusal_of(spectra, self.card.network.window)
        if refusal is not None:
            raise refusal
        warn_of_gaps([spectra], progress)
        return over_gaps(spectra, partial(self._denoise, together=together, progress=progress))

    def _denoise(self, spectra: SpectrumSet, together: bool, progress: Progress) -> Denoised:
        """Denoise spectra that hold numbers only."""
        values = spectra.values
        sigma = snr.noise_sigma(values)
        find_noise = partial(self._predictor.noise, spectra.axis, progress=progress)
        noise, error = find_noise(values, sigma)
        denoised = spectra.with_values(values - noise)
        signal = snr.signal_height(spectra.axis, denoised.values)
        drift = snr.drift_between_repeats(signal, sigma)
        error = weak_peaks.doubted(spectra.axis, denoised.values, error, sigma, drift)
        noisy = sigma > 0
        if together and noisy.sum() >= set_components.FEWEST:
            noise[noisy], error[noisy] = set_components.join(
                spectra.axis, values[noisy], sigma[noisy], noise[noisy], error[noisy], find_noise
            )
            denoised = spectra.with_values(values - noise)
            signal = snr.signal_height(spectra.axis, denoised.values)
            drift = snr.drift_between_repeats(signal, sigma)
        # Beyond the ratios it was trained on the network claims too much. No spectrum is much truer than repeats of it
        # agree; half of what they typically differ by leaves alone what the network knows better.
        return with_ratios(denoised, at_least(error, drift / 2), values, signal, sigma)

    def embed(self, spectra: SpectrumSet, progress: Progress | None = None) -> NDArray[np.float32]:
        """What each spectrum is of, as rows of unit length (N, D): alike for one substance, whatever the axis.

        They are read off the denoised spectra. Raises StudioError when the model gives no features, a spectrum holds
        NaN or cannot be denoised, or too little of it lies where features are read from; Cancelled when asked to stop.
        """
        progress = progress or SILENT
        self._predictor.require_features(spectra.axis)
        if (refusal := broken(spectra)) is not None:
            raise refusal
        denoised = self.denoise(spectra, progress=progress).spectra
        return self._predictor.features(denoised.axis, denoised.values, progress)

    def compare(
        self,
        denoised: Sequence[SpectrumSet],
        progress: Progress | None = None,
        known: Sequence[NDArray[np.float32] | None] = (),
    ) -> Comparison:
        """What denoised spectra of one or several axes are of, and by what they are compared.

        By their lines and slopes, as components of them all over the range they share, and by their features where the
        model gives any. `known` has the features (n, D) of each set that were found earlier, or None. Raises
        StudioError when spectra hold NaN or share nothing that can be compared, Cancelled when asked to stop.
        """
        progress = progress or SILENT
        for one in denoised:
            if (refusal := broken(one)) is not None:
                raise refusal
        features = self._features(denoised, known or [None] * len(denoised), progress)
        axis = compare.common_axis(denoised)
        blocks = [features] if features.shape[1] else []
        if axis is not None:
            blocks = [compare.line_likeness(denoised, axis, progress), *blocks]
        if not blocks:
            raise StudioError(
                "These spectra share too little of a range to be compared.", remedy="Select those of one range."
            )
        ends = None if axis is None else (float(axis[0]), float(axis[-1]))
        return Comparison(features, np.hstack(blocks), ends)

    def _features(
        self, sets: Sequence[SpectrumSet], known: Sequence[NDArray[np.float32] | None], progress: Progress
    ) -> NDArray[np.float32]:
        """The features of all spectra (N, D); (N, 0) where those of one cannot be read."""
        many = sum(len(one) for one in sets)
        if not all(self._predictor.reads_features(one.axis) for one in sets):
            return np.empty((many, 0), dtype=np.float32)
        found = list(known)
        missing = [index for index, one in enumerate(found) if one is None]
        if missing:
            rows = self._predictor.features_of([(sets[index].axis, sets[index].values) for index in missing], progress)
            ends = np.cumsum([len(sets[index]) for index in missing])[:-1]
            for index, part in zip(missing, np.split(rows, ends), strict=True):
                found[index] = part
        return np.concatenate([rows for rows in found if rows is not None])

    def cluster(
        self,
        spectra: SpectrumSet,
        n_clusters: int | None = None,
        progress: Progress | None = None,
        method: str = "k-means",
    ) -> Clusters:
        """Find groups of spectra that are alike by one of `clusters.METHODS`; the data choose how many when not told.

        Raises StudioError when a spectrum holds NaN or cannot be denoised or there are fewer than groups, Cancelled
        when asked to stop.
        """
        progress = progress or SILENT
        if (refusal := broken(spectra)) is not None:
            raise refusal
        comparison = self.compare([self.denoise(spectra, progress=progress).spectra], progress)
        return clusters.cluster(comparison.likeness, n_clusters, method, progress)

    def finetune(
        self,
        spectra: SpectrumSet,
        labels: ArrayLike | Sequence[Any],
        plan: FinetunePlan | None = None,
        groups: ArrayLike | Sequence[Any] | None = None,
        progress: Progress | None = None,
    ) -> FineTuningResult:
        """Teach a model what `labels` (N,) tell of `spectra`; blank where there is none. See `teaching.learning`."""
        return training.finetune(self._feature_extractor(), spectra, labels, groups, plan, progress or SILENT)

    def classify(
        self,
        spectra: SpectrumSet,
        model: FineTunedModel | str | Path,
        progress: Progress | None = None,
        denoised: SpectrumSet | None = None,
    ) -> Classified:
        """What each of `spectra` is by a taught model, given or by name. See `teaching.classifying`.

        `denoised` is what denoising each by itself gave, where that was done before.
        """
        known = model if isinstance(model, FineTunedModel) else finetuned_model.load(model)
        extractor = self._feature_extractor()
        if denoised is not None and broken(spectra) is None:
            extractor = replace(extractor, denoise=lambda *_: denoised)
        return classification.classify(extractor, spectra, known, progress or SILENT)

    def _feature_extractor(self) -> FeatureExtractor:
        """This model as teaching sees it."""
        from ramanstudio.mae.finetuning import Tuner

        def denoise(spectra: SpectrumSet, progress: Progress) -> SpectrumSet:
            if (refusal := broken(spectra)) is not None:
                raise refusal
            return self.denoise(spectra, progress=progress).spectra

        def features(denoised: SpectrumSet, progress: Progress) -> NDArray[np.float32] | None:
            found = self._features([denoised], [None], progress)
            return found if found.shape[1] else None

        embedder = self._predictor.embedder
        tuner = Tuner(embedder, self._predictor.device) if embedder is not None else None
        return FeatureExtractor(self.card.name, self.card.fingerprint, denoise, features, tuner)

    @property
    def fingerprint_version(self) -> str:
        """The name of all that a search compares: it changes with the weights, and with what is read of a spectrum."""
        return f"{self.card.fingerprint}-{fingerprints.VERSION}"

    @property
    def feature_count(self) -> int:
        """How many features a spectrum has; 0 where the model gives none."""
        return self.card.embedder.plan.features if self.card.embedder is not None else 0

    def features_of(self, denoised: SpectrumSet, progress: Progress) -> NDArray[np.float32]:
        """The features of `denoised` spectra (N, D); (N, 0) where they cannot be read."""
        return self._features([denoised], [None], progress)

    def compute_fingerprints(
        self, sets: Sequence[SpectrumSet], progress: Progress | None = None
    ) -> dict[str, NDArray[Any]]:
        """What a search compares of all spectra of `sets`, arrays (N, …) by name; zeros for what cannot be read."""
        return identification.compute_fingerprints(self, sets, progress or SILENT)

    def identify(
        self,
        spectra: SpectrumSet,
        library: Library | Sequence[Library],
        top: int = 10,
        within: Region | None = None,
        progress: Progress | None = None,
        denoised: Denoised | None = None,
    ) -> list[Identification]:
        """What each of N `spectra` is by the references of one or several libraries, or that it is unknown.

        `within` is where they are compared; `denoised` what denoising each by itself gave, where that was done before.
        Raises StudioError when there is no library to search or one cannot be written, Cancelled when asked to stop.
        """
        libraries = [library] if isinstance(library, Library) else list(library)
        return identification.identify(self, spectra, libraries, top, within, progress or SILENT, denoised)

    def denoise_each(
        self, sets: Sequence[SpectrumSet], progress: Progress | None = None, together: Sequence[int] = ()
    ) -> list[Denoised | StudioError]:
        """Denoise several sets, those of equal axes in one go; shows (index, result) as each is done.

        `together` has a number for each set: the spectra of all sets with one number, on one axis, are denoised with
        the structure they share; those with 0, which is what all have when none are given, each by itself.
        A set that cannot be denoised has its StudioError as result, and does not stop the others. Raises Cancelled
        when asked to stop.
        """
        progress = progress or SILENT
        numbers = list(together) or [0] * len(sets)
        results: dict[int, Denoised | StudioError] = {}
        for index, one in enumerate(sets):
            refusal = refusal_of(one, self.card.network.window)
            if refusal is not None:
                results[index] = refusal
                progress.show((index, refusal))
        done, total = 0, sum(len(one) for one in sets)
        left = [index for index in range(len(sets)) if index not in results]
        warn_of_gaps([sets[index] for index in left], progress)
        for number, indices in at_once(sets, numbers, left):
            joint, part = stacked([sets[index] for index in indices]), progress.part(done, total)
            whole_or_each = self._denoise_together if number else partial(self._denoise, together=False)
            found = over_gaps(joint, partial(whole_or_each, progress=part))
            for index in indices:
                rows, found = found[: len(sets[index])], found[len(sets[index]) :]
                results[index] = replace(rows, spectra=sets[index].with_values(rows.spectra.values))
                progress.show((index, results[index]))
                done += len(sets[index])
        return [results[index] for index in range(len(sets))]

    def _denoise_together(self, spectra: SpectrumSet, progress: Progress) -> Denoised:
        """Denoise a set with what it shares; more than MOST_TOGETHER in portions of spectra from all over the set."""
        many = portions(len(spectra))
        places = [np.arange(len(spectra))[first::many] for first in range(many)]
        parts, done = list[Denoised](), 0
        for rows in places:
            part = of_two_passes(progress.part(done, len(spectra)), len(rows))
            parts.append(self._denoise(spectra[rows], True, part))
            done += len(rows)
        return joined(spectra, parts, np.concatenate(places))
