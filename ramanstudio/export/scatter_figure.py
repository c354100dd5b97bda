"""How spectra lie to each other, as a picture to keep: the plane with what its marks mean, and the spectra beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.export.figures import Colours, explain, frame, save, short, theme_colours

Floats = NDArray[np.floating[Any]]

INCHES: Final = (9.0, 7.6)
DOT: Final = 3.0  # points, half the size of a mark; smaller where there are many
MANY: Final = 5000  # marks that an .svg holds one by one; more are a picture in it
FAINT: Final = 0.3  # of what is not selected while something is
LONGEST: Final = 100  # characters of a title
MOST_NAMES: Final = 24  # of groups, beside the plane
LONGEST_NAME: Final = 28  # characters of one


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A mark: `outlines` of (K, 2) corners around (0, 0), where a disc has a radius of one; `hollow` has no inside."""

    outlines: Sequence[Floats]
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What marks of one `shape` (its place among the shapes) and colour are called, and how many there are."""

    name: str
    count: int
    colour: str
    shape: int


@dataclass(frozen=True, slots=True)
class Scale:
    """What number the `tones` say, from `low` to `high`."""

    label: str
    low: float
    high: float
    tones: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A spectrum beneath: `values` (B,) at `axis` (B,) cm⁻¹, with `spread` (B,) to either side or None."""

    name: str
    axis: Floats
    values: Floats
    spread: Floats | None
    colour: str


@dataclass(frozen=True, slots=True, eq=False)
class ScatterFigure:
    """`points` (N, 2), each of a colour `inks` (N,) of the `palette` and of one of the `shapes` by `which` (N,).

    Those not `there` (N,) are not drawn; `selected` (N,) stand out. `rows` or the `scale` say what the marks mean,
    `ends` are what is shown from left to right and from below, `axes` what lies across and up. `lines` lie beneath,
    `named` where the rows do not name them already.
    """

    title: str
    points: Floats
    inks: NDArray[np.intp]
    palette: Sequence[str]
    which: NDArray[np.intp]
    shapes: Sequence[Shape]
    there: NDArray[np.bool_]
    selected: NDArray[np.bool_]
    ends: tuple[tuple[float, float], tuple[float, float]]
    axes: tuple[str, str] = ("", "")
    rows: Sequence[Row] = ()
    scale: Scale | None = None
    lines: Sequence[Line] = ()
    unit: str = "a.u."
    named: bool = True


def draw_scatter(path: Path, picture: ScatterFigure, dark: bool = False) -> Path:
    """Draw how spectra lie to each other to `path`, a .png or .svg; returns `path`.

    Raises StudioError for another suffix, or for a folder that cannot be written.
    """
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    figure = Figure(figsize=INCHES, facecolor=colours.panel, layout="constrained")
    beneath = bool(picture.lines)
    shares = figure.add_gridspec(2 if beneath else 1, 1, height_ratios=(3, 1) if beneath else (1,))
    plane = figure.add_subplot(shares[0])
    _draw_points(figure, plane, picture, colours)
    if beneath:
        _draw_lines(figure.add_subplot(shares[1]), picture, colours)
    words = picture.title if len(picture.title) <= LONGEST else f"{picture.title[: LONGEST - 1]}…"
    figure.suptitle(words, x=0.01, ha="left", color=colours.text, fontsize=11)
    return save(figure, path)


