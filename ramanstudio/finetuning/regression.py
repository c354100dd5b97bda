"""Quantities: a number for each spectrum, such as a concentration, by regression on a representation."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.finetuning import label_errors, labels, novelty
from ramanstudio.finetuning.classifiers import Subspace, half_squared_distances
from ramanstudio.finetuning.config import (
    AUTO,
    FOR_QUANTITIES,
    GAUSSIAN_PROCESS,
    PARTIAL_LEAST_SQUARES,
    REPRESENTATION_TITLES,
    RIDGE,
    FinetunePlan,
)
from ramanstudio.finetuning.cross_validation import Folds, assign_folds
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.labels import LabelInput
from ramanstudio.finetuning.model_card import QUANTITY, RMSE, FineTunedModelCard
from ramanstudio.finetuning.report import CandidateScore, FineTuningResult, RegressionReport, TrainingProgress
from ramanstudio.finetuning.representations import FeatureExtractor, Representations, represent

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

RIDGE_PENALTIES: Final = np.geomspace(1e-4, 1e2, 13)  # chosen by generalised cross-validation
PLS_COMPONENTS: Final = (2, 4, 6, 9)
FOR_PLS: Final = ("heights", "spectrum", "measured", "slope")
MAX_PROCESS_SPECTRA: Final = 600  # of a Gaussian process; its cost grows with the cube
MARGIN: Final = 1.0  # standard errors by which another candidate has to be ahead of the default one
N_BOOTSTRAP: Final = 1000
NO_SAMPLES: Final = (
    "No column says which spectra are replicates of one sample: they may be in training and test folds at once, so the"
    " error is optimistic for new samples."
)


@dataclass(frozen=True, slots=True)
class RegressorCandidate:
    """A representation and a regressor on it; `components` is the number of PLS components."""

    representation: str
    estimator: str
    components: int = 0

    @property
    def title(self) -> str:
        """The candidate in words, such as `first derivative, PLS with 4 components`."""
        components = f" with {self.components} components" if self.components else ""
        return f"{REPRESENTATION_TITLES[self.representation]}, {self.estimator}{components}"


EvaluatedRegressor = tuple[RegressorCandidate, NDArray[np.float64]]  # and its predictions while held out (n,)


@dataclass(frozen=True, slots=True, eq=False)
class Regressor:
    """A fitted quantity in subspace coordinates: `mean` + rows @ `weights`.

    With training `rows` (n, R), it is a Gaussian process of the given `length` scale, and `weights` (n,) are its dual
    coefficients; without, `weights` (R,) are linear.
    """

    mean: float
    weights: FloatArray
    rows: FloatArray | None = None
    length: float = 1.0

    def predict(self, rows: FloatArray) -> NDArray[np.float64]:
        """Return the quantity (M,) for `rows` (M, R)."""
        if self.rows is not None:
            rows = np.exp(-half_squared_distances(rows, self.rows) / self.length**2)
        return np.asarray(self.mean + rows @ self.weights, dtype=np.float64)


def fit_regressor(candidate: RegressorCandidate, rows: FloatArray, values: FloatArray) -> Regressor:
    """Return the regressor of `candidate` fitted to `rows` (N, R) and their `values` (N,)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length scale at its bound, or a component that explains nothing more
        if candidate.estimator == GAUSSIAN_PROCESS:
            return _fit_gaussian_process(rows, values)
        mean = float(values.mean())
        if candidate.estimator == PARTIAL_LEAST_SQUARES:
            from sklearn.cross_decomposition import PLSRegression

            n_components = max(1, min(candidate.components, rows.shape[1], len(rows) - 1))
            pls = PLSRegression(n_components, scale=False).fit(rows, values)
            weights = pls.coef_.reshape(-1)
            return Regressor(float(pls.intercept_[0] - pls._x_mean @ weights), weights)
        from sklearn.linear_model import RidgeCV

        ridge = RidgeCV(RIDGE_PENALTIES).fit(rows, values - mean)
        return Regressor(float(ridge.intercept_) + mean, ridge.coef_)


