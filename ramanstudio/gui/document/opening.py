"""Opening files: read in the files lane, handed over in batches, so that thousands never hold the window up."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.settings import Settings
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.session import Opened, Session
from ramanstudio.project.project import Entry
from ramanstudio.project.project_file import SUFFIX

LIBRARY_SUFFIXES: Final = (".ramanlib", ".zip", ".csv", ".tsv")  # of what may hold references
RDS: Final = ".rds"  # as Open Specy hands its libraries out: what to do about it is said in the place of reading it
BATCH_S: Final = 0.15  # a redraw of the list costs little; one for each of 1000 files would not
RECENT: Final = 12

log = logging.getLogger("ramanstudio")


def read_file(path: Path, laser_nm: float | None) -> Opened:
    """Read one file; whatever goes wrong becomes its sentence."""
    from ramanstudio.formats import registry

    try:
        sets = tuple(one for one in registry.read(path, laser_nm) if len(one))
    except StudioError as error:
        return Opened(path, problem=error.sentence, remedy=error.remedy)
    except Exception as error:  # a border: one bad file must not stop the others
        log.exception("reading %s", path)
        return Opened(
            path,
            problem=f"'{path.name}' could not be read: {type(error).__name__}.",
            remedy="The log says more (Help › Open log folder).",
        )
    if not sets:
        return Opened(path, problem=f"'{path.name}' holds no spectra.", remedy="Open another file.")
    return Opened(path, sets)


def read_files(paths: Sequence[Path], laser_nm: float | None, progress: Progress) -> int:
    """Read files and folders; shows batches of Opened, and LibraryFiles; returns how many files there were."""
    from ramanstudio.formats import registry

    progress(0, 0, "Looking for spectra")
    rest = _without_libraries(paths, progress)
    files = registry.find_files(rest) if rest else []
    batch: list[Opened] = []
    shown = time.monotonic() - BATCH_S  # the first file is shown as soon as it is read
    for path in progress.steps(files, "files"):
        batch.append(read_file(path, laser_nm))
        if time.monotonic() - shown >= BATCH_S:
            progress.show(batch)
            batch, shown = [], time.monotonic()
    if batch:
        progress.show(batch)
    return len(files) + len(paths) - len(rest)


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file that was dropped and holds references: it is put on the shelf."""

    path: Path


def _without_libraries(paths: Sequence[Path], progress: Progress) -> list[Path]:
    """What is left to be read as spectra; shows LibraryFile for what is not."""
    from ramanstudio.library.building import detect_library_kind

    rest = []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix == RDS or (suffix in LIBRARY_SUFFIXES and path.is_file() and detect_library_kind(path)):
            progress.show(LibraryFile(path))
        else:
            rest.append(path)
    return rest


def _read_one(path: Path, laser_nm: float, progress: Progress) -> Opened:
    progress(0, 0)
    return read_file(path, laser_nm)


def count_files(paths: Iterable[Path], progress: Progress) -> int:
    """How many files opening `paths` would read; shows the count so far, and can be cancelled in a big folder."""
    from ramanstudio.formats import registry

    suffixes = tuple(registry.readable_suffixes())
    count, shown = 0, time.monotonic()
    for path in paths:
        if not path.is_dir():
            count += 1
            continue
        for _, _, names in os.walk(path):
            count += sum(name.lower().endswith(suffixes) and not name.startswith(".") for name in names)
            if time.monotonic() - shown > 0.1:
                progress(0, 0)
                progress.show(count)
                shown = time.monotonic()
    return count


