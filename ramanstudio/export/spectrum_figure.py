"""Figures of spectra for publications: panels, overlaid or offset, as PNG, TIFF, SVG or PDF. Needs no display."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.label_layout import spread
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write
from ramanstudio.denoising.denoised import CONFIDENCE_90
from ramanstudio.export.figure_options import FigureOptions
from ramanstudio.export.figure_style import (
    DRAWING,
    ThemeColours,
    category_colours,
    check_suffix,
    figure_bytes,
    theme_colours,
    truncate,
)

MM_PER_INCH: Final = 25.4
OFFSET: Final = 1.1  # between offset spectra, of the height of the strongest
LABELLED_OFFSET: Final = 1.35  # the same with positions over the lines
GREYS: Final = ("#000000", "#6E6E6E", "#A6A6A6", "#3A3A3A")
DASHES: Final = ("-", "--", "-.", ":")
MAX_LEGEND: Final = 12
_LABEL_HEIGHT: Final = 0.12  # room for positions over the lines, of the height of the axes
_SMALLER: Final = 0.85  # of the font size, for ticks, legends and labels


@dataclass(frozen=True, slots=True)
class FigurePeak:
    """A peak to label: at `shift` in cm⁻¹, with a `text` (its position where empty), in grey where it `is_hollow`.

    `by` says how far from the top of the peak its label stands, in cm⁻¹ and in heights of the spectrum; None where it
    stands over the peak.
    """

    shift: float
    text: str = ""
    by: tuple[float, float] | None = None
    is_hollow: bool = False


@dataclass(frozen=True, slots=True)
class FigureSpectrum:
    """One spectrum of a figure.

    `shift` (B,) in cm⁻¹; `raw`, `values` and `error` (B,) are the measured spectrum, the denoised or processed one and
    its standard error, None where there is none. `peaks` are labelled: positions in cm⁻¹, or more of them; `note`
    stands at the right of the title.
    """

    title: str
    shift: NDArray[np.float64]
    raw: NDArray[Any] | None = None
    values: NDArray[Any] | None = None
    error: NDArray[Any] | None = None
    peaks: tuple[float | FigurePeak, ...] = ()
    note: str = ""
    unit: str = "a.u."

    @classmethod
    def of_set(
        cls, title: str, raw: SpectrumSet | None, result: SpectrumSet, error: NDArray[Any] | None, **others: Any
    ) -> FigureSpectrum:
        """The only spectrum of a set, or the mean of its spectra without NaN; `error` (N, B) is for one spectrum."""
        unit = str(result.about.get("intensity_unit", "a.u."))
        raw_mean = _mean(raw.values) if raw is not None and raw.same_axis(result) else None
        only_error = error[0] if error is not None and len(result) == 1 else None
        return cls(title, result.axis, raw_mean, _mean(result.values), only_error, unit=unit, **others)


def draw_spectra(spectra: Sequence[FigureSpectrum], options: FigureOptions = FigureOptions()) -> Any:  # noqa: B008
    """Draw spectra on a light page as `options` say, and return the matplotlib Figure.

    Raises StudioError when there is nothing to draw.
    """
    if not spectra:
        raise StudioError("There is no spectrum to draw.", remedy="Select at least one spectrum.")
    from matplotlib.figure import Figure

    colours = theme_colours("light")
    size = options.width_mm / MM_PER_INCH, options.height_mm / MM_PER_INCH
    with _fonts(options):
        figure = Figure(figsize=size, facecolor="white", layout="constrained")
        if options.arrangement == "panels":
            _draw_panels(figure, spectra, options, colours)
        else:
            _draw_together(figure, spectra, options, colours)
        _lay_out(figure)
    return figure


def panel_grid(n_panels: int) -> tuple[int, int]:
    """Return the number of columns and rows of a figure of panels."""
    n_columns = 1 if n_panels <= 3 else 2 if n_panels <= 8 else 3
    return n_columns, -(-n_panels // n_columns)


def save_spectra(
    path: Path,
    spectra: Sequence[FigureSpectrum],
    options: FigureOptions = FigureOptions(),  # noqa: B008
) -> Path:
    """Draw spectra to a .png, .tif, .svg or .pdf file; text stays text in the last two. Returns `path`.

    Raises StudioError for another suffix, no spectrum, or a file that cannot be written.
    """
    check_suffix(path)
    figure = draw_spectra(spectra, options)
    with _fonts(options):
        atomic_write(path, figure_bytes(figure, path.suffix, options.dpi))
    return path


def preview(spectra: Sequence[FigureSpectrum], options: FigureOptions, dpi: float) -> bytes:
    """Return the figure as PNG of another resolution."""
    figure = draw_spectra(spectra, options)
    with _fonts(options):
        return figure_bytes(figure, ".png", dpi)


@contextmanager
def _fonts(options: FigureOptions) -> Iterator[None]:
    import matplotlib

    style: Any = {
        "font.family": [options.font, "DejaVu Sans"],
        "font.size": options.font_size,
        "pdf.fonttype": 42,  # TrueType: text can be selected and edited
        "svg.fonttype": "none",  # text as text
        "svg.hashsalt": "RamanStudio",  # the same bytes for the same figure
        "axes.unicode_minus": True,
    }
    with DRAWING, matplotlib.rc_context(style):
        yield


def _lay_out(figure: Any) -> None:
    """Place the axes; raises StudioError where there is no room for them."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            figure.get_layout_engine().execute(figure)
        except UserWarning as error:
            raise StudioError(
                "The figure is too small for its text.", remedy="Make it wider or higher, or its font smaller."
            ) from error
    figure.set_layout_engine("none")  # as it is laid out now


