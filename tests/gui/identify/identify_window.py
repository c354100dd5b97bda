"""Drives the window with its Identify tab, as a user would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtTest import QTest

from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.gui.identify.identify_panel import IdentifyPanel
from tests.gui.driver import Starter, Window
from tests.gui.identify.sample_libraries import ComparingEngine


class IdentifyDriver:
    """The window with its Identify tab open, once files are."""

    def __init__(self, start: Starter, *files: Path) -> None:
        self.engine = ComparingEngine()
        self.window: Window = start(*files, loader=lambda *_: self.engine)
        self.services = self.window.services
        if files:
            self.window.wait_until(lambda: len(self.services.session.project.entries) > 0)
            self.open_identify_tab()

    def open_identify_tab(self) -> None:
        self.window.do("tab_identify")
        self.window.wait_until(lambda: isinstance(self.window.window.tabs.page("identify"), IdentifyPage))

    @property
    def page(self) -> IdentifyPage:
        page = self.window.window.tabs.page("identify")
        assert isinstance(page, IdentifyPage)
        return page

    @property
    def panel(self) -> IdentifyPanel:
        panel = self.window.window.tabs.panels.currentWidget()
        assert isinstance(panel, IdentifyPanel)
        return panel

    @property
    def header(self) -> Any:
        assert self.page.header is not None
        return self.page.header

    @property
    def matches(self) -> list[list[str]]:
        assert self.page.match_list is not None
        model = self.page.match_list.match_model
        return [
            [str(model.index(row, column).data()) for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]

    def wait_for_result(self, name: str) -> None:
        self.window.wait_until(lambda: self.page.header is not None and self.header.name.text() == name)

    def wait_until_idle(self) -> None:
        for _ in range(3):
            self.window.wait_until(self._is_idle)
            QTest.qWait(120)

    def _is_idle(self) -> bool:
        identifying = self.services.identifying
        return not (self.services.workers.busy or identifying.busy or identifying._update_timer.isActive())
