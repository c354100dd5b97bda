"""The engine: denoise, embed, cluster, identify, fine-tune and classify spectra with one loaded model. Knows no Qt."""

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
from ramanstudio.core import parallel
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.denoising import subtraction
from ramanstudio.denoising.batches import (
    count_portions,
    denoising_problem,
    group_by_axis,
    non_finite_problem,
    two_pass_progress,
)
from ramanstudio.denoising.denoised import (
    Denoised,
    apply_to_finite,
    concatenate_denoised,
    warn_non_finite,
)
from ramanstudio.denoising.spikes import NO_SPIKES, find_spikes
from ramanstudio.finetuning import classification, finetuned_model, training
from ramanstudio.finetuning.classification import Classified
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.report import FineTuningResult
from ramanstudio.finetuning.representations import FeatureExtractor
from ramanstudio.library.library import Library
from ramanstudio.mae import model_store
from ramanstudio.mae.model_store import DEFAULT_MODEL, ModelCard
from ramanstudio.search import fingerprints, identification
from ramanstudio.search.fingerprints import Fingerprints
from ramanstudio.search.matches import Identification
from ramanstudio.signal import comparison, snr, spectral_features
from ramanstudio.signal.comparison import Comparison
from ramanstudio.signal.cosmic_rays import interpolate

if TYPE_CHECKING:
    from ramanstudio.mae.predictor import Predictor

__all__ = ["Engine"]


