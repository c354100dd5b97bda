"""What the actions on the spectrum plot do: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ramanstudio.core.numbers import format_number
from ramanstudio.core.settings import Settings
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectrum.spectrum_page import SpectrumPage
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.gui.viewer.spectrum_view import SpectrumView

VIEW_SETTINGS: Final = ("show_raw", "show_denoised", "show_residual", "show_band", "log_intensity", "offset_spectra")
_OPTIONS: Final = dict(zip(VIEW_SETTINGS, ("raw", "denoised", "residual", "band", "log", "offset"), strict=True))


class SpectrumCommands:
    """Chooses which curves `page` shows, which spectrum of a set, and where its noise is measured."""

    def __init__(self, session: Session, settings: Settings, messages: Messages, page: SpectrumPage) -> None:
        self._session, self._settings, self._messages, self._page = session, settings, messages, page
        self._noise_region_shown = False
        page.viewer_made.connect(self._prepare)
        page.header.display.offset_changed.connect(self.set_offset)
        page.header.display.band_changed.connect(self.set_scaled_band)
        page.header.display.show_values(settings["offset_percent"], self._scaled_band)
        page.show_axis_unit(settings["axis_unit"])

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

    def offset_spectra(self, on: bool) -> None:
        """Draw several spectra one above the other, or on one line."""
        self._show("offset_spectra", on)

    def set_offset(self, percent: int) -> None:
        """Draw spectra so far above each other, in percent of their height; 0 chooses it."""
        self._settings["offset_percent"] = percent
        self._set_options(offset_percent=float(percent))

    def scale_none(self, on: bool) -> None:
        """Draw several spectra as they are."""
        self._scale("", on)

    def scale_maximum(self, on: bool) -> None:
        """Scale several spectra to their maximum."""
        self._scale("maximum", on)

    def scale_area(self, on: bool) -> None:
        """Scale several spectra to their area."""
        self._scale("area", on)

    def scale_band(self, on: bool) -> None:
        """Scale several spectra to a band."""
        self._scale("band", on)

    def set_scaled_band(self, low: float, high: float) -> None:
        """Scale several spectra to the band from `low` to `high` cm⁻¹."""
        self._settings["scaled_band_low"], self._settings["scaled_band_high"] = low, high
        self._set_options(scaling_band=(low, high))
        self._page.header.display.show_values(self._settings["offset_percent"], (low, high))

    def axis_shift(self, on: bool) -> None:
        """Number the axis in Raman shift."""
        self._choose_unit("shift", on)

    def axis_nm(self, on: bool) -> None:
        """Number the axis in wavelengths."""
        self._choose_unit("nm", on)

    def axis_absolute(self, on: bool) -> None:
        """Number the axis in absolute wavenumbers."""
        self._choose_unit("absolute", on)

    def axis_ev(self, on: bool) -> None:
        """Number the axis in photon energies."""
        self._choose_unit("ev", on)

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
        self._set_options(
            offset_percent=float(self._settings["offset_percent"]),
            scaling=self._settings["spectra_scaling"],
            scaling_band=self._scaled_band,
        )
        view.scaled_band_dragged.connect(self.set_scaled_band)
        view.set_noise_region_visible(self._noise_region_shown)
        view.noise_region_dragged.connect(self.move_noise_region)

    def _show(self, key: str, on: bool) -> None:
        self._settings[key] = on
        self._set_options(**{_OPTIONS[key]: on})

    def _scale(self, scaling: str, on: bool) -> None:
        if on:
            self._settings["spectra_scaling"] = scaling
            self._set_options(scaling=scaling)

    def _choose_unit(self, unit: str, on: bool) -> None:
        if on:
            self._settings["axis_unit"] = unit
            self._page.show_axis_unit(unit)

    @property
    def _scaled_band(self) -> tuple[float, float]:
        low, high = sorted((self._settings["scaled_band_low"], self._settings["scaled_band_high"]))
        return float(low), float(high)

    def _set_options(self, **changes: Any) -> None:
        if self._page.view is not None:
            self._page.view.set_options(**changes)

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
