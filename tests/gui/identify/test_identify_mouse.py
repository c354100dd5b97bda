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
from tests.gui.identify.identify_window import Desk
from tests.gui.identify.sample_libraries import a_file, a_library, of_the_starter


@pytest.fixture(autouse=True)
def short_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of the starter library's substances: simulating all of them is not what is tested here."""
    some = of_the_starter()
    monkeypatch.setattr(starter_library, "starter_references", lambda: some)


def drag(desk: Desk, shift: float, to: float) -> None:
    """Press on the spectrum at a Raman shift, and let go at another."""
    view = desk.page.view
    assert view is not None
    desk.window.wait_until(lambda: view._region == desk.studio.identifying.within)
    box, viewport = view._panes.boxes[MAIN], view._panes.viewport()
    middle = sum(box.viewRange()[1]) / 2

    def place(at: float) -> QPoint:
        return view._panes.mapFromScene(box.mapViewToScene(QPointF(at, middle)))

    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseMove(viewport, place(shift))
    QTest.mousePress(viewport, button, keys, place(shift))
    for share in (0.3, 0.6, 1.0):
        QTest.qWait(30)  # a hand is no faster; what is, the scene leaves out
        QTest.mouseMove(viewport, place(shift + share * (to - shift)))
    QTest.mouseRelease(viewport, button, keys, place(to))


def test_what_is_compared_is_dragged_on_the_spectrum_undone_and_kept(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_library()
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}))
    desk.window.window.resize(1440, 900)
    desk.wait_named("quartz")
    desk.panel.regions.only.setChecked(True)
    desk.wait_done()
    first = desk.engine.asked[-1][1]
    assert first is not None
    drag(desk, first.low_cm, 700.0)
    desk.window.wait_until(lambda: bool(desk.engine.asked[-1][1] and abs(desk.engine.asked[-1][1].low_cm - 700) < 8))
    desk.wait_done()
    desk.panel.regions.leave_out.click()
    desk.wait_done()
    band = desk.studio.identifying.within
    assert band is not None
    low, high = band.excluded[0]
    drag(desk, (low + high) / 2, (low + high) / 2 + 200)
    desk.window.wait_until(
        lambda: bool(desk.studio.identifying.within) and desk.studio.identifying.within.excluded[0][0] > low + 150
    )
    desk.wait_done()
    kept = desk.studio.identifying.within
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "work.ramanstudio")
    desk.window.do("save_project")
    desk.window.wait_until(lambda: "saved" in desk.window.message)

    other = Desk(start)
    other.window.drop(tmp_path / "work.ramanstudio")
    other.window.wait_until(lambda: len(other.studio.session.project.entries) == 1)
    assert other.studio.identifying.within == kept

    desk.window.do("undo")
    desk.window.wait_until(lambda: desk.studio.identifying.within is None)
    desk.wait_done()
    assert not desk.panel.regions.only.isChecked()


@pytest.mark.parametrize("parts", [{"quartz": 1.0}, {}])
def test_the_picture_taken_away_is_the_one_looked_at(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: dict[str, float]
) -> None:
    a_library()
    desk = Desk(start, a_file(tmp_path, "stone", parts))
    desk.wait_named("quartz" if parts else "unknown")
    desk.wait_done()
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "found.png")
    desk.window.do("export_picture")
    desk.window.wait_until(lambda: "picture was saved" in desk.window.message)
    colours = theme_colours("light")
    for drawn in (colours.accent, colours.reference, colours.residual):
        assert share_of(tmp_path / "found.png", drawn) > 0.0005


def test_what_is_denoised_is_not_denoised_again_to_be_identified(start: Starter, tmp_path: Path) -> None:
    a_library()
    desk = Desk(start)
    desk.window.drop(a_file(tmp_path, "stone", {"quartz": 1.0}), a_file(tmp_path, "spar", {"calcite": 1.0}))
    desk.window.wait_until(lambda: [state for _, state in desk.window.rows()] == ["denoised", "denoised"])
    desk.look()
    desk.wait_named("quartz")
    desk.wait_done()
    assert desk.engine.denoised_before
    assert all(desk.engine.denoised_before)


def test_the_hits_of_several_are_walked_where_one_has_none(start: Starter, tmp_path: Path) -> None:
    a_library()
    flat = tmp_path / "flat.txt"
    np.savetxt(flat, np.column_stack([np.arange(150.0, 1850.0, 2.0), np.full(850, 7.0)]), fmt="%.3f")
    desk = Desk(start, a_file(tmp_path, "stone", {"quartz": 1.0}), flat)
    desk.wait_done()
    for name, said in (("stone.txt", "quartz"), ("flat.txt", "unknown"), ("stone.txt", "quartz")):
        desk.window.choose(name)
        desk.wait_named(said)
    assert "unexpected" not in desk.window.message
