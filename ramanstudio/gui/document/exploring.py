"""Exploring by itself: once a page asks and all is denoised, how the spectra lie to each other, and the groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.progress import Progress
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.jobs import Job, Lane, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.comparable import FEWEST, Choice, Compared
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.session import Session
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Exploration, Project

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.project.exploration import EntrySpectra, GroupSummary

SOON_MS = 50
TELL_MS = 250  # while results come in by the thousand, what is left is counted so often


class Exploring(QObject):
    """What lies by what, kept up to date while somebody looks."""

    changed = Signal()  # what it is doing, or what it has to say
    stepped = Signal()  # the plane has moved a step
    portraits_changed = Signal()

    def __init__(self, session: Session, workers: Workers, messages: Messages, denoising: Denoising) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._denoising = session, workers, messages, denoising
        self._is_wanted = False
        self.compared = Compared(session)
        self._jobs: dict[str, Job] = {}
        self._has_looked = False  # whether what is open now has been explored, successfully or not
        self.problem = ""  # what went wrong last
        self._parts: list[EntrySpectra] = []  # what was explored
        self._made = ChangeTracker()
        self._portraits: tuple[GroupSummary, ...] = ()
        self._portrayed: object = None  # the labels of the groups that the portraits are of
        self.moving_plane: NDArray[np.float32] | None = None
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._consider)
        self._tell_soon = QTimer(self, singleShot=True, interval=TELL_MS)
        self._tell_soon.timeout.connect(self.changed)
        session.changed.connect(self._follow)
        denoising.settled.connect(self._look)
        denoising.engine_changed.connect(self._look)

    # What one may ask

    def want(self, on: bool) -> None:
        """Keep up to date from now on, or leave it; what is there stays."""
        self._is_wanted = on
        if on:
            self._look()

    def explore_only(self, ids: Sequence[int] | None) -> None:
        """Explore these entries, or all (None)."""
        self.compared.only = None if ids is None else frozenset(ids)
        self.explore_again()

    def compare_only(self, choice: Choice) -> None:
        """Explore what reaches as far as "most", "all", or all on the "axis" that is offered."""
        self.compared.choose(choice)
        self.explore_again()

    def explore_again(self) -> None:
        """Explore, whatever is known."""
        self._has_looked = False
        self._made.forget("comparison")
        self._look()

    def find_groups(self, count: int | None = None, method: str = "k-means") -> None:
        """Group the spectra anew; how many is chosen by the data when `count` is None. An undo takes it back."""
        explored = self._session.project.exploration
        if explored is not None:
            self._find(explored, count, method, lambda groups: self._session.set_groups(groups, "Find groups"))

    def split(self, index: int) -> None:
        """Part the group `index` as the data part it."""
        explored, groups = self._session.project.exploration, self._session.groups
        if explored is None or groups is None:
            return
        name = groups.groups[index].name

        def keep(parts: NDArray[np.int64]) -> None:
            if self._session.groups is groups:
                self._session.edit_groups(lambda now: now.split(index, parts), f"Split '{name}'")

        from ramanstudio.project.exploration import split_group

        work = partial(split_group, explored, groups, index)
        self._submit("groups", work, f"Splitting '{name}'", "files", keep)

    def settle(self) -> None:
        """Lay the spectra out by what each is most like; the plane moves as it settles."""
        explored = self._session.project.exploration
        if explored is None or "settle" in self._jobs:
            return
        from ramanstudio.project.exploration import tsne_layout

        job = self._submit(
            "settle", partial(tsne_layout, explored), "Settling the plane", "files", partial(self._settled, explored)
        )
        job.shown.connect(self._step)
        job.cancelled.connect(partial(self._keep_as_it_is, explored))

    def stop(self) -> None:
        """Let the plane be as far as it has settled."""
        if (job := self._jobs.get("settle")) is not None:
            job.cancel()

    def end(self) -> None:
        """Let nothing come later."""
        self._is_wanted = False
        self._soon.stop()
        self._tell_soon.stop()

    # What it says

    @property
    def busy(self) -> bool:
        """Whether the spectra are being compared or grouped."""
        return "explore" in self._jobs or "groups" in self._jobs

    @property
    def settling(self) -> bool:
        """Whether the plane is moving."""
        return "settle" in self._jobs

    @property
    def sentence(self) -> str:
        """What stands in the way, or what one should know; empty where there is nothing to say."""
        if self.problem:
            return self.problem
        explored = self._session.project.exploration
        waits = self._waits()
        if waits and (explored is None or not self._has_looked or "explore" in self._jobs):
            return waits
        return " ".join(self.asides)

    @property
    def portraits(self) -> tuple[GroupSummary, ...]:
        """What the groups look like that there are now; empty while they are being painted."""
        groups = self._session.groups
        return self._portraits if groups is not None and groups.labels is self._portrayed else ()

    @property
    def asides(self) -> list[str]:
        """What is left out, and what one should know of the axes that are compared; none where there is nothing."""
        explored = self._session.project.exploration
        return [one for one in (self.compared.sentence, explored.aside) if one] if explored is not None else []

    def _waits(self) -> str:
        entries = [entry for entry in self.compared.entries if entry.source is not None]
        if sum(len(entry.source) for entry in entries if entry.source is not None) < FEWEST:
            return "Two spectra or more are needed to see how they lie to each other." if entries else ""
        if self._denoising.loading:
            return "Loading the model…"
        left = sum(self._denoising.waits(entry) for entry in entries)
        if left:
            return f"Waiting until {count_of(left, 'entry is', 'entries are')} denoised…"
        results = [self._session.project.result(entry) for entry in entries]
        raw = sum(result is None for result in results)
        if raw:
            return f"{count_of(raw, 'entry is', 'entries are')} not denoised: Ctrl+D denoises what is open."
        problem = next((result.problem for result in results if result is not None and result.problem), "")
        if problem and not any(result.denoised for result in results if result is not None):
            return problem
        return "Comparing the spectra…" if "explore" in self._jobs else ""

    # How it keeps up

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._look()
        elif now.results is not before.results:
            self._look_soon()
        if now.groups is not before.groups or now.exploration is not before.exploration:
            self._paint()

    def _look(self) -> None:
        self._look_soon()
        self.changed.emit()

    def _look_soon(self) -> None:
        if self._is_wanted and not self._soon.isActive():
            self._soon.start()
        if not self._tell_soon.isActive():
            self._tell_soon.start()

    def _consider(self) -> None:
        engine = self._denoising.engine
        if not self._is_wanted or engine is None or self._denoising.loading or self._denoising.busy:
            return
        parts = self.compared.parts()
        seen = (engine, *(part.denoised for part in parts))
        if not self._made.has_changed("comparison", *seen):
            return
        self._has_looked, self.problem = True, ""
        if sum(len(part.rows) for part in parts) >= FEWEST:
            self._explore(engine, parts)
        self.changed.emit()

    def _explore(self, engine: Engine, parts: list[EntrySpectra]) -> None:
        from ramanstudio.project.exploration import explore

        self._parts = parts
        project = self._session.project
        work = partial(explore, engine, parts, project.exploration, project.groups)
        self._submit("explore", work, "Comparing the spectra", "model", self._keep)

    def _keep(self, found: tuple[Exploration, Groups | None]) -> None:
        explored, groups = found
        self._session.add_exploration(explored, groups)
        if groups is None:  # the first groups come by themselves, so there is nothing to undo
            keep = partial(self._session.add_exploration, explored)
            self._find(explored, None, "k-means", keep)

    def _find(self, explored: Exploration, count: int | None, method: str, keep: Callable[[Groups], None]) -> None:
        from ramanstudio.project.exploration import find_groups

        def keep_if_current(groups: Groups) -> None:
            now = self._session.project.exploration
            if now is not None and now.members is explored.members:
                keep(groups)

        self._submit(
            "groups", partial(find_groups, explored, count, method), "Finding groups", "files", keep_if_current
        )

    def _step(self, plane: NDArray[np.float32]) -> None:
        self.moving_plane = plane
        self.stepped.emit()

    def _settled(self, explored: Exploration, plane: NDArray[np.float32]) -> None:
        now = self._session.project.exploration
        self.moving_plane = None
        if now is not None and now.members is explored.members:
            self._session.add_exploration(now.with_plane("neighbours", plane))

    def _keep_as_it_is(self, explored: Exploration) -> None:
        if self.moving_plane is not None:
            self._settled(explored, self.moving_plane)

    def _paint(self) -> None:
        explored, groups = self._session.project.exploration, self._session.groups
        if explored is None or groups is None or not self._parts:
            return
        if not self._made.has_changed("portraits", groups.labels, explored.members):
            return
        from ramanstudio.project.exploration import summarise_groups

        work = partial(summarise_groups, tuple(self._parts), groups)
        self._submit("portraits", work, "", "files", partial(self._keep_portraits, groups.labels))

    def _keep_portraits(self, labels: NDArray[np.int64], found: tuple[GroupSummary, ...]) -> None:
        self._portraits, self._portrayed = found, labels
        self.portraits_changed.emit()

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
        self.problem = str(error)
        self._messages.show_error(error)
