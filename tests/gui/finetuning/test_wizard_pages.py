"""Teach…, beyond the straight way: labels by hand, doubtful labels, tables, and a window that lives beneath it."""

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
from ramanstudio.gui.finetuning import labels_page, predicting
from ramanstudio.gui.finetuning.models_dialog import ModelsDialog
from ramanstudio.gui.finetuning.wizard import FineTuneWizard
from ramanstudio.project.groups import Group, Groups
from tests.finetuning.substances import AXIS, LINES, substance, substances
from tests.gui.driver import Starter, Window
from tests.gui.finetuning.test_wizard import (
    EXTRACTOR,
    TeachingEngine,
    labelled_set,
    learn,
    next_page,
    open_wizard,
    write_set,
)

pytestmark = pytest.mark.usefixtures("asked")


def opened(start: Starter, *files: Path) -> Window:
    window = start(*files, loader=lambda *_: TeachingEngine())
    window.wait_until(
        lambda: len(window.rows()) == len(files) and all(state == "denoised" for _, state in window.rows())
    )
    return window


def counts(wizard: FineTuneWizard) -> dict[str, str]:
    table = wizard.data.counts
    return {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}


def to_result(window: Window, wizard: FineTuneWizard) -> None:
    next_page(wizard)
    next_page(wizard)
    learn(window, wizard)
    next_page(wizard)


def keep(window: Window, wizard: FineTuneWizard, name: str) -> None:
    next_page(wizard)
    wizard.keep.name.setText(name)
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
        assert wizard.data.give.text() == "Label the 4 selected" and not wizard.data.give.isEnabled()
        wizard.data.new_label.setText(f" {name} ")
        wizard.data.give.click()
        wizard.data.new_label.clear()
    assert counts(wizard) == {"quartz": "4", "talc": "4", "zircon": "4", "without a label: to be named": "6"}
    window.services.session.select_spectra([entry], [0])
    wizard.data.take.click()
    assert counts(wizard)["talc"] == "3"
    to_result(window, wizard)
    keep(window, wizard, "by hand")
    assert window.services.session.project.groups.names() == names.tolist()


def test_groups_that_are_named_while_the_wizard_is_open_are_labels_at_once(start, tmp_path):
    spectra, names = substances(4)
    window = opened(start, write_set(tmp_path / "plain.h5", [""] * 12, spectra.values))
    session = window.services.session
    wizard = open_wizard(window)
    assert wizard.data.source.findData("group") < 0
    labels = np.array([list(LINES).index(name) for name in names])
    groups = Groups(wizard.subject.members, labels, np.ones(12, np.float32), tuple(Group(one, 0) for one in LINES))
    session.set_groups(groups, "Name groups")
    at = wizard.data.source.findData("group")
    wizard.data.source.setCurrentIndex(at)
    assert counts(wizard) == {"quartz": "4", "talc": "4", "zircon": "4"}
    wizard.reject()


def test_a_label_that_its_spectrum_contradicts_and_a_duplicate_are_shown_before_anything_is_learned(start, tmp_path):
    spectra, names = substances(6)
    values, labels = spectra.values.copy(), names.astype(str).tolist()
    labels[0] = "quartz"  # a talc
    values[7] = 2 * values[6] + 10
    window = opened(start, write_set(tmp_path / "mixed up.h5", labels, values))
    wizard = open_wizard(window)
    doubtful = wizard.data.doubtful
    window.wait_until(doubtful.isVisible)
    told = [doubtful.list.item(row).text() for row in range(doubtful.list.count())]
    assert told == ["mixed up.h5 · 1: quartz, looks like talc", "mixed up.h5 · 7: there 2 times"]
    assert set(doubtful.strip.names) == {"mixed up.h5 · 1", "talc, mean of 5", "quartz, mean of 6"}
    doubtful.list.itemClicked.emit(doubtful.list.item(0))
    assert window.services.session.spectrum == 0, "it is selected in the window"
    to_result(window, wizard)
    wrong = wizard.result_page.wrong
    assert "mixed up.h5 · 1: quartz, named talc" in wrong.item(0).text()
    assert "There more than once" in wizard.result_page.warnings.text()
    window.services.session.select_spectra([1], [9])
    wizard.result_page.confusion.cellClicked.emit(0, 3)  # quartz that were named talc
    assert window.services.session.spectrum == 0
    assert wizard.result_page.tabs.currentWidget() is wizard.result_page.wrong_part
    wizard.reject()


