"""Steps that keep or leave out ranges of the axis: Crop, Cut out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.ranges import Region, ShiftRange
from ramanstudio.core.schema import Schema, list_of, number
from ramanstudio.processing.step import Context, State, StepResult

MIN_POINTS = 8


def _keep(state: State, inside: NDArray[np.bool_], what: str) -> State:
    spectra = state.spectra
    if inside.sum() < MIN_POINTS:
        raise StudioError(
            f"Fewer than {MIN_POINTS} points are left {what}.",
            remedy=f"These spectra span {spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹.",
        )
    return state.on_points(inside)


@dataclass(frozen=True, slots=True)
class Crop:
    """Keep the points between two Raman shifts."""

    low_cm: float
    high_cm: float

    key: ClassVar[str] = "crop"
    title: ClassVar[str] = "Crop"
    schema: ClassVar[Schema] = Schema({"low_cm": number(), "high_cm": number()})

    def apply(self, state: State, context: Context) -> StepResult:
        """Return the spectra between `low_cm` and `high_cm`: values (N, B) -> (N, B').

        Raises StudioError when fewer than eight points are left.
        """
        axis = state.spectra.axis
        inside = Region(self.low_cm, self.high_cm).contains(axis)
        cropped = _keep(state, inside, f"between {self.low_cm:g} and {self.high_cm:g} cm⁻¹")
        return StepResult(cropped, f"{self.low_cm:g}–{self.high_cm:g} cm⁻¹", {"points": int(inside.sum())})


@dataclass(frozen=True, slots=True)
class CutOut:
    """Leave out ranges of Raman shift, such as the line of a substrate; they become gaps, nothing is invented there."""

    ranges_cm: tuple[ShiftRange, ...]

    key: ClassVar[str] = "cut_out"
    title: ClassVar[str] = "Cut out"
    schema: ClassVar[Schema] = Schema({"ranges_cm": list_of(list_of(number(), length=2), 100)})

    def apply(self, state: State, context: Context) -> StepResult:
        """Return the spectra without the points inside the ranges: values (N, B) -> (N, B').

        Raises StudioError when fewer than eight points are left.
        """
        axis = state.spectra.axis
        inside = Region(axis[0], axis[-1], self.ranges_cm).contains(axis)
        shown = ", ".join(f"{low:g}–{high:g}" for low, high in self.ranges_cm)
        left = _keep(state, inside, f"without {shown} cm⁻¹")
        return StepResult(left, f"{shown} cm⁻¹", {"points_removed": int((~inside).sum())})