def _draw_panels(figure: Any, spectra: Sequence[FigureSpectrum], options: FigureOptions, colours: ThemeColours) -> None:
    n_columns, n_rows = panel_grid(len(spectra))
    for index, spectrum in enumerate(spectra):
        axes = figure.add_subplot(n_rows, n_columns, index + 1)
        _draw_one(axes, spectrum, options, colours)
        _finish(axes, options, colours, [spectrum], index + n_columns >= len(spectra))
        axes.set_ylabel(f"Intensity / {spectrum.unit}")
        if options.title:
            axes.set_title(truncate(spectrum.title, 48), loc="left", fontsize=options.font_size)
            if spectrum.note:
                axes.set_title(spectrum.note, loc="right", fontsize=_SMALLER * options.font_size)
        if options.legend and index == 0:
            axes.legend(frameon=False, fontsize=_SMALLER * options.font_size)
        if options.inset is not None:
            _add_inset(axes, [spectrum], options, colours)


def _draw_one(axes: Any, spectrum: FigureSpectrum, options: FigureOptions, colours: ThemeColours) -> None:
    is_grey = options.colours == "grey"
    drawn = spectrum.values if spectrum.values is not None else spectrum.raw
    if options.raw and spectrum.raw is not None:
        shade = GREYS[2] if is_grey else colours.raw
        axes.plot(spectrum.shift, spectrum.raw, color=shade, linewidth=0.7 * options.line_width, label="measured")
    colour = GREYS[0] if is_grey else colours.accent
    if options.denoised and spectrum.values is not None:
        axes.plot(spectrum.shift, spectrum.values, color=colour, linewidth=options.line_width, label="denoised")
        if options.band and spectrum.error is not None:
            half = CONFIDENCE_90 * spectrum.error
            label = "90 % confidence band"
            low, high = spectrum.values - half, spectrum.values + half
            axes.fill_between(spectrum.shift, low, high, color=colour, alpha=0.2, linewidth=0, label=label)
    if options.peak_labels and drawn is not None:
        _label_peaks(axes, spectrum, drawn, options)
        longest = max((len(peak.text) for peak in spectrum.peaks if isinstance(peak, FigurePeak)), default=0)
        room = _LABEL_HEIGHT * max(1.0, longest / 3.5)
        axes.set_ylim(top=axes.get_ylim()[1] + room * np.ptp(axes.get_ylim()))