def test_what_would_help_most_is_labelled_on_the_spot_and_learned_again(start, tmp_path):
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    to_result(window, wizard)
    page = wizard.result_page
    page.tabs.setCurrentWidget(page.next_part)
    assert not page.next_part.learn_again.isEnabled()
    truth = substances(8)[1]
    for row in range(page.next.count()):
        page.next.setCurrentRow(row)
        page.next_part.name.setCurrentText(truth[int(page.next.item(row).text().split("· ")[1]) - 1])
        page.next_part.label_it.click()
    page.next_part.learn_again.click()
    window.wait_until(lambda: wizard.learn.found is not None)
    window.wait_settled()
    assert sum(wizard.learn.found.report.counts) == 20
    wizard.learn.advanced.click()
    assert wizard.learn.reading.currentText() == "Chosen by the data: lines, slopes and features of the denoised"
    wizard.learn.reading.setCurrentIndex(wizard.learn.reading.findData("slope"))
    learn(window, wizard)
    assert wizard.learn.found.model.card.reading == "slope"
    wizard.reject()


def test_of_many_classes_everything_can_still_be_read(start, tmp_path):
    lines = np.linspace(350, 1650, 12)
    files = []
    for place, line in enumerate(lines):
        for number in range(2):
            file = tmp_path / f"a substance of the collection {place:02d}_{number}.txt"
            noise = 0.02 * np.random.default_rng(2 * place + number).standard_normal(len(AXIS))
            np.savetxt(file, np.column_stack([AXIS, np.exp(-(((AXIS - line) / 15) ** 2)) + noise]), fmt="%.4f")
            files.append(file)
    window = opened(start, *files)
    wizard = open_wizard(window)
    wizard.data.pattern.setText("*collection {label}_*")
    shown = [line.split(" → ") for line in wizard.data.preview.text().split("\n")]
    assert [label for _, label in shown] == ["00", "04", "08"], "names from all over the list"
    to_result(window, wizard)
    page = wizard.result_page
    assert page.band_strip.names == ["mean of 24 labelled spectra", "how much they differ"]
    page.tabs.setCurrentWidget(page.confusion)
    last = page.confusion.columnCount() - 1
    width = page.confusion.horizontalHeader().fontMetrics().horizontalAdvance("12")
    assert page.confusion.horizontalHeaderItem(last).text() == "12" and page.confusion.columnWidth(last) > width + 16
    page.tabs.setCurrentWidget(page.wrong_part)
    assert page.strip.isVisible() == bool(wizard.learn.found.report.misclassified)
    wizard.reject()


def test_a_column_of_one_class_or_of_one_sample_is_named_and_said_to_be_too_little(start, tmp_path):
    spectra, names = substances(4)
    window = opened(start, write_set(tmp_path / "talc.h5", ["talc"] * 12, spectra.values, sample=["a"] * 12))
    wizard = open_wizard(window)
    assert wizard.data.source.currentText() == "Column “label”"
    assert "one class, 'talc'. Label spectra of a second class" in wizard.data.warnings.text()
    for name in LINES:
        wizard.data.label(names == name, name)
    next_page(wizard)
    assert wizard.check.source.currentText() == "Column “sample”"
    assert "3 of 3 classes have one sample only" in wizard.check.optimistic.text()
    wizard.reject()


def test_where_nothing_was_held_out_nothing_is_said_to_be_right(start, tmp_path):
    window = opened(start, labelled_set(tmp_path, each=1)[0])
    wizard = open_wizard(window)
    to_result(window, wizard)
    tabs = wizard.result_page.tabs
    seen = [tabs.tabText(place) for place in range(tabs.count()) if tabs.isTabVisible(place)]
    assert seen == ["Classes", "Bands", "Label next"] and "not measured" in wizard.result_page.headline.text()
    wizard.reject()


