"""Recipes in the window: what changes behind Denoise asks no network, undo brings back, SNR knows no cosmic rays."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.formats.registry import read
from ramanstudio.gui.document.exporting import figure_spectra
from ramanstudio.gui.export.export_dialog import ExportDialog
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.stages import like_processed
from ramanstudio.processing.step import RecipeStep
from ramanstudio.project import project as project_module
from ramanstudio.project.project import DEFAULT_RECIPE, LARGE_SET, Entry, Result
from tests.gui.driver import SmoothingEngine, Starter, Window, write_spectra, write_spectrum


def add_baseline(recipe: Recipe) -> Recipe:
    return Recipe((*recipe.steps, RecipeStep(SubtractBaseline("rubber band"))))


def first(window: Window) -> tuple[Entry, Result]:
    entry = window.services.session.project.entries[0]
    result = window.services.session.project.result(entry)
    assert result is not None
    return entry, result


def test_a_step_behind_denoise_is_applied_without_the_network_and_undone(start: Starter, tmp_path: Path) -> None:
    engine = SmoothingEngine()
    window = start(*write_spectra(tmp_path, 3), loader=lambda *_: engine)
    window.wait_until(lambda: window.snr != "")
    window.wait_settled()
    asked, before = len(engine.order), first(window)[1]
    session = window.services.session
    session.edit_recipes([entry.id for entry in session.project.entries], add_baseline, "Add baseline")
    recipes = {id(entry.recipe) for entry in session.project.entries}
    assert len(recipes) == 1, "entries that shared a recipe share the edited one"
    window.wait_until(lambda: all(map(window.services.denoising.is_processed, session.project.entries)))
    result = first(window)[1]
    assert result.denoised is before.denoised
    assert len(engine.order) == asked
    assert not np.array_equal(result.final.values, before.final.values)
    assert session.undo_title == "Add baseline"
    window.do("undo")
    assert first(window)[0].recipe is DEFAULT_RECIPE
    window.wait_until(lambda: np.array_equal(first(window)[1].final.values, before.final.values))
    assert len(engine.order) == asked


def test_cosmic_rays_are_taken_off_before_the_network_sees_the_spectrum(start: Starter, tmp_path: Path) -> None:
    path = write_spectrum(tmp_path / "a.txt")
    rows = np.loadtxt(path)
    rows[150, 1] += 900
    np.savetxt(path, rows, fmt="%.3f", delimiter="\t")
    window = start(path)
    window.wait_until(lambda: window.snr != "")
    result = first(window)[1]
    assert result.source.values.max() > 800
    assert result.measured.values.max() < 300
    assert result.final.values.max() < 300


def test_a_saved_project_opens_with_its_recipes_and_asks_no_network(start: Starter, tmp_path: Path) -> None:
    engine = SmoothingEngine()
    window = start(write_spectrum(tmp_path / "a.txt"), loader=lambda *_: engine)
    window.wait_until(lambda: window.snr != "")
    session = window.services.session
    session.edit_recipes([1], add_baseline, "Add baseline")
    window.wait_until(lambda: window.services.denoising.is_processed(session.project.entries[0]))
    expected, asked = first(window)[1].final.values, len(engine.order)
    window.services.project_files.save(tmp_path / "work.ramanstudio")
    window.wait_settled()
    window.services.project_files.open(tmp_path / "work.ramanstudio")
    window.wait_until(lambda: session.project.entries[0].source is not None and not window.services.workers.busy)
    window.wait_until(lambda: window.services.denoising.is_processed(session.project.entries[0]))
    assert np.array_equal(first(window)[1].final.values, expected)
    assert len(engine.order) == asked


def crop(recipe: Recipe) -> Recipe:
    return Recipe((RecipeStep(Crop(400.0, 1500.0)), *recipe.steps))


def export_dialog(window: Window, folder: Path) -> ExportDialog:
    """Begin an export of processed spectra."""
    window.do("export_spectra")
    dialog = window.window.findChildren(ExportDialog)[-1]
    dialog.choices.folder.setText(str(folder))
    dialog.choices.contents["raw"].setChecked(False)
    dialog.export_button.click()
    return dialog


def test_export_and_copy_wait_until_the_recipe_is_applied(start: Starter, tmp_path: Path) -> None:
    engine = SmoothingEngine()
    window = start(write_spectrum(tmp_path / "a.txt"), loader=lambda *_: engine)
    window.wait_until(lambda: window.snr != "")
    window.wait_settled()
    session, clipboard = window.services.session, QGuiApplication.clipboard()
    clipboard.setText("earlier")
    engine.may_continue.clear()
    session.edit_recipes([1], crop, "Crop")
    dialog = export_dialog(window, tmp_path / "out")
    assert "still being applied to 1 of 1 entry" in dialog.note.text() and dialog.export_button.text() == "Waiting…"
    window.window.edit_commands.copy()
    assert window.message == "Copying waits until 1 entry is processed."
    assert clipboard.text() == "earlier" and not (tmp_path / "out").exists()
    engine.may_continue.set()
    window.wait_until(lambda: "saved" in window.message)
    (exported,) = read(tmp_path / "out" / "a-processed.csv")
    assert exported.axis[0] >= 400 and exported.axis[-1] <= 1500
    assert clipboard.text() != "earlier"


def test_an_export_whose_recipe_is_never_applied_is_given_up_with_a_sentence(start: Starter, tmp_path: Path) -> None:
    engine = SmoothingEngine()
    window = start(write_spectrum(tmp_path / "a.txt"), loader=lambda *_: engine)
    window.wait_until(lambda: window.snr != "")
    window.wait_settled()
    engine.may_continue.clear()
    window.services.session.edit_recipes([1], crop, "Crop")
    dialog = export_dialog(window, tmp_path / "out")
    window.services.denoising.stop()
    window.wait_until(lambda: "1 entry has a recipe that was not applied." in dialog.note.text())
    engine.may_continue.set()
    dialog.close()
    assert not (tmp_path / "out").exists()


def test_a_cosmic_ray_does_not_set_the_scale_of_a_figure(start: Starter, tmp_path: Path) -> None:
    path = write_spectrum(tmp_path / "a.txt")
    measured = np.loadtxt(path)
    measured[150, 1] += 900
    np.savetxt(path, measured, fmt="%.3f", delimiter="\t")
    window = start(path)
    window.wait_until(lambda: window.snr != "")
    (spectrum,) = figure_spectra(window.services.exporting.denoised)
    assert spectrum.raw is not None
    assert np.flatnonzero(np.isnan(spectrum.raw)).tolist() == [150]
    assert np.nanmax(spectrum.raw) < 300


def test_the_measured_curves_of_a_large_set_are_scaled_off_the_windows_thread(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def noting(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return like_processed(*arguments)

    monkeypatch.setattr(project_module, "like_processed", noting)
    rows = np.random.default_rng(0).normal(50, 5, (LARGE_SET + 1, 64))
    hdf5.write(tmp_path / "large.h5", SpectrumSet(np.linspace(200, 1800, 64), rows))
    window = start(tmp_path / "large.h5")
    window.wait_until(lambda: window.snr != "")
    window.services.recipe_editor.add(Normalise("vector"))
    denoising, session = window.services.denoising, window.services.session
    window.wait_until(lambda: denoising.is_processed(session.project.entries[0]))
    assert first(window)[1].unprocessed.values.max() < 1, "on the scale of the final ones"
    assert threads and threading.main_thread() not in threads
