"""What the actions of the Process menu do: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtWidgets import QInputDialog, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_significant
from ramanstudio.core.progress import Progress
from ramanstudio.core.settings import Settings
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.plot_tools import PlotTools
from ramanstudio.gui.document.recipe_editor import BUILT_IN, RecipeEditor
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.processing.parameters import new_step
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.recipe import STEPS, Recipe
from ramanstudio.processing.stages import recipe_of_mean
from ramanstudio.processing.step import Step
from ramanstudio.project.entry_processing import measured_spectra
from ramanstudio.project.project import DEFAULT_RECIPE

if TYPE_CHECKING:
    from ramanstudio.processing.arithmetic import Computed

RECIPE_FILTER: Final = "Recipe (*.toml)"
Operand = tuple[str, SpectrumSet]  # the name of an entry, and its selected spectra
Compute = Callable[[Sequence[SpectrumSet]], "Computed"]


class ProcessingCommands:
    """Edits the recipe of the selection, and computes new spectra from it."""

    def __init__(
        self,
        session: Session,
        workers: Workers,
        messages: Messages,
        settings: Settings,
        editor: RecipeEditor,
        tools: PlotTools,
        window: QWidget,
    ) -> None:
        self._session, self._workers, self._messages = session, workers, messages
        self._settings, self._editor, self._tools, self._window = settings, editor, tools, window
        for kind in STEPS:
            setattr(self, f"add_{kind.key}", partial(self._add_step, kind))
        for index, recipe in enumerate(BUILT_IN):
            setattr(self, f"use_recipe_{index + 1}", partial(self._use, recipe))

    def _add_step(self, kind: type[Step]) -> None:
        entry = self._editor.entry
        before = self._editor.result
        spectra = before.final if before is not None else (entry.source if entry is not None else None)
        self._try(lambda: self._editor.add(new_step(kind, spectra)))

    def _use(self, recipe: Recipe) -> None:
        self._try(lambda: self._editor.use(recipe))

    def apply_recipe_to_all(self) -> None:
        """Give every entry the recipe of the selected one."""
        self._editor.apply_to_all()

    def save_recipe(self) -> None:
        """Ask for a name and save the recipe."""
        name = f"{self._editor.recipe.name or 'recipe'}.toml"
        path = dialogs.ask_export(self._window, "Save recipe", self._settings, name, RECIPE_FILTER)
        if path is not None:
            self._try(lambda: self._editor.save(path))
            self._messages.info(f"The recipe was saved as '{path}'.")

    def load_recipe(self) -> None:
        """Ask for a recipe and use it."""
        paths = dialogs.ask_any_files(self._window, "Load recipe", RECIPE_FILTER)
        if paths:
            self._try(lambda: self._editor.load(paths[0]))

    def mark_cosmic_rays(self, on: bool) -> None:
        """Let clicks on the plot add and remove cosmic rays."""
        if on == (self._tools.tool == "cosmic rays"):
            return
        index = self._editor.index_of(RemoveCosmicRays)
        if on and index is None:
            index = self._editor.add(RemoveCosmicRays(automatic=False))
        if on:
            self._editor.open_row(index)
        self._tools.set_tool("cosmic rays" if on else "")

    def show_baseline(self, on: bool) -> None:
        """Open the row of the baseline, or close it."""
        index = self._editor.index_of(SubtractBaseline)
        is_open = index is not None and self._editor.open_index == index
        if on != is_open:
            self._editor.open_row(index if on else None)

    # Arithmetic

    def average(self) -> None:
        """Add the mean of the selected spectra."""
        from ramanstudio.processing.arithmetic import average

        self._compute(average, "Average", is_mean=True)

    def total(self) -> None:
        """Add the sum of the selected spectra."""
        from ramanstudio.processing.arithmetic import total

        self._compute(total, "Sum")

    def difference(self) -> None:
        """Add the first selected entry minus the second."""
        from ramanstudio.processing.arithmetic import difference

        self._compute(lambda sets: difference(sets[0], sets[1]), "Difference", "−")

    def scaled_difference(self) -> None:
        """Ask for a factor; add the first selected entry minus that many times the second."""
        from ramanstudio.processing.arithmetic import difference

        names = [entry.name for entry in self._session.selected if entry.source is not None]
        factor, ok = QInputDialog.getDouble(
            self._window, "Difference A − k·B", f"A is '{names[0]}', B is '{names[1]}'.\nFactor k", 1.0, -1e6, 1e6, 4
        )
        if ok:
            self._compute(lambda sets: difference(sets[0], sets[1], factor), "Difference", f"− {factor:g} ×")

    def ratio(self) -> None:
        """Add the first selected entry divided by the second."""
        from ramanstudio.processing.arithmetic import ratio

        self._compute(lambda sets: ratio(sets[0], sets[1]), "Ratio", "/")

    def merge(self) -> None:
        """Add the selected entries merged into one range."""
        from ramanstudio.processing.arithmetic import merge

        self._compute(merge, "Merged")

    def group_means(self) -> None:
        """Add the mean of each group."""
        from ramanstudio.processing.arithmetic import average

        groups = self._session.groups
        if groups is None:
            return
        for index, group in enumerate(groups.groups):
            members = groups.members[np.flatnonzero(groups.labels == index)]
            operands, recipes = [], set[Recipe]()
            for entry_id, positions in members.by_entry():
                entry = self._session.entry(entry_id)
                if entry is not None and entry.source is not None:
                    measured = measured_spectra(entry, self._session.project.result(entry))
                    operands.append((entry.name, measured[members.rows[positions]]))
                    recipes.add(entry.recipe)
            if operands:
                self._submit(operands, average, f"Mean of {group.name}", recipes)

    def _operands(self) -> list[Operand]:
        """The selected spectra as they enter Denoise: measured, without cosmic rays."""
        operands: list[Operand] = []
        for entry in self._session.selected:
            if entry.source is not None:
                measured = measured_spectra(entry, self._session.project.result(entry))
                operands.append((entry.name, measured[self._session.rows_of(entry)]))
        return operands

    def _compute(self, compute: Compute, title: str, sign: str = "", is_mean: bool = False) -> None:
        operands = self._operands()
        if not operands:
            return
        if sign and len(operands) > 1:
            name = f"{operands[0][0]} {sign} {operands[1][0]}"
        else:
            count = sum(len(spectra) for _, spectra in operands)
            name = f"{title} of {count} · {operands[0][0]}"
        recipes = {entry.recipe for entry in self._session.selected if entry.source is not None}
        self._submit(operands, compute, name, recipes if is_mean else None)

    def _submit(
        self, operands: Sequence[Operand], compute: Compute, name: str, of_mean: Set[Recipe] | None = None
    ) -> None:
        """Compute and add an entry; `of_mean` are the recipes of the spectra that a mean is taken of."""
        # what comes behind Denoise is to be done to a mean likewise, where all spectra have it
        recipe = recipe_of_mean(next(iter(of_mean))) if of_mean and len(of_mean) == 1 else DEFAULT_RECIPE

        def work(progress: Progress) -> Computed:
            progress(0, 1)
            return compute([spectra for _, spectra in operands])

        job = self._workers.submit(work, f"Computing {name}", "files")
        job.succeeded.connect(partial(self._add, name, recipe, of_mean is not None))
        job.failed.connect(self._messages.show_error)

    def _add(self, name: str, recipe: Recipe, is_mean: bool, computed: Computed) -> None:
        error = computed.error if is_mean else None
        entry = self._session.add_computed(name, computed.spectra, recipe, error)
        self._session.select([entry.id])
        words = [f"'{name}' was added.", computed.note]
        if is_mean:
            height = float(np.ptp(computed.spectra.values)) or 1.0
            share = 100 * float(np.median(computed.error)) / height
            words.insert(1, f"Its standard error is {format_significant(share, 2)} % of its height (median).")
        self._messages.info(" ".join(word for word in words if word))

    def _try(self, edit: Callable[[], object]) -> None:
        try:
            edit()
        except StudioError as error:
            self._messages.show_error(error)
