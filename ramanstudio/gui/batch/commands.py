"""What the actions of batches and watched folders do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ramanstudio.core.settings import Settings
from ramanstudio.gui.batch.batch_job import BatchJob
from ramanstudio.gui.batch.folder_watch import FolderWatch
from ramanstudio.gui.batch.work import EngineLoader
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.session import Session
from ramanstudio.processing.recipe import Recipe

if TYPE_CHECKING:
    from ramanstudio.gui.batch.batch_window import BatchWindow


class BatchCommands:
    """Opens the window of the batch, of which there is one, and the dialog that watches a folder."""

    def __init__(
        self,
        session: Session,
        workers: Workers,
        messages: Messages,
        settings: Settings,
        load: EngineLoader,
        window: QWidget,
    ) -> None:
        self._session, self._workers, self._messages, self._settings = session, workers, messages, settings
        self._window = window
        self._batch_window: BatchWindow | None = None
        self.job = BatchJob(workers, messages, load)
        self.folder_watch = FolderWatch(session, workers, messages, settings, load)

    def batch(self) -> None:
        """Open the window of the batch."""
        from ramanstudio.gui.batch.batch_window import BatchWindow

        if self._batch_window is None:
            self._batch_window = BatchWindow(
                self.job, self._workers, self._messages, self._settings, self._selected_recipe(), self._window
            )
            self._batch_window.destroyed.connect(self._forget)
        self._batch_window.show()
        self._batch_window.raise_()
        self._batch_window.activateWindow()

    def watch_folder(self) -> None:
        """Ask for a folder, and watch it."""
        from ramanstudio.gui.batch.watch_dialog import WatchDialog

        WatchDialog(self.folder_watch, self._messages, self._settings, self._selected_recipe(), self._window).open()

    def _selected_recipe(self) -> Recipe | None:
        """The recipe of the first selected spectrum."""
        return next((entry.recipe for entry in self._session.selected if entry.source is not None), None)

    def _forget(self) -> None:
        self._batch_window = None