class Opening(QObject):
    """Opens files and folders into the session, says which could not be read, and remembers the recent ones."""

    opened = Signal(list, bool)  # the new entries of one batch, and whether it is the first of its drop
    recent_changed = Signal()
    library_found = Signal(Path)  # one of the files holds references
    project_asked = Signal(Path)  # one of the files is a project, which is opened in the place of what is open

    def __init__(self, session: Session, workers: Workers, messages: Messages, settings: Settings) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._settings = session, workers, messages, settings
        self._drops = 0
        self._begun = 0  # the drop whose first batch was shown last

    def open(self, paths: Sequence[Path]) -> Job | None:
        """Read `paths` (folders are walked); entries appear as they are read."""
        paths = [path.absolute() for path in paths]
        if project := next((path for path in paths if path.suffix.lower() == SUFFIX), None):
            self._remember([project])
            self.project_asked.emit(project)
            return None
        there = {entry.path for entry in self._session.project.entries}
        new = [path for path in paths if path not in there]
        if len(new) < len(paths):
            self._say_already_open([path for path in paths if path in there])
        if not new:
            return None
        self._drops += 1
        self._remember(new)
        bad: list[Opened] = []
        title = f"Opening {new[0].name}" if len(new) == 1 else "Opening"
        job = self._workers.submit(partial(read_files, new, self._settings["laser_nm"] or None), title, "files")
        job.shown.connect(partial(self._keep, self._drops, bad))
        job.succeeded.connect(partial(self._finish, bad, new))
        job.failed.connect(self._messages.show_error)
        return job

    def read_again(self, entries: Sequence[Entry], laser_nm: float) -> None:
        """Read the files of these entries again, with the wavelength of the laser they were measured with."""
        for entry in entries:
            job = self._workers.submit(partial(_read_one, entry.path, laser_nm), f"Opening {entry.name}", "files")
            job.succeeded.connect(partial(self._session.replace, entry.id, whole=self._settings["denoise_as_set"]))
            job.failed.connect(self._messages.show_error)

    @property
    def recent(self) -> tuple[Path, ...]:
        """The files and folders that were opened last, newest first."""
        return tuple(Path(path) for path in self._settings["recent"])

    def forget_recent(self) -> None:
        """Empty the list of recent files."""
        self._settings["recent"] = ()
        self.recent_changed.emit()

    def _keep(self, drop: int, bad: list[Opened], batch: list[Opened] | LibraryFile) -> None:
        if isinstance(batch, LibraryFile):
            self.library_found.emit(batch.path)
            return
        bad += [opened for opened in batch if opened.problem]
        there = {entry.path for entry in self._session.project.entries}
        fresh = [opened for opened in batch if opened.path not in there]
        entries = self._session.add(fresh, "Open files", ("open", drop), self._settings["denoise_as_set"])
        if entries:
            self.opened.emit(entries, drop != self._begun)
            self._begun = drop

    def _finish(self, bad: list[Opened], paths: list[Path], count: int) -> None:
        if not count:
            where = f"'{paths[0].name}'" if len(paths) == 1 else "these folders"
            self._messages.warning(f"No spectra were found in {where}. Help › Supported file formats lists them.")
        elif len(bad) == 1:
            self._messages.warning(f"{bad[0].problem} {bad[0].remedy}".strip())
        elif bad:
            names = ", ".join(opened.path.name for opened in bad[:3]) + (" …" if len(bad) > 3 else "")
            details = "\n\n".join(f"{opened.path}\n{opened.problem} {opened.remedy}".strip() for opened in bad)
            self._messages.warning(f"{len(bad)} of {count} files were not read: {names}", details)

    def _say_already_open(self, paths: Sequence[Path]) -> None:
        if len(paths) == 1:
            self._messages.info(f"'{paths[0].name}' is open already.")
        else:
            self._messages.info(f"{len(paths)} files are open already.")

    def _remember(self, paths: Sequence[Path]) -> None:
        # a drop of many files is remembered as their folder
        seen = paths if len(paths) <= 3 else list(dict.fromkeys(path.parent for path in paths))[:3]
        names = [str(path) for path in seen]
        self._settings["recent"] = tuple(dict.fromkeys([*names, *self._settings["recent"]]))[:RECENT]
        self.recent_changed.emit()
