"""What the plot shows while a row of the processing panel is open: the step's input, its result, what it took off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ramanstudio.gui.document.recipe_editor import RecipeEditor
from ramanstudio.gui.viewer.displayed_spectra import DisplayedSpectrum
from ramanstudio.gui.viewer.plot_overlay import OverlayCurve, OverlayPoints, PlotOverlay
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.smooth import Derivative
from ramanstudio.project.project import Entry, Result

REPLACED = "cosmic ray, replaced"
MAX_MARKED = 2000  # points


@dataclass(frozen=True, slots=True, eq=False)
class StepDisplay:
    """A spectrum to draw, and what is drawn over it."""

    spectrum: DisplayedSpectrum
    overlay: PlotOverlay


def step_display(editor: RecipeEditor) -> StepDisplay | None:
    """What the step of the open row does to the spectrum that is looked at; None where no row is open."""
    index, shown, entry = editor.open_index, editor.shown, editor.entry
    if index is None or shown is None or entry is None or entry.source is None:
        return None
    before, result, row = editor.state_before(index), editor.step_result(index), shown[1]
    if before is None or result is None:
        return None
    step = editor.recipe.steps[index].step
    name = entry.name if len(entry.source) == 1 else f"{entry.name} · {editor.row + 1}"
    axis, values = before.spectra.axis, before.spectra.values[row]
    after, result_values = result.state.spectra, result.state.spectra.values[row]
    unit = str(after.about.get("intensity_unit", "a.u."))
    if isinstance(step, Denoise):
        spectrum = DisplayedSpectrum(name, axis, values, result_values, result.state.expected_error[row], unit)
        return StepDisplay(spectrum, PlotOverlay())
    if isinstance(step, Normalise | Derivative):  # on another scale than what enters them
        return StepDisplay(DisplayedSpectrum(name, after.axis, result_values, None, None, unit), PlotOverlay())
    spectrum = DisplayedSpectrum(f"{name}, before", axis, values, None, None, unit)
    curves, points = [], []
    baseline = result.curves.get("baseline")
    if baseline is not None:
        error = result.curves.get("baseline_error")
        curves.append(
            OverlayCurve(step.title.lower(), axis, baseline[row], "baseline", None if error is None else error[row])
        )
    curves.append(OverlayCurve("result", after.axis, result_values, "accent"))
    replaced = result.curves.get("replaced")
    if replaced is not None:
        marked = np.flatnonzero(replaced[row])[:MAX_MARKED]
        points.append(OverlayPoints(REPLACED, axis[marked], result_values[marked]))
        doubtful = result.curves.get("doubtful")
        if doubtful is not None and doubtful[row].any():
            doubt = np.flatnonzero(doubtful[row])[:MAX_MARKED]
            points.append(OverlayPoints("line or cosmic ray?", axis[doubt], values[doubt], "warning"))
    if isinstance(step, SubtractBaseline) and step.method == "anchors" and baseline is not None:
        shifts = np.array([shift for shift, _ in step.anchors])
        points.append(OverlayPoints("anchor points", shifts, np.interp(shifts, axis, baseline[row]), "baseline", False))
    return StepDisplay(spectrum, PlotOverlay(curves, points, "before"))


def replaced_points(pairs: Sequence[tuple[Entry, Result | None]]) -> PlotOverlay | None:
    """The points of these results that were interpolated in place of cosmic rays, on the final spectra."""
    points: list[OverlayPoints] = []
    for _entry, result in pairs:
        if result is None or result.processed is None or not result.processed.replaced.size:
            continue
        spectra = result.final
        rows, columns = np.nonzero(result.processed.replaced)
        if len(rows):
            shifts, heights = spectra.axis[columns], spectra.values[rows, columns]
            points.append(OverlayPoints("" if points else REPLACED, shifts[:MAX_MARKED], heights[:MAX_MARKED]))
    return PlotOverlay(points=points) if points else None
