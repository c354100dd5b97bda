"""Maps to take away: a picture with scale and colour bar (PNG, SVG), numbers as TIFF or CSV. Needs no display."""

from __future__ import annotations

import csv
import io
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.writing import atomic_write
from ramanstudio.signal.map_grid import MapGrid

SUFFIXES: Final = (".png", ".svg", ".tif", ".csv")
Kind = Literal["amount", "signed", "categories", "rgb"]
_UM_A_CM: Final = 10_000.0
_INCHES: Final = 7.0
_EMPTY: Final = "–"


@dataclass(frozen=True, slots=True, eq=False)
class MapFigure:
    """What a map shows: `values` (R, C), or (R, C, 3) from 0 to 1 for "rgb", where `grid` has them; NaN is blank.

    `limits` are the values at the two ends of the colours. Of "categories" the values are indices of `names` and
    `colours`; -1 is an outlier. Of "rgb", `names` says what red, green and blue are.
    """

    grid: MapGrid
    values: NDArray[np.floating[Any]]
    label: str
    kind: Kind = "amount"
    limits: tuple[float, float] = (0.0, 1.0)
    names: Sequence[str] = ()
    colours: Sequence[str] = ()
    title: str = ""
    axes: tuple[str, str] | None = None  # what lies across and down, where that is no place: a series


def round_length(longest: float) -> float:
    """The longest of 1, 2, 5 times a power of ten that is not longer than `longest`: what a scale bar says."""
    power = 10.0 ** math.floor(math.log10(longest))
    return next(factor * power for factor in (5, 2, 1) if factor * power <= longest * (1 + 1e-9))


def format_length(length: float, unit: str) -> str:
    """`20 µm`, `2 mm`, `50 nm`."""
    if unit == "µm" and length >= 1000:
        return f"{length / 1000:g} mm"
    if unit == "µm" and length < 1:
        return f"{length * 1000:g} nm"
    return f"{length:g} {unit}".strip()


def save(path: Path, picture: MapFigure, dark: bool = False) -> Path:
    """Write a map as what the suffix says: .png, .svg, .tif (32-bit) or .csv; returns `path`.

    Raises StudioError for another suffix, or a folder that cannot be written.
    """
    kind = path.suffix.lower()
    writers = {".png": _save_drawn, ".svg": _save_drawn, ".tif": _save_tiff, ".tiff": _save_tiff, ".csv": _save_csv}
    if kind not in writers:
        raise StudioError(
            f"A map cannot be saved as '{path.name}'.", remedy=f"Choose a name ending in {', '.join(SUFFIXES)}."
        )
    try:
        writers[kind](path, picture, dark)
    except OSError as error:
        raise StudioError(
            f"Could not write '{path}': {error.strerror or error}.",
            remedy="Choose a folder that exists and may be written.",
        ) from error
    return path


def _save_csv(path: Path, picture: MapFigure, _dark: bool) -> None:
    """A line for each measured pixel: row, column, x, y, the number of its spectrum, and what is shown of it."""
    grid, lines = picture.grid, io.StringIO()
    if picture.axes is not None:
        _write_series(lines, picture, picture.axes)
        atomic_write(path, lines.getvalue())
        return
    writer = csv.writer(lines, lineterminator="\n")
    many = list(picture.names) if picture.kind == "rgb" else [picture.label]
    places = [f"{axis} / {grid.unit}" if grid.unit else axis for axis in "xy"]
    writer.writerow(["row", "column", *places, "spectrum", *many])
    rows, columns = np.nonzero(grid.index >= 0)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        place = [row + 1, column + 1, f"{grid.x[column]:.10g}", f"{grid.y[row]:.10g}", int(grid.index[row, column]) + 1]
        writer.writerow([*place, *_words(picture, np.atleast_1d(picture.values[row, column]))])
    atomic_write(path, lines.getvalue())


def _write_series(lines: io.StringIO, picture: MapFigure, axes: tuple[str, str]) -> None:
    """A line for each spectrum, a column for each Raman shift."""
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([f"{axes[1]} \\ {axes[0]}", *(f"{shift:.8g}" for shift in picture.grid.x.tolist())])
    for at, row in zip(picture.grid.y.tolist(), picture.values.tolist(), strict=True):
        writer.writerow([f"{at:.10g}", *(f"{value:.8g}" if math.isfinite(value) else "" for value in row)])


def _words(picture: MapFigure, values: NDArray[np.floating[Any]]) -> list[str]:
    if picture.kind != "categories":
        return [f"{value:.8g}" if math.isfinite(value) else "" for value in values.tolist()]
    value = float(values[0])
    if not math.isfinite(value):
        return [""]
    return [picture.names[int(value)] if value >= 0 else "outlier"]


def _save_tiff(path: Path, picture: MapFigure, _dark: bool) -> None:
    """Values as they are, in 32-bit floating point, with the size of a pixel; three bands are three pages."""
    from PIL import Image
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    layers = [picture.values[..., band] for band in range(3)] if picture.kind == "rgb" else [picture.values]
    pages = [Image.fromarray(np.ascontiguousarray(layer, dtype=np.float32)) for layer in layers]
    tags = ImageFileDirectory_v2()
    across, down = picture.grid.step
    tags[270] = f"ImageJ=1.53\nunit={'um' if picture.grid.unit == 'µm' else picture.grid.unit}\n{_ascii(picture.label)}"
    if picture.grid.unit == "µm":
        tags[282], tags[283], tags[296] = _UM_A_CM / across, _UM_A_CM / down, 3  # pixels a centimetre
    written = io.BytesIO()
    pages[0].save(written, format="TIFF", tiffinfo=tags, save_all=len(pages) > 1, append_images=pages[1:])
    atomic_write(path, written.getvalue())


