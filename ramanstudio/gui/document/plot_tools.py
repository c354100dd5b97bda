"""Tools on the plot: clicks mark cosmic rays, drags choose ranges, and both place the anchor points of a baseline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject, Signal

from ramanstudio.gui.document.recipe_editor import RecipeEditor
from ramanstudio.gui.document.session import Session
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop, CutOut
from ramanstudio.processing.step import RecipeStep
from ramanstudio.project.project import Entry

Tool = Literal["", "cosmic rays", "range", "anchors"]
Mark = tuple[int, float]  # a spectrum of the set, and a Raman shift in cm⁻¹


class PlotTools(QObject):
    """Which tool the mouse on the plot works for, and what it does to the recipe."""

    changed = Signal()  # another tool

    def __init__(self, session: Session, editor: RecipeEditor) -> None:
        super().__init__()
        self._session, self._editor = session, editor
        self._dragged_anchors: tuple[tuple[float, float], ...] | None = None  # as they were when a drag began
        self._n_drags = 0
        self.tool: Tool = ""
        editor.opened.connect(lambda: self.set_tool(""))

    def set_tool(self, tool: Tool) -> None:
        """Let clicks on the plot mark cosmic rays, drag a range, or place anchor points; "" for none."""
        if tool != self.tool:
            self.tool = tool
            self.changed.emit()

    def mark_cosmic_ray(self, shift_cm: float) -> None:
        """Mark the point at a Raman shift as a cosmic ray, or, where it is marked, as a true line."""
        index, entry = self._editor.index_of(RemoveCosmicRays), self._editor.entry
        if entry is None or entry.source is None:
            return
        if index is None:
            index = self._editor.add(RemoveCosmicRays())
        step = self._editor.recipe.steps[index].step
        assert isinstance(step, RemoveCosmicRays)
        point = (self._editor.row, float(shift_cm))
        step = with_mark(step, point, self._is_marked(index, shift_cm), _tolerance(entry))
        steps = list(entry.recipe.steps)
        steps[index] = RecipeStep(step, True)
        recipe = replace(entry.recipe, steps=tuple(steps))
        self._session.edit_recipes([entry.id], lambda _: recipe, "Mark a cosmic ray")

    def set_range(self, low_cm: float, high_cm: float) -> None:
        """Give the step of the open row the range that was dragged on the plot."""
        index = self._editor.open_index
        if index is None or high_cm - low_cm <= 0:
            return
        step = self._editor.recipe.steps[index].step
        if isinstance(step, Crop):
            self._editor.set_step(index, replace(step, low_cm=round(low_cm, 1), high_cm=round(high_cm, 1)))
        elif isinstance(step, Normalise):
            changed = replace(step, method="band", low_cm=round(low_cm, 1), high_cm=round(high_cm, 1))
            self._editor.set_step(index, changed)
        elif isinstance(step, CutOut):
            dragged = (round(low_cm, 1), round(high_cm, 1))
            self._editor.set_step(index, replace(step, ranges_cm=joined_ranges((*step.ranges_cm, dragged))))

    def click(self, shift_cm: float, intensity: float, reach: tuple[float, float]) -> None:
        """A click on the plot with the present tool; `reach` is how far off it may be, in cm⁻¹ and intensity."""
        index = self._editor.open_index
        if self.tool == "cosmic rays":
            self.mark_cosmic_ray(shift_cm)
        elif (
            index is not None
            and self.tool == "range"
            and isinstance(step := self._editor.recipe.steps[index].step, CutOut)
        ):
            kept = tuple(pair for pair in step.ranges_cm if not pair[0] <= shift_cm <= pair[1])
            self._editor.set_step(index, replace(step, ranges_cm=kept))
        elif index is not None and self.tool == "anchors":
            self._click_anchor(index, shift_cm, intensity, reach)

    def _click_anchor(self, index: int, shift_cm: float, intensity: float, reach: tuple[float, float]) -> None:
        step = self._editor.recipe.steps[index].step
        if not isinstance(step, SubtractBaseline):
            return
        near = nearest_anchor(step.anchors, shift_cm, intensity, reach)
        if near is not None:
            anchors = tuple(anchor for i, anchor in enumerate(step.anchors) if i != near)
        else:
            anchors = tuple(sorted((*step.anchors, (shift_cm, intensity))))
        self._editor.set_step(index, replace(step, anchors=anchors))

    def drag_anchor(
        self, start: tuple[float, float], end: tuple[float, float], reach: tuple[float, float], is_finished: bool
    ) -> None:
        """Move the anchor point that was at `start`, (Raman shift, intensity), when the drag began."""
        index = self._editor.open_index
        step = self._editor.recipe.steps[index].step if index is not None else None
        if index is None or not isinstance(step, SubtractBaseline):
            return
        if self._dragged_anchors is None:
            self._dragged_anchors = step.anchors
            self._n_drags += 1
        near = nearest_anchor(self._dragged_anchors, *start, reach)
        if near is not None:
            anchors = list(self._dragged_anchors)
            anchors[near] = end
            changed = replace(step, anchors=tuple(sorted(anchors)))
            self._editor.set_step(index, changed, ("recipe", index, "anchor", self._n_drags))
        if is_finished:
            self._dragged_anchors = None

    def _is_marked(self, index: int, shift_cm: float) -> bool:
        """Whether a point of the spectrum that is looked at, or its neighbour, is replaced."""
        result, before = self._editor.step_result(index), self._editor.state_before(index)
        shown = self._editor.shown
        if result is None or before is None or shown is None or "replaced" not in result.curves:
            return False
        nearest = int(abs(before.spectra.axis - shift_cm).argmin())
        around = slice(max(0, nearest - 1), nearest + 2)
        return bool(result.curves["replaced"][shown[1], around].any())


def with_mark(step: RemoveCosmicRays, point: Mark, is_marked: bool, tolerance_cm: float) -> RemoveCosmicRays:
    """Return the step with a point marked as a cosmic ray, or, if it `is_marked`, as none."""

    def without(marks: Iterable[Mark]) -> tuple[Mark, ...]:
        return tuple(mark for mark in marks if int(mark[0]) != int(point[0]) or abs(mark[1] - point[1]) > tolerance_cm)

    added, removed = without(step.added), without(step.removed)
    if not is_marked:
        return replace(step, added=(*added, point), removed=removed)
    was_by_hand = len(added) < len(step.added)
    return replace(step, added=added, removed=removed if was_by_hand else (*removed, point))


def _tolerance(entry: Entry) -> float:
    """Two points of the axis: a click is that close to what it means."""
    assert entry.source is not None
    axis = entry.source.axis
    return 2.5 * float(axis[-1] - axis[0]) / max(1, len(axis) - 1)


def joined_ranges(ranges: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return ranges in order, those that overlap as one."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def nearest_anchor(
    anchors: Iterable[tuple[float, float]], shift_cm: float, intensity: float, reach: tuple[float, float]
) -> int | None:
    """Return the index of the anchor point nearest to a position, None where none is within `reach`."""
    distances = [max(abs(x - shift_cm) / reach[0], abs(y - intensity) / reach[1]) for x, y in anchors]
    if not distances or min(distances) > 1:
        return None
    return distances.index(min(distances))