def test_all_that_is_open_is_named_and_saved_as_a_table(start, tmp_path, monkeypatch):
    more = write_set(tmp_path / "more.h5", [""] * 3, np.concatenate([substance(one, 1, 99) for one in LINES]))
    window = opened(start, labelled_set(tmp_path)[0], more)
    window.choose("minerals.h5")
    wizard = open_wizard(window)
    assert "24 spectra" in wizard.data.subTitle()
    to_result(window, wizard)
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "told.csv")
    wizard.keep.table.setChecked(True)
    keep(window, wizard, "minerals")
    rows = table(tmp_path / "told.csv")
    assert len(rows) == 27 and "27 spectra were named by 'minerals'" in window.message
    assert [row["class"] for row in rows[-3:]] == list(LINES)
    assert [row["label"] for row in rows[:6]] == ["talc"] * 5 + [""]
    assert float(rows[0]["talc"]) == pytest.approx(float(rows[0]["probability"]), abs=1e-4)
    groups = window.services.session.project.groups
    assert len(groups.members) == 27
    assert (groups.probabilities == 1).sum() == 15, "what somebody has said is certain"


def test_a_quantity_of_the_rest_is_a_table(start, tmp_path, monkeypatch):
    share = np.round(np.random.default_rng(0).random(30), 2)
    talc, quartz = (substance(name, 30, seed=0, noise=0.02) for name in ("talc", "quartz"))
    labels = [f"{100 * one:.0f}" if place < 24 else "" for place, one in enumerate(share)]
    values = (1 - share)[:, None] * talc + share[:, None] * quartz
    window = opened(start, write_set(tmp_path / "mixtures.h5", labels, values))
    wizard = open_wizard(window)
    assert "tick the box for numbers" in wizard.data.warnings.text()
    wizard.data.quantity.setChecked(True)
    values_told = [float(name) for name in list(counts(wizard))[:-1]]
    assert values_told == sorted(values_told) and not wizard.data.warnings.text()
    to_result(window, wizard)
    page = wizard.result_page
    place = page.predicted._place(page.predicted._inside(), *page.predicted._series[1].points[0])
    assert page.predicted.named_at(place).startswith("mixtures.h5 · ") and not page.predicted.named_at(QPointF(-99, 0))
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "shares.csv")
    keep(window, wizard, "share of quartz")
    rows = table(tmp_path / "shares.csv")
    told = np.array([float(row["value"]) for row in rows[24:]])
    assert np.abs(told - 100 * share[24:]).max() < 10
    assert window.services.session.project.groups is None


def test_what_reaches_less_far_is_left_out_and_said(start, tmp_path):
    window = opened(start, labelled_set(tmp_path)[0])
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "minerals")
    short = write_set(tmp_path / "short.h5", [""], spectra.values[:1, :150], AXIS[:150])
    window.drop(short)
    window.wait_until(lambda: len(window.rows()) == 2 and all(state == "denoised" for _, state in window.rows()))
    predicting.name_spectra(
        window.services, finetuned_model.load("minerals"), predicting.all_spectra(window.services.session)
    )
    window.wait_until(lambda: window.services.session.project.groups is not None)
    assert "1 spectrum reaches less far" in window.message
    assert len(window.services.session.project.groups.members) == 24


@pytest.mark.parametrize("labels", [["only one"] * 12, [f"class {one}" for one in range(12)], ["", " "] * 6])
def test_labels_that_cannot_teach_are_told_or_warned_of(start, tmp_path, labels):
    spectra, _ = substances(4)
    window = opened(start, write_set(tmp_path / "odd.h5", labels, spectra.values))
    wizard = open_wizard(window)
    wizard.data.source.setCurrentIndex(max(0, wizard.data.source.findData("column label")))
    assert wizard.data.warnings.text()
    wizard.reject()


def test_two_hundred_classes_with_odd_names_are_taken(start, tmp_path):
    spectra, _ = substances(200)
    labels = [f" «{place % 200}»\t✓ " for place in range(600)]
    window = opened(start, write_set(tmp_path / "many.h5", labels, spectra.values))
    wizard = open_wizard(window)
    assert wizard.data.counts.rowCount() == 200 and wizard.data.counts.item(0, 0).text() == "«0» ✓"
    assert wizard.data.isComplete()
    wizard.reject()


