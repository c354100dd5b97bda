"""Figures of denoised spectra and maps, raw beside denoised, as PNG or SVG. Needs no display."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import CONFIDENCE_90
from ramanstudio.export.figure_style import (
    FIGURE_INCHES,
    ThemeColours,
    add_legend,
    fit_height,
    save_figure,
    style_axes,
    theme_colours,
    truncate,
)
from ramanstudio.export.snr_text import format_snr_change

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised

CURVES: Final = ("raw", "denoised", "band")
_COLUMNS: Final = 3
_PANEL_INCHES: Final = (4.6, 2.6)
_FLANK_CM: Final = 25  # from a band's top to where its baseline is read, in a map


@dataclass(frozen=True, slots=True)
class SpectrumPanel:
    """One panel of a figure: the raw and denoised spectra of a set under a title."""

    title: str
    raw: SpectrumSet
    denoised: Denoised


def draw_denoised(
    path: Path,
    panels: Sequence[SpectrumPanel],
    dark: bool = False,
    shift_range: tuple[float, float] | None = None,
    intensity_range: tuple[float, float] | None = None,
    columns: int | None = None,
    curves: Collection[str] = CURVES,
) -> Path:
    """Draw `panels` to `path`, a .png or .svg; return `path`.

    One spectrum is drawn raw and denoised with its 90 % confidence band; a set as the mean of its raw and denoised
    spectra with the 5th to 95th percentile of each. `shift_range` (cm⁻¹) and `intensity_range` limit the axes;
    `curves`, of CURVES, is what is drawn. Raises StudioError for another suffix, no panel, or a file that cannot be
    written.
    """
    if not panels:
        raise StudioError("There is no spectrum to draw.", remedy="Select at least one denoised spectrum.")
    colours = theme_colours("dark" if dark else "light")
    n_columns = columns or (1 if len(panels) == 1 else 2 if len(panels) in (2, 4) else _COLUMNS)
    figure, grid = _panel_grid(colours, n_columns, -(-len(panels) // n_columns), single=len(panels) == 1)
    small = len(panels) > 1
    for index, panel in enumerate(panels):
        axes = figure.add_subplot(grid[index])
        _draw_panel(axes, panel, colours, shift_range, curves)
        _style_intensity_axes(axes, colours, small)
        size, length = (9.5, 28) if small else (13, 46)
        axes.set_title(truncate(panel.title, length), loc="left", color=colours.text, fontsize=size)
        axes.set_title(f"SNR {format_snr_change(panel.denoised)}", loc="right", color=colours.accent, fontsize=size)
        axes.set_xlim(shift_range or (panel.raw.axis[0], panel.raw.axis[-1]))
        if intensity_range:
            axes.set_ylim(intensity_range)
        lowest_of_column = index + n_columns >= len(panels)
        axes.set_xlabel("Raman shift / cm⁻¹" if lowest_of_column else "", color=colours.quiet)
        unit = panel.raw.about.get("intensity_unit", "a.u.")
        axes.set_ylabel(f"Intensity / {unit}" if index % n_columns == 0 else "", color=colours.quiet)
        if index == 0:
            add_legend(axes, colours, small)
    return save_figure(figure, path)


def _panel_grid(colours: ThemeColours, n_columns: int, n_rows: int, single: bool) -> tuple[Any, Any]:
    """A figure and its grid of panels; margins are in inches, as computing them takes seconds for a large grid."""
    from matplotlib.figure import Figure

    width, height = FIGURE_INCHES if single else (_PANEL_INCHES[0] * n_columns, _PANEL_INCHES[1] * n_rows + 0.3)
    left, right, bottom, top, gap_x, gap_y = 0.85, 0.25, 0.6, 0.4, 0.55, 0.6
    figure = Figure(figsize=(width, height), facecolor=colours.panel)
    grid = figure.add_gridspec(
        n_rows,
        n_columns,
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=gap_x / ((width - left - right - gap_x * (n_columns - 1)) / n_columns),
        hspace=gap_y / ((height - top - bottom - gap_y * (n_rows - 1)) / n_rows),
    )
    return figure, grid


def _draw_panel(
    axes: Any,
    panel: SpectrumPanel,
    colours: ThemeColours,
    shift_range: tuple[float, float] | None,
    curves: Collection[str],
) -> None:
    shift, raw, clean = panel.raw.axis, panel.raw.values, panel.denoised.spectra.values
    finite = np.isfinite(panel.denoised.snr_before) if len(clean) > 1 else np.ones(1, dtype=np.bool_)
    if finite.any() and not finite.all():  # spectra with NaN have no mean
        raw, clean = raw[finite], clean[finite]
    raw_mean, mean = raw.mean(axis=0, dtype=np.float64), clean.mean(axis=0, dtype=np.float64)
    if len(panel.raw) == 1:
        half_width = CONFIDENCE_90 * panel.denoised.expected_error[0]
        low, high = mean - half_width, mean + half_width
        prefix, band_label = "", "90 % confidence band"
    else:
        low, high = np.percentile(clean, (5, 95), axis=0)
        prefix, band_label = f"mean of {len(clean)} ", "5th to 95th percentile"
    drawn: list[NDArray[Any]] = []
    if "raw" in curves:
        axes.plot(shift, raw_mean, color=colours.raw, linewidth=0.8, label=f"{prefix}raw", zorder=2)
        drawn.append(raw_mean)
        if len(panel.raw) > 1:
            raw_low, raw_high = np.percentile(raw, (5, 95), axis=0)
            axes.fill_between(shift, raw_low, raw_high, color=colours.raw, alpha=0.3, linewidth=0, zorder=0.5)
            drawn += [raw_low, raw_high]
    if "denoised" in curves:
        axes.plot(shift, mean, color=colours.accent, linewidth=1.2, label=f"{prefix}denoised", zorder=3)
        drawn.append(mean)
    if "band" in curves and "denoised" in curves:
        shade = {"color": colours.accent, "alpha": colours.band_alpha, "linewidth": 0}
        axes.fill_between(shift, low, high, **shade, label=band_label, zorder=1)
        drawn += [low, high]
    shown = slice(None) if shift_range is None else (shift >= shift_range[0]) & (shift <= shift_range[1])
    fit_height(axes, [curve[shown] for curve in drawn])


def _style_intensity_axes(axes: Any, colours: ThemeColours, small: bool) -> None:
    style_axes(axes, colours, small)
    axes.locator_params(axis="y", nbins=5)
    axes.ticklabel_format(axis="y", scilimits=(-3, 5), useMathText=True)
    axes.yaxis.get_offset_text().set(color=colours.quiet, fontsize=8)


def draw_denoised_map(path: Path, raw: SpectrumSet, denoised: Denoised, shift_cm: float, dark: bool = False) -> Path:
    """Draw the intensity of the band at `shift_cm` over a map, raw beside denoised, to `path`, a .png or .svg.

    Each pixel is the height of the band above its flanks, 25 cm⁻¹ away on both sides. Raises StudioError when the set
    is no map, for another suffix, or when the file cannot be written.
    """
    if not raw.is_map:
        raise StudioError("These spectra have no positions to draw a map of.", remedy="Choose a map, with x and y.")
    from matplotlib.figure import Figure

    colours = theme_colours("dark" if dark else "light")
    figure = Figure(figsize=FIGURE_INCHES, facecolor=colours.panel, layout="constrained")
    x, column = np.unique(raw.table["x"], return_inverse=True)
    y, row = np.unique(raw.table["y"], return_inverse=True)
    heights = [_band_heights(spectra, shift_cm) for spectra in (raw, denoised.spectra)]
    low, high = np.percentile(np.concatenate(heights), (1, 99))  # one scale, so that both can be compared
    for index, (height, title) in enumerate(zip(heights, ("raw", "denoised"), strict=True)):
        axes = figure.add_subplot(1, 2, index + 1)
        image = np.full((len(y), len(x)), np.nan)
        image[row, column] = height
        mesh = axes.pcolormesh(x, y, image, cmap="viridis", vmin=low, vmax=high, shading="nearest", rasterized=True)
        style_axes(axes, colours, small=False)
        axes.grid(False)
        axes.set_aspect("equal")
        axes.invert_yaxis()
        axes.set_title(title, loc="left", color=colours.text, fontsize=13)
        axes.set_xlabel("x / µm", color=colours.quiet)
        axes.set_ylabel("y / µm" if index == 0 else "", color=colours.quiet)
    axes.set_title(f"SNR {format_snr_change(denoised)}", loc="right", color=colours.accent, fontsize=11)
    colour_bar = figure.colorbar(mesh, ax=figure.axes, pad=0.02, fraction=0.03, shrink=0.88)
    colour_bar.set_label(f"Height of the band at {shift_cm:.0f} cm⁻¹", color=colours.quiet)
    colour_bar.ax.tick_params(colors=colours.quiet)
    colour_bar.outline.set_visible(False)
    return save_figure(figure, path)


def _band_heights(spectra: SpectrumSet, shift_cm: float) -> NDArray[np.float64]:
    """The height (N,) at `shift_cm` above the mean of its flanks."""
    top, left, right = (
        np.argmin(np.abs(spectra.axis - shift)) for shift in (shift_cm, shift_cm - _FLANK_CM, shift_cm + _FLANK_CM)
    )
    values = spectra.values.astype(np.float64)
    return np.asarray(values[:, top] - (values[:, left] + values[:, right]) / 2)
