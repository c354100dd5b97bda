"""The main job through the real start: drop, see the SNR, look, take away, close."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.document.exporting import figure_spectra
from ramanstudio.gui.shell import about
from ramanstudio.project.project import Result
from tests.gui.driver import SmoothingEngine, Starter, Window, write_spectra, write_spectrum

ROOT = Path(__file__).resolve().parents[3]


def test_an_empty_window_offers_to_open_files_and_the_demo(start: Starter) -> None:
    window = start()
    page = window.window.page.empty
    assert page.isVisible()
    assert [button.text() for button in page.buttons] == ["Open files…", "Open folder…", "Open demo spectra"]


def test_dropping_a_folder_lists_every_spectrum_and_names_the_unreadable_file(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 3)
    (tmp_path / "holiday.txt").write_text("not a spectrum, but a letter home")
    window = start()
    window.drop(tmp_path)
    window.wait_until(lambda: len(window.rows()) == 4)
    window.wait_settled()
    assert dict(window.rows()) == {
        "holiday.txt": "problem",
        "spectrum_0000.txt": "denoised",
        "spectrum_0001.txt": "denoised",
        "spectrum_0002.txt": "denoised",
    }
    assert "holiday.txt" in window.message
    assert "Traceback" not in window.message


def test_dropped_spectra_are_denoised_automatically_and_their_snr_is_shown(start: Starter, tmp_path: Path) -> None:
    window = start()
    window.drop(write_spectrum(tmp_path / "quartz.txt"))
    window.wait_until(lambda: window.snr != "")
    assert window.snr == "6.0 → 12  ×2.0"
    metadata_panel = window.window.metadata_panel
    assert "4.0× exposure" in metadata_panel._exposure.text()
    assert "over the whole axis" in metadata_panel._headline.toolTip()
    assert window.window.entries.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole).endswith("SNR 6.0 → 12")


def test_dragging_shows_how_many_files_a_drop_would_add(start: Starter, tmp_path: Path) -> None:
    files = write_spectra(tmp_path, 2)
    window = start()
    window.drop(*files)
    assert window.drop_text == "Drop to add 2 files"
    window.wait_settled()


def test_files_on_the_command_line_are_opened(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised", "denoised"])


def test_a_missing_file_is_reported_and_listed(start: Starter, tmp_path: Path) -> None:
    window = start(tmp_path / "gone.txt")
    window.wait_until(lambda: window.message != "")
    assert "gone.txt" in window.message
    assert window.rows() == [("gone.txt", "problem")]


def test_the_selected_entry_is_denoised_first(start: Starter, tmp_path: Path) -> None:
    files = write_spectra(tmp_path, 4)
    for number, path in enumerate(files):  # no two on one axis, so that each is a call of its own
        write_spectrum(path, points=200 + number)
    engine = SmoothingEngine()
    engine.may_continue.clear()
    window = start(loader=lambda _model, _device: engine)
    window.drop(*files)
    window.wait_until(lambda: len(window.rows()) == 4 and len(engine.order) == 1)
    window.choose("spectrum_0003.txt")
    engine.may_continue.set()
    window.wait_settled()
    assert engine.order[1] == "spectrum_0003.txt"


def test_a_spectrum_that_cannot_be_denoised_is_reported_and_the_others_are_denoised(
    start: Starter, tmp_path: Path
) -> None:
    window = start()
    files = write_spectra(tmp_path, 2)
    window.drop(*files)
    window.wait_settled()
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.gui.document.session import OpenedFile

    broken = SpectrumSet.of(np.arange(100.0), np.full(100, np.nan))
    window.services.session.add([OpenedFile(tmp_path / "hot.txt", (broken,))], "Open")
    window.wait_until(lambda: dict(window.rows()).get("hot.txt") == "not denoised")
    window.choose("hot.txt")
    assert "not numbers" in window.window.metadata_panel._exposure.text()


def test_curve_toggles_change_the_plot_and_are_remembered(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.wait_settled()
    view = window.window.page.view
    assert view is not None
    before = view.copy_picture()
    tick = window.window.metadata_panel._check_boxes["show_residual"]
    QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=tick.rect().center() - tick.rect().center() / 1.2)
    assert window.window.actions_by_id["show_residual"].isChecked()
    window.wait_until(lambda: view.copy_picture() != before)
    assert window.services.settings["show_residual"] is True
    QTest.keyClick(window.window, Qt.Key.Key_R)
    assert not window.window.actions_by_id["show_raw"].isChecked()


def test_dragging_the_noise_region_measures_again(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"), loader=_real_engine)
    window.wait_until(lambda: window.snr != "", 60)
    before = window.snr
    view = window.window.page.view
    assert view is not None
    view.noise_region_dragged.emit(1400.0, 1700.0)
    window.wait_until(lambda: "from 1400 to 1700" in window.window.metadata_panel._noise_region.text())
    assert window.snr != before
    window.do("undo")
    window.wait_until(lambda: window.snr == before)


def test_a_file_in_nm_asks_for_the_laser_and_is_read_again_with_it(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wavelength = np.linspace(540.0, 620.0, 400)
    values = 100 + np.random.default_rng(0).normal(0, 5, 400)
    path = tmp_path / "ocean.txt"
    rows = "\n".join(f"{one:.3f}\t{other:.2f}" for one, other in zip(wavelength, values, strict=True))
    path.write_text(f"Wavelength (nm)\tIntensity\n{rows}\n", encoding="utf-8")
    window = start(path)
    window.wait_until(lambda: window.rows() == [("ocean.txt", "problem")])
    window.wait_settled()
    assert window.window.page.problem.isVisible()
    assert window.window.page.problem._laser.isVisible()
    monkeypatch.setattr(dialogs, "ask_laser_nm", lambda *_: 532.0)
    window.wait_until(lambda: window.window.actions_by_id["set_laser"].isEnabled())
    window.do("set_laser")
    window.wait_until(lambda: window.rows() == [("ocean.txt", "denoised")])
    source = window.services.session.project.entries[0].source
    assert source is not None
    assert source.axis[0] == pytest.approx(1e7 / 532 - 1e7 / 540, abs=1)


def test_a_noise_region_can_be_used_for_all(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 3))
    window.wait_settled()
    window.choose("spectrum_0000.txt")
    window.window.spectrum_commands.move_noise_region(1400.0, 1700.0)
    window.wait_until(lambda: window.window.actions_by_id["noise_everywhere"].isEnabled())
    window.do("noise_everywhere")
    results = window.services.session.project.results
    window.wait_until(lambda: [one.noise_region for one in _results(window)] == [(1400.0, 1700.0)] * 3)
    assert window.services.session.project.results is not results


def test_entries_without_points_in_a_noise_region_keep_theirs_with_a_warning(start: Starter, tmp_path: Path) -> None:
    paths = [write_spectrum(tmp_path / "long.txt"), write_spectrum(tmp_path / "short.txt")]
    rows = [row for row in paths[1].read_text().splitlines() if float(row.split()[0]) < 900]
    paths[1].write_text("\n".join(rows))
    window = start(*paths)
    window.wait_settled()
    window.choose("long.txt")
    window.window.spectrum_commands.move_noise_region(1400.0, 1700.0)
    window.wait_until(lambda: window.window.actions_by_id["noise_everywhere"].isEnabled())
    window.do("noise_everywhere")
    assert "1 entry has too few points from 1400 to 1700 cm⁻¹" in window.message
    window.wait_until(lambda: _results(window)[0].noise_region == (1400.0, 1700.0))
    assert window.services.session.project.entries[1].noise_region is None


def test_a_noise_region_is_reported_within_the_axis(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.wait_until(lambda: window.snr != "")
    window.window.spectrum_commands.move_noise_region(1000.0, 9000.0)
    source = window.services.session.project.entries[0].source
    assert source is not None
    words = f"from 1000 to {source.axis[-1]:.0f} cm⁻¹"
    window.wait_until(lambda: words in window.window.metadata_panel._noise_region.text())


def test_noise_over_whole_but_different_axes_is_reported_as_whole(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt", points=200), write_spectrum(tmp_path / "b.txt", points=300))
    window.wait_settled()
    window.choose("a.txt", "b.txt")
    window.wait_until(lambda: "over the whole axis" in window.window.metadata_panel._noise_region.text())


def _results(window: Window) -> list[Result]:
    return list(window.services.session.project.results.values())


def test_a_hidden_panel_stays_hidden_at_the_next_start(start: Starter) -> None:
    window = start()
    window.window.actions_by_id["panel_side"].setChecked(False)
    window.window.close()
    window.services._save()
    again = start()
    assert again.window._docks["side"].isHidden()
    assert not again.window._docks["list"].isHidden()
    assert not again.window.actions_by_id["panel_side"].isChecked()


def test_removing_can_be_undone_and_results_stay(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 3))
    window.wait_settled()
    window.choose("spectrum_0001.txt")
    window.wait_until(lambda: window.window.actions_by_id["remove"].isEnabled())
    window.do("remove")
    assert [name for name, _ in window.rows()] == ["spectrum_0000.txt", "spectrum_0002.txt"]
    assert [entry.name for entry in window.services.session.selected] == ["spectrum_0002.txt"]
    window.wait_until(lambda: window.window.actions_by_id["undo"].text() == "Undo: remove 1 entry")
    window.do("undo")
    assert window.rows()[1] == ("spectrum_0001.txt", "denoised")


def test_filtering_and_sorting_the_list(start: Starter, tmp_path: Path) -> None:
    for name in ("b10.txt", "b2.txt", "a1.txt"):
        write_spectrum(tmp_path / name)
    window = start(tmp_path / "b10.txt", tmp_path / "b2.txt", tmp_path / "a1.txt")
    window.wait_settled()
    entries = window.window.entries
    entries.order.setCurrentIndex(entries.order.findData("name"))
    assert [name for name, _ in window.rows()] == ["a1.txt", "b2.txt", "b10.txt"]
    QTest.keyClicks(entries.filter_box, "b")
    assert [name for name, _ in window.rows()] == ["b2.txt", "b10.txt"]
    assert entries._count.text() == "2 of 3"


def test_copying_puts_figure_and_data_on_the_clipboard(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.wait_settled()
    window.do("copy")
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.hasImage()
    lines = mime.text().splitlines()
    assert lines[0].startswith("Raman shift")
    assert len(lines) == 201


def test_a_file_of_many_spectra_is_one_entry_that_can_be_stepped_through(start: Starter, tmp_path: Path) -> None:
    axis = np.linspace(200, 1800, 150)
    rows = np.random.default_rng(0).normal(100, 5, (30, 150))
    table = np.vstack([np.concatenate([[0], axis]), np.column_stack([np.arange(1, 31), rows])])
    np.savetxt(tmp_path / "matrix.csv", table[:, 1:], delimiter=",", fmt="%.3f")
    window = start(tmp_path / "matrix.csv")
    window.wait_settled()
    assert [name for name, _ in window.rows()] == ["matrix.csv"]
    assert "30 × 150 points" in window.window.entries.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    window.do("spectrum_after")
    assert window.services.session.single_row == 0
    window.do("spectrum_after")
    assert window.window.page.header._number.value() == 2
    assert "spectrum 2 of 30" in window.window.metadata_panel._scope.text()
    window.do("all_spectra")
    assert window.services.session.single_row is None


def test_the_denoise_switch_stops_and_starts(start: Starter, tmp_path: Path) -> None:
    window = start()
    window.window.actions_by_id["denoise"].setChecked(False)
    window.drop(write_spectrum(tmp_path / "a.txt"))
    window.wait_until(lambda: len(window.rows()) == 1)
    window.wait_settled()
    assert window.rows() == [("a.txt", "raw")]
    window.window.actions_by_id["denoise"].setChecked(True)
    window.wait_until(lambda: window.rows() == [("a.txt", "denoised")])


def test_cancelling_stops_the_engine_before_it_has_finished(start: Starter, tmp_path: Path) -> None:
    engine = SmoothingEngine(seconds_each=0.2)
    window = start(loader=lambda _model, _device: engine)
    window.drop(*write_spectra(tmp_path, 60))
    window.wait_until(lambda: window.window.job_bar.text.startswith("Denoising"))
    window.do("cancel")
    window.wait_until(lambda: not window.services.workers.busy)
    assert engine.stopped.wait(30)
    assert len(window.services.session.project.results) < 60


def test_a_missing_model_is_reported_and_raw_spectra_are_shown(start: Starter, tmp_path: Path) -> None:
    from ramanstudio.core.errors import StudioError

    def missing(_model: str, _device: str) -> None:
        raise StudioError("There is no model 'smae-base'.", remedy="Install RamanStudio again.")

    window = start(write_spectrum(tmp_path / "a.txt"), loader=missing)
    window.wait_until(lambda: "no model" in window.message)
    window.wait_settled()
    assert window.rows() == [("a.txt", "raw")]


def test_every_action_has_one_handler_a_menu_and_its_own_shortcut(start: Starter) -> None:
    from ramanstudio.gui.shell.actions import ACTIONS, MENUS

    window = start()
    shortcuts = [row.shortcut for row in ACTIONS if row.shortcut]
    assert len(shortcuts) == len(set(shortcuts))
    for row in ACTIONS:
        assert row.menu in MENUS
        assert callable(window.window._handlers[row.id])
    assert set(window.window._handlers) == {row.id for row in ACTIONS}


def test_the_chosen_theme_is_applied_and_remembered(start: Starter, own_home: Path) -> None:
    window = start()
    window.do("theme_dark")
    assert window.window.palette().window().color().lightness() < 60
    window.do("theme_light")
    assert window.window.palette().window().color().lightness() > 200
    window.window.close()
    window.services._save()
    assert 'theme = "light"' in (own_home / "config" / "settings.toml").read_text()


def test_recent_files_are_listed_in_the_menu(start: Starter, tmp_path: Path) -> None:
    path = write_spectrum(tmp_path / "a.txt")
    window = start(path)
    window.wait_settled()
    window.window._fill_recent()
    assert window.window._recent.actions()[0].text() == str(path)


def test_a_dropped_file_that_is_open_already_is_not_opened_twice(start: Starter, tmp_path: Path) -> None:
    path = write_spectrum(tmp_path / "a.txt")
    window = start(path)
    window.wait_settled()
    window.drop(path)
    window.wait_settled()
    assert len(window.rows()) == 1
    assert "already open" in window.message


def test_an_unexpected_error_opens_a_dialog_with_details_and_is_logged(start: Starter, own_home: Path) -> None:
    window = start()
    window.services.workers.submit(_raises, "Failing", "files").failed.connect(window.services.messages.show_error)
    window.wait_until(lambda: "unexpected" in window.message)
    dialog = next(one for one in QApplication.topLevelWidgets() if type(one).__name__ == "DetailsDialog")
    dialog.close()
    assert "ZeroDivisionError" in (own_home / "log" / "ramanstudio.log").read_text()


def _raises(_progress: object) -> float:
    return 1 / 0


def test_a_crash_report_is_offered_at_the_next_start(start: Starter, own_home: Path) -> None:
    (own_home / "log").mkdir(exist_ok=True)
    (own_home / "log" / "running-99999999.log").write_text("Fatal Python error: Segmentation fault\nThread 0x1")
    window = start()
    window.wait_until(lambda: "ended unexpectedly" in window.message)
    assert not (own_home / "log" / "running-99999999.log").exists()
    assert "Segmentation fault" in (own_home / "log" / "crash.log").read_text()


def test_an_unread_crash_report_comes_back_after_other_messages(start: Starter, tmp_path: Path, own_home: Path) -> None:
    (own_home / "log").mkdir(exist_ok=True)
    (own_home / "log" / "running-99999999.log").write_text("Fatal Python error: Segmentation fault")
    (tmp_path / "holiday.txt").write_text("not a spectrum, but a letter home")
    window = start(tmp_path / "holiday.txt")
    window.wait_until(lambda: window.rows() == [("holiday.txt", "problem")] and window.message != "")
    window.wait_settled()
    window.services.messages.info("The table was saved.")
    assert window.message == "The table was saved."
    seen = []
    for _ in range(3):
        window.window.message_bar.clear()
        seen.append(window.message)
    assert any("holiday.txt" in message for message in seen)  # whichever of the two was said first
    assert any("ended unexpectedly" in message for message in seen)
    assert seen[2] == ""


def test_the_shortcuts_page_describes_the_focused_widget(start: Starter) -> None:
    window = start()
    page = about.shortcuts_page(window.window.entries.view)
    assert "Here: Spectra" in page
    assert "Every file that was opened" in page


def test_a_figure_can_be_saved_under_a_name_with_a_dot(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [str(tmp_path / "PET-0.1s"), str(tmp_path / "PET-0.1s.svg"), str(tmp_path / "other.png")]
    asked: list[str] = []

    def answer(_parent: object, _title: str, suggested: str, _filters: str) -> tuple[str, str]:
        asked.append(suggested)
        return answers[len(asked) - 1], "Drawing (*.svg)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    filters = "Picture (*.png);;Drawing (*.svg)"
    parent = QWidget()
    assert dialogs.ask_name(parent, "", tmp_path / "a.png", filters) == tmp_path / "PET-0.1s.svg"
    asked.clear()
    (tmp_path / "PET-0.1s.svg").touch()
    assert dialogs.ask_name(parent, "", tmp_path / "a.png", filters) == tmp_path / "PET-0.1s.svg"
    assert asked == [str(tmp_path / "a.png"), str(tmp_path / "PET-0.1s.svg")]  # the dialog asks before it writes over


def test_a_figure_of_one_spectrum_of_a_set_names_it(start: Starter, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "set.txt", np.vstack([np.linspace(200, 1800, 100), np.eye(3, 100, 40) * 900 + 50]))
    window = start(tmp_path / "set.txt")
    window.wait_settled()
    window.do("spectrum_after")
    window.do("spectrum_after")
    assert [spectrum.title for spectrum in figure_spectra(window.services.exporting.denoised)] == ["set.txt · 2"]


def test_a_long_name_does_not_widen_the_metadata_panel(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / f"{'cell' * 20}.txt"))
    window.wait_until(lambda: window.snr != "")
    panel = window.window.metadata_panel
    panel.widget().layout().activate()
    assert panel.widget().minimumSizeHint().width() <= panel.viewport().width()
    assert panel.widget().width() <= panel.viewport().width()


def test_opening_the_demo_tells_that_it_is_simulated(start: Starter) -> None:
    window = start()
    window.do("try_demo")
    assert "simulated" in window.message


CLOSE_WHILE_BUSY = """
    import sys, threading, time
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication
    from ramanstudio.gui.shell import app, services

    services.CLOSING_S = {patience}

    class Slow:
        device_name = "CPU"
        card = type("Card", (), {{"name": "slow"}})
        def denoise_each(self, sets, progress=None, together=(), search=True):
            {work}  # never asks whether it should stop
            return []

    def close():
        window = next((w for w in QApplication.topLevelWidgets() if type(w).__name__ == "MainWindow"), None)
        jobs = window.services.workers.jobs if window is not None else []
        if not any(job.running and job.title == "Denoising" for job in jobs):
            QTimer.singleShot(20, close)
            return
        print("closing", window.services.workers.busy, flush=True)
        closing.set()
        window.close()

    closing = threading.Event()
    application = QApplication(["ramanstudio"])
    QTimer.singleShot(0, close)
    code = app.main([{path!r}], lambda model, device: Slow())
    print("closed", flush=True)
    sys.exit(code)
