"""Maps, series and repeats are denoised as sets, unless the user switches that off."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.gui.document.denoising import load_engine
from ramanstudio.gui.spectrum.texts import set_mode_text
from ramanstudio.project.project import Result
from tests.gui.driver import SmoothingEngine, Starter, Window, write_spectra, write_spectrum

ALONE, WHOLE = "6.0 → 12  ×2.0", "6.0 → 24  ×4.0"  # what the stand-in engine says


def write_map(path: Path, across: int = 5, down: int = 4, points: int = 150, sigma: float = 5.0) -> Path:
    """A map of one substance, more of it to the right."""
    axis = np.linspace(200.0, 1800.0, points)
    x, y = (grid.ravel().astype(float) for grid in np.meshgrid(np.arange(across), np.arange(down)))
    line = 100 * np.exp(-(((axis - 1000) / 12) ** 2))
    noise = np.random.default_rng(4).normal(0, sigma, (x.size, points))
    hdf5.write(path, SpectrumSet(axis, np.outer(0.5 + x / across, line) + noise, {"x": x, "y": y}))
    return path


def repeated(axis: np.ndarray) -> np.ndarray:
    """What the repeats would be without noise."""
    return np.asarray(60 * np.exp(-(((axis - 700) / 14) ** 2)) + 40 * np.exp(-(((axis - 1400) / 11) ** 2)))


def write_repeats(path: Path, count: int = 30, points: int = 150) -> Path:
    """Repeats of one measurement, a row each under their axis."""
    axis = np.linspace(200.0, 1800.0, points)
    rows = repeated(axis) + np.random.default_rng(6).normal(0, 20, (count, points))
    np.savetxt(path, np.vstack([axis, rows]), delimiter=",", fmt="%.3f")
    return path


def switch(window: Window) -> Any:
    return window.window.metadata_panel._check_boxes["whole_set"]


def set_text(window: Window) -> str:
    return window.window.metadata_panel._set_mode.text()


def result(window: Window, name: str) -> Result:
    project = window.services.session.project
    result = project.result(next(entry for entry in project.entries if entry.name == name))
    assert result is not None
    return result


def test_a_map_is_denoised_as_a_set_until_that_is_switched_off(start: Starter, tmp_path: Path) -> None:
    window = start(write_map(tmp_path / "map.h5"))
    window.wait_until(lambda: window.snr == WHOLE)
    assert switch(window).isVisible()
    assert switch(window).isChecked()
    assert set_text(window) == "Denoised as a set"
    window.wait_until(
        window.window.actions_by_id["whole_set"].isEnabled
    )  # a moment after the selection, as a hand would be
    QTest.keyClick(window.window, Qt.Key.Key_W)
    window.wait_until(lambda: window.snr == ALONE)
    assert not switch(window).isChecked()
    assert set_text(window) == "Denoised individually"
    window.wait_until(lambda: window.window.actions_by_id["undo"].text() == "Undo: denoise individually")
    window.do("undo")
    window.wait_until(lambda: window.snr == WHOLE)
    assert switch(window).isChecked()
    window.do("redo")
    window.wait_until(lambda: window.snr == ALONE)


def test_repeats_in_one_file_are_denoised_as_a_set(start: Starter, tmp_path: Path) -> None:
    window = start(write_repeats(tmp_path / "repeats.csv"))
    window.wait_until(lambda: window.snr == WHOLE)
    assert switch(window).isChecked()


def test_single_spectra_and_small_sets_have_no_switch(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "one.txt"), write_repeats(tmp_path / "three.csv", count=3))
    window.wait_settled()
    for name in ("one.txt", "three.csv"):
        window.choose(name)
        assert not switch(window).isVisible()
        window.wait_until(lambda: not window.window.actions_by_id["whole_set"].isEnabled())
        assert window.snr == ALONE


def test_a_setting_opens_maps_with_the_switch_off(start: Starter, tmp_path: Path) -> None:
    window = start()
    window.services.settings["denoise_as_set"] = False
    window.drop(write_map(tmp_path / "map.h5"))
    window.wait_until(lambda: window.snr == ALONE)
    assert not switch(window).isChecked()
    switch(window).click()
    window.wait_until(lambda: window.snr == WHOLE)


def test_the_switch_follows_the_selection_without_changing_it(start: Starter, tmp_path: Path) -> None:
    window = start(write_map(tmp_path / "a.h5"), write_map(tmp_path / "b.h5"))
    window.wait_settled()
    window.choose("b.h5")
    window.do("whole_set")
    window.wait_until(lambda: window.snr == ALONE)
    project = window.services.session.project
    for names, on in ((["a.h5"], True), (["b.h5"], False), (["a.h5", "b.h5"], False), (["a.h5"], True)):
        window.choose(*names)
        assert switch(window).isChecked() is on
    assert window.services.session.project is project
    window.choose("a.h5", "b.h5")
    assert set_text(window) == "Denoised partly as sets, partly individually"
    window.do("whole_set")
    window.wait_until(lambda: window.snr == WHOLE)
    assert set_text(window) == "Denoised as a set"


def test_switching_while_a_map_is_denoised_restarts_and_the_last_choice_wins(start: Starter, tmp_path: Path) -> None:
    engine = SmoothingEngine()
    engine.may_continue.clear()
    window = start(loader=lambda _model, _device: engine)
    window.drop(write_map(tmp_path / "map.h5"), *write_spectra(tmp_path, 2))
    window.wait_until(lambda: len(window.rows()) == 3 and engine.order == ["map.h5"])
    window.choose("map.h5")
    for _ in range(3):
        window.do("whole_set")
    assert window.snr == ""
    engine.may_continue.set()
    window.wait_until(lambda: window.snr != "")
    window.wait_settled()
    assert window.snr == ALONE
    assert engine.stopped.is_set()  # what nobody wanted any more was not finished
    assert [state for _, state in window.rows()] == ["denoised"] * 3


def test_switching_denoises_again_even_if_automatic_denoising_is_off(start: Starter, tmp_path: Path) -> None:
    window = start(write_map(tmp_path / "a.h5"))
    window.wait_until(lambda: window.snr == WHOLE)
    window.window.actions_by_id["denoise"].setChecked(False)
    window.drop(write_map(tmp_path / "b.h5"))
    window.wait_until(lambda: len(window.rows()) == 2)
    window.choose("a.h5", "b.h5")
    window.do("whole_set")
    window.wait_until(lambda: result(window, "a.h5").set_size == 0)
    window.wait_settled()
    assert window.rows() == [("a.h5", "denoised"), ("b.h5", "raw")]


def test_a_map_that_is_denoised_again_keeps_its_noise_region(start: Starter, tmp_path: Path) -> None:
    window = start(write_map(tmp_path / "map.h5"))
    window.wait_until(lambda: window.snr == WHOLE)
    window.window.spectrum_commands.move_noise_region(1300.0, 1700.0)
    window.wait_until(lambda: "from 1300 to 1700" in window.window.metadata_panel._noise_region.text())
    window.do("whole_set")
    window.wait_until(lambda: result(window, "map.h5").set_size == 0)
    assert result(window, "map.h5").noise_region == (1300.0, 1700.0)


def test_repeats_in_separate_files_can_be_denoised_as_one_set(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 6), write_spectrum(tmp_path / "other.txt", points=180))
    window.wait_settled()
    one_set = window.window.metadata_panel._one_set_button
    window.choose("spectrum_0000.txt", "other.txt")
    assert not one_set.isVisible()
    window.choose(*(f"spectrum_000{number}.txt" for number in range(5)))
    assert one_set.isVisible()
    assert not switch(window).isVisible()
    window.wait_until(one_set.isEnabled)
    one_set.click()
    window.wait_until(lambda: window.snr == WHOLE)
    assert set_text(window) == "Denoised in a set of 5 spectra"
    assert switch(window).isChecked()
    assert not one_set.isVisible()
    window.choose("spectrum_0005.txt")
    assert window.snr == ALONE
    window.choose("spectrum_0001.txt")
    window.do("whole_set")
    window.wait_until(lambda: window.snr == ALONE)
    window.choose("spectrum_0002.txt")
    assert window.snr == WHOLE
    window.do("undo")
    window.do("undo")
    window.wait_until(lambda: window.snr == ALONE)


def test_undoing_the_removal_of_a_file_denoises_its_whole_set_again(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 6))
    window.wait_settled()
    window.do("select_all")
    window.window.actions_by_id["denoise"].setChecked(False)
    window.wait_settled()
    window.do("one_set")
    window.choose("spectrum_0003.txt")
    window.do("remove")
    window.do("undo")
    window.window.actions_by_id["denoise"].setChecked(True)
    window.wait_settled()
    sizes = {result.set_size for result in window.services.session.project.results.values()}
    assert sizes == {6}


def test_files_whose_axes_differ_between_the_ends_are_refused_as_a_set(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 4))
    window.wait_settled()
    rows = (tmp_path / "spectrum_0000.txt").read_text().splitlines()
    rows[100] = "1005.300\t4.0"
    (tmp_path / "odd.txt").write_text("\n".join(rows))
    window.drop(tmp_path / "odd.txt")
    window.wait_settled()
    window.do("select_all")
    window.do("one_set")
    assert "have different Raman shift axes" in window.message
    assert not any(entry.set_id for entry in window.services.session.project.entries)


def test_choosing_another_model_loads_it_and_denoises_open_spectra_again(start: Starter, tmp_path: Path) -> None:
    here, may_load, threads = threading.get_ident(), threading.Event(), list[int]()
    may_load.set()

    def load(model: str, _device: str) -> SmoothingEngine:
        threads.append(threading.get_ident())
        may_load.wait(10)
        return SmoothingEngine(name=model)

    window = start(write_map(tmp_path / "map.h5"), *write_spectra(tmp_path, 2), loader=load)
    window.wait_settled()
    assert ("Model", "smae-\u200bbase") in window.window.metadata_panel._shown_rows
    may_load.clear()
    window.services.settings["model"] = "smae-small"
    window.wait_until(lambda: window.window.toolbar.device.text() == "CPU · test" and window.services.denoising.loading)
    window.choose("spectrum_0000.txt")  # the window goes on, and shows what the other model has made
    assert window.snr == ALONE
    may_load.set()
    window.wait_settled()
    assert {result.model for result in window.services.session.project.results.values()} == {"smae-small"}
    assert ("Model", "smae-\u200bsmall") in window.window.metadata_panel._shown_rows
    assert len(threads) == 2
    assert here not in threads


def test_models_can_be_chosen_by_their_purpose(start: Starter, own_home: Path) -> None:
    mine = own_home / "data" / "models" / "mine"
    mine.mkdir(parents=True)
    (mine / "card.json").write_text("{}")
    asked: list[str] = []

    def load(model: str, _device: str) -> SmoothingEngine:
        asked.append(model)
        return SmoothingEngine(name=model)

    window = start(loader=load)
    window.do("choose_model")
    dialog = next(widget for widget in QApplication.topLevelWidgets() if type(widget).__name__ == "SettingsDialog")
    box = next(box for box in dialog.findChildren(QComboBox) if box.accessibleName() == "Model")
    assert box.currentText() == "Most accurate (smae-base)"
    box.setCurrentIndex(box.findText("mine"))
    dialog.close()
    window.wait_until(lambda: asked == ["smae-base", "mine"] and not window.services.denoising.loading)
    assert window.services.settings["model"] == "mine"


def test_of_two_models_chosen_quickly_the_last_is_used(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"), loader=lambda model, _device: SmoothingEngine(name=model))
    window.wait_settled()
    for model in ("smae-small", "my-own", "smae-base", "smae-small"):
        window.services.settings["model"] = model
    window.wait_settled()
    assert result(window, "a.txt").model == "smae-small"


def test_a_single_spectrum_has_no_text_about_sets() -> None:
    assert set_mode_text([]) == ""


def test_the_real_engine_gains_more_from_a_set(start: Starter, tmp_path: Path) -> None:
    window = start(write_repeats(tmp_path / "repeats.csv", 40, 300), loader=load_engine)
    window.wait_until(lambda: window.snr != "", 90)
    whole = result(window, "repeats.csv").denoised
    window.do("whole_set")
    window.wait_until(lambda: set_text(window) == "Denoised individually", 30)
    alone = result(window, "repeats.csv").denoised
    assert whole is not None
    assert alone is not None
    assert np.median(whole.gain) > np.median(alone.gain)
    whole_error, error = (
        np.std(denoised.spectra.values - repeated(denoised.spectra.axis)) for denoised in (whole, alone)
    )
    assert whole_error < 0.8 * error
