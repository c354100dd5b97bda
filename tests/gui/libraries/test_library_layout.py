"""The library window and its dialogs can be read in full on small and large screens, in both themes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from ramanstudio.gui.libraries.add_dialog import AddReferencesDialog
from ramanstudio.gui.libraries.library_window import LibraryWindow
from ramanstudio.library import starter_library
from tests.gui.driver import Starter
from tests.gui.identify.sample_libraries import ComparingEngine, starter_subset, write_library, write_sample
from tests.gui.layout import layout_problems


@pytest.mark.parametrize("size", [(720, 450), (1100, 700), (1440, 900)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_library_window_and_dialog_fit(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    substances = starter_subset()
    monkeypatch.setattr(starter_library, "starter_references", lambda: substances)
    write_library("Stones", ["quartz", "calcite"])
    window = start(write_sample(tmp_path, "stone", {"quartz": 1.0}), loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    window.window.resize(*size)
    window.do("libraries")
    (library_window,) = window.window.findChildren(LibraryWindow)
    window.wait_settled()
    found = {}
    for theme in ("light", "dark"):
        window.services.settings["theme"] = theme
        QTest.qWait(200)
        assert library_window.width() <= size[0] and library_window.height() <= size[1]
        found[theme, "window"] = layout_problems(library_window)
        library_window.widgets.search.setText("no such reference")
        QTest.qWait(200)
        assert library_window.widgets.empty.text() == "No reference matches the search."
        assert not library_window.widgets.strip.isVisible(), "no empty axes"
        found[theme, "empty"] = layout_problems(library_window)
        library_window.widgets.search.clear()
        library_window.widgets.add_selected.click()
        (dialog,) = library_window.findChildren(AddReferencesDialog)
        QTest.qWait(100)
        assert dialog.width() <= size[0] and dialog.height() <= size[1]
        found[theme, "dialog"] = layout_problems(dialog)
        dialog.reject()
        window.wait_until(lambda: not library_window.findChildren(AddReferencesDialog))
    library_window.close()
    assert {case: problems for case, problems in found.items() if problems} == {}
