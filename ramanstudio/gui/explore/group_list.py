"""The list of groups: choosing rows selects their spectra, and what is selected elsewhere is chosen here."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.explore.group_delegate import ROW_HEIGHT, GroupDelegate
from ramanstudio.gui.explore.group_model import GroupModel

FEWEST_ROWS = 3  # that are seen however low the window


class GroupList(QListView):
    """Shows the groups; `chosen_changed` once others are chosen, `deletion_asked` when Del was pressed."""

    chosen_changed = Signal()
    deletion_asked = Signal()

    def __init__(self, session: Session, model: GroupModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._model = session, model
        self._following = False
        self.setModel(model)
        self._row = GroupDelegate(model, self)
        self.setItemDelegate(self._row)
        self.setAccessibleName("Groups")
        self.setWhatsThis(
            "The groups that the spectra fall into: how many spectra each has, what they look like on the average, and"
            " the bands that set them apart from the others (▲ stronger, ▼ weaker). Click a group to select its"
            " spectra everywhere, Ctrl+click more; F2 or a double click renames it, Del deletes it."
        )
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setMinimumHeight(FEWEST_ROWS * ROW_HEIGHT)
        self.selectionModel().selectionChanged.connect(self._choose)
        session.selection_changed.connect(self.follow_selection)
        model.regrouped.connect(self.follow_selection)
        model.looks_changed.connect(self.viewport().update)

    @property
    def chosen(self) -> list[int]:
        """The chosen rows, from top to bottom."""
        return sorted(index.row() for index in self.selectionModel().selectedIndexes())

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._row.set_theme(theme)
        self.viewport().update()

    def edit_chosen(self) -> None:
        """Let the name of the chosen group be typed."""
        rows = self.chosen
        if len(rows) == 1:
            index = self._model.index(rows[0])
            self.setFocus()
            self.scrollTo(index)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.edit(index)

    def follow_selection(self) -> None:
        """Choose the groups whose spectra are what the session has selected; none where it is no whole groups."""
        if self._following:
            return
        wanted = self._model.rows_selected()
        if wanted == self.chosen:
            return
        rows = QItemSelection()
        for row in wanted:
            rows.select(self._model.index(row), self._model.index(row))
        self._following = True
        try:
            self.selectionModel().select(rows, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            if wanted:
                first = self._model.index(wanted[0])
                self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
                self.scrollTo(first)
        finally:
            self._following = False
        self.chosen_changed.emit()

    def _choose(self) -> None:
        if self._following:
            return
        groups, rows = self._model.groups, self.chosen
        mask = self._model.spectra_of(rows)
        if groups is not None and mask.any():
            members = groups.members[mask]
            self._following = True
            try:
                self._session.select_spectra(members.entry_ids, members.rows)
            finally:
                self._following = False
        self.chosen_changed.emit()

    def event(self, event: QEvent) -> bool:
        # Del and Ctrl+A would else be those of the list of spectra, whose files one does not mean here.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_ours(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Delete):
            self.deletion_asked.emit()
        else:
            super().keyPressEvent(event)

    def _is_ours(self, event: QKeyEvent) -> bool:
        return event.matches(QKeySequence.StandardKey.Delete) or event.matches(QKeySequence.StandardKey.SelectAll)
