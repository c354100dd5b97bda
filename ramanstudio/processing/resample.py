"""The step Resample: spectra on an even axis, or on a given range of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, number, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.reference_file import read_reference
from ramanstudio.processing.step import Context, State, StepResult, segments

MIN_POINTS = 8
MAX_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Resample:
    """Interpolate to an even axis of `step_cm`, from `low_cm` to `high_cm` where given, or to the axis of a file.

    like : a file whose axis is taken, in place of `step_cm`
    Coarser steps average over the new interval, so that noise is not aliased. A step finer than measured is said in the
    summary: it adds points, not information.
    """

    step_cm: float = 1.0
    low_cm: float | None = None
    high_cm: float | None = None
    like: str = ""

    key: ClassVar[str] = "resample"
    title: ClassVar[str] = "Resample"
    schema: ClassVar[Schema] = Schema(
        {
            "step_cm": optional(number(1e-3, 1000), 1.0),
            "low_cm": optional(number()),
            "high_cm": optional(number()),
            "like": optional(text(4000), ""),
        }
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return spectra (N, B') on the new axis; points inside a gap of the old axis are left out.

        Raises StudioError when fewer than eight points would be left.
        """
        spectra = state.spectra
        axis = spectra.axis
        new = self._new_axis(axis)
        step_cm = float(np.median(np.diff(new))) if len(new) > 1 else self.step_cm
        measured = float(np.median(np.diff(axis)))
        inside = np.zeros(len(new), dtype=bool)
        for part in segments(axis):
            inside |= (new >= axis[part.start] - 1e-9) & (new <= axis[part.stop - 1] + 1e-9)
        new = new[inside]
        if len(new) < MIN_POINTS:
            raise StudioError(
                f"Fewer than {MIN_POINTS} points of the new axis lie where these spectra were measured.",
                remedy=f"They span {axis[0]:.0f} to {axis[-1]:.0f} cm⁻¹.",
            )
        weights = _weights(axis, new, step_cm)
        values = spectra.values.astype(np.float64) @ weights.T
        # Independent errors add up in squares, correlated ones in full.
        independent = np.sqrt((state.expected_error.astype(np.float64) ** 2) @ weights.multiply(weights).T)
        correlated = state.expected_error.astype(np.float64) @ abs(weights).T
        share = min(1.0, state.correlation_cm / max(step_cm, measured))
        error = np.sqrt((1 - share) * independent**2 + share * correlated**2)
        finer = step_cm < 0.99 * measured
        summary = f"{step_cm:.4g} cm⁻¹" + (f", finer than measured ({measured:.2g})" if finer else "")
        resampled = State(
            spectra.with_axis(new, values),
            error.astype(np.float32),
            max(state.correlation_cm, measured, step_cm),
            _touched(state.replaced, weights),
            _touched(state.doubtful, weights),
        )
        return StepResult(resampled, summary, {"measured_step_cm": measured, "finer_than_measured": finer})

    def _new_axis(self, axis: NDArray[Any]) -> NDArray[np.float64]:
        """The axis asked for, inside of that of the spectra."""
        low = axis[0] if self.low_cm is None else max(self.low_cm, axis[0])
        high = axis[-1] if self.high_cm is None else min(self.high_cm, axis[-1])
        if self.like:
            other = read_reference(self.like).axis
            return np.asarray(other[(other >= low) & (other <= high)])
        n_points = int(np.floor((high - low) / self.step_cm + 1e-9)) + 1
        if not MIN_POINTS <= n_points <= MAX_POINTS:
            raise StudioError(
                f"A step of {self.step_cm:g} cm⁻¹ gives {max(n_points, 0)} points between {low:.0f} and {high:.0f}.",
                remedy="Choose another step or range.",
            )
        return np.asarray(low + self.step_cm * np.arange(n_points))


def common_axis_step(sets: Sequence[SpectrumSet]) -> Resample:
    """Return the step that brings spectra of several axes to one: the range they share, at their coarsest step.

    Raises StudioError when they share fewer than eight points.
    """
    low, high = max(spectra.axis[0] for spectra in sets), min(spectra.axis[-1] for spectra in sets)
    step_cm = max(float(np.median(np.diff(spectra.axis))) for spectra in sets)
    if high - low < (MIN_POINTS - 1) * step_cm:
        raise StudioError(
            "These spectra share too little of their range.", remedy="Choose spectra that overlap by more."
        )
    return Resample(step_cm, float(low), float(high))


def _touched(mask: NDArray[np.bool_] | None, weights: Any) -> NDArray[np.bool_] | None:
    """Which new points (N, B') use a point of `mask` (N, B)."""
    return None if mask is None else np.asarray(mask.astype(np.float32) @ weights.T > 0.01)


def _weights(axis: NDArray[Any], new: NDArray[Any], width: float) -> Any:
    """The sparse matrix (B', B) that averages the linear interpolation over `width` around each new point."""
    from scipy.sparse import csr_array

    # The mean over places on both sides of a point keeps straight lines straight; one place is plain interpolation.
    step = float(np.median(np.diff(axis)))
    n_places = 1 if width <= step else 2 * int(np.ceil(width / step)) + 1
    room = np.minimum(new - axis[0], axis[-1] - new)
    half = np.minimum(width / 2 * (1 - 1 / n_places), room)
    rows, columns, entries = [], [], []
    for place in np.linspace(-1, 1, n_places) if n_places > 1 else [0.0]:
        shifts = new + place * half
        right = np.clip(np.searchsorted(axis, shifts), 1, len(axis) - 1)
        share = np.clip((shifts - axis[right - 1]) / (axis[right] - axis[right - 1]), 0, 1)
        rows += [np.arange(len(new))] * 2
        columns += [right - 1, right]
        entries += [(1 - share) / n_places, share / n_places]
    indices = (np.concatenate(rows), np.concatenate(columns))
    return csr_array((np.concatenate(entries), indices), shape=(len(new), len(axis)))
