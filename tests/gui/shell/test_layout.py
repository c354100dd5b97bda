"""Window and dialogs can be read in full on small and large screens, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog

from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.identifying import Identifying
from ramanstudio.gui.shell.tabs import TABS
from tests.gui.driver import Starter, Window, write_spectra
from tests.gui.layout import layout_problems

MAP = Path(__file__).resolve().parents[3] / "resources" / "demo" / "gypsum-on-marble-map.h5"
SIZES = [(720, 450), (1100, 700), (1440, 900)]


@pytest.fixture
def window(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Window:
    """A window with spectra, a map and an unreadable file; Explore and Identify show their waiting state."""
    for service in (Exploring, Identifying):
        for name in ("want", "set_active"):
            monkeypatch.setattr(service, name, lambda _self, _on: None, raising=False)
    (tmp_path / "a letter from home, with a rather long name.txt").write_text("not a spectrum")
    window = start(*write_spectra(tmp_path, 5), MAP, *tmp_path.glob("a letter*"))
    window.wait_until(lambda: len(window.rows()) == 7)
    window.wait_settled()
    window.choose(MAP.name)
    return window


def resize(window: Window, width: int, height: int) -> None:
    window.window.resize(width, height)
    window.window.reset_panel_widths()
    settle()


def settle() -> None:
    for _ in range(10):
        QApplication.processEvents()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_tab_fits_the_window(window: Window, size: tuple[int, int]) -> None:
    problems = {}
    resize(window, *size)
    assert window.window.size().toTuple() == size
    window.services.messages.warning("A rather long warning about something that happened to one of the files. " * 4)
    for theme in ("light", "dark"):
        window.services.settings["theme"] = theme
        for tab in TABS:
            window.window.tabs.show_tab(tab.key)
            settle()
            problems[theme, tab.key] = layout_problems(window.window)
            bar = window.window.statusBar()
            assert bar.geometry().bottom() <= window.window.rect().bottom()
            assert bar.height() >= 36
    assert {key: found for key, found in problems.items() if found} == {}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_an_empty_window_fits(start: Starter, size: tuple[int, int]) -> None:
    window = start()
    resize(window, *size)
    window.wait_until(lambda: "Nothing leaves" in window.window.page.empty._formats.text())
    settle()
    assert layout_problems(window.window) == []


def _unexpected(window: Window) -> None:
    window.window.show_unexpected("ZeroDivisionError: division by zero", "Traceback\n" * 60)


OPEN: dict[str, Callable[[Window], None]] = {
    **{
        name: lambda window, name=name: window.do(name)  # type: ignore[misc]
        for name in ("settings", "choose_model", "model_card", "user_guide", "shortcuts", "formats", "about", "search")
    },
    "unexpected error": _unexpected,
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", OPEN)
def test_every_dialog_fits_the_window(start: Starter, size: tuple[int, int], name: str) -> None:
    window = start()
    resize(window, *size)
    OPEN[name](window)
    settle()
    (dialog,) = [dialog for dialog in window.window.findChildren(QDialog) if dialog.isVisible()]
    assert dialog.width() <= size[0] and dialog.height() <= size[1]
    assert layout_problems(dialog) == []
    dialog.close()
