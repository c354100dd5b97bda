"""The RamanBench tasks are read with their folds, and a figure is ranked among those published."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import ramanbench

data_is_here = pytest.mark.skipif(not ramanbench.FOLDER.exists(), reason="the shared benchmark tasks are not here")


def test_a_figure_is_ranked_among_the_published_ones():
    published = {"a": 1.0, "b": 2.0, "c": 3.0}
    assert ramanbench.rank_of(2.5, published, lower_is_better=True) == 3
    assert ramanbench.rank_of(2.5, published, lower_is_better=False) == 2


def test_models_without_a_figure_for_every_fold_are_left_out(tmp_path):
    rows = [("pls", 0, 2), ("pls", 1, 4), ("net", 0, 1), ("net", 1, ""), ("half", 0, 1)]
    text = "model,dataset,fold,accuracy,rmse\n" + "".join(f"{name},g__0,{fold},,{rmse}\n" for name, fold, rmse in rows)
    (tmp_path / "published.csv").write_text(text, encoding="utf-8")
    task = ramanbench.Task("task", "g", 0, "target")
    assert ramanbench.published_figures(task, tmp_path / "published.csv") == {"pls": 3.0}


def test_the_calibration_error_is_the_distance_of_confidence_and_accuracy():
    confidence, correct = np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, True, True, False])
    assert ramanbench.expected_calibration_error(confidence, correct) == pytest.approx(0.05)


@data_is_here
@pytest.mark.parametrize("name", ["ait", "anton glucose", "diabetes", "marine"])
def test_a_task_is_read_with_its_folds(name):
    task = next(task for task in ramanbench.TASKS if task.name == name)
    data = ramanbench.read_task(task)
    tested = np.concatenate([test for _, test in data.splits()])
    assert sorted(tested.tolist()) == list(range(len(data.spectra))) and len(list(data.splits())) == 3
    assert len(data.labels) == len(data.spectra) and len(ramanbench.published_figures(task)) > 50
    if data.samples is not None:
        for train, test in data.splits():
            assert not set(data.samples[train]) & set(data.samples[test])
