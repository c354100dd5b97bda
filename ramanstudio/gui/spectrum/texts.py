"""The texts of the Spectrum tab's panel: where the noise was measured, how spectra were denoised, their metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ramanstudio.core.metadata import BY_KEY, edited_keys, value_text
from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.gui.common.texts import count_of
from ramanstudio.project.project import Entry, Result

INDIVIDUALLY: Final = "individually"


def noise_region_text(results: list[Result]) -> str:
    """Where the noise was measured: `over the whole axis`, `from 1,800 to 1,900 cm⁻¹`, or `in different regions`."""
    regions = {_region_text(item) for item in results if item.denoised is not None and item.noise_region is not None}
    if len(regions) > 1:
        return "in different regions"
    return regions.pop() if regions else ""


def _region_text(result: Result) -> str:
    """The noise region within the axis: it may have been dragged beyond its end."""
    assert result.noise_region is not None
    first, last = float(result.source.axis[0]), float(result.source.axis[-1])
    low, high = max(result.noise_region[0], first), min(result.noise_region[1], last)
    return (
        "over the whole axis"
        if (low, high) == (first, last)
        else f"from {format_number(low)} to {format_number(high)} cm⁻¹"
    )


def set_mode_text(results: list[Result]) -> str:
    """How spectra were denoised: `as a set`, `individually`; empty for a single spectrum on its own."""
    denoised = [result for result in results if result.denoised is not None]
    if sum(len(result.source) for result in denoised) == 1 and not denoised[0].set_size:
        return ""
    modes = {_mode_text(result) for result in denoised}
    if len(modes) > 1:
        return "partly as sets, partly individually" if INDIVIDUALLY in modes else "as several sets"
    return modes.pop() if modes else ""


def requested_mode_text(entries: list[Entry]) -> str:
    """How entries are going to be denoised: `as a set`, `individually`, `as one set`."""
    if not any(entry.set_id for entry in entries):
        return INDIVIDUALLY
    return "as one set" if any(entry.in_larger_set for entry in entries) else "as a set"


def _mode_text(result: Result) -> str:
    if not result.set_size:
        return INDIVIDUALLY
    if result.set_size == len(result.source):
        return "as a set"
    return f"in a set of {format_number(result.set_size)} spectra"


_CALIBRATION_KEYS: Final = (  # of metadata that the recipe sets
    *("calibration", "axis_uncertainty_cm", "axis_known_cm", "resolution_cm", "intensity_correction"),
    "intensity_corrected_cm",
)
_SHOWN: Final = (  # keys of metadata, in the order in which they are shown
    *("laser_nm", "exposure_s", "accumulations", "laser_power_mw", "laser_power_percent", "grating", "objective"),
    *("instrument", "sample", "what", "title", "date", "intensity_unit", "format"),
    "notes",  # what the reader had to assume, or could not get
)


def metadata_rows(entries: list[Entry], results: list[Result]) -> list[tuple[str, str]]:
    """Names and values of the metadata of `entries`: of a single entry all, of several what they have in common."""
    sources = [entry.source for entry in entries if entry.source is not None]
    if not sources:
        return []
    rows: list[tuple[str, str]] = []
    if len(sources) > 1:
        rows.append(("Selected", count_of(len(sources), "entry", "entries")))
    points = {source.points for source in sources}
    spectra = sum(len(source) for source in sources)
    if spectra > 1:
        shape = _shape(entries[0]) if len(sources) == 1 else ""
        rows.append(("Spectra", f"{format_number(spectra)}{shape}"))
    rows.append(
        (
            "Points",
            f"{format_number(points.pop())}"
            if len(points) == 1
            else f"{format_number(min(points))} to {format_number(max(points))}",
        )
    )
    low = min(float(source.axis[0]) for source in sources)
    high = max(float(source.axis[-1]) for source in sources)
    rows.append(("Range", f"{format_number(low)} to {format_number(high)} cm⁻¹"))
    for key in _SHOWN:
        name, unit = BY_KEY[key].short_name, BY_KEY[key].unit
        values = {source.about.get(key) for source in sources}
        value = values.pop() if len(values) == 1 else None
        if value not in (None, ""):
            edited = any(key in edited_keys(source.about) for source in sources)
            text = format_significant(float(value)) if isinstance(value, (int, float)) else str(value)
            if key == "laser_nm" and len(sources) == 1 and "laser_in_file_nm" in sources[0].about:
                unit = f"{unit} (set; the file states {sources[0].about['laser_in_file_nm']} nm)"
            elif edited:
                unit = f"{unit} (edited)"
            rows.append((name, f"{text} {unit}".strip()))
    rows += _calibration_rows(results)
    models = {result.model for result in results if result.denoised is not None}
    if len(models) == 1:
        rows.append(("Model", _breakable(models.pop(), "_-. ")))
    folders = {entry.path.parent for entry in entries}
    computed = [source.about.get("operation") if "source" not in source.about else None for source in sources]
    if len(entries) == 1 and computed[:1] not in ([], [None]):
        rows.append(("Computed", _breakable(str(computed[0]), "_-. ")))
        rows.append(("From", _breakable(str(sources[0].about.get("operands", "")), "_-. ")))
    elif len(entries) == 1:
        rows.append(("File", _breakable(entries[0].path.name, "_-. ")))
    if len(folders) == 1 and not any(computed):
        rows.append(("Folder", _breakable(_near_home(folders.pop()), "/\\_-")))
    return rows


def _calibration_rows(results: list[Result]) -> list[tuple[str, str]]:
    """What the recipe of the spectra calibrated, where it is the same for all."""
    abouts = [result.final.about for result in results]
    rows = []
    for key in _CALIBRATION_KEYS:
        values = {about.get(key) for about in abouts}
        value = values.pop() if len(values) == 1 else None
        if value not in (None, ""):
            rows.append((BY_KEY[key].short_name, f"{value_text(value)} {BY_KEY[key].unit}".strip()))
    return rows


def _breakable(text: str, after: str) -> str:
    """`text` that may wrap after any of the characters `after`."""
    return "".join(f"{character}\u200b" if character in after else character for character in text)


def _near_home(folder: Path) -> str:
    """The path of a folder, with `~` for the user's own."""
    home = Path.home()
    return str(Path("~") / folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)


def _shape(entry: Entry) -> str:
    """What follows the number of spectra: ` (map, 40 × 40)`, ` (time series)`."""
    source = entry.source
    if source is None:
        return ""
    if source.is_map:
        across, down = np.unique(source.table["x"]).size, np.unique(source.table["y"]).size
        return f" (map, {across} × {down})" if across * down == len(source) else " (map)"
    return " (time series)" if "time" in source.table else ""
