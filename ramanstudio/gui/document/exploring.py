"""Explore the denoised spectra while a page shows them: their PCA or t-SNE layout, and their groups."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.progress import Progress
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.jobs import Job, Lane, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.comparable import MIN_SPECTRA, Comparison, ComparisonChoice
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.session import Session
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Exploration, Project

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.project.exploration import EntrySpectra, GroupSummary

UPDATE_MS: Final = 50
STATUS_MS: Final = 250  # while results come in by the thousand, the status is updated this often


class Exploring(QObject):
    """Keeps layout and groups of the spectra up to date while it is active."""

    changed = Signal()  # its state, or its status
    layout_moved = Signal()  # t-SNE has taken a step
    group_summaries_changed = Signal()

    def __init__(self, session: Session, workers: Workers, messages: Messages, denoising: Denoising) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._denoising = session, workers, messages, denoising
        self._is_active = False
        self.comparison = Comparison(session)
        self._jobs: dict[str, Job] = {}
        self._was_explored = False  # whether the open spectra have been explored, successfully or not
        self.problem = ""  # the last error
        self._parts: list[EntrySpectra] = []  # the spectra that were explored
        self._changes = ChangeTracker()
        self._summaries: tuple[GroupSummary, ...] = ()
        self._summarised: object = None  # the labels of the groups that are summarised
        self.moving_layout: NDArray[np.float32] | None = None
        self._update_timer = QTimer(self, singleShot=True, interval=UPDATE_MS)
        self._update_timer.timeout.connect(self._update)
        self._status_timer = QTimer(self, singleShot=True, interval=STATUS_MS)
        self._status_timer.timeout.connect(self.changed)
        session.changed.connect(self._follow)
        denoising.settled.connect(self._update_soon)
        denoising.engine_changed.connect(self._update_soon)

    # Requests

    def set_active(self, on: bool) -> None:
        """Keep up to date from now on, or no longer; what is known stays."""
        self._is_active = on
        if on:
            self._update_soon()

    def choose_comparison(self, choice: ComparisonChoice) -> None:
        """Explore the spectra that cover most of the range, "all", or those on the "axis" that is offered."""
        self.comparison.choose(choice)
        self.explore()

    def explore(self) -> None:
        """Explore again, even if nothing has changed."""
        self._was_explored = False
        self._changes.forget("comparison")
        self._update_soon()

    def find_groups(self, count: int | None = None, method: str = "k-means") -> None:
        """Cluster the spectra into `count` groups (None: chosen from the data), as an edit that can be undone."""
        exploration = self._session.project.exploration
        if exploration is not None:
            self._cluster(exploration, count, method, lambda groups: self._session.set_groups(groups, "Find groups"))

    def split(self, index: int) -> None:
        """Split the group `index` into the groups that its spectra form."""
        exploration, groups = self._session.project.exploration, self._session.groups
        if exploration is None or groups is None:
            return
        name = groups.groups[index].name

        def keep(parts: NDArray[np.int64]) -> None:
            if self._session.groups is groups:
                self._session.edit_groups(lambda now: now.split(index, parts), f"Split '{name}'")

        from ramanstudio.project.exploration import split_group

        work = partial(split_group, exploration, groups, index)
        self._submit("groups", work, f"Splitting '{name}'", "files", keep)

    def compute_layout(self) -> None:
        """Compute the t-SNE layout; `moving_layout` shows its progress."""
        exploration = self._session.project.exploration
        if exploration is None or "layout" in self._jobs:
            return
        from ramanstudio.project.exploration import tsne_layout

        job = self._submit(
            "layout",
            partial(tsne_layout, exploration),
            "Computing the t-SNE layout",
            "files",
            partial(self._set_layout, exploration),
        )
        job.shown.connect(self._move_layout)
        job.cancelled.connect(partial(self._keep_layout, exploration))

    def stop(self) -> None:
        """Stop computing the layout and keep it as it is."""
        if (job := self._jobs.get("layout")) is not None:
            job.cancel()

    def end(self) -> None:
        """Start nothing any more: the window closes."""
        self._is_active = False
        self._update_timer.stop()
        self._status_timer.stop()

    # State

    @property
    def busy(self) -> bool:
        """Whether the spectra are being explored or clustered."""
        return "explore" in self._jobs or "groups" in self._jobs

    @property
    def computing_layout(self) -> bool:
        """Whether the t-SNE layout is being computed."""
        return "layout" in self._jobs

    @property
    def status(self) -> str:
        """What the user should know: an error, what is being waited for, or notes; empty where there is nothing."""
        if self.problem:
            return self.problem
        exploration = self._session.project.exploration
        waiting = self._waiting_for()
        if waiting and (exploration is None or not self._was_explored or "explore" in self._jobs):
            return waiting
        return " ".join(self.notes)

    @property
    def group_summaries(self) -> tuple[GroupSummary, ...]:
        """Mean and spread of each of the present groups; empty while they are being computed."""
        groups = self._session.groups
        return self._summaries if groups is not None and groups.labels is self._summarised else ()

    @property
    def notes(self) -> list[str]:
        """Sentences on what is left out, and on the axes that are compared."""
        exploration = self._session.project.exploration
        if exploration is None:
            return []
        return [note for note in (self.comparison.summary, exploration.aside) if note]

    def _waiting_for(self) -> str:
        """What has to happen before there is something to explore; empty where nothing has to."""
        entries = [entry for entry in self.comparison.entries if entry.source is not None]
        if sum(len(entry.source) for entry in entries if entry.source is not None) < MIN_SPECTRA:
            return "At least two spectra are needed to explore them." if entries else ""
        if self._denoising.loading:
            return "Loading the model…"
        n_pending = sum(self._denoising.is_pending(entry) for entry in entries)
        if n_pending:
            return f"Waiting until {count_of(n_pending, 'entry is', 'entries are')} denoised…"
        results = [self._session.project.result(entry) for entry in entries]
        n_raw = sum(result is None for result in results)
        if n_raw:
            return f"{count_of(n_raw, 'entry is', 'entries are')} not denoised. Ctrl+D denoises all open spectra."
        problem = next((result.problem for result in results if result is not None and result.problem), "")
        if problem and not any(result.denoised for result in results if result is not None):
            return problem
        return "Comparing the spectra…" if "explore" in self._jobs else ""

    # Updates

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._update_soon()
        elif now.results is not before.results:
            self._update_later()
        if now.groups is not before.groups or now.exploration is not before.exploration:
            self._summarise_groups()

    def _update_soon(self) -> None:
        self._update_later()
        self.changed.emit()

    def _update_later(self) -> None:
        if self._is_active and not self._update_timer.isActive():
            self._update_timer.start()
        if not self._status_timer.isActive():
            self._status_timer.start()

    def _update(self) -> None:
        engine = self._denoising.engine
        if not self._is_active or engine is None or self._denoising.loading or self._denoising.busy:
            return
        parts = self.comparison.parts()
        if not self._changes.has_changed("comparison", engine, *(part.denoised for part in parts)):
            return
        self._was_explored, self.problem = True, ""
        if sum(len(part.rows) for part in parts) >= MIN_SPECTRA:
            self._explore(engine, parts)
        self.changed.emit()

    def _explore(self, engine: Engine, parts: list[EntrySpectra]) -> None:
        from ramanstudio.project.exploration import explore

        self._parts = parts
        project = self._session.project
        work = partial(explore, engine, parts, project.exploration, project.groups)
        self._submit("explore", work, "Comparing the spectra", "model", self._keep)

    def _keep(self, explored: tuple[Exploration, Groups | None]) -> None:
        exploration, groups = explored
        self._session.add_exploration(exploration, groups)
        if groups is None:  # the first groups are found automatically, so there is nothing to undo
            self._cluster(exploration, None, "k-means", partial(self._session.add_exploration, exploration))

    def _cluster(
        self, exploration: Exploration, count: int | None, method: str, keep: Callable[[Groups], None]
    ) -> None:
        from ramanstudio.project.exploration import find_groups

        def keep_if_current(groups: Groups) -> None:
            now = self._session.project.exploration
            if now is not None and now.members is exploration.members:
                keep(groups)

        self._submit(
            "groups", partial(find_groups, exploration, count, method), "Finding groups", "files", keep_if_current
        )

    def _move_layout(self, plane: NDArray[np.float32]) -> None:
        self.moving_layout = plane
        self.layout_moved.emit()

    def _set_layout(self, exploration: Exploration, plane: NDArray[np.float32]) -> None:
        now = self._session.project.exploration
        self.moving_layout = None
        if now is not None and now.members is exploration.members:
            self._session.add_exploration(now.with_plane("neighbours", plane))

    def _keep_layout(self, exploration: Exploration) -> None:
        if self.moving_layout is not None:
            self._set_layout(exploration, self.moving_layout)

    def _summarise_groups(self) -> None:
        exploration, groups = self._session.project.exploration, self._session.groups
        if exploration is None or groups is None or not self._parts:
            return
        if not self._changes.has_changed("summaries", groups.labels, exploration.members):
            return
        from ramanstudio.project.exploration import summarise_groups

        work = partial(summarise_groups, tuple(self._parts), groups)
        self._submit("summaries", work, "", "files", partial(self._keep_summaries, groups.labels))

    def _keep_summaries(self, labels: NDArray[np.int64], summaries: tuple[GroupSummary, ...]) -> None:
        self._summaries, self._summarised = summaries, labels
        self.group_summaries_changed.emit()

    def _submit(
        self, name: str, work: Callable[[Progress], Any], title: str, lane: Lane, keep: Callable[[Any], None]
    ) -> Job:
        job = self._workers.submit(work, title, lane, key=("explore", name))
        self._jobs[name] = job

        def forget() -> None:
            if self._jobs.get(name) is job:
                del self._jobs[name]
            self.changed.emit()

        job.succeeded.connect(keep)
        job.failed.connect(self._fail)
        job.finished.connect(forget)
        self.changed.emit()
        return job

    def _fail(self, error: BaseException) -> None:
        self.problem = str(error)
        self._messages.show_error(error)
