"""With one label a class and many unlabelled spectra, labels are spread along neighbours, and the report says so."""

from __future__ import annotations

import numpy as np

from ramanstudio.finetuning import label_spreading
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.labels import parse_classes
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import EXTRACTOR, first_labels, substances

CURVE = np.linspace(0, 3, 60)


def two_moons() -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (120, 2) of two curves, whose far ends are nearer to the label of the other, and their class."""
    first = np.stack([np.cos(CURVE), np.sin(CURVE)], axis=1)
    second = np.stack([1 - np.cos(CURVE), 0.5 - np.sin(CURVE)], axis=1)
    return np.concatenate([first, second]), np.repeat(["a", "b"], 60)


def test_labels_follow_the_neighbours_and_not_the_distance():
    rows, names = two_moons()
    known = parse_classes(first_labels(names.astype(object), 1), None, len(names))
    spread = label_spreading.spread_labels(rows, known)
    assert np.mean(np.array(known.classes)[spread.targets] == names) > 0.95
    assert spread.agreement < 0.8


def test_one_label_a_class_is_spread_and_said_to_be():
    spectra, names = substances(24, noise=0.4)
    result = finetune(EXTRACTOR, spectra, first_labels(names, 1), plan=FinetunePlan(importance=False))
    assert label_spreading.NOTE in result.report.warnings and "spread" in result.report.chosen
    assert not result.report.expected.is_measured
    predicted = classify(EXTRACTOR, spectra[:5], result.model)  # a few alone: the model needs no neighbours
    assert np.mean(predicted.labels == names[:5]) == 1


def test_labels_are_not_spread_where_there_are_more_labels_or_few_spectra():
    for count, per_class in ((24, 2), (6, 1)):
        spectra, names = substances(count)
        report = finetune(
            EXTRACTOR, spectra, first_labels(names, per_class), plan=FinetunePlan(importance=False)
        ).report
        assert label_spreading.NOTE not in report.warnings
