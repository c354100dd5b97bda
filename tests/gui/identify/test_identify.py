"""Identify, as a user has it: a file is dropped, and what it is stands there, with the reference over it."""

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
from tests.gui.identify.identify_window import Desk
from tests.gui.identify.sample_libraries import (
    AXIS,
    SHIFTS,
    ComparingEngine,
    a_file,
    a_library,
    lines,
    of_the_starter,
    whole_starter,
)


@pytest.fixture(autouse=True)
def short_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of the starter library's substances: simulating all of them is not what is tested here."""
    some = of_the_starter()
    monkeypatch.setattr(starter_library, "starter_references", lambda: some)


def test_a_dropped_file_has_ranked_hits_with_the_reference_over_it(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start)
    desk.window.drop(a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.window.wait_until(lambda: [state for _, state in desk.window.rows()] == ["denoised"])
    desk.look()
    desk.wait_named("quartz")
    ranked = [row[1] for row in desk.hits]
    assert ranked[0] == "quartz"
    assert set(ranked[:4]) <= {*SHIFTS, *ranked}
    view = desk.page.view
    assert view is not None
    assert view.over is not None
    assert view.over.name == "quartz"
    assert view.query is not None
    assert view.query.name == "stone.txt, denoised"
    lines_of_quartz = view.over.values[np.abs(AXIS - 464) < 3]
    assert lines_of_quartz.max() > np.median(view.over.values) + 50, "the reference is scaled to the spectrum"
    assert np.nanstd(view.over.difference) < 6, "what is left is little more than the noise"
    assert {(mark.shift, mark.kind) for mark in view.ruler.marks} == {
        (206.0, "matched"),
        (464.0, "matched"),
        (1160.0, "matched"),
    }
    assert "laser 532 nm" in desk.verdict.facts.text()
    assert "the first 2; compare them" in desk.verdict.explanation.text()
    QTest.keyClick(desk.page.hits, Qt.Key.Key_Down)
    assert view.over.name == ranked[1] != "quartz"
    assert any(mark.kind == "missing" for mark in view.ruler.marks)
    desk.window.do("hit_before")
    assert view.over.name == "quartz"
    QTest.keyClick(desk.page.hits, Qt.Key.Key_Return)
    shelf = desk.window.window.findChildren(LibraryWindow)[0]
    desk.window.wait_until(lambda: shelf.parts.strip.names == ["quartz"])
    assert shelf.chosen is not None
    assert shelf.chosen.title == "Minerals"
    shelf.close()
    desk.window.do("copy")
    heads = QApplication.clipboard().text().split("\n")[0].split("\t")
    assert heads == ["Raman shift / cm⁻¹", f"stone.txt, denoised / {view.query.unit}", "quartz", "difference"]


def test_what_nothing_fits_is_unknown_and_says_why(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start, a_file(tmp_path, "dust", {}))
    desk.wait_named("unknown")
    assert "No reference has these bands." in desk.verdict.explanation.text()
    assert "Closest shown" in desk.verdict.facts.text()
    assert desk.hits, "the closest are shown all the same"
    assert desk.verdict.chance.text() == ""


def test_a_flat_spectrum_says_that_there_is_nothing_to_compare(start: Starter, tmp_path: Path) -> None:
    a_library()
    flat = tmp_path / "flat.txt"
    np.savetxt(flat, np.column_stack([AXIS, np.full_like(AXIS, 7.0)]), fmt="%.3f")
    desk = Desk(start, flat, a_file(tmp_path, "stone", {"calcite": 1.0}))
    desk.wait_named("unknown")
    assert "nothing to compare" in desk.verdict.explanation.text()
    desk.window.choose("stone.txt")
    desk.wait_named("calcite")


def test_a_search_that_is_refused_names_nothing_unknown_and_can_be_tried_again(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start)
    desk.engine.refusal = StudioError("The weights are damaged.", remedy="Install again.")
    desk.window.drop(a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.window.wait_until(lambda: len(desk.studio.session.project.entries) == 1)
    desk.look()
    desk.window.wait_until(lambda: "The weights are damaged." in desk.verdict.explanation.text())
    assert desk.verdict.name.text() == ""
    assert desk.panel.substances.rows == []
    desk.engine.refusal = None
    desk.window.do("identify_all")
    desk.wait_named("quartz")


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


def test_of_a_map_it_counts_the_substances_and_a_click_selects_their_spectra(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start, map_file(tmp_path))
    desk.window.wait_until(lambda: desk.panel.substances.rows == [("calcite", 24), ("quartz", 12), ("unknown", 6)])
    quartz = desk.panel.substances.findItems("quartz", Qt.MatchFlag.MatchExactly)[0]
    desk.panel.substances.itemClicked.emit(quartz, 0)
    selected = desk.studio.session.selected[0]
    rows = desk.studio.session.rows_of(selected)
    assert selected.source is not None
    assert set(selected.source.table["x"][rows]) == {4.0, 5.0}
    desk.wait_named("quartz")
    assert desk.verdict.place.text() == "1 of 12"
    desk.page.step(1)
    assert desk.page.row == rows[1]


@pytest.mark.slow
def test_the_model_that_is_shipped_names_a_demo_spectrum(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    some = [one for one in whole_starter() if one.name in ("Quartz", "Calcite", "Sulfur", "Sodalite", "Gypsum")]
    monkeypatch.setattr(starter_library, "starter_references", lambda: some)
    window = start(
        bundled_path("resources", "demo", "quartz-1.0s.csv"), loader=lambda *_: Engine.load("smae-small", "cpu")
    )
    window.do("tab_identify")
    page = window.window.tabs.page("identify")
    assert isinstance(page, IdentifyPage)
    window.wait_until(lambda: page.found is not None, 100)
    found = page.found
    assert found is not None
    assert found.matches[0].name == "Quartz"
    window.wait_until(lambda: page.view is not None and page.view.over is not None)
    assert page.view is not None
    assert page.view.over is not None
    assert page.view.over.is_simulated
    assert any(abs(mark.shift - 464) < 4 and mark.kind == "matched" for mark in page.view.ruler.marks)


def test_the_map_is_coloured_by_substance(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start, map_file(tmp_path))
    desk.window.wait_until(lambda: sum(count for _, count in desk.panel.substances.rows) == 42)
    desk.window.do("tab_map")
    page = desk.window.window.tabs.page("map")
    assert isinstance(page, MapPage)
    page.choose(replace(page.choice, channel="substance"))
    desk.window.wait_until(lambda: page.picture is not None and page.picture.kind == "categories")
    assert page.picture is not None
    assert page.picture.names == ("calcite", "quartz", "unknown")
    assert page.picture.values[0].tolist() == [0, 0, 0, 0, 1, 1]
    assert "Substance: quartz" in page.words_of(5)


def test_it_can_be_stopped_and_goes_on_when_asked(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start, *[a_file(tmp_path, f"s{number}", {"quartz": 1.0}, number) for number in range(3)])
    desk.wait_done()
    desk.engine.may_go_on.clear()
    desk.studio.session.select([desk.studio.session.project.entries[0].id])
    desk.window.drop(map_file(tmp_path))
    desk.window.wait_until(lambda: len(desk.studio.session.project.entries) == 4)
    desk.engine.may_go_on.set()
    desk.window.wait_until(lambda: desk.studio.identifying.busy)
    desk.engine.may_go_on.clear()
    desk.studio.identifying.stop()
    desk.window.wait_until(lambda: not desk.studio.identifying.busy)
    desk.engine.may_go_on.set()
    desk.wait_done()
    assert desk.studio.identifying.stopped
    desk.window.do("identify_all")
    desk.window.wait_until(lambda: sum(count for _, count in desk.panel.substances.rows) == 45)


def test_only_a_part_of_the_range_is_compared_when_asked(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.wait_named("quartz")
    desk.wait_done()
    desk.panel.regions.only.setChecked(True)
    desk.window.wait_until(lambda: desk.engine.asked[-1][1] is not None)
    desk.wait_done()
    desk.panel.regions.part.low.setValue(400)
    desk.panel.regions.leave_out.click()
    desk.window.wait_until(lambda: bool(desk.engine.asked[-1][1] and desk.engine.asked[-1][1].excluded))
    within = desk.engine.asked[-1][1]
    assert within is not None
    assert within.low_cm == 400
    assert within.low_cm < within.excluded[0][0] < within.excluded[0][1]
    desk.wait_done()
    desk.panel.regions.only.setChecked(False)
    desk.window.wait_until(lambda: desk.engine.asked[-1][1] is not None and desk.engine.asked[-1][1].low_cm < 0)


def test_a_library_that_is_not_ticked_is_not_searched(start: Starter, tmp_path: Path) -> None:
    a_library("Stones", ["quartz", "calcite"])
    a_library("Pigments", ["anatase", "barite"])
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.wait_named("quartz")
    assert {row[-1] for row in desk.hits} >= {"Stones", "Pigments"}
    desk.wait_done()
    boxes = {box.text().split(" · ")[0]: box for box in desk.panel.libraries}
    boxes["Stones"].setChecked(False)
    desk.window.wait_until(lambda: bool(desk.hits) and all(row[-1] != "Stones" for row in desk.hits))
    for box in desk.panel.libraries:
        box.setChecked(False)
        desk.window.wait_settled()
    desk.window.wait_until(lambda: "No library is chosen" in desk.verdict.explanation.text())


def test_a_damaged_library_is_named_the_others_are_searched_and_it_can_be_removed(
    start: Starter, tmp_path: Path, asked: list[str]
) -> None:
    a_library()
    broken = paths.user_libraries() / "broken.ramanlib"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n" + b"cut short")
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.wait_named("quartz")
    assert "broken.ramanlib" in desk.window.message
    assert ["broken.ramanlib" in words for words in desk.panel.unreadable.words] == [True]
    desk.panel.unreadable.buttons[0].click()
    desk.window.wait_until(lambda: not broken.exists() and not desk.panel.unreadable.isVisible())
    assert "broken.ramanlib" in asked[0]
    assert "'broken.ramanlib' was removed." in desk.window.message
    desk.window.do("cancel")
    assert not desk.window.message, "what was put right is not said again"
    desk.wait_named("quartz")


def test_a_long_title_does_not_push_the_panel_out_of_the_window(start: Starter, tmp_path: Path) -> None:
    a_library("Minerals of the excellent and of the unoriented kind, as downloaded from rruff.info")
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.wait_named("quartz")
    desk.window.window.resize(1100, 700)
    desk.wait_done()
    inside = desk.panel.widget()
    assert inside.width() <= desk.panel.viewport().width()
    assert "as downloaded from rruff.info" in desk.panel.libraries[0].text()


def test_with_nothing_but_the_starter_library_it_says_so(start: Starter, tmp_path: Path) -> None:
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.window.wait_until(lambda: "Only the starter library" in desk.panel._starter.text())
    desk.wait_done()
    assert desk.hits
    assert "simulated from a peak table" in desk.verdict.facts.text()
    assert desk.page.view is not None
    assert desk.page.view.over is None or desk.page.view.over.is_simulated


def test_a_dropped_library_is_put_on_the_shelf_and_searched(start: Starter, tmp_path: Path) -> None:
    given = a_library("Given")
    given.path.rename(tmp_path / "Given.ramanlib")
    desk = Desk(start, a_file(tmp_path, "stone", {"barite": 1.0}))
    desk.wait_done()
    assert "barite" not in {row[1] for row in desk.hits}
    desk.window.drop(tmp_path / "Given.ramanlib")
    assert desk.window.lit == "Drop to search in the library 'Given' too"
    desk.wait_named("barite")
    assert (paths.user_libraries() / "Given.ramanlib").is_file()
    assert len(desk.studio.session.project.entries) == 1, "a library is no spectrum of the list"


def test_a_library_dropped_before_anybody_has_looked_stands_beside_the_others(start: Starter, tmp_path: Path) -> None:
    given = a_library("Given", ["barite"])
    given.path.rename(tmp_path / "Given.ramanlib")
    a_library("Stones", ["quartz", "calcite"])
    desk = Desk(start)
    desk.window.drop(a_file(tmp_path, "stone", {"barite": 1.0}), tmp_path / "Given.ramanlib")
    desk.window.wait_settled()
    desk.look()
    desk.wait_named("barite")
    assert {box.text() for box in desk.panel.libraries} == {"Given · 1", "Stones · 2", "Starter library · 3"}


def of_two(axis: Any, values: Any, _sigma: Any, references: Any, _names: Any) -> SimpleNamespace:
    """The first two candidates, by least squares."""
    heights = [np.interp(axis, one.axis, one.values[0]) for one in references[:2]]
    columns = np.column_stack([*heights, np.ones_like(axis), axis])
    found = np.linalg.lstsq(columns, values, rcond=None)[0]
    shares = found[:2] / found[:2].sum()
    parts = [SimpleNamespace(reference=number, fraction=share, error=0.02) for number, share in enumerate(shares)]
    fitted = columns @ found
    return SimpleNamespace(parts=parts, explained=0.97, fitted=fitted, residual=values - fitted)


def test_a_mixture_is_taken_apart_into_shares(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # which are candidates, and which parts pay, is tested where they are chosen; the stand-in has no prints for it
    monkeypatch.setattr(mixture_candidates, "mixture_candidates", lambda *_: [(0, 1), (0, 2)])
    monkeypatch.setattr(mixtures, "unmix", of_two)
    a_library()
    desk = Desk(start, a_file(tmp_path, "mix", {"calcite": 0.7, "anatase": 0.5}, noise=1.0))
    desk.wait_done()
    desk.window.do("is_mixture")
    entry = desk.page.entry
    assert entry is not None
    desk.window.wait_until(lambda: desk.studio.unmixing.answer(entry, 0) is not None)
    mixed = desk.studio.unmixing.answer(entry, 0)
    assert mixed is not None
    assert {part.name for part in mixed.parts} == {"calcite", "anatase"}
    assert sum(part.fraction for part in mixed.parts) == pytest.approx(1.0, abs=0.02)
    desk.window.wait_until(lambda: "calcite" in desk.panel.parts.accessibleName())
    desk.window.wait_until(lambda: set(desk.verdict.name.text().split(" + ")) == {"calcite", "anatase"})
    assert "A mixture: " in desk.verdict.explanation.text()
    assert "best single hit is calcite" in desk.verdict.explanation.text()
    assert desk.panel.fit.isChecked()
    desk.panel.fit.setChecked(False)
    assert desk.verdict.name.text() == "calcite", "the hit that is looked at, not the mixture"
    desk.panel.fit.setChecked(True)
    assert " + " in desk.verdict.name.text()
    assert "A mixture of 2" in desk.panel.mixture_words
    assert "explain 97 %" in desk.panel.mixture_words
    assert desk.page.view is not None
    assert desk.page.view.over is not None
    assert " + " in desk.page.view.over.name
    assert np.nanstd(desk.page.view.over.difference) < 6


def test_hits_are_saved_as_a_table(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_library()
    desk = Desk(start, map_file(tmp_path))
    desk.window.wait_until(lambda: sum(count for _, count in desk.panel.substances.rows) == 42)
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "hits.csv")
    desk.window.do("export_identified")
    desk.window.wait_until(lambda: "were saved" in desk.window.message)
    with (tmp_path / "hits.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    best = [row for row in rows if row["rank"] == "1"]
    assert len(best) == 42
    assert [row["substance"] for row in best if row["unknown"] == "no"].count("calcite") == 24
    calcite = next(row for row in best if row["substance"] == "calcite" and row["unknown"] == "no")
    assert calcite["matched bands / cm-1"] == "282 712 1086"
    assert calcite["library"] == "Minerals"
    assert float(calcite["probability"]) > 0.5


def test_what_was_found_is_kept_in_the_project(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_library()
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.wait_named("quartz")
    desk.wait_done()
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "work.ramanstudio")
    desk.window.do("save_project")
    desk.window.wait_until(lambda: "saved" in desk.window.message)
    entry = desk.studio.session.project.entries[0]
    before = desk.studio.session.project.identification(entry)

    other = Desk(start)
    other.window.drop(tmp_path / "work.ramanstudio")
    other.window.wait_until(lambda: len(other.studio.session.project.entries) == 1)
    now = other.studio.session.project.identification(other.studio.session.project.entries[0])
    assert before is not None
    assert now is not None
    assert now.results == before.results
    other.look()
    other.wait_named("quartz")
    other.wait_done()
    assert other.engine.asked == [], "what is known is not asked again"
    assert other.page.view is not None
    assert other.page.view.over is not None


def test_a_library_that_another_model_has_prepared_is_prepared_anew(start: Starter, tmp_path: Path) -> None:
    a_library()

    class Other(ComparingEngine):
        fingerprint_version = "another model"

    shelf = library_folder.open_library_folder()
    for one in shelf.libraries:
        one.with_fingerprints(Other())
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.wait_named("quartz")
    assert desk.engine.prepared == sum(len(one) for one in shelf.libraries)


def test_getting_a_library_ready_can_be_stopped_and_does_not_begin_again_by_itself(
    start: Starter, tmp_path: Path
) -> None:
    a_library()
    desk = Desk(start)
    may_prepare, compute_fingerprints, begun = threading.Event(), desk.engine.compute_fingerprints, list[int]()

    def slowly(spectra: Any) -> Any:
        begun.append(len(spectra))
        may_prepare.wait(10)
        return compute_fingerprints(spectra)

    desk.engine.compute_fingerprints = slowly  # type: ignore[method-assign]
    desk.window.drop(a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.window.wait_until(lambda: len(desk.studio.session.project.entries) > 0)
    desk.look()
    desk.window.wait_until(lambda: "Preparing the libraries" in desk.verdict.explanation.text())
    desk.panel.go.click()
    desk.window.wait_until(
        lambda: "Preparing the libraries for this model was stopped" in desk.verdict.explanation.text()
    )
    desk.window.wait_until(lambda: desk.panel.go.text() == "Identify all")
    QTest.qWait(200)
    assert len(begun) == 1, "it has begun again by itself"
    may_prepare.set()
    desk.panel.go.click()
    desk.wait_named("quartz")
