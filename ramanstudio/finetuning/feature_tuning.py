"""Whether learning the features anew pays: judged on spectra that neither it nor the simple heads have seen."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.paths import user_data
from ramanstudio.core.progress import Progress
from ramanstudio.finetuning import classifiers
from ramanstudio.finetuning.candidate_selection import ClassifierCandidate, EvaluatedCandidate
from ramanstudio.finetuning.classifiers import Subspace
from ramanstudio.finetuning.config import AUTO, LDA, FinetunePlan
from ramanstudio.finetuning.cross_validation import NOT_TESTED, Folds, deal
from ramanstudio.finetuning.report import CandidateScore, TrainingProgress
from ramanstudio.finetuning.representations import FeatureExtractor, Representations

if TYPE_CHECKING:
    from ramanstudio.mae.finetuning import Epoch

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

FEWEST_A_CLASS, FEWEST = 30, 400  # labels; with fewer it has not been seen to win, and takes minutes
PARTS: Final = 5  # one is tested on, one stops the learning, the others are learned from
MARGIN: Final = 2.0  # standard errors by which it has to be ahead


def pays_to_try(
    plan: FinetunePlan, extractor: FeatureExtractor, representations: Representations, which: Places
) -> bool:
    """Whether there are labels enough to try, or the plan asks for it, and the model has features to learn."""
    if extractor.tuner is None or "features" not in representations.blocks or plan.full == "never":
        return False
    counts = np.bincount(which)
    enough = len(which) >= FEWEST and float(np.median(counts)) >= FEWEST_A_CLASS
    return plan.full == "always" or (plan.full == AUTO and plan.representation == AUTO and enough)


def learned_anew(
    extractor: FeatureExtractor,
    representations: Representations,
    places: Places,
    which: Places,
    folds: Folds,
    plan: FinetunePlan,
    progress: Progress,
) -> tuple[FeatureExtractor, Representations, Folds] | None:
    """The model with features learned on labelled spectra, what it reads, and the part that it was kept from.

    None where memory has no room for it, which is said. Raises Cancelled when stopped before the first epoch.
    """
    from ramanstudio.mae.finetuning import DeviceMemoryFull

    parts = deal(which, folds.unit, PARTS, plan.seed)
    test, apart = parts.fold == 0, parts.fold == 1
    if not (test.any() and apart.any() and extractor.tuner is not None):
        return None
    some, denoised = places[~test], representations.denoised
    attempts: list[CandidateScore] = []

    def show(epoch: Epoch) -> None:
        attempts.append(CandidateScore(f"features learned anew, epoch {epoch.number}", epoch.accuracy))
        best = max(attempts, key=lambda one: one.accuracy)
        progress.show(TrainingProgress(attempts[-1], best, epoch.number, plan.epochs, epoch.loss))

    values, classes = denoised.values[some], which[~test]
    try:
        weights = extractor.tuner.learn(
            denoised.axis, values, classes, apart[~test], plan.epochs, plan.seed, _kept(values, classes), progress, show
        )
    except DeviceMemoryFull:
        progress.warn("There is no memory to learn the features anew, so they stay as they are.")
        return None
    tuned = extractor.tuner.features(denoised.axis, denoised.values, weights)
    blocks = {**representations.blocks, "tuned": tuned}
    only = replace(parts, fold=np.where(test, 0, NOT_TESTED), by_sample=folds.by_sample, sole=folds.sole)
    return replace(extractor, weights=weights), replace(representations, blocks=blocks), only


def wins(
    rows: Floats, tuned: Floats, which: Places, test: NDArray[np.bool_], best: ClassifierCandidate, classes: int
) -> EvaluatedCandidate | None:
    """What the features learned anew say of the spectra kept apart, where they are ahead of the best of the others.

    `rows` (n, D) are read as `best` reads them, `tuned` (n, D) with the features learned anew; `test` (n,) is apart.
    """
    scores = []
    candidate = ClassifierCandidate("tuned", LDA)
    for read, one in ((rows, best), (tuned, candidate)):
        span = Subspace.of(read[~test])
        estimator = classifiers.fit(one.estimator, span.of_rows(read[~test]), which[~test], classes, one.strength)
        scores.append(estimator.scores(span.of_rows(read[test])))
    right = [np.argmax(one, axis=1) == which[test] for one in scores]
    ahead = right[1].astype(float) - right[0]
    if ahead.mean() <= MARGIN * ahead.std() / np.sqrt(len(ahead)):
        return None
    whole = np.full((len(which), classes), np.nan)
    whole[test] = scores[1]
    return EvaluatedCandidate(candidate, whole, float(right[1].mean()))


def _kept(values: Floats, classes: Places) -> Path:
    """Where a run on these spectra is kept while it lasts."""
    name = hashlib.sha256(values.tobytes() + classes.tobytes()).hexdigest()[:24]
    return user_data() / "taught" / ".unfinished" / f"{name}.safetensors"
