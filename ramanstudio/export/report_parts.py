"""Parts of a report beside the spectrum: reference and difference, map, groups with areas, calibration."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.figure_style import category_colours
from ramanstudio.export.identification_figure import IdentificationFigure, identification_picture
from ramanstudio.export.map_files import MapFigure, map_picture
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import MapGrid, map_layout
from ramanstudio.signal.snr import signal_height

if TYPE_CHECKING:
    from ramanstudio.calibration.profile import Check
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Match

MAP_WIDTH_PX: Final = 330
DIFFERENCE_WIDTH_PX: Final = 500
OUTLIER_NAME: Final = "outliers"
_NOISE_FACTOR: Final = 1.5  # a difference up to this many expected errors is noise
_CALIBRATION: Final = {
    "calibration": ("Profile", ""),
    "calibration_hash": ("Hash of the profile", ""),
    "axis_uncertainty_cm": ("Uncertainty of the axis (95 %)", "± {} cm⁻¹"),
    "axis_known_cm": ("Axis known", "{} cm⁻¹"),
    "resolution_cm": ("Resolution (FWHM)", "{} cm⁻¹"),
}


@dataclass(frozen=True, slots=True, eq=False)
class GroupsOfSet:
    """The groups of the N spectra of a set: `names`, and `labels` (N,) that count them, OUTLIER for none."""

    names: tuple[str, ...]
    labels: NDArray[np.int64]


def difference_part(
    name: str, spectra: SpectrumSet, error: Any, match: Match, library: Library | None
) -> Mapping[str, Any] | None:
    """Return a picture of a spectrum with the reference of its best match, and what their difference means.

    None where the reference is no longer here, or shares too little of the range.
    """
    from ramanstudio.search.reference_overlay import baseline_of, fit_corrected_reference, fit_reference

    if library is None:
        return None
    axis, values, baseline = spectra.axis, spectra.values[0].astype(np.float64), baseline_of(spectra)
    label = name
    try:
        reference = library.spectrum(match.reference)
    except StudioError:
        return None
    if baseline is None:
        fitted = fit_reference(axis, values, reference)
    else:  # as in the window: small bands are seen, whatever the recipe does
        values, label = values - baseline, f"{name}, baseline subtracted"
        fitted = fit_corrected_reference(axis, values, reference)
    if fitted is None:
        return None
    kinds = (("matched", match.matched), ("missing", match.missing), ("extra", match.extra))
    bands = tuple((shift, kind) for kind, shifts in kinds for shift in shifts)
    unit = str(spectra.about.get("intensity_unit", "a.u."))
    drawn = IdentificationFigure(
        f"{name} and the reference {match.name}",
        "",
        label,
        unit,
        axis,
        values,
        (float(axis[0]), float(axis[-1])),
        match.name,
        fitted.reference,
        fitted.difference,
        bands,
    )
    expected = None if error is None else np.asarray(error, dtype=np.float64)[0]
    return {
        "picture": image_text(identification_picture(drawn)),
        "width": DIFFERENCE_WIDTH_PX,
        "meaning": difference_text(axis, values, fitted.difference, expected),
    }


def difference_text(
    axis: NDArray[Any], values: NDArray[Any], difference: NDArray[Any], error: NDArray[Any] | None
) -> str:
    """Return what a reference leaves of a spectrum (B,), in a sentence: its size, and whether noise explains it."""
    known = np.isfinite(difference)
    left = difference[known]
    size = float(np.sqrt(np.mean(left**2)))
    height = float(signal_height(axis[known], values[known][None])[0]) or float(np.ptp(values[known])) or 1.0
    worst = axis[known][int(np.abs(left).argmax())]
    text = f"The reference leaves {format_significant(100 * size / height, 2)} % of the height of the strongest line"
    if error is None or not np.isfinite(error[known]).any():
        return f"{text}, most of it at {worst:.0f} cm⁻¹."
    noise = float(np.sqrt(np.nanmean(error[known] ** 2)))
    if size <= _NOISE_FACTOR * noise:
        return f"{text}: no more than the expected error explains."
    times = format_significant(size / noise, 2) if noise > 0 else "many"
    return (
        f"{text}, {times} times the expected error and most of it at {worst:.0f} cm⁻¹: a background, a shifted or"
        " broadened band, or another substance beside it."
    )


def map_parts(spectra: SpectrumSet, groups: GroupsOfSet | None) -> list[Mapping[str, Any]]:
    """Return pictures of a map (its strongest band, and its groups where there are any); none for other sets."""
    layout = map_layout(spectra)
    if not isinstance(layout, tuple):
        return []
    parts: list[Mapping[str, Any]] = []
    values = np.asarray(spectra.values, dtype=np.float64)
    measured = np.isfinite(values).all(axis=1)
    bands = map_channels.strongest_bands(spectra.axis, values[measured].mean(axis=0)) if measured.any() else ()
    for grid in layout[:1]:
        if bands:
            low, high = bands[0]
            areas = map_channels.band_area(spectra.axis, values, bands[0])
            label = f"Area {low:.0f} to {high:.0f} cm⁻¹"
            limits = map_channels.colour_limits(areas)
            parts.append(_picture(MapFigure(grid, grid.image(areas), label, limits=limits), f"Strongest band: {label}"))
        if groups is not None and groups.names:
            labels = np.where(measured, groups.labels.astype(np.float64), np.nan)
            parts.append(
                _picture(
                    MapFigure(
                        grid,
                        grid.image(labels),
                        "Group",
                        "categories",
                        names=groups.names,
                        colours=_colours(len(groups.names)),
                    ),
                    "Map of the groups",
                )
            )
    return parts


def group_rows(spectra: SpectrumSet, groups: GroupsOfSet | None) -> list[tuple[str, str, str, str]]:
    """Return a row for each group: name, spectra, share, and area where the spectra are a map with a unit."""
    if groups is None or not groups.names:
        return []
    layout = map_layout(spectra)
    grid = layout[0] if isinstance(layout, tuple) and len(layout) == 1 else None
    rows = []
    for number, name in enumerate((*groups.names, OUTLIER_NAME)):
        count = int((groups.labels == (number if number < len(groups.names) else OUTLIER)).sum())
        if count:
            share = f"{100 * count / len(groups.labels):.1f} %"
            rows.append((name, format_number(count), share, _area(grid, count)))
    return rows


def calibration_rows(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is known of the calibration of an axis, and the last verification of its profile."""
    rows = []
    for key, (name, pattern) in _CALIBRATION.items():
        if about.get(key) not in (None, ""):
            value = about[key]
            text = format_significant(value) if isinstance(value, float) else str(value)
            rows.append((name, pattern.format(text) if pattern else text))
    if not rows:
        return []
    check = _last_check(str(about.get("calibration_hash", "")))
    if check is None:
        rows.append(("Verification", "none is known"))
    else:
        verdict = "passed" if check.passed else "FAILED"
        offs = f"lines off by {check.mean_cm:.2f} cm⁻¹ on average, {check.largest_cm:.2f} at most"
        rows.append(
            ("Verification", f"{verdict} with {check.substance} on {check.date}: {offs} (± {check.tolerance_cm:g})")
        )
    return rows


def image_text(content: bytes) -> str:
    """Return a PNG as the text of an image in a page."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def _last_check(hash_: str) -> Check | None:
    """The last verification of the stored profile with this hash."""
    from ramanstudio.calibration import profile_files

    if not hash_:
        return None
    for stored in profile_files.stored_profiles()[0]:
        checks: Sequence[Check] = getattr(stored.profile, "checks", ())
        if stored.profile.hash.startswith(hash_) and checks:
            return checks[-1]
    return None


def _picture(content: MapFigure, title: str) -> Mapping[str, Any]:
    return {"title": title, "picture": image_text(map_picture(content)), "width": MAP_WIDTH_PX}


def _colours(count: int) -> tuple[str, ...]:
    colours = category_colours("light")
    return tuple(colours[number % len(colours)] for number in range(count))


def _area(grid: MapGrid | None, count: int) -> str:
    if grid is None or not grid.unit:
        return ""
    across, down = grid.step
    return f"{format_significant(count * across * down)} {grid.unit}²"
