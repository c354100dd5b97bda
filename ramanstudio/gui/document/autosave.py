"""Autosave: what is open is written to recovery files within seconds of a change, and offered again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.saving import ProjectFiles
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Project
from ramanstudio.project.recovery import (
    Recovered,
    Recovery,
    RecoveryWriter,
    ViewState,
    discard,
    find_recoveries,
    recover,
    recovery_folder,
)

DELAY_MS: Final = 4000  # from a change to saving it; later changes are saved with it
FIRST_MS: Final = 1000  # for the first: it imports h5py, and on a busy machine took longer than all that follow


class Autosave(QObject):
    """Saves the session for recovery, and restores what an earlier window left behind."""

    offered = Signal(object)  # the Recovery that can be restored; None where there is no other
    view_restored = Signal(object)  # ViewState
    files_missing = Signal(object, object)  # the Recovery, and the Recovered without the spectra of these files

    def __init__(self, session: Session, workers: Workers, messages: Messages, project_files: ProjectFiles) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._project_files = session, workers, messages, project_files
        self.current_tab: Callable[[], str] = str
        self.keeps_files = False  # at the end: the user was not asked whether to save
        self._writer: RecoveryWriter | None = None
        self._recoveries: list[Recovery] = []
        self._restored: list[Recovery] = []  # removed once the session that they became is saved
        self._problem = ""
        self._has_saved = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._save)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._start_timer)

    def start(self) -> None:
        """Look for what windows left behind that did not close, and offer the latest."""
        try:
            self._recoveries = find_recoveries(recovery_folder())
        except (OSError, StudioError):
            self._recoveries = []  # the first save says why the folder cannot be used
        self._offer()

    def restore(self, recovery: Recovery, moved_to: Path | None = None) -> Job:
        """Open what a window left behind in place of what is open; `moved_to` is where its files are now."""
        job = self._workers.submit(partial(_recover, recovery, moved_to), "Restoring", "files", key="restore")
        job.succeeded.connect(partial(self._receive, recovery, moved_to is None))
        job.failed.connect(self._messages.show_error)
        job.warned.connect(self._messages.warning)
        return job

    def discard(self, recovery: Recovery) -> None:
        """Remove what a window left behind, and offer the next."""
        discard(recovery)
        self._forget(recovery)

    def save_now(self) -> None:
        """Save at once, on this thread: the process may be ended any moment."""
        self._timer.stop()
        if (writer := self._writer_of_session()) is not None and self._session.project.entries:
            try:
                writer.write(self._session.project, self._view(), self._project_files.path, is_last=True)
            except StudioError as error:
                self._report(error)

    def end(self) -> None:
        """Stop saving; the recovery files are removed unless `keeps_files` says that they are still needed."""
        self._timer.stop()
        if self._writer is not None:
            self._writer.end(keep=self.keeps_files and bool(self._session.project.entries))

    def _follow(self, before: Project, now: Project) -> None:
        """Save soon, unless only denoising results differ: they can be computed again."""
        parts = ("entries", "groups", "exploration", "identifications", "predictions", "search_range")
        if any(getattr(before, part) is not getattr(now, part) for part in parts):
            self._start_timer()

    def _start_timer(self) -> None:
        if not self._timer.isActive():
            self._timer.start(DELAY_MS if self._has_saved else min(FIRST_MS, DELAY_MS))

    def _save(self) -> None:
        writer, project = self._writer_of_session(), self._session.project
        if writer is None:
            return
        if not project.entries and not self._restored:
            writer.clear()
            return
        job = self._workers.submit(
            partial(_write, writer, project, self._view(), self._project_files.path), "", "autosave"
        )
        job.succeeded.connect(self._saved_now)
        job.failed.connect(self._report)

    def _writer_of_session(self) -> RecoveryWriter | None:
        if self._writer is None:
            try:
                self._writer = RecoveryWriter(recovery_folder())
            except StudioError as error:
                self._report(error)
        return self._writer

    def _view(self) -> ViewState:
        return ViewState(self._session.selected_ids, self.current_tab())

    def _saved_now(self, _: object) -> None:
        self._problem, self._has_saved = "", True
        for recovery in self._restored:
            discard(recovery)
        self._restored.clear()

    def _report(self, error: BaseException) -> None:
        """Say once that the session cannot be saved; it is tried again after the next change."""
        if str(error) != self._problem:
            self._problem = str(error)
            self._messages.show_error(error)

    def _receive(self, recovery: Recovery, asks: bool, recovered: Recovered) -> None:
        if recovered.missing and asks:
            self.files_missing.emit(recovery, recovered)
        else:
            self.keep(recovery, recovered)

    def keep(self, recovery: Recovery, recovered: Recovered) -> None:
        """Replace what is open by what was recovered, and say which files are missing or have changed."""
        self._project_files.keep_recovered(recovered.project, recovery.project_path)
        self._session.select(recovery.view.selected or [entry.id for entry in recovered.project.entries[:1]])
        self.view_restored.emit(recovery.view)
        self._restored.append(recovery)
        self._forget(recovery)
        self._start_timer()
        if recovered.missing:
            names = "\n".join(str(path) for path in recovered.missing)
            self._messages.warning(f"{count_of(len(recovered.missing), 'file')} could not be found.", names)
        elif recovered.changed:
            names = "\n".join(str(path) for path in recovered.changed)
            files = count_of(len(recovered.changed), "file")
            self._messages.warning(f"{files} changed since the last session; the spectra are as they are now.", names)
        else:
            self._messages.info("The session was restored.")

    def _forget(self, recovery: Recovery) -> None:
        self._recoveries = [other for other in self._recoveries if other is not recovery]
        self._offer()

    def _offer(self) -> None:
        self.offered.emit(self._recoveries[0] if self._recoveries else None)


def _write(
    writer: RecoveryWriter, project: Project, view: ViewState, project_path: Path | None, progress: Progress
) -> None:
    writer.write(project, view, project_path, progress)


def _recover(recovery: Recovery, moved_to: Path | None, progress: Progress) -> Recovered:
    return recover(recovery, progress, moved_to)
