"""What the actions on the spectrum plot do: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ramanstudio.core.numbers import format_number
from ramanstudio.core.settings import Settings
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectrum.spectrum_page import SpectrumPage
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.gui.viewer.spectrum_view import SpectrumView

VIEW_SETTINGS: Final = ("show_raw", "show_denoised", "show_residual", "show_band", "log_intensity")


class SpectrumCommands:
    """Chooses which curves `page` shows, which spectrum of a set, and where its noise is measured."""

    def __init__(self, session: Session, settings: Settings, messages: Messages, page: SpectrumPage) -> None:
        self._session, self._settings, self._messages, self._page = session, settings, messages, page
        self._noise_region_shown = False
        page.viewer_made.connect(self._prepare)

    def show_raw(self, on: bool) -> None:
        """Show or hide the raw spectra."""
        self._show("show_raw", on)

    def show_denoised(self, on: bool) -> None:
        """Show or hide the denoised spectra."""
        self._show("show_denoised", on)

    def show_residual(self, on: bool) -> None:
        """Show or hide the residual."""
        self._show("show_residual", on)

    def show_band(self, on: bool) -> None:
        """Show or hide the confidence band."""
        self._show("show_band", on)

    def show_peak_labels(self, on: bool) -> None:
        """Label the peaks of the spectrum, or show none."""
        self._page.show_peak_labels(on)

    def log_intensity(self, on: bool) -> None:
        """Switch between linear and logarithmic intensity."""
        self._show("log_intensity", on)

    def show_noise_region(self, on: bool) -> None:
        """Show or hide the noise region."""
        self._noise_region_shown = on
        if self._page.view is not None:
            self._page.view.set_noise_region_visible(on)

    def all_metadata(self) -> None:
        """Show the window of all metadata of the selected spectra."""
        from ramanstudio.gui.spectrum.metadata_dialog import MetadataDialog

        MetadataDialog(self._session, self._page).show()

    def move_noise_region(self, low: float, high: float) -> None:
        """Measure the noise of the selected spectra from `low` to `high` cm⁻¹."""
        self._measure_noise(self._session.selected, (low, high))

    def noise_everywhere(self) -> None:
        """Measure the noise of all spectra in the region of the selected one."""
        region = next((entry.noise_region for entry in self._session.selected if entry.noise_region), None)
        self._measure_noise(self._session.project.entries, region)

    def noise_automatic(self) -> None:
        """Choose the noise region of the selected spectra automatically."""
        self._session.set_noise_region(self._session.selected_ids, None)

    def spectrum_before(self) -> None:
        """Show the previous spectrum of the set."""
        self._step(-1)

    def spectrum_after(self) -> None:
        """Show the next spectrum of the set."""
        self._step(1)

    def all_spectra(self) -> None:
        """Show the whole set."""
        self._session.select_spectrum(None)

    def _prepare(self, view: SpectrumView) -> None:
        """Bring a new viewer to the state of the settings and actions."""
        for key in VIEW_SETTINGS:
            self._show(key, self._settings[key])
        view.set_noise_region_visible(self._noise_region_shown)
        view.noise_region_dragged.connect(self.move_noise_region)

    def _show(self, key: str, on: bool) -> None:
        self._settings[key] = on
        view = self._page.view
        if view is not None:
            setters = {
                "show_raw": view.set_raw_visible,
                "show_denoised": view.set_denoised_visible,
                "show_residual": view.set_residual_visible,
                "show_band": view.set_band_visible,
                "log_intensity": view.set_log_intensity,
            }
            setters[key](on)

    def _step(self, by: int) -> None:
        selected = self._session.selected
        if len(selected) == 1 and selected[0].source is not None:
            count = len(selected[0].source)
            row = self._session.single_row
            self._session.select_spectrum(
                (0 if by > 0 else count - 1) if row is None else min(max(row + by, 0), count - 1)
            )

    def _measure_noise(self, entries: Sequence[Entry], region: tuple[float, float] | None) -> None:
        """Measure the noise of `entries` in `region` (None: where it is lowest).

        Warns of those whose axis has too few points there; their noise region stays.
        """
        from ramanstudio.denoising.denoised import has_noise_region

        readable = [(entry, entry.source) for entry in entries if entry.source is not None]
        fitting = [entry for entry, source in readable if region is None or has_noise_region(source, *region)]
        left_out = len(readable) - len(fitting)
        if left_out and region is not None:
            self._messages.warning(
                f"{count_of(left_out, 'entry has', 'entries have')} too few points from {format_number(region[0])} to"
                f" {format_number(region[1])} cm⁻¹ to measure the noise there. Choose a region that all of them have."
            )
        self._session.set_noise_region((entry.id for entry in fitting), region)
        if not fitting:
            self._page.place_noise_region()