class Engine:
    """One loaded model on one device. Not safe to use from two threads at once."""

    def __init__(self, card: ModelCard, predictor: Predictor) -> None:
        self.card = card
        self._predictor = predictor

    @classmethod
    def load(cls, model: str | Path = DEFAULT_MODEL, device: str = "auto", threads: int | None = None) -> Engine:
        """Load a model by name or folder onto "auto", "cpu", "cuda" or "mps"; a CPU computes with `threads` threads.

        Raises StudioError when the model is missing or damaged, or the device does not exist.
        """
        from ramanstudio.mae import predictor

        predictor.set_threads(threads)
        folder = model_store.find(model)
        card, network = model_store.load(folder)
        chosen = predictor.choose_device(device)
        return cls(
            card, predictor.Predictor(network, card.error_calibration, chosen, model_store.load_embedder(folder))
        )

    @property
    def device_name(self) -> str:
        """The device as shown to a user: "CPU · 2 threads", "GPU · NVIDIA H200"."""
        return self._predictor.device_name

    # Denoising

    def denoise(
        self,
        spectra: SpectrumSet,
        together: bool = False,
        progress: Progress | None = None,
        replaced: NDArray[np.bool_] | None = None,
    ) -> Denoised:
        """Remove the noise of each of N spectra (N, B), and estimate the error that is left.

        Each spectrum by itself, or `together` with the structure that the set shares. Cosmic rays stay as measured and
        count neither as signal nor as noise; `replaced` (N, B) says which were interpolated before. Spectra that hold
        NaN or infinities stay as measured, with NaN for their error and ratios, and a warning. Raises StudioError when
        no spectrum is finite or they are too short, Cancelled when asked to stop.
        """
        progress = progress or SILENT
        refusal = denoising_problem(spectra, self.card.network.window)
        if refusal is not None:
            raise refusal
        warn_non_finite([spectra], progress)
        denoise = self._denoise_together if together else partial(self._denoise, together=False)
        return apply_to_finite(spectra, partial(denoise, progress=progress, search=replaced is None))

    def denoise_each(
        self,
        sets: Sequence[SpectrumSet],
        progress: Progress | None = None,
        together: Sequence[int] = (),
        search: bool = True,
    ) -> list[Denoised | StudioError]:
        """Denoise several sets, those of equal axes in one batch; shows (index, result) as each is done.

        `together` has a number for each set: all spectra with the same number and axis are denoised with the structure
        they share, those with 0 (the default) each by itself. A set that cannot be denoised has its StudioError as
        result, and does not stop the others. Raises Cancelled when asked to stop.
        """
        progress = progress or SILENT
        numbers = list(together) or [0] * len(sets)
        results: dict[int, Denoised | StudioError] = {}
        for index, spectra in enumerate(sets):
            refusal = denoising_problem(spectra, self.card.network.window)
            if refusal is not None:
                results[index] = refusal
                progress.show((index, refusal))
        done, total = 0, sum(len(spectra) for spectra in sets)
        accepted = [index for index in range(len(sets)) if index not in results]
        warn_non_finite([sets[index] for index in accepted], progress)
        for number, indices in group_by_axis(sets, numbers, accepted):
            joint, part = stacked([sets[index] for index in indices]), progress.part(done, total)
            denoise = self._denoise_together if number else partial(self._denoise, together=False)
            denoised = apply_to_finite(joint, partial(denoise, progress=part, search=search))
            for index in indices:
                rows, denoised = denoised[: len(sets[index])], denoised[len(sets[index]) :]
                results[index] = replace(rows, spectra=sets[index].with_values(rows.spectra.values))
                progress.show((index, results[index]))
                done += len(sets[index])
        return [results[index] for index in range(len(sets))]

    def _denoise(self, spectra: SpectrumSet, together: bool, progress: Progress, search: bool = True) -> Denoised:
        """Denoise spectra that are finite; with `search` their cosmic rays are kept out of it."""
        measured = spectra.values
        sigma = np.empty(len(spectra), dtype=np.float32)
        blocks = parallel.slices(len(spectra), subtraction.BLOCK)
        for block, block_sigma in parallel.map_ordered(lambda block: snr.noise_sigma(measured[block]), blocks):
            sigma[block] = block_sigma
        find_noise = partial(self._predictor.noise, spectra.axis, progress=progress)
        noise, error = find_noise(measured, sigma)
        rows, spikes = find_spikes(spectra.axis, measured, noise, sigma) if search else NO_SPIKES
        if len(rows):
            values = measured.copy()
            values[rows] = interpolate(spectra.axis, measured[rows], spikes)
            noise[rows], error[rows] = self._predictor.noise(spectra.axis, values[rows], sigma[rows])
            spectra = spectra.with_values(values)
        set_noise = find_noise if together else None
        denoised = subtraction.finish_denoising(spectra, noise, error, sigma, set_noise)
        return subtraction.keep_spikes(denoised, measured, rows, spikes)

    def _denoise_together(self, spectra: SpectrumSet, progress: Progress, search: bool = True) -> Denoised:
        """Denoise a set with the structure it shares; a large one in portions, each drawn from all over the set."""
        n_portions = count_portions(len(spectra))
        portion_rows = [np.arange(len(spectra))[first::n_portions] for first in range(n_portions)]
        parts, done = list[Denoised](), 0
        for rows in portion_rows:
            part = two_pass_progress(progress.part(done, len(spectra)), len(rows))
            parts.append(self._denoise(spectra[rows], True, part, search))
            done += len(rows)
        return concatenate_denoised(spectra, parts, np.concatenate(portion_rows))

    # Features and clusters

    @property
    def n_features(self) -> int:
        """The number of features of a spectrum, D; 0 where the model has no embedder."""
        return self.card.embedder.plan.features if self.card.embedder is not None else 0

    def embed(self, spectra: SpectrumSet, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return the features of each spectrum (N, D), rows of unit length: similar for one substance on any axis.

        They are computed from the denoised spectra. Raises StudioError when the model has no embedder, a spectrum holds
        NaN or cannot be denoised, or too little of it lies in the embedder's range; Cancelled when asked to stop.
        """
        progress = progress or SILENT
        self._predictor.require_features(spectra.axis)
        denoised = self._denoise_finite(spectra, progress)
        return self._predictor.features(denoised.axis, denoised.values, progress)

    def compare(
        self,
        denoised: Sequence[SpectrumSet],
        progress: Progress | None = None,
        known: Sequence[NDArray[np.float32] | None] = (),
    ) -> Comparison:
        """Represent denoised spectra of one or several axes so that they can be clustered.

        By principal components of their lines and slopes over the range they share, and by their features where the
        model has an embedder. `known` has features (N, D) of each set that were computed earlier, or None. Raises
        StudioError when spectra hold NaN or share nothing that can be compared, Cancelled when asked to stop.
        """
        progress = progress or SILENT
        if not sum(len(spectra) for spectra in denoised):
            raise StudioError("There are no spectra to compare.", remedy="Give or select some.")
        for spectra in denoised:
            if (refusal := non_finite_problem(spectra)) is not None:
                raise refusal
        features = self._features(denoised, known or [None] * len(denoised), progress)
        axis = comparison.common_axis(denoised)
        blocks = [features] if features.shape[1] else []
        if axis is not None:
            blocks = [comparison.line_components(denoised, axis, progress), *blocks]
        if not blocks:
            raise StudioError(
                "These spectra share too little of a range to be compared.", remedy="Select those of one range."
            )
        range_cm = None if axis is None else (float(axis[0]), float(axis[-1]))
        return Comparison(features, np.hstack(blocks), range_cm)

    def cluster(
        self,
        spectra: SpectrumSet,
        n_clusters: int | None = None,
        progress: Progress | None = None,
        method: str = "k-means",
    ) -> Clusters:
        """Group N spectra by one of `clusters.METHODS`; the number is chosen from the data when `n_clusters` is None.

        Raises StudioError when a spectrum holds NaN or cannot be denoised or there are fewer spectra than groups,
        Cancelled when asked to stop.
        """
        progress = progress or SILENT
        compared = self.compare([self._denoise_finite(spectra, progress)], progress)
        return clusters.cluster(compared.coordinates, n_clusters, method, progress)

    def _denoise_finite(self, spectra: SpectrumSet, progress: Progress) -> SpectrumSet:
        """Denoise each spectrum by itself. Raises StudioError when one holds NaN."""
        if (refusal := non_finite_problem(spectra)) is not None:
            raise refusal
        return self.denoise(spectra, progress=progress).spectra

    def _features(
        self, sets: Sequence[SpectrumSet], known: Sequence[NDArray[np.float32] | None], progress: Progress
    ) -> NDArray[np.float32]:
        """The features of all spectra (N, D); (N, 0) where those of one set cannot be computed."""
        if not all(self._predictor.has_features(spectra.axis) for spectra in sets):
            return np.empty((sum(len(spectra) for spectra in sets), 0), dtype=np.float32)
        features = list(known)
        missing = [index for index, rows in enumerate(features) if rows is None]
        if missing:
            rows = self._predictor.features_of([(sets[index].axis, sets[index].values) for index in missing], progress)
            ends = np.cumsum([len(sets[index]) for index in missing])[:-1]
            for index, part in zip(missing, np.split(rows, ends), strict=True):
                features[index] = part
        return np.concatenate([rows for rows in features if rows is not None])

    # Identification

    @property
    def fingerprint_version(self) -> str:
        """Identifies the fingerprints: it changes with the weights of the model and with how fingerprints are made."""
        return f"{self.card.weights_hash}-{fingerprints.VERSION}"

    def identify(
        self,
        spectra: SpectrumSet,
        library: Library | Sequence[Library],
        top: int = 10,
        within: Region | None = None,
        progress: Progress | None = None,
        denoised: Denoised | None = None,
    ) -> list[Identification]:
        """Identify each of N `spectra` by the references of one or several libraries, or as unknown.

        `within` is the part of the axis that is compared; `denoised`, where given, the result of denoising each
        spectrum by itself. Libraries that hold fingerprints of another model are prepared anew. Raises StudioError
        when there is no library or one cannot be written, Cancelled when asked to stop.
        """
        progress = progress or SILENT
        libraries = [library] if isinstance(library, Library) else list(library)
        if not libraries:
            raise StudioError("No library is searched.", remedy="Choose a library, or make one.")
        prepared = [one.with_fingerprints(self, progress) for one in libraries]
        queries = self._fingerprints(spectra, progress, denoised)
        return identification.identify(spectra, queries, prepared, top, within, progress)

    def compute_fingerprints(self, sets: Sequence[SpectrumSet], progress: Progress | None = None) -> Fingerprints:
        """Return what a search compares of all N spectra of `sets`: arrays (N, …) by name, `features` and `snr` too.

        Spectra on one axis are processed in one batch. Those that cannot be compared (constant, too short, not finite)
        have zeros.
        """
        progress = progress or SILENT
        starts = np.cumsum([0, *(len(spectra) for spectra in sets)])
        n_spectra, done = int(starts[-1]), 0
        result: Fingerprints = identification.blank(n_spectra, self.n_features)
        for _, indices in group_by_axis(sets, [0] * len(sets), range(len(sets))):
            joint = stacked([sets[index] for index in indices]) if len(indices) > 1 else sets[indices[0]]
            rows = np.concatenate([np.arange(starts[index], starts[index + 1]) for index in indices])
            identification.fill(result, rows, self._fingerprints(joint, progress.part(done, n_spectra)))
            done += len(rows)
        return result

    def _fingerprints(self, spectra: SpectrumSet, progress: Progress, denoised: Denoised | None = None) -> Fingerprints:
        """The fingerprints of spectra on one axis; `denoised`, where given, is not computed again."""
        result = identification.blank(len(spectra), self.n_features)
        rows = identification.comparable(spectra)
        if not rows.any():
            return result
        measured = spectra if rows.all() else spectra[np.flatnonzero(rows)]
        raw = identification.in_plain_range(measured)
        window = self.card.network.window
        if raw.points >= window and denoising_problem(raw, window) is not None:
            return result
        try:
            if denoised is None or raw is not measured:
                denoised = self.denoise(raw, progress=progress)
            elif not rows.all():
                denoised = denoised[rows]
            clean, ratio = denoised.spectra, identification.snr_of_denoised(denoised)
        except StudioError:  # too short for the network
            clean, ratio = raw, identification.snr_of_raw(raw)
        # without its baseline: under strong fluorescence the features then find .70 of the minerals in place of .54
        lines_only = spectral_features.subtract_baseline(clean)
        identification.fill(result, rows, fingerprints.fingerprints(raw, clean, lines_only))
        identification.fill(result, rows, {"features": self._features([lines_only], [None], progress), "snr": ratio})
        return result

    # Fine-tuning

    def finetune(
        self,
        spectra: SpectrumSet,
        labels: ArrayLike | Sequence[Any],
        plan: FinetunePlan | None = None,
        groups: ArrayLike | Sequence[Any] | None = None,
        progress: Progress | None = None,
    ) -> FineTuningResult:
        """Fine-tune the model on the `labels` (N,) of `spectra`, blank where there is none; see `training.finetune`."""
        return training.finetune(self._feature_extractor(), spectra, labels, groups, plan, progress or SILENT)

    def classify(
        self,
        spectra: SpectrumSet,
        model: FineTunedModel | str | Path,
        progress: Progress | None = None,
        denoised: SpectrumSet | None = None,
    ) -> Classified:
        """Classify `spectra` with a fine-tuned model, given or by name; see `classification.classify`.

        `denoised`, where given, is the result of denoising each spectrum by itself.
        """
        known = model if isinstance(model, FineTunedModel) else finetuned_model.load(model)
        extractor = self._feature_extractor()
        if denoised is not None and non_finite_problem(spectra) is None:
            extractor = replace(extractor, denoise=lambda *_: denoised)
        return classification.classify(extractor, spectra, known, progress or SILENT)

    def _feature_extractor(self) -> FeatureExtractor:
        """This model as fine-tuning uses it."""
        from ramanstudio.mae.finetuning import FeatureTuner

        def features(denoised: SpectrumSet, progress: Progress) -> NDArray[np.float32] | None:
            rows = self._features([denoised], [None], progress)
            return rows if rows.shape[1] else None

        embedder = self._predictor.embedder
        tuner = FeatureTuner(embedder, self._predictor.device) if embedder is not None else None
        return FeatureExtractor(self.card.name, self.card.weights_hash, self._denoise_finite, features, tuner)
