"""What the actions of the View menu do: one method for each row, named by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ramanstudio.gui.common.texts import count_of
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.gui.explore.scatter_view import PlaneView
    from ramanstudio.gui.identify.overlay_view import OverlayView
    from ramanstudio.gui.map.map_view import MapView
    from ramanstudio.gui.shell.main_window import MainWindow
    from ramanstudio.gui.shell.studio import Studio
    from ramanstudio.gui.viewer.spectrum_view import SpectrumView

VIEW_SETTINGS = ("show_raw", "show_denoised", "show_residual", "show_band", "log_intensity")


class ViewCommands:
    """Changes how things are shown, and which."""

    def __init__(self, studio: Studio, window: MainWindow) -> None:
        self._studio, self._window = studio, window
        self._session = studio.session

    @property
    def _view(self) -> SpectrumView | None:
        return self._window.page.view

    @property
    def _shown(self) -> SpectrumView | PlaneView | MapView | OverlayView | None:
        """The view of the page that is looked at."""
        return self._window.middle.view

    def tab_spectrum(self, on: bool) -> None:
        self._choose_page("spectrum", on)

    def tab_explore(self, on: bool) -> None:
        self._choose_page("explore", on)

    def tab_map(self, on: bool) -> None:
        self._choose_page("map", on)

    def show_raw(self, on: bool) -> None:
        self._show("show_raw", on)

    def show_denoised(self, on: bool) -> None:
        self._show("show_denoised", on)

    def show_residual(self, on: bool) -> None:
        self._show("show_residual", on)

    def show_band(self, on: bool) -> None:
        self._show("show_band", on)

    def log_intensity(self, on: bool) -> None:
        self._show("log_intensity", on)

    def show_noise_region(self, on: bool) -> None:
        if self._view is not None:
            self._view.set_noise_region_visible(on)

    def move_noise_region(self, low: float, high: float) -> None:
        self._measure_in(self._session.selected, (low, high))

    def show_all(self) -> None:
        if self._shown is not None:
            self._shown.show_all()

    def zoom_back(self) -> None:
        if self._shown is not None:
            self._shown.zoom_back()

    def zoom_in(self) -> None:
        if self._shown is not None:
            self._shown.zoom_by(0.5)

    def zoom_out(self) -> None:
        if self._shown is not None:
            self._shown.zoom_by(2.0)

    def move_left(self) -> None:
        if self._shown is not None:
            self._shown.move_by(-0.25)

    def move_right(self) -> None:
        if self._shown is not None:
            self._shown.move_by(0.25)

    def spectrum_before(self) -> None:
        self._step(-1)

    def spectrum_after(self) -> None:
        self._step(1)

    def all_spectra(self) -> None:
        self._session.look_at(None)

    def panel_list(self, on: bool) -> None:
        self._window.show_panel("list", on)

    def panel_facts(self, on: bool) -> None:
        self._window.show_panel("facts", on)

    def theme_system(self, on: bool) -> None:
        self._choose_theme("system", on)

    def theme_light(self, on: bool) -> None:
        self._choose_theme("light", on)

    def theme_dark(self, on: bool) -> None:
        self._choose_theme("dark", on)

    def _measure_in(self, entries: Sequence[Entry], region: tuple[float, float] | None) -> None:
        """Measure the noise of these in one region; says how many keep their own, their axis not having it."""
        from ramanstudio.denoising.denoised import reaches

        readable = [(entry, entry.source) for entry in entries if entry.source is not None]
        fits = [entry for entry, source in readable if region is None or reaches(source, *region)]
        left_out = len(readable) - len(fits)
        if left_out and region is not None:
            self._studio.messages.warning(
                f"{count_of(left_out, 'entry has', 'entries have')} too few points from {region[0]:,.0f} to"
                f" {region[1]:,.0f} cm⁻¹ to measure the noise there. Choose a region that all of them have."
            )
        self._session.set_noise_region((entry.id for entry in fits), region)
        if not fits:
            self._window.page.place_noise_region()

    def _show(self, key: str, on: bool) -> None:
        self._studio.settings[key] = on
        if self._view is not None:
            put = {
                "show_raw": self._view.set_raw_visible,
                "show_denoised": self._view.set_denoised_visible,
                "show_residual": self._view.set_residual_visible,
                "show_band": self._view.set_band_visible,
                "log_intensity": self._view.set_log_intensity,
            }
            put[key](on)

    def prepare(self, view: SpectrumView) -> None:
        """Bring a new viewer to what the actions say."""
        for key in VIEW_SETTINGS:
            self._show(key, self._studio.settings[key])
        view.set_noise_region_visible(self._window.acts["show_noise_region"].isChecked())
        view.noise_region_dragged.connect(self.move_noise_region)

    def _step(self, by: int) -> None:
        selected = self._session.selected
        if len(selected) == 1 and selected[0].source is not None:
            count = len(selected[0].source)
            at = self._session.spectrum
            self._session.look_at((0 if by > 0 else count - 1) if at is None else min(max(at + by, 0), count - 1))

    def _choose_page(self, key: str, on: bool) -> None:
        if on:
            self._window.pages.choose(key)

    def _choose_theme(self, choice: str, on: bool) -> None:
        if on:
            self._studio.settings["theme"] = choice
