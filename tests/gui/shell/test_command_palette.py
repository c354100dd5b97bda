"""The command palette finds actions by name, description, menu and synonyms, and says when none matches."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ramanstudio.gui.shell.actions import ACTIONS
from ramanstudio.gui.shell.command_palette import CommandPalette, match_score
from tests.gui.driver import Starter, Window, write_spectrum


def open_palette(window: Window) -> CommandPalette:
    window.do("search")
    return next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, CommandPalette))


def listed(palette: CommandPalette) -> list[str]:
    return [palette.rows.topLevelItem(row).text(0) for row in range(palette.rows.topLevelItemCount())]


def test_the_closest_names_come_first() -> None:
    names = ["Residual", "Export spectra…", "Noise region"]
    ranked = sorted(names, key=lambda name: -(match_score("resid", name) or -99))
    assert ranked[0] == "Residual"
    assert match_score("xyzq", "Residual") is None
    assert match_score("expsp", "Export spectra…") is not None


def test_words_match_in_any_order_and_the_name_counts_most() -> None:
    assert match_score("spectra export", "Export spectra…") is not None
    in_name, in_keywords = match_score("noise", "Noise region"), match_score("noise", "Export SNR table…", "noise")
    assert in_name is not None and in_keywords is not None and in_name > in_keywords


@pytest.mark.parametrize(
    ("query", "action"),
    [("preferences", "settings"), ("save image", "export_picture"), ("excitation", "set_laser"), ("exit", "quit")],
)
def test_synonyms_find_an_action(query: str, action: str) -> None:
    scores = {row.id: match_score(query, row.text, f"{row.menu} {row.tooltip} {row.synonyms}") for row in ACTIONS}
    ranked = sorted(scores, key=lambda name: -(scores[name] or -99))
    assert action in ranked[:2]


def test_typing_narrows_the_list_and_enter_triggers(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.wait_settled()
    palette = open_palette(window)
    assert len(listed(palette)) == len(ACTIONS) - 1
    QTest.keyClicks(palette.query, "resid")
    assert listed(palette)[0].startswith("View › Residual")
    QTest.keyClick(palette.query, Qt.Key.Key_Return)
    assert window.window.actions_by_id["show_residual"].isChecked()


def test_no_match_is_reported_and_enter_does_nothing(start: Starter) -> None:
    window = start()
    palette = open_palette(window)
    QTest.keyClicks(palette.query, "zzzqx")
    assert listed(palette) == []
    assert palette._nothing.isVisible()
    assert "No matching action" in palette._nothing.text()
    QTest.keyClick(palette.query, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.close()
