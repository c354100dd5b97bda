"""A model is evaluated on a test set of the user's own, and spectra that differ from those learned are told of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.evaluation import evaluate_test_set
from ramanstudio.finetuning.novelty import describe_shift
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import EXTRACTOR, mixtures, substances


@pytest.fixture(scope="module")
def classified():
    spectra, names = substances(8)
    is_trained = names != "zircon"
    plan = FinetunePlan("spectrum", "LDA", importance=False)
    model = finetune(EXTRACTOR, spectra[is_trained], names[is_trained], plan=plan).model
    return classify(EXTRACTOR, spectra, model), names, model.card


def test_a_test_set_gives_accuracy_recall_and_what_was_not_trained_on(classified):
    predicted, names, card = classified
    given = names.copy()
    given[0] = "quartz"  # it is talc
    given[1] = ""
    report = evaluate_test_set(predicted, given, None, card)
    assert (
        report.n_spectra == 15 and report.figure == pytest.approx(14 / 15) and report.low < report.figure < report.high
    )
    assert report.recall == (("quartz", 9, pytest.approx(8 / 9)), ("talc", 6, 1.0))
    assert (report.n_untrained, report.n_untrained_unknown) == (8, 8)
    assert "93 %" in report.sentences[0] and "8 of them were called unknown" in " ".join(report.sentences)
    assert "another instrument" in report.sentences[-1]


def test_spectra_of_one_sample_count_as_one(classified):
    predicted, names, card = classified
    wrong = np.where(np.arange(len(names)) < 4, "quartz", names)
    alone = evaluate_test_set(predicted, wrong, None, card)
    together = evaluate_test_set(predicted, wrong, np.arange(len(names)) // 4, card)
    assert together.high - together.low > alone.high - alone.low


def test_a_test_set_without_known_labels_is_refused(classified):
    predicted, names, card = classified
    with pytest.raises(StudioError, match="None of the test spectra"):
        evaluate_test_set(predicted, np.full(len(names), "gypsum"), None, card)


def test_a_quantity_is_evaluated_by_its_error():
    spectra, share = mixtures(24)
    plan = FinetunePlan("spectrum", "ridge", quantity=True)
    model = finetune(EXTRACTOR, spectra[:16], share[:16], plan=plan).model
    predicted = classify(EXTRACTOR, spectra[16:], model)
    report = evaluate_test_set(predicted, share[16:], None, model.card)
    assert predicted.values is not None
    assert report.figure == pytest.approx(np.sqrt(np.mean((predicted.values - share[16:]) ** 2)))
    assert "RMSE" in report.sentences[0]


def test_values_beyond_the_calibrated_range_are_marked_as_extrapolated():
    spectra, share = mixtures(30, levels=6)
    is_learned = share < 0.7
    plan = FinetunePlan("spectrum", "ridge", quantity=True)
    model = finetune(EXTRACTOR, spectra[is_learned], share[is_learned], plan=plan).model
    assert model.card.calibrated_range == pytest.approx((0, 0.6))
    predicted = classify(EXTRACTOR, spectra, model)
    assert predicted.extrapolated.tolist() == (share > 0.7).tolist()
    assert "10 of 30 values are extrapolated: outside 0 to 0.6" in predicted.extrapolation
    assert "extrapolated" in evaluate_test_set(predicted, share, None, model.card).sentences[-1]
    assert classify(EXTRACTOR, spectra[is_learned], model).extrapolation == ""


def test_a_model_that_does_not_say_its_range_marks_nothing():
    spectra, share = mixtures(12)
    model = finetune(EXTRACTOR, spectra, share, plan=FinetunePlan("spectrum", "ridge", quantity=True)).model
    old = {name: figure for name, figure in model.card.figures.items() if "learned" not in name}
    model = replace(model, card=replace(model.card, figures=old))
    assert not classify(EXTRACTOR, spectra, model).extrapolated.any()


@pytest.mark.parametrize(
    ("n_unknown", "n_spectra", "is_shift"), [(2, 100, False), (9, 100, False), (30, 100, True), (1, 3, False)]
)
def test_a_shift_is_said_only_where_chance_does_not_explain_it(n_unknown, n_spectra, is_shift):
    assert bool(describe_shift(n_unknown, n_spectra, 0.02)) is is_shift
