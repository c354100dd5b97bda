"""What all figures share: the window's colours, axes, legends, and saving. Needs no display."""

from __future__ import annotations

import functools
import io
import logging
import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.writing import atomic_write

FORMATS: Final = {".png": "PNG image", ".tif": "TIFF image", ".svg": "SVG drawing", ".pdf": "PDF document"}
FIGURE_INCHES: Final = (9.0, 4.6)
_MARGIN: Final = 0.06  # of the height, above and below the curves
DRAWING: Final = threading.RLock()  # matplotlib's settings and its parser of formulas are shared by all threads
_DPI: Final = 160
_TIFF_SOFTWARE: Final = 305  # the tag that names the program
_MARK: Final = "RamanStudio"  # in the file, so that it is known to be ours to replace


@dataclass(frozen=True, slots=True)
class ThemeColours:
    """The colours of one theme."""

    panel: str
    line: str
    text: str
    quiet: str
    accent: str
    raw: str
    residual: str
    reference: str
    warning: str
    band_alpha: float


@functools.cache
def _theme_rows() -> dict[str, Any]:
    return tomllib.loads(bundled_path("resources", "theme.toml").read_text(encoding="utf-8"))


@functools.cache
def theme_colours(theme: str) -> ThemeColours:
    """Return the colours of "light" or "dark", those of the window: resources/theme.toml."""
    rows = _theme_rows()[theme]
    return ThemeColours(**{field.name: rows[field.name] for field in fields(ThemeColours)})


@functools.cache
def category_colours(theme: str) -> tuple[str, ...]:
    """Return the colours of categories in "light" or "dark": Okabe and Ito's, then an extension."""
    rows = _theme_rows()[theme]
    return tuple(rows["categories"])


def shorten(name: str, length: int) -> str:
    """Return `name` in at most `length` characters, with an ellipsis in the middle of a longer one."""
    return name if len(name) <= length else f"{name[: length // 2 - 1]}…{name[-(length // 2) :]}"


def truncate(text: str, length: int) -> str:
    """Return `text` in at most `length` characters, with an ellipsis at the end of a longer one."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def style_axes(axes: Any, colours: ThemeColours, small: bool) -> None:
    """Style the background, the spines, the ticks and the grid of `axes`."""
    axes.set_facecolor(colours.panel)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(colours.line)
    axes.tick_params(colors=colours.quiet, labelsize=8 if small else 10, length=3)
    axes.grid(True, color=colours.line, linewidth=0.5, alpha=0.6)
    axes.set_axisbelow(True)


def fit_height(axes: Any, curves: Sequence[NDArray[Any]]) -> None:
    """Set the limits of the intensity axis to the finite values of `curves`, each (B,), with a margin."""
    shown = np.concatenate([*curves, []])
    shown = shown[np.isfinite(shown)]
    if shown.size and shown.max() > shown.min():
        margin = _MARGIN * (shown.max() - shown.min())
        axes.set_ylim(shown.min() - margin, shown.max() + margin)


def add_legend(axes: Any, colours: ThemeColours, small: bool) -> None:
    """Add a legend where it hides least."""
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        labels,
        loc="best",
        frameon=False,
        labelcolor=colours.quiet,
        fontsize=8 if small else 10,
        handlelength=1.6,
    )


def figure_bytes(figure: Any, suffix: str, dpi: float = _DPI) -> bytes:
    """Return a figure as the content of a file with this suffix: .png, .tif, .svg or .pdf."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    kind = suffix.lower().lstrip(".")
    # Before a machine's first figure matplotlib logs that it builds its font cache, which is of no use to the user.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    FigureCanvasAgg(figure)
    content = io.BytesIO()
    # no date: the same bytes for the same figure
    metadata = {
        "png": {"Software": _MARK},
        "svg": {"Creator": _MARK, "Date": None},
        "pdf": {"Creator": _MARK, "CreationDate": None},
    }.get(kind)
    options: dict[str, Any] = {"metadata": metadata} if metadata else {}
    if kind in ("tif", "tiff"):
        options["pil_kwargs"] = {"compression": "tiff_lzw", "tiffinfo": {_TIFF_SOFTWARE: _MARK}}
    with DRAWING:
        figure.savefig(content, format=kind, dpi=dpi, facecolor=figure.get_facecolor(), **options)
    return content.getvalue()


def check_suffix(path: Path) -> None:
    """Raise StudioError for a name that ends in none of FORMATS."""
    if path.suffix.lower() not in (*FORMATS, ".tiff"):
        *first, last = FORMATS
        raise StudioError(
            f"A figure cannot be saved as '{path.name}'.",
            remedy=f"Choose a name ending in {', '.join(first)} or {last}.",
        )


def save_figure(figure: Any, path: Path) -> Path:
    """Write a figure in one of FORMATS. Raises StudioError for another suffix or when the file cannot be written."""
    check_suffix(path)
    atomic_write(path, figure_bytes(figure, path.suffix))
    return path
