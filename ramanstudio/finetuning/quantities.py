"""Quantities: a number for each spectrum, such as a concentration, learned and predicted as classes are."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.finetuning import label_errors, labels, novelty
from ramanstudio.finetuning.classifiers import Subspace, half_distances
from ramanstudio.finetuning.config import (
    AUTO,
    FOR_QUANTITIES,
    GAUSSIAN_PROCESS,
    PARTIAL_LEAST_SQUARES,
    REPRESENTATION_TITLES,
    RIDGE,
    FinetunePlan,
)
from ramanstudio.finetuning.cross_validation import Folds, deal
from ramanstudio.finetuning.finetuned_model import QUANTITY, FineTunedModel, FineTunedModelCard
from ramanstudio.finetuning.report import CandidateScore, FineTuningResult, RegressionReport, TrainingProgress
from ramanstudio.finetuning.representations import FeatureExtractor, Representations, represent

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

STRENGTHS: Final = np.geomspace(1e-4, 1e2, 13)  # of ridge, chosen by generalised cross-validation
COMPONENTS: Final = (2, 4, 6, 9)  # of partial least squares
OF_COMPONENTS: Final = ("heights", "spectrum", "measured", "slope")
MOST_OF_A_PROCESS: Final = 600  # spectra; its cost grows with the cube
MARGIN: Final = 1.0  # standard errors by which another has to be ahead of the usual one
DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class RegressorCandidate:
    """A reading and a regression on it; `components` is of partial least squares."""

    representation: str
    estimator: str
    components: int = 0

    @property
    def words(self) -> str:
        of = f" of {self.components} components" if self.components else ""
        return f"{REPRESENTATION_TITLES[self.representation]}, {self.estimator}{of}"


NO_SAMPLES: Final = (
    "No column says which spectra are of one sample: repeats of a sample may fall on both sides, so the error is"
    " optimistic for new samples."
)
Told = tuple[RegressorCandidate, NDArray[np.float64]]  # a fit, and what it said of spectra held out (n,)


@dataclass(frozen=True, slots=True, eq=False)
class Regressor:
    """A learned quantity in the coordinates of a span: `mean` + rows @ `weights`, or a Gaussian process on `rows`."""

    mean: float
    weights: Floats
    rows: Floats | None = None
    length: float = 1.0

    def values(self, rows: Floats) -> NDArray[np.float64]:
        """Of `rows` (M, R) -> (M,)."""
        if self.rows is not None:
            rows = np.exp(-half_distances(rows, self.rows) / self.length**2)
        return np.asarray(self.mean + rows @ self.weights, dtype=np.float64)


def fit(one: RegressorCandidate, rows: Floats, values: Floats) -> Regressor:
    """A regression learned from `rows` (n, R) and their `values` (n,)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a length lies at its bound, or that a component explains nothing more
        if one.estimator == GAUSSIAN_PROCESS:
            return _process(rows, values)
        mean = float(values.mean())
        if one.estimator == PARTIAL_LEAST_SQUARES:
            from sklearn.cross_decomposition import PLSRegression

            many = max(1, min(one.components, rows.shape[1], len(rows) - 1))
            learned = PLSRegression(many, scale=False).fit(rows, values)
            weights = learned.coef_.reshape(-1)
            return Regressor(float(learned.intercept_[0] - learned._x_mean @ weights), weights)
        from sklearn.linear_model import RidgeCV

        ridge = RidgeCV(STRENGTHS).fit(rows, values - mean)
        return Regressor(float(ridge.intercept_) + mean, ridge.coef_)


