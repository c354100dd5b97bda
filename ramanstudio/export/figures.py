"""Pictures to keep: denoised spectra and loss curves as PNG or SVG, in the window's colours. Needs no display."""

from __future__ import annotations

import functools
import io
import logging
import math
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_number
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write
from ramanstudio.denoising.denoised import CONFIDENCE_90

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised

COLUMNS = 3
PARTS = ("raw", "denoised", "band")
PANEL_INCHES = (4.6, 2.6)
ALONE_INCHES = (9.0, 4.6)
HIGHEST_RATIO = 10_000  # no repeats agree to more than that; a smoothed or simulated file seems to


@dataclass(frozen=True, slots=True)
class Colours:
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
def theme_colours(theme: str) -> Colours:
    """The colours of "light" or "dark", those of the window: resources/theme.toml."""
    rows = tomllib.loads(bundled_path("resources", "theme.toml").read_text(encoding="utf-8"))[theme]
    return Colours(**{field.name: rows[field.name] for field in fields(Colours)})


@dataclass(frozen=True, slots=True)
class Panel:
    """One frame of a picture: a set's raw and denoised spectra under a title."""

    title: str
    raw: SpectrumSet
    denoised: Denoised


def short(name: str, most: int) -> str:
    """A name of at most `most` characters; the middle of a longer one is left out."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most // 2) :]}"


def format_snr(ratio: float) -> str:
    """A signal-to-noise ratio as people read it: 3.4, 31, or – where there is none."""
    if not math.isfinite(ratio):
        return "–"
    if ratio > HIGHEST_RATIO:
        return f"> {format_number(HIGHEST_RATIO)}"
    return f"{ratio:.1f}" if round(ratio, 1) < 10 else f"{ratio:.0f}"


def median_snr(denoised: Denoised) -> tuple[float, float, float]:
    """SNR before, after, and gain: the medians over the spectra of which they are known; NaN where of none."""
    known = np.isfinite(denoised.snr_before)
    ratios = (denoised.snr_before, denoised.snr_after, denoised.gain)
    before, after, gain = (float(np.median(ratio[known])) if known.any() else math.nan for ratio in ratios)
    return before, after, gain


def format_snr_change(denoised: Denoised) -> str:
    """`12 → 31 (×2.6)`; medians where the set has several spectra."""
    before, after, gain = median_snr(denoised)
    return f"{format_snr(before)} → {format_snr(after)} (×{format_snr(gain)})"


def draw_denoised(
    path: Path,
    panels: Sequence[Panel],
    dark: bool = False,
    shift_range: tuple[float, float] | None = None,
    intensity_range: tuple[float, float] | None = None,
    columns: int | None = None,
    parts: Collection[str] = PARTS,
) -> Path:
    """Draw `panels` to `path`, a .png or .svg; returns `path`.

    One spectrum is drawn raw and denoised with the band that holds nine in ten true values; a set as the mean of its
    raw and denoised spectra over the 5th to 95th percentile of each. `shift_range` (cm⁻¹) and `intensity_range` are
    what the axes show, else all; `parts` is what is drawn, of PARTS. Raises StudioError for another suffix, no panel,
    or a folder that cannot be written.
    """
    if not panels:
        raise StudioError("There is no spectrum to draw.", remedy="Choose at least one denoised spectrum.")
    colours = theme_colours("dark" if dark else "light")
    across = columns or (1 if len(panels) == 1 else 2 if len(panels) in (2, 4) else COLUMNS)
    figure, grid = _sheet(colours, across, -(-len(panels) // across), alone=len(panels) == 1)
    small = len(panels) > 1
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(grid[place])
        _draw_panel(axes, panel, colours, shift_range, parts)
        _dress(axes, colours, small)
        size, letters = (9.5, 28) if small else (13, 46)
        title = panel.title if len(panel.title) <= letters else f"{panel.title[: letters - 1]}…"
        axes.set_title(title, loc="left", color=colours.text, fontsize=size)
        axes.set_title(f"SNR {format_snr_change(panel.denoised)}", loc="right", color=colours.accent, fontsize=size)
        axes.set_xlim(shift_range or (panel.raw.axis[0], panel.raw.axis[-1]))
        if intensity_range:
            axes.set_ylim(intensity_range)
        lowest_of_column = place + across >= len(panels)
        axes.set_xlabel("Raman shift / cm⁻¹" if lowest_of_column else "", color=colours.quiet)
        unit = panel.raw.about.get("intensity_unit", "a.u.")
        axes.set_ylabel(f"Intensity / {unit}" if place % across == 0 else "", color=colours.quiet)
        if place == 0:
            explain(axes, colours, small)
    return save(figure, path)


def _sheet(colours: Colours, across: int, down: int, alone: bool) -> tuple[Any, Any]:
    """A figure, and its grid of places: margins in inches, since finding them costs seconds for a large grid."""
    from matplotlib.figure import Figure

    width, height = ALONE_INCHES if alone else (PANEL_INCHES[0] * across, PANEL_INCHES[1] * down + 0.3)
    left, right, bottom, top, gap_across, gap_down = 0.85, 0.25, 0.6, 0.4, 0.55, 0.6
    figure = Figure(figsize=(width, height), facecolor=colours.panel)
    grid = figure.add_gridspec(
        down,
        across,
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=gap_across / ((width - left - right - gap_across * (across - 1)) / across),
        hspace=gap_down / ((height - top - bottom - gap_down * (down - 1)) / down),
    )
    return figure, grid


def _draw_panel(
    axes: Any, panel: Panel, colours: Colours, shift_range: tuple[float, float] | None, parts: Collection[str]
) -> None:
    shift, raw, clean = panel.raw.axis, panel.raw.values, panel.denoised.spectra.values
    whole = np.isfinite(panel.denoised.snr_before) if len(clean) > 1 else np.ones(1, dtype=np.bool_)
    if whole.any() and not whole.all():  # what holds no numbers has no mean
        raw, clean = raw[whole], clean[whole]
    noisy, mean = raw.mean(axis=0, dtype=np.float64), clean.mean(axis=0, dtype=np.float64)
    if len(panel.raw) == 1:
        reach = CONFIDENCE_90 * panel.denoised.expected_error[0]
        low, high, many, meaning = mean - reach, mean + reach, "", "90 % band"
    else:
        low, high = np.percentile(clean, (5, 95), axis=0)
        many, meaning = f"mean of {len(clean)} ", "5th to 95th percentile"
    drawn: list[NDArray[Any]] = []
    if "raw" in parts:
        axes.plot(shift, noisy, color=colours.raw, linewidth=0.8, label=f"{many}raw", zorder=2)
        drawn.append(noisy)
        if len(panel.raw) > 1:
            noisy_low, noisy_high = np.percentile(raw, (5, 95), axis=0)
            axes.fill_between(shift, noisy_low, noisy_high, color=colours.raw, alpha=0.3, linewidth=0, zorder=0.5)
            drawn += [noisy_low, noisy_high]
    if "denoised" in parts:
        axes.plot(shift, mean, color=colours.accent, linewidth=1.2, label=f"{many}denoised", zorder=3)
        drawn.append(mean)
    if "band" in parts and "denoised" in parts:
        shade = {"color": colours.accent, "alpha": colours.band_alpha, "linewidth": 0}
        axes.fill_between(shift, low, high, **shade, label=meaning, zorder=1)
        drawn += [low, high]
    shown = slice(None) if shift_range is None else (shift >= shift_range[0]) & (shift <= shift_range[1])
    _fit_height(axes, [curve[shown] for curve in drawn])


def _fit_height(axes: Any, curves: Sequence[NDArray[Any]]) -> None:
    shown = np.concatenate([*curves, []])
    shown = shown[np.isfinite(shown)]
    if shown.size and shown.max() > shown.min():
        room = 0.06 * (shown.max() - shown.min())
        axes.set_ylim(shown.min() - room, shown.max() + room)


def frame(axes: Any, colours: Colours, small: bool) -> None:
    """Dress the frame, the ticks and the grid of `axes`."""
    axes.set_facecolor(colours.panel)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(colours.line)
    axes.tick_params(colors=colours.quiet, labelsize=8 if small else 10, length=3)
    axes.grid(True, color=colours.line, linewidth=0.5, alpha=0.6)
    axes.set_axisbelow(True)


def _dress(axes: Any, colours: Colours, small: bool) -> None:
    frame(axes, colours, small)
    axes.locator_params(axis="y", nbins=5)
    axes.ticklabel_format(axis="y", scilimits=(-3, 5), useMathText=True)
    axes.yaxis.get_offset_text().set(color=colours.quiet, fontsize=8)


def explain(axes: Any, colours: Colours, small: bool) -> None:
    """Put a legend where it hides least."""
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


def draw_map(path: Path, raw: SpectrumSet, denoised: Denoised, shift_cm: float, dark: bool = False) -> Path:
    """Draw where the line at `shift_cm` is strong in a map, raw beside denoised, to `path`, a .png or .svg.

    Each pixel is the line's height over its flanks, 25 cm⁻¹ away on both sides. Raises StudioError when the set is no
    map, for another suffix, or for a folder that cannot be written.
    """
    if not raw.is_map:
        raise StudioError("These spectra have no places to draw a map of.", remedy="Choose a map, with x and y.")
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    figure = Figure(figsize=ALONE_INCHES, facecolor=colours.panel, layout="constrained")
    x, column = np.unique(raw.table["x"], return_inverse=True)
    y, row = np.unique(raw.table["y"], return_inverse=True)
    heights = [_line_heights(spectra, shift_cm) for spectra in (raw, denoised.spectra)]
    low, high = np.percentile(np.concatenate(heights), (1, 99))  # one scale, so that both can be compared
    for place, (height, title) in enumerate(zip(heights, ("raw", "denoised"), strict=True)):
        axes = figure.add_subplot(1, 2, place + 1)
        picture = np.full((len(y), len(x)), np.nan)
        picture[row, column] = height
        drawn = axes.pcolormesh(x, y, picture, cmap="viridis", vmin=low, vmax=high, shading="nearest", rasterized=True)
        frame(axes, colours, small=False)
        axes.grid(False)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.set_title(title, loc="left", color=colours.text, fontsize=13)
        axes.set_xlabel("x / µm", color=colours.quiet)
        axes.set_ylabel("y / µm" if place == 0 else "", color=colours.quiet)
    axes.set_title(f"SNR {format_snr_change(denoised)}", loc="right", color=colours.accent, fontsize=11)
    scale = figure.colorbar(drawn, ax=figure.axes, pad=0.02, fraction=0.03, shrink=0.88)
    scale.set_label(f"Height of the line at {shift_cm:.0f} cm⁻¹", color=colours.quiet)
    scale.ax.tick_params(colors=colours.quiet)
    scale.outline.set_visible(False)
    return save(figure, path)


def _line_heights(spectra: SpectrumSet, shift_cm: float) -> NDArray[np.float64]:
    top, left, right = (np.argmin(np.abs(spectra.axis - shift)) for shift in (shift_cm, shift_cm - 25, shift_cm + 25))
    values = spectra.values.astype(np.float64)
    return np.asarray(values[:, top] - (values[:, left] + values[:, right]) / 2)


def draw_loss_curve(path: Path, rows: Sequence[Mapping[str, float]], dark: bool = False) -> Path:
    """Draw how training went to `path`, a .png or .svg; returns `path`.

    Each row has `step` and one number for the loss and each of its parts; what is not finite is left out. A long
    curve is drawn faint with its running median on top. Raises StudioError without rows, for another suffix, or for
    a folder that cannot be written.
    """
    losses = [name for name in (rows[0] if rows else ()) if name != "step"]
    if not losses:
        raise StudioError("There is no loss to draw.", remedy="Train for at least one step first.")
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    figure = Figure(figsize=ALONE_INCHES, facecolor=colours.panel, layout="constrained")
    axes = figure.add_subplot()
    for name, colour in zip(losses, (colours.accent, "#D55E00", "#009E73", "#CC79A7"), strict=False):
        points = [(row["step"], row[name]) for row in rows if math.isfinite(row.get(name, math.nan))]
        if not points:
            continue
        step, loss = np.array(points, dtype=np.float64).T
        smooth = _running_median(loss, max(1, len(loss) // 40))
        axes.plot(step, loss, color=colour, linewidth=0.8, alpha=0.3)
        axes.plot(step, smooth, color=colour, linewidth=1.6, label=name.replace("_", " "))
    if not any(row.get(name, 1) <= 0 for row in rows for name in losses):
        axes.set_yscale("log")
    _dress_loss(axes, colours)
    return save(figure, path)


def _dress_loss(axes: Any, colours: Colours) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    frame(axes, colours, small=False)
    if axes.get_yscale() == "log":
        plainly = FuncFormatter(lambda loss, _place: f"{loss:g}")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(plainly)
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda _loss, _place: ""))
    axes.set_title("Pretraining", loc="left", color=colours.text, fontsize=13)
    axes.set_xlabel("step", color=colours.quiet)
    axes.set_ylabel("loss", color=colours.quiet)
    explain(axes, colours, small=False)


def _running_median(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    near = [min(reach, place, len(values) - 1 - place) for place in range(len(values))]  # shorter towards both ends
    return np.array([np.median(values[place - few : place + few + 1]) for place, few in enumerate(near)])


def save(figure: Any, path: Path) -> Path:
    """Write a figure as .png or .svg; raises StudioError for another suffix or a place that is not to be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "svg"):
        raise StudioError(
            f"A picture cannot be saved as '{path.name}'.", remedy="Choose a name ending in .png or .svg."
        )
    # On a machine's first picture matplotlib says that it builds its font cache; nobody asked.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    FigureCanvasAgg(figure)
    drawn = io.BytesIO()
    figure.savefig(
        drawn,
        format=kind,
        dpi=160,
        facecolor=figure.get_facecolor(),
        metadata={"Software" if kind == "png" else "Date": None},
    )
    try:
        atomic_write(path, drawn.getvalue())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not write '{path}': {reason}.", remedy="Choose a folder that exists and may be written."
        ) from error
    return path
