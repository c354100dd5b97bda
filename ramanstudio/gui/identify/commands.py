"""What the actions on identification do: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ramanstudio.core.settings import Settings
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.document.exporting import Exporting
from ramanstudio.gui.document.identifying import Identifying
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.identify.mixture_jobs import MixtureJobs

if TYPE_CHECKING:
    from ramanstudio.gui.identify.identify_page import IdentifyPage


class IdentifyCommands:
    """Identifies spectra, analyses mixtures, walks through the matches and exports them.

    `show_page` brings Identify to the front and returns its page.
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        exporting: Exporting,
        identifying: Identifying,
        mixture_jobs: MixtureJobs,
        show_page: Callable[[], IdentifyPage],
        window: QWidget,
    ) -> None:
        self._session, self._settings, self._exporting = session, settings, exporting
        self._identifying, self._mixture_jobs = identifying, mixture_jobs
        self._show_page, self._window = show_page, window

    def identify_all(self) -> None:
        """Identify all open spectra."""
        self._show_page()
        self._identifying.resume()

    def analyse_mixture(self) -> None:
        """Analyse the spectrum that is shown as a mixture."""
        page = self._show_page()
        if page.entry is not None:
            self._mixture_jobs.analyse(page.entry, page.row)

    def previous_match(self) -> None:
        """Select the previous match."""
        self._step(-1)

    def next_match(self) -> None:
        """Select the next match."""
        self._step(1)

    def export_identifications(self) -> None:
        """Ask for a file and write the matches of all identified spectra."""
        entries = self._session.project.entries
        stem = entries[0].path.stem if len(entries) == 1 else "spectra"
        path = dialogs.ask_export(
            self._window, "Export identifications", self._settings, f"{stem}-identified.csv", "Table (*.csv)"
        )
        if path is not None:
            self._exporting.identified(path, self._identifying.libraries.all)

    def _step(self, by: int) -> None:
        page = self._show_page()
        if page.match_list is not None:
            page.match_list.step(by)
