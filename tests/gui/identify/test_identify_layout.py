"""Identify can be read in full on small and large screens, in both themes: nothing outside, nothing cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from ramanstudio.library import starter_library
from ramanstudio.search import mixture_candidates, mixtures
from tests.gui.driver import Starter
from tests.gui.identify.identify_window import IdentifyDriver
from tests.gui.identify.sample_libraries import starter_subset, write_library, write_sample
from tests.gui.identify.test_identify import fit_first_two
from tests.gui.layout import layout_problems

SIZES = [(720, 450), (1100, 700), (1440, 900)]


@pytest.fixture
def identified(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IdentifyDriver:
    """A spectrum with a long name, identified in two libraries, of which one has a long title."""
    substances = starter_subset()
    monkeypatch.setattr(starter_library, "starter_references", lambda: substances)
    monkeypatch.setattr(mixture_candidates, "mixture_candidates", lambda *_: [(0, 1), (0, 2)])
    monkeypatch.setattr(mixtures, "unmix", fit_first_two)
    write_library("Minerals of the excellent and of the unoriented kind, as downloaded from rruff.info")
    files = [
        write_sample(tmp_path, "a stone from the quarry above the village, spot 12", {"quartz": 1.0}),
        write_sample(tmp_path, "dust", {}),
    ]
    driver = IdentifyDriver(start, *files)
    driver.wait_for_result("quartz")
    driver.wait_until_idle()
    return driver


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_results_mixtures_and_the_unknown_fit_the_window(identified: IdentifyDriver, size: tuple[int, int]) -> None:
    window, page, found = identified.window, identified.page, {}
    window.window.resize(*size)
    window.window.reset_panel_widths()
    long_text = "Fluorescence makes the hit quality index of the measured spectrum unreliable. " * 4
    for theme in ("light", "dark"):
        window.services.settings["theme"] = theme
        window.choose("a stone from the quarry above the village, spot 12.txt")
        identified.wait_for_result("quartz")
        QTest.qWait(200)
        found[theme, "match"] = layout_problems(window.window)
        identified.header.explanation.setText(long_text)
        QTest.qWait(100)
        found[theme, "long explanation"] = layout_problems(window.window)
        assert page.view is not None and page.match_list is not None
        assert page.view.height() >= page.view.minimumHeight()
        assert page.match_list.height() >= page.match_list.minimumHeight()
        window.do("analyse_mixture")
        window.wait_until(lambda: " + " in identified.header.name.text())
        QTest.qWait(200)
        found[theme, "mixture"] = layout_problems(window.window)
        window.choose("dust.txt")
        identified.wait_for_result("unknown")
        QTest.qWait(200)
        found[theme, "unknown"] = layout_problems(window.window)
    assert {case: problems for case, problems in found.items() if problems} == {}


def test_where_there_is_little_room_plot_and_matches_stay_and_the_text_scrolls(identified: IdentifyDriver) -> None:
    identified.window.window.resize(720, 450)
    identified.window.window.reset_panel_widths()
    identified.header.explanation.setText("A sentence that needs many lines in a narrow window. " * 8)
    QTest.qWait(200)
    page = identified.page
    assert page.view is not None and page.match_list is not None
    area = identified.header.parentWidget().parentWidget()
    assert area.height() < identified.header.height(), "the text scrolls"
    for widget, needed in ((page.view, 120), (page.match_list, 70)):
        top = widget.mapTo(page, QPoint(0, 0)).y()
        assert widget.height() >= needed and top + widget.height() <= page.height()
    assert page.match_list.isColumnHidden(8), "the library is named above"
    assert not page.match_list.isColumnHidden(2), "the probability stays"