def _ascii(words: str) -> str:
    plain = words.replace("⁻¹", "-1").replace("µ", "u").replace("−", "-").replace("–", "-")
    return plain.encode("ascii", "replace").decode()


def _save_drawn(path: Path, picture: MapFigure, dark: bool) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ink = tomllib.loads(bundled_path("resources", "theme.toml").read_text(encoding="utf-8"))[
        "dark" if dark else "light"
    ]
    grid = picture.grid
    rows, columns = grid.shape
    across, down = grid.step
    ratio = float(np.clip(rows * down / (columns * across), 0.2, 2.5)) if picture.axes is None else 0.7
    figure = Figure(figsize=(_INCHES, max(2.4, (_INCHES - 2.2) * ratio + 0.8)), facecolor=ink["panel"])
    FigureCanvasAgg(figure)
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    axes.set_facecolor(ink["panel"])
    left, top = grid.x[0] - across / 2, grid.y[0] - down / 2
    extent = (left, left + columns * across, top + rows * down, top)
    _draw(figure, axes, picture, ink, extent)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(picture.title, loc="left", color=ink["text"], fontsize=12)
    if picture.axes is not None:
        axes.set_xlabel(picture.axes[0], color=ink["quiet"])
        axes.set_ylabel(picture.axes[1], color=ink["quiet"])
        axes.tick_params(colors=ink["quiet"])
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        _scale_bar(axes, grid, ink)
    drawn = io.BytesIO()
    kind = path.suffix.lower().lstrip(".")
    noted = {"Software" if kind == "png" else "Date": None}
    figure.savefig(drawn, format=kind, dpi=160, facecolor=figure.get_facecolor(), metadata=noted)
    atomic_write(path, drawn.getvalue())


def _draw(figure: Any, axes: Any, picture: MapFigure, ink: dict[str, Any], extent: tuple[float, ...]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shown: dict[str, Any] = {"extent": extent, "interpolation": "nearest"}
    shown["aspect"] = "equal" if picture.axes is None else "auto"
    if picture.kind in ("rgb", "categories"):
        axes.imshow(rgba_image(picture, ink["quiet"]), **shown)
        _explain(axes, picture, ink)
        return
    low, high = picture.limits if math.isfinite(picture.limits[0]) else (0.0, 1.0)
    signed = LinearSegmentedColormap.from_list("signed", SIGNED)
    palette = signed if picture.kind == "signed" else "viridis"
    if picture.axes is not None:  # depths and times may be unevenly spaced
        x, y = picture.grid.x, picture.grid.y
        drawn = axes.pcolormesh(x, y, picture.values, cmap=palette, vmin=low, vmax=high, rasterized=True)
        ends = axes.get_ylim()
        axes.set_ylim(max(ends), min(ends))
    else:
        drawn = axes.imshow(np.ma.masked_invalid(picture.values), cmap=palette, vmin=low, vmax=high, **shown)
    bar = figure.colorbar(drawn, ax=axes, pad=0.02, fraction=0.045, shrink=0.9)
    bar.set_label(picture.label, color=ink["quiet"])
    bar.ax.tick_params(colors=ink["quiet"])
    bar.outline.set_visible(False)


SIGNED: Final = ("#1F5FA8", "#7FB0DC", "#F4F4F4", "#F0A35C", "#B5540C")  # blue, white, orange


def rgba_image(picture: MapFigure, outlier: str) -> NDArray[np.uint8]:
    """The colours (R, C, 4) of categories or of three bands; blank pixels are transparent."""
    values = picture.values
    image = np.zeros((*values.shape[:2], 4), dtype=np.uint8)
    if picture.kind == "rgb":
        known = np.isfinite(values).any(axis=2)
        image[..., :3] = np.rint(np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8)
    else:
        known = np.isfinite(values)
        table = np.array([_rgb(colour) for colour in (*picture.colours, outlier)], dtype=np.uint8)
        image[..., :3] = table[np.where(known, values, -1).astype(np.int64)]
    image[..., 3] = np.where(known, 255, 0)
    return image


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _explain(axes: Any, picture: MapFigure, ink: dict[str, Any]) -> None:
    from matplotlib.patches import Patch

    if picture.kind == "rgb":
        rows = [(name, colour) for name, colour in zip(picture.names, ("#D22B2B", "#1E8E3E", "#2F6BFF"), strict=False)]
    else:
        counts = [int((picture.values == number).sum()) for number in range(len(picture.names))]
        rows = [
            (f"{name} ({count:,})", colour)
            for name, colour, count in zip(picture.names, picture.colours, counts, strict=True)
        ]
        outliers = int((picture.values == -1).sum())
        rows += [(f"outliers ({outliers:,})", ink["quiet"])] if outliers else []
    patches = [Patch(facecolor=colour, label=name) for name, colour in rows]
    axes.legend(
        handles=patches, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, labelcolor=ink["text"], fontsize=9
    )


def _scale_bar(axes: Any, grid: MapGrid, ink: dict[str, Any]) -> None:
    """A bar of a round length beneath the picture; none where places are counted."""
    if not grid.unit:
        return
    across, down = grid.step
    rows, columns = grid.shape
    length = round_length(columns * across / 3)
    left, below = grid.x[0] - across / 2, grid.y[-1] + down / 2
    gap = 0.04 * max(rows * down, columns * across / 4)
    axes.plot([left, left + length], [below + gap] * 2, color=ink["text"], linewidth=3, solid_capstyle="butt")
    words = format_length(length, grid.unit)
    axes.text(left + length / 2, below + 2 * gap, words, color=ink["text"], ha="center", va="top", fontsize=10)
    axes.set_ylim(below + 5 * gap, grid.y[0] - down / 2)
