"""Fine-tuning: a model is trained on labelled spectra and evaluated by cross-validation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.finetuning import (
    accuracy,
    classifiers,
    feature_tuning,
    label_errors,
    label_spreading,
    labels,
    novelty,
    range_importance,
    regression,
)
from ramanstudio.finetuning.candidate_selection import (
    MIN_LABELS_TO_SELECT,
    ClassifierCandidate,
    EnsembleCandidate,
    EvaluatedCandidate,
    correct_predictions,
    cross_validate,
    default_candidate,
    list_candidates,
    select_candidate,
    selection_margins,
)
from ramanstudio.finetuning.classification import predict_probabilities
from ramanstudio.finetuning.classifier_arrays import to_arrays
from ramanstudio.finetuning.classifier_ensemble import EnsembleClassifier, evaluate_ensemble, fit_candidate, is_ahead
from ramanstudio.finetuning.classifiers import AnyClassifier, Subspace
from ramanstudio.finetuning.config import (
    AUTO,
    ENSEMBLE,
    FOR_CLASSES,
    LDA,
    LOGISTIC,
    REPRESENTATION_TITLES,
    FinetunePlan,
)
from ramanstudio.finetuning.cross_validation import Folds, assign_folds
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.label_spreading import SpreadLabels
from ramanstudio.finetuning.labels import ClassLabels, LabelInput
from ramanstudio.finetuning.model_card import CLASSES, MAX_NOTE, TUNED, FineTunedModelCard
from ramanstudio.finetuning.report import (
    CandidateScore,
    ClassificationReport,
    FineTuningResult,
    ImportantRange,
    TrainingProgress,
)
from ramanstudio.finetuning.representations import FeatureExtractor, represent, represent_denoised
from ramanstudio.finetuning.suggested_labels import suggest_labels
from ramanstudio.finetuning.training_set import TrainingSet

FloatArray = NDArray[np.floating[Any]]
NO_SAMPLES: Final = (
    "No column says which spectra are replicates of one sample, or it names none, or one sample a class: where there"
    " are replicates, they may be in training and test folds at once, and the figures are optimistic for new samples."
)


@dataclass(frozen=True, slots=True, eq=False)
class CandidateSelection:
    """Evaluated candidates, the numbers of the `default` and the `chosen` one, and the `ensemble` where it is taken."""

    evaluated: Sequence[EvaluatedCandidate]
    default: int
    chosen: int
    ensemble: EvaluatedCandidate | None = None

    @property
    def best(self) -> EvaluatedCandidate:
        """The candidate to train: the ensemble where it is taken, else the chosen one."""
        return self.ensemble or self.evaluated[self.chosen]

    @property
    def candidate_scores(self) -> tuple[CandidateScore, ...]:
        """The evaluated candidates with their accuracy, and the ensemble where it is taken."""
        scored = [*self.evaluated, *([] if self.ensemble is None else [self.ensemble])]
        return tuple(CandidateScore(each.candidate.title, each.accuracy) for each in scored)

    def estimate_accuracy(self, known: ClassLabels, folds: Folds) -> accuracy.AccuracyEstimate:
        """Return the accuracy to expect; that of an ensemble is nested already, its selection is not repeated."""
        compared, default, chosen = self.evaluated, self.default, self.chosen
        if self.ensemble is not None:
            compared, default, chosen = [self.ensemble], 0, 0
        return accuracy.estimate_accuracy(compared, default, chosen, known.targets, folds, len(known.unlabelled))


def finetune(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    given: LabelInput,
    groups: LabelInput | None = None,
    plan: FinetunePlan | None = None,
    progress: Progress = SILENT,
) -> FineTuningResult:
    """Fine-tune a model on the classes, or the quantity, in `given` (N,) for `spectra` (N, B); a blank is unlabelled.

    `groups` (N,) names the sample of each spectrum, so that replicates of a sample stay in one fold. Shows
    `TrainingProgress` rows. When stopped after the first candidate, it keeps the best so far. Raises Cancelled when
    stopped before, StudioError when the labels do not suit or a spectrum cannot be denoised.
    """
    plan = plan or FinetunePlan()
    if plan.quantity or (plan.quantity is None and labels.look_numeric(given, len(spectra))):
        return regression.finetune_quantity(extractor, spectra, given, groups, plan, progress)
    started = time.monotonic()
    known = labels.parse_classes(given, groups, len(spectra))
    folds = assign_folds(known.targets, known.samples, plan.folds, plan.seed)
    # with few labels in most classes, the best candidate would be best by chance
    is_fixed = (
        plan.representation == AUTO and plan.estimator == AUTO and float(np.median(known.counts)) < MIN_LABELS_TO_SELECT
    )
    needed = ("joined",) if is_fixed else FOR_CLASSES
    representations = represent(extractor, spectra, representations=needed, progress=progress)
    training_set = TrainingSet(spectra, representations, known, folds)
    _require_differences(training_set)
    candidates = list_candidates(plan, representations, len(known.indices), len(known.classes))
    if is_fixed:
        candidates = [default_candidate(candidates, min(known.counts))]
    evaluated, was_stopped = _evaluate(training_set, candidates, progress)
    selection = _select(evaluated, training_set, plan.estimator == AUTO and not is_fixed)
    if not was_stopped and feature_tuning.is_worthwhile(plan, extractor, representations, known.targets):
        with suppress(Cancelled):
            extractor, training_set, selection = _try_tuned_features(extractor, training_set, plan, selection, progress)
    procedure = training_set.folds.describe(len(evaluated), was_stopped)
    return _result(extractor, training_set, plan, selection, procedure, started, SILENT if was_stopped else progress)


def _require_differences(training_set: TrainingSet) -> None:
    """Raise StudioError when all labelled spectra are constant, or identical."""
    if not np.ptp(training_set.rows("joined"), axis=0).any():
        raise StudioError(
            "The labelled spectra are identical or constant: nothing tells their classes apart.",
            remedy="Label spectra that differ.",
        )


def _try_tuned_features(
    extractor: FeatureExtractor,
    training_set: TrainingSet,
    plan: FinetunePlan,
    selection: CandidateSelection,
    progress: Progress,
) -> tuple[FeatureExtractor, TrainingSet, CandidateSelection]:
    """Return everything with fine-tuned features where these win, else unchanged."""
    unchanged = extractor, training_set, selection
    tuned = feature_tuning.tune_features(extractor, training_set, plan, progress)
    if tuned is None:
        return unchanged
    tuned_extractor, representations, folds = tuned
    tuned_set = replace(training_set, representations=representations, folds=folds)
    winner = feature_tuning.evaluate_if_better(tuned_set, selection.best.candidate)
    return unchanged if winner is None else (tuned_extractor, tuned_set, CandidateSelection([winner], 0, 0))


def _select(
    evaluated: Sequence[EvaluatedCandidate], training_set: TrainingSet, with_ensemble: bool
) -> CandidateSelection:
    """Select among the evaluated candidates, and an ensemble of them; without held-out spectra the default one."""
    candidates = [each.candidate for each in evaluated if isinstance(each.candidate, ClassifierCandidate)]
    targets, tested = training_set.labels.targets, training_set.folds.tested
    default = candidates.index(default_candidate(candidates, int(np.median(training_set.labels.counts))))
    if not tested.any():
        return CandidateSelection(evaluated, default, default)
    groups = np.unique(training_set.folds.group[tested], return_inverse=True)[1]
    correct, margins = correct_predictions(evaluated, targets, tested), selection_margins(evaluated, default)
    chosen = int(select_candidate(correct, default, groups, margins=margins)[0])
    if with_ensemble:
        ensemble = evaluate_ensemble(evaluated, default, targets, training_set.folds)
        if ensemble is not None and is_ahead(ensemble, evaluated, default, targets, training_set.folds):
            return CandidateSelection(evaluated, default, chosen, ensemble)
    return CandidateSelection(evaluated, default, chosen)


def _evaluate(
    training_set: TrainingSet, candidates: Sequence[ClassifierCandidate], progress: Progress
) -> tuple[list[EvaluatedCandidate], bool]:
    """Cross-validate all candidates, then the best logistic regression at other strengths; and whether it was stopped.

    Raises Cancelled when stopped before the first was evaluated.
    """
    evaluated: list[EvaluatedCandidate] = []
    projected: dict[str, NDArray[np.float64]] = {}
    known, queue = training_set.labels, list(candidates)
    try:
        while queue:
            candidate = queue.pop(0)
            progress(len(evaluated), len(evaluated) + len(queue) + 1, f"evaluating {candidate.title}")
            if candidate.representation not in projected:
                represented = training_set.rows(candidate.representation)
                projected[candidate.representation] = Subspace.of(represented).project(represented)
            rows = projected[candidate.representation]
            evaluated.append(cross_validate(rows, known.targets, len(known.classes), training_set.folds, candidate))
            _show_progress(evaluated, len(queue), progress)
            if not queue and len(evaluated) == len(candidates) > 1:
                queue = _other_strengths(evaluated)
    except Cancelled:
        if not evaluated:
            raise
        return evaluated, True
    return evaluated, False


def _other_strengths(evaluated: Sequence[EvaluatedCandidate]) -> list[ClassifierCandidate]:
    """Return the best logistic regression with stronger and weaker regularisation."""
    logistic = [
        (each.accuracy, candidate)
        for each in evaluated
        if isinstance(candidate := each.candidate, ClassifierCandidate)
        and candidate.estimator == LOGISTIC
        and np.isfinite(each.accuracy)
    ]
    if not logistic:
        return []
    best = max(logistic, key=lambda each: each[0])[1]
    return [replace(best, strength=strength) for strength in classifiers.STRENGTHS if strength != best.strength]


def _show_progress(evaluated: Sequence[EvaluatedCandidate], n_left: int, progress: Progress) -> None:
    scores = [CandidateScore(each.candidate.title, each.accuracy) for each in evaluated]
    best = max(scores, key=lambda row: -1.0 if np.isnan(row.score) else row.score)
    progress.show(TrainingProgress(scores[-1], best, len(evaluated), len(evaluated) + n_left))


def _result(
    extractor: FeatureExtractor,
    training_set: TrainingSet,
    plan: FinetunePlan,
    selection: CandidateSelection,
    procedure: str,
    started: float,
    progress: Progress,
) -> FineTuningResult:
    """Train the chosen candidate on all labels and return the model, whose card tells the `procedure`, and report."""
    known, folds, best = training_set.labels, training_set.folds, selection.best
    tested = folds.tested
    expected = selection.estimate_accuracy(known, folds)
    factor = accuracy.fit_inverse_temperature(best.scores[tested], known.targets[tested], expected.accuracy)
    spread = _spread(training_set, plan)
    model = _build_model(extractor, training_set, plan, best.candidate, factor, spread)
    probabilities = accuracy.softmax(best.scores[tested], factor)
    targets, indices = known.targets[tested], known.indices[tested]
    misclassified = label_errors.find_misclassified(probabilities, targets, known.classes, indices)
    report = ClassificationReport(
        classes=known.classes,
        counts=known.counts,
        expected=expected,
        majority_baseline=max(known.counts) / sum(known.counts),
        by_sample=folds.by_sample,
        chosen=best.candidate.title if spread is None else label_spreading.TITLE,
        candidates=selection.candidate_scores,
        indices=known.indices,
        confusion=label_errors.confusion_matrix(probabilities, targets, len(known.classes)),
        misclassified=misclassified,
        label_errors=label_errors.find_label_errors(misclassified, probabilities, targets, indices),
        duplicates=label_errors.find_duplicates(training_set.spectra.values[known.indices], known.indices),
        calibration=accuracy.calibration_curve(probabilities, targets),
        important_ranges=_important_ranges(extractor, training_set, model, progress) if plan.importance else (),
        suggested=_suggested(training_set, model),
        warnings=(
            *labels.label_warnings(known),
            *_sample_warnings(folds, known),
            *([] if spread is None else [label_spreading.NOTE]),
        ),
        seconds=time.monotonic() - started,
        members=best.candidate.parts if isinstance(best.candidate, EnsembleCandidate) else (),
    )
    return FineTuningResult(
        FineTunedModel(replace(model.card, **_card_figures(report, procedure)), model.arrays), report
    )


def _card_figures(report: ClassificationReport, procedure: str) -> dict[str, Any]:
    """Return the fields of the card that come from the report."""
    expected = report.expected
    figures = {"majority-class baseline": report.majority_baseline}
    if expected.is_measured:
        figures |= {
            "expected accuracy": expected.accuracy,
            "accuracy, low end of the 95 % interval": expected.low,
            "accuracy, high end of the 95 % interval": expected.high,
            "cross-validated accuracy": expected.cross_validated,
            "expected calibration error": report.calibration.error,
        }
    notes = (report.headline, report.members_sentence[:MAX_NOTE], procedure, *report.warnings)
    return {"figures": figures, "notes": tuple(note for note in notes if note)}


def _sample_warnings(folds: Folds, known: ClassLabels) -> list[str]:
    """Return a sentence where the figures are optimistic for new samples."""
    if not folds.tested.any():
        return []  # nothing is measured, so nothing is optimistic
    if not folds.by_sample:
        return [NO_SAMPLES]
    if folds.single_sample_classes:
        names = labels.quote_names([known.classes[number] for number in folds.single_sample_classes])
        return [f"There is only one sample of {names}: for new samples of it the figures are optimistic."]
    return []


def _spread(training_set: TrainingSet, plan: FinetunePlan) -> SpreadLabels | None:
    """Return labels for all spectra where there is one of each class and nothing else was asked for."""
    is_automatic = plan.estimator == AUTO and plan.representation == AUTO
    if not is_automatic or not label_spreading.is_worthwhile(training_set.labels):
        return None
    return label_spreading.spread_labels(training_set.representations.rows("joined"), training_set.labels)


def _build_model(
    extractor: FeatureExtractor,
    training_set: TrainingSet,
    plan: FinetunePlan,
    chosen: ClassifierCandidate | EnsembleCandidate,
    inverse_temperature: float,
    spread: SpreadLabels | None,
) -> FineTunedModel:
    """Train the chosen candidate on all labels and return it as a model with its card."""
    known, axis = training_set.labels, training_set.spectra.axis
    classifier: AnyClassifier | EnsembleClassifier
    if spread is not None:
        chosen = ClassifierCandidate("joined", LDA)
        classifier, inverse_temperature = spread.fit(training_set.representations.rows("joined"), len(known.classes))
    else:
        classifier = fit_candidate(chosen, training_set.rows, known.targets, len(known.classes))
    first, members = (chosen.members[0], chosen.members) if isinstance(chosen, EnsembleCandidate) else (chosen, ())
    rows = training_set.rows("joined")
    arrays: dict[str, NDArray[Any]] = training_set.representations.component_arrays | {
        "axis": axis,
        "kept": rows[novelty.choose_references(known.targets)].astype(np.float32),
    }
    arrays |= to_arrays(classifier)
    arrays |= {f"{TUNED}{name}": array for name, array in (extractor.weights or {}).items()}
    card = FineTunedModelCard(
        name="",
        kind=CLASSES,
        classes=known.classes,
        counts=known.counts,
        parent=extractor.parent,
        parent_sha256=extractor.sha256,
        representation=first.representation,
        estimator=ENSEMBLE if members else first.estimator,
        members=tuple(member.representation for member in members),
        axis_cm=(float(axis[0]), float(axis[-1])),
        inverse_temperature=inverse_temperature,
        novelty_threshold=novelty.novelty_threshold(rows, known.targets, training_set.folds, plan.false_unknown_rate),
        settings=asdict(plan)
        | {"strength": first.strength, "representation title": REPRESENTATION_TITLES[first.representation]},
        software=f"RamanStudio {__version__}",
        made=date.today().isoformat(),
    )
    return FineTunedModel(card, arrays)


def _important_ranges(
    extractor: FeatureExtractor, training_set: TrainingSet, model: FineTunedModel, progress: Progress
) -> tuple[ImportantRange, ...]:
    """Return the ranges that the model relies on; none when stopped."""
    known, representations = training_set.labels, training_set.representations
    rows = range_importance.choose_spectra(known.targets)
    indices = known.indices[rows]
    watched = Progress(lambda *_: progress(0, 1, "finding important ranges"))

    def predict(raw: SpectrumSet, denoised: SpectrumSet) -> FloatArray:
        needed = model.card.members or (model.card.representation,)
        represented = represent_denoised(extractor, raw, denoised, representations.components, needed, watched)
        return predict_probabilities(model, represented)

    try:
        return range_importance.important_ranges(
            training_set.spectra[indices], representations.denoised[indices], known.targets[rows], predict
        )
    except Cancelled:
        return ()


def _suggested(training_set: TrainingSet, model: FineTunedModel) -> tuple[int, ...]:
    """Return the unlabelled spectra that are suggested for labelling."""
    unlabelled = training_set.labels.unlabelled
    if not len(unlabelled):
        return ()
    probabilities = predict_probabilities(model, training_set.representations)[unlabelled]
    return suggest_labels(probabilities, training_set.representations.rows("joined")[unlabelled], unlabelled)
