"""Maps as files: a figure with scale bar and colour bar (PNG, SVG), values as TIFF or CSV. Needs no display."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_number
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.figure_style import ThemeColours, figure_bytes, theme_colours
from ramanstudio.export.text_table import csv_text
from ramanstudio.signal.map_grid import MapGrid

SUFFIXES: Final = (".png", ".svg", ".tif", ".csv")
MapKind = Literal["amount", "signed", "categories", "rgb"]
SIGNED_COLOURS: Final = ("#1F5FA8", "#7FB0DC", "#F4F4F4", "#F0A35C", "#B5540C")  # blue, white, orange
_RGB_COLOURS: Final = ("#D22B2B", "#1E8E3E", "#2F6BFF")
_UM_PER_CM: Final = 10_000.0
_INCHES: Final = 7.0


@dataclass(frozen=True, slots=True, eq=False)
class MapFigure:
    """The image of a map: `values` (R, C) on `grid`, or (R, C, 3) from 0 to 1 for "rgb"; NaN is blank.

    `limits` are the values at both ends of the colour scale. For "categories" the values are indices into `names` and
    `colours`, -1 for an outlier; for "rgb" `names` are those of red, green and blue. `axis_labels` are set for a
    series (a depth profile, a time series), which has no positions: Raman shift across, the series downwards.
    """

    grid: MapGrid
    values: NDArray[np.floating[Any]]
    label: str
    kind: MapKind = "amount"
    limits: tuple[float, float] = (0.0, 1.0)
    names: Sequence[str] = ()
    colours: Sequence[str] = ()
    title: str = ""
    axis_labels: tuple[str, str] | None = None


def round_length(longest: float) -> float:
    """Return the longest length of 1, 2 or 5 times a power of ten up to `longest`, for a scale bar."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= longest * (1 + 1e-9))


def format_length(length: float, unit: str) -> str:
    """Return a length with its unit: `20 µm`, `2 mm`, `50 nm`."""
    if unit == "µm" and length >= 1000:
        return f"{length / 1000:g} mm"
    if unit == "µm" and length < 1:
        return f"{length * 1000:g} nm"
    return f"{length:g} {unit}".strip()


def save_map(path: Path, content: MapFigure, dark: bool = False) -> Path:
    """Write a map in the format of the suffix of `path`: .png, .svg, .tif (32-bit) or .csv; return `path`.

    Raises StudioError for another suffix or when the file cannot be written.
    """
    suffix = path.suffix.lower()
    encoders: dict[str, Callable[[MapFigure, str, bool], bytes | str]] = {
        ".png": _figure,
        ".svg": _figure,
        ".tif": _tiff,
        ".tiff": _tiff,
        ".csv": _csv,
    }
    if suffix not in encoders:
        raise StudioError(
            f"A map cannot be saved as '{path.name}'.", remedy=f"Choose a name ending in {', '.join(SUFFIXES)}."
        )
    atomic_write(path, encoders[suffix](content, suffix, dark))
    return path


def map_picture(content: MapFigure) -> bytes:
    """Return a map as PNG, on a light page."""
    return _figure(content, ".png", dark=False)


def map_rows(content: MapFigure) -> Iterator[Sequence[object]]:
    """Return the values of a map as a table: a row for each measured pixel, or of a series for each spectrum."""
    return _pixel_rows(content) if content.axis_labels is None else _series_rows(content, content.axis_labels)


def _csv(content: MapFigure, _suffix: str, _dark: bool) -> str:
    return csv_text(map_rows(content))


def _pixel_rows(content: MapFigure) -> Iterator[Sequence[object]]:
    """A row for each measured pixel: row, column, x, y, the number of its spectrum, and its value or values."""
    grid = content.grid
    value_names = list(content.names) if content.kind == "rgb" else [content.label]
    positions = [f"{axis} / {grid.unit}" if grid.unit else axis for axis in "xy"]
    yield "row", "column", *positions, "spectrum", *value_names
    rows, columns = np.nonzero(grid.index >= 0)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        spectrum = int(grid.index[row, column]) + 1
        values = _value_cells(content, np.atleast_1d(content.values[row, column]))
        yield row + 1, column + 1, f"{grid.x[column]:.10g}", f"{grid.y[row]:.10g}", spectrum, *values


def _series_rows(content: MapFigure, axis_labels: tuple[str, str]) -> Iterator[Sequence[object]]:
    """A row for each spectrum, a column for each Raman shift."""
    yield f"{axis_labels[1]} \\ {axis_labels[0]}", *(f"{shift:.8g}" for shift in content.grid.x.tolist())
    for position, row in zip(content.grid.y.tolist(), content.values.tolist(), strict=True):
        yield f"{position:.10g}", *(f"{value:.8g}" if math.isfinite(value) else "" for value in row)


def _value_cells(content: MapFigure, values: NDArray[np.floating[Any]]) -> list[str]:
    """The cells of one pixel: numbers, or the name of its category."""
    if content.kind != "categories":
        return [f"{value:.8g}" if math.isfinite(value) else "" for value in values.tolist()]
    value = float(values[0])
    if not math.isfinite(value):
        return [""]
    return [content.names[int(value)] if value >= 0 else "outlier"]


def _tiff(content: MapFigure, _suffix: str, _dark: bool) -> bytes:
    """The values in 32-bit floating point with the size of a pixel; one page, or three for "rgb"."""
    from PIL import Image
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    layers = [content.values[..., channel] for channel in range(3)] if content.kind == "rgb" else [content.values]
    pages = [Image.fromarray(np.ascontiguousarray(layer, dtype=np.float32)) for layer in layers]
    tags = ImageFileDirectory_v2()
    step_x, step_y = content.grid.step
    tags[270] = f"ImageJ=1.53\nunit={'um' if content.grid.unit == 'µm' else content.grid.unit}\n{_ascii(content.label)}"
    if content.grid.unit == "µm":
        tags[282], tags[283], tags[296] = _UM_PER_CM / step_x, _UM_PER_CM / step_y, 3  # pixels per centimetre
    encoded = io.BytesIO()
    pages[0].save(encoded, format="TIFF", tiffinfo=tags, save_all=len(pages) > 1, append_images=pages[1:])
    return encoded.getvalue()


