"""Explores in the background: compares the denoised spectra, groups them and lays them out, while a page shows it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.jobs import Job, Lane, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.comparison_set import MIN_SPECTRA, ComparisonMode, ComparisonOption, ComparisonSet
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.session import Session
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Exploration, Project

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.project.exploration import EntrySpectra, GroupSummary

EXPLORE_DELAY_MS = 50
STATUS_DELAY_MS = 250  # results come by the thousand; the status is updated this often


class Exploring(QObject):
    """Keeps exploration and groups up to date while a page shows them."""

    changed = Signal()  # status, busy or note
    layout_moved = Signal()  # t-SNE is one step further
    group_summaries_changed = Signal()

    def __init__(self, session: Session, workers: Workers, messages: Messages, denoising: Denoising) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._denoising = session, workers, messages, denoising
        self._is_active = False
        self.comparison = ComparisonSet(session)
        self._jobs: dict[str, Job] = {}
        self._has_explored = False  # what is open now, successfully or not
        self._error: BaseException | None = None
        self._parts: list[EntrySpectra] = []  # what was explored
        self._tracker = ChangeTracker()
        self._summaries: tuple[GroupSummary, ...] = ()
        self._summarised_labels: object = None  # the labels of the groups that the portraits are of
        self.moving_layout: NDArray[np.float32] | None = None  # (N, 2), while t-SNE runs
        self._explore_timer = QTimer(self, singleShot=True, interval=EXPLORE_DELAY_MS)
        self._explore_timer.timeout.connect(self._explore_if_due)
        self._status_timer = QTimer(self, singleShot=True, interval=STATUS_DELAY_MS)
        self._status_timer.timeout.connect(self.changed)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._follow_selection)
        denoising.settled.connect(self._update)
        denoising.engine_changed.connect(self._update)

    # Commands

    def set_active(self, on: bool) -> None:
        """Keep up to date from now on, or stop; what is known stays."""
        self._is_active = on
        if on:
            self._update()
        else:
            self._dismiss_error()

    def choose_comparison(self, mode: ComparisonMode) -> None:
        """Explore other spectra: "most", "all", those on one "axis", of one "range", or "selected"."""
        self.comparison.set_mode(mode)
        self.explore()

    def explore(self) -> None:
        """Explore once more, even if nothing has changed."""
        self._has_explored = False
        self._tracker.forget("comparison")
        self._update()

    def find_groups(self, n_groups: int | None = None, method: str = "k-means") -> None:
        """Group the spectra, which can be undone; the number is chosen from the data when `n_groups` is None."""
        exploration = self._session.project.exploration
        if exploration is not None:
            self._find(exploration, n_groups, method, lambda groups: self._session.set_groups(groups, "Find groups"))

    def split(self, index: int) -> None:
        """Split the group `index`; the number of parts is chosen from the data."""
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
        """Compute the t-SNE layout; it is shown while it moves."""
        exploration = self._session.project.exploration
        if exploration is None or "layout" in self._jobs:
            return
        from ramanstudio.project.exploration import tsne_layout

        work = partial(tsne_layout, exploration)
        job = self._submit(
            "layout", work, "Computing the t-SNE layout", "files", partial(self._keep_layout, exploration)
        )
        job.shown.connect(self._move_layout)
        job.cancelled.connect(partial(self._keep_moving_layout, exploration))

    def stop(self) -> None:
        """Stop t-SNE and keep the layout as it is."""
        if (job := self._jobs.get("layout")) is not None:
            job.cancel()

    def end(self) -> None:
        """Start nothing more: the window closes."""
        self._is_active = False
        self._explore_timer.stop()
        self._status_timer.stop()

    # State

    @property
    def busy(self) -> bool:
        """Whether spectra are being compared or grouped."""
        return "explore" in self._jobs or "groups" in self._jobs

    @property
    def computing_layout(self) -> bool:
        """Whether t-SNE is running."""
        return "layout" in self._jobs

    @property
    def problem(self) -> str:
        """Why the last exploration failed; empty where it did not."""
        return "" if self._error is None else str(self._error)

    @property
    def status(self) -> str:
        """What is being waited for, or went wrong, or is worth knowing; empty where there is nothing."""
        if self.problem:
            return self.problem
        exploration = self._session.project.exploration
        waiting = self._waiting_for()
        if waiting and (exploration is None or not self._has_explored or "explore" in self._jobs):
            return waiting
        return " ".join(self.notes)

    @property
    def group_summaries(self) -> tuple[GroupSummary, ...]:
        """Mean and spread of each present group; empty while they are being computed."""
        groups = self._session.groups
        return self._summaries if groups is not None and groups.labels is self._summarised_labels else ()

    @property
    def notes(self) -> list[str]:
        """What is left out, and how spectra of several axes are compared; empty where there is nothing to say."""
        exploration = self._session.project.exploration
        return [note for note in (self.comparison.note, exploration.aside) if note] if exploration is not None else []

    @property
    def options(self) -> list[ComparisonOption]:
        """What can be compared instead; empty where all spectra are, on one axis."""
        if self.problem:
            return self.comparison.options(failed=True)
        return self.comparison.options() if self.notes else []

    def _waiting_for(self) -> str:
        entries = [entry for entry in self.comparison.entries if entry.source is not None]
        if sum(len(entry.source) for entry in entries if entry.source is not None) < MIN_SPECTRA:
            return "Open two spectra or more to compare them." if entries else ""
        if self._denoising.loading:
            return "Loading the model…"
        n_waiting = sum(self._denoising.is_pending(entry) for entry in entries)
        if n_waiting:
            return f"Waiting until {count_of(n_waiting, 'entry is', 'entries are')} denoised…"
        results = [self._session.project.result(entry) for entry in entries]
        n_raw = sum(result is None for result in results)
        if n_raw:
            return f"{count_of(n_raw, 'entry is', 'entries are')} not denoised. Ctrl+D denoises all that are open."
        problem = next((result.problem for result in results if result is not None and result.problem), "")
        if problem and not any(result.denoised for result in results if result is not None):
            return problem
        return "Comparing the spectra…" if "explore" in self._jobs else ""

    # Keeping up to date

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._update()
        elif now.results is not before.results:
            self._update_soon()
        if now.groups is not before.groups or now.exploration is not before.exploration:
            self._summarise_groups()

    def _follow_selection(self) -> None:
        if self.problem:  # the selection may be explored instead
            self.changed.emit()

    def _update(self) -> None:
        self._update_soon()
        self.changed.emit()

    def _update_soon(self) -> None:
        if self._is_active and not self._explore_timer.isActive():
            self._explore_timer.start()
        if not self._status_timer.isActive():
            self._status_timer.start()

    def _explore_if_due(self) -> None:
        """Explore where the denoised spectra have changed and none are being denoised."""
        engine = self._denoising.engine
        if not self._is_active or engine is None or self._denoising.loading or self._denoising.busy:
            return
        parts = self.comparison.parts()
        if not self._tracker.has_changed("comparison", engine, *(part.denoised for part in parts)):
            return
        self._has_explored = True
        self._dismiss_error()
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
        if any(self._session.entry(entry_id) is None for entry_id in np.unique(exploration.members.entry_ids).tolist()):
            return  # of entries that were removed meanwhile; what is left is explored again
        self._session.add_exploration(exploration, groups)
        if groups is None:  # the first groups are found without asking, so there is nothing to undo
            self._find(exploration, None, "k-means", partial(self._session.add_exploration, exploration))

    def _find(
        self, exploration: Exploration, n_groups: int | None, method: str, keep: Callable[[Groups], None]
    ) -> None:
        from ramanstudio.project.exploration import find_groups

        def keep_if_current(groups: Groups) -> None:
            current = self._session.project.exploration
            if current is not None and current.members is exploration.members:
                keep(groups)

        work = partial(find_groups, exploration, n_groups, method)
        self._submit("groups", work, "Finding groups", "files", keep_if_current)

    def _move_layout(self, layout: NDArray[np.float32]) -> None:
        self.moving_layout = layout
        self.layout_moved.emit()

    def _keep_layout(self, exploration: Exploration, layout: NDArray[np.float32]) -> None:
        from ramanstudio.project.exploration import TSNE

        current = self._session.project.exploration
        self.moving_layout = None
        if current is not None and current.members is exploration.members:
            self._session.add_exploration(current.with_plane(TSNE, layout))

    def _keep_moving_layout(self, exploration: Exploration) -> None:
        if self.moving_layout is not None:
            self._keep_layout(exploration, self.moving_layout)

    def _summarise_groups(self) -> None:
        exploration, groups = self._session.project.exploration, self._session.groups
        if exploration is None or groups is None or not self._parts:
            return
        if not self._tracker.has_changed("summaries", groups.labels, exploration.members):
            return
        from ramanstudio.project.exploration import summarise_groups

        work = partial(summarise_groups, tuple(self._parts), groups)
        self._submit("summaries", work, "", "files", partial(self._keep_summaries, groups.labels))

    def _keep_summaries(self, labels: NDArray[np.int64], summaries: tuple[GroupSummary, ...]) -> None:
        self._summaries, self._summarised_labels = summaries, labels
        self.group_summaries_changed.emit()

    def _submit(
        self, name: str, work: Callable[[Progress], Any], title: str, lane: Lane, keep: Callable[[Any], None]
    ) -> Job:
        job = self._workers.submit(work, title, lane, key=("explore", name))
        self._jobs[name] = job

        def end() -> None:
            if self._jobs.get(name) is job:
                del self._jobs[name]
            self.changed.emit()

        job.succeeded.connect(keep)
        job.failed.connect(self._fail)
        job.finished.connect(end)
        self.changed.emit()
        return job

    def _fail(self, error: BaseException) -> None:
        self._error = error
        if self._is_active or not isinstance(error, StudioError):
            self._messages.show_error(error)

    def _dismiss_error(self) -> None:
        """Take the message of the last failure away: it no longer applies, or its page is left."""
        if isinstance(self._error, StudioError):
            self._messages.retract(self._error)
        if self._is_active:
            self._error = None
