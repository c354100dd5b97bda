"""The step Normalise: spectra on one scale, by a band, an area, or their spread; for sets also MSC and EMSC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, number, optional, text
from ramanstudio.processing.step import Context, State, StepResult, apply_to_finite

METHODS = ("maximum", "band", "area", "vector", "snv", "min-max", "msc", "emsc")


@dataclass(frozen=True, slots=True)
class Normalise:
    """Scale each spectrum by one of METHODS.

    maximum: the highest point is 1; band: the mean between `low_cm` and `high_cm` is 1; area: the mean intensity is 1;
    vector: unit length; snv: mean 0 and standard deviation 1 (Barnes et al. 1989); min-max: 0 to 1;
    msc: multiplicative scatter correction to the mean of the set (Geladi et al. 1985);
    emsc: the same with a quadratic baseline (Martens and Stark 1991).
    """

    method: str = "maximum"
    low_cm: float | None = None
    high_cm: float | None = None

    key: ClassVar[str] = "normalise"
    title: ClassVar[str] = "Normalise"
    schema: ClassVar[Schema] = Schema(
        {
            "method": optional(text(choices=METHODS), METHODS[0]),
            "low_cm": optional(number()),
            "high_cm": optional(number()),
        }
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return (values − offset) / scale, (N, B), and the expected error divided by the scale.

        Spectra whose quantity is zero or negative stay as they were. Raises StudioError when that is so for all, a band
        is outside the axis, or MSC has fewer than two spectra.
        """
        return apply_to_finite(state, self._apply)

    def _apply(self, state: State) -> StepResult:
        spectra = state.spectra
        offset, scale = self._offset_and_scale(spectra.axis, spectra.values.astype(np.float64))
        usable = np.isfinite(scale) & (scale > 0)
        n_left = int((~usable).sum())
        if not usable.any():
            raise StudioError(
                f"{n_left} of {len(spectra)} spectra cannot be scaled: the chosen quantity is zero or negative.",
                remedy="Choose another normalisation or another band, or subtract a baseline less.",
            )
        # a flat pixel must not stop the map: it stays as it was
        scale = np.where(usable, scale, 1.0)
        offset = np.where(usable[:, None], offset, 0.0)
        values = (spectra.values - offset) / scale[:, None]
        error = state.expected_error / scale[:, None].astype(np.float32)
        normalised = spectra.with_values(values).with_about(intensity_unit="a.u.")
        factor = 1 / np.median(scale[usable])
        summary = f"×{factor:.3g}, {self.method}" + (f", {n_left} left as they were" if n_left else "")
        return StepResult(
            replace(state, spectra=normalised, expected_error=error.astype(np.float32)),
            summary,
            {"scale_median": float(np.median(scale[usable])), "left_as_they_were": n_left},
            {"scale": scale, "offset": offset},
        )

    def _offset_and_scale(self, axis: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        zero = np.zeros((len(values), 1))
        if self.method == "maximum":
            return zero, values.max(axis=1)
        if self.method == "vector":
            return zero, np.linalg.norm(values, axis=1)
        if self.method == "area":
            return zero, np.trapezoid(values, axis, axis=1) / (axis[-1] - axis[0])
        if self.method == "min-max":
            return values.min(axis=1, keepdims=True), np.ptp(values, axis=1)
        if self.method == "snv":
            return values.mean(axis=1, keepdims=True), values.std(axis=1)
        if self.method == "band":
            return zero, values[:, self._inside(axis)].mean(axis=1)
        return _scatter_corrected(axis, values, 2 if self.method == "emsc" else 0)

    def _inside(self, axis: NDArray[Any]) -> NDArray[np.bool_]:
        low = axis[0] if self.low_cm is None else self.low_cm
        high = axis[-1] if self.high_cm is None else self.high_cm
        inside: NDArray[np.bool_] = (axis >= low) & (axis <= high)
        if not inside.any():
            raise StudioError(
                f"The band {low:g}–{high:g} cm⁻¹ holds no point.",
                remedy=f"These spectra span {axis[0]:.0f} to {axis[-1]:.0f} cm⁻¹.",
            )
        return inside


def _scatter_corrected(axis: NDArray[Any], values: NDArray[Any], degree: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Offset (N, B) and scale (N,) of each spectrum against the mean of the set, with a polynomial baseline."""
    if len(values) < 2:
        raise StudioError(
            "MSC compares spectra with their mean, and here is only one.", remedy="Select several spectra."
        )
    centred = 2 * (axis - axis[0]) / (axis[-1] - axis[0]) - 1
    design = np.column_stack([values.mean(axis=0), *(centred**power for power in range(degree + 1))])
    coefficients = np.linalg.lstsq(design, values.T, rcond=None)[0]
    return (design[:, 1:] @ coefficients[1:]).T, coefficients[0]
