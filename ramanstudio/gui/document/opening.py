"""Open files: they are read in the files lane and added in batches, so that thousands never block the window."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection, Iterable, Sequence
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
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.drop_summary import ReadCount, summary_details, summary_sentence
from ramanstudio.gui.document.laser import with_laser
from ramanstudio.gui.document.session import OpenedFile, Session
from ramanstudio.project.project import SUFFIX, Entry, Project

LIBRARY_SUFFIXES: Final = (".ramanlib", ".zip", ".csv", ".tsv")  # of files that may hold references
RDS: Final = ".rds"  # of Open Specy's downloads: not read, but an error says how to convert them
BATCH_S: Final = 0.15  # one redraw of the list costs little; one for each of 1000 files would not
MAX_RECENT: Final = 12

log = logging.getLogger("ramanstudio")


def read_file(path: Path, default_laser_nm: float | None) -> OpenedFile:
    """Read one file; every error becomes its problem.

    `default_laser_nm` is used where the axis needs a laser wavelength that the file does not state.
    """
    from ramanstudio.formats import registry
    from ramanstudio.formats.axis import LaserNeededError

    try:
        try:
            sets = tuple(spectra for spectra in registry.read(path) if len(spectra))
        except LaserNeededError:
            if default_laser_nm is None:
                raise
            sets = tuple(spectra for spectra in registry.read(path, default_laser_nm) if len(spectra))
    except StudioError as error:
        return OpenedFile(path, (), error.sentence, error.remedy, kind_of_problem(error))
    except Exception as error:  # a boundary: one bad file must not stop the others
        log.exception("reading %s", path)
        return OpenedFile(
            path,
            problem=f"'{path.name}' could not be read: {type(error).__name__}.",
            remedy="See the log (Help › Open log folder).",
        )
    if not sets:
        return OpenedFile(path, problem=f"'{path.name}' holds no spectra.", remedy="Open another file.")
    return OpenedFile(path, sets)


def kind_of_problem(error: StudioError) -> str:
    """Return the kind of a problem as OpenedFile has it."""
    from ramanstudio.formats.axis import LaserNeededError
    from ramanstudio.formats.validation import NotRamanSpectraError

    if isinstance(error, LaserNeededError):
        return "needs laser"
    return "not spectra" if isinstance(error, NotRamanSpectraError) else ""


def read_files(
    paths: Sequence[Path], laser_nm: float | None, known: Collection[Path], pattern: str, progress: Progress
) -> ReadCount:
    """Read files and folders, except files that are `known`; shows lists of OpenedFile, and LibraryFile.

    Of folders only files whose name matches `pattern` are read, all where it is empty.
    """
    from ramanstudio.formats.survey import survey

    progress(0, 0, "Looking for spectra")
    spectra_paths = _without_libraries(paths, progress)
    found = survey(spectra_paths, pattern)
    files = [path for path in found.files if path not in known]
    batch: list[OpenedFile] = []
    shown = time.monotonic() - BATCH_S  # the first file is shown as soon as it is read
    for path in progress.steps(files, "files"):
        batch.append(read_file(path, laser_nm))
        if time.monotonic() - shown >= BATCH_S:
            progress.show(batch)
            batch, shown = [], time.monotonic()
    if batch:
        progress.show(batch)
    unsupported = [
        OpenedFile(path, (), error.sentence, error.remedy, kind_of_problem(error))
        for path, error in found.unsupported.items()
    ]
    n_libraries = len(paths) - len(spectra_paths)
    return ReadCount(len(files) + n_libraries, len(found.files) - len(files), unsupported, found.skipped)


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file that holds references, and is added to the libraries."""

    path: Path


