"""The bars below the toolbar that say what runs: a batch, or a folder that is watched, with *Stop*."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QPushButton, QSizePolicy, QToolBar

from ramanstudio.gui.batch.batch_job import BatchJob
from ramanstudio.gui.batch.folder_watch import FolderWatch
from ramanstudio.gui.common.message_bar import ElidedLabel


class _RunBar(QToolBar):
    """A sentence and *Stop*; hidden while nothing runs."""

    def __init__(self, title: str, name: str, stop: Callable[[], object], stop_tooltip: str) -> None:
        super().__init__(title)
        self.setObjectName(name)  # the key under which QMainWindow remembers its place
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.sentence = ElidedLabel(self)
        self.sentence.setContentsMargins(8, 0, 8, 0)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.sentence.setAccessibleName(title)
        self.addWidget(self.sentence)
        self.stop_button = QPushButton("Stop", self)
        self.stop_button.setToolTip(stop_tooltip)
        self.stop_button.clicked.connect(stop)
        self.hide()


class BatchBar(_RunBar):
    """How far the batch is, with *Show* for its window."""

    def __init__(self, job: BatchJob, show: Callable[[], object]) -> None:
        super().__init__("Batch", "batch", job.stop, "Stop the batch; what is done is kept")
        self._batch = job
        self.progress = QProgressBar(self, textVisible=False)
        self.progress.setFixedWidth(120)
        self.progress.setAccessibleName("Progress of the batch")
        self.show_button = QPushButton("Show", self)
        self.show_button.setToolTip("Show the window of the batch")
        self.show_button.clicked.connect(show)
        for widget in (self.progress, self.show_button, self.stop_button):
            self.addWidget(widget)
        job.changed.connect(self._update)

    def _update(self) -> None:
        job = self._batch
        self.setVisible(job.state == "running")
        if job.plan is not None:
            self.sentence.setText(f"Batch of '{job.plan.folder.name}': {job.sentence}")
        self.progress.setRange(0, job.total)
        self.progress.setValue(job.done)


class WatchBar(_RunBar):
    """What is watched, and what has come."""

    def __init__(self, watch: FolderWatch) -> None:
        super().__init__("Watched folder", "watch", watch.stop, "End the watch; what was opened stays")
        self._watch = watch
        self.addWidget(self.stop_button)
        watch.changed.connect(self._update)

    def _update(self) -> None:
        self.setVisible(self._watch.is_watching)
        self.sentence.setText(self._watch.sentence)
        self.sentence.setProperty("role", "warning" if self._watch.note else "")
        self.sentence.style().polish(self.sentence)
