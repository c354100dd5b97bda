"""How well the Raman shift axis of spectra is known, as their metadata state it after a calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ramanstudio.core.spectra import Plain

AXIS_UNCERTAINTY: Final = "axis_uncertainty_cm"  # metadata key: the ± of the axis, 95 %
AXIS_KEYS: Final = ("calibration", "calibration_hash", AXIS_UNCERTAINTY, "axis_known_cm", "calibration_warning",
                    "resolution_cm", "resolution_by_shift")  # fmt: skip
COVERAGE: Final = 1.96  # standard uncertainties in a stated ±: 95 %


def axis_sd_cm(about: Mapping[str, Plain]) -> float:
    """Return the standard uncertainty of the axis in cm⁻¹; 0 where the metadata state none.

    It is common to all lines of a spectrum: neither more light nor more spectra make it smaller.
    """
    stated = about.get(AXIS_UNCERTAINTY)
    if isinstance(stated, bool) or not isinstance(stated, int | float) or not 0 < stated < 1e4:
        return 0.0
    return float(stated) / COVERAGE