def _process(rows: Floats, values: Floats) -> Regressor:
    """A Gaussian process with a smooth covariance and white noise, its lengths by marginal likelihood."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    mean, scale = float(values.mean()), float(values.std()) or 1.0
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * RBF(1.0, (0.1, 100.0)) + WhiteKernel(0.1, (1e-4, 10.0))
    learned = GaussianProcessRegressor(kernel, random_state=0).fit(rows, (values - mean) / scale)
    smooth = learned.kernel_.k1
    weights = learned.alpha_ * smooth.k1.constant_value * scale
    return Regressor(mean, weights, np.asarray(rows), float(smooth.k2.length_scale))


def finetune(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    given: ArrayLike | Sequence[Any],
    groups: ArrayLike | Sequence[Any] | None,
    plan: FinetunePlan,
    progress: Progress,
) -> FineTuningResult:
    """Teach a model the numbers `given` (N,); as `learning.finetune`, which calls this."""
    started = time.monotonic()
    numbers = labels.numbers(given, len(spectra))
    places = np.flatnonzero(np.isfinite(numbers))
    values = numbers[places]
    samples = labels.samples_of(groups, places, len(spectra))
    folds = deal(np.zeros(len(places), dtype=np.intp), samples, plan.folds or min(10, len(places)), plan.seed)
    representations = represent(extractor, spectra, representations=FOR_QUANTITIES, progress=progress)
    tried = _try_all(_fits(plan, representations, len(places)), representations, places, values, folds, progress)
    chosen = _choose(tried, values, folds)
    report = replace(
        _report(tried, chosen, places, values, folds),
        duplicates=label_errors.duplicates(spectra.values[places], places),
        seconds=time.monotonic() - started,
    )
    return FineTuningResult(_model(extractor, representations, plan, tried[chosen][0], report, folds), report)


def _report(tried: Sequence[Told], chosen: int, places: Places, values: Floats, folds: Folds) -> RegressionReport:
    """What the held-out spectra tell of the chosen fit."""
    one, predicted = tried[chosen]
    low, high = _bounds((predicted - values)[folds.tested], folds.unit[folds.tested])
    return RegressionReport(
        places=places,
        true=values,
        predicted=predicted,
        error=_rmse(predicted, values, folds),
        low=low,
        high=high,
        spread=float(values.std()),
        by_sample=folds.by_sample,
        chosen=one.words,
        attempts=tuple(CandidateScore(each.words, _rmse(told, values, folds)) for each, told in tried),
        duplicates=(),
        warnings=() if folds.by_sample else (NO_SAMPLES,),
        seconds=0.0,
    )


def _fits(plan: FinetunePlan, representations: Representations, many: int) -> list[RegressorCandidate]:
    """What is tried, the usual best first."""
    every = [
        RegressorCandidate(
            "heights", GAUSSIAN_PROCESS
        ),  # 6.6 % D₂O on single cells, where PLS of the spectrum leaves 8.1
        *(RegressorCandidate(representation, RIDGE) for representation in FOR_QUANTITIES),
        *(
            RegressorCandidate(representation, PARTIAL_LEAST_SQUARES, count)
            for representation in OF_COMPONENTS
            for count in COMPONENTS
        ),
        *(RegressorCandidate(representation, GAUSSIAN_PROCESS) for representation in ("lines", "spectrum", "joined")),
    ]
    return [
        one
        for one in every
        if representations.has(one.representation)
        and plan.representation in (AUTO, one.representation)
        and plan.estimator in (AUTO, one.estimator)
        and not (one.estimator == GAUSSIAN_PROCESS and many > MOST_OF_A_PROCESS)
    ] or [RegressorCandidate("joined", RIDGE)]


def _try_all(
    fits: Sequence[RegressorCandidate],
    representations: Representations,
    places: Places,
    values: Floats,
    folds: Folds,
    progress: Progress,
) -> list[Told]:
    """Each fit with what it said of spectra held out (n,), NaN where they never were; fewer when stopped."""
    tried: list[Told] = []
    spans: dict[str, NDArray[np.float64]] = {}
    try:
        for done, one in enumerate(fits):
            progress(done, len(fits), f"trying {one.words}")
            if one.representation not in spans:
                rows = representations.rows(one.representation)[places]
                spans[one.representation] = Subspace.of(rows).of_rows(rows)
            tried.append((one, _held_out(one, spans[one.representation], values, folds)))
            attempts = [CandidateScore(each.words, _rmse(told, values, folds)) for each, told in tried]
            best = min(attempts, key=lambda each: np.nan_to_num(each.accuracy, nan=np.inf))
            progress.show(TrainingProgress(attempts[-1], best, len(tried), len(fits)))
    except Cancelled:
        if not tried:
            raise
    return tried


def _held_out(one: RegressorCandidate, rows: Floats, values: Floats, folds: Folds) -> NDArray[np.float64]:
    told = np.full(len(values), np.nan)
    for learn, test in folds.splits():
        span = Subspace.of(rows[learn])
        told[test] = fit(one, span.of_rows(rows[learn]), values[learn]).values(span.of_rows(rows[test]))
    return told


def _rmse(told: Floats, values: Floats, folds: Folds) -> float:
    tested = folds.tested
    return float(np.sqrt(np.mean((told - values)[tested] ** 2))) if tested.any() else float("nan")


def _choose(tried: Sequence[Told], values: Floats, folds: Folds) -> int:
    """The number of the best, unless it is hardly ahead of the first: see `choosing.choose`."""
    tested = folds.tested
    if not tested.any():
        return 0
    squares = np.stack([(told - values)[tested] ** 2 for _, told in tried], axis=1)
    unit = np.unique(folds.unit[tested], return_inverse=True)[1]
    sums = np.zeros((int(unit.max()) + 1, len(tried)))
    np.add.at(sums, unit, squares)
    ahead = sums[:, [0]] - sums
    sure = ahead.sum(axis=0) > MARGIN * np.sqrt(np.sum(ahead**2, axis=0))
    sure[0] = True
    return int(np.argmin(np.where(sure, sums.sum(axis=0), np.inf)))


def _bounds(wrong: Floats, unit: Places) -> tuple[float, float]:
    """Between which the error lies in 95 of 100 cases: samples drawn with replacement, and Student's t for how few.

    Of the logarithm, as an error is a scale.
    """
    from scipy.stats import t

    inside = np.unique(unit, return_inverse=True)[1]
    many = int(inside.max()) + 1 if len(inside) else 0
    error = float(np.sqrt(np.mean(wrong**2))) if many else 0.0
    if many < 2 or error == 0:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(0).multinomial(many, np.full(many, 1 / many), size=DRAWS)[:, inside]
    squares = (drawn @ wrong**2) / np.maximum(drawn.sum(axis=1), 1)
    spread = float(np.std(np.log(np.maximum(squares, 1e-12 * error**2)) / 2)) * np.sqrt(many / (many - 1))
    reach = float(t.ppf(0.975, many - 1)) * spread
    return float(error * np.exp(-reach)), float(error * np.exp(reach))


def _model(
    extractor: FeatureExtractor,
    representations: Representations,
    plan: FinetunePlan,
    one: RegressorCandidate,
    report: RegressionReport,
    folds: Folds,
) -> FineTunedModel:
    rows, joined = (
        representations.rows(one.representation)[report.places],
        representations.rows("joined")[report.places],
    )
    span = Subspace.of(rows)
    learned = fit(one, span.of_rows(rows), report.true)
    kept = novelty.kept(np.zeros(len(joined), dtype=np.intp))
    arrays: dict[str, NDArray[Any]] = representations.arrays | {
        "axis": representations.denoised.axis,
        "kept": joined[kept],
        "span.mean": span.mean.astype(np.float32),
        "span.basis": span.basis.astype(np.float32),
        "curve.mean": np.array([learned.mean]),
        "curve.weights": learned.weights.astype(np.float64),
    }
    if learned.rows is not None:
        arrays |= {"curve.rows": learned.rows.astype(np.float64), "curve.length": np.array([learned.length])}
    card = FineTunedModelCard(
        name="",
        kind=QUANTITY,
        classes=(),
        counts=(len(report.places),),
        parent=extractor.parent,
        parent_sha256=extractor.sha256,
        representation=one.representation,
        estimator=one.estimator,
        axis_cm=(float(arrays["axis"][0]), float(arrays["axis"][-1])),
        novelty_threshold=novelty.novelty_threshold(
            joined, np.zeros(len(joined), np.intp), folds, plan.false_unknown_rate
        ),
        settings=asdict(plan) | {"components": one.components},
        figures=_figures(report),
        notes=(report.headline, *report.warnings),
        software=f"RamanStudio {__version__}",
        made=date.today().isoformat(),
    )
    return FineTunedModel(card, arrays)


def _figures(report: RegressionReport) -> dict[str, float]:
    bounds = {"RMSE, low": report.low, "RMSE, high": report.high}
    return {"RMSE held out": report.error, **bounds, "spread of the quantity": report.spread}


def predicted(model: FineTunedModel, representations: Representations) -> NDArray[np.float64]:
    """The quantity in each of N spectra, by what was read of them (N,)."""
    arrays = model.arrays
    span = Subspace(arrays["span.mean"], arrays["span.basis"])
    length = float(arrays["curve.length"][0]) if "curve.length" in arrays else 1.0
    curve = Regressor(float(arrays["curve.mean"][0]), arrays["curve.weights"], arrays.get("curve.rows"), length)
    return curve.values(span.of_rows(representations.rows(model.card.representation)))
