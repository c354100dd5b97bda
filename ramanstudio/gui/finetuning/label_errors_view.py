"""What is doubtful about labels, before anything is learned: a list, and the spectrum in question drawn beneath it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ramanstudio.finetuning.label_errors import LabelCheck
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import appearance
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.spectra_view import LazyStrip, draw_doubt, draw_places

if TYPE_CHECKING:
    from ramanstudio.gui.finetuning.wizard import FineTuneWizard

MOST = 200  # lines of the list
PADDED = "QListWidget::item { padding: 0 8px; }"
CHOSEN = Qt.ItemDataRole.UserRole


class LabelErrorsView(QWidget):
    """Hidden while there is nothing to doubt."""

    def __init__(self, wizard: FineTuneWizard) -> None:
        super().__init__()
        self._teach = wizard
        self._words: NDArray[np.str_] = np.empty(0, dtype=str)
        self.heading = label("heading", wrap=True)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Doubtful labels and duplicates")
        self.list.setToolTip("Click one to see it over others of its class, and to select it in the window")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet(PADDED)
        self.list.setMinimumHeight(60)
        self.strip = LazyStrip(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.heading)
        column.addWidget(self.list, 1)
        column.addWidget(self.strip, 2)
        self.list.currentItemChanged.connect(self._draw)
        self.list.itemClicked.connect(self._select)
        self.list.itemActivated.connect(self._select)
        appearance().changed.connect(self._draw_again)
        self.hide()

    def clear(self) -> None:
        """Doubt nothing until there has been another look."""
        self.list.clear()
        self.hide()

    def show_look(self, words: NDArray[np.str_], found: LabelCheck) -> None:
        """Show what a look at the labels `words` (N,) has found."""
        self._words, names = words, self._teach.subject.names
        self.list.clear()
        for one in found.label_errors[:MOST]:
            self._add(f"{names[one.index]}: {one.label}, looks like {one.predicted}", ((one.index,), one.predicted))
        for same in found.duplicates[:MOST]:
            called = {str(words[place]) for place in same}
            differ = ", with different labels" if len(called) > 1 else ""
            self._add(f"{names[same[0]]}: there {len(same)} times{differ}", (same, ""))
        self.heading.setText(_heading(found))
        self.setVisible(bool(self.list.count()))
        if self.list.count():
            self.list.setCurrentRow(0)

    def _add(self, words: str, chosen: tuple[tuple[int, ...], str]) -> None:
        item = QListWidgetItem(words, self.list)
        item.setData(CHOSEN, chosen)

    def _draw(self, item: QListWidgetItem | None) -> None:
        if item is None:
            self.strip.show_curves([])
            return
        places, told = item.data(CHOSEN)
        if len(places) == 1:
            draw_doubt(self.strip, self._teach.subject, self._words, places[0], told)
        else:
            names = self._teach.subject.names
            draw_places(self.strip, self._teach.subject, [(place, names[place]) for place in places])

    def _draw_again(self) -> None:
        self._draw(self.list.currentItem())

    def _select(self, item: QListWidgetItem) -> None:
        self._teach.select(item.data(CHOSEN)[0][0])


def _heading(found: LabelCheck) -> str:
    parts = []
    if found.label_errors:
        many = count_of(
            len(found.label_errors), "label that its spectrum contradicts", "labels that spectra contradict"
        )
        parts.append(many)
    if found.duplicates:
        parts.append(f"{count_of(len(found.duplicates), 'spectrum', 'spectra')} there more than once")
    return ", ".join(parts)
