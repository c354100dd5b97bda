"""The middle and the right of the window: the tabs with their pages, and beside each page its panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import SidePanel
from ramanstudio.gui.shell.tabs import Tab, TabContext, shortcut_of
from ramanstudio.gui.viewer.tab_page import TabPage
from ramanstudio.project.project import Project

NARROW_PX: Final = 400


class PanelStack(QStackedWidget):
    """The panels of the tabs, one of them shown, and their headings, by which the dock is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = QStackedWidget()
        self.heading.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_panel(self, panel: SidePanel) -> None:
        """Show `panel` with its heading; it is added where it is new."""
        if self.indexOf(panel) < 0:
            self.addWidget(panel)
            self.heading.addWidget(panel.heading)
        self.setCurrentWidget(panel)
        self.heading.setCurrentWidget(panel.heading)


class TabView(QWidget):
    """A tab bar over the pages. A tab's page and panel are made when it is first shown, the first tab's at once."""

    current_changed = Signal(str)  # the key of the tab that is shown now

    def __init__(self, tabs: Sequence[Tab], context: TabContext) -> None:
        super().__init__()
        self._tabs, self._context = tuple(tabs), context
        self._session = context.services.session
        self._pages: dict[str, TabPage] = {}
        self._panels: dict[str, SidePanel] = {}
        self._theme: Theme | None = None
        self._shown: TabPage | None = None
        self.panels = PanelStack()
        self.bar = QTabBar(self)
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setAccessibleName("Tabs")
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        for index, tab in enumerate(self._tabs):
            self.bar.addTab(tab.title)
            self.bar.setTabToolTip(index, f"{tab.tooltip} ({shortcut_of(tab)})")
        self.bar.currentChanged.connect(self._show)
        self._show(0)
        self._session.changed.connect(self._follow)
        self._offer(self._session.project)

    @property
    def current_tab(self) -> Tab:
        """The tab that is shown."""
        return self._tabs[self.bar.currentIndex()]

    @property
    def current_page(self) -> TabPage:
        """The page that is shown."""
        return self._pages[self.current_tab.key]

    @property
    def offered(self) -> frozenset[str]:
        """The keys of the tabs that can be chosen; only the first while nothing is open."""
        if not self._session.project.entries:
            return frozenset({self._tabs[0].key})
        return frozenset(tab.key for index, tab in enumerate(self._tabs) if self.bar.isTabVisible(index))

    def page(self, key: str) -> TabPage | None:
        """The page of a tab; None until it has been shown."""
        return self._pages.get(key)

    def panel(self, key: str) -> SidePanel | None:
        """The panel of a tab; None until it has been shown."""
        return self._panels.get(key)

    def show_tab(self, key: str) -> None:
        """Show a tab, if it is offered."""
        index = self._index(key)
        if self.bar.isTabVisible(index):
            self.bar.setCurrentIndex(index)

    def make(self, key: str) -> tuple[TabPage, SidePanel]:
        """The page and the panel of a tab, made where they are not there yet."""
        if key not in self._pages:
            tab = self._tabs[self._index(key)]
            page = tab.make_page(self._context)
            panel = tab.make_panel(self._context, page)
            self._pages[key], self._panels[key] = page, panel
            self._stack.addWidget(page)
            if self._theme is not None:
                page.set_theme(self._theme)
                panel.set_theme(self._theme)
        return self._pages[key], self._panels[key]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put the titles closer together where there is no room for all of them otherwise."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < NARROW_PX
        self.bar.setStyleSheet("QTabBar::tab { padding: 8px 6px; }" if is_narrow else "")

    def set_theme(self, theme: Theme) -> None:
        """Show the pages and panels made so far, and those to come, in the colours of `theme`."""
        self._theme = theme
        for page in self._pages.values():
            page.set_theme(theme)
        for panel in self._panels.values():
            panel.set_theme(theme)

    def _index(self, key: str) -> int:
        return next(index for index, tab in enumerate(self._tabs) if tab.key == key)

    def _show(self, index: int) -> None:
        key = self._tabs[index].key
        page, panel = self.make(key)
        self._stack.setCurrentWidget(page)
        self.panels.show_panel(panel)
        if self._shown is not None:
            self._shown.set_current(False)
        self._shown = page
        page.set_current(True)
        self.current_changed.emit(key)

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._offer(now)

    def _offer(self, project: Project) -> None:
        """Show the tabs that `project` offers; the first takes the place of one that is no longer offered."""
        self.bar.setVisible(bool(project.entries))
        for index, tab in enumerate(self._tabs):
            on = tab.is_offered(project)
            if not on and self.bar.currentIndex() == index:
                self.bar.setCurrentIndex(0)
            if self.bar.isTabVisible(index) != on:  # else Qt forgets to lay out the tabs that have changed before
                self.bar.setTabVisible(index, on)
