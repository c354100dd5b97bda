"""From what a reader of a vendor's file finds (axis, intensities, laser, metadata) to a SpectrumSet in Raman shift."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.validation import sorted_spectra

_DATE_PATTERNS: Final = (
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%a %b %d %H:%M:%S %Y", "%d%b%Y%H%M%S",
    "%d%b%Y", "%d.%m.%Y", "%Y-%m-%d",
)  # fmt: skip
MAX_TEXT: Final = 1000  # characters of one entry of the metadata


def raman_spectra(
    path: Path,
    axis: NDArray[Any],
    unit: str,
    values: NDArray[Any],
    *,
    file_laser_nm: float | None = None,
    laser_nm: float | None = None,
    about: Mapping[str, Plain | None] | None = None,
    table: Mapping[str, NDArray[Any]] | None = None,
) -> SpectrumSet:
    """Return intensities `values` (N, B) on `axis` (B,) in `unit` as a set in Raman shift.

    Where the axis has to be converted, `laser_nm` of the user wins over `file_laser_nm`, which the file states. Entries
    of `about` that are None, empty or not finite are left out, and so are columns of `table` that are not finite.
    Raises StudioError when the axis is not, and cannot be converted to, a Raman shift.
    """
    axis = np.asarray(axis, dtype=np.float64)
    file_laser_nm = plausible_laser(file_laser_nm)
    shift = axes.raman_shift(path, axis, unit, axes.chosen_laser(file_laser_nm, laser_nm))
    metadata = cleaned({**axes.laser_metadata(axis, unit, file_laser_nm, laser_nm), **(about or {})})
    if unit == axes.UNKNOWN:
        metadata["notes"] = " ".join(filter(None, [str(metadata.get("notes", "")), axes.ASSUMED_SHIFT]))
    columns = {name: column for name, column in (table or {}).items() if _is_usable(column)}
    return sorted_spectra(path, shift, values).with_about(**metadata).with_table(**columns)


def plausible_laser(laser_nm: float | None) -> float | None:
    """Return a laser wavelength that a file states, None when it is no wavelength of a laser."""
    return laser_nm if laser_nm is not None and 100.0 <= laser_nm <= 3000.0 else None


def cleaned(about: Mapping[str, Plain | None]) -> dict[str, Plain]:
    """Return metadata without entries that are None, empty or not finite; texts are stripped and cut."""
    kept: dict[str, Plain] = {}
    for key, value in about.items():
        if isinstance(value, str):
            value = "".join(letter for letter in value if letter.isprintable() or letter == "\n").strip()[:MAX_TEXT]
        if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
            continue
        kept[key] = value
    return kept


def iso_date(text: str) -> str:
    """Return a date, of an instrument's notation, as 2025-07-17 13:09:00; as it is when the notation is unknown."""
    text = re.sub(r"\s+", " ", text.strip())
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None).isoformat(" ", "seconds")
    except ValueError:
        pass
    for pattern in _DATE_PATTERNS:
        try:
            return datetime.strptime(text, pattern).isoformat(" ", "seconds")
        except ValueError:
            continue
    return text


def positive(number: float | None) -> float | None:
    """Return an exposure or a power that a file states, None when it is not positive."""
    return float(number) if number is not None and math.isfinite(number) and number > 0 else None


def _is_usable(column: NDArray[Any]) -> bool:
    return column.dtype.kind not in "fc" or bool(np.all(np.isfinite(column)))
