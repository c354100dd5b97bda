"""The project file: saved and opened in the files lane, and what would be lost when the window closes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from ramanstudio.core.progress import Progress
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Project

UNSAVED: Final = -1  # number of edits when it was saved, of a project that was not


class ProjectFiles(QObject):
    """The file of the project, if it has one."""

    changed = Signal()  # another file, or saved

    def __init__(self, session: Session, workers: Workers, messages: Messages) -> None:
        super().__init__()
        self._session, self._workers, self._messages = session, workers, messages
        self._saved, self._edits = session.project, session.group_edits
        self.path: Path | None = None

    @property
    def would_lose(self) -> bool:
        """Whether closing loses work of the user: edits of a saved project, or of groups.

        Files that were only opened stay where they are, and their results can be computed again.
        """
        if self._session.group_edits != self._edits:
            return True
        now, saved = self._session.project, self._saved
        return self.path is not None and (now.entries is not saved.entries or now.search_range != saved.search_range)

    def save(self, path: Path) -> Job:
        """Save the project as `path`."""
        project, edits = self._session.project, self._session.group_edits
        job = self._workers.submit(
            partial(_save, project, path), f"Saving {path.name}", "files", key="save project", is_saving=True
        )
        job.succeeded.connect(lambda _: self._saved_as(project, edits, path))
        job.failed.connect(self._messages.show_error)
        return job

    def open(self, path: Path) -> Job:
        """Open a project in place of the present one."""
        job = self._workers.submit(partial(_load, path), f"Opening {path.name}", "files")
        job.succeeded.connect(lambda loaded: self._keep(path, *loaded))
        job.failed.connect(self._messages.show_error)
        return job

    def new(self) -> None:
        """Close all that is open, and begin an empty project."""
        self._replace(Project(), None)

    def keep_recovered(self, project: Project, path: Path | None) -> None:
        """Replace what is open by a project that was restored after a crash: unsaved changes of `path`, if any."""
        self._replace(project, path)
        self._saved, self._edits = Project(), UNSAVED
        self.changed.emit()

    def _replace(self, project: Project, path: Path | None) -> None:
        self._session.open(project)
        self._saved, self._edits, self.path = project, self._session.group_edits, path
        self.changed.emit()

    def _keep(self, path: Path, project: Project, is_newer: bool) -> None:
        self._session.open(project)
        self._saved, self._edits, self.path = project, self._session.group_edits, None if is_newer else path
        if is_newer:
            self._messages.warning(
                f"'{path.name}' was saved by a newer version of RamanStudio. What this version can read is shown, and"
                " saving asks for another name."
            )
        if project.entries:
            self._session.select([project.entries[0].id])
        self.changed.emit()

    def _saved_as(self, project: Project, edits: int, path: Path) -> None:
        self._saved, self._edits, self.path = project, edits, path
        self._messages.info(f"The project was saved as '{path}'.")
        self.changed.emit()


def _load(path: Path, progress: Progress) -> tuple[Project, bool]:
    from ramanstudio.project import project_file  # with h5py's front end: not at start-up

    return project_file.load(path, progress), project_file.is_newer(path)


def _save(project: Project, path: Path, progress: Progress) -> Path:
    from ramanstudio.project import project_file

    project_file.save(project, path, progress)
    return path
