"""Identify under the hands: what is dragged on the spectrum, undone, kept in a project, and taken away as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from ramanstudio.export.figure_style import theme_colours
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.viewer.plot_panes import MAIN
from ramanstudio.library import starter_library
from tests.gui.driver import Starter, share_of
from tests.gui.identify.identify_window import IdentifyDriver
from tests.gui.identify.sample_libraries import starter_subset, write_library, write_sample


@pytest.fixture(autouse=True)
def small_starter_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of the starter library's substances: simulating all of them is not what is tested here."""
    substances = starter_subset()
    monkeypatch.setattr(starter_library, "starter_references", lambda: substances)


def drag(driver: IdentifyDriver, shift: float, to: float) -> None:
    """Press on the spectrum at a Raman shift, and let go at another."""
    view = driver.page.view
    assert view is not None
    driver.window.wait_until(lambda: view._region == driver.services.identifying.within)
    box, viewport = view._panes.boxes[MAIN], view._panes.viewport()
    middle = sum(box.viewRange()[1]) / 2

    def position(at: float) -> QPoint:
        return view._panes.mapFromScene(box.mapViewToScene(QPointF(at, middle)))

    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseMove(viewport, position(shift))
    QTest.mousePress(viewport, button, keys, position(shift))
    for share in (0.3, 0.6, 1.0):
        QTest.qWait(30)  # a hand is no faster; what is, the scene leaves out
        QTest.mouseMove(viewport, position(shift + share * (to - shift)))
    QTest.mouseRelease(viewport, button, keys, position(to))


def test_what_is_compared_is_dragged_on_the_spectrum_undone_and_kept(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_library()
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}))
    driver.window.window.resize(1440, 900)
    driver.wait_for_result("quartz")
    driver.panel.search_range.limit_box.setChecked(True)
    driver.wait_until_idle()
    first = driver.engine.asked[-1][1]
    assert first is not None
    drag(driver, first.low_cm, 700.0)
    driver.window.wait_until(
        lambda: bool(driver.engine.asked[-1][1] and abs(driver.engine.asked[-1][1].low_cm - 700) < 8)
    )
    driver.wait_until_idle()
    driver.panel.search_range.exclude_button.click()
    driver.wait_until_idle()
    band = driver.services.identifying.within
    assert band is not None
    low, high = band.excluded[0]
    drag(driver, (low + high) / 2, (low + high) / 2 + 200)
    driver.window.wait_until(
        lambda: (
            bool(driver.services.identifying.within) and driver.services.identifying.within.excluded[0][0] > low + 150
        )
    )
    driver.wait_until_idle()
    kept = driver.services.identifying.within
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "work.ramanstudio")
    driver.window.do("save_project")
    driver.window.wait_until(lambda: "saved" in driver.window.message)

    other = IdentifyDriver(start)
    other.window.drop(tmp_path / "work.ramanstudio")
    other.window.wait_until(lambda: len(other.services.session.project.entries) == 1)
    assert other.services.identifying.within == kept

    driver.window.do("undo")
    driver.window.wait_until(lambda: driver.services.identifying.within is None)
    driver.wait_until_idle()
    assert not driver.panel.search_range.limit_box.isChecked()


@pytest.mark.parametrize("parts", [{"quartz": 1.0}, {}])
def test_the_picture_taken_away_is_the_one_looked_at(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: dict[str, float]
) -> None:
    write_library()
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", parts))
    driver.wait_for_result("quartz" if parts else "unknown")
    driver.wait_until_idle()
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "found.png")
    driver.window.do("export_picture")
    driver.window.wait_until(lambda: "figure was saved" in driver.window.message)
    colours = theme_colours("light")
    for drawn in (colours.accent, colours.reference, colours.residual):
        assert share_of(tmp_path / "found.png", drawn) > 0.0005


def test_what_is_denoised_is_not_denoised_again_to_be_identified(start: Starter, tmp_path: Path) -> None:
    write_library()
    driver = IdentifyDriver(start)
    driver.window.drop(
        write_sample(tmp_path, "stone", {"quartz": 1.0}), write_sample(tmp_path, "spar", {"calcite": 1.0})
    )
    driver.window.wait_until(lambda: [state for _, state in driver.window.rows()] == ["denoised", "denoised"])
    driver.open_identify_tab()
    driver.wait_for_result("quartz")
    driver.wait_until_idle()
    assert driver.engine.denoised_before
    assert all(driver.engine.denoised_before)


def test_the_hits_of_several_are_walked_where_one_has_none(start: Starter, tmp_path: Path) -> None:
    write_library()
    flat = tmp_path / "flat.txt"
    np.savetxt(flat, np.column_stack([np.arange(150.0, 1850.0, 2.0), np.full(850, 7.0)]), fmt="%.3f")
    driver = IdentifyDriver(start, write_sample(tmp_path, "stone", {"quartz": 1.0}), flat)
    driver.wait_until_idle()
    for name, said in (("stone.txt", "quartz"), ("flat.txt", "unknown"), ("stone.txt", "quartz")):
        driver.window.choose(name)
        driver.wait_for_result(said)
    assert "unexpected" not in driver.window.message
