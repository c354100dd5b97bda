"""The fine-tuning wizard: five pages from a few labels to classified spectra, driven as a user would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWizard

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import classification, finetuned_model, training
from ramanstudio.gui.document.denoising import load_engine
from ramanstudio.gui.finetuning.wizard import FineTuneWizard
from tests.finetuning.substances import AXIS, EXTRACTOR, LINES, substance, substances
from tests.gui.driver import SmoothingEngine, Starter, Window

pytestmark = pytest.mark.usefixtures("asked")
CORPUS = Path(__file__).resolve().parents[4] / "shared" / "data" / "corpus.h5"


class FineTuningEngine(SmoothingEngine):
    """Fine-tunes and classifies in earnest, on smoothed spectra."""

    def finetune(self, spectra: Any, labels: Any, plan: Any = None, groups: Any = None, progress: Any = None) -> Any:
        return training.finetune(EXTRACTOR, spectra, labels, groups, plan, progress)

    def classify(self, spectra: Any, model: Any, progress: Any = None, denoised: Any = None) -> Any:
        return classification.classify(EXTRACTOR, spectra, model, progress)


def write_set(path: Path, labels: list[str], values: np.ndarray, axis: np.ndarray = AXIS, **columns: list[str]) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("spectra")
        group["axis"], group["values"] = axis, values
        for name, words in {"label": labels, **columns}.items():
            group.create_dataset(name, data=words, dtype=h5py.string_dtype())
    return path


def labelled_set(folder: Path, n_labelled: int = 5, count: int = 8) -> tuple[Path, np.ndarray]:
    """Write `count` spectra of three substances, `n_labelled` of each labelled; the file, and the true names."""
    spectra, names = substances(count)
    labels = [str(name) if row % count < n_labelled else "" for row, name in enumerate(names)]
    return write_set(folder / "minerals.h5", labels, spectra.values), names


def open_wizard(window: Window) -> FineTuneWizard:
    def visible() -> list[FineTuneWizard]:
        widgets = QApplication.topLevelWidgets()
        return [widget for widget in widgets if isinstance(widget, FineTuneWizard) and widget.isVisible()]

    window.do("finetune")
    window.wait_until(lambda: bool(visible()))
    return visible()[0]


def train(window: Window, wizard: FineTuneWizard, seconds: float = 60) -> None:
    wizard.train_page.train_button.click()
    window.wait_until(lambda: wizard.state.result is not None, seconds)
    window.wait_settled()


def next_page(wizard: FineTuneWizard) -> None:
    button = wizard.button(QWizard.WizardButton.NextButton)
    assert button.isEnabled()
    button.click()


@pytest.fixture
def window(start: Starter, tmp_path: Path) -> Window:
    window = start(labelled_set(tmp_path)[0], loader=lambda *_: FineTuningEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    return window


def test_a_file_whose_spectra_have_several_axes_is_trained_on_as_a_whole(window, tmp_path):
    other = write_set(tmp_path / "other.h5", ["a"] * 3, substances(1)[0].values[:3])
    file = tmp_path / "minerals.h5"
    session = window.services.session
    shorter = SpectrumSet(AXIS[10:], substances(2)[0].values[:, 10:], {"label": np.array(["b"] * 6)})
    second = replace(session.project.entries[0], id=99, name="minerals.h5 · 2", source=shorter, path=file)
    session.open(session.project.with_entries([*session.project.entries, second]))
    window.services.opening.open([other])
    window.wait_until(lambda: len(session.project.entries) == 3)
    window.choose("minerals.h5")  # as opening the file selects it: only the first of its two sets
    wizard = open_wizard(window)
    assert len(wizard.state.training.names) == 24 + 6
    assert wizard.labels_page.all_button.text() == "Use all 33 open spectra"
    wizard.labels_page.all_button.click()
    window.wait_settled()
    everything = open_wizard(window)
    assert len(everything.state.training.names) == 33
    everything.reject()


def test_a_few_labels_become_a_model_that_classifies_the_rest(window, tmp_path):
    wizard = open_wizard(window)
    assert wizard.labels_page.source.currentText() == "Column “label”"
    counts = {
        wizard.labels_page.counts.item(row, 0).text(): wizard.labels_page.counts.item(row, 1).text() for row in range(4)
    }
    assert counts == {"quartz": "5", "talc": "5", "zircon": "5", "unlabelled, to be classified": "9"}
    next_page(wizard)
    assert "optimistic" in wizard.samples_page.warning.text()
    next_page(wizard)
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    train(window, wizard)
    next_page(wizard)
    assert (
        "9 unlabelled spectra" in wizard.result_page.headline.text()
        and "95 % interval" in wizard.result_page.headline.text()
    )
    tabs = wizard.result_page.tabs
    titles = [tabs.tabText(index) for index in range(tabs.count()) if tabs.isTabVisible(index)]
    assert titles == [
        "Confusion matrix",
        "Misclassified · 0",
        "Important ranges",
        "Calibration",
        "Suggested next labels",
    ]
    assert wizard.result_page.suggested.list.count() == 5
    next_page(wizard)
    wizard.save_page.name.setText("minerals")
    wizard.button(QWizard.WizardButton.FinishButton).click()
    window.wait_until(lambda: window.services.session.project.groups is not None)
    window.wait_settled()
    assert finetuned_model.list_names() == ("minerals",)
    groups = window.services.session.project.groups
    assert groups.names() == substances(8)[1].tolist() and "classified by 'minerals'" in window.message
    window.do("undo")
    assert window.services.session.project.groups is None


def test_a_file_name_pattern_gives_labels_with_a_live_preview(start, tmp_path):
    files = []
    for seed, name in enumerate(LINES):
        for number, row in enumerate(substance(name, 3, seed=seed)):
            file = tmp_path / f"{name}_{number}.txt"
            np.savetxt(file, np.column_stack([AXIS, row]), fmt="%.4f")
            files.append(file)
    window = start(*files, loader=lambda *_: FineTuningEngine())
    window.wait_until(lambda: len(window.rows()) == 9 and all(state == "denoised" for _, state in window.rows()))
    wizard = open_wizard(window)
    assert wizard.labels_page.source.currentText() == "File name pattern"
    assert wizard.labels_page.pattern.text() == "{label}_*" and "talc_0 → talc" in wizard.labels_page.preview.text()
    wizard.labels_page.pattern.setText("nothing*")
    assert (
        "no label" in wizard.labels_page.preview.text()
        and "None of the spectra has a label" in wizard.labels_page.warnings.text()
    )
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    wizard.reject()


def test_small_classes_are_warned_of_before_training(start, tmp_path):
    window = start(labelled_set(tmp_path, n_labelled=1)[0], loader=lambda *_: FineTuningEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    wizard = open_wizard(window)
    assert "Fewer than three spectra" in wizard.labels_page.warnings.text()
    wizard.reject()


def test_stopping_keeps_the_best_model_so_far(window):
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    wizard.train_page.train_button.click()
    window.wait_until(lambda: len(wizard.train_page._history) >= 1)
    wizard.train_page.stop_button.click()
    window.wait_until(lambda: wizard.state.result is not None)
    assert 1 <= len(wizard.state.result.report.candidates) < 17
    wizard.reject()


def test_closing_while_training_saves_nothing(window):
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    wizard.train_page.train_button.click()
    wizard.reject()
    window.wait_settled()
    assert finetuned_model.list_names() == () and window.services.session.project.groups is None


def test_a_quantity_shows_predicted_against_true_values(start, tmp_path):
    draw = np.random.default_rng(0)
    share = np.round(draw.random(24), 2)
    talc, quartz = (substance(name, 24, seed=0, noise=0.02) for name in ("talc", "quartz"))
    values = (1 - share)[:, None] * talc + share[:, None] * quartz
    path = write_set(tmp_path / "mixtures.h5", [f"{100 * value:.0f}" for value in share], values)
    window = start(path, loader=lambda *_: FineTuningEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    wizard = open_wizard(window)
    wizard.labels_page.quantity.setChecked(True)
    next_page(wizard)
    next_page(wizard)
    train(window, wizard)
    next_page(wizard)
    assert "RMSE" in wizard.result_page.headline.text()
    assert wizard.result_page.tabs.tabText(wizard.result_page.tabs.currentIndex()) == "Predicted against true"
    wizard.reject()


def test_a_saved_model_classifies_other_spectra_later(window, monkeypatch):
    window.do("classify")
    assert "There is no fine-tuned model yet" in window.message
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "minerals")
    monkeypatch.setattr("ramanstudio.gui.finetuning.classification.QInputDialog.getItem", lambda *_: ("minerals", True))
    window.do("classify")
    window.wait_until(lambda: window.services.session.project.groups is not None)
    assert window.services.session.project.groups.names() == substances(8)[1].tolist()


def test_saved_models_can_be_renamed_and_exported(window, tmp_path, monkeypatch):
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "old")
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    train(window, wizard)
    next_page(wizard)
    next_page(wizard)
    page = wizard.save_page
    page.models.list.setCurrentRow(0)
    assert "talc 5" in page.models.card.toPlainText()
    monkeypatch.setattr("ramanstudio.gui.finetuning.models_dialog.QInputDialog.getText", lambda *_, **__: ("new", True))
    page.models.rename()
    assert finetuned_model.list_names() == ("new",)
    page.models.list.setCurrentRow(0)
    monkeypatch.setattr("ramanstudio.gui.common.dialogs.ask_name", lambda *_: tmp_path / "new.ramanmodel")
    page.models.export_model()
    assert finetuned_model.load(tmp_path / "new.ramanmodel").card.name == "new"
    page.name.setText("new")
    assert "already" in page.problem.text() and not wizard.button(QWizard.WizardButton.FinishButton).isEnabled()
    wizard.reject()


@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus of labelled spectra is not here")
def test_single_cells_from_start_to_the_classified_rest(start, tmp_path):
    from benchmarks.labelled_sets import single_cells

    cells = single_cells()
    cultures = ("Mb_00_13", "Mb_50_18", "Thy_00_07", "Thy_50_12")
    rows = np.concatenate([np.flatnonzero(cells.labels == culture)[:12] for culture in cultures])
    truth = cells.labels[rows]
    labels = [str(name) if row % 12 < 5 else "" for row, name in enumerate(truth)]
    path = write_set(tmp_path / "cells.h5", labels, cells.spectra.values[rows], cells.spectra.axis)
    window = start(path, loader=load_engine)
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"], 60)
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    train(window, wizard, 100)
    next_page(wizard)
    next_page(wizard)
    wizard.save_page.name.setText("strains")
    wizard.button(QWizard.WizardButton.FinishButton).click()
    window.wait_until(lambda: window.services.session.project.groups is not None, 60)
    window.wait_settled()
    predicted = np.array(window.services.session.project.groups.names())
    rest = np.array(labels) == ""
    assert np.mean(predicted[rest] == truth[rest]) > 0.9
