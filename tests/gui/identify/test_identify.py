"""The Identify tab as a user has it: a dropped file is identified, with the reference drawn over it."""

from __future__ import annotations

import csv
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path
from ramanstudio.engine import Engine
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.gui.libraries.library_window import LibraryWindow
from ramanstudio.gui.map.map_page import MapPage
from ramanstudio.library import library_folder, starter_library
from ramanstudio.search import mixture_candidates, mixtures
from tests.gui.driver import Starter
from tests.gui.identify.identify_window import IdentifyDriver
from tests.gui.identify.sample_libraries import (
    AXIS,
    SHIFTS,
    ComparingEngine,
    all_starter_substances,
    lines,
    starter_subset,
    write_library,
    write_sample,
)


@pytest.fixture(autouse=True)
def small_starter_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of the starter library's substances: simulating all of them is not what is tested here."""
    substances = starter_subset()
    monkeypatch.setattr(starter_library, "starter_references", lambda: substances)


def test_a_dropped_file_has_ranked_matches_with_the_reference_over_it(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start)
    driver.window.drop(write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.window.wait_until(lambda: [state for _, state in driver.window.rows()] == ["denoised"])
    driver.open_identify_tab()
    driver.wait_for_result("quartz")
    ranked = [row[1] for row in driver.matches]
    assert ranked[0] == "quartz"
    assert set(ranked[:4]) <= {*SHIFTS, *ranked}
    view = driver.page.view
    assert view is not None
    assert view.overlay is not None
    assert view.overlay.name == "quartz"
    assert view.query is not None
    assert view.query.name == "stone.txt, denoised, baseline subtracted"
    assert abs(np.median(view.query.values)) < 3, "the ground of 40 counts and more is off"
    assert abs(np.nanmedian(view.overlay.values)) < 3
    lines_of_quartz = view.overlay.values[np.abs(AXIS - 464) < 3]
    assert lines_of_quartz.max() > np.median(view.overlay.values) + 50, "the reference is scaled to the spectrum"
    assert np.nanstd(view.overlay.difference) < 6, "what is left is little more than the noise"
    assert {(mark.shift, mark.kind) for mark in view.ruler.marks} == {
        (206.0, "matched"),
        (464.0, "matched"),
        (1160.0, "matched"),
    }
    assert "laser 532 nm" in driver.header.details.text()
    assert "90 % candidate set: top 2. Compare them below." in driver.header.explanation.text()
    QTest.keyClick(driver.page.match_list, Qt.Key.Key_Down)
    assert view.overlay.name == ranked[1] != "quartz"
    assert any(mark.kind == "missing" for mark in view.ruler.marks)
    driver.window.do("previous_match")
    assert view.overlay.name == "quartz"
    QTest.keyClick(driver.page.match_list, Qt.Key.Key_Return)
    library_window = driver.window.window.findChildren(LibraryWindow)[0]
    driver.window.wait_until(lambda: library_window.widgets.strip.names == ["quartz"])
    assert library_window.library is not None
    assert library_window.library.title == "Minerals"
    library_window.close()
    driver.window.do("copy")
    heads = QApplication.clipboard().text().split("\n")[0].split("\t")
    assert heads == ["Raman shift / cm⁻¹", f"{view.query.name} / {view.query.unit}", "quartz", "difference"]


def test_a_spectrum_that_no_reference_fits_is_unknown_with_a_reason(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start, write_sample(tmp_path, "dust", {}))
    driver.wait_for_result("unknown")
    assert "No reference has these bands." in driver.header.explanation.text()
    assert "Closest match" in driver.header.details.text()
    assert driver.matches, "the closest are shown all the same"
    assert driver.header.probability.text() == ""


def test_a_flat_spectrum_is_unknown_because_there_is_nothing_to_compare(start: Starter, tmp_path: Path) -> None:
    write_library()
    flat = tmp_path / "flat.txt"
    np.savetxt(flat, np.column_stack([AXIS, np.full_like(AXIS, 7.0)]), fmt="%.3f")
    driver = IdentifyDriver(start, flat, write_sample(tmp_path, "stone", {"calcite": 1.0}))
    driver.wait_for_result("unknown")
    assert "nothing to compare" in driver.header.explanation.text()
    driver.window.choose("stone.txt")
    driver.wait_for_result("calcite")


def test_a_refused_search_calls_nothing_unknown_and_can_be_repeated(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start)
    driver.engine.refusal = StudioError("The weights are damaged.", remedy="Install again.")
    driver.window.drop(write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.window.wait_until(lambda: len(driver.services.session.project.entries) == 1)
    driver.open_identify_tab()
    driver.window.wait_until(lambda: "The weights are damaged." in driver.header.explanation.text())
    assert driver.header.name.text() == ""
    assert driver.panel.substances.rows == []
    driver.engine.refusal = None
    driver.window.do("identify_all")
    driver.wait_for_result("quartz")


def map_file(folder: Path) -> Path:
    """Four columns of calcite, two of quartz, a row of nothing at all."""
    rng = np.random.default_rng(1)
    path = folder / "slab.h5"
    names = [name for _ in range(6) for name in ("calcite",) * 4 + ("quartz",) * 2] + [""] * 6
    values = [100 * lines(SHIFTS[name]) if name else 0 * AXIS for name in names] + rng.normal(0, 2, (42, AXIS.size))
    with h5py.File(path, "w") as file:
        file["axis"], file["values"] = AXIS, np.asarray(values, np.float32)
        file["x"], file["y"] = np.tile(np.arange(6.0), 7), np.repeat(np.arange(7.0), 6)
    return path


def test_substances_of_a_map_are_counted_and_a_click_selects_their_spectra(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start, map_file(tmp_path))
    driver.window.wait_until(lambda: driver.panel.substances.rows == [("calcite", 24), ("quartz", 12), ("unknown", 6)])
    quartz = driver.panel.substances.findItems("quartz", Qt.MatchFlag.MatchExactly)[0]
    driver.panel.substances.itemClicked.emit(quartz, 0)
    selected = driver.services.session.selected[0]
    rows = driver.services.session.rows_of(selected)
    assert selected.source is not None
    assert set(selected.source.table["x"][rows]) == {4.0, 5.0}
    driver.wait_for_result("quartz")
    assert driver.header.position.text() == "1 of 12"
    driver.page.step(1)
    assert driver.page.row == rows[1]


@pytest.mark.slow
def test_the_shipped_model_identifies_a_demo_spectrum(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("Quartz", "Calcite", "Sulfur", "Sodalite", "Gypsum")
    substances = [substance for substance in all_starter_substances() if substance.name in names]
    monkeypatch.setattr(starter_library, "starter_references", lambda: substances)
    window = start(
        bundled_path("resources", "demo", "quartz-1.0s.csv"), loader=lambda *_: Engine.load("smae-small", "cpu")
    )
    window.do("tab_identify")
    page = window.window.tabs.page("identify")
    assert isinstance(page, IdentifyPage)
    window.wait_until(lambda: page.identification is not None, 100)
    identification = page.identification
    assert identification is not None
    assert identification.matches[0].name == "Quartz"
    window.wait_until(lambda: page.view is not None and page.view.overlay is not None)
    assert page.view is not None
    assert page.view.overlay is not None
    assert page.view.overlay.is_simulated
    assert any(abs(mark.shift - 464) < 4 and mark.kind == "matched" for mark in page.view.ruler.marks)


def test_the_map_is_coloured_by_substance(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start, map_file(tmp_path))
    driver.window.wait_until(lambda: sum(count for _, count in driver.panel.substances.rows) == 42)
    driver.window.do("tab_map")
    page = driver.window.window.tabs.page("map")
    assert isinstance(page, MapPage)
    page.choose(replace(page.options, channel="substance"))
    driver.window.wait_until(lambda: page.picture is not None and page.picture.kind == "categories")
    assert page.picture is not None
    assert page.picture.names == ("calcite", "quartz", "unknown")
    assert page.picture.values[0].tolist() == [0, 0, 0, 0, 1, 1]
    assert "Substance: quartz" in page.readout_for(5)


def test_a_search_can_be_stopped_and_resumed(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(
        start, *[write_sample(tmp_path, f"s{number}", {"quartz": 1.0}, number) for number in range(3)]
    )
    driver.wait_until_idle()
    driver.engine.may_continue.clear()
    driver.services.session.select([driver.services.session.project.entries[0].id])
    driver.window.drop(map_file(tmp_path))
    driver.window.wait_until(lambda: len(driver.services.session.project.entries) == 4)
    driver.engine.may_continue.set()
    driver.window.wait_until(lambda: driver.services.identifying.busy)
    driver.engine.may_continue.clear()
    driver.services.identifying.stop()
    driver.window.wait_until(lambda: not driver.services.identifying.busy)
    driver.engine.may_continue.set()
    driver.wait_until_idle()
    assert driver.services.identifying.stopped
    driver.window.do("identify_all")
    driver.window.wait_until(lambda: sum(count for _, count in driver.panel.substances.rows) == 45)


def test_the_compared_range_can_be_limited_and_ranges_excluded(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.wait_for_result("quartz")
    driver.wait_until_idle()
    driver.panel.search_range.limit_box.setChecked(True)
    driver.window.wait_until(lambda: driver.engine.asked[-1][1] is not None)
    driver.wait_until_idle()
    driver.panel.search_range.limits.low.setValue(400)
    driver.panel.search_range.exclude_button.click()
    driver.window.wait_until(lambda: bool(driver.engine.asked[-1][1] and driver.engine.asked[-1][1].excluded))
    within = driver.engine.asked[-1][1]
    assert within is not None
    assert within.low_cm == 400
    assert within.low_cm < within.excluded[0][0] < within.excluded[0][1]
    driver.wait_until_idle()
    driver.panel.search_range.limit_box.setChecked(False)
    driver.window.wait_until(lambda: driver.engine.asked[-1][1] is not None and driver.engine.asked[-1][1].low_cm < 0)


def test_write_library_that_is_not_ticked_is_not_searched(start: Starter, tmp_path: Path) -> None:
    write_library("Stones", ["quartz", "calcite"])
    write_library("Pigments", ["anatase", "barite"])
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.wait_for_result("quartz")
    assert {row[-1] for row in driver.matches} >= {"Stones", "Pigments"}
    driver.wait_until_idle()
    boxes = {box.text().split(" · ")[0]: box for box in driver.panel.library_boxes}
    boxes["Stones"].setChecked(False)
    driver.window.wait_until(lambda: bool(driver.matches) and all(row[-1] != "Stones" for row in driver.matches))
    for box in driver.panel.library_boxes:
        box.setChecked(False)
        driver.window.wait_settled()
    driver.window.wait_until(lambda: "No library is chosen" in driver.header.explanation.text())


def test_a_damaged_library_is_reported_and_can_be_deleted_while_others_are_searched(
    start: Starter, tmp_path: Path, asked: list[str]
) -> None:
    write_library()
    broken = paths.user_libraries() / "broken.ramanlib"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n" + b"cut short")
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.wait_for_result("quartz")
    assert "broken.ramanlib" in driver.window.message
    assert ["broken.ramanlib" in sentence for sentence in driver.panel.problems.sentences] == [True]
    driver.panel.problems.buttons[0].click()
    driver.window.wait_until(lambda: not broken.exists() and not driver.panel.problems.isVisible())
    assert "broken.ramanlib" in asked[0]
    assert "'broken.ramanlib' was deleted." in driver.window.message
    driver.window.do("cancel")
    assert not driver.window.message, "a message about a problem that was solved is withdrawn"
    driver.wait_for_result("quartz")


def test_a_long_title_does_not_push_the_panel_out_of_the_window(start: Starter, tmp_path: Path) -> None:
    write_library("Minerals of the excellent and of the unoriented kind, as downloaded from rruff.info")
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.wait_for_result("quartz")
    driver.window.window.resize(1100, 700)
    driver.wait_until_idle()
    inside = driver.panel.widget()
    assert inside.width() <= driver.panel.viewport().width()
    assert "as downloaded from rruff.info" in driver.panel.library_boxes[0].text()


def test_a_hint_says_when_there_is_only_the_starter_library(start: Starter, tmp_path: Path) -> None:
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.window.wait_until(lambda: "Only the starter library" in driver.panel.library_hint)
    driver.wait_until_idle()
    assert driver.matches
    assert "simulated from a peak table" in driver.header.details.text()
    assert driver.page.view is not None
    assert driver.page.view.overlay is None or driver.page.view.overlay.is_simulated


def test_a_dropped_library_is_added_and_searched(start: Starter, tmp_path: Path) -> None:
    given = write_library("Given")
    given.path.rename(tmp_path / "Given.ramanlib")
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"barite": 1.0}))
    driver.wait_until_idle()
    assert "barite" not in {row[1] for row in driver.matches}
    driver.window.drop(tmp_path / "Given.ramanlib")
    assert driver.window.drop_text == "Drop to search in the library 'Given' too"
    driver.wait_for_result("barite")
    assert (paths.user_libraries() / "Given.ramanlib").is_file()
    assert len(driver.services.session.project.entries) == 1, "a library is no spectrum of the list"


def test_write_library_dropped_before_the_first_search_is_added_to_the_others(start: Starter, tmp_path: Path) -> None:
    given = write_library("Given", ["barite"])
    given.path.rename(tmp_path / "Given.ramanlib")
    write_library("Stones", ["quartz", "calcite"])
    driver = IdentifyDriver(start)
    driver.window.drop(write_sample(tmp_path, "stone", {"barite": 1.0}), tmp_path / "Given.ramanlib")
    driver.window.wait_settled()
    driver.open_identify_tab()
    driver.wait_for_result("barite")
    assert {box.text() for box in driver.panel.library_boxes} == {"Given · 1", "Stones · 2", "Starter library · 3"}


def fit_first_two(axis: Any, values: Any, _sigma: Any, references: Any, _names: Any) -> SimpleNamespace:
    """The first two candidates, by least squares."""
    heights = [np.interp(axis, one.axis, one.values[0]) for one in references[:2]]
    columns = np.column_stack([*heights, np.ones_like(axis), axis])
    found = np.linalg.lstsq(columns, values, rcond=None)[0]
    shares = found[:2] / found[:2].sum()
    components = [SimpleNamespace(reference=number, fraction=share, error=0.02) for number, share in enumerate(shares)]
    fitted = columns @ found
    return SimpleNamespace(components=components, explained=0.97, fitted=fitted, residual=values - fitted)


def test_a_mixture_is_fitted_with_fractions(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # which are candidates, and which parts pay, is tested where they are chosen; the stand-in has no prints for it
    monkeypatch.setattr(mixture_candidates, "mixture_candidates", lambda *_: [(0, 1), (0, 2)])
    monkeypatch.setattr(mixtures, "unmix", fit_first_two)
    write_library()
    driver = IdentifyDriver(start, write_sample(tmp_path, "mix", {"calcite": 0.7, "anatase": 0.5}, noise=1.0))
    driver.wait_until_idle()
    driver.window.do("analyse_mixture")
    entry = driver.page.entry
    assert entry is not None
    driver.window.wait_until(lambda: driver.services.mixture_jobs.result(entry, 0) is not None)
    mixture = driver.services.mixture_jobs.result(entry, 0)
    assert mixture is not None
    assert {part.name for part in mixture.components} == {"calcite", "anatase"}
    assert sum(part.fraction for part in mixture.components) == pytest.approx(1.0, abs=0.02)
    driver.window.wait_until(lambda: "calcite" in driver.panel.components.accessibleName())
    driver.window.wait_until(lambda: set(driver.header.name.text().split(" + ")) == {"calcite", "anatase"})
    assert "Mixture: " in driver.header.explanation.text()
    assert "best single match is calcite" in driver.header.explanation.text()
    assert driver.panel.show_fit.isChecked()
    assert driver.page.view is not None and driver.page.view.overlay is not None
    assert np.nanstd(driver.page.view.overlay.difference) < 3, "the fit of the mixture stands on no ground either"
    driver.panel.show_fit.setChecked(False)
    assert driver.header.name.text() == "calcite", "the selected match, not the mixture"
    driver.panel.show_fit.setChecked(True)
    assert " + " in driver.header.name.text()
    assert "Two components fit best" in driver.panel.mixture_text
    assert "explain 97 %" in driver.panel.mixture_text
    assert driver.page.view is not None
    assert driver.page.view.overlay is not None
    assert " + " in driver.page.view.overlay.name
    assert np.nanstd(driver.page.view.overlay.difference) < 6


def test_identifications_are_exported_as_a_table(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_library()
    driver = IdentifyDriver(start, map_file(tmp_path))
    driver.window.wait_until(lambda: sum(count for _, count in driver.panel.substances.rows) == 42)
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "matches.csv")
    driver.window.do("export_identifications")
    driver.window.wait_until(lambda: "were saved" in driver.window.message)
    with (tmp_path / "matches.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    best = [row for row in rows if row["rank"] == "1"]
    assert len(best) == 42
    assert [row["substance"] for row in best if row["unknown"] == "no"].count("calcite") == 24
    calcite = next(row for row in best if row["substance"] == "calcite" and row["unknown"] == "no")
    assert calcite["matched bands / cm-1"] == "282 712 1086"
    assert calcite["library"] == "Minerals"
    assert float(calcite["probability"]) > 0.5


def test_identifications_are_saved_with_the_project(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_library()
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.wait_for_result("quartz")
    driver.wait_until_idle()
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "work.ramanstudio")
    driver.window.do("save_project")
    driver.window.wait_until(lambda: "saved" in driver.window.message)
    entry = driver.services.session.project.entries[0]
    before = driver.services.session.project.identification(entry)

    other = IdentifyDriver(start)
    other.window.drop(tmp_path / "work.ramanstudio")
    other.window.wait_until(lambda: len(other.services.session.project.entries) == 1)
    now = other.services.session.project.identification(other.services.session.project.entries[0])
    assert before is not None
    assert now is not None
    assert now.results == before.results
    other.open_identify_tab()
    other.wait_for_result("quartz")
    other.wait_until_idle()
    assert other.engine.asked == [], "what is known is not searched again"
    assert other.page.view is not None
    assert other.page.view.overlay is not None


def test_write_library_that_another_model_has_prepared_is_prepared_anew(start: Starter, tmp_path: Path) -> None:
    write_library()

    class Other(ComparingEngine):
        fingerprint_version = "another model"

    shelf = library_folder.open_library_folder()
    for one in shelf.libraries:
        one.with_fingerprints(Other())
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.wait_for_result("quartz")
    assert driver.engine.prepared == sum(len(one) for one in shelf.libraries)


def test_preparing_write_library_can_be_stopped_and_does_not_restart_by_itself(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start)
    may_prepare, compute_fingerprints, begun = threading.Event(), driver.engine.compute_fingerprints, list[int]()

    def slowly(spectra: Any) -> Any:
        begun.append(len(spectra))
        may_prepare.wait(10)
        return compute_fingerprints(spectra)

    driver.engine.compute_fingerprints = slowly  # type: ignore[method-assign]
    driver.window.drop(write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.window.wait_until(lambda: len(driver.services.session.project.entries) > 0)
    driver.open_identify_tab()
    driver.window.wait_until(lambda: "Preparing the libraries" in driver.header.explanation.text())
    driver.panel.run_button.click()
    driver.window.wait_until(
        lambda: "Preparing the libraries for this model was stopped" in driver.header.explanation.text()
    )
    driver.window.wait_until(lambda: driver.panel.run_button.text() == "Identify all")
    QTest.qWait(200)
    assert len(begun) == 1, "it has restarted by itself"
    may_prepare.set()
    driver.panel.run_button.click()
    driver.wait_for_result("quartz")
