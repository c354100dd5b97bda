"""The actions on peaks, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext


def _has_spectrum(context: ActionContext) -> bool:
    return context.readable > 0


PEAK_ACTIONS: Final = (
    Action(
        "find_peaks",
        "Find peaks",
        "Analyse",
        "",
        "Find the peaks of the spectrum, with their significance",
        "ph.chart-line",
        _has_spectrum,
        synonyms="label detect lines bands",
        separator=True,
    ),
    Action(
        "fit_peaks",
        "Fit all",
        "Analyse",
        "",
        "Fit all labelled peaks of the spectrum",
        "ph.math-operations",
        _has_spectrum,
        synonyms="fit peaks lorentz gauss voigt deconvolution",
    ),
    Action(
        "fit_peaks_here",
        "Fit here",
        "Analyse",
        "",
        "Fit the peaks in the range that is shown on the plot, or in view",
        "ph.brackets-square",
        _has_spectrum,
    ),
    Action(
        "fit_peaks_of_set",
        "Fit every spectrum",
        "Analyse",
        "",
        "Fit the labelled peaks in every spectrum of this map or series, or of the selected files, and chart them",
        "ph.stack",
        lambda context: max(context.spectra, context.chosen_spectra) > 1,
        synonyms="fit map series batch",
    ),
    Action(
        "remove_peaks", "Remove peaks", "Analyse", "", "Remove the peaks that are selected in the table", "ph.minus"
    ),
    Action(
        "tie_peak_widths",
        "Tie widths",
        "Analyse",
        "",
        "Fit the peaks that are selected in the table with the width of the first of them",
        "ph.link",
        _has_spectrum,
        synonyms="constraint link equal fixed",
    ),
    Action(
        "tie_peak_distances",
        "Tie distances",
        "Analyse",
        "",
        "Keep the selected peaks at their distance from the first of them",
        "ph.link",
        _has_spectrum,
        synonyms="constraint link equal fixed",
    ),
    Action(
        "tie_peak_heights",
        "Tie height ratios",
        "Analyse",
        "",
        "Keep the heights of the selected peaks in their ratio to that of the first",
        "ph.link",
        _has_spectrum,
        synonyms="constraint link equal fixed",
    ),
    Action(
        "untie_peaks",
        "Remove ties",
        "Analyse",
        "",
        "Let the selected peaks, or all where none is selected, be fitted without ties",
        "ph.link-break",
        _has_spectrum,
        synonyms="constraint link equal fixed",
    ),
    Action(
        "reset_peak_labels",
        "Reset peak labels",
        "Analyse",
        "",
        "Put the labels that were moved back over their peaks",
        "ph.text-align-center",
        _has_spectrum,
        synonyms="label position annotation",
    ),
    Action(
        "export_peaks",
        "Export peaks…",
        "File",
        "",
        "Save the table of the peaks with their errors (CSV)",
        "ph.table",
        _has_spectrum,
    ),
)
