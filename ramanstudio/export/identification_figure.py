"""The figure of an identification: a spectrum, the reference over it, their bands, and the difference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.export.figure_style import (
    FIGURE_INCHES,
    ThemeColours,
    add_legend,
    figure_bytes,
    fit_height,
    save_figure,
    style_axes,
    theme_colours,
    truncate,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.floating[Any]]

MARKERS: Final = {"matched": "o", "missing": "v", "extra": "^"}  # as in the window: never by colour alone
_TITLE_LENGTH: Final = 90  # characters
_SUBTITLE_LENGTH: Final = 120
_LABEL_GAP: Final = 0.022  # of the width, between the labels of two bands at least


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationFigure:
    """A spectrum `values` (B,) at `axis` (B,) in cm⁻¹, and the `reference` (B,) drawn over it, or None.

    `difference` (B,) is what the reference leaves. `bands` are pairs of a Raman shift in cm⁻¹ and "matched", "missing"
    or "extra"; `shifts` (low, high) is the range that is shown.
    """

    title: str
    subtitle: str
    name: str
    unit: str
    axis: Floats
    values: Floats
    shifts: tuple[float, float]
    reference_name: str = ""
    reference: Floats | None = None
    difference: Floats | None = None
    bands: tuple[tuple[float, str], ...] = ()


def draw_identification(path: Path, content: IdentificationFigure, dark: bool = False) -> Path:
    """Draw an identification to `path`, a .png or .svg; return `path`.

    Raises StudioError for another suffix or when the file cannot be written.
    """
    return save_figure(_drawn(content, dark), path)


def identification_picture(content: IdentificationFigure) -> bytes:
    """Return an identification as PNG, on a light page."""
    return figure_bytes(_drawn(content, dark=False), ".png")


def _drawn(content: IdentificationFigure, dark: bool) -> Figure:
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    width, height = FIGURE_INCHES
    figure = Figure(figsize=(width, height + 1.2), facecolor=colours.panel, layout="constrained")
    two_rows = content.difference is not None
    grid = figure.add_gridspec(2 if two_rows else 1, 1, height_ratios=(3, 1) if two_rows else (1,))
    top = figure.add_subplot(grid[0])
    _draw_curves(top, content, colours)
    bottom = top
    if content.difference is not None:
        bottom = figure.add_subplot(grid[1], sharex=top)
        style_axes(bottom, colours, small=False)
        bottom.plot(content.axis, content.difference, color=colours.residual, linewidth=0.9)
        bottom.axhline(0, color=colours.line, linewidth=0.8)
        bottom.set_ylabel("Difference", color=colours.quiet)
        top.tick_params(labelbottom=False)
        _fit_shown(bottom, content, [content.difference])
    bottom.set_xlabel("Raman shift / cm⁻¹", color=colours.quiet)
    top.set_xlim(content.shifts)
    figure.suptitle(truncate(content.title, _TITLE_LENGTH), x=0.01, ha="left", color=colours.text, fontsize=13)
    return figure


def _draw_curves(axes: Any, content: IdentificationFigure, colours: ThemeColours) -> None:
    style_axes(axes, colours, small=False)
    axes.plot(content.axis, content.values, color=colours.accent, linewidth=1.2, label=content.name)
    curves = [content.values]
    if content.reference is not None:
        axes.plot(content.axis, content.reference, color=colours.reference, linewidth=1.2, label=content.reference_name)
        curves.append(content.reference)
    if content.subtitle:
        axes.set_title(
            truncate(content.subtitle, _SUBTITLE_LENGTH), loc="left", color=colours.quiet, fontsize=9, pad=26
        )
    axes.set_ylabel(f"Intensity / {content.unit}", color=colours.quiet)
    _fit_shown(axes, content, curves)
    _draw_band_markers(axes, content, colours)
    add_legend(axes, colours, small=False)


def _draw_band_markers(axes: Any, content: IdentificationFigure, colours: ThemeColours) -> None:
    """Mark the bands along the top, labelled with their Raman shift where there is room; unmatched bands come first."""
    colour_of = {"matched": colours.reference, "missing": colours.warning, "extra": colours.accent}
    low, high = content.shifts
    labelled: list[float] = []
    for shift, kind in sorted(content.bands, key=lambda band: band[1] == "matched"):
        if not low <= shift <= high:
            continue
        position, colour = (shift - low) / (high - low), colour_of[kind]
        fill = colour if kind == "matched" else "none"
        style = {"marker": MARKERS[kind], "markerfacecolor": fill, "markeredgecolor": colour, "markersize": 5}
        axes.plot([position], [1.02], transform=axes.transAxes, clip_on=False, linestyle="", **style)
        if all(abs(position - other) >= _LABEL_GAP for other in labelled):
            labelled.append(position)
            text_style = {"ha": "center", "va": "bottom", "fontsize": 7, "color": colour}
            axes.text(position, 1.035, f"{shift:.0f}", transform=axes.transAxes, **text_style)


def _fit_shown(axes: Any, content: IdentificationFigure, curves: list[Floats]) -> None:
    """Fit the intensity axis to the part of `curves` that is shown."""
    inside = (content.axis >= content.shifts[0]) & (content.axis <= content.shifts[1])
    fit_height(axes, [curve[inside] for curve in curves])
