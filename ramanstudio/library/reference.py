"""A reference: a spectrum whose substance is known, and what a spectrum must have to be one."""

from __future__ import annotations

import math
import re
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
    """Return Raman shifts and intensities (B,) as a set of one fit to be a reference: only points with finite numbers.

    Raises StudioError when fewer than FEWEST_POINTS points are left or all have the same intensity.
    """
    shifts, intensities = np.asarray(axis, dtype=np.float64), np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        finite = np.isfinite(shifts.astype(np.float32)) & np.isfinite(intensities.astype(np.float32))
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
    with np.errstate(over="ignore", invalid="ignore"):
        axis = spectrum.axis.astype(np.float32)
        increasing = bool(np.isfinite(axis).all() and np.all(np.diff(axis) > 0))
    problem = ""
    if len(spectrum) != 1:
        problem = f"it is {len(spectrum)} spectra"
    elif not np.isfinite(spectrum.values).all():
        problem = "it holds values that are not numbers"
    elif not increasing:
        problem = "its Raman shifts are too large or too close together"
    if problem:
        raise StudioError(
            f"'{reference.name}' cannot be a reference: {problem}.",
            remedy="Use one spectrum without gaps for each reference.",
        )
    return axis, spectrum.values[0]


def stated_laser_nm(text: str) -> float:
    """Return the laser wavelength in nm that a text states, such as "532 nm"; NaN where it states no plausible one."""
    number = re.search(r"\d{1,9}(\.\d{1,9})?", text)
    laser_nm = float(number[0]) if number else math.nan
    return laser_nm if 180 <= laser_nm <= 2000 else math.nan
