"""The middle and the right of the window: pages in the order of the questions one asks, a panel beside each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

Maker = Callable[[], QWidget]


@dataclass
class _Place:
    key: str
    make: Maker
    page: QWidget | None = None


class Pages(QWidget):
    """Tabs over pages; a page is made when it is first looked at. `chosen(key)` once another one is shown."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.tabs = QTabBar(self)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Pages")
        self._places: list[_Place] = []
        self._stack = QStackedWidget(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.tabs)
        whole.addWidget(self._stack, 1)
        self.tabs.currentChanged.connect(self._show)

    def add(self, key: str, title: str, tooltip: str, make: Maker) -> None:
        """Add a page at the end; `make` makes it."""
        self._places.append(_Place(key, make))
        self.tabs.addTab(title)
        self.tabs.setTabToolTip(self.tabs.count() - 1, tooltip)

    def page(self, key: str) -> QWidget | None:
        """The page of this key; None while nobody has looked at it."""
        return next(place.page for place in self._places if place.key == key)

    @property
    def current(self) -> str:
        """The key of the page that is shown."""
        return self._places[self.tabs.currentIndex()].key

    def choose(self, key: str) -> None:
        """Show a page, if it is offered."""
        index = next((index for index, place in enumerate(self._places) if place.key == key), None)
        if index is not None and self.tabs.isTabVisible(index):
            self.tabs.setCurrentIndex(index)

    def offer(self, key: str, on: bool) -> None:
        """Let a page be chosen, or not; the first one is shown in the place of one that is taken away."""
        index = self._index(key)
        if not on and self.tabs.currentIndex() == index:
            self.tabs.setCurrentIndex(0)
        self.tabs.setTabVisible(index, on)

    def offers(self, key: str) -> bool:
        """Whether a page can be chosen."""
        return self.tabs.isTabVisible(self._index(key))

    def _index(self, key: str) -> int:
        return next(index for index, place in enumerate(self._places) if place.key == key)

    def _show(self, index: int) -> None:
        place = self._places[index]
        if place.page is None:
            place.page = place.make()
            self._stack.addWidget(place.page)
        self._stack.setCurrentWidget(place.page)
        self.chosen.emit(place.key)


class Side(QStackedWidget):
    """The panel on the right: one for each page, with a heading by which it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = QStackedWidget()
        self.heading.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._places: dict[str, int] = {}

    def add(self, key: str, panel: QWidget, heading: QWidget) -> None:
        """Add the panel of a page."""
        self._places[key] = self.addWidget(panel)
        self.heading.addWidget(heading)

    def show_for(self, key: str) -> None:
        """Show the panel of a page; where it has none, that of the first."""
        index = self._places.get(key, 0)
        self.setCurrentIndex(index)
        self.heading.setCurrentIndex(index)
