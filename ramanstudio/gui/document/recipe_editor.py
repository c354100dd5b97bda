"""Editing the recipe of the selection: the one place that the panel, the menus and the tools on the plot change it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.processing_queue import Preview
from ramanstudio.gui.document.session import Session
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.recipe import STEPS, Recipe, built_in_recipes
from ramanstudio.processing.runner import Processed
from ramanstudio.processing.step import RecipeStep, State, Step, StepResult
from ramanstudio.project.project import DEFAULT_RECIPE, Entry, Project, Result

Scope = Literal["selected", "all"]

BUILT_IN: Final = built_in_recipes()


class RecipeEditor(QObject):
    """The recipe of the first selected entry, which row of it is open, and edits of it for the selection or for all."""

    changed = Signal()  # another recipe, another result, or another scope
    opened = Signal()  # another row is open, or none

    def __init__(self, session: Session, denoising: Denoising) -> None:
        super().__init__()
        self._session, self._denoising = session, denoising
        self._preview: Preview | None = None
        self._open: int | None = None
        self.scope: Scope = "selected"
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._follow_selection)
        denoising.previewed.connect(self._show_preview)
        denoising.settled.connect(self.changed)

    # What is shown

    @property
    def entry(self) -> Entry | None:
        """The first selected entry with spectra."""
        return next((entry for entry in self._session.selected if entry.source is not None), None)

    @property
    def recipe(self) -> Recipe:
        """Its recipe; the default where nothing is selected."""
        entry = self.entry
        return entry.recipe if entry is not None else DEFAULT_RECIPE

    @property
    def recipe_count(self) -> int:
        """How many different recipes the selected entries have."""
        return len({entry.recipe for entry in self._session.selected if entry.source is not None})

    @property
    def row(self) -> int:
        """The spectrum of the entry that is looked at: the first that is selected."""
        entry = self.entry
        rows = self._session.rows_of(entry).tolist() if entry is not None else []
        return int(rows[0]) if rows else 0

    @property
    def result(self) -> Result | None:
        """What its recipe made of it, the latest that there is."""
        entry = self.entry
        return self._session.project.result(entry) if entry is not None else None

    @property
    def shown(self) -> tuple[Processed, int] | None:
        """What the present recipe made of the spectrum that is looked at, and its row there; None while it is made."""
        entry, result = self.entry, self.result
        if entry is None:
            return None
        if result is not None and result.processed is not None and result.recipe == entry.recipe:
            return result.processed, self.row
        preview = self._preview
        if preview is not None and preview.entry is entry and preview.result.processed is not None:
            rows = preview.rows.tolist()
            return (preview.result.processed, rows.index(self.row)) if self.row in rows else None
        return None

    def step_result(self, index: int) -> StepResult | None:
        """What the step of a row did to the entry; None where it is off, or not known yet."""
        shown, position = self.shown, self._position(index)
        if shown is None or position is None or position >= len(shown[0].results):
            return None
        return shown[0].results[position]

    def state_before(self, index: int) -> State | None:
        """The spectra that enter the step of a row."""
        shown, position, entry = self.shown, self._position(index), self.entry
        if shown is None or position is None or entry is None or entry.source is None:
            return None
        if position:
            return shown[0].results[position - 1].state
        source = entry.source if len(shown[0].spectra) == len(entry.source) else None
        if source is None and self._preview is not None:
            source = entry.source[self._preview.rows]
        return State(source, shown[0].expected_error) if source is not None else None

    def problem(self, index: int) -> str:
        """Why the step of a row could not be applied; empty where it was."""
        shown, position = self.shown, self._position(index)
        if shown is None or position is None:
            return ""
        error = shown[0].problems.get(position)
        return str(error) if error is not None else ""

    def _position(self, index: int) -> int | None:
        """The position of a row's step among the enabled ones."""
        steps = self.recipe.steps
        if index >= len(steps) or not steps[index].enabled:
            return None
        return sum(row.enabled for row in steps[:index])

    # Which row is open

    @property
    def open_index(self) -> int | None:
        """The row whose parameters are shown; None where all are closed."""
        return self._open if self._open is not None and self._open < len(self.recipe.steps) else None

    @property
    def is_enabled(self) -> bool:
        """Whether the open row is switched on."""
        index = self.open_index
        return index is not None and self.recipe.steps[index].enabled

    def open_row(self, index: int | None) -> None:
        """Show the parameters of a row, and on the plot what its step does; None closes it."""
        if index != self._open:
            self._open = index
            self.opened.emit()

    # Edits

    def set_scope(self, scope: Scope) -> None:
        """Let edits apply to the selected entries or to all."""
        self.scope = scope
        self.changed.emit()

    @property
    def target_ids(self) -> tuple[int, ...]:
        """The entries that an edit applies to."""
        if self.scope == "all":
            return tuple(entry.id for entry in self._session.project.entries if entry.source is not None)
        return tuple(entry.id for entry in self._session.selected if entry.source is not None)

    def apply_to_all(self) -> None:
        """Give every entry the present recipe."""
        recipe = self.recipe
        ids = [entry.id for entry in self._session.project.entries]
        self._session.edit_recipes(ids, lambda old: with_own_edits(recipe, old), "Apply the recipe to all")

    def use(self, recipe: Recipe, title: str = "", key: object = None) -> None:
        """Give the selection, or all, another recipe. Raises StudioError where it denoises twice."""
        recipe.check()
        title = title or f"Use the recipe '{recipe.name}'"
        self._session.edit_recipes(self.target_ids, lambda old: with_own_edits(recipe, old), title, key)

    def set_enabled(self, index: int, enabled: bool) -> None:
        """Switch a step on or off."""
        title = self.recipe.steps[index].step.title
        self.use(self.recipe.with_enabled(index, enabled), f"Switch {title.lower()} {'on' if enabled else 'off'}")

    def set_step(self, index: int, step: Step, key: object = None) -> None:
        """Give a row other parameters; changes with the same `key`, such as those of a slider, are one edit."""
        steps = list(self.recipe.steps)
        if steps[index].step == step:
            return
        steps[index] = RecipeStep(step, True)
        self.use(replace(self.recipe, steps=tuple(steps)), f"Change {step.title.lower()}", key)

    def add(self, step: Step) -> int:
        """Add a step where it usually stands, and open its row; returns the row."""
        rows = self.recipe.steps
        rank = STEPS.index(type(step))
        index = next((i for i, row in enumerate(rows) if STEPS.index(type(row.step)) > rank), len(rows))
        steps = (*rows[:index], RecipeStep(step), *rows[index:])
        self.use(replace(self.recipe, steps=steps), f"Add {step.title.lower()}")
        self._open = None
        self.open_row(index)
        return index

    def remove(self, index: int) -> None:
        """Remove a step."""
        steps = self.recipe.steps
        self.open_row(None)
        title = f"Remove {steps[index].step.title.lower()}"
        self.use(replace(self.recipe, steps=(*steps[:index], *steps[index + 1 :])), title)

    def move(self, index: int, to: int) -> None:
        """Move a step to another place."""
        steps = list(self.recipe.steps)
        to = min(max(to, 0), len(steps) - 1)
        if index == to:
            return
        step = steps.pop(index)
        steps.insert(to, step)
        self.open_row(None)
        self.use(replace(self.recipe, steps=tuple(steps)), f"Move {step.step.title.lower()}")

    def index_of(self, kind: type[Step]) -> int | None:
        """The first row of this kind of step; None where there is none."""
        return next((i for i, row in enumerate(self.recipe.steps) if isinstance(row.step, kind)), None)

    def save(self, path: Path) -> None:
        """Write the recipe as TOML. Raises StudioError when that cannot be done."""
        replace(self.recipe, name=path.stem).save(path)

    def load(self, path: Path) -> None:
        """Use the recipe of a file. Raises StudioError when it cannot be read."""
        recipe = Recipe.load(path)
        self.use(recipe if recipe.name else replace(recipe, name=path.stem))

    # Following

    def _follow(self, before: Project, now: Project) -> None:
        entry = self.entry
        if now.entries is not before.entries or (
            entry is not None and now.results.get(entry.id) is not before.results.get(entry.id)
        ):
            self.changed.emit()

    def _follow_selection(self) -> None:
        if self._open is not None and self._open >= len(self.recipe.steps):
            self.open_row(None)
        self.changed.emit()

    def _show_preview(self, preview: Preview) -> None:
        entry = self._session.entry(preview.entry.id)
        if entry is preview.entry:
            self._preview = preview
            self.changed.emit()


def with_own_edits(recipe: Recipe, old: Recipe) -> Recipe:
    """Return `recipe` with the cosmic rays that were marked by hand in `old`: they belong to single spectra."""
    marked = next((row.step for row in old.steps if isinstance(row.step, RemoveCosmicRays)), None)
    own = (marked.added, marked.removed) if isinstance(marked, RemoveCosmicRays) else ((), ())

    def with_own(row: RecipeStep) -> RecipeStep:
        if not isinstance(row.step, RemoveCosmicRays) or (row.step.added, row.step.removed) == own:
            return row
        return replace(row, step=replace(row.step, added=own[0], removed=own[1]))

    steps = tuple(map(with_own, recipe.steps))
    return recipe if all(a is b for a, b in zip(steps, recipe.steps, strict=True)) else replace(recipe, steps=steps)
