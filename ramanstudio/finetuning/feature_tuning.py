"""Fine-tuning of the feature network itself, kept only where it wins on spectra that it was not trained on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.paths import user_data
from ramanstudio.core.progress import Progress
from ramanstudio.finetuning.candidate_selection import ClassifierCandidate, EnsembleCandidate, EvaluatedCandidate
from ramanstudio.finetuning.classifier_ensemble import fit_candidate, score
from ramanstudio.finetuning.config import AUTO, LDA, FinetunePlan
from ramanstudio.finetuning.cross_validation import NOT_TESTED, Folds, assign_folds
from ramanstudio.finetuning.report import CandidateScore, TrainingProgress
from ramanstudio.finetuning.representations import FeatureExtractor, Representations
from ramanstudio.finetuning.training_set import TrainingSet

if TYPE_CHECKING:
    from ramanstudio.mae.finetuning import Epoch

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

# With fewer labels it has not been seen to win, and it takes minutes.
MIN_LABELS_PER_CLASS, MIN_LABELS = 30, 400
N_PARTS: Final = 5  # one to test on, one for early stopping, the others to train on
MARGIN: Final = 2.0  # standard errors by which it has to be ahead


def is_worthwhile(
    plan: FinetunePlan, extractor: FeatureExtractor, representations: Representations, targets: IntArray
) -> bool:
    """Return whether to fine-tune the features on `targets` (N,): they suffice or the plan asks, and there are any."""
    if extractor.tuner is None or "features" not in representations.blocks or plan.tune_features == "never":
        return False
    counts = np.bincount(targets)
    enough = len(targets) >= MIN_LABELS and float(np.median(counts)) >= MIN_LABELS_PER_CLASS
    return plan.tune_features == "always" or (plan.tune_features == AUTO and plan.representation == AUTO and enough)


def tune_features(
    extractor: FeatureExtractor, training_set: TrainingSet, plan: FinetunePlan, progress: Progress
) -> tuple[FeatureExtractor, Representations, Folds] | None:
    """Fine-tune the features; return the new extractor, its representations, and the fold that it was not trained on.

    None where the device has too little memory, after a warning. Raises Cancelled when stopped before the first epoch.
    """
    from ramanstudio.mae.finetuning import DeviceMemoryFull

    targets, folds, representations = training_set.labels.targets, training_set.folds, training_set.representations
    parts = assign_folds(targets, folds.group, N_PARTS, plan.seed)
    test, validation = parts.fold == 0, parts.fold == 1
    if not (test.any() and validation.any() and extractor.tuner is not None):
        return None
    denoised = representations.denoised
    scores: list[CandidateScore] = []

    def show(epoch: Epoch) -> None:
        scores.append(CandidateScore(f"fine-tuned features, epoch {epoch.number}", epoch.accuracy))
        best = max(scores, key=lambda row: row.score)
        progress.show(TrainingProgress(scores[-1], best, epoch.number, plan.epochs, epoch.loss))

    values, train_targets = denoised.values[training_set.labels.indices[~test]], targets[~test]
    checkpoint = _checkpoint_path(values, train_targets)
    try:
        weights = extractor.tuner.learn(
            denoised.axis,
            values,
            train_targets,
            validation[~test],
            plan.epochs,
            plan.seed,
            checkpoint,
            progress,
            show,
        )
    except DeviceMemoryFull:
        progress.warn("There is too little memory to fine-tune the features; they stay as they are.")
        return None
    tuned = extractor.tuner.features(denoised.axis, denoised.values, weights)
    test_fold = replace(
        parts,
        fold=np.where(test, 0, NOT_TESTED),
        by_sample=folds.by_sample,
        single_sample_classes=folds.single_sample_classes,
    )
    blocks = {**representations.blocks, "tuned": tuned}
    return replace(extractor, weights=weights), replace(representations, blocks=blocks), test_fold


def evaluate_if_better(
    training_set: TrainingSet, best: ClassifierCandidate | EnsembleCandidate
) -> EvaluatedCandidate | None:
    """Return LDA on the fine-tuned features, evaluated on the test fold, where it is ahead of `best`; else None."""
    targets, test = training_set.labels.targets, training_set.folds.tested
    n_classes = len(training_set.labels.classes)
    tuned = ClassifierCandidate("tuned", LDA)
    scores = []
    for candidate in (best, tuned):
        classifier = fit_candidate(candidate, lambda name: training_set.rows(name)[~test], targets[~test], n_classes)
        representation = candidate.representation if isinstance(candidate, ClassifierCandidate) else ""
        scores.append(score(classifier, representation, lambda name: training_set.rows(name)[test]))
    correct = [np.argmax(row, axis=1) == targets[test] for row in scores]
    difference = correct[1].astype(float) - correct[0]
    if difference.mean() <= MARGIN * difference.std() / np.sqrt(len(difference)):
        return None
    all_scores = np.full((len(targets), n_classes), np.nan)
    all_scores[test] = scores[1]
    return EvaluatedCandidate(tuned, all_scores, float(correct[1].mean()))


def _checkpoint_path(values: FloatArray, targets: IntArray) -> Path:
    """Return where a run on these spectra is saved while it lasts."""
    name = hashlib.sha256(values.tobytes() + targets.tobytes()).hexdigest()[:24]
    return user_data() / "taught" / ".unfinished" / f"{name}.safetensors"
