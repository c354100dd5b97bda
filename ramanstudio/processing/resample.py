"""The step Resample: spectra on an even axis, or on a given range of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, number, optional
from ramanstudio.processing.step import Context, State, StepResult, segments

MAX_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Resample:
    """Interpolate to an even axis of `step_cm`, from `low_cm` to `high_cm` where given.

    Coarser steps average over the new interval first, so that noise is not aliased. A step finer than measured is said in the summary:
    it adds points, not information.
    """

    step_cm: float
    low_cm: float | None = None
    high_cm: float | None = None

    key: ClassVar[str] = "resample"
    title: ClassVar[str] = "Resample"
    schema: ClassVar[Schema] = Schema(
        {"step_cm": number(1e-3, 1000), "low_cm": optional(number()), "high_cm": optional(number())}
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return spectra (N, B') on the new axis; points inside a gap of the old axis are left out.

        Raises StudioError when fewer than eight points would be left.
        """
        spectra = state.spectra
        axis = spectra.axis
        low = axis[0] if self.low_cm is None else max(self.low_cm, axis[0])
        high = axis[-1] if self.high_cm is None else min(self.high_cm, axis[-1])
        n_points = int(np.floor((high - low) / self.step_cm + 1e-9)) + 1
        if not 8 <= n_points <= MAX_POINTS:
            raise StudioError(
                f"A step of {self.step_cm:g} cm⁻¹ gives {max(n_points, 0)} points between {low:.0f} and {high:.0f} cm⁻¹.",
                remedy="Choose another step or range.",
            )
        new = low + self.step_cm * np.arange(n_points)
        measured = float(np.median(np.diff(axis)))
        inside = np.zeros(n_points, dtype=bool)
        for part in segments(axis):
            inside |= (new >= axis[part.start]) & (new <= axis[part.stop - 1])
        new = new[inside]
        weights = _weights(axis, new, max(self.step_cm, measured) / 2)
        values = spectra.values.astype(np.float64) @ weights.T
        # Independent errors add up in squares, correlated ones in full.
        independent = np.sqrt((state.expected_error.astype(np.float64) ** 2) @ (weights**2).T)
        correlated = state.expected_error.astype(np.float64) @ np.abs(weights).T
        share = min(1.0, state.correlation_cm / max(self.step_cm, measured))
        error = np.sqrt((1 - share) * independent**2 + share * correlated**2)
        finer = self.step_cm < 0.99 * measured
        summary = f"{self.step_cm:g} cm⁻¹" + (f", finer than measured ({measured:.2g})" if finer else "")
        resampled = State(
            spectra.with_axis(new, values), error.astype(np.float32), max(state.correlation_cm, measured, self.step_cm)
        )
        return StepResult(resampled, summary, {"measured_step_cm": measured, "finer_than_measured": finer})


def _weights(axis: np.ndarray, new: np.ndarray, reach: float):  # type: ignore[no-untyped-def, type-arg]
    """The sparse matrix (B', B) of triangular weights within `reach` of each new point; linear interpolation at least."""
    from scipy.sparse import csr_matrix

    right = np.clip(np.searchsorted(axis, new), 1, len(axis) - 1)
    left = right - 1
    share = np.clip((new - axis[left]) / (axis[right] - axis[left]), 0, 1)
    first = np.searchsorted(axis, new - 2 * reach, side="right")
    last = np.searchsorted(axis, new + 2 * reach, side="left")
    rows, columns, entries = [], [], []
    for index in range(len(new)):
        points = np.arange(first[index], last[index])
        if len(points) > 3:
            weight = 1 - np.abs(axis[points] - new[index]) / (2 * reach)
            weight /= weight.sum()
        else:
            points, weight = np.array([left[index], right[index]]), np.array([1 - share[index], share[index]])
        rows.append(np.full(len(points), index))
        columns.append(points)
        entries.append(weight)
    return csr_matrix(
        (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=(len(new), len(axis))
    )
