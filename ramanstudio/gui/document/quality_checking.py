"""Checks of the quality of every spectrum that is opened, in the background; nothing is corrected."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.document.session import Session
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.project.project import Entry, Project, Result

if TYPE_CHECKING:
    from ramanstudio.signal.quality import Quality

PORTION: Final = 64  # entries of one job: what is selected meanwhile comes next
LARGEST: Final = 2000  # spectra of a set whose cosmic rays are searched here too: the recipe does it anyway
WAIT_MS: Final = 60

log = logging.getLogger("ramanstudio")


class QualityChecking(QObject):
    """Checks entries in the files lane, what is selected first. Emits `changed(ids)` after some were checked."""

    changed = Signal(object)  # frozenset of entry ids

    def __init__(self, session: Session, workers: Workers) -> None:
        super().__init__()
        self._session, self._workers = session, workers
        self._checked: dict[int, tuple[SpectrumSet, Quality]] = {}
        self._waiting: dict[int, Entry] = {}
        self._job: Job | None = None
        self._timer = QTimer(self, singleShot=True, interval=WAIT_MS)  # one job for a whole drop
        self._timer.timeout.connect(self._start)
        session.changed.connect(self._follow)

    def quality(self, entry: Entry) -> Quality | None:
        """Return what was found in the measured spectra of an entry; None while that is not known."""
        source, quality = self._checked.get(entry.id, (None, None))
        return quality if source is not None and source is entry.source else None

    def end(self) -> None:
        """Start nothing any more: the window closes."""
        self._timer.stop()
        self._waiting.clear()

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is before.entries:
            return
        known = {entry.id for entry in now.entries}
        for entry_id in self._checked.keys() - known:
            del self._checked[entry_id]
        self._waiting = {
            entry.id: entry for entry in now.entries if entry.source is not None and self.quality(entry) is None
        }
        if self._waiting:
            self._timer.start()

    def _start(self) -> None:
        if self._job is not None or not self._waiting:
            return
        preferred = [entry_id for entry_id in self._session.selected_ids[:PORTION] if entry_id in self._waiting]
        ids = list(dict.fromkeys([*preferred, *list(self._waiting)[:PORTION]]))[:PORTION]
        entries = [self._waiting[entry_id] for entry_id in ids]
        self._job = self._workers.submit(partial(check_entries, entries), "", "files")
        self._job.succeeded.connect(self._keep)
        self._job.finished.connect(self._end_job)

    def _keep(self, checked: dict[int, tuple[SpectrumSet, Quality]]) -> None:
        self._checked.update(checked)
        for entry_id, (source, _) in checked.items():
            waiting = self._waiting.get(entry_id)
            if waiting is not None and waiting.source is source:
                del self._waiting[entry_id]
        self.changed.emit(frozenset(checked))

    def _end_job(self) -> None:
        self._job = None
        if self._waiting:
            self._timer.start()


def check_entries(entries: Sequence[Entry], progress: Progress) -> dict[int, tuple[SpectrumSet, Quality]]:
    """Check entries; one whose check fails counts as one in which nothing was found, and is logged."""
    from ramanstudio.signal.quality import Quality, check_quality

    checked: dict[int, tuple[SpectrumSet, Quality]] = {}
    for entry in progress.steps(list(entries), "entries"):
        source = entry.source
        if source is None:
            continue
        try:
            quality = check_quality(source) if len(source) <= LARGEST else _check_in_portions(source, progress)
        except Cancelled:
            raise
        except Exception:  # a boundary: one odd spectrum must not stop the others
            log.exception("checking %s", entry.name)
            quality = Quality(len(source))
        checked[entry.id] = (source, quality)
    return checked


def _check_in_portions(source: SpectrumSet, progress: Progress) -> Quality:
    """Check a large set without a search for cosmic rays; can be cancelled between its portions."""
    from ramanstudio.signal.quality import Quality, check_quality

    values: dict[str, NDArray[np.float64]] = {}
    for start in range(0, len(source), LARGEST):
        progress(start, len(source))
        rows = np.arange(start, min(start + LARGEST, len(source)))
        for code, numbers in check_quality(source[rows], search_cosmic_rays=False).values.items():
            values.setdefault(code, np.zeros(len(source)))[rows] = numbers
    return Quality(len(source), values)


def cosmic_ray_count(result: Result | None, quality: Quality | None) -> int | None:
    """Return how many cosmic rays the spectra of an entry hold: as the recipe found them, else as the check did.

    None while neither is known.
    """
    if result is not None and result.processed is not None:
        for step, done in zip(result.processed.steps, result.processed.results, strict=True):
            if isinstance(step, RemoveCosmicRays) and "count" in done.curves:
                return int(done.curves["count"].sum())
    if quality is None:
        return None
    counts = quality.values.get("cosmic_rays")
    return 0 if counts is None else int(counts.sum())
