"""Recovery files: what is open in one window, written every few seconds, and read back after a crash.

Each running window has a folder of its own below `recovery` in the user's data folder, with a lock that the operating
system releases when the process ends, however it ends. The folder holds

- `edits.ramanstudio`: entries, groups and settings of the project, without spectra: an entry that was read from a file
  has its path and a hash of its spectra, any other the hash of spectra in
- `spectra-<n>.h5`: spectra that are in no file; written once, not at each save
- `computed.ramanstudio`: exploration, identifications and predictions, which are saved less often where that takes long
- `summary.json`: what is offered to the user.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.process_lock import ProcessLock
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.schema import Schema, integer, list_of, number, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write
from ramanstudio.project.project import Entry, Project
from ramanstudio.project.recovered_spectra import SourceReader, digest_of

EDITS: Final = "edits.ramanstudio"
COMPUTED: Final = "computed.ramanstudio"
SUMMARY: Final = "summary.json"
PACE: Final = 20  # a save that took a second is followed by twenty without one: 5 % of a core
_SUMMARY: Final = Schema(
    {
        "saved": number(0, 1e11),
        "n_entries": integer(0, 10**9),
        "n_groups": integer(0, 10**9),
        "project": optional(text(), ""),
        "names": optional(list_of(text()), ()),
        "selected": optional(list_of(integer(0, 2**53)), ()),
        "tab": optional(text(), ""),
    }
)


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the window shows: the ids of the selected entries, and the key of the tab."""

    selected: tuple[int, ...] = ()
    tab: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one window left behind: when it was saved, how much was open, the project's file, names to recognise it.

    `n_entries` is 0 where it is not known.
    """

    folder: Path
    saved: datetime
    n_entries: int
    n_groups: int
    project_path: Path | None
    names: tuple[str, ...]
    view: ViewState


@dataclass(frozen=True, slots=True)
class Recovered:
    """The project that was open, the files of it that are not where they were, and those that have changed since."""

    project: Project
    missing: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()


def recovery_folder() -> Path:
    """Return the folder that has a folder for each window; raises StudioError when it cannot be created."""
    return paths.user_data() / "recovery"


class RecoveryWriter:
    """Writes the recovery files of one window; the folder is created at the first save. Safe to use by threads."""

    def __init__(self, parent: Path) -> None:
        self._folder = parent / f"{os.getpid()}-{time.time_ns()}"
        self._process_lock = ProcessLock(self._folder)
        self._thread_lock = threading.Lock()
        self._digests: dict[int, tuple[SpectrumSet, str]] = {}  # by id(): the set is kept, so that the id stays its own
        self._packs: dict[str, int] = {}  # hash of spectra in no file: number of the pack that has them
        self._n_packs = 0
        self._computed: tuple[object, ...] = ()  # that was written last
        self._computed_due = 0.0
        self._texts: dict[int, Any] = {}  # of entries, as the last save wrote them
        self._has_ended = False

    @property
    def folder(self) -> Path:
        """The folder of this window."""
        return self._folder

    def write(
        self,
        project: Project,
        view: ViewState = ViewState(),
        project_path: Path | None = None,
        progress: Progress = SILENT,
        is_last: bool = False,
    ) -> None:
        """Write the project as it is now; `is_last` writes all parts, however long it takes.

        Raises StudioError when it cannot be written, Cancelled when cancelled; the files of the last save stay.
        """
        with self._thread_lock:
            if self._has_ended:
                return
            if not self._folder.is_dir():
                self._create()
            origins = self._origins(project, progress)
            _save(_edits_of(project), self._folder / EDITS, progress, origins, self._texts)
            self._write_computed(project, origins, progress, is_last)
            atomic_write(self._folder / SUMMARY, _summary(project, view, project_path))
            self._remove_unused(origins.values())

    def end(self, keep: bool) -> None:
        """Release the folder; `keep` leaves its files for the next start, else they are removed."""
        with self._thread_lock:
            self._has_ended = True
            self._process_lock.release()
            if not keep:
                shutil.rmtree(self._folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove the files: nothing is open any more."""
        with self._thread_lock:
            for name in (SUMMARY, EDITS, COMPUTED):
                with contextlib.suppress(OSError):
                    (self._folder / name).unlink(missing_ok=True)

    def _create(self) -> None:
        try:
            self._folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        except OSError as error:
            raise StudioError(
                f"The session cannot be saved for recovery: {error.strerror or error}.",
                remedy=f"Make '{self._folder.parent}' writable, or save the project often.",
            ) from error
        self._process_lock.acquire()

    def _origins(self, project: Project, progress: Progress) -> dict[int, dict[str, Any]]:
        """Return where the spectra of each entry are, by id; spectra in no file are written first."""
        digests, origins, unsaved = {}, {}, {}
        for entry in progress.steps(project.entries, "entries"):
            source = entry.source
            if source is None:
                continue
            known = self._digests.get(id(source))
            digest = known[1] if known is not None else digest_of(source)
            digests[id(source)] = (source, digest)
            origins[entry.id] = {"digest": digest, "file_index": entry.file_index}
            if entry.file_index is None:
                unsaved[digest] = source
        self._digests = digests
        self._write_pack({digest: source for digest, source in unsaved.items() if digest not in self._packs})
        return origins

    def _write_pack(self, sets: Mapping[str, SpectrumSet]) -> None:
        from ramanstudio.formats import hdf5, safe_hdf5

        if not sets:
            return
        self._n_packs += 1
        with safe_hdf5.create_file(self._folder / f"spectra-{self._n_packs}.h5") as file:
            for digest, source in sets.items():
                group = file.create_group(digest)
                group.create_dataset("axis", data=source.axis)
                group.create_dataset("values", data=source.values)
                for name, entries in source.table.items():
                    hdf5.write_column(group.require_group("table"), name, entries)
        self._packs.update(dict.fromkeys(sets, self._n_packs))

    def _write_computed(
        self, project: Project, origins: Mapping[int, Mapping[str, Any]], progress: Progress, is_last: bool
    ) -> None:
        """Write what was computed, unless it is the same as last time or was written a short while ago."""
        computed = (project.exploration, project.identifications, project.predictions)
        is_same = len(computed) == len(self._computed) and all(
            new is old for new, old in zip(computed, self._computed, strict=True)
        )
        started = time.monotonic()
        if is_same or (started < self._computed_due and not is_last):
            return
        _save(replace(project, groups=None), self._folder / COMPUTED, progress, origins)
        self._computed = computed
        self._computed_due = time.monotonic() + PACE * (time.monotonic() - started)

    def _remove_unused(self, origins: Iterable[Mapping[str, Any]]) -> None:
        """Remove the packs whose spectra are no longer open."""
        used = {origin["digest"] for origin in origins}
        numbers = {number for digest, number in self._packs.items() if digest in used}
        for number_ in set(self._packs.values()) - numbers:
            with contextlib.suppress(OSError):
                (self._folder / f"spectra-{number_}.h5").unlink(missing_ok=True)
        self._packs = {digest: number for digest, number in self._packs.items() if number in numbers}


