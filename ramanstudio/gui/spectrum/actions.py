"""The actions on the spectrum plot, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.core.spectral_units import UNITS
from ramanstudio.gui.common.action import Action, ActionContext


def _is_denoised(context: ActionContext) -> bool:
    return context.denoised > 0


def _has_laser(context: ActionContext) -> bool:
    return context.has_laser


def _is_set(context: ActionContext) -> bool:
    return context.spectra > 1


SPECTRUM_ACTIONS: Final = (
    Action("show_raw", "Raw", "View", "R", "Show the raw spectrum", checkable=True, separator=True),
    Action("show_denoised", "Denoised", "View", "D", "Show the denoised spectrum", checkable=True),
    Action("show_residual", "Residual", "View", "E", "Show the residual: raw minus denoised", checkable=True),
    Action(
        "show_band",
        "90 % confidence band",
        "View",
        "B",
        "Show the band that contains the true spectrum with 90 % probability",
        checkable=True,
    ),
    Action(
        "show_peak_labels",
        "Peak labels",
        "View",
        "P",
        "Label the peaks of the spectrum",
        checkable=True,
        synonyms="annotate lines bands",
    ),
    Action(
        "all_metadata",
        "All metadata…",
        "View",
        "",
        "Show, search, copy and edit everything the file states about the selected spectra",
        "ph.info",
        lambda context: context.selected > 0,
        synonyms="properties exposure date header facts edit",
    ),
    Action("log_intensity", "Log intensity", "View", "L", "Logarithmic intensity axis", checkable=True),
    Action(
        "offset_spectra",
        "Offset spectra",
        "View",
        "O",
        "Draw several spectra one above the other, named at their right end; up to 500",
        checkable=True,
        synonyms="waterfall stacked stack shift",
    ),
    *(
        Action(
            name,
            f"Overlay {words}",
            "View",
            "",
            f"Draw several spectra {words}{explained}; the data stay as they are",
            choice="spectra_scaling",
            submenu="Scale overlay",
            synonyms="normalise normalize compare",
        )
        for name, words, explained in (
            ("scale_none", "as measured", ""),
            ("scale_maximum", "scaled to the maximum", ": the highest point of each is 1"),
            ("scale_area", "scaled to the area", ": the mean intensity of each is 1"),
            ("scale_band", "scaled to a band", ", which can be dragged on the plot: the mean of each is 1 there"),
        )
    ),
    *(
        Action(
            name,
            unit.label.replace(" / ", " in "),
            "View",
            "",
            f"Number the axis in {unit.symbol}"
            + (
                "; needs the laser wavelength, the same for all selected spectra (Edit › Set laser wavelength…)"
                if unit.needs_laser
                else ", shifted from the laser"
            ),
            enabled=_has_laser if unit.needs_laser else lambda _context: True,
            choice="axis_unit",
            submenu="Axis unit",
            synonyms="axis unit x nm ev wavelength energy",
        )
        for name, unit in zip(("axis_shift", "axis_nm", "axis_absolute", "axis_ev"), UNITS, strict=True)
    ),
    Action(
        "show_noise_region",
        "Noise region",
        "View",
        "N",
        "Show the region where the noise is measured; drag it to move it",
        "ph.selection",
        checkable=True,
    ),
    Action(
        "spectrum_before",
        "Previous spectrum of the set",
        "View",
        "Ctrl+Left",
        "",
        "ph.caret-left",
        _is_set,
        separator=True,
    ),
    Action("spectrum_after", "Next spectrum of the set", "View", "Ctrl+Right", "", "ph.caret-right", _is_set),
    Action("all_spectra", "All spectra of the set", "View", "Ctrl+Up", "Show the set as a whole", "ph.stack", _is_set),
    Action(
        "noise_everywhere",
        "Use this noise region for all",
        "Analyse",
        "",
        "Measure the noise of every spectrum in the region of the selected one",
        "ph.selection-foreground",
        _is_denoised,
        separator=True,
    ),
    Action(
        "noise_automatic",
        "Choose the noise region automatically",
        "Analyse",
        "",
        "Measure the noise of the selected spectra where they are flattest",
        "ph.selection-inverse",
        _is_denoised,
    ),
)
