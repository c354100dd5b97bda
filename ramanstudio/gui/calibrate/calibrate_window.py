"""The calibration window: profiles are made of measured standards, listed, and verified."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QTabWidget, QVBoxLayout, QWidget

from ramanstudio.calibration.profile_files import stored_profiles
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.calibrate.measure_page import MeasurePage
from ramanstudio.gui.calibrate.profiles_page import ProfilesPage
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.theme import Theme, appearance
from ramanstudio.gui.document.session import Session


class CalibrateWindow(QDialog):
    """Stays open beside the main window; offers the spectra that are open there."""

    def __init__(self, session: Session, workers: Workers, messages: Messages, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Calibrate")
        self._session, self._messages = session, messages
        self.measure = MeasurePage(workers, messages, self.refresh_profiles, self)
        self.profiles = ProfilesPage(workers, messages, self.refresh_profiles, self)
        self.tabs = QTabWidget(self)
        self.tabs.addTab(self.measure, "Calibrate")
        self.tabs.addTab(self.profiles, "Profiles")
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs)
        self.resize(min(1120, parent.width() - 40), min(720, parent.height() - 40))
        self._listed: list[tuple[str, SpectrumSet]] = []
        session.changed.connect(self._entries_changed)
        appearance().changed.connect(self.set_theme)
        self.refresh_profiles()
        self.refresh_spectra()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self.measure.plot.set_theme(theme)

    def refresh_spectra(self) -> None:
        """Offer the spectra that are open now; the one selected in the main window is chosen."""
        entries = [entry for entry in self._session.project.entries if entry.source is not None]
        self._listed = [(entry.name, entry.source) for entry in entries if entry.source is not None]
        selected = next(iter(self._session.selected), None)
        index = entries.index(selected) if selected in entries else 0
        self.measure.show_spectra(self._listed, index)
        self.profiles.show_spectra(self._listed, index)

    def refresh_profiles(self) -> None:
        """List the profiles of the user's folder."""
        try:
            stored, problems = stored_profiles()
        except (StudioError, OSError) as error:
            self._messages.show_error(error)
            return
        for problem in problems:
            self._messages.warning(str(problem))
        self.measure.show_profiles(stored)
        self.profiles.show_profiles(stored)

    def _entries_changed(self, before: object, now: object) -> None:
        names = [(entry.name, entry.source) for entry in self._session.project.entries if entry.source is not None]
        if [id(source) for _, source in names] != [id(source) for _, source in self._listed]:
            self.refresh_spectra()