"""


@pytest.mark.parametrize(
    ("work", "patience", "said"),
    [
        pytest.param("closing.wait(); time.sleep(0.5)", 100, ["closing True", "closed"], id="work that ends soon"),
        pytest.param(
            "threading.Event().wait()", 3, ["closing True"], id="work that never ends"
        ),  # the process is ended
    ],
)
def test_closing_while_busy_ends_with_code_0(tmp_path: Path, work: str, patience: int, said: list[str]) -> None:
    path = write_spectrum(tmp_path / "a.txt")
    program = textwrap.dedent(CLOSE_WHILE_BUSY.format(path=str(path), work=work, patience=patience))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=280, check=False
    )
    assert (done.returncode, done.stdout.splitlines()) == (0, said), done.stderr


def _real_engine(model: str, device: str) -> object:
    from ramanstudio.gui.document.denoising import load_engine

    return load_engine(model, device)


def test_the_real_engine_denoises_dropped_spectra(start: Starter, tmp_path: Path) -> None:
    window: Window = start(loader=_real_engine)
    window.drop(*write_spectra(tmp_path, 3, points=800))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 3, 90)
    assert window.snr.count("→") == 1
    result = next(iter(window.services.session.project.results.values()))
    assert result.denoised is not None
    assert np.all(result.denoised.gain > 1.0)


def test_hundreds_of_selected_files_are_drawn_raw_and_denoised(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 505, points=80))
    window.wait_settled()
    window.do("select_all")
    window.wait_until(lambda: len(window.services.session.selected) == 505)
    assert window.window.metadata_panel._scope.text() == "median of 505 spectra"
    window.wait_until(lambda: "denoised" in _numbers(window))


def _numbers(window: Window) -> str:
    view = window.window.page.view
    return view.numbers() if view is not None else ""


def test_garbage_collection_does_not_traverse_imported_modules(start: Starter) -> None:
    window = start()
    window.wait_settled()
    window.services._collect_now(2)
    assert gc.get_freeze_count() > 10 * len(gc.get_objects()), "a full collection would hold the window up"
