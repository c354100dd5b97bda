"""Teaching: labelled spectra in, a model that names the rest out, with what it was measured to be worth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.finetuning import (
    accuracy,
    candidate_selection,
    classifiers,
    feature_tuning,
    label_errors,
    labels,
    novelty,
    quantities,
)
from ramanstudio.finetuning.candidate_selection import MIN_LABELS_TO_SELECT, ClassifierCandidate, EvaluatedCandidate
from ramanstudio.finetuning.classification import probabilities_of
from ramanstudio.finetuning.classifiers import AnyClassifier, LinearClassifier, NearestNeighbourClassifier, Subspace
from ramanstudio.finetuning.config import AUTO, FOR_CLASSES, LOGISTIC, NEAREST, REPRESENTATION_TITLES, FinetunePlan
from ramanstudio.finetuning.cross_validation import Folds, deal
from ramanstudio.finetuning.finetuned_model import CLASSES, TUNED, FineTunedModel, FineTunedModelCard
from ramanstudio.finetuning.labels import ClassLabels
from ramanstudio.finetuning.report import CandidateScore, ClassificationReport, FineTuningResult, TrainingProgress
from ramanstudio.finetuning.representations import FeatureExtractor, Representations, represent, represent_denoised

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]
Given = ArrayLike | Sequence[Any]
NO_SAMPLES: Final = (
    "No column says which spectra are of one sample, or each class has one sample only: repeats of a sample may fall on"
    " both sides, so the figures are optimistic for new samples."
)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """What is learned from: readings of all spectra, the labelled among them, and how these are parted."""

    spectra: SpectrumSet
    representations: Representations
    labelled: ClassLabels
    folds: Folds

    def rows(self, representation: str) -> NDArray[np.float32]:
        """The labelled spectra's rows (n, D)."""
        return self.representations.rows(representation)[self.labelled.places]


def finetune(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    given: Given,
    groups: Given | None = None,
    plan: FinetunePlan | None = None,
    progress: Progress = SILENT,
) -> FineTuningResult:
    """Fine-tune a model on the classes, or the quantity, in `given` (N,); a blank is a spectrum without a label.

    `groups` (N,) names the sample of each spectrum, so that replicates of a sample stay in one fold. Shows
    `TrainingProgress` rows. When stopped after the first candidate, it keeps the best so far. Raises Cancelled when
    stopped before, StudioError when the labels do not suit or a spectrum cannot be denoised.
    """
    plan = plan or FinetunePlan()
    if plan.quantity or (plan.quantity is None and labels.are_numbers(given, len(spectra))):
        return quantities.finetune(extractor, spectra, given, groups, plan, progress)
    started = time.monotonic()
    labelled = labels.labelled(given, groups, len(spectra))
    folds = deal(labelled.which, labelled.samples, plan.folds, plan.seed)
    few = plan.representation == AUTO and plan.estimator == AUTO and _too_few_to_choose(labelled)
    wanted = ("joined",) if few else FOR_CLASSES
    training_set = TrainingSet(
        spectra, represent(extractor, spectra, representations=wanted, progress=progress), labelled, folds
    )
    tried, stopped = _try_all(training_set, _candidates(plan, training_set, few), progress)
    first = _usual(plan, tried, labelled)
    chosen = int(_choice(tried, first, training_set)[0])
    if not stopped and feature_tuning.pays_to_try(plan, extractor, training_set.representations, labelled.which):
        with suppress(Cancelled):
            extractor, training_set, tried, first, chosen = _tuned(
                extractor, training_set, plan, tried, first, chosen, progress
            )
    return _finished(extractor, training_set, plan, tried, first, chosen, started, SILENT if stopped else progress)


def _tuned(
    extractor: FeatureExtractor,
    training_set: TrainingSet,
    plan: FinetunePlan,
    tried: list[EvaluatedCandidate],
    first: int,
    chosen: int,
    progress: Progress,
) -> tuple[FeatureExtractor, TrainingSet, list[EvaluatedCandidate], int, int]:
    """The same with the features learned anew, where that wins on spectra kept apart, or is what the plan asks for."""
    labelled, best = training_set.labelled, tried[chosen].candidate
    before = extractor, training_set, tried, first, chosen
    found = feature_tuning.learned_anew(
        extractor, training_set.representations, labelled.places, labelled.which, training_set.folds, plan, progress
    )
    if found is None:
        return before
    seeing, representations, folds = found
    anew = replace(training_set, representations=representations, folds=folds)
    rows = anew.rows(best.representation), anew.rows("tuned")
    won = feature_tuning.wins(*rows, labelled.which, folds.tested, best, len(labelled.classes))
    return before if won is None else (seeing, anew, [won], 0, 0)


