"""A tab's page that is redrawn when the project changes, once for many changes in a row."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent

from ramanstudio.gui.document.session import Session
from ramanstudio.gui.viewer.tab_page import TabPage
from ramanstudio.project.project import Project

RESULTS_DELAY_MS: Final = 300  # results arrive many in a row


class ProjectPage(TabPage):
    """Base of pages that show the project: `refresh` is called soon after a change, while the page is visible."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._refresh_timer = QTimer(self, singleShot=True)
        self._refresh_timer.timeout.connect(self.refresh)
        session.changed.connect(self._follow)
        session.selection_changed.connect(lambda: self._refresh_soon())

    def refresh(self) -> None:
        """Show the present state, as far as it is not shown already."""
        raise NotImplementedError

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has changed meanwhile."""
        super().showEvent(event)
        self.refresh()

    def _follow(self, before: Project, now: Project) -> None:
        only_results = (
            now.entries is before.entries and now.groups is before.groups and now.exploration is before.exploration
        )
        self._refresh_soon(RESULTS_DELAY_MS if only_results else 0)

    def _refresh_soon(self, delay_ms: int = 0) -> None:
        if self.isVisible() and (not self._refresh_timer.isActive() or self._refresh_timer.interval() > delay_ms):
            self._refresh_timer.start(delay_ms)
