"""What a processing step is: plain parameters, a method that takes spectra, and a result that says what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.schema import Schema
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised

GAP_STEPS = 3.5  # an interval of the axis wider than this many median intervals is a gap


class Denoiser(Protocol):
    """What the step Denoise needs of an engine."""

    def denoise(
        self,
        spectra: SpectrumSet,
        together: bool = False,
        progress: Progress | None = None,
        replaced: NDArray[np.bool_] | None = None,
    ) -> Denoised: ...


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Spectra on their way through a recipe.

    Parameters
    ----------
    spectra : N spectra on B points
    expected_error : (N, B) standard deviation of the error at each point, in the unit of the values
    correlation_cm : over how many cm⁻¹ neighbouring errors are correlated; 0 for independent points
    replaced : (N, B) points that were interpolated in place of a cosmic ray; None where nobody has searched
    doubtful : (N, B) points that are a line as narrow as a cosmic ray, or a cosmic ray; None likewise
    scatter : (N, B) share, 0 to 1, of the squared error that is what averaged spectra differ by beside their noise,
        which Denoise does not remove; None where they are no averages
    """

    spectra: SpectrumSet
    expected_error: NDArray[np.float32]
    correlation_cm: float = 0.0
    replaced: NDArray[np.bool_] | None = None
    doubtful: NDArray[np.bool_] | None = None
    scatter: NDArray[np.float32] | None = None

    def on_points(self, inside: NDArray[np.bool_]) -> State:
        """Return the state with only the points `inside` (B,) of the axis."""
        kept = self.spectra.with_axis(self.spectra.axis[inside], self.spectra.values[:, inside])
        replaced = None if self.replaced is None else self.replaced[:, inside]
        doubtful = None if self.doubtful is None else self.doubtful[:, inside]
        scatter = None if self.scatter is None else self.scatter[:, inside]
        return State(kept, self.expected_error[:, inside], self.correlation_cm, replaced, doubtful, scatter)

    def rows(self, rows: NDArray[Any] | slice) -> State:
        """Return the state of some of the spectra."""
        replaced = None if self.replaced is None else self.replaced[rows]
        doubtful = None if self.doubtful is None else self.doubtful[rows]
        scatter = None if self.scatter is None else self.scatter[rows]
        return State(self.spectra[rows], self.expected_error[rows], self.correlation_cm, replaced, doubtful, scatter)


@dataclass(frozen=True, slots=True)
class Context:
    """What a step may use beside the spectra: an engine where one is needed, and how to report progress."""

    denoiser: Denoiser | None = None
    progress: Progress = SILENT


@dataclass(frozen=True, slots=True, eq=False)
class StepResult:
    """The state after a step, and what the step did.

    Parameters
    ----------
    summary : a few words for the row of the panel: "2 cosmic rays", "λ = 3·10⁵, automatic"
    record : plain values for exports and reports
    curves : arrays to draw, by name: `baseline` (N, B), `baseline_error` (N, B), `replaced` (N, B) bool, on the axis
        of the spectra that entered the step
    """

    state: State
    summary: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def apply_to_finite(state: State, apply: Callable[[State], StepResult]) -> StepResult:
    """Apply a step that keeps the axis to the spectra without NaN or infinities; the others stay as they were.

    Raises StudioError when there is none without.
    """
    finite = np.asarray(np.isfinite(state.spectra.values).all(axis=1))
    if finite.all():
        return apply(state)
    if not finite.any():
        raise StudioError(
            "Every spectrum holds points without a number.", remedy="Crop or cut out the range without numbers."
        )
    result = apply(state.rows(finite))
    values, error = state.spectra.values.copy(), np.array(state.expected_error)
    values[finite], error[finite] = result.state.spectra.values, result.state.expected_error
    after = replace(
        result.state,
        spectra=replace(result.state.spectra, values=values, table=state.spectra.table),
        expected_error=error,
        replaced=state.replaced,
        doubtful=state.doubtful,
        scatter=state.scatter,
    )
    curves = {}
    for name, curve in result.curves.items():
        whole = np.full((len(finite), *curve.shape[1:]), np.nan if curve.dtype.kind == "f" else 0, dtype=curve.dtype)
        whole[finite] = curve
        curves[name] = whole
    n_left = int((~finite).sum())
    record = {**result.record, "left_as_they_were": n_left + int(result.record.get("left_as_they_were", 0))}
    return StepResult(after, f"{result.summary}, {n_left} with gaps left as they were", record, curves)


class Step(Protocol):
    """One correction: a frozen dataclass of plain numbers and words, whose types and ranges `schema` states."""

    key: ClassVar[str]
    title: ClassVar[str]
    schema: ClassVar[Schema]

    def apply(self, state: State, context: Context) -> StepResult:
        """Return the corrected spectra and what was done. Raises StudioError where the step cannot be applied."""
        ...


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """A step of a recipe, and whether it is applied."""

    step: Step
    enabled: bool = True


def segments(axis: NDArray[Any]) -> list[slice]:
    """Return the stretches of an `axis` (B,) without a gap, as slices in order."""
    intervals = np.diff(axis)
    ends = np.flatnonzero(intervals > GAP_STEPS * np.median(intervals)) + 1
    bounds = [0, *ends.tolist(), len(axis)]
    return [slice(start, stop) for start, stop in pairwise(bounds)]


def points_of(axis: NDArray[Any], width_cm: float) -> float:
    """Return how many points of an `axis` (B,) a width in cm⁻¹ is."""
    return width_cm / float(np.median(np.diff(axis)))
