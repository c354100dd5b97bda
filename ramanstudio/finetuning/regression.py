"""Quantities: a number for each spectrum, such as a concentration, by regression on a representation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.finetuning import label_errors, labels, novelty
from ramanstudio.finetuning.classifiers import Subspace
from ramanstudio.finetuning.config import (
    AUTO,
    ENSEMBLE,
    FOR_QUANTITIES,
    GAUSSIAN_PROCESS,
    LINEAR_PROCESS,
    PARTIAL_LEAST_SQUARES,
    RIDGE,
    FinetunePlan,
)
from ramanstudio.finetuning.cross_validation import Folds, assign_folds
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.labels import LabelInput
from ramanstudio.finetuning.model_card import (
    HIGHEST,
    LOWEST,
    MAX_NOTE,
    QUANTITY,
    RMSE,
    FineTunedModelCard,
    member_prefix,
)
from ramanstudio.finetuning.regressor_ensemble import MIN_GROUPS, RegressorSelection, select_regressors
from ramanstudio.finetuning.regressors import FittedRegressor, RegressorCandidate, fit_process_scales
from ramanstudio.finetuning.report import CandidateScore, FineTuningResult, RegressionReport, TrainingProgress
from ramanstudio.finetuning.representations import FeatureExtractor, Representations, represent

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

PLS_COMPONENTS: Final = (2, 4, 6, 9)
MORE_PLS_COMPONENTS: Final = 14
FOR_PLS: Final = ("heights", "spectrum", "measured", "slope")
FOR_LINEAR_PROCESS: Final = ("measured", "slope", "heights", "joined", "spectrum")
MAX_PROCESS_SPECTRA: Final = 600  # of a Gaussian process; its cost grows with the cube
N_BOOTSTRAP: Final = 1000
NO_SAMPLES: Final = (
    "No column says which spectra are replicates of one sample: they may be in training and test folds at once, so the"
    " error is optimistic for new samples."
)


EvaluatedRegressor = tuple[RegressorCandidate, NDArray[np.float64]]  # and its predictions while held out (n,)


def finetune_quantity(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    given: LabelInput,
    groups: LabelInput | None,
    plan: FinetunePlan,
    progress: Progress,
) -> FineTuningResult:
    """Fine-tune a model on the numbers `given` (N,) for `spectra` (N, B); `training.finetune` calls this.

    Raises StudioError when the labels do not suit or a spectrum cannot be denoised.
    """
    started = time.monotonic()
    numbers = labels.parse_numbers(given, len(spectra))
    indices = np.flatnonzero(np.isfinite(numbers))
    values = numbers[indices]
    samples = labels.parse_samples(groups, indices, len(spectra))
    n_folds = plan.folds or min(10, len(indices))
    folds = assign_folds(np.zeros(len(indices), dtype=np.intp), samples, n_folds, plan.seed)
    representations = represent(extractor, spectra, representations=FOR_QUANTITIES, progress=progress)
    n_groups = len(np.unique(folds.group[folds.tested]))
    candidates = _list_candidates(plan, representations, len(indices), n_groups)
    evaluated = _evaluate(candidates, representations, indices, values, folds, progress)
    procedure = folds.describe(len(evaluated), was_stopped=len(evaluated) < len(candidates))
    selection = select_regressors(np.stack([held_out for _, held_out in evaluated], axis=1), values, folds)
    members = _members(evaluated, selection)
    report = replace(
        _report(evaluated, selection, members, indices, values, folds),
        duplicates=label_errors.find_duplicates(spectra.values[indices], indices),
        seconds=time.monotonic() - started,
    )
    model = _build_model(extractor, representations, plan, members, report, folds)
    notes = (report.headline, report.members_sentence[:MAX_NOTE], procedure, *report.warnings)
    card = replace(model.card, notes=tuple(note for note in notes if note))
    model = FineTunedModel(card, model.arrays)
    return FineTuningResult(model, report)


def _members(
    evaluated: Sequence[EvaluatedRegressor], selection: RegressorSelection
) -> tuple[tuple[RegressorCandidate, float], ...]:
    """Return the candidates that were selected with their weights, largest first; one with 1 where it is single."""
    order = np.argsort(-selection.weights, kind="stable")
    return tuple((evaluated[row][0], float(selection.weights[row])) for row in order if selection.weights[row] > 0)


def describe_members(members: Sequence[tuple[RegressorCandidate, float]]) -> str:
    """Return the name of a single candidate, or the number of members of an ensemble and the largest of them."""
    (first, weight), *others = members
    return f"{ENSEMBLE} of {len(members)}, led by {_with_weight(first, weight)}" if others else first.title


def _with_weight(candidate: RegressorCandidate, weight: float) -> str:
    return f"{candidate.title} ({100 * weight:.0f} %)"


def _report(
    evaluated: Sequence[EvaluatedRegressor],
    selection: RegressorSelection,
    members: Sequence[tuple[RegressorCandidate, float]],
    indices: IntArray,
    values: FloatArray,
    folds: Folds,
) -> RegressionReport:
    """Return the figures on held-out spectra, of predictions by members that were chosen without them."""
    predicted = selection.predicted
    low, high = rmse_interval((predicted - values)[folds.tested], folds.group[folds.tested])
    return RegressionReport(
        indices=indices,
        true=values,
        predicted=predicted,
        rmse=_rmse(predicted, values, folds),
        low=low,
        high=high,
        standard_deviation=float(values.std()),
        by_sample=folds.by_sample,
        chosen=describe_members(members),
        members=tuple(_with_weight(*member) for member in members) if len(members) > 1 else (),
        candidates=tuple(CandidateScore(each.title, _rmse(held_out, values, folds)) for each, held_out in evaluated),
        duplicates=(),
        warnings=() if folds.by_sample else (NO_SAMPLES,),
        seconds=0.0,
    )


def _list_candidates(
    plan: FinetunePlan, representations: Representations, n_spectra: int, n_groups: int
) -> list[RegressorCandidate]:
    """Return the candidates to evaluate, the default first; with few samples those that have been best alone."""
    candidates = [
        RegressorCandidate("heights", GAUSSIAN_PROCESS),  # 6.6 % D₂O on single cells; PLS of the spectrum leaves 8.1
        *(RegressorCandidate(name, RIDGE) for name in FOR_QUANTITIES),
        *(RegressorCandidate(name, PARTIAL_LEAST_SQUARES, count) for name in FOR_PLS for count in PLS_COMPONENTS),
        *(RegressorCandidate(name, GAUSSIAN_PROCESS) for name in ("lines", "spectrum", "joined")),
    ]
    if n_groups >= MIN_GROUPS or plan.estimator != AUTO or plan.representation != AUTO:
        candidates += [
            *(RegressorCandidate(name, PARTIAL_LEAST_SQUARES, MORE_PLS_COMPONENTS) for name in FOR_PLS),
            *(RegressorCandidate(name, GAUSSIAN_PROCESS) for name in ("slope", "measured")),
            *(RegressorCandidate(name, LINEAR_PROCESS) for name in FOR_LINEAR_PROCESS),
        ]
    return [
        candidate
        for candidate in candidates
        if representations.has(candidate.representation)
        and plan.representation in (AUTO, candidate.representation)
        and plan.estimator in (AUTO, candidate.estimator)
        and not (candidate.is_process and n_spectra > MAX_PROCESS_SPECTRA)
    ] or [RegressorCandidate("joined", RIDGE)]


def _evaluate(
    candidates: Sequence[RegressorCandidate],
    representations: Representations,
    indices: IntArray,
    values: FloatArray,
    folds: Folds,
    progress: Progress,
) -> list[EvaluatedRegressor]:
    """Return each candidate with its predictions (n,) for held-out spectra, NaN where never held out.

    Fewer when stopped; raises Cancelled when stopped before the first.
    """
    evaluated: list[EvaluatedRegressor] = []
    projected: dict[str, NDArray[np.float64]] = {}
    try:
        for done, candidate in enumerate(candidates):
            progress(done, len(candidates), f"evaluating {candidate.title}")
            if candidate.representation not in projected:
                rows = representations.rows(candidate.representation)[indices]
                projected[candidate.representation] = Subspace.of(rows).project(rows)
            evaluated.append(
                (candidate, _cross_validate(candidate, projected[candidate.representation], values, folds))
            )
            scores = [CandidateScore(each.title, _rmse(held_out, values, folds)) for each, held_out in evaluated]
            best = min(scores, key=lambda row: np.nan_to_num(row.score, nan=np.inf))
            progress.show(TrainingProgress(scores[-1], best, len(evaluated), len(candidates)))
    except Cancelled:
        if not evaluated:
            raise
    return evaluated


def _cross_validate(
    candidate: RegressorCandidate, rows: FloatArray, values: FloatArray, folds: Folds
) -> NDArray[np.float64]:
    """Return the predictions (n,) for `rows` (n, R), each while held out.

    The few scales of a Gaussian process are found once, from all rows: finding them in each fold takes ten times as
    long.
    """
    predicted = np.full(len(values), np.nan)
    scales = fit_process_scales(candidate, rows, values) if folds.tested.any() else None
    for train, test in folds.splits():
        predicted[test] = FittedRegressor.fit(candidate, rows[train], values[train], scales).predict(rows[test])
    return predicted


def _rmse(predicted: FloatArray, values: FloatArray, folds: Folds) -> float:
    """Return the root mean square error of the held-out predictions; NaN where there are none."""
    tested = folds.tested
    return float(np.sqrt(np.mean((predicted - values)[tested] ** 2))) if tested.any() else float("nan")


def rmse_interval(errors: FloatArray, group: IntArray) -> tuple[float, float]:
    """Return the 95 % interval of the RMSE of `errors` (M,): bootstrap over samples `group` (M,), and Student's t.

    It is symmetric in the logarithm, as an error is a scale.
    """
    from scipy.stats import t

    groups = np.unique(group, return_inverse=True)[1]
    n_groups = int(groups.max()) + 1 if len(groups) else 0
    rmse = float(np.sqrt(np.mean(errors**2))) if n_groups else 0.0
    if n_groups < 2 or rmse == 0:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(0).multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=N_BOOTSTRAP)[:, groups]
    squares = (drawn @ errors**2) / np.maximum(drawn.sum(axis=1), 1)
    spread = float(np.std(np.log(np.maximum(squares, 1e-12 * rmse**2)) / 2)) * np.sqrt(n_groups / (n_groups - 1))
    half_width = float(t.ppf(0.975, n_groups - 1)) * spread
    return float(rmse * np.exp(-half_width)), float(rmse * np.exp(half_width))


def _build_model(
    extractor: FeatureExtractor,
    representations: Representations,
    plan: FinetunePlan,
    members: Sequence[tuple[RegressorCandidate, float]],
    report: RegressionReport,
    folds: Folds,
) -> FineTunedModel:
    """Fit the chosen candidates to all labels and return them as a model with its card."""
    joined = representations.rows("joined")[report.indices]
    is_ensemble = len(members) > 1
    fitted = dict[str, NDArray[Any]]()
    for number, (candidate, _) in enumerate(members):
        rows = representations.rows(candidate.representation)[report.indices]
        prefix = member_prefix(number) if is_ensemble else ""
        fitted |= FittedRegressor.fit(candidate, rows, report.true).to_arrays(prefix)
    if is_ensemble:
        fitted["member weights"] = np.array([weight for _, weight in members])
    one_class = np.zeros(len(joined), dtype=np.intp)
    arrays: dict[str, NDArray[Any]] = (
        representations.component_arrays
        | {
            "axis": representations.denoised.axis,
            "kept": joined[novelty.choose_references(one_class)],
        }
        | fitted
    )
    card = FineTunedModelCard(
        name="",
        kind=QUANTITY,
        classes=(),
        counts=(len(report.indices),),
        parent=extractor.parent,
        parent_sha256=extractor.sha256,
        representation=members[0][0].representation,
        estimator=ENSEMBLE if is_ensemble else members[0][0].estimator,
        members=tuple(candidate.representation for candidate, _ in members) if is_ensemble else (),
        axis_cm=(float(arrays["axis"][0]), float(arrays["axis"][-1])),
        novelty_threshold=novelty.novelty_threshold(joined, one_class, folds, plan.false_unknown_rate),
        settings=asdict(plan) | {"components": members[0][0].components},
        figures=_figures(report),
        software=f"RamanStudio {__version__}",
        made=date.today().isoformat(),
    )
    return FineTunedModel(card, arrays)


def _figures(report: RegressionReport) -> dict[str, float]:
    """Return the figures of the report for the card."""
    return {
        RMSE: report.rmse,
        "RMSE, low end of the 95 % interval": report.low,
        "RMSE, high end of the 95 % interval": report.high,
        "standard deviation of the quantity": report.standard_deviation,
        LOWEST: float(report.true.min()),
        HIGHEST: float(report.true.max()),
    }


def predict(model: FineTunedModel, representations: Representations) -> NDArray[np.float64]:
    """Return the quantity (N,) that a model predicts for N represented spectra."""
    arrays, card = model.arrays, model.card
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # of damaged models, which are refused
        if not card.members:
            return FittedRegressor.from_arrays(arrays).predict(representations.rows(card.representation))
        members = [
            FittedRegressor.from_arrays(arrays, member_prefix(number)).predict(representations.rows(name))
            for number, name in enumerate(card.members)
        ]
        return np.asarray(arrays["member weights"] @ np.stack(members))
