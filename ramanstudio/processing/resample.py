"""The step Resample: spectra on an even axis, or on a given range of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, number, optional
from ramanstudio.processing.step import Context, State, StepResult, segments

MAX_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Resample:
    """Interpolate to an even axis of `step_cm`, from `low_cm` to `high_cm` where given.

    Coarser steps average over the new interval, so that noise is not aliased. A step finer than measured is said in the
    summary: it adds points, not information.
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
                f"A step of {self.step_cm:g} cm⁻¹ gives {max(n_points, 0)} points between {low:.0f} and {high:.0f}.",
                remedy="Choose another step or range.",
            )
        new = low + self.step_cm * np.arange(n_points)
        measured = float(np.median(np.diff(axis)))
        inside = np.zeros(n_points, dtype=bool)
        for part in segments(axis):
            inside |= (new >= axis[part.start]) & (new <= axis[part.stop - 1])
        new = new[inside]
        weights = _weights(axis, new, self.step_cm)
        values = spectra.values.astype(np.float64) @ weights.T
        # Independent errors add up in squares, correlated ones in full.
        independent = np.sqrt((state.expected_error.astype(np.float64) ** 2) @ weights.multiply(weights).T)
        correlated = state.expected_error.astype(np.float64) @ abs(weights).T
        share = min(1.0, state.correlation_cm / max(self.step_cm, measured))
        error = np.sqrt((1 - share) * independent**2 + share * correlated**2)
        finer = self.step_cm < 0.99 * measured
        summary = f"{self.step_cm:g} cm⁻¹" + (f", finer than measured ({measured:.2g})" if finer else "")
        resampled = State(
            spectra.with_axis(new, values),
            error.astype(np.float32),
            max(state.correlation_cm, measured, self.step_cm),
            _touched(state.replaced, weights),
            _touched(state.doubtful, weights),
        )
        return StepResult(resampled, summary, {"measured_step_cm": measured, "finer_than_measured": finer})


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