def _draw_together(
    figure: Any, spectra: Sequence[FigureSpectrum], options: FigureOptions, colours: ThemeColours
) -> None:
    axes = figure.add_subplot()
    step = (LABELLED_OFFSET if options.peak_labels else OFFSET) if options.arrangement == "offset" else 0.0
    _plot_scaled(axes, spectra, options, step)
    _finish(axes, options, colours, spectra, True)
    axes.set_ylabel("Intensity / strongest line" + (" (offset)" if step else ""))
    axes.set_yticks([] if step else [0, 0.5, 1])
    if options.legend and not step and len(spectra) <= MAX_LEGEND:
        axes.legend(frameon=False, fontsize=_SMALLER * options.font_size)
    if options.inset is not None:
        _add_inset(axes, spectra, options, colours)


def _plot_scaled(axes: Any, spectra: Sequence[FigureSpectrum], options: FigureOptions, step: float) -> None:
    """Plot each spectrum scaled to its strongest line within the range shown, the first one on top."""
    palette = GREYS if options.colours == "grey" else category_colours("light")
    for index, spectrum in enumerate(spectra):
        drawn = spectrum.values if spectrum.values is not None and options.denoised else spectrum.raw
        if drawn is None:
            continue
        shown = drawn[_within(spectrum.shift, options.shift_range)]
        shown = shown[np.isfinite(shown)]
        low, high = (shown.min(), shown.max()) if shown.size else (0.0, 1.0)
        scaled = (drawn - low) / ((high - low) or 1.0) + step * (len(spectra) - 1 - index)
        dash = DASHES[index // len(palette) % len(DASHES)]
        if options.colours == "grey":
            dash = DASHES[index % len(DASHES)]
        line = {"color": palette[index % len(palette)], "linewidth": options.line_width, "linestyle": dash}
        axes.plot(spectrum.shift, scaled, label=truncate(spectrum.title, 40), **line)
        if options.legend and step:
            end = options.shift_range or (spectrum.shift[0], spectrum.shift[-1])
            x = end[0] if options.decreasing else end[1]
            at = float(np.interp(x, spectrum.shift, scaled))
            place = {"xytext": (-4, 5), "textcoords": "offset points", "ha": "right", "va": "bottom"}
            label = truncate(spectrum.title, 40)
            axes.annotate(label, (x, at), color=line["color"], fontsize=_SMALLER * options.font_size, **place)
        if options.peak_labels:
            _label_peaks(axes, spectrum, scaled, options)


def _finish(
    axes: Any, options: FigureOptions, colours: ThemeColours, spectra: Iterable[FigureSpectrum], has_label: bool
) -> None:
    """Set limits, direction, ticks and labels."""
    spectra = list(spectra)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=_SMALLER * options.font_size, colors=colours.text, length=3)
    axes.ticklabel_format(axis="y", scilimits=(-3, 5), useMathText=True)
    low, high = options.shift_range or (
        min(spectrum.shift[0] for spectrum in spectra),
        max(spectrum.shift[-1] for spectrum in spectra),
    )
    axes.set_xlim((high, low) if options.decreasing else (low, high))
    if options.intensity_range is not None and options.arrangement == "panels":
        axes.set_ylim(options.intensity_range)
    elif options.shift_range is not None:
        _fit_height(axes, options.shift_range)
    if has_label:
        axes.set_xlabel("Raman shift / cm⁻¹")


def _fit_height(axes: Any, shift_range: tuple[float, float]) -> None:
    """Set the limits of the intensity axis to what is drawn within the range."""
    shown = [line.get_ydata()[_within(np.asarray(line.get_xdata()), shift_range)] for line in axes.get_lines()]
    values = np.concatenate([*shown, []])
    values = values[np.isfinite(values)]
    if values.size and values.max() > values.min():
        margin = 0.08 * (values.max() - values.min())
        axes.set_ylim(values.min() - margin, values.max() + margin)