def _too_few_to_choose(labelled: ClassLabels) -> bool:
    """Whether most classes have so few labels that what is best on them is best by luck."""
    return float(np.median(labelled.counts)) < MIN_LABELS_TO_SELECT


def _candidates(plan: FinetunePlan, training_set: TrainingSet, few: bool) -> list[ClassifierCandidate]:
    labelled = training_set.labelled
    some = candidate_selection.candidates(
        plan, training_set.representations, len(labelled.places), len(labelled.classes)
    )
    return [candidate_selection.usual(plan, some, min(labelled.counts))] if few else some


def _usual(plan: FinetunePlan, tried: Sequence[EvaluatedCandidate], labelled: ClassLabels) -> int:
    some = [one.candidate for one in tried]
    return some.index(candidate_selection.usual(plan, some, int(np.median(labelled.counts))))


def _choice(tried: Sequence[EvaluatedCandidate], first: int, training_set: TrainingSet) -> Places:
    tested = training_set.folds.tested
    if not tested.any():
        return np.array([first])
    return candidate_selection.choose(candidate_selection.right(tried, training_set.labelled.which, tested), first)


def _try_all(
    training_set: TrainingSet, some: Sequence[ClassifierCandidate], progress: Progress
) -> tuple[list[EvaluatedCandidate], bool]:
    """All candidates on the spectra held out, then other strengths of the best regression; whether it was stopped."""
    tried: list[EvaluatedCandidate] = []
    spans: dict[str, NDArray[np.float64]] = {}
    queue = list(some)
    try:
        while queue:
            one = queue.pop(0)
            progress(len(tried), len(tried) + len(queue) + 1, f"trying {one.words}")
            if one.representation not in spans:
                rows = training_set.rows(one.representation)
                spans[one.representation] = Subspace.of(rows).of_rows(rows)
            found = candidate_selection.hold_out(
                spans[one.representation],
                training_set.labelled.which,
                len(training_set.labelled.classes),
                training_set.folds,
                one,
            )
            tried.append(found)
            _show(tried, len(queue), progress)
            if not queue and len(tried) == len(some) > 1:
                queue = _other_strengths(tried)
    except Cancelled:
        if not tried:
            raise
        return tried, True
    return tried, False


def _other_strengths(tried: Sequence[EvaluatedCandidate]) -> list[ClassifierCandidate]:
    """The best of the regressions, stronger and weaker."""
    some = [one for one in tried if one.candidate.estimator == LOGISTIC and np.isfinite(one.accuracy)]
    if not some:
        return []
    best = max(some, key=lambda one: one.accuracy).candidate
    return [replace(best, strength=one) for one in classifiers.STRENGTHS if one != best.strength]


def _show(tried: Sequence[EvaluatedCandidate], left: int, progress: Progress) -> None:
    attempts = [CandidateScore(one.candidate.words, one.accuracy) for one in tried]
    best = max(attempts, key=lambda one: -1.0 if np.isnan(one.accuracy) else one.accuracy)
    progress.show(TrainingProgress(attempts[-1], best, len(tried), len(tried) + left))


def _finished(
    extractor: FeatureExtractor,
    training_set: TrainingSet,
    plan: FinetunePlan,
    tried: Sequence[EvaluatedCandidate],
    first: int,
    chosen: int,
    started: float,
    progress: Progress,
) -> FineTuningResult:
    """The chosen candidate learned from all labels, as a model, and the report."""
    labelled, folds = training_set.labelled, training_set.folds
    best, tested = tried[chosen], folds.tested
    expected = accuracy.expected(tried, first, chosen, labelled.which, folds, len(labelled.unlabelled))
    inverse_temperature = accuracy.inverse_temperature(best.scores[tested], labelled.which[tested], expected.accuracy)
    model = _model(extractor, training_set, plan, best.candidate, inverse_temperature)
    told = accuracy.chances(best.scores[tested], inverse_temperature)
    which, places = labelled.which[tested], labelled.places[tested]
    doubts = label_errors.doubts(told, which, labelled.classes, places)
    report = ClassificationReport(
        classes=labelled.classes,
        counts=labelled.counts,
        expected=expected,
        majority=max(labelled.counts) / sum(labelled.counts),
        by_sample=folds.by_sample,
        chosen=best.candidate.words,
        attempts=tuple(CandidateScore(one.candidate.words, one.accuracy) for one in tried),
        places=labelled.places,
        confusion=label_errors.confusion(told, which, len(labelled.classes)),
        wrong=doubts,
        suspects=label_errors.suspects(doubts, told, which, places),
        duplicates=label_errors.duplicates(training_set.spectra.values[labelled.places], labelled.places),
        calibration_curve=accuracy.calibration_curve(told, which),
        bands=_bands(extractor, training_set, model, progress) if plan.bands else (),
        next_to_label=_next(training_set, model),
        warnings=tuple(labels.warnings(labelled) + _warnings_of(folds, labelled)),
        seconds=time.monotonic() - started,
    )
    return FineTuningResult(FineTunedModel(replace(model.card, **_figures(report)), model.arrays), report)


