"""Labels that mean the same in every part of the program."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "unknown"  # of a spectrum that no reference, and no class, fits
OUTLIER: Final = -1  # the label of a spectrum that belongs to no group