def _label_peaks(axes: Any, spectrum: FigureSpectrum, values: NDArray[Any], options: FigureOptions) -> None:
    """Write the labels over the lines, side by side; where there is no room for all, those of the stronger lines."""
    low, high = options.shift_range or (float(spectrum.shift[0]), float(spectrum.shift[-1]))
    low, high = max(low, float(spectrum.shift[0])), min(high, float(spectrum.shift[-1]))
    everything = [peak if isinstance(peak, FigurePeak) else FigurePeak(float(peak)) for peak in spectrum.peaks]
    peaks = [peak for peak in everything if low <= peak.shift <= high]
    if not peaks:
        return
    finite = np.isfinite(values)
    shifts, shown = spectrum.shift[finite], values[finite]
    tops = np.interp([peak.shift for peak in peaks], shifts, shown)
    pitch = 1.15 * options.font_size / (0.8 * options.width_mm / MM_PER_INCH * 72) * (high - low)  # in cm⁻¹
    by_height = np.argsort(tops)[::-1]
    in_row = [int(index) for index in by_height if peaks[index].by is None][: max(1, int((high - low) / pitch))]
    places = dict(zip(in_row, spread([peaks[index].shift for index in in_row], pitch, low, high), strict=True))
    span = float(np.ptp(shown)) or 1.0
    for index, peak in enumerate(peaks):
        top = float(tops[index])
        if peak.by is not None:
            at = (peak.shift + peak.by[0], top + peak.by[1] * span)
        elif index in places:
            under = shown[np.abs(shifts - places[index]) <= pitch / 2]  # what a label beside its line stands over
            at = (places[index], max(top, float(under.max(initial=top))))
        else:
            continue
        line = {"arrowstyle": "-", "linewidth": 0.5, "color": "0.5", "shrinkA": 0, "shrinkB": 1}
        is_beside = peak.by is not None or abs(at[0] - peak.shift) > 0.3 * pitch
        axes.annotate(
            peak.text or f"{peak.shift:.0f}",
            (peak.shift, top),
            xytext=at,
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=_SMALLER * options.font_size,
            color="0.45" if peak.is_hollow else "0",
            arrowprops=line if is_beside else None,
        )


def _add_inset(axes: Any, spectra: Sequence[FigureSpectrum], options: FigureOptions, colours: ThemeColours) -> None:
    """Draw the range `options.inset` enlarged, in the upper corner where less is drawn."""
    assert options.inset is not None
    lines = axes.get_lines()
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.9 * (high - low))  # room above the curves
    left_is_free = _mean_height(axes, lines, 0.0, 0.45) < _mean_height(axes, lines, 0.55, 1.0)
    inset = axes.inset_axes((0.08 if left_is_free else 0.57, 0.62, 0.4, 0.36))
    for line in lines:
        inset.plot(
            *line.get_data(), color=line.get_color(), linestyle=line.get_linestyle(), linewidth=line.get_linewidth()
        )
    inset.set_xlim(options.inset[::-1] if options.decreasing else options.inset)
    _fit_height(inset, options.inset)
    inset.tick_params(labelsize=0.75 * options.font_size, colors=colours.text, length=2)
    inset.set_yticks([])


def _mean_height(axes: Any, lines: Sequence[Any], start: float, end: float) -> float:
    """The mean height of what is drawn between two fractions of the width, as a fraction of the height."""
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    bounds = sorted((left + start * (right - left), left + end * (right - left)))
    shown = [line.get_ydata()[_within(np.asarray(line.get_xdata()), (bounds[0], bounds[1]))] for line in lines]
    values = np.concatenate([*shown, [low]])
    return float((np.nanmax(values) - low) / ((high - low) or 1.0))


def _within(shift: NDArray[Any], shift_range: tuple[float, float] | None) -> NDArray[np.bool_]:
    if shift_range is None:
        return np.ones(len(shift), dtype=np.bool_)
    return np.asarray((shift >= shift_range[0]) & (shift <= shift_range[1]))


def _mean(values: NDArray[Any]) -> NDArray[np.float64]:
    """The mean (B,) of the spectra (N, B) without NaN, or of all where each has some."""
    whole = values[np.isfinite(values).all(axis=1)]
    return np.asarray((whole if len(whole) else values).mean(axis=0, dtype=np.float64))
