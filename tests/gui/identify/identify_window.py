"""The window with its Identify page, as a user has it: what is looked at, what it is, and what the panel says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtTest import QTest

from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.gui.identify.identify_panel import IdentifyPanel
from tests.gui.driver import Starter, Window
from tests.gui.identify.sample_libraries import ComparingEngine


class Desk:
    """The window with its Identify page."""

    def __init__(self, start: Starter, *files: Path) -> None:
        self.engine = ComparingEngine()
        self.window: Window = start(*files, loader=lambda *_: self.engine)
        self.studio = self.window.studio
        if files:
            self.window.wait_until(lambda: len(self.studio.session.project.entries) > 0)
            self.look()

    def look(self) -> None:
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
    def verdict(self) -> Any:
        assert self.page.verdict is not None
        return self.page.verdict

    @property
    def hits(self) -> list[list[str]]:
        assert self.page.hits is not None
        model = self.page.hits.hits
        return [
            [str(model.index(row, column).data()) for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]

    def wait_named(self, name: str) -> None:
        self.window.wait_until(lambda: self.page.verdict is not None and self.verdict.name.text() == name)

    def wait_done(self) -> None:
        for _ in range(3):
            self.window.wait_until(self._is_idle)
            QTest.qWait(120)

    def _is_idle(self) -> bool:
        identifying = self.studio.identifying
        return not (self.studio.workers.busy or identifying.busy or identifying._update_timer.isActive())