def find_recoveries(parent: Path) -> list[Recovery]:
    """Return what windows that have ended without closing left behind, newest first; removes what holds nothing."""
    recoveries = []
    for folder in sorted(parent.glob("*-*")) if parent.is_dir() else ():
        lock = ProcessLock(folder)
        if not lock.acquire():
            continue  # its window is still open
        recovery = _read_summary(folder)
        lock.release()
        if recovery is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            recoveries.append(recovery)
    return sorted(recoveries, key=lambda recovery: recovery.saved, reverse=True)


def discard(recovery: Recovery) -> None:
    """Remove what a window left behind."""
    shutil.rmtree(recovery.folder, ignore_errors=True)


def recover(recovery: Recovery, progress: Progress = SILENT, moved_to: Path | None = None) -> Recovered:
    """Read what a window left behind, with its spectra from their files; `moved_to` is a folder to look for these in.

    Raises StudioError when it cannot be read, Cancelled when cancelled.
    """
    from ramanstudio.project import project_file

    reader = SourceReader(recovery.folder, moved_to)
    project = project_file.load(recovery.folder / EDITS, progress, reader.read)
    with contextlib.suppress(StudioError):  # computed parts can be computed again
        project = _with_computed(project, recovery.folder / COMPUTED)
    return Recovered(project, tuple(reader.missing), tuple(reader.changed))


def _save(
    project: Project,
    path: Path,
    progress: Progress,
    origins: Mapping[int, Mapping[str, Any]],
    known: dict[int, Any] | None = None,
) -> None:
    from ramanstudio.project import project_file  # with h5py's front end: not at start-up

    project_file.save(project, path, progress, origins, known)


def _edits_of(project: Project) -> Project:
    """The project without what was computed."""
    empty = Project()
    return replace(
        project,
        results=empty.results,
        exploration=None,
        identifications=empty.identifications,
        predictions=empty.predictions,
    )


def _with_computed(project: Project, path: Path) -> Project:
    """Return the project with what had been computed from its entries, as far as these are still the same."""
    from ramanstudio.project import project_file

    sources = {entry.id: entry.source for entry in project.entries}

    def same_source(entry: Entry, _origin: Any, _about: Any) -> SpectrumSet | tuple[str, str]:
        source = sources.get(entry.id)
        return ("gone", "") if source is None else source

    if not path.is_file():
        return project
    computed = project_file.load(path, SILENT, same_source)
    is_complete = all(entry.id in sources for entry in computed.entries)
    return replace(
        project,
        exploration=computed.exploration if is_complete else None,
        identifications=computed.identifications,
        predictions=computed.predictions,
    )


def _summary(project: Project, view: ViewState, project_path: Path | None) -> str:
    facts = {
        "saved": time.time(),
        "n_entries": len(project.entries),
        "n_groups": len(project.groups.groups) if project.groups is not None else 0,
        "project": str(project_path or ""),
        "names": [entry.name for entry in project.entries[:3]],
        "selected": list(view.selected[:10_000]),
        "tab": view.tab,
    }
    return json.dumps(facts)


def _read_summary(folder: Path) -> Recovery | None:
    """Return what a folder holds, without details where its summary is damaged; None where it holds nothing."""
    try:
        saved = (folder / EDITS).stat().st_mtime
    except OSError:
        return None
    facts: dict[str, Any] = {
        "saved": saved,
        "n_entries": 0,
        "n_groups": 0,
        "project": "",
        "names": (),
        "selected": (),
        "tab": "",
    }
    with contextlib.suppress(OSError, ValueError, RecursionError, StudioError):
        facts = _SUMMARY.read(json.loads((folder / SUMMARY).read_text(encoding="utf-8")), "The summary")
    return Recovery(
        folder,
        datetime.fromtimestamp(facts["saved"]),
        facts["n_entries"],
        facts["n_groups"],
        Path(facts["project"]) if facts["project"] else None,
        facts["names"],
        ViewState(facts["selected"], facts["tab"]),
    )