def _ascii(text: str) -> str:
    """Text for a TIFF tag, which holds ASCII only."""
    plain = text.replace("⁻¹", "-1").replace("µ", "u").replace("−", "-").replace("–", "-")
    return plain.encode("ascii", "replace").decode()


def _figure(content: MapFigure, suffix: str, dark: bool) -> bytes:
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    grid = content.grid
    rows, columns = grid.shape
    step_x, step_y = grid.step
    ratio = float(np.clip(rows * step_y / (columns * step_x), 0.2, 2.5)) if content.axis_labels is None else 0.7
    figure = Figure(
        figsize=(_INCHES, max(2.4, (_INCHES - 2.2) * ratio + 0.8)), facecolor=colours.panel, layout="constrained"
    )
    axes = figure.add_subplot()
    axes.set_facecolor(colours.panel)
    left, top = grid.x[0] - step_x / 2, grid.y[0] - step_y / 2
    extent = (left, left + columns * step_x, top + rows * step_y, top)
    _draw_image(figure, axes, content, colours, extent)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(content.title, loc="left", color=colours.text, fontsize=12)
    if content.axis_labels is not None:
        axes.set_xlabel(content.axis_labels[0], color=colours.quiet)
        axes.set_ylabel(content.axis_labels[1], color=colours.quiet)
        axes.tick_params(colors=colours.quiet)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        _add_scale_bar(axes, grid, colours)
    return figure_bytes(figure, suffix)


def _draw_image(figure: Any, axes: Any, content: MapFigure, colours: ThemeColours, extent: tuple[float, ...]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    style: dict[str, Any] = {"extent": extent, "interpolation": "nearest"}
    style["aspect"] = "equal" if content.axis_labels is None else "auto"
    if content.kind in ("rgb", "categories"):
        axes.imshow(rgba_image(content, colours.quiet), **style)
        _add_legend(axes, content, colours)
        return
    low, high = content.limits if math.isfinite(content.limits[0]) else (0.0, 1.0)
    signed = LinearSegmentedColormap.from_list("signed", SIGNED_COLOURS)
    palette = signed if content.kind == "signed" else "viridis"
    if content.axis_labels is not None:  # depths and times may be unevenly spaced
        x, y = content.grid.x, content.grid.y
        image = axes.pcolormesh(x, y, content.values, cmap=palette, vmin=low, vmax=high, rasterized=True)
        ends = axes.get_ylim()
        axes.set_ylim(max(ends), min(ends))
    else:
        image = axes.imshow(np.ma.masked_invalid(content.values), cmap=palette, vmin=low, vmax=high, **style)
    bar = figure.colorbar(image, ax=axes, pad=0.02, fraction=0.045, shrink=0.9)
    bar.set_label(content.label, color=colours.quiet)
    bar.ax.tick_params(colors=colours.quiet)
    bar.outline.set_visible(False)


def rgba_image(content: MapFigure, outlier: str) -> NDArray[np.uint8]:
    """Return the pixels (R, C, 4) of categories or of an RGB image; blank ones are transparent."""
    values = content.values
    image = np.zeros((*values.shape[:2], 4), dtype=np.uint8)
    if content.kind == "rgb":
        measured = np.isfinite(values).any(axis=2)
        image[..., :3] = np.rint(np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8)
    else:
        measured = np.isfinite(values)
        table = np.array([_rgb(colour) for colour in (*content.colours, outlier)], dtype=np.uint8)
        image[..., :3] = table[np.where(measured, values, -1).astype(np.int64)]
    image[..., 3] = np.where(measured, 255, 0)
    return image


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _add_legend(axes: Any, content: MapFigure, colours: ThemeColours) -> None:
    from matplotlib.patches import Patch

    if content.kind == "rgb":
        rows = [(name, colour) for name, colour in zip(content.names, _RGB_COLOURS, strict=False)]
    else:
        counts = [int((content.values == number).sum()) for number in range(len(content.names))]
        rows = [
            (f"{name} ({format_number(count)})", colour)
            for name, colour, count in zip(content.names, content.colours, counts, strict=True)
        ]
        outliers = int((content.values == -1).sum())
        rows += [(f"outliers ({format_number(outliers)})", colours.quiet)] if outliers else []
    patches = [Patch(facecolor=colour, label=name) for name, colour in rows]
    axes.legend(
        handles=patches, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, labelcolor=colours.text, fontsize=9
    )


def _add_scale_bar(axes: Any, grid: MapGrid, colours: ThemeColours) -> None:
    """Add a bar of a round length below the image; none where positions have no unit."""
    if not grid.unit:
        return
    step_x, step_y = grid.step
    rows, columns = grid.shape
    length = round_length(columns * step_x / 3)
    left, below = grid.x[0] - step_x / 2, grid.y[-1] + step_y / 2
    gap = 0.04 * max(rows * step_y, columns * step_x / 4)
    axes.plot([left, left + length], [below + gap] * 2, color=colours.text, linewidth=3, solid_capstyle="butt")
    text = format_length(length, grid.unit)
    axes.text(left + length / 2, below + 2 * gap, text, color=colours.text, ha="center", va="top", fontsize=10)
    axes.set_ylim(below + 5 * gap, grid.y[0] - step_y / 2)
