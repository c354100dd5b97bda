"""Spectrum, Explore and Map in windows of three sizes and both themes: nothing outside, nothing clipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from ramanstudio.gui.common.texts import Snr
from tests.gui.driver import Starter, Window
from tests.gui.explore.test_comparison import write_range
from tests.gui.explore.test_explore import ComparingEngine, settle_page, write_substances
from tests.gui.layout import layout_problems

NAME = "a-map-with-a-rather-long-name-of-its-own.h5"
SIZES = [(1440, 900), (1100, 700), (720, 450)]


@pytest.fixture
def window(start: Starter, tmp_path: Path) -> Window:
    """A map and a spectrum on another axis, explored."""
    other = write_range(tmp_path / "a-spectrum-with-a-rather-long-name-on-another-axis.txt", 400, 1400, 1)
    opened = start(write_substances(tmp_path / NAME), other, loader=lambda *_: ComparingEngine())
    opened.wait_until(lambda: [state for _, state in opened.rows()] == ["denoised"] * 2)
    opened.do("tab_explore")
    opened.wait_until(lambda: bool(opened.services.exploring.group_summaries))
    settle_page(opened)
    return opened


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_pages_and_panels_fit(window: Window, size: tuple[int, int], theme: str) -> None:
    window.do(f"theme_{theme}")
    window.window.setMinimumSize(1, 1)
    window.window.resize(*size)
    for tab in ("spectrum", "explore", "map"):
        window.window.tabs.show_tab(tab)
        window.choose(NAME)
        settle_page(window)
        problems = {name: layout_problems(getattr(window.window.tabs, name)(tab)) for name in ("page", "panel")}
        assert problems == {"page": [], "panel": []}, tab


def test_the_longest_snr_fits_the_panel(window: Window) -> None:
    window.window.resize(1440, 900)
    window.window.tabs.show_tab("spectrum")
    settle_page(window)
    panel = window.window.metadata_panel
    for before, after in ((2.3, 9.4), (8000.0, 9999.0), (1e6, 1e6)):
        panel._show_snr_values(Snr(before, after, after / before), "")
        QApplication.processEvents()
        assert panel._headline.sizeHint().width() <= panel.viewport().width() - 24
        assert layout_problems(panel) == []
