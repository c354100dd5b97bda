"""What the actions on peaks do: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.messages import Messages

if TYPE_CHECKING:
    from ramanstudio.gui.peaks.peaks_page import PeaksPage


class PeakCommands:
    """Finds, fits and exports peaks; `show_page` brings Peaks to the front and returns its page."""

    def __init__(self, show_page: Callable[[], PeaksPage], messages: Messages, parent: QWidget) -> None:
        self._show_page, self._messages, self._parent = show_page, messages, parent

    def find_peaks(self) -> None:
        """Find the peaks of the spectrum that is shown."""
        self._show_page().find_peaks()

    def fit_peaks(self) -> None:
        """Fit all labelled peaks."""
        self._show_page().fit_peaks()

    def fit_peaks_here(self) -> None:
        """Fit the peaks in a range."""
        self._show_page().fit_here()

    def fit_peaks_of_set(self) -> None:
        """Fit the labelled peaks in every spectrum that is selected, and show how they change."""
        page = self._show_page()
        if page.peaks is None or page.entry is None or not page.peaks.model.peaks:
            self._messages.info("There is no peak to fit. Find the peaks of a spectrum of the set first.")
            return
        page.fit_set()

    def tie_peak_widths(self) -> None:
        """Fit the selected peaks with one width."""
        self._show_page().tie("width")

    def tie_peak_distances(self) -> None:
        """Keep the distances of the selected peaks."""
        self._show_page().tie("distance")

    def tie_peak_heights(self) -> None:
        """Keep the ratios of the heights of the selected peaks."""
        self._show_page().tie("ratio")

    def untie_peaks(self) -> None:
        """Remove the ties of the selected peaks."""
        self._show_page().untie()

    def reset_peak_labels(self) -> None:
        """Put the labels that were moved back over their peaks."""
        self._show_page().reset_labels()

    def remove_peaks(self) -> None:
        """Remove the peaks that are selected in the table."""
        self._show_page().remove_selected()

    def export_peaks(self) -> None:
        """Ask for a file name, and save the table of peaks."""
        page = self._show_page()
        peaks = page.peaks
        if peaks is None or peaks.table is None or page.entry is None:
            self._messages.info("There are no peaks to export. Find or fit them first.")
            return
        path = Path.home() / f"{page.entry.path.stem}-peaks.csv"
        chosen = dialogs.ask_name(self._parent, "Export peaks", path, "CSV table (*.csv)")
        if chosen is not None:
            try:
                page.export(chosen)
            except StudioError as error:
                self._messages.show_error(error)
