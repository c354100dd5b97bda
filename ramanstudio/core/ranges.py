"""Ranges of the Raman shift axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ShiftRange = tuple[float, float]  # (low, high) in cm⁻¹


@dataclass(frozen=True, slots=True)
class Region:
    """The part of the axis that is compared: `low_cm` to `high_cm` without the `excluded` ranges, all in cm⁻¹."""

    low_cm: float
    high_cm: float
    excluded: tuple[ShiftRange, ...] = ()

    def contains(self, axis: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which samples of an `axis` (B,) in cm⁻¹ lie inside, (B,)."""
        inside = np.asarray((axis >= self.low_cm) & (axis <= self.high_cm))
        for low, high in self.excluded:
            inside &= (axis < low) | (axis > high)
        return inside
