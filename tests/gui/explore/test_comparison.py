"""Explore with spectra that cannot be compared: what is offered instead, and messages that leave when they are over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.explore.comparison_bar import OptionButton
from ramanstudio.gui.explore.explore_page import ExplorePage
from ramanstudio.project.groups import Groups, Members
from ramanstudio.signal.comparison import common_axis
from tests.gui.driver import SmoothingEngine, Starter, Window, write_spectrum
from tests.gui.layout import layout_problems

TOO_LITTLE = "share too little of a range"


class RangeEngine(SmoothingEngine):
    """Compares spectra that share a range, as an engine whose model has no embedder."""

    def compare(self, denoised: Sequence[SpectrumSet], progress: Any = None, known: Sequence[Any] = ()) -> Any:
        axis = common_axis(denoised)
        if axis is None:
            raise StudioError(f"These spectra {TOO_LITTLE} to be compared.", remedy="Select those of one range.")
        rows = np.concatenate([spectra.values[:, :64] for spectra in denoised]).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return SimpleNamespace(features=rows, coordinates=rows, range_cm=(float(axis[0]), float(axis[-1])))


def write_range(path: Path, low: float, high: float, seed: int) -> Path:
    """One spectrum from `low` to `high` cm⁻¹."""
    axis = np.linspace(low, high, 200)
    values = 100 * np.exp(-(((axis - (low + high) / 2) / 12) ** 2)) + np.random.default_rng(seed).normal(0, 3, 200)
    np.savetxt(path, np.column_stack([axis, values]), fmt="%.3f", delimiter="\t")
    return path


def page_of(window: Window) -> ExplorePage:
    page = window.window.tabs.page("explore")
    assert isinstance(page, ExplorePage)
    return page


def buttons_of(window: Window) -> dict[str, QPushButton]:
    return {button.text(): button for button in page_of(window).waiting.options.buttons if button.isVisible()}


@pytest.fixture
def two_ranges(start: Starter, tmp_path: Path) -> Window:
    """Five spectra from 200 to 900 cm⁻¹ and three from 2000 to 2700 cm⁻¹, which Explore cannot compare."""
    low = [write_range(tmp_path / f"low_{number}.txt", 200, 900, number) for number in range(5)]
    high = [write_range(tmp_path / f"high_{number}.txt", 2000, 2700, number) for number in range(3)]
    window = start(*low, *high, loader=lambda *_: RangeEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 8)
    window.do("tab_explore")
    window.wait_until(lambda: TOO_LITTLE in page_of(window).waiting.sentence.text())
    window.wait_until(lambda: bool(buttons_of(window)))
    return window


def n_explored(window: Window) -> int:
    exploration = window.services.session.project.exploration
    return 0 if exploration is None else len(exploration.members)


def test_spectra_that_share_a_range_are_offered_and_explored(two_ranges: Window) -> None:
    QTest.mouseClick(buttons_of(two_ranges)["Only the 5 spectra that share a range"], Qt.MouseButton.LeftButton)
    two_ranges.wait_until(lambda: n_explored(two_ranges) == 5 and page_of(two_ranges).view is not None)
    two_ranges.wait_settled()
    bar = page_of(two_ranges).bar
    assert bar is not None
    two_ranges.wait_until(lambda: "share no range with the others" in bar.comparison.text)
    assert bar.comparison.text.startswith("3 spectra of 'high_0.txt'")
    assert TOO_LITTLE not in two_ranges.message


def test_the_selected_spectra_are_offered_and_explored(two_ranges: Window) -> None:
    assert not [text for text in buttons_of(two_ranges) if "selected" in text], "one spectrum cannot be compared"
    two_ranges.choose("high_0.txt", "high_1.txt", "high_2.txt")
    two_ranges.wait_until(lambda: "Explore the 3 selected spectra" in buttons_of(two_ranges))
    QTest.mouseClick(buttons_of(two_ranges)["Explore the 3 selected spectra"], Qt.MouseButton.LeftButton)
    two_ranges.wait_until(lambda: n_explored(two_ranges) == 3 and page_of(two_ranges).view is not None)
    two_ranges.wait_settled()
    bar = page_of(two_ranges).bar
    assert bar is not None
    two_ranges.wait_until(lambda: "Only 3 spectra that you selected are compared" in bar.comparison.text)
    assert [button.text() for button in bar.comparison.buttons] == [
        "Only the 5 spectra that share a range",
        "Compare all",
    ]


def test_the_message_of_a_failed_comparison_leaves_with_the_tab(two_ranges: Window) -> None:
    assert TOO_LITTLE in two_ranges.message
    two_ranges.do("tab_spectrum")
    assert two_ranges.message == ""
    two_ranges.do("tab_explore")
    assert TOO_LITTLE in page_of(two_ranges).waiting.sentence.text()


def test_groups_of_spectra_that_were_closed_are_not_counted(start: Starter, tmp_path: Path) -> None:
    paths = [write_range(tmp_path / f"low_{number}.txt", 200, 900, number) for number in range(6)]
    window = start(*paths, loader=lambda *_: RangeEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 6)
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    window.wait_settled()
    session, panel = window.services.session, window.window.groups
    window.do("tab_spectrum")
    session.remove([entry.id for entry in session.project.entries[2:]])
    assert "2 spectra" in panel.form.summary.text()
    session.remove([entry.id for entry in session.project.entries])
    assert panel.groups is None
    assert "spectra," not in panel.form.summary.text()
    window.wait_settled()


def test_groups_of_other_spectra_are_no_groups(start: Starter, tmp_path: Path) -> None:
    paths = [write_range(tmp_path / f"low_{number}.txt", 200, 900, number) for number in range(4)]
    window = start(*paths, loader=lambda *_: RangeEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 4)
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    window.wait_settled()
    session = window.services.session
    closed = Members.of_entries([(9999, 400)])
    labels = np.arange(400) % 14
    groups = Groups.from_clustering(closed, labels, np.ones(400, dtype=np.float32))
    assert session.project.exploration is not None
    session.add_exploration(session.project.exploration, groups)
    assert session.groups is None
    assert "14 groups" not in window.window.groups.form.summary.text()


def test_the_warning_about_an_unreadable_file_leaves_when_it_is_removed(start: Starter, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no spectrum")
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.drop(tmp_path / "notes.txt")
    window.wait_until(lambda: "notes.txt" in window.message)
    bad = next(entry for entry in window.services.session.project.entries if entry.source is None)
    window.services.session.remove([bad.id])
    window.wait_until(lambda: window.message == "")


def test_in_a_narrow_page_the_texts_of_the_buttons_take_two_lines(two_ranges: Window) -> None:
    two_ranges.window.setMinimumSize(1, 1)
    two_ranges.window.resize(720, 450)
    two_ranges.wait_until(lambda: page_of(two_ranges).width() < 400)
    buttons = page_of(two_ranges).waiting.options.buttons
    two_ranges.wait_until(lambda: all(button.height() > 40 for button in buttons))
    texts = [button.shown_text() for button in buttons if isinstance(button, OptionButton)]
    assert texts == ["Only the 5 spectra\nthat share a range", "Only spectra on the\naxis of 'low_0.txt'"]
    assert layout_problems(page_of(two_ranges)) == []
