"""The step Denoise: the network takes off the noise; steps after it act on denoised spectra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, optional, text
from ramanstudio.denoising.batches import MIN_POINTS, MIN_TOGETHER
from ramanstudio.processing.gaps import interpolation_error
from ramanstudio.processing.step import Context, State, StepResult, segments


@dataclass(frozen=True, slots=True)
class Denoise:
    """Denoise with the loaded model; at most once in a recipe.

    as_set : "auto" (as a set where there are four or more spectra), "yes" or "no"
    """

    as_set: str = "auto"

    key: ClassVar[str] = "denoise"
    title: ClassVar[str] = "Denoise"
    schema: ClassVar[Schema] = Schema({"as_set": optional(text(choices=("auto", "yes", "no")), "auto")})

    def apply(self, state: State, context: Context) -> StepResult:
        """Return denoised spectra (N, B) with their expected error; gaps of the axis are never bridged.

        Raises StudioError when no engine is loaded, or no stretch of the axis is long enough.
        """
        if context.denoiser is None:
            raise StudioError("No model is loaded to denoise with.", remedy="Choose a model, or leave out Denoise.")
        spectra = state.spectra
        together = self.as_set == "yes" or (self.as_set == "auto" and len(spectra) >= MIN_TOGETHER)
        parts = [part for part in segments(spectra.axis) if part.stop - part.start >= MIN_POINTS]
        if not parts:
            raise StudioError(
                f"No stretch of {MIN_POINTS} points is left to denoise.",
                remedy="Measure or keep more points, or switch Denoise off.",
            )
        values, error = spectra.values.copy(), np.array(state.expected_error)
        before, after = [], []
        for part in parts:
            piece = spectra.with_axis(spectra.axis[part], spectra.values[:, part])
            replaced = None if state.replaced is None else state.replaced[:, part]
            denoised = context.denoiser.denoise(piece, together, context.progress, replaced)
            values[:, part], error[:, part] = denoised.spectra.values, denoised.expected_error
            if replaced is not None and replaced.any():
                # nothing was measured there: what interpolation misses beside these points is not the network's error
                missed = interpolation_error(denoised.spectra.values, replaced)
                error[:, part] = np.hypot(error[:, part], missed)
            if state.scatter is not None and state.scatter.shape == error.shape:
                kept = state.expected_error[:, part] * np.sqrt(state.scatter[:, part])
                error[:, part] = np.hypot(error[:, part], kept)
            before.append(denoised.snr_before)
            after.append(denoised.snr_after)
        # The strongest line counts: the stretch with the higher ratio holds it.
        strongest = np.argmax(np.nan_to_num(np.stack(before)), axis=0)
        rows = np.arange(len(spectra))
        snr_before, snr_after = np.stack(before)[strongest, rows], np.stack(after)[strongest, rows]
        known = snr_before > 0
        ratio = float(np.median(snr_after[known] / snr_before[known])) if known.any() else np.nan
        return StepResult(
            replace(state, spectra=spectra.with_values(values), expected_error=error, scatter=None),
            f"×{ratio:.2g}" if np.isfinite(ratio) else "",
            {"as_set_used": bool(together), "stretches": [part.stop - part.start for part in parts]},
            {"snr_before": snr_before, "snr_after": snr_after},
        )
