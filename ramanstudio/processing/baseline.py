"""The step Baseline: fluorescence and other slow background is subtracted, and its uncertainty added to the error."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.schema import Schema, integer, list_of, number, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing.region_weights import bridge_regions, check_regions, follow_regions
from ramanstudio.processing.step import Context, State, StepResult, apply_to_finite, segments
from ramanstudio.signal import baseline
from ramanstudio.signal.baseline import METHODS, Baseline


@dataclass(frozen=True, slots=True)
class SubtractBaseline:
    """Subtract a baseline.

    method : "automatic" (no parameters), a classic method with `length_cm` or `degree`, or "anchors"
    anchors : (Raman shift in cm⁻¹, intensity) of points that the baseline goes through, for "anchors"
    region_weights : (low, high, weight) of ranges in cm⁻¹: 0 where there are lines, which the baseline bridges; more
        than 1 where there is background only, which it follows
    """

    method: str = "automatic"
    length_cm: float = 100.0
    degree: int = 4
    anchors: tuple[tuple[float, float], ...] = ()
    region_weights: tuple[tuple[float, float, float], ...] = ()

    key: ClassVar[str] = "baseline"
    title: ClassVar[str] = "Baseline"
    schema: ClassVar[Schema] = Schema(
        {
            "method": optional(text(choices=METHODS), METHODS[0]),
            "length_cm": optional(number(0.1, 100_000), 100.0),
            "degree": optional(integer(0, 20), 4),
            "anchors": optional(list_of(list_of(number(), length=2), 1000), ()),
            "region_weights": optional(list_of(list_of(number(), length=3), 100), ()),
        }
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return spectra (N, B) without their baseline; `baseline` and `baseline_error` (N, B) say what it was.

        Raises StudioError when there are too few points, or a parameter does not fit the axis.
        """
        check_regions(state.spectra.axis, self.region_weights)
        return apply_to_finite(state, self._apply)

    def _apply(self, state: State) -> StepResult:
        spectra = state.spectra
        parts = [part for part in segments(spectra.axis) if part.stop - part.start >= baseline.MIN_POINTS]
        values = np.zeros(spectra.values.shape, dtype=np.float32)
        uncertainty = np.zeros_like(values)
        chosen: dict[str, object] = {}
        for part in parts or [slice(0, spectra.points)]:
            piece = spectra.with_axis(spectra.axis[part], spectra.values[:, part])
            bridged = piece.with_values(bridge_regions(piece.axis, piece.values, self.region_weights))
            with warnings.catch_warnings():  # pybaselines warns where a spectrum is flat or does not converge
                warnings.simplefilter("ignore")
                fitted = self._fit(bridged, state.expected_error[:, part])
            followed = follow_regions(piece.axis, piece.values, fitted.values, self.region_weights, self.length_cm)
            values[:, part], uncertainty[:, part] = followed, fitted.uncertainty
            chosen = dict(fitted.chosen)
        error = np.hypot(state.expected_error, uncertainty)
        subtracted = replace(state, spectra=spectra.with_values(spectra.values - values), expected_error=error)
        shown = ", ".join(f"{name} {value:.3g}" for name, value in chosen.items() if isinstance(value, float))
        summary = self.method + (f", {shown}" if shown else "")
        return StepResult(subtracted, summary, chosen, {"baseline": values, "baseline_error": uncertainty})

    def _fit(self, spectra: SpectrumSet, error: NDArray[np.float32]) -> Baseline:
        if self.method == "automatic":
            return baseline.automatic_baseline(spectra, error)
        if self.method == "anchors":
            return baseline.anchor_baseline(spectra, self.anchors)
        return baseline.classic_baseline(spectra, self.method, self.length_cm, self.degree, error)
