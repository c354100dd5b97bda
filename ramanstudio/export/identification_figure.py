"""What a spectrum was found to be, as a picture to keep: the reference over it, their bands, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.export.figures import ALONE_INCHES, Colours, explain, frame, save, theme_colours

Floats = NDArray[np.floating[Any]]

MARKS: Final = {"matched": "o", "missing": "v", "extra": "^"}  # as the window marks bands: never by colour alone
LONGEST: Final = 90  # characters of a title, in its larger letters
ROOM: Final = 0.06  # of the height, above and below the curves
NEAR: Final = 0.022  # of the width, by which the numbers of two bands stand apart at least


@dataclass(frozen=True, slots=True, eq=False)
class IdentificationFigure:
    """A spectrum `values` (B,) at `axis` (B,) cm⁻¹ and what lies `over` it (B,), with the `difference` (B,) of both;
    None where nothing does. `marks` are bands in cm⁻¹, "matched", "missing" or "extra"; `shifts` is what is shown."""

    title: str
    aside: str
    name: str
    unit: str
    axis: Floats
    values: Floats
    shifts: tuple[float, float]
    over_name: str = ""
    over: Floats | None = None
    difference: Floats | None = None
    marks: tuple[tuple[float, str], ...] = ()


def draw_identification(path: Path, picture: IdentificationFigure, dark: bool = False) -> Path:
    """Draw what a spectrum was found to be to `path`, a .png or .svg; returns `path`.

    Raises StudioError for another suffix, or for a folder that cannot be written.
    """
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    width, height = ALONE_INCHES
    figure = Figure(figsize=(width, height + 1.2), facecolor=colours.panel, layout="constrained")
    beneath = picture.difference is not None
    shares = figure.add_gridspec(2 if beneath else 1, 1, height_ratios=(3, 1) if beneath else (1,))
    above = figure.add_subplot(shares[0])
    _draw_curves(above, picture, colours)
    lowest = above
    if picture.difference is not None:
        lowest = figure.add_subplot(shares[1], sharex=above)
        frame(lowest, colours, small=False)
        lowest.plot(picture.axis, picture.difference, color=colours.residual, linewidth=0.9)
        lowest.axhline(0, color=colours.line, linewidth=0.8)
        lowest.set_ylabel("Difference", color=colours.quiet)
        above.tick_params(labelbottom=False)
        _fit(lowest, picture, [picture.difference])
    lowest.set_xlabel("Raman shift / cm⁻¹", color=colours.quiet)
    above.set_xlim(picture.shifts)
    figure.suptitle(_short(picture.title), x=0.01, ha="left", color=colours.text, fontsize=13)
    return save(figure, path)


def _draw_curves(axes: Any, picture: IdentificationFigure, colours: Colours) -> None:
    frame(axes, colours, small=False)
    axes.plot(picture.axis, picture.values, color=colours.accent, linewidth=1.2, label=picture.name)
    curves = [picture.values]
    if picture.over is not None:
        axes.plot(picture.axis, picture.over, color=colours.reference, linewidth=1.2, label=picture.over_name)
        curves.append(picture.over)
    if picture.aside:
        axes.set_title(_short(picture.aside, LONGEST + 30), loc="left", color=colours.quiet, fontsize=9, pad=26)
    axes.set_ylabel(f"Intensity / {picture.unit}", color=colours.quiet)
    _fit(axes, picture, curves)
    _mark(axes, picture, colours)
    explain(axes, colours, small=False)


def _mark(axes: Any, picture: IdentificationFigure, colours: Colours) -> None:
    """Marks along the top, each with its Raman shift where there is room: what does not match goes first."""
    inks = {"matched": colours.reference, "missing": colours.warning, "extra": colours.accent}
    low, high = picture.shifts
    taken: list[float] = []
    for shift, kind in sorted(picture.marks, key=lambda mark: mark[1] == "matched"):
        if not low <= shift <= high:
            continue
        place, ink = (shift - low) / (high - low), inks[kind]
        filled = ink if kind == "matched" else "none"
        style = {"marker": MARKS[kind], "markerfacecolor": filled, "markeredgecolor": ink, "markersize": 5}
        axes.plot([place], [1.02], transform=axes.transAxes, clip_on=False, linestyle="", **style)
        if all(abs(place - other) >= NEAR for other in taken):
            taken.append(place)
            words = {"ha": "center", "va": "bottom", "fontsize": 7, "color": ink}
            axes.text(place, 1.035, f"{shift:.0f}", transform=axes.transAxes, **words)


def _fit(axes: Any, picture: IdentificationFigure, curves: list[Floats]) -> None:
    """Let the intensities be as high as what is shown."""
    inside = (picture.axis >= picture.shifts[0]) & (picture.axis <= picture.shifts[1])
    shown = np.concatenate([curve[inside] for curve in curves])
    shown = shown[np.isfinite(shown)]
    if shown.size and shown.max() > shown.min():
        room = ROOM * (shown.max() - shown.min())
        axes.set_ylim(shown.min() - room, shown.max() + room)


def _short(words: str, most: int = LONGEST) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"
