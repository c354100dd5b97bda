"""The figure of a training run: its loss over the steps, as PNG or SVG. Needs no display."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.export.figure_style import (
    FIGURE_INCHES,
    ThemeColours,
    add_legend,
    save_figure,
    style_axes,
    theme_colours,
)

_COLOURS: Final = ("#D55E00", "#009E73", "#CC79A7")  # of the parts of the loss, after the accent colour


def draw_loss_curve(path: Path, rows: Sequence[Mapping[str, float]], dark: bool = False) -> Path:
    """Draw the loss of a training run to `path`, a .png or .svg; return `path`.

    Each row has `step`, and a number for the loss and each of its parts; values that are not finite are skipped. The
    curve is drawn faint with its running median on top. Raises StudioError without rows, for another suffix, or when
    the file cannot be written.
    """
    losses = [name for name in (rows[0] if rows else ()) if name != "step"]
    if not losses:
        raise StudioError("There is no loss to draw.", remedy="Train for at least one step first.")
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    figure = Figure(figsize=FIGURE_INCHES, facecolor=colours.panel, layout="constrained")
    axes = figure.add_subplot()
    for name, colour in zip(losses, (colours.accent, *_COLOURS), strict=False):
        points = [(row["step"], row[name]) for row in rows if math.isfinite(row.get(name, math.nan))]
        if not points:
            continue
        step, loss = np.array(points, dtype=np.float64).T
        smooth = _running_median(loss, max(1, len(loss) // 40))
        axes.plot(step, loss, color=colour, linewidth=0.8, alpha=0.3)
        axes.plot(step, smooth, color=colour, linewidth=1.6, label=name.replace("_", " "))
    if not any(row.get(name, 1) <= 0 for row in rows for name in losses):
        axes.set_yscale("log")
    _style_loss_axes(axes, colours)
    return save_figure(figure, path)


def _style_loss_axes(axes: Any, colours: ThemeColours) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    style_axes(axes, colours, small=False)
    if axes.get_yscale() == "log":
        plain_number = FuncFormatter(lambda loss, _position: f"{loss:g}")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(plain_number)
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda _loss, _position: ""))
    axes.set_title("Pretraining", loc="left", color=colours.text, fontsize=13)
    axes.set_xlabel("step", color=colours.quiet)
    axes.set_ylabel("loss", color=colours.quiet)
    add_legend(axes, colours, small=False)


def _running_median(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The median of up to `reach` neighbours on both sides (N,); fewer, but as many on both, towards the ends."""
    last = len(values) - 1
    reaches = [min(reach, index, last - index) for index in range(len(values))]
    return np.array([np.median(values[index - few : index + few + 1]) for index, few in enumerate(reaches)])
