"""F1 shows the user guide offline, at the page of the tab, and the guide names actions as the menus do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument

from ramanstudio.gui.shell import help as user_guide
from ramanstudio.gui.shell.actions import ACTIONS
from ramanstudio.gui.shell.help import PAGES, GuideDialog, guide_path, page_markdown, page_title
from ramanstudio.gui.shell.tabs import TABS
from tests.gui.driver import Starter, Window, write_spectrum

GUIDE = guide_path("open").parent


def open_guide(window: Window) -> GuideDialog:
    window.do("user_guide")
    return window.window.findChildren(GuideDialog)[-1]


def test_every_page_of_the_guide_is_listed_and_every_tab_has_one() -> None:
    assert sorted(PAGES) == sorted(path.stem for path in GUIDE.glob("*.md"))
    assert {tab.guide_page for tab in TABS} <= set(PAGES)
    assert all(page_title(page) for page in PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_the_guide_names_menus_and_actions_as_they_are(page: str) -> None:
    actions = {f"{row.menu} › {row.text}" for row in ACTIONS}
    mentioned = re.findall(r"\*((?:File|Edit|View|Analyse|Model|Help) › [^*›]+?)(?: ›[^*]*)?\*", page_markdown(page))
    assert [name for name in mentioned if name.strip() not in actions] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_directive_is_left_and_every_image_is_there(page: str) -> None:
    text = page_markdown(page)
    assert "{image}" not in text
    images = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert [image for image in images if not (GUIDE / image).exists()] == []


def test_f1_opens_the_page_of_the_tab(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.wait_settled()
    guide = open_guide(window)
    assert guide.pages.currentRow() == PAGES.index("denoise")
    assert "Equivalent exposure" in guide.browser.toPlainText()
    window.do("tab_identify")
    assert open_guide(window).pages.currentRow() == PAGES.index("identify")
    for dialog in window.window.findChildren(GuideDialog):
        dialog.close()


def test_links_lead_to_other_pages_and_web_links_outside(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(user_guide.QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    guide = open_guide(start())
    guide._follow_link(QUrl("command-line.md"))
    assert guide.pages.currentRow() == PAGES.index("command-line")
    guide._follow_link(QUrl("https://example.org/raman"))
    guide._follow_link(QUrl("../developer/bundle.md"))
    assert opened == ["https://example.org/raman"]
    assert guide.pages.currentRow() == PAGES.index("command-line")
    guide.close()


def test_wide_images_are_scaled_to_the_window(start: Starter) -> None:
    guide = open_guide(start())
    guide.show_page("explore")
    image = guide.browser.loadResource(
        QTextDocument.ResourceType.ImageResource.value, QUrl("../screenshots/explore.png")
    )
    assert isinstance(image, QImage)
    assert 120 <= image.deviceIndependentSize().width() <= guide.browser.viewport().width()
    guide.close()
