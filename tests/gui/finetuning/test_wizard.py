"""Teach…: five pages from a few labels to named spectra, driven through the window as a user would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWizard

from ramanstudio.finetuning import classification, finetuned_model, training
from ramanstudio.gui.document.denoising import load_engine
from ramanstudio.gui.finetuning.wizard import FineTuneWizard
from tests.finetuning.substances import AXIS, EXTRACTOR, LINES, substance, substances
from tests.gui.driver import SmoothingEngine, Starter, Window

pytestmark = pytest.mark.usefixtures("asked")
CORPUS = Path(__file__).resolve().parents[4] / "shared" / "data" / "corpus.h5"


class TeachingEngine(SmoothingEngine):
    """Teaches for good, on smoothed spectra."""

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


def labelled_set(folder: Path, each: int = 5, many: int = 8) -> tuple[Path, np.ndarray]:
    """Three substances, `each` of `many` spectra labelled; the file, and what they are."""
    spectra, names = substances(many)
    labels = [str(name) if place % many < each else "" for place, name in enumerate(names)]
    return write_set(folder / "minerals.h5", labels, spectra.values), names


def open_wizard(window: Window) -> FineTuneWizard:
    def shown() -> list[FineTuneWizard]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, FineTuneWizard) and one.isVisible()]

    window.do("teach")
    window.wait_until(lambda: bool(shown()))
    return shown()[0]


def learn(window: Window, wizard: FineTuneWizard, seconds: float = 60) -> None:
    wizard.learn.learn_button.click()
    window.wait_until(lambda: wizard.learn.found is not None, seconds)
    window.wait_settled()


def next_page(wizard: FineTuneWizard) -> None:
    button = wizard.button(QWizard.WizardButton.NextButton)
    assert button.isEnabled()
    button.click()


@pytest.fixture
def window(start: Starter, tmp_path: Path) -> Window:
    one = start(labelled_set(tmp_path)[0], loader=lambda *_: TeachingEngine())
    one.wait_until(lambda: [state for _, state in one.rows()] == ["denoised"])
    return one


def test_a_few_labels_become_a_model_that_names_the_rest(window, tmp_path):
    wizard = open_wizard(window)
    assert wizard.data.source.currentText() == "Column “label”"
    counts = {wizard.data.counts.item(row, 0).text(): wizard.data.counts.item(row, 1).text() for row in range(4)}
    assert counts == {"quartz": "5", "talc": "5", "zircon": "5", "without a label: to be named": "9"}
    next_page(wizard)
    assert "optimistic" in wizard.check.optimistic.text()
    next_page(wizard)
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    learn(window, wizard)
    next_page(wizard)
    assert "9 others" in wizard.result_page.headline.text() and "95 % interval" in wizard.result_page.headline.text()
    tabs = wizard.result_page.tabs
    seen = [tabs.tabText(place) for place in range(tabs.count()) if tabs.isTabVisible(place)]
    assert seen == ["Classes", "Wrong · 0", "Bands", "How sure", "Label next"]
    assert wizard.result_page.next.count() == 5
    next_page(wizard)
    wizard.keep.name.setText("minerals")
    wizard.button(QWizard.WizardButton.FinishButton).click()
    window.wait_until(lambda: window.services.session.project.groups is not None)
    window.wait_settled()
    assert finetuned_model.list_names() == ("minerals",)
    named = window.services.session.project.groups
    assert named.names() == substances(8)[1].tolist() and "named by 'minerals'" in window.message
    window.do("undo")
    assert window.services.session.project.groups is None


def test_file_names_can_tell_the_labels_with_a_live_preview(start, tmp_path):
    files = []
    for place, name in enumerate(LINES):
        for number, row in enumerate(substance(name, 3, seed=place)):
            file = tmp_path / f"{name}_{number}.txt"
            np.savetxt(file, np.column_stack([AXIS, row]), fmt="%.4f")
            files.append(file)
    window = start(*files, loader=lambda *_: TeachingEngine())
    window.wait_until(lambda: len(window.rows()) == 9 and all(state == "denoised" for _, state in window.rows()))
    wizard = open_wizard(window)
    assert wizard.data.source.currentText() == "Pattern of file names"
    assert wizard.data.pattern.text() == "{label}_*" and "talc_0 → talc" in wizard.data.preview.text()
    wizard.data.pattern.setText("nothing*")
    assert "no label" in wizard.data.preview.text() and "None of the spectra has a label" in wizard.data.warnings.text()
    assert not wizard.button(QWizard.WizardButton.NextButton).isEnabled()
    wizard.reject()


def test_too_few_of_a_class_is_said_before_anything_is_learned(start, tmp_path):
    window = start(labelled_set(tmp_path, each=1)[0], loader=lambda *_: TeachingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    wizard = open_wizard(window)
    assert "Fewer than three spectra" in wizard.data.warnings.text()
    wizard.reject()


def test_stop_keeps_the_best_so_far(window):
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    wizard.learn.learn_button.click()
    window.wait_until(lambda: len(wizard.learn._seen) >= 1)
    wizard.learn.stop_button.click()
    window.wait_until(lambda: wizard.learn.found is not None)
    assert 1 <= len(wizard.learn.found.report.candidates) < 17
    wizard.reject()


def test_closed_while_it_learns_nothing_is_kept(window):
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    wizard.learn.learn_button.click()
    wizard.reject()
    window.wait_settled()
    assert finetuned_model.list_names() == () and window.services.session.project.groups is None


def test_a_quantity_shows_predicted_against_true(start, tmp_path):
    draw = np.random.default_rng(0)
    share = np.round(draw.random(24), 2)
    talc, quartz = (substance(name, 24, seed=0, noise=0.02) for name in ("talc", "quartz"))
    values = (1 - share)[:, None] * talc + share[:, None] * quartz
    path = write_set(tmp_path / "mixtures.h5", [f"{100 * one:.0f}" for one in share], values)
    window = start(path, loader=lambda *_: TeachingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    wizard = open_wizard(window)
    wizard.data.quantity.setChecked(True)
    next_page(wizard)
    next_page(wizard)
    learn(window, wizard)
    next_page(wizard)
    assert "RMSE" in wizard.result_page.headline.text()
    assert wizard.result_page.tabs.tabText(wizard.result_page.tabs.currentIndex()) == "Predicted against true"
    wizard.reject()


def test_a_kept_model_names_other_spectra_later(window, monkeypatch):
    window.do("name_by_model")
    assert "No model has been taught" in window.message
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "minerals")
    monkeypatch.setattr("ramanstudio.gui.finetuning.predicting.QInputDialog.getItem", lambda *_: ("minerals", True))
    window.do("name_by_model")
    window.wait_until(lambda: window.services.session.project.groups is not None)
    assert window.services.session.project.groups.names() == substances(8)[1].tolist()


def test_models_that_are_kept_can_be_renamed_and_carried_away(window, tmp_path, monkeypatch):
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "old")
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    learn(window, wizard)
    next_page(wizard)
    next_page(wizard)
    keep = wizard.keep
    keep.models.list.setCurrentRow(0)
    assert "talc 5" in keep.models.card.toPlainText()
    monkeypatch.setattr("ramanstudio.gui.finetuning.models_dialog.QInputDialog.getText", lambda *_, **__: ("new", True))
    keep.models.rename()
    assert finetuned_model.list_names() == ("new",)
    keep.models.list.setCurrentRow(0)
    monkeypatch.setattr("ramanstudio.gui.common.dialogs.ask_name", lambda *_: tmp_path / "new.ramanmodel")
    keep.models.export()
    assert finetuned_model.load(tmp_path / "new.ramanmodel").card.name == "new"
    keep.name.setText("new")
    assert "already" in keep.problem.text() and not wizard.button(QWizard.WizardButton.FinishButton).isEnabled()
    wizard.reject()


@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus of labelled spectra is not here")
def test_single_cells_from_start_to_the_classified_rest(start, tmp_path):
    from benchmarks.labelled import single_cells

    cells = single_cells()
    cultures = ("Mb_00_13", "Mb_50_18", "Thy_00_07", "Thy_50_12")
    rows = np.concatenate([np.flatnonzero(cells.labels == one)[:12] for one in cultures])
    truth = cells.labels[rows]
    labels = [str(name) if place % 12 < 5 else "" for place, name in enumerate(truth)]
    path = write_set(tmp_path / "cells.h5", labels, cells.spectra.values[rows], cells.spectra.axis)
    window = start(path, loader=load_engine)
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"], 60)
    wizard = open_wizard(window)
    next_page(wizard)
    next_page(wizard)
    learn(window, wizard, 100)
    next_page(wizard)
    next_page(wizard)
    wizard.keep.name.setText("strains")
    wizard.button(QWizard.WizardButton.FinishButton).click()
    window.wait_until(lambda: window.services.session.project.groups is not None, 60)
    window.wait_settled()
    named = np.array(window.services.session.project.groups.names())
    rest = np.array(labels) == ""
    assert np.mean(named[rest] == truth[rest]) > 0.9
