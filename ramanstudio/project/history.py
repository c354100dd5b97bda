"""The history of the project: what undo and redo walk through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ramanstudio.project.groups import Groups
from ramanstudio.project.metadata_edits import with_current_metadata
from ramanstudio.project.project import Exploration, Identifications, Predictions, Project, Result

DERIVED: Final = ("results", "exploration", "identifications", "predictions")  # computed, so undo leaves them alone


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A project after an edit, and the title of that edit."""

    project: Project
    title: str
    key: object = None


class History:
    """Snapshots of the project for undo and redo; arrays are shared between them, so a step costs a tuple.

    Undo and redo change what the user edits (entries, groups, range) and keep what was computed (DERIVED).
    """

    def __init__(self, project: Project | None = None, depth: int = 500) -> None:
        self._snapshots: list[Snapshot] = [Snapshot(project or Project(), "")]
        self._position = 0
        self._depth = depth

    @property
    def present(self) -> Project:
        """The project as it is now."""
        return self._snapshots[self._position].project

    @property
    def undo_title(self) -> str:
        """The title of the edit that undo would revert, such as "Remove 3 spectra"; empty when there is none."""
        return self._snapshots[self._position].title if self._position else ""

    @property
    def redo_title(self) -> str:
        """The title of the edit that redo would repeat; empty when there is none."""
        following = self._position + 1
        return self._snapshots[following].title if following < len(self._snapshots) else ""

    @property
    def edits(self) -> tuple[tuple[str, ...], int]:
        """The titles of the edits, oldest first, and how many of them are made in the present."""
        return tuple(snapshot.title for snapshot in self._snapshots[1:]), self._position

    def push(self, project: Project, title: str, key: object = None) -> Project:
        """Make `project` the present; an edit with the same `key` as the last one is merged with it into one step."""
        del self._snapshots[self._position + 1 :]
        if key is not None and self._position and self._snapshots[self._position].key == key:
            self._snapshots[self._position] = Snapshot(project, title, key)
            return project
        self._snapshots.append(Snapshot(project, title, key))
        del self._snapshots[: max(0, len(self._snapshots) - self._depth)]
        self._position = len(self._snapshots) - 1
        return project

    def add_results(self, results: Mapping[int, Result]) -> Project:
        """Add denoising results, by entry id, to the present; not a step that can be undone."""
        return self._replace_present(with_current_metadata(self.present.with_results(results)))

    def add_exploration(self, exploration: Exploration, groups: Groups | None) -> Project:
        """Add an exploration to the present, and `groups` if given; not a step that can be undone."""
        project = self.present
        return self._replace_present(replace(project, exploration=exploration, groups=groups or project.groups))

    def add_identifications(self, identifications: Mapping[int, Identifications]) -> Project:
        """Add search results, by entry id, to the present; not a step that can be undone."""
        merged = MappingProxyType({**self.present.identifications, **identifications})
        return self._replace_present(with_current_metadata(replace(self.present, identifications=merged)))

    def add_predictions(self, predictions: Mapping[int, Predictions]) -> Project:
        """Add the predictions of one model, by entry id, to the present; not a step that can be undone."""
        merged = dict(self.present.predictions)
        for entry_id, added in predictions.items():
            existing = merged.get(entry_id, ())
            earlier = next((item for item in existing if item.model == added.model), None)
            others = [item for item in existing if item.model != added.model]
            merged[entry_id] = (*others, added.merged_with(earlier))
        return self._replace_present(with_current_metadata(replace(self.present, predictions=MappingProxyType(merged))))

    def undo(self) -> Project:
        """Step back, keeping what was computed since; does nothing at the beginning."""
        return self._step(-1)

    def redo(self) -> Project:
        """Step forward again; does nothing at the end."""
        return self._step(1)

    def go_to(self, n_edits: int) -> Project:
        """Undo or redo until `n_edits` of the edits are made; does nothing where there are not so many."""
        return self._step(n_edits - self._position)

    def _step(self, by: int) -> Project:
        target = self._position + by
        if 0 <= target < len(self._snapshots):
            derived = {name: getattr(self.present, name) for name in DERIVED}
            self._position = target
            self._replace_present(with_current_metadata(replace(self.present, **derived)))
        return self.present

    def _replace_present(self, project: Project) -> Project:
        self._snapshots[self._position] = replace(self._snapshots[self._position], project=project)
        return project
