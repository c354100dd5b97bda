"""The fine-tuning wizard beyond the straight way: manual labels, label errors, tables, and the live window."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QMessageBox, QWizard

from ramanstudio.finetuning import finetuned_model, training
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.finetuning import classification, labels_page
from ramanstudio.gui.finetuning.models_dialog import ModelsDialog
from ramanstudio.gui.finetuning.wizard import FineTuneWizard
from ramanstudio.project.groups import Group, Groups
from tests.finetuning.substances import AXIS, LINES, substance, substances
from tests.gui.driver import Starter, Window
from tests.gui.finetuning.test_wizard import (
    EXTRACTOR,
    FineTuningEngine,
    labelled_set,
    next_page,
    open_wizard,
    train,
    write_set,
)

pytestmark = pytest.mark.usefixtures("asked")


def opened(start: Starter, *files: Path) -> Window:
    window = start(*files, loader=lambda *_: FineTuningEngine())
    window.wait_until(
        lambda: len(window.rows()) == len(files) and all(state == "denoised" for _, state in window.rows())
    )
    return window


def counts(wizard: FineTuneWizard) -> dict[str, str]:
    table = wizard.labels_page.counts
    return {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}


def to_result(window: Window, wizard: FineTuneWizard) -> None:
    next_page(wizard)
    next_page(wizard)
    train(window, wizard)
    next_page(wizard)


def save(window: Window, wizard: FineTuneWizard, name: str) -> None:
    next_page(wizard)
    wizard.save_page.name.setText(name)
    wizard.button(QWizard.WizardButton.FinishButton).click()
    window.wait_until(lambda: finetuned_model.list_names() == (name,))
    window.wait_settled()


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_spectra_selected_in_the_window_are_labelled_while_the_wizard_is_open(start, tmp_path):
    spectra, names = substances(6)
    window = opened(start, write_set(tmp_path / "plain.h5", [""] * 18, spectra.values))
    entry = window.services.session.project.entries[0].id
    wizard = open_wizard(window)
    for name in LINES:
        rows = np.flatnonzero(names == name)[:4]
        window.services.session.select_spectra([entry] * 4, rows)
        assert (
            wizard.labels_page.label_button.text() == "Label 4 selected"
            and not wizard.labels_page.label_button.isEnabled()
        )
        wizard.labels_page.label_input.setText(f" {name} ")
        wizard.labels_page.label_button.click()
        wizard.labels_page.label_input.clear()
    assert counts(wizard) == {"quartz": "4", "talc": "4", "zircon": "4", "unlabelled, to be classified": "6"}
    window.services.session.select_spectra([entry], [0])
    wizard.labels_page.remove_button.click()
    assert counts(wizard)["talc"] == "3"
    to_result(window, wizard)
    save(window, wizard, "by hand")
    assert window.services.session.project.groups.names() == names.tolist()


def test_groups_named_while_the_wizard_is_open_are_offered_as_labels(start, tmp_path):
    spectra, names = substances(4)
    window = opened(start, write_set(tmp_path / "plain.h5", [""] * 12, spectra.values))
    session = window.services.session
    wizard = open_wizard(window)
    assert wizard.labels_page.source.findData("group") < 0
    labels = np.array([list(LINES).index(name) for name in names])
    groups = Groups(
        wizard.state.training.members, labels, np.ones(12, np.float32), tuple(Group(name, 0) for name in LINES)
    )
    session.set_groups(groups, "Name groups")
    wizard.labels_page.source.setCurrentIndex(wizard.labels_page.source.findData("group"))
    assert counts(wizard) == {"quartz": "4", "talc": "4", "zircon": "4"}
    wizard.reject()


def test_label_errors_and_duplicates_are_shown_before_training(start, tmp_path):
    spectra, names = substances(6)
    values, labels = spectra.values.copy(), names.astype(str).tolist()
    labels[0] = "quartz"  # a talc
    values[7] = 2 * values[6] + 10
    window = opened(start, write_set(tmp_path / "mixed up.h5", labels, values))
    wizard = open_wizard(window)
    view = wizard.labels_page.label_errors
    window.wait_until(view.isVisible)
    rows = [view.list.item(row).text() for row in range(view.list.count())]
    assert rows == ["mixed up.h5 · 1: quartz, looks like talc", "mixed up.h5 · 7: 2 identical spectra"]
    assert set(view.strip.names) == {"mixed up.h5 · 1", "talc, mean of 5", "quartz, mean of 6"}
    view.list.itemClicked.emit(view.list.item(0))
    assert window.services.session.single_row == 0, "it is selected in the window"
    to_result(window, wizard)
    misclassified = wizard.result_page.misclassified
    assert "mixed up.h5 · 1: quartz, predicted talc" in misclassified.item(0).text()
    assert "Duplicate spectra" in wizard.result_page.warnings.text()
    window.services.session.select_spectra([1], [9])
    wizard.result_page.confusion.cellClicked.emit(0, 3)  # quartz that were named talc
    assert window.services.session.single_row == 0
    assert wizard.result_page.tabs.currentWidget() is wizard.result_page.misclassified_tab
    wizard.reject()


def test_suggested_spectra_are_labelled_on_the_spot_and_trained_on(start, tmp_path):
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    to_result(window, wizard)
    page = wizard.result_page
    page.tabs.setCurrentWidget(page.suggested)
    assert not page.suggested.train_again_button.isEnabled()
    truth = substances(8)[1]
    for row in range(page.suggested.list.count()):
        page.suggested.list.setCurrentRow(row)
        page.suggested.label_input.setCurrentText(truth[int(page.suggested.list.item(row).text().split("· ")[1]) - 1])
        page.suggested.label_button.click()
    page.suggested.train_again_button.click()
    window.wait_until(lambda: wizard.state.result is not None)
    window.wait_settled()
    assert sum(wizard.state.result.report.counts) == 20
    wizard.train_page.advanced.click()
    assert (
        wizard.train_page.representation.currentText()
        == "Selected by cross-validation: denoised bands, first derivative and features"
    )
    wizard.train_page.representation.setCurrentIndex(wizard.train_page.representation.findData("slope"))
    train(window, wizard)
    assert wizard.state.result.model.card.representation == "slope"
    wizard.reject()


def test_the_results_of_many_classes_are_legible(start, tmp_path):
    lines = np.linspace(350, 1650, 12)
    files = []
    for series, line in enumerate(lines):
        for number in range(2):
            file = tmp_path / f"a substance of the collection {series:02d}_{number}.txt"
            noise = 0.02 * np.random.default_rng(2 * series + number).standard_normal(len(AXIS))
            np.savetxt(file, np.column_stack([AXIS, np.exp(-(((AXIS - line) / 15) ** 2)) + noise]), fmt="%.4f")
            files.append(file)
    window = opened(start, *files)
    wizard = open_wizard(window)
    wizard.labels_page.pattern.setText("*collection {label}_*")
    shown = [line.split(" → ") for line in wizard.labels_page.preview.text().split("\n")]
    assert [label for _, label in shown] == ["00", "04", "08"], "names from all over the list"
    to_result(window, wizard)
    page = wizard.result_page
    assert page.ranges_strip.names == ["mean of 24 labelled spectra", "standard deviation"]
    page.tabs.setCurrentWidget(page.confusion)
    last = page.confusion.columnCount() - 1
    width = page.confusion.horizontalHeader().fontMetrics().horizontalAdvance("12")
    assert page.confusion.horizontalHeaderItem(last).text() == "12" and page.confusion.columnWidth(last) > width + 16
    page.tabs.setCurrentWidget(page.misclassified_tab)
    assert page.misclassified_strip.isVisible() == bool(wizard.state.result.report.misclassified)
    wizard.reject()


def test_columns_of_one_class_or_one_sample_are_offered_with_a_warning(start, tmp_path):
    spectra, names = substances(4)
    window = opened(start, write_set(tmp_path / "talc.h5", ["talc"] * 12, spectra.values, sample=["a"] * 12))
    wizard = open_wizard(window)
    assert wizard.labels_page.source.currentText() == "Column “label”"
    assert "one class, 'talc'. Label spectra of a second class" in wizard.labels_page.warnings.text()
    for name in LINES:
        wizard.labels_page.assign(names == name, name)
    next_page(wizard)
    assert wizard.samples_page.source.currentText() == "Column “sample”"
    assert "3 of 3 classes have one sample only" in wizard.samples_page.warning.text()
    wizard.reject()


def test_results_that_were_not_measured_are_not_shown(start, tmp_path):
    window = opened(start, labelled_set(tmp_path, n_labelled=1)[0])
    wizard = open_wizard(window)
    to_result(window, wizard)
    tabs = wizard.result_page.tabs
    titles = [tabs.tabText(index) for index in range(tabs.count()) if tabs.isTabVisible(index)]
    assert (
        titles == ["Confusion matrix", "Important ranges", "Suggested next labels"]
        and "not measured" in wizard.result_page.headline.text()
    )
    wizard.reject()


def test_all_open_spectra_are_classified_and_saved_as_a_table(start, tmp_path, monkeypatch):
    more = write_set(tmp_path / "more.h5", [""] * 3, np.concatenate([substance(name, 1, 99) for name in LINES]))
    window = opened(start, labelled_set(tmp_path)[0], more)
    window.choose("minerals.h5")
    wizard = open_wizard(window)
    assert "24 spectra" in wizard.labels_page.subTitle()
    to_result(window, wizard)
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "predictions.csv")
    wizard.save_page.save_table.setChecked(True)
    save(window, wizard, "minerals")
    rows = table(tmp_path / "predictions.csv")
    assert len(rows) == 27 and "27 spectra were classified by 'minerals'" in window.message
    assert [row["class"] for row in rows[-3:]] == list(LINES)
    assert [row["label"] for row in rows[:6]] == ["talc"] * 5 + [""]
    assert float(rows[0]["talc"]) == pytest.approx(float(rows[0]["probability"]), abs=1e-4)
    groups = window.services.session.project.groups
    assert len(groups.members) == 27
    assert (groups.probabilities == 1).sum() == 15, "the user's own labels are certain"


def test_a_predicted_quantity_is_saved_as_a_table(start, tmp_path, monkeypatch):
    share = np.round(np.random.default_rng(0).random(30), 2)
    talc, quartz = (substance(name, 30, seed=0, noise=0.02) for name in ("talc", "quartz"))
    labels = [f"{100 * value:.0f}" if row < 24 else "" for row, value in enumerate(share)]
    values = (1 - share)[:, None] * talc + share[:, None] * quartz
    window = opened(start, write_set(tmp_path / "mixtures.h5", labels, values))
    wizard = open_wizard(window)
    page = wizard.labels_page
    assert page.quantity.isChecked() and "Learned as a quantity from" in page.quantity_note.text()
    page.quantity.setChecked(False)
    assert "classes. Tick the box" in page.quantity_note.text() and "Fewer than three spectra" in page.warnings.text()
    page.quantity.setChecked(True)
    class_values = [float(name) for name in list(counts(wizard))[:-1]]
    assert class_values == sorted(class_values) and not wizard.labels_page.warnings.text()
    to_result(window, wizard)
    page = wizard.result_page
    position = page.predicted.position_of(*page.predicted.series[1].points[0])
    assert page.predicted.name_at(position).startswith("mixtures.h5 · ") and not page.predicted.name_at(QPointF(-99, 0))
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "shares.csv")
    save(window, wizard, "share of quartz")
    rows = table(tmp_path / "shares.csv")
    predicted = np.array([float(row["value"]) for row in rows[24:]])
    assert np.abs(predicted - 100 * share[24:]).max() < 10
    beyond = [float(row["value"]) for row in rows if row["extrapolated"] == "1"]
    assert len(beyond) == 2 and all(not 0 <= value <= 94 for value in beyond), "0 to 94 was learned"
    assert "2 of 30 values are extrapolated" in window.message
    assert window.services.session.project.groups is None


def test_spectra_that_lack_the_range_are_excluded_with_a_message(start, tmp_path):
    window = opened(start, labelled_set(tmp_path)[0])
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "minerals")
    short = write_set(tmp_path / "short.h5", [""], spectra.values[:1, :150], AXIS[:150])
    window.drop(short)
    window.wait_until(lambda: len(window.rows()) == 2 and all(state == "denoised" for _, state in window.rows()))
    classification.start_classification(
        window.services, finetuned_model.load("minerals"), classification.all_spectra(window.services.session)
    )
    window.wait_until(lambda: window.services.session.project.groups is not None)
    assert "1 spectrum does not cover the model's range" in window.message
    assert len(window.services.session.project.groups.members) == 24


@pytest.mark.parametrize("labels", [["only one"] * 12, [f"class {number}" for number in range(12)], ["", " "] * 6])
def test_unsuitable_labels_are_warned_of(start, tmp_path, labels):
    spectra, _ = substances(4)
    window = opened(start, write_set(tmp_path / "odd.h5", labels, spectra.values))
    wizard = open_wizard(window)
    wizard.labels_page.source.setCurrentIndex(max(0, wizard.labels_page.source.findData("column label")))
    assert wizard.labels_page.warnings.text()
    wizard.reject()


def test_two_hundred_classes_with_odd_names_are_accepted(start, tmp_path):
    spectra, _ = substances(200)
    labels = [f" «{number % 200}»\t✓ " for number in range(600)]
    window = opened(start, write_set(tmp_path / "many.h5", labels, spectra.values))
    wizard = open_wizard(window)
    assert wizard.labels_page.counts.rowCount() == 200 and wizard.labels_page.counts.item(0, 0).text() == "«0» ✓"
    assert wizard.labels_page.isComplete()
    wizard.reject()


def test_there_is_one_wizard_which_follows_theme_and_window(start, tmp_path):
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    assert open_wizard(window) is wizard and not wizard.isModal()
    to_result(window, wizard)
    window.do("theme_dark")
    window.do("theme_light")
    assert wizard.result_page.confusion.rowCount() == 3
    window.services.session.remove(window.services.session.selected_ids)
    wizard.state.select(0)  # the spectrum is no longer open
    window.window._may_lose = True
    window.window.close()
    assert not wizard.isVisible()


def test_saved_models_are_managed_and_used_from_the_menu(start, tmp_path, monkeypatch):
    window = opened(start, labelled_set(tmp_path)[0])
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "minerals")
    window.do("finetuned_models")
    dialog = next(
        each for each in QApplication.topLevelWidgets() if isinstance(each, ModelsDialog) and each.isVisible()
    )
    assert dialog.models.selected_name == "minerals"
    assert "Trained on 15 labelled spectra" in dialog.models.card.toPlainText()
    dialog.classify_button.click()
    window.wait_until(lambda: window.services.session.project.groups is not None)
    assert window.services.session.project.groups.names() == substances(8)[1].tolist()
    damaged = tmp_path / "damaged.ramanmodel"
    damaged.write_bytes(b"not a model")
    warnings: list[str] = []
    monkeypatch.setattr(dialogs, "ask_any_files", lambda *_: [damaged])
    monkeypatch.setattr(
        "ramanstudio.gui.finetuning.models_dialog.QMessageBox.warning", lambda *parts: warnings.append(parts[-1])
    )
    dialog.models.import_models()
    assert "is damaged" in warnings[0]
    monkeypatch.setattr(
        "ramanstudio.gui.finetuning.models_dialog.QMessageBox.question", lambda *_: QMessageBox.StandardButton.Yes
    )
    dialog.models.delete()
    assert (
        finetuned_model.list_names() == ()
        and dialog.models.list.item(0).text() == "None yet"
        and not dialog.classify_button.isEnabled()
    )
    dialog.reject()


def test_closing_asks_before_labels_or_a_model_are_lost(start, tmp_path, asked, monkeypatch):
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    wizard.reject()
    assert asked == []
    wizard = open_wizard(window)
    chosen = np.zeros(24, dtype=bool)
    chosen[:2] = True
    wizard.labels_page.assign(chosen, "talc")
    monkeypatch.setattr(QMessageBox, "question", lambda *words: asked.append(words[2]) or QMessageBox.StandardButton.No)
    wizard.reject()
    assert wizard.isVisible() and "you assigned here" in asked[-1]
    next_page(wizard)
    next_page(wizard)
    train(window, wizard)
    wizard.close()
    assert wizard.isVisible() and "has not been saved" in asked[-1]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    wizard.reject()
    assert not any(isinstance(each, FineTuneWizard) and each.isVisible() for each in QApplication.topLevelWidgets())


def test_labels_of_very_many_spectra_are_counted_in_the_background(start, tmp_path, monkeypatch):
    monkeypatch.setattr(labels_page, "MAX_COUNTED_AT_ONCE", 10)
    threads = []
    for name in ("summarise_labels", "summarise_pattern"):
        counting = getattr(labels_page, name)
        monkeypatch.setattr(
            labels_page, name, lambda *how, of=counting: threads.append(threading.current_thread()) or of(*how)
        )
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    button = wizard.button(QWizard.WizardButton.NextButton)
    window.wait_until(button.isEnabled)
    assert counts(wizard)["talc"] == "5"
    wizard.labels_page.source.setCurrentIndex(wizard.labels_page.source.findData("pattern"))
    wizard.labels_page.pattern.setText("{label}erals")
    assert "minerals → min" in wizard.labels_page.preview.text() and not button.isEnabled()
    assert "Counting" in wizard.labels_page.warnings.text()
    window.wait_until(lambda: "one class, 'min'" in wizard.labels_page.warnings.text())
    assert not button.isEnabled() and threads and threading.main_thread() not in threads
    wizard.reject()
