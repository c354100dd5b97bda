"""Wavelengths in air and in vacuum."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def refractive_index_of_air(vacuum_nm: Floats) -> Floats:
    """Return n of standard air (15 °C, 1013.25 hPa, 450 ppm CO2, dry) at wavelengths in vacuum (K,) nm -> (K,).

    P. E. Ciddor, Applied Optics 35, 1566 (1996), equation 1.
    """
    k2 = (1e3 / np.asarray(vacuum_nm, dtype=np.float64)) ** 2  # µm^-2
    n: Floats = 1 + 1e-8 * (5792105 / (238.0185 - k2) + 167917 / (57.362 - k2))
    return n


@overload
def air_to_vacuum(air_nm: float) -> float: ...
@overload
def air_to_vacuum(air_nm: Floats) -> Floats: ...
def air_to_vacuum(air_nm: float | Floats) -> float | Floats:
    """Return wavelengths in vacuum for wavelengths in air, nm; to 1e-7 nm by three iterations."""
    air = np.asarray(air_nm, dtype=np.float64)
    vacuum = air * 1.00028
    for _ in range(3):
        vacuum = air * refractive_index_of_air(vacuum)
    return float(vacuum) if vacuum.ndim == 0 else vacuum
