"""The figure of a scatter plot of spectra, with its legend and the selected or mean spectra below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.numbers import format_number
from ramanstudio.export.figure_style import (
    ThemeColours,
    add_legend,
    save_figure,
    shorten,
    style_axes,
    theme_colours,
    truncate,
)

Floats = NDArray[np.floating[Any]]

_INCHES: Final = (9.0, 7.6)
_MARKER_RADIUS: Final = 3.0  # points; smaller where there are many
_RASTERIZED_FROM: Final = 5000  # markers; an .svg holds fewer one by one, more as an image
_UNSELECTED_ALPHA: Final = 0.3
_TITLE_LENGTH: Final = 100  # characters
_LEGEND_ROWS: Final = 24
_NAME_LENGTH: Final = 28  # characters of a row of the legend
_MAX_LEGEND_CURVES: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class MarkerShape:
    """A marker: `outlines` of (K, 2) corners around (0, 0), scaled to a disc of radius one; `hollow` is not filled."""

    outlines: Sequence[Floats]
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class LegendRow:
    """A row of the legend: the name and number of the markers of one colour and one `shape` (index of the shapes)."""

    name: str
    count: int
    colour: str
    shape: int


@dataclass(frozen=True, slots=True)
class ColourScale:
    """A colour bar: `label` with the colours `tones` from `low` to `high`."""

    label: str
    low: float
    high: float
    tones: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumCurve:
    """A spectrum below the plot: `values` (B,) at `axis` (B,) in cm⁻¹, with `spread` (B,) on both sides or None."""

    name: str
    axis: Floats
    values: Floats
    spread: Floats | None
    colour: str


@dataclass(frozen=True, slots=True, eq=False)
class ScatterFigure:
    """A scatter plot of `points` (N, 2), and the spectra below it.

    `colour_indices` (N,) are indices into `palette`, `shape_indices` (N,) into `shapes`. Only `visible` (N,) points are
    drawn, and `selected` (N,) ones stand out. `legend` or `colour_scale` explain the markers; `limits` are those of the
    x and the y axis, `axis_labels` their labels. `curves` are drawn below, with a legend of their own where `legend`
    does not name them already (`label_curves`).
    """

    title: str
    points: Floats
    colour_indices: NDArray[np.intp]
    palette: Sequence[str]
    shape_indices: NDArray[np.intp]
    shapes: Sequence[MarkerShape]
    visible: NDArray[np.bool_]
    selected: NDArray[np.bool_]
    limits: tuple[tuple[float, float], tuple[float, float]]
    axis_labels: tuple[str, str] = ("", "")
    legend: Sequence[LegendRow] = ()
    colour_scale: ColourScale | None = None
    curves: Sequence[SpectrumCurve] = ()
    unit: str = "a.u."
    label_curves: bool = True


def draw_scatter(path: Path, content: ScatterFigure, dark: bool = False) -> Path:
    """Draw a scatter plot of spectra to `path`, a .png or .svg; return `path`.

    Raises StudioError for another suffix or when the file cannot be written.
    """
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    figure = Figure(figsize=_INCHES, facecolor=colours.panel, layout="constrained")
    two_rows = bool(content.curves)
    grid = figure.add_gridspec(2 if two_rows else 1, 1, height_ratios=(3, 1) if two_rows else (1,))
    _draw_points(figure, figure.add_subplot(grid[0]), content, colours)
    if two_rows:
        _draw_curves(figure.add_subplot(grid[1]), content, colours)
    figure.suptitle(truncate(content.title, _TITLE_LENGTH), x=0.01, ha="left", color=colours.text, fontsize=11)
    return save_figure(figure, path)


def _draw_points(figure: Any, axes: Any, content: ScatterFigure, colours: ThemeColours) -> None:
    axes.set_facecolor(colours.panel)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlim(content.limits[0])
    axes.set_ylim(content.limits[1])
    axes.set_xlabel(content.axis_labels[0], color=colours.quiet)
    axes.set_ylabel(content.axis_labels[1], color=colours.quiet)
    visible = content.visible & np.isfinite(content.points).all(axis=1)
    n_visible = int(visible.sum())
    radius = _MARKER_RADIUS * float(np.clip((1500 / max(n_visible, 1)) ** 0.25, 0.3, 1.0))
    style = {"rasterized": n_visible > _RASTERIZED_FROM}
    selected = visible & content.selected
    if selected.any():  # a ring around each, so that they can be told apart without colour
        _draw_markers(axes, content, visible & ~selected, radius, style | {"alpha": _UNSELECTED_ALPHA})
        ring = {"s": (2 * radius + 5) ** 2, "facecolors": colours.panel, "edgecolors": colours.accent, "linewidths": 1}
        axes.scatter(*content.points[selected].T, **ring, **style)
    _draw_markers(axes, content, selected if selected.any() else visible, radius, style)
    if content.colour_scale is not None and np.isfinite(content.colour_scale.low):
        _add_colour_bar(figure, axes, content.colour_scale, colours)
    elif content.legend:
        _add_marker_legend(axes, content, colours)


def _draw_markers(
    axes: Any, content: ScatterFigure, mask: NDArray[np.bool_], radius: float, style: Mapping[str, Any]
) -> None:
    """Draw the points of `mask` (N,), one call per shape."""
    palette = np.array(content.palette)
    for index, shape in enumerate(content.shapes):
        rows = mask & (content.shape_indices == index)
        if rows.any():
            marker = _marker(shape, palette[content.colour_indices[rows]].tolist(), radius)
            axes.scatter(*content.points[rows].T, **marker, **style)


def _marker(shape: MarkerShape, colour: str | Sequence[str], radius: float) -> dict[str, Any]:
    """Arguments of `scatter` for a shape, where a disc has a radius of `radius` points."""
    from matplotlib.path import Path as Outline

    closed = [Outline(np.vstack([corners, corners[:1]]), closed=True) for corners in shape.outlines]
    extent = max(float(np.abs(corners).max()) for corners in shape.outlines)  # matplotlib scales it to half a marker
    style = {"facecolors": "none" if shape.hollow else colour, "edgecolors": colour, "linewidths": float(shape.hollow)}
    return {"marker": Outline.make_compound_path(*closed), "s": (2 * radius * extent) ** 2, **style}


def _add_marker_legend(axes: Any, content: ScatterFigure, colours: ThemeColours) -> None:
    rows = content.legend[:_LEGEND_ROWS]
    size = 1.2 * _MARKER_RADIUS
    handles = [axes.scatter([], [], **_marker(content.shapes[row.shape], row.colour, size)) for row in rows]
    labels = [f"{shorten(row.name, _NAME_LENGTH)} ({format_number(row.count)})" for row in rows]
    if len(content.legend) > _LEGEND_ROWS:
        handles.append(axes.scatter([], [], s=0))
        labels.append(f"and {len(content.legend) - _LEGEND_ROWS} more")
    style = {"frameon": False, "labelcolor": colours.text, "fontsize": 9, "handletextpad": 0.3}
    axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, **style)


def _add_colour_bar(figure: Any, axes: Any, scale: ColourScale, colours: ThemeColours) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    mappable = ScalarMappable(Normalize(scale.low, scale.high), ListedColormap(list(scale.tones)))
    bar = figure.colorbar(mappable, ax=axes, fraction=0.03, shrink=0.7)
    bar.set_label(scale.label, color=colours.quiet)
    bar.ax.tick_params(colors=colours.quiet, labelsize=9)
    bar.outline.set_visible(False)


def _draw_curves(axes: Any, content: ScatterFigure, colours: ThemeColours) -> None:
    style_axes(axes, colours, small=True)
    for curve in content.curves:
        if curve.spread is not None:
            low, high = curve.values - curve.spread, curve.values + curve.spread
            axes.fill_between(curve.axis, low, high, color=curve.colour, alpha=colours.band_alpha, linewidth=0)
        axes.plot(curve.axis, curve.values, color=curve.colour, linewidth=1.2, label=shorten(curve.name, _NAME_LENGTH))
    axes.set_xlabel("Raman shift / cm⁻¹", color=colours.quiet)
    axes.set_ylabel(f"Intensity / {content.unit}", color=colours.quiet)
    axes.margins(x=0)
    if content.label_curves and len(content.curves) <= _MAX_LEGEND_CURVES:
        add_legend(axes, colours, small=True)