def _fit_gaussian_process(rows: FloatArray, values: FloatArray) -> Regressor:
    """Fit a Gaussian process with an RBF covariance and white noise, its scales by marginal likelihood."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    mean, scale = float(values.mean()), float(values.std()) or 1.0
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * RBF(1.0, (0.1, 100.0)) + WhiteKernel(0.1, (1e-4, 10.0))
    process = GaussianProcessRegressor(kernel, random_state=0).fit(rows, (values - mean) / scale)
    smooth = process.kernel_.k1
    weights = process.alpha_ * smooth.k1.constant_value * scale
    return Regressor(mean, weights, np.asarray(rows), float(smooth.k2.length_scale))


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
    candidates = _list_candidates(plan, representations, len(indices))
    evaluated = _evaluate(candidates, representations, indices, values, folds, progress)
    procedure = folds.describe(len(evaluated), was_stopped=len(evaluated) < len(candidates))
    chosen = _select(evaluated, values, folds)
    report = replace(
        _report(evaluated, chosen, indices, values, folds),
        duplicates=label_errors.find_duplicates(spectra.values[indices], indices),
        seconds=time.monotonic() - started,
    )
    model = _build_model(extractor, representations, plan, evaluated[chosen][0], report, folds)
    card = replace(model.card, notes=(report.headline, procedure, *report.warnings))
    model = FineTunedModel(card, model.arrays)
    return FineTuningResult(model, report)


def _report(
    evaluated: Sequence[EvaluatedRegressor], chosen: int, indices: IntArray, values: FloatArray, folds: Folds
) -> RegressionReport:
    """Return the figures of the chosen candidate on held-out spectra."""
    candidate, predicted = evaluated[chosen]
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
        chosen=candidate.title,
        candidates=tuple(CandidateScore(each.title, _rmse(held_out, values, folds)) for each, held_out in evaluated),
        duplicates=(),
        warnings=() if folds.by_sample else (NO_SAMPLES,),
        seconds=0.0,
    )


def _list_candidates(plan: FinetunePlan, representations: Representations, n_spectra: int) -> list[RegressorCandidate]:
    """Return the candidates to evaluate, the default first."""
    candidates = [
        RegressorCandidate("heights", GAUSSIAN_PROCESS),  # 6.6 % D₂O on single cells; PLS of the spectrum leaves 8.1
        *(RegressorCandidate(name, RIDGE) for name in FOR_QUANTITIES),
        *(RegressorCandidate(name, PARTIAL_LEAST_SQUARES, count) for name in FOR_PLS for count in PLS_COMPONENTS),
        *(RegressorCandidate(name, GAUSSIAN_PROCESS) for name in ("lines", "spectrum", "joined")),
    ]
    return [
        candidate
        for candidate in candidates
        if representations.has(candidate.representation)
        and plan.representation in (AUTO, candidate.representation)
        and plan.estimator in (AUTO, candidate.estimator)
        and not (candidate.estimator == GAUSSIAN_PROCESS and n_spectra > MAX_PROCESS_SPECTRA)
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
    """Return the predictions (n,) for `rows` (n, R), each while held out."""
    predicted = np.full(len(values), np.nan)
    for train, test in folds.splits():
        subspace = Subspace.of(rows[train])
        regressor = fit_regressor(candidate, subspace.project(rows[train]), values[train])
        predicted[test] = regressor.predict(subspace.project(rows[test]))
    return predicted


def _rmse(predicted: FloatArray, values: FloatArray, folds: Folds) -> float:
    """Return the root mean square error of the held-out predictions; NaN where there are none."""
    tested = folds.tested
    return float(np.sqrt(np.mean((predicted - values)[tested] ** 2))) if tested.any() else float("nan")


def _select(evaluated: Sequence[EvaluatedRegressor], values: FloatArray, folds: Folds) -> int:
    """Return the number of the best candidate, unless it is hardly ahead of the first (`select_candidate`)."""
    tested = folds.tested
    if not tested.any():
        return 0
    squares = np.stack([(predicted - values)[tested] ** 2 for _, predicted in evaluated], axis=1)
    groups = np.unique(folds.group[tested], return_inverse=True)[1]
    group_sums = np.zeros((int(groups.max()) + 1, len(evaluated)))
    np.add.at(group_sums, groups, squares)
    lead = group_sums[:, [0]] - group_sums
    allowed = lead.sum(axis=0) > MARGIN * np.sqrt(np.sum(lead**2, axis=0))
    allowed[0] = True
    return int(np.argmin(np.where(allowed, group_sums.sum(axis=0), np.inf)))


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
    candidate: RegressorCandidate,
    report: RegressionReport,
    folds: Folds,
) -> FineTunedModel:
    """Fit the chosen candidate to all labels and return it as a model with its card."""
    rows = representations.rows(candidate.representation)[report.indices]
    joined = representations.rows("joined")[report.indices]
    subspace = Subspace.of(rows)
    regressor = fit_regressor(candidate, subspace.project(rows), report.true)
    one_class = np.zeros(len(joined), dtype=np.intp)
    arrays: dict[str, NDArray[Any]] = representations.component_arrays | {
        "axis": representations.denoised.axis,
        "kept": joined[novelty.choose_references(one_class)],
        "span.mean": subspace.mean.astype(np.float32),
        "span.basis": subspace.basis.astype(np.float32),
        "curve.mean": np.array([regressor.mean]),
        "curve.weights": regressor.weights.astype(np.float64),
    }
    if regressor.rows is not None:
        arrays |= {"curve.rows": regressor.rows.astype(np.float64), "curve.length": np.array([regressor.length])}
    card = FineTunedModelCard(
        name="",
        kind=QUANTITY,
        classes=(),
        counts=(len(report.indices),),
        parent=extractor.parent,
        parent_sha256=extractor.sha256,
        representation=candidate.representation,
        estimator=candidate.estimator,
        axis_cm=(float(arrays["axis"][0]), float(arrays["axis"][-1])),
        novelty_threshold=novelty.novelty_threshold(joined, one_class, folds, plan.false_unknown_rate),
        settings=asdict(plan) | {"components": candidate.components},
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
    }


def predict(model: FineTunedModel, representations: Representations) -> NDArray[np.float64]:
    """Return the quantity (N,) that a model predicts for N represented spectra."""
    arrays = model.arrays
    subspace = Subspace(arrays["span.mean"], arrays["span.basis"])
    length = float(arrays["curve.length"][0]) if "curve.length" in arrays else 1.0
    regressor = Regressor(float(arrays["curve.mean"][0]), arrays["curve.weights"], arrays.get("curve.rows"), length)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # of damaged models, which are refused
        return regressor.predict(subspace.project(representations.rows(model.card.representation)))
