"""Fit a reference to a spectrum: scaled by least squares, both with their baselines subtracted, where that is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region

Floats = NDArray[np.floating[Any]]

DEGREE: Final = 6  # of the polynomial that stands for the difference of the two baselines
MIN_POINTS: Final = 16  # that both have


@dataclass(frozen=True, slots=True, eq=False)
class FittedReference:
    """The scaled `reference` (B,) and the `difference` (B,), spectrum minus reference; NaN where the reference ends.

    `coverage` (0 to 1) is the share of the spectrum's samples that the reference covers.
    """

    reference: Floats
    difference: Floats
    coverage: float


def fit_reference(
    axis: Floats, values: Floats, reference: SpectrumSet, within: Region | None = None, degree: int = DEGREE
) -> FittedReference | None:
    """Fit the first spectrum of `reference` to `values` (B,) at `axis` (B,) in cm⁻¹ by least squares.

    Fitted are a scale, never below zero, and a polynomial of `degree` for the difference of the two baselines: 0 where
    both have none. Where `within` is given, only there. None where the two share too few points.
    """
    covered = (axis >= reference.axis[0]) & (axis <= reference.axis[-1]) & np.isfinite(values)
    resampled = np.interp(axis, reference.axis, np.nan_to_num(reference.values[0].astype(np.float64)))
    fitted = covered & compared_samples(axis, within)
    if fitted.sum() < MIN_POINTS:
        return None
    span = float(np.ptp(axis)) or 1.0
    baseline = np.polynomial.legendre.legvander(2 * (axis - axis[0]) / span - 1, degree)
    height = float(np.ptp(resampled[fitted])) or 1.0
    columns = np.column_stack([resampled / height, baseline])
    target = values.astype(np.float64)
    coefficients = np.linalg.lstsq(columns[fitted], target[fitted], rcond=None)[0]
    if coefficients[0] < 0:  # no spectrum holds a negative amount of anything
        coefficients = np.concatenate([[0.0], np.linalg.lstsq(baseline[fitted], target[fitted], rcond=None)[0]])
    scaled = np.where(covered, columns @ coefficients, np.nan)
    return FittedReference(scaled, np.where(covered, target - scaled, np.nan), float(covered.mean()))


def baseline_of(spectra: SpectrumSet) -> Floats | None:
    """Return the automatic baseline (B,) of the first of `spectra`; None where it has too few points, or gaps."""
    from ramanstudio.signal.baseline import automatic_baseline

    try:
        baseline: Floats = automatic_baseline(spectra[:1]).values[0]
        return baseline
    except StudioError:
        return None


def fit_corrected_reference(
    axis: Floats, values: Floats, reference: SpectrumSet, within: Region | None = None
) -> FittedReference | None:
    """Fit a reference without its own baseline to `values` (B,) without theirs; the rest as `fit_reference`."""
    baseline = baseline_of(reference)
    if baseline is None:
        return fit_reference(axis, values, reference, within)
    return fit_reference(axis, values, reference[:1].with_values(reference.values[:1] - baseline), within, degree=0)


def compared_samples(axis: Floats, within: Region | None) -> NDArray[np.bool_]:
    """Which samples of an axis (B,) in cm⁻¹ are compared; all where `within` is None."""
    return np.ones(len(axis), dtype=bool) if within is None else within.contains(axis)
