"""A model that was taught a few labels names the rest, says what it does not know, and states what it is worth."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.report import ClassificationReport, TrainingProgress
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import AXIS, LINES, SIGHT, substances


def some_labels(names: np.ndarray, each: int) -> np.ndarray:
    """The first `each` labels of each class; the others are blank."""
    given = np.full(len(names), "", dtype=object)
    for name in np.unique(names.astype(str)):
        given[np.flatnonzero(names == name)[:each]] = name
    return given


@pytest.fixture(scope="module")
def taught():
    spectra, names = substances(12)
    return finetune(SIGHT, spectra, some_labels(names, 5))


def test_a_few_labels_name_the_rest(taught):
    spectra, names = substances(12)
    found = classify(SIGHT, spectra, taught.model)
    assert np.mean(found.labels == names) == 1
    assert found.unknown.mean() < 0.1
    assert np.allclose(found.probabilities.sum(axis=1), 1)


def test_one_label_a_class_is_enough_to_begin_and_no_figure_is_made_up():
    spectra, names = substances(6)
    found = finetune(SIGHT, spectra, some_labels(names, 1))
    assert np.mean(classify(SIGHT, spectra, found.model).labels == names) > 0.9
    assert not found.report.expected.is_measured and "not measured" in found.report.headline
    assert any("Fewer than three" in one for one in found.report.warnings)


def test_what_is_unlike_all_classes_is_unknown(taught):
    values = np.exp(-0.5 * ((AXIS - np.array([[850.0], [1400.0]])) / 12) ** 2)
    noise = 0.05 * np.random.default_rng(5).standard_normal(values.shape)
    found = classify(SIGHT, SpectrumSet.of(AXIS, values + noise), taught.model)
    assert found.unknown.all()
    assert found.told.tolist() == [UNKNOWN, UNKNOWN]


def test_the_stated_interval_holds_what_comes_true():
    # noise so strong that some are wrong; the interval of each draw against the accuracy on all others
    inside, wide = [], []
    for seed in range(10):
        spectra, names = substances(30, noise=1.6)
        order = np.random.default_rng(seed).permutation(len(names))
        spectra, names = spectra[order], names[order]
        plan = FinetunePlan(representation="spectrum", estimator="LDA", seed=seed)
        found = finetune(SIGHT, spectra, some_labels(names, 10), plan=plan)
        rest = np.array(some_labels(names, 10) == "")
        true = np.mean(classify(SIGHT, spectra[rest], found.model).labels == names[rest])
        one = found.report.expected
        inside.append(one.low <= true <= one.high)
        wide.append(one.high - one.low)
    assert np.mean(inside) >= 0.8 and np.mean(wide) < 0.5


def test_repeats_of_one_sample_never_check_each_other():
    # the label hangs on the sample alone: who tests on repeats believes to know it
    spectra, _ = substances(24, names=("talc",))
    draw = np.random.default_rng(0)
    samples = np.repeat(np.arange(8), 3)
    own = np.repeat(draw.normal(0, 0.3, (8, len(AXIS))), 3, axis=0)
    labels = np.array(["sick", "well"] * 4, dtype=object)[samples]
    spectra = spectra.with_values(spectra.values + own)
    plan = FinetunePlan(representation="spectrum", estimator="nearest")
    without, with_samples = (finetune(SIGHT, spectra, labels, groups, plan).report for groups in (None, samples))
    assert without.expected.held_out > 0.9 and not without.by_sample
    assert with_samples.expected.held_out < 0.8 and with_samples.by_sample
    assert any("optimistic" in one for one in without.warnings)


def test_all_repeats_of_one_sample_are_parted_by_spectrum_and_said_to_be_optimistic():
    spectra, names = substances(6)
    report = finetune(SIGHT, spectra, names, groups=names).report
    assert not report.by_sample and report.expected.is_measured
    assert any("optimistic" in one for one in report.warnings)


def test_a_label_that_the_spectrum_contradicts_is_a_suspect():
    spectra, names = substances(12)
    names[3] = "zircon"  # it is talc
    report = finetune(SIGHT, spectra, names).report
    assert [(one.place, one.told) for one in report.suspects] == [(3, "talc")]
    assert report.confusion.sum() == 36 and report.recall[2] < 1


def test_spectra_given_twice_are_found():
    spectra, names = substances(6)
    values = spectra.values.copy()
    values[4] = 3 * values[1] + 7
    assert finetune(SIGHT, spectra.with_values(values), names).report.duplicates == ((1, 4),)


def test_the_bands_it_relied_on_are_lines_of_the_substances(taught):
    lines = np.array([line for pair in LINES.values() for line in pair])
    first = taught.report.bands[0]
    assert np.any((lines > first.low_cm - 15) & (lines < first.high_cm + 15))


def test_five_spectra_without_a_label_are_proposed(taught):
    proposed = taught.report.next_to_label
    assert len(set(proposed)) == 5 and not set(proposed) & set(taught.report.places.tolist())


def test_labels_may_have_blanks_and_odd_letters_and_are_told_apart_by_capitals():
    spectra, _ = substances(4)
    labels = np.repeat(np.array([" µ-Talc  №1", 'b,\n"c" ', "zircon/β"], dtype=object), 4)
    labels[0], labels[1], labels[5] = None, "\ufeffµ-Talc\u200b №1", float("nan")
    report = finetune(SIGHT, spectra, labels).report
    assert report.classes == ('b, "c"', "zircon/β", "µ-Talc №1") and report.counts == (3, 4, 3)
    labels[4] = 'B, "C"'
    assert any("capitals" in one for one in finetune(SIGHT, spectra, labels).report.warnings)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["talc"] * 6, "one class"),
        ([""] * 6, "has a label"),
        (["talc", "quartz"], "2 labels for 6 spectra"),
    ],
)
def test_labels_that_nothing_can_be_learned_from_are_refused_with_a_sentence(labels, said):
    spectra, _ = substances(2)
    with pytest.raises(StudioError, match=said):
        finetune(SIGHT, spectra, labels)


def test_two_hundred_classes_are_learned():
    draw = np.random.default_rng(0)
    axis = np.linspace(200, 3000, 400)
    centres = np.repeat(draw.uniform(250, 2950, (200, 6, 1)), 2, axis=0)
    values = np.exp(-0.5 * ((axis - centres) / 10) ** 2).sum(axis=1) + 0.05 * draw.standard_normal((400, 400))
    names = np.repeat([f"species {number:03}" for number in range(200)], 2)
    found = finetune(SIGHT, SpectrumSet.of(axis, values), names, plan=FinetunePlan(estimator="nearest"))
    assert len(found.report.classes) == 200 and found.report.expected.accuracy > 0.9


def test_stopped_it_keeps_the_best_so_far():
    spectra, names = substances(8)
    seen: list[TrainingProgress] = []

    def two_are_enough() -> bool:
        return len(seen) >= 2

    found = finetune(SIGHT, spectra, names, progress=Progress(on_show=seen.append, is_cancelled=two_are_enough))
    assert isinstance(found.report, ClassificationReport) and len(found.report.attempts) == len(seen) == 2
    assert seen[-1].best.accuracy >= seen[0].attempt.accuracy


def test_stopped_before_anything_is_learned_it_is_cancelled():
    spectra, names = substances(4)
    with pytest.raises(Cancelled):
        finetune(SIGHT, spectra, names, progress=Progress(is_cancelled=lambda: True))


def test_what_is_best_on_the_labels_is_chosen_where_the_usual_reading_fails():
    # what tells the classes apart is how the spectrum leans: no line, no slope of a line, gone without the baseline
    draw = np.random.default_rng(1)
    lean = np.repeat([-1.0, 1.0], 20)[:, None] * (AXIS - 1000) / 3000
    values = 1 + lean + 0.3 * draw.standard_normal((40, len(AXIS)))
    report = finetune(SIGHT, SpectrumSet.of(AXIS, values), ["down"] * 20 + ["up"] * 20).report
    assert report.chosen.startswith("spectrum as it was measured") and report.expected.held_out > 0.95


def test_a_spectrum_on_another_axis_is_named_if_it_covers_the_range(taught):
    axis = np.linspace(250, 1800, 700)
    spectra, names = substances(3, axis=axis)
    assert np.mean(classify(SIGHT, spectra, taught.model).labels == names) == 1
    short, _ = substances(1, axis=np.linspace(300, 1200, 300))
    with pytest.raises(StudioError, match="reach from 300 to 1200"):
        classify(SIGHT, short, taught.model)


def test_a_quantity_is_predicted_with_its_error():
    spectra, share = mixtures()
    given = [f"{100 * one:.1f} %" if place % 2 else "" for place, one in enumerate(share)]
    found = finetune(SIGHT, spectra, given)
    told = classify(SIGHT, spectra, found.model)
    error = np.sqrt(np.mean((told.values - 100 * share) ** 2))
    assert error < 6 and 0.5 < found.report.error / error < 2
    assert found.report.low <= found.report.error <= found.report.high
    assert found.report.spread > 20 and "RMSE" in found.report.headline and not told.unknown.any()


def test_numbers_are_classes_unless_they_are_said_to_be_a_quantity():
    spectra, share = mixtures(levels=3)
    levels = [f"{100 * one:.0f}" for one in share]
    assert isinstance(finetune(SIGHT, spectra, levels).report, ClassificationReport)
    asked = finetune(SIGHT, spectra, levels, plan=FinetunePlan(quantity=True), progress=SILENT)
    assert asked.report.error < 10 and asked.model.card.kind == "quantity"
    with pytest.raises(StudioError, match="'much' is not a number"):
        finetune(SIGHT, spectra, ["much", *levels[1:]], plan=FinetunePlan(quantity=True))


def mixtures(many: int = 40, levels: int = 0) -> tuple[SpectrumSet, np.ndarray]:
    """Mixtures of talc and quartz, and how much of quartz there is (N,), from 0 to 1."""
    draw = np.random.default_rng(3)
    share = np.linspace(0, 1, levels)[np.arange(many) % levels] if levels else draw.random(many)
    (talc, _), (quartz, _) = (substances(1, names=(name,), noise=0) for name in ("talc", "quartz"))
    scale = [one.values[0] / np.ptp(one.values[0]) for one in (talc, quartz)]
    values = (1 - share)[:, None] * scale[0] + share[:, None] * scale[1]
    return SpectrumSet.of(AXIS, values + 0.02 * draw.standard_normal(values.shape)), share
