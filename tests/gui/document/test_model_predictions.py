"""Predictions of fine-tuned models: on Identify, in the metadata, in the exported table and on the map."""

from __future__ import annotations

import csv
import threading
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.training import finetune
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.gui.identify.identify_panel import IdentifyPanel
from ramanstudio.gui.map.map_page import MapPage
from ramanstudio.project import project_file
from tests.finetuning.substances import AXIS, EXTRACTOR, LINES, substance, substances
from tests.gui.driver import Starter, Window
from tests.gui.finetuning.test_wizard import FineTuningEngine, write_set


def save_minerals_model(name: str = "minerals") -> None:
    spectra, names = substances(6)
    finetuned_model.save(finetune(EXTRACTOR, spectra, names, None, FinetunePlan(importance=False)).model, name)


def save_quantity_model(name: str = "talc, percent") -> None:
    given = np.linspace(0, 100, 24)
    plan = FinetunePlan(quantity=True, representation="spectrum", estimator="ridge")
    finetuned_model.save(finetune(EXTRACTOR, SpectrumSet.of(AXIS, mixed(given)), given, None, plan).model, name)


def mixed(percent: np.ndarray) -> np.ndarray:
    """Talc and quartz in these shares, with little noise."""
    draw = np.random.default_rng(5)
    of = {name: sum(np.exp(-0.5 * ((AXIS - at) / 12) ** 2) for at in LINES[name]) for name in ("talc", "quartz")}
    share = percent[:, None] / 100
    return share * of["talc"] + (1 - share) * of["quartz"] + 0.01 * draw.standard_normal((len(percent), len(AXIS)))


