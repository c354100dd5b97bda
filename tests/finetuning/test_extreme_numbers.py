"""Spectra with extreme numbers are fine-tuned on and classified, or refused with a sentence; nothing else is raised."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.label_errors import check_labels
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import AXIS, EXTRACTOR, substances


def scaled(factor: float) -> SpectrumSet:
    spectra, _ = substances(6)
    return SpectrumSet.of(AXIS, spectra.values.astype(np.float64) * factor)


def on_axis(low: float, high: float) -> SpectrumSet:
    return SpectrumSet.of(np.linspace(low, high, len(AXIS)), substances(6)[0].values)


def mixed_sizes() -> SpectrumSet:
    spectra, _ = substances(6)
    return SpectrumSet.of(AXIS, spectra.values * 10.0 ** (np.arange(18)[:, None] % 7 * 6 - 12))


def with_constant_rows() -> SpectrumSet:
    values = substances(6)[0].values.copy()
    values[::5] = 3.0
    return SpectrumSet.of(AXIS, values)


WORKING = {
    "intensities of 1e37": lambda: scaled(1e37),
    "intensities of 1e-12": lambda: scaled(1e-12),
    "denormal intensities": lambda: scaled(1e-38),
    "sizes from 1e-12 to 1e24": mixed_sizes,
    "some constant rows": with_constant_rows,
    "negative intensities": lambda: scaled(-1.0),
    "an axis of a tenth of a wavenumber": lambda: on_axis(300, 300.1),
}
REFUSED = {
    "an axis to 1e300": lambda: on_axis(-1e300, 1e300),
    "an axis to 1e9": lambda: on_axis(0, 1e9),
    "constant spectra": lambda: SpectrumSet.of(AXIS, np.full((18, len(AXIS)), 7.0)),
    "zeros": lambda: SpectrumSet.of(AXIS, np.zeros((18, len(AXIS)))),
    "identical spectra": lambda: SpectrumSet.of(AXIS, np.repeat(substances(1)[0].values[:1], 18, axis=0)),
    "two samples": lambda: SpectrumSet.of(AXIS[:2], np.random.default_rng(0).random((18, 2))),
}
LABELS = substances(6)[1]


@pytest.fixture(scope="module")
def model():
    spectra, names = substances(6)
    return finetune(EXTRACTOR, spectra, names, plan=FinetunePlan(importance=False)).model


@pytest.mark.parametrize("case", WORKING)
def test_extreme_spectra_are_fine_tuned_on_and_classified(case):
    spectra = WORKING[case]()
    result = finetune(EXTRACTOR, spectra, LABELS)
    predicted = classify(EXTRACTOR, spectra, result.model)
    assert np.isfinite(predicted.probabilities).all()
    if case != "some constant rows":
        assert np.mean(predicted.labels == LABELS) > 0.9
    check_labels(spectra, spectra, LABELS)


@pytest.mark.parametrize("case", REFUSED)
def test_spectra_without_information_are_refused_with_a_sentence(case):
    with pytest.raises(StudioError) as error:
        finetune(EXTRACTOR, REFUSED[case](), LABELS)
    assert str(error.value).count(".") >= 1


@pytest.mark.parametrize("case", {**WORKING, **REFUSED})
def test_extreme_spectra_are_classified_or_refused_by_a_model_of_usual_ones(case, model):
    spectra = {**WORKING, **REFUSED}[case]()
    try:
        predicted = classify(EXTRACTOR, spectra, model)
    except StudioError:
        return
    assert np.isfinite(predicted.probabilities).all() and len(predicted.labels) == len(spectra)


@pytest.mark.parametrize("case", {**WORKING, **REFUSED})
def test_a_quantity_of_extreme_spectra_is_predicted_or_refused(case):
    spectra, numbers = {**WORKING, **REFUSED}[case](), np.arange(18) % 6
    try:
        result = finetune(EXTRACTOR, spectra, numbers, plan=FinetunePlan(quantity=True, estimator="ridge"))
    except StudioError:
        return
    assert np.isfinite(classify(EXTRACTOR, spectra, result.model).values).all()


@pytest.mark.parametrize("estimator", ["PLS", "ridge", "Gaussian process"])
def test_every_regressor_copes_with_constant_spectra(estimator):
    spectra, numbers = with_constant_rows(), np.arange(18) % 6
    plan = FinetunePlan(quantity=True, representation="lines", estimator=estimator)
    try:
        finetune(EXTRACTOR, spectra, numbers, plan=plan)
        finetune(EXTRACTOR, REFUSED["zeros"](), numbers, plan=plan)
    except StudioError:
        return


@pytest.mark.parametrize("numbers", [np.full(18, 1e300), np.linspace(-1e307, 1e307, 18), np.linspace(1e31, 2e31, 18)])
def test_absurd_numbers_to_predict_are_refused_with_a_sentence(numbers):
    spectra, _ = substances(6)
    with pytest.raises(StudioError, match=r"too large|equal ones"):
        finetune(EXTRACTOR, spectra, [f"{number:.17g}" for number in numbers], plan=FinetunePlan(quantity=True))


def test_no_spectra_are_classified_to_nothing_and_not_trained_on(model):
    none = SpectrumSet.of(AXIS, np.empty((0, len(AXIS))))
    predicted = classify(EXTRACTOR, none, model)
    assert len(predicted.labels) == 0 and predicted.probabilities.shape == (0, 3)
    with pytest.raises(StudioError):
        finetune(EXTRACTOR, none, [])


@pytest.fixture(scope="module")
def engine():
    return Engine.load("smae-small", device="cpu", threads=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the mean of 300 intensities of 1e37 overflows when denoising
@pytest.mark.parametrize("case", {**WORKING, **REFUSED})
def test_the_shipped_model_copes_with_extreme_spectra(case, engine):
    spectra = {**WORKING, **REFUSED}[case]()
    try:
        result = engine.finetune(spectra, LABELS, plan=FinetunePlan(importance=False, estimator="LDA"))
        predicted = engine.classify(spectra, result.model)
    except StudioError:
        return
    assert np.isfinite(predicted.probabilities).all()
