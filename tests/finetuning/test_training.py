"""A model trained on a few labels classifies the rest, detects unknown spectra, and states its accuracy."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.labels import look_numeric
from ramanstudio.finetuning.report import ClassificationReport, TrainingProgress
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import AXIS, EXTRACTOR, LINES, first_labels, mixtures, substances


@pytest.fixture(scope="module")
def result():
    spectra, names = substances(12)
    return finetune(EXTRACTOR, spectra, first_labels(names, 5))


def test_a_few_labels_classify_the_rest(result):
    spectra, names = substances(12)
    predicted = classify(EXTRACTOR, spectra, result.model)
    assert np.mean(predicted.labels == names) == 1
    assert predicted.unknown.mean() < 0.1
    assert np.allclose(predicted.probabilities.sum(axis=1), 1)


def test_with_one_label_a_class_the_accuracy_is_not_measured():
    spectra, names = substances(6)
    result = finetune(EXTRACTOR, spectra, first_labels(names, 1))
    assert np.mean(classify(EXTRACTOR, spectra, result.model).labels == names) > 0.9
    assert not result.report.expected.is_measured and "not measured" in result.report.headline
    assert any("Fewer than three" in warning for warning in result.report.warnings)


def test_a_spectrum_unlike_all_classes_is_unknown(result):
    values = np.exp(-0.5 * ((AXIS - np.array([[850.0], [1400.0]])) / 12) ** 2)
    noise = 0.05 * np.random.default_rng(5).standard_normal(values.shape)
    predicted = classify(EXTRACTOR, SpectrumSet.of(AXIS, values + noise), result.model)
    assert predicted.unknown.all()
    assert predicted.labels_or_unknown.tolist() == [UNKNOWN, UNKNOWN]


def test_the_stated_interval_holds_the_true_accuracy():
    # noise so strong that some are wrong; the interval of each draw against the accuracy on all others
    inside, widths = [], []
    for seed in range(10):
        spectra, names = substances(30, noise=1.6)
        order = np.random.default_rng(seed).permutation(len(names))
        spectra, names = spectra[order], names[order]
        plan = FinetunePlan(representation="spectrum", estimator="LDA", seed=seed)
        result = finetune(EXTRACTOR, spectra, first_labels(names, 10), plan=plan)
        rest = np.array(first_labels(names, 10) == "")
        true = np.mean(classify(EXTRACTOR, spectra[rest], result.model).labels == names[rest])
        expected = result.report.expected
        inside.append(expected.low <= true <= expected.high)
        widths.append(expected.high - expected.low)
    assert np.mean(inside) >= 0.8 and np.mean(widths) < 0.5


def test_replicates_of_a_sample_stay_in_one_fold():
    # the label depends on the sample alone: cross-validation over replicates would find it easy
    spectra, _ = substances(24, names=("talc",))
    rng = np.random.default_rng(0)
    samples = np.repeat(np.arange(8), 3)
    sample_effect = np.repeat(rng.normal(0, 0.3, (8, len(AXIS))), 3, axis=0)
    labels = np.array(["sick", "well"] * 4, dtype=object)[samples]
    spectra = spectra.with_values(spectra.values + sample_effect)
    plan = FinetunePlan(representation="spectrum", estimator="nearest")
    without, with_samples = (finetune(EXTRACTOR, spectra, labels, groups, plan).report for groups in (None, samples))
    assert without.expected.cross_validated > 0.9 and not without.by_sample
    assert with_samples.expected.cross_validated < 0.8 and with_samples.by_sample
    assert any("optimistic" in warning for warning in without.warnings)


def test_classes_of_one_sample_are_split_by_spectrum_with_a_warning():
    spectra, names = substances(6)
    report = finetune(EXTRACTOR, spectra, names, groups=names).report
    assert not report.by_sample and report.expected.is_measured
    assert any("optimistic" in warning for warning in report.warnings)


def test_a_label_that_the_spectrum_contradicts_is_a_possible_label_error():
    spectra, names = substances(12)
    names[3] = "zircon"  # it is talc
    report = finetune(EXTRACTOR, spectra, names).report
    assert [(row.index, row.predicted) for row in report.label_errors] == [(3, "talc")]
    assert report.confusion.sum() == 36 and report.recall[2] < 1


def test_duplicate_spectra_are_reported():
    spectra, names = substances(6)
    values = spectra.values.copy()
    values[4] = 3 * values[1] + 7
    assert finetune(EXTRACTOR, spectra.with_values(values), names).report.duplicates == ((1, 4),)


def test_the_most_important_range_holds_a_band_of_a_substance(result):
    bands = np.array([band for pair in LINES.values() for band in pair])
    first = result.report.important_ranges[0]
    assert np.any((bands > first.low_cm - 15) & (bands < first.high_cm + 15))


def test_five_unlabelled_spectra_are_suggested_for_labelling(result):
    suggested = result.report.suggested
    assert len(set(suggested)) == 5 and not set(suggested) & set(result.report.indices.tolist())


def test_labels_may_have_blanks_and_odd_letters_and_capitals_differ():
    spectra, _ = substances(4)
    labels = np.repeat(np.array([" µ-Talc  №1", 'b,\n"c" ', "zircon/β"], dtype=object), 4)
    labels[0], labels[1], labels[5] = None, "\ufeffµ-Talc\u200b №1", float("nan")
    report = finetune(EXTRACTOR, spectra, labels).report
    assert report.classes == ('b, "c"', "zircon/β", "µ-Talc №1") and report.counts == (3, 4, 3)
    labels[4] = 'B, "C"'
    assert any("capitals" in warning for warning in finetune(EXTRACTOR, spectra, labels).report.warnings)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["talc"] * 6, "one class"),
        ([""] * 6, "has a label"),
        (["talc", "quartz"], "2 labels for 6 spectra"),
    ],
)
def test_unsuitable_labels_are_refused_with_a_sentence(labels, sentence):
    spectra, _ = substances(2)
    with pytest.raises(StudioError, match=sentence):
        finetune(EXTRACTOR, spectra, labels)


def test_two_hundred_classes_are_learned():
    rng = np.random.default_rng(0)
    axis = np.linspace(200, 3000, 400)
    centres = np.repeat(rng.uniform(250, 2950, (200, 6, 1)), 2, axis=0)
    values = np.exp(-0.5 * ((axis - centres) / 10) ** 2).sum(axis=1) + 0.05 * rng.standard_normal((400, 400))
    names = np.repeat([f"species {number:03}" for number in range(200)], 2)
    result = finetune(EXTRACTOR, SpectrumSet.of(axis, values), names, plan=FinetunePlan(estimator="nearest"))
    assert len(result.report.classes) == 200 and result.report.expected.accuracy > 0.9


def test_stopped_training_keeps_the_best_so_far():
    spectra, names = substances(8)
    shown: list[TrainingProgress] = []

    def two_are_enough() -> bool:
        return len(shown) >= 2

    result = finetune(EXTRACTOR, spectra, names, progress=Progress(on_show=shown.append, is_cancelled=two_are_enough))
    assert isinstance(result.report, ClassificationReport) and len(result.report.candidates) == len(shown) == 2
    assert shown[-1].best.score >= shown[0].candidate.score


def test_training_stopped_before_the_first_candidate_is_cancelled():
    spectra, names = substances(4)
    with pytest.raises(Cancelled):
        finetune(EXTRACTOR, spectra, names, progress=Progress(is_cancelled=lambda: True))


def test_another_representation_is_selected_where_the_default_one_fails():
    # the classes differ in the slope of the whole spectrum: no band, no derivative of one, gone without the baseline
    rng = np.random.default_rng(1)
    slope = np.repeat([-1.0, 1.0], 20)[:, None] * (AXIS - 1000) / 3000
    values = 1 + slope + 0.3 * rng.standard_normal((40, len(AXIS)))
    report = finetune(EXTRACTOR, SpectrumSet.of(AXIS, values), ["down"] * 20 + ["up"] * 20).report
    assert report.chosen.startswith("measured spectrum") and report.expected.cross_validated > 0.95


def test_a_spectrum_on_another_axis_is_classified_if_it_covers_the_range(result):
    axis = np.linspace(250, 1800, 700)
    spectra, names = substances(3, axis=axis)
    assert np.mean(classify(EXTRACTOR, spectra, result.model).labels == names) == 1
    short, _ = substances(1, axis=np.linspace(300, 1200, 300))
    with pytest.raises(StudioError, match="reach from 300 to 1200"):
        classify(EXTRACTOR, short, result.model)


def test_a_quantity_is_predicted_with_its_error():
    spectra, share = mixtures()
    labels = [f"{100 * value:.1f} %" if number % 2 else "" for number, value in enumerate(share)]
    result = finetune(EXTRACTOR, spectra, labels)
    predicted = classify(EXTRACTOR, spectra, result.model)
    error = np.sqrt(np.mean((predicted.values - 100 * share) ** 2))
    assert error < 6 and 0.5 < result.report.rmse / error < 2
    assert result.report.low <= result.report.rmse <= result.report.high
    assert result.report.standard_deviation > 20 and "RMSE" in result.report.headline and not predicted.unknown.any()


def test_numbers_with_repeats_are_a_quantity_unless_they_are_said_to_be_classes():
    spectra, share = mixtures(levels=3)
    levels = [f"{100 * value:.0f}" for value in share]
    regression = finetune(EXTRACTOR, spectra, levels, progress=SILENT)
    assert regression.report.rmse < 10 and regression.model.card.kind == "quantity"
    as_classes = finetune(EXTRACTOR, spectra, levels, plan=FinetunePlan(quantity=False))
    assert isinstance(as_classes.report, ClassificationReport)
    with pytest.raises(StudioError, match="'much' is not a number"):
        finetune(EXTRACTOR, spectra, ["much", *levels[1:]], plan=FinetunePlan(quantity=True))


@pytest.mark.parametrize(
    ("values", "is_quantity"),
    [
        (["0", "0.5", "1", "5", "10", "20"], True),
        (["0,1", "0,2", "0,4"], True),
        (["10 %", "50 %", "90 %"], True),
        ([str(day) for day in range(1, 15)], True),
        ([f"{number:02}" for number in range(20)], False),
        (["0", "1"], False),
        (["1", "2", "3", "4"], False),
        (["10", "20"], False),
        (["1", "2", "control"], False),
        (["", ""], False),
    ],
)
def test_codes_of_classes_are_told_from_a_quantity(values, is_quantity):
    assert look_numeric(values * 5, 5 * len(values)) == is_quantity


def test_the_card_states_how_the_model_was_trained():
    spectra, names = substances(8)
    complete = finetune(EXTRACTOR, spectra, first_labels(names, 5), groups=np.arange(24) // 2).model.card
    assert any("evaluated by 3-fold cross-validation, replicates of a sample in one fold." in note
               for note in complete.notes), complete.notes  # fmt: skip
    shown: list[TrainingProgress] = []
    progress = Progress(on_show=shown.append, is_cancelled=lambda: len(shown) >= 2)
    stopped = finetune(EXTRACTOR, spectra, names, progress=progress).model.card
    assert any("2 candidates evaluated" in note and "before training was stopped" in note for note in stopped.notes)
    unmeasured = finetune(EXTRACTOR, spectra, first_labels(names, 1)).model.card
    assert any("without cross-validation" in note for note in unmeasured.notes)
    assert "before training was stopped" not in complete.text() and "smoother" in complete.text()