def test_there_is_one_wizard_and_it_goes_with_its_window_and_its_colours(start, tmp_path):
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    assert open_wizard(window) is wizard and not wizard.isModal()
    to_result(window, wizard)
    window.do("theme_dark")
    window.do("theme_light")
    assert wizard.result_page.confusion.rowCount() == 3
    window.services.session.remove(window.services.session.selected_ids)
    wizard.select(0)  # it is no longer open
    window.window._may_lose = True
    window.window.close()
    assert not wizard.isVisible()


def test_taught_models_are_looked_after_and_used_from_the_menu(start, tmp_path, monkeypatch):
    window = opened(start, labelled_set(tmp_path)[0])
    spectra, names = substances(5)
    finetuned_model.save(training.finetune(EXTRACTOR, spectra, names).model, "minerals")
    window.do("taught_models")
    dialog = next(one for one in QApplication.topLevelWidgets() if isinstance(one, ModelsDialog) and one.isVisible())
    assert dialog.models.chosen == "minerals"
    assert "learned from 15 spectra" in dialog.models.card.toPlainText()
    dialog.use.click()
    window.wait_until(lambda: window.services.session.project.groups is not None)
    assert window.services.session.project.groups.names() == substances(8)[1].tolist()
    damaged = tmp_path / "damaged.ramanmodel"
    damaged.write_bytes(b"not a model")
    said: list[str] = []
    monkeypatch.setattr(dialogs, "ask_any_files", lambda *_: [damaged])
    monkeypatch.setattr(
        "ramanstudio.gui.finetuning.models_dialog.QMessageBox.warning", lambda *parts: said.append(parts[-1])
    )
    dialog.models.bring_in()
    assert "is damaged" in said[0]
    monkeypatch.setattr(
        "ramanstudio.gui.finetuning.models_dialog.QMessageBox.question", lambda *_: QMessageBox.StandardButton.Yes
    )
    dialog.models.delete()
    assert (
        finetuned_model.list_names() == ()
        and dialog.models.list.item(0).text() == "None yet"
        and not dialog.use.isEnabled()
    )
    dialog.reject()


def test_closing_asks_before_labels_or_what_was_learned_are_lost(start, tmp_path, asked, monkeypatch):
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    wizard.reject()
    assert asked == []
    wizard = open_wizard(window)
    chosen = np.zeros(24, dtype=bool)
    chosen[:2] = True
    wizard.data.label(chosen, "talc")
    monkeypatch.setattr(QMessageBox, "question", lambda *words: asked.append(words[2]) or QMessageBox.StandardButton.No)
    wizard.reject()
    assert wizard.isVisible() and "given by hand" in asked[-1]
    next_page(wizard)
    next_page(wizard)
    learn(window, wizard)
    wizard.close()
    assert wizard.isVisible() and "not kept yet" in asked[-1]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    wizard.reject()
    assert not any(isinstance(one, FineTuneWizard) and one.isVisible() for one in QApplication.topLevelWidgets())


def test_labels_of_very_many_spectra_are_counted_behind_the_window(start, tmp_path, monkeypatch):
    monkeypatch.setattr(labels_page, "AT_ONCE", 10)
    threads = []
    for name in ("count", "count_pattern"):
        counting = getattr(labels_page, name)
        monkeypatch.setattr(
            labels_page, name, lambda *how, of=counting: threads.append(threading.current_thread()) or of(*how)
        )
    window = opened(start, labelled_set(tmp_path)[0])
    wizard = open_wizard(window)
    button = wizard.button(QWizard.WizardButton.NextButton)
    window.wait_until(button.isEnabled)
    assert counts(wizard)["talc"] == "5"
    wizard.data.source.setCurrentIndex(wizard.data.source.findData("pattern"))
    wizard.data.pattern.setText("{label}erals")
    assert "minerals → min" in wizard.data.preview.text() and not button.isEnabled()
    assert "Counting" in wizard.data.warnings.text()
    window.wait_until(lambda: "one class, 'min'" in wizard.data.warnings.text())
    assert not button.isEnabled() and threads and threading.main_thread() not in threads
    wizard.reject()