def _without_libraries(paths: Sequence[Path], progress: Progress) -> list[Path]:
    """The paths to read as spectra; shows a LibraryFile for each of the others."""
    from ramanstudio.library.building import detect_library_kind

    others = []
    for path in paths:
        suffix = path.suffix.lower()
        if suffix == RDS or (suffix in LIBRARY_SUFFIXES and path.is_file() and detect_library_kind(path)):
            progress.show(LibraryFile(path))
        else:
            others.append(path)
    return others


def _read_one(path: Path, laser_nm: float, progress: Progress) -> OpenedFile:
    progress(0, 0)
    return read_file(path, laser_nm)


def count_files(paths: Iterable[Path], progress: Progress) -> int:
    """How many files opening `paths` would read; shows the count so far, and can be cancelled."""
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
    """Opens files and folders in the session, reports those that could not be read, and remembers recent ones."""

    opened = Signal(list, bool)  # the new entries of a batch, and whether it is the first of its drop
    recent_changed = Signal()
    laser_needed = Signal(list)  # the entries of a drop whose axis needs the laser wavelength
    library_found = Signal(Path)  # one of the files holds references
    project_requested = Signal(Path)  # one of the files is a project, which replaces what is open

    def __init__(self, session: Session, workers: Workers, messages: Messages, settings: Settings) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._settings = session, workers, messages, settings
        self._drops = 0
        self._laser_edits = 0
        self._last_drop = 0  # whose first batch was added last
        self._reported: dict[str, frozenset[Path]] = {}  # warnings about files that could not be read
        session.changed.connect(self._retract_fixed)

    def open(self, paths: Sequence[Path], pattern: str = "") -> Job | None:
        """Read files and folders, of folders those whose name matches `pattern`; entries appear as they are read."""
        paths = [path.absolute() for path in paths]
        if project := next((path for path in paths if path.suffix.lower() == SUFFIX), None):
            self._remember([project])
            self.project_requested.emit(project)
            return None
        known = frozenset(entry.path for entry in self._session.project.entries)
        if known.issuperset(paths):
            self._report_already_open(paths)
            return None
        self._drops += 1
        self._remember([path for path in paths if path not in known])
        failed: list[OpenedFile] = []
        title = f"Opening {paths[0].name}" if len(paths) == 1 else "Opening"
        work = partial(read_files, paths, self._settings["laser_nm"] or None, known, pattern)
        job = self._workers.submit(work, title, "files")
        job.shown.connect(partial(self._keep, self._drops, failed))
        job.succeeded.connect(partial(self._report, failed, paths))
        job.failed.connect(self._messages.show_error)
        return job

    def set_laser(self, entries: Sequence[Entry], laser_nm: float, moves_shift_axes: bool = False) -> None:
        """Use another laser wavelength for entries, as one edit; files that need it to be read are read again.

        `moves_shift_axes` also moves the axes of files that hold Raman shifts.
        """
        self._laser_edits += 1
        key, title = ("laser", self._laser_edits), f"Set laser wavelength to {laser_nm:g} nm"
        sources, errors = {}, []
        for entry in entries:
            if entry.source is None:
                job = self._workers.submit(partial(_read_one, entry.path, laser_nm), f"Opening {entry.name}", "files")
                as_sets = self._settings["denoise_as_set"]
                job.succeeded.connect(partial(self._session.replace, entry.id, as_sets=as_sets, title=title, key=key))
                job.failed.connect(self._messages.show_error)
                continue
            try:
                sources[entry.id] = with_laser(entry.source, laser_nm, moves_shift_axes)
            except StudioError as error:
                errors.append(f"'{entry.name}': {error}")
        if sources:
            self._session.replace_sources(sources, title, key)
            stays = sum("axis_in_file" not in spectra.about for spectra in sources.values())
            note = f" {count_of(stays, 'Raman shift axis', 'Raman shift axes')} stayed as in the file."
            self._messages.info(
                f"The laser wavelength of {count_of(len(sources), 'entry', 'entries')} is {laser_nm:g} nm."
                + (note if stays and not moves_shift_axes else "")
            )
        if errors:
            self._messages.warning(errors[0], "\n".join(errors[1:]))

    @property
    def recent(self) -> tuple[Path, ...]:
        """The files and folders that were opened last, newest first."""
        return tuple(Path(path) for path in self._settings["recent"])

    def forget_recent(self) -> None:
        """Empty the list of recent files."""
        self._settings["recent"] = ()
        self.recent_changed.emit()

    def _keep(self, drop: int, failed: list[OpenedFile], batch: list[OpenedFile] | LibraryFile) -> None:
        if isinstance(batch, LibraryFile):
            self.library_found.emit(batch.path)
            return
        failed += [file for file in batch if file.problem]
        known = {entry.path for entry in self._session.project.entries}
        new = [file for file in batch if file.path not in known]
        entries = self._session.add(new, "Open files", ("open", drop), self._settings["denoise_as_set"])
        if entries:
            self.opened.emit(entries, drop != self._last_drop)
            self._last_drop = drop

    def _report(self, failed: list[OpenedFile], paths: list[Path], count: ReadCount) -> None:
        """Say what became of the files of a drop, unless all were opened."""
        folder = f"'{paths[0].name}'" if len(paths) == 1 else "these folders"
        needs_laser = [file.path for file in failed if file.kind == "needs laser"]
        if needs_laser and not self._settings["laser_nm"]:
            waiting = [entry for entry in self._session.project.entries if entry.path in set(needs_laser)]
            self.laser_needed.emit(waiting)
        is_plain = not (failed or count.unsupported or count.n_skipped)
        if not count.read and not count.known and is_plain:
            self._messages.warning(f"No spectra were found in {folder}. Help › Supported file formats lists them.")
        elif not count.read and count.known and is_plain:
            files = "The file" if count.known == 1 else f"All {count_of(count.known, 'file')}"
            self._messages.info(f"{files} in {folder} {'is' if count.known == 1 else 'are'} already open.")
        elif count.known and is_plain:
            opened, were = count_of(count.read, "new file"), "was" if count.read == 1 else "were"
            self._messages.info(f"{opened} {were} opened; {count.known} in {folder} were already open.")
        elif len(failed) == count.read == 1 and not (count.unsupported or count.n_skipped or count.known):
            self._warn(f"{failed[0].problem} {failed[0].remedy}".strip(), failed)
        elif failed or count.unsupported:
            self._warn(summary_sentence(count, failed), failed, summary_details(count, failed))
        elif count.n_skipped:
            self._messages.info(summary_sentence(count, failed), summary_details(count, failed))
        elif any(path.is_dir() for path in paths):
            self._messages.info(summary_sentence(count, failed))

    def _warn(self, sentence: str, failed: list[OpenedFile], details: str = "") -> None:
        self._messages.warning(sentence, details)
        self._reported[sentence] = frozenset(file.path for file in failed)

    def _retract_fixed(self, before: Project, now: Project) -> None:
        """Remove warnings about files that have been read since, or whose entries were removed."""
        if now.entries is before.entries or not self._reported:
            return
        unreadable = {entry.path for entry in now.entries if entry.source is None}
        for sentence, paths in list(self._reported.items()):
            if not paths & unreadable:
                del self._reported[sentence]
                self._messages.retract(sentence)

    def _report_already_open(self, paths: Sequence[Path]) -> None:
        if len(paths) == 1:
            self._messages.info(f"'{paths[0].name}' is already open.")
        else:
            self._messages.info(f"{len(paths)} files are already open.")

    def _remember(self, paths: Sequence[Path]) -> None:
        # many files are remembered as their folder
        recent = paths if len(paths) <= 3 else list(dict.fromkeys(path.parent for path in paths))[:3]
        names = [str(path) for path in recent]
        self._settings["recent"] = tuple(dict.fromkeys([*names, *self._settings["recent"]]))[:MAX_RECENT]
        self.recent_changed.emit()