def write_map(path: Path, values: np.ndarray) -> Path:
    x, y = np.meshgrid(np.arange(4.0), np.arange(len(values) // 4))
    with h5py.File(path, "w") as file:
        group = file.create_group("spectra")
        group["axis"], group["values"], group["x"], group["y"] = AXIS, values, x.ravel(), y.ravel()
    return path


def opened(start: Starter, *files: Path) -> Window:
    window = start(*files, loader=lambda *_: FineTuningEngine())
    window.wait_until(lambda: all(state == "denoised" for _, state in window.rows()) and len(window.rows()) > 0)
    return window


def open_identify_tab(window: Window) -> tuple[IdentifyPage, IdentifyPanel]:
    window.do("tab_identify")
    page = window.window.findChild(IdentifyPage)
    window.wait_until(lambda: window.window.findChild(IdentifyPanel) is not None)
    panel = window.window.findChild(IdentifyPanel)
    assert page is not None and panel is not None
    return page, panel


def test_a_fine_tuned_model_is_switched_on_and_classifies_the_spectrum(start: Starter, tmp_path: Path) -> None:
    save_minerals_model()
    window = opened(start, write_set(tmp_path / "new.h5", [""] * 2, substance("quartz", 2, seed=99)))
    page, panel = open_identify_tab(window)
    (box,) = panel.models.tab_order
    assert box.text() == "minerals · 3 classes" and not page.predictions.isVisible()
    box.click()
    window.wait_until(lambda: "minerals (fine-tuned): quartz · " in page.predictions.text.text())
    window.wait_settled()
    entry = window.services.session.project.entries[0]
    (predictions,) = window.services.session.project.predictions_for(entry)
    assert predictions.labels.tolist() == ["quartz", "quartz"] and predictions.is_complete
    box.click()
    assert not page.predictions.isVisible()


def test_a_model_that_has_to_wait_shows_for_what(start: Starter, tmp_path: Path) -> None:
    save_minerals_model()
    window = opened(start, write_set(tmp_path / "new.h5", [""] * 2, substance("quartz", 2, seed=99)))
    page, panel = open_identify_tab(window)
    window.wait_settled()
    done = threading.Event()
    job = window.services.workers.submit(lambda _: done.wait(60), "Searching 300 spectra", "model")
    window.wait_until(lambda: job.running)
    panel.models.tab_order[0].click()
    window.wait_until(lambda: page.predictions.isVisible())
    assert page.predictions.text.text() == "minerals (fine-tuned): waiting for: Searching 300 spectra…"
    done.set()
    window.wait_until(lambda: "minerals (fine-tuned): quartz · " in page.predictions.text.text())


def test_a_spectrum_unlike_the_training_spectra_is_unknown(start: Starter, tmp_path: Path) -> None:
    save_minerals_model()
    odd = 5 * np.exp(-0.5 * ((AXIS - 1500) / 40) ** 2)[None] + np.random.default_rng(0).normal(0, 0.01, (1, len(AXIS)))
    window = opened(start, write_set(tmp_path / "odd.h5", [""], odd))
    page, panel = open_identify_tab(window)
    panel.models.tab_order[0].click()
    window.wait_until(lambda: "minerals (fine-tuned): unknown" in page.predictions.text.text())


def test_a_model_whose_range_the_spectra_lack_shows_why_it_cannot_predict(start: Starter, tmp_path: Path) -> None:
    save_minerals_model()
    short = write_set(tmp_path / "short.h5", [""], substance("quartz", 1, seed=3)[:, :200], AXIS[:200])
    window = opened(start, short)
    page, panel = open_identify_tab(window)
    panel.models.tab_order[0].click()
    window.wait_until(lambda: "was trained on 300 to 1700 cm⁻¹" in page.predictions.text.text())


def test_a_quantity_is_mapped_exported_and_shown_in_the_metadata(start, tmp_path, monkeypatch) -> None:
    save_quantity_model()
    percent = np.linspace(5, 95, 16)
    window = opened(start, write_map(tmp_path / "map.h5", mixed(percent)))
    _, panel = open_identify_tab(window)
    panel.models.tab_order[0].click()
    session = window.services.session
    entry = session.project.entries[0]
    window.wait_until(lambda: any(predictions.is_complete for predictions in session.project.predictions_for(entry)))
    window.wait_settled()
    (predictions,) = session.project.predictions_for(entry)
    assert predictions.values is not None and np.allclose(predictions.values, percent, atol=8)
    out = tmp_path / "out.csv"
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: out)
    window.do("export_identifications")
    window.wait_until(out.exists)
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [float(row["talc, percent (fine-tuned)"]) for row in rows] == [float(word) for word in predictions.labels]
    window.do("tab_spectrum")
    metadata_panel = window.window.metadata_panel._shown_rows
    assert metadata_panel[0][0] == "talc, percent" and "(median)" in metadata_panel[0][1]
    window.do("tab_map")
    page = window.window.findChild(MapPage)
    assert page is not None and not page.map_source.missing_for("value") and page.map_source.missing_for("class")
    page.choose(replace(page.options, channel="value"))
    window.wait_until(lambda: page.picture is not None and "talc, percent" in page.picture.title)
    assert np.allclose(np.sort(page.picture.values.ravel()), np.sort(predictions.values), atol=1e-6)


def test_predictions_are_saved_with_the_project(start: Starter, tmp_path: Path) -> None:
    save_minerals_model()
    window = opened(start, write_set(tmp_path / "new.h5", [""] * 3, substance("talc", 3, seed=9)))
    _, panel = open_identify_tab(window)
    panel.models.tab_order[0].click()
    session = window.services.session
    window.wait_until(
        lambda: any(
            predictions.is_complete for predictions in session.project.predictions_for(session.project.entries[0])
        )
    )
    project_file.save(session.project, tmp_path / "one.ramanstudio")
    again = project_file.load(tmp_path / "one.ramanstudio")
    (before,) = session.project.predictions_for(session.project.entries[0])
    (after,) = again.predictions_for(again.entries[0])
    assert (after.model, after.model_hash, after.labels.tolist()) == (
        before.model,
        before.model_hash,
        before.labels.tolist(),
    )
    assert np.allclose(after.probabilities, before.probabilities) and after.is_complete
