"""The wizard tests a model once on spectra of the user's own that are kept out of training."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtWidgets import QFileDialog

from ramanstudio.gui.finetuning.own_test_set import LabelSource
from ramanstudio.gui.finetuning.training_spectra import MANUAL
from tests.finetuning.substances import AXIS, substances
from tests.gui.finetuning.test_wizard import FineTuningEngine, labelled_set, next_page, open_wizard, train, write_set

pytestmark = pytest.mark.usefixtures("asked")


def opened_wizard(start, path):
    window = start(path, loader=lambda *_: FineTuningEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    return window, open_wizard(window)


def test_a_folder_is_tested_on_once_and_what_is_not_used_is_said(start, tmp_path, monkeypatch):
    later = tmp_path / "later"
    later.mkdir()
    spectra, names = substances(5)
    given = [str(name) for name in names]
    given[:2] = ["quartz", ""]  # two talc: one mixed up, one without a label
    write_set(later / "july.h5", given, spectra.values + 0.001)
    write_set(later / "short.h5", ["talc"] * 2, spectra.values[:2, :150], AXIS[:150])
    (later / "broken.spc").write_bytes(b"no spectrum")
    window, wizard = opened_wizard(start, labelled_set(tmp_path)[0])
    next_page(wizard)
    next_page(wizard)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(later))
    row = wizard.train_page.test_row
    row.folder_button.click()
    window.wait_until(lambda: wizard.state.test_set is not None and not row.is_reading)
    assert "15 spectra, 14 labelled (Column “label”)" in row.text.text()
    train(window, wizard)
    next_page(wizard)
    page = wizard.result_page
    assert "Test set of 14 spectra: accuracy 93 % (95 % interval" in page.headline.text()
    assert page.tabs.isTabVisible(page.tabs.indexOf(page.test_result))
    notes = page.test_result.notes.text()
    assert "1 spectrum without a label" in notes and "2 spectra left out: without the range" in notes
    assert "1 file not readable" in notes and "'broken.spc'" in notes and "model 2" not in notes
    recall = page.test_result.recall
    assert [recall.item(0, column).text() for column in range(3)] == ["quartz", "6", "83 %"]
    wizard.back()
    train(window, wizard)
    assert wizard.state.test_report is not None and "model 2 that is tested" in " ".join(wizard.state.test_report.notes)
    row.remove_button.click()
    train(window, wizard)
    next_page(wizard)
    assert "Test set" not in page.headline.text()
    assert not page.tabs.isTabVisible(page.tabs.indexOf(page.test_result))
    wizard.reject()


def test_files_that_are_trained_on_are_no_test_set(start, tmp_path):
    path, _ = labelled_set(tmp_path)
    window, wizard = opened_wizard(start, path)
    row = wizard.train_page.test_row
    row.choose([path])
    window.wait_until(lambda: not row.is_reading)
    assert wizard.state.test_set is None and "trained on" in row.text.text()
    folder = tmp_path / "copies"
    folder.mkdir()
    shutil.copy(path, folder / "copy.h5")
    row.choose([folder, path])
    window.wait_until(lambda: wizard.state.test_set is not None)
    test = wizard.state.test_set
    assert set(test.spectra.names) == {f"copy.h5 · {number + 1}" for number in range(24)}
    assert test.left_out == ("1 file left out: trained on.",)
    wizard.reject()


def test_labels_are_found_where_those_of_training_were_else_where_most_fit(start, tmp_path):
    spectra, names = substances(2)
    folder = tmp_path / "talc"
    folder.mkdir()
    words = [str(name) for name in names]
    path = write_set(folder / "x.h5", [""] * 6, spectra.values, mineral=words, level=[str(row) for row in range(6)])
    window, wizard = opened_wizard(start, labelled_set(tmp_path)[0])
    wizard.train_page.test_row.choose([path])
    window.wait_until(lambda: wizard.state.test_set is not None)
    test, classes = wizard.state.test_set, ("quartz", "talc", "zircon")
    title, found = test.find_labels(LabelSource(MANUAL), classes)
    assert title == "Column “mineral”" and found.tolist() == words
    title, found = test.find_labels(LabelSource("folder"), classes)
    assert title == "Folder names" and set(found.tolist()) == {"talc"}
    assert test.find_labels(LabelSource("folder"), ("gypsum",))[0] == ""
    assert test.find_labels(LabelSource(MANUAL), None)[0] == "", "not any column of numbers is the quantity"
    assert test.find_labels(LabelSource("column level"), None)[0] == "Column “level”"
    samples = test.find_samples(LabelSource(samples="column mineral"))
    assert samples is not None and samples.tolist() == words
    wizard.reject()
