"""The folder that is watched, of which there is one: its files are opened as they come, with a recipe."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from ramanstudio.core.settings import Settings
from ramanstudio.gui.batch.work import Counts, EngineLoader, Plan, WatchNote, watch_folder
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import OpenedFile, Session
from ramanstudio.project.project import Project


class FolderWatch(QObject):
    """Adds the files of a folder to the session once they are whole, and reads them again when they are replaced."""

    changed = Signal()  # started, a file, a folder that is gone or back, or ended

    def __init__(
        self, session: Session, workers: Workers, messages: Messages, settings: Settings, load: EngineLoader
    ) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._settings = session, workers, messages, settings
        self._load = load
        self._job: Job | None = None
        self._n_watches = 0
        self._newest = -1  # the entry that was shown last
        self.plan: Plan | None = None
        self.note = ""  # that the folder is gone
        self.counts = Counts()  # of files whose results were written
        self.n_opened, self.n_again, self.last = 0, 0, ""
        session.changed.connect(self._follow)

    @property
    def is_watching(self) -> bool:
        """Whether a folder is watched."""
        return self._job is not None

    def start(self, plan: Plan) -> None:
        """Watch the folder of `plan`, in place of one that was watched."""
        self._n_watches += 1
        self.plan, self.note, self.counts = plan, "", Counts()
        self.n_opened, self.n_again, self.last = 0, 0, ""
        known = frozenset(entry.path for entry in self._session.project.entries)
        work = partial(watch_folder, plan, self._load, known)
        job = self._job = self._workers.submit(work, "", "batch", key="watch")
        job.shown.connect(partial(self._keep, self._n_watches))
        job.failed.connect(self._messages.show_error)
        job.finished.connect(partial(self._end, self._n_watches))
        self.changed.emit()

    def stop(self) -> None:
        """End the watch; what was opened stays."""
        if self._job is not None:
            self._job.cancel()

    @property
    def sentence(self) -> str:
        """What is watched, and what has come."""
        if self.plan is None or not self.is_watching:
            return ""
        if self.note:
            return self.note
        text = f"Watching '{self.plan.folder.name}': "
        if not self.n_opened and not self.n_again:
            return f"{text}no new file yet"
        text += f"{count_of(self.n_opened, 'file')} opened"
        text += f", {self.n_again} read again" if self.n_again else ""
        text += f", {self.counts.done} written" if self.plan.out is not None else ""
        text += f", {self.counts.n_failed} failed" if self.counts.n_failed else ""
        return f"{text} · last '{self.last}'"

    def _keep(self, watch: int, value: list[OpenedFile] | WatchNote | Counts) -> None:
        if watch != self._n_watches:
            return
        if isinstance(value, WatchNote):
            self.note = value.sentence
        elif isinstance(value, Counts):
            if value.n_failed > self.counts.n_failed:
                self._messages.warning(value.failures[-1])
            self.counts = value
        else:
            self._open(value)
        self.changed.emit()

    def _open(self, files: list[OpenedFile]) -> None:
        """Add new files, and replace those that are open."""
        assert self.plan is not None
        recipe, as_sets, key = self.plan.recipe, self._settings["denoise_as_set"], ("watch", self._n_watches)
        title = f"Watch '{self.plan.folder.name}'"
        open_before = {entry.path: entry.id for entry in reversed(self._session.project.entries)}
        new = [file for file in files if file.path not in open_before]
        for file in files:
            if file.path in open_before:
                self._replace(file, open_before[file.path], as_sets, key)
        entries = self._session.add(new, title, key, as_sets)
        self._session.edit_recipes([entry.id for entry in entries], lambda _: recipe, title, key)
        self.n_opened += len(new)
        self.n_again += len(files) - len(new)
        self.last = files[-1].path.name
        readable = [entry for entry in entries if entry.source is not None]
        if readable and set(self._session.selected_ids) <= {self._newest}:
            self._newest = readable[-1].id  # what the user has chosen to look at stays
            self._session.select([self._newest])

    def _replace(self, file: OpenedFile, entry_id: int, as_sets: bool, key: object) -> None:
        others = [entry.id for entry in self._session.project.entries if entry.path == file.path]
        others.remove(entry_id)
        recipe = next(entry.recipe for entry in self._session.project.entries if entry.id == entry_id)
        if others:
            self._session.remove(others)
        self._session.replace(entry_id, file, as_sets, f"Read '{file.path.name}' again", key)
        ids = [entry.id for entry in self._session.project.entries if entry.path == file.path]
        self._session.edit_recipes(ids, lambda _: recipe, f"Read '{file.path.name}' again", key)

    def _follow(self, before: Project, now: Project) -> None:
        """End with the project: what comes into the folder does not belong to the next one."""
        if self.is_watching and before.entries and not now.entries:
            self.stop()

    def _end(self, watch: int) -> None:
        if watch == self._n_watches:
            self._job = None
            self.changed.emit()
