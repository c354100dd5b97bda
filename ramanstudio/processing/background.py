"""The step Background: subtract another spectrum, such as dark current, substrate, solvent or glass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, integer, number, optional, text
from ramanstudio.processing.reference_file import read_reference
from ramanstudio.processing.step import Context, State, StepResult, apply_to_finite
from ramanstudio.signal.snr import noise_sigma

NEGATIVE_SHARE = 0.02  # of the points may lie more than two sigma below zero after a fitted background


@dataclass(frozen=True, slots=True)
class Background:
    """Subtract `factor` times a spectrum of a file; without a factor it is fitted to each spectrum.

    The mean of the file, or its `spectrum`, counted from 0.
    The fitted factor is the largest that leaves at most 2 % of the points more than two standard deviations below zero.
    """

    file: str
    factor: float | None = None
    spectrum: int | None = None

    key: ClassVar[str] = "background"
    title: ClassVar[str] = "Background"
    schema: ClassVar[Schema] = Schema(
        {
            "file": text(4000),
            "factor": optional(number(-1e9, 1e9)),
            "spectrum": optional(integer(0, 100_000_000)),
        }
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return spectra (N, B) without the background, and its uncertainty added to the expected error.

        Raises StudioError when the file cannot be read or does not cover the axis.
        """
        return apply_to_finite(state, self._apply)

    def _apply(self, state: State) -> StepResult:
        spectra = state.spectra
        background = read_reference(self.file)
        if self.spectrum is not None:
            if not 0 <= self.spectrum < len(background):
                raise StudioError(
                    f"'{Path(self.file).name}' has no spectrum number {self.spectrum + 1}.",
                    remedy=f"Choose one of its {len(background)} spectra.",
                )
            background = background[self.spectrum]
        if background.axis[0] > spectra.axis[0] + 1e-6 or background.axis[-1] < spectra.axis[-1] - 1e-6:
            raise StudioError(
                f"'{Path(self.file).name}' spans {background.axis[0]:.0f} to {background.axis[-1]:.0f} cm⁻¹"
                " and does not cover these spectra.",
                remedy="Crop before this step, or measure the background over the same range.",
            )
        mean = background.values.mean(axis=0, dtype=np.float64)
        curve = np.interp(spectra.axis, background.axis, mean)
        noise = float(np.sqrt((noise_sigma(background.values).astype(np.float64) ** 2).mean() / len(background)))
        values = spectra.values.astype(np.float64)
        if self.factor is None:
            factors = np.array(
                [_largest_factor(row, curve, error) for row, error in zip(values, state.expected_error, strict=True)]
            )
        else:
            factors = np.full(len(spectra), self.factor)
        error = np.hypot(state.expected_error, (np.abs(factors) * noise)[:, None]).astype(np.float32)
        shown = f"× {np.median(factors):.3g}" + (", fitted" if self.factor is None else "")
        return StepResult(
            replace(state, spectra=spectra.with_values(values - factors[:, None] * curve), expected_error=error),
            shown,
            {"factor_median": float(np.median(factors))},
            {"baseline": factors[:, None] * curve, "factor": factors},
        )


def _largest_factor(row: NDArray[Any], curve: NDArray[Any], error: NDArray[Any]) -> float:
    """The largest factor of `curve` (B,) that stays below `row` (B,) but for a share of the points and their noise."""
    usable = curve > 1e-6 * np.abs(curve).max()
    if not usable.any():
        return 0.0
    ratios = (row + 2 * error)[usable] / curve[usable]
    return float(max(0.0, np.quantile(ratios, NEGATIVE_SHARE)))