def _draw_points(figure: Any, axes: Any, picture: ScatterFigure, colours: Colours) -> None:
    axes.set_facecolor(colours.panel)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlim(picture.ends[0])
    axes.set_ylim(picture.ends[1])
    axes.set_xlabel(picture.axes[0], color=colours.quiet)
    axes.set_ylabel(picture.axes[1], color=colours.quiet)
    there = picture.there & np.isfinite(picture.points).all(axis=1)
    many = int(there.sum())
    dot = DOT * float(np.clip((1500 / max(many, 1)) ** 0.25, 0.3, 1.0))
    look = {"rasterized": many > MANY}
    chosen = there & picture.selected
    if chosen.any():  # a ring around each, so that they are told from the others without colour
        _put_marks(axes, picture, there & ~chosen, dot, look | {"alpha": FAINT})
        ring = {"s": (2 * dot + 5) ** 2, "facecolors": colours.panel, "edgecolors": colours.accent, "linewidths": 1}
        axes.scatter(*picture.points[chosen].T, **ring, **look)
    _put_marks(axes, picture, chosen if chosen.any() else there, dot, look)
    if picture.scale is not None and np.isfinite(picture.scale.low):
        _explain_scale(figure, axes, picture.scale, colours)
    elif picture.rows:
        _explain_rows(axes, picture, colours)


def _put_marks(
    axes: Any, picture: ScatterFigure, these: NDArray[np.bool_], dot: float, look: Mapping[str, Any]
) -> None:
    palette = np.array(picture.palette)
    for number, shape in enumerate(picture.shapes):
        rows = these & (picture.which == number)
        if rows.any():
            style = _mark(shape, palette[picture.inks[rows]].tolist(), dot)
            axes.scatter(*picture.points[rows].T, **style, **look)


def _mark(shape: Shape, ink: str | Sequence[str], dot: float) -> dict[str, Any]:
    """How a shape is drawn where a disc has a radius of `dot` points."""
    from matplotlib.path import Path as Outline

    closed = [Outline(np.vstack([one, one[:1]]), closed=True) for one in shape.outlines]
    far = max(float(np.abs(one).max()) for one in shape.outlines)  # matplotlib makes this half a mark
    style = {"facecolors": "none" if shape.hollow else ink, "edgecolors": ink, "linewidths": float(shape.hollow)}
    return {"marker": Outline.make_compound_path(*closed), "s": (2 * dot * far) ** 2, **style}


def _explain_rows(axes: Any, picture: ScatterFigure, colours: Colours) -> None:
    shown = picture.rows[:MOST_NAMES]
    handles = [axes.scatter([], [], **_mark(picture.shapes[row.shape], row.colour, 1.2 * DOT)) for row in shown]
    words = [f"{short(row.name, LONGEST_NAME)} ({row.count:,})" for row in shown]
    if len(picture.rows) > MOST_NAMES:
        handles.append(axes.scatter([], [], s=0))
        words.append(f"and {len(picture.rows) - MOST_NAMES} more")
    style = {"frameon": False, "labelcolor": colours.text, "fontsize": 9, "handletextpad": 0.3}
    axes.legend(handles, words, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, **style)


def _explain_scale(figure: Any, axes: Any, scale: Scale, colours: Colours) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    tones = ScalarMappable(Normalize(scale.low, scale.high), ListedColormap(list(scale.tones)))
    bar = figure.colorbar(tones, ax=axes, fraction=0.03, shrink=0.7)
    bar.set_label(scale.label, color=colours.quiet)
    bar.ax.tick_params(colors=colours.quiet, labelsize=9)
    bar.outline.set_visible(False)


def _draw_lines(axes: Any, picture: ScatterFigure, colours: Colours) -> None:
    frame(axes, colours, small=True)
    for one in picture.lines:
        if one.spread is not None:
            low, high = one.values - one.spread, one.values + one.spread
            axes.fill_between(one.axis, low, high, color=one.colour, alpha=colours.band_alpha, linewidth=0)
        axes.plot(one.axis, one.values, color=one.colour, linewidth=1.2, label=short(one.name, LONGEST_NAME))
    axes.set_xlabel("Raman shift / cm⁻¹", color=colours.quiet)
    axes.set_ylabel(f"Intensity / {picture.unit}", color=colours.quiet)
    axes.margins(x=0)
    if picture.named and len(picture.lines) <= 8:
        explain(axes, colours, small=True)
