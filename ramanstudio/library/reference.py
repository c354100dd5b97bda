"""A reference: a spectrum whose substance is known, and what a spectrum must have to be one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

FEWEST_POINTS: Final = 32

AxisAndValues = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]  # cm⁻¹ and intensities, (B,) each


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A spectrum (a set of one) whose substance is known, with its metadata; `laser_nm` is NaN where it is unknown."""

    name: str
    spectrum: SpectrumSet
    group: str = ""
    formula: str = ""
    laser_nm: float = math.nan
    source: str = ""
    licence: str = ""
    sample: str = ""
    note: str = ""


def reference_spectrum(name: str, axis: ArrayLike, values: ArrayLike) -> SpectrumSet:
    """Return Raman shifts and intensities (B,) as a set of one fit to be a reference: without points that are NaN.

    Raises StudioError when fewer than FEWEST_POINTS points are left or all have the same intensity.
    """
    shifts, intensities = np.asarray(axis, dtype=np.float64), np.asarray(values, dtype=np.float64)
    finite = np.isfinite(shifts) & np.isfinite(intensities)
    n_points = np.count_nonzero(finite)
    problem = ""
    if n_points < FEWEST_POINTS:
        problem = f"it has {n_points} points with a number, fewer than {FEWEST_POINTS}"
    elif np.ptp(intensities[finite]) == 0:
        problem = "it is flat"
    if problem:
        raise StudioError(f"'{name}' cannot be a reference: {problem}.", remedy="Leave it out, or measure it again.")
    return SpectrumSet.of(shifts[finite], intensities[finite])


def single_precision(reference: Reference) -> AxisAndValues:
    """Return axis and intensities (B,) of a reference as float32, in which libraries keep them.

    Raises StudioError when it is not one finite spectrum or its axis does not increase in float32.
    """
    spectrum = reference.spectrum
    axis = spectrum.axis.astype(np.float32)
    if len(spectrum) != 1 or not np.isfinite(spectrum.values).all() or not np.all(np.diff(axis) > 0):
        raise StudioError(
            f"'{reference.name}' cannot be a reference: it is {len(spectrum)} spectra, or holds values that are not"
            " numbers.",
            remedy="Give one spectrum without gaps for each reference.",
        )
    return axis, spectrum.values[0]
