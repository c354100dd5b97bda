"""The list of groups: choosing rows selects their spectra, and selected groups are chosen here."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.explore.group_delegate import ROW_HEIGHT, GroupDelegate
from ramanstudio.gui.explore.group_model import GroupModel

MIN_ROWS = 3  # that are seen however low the window


class GroupList(QListView):
    """Shows the groups; emits `chosen_changed`, and `deletion_requested` when Del is pressed."""

    chosen_changed = Signal()
    deletion_requested = Signal()

    def __init__(self, session: Session, model: GroupModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._model = session, model
        self._following = False
        self.setModel(model)
        self._delegate = GroupDelegate(model, self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Groups")
        self.setWhatsThis(
            "The groups of spectra: the size of each, its mean spectrum, and the bands that set it apart from the"
            " others (▲ stronger, ▼ weaker). Click a group to select its spectra everywhere, Ctrl+click more groups;"
            " F2 or a double click renames it, Del deletes it."
        )
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setMouseTracking(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.setMinimumHeight(MIN_ROWS * ROW_HEIGHT)
        self.selectionModel().selectionChanged.connect(self._choose)
        session.selection_changed.connect(self.follow_selection)
        model.regrouped.connect(self.follow_selection)
        model.appearance_changed.connect(self.viewport().update)

    @property
    def chosen(self) -> list[int]:
        """The chosen rows, in order."""
        return sorted(index.row() for index in self.selectionModel().selectedIndexes())

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._delegate.set_theme(theme)
        self.viewport().update()

    def edit_chosen(self) -> None:
        """Edit the name of the chosen group."""
        rows = self.chosen
        if len(rows) == 1:
            index = self._model.index(rows[0])
            self.setFocus()
            self.scrollTo(index)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.edit(index)

    def follow_selection(self) -> None:
        """Choose the groups whose spectra are selected; none where the selection is not whole groups."""
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
        """Keep Del and Ctrl+A for this list: otherwise they would act on the list of spectra, and close files."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._is_own_shortcut(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Del asks for deletion."""
        if event.matches(QKeySequence.StandardKey.Delete):
            self.deletion_requested.emit()
        else:
            super().keyPressEvent(event)

    def _is_own_shortcut(self, event: QKeyEvent) -> bool:
        return event.matches(QKeySequence.StandardKey.Delete) or event.matches(QKeySequence.StandardKey.SelectAll)
