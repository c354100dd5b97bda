"""A reference: a spectrum whose substance is known, and what makes a spectrum fit to be one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

FEWEST_POINTS: Final = 32

Spectrum = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]  # axis and intensities, (B,) each


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A spectrum (a set of one) whose substance is known, and what is known of it; `laser_nm` NaN where it is not."""

    name: str
    spectrum: SpectrumSet
    group: str = ""
    formula: str = ""
    laser_nm: float = math.nan
    source: str = ""
    licence: str = ""
    sample: str = ""
    note: str = ""


def measured(name: str, axis: ArrayLike, values: ArrayLike) -> SpectrumSet:
    """Shifts and intensities (B,) as a set of one that can be a reference: without the points that have no number.

    Raises StudioError when fewer than FEWEST_POINTS are left or all are alike.
    """
    shifts, intensities = np.asarray(axis, dtype=np.float64), np.asarray(values, dtype=np.float64)
    there = np.isfinite(shifts) & np.isfinite(intensities)
    found = ""
    if np.count_nonzero(there) < FEWEST_POINTS:
        found = f"it has {np.count_nonzero(there)} points with a number, fewer than {FEWEST_POINTS}"
    elif np.ptp(intensities[there]) == 0:
        found = "it is flat"
    if found:
        raise StudioError(f"'{name}' cannot be a reference: {found}.", remedy="Leave it out, or measure it again.")
    return SpectrumSet.of(shifts[there], intensities[there])


def plain(reference: Reference) -> Spectrum:
    """The numbers of a reference as they are kept: 32 bits, as an instrument has them."""
    spectrum = reference.spectrum
    axis = spectrum.axis.astype(np.float32)
    if len(spectrum) != 1 or not np.isfinite(spectrum.values).all() or not np.all(np.diff(axis) > 0):
        raise StudioError(
            f"'{reference.name}' cannot be a reference: it is {len(spectrum)} spectra, or holds values that are not"
            " numbers.",
            remedy="Give one spectrum without gaps for each reference.",
        )
    return axis, spectrum.values[0]