def _figures(report: ClassificationReport) -> dict[str, Any]:
    """What the card says of the report."""
    one = report.expected
    figures = {"accuracy of always the commonest class": report.majority}
    if one.is_measured:
        figures |= {
            "expected accuracy": one.accuracy,
            "95 % interval, low": one.low,
            "95 % interval, high": one.high,
            "accuracy held out": one.held_out,
            "mean gap between how sure and how often right": report.calibration_curve.gap,
        }
    return {"figures": figures, "notes": (report.headline, *report.warnings)}


def _warnings_of(folds: Folds, labelled: ClassLabels) -> list[str]:
    if not folds.tested.any():
        return []  # nothing is measured, so nothing is optimistic
    if not folds.by_sample:
        return [NO_SAMPLES]
    if folds.sole:
        names = labels.in_words([labelled.classes[one] for one in folds.sole])
        return [f"There is one sample only of {names}: for new samples of it the figures are optimistic."]
    return []


def _model(
    extractor: FeatureExtractor,
    training_set: TrainingSet,
    plan: FinetunePlan,
    chosen: ClassifierCandidate,
    inverse_temperature: float,
) -> FineTunedModel:
    labelled = training_set.labelled
    estimator = _fitted(training_set, chosen)
    kept = novelty.kept(labelled.which)
    rows = training_set.rows("joined")
    arrays: dict[str, NDArray[Any]] = training_set.representations.arrays | {
        "axis": training_set.spectra.axis,
        "kept": rows[kept].astype(np.float32),
    }
    if isinstance(estimator, LinearClassifier):
        arrays |= {"weights": estimator.weights.astype(np.float32), "offset": estimator.offset.astype(np.float32)}
    else:
        arrays |= {"rows": estimator.rows.astype(np.float32), "which": estimator.which.astype(np.int32)}
    arrays |= {f"{TUNED}{name}": array for name, array in (extractor.weights or {}).items()}
    card = FineTunedModelCard(
        name="",
        kind=CLASSES,
        classes=labelled.classes,
        counts=labelled.counts,
        parent=extractor.parent,
        parent_sha256=extractor.sha256,
        representation=chosen.representation,
        estimator=chosen.estimator,
        axis_cm=(float(training_set.spectra.axis[0]), float(training_set.spectra.axis[-1])),
        inverse_temperature=inverse_temperature,
        novelty_threshold=novelty.novelty_threshold(rows, labelled.which, training_set.folds, plan.false_unknown_rate),
        settings=asdict(plan) | {"strength": chosen.strength, "read as": REPRESENTATION_TITLES[chosen.representation]},
        software=f"RamanStudio {__version__}",
        made=date.today().isoformat(),
    )
    return FineTunedModel(card, arrays)


def _fitted(training_set: TrainingSet, chosen: ClassifierCandidate) -> AnyClassifier:
    """The head learned from all labelled spectra, for rows as they are read."""
    labelled, rows = training_set.labelled, training_set.rows(chosen.representation)
    if chosen.estimator == NEAREST:
        return NearestNeighbourClassifier(rows, labelled.which, len(labelled.classes))
    span = Subspace.of(rows)
    estimator = classifiers.fit(
        chosen.estimator, span.of_rows(rows), labelled.which, len(labelled.classes), chosen.strength
    )
    assert isinstance(estimator, LinearClassifier)
    return estimator.outside(span)


def _bands(
    extractor: FeatureExtractor, training_set: TrainingSet, model: FineTunedModel, progress: Progress
) -> tuple[Any, ...]:
    """The ranges that the model relies on; nothing once somebody has stopped it."""
    some = label_errors.looked_at(training_set.labelled.which)
    watched = Progress(lambda *_: progress(0, 1, "looking at what it relies on"))
    places = training_set.labelled.places[some]

    def told(raw: SpectrumSet, denoised: SpectrumSet) -> Floats:
        representations = represent_denoised(
            extractor, raw, denoised, training_set.representations.components, (model.card.representation,), watched
        )
        return probabilities_of(model, representations)

    try:
        return label_errors.relied_on(
            training_set.spectra[places],
            training_set.representations.denoised[places],
            training_set.labelled.which[some],
            told,
        )
    except Cancelled:
        return ()


def _next(training_set: TrainingSet, model: FineTunedModel) -> tuple[int, ...]:
    unlabelled = training_set.labelled.unlabelled
    if not len(unlabelled):
        return ()
    told = probabilities_of(model, training_set.representations)[unlabelled]
    return label_errors.next_to_label(told, training_set.representations.rows("joined")[unlabelled], unlabelled)
