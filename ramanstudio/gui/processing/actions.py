"""The actions of the Process menu, as rows: steps, recipes, and arithmetic on the selection."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext
from ramanstudio.gui.document.recipe_editor import BUILT_IN
from ramanstudio.processing.recipe import STEPS

MENU: Final = "Process"


def _readable(context: ActionContext) -> bool:
    return context.readable > 0


def _two(context: ActionContext) -> bool:
    return context.readable == 2


def _several(context: ActionContext) -> bool:
    return context.chosen_spectra > 1


_STEP_WORDS: Final = {  # what each step does, and other words for it
    "cosmic_rays": ("Remove cosmic rays automatically", "spike spikes despike outlier"),
    "shift": ("Move the Raman shift axis by a constant, or by a profile", "calibrate offset wavenumber axis"),
    "intensity": ("Correct the relative intensity by a profile", "calibrate response white light"),
    "crop": ("Keep the range between two Raman shifts", "range cut trim"),
    "cut_out": ("Leave out ranges, such as the line of a substrate", "range gap mask exclude remove"),
    "background": ("Subtract another spectrum", "dark substrate solvent glass subtract reference"),
    "denoise": ("Denoise with the model", "noise clean"),
    "baseline": ("Subtract the fluorescence baseline", "background fluorescence arpls polynomial snip rubber band"),
    "smooth": ("Smooth along the axis", "savitzky golay gaussian whittaker median filter"),
    "derivative": ("First or second derivative", "savitzky golay slope"),
    "resample": ("Bring spectra to another axis", "interpolate axis step common"),
    "normalise": ("Bring spectra to one scale", "normalize snv area maximum vector msc scale"),
}


def _add_step(index: int) -> Action:
    kind = STEPS[index]
    tooltip, synonyms = _STEP_WORDS.get(kind.key, (kind.title, ""))
    return Action(
        f"add_{kind.key}",
        f"Add step: {kind.title}",
        MENU,
        "",
        tooltip,
        enabled=_readable,
        synonyms=f"process correct {synonyms}",
        separator=index == 0,
        submenu="Add step",
    )


def _use_recipe(index: int) -> Action:
    recipe = BUILT_IN[index]
    steps = " → ".join(row.step.title for row in recipe.steps if row.enabled)
    return Action(
        f"use_recipe_{index + 1}",
        f"Use recipe: {recipe.name}",
        MENU,
        "",
        f"{recipe.description or recipe.name}: {steps}",
        enabled=_readable,
        synonyms="process preset method workflow",
        submenu="Use recipe",
    )


PROCESSING_ACTIONS: Final = (
    *(_add_step(index) for index in range(len(STEPS))),
    *(_use_recipe(index) for index in range(len(BUILT_IN))),
    Action(
        "apply_recipe_to_all",
        "Apply recipe to all",
        MENU,
        "",
        "Give every open spectrum the recipe of the selected one",
        "ph.stack",
        _readable,
        synonyms="batch everything process",
        separator=True,
    ),
    Action("save_recipe", "Save recipe…", MENU, "", "Save the recipe as a file that can be shared", enabled=_readable),
    Action("load_recipe", "Load recipe…", MENU, "", "Use the recipe of a file", enabled=_readable),
    Action(
        "mark_cosmic_rays",
        "Mark cosmic rays",
        MENU,
        "",
        "Click on the plot to add a cosmic ray, or to remove one",
        "ph.crosshair",
        _readable,
        checkable=True,
        synonyms="spike spikes remove add click",
        separator=True,
    ),
    Action(
        "show_baseline",
        "Show baseline",
        MENU,
        "",
        "Show the spectrum before its baseline is subtracted, with the baseline and its 90 % confidence band",
        "ph.chart-line",
        lambda context: context.readable > 0 and context.has_baseline,
        checkable=True,
        synonyms="background fluorescence",
    ),
    Action(
        "average",
        "Average selected spectra",
        MENU,
        "",
        "Add the mean of the selected spectra, measured and without cosmic rays, as a new spectrum",
        "ph.equals",
        _several,
        synonyms="mean accumulate standard error region group",
        separator=True,
    ),
    Action(
        "total",
        "Sum of selected spectra",
        MENU,
        "",
        "Add the sum as a new spectrum",
        "ph.plus",
        _several,
        synonyms="add",
    ),
    Action(
        "difference",
        "Difference A − B",
        MENU,
        "",
        "Subtract the second of two selected entries from the first, as new spectra",
        "ph.minus",
        _two,
        synonyms="subtract background",
    ),
    Action(
        "scaled_difference",
        "Difference A − k·B…",
        MENU,
        "",
        "Subtract the second of two selected entries times a factor, as new spectra",
        enabled=_two,
        synonyms="subtract background solvent factor",
    ),
    Action(
        "ratio",
        "Ratio A / B",
        MENU,
        "",
        "Divide the first of two selected entries by the second, as new spectra",
        "ph.divide",
        _two,
        synonyms="divide quotient",
    ),
    Action(
        "merge",
        "Merge ranges",
        MENU,
        "",
        "Merge selected entries of overlapping ranges into one",
        "ph.git-merge",
        lambda context: context.readable > 1,
        synonyms="join stitch concatenate extend windows",
    ),
    Action(
        "group_means",
        "Add means of groups",
        MENU,
        "",
        "Add the mean of each group as a new spectrum",
        enabled=lambda context: context.grouped,
        synonyms="average cluster region",
    ),
)
