"""The services behind one window: made in order, and ended in order."""

from __future__ import annotations

import gc
import sys
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.settings import Settings
from ramanstudio.gui.common.crash_log import CrashLog
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.theme import appearance
from ramanstudio.gui.document.autosave import Autosave
from ramanstudio.gui.document.denoising import Denoising, EngineLoader
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.exporting import Exporting
from ramanstudio.gui.document.identifying import Identifying
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.model_predictions import FineTunedModels
from ramanstudio.gui.document.opening import Opening
from ramanstudio.gui.document.peak_finding import PeakFinding
from ramanstudio.gui.document.plot_tools import PlotTools
from ramanstudio.gui.document.quality_checking import QualityChecking
from ramanstudio.gui.document.recipe_editor import RecipeEditor
from ramanstudio.gui.document.saving import ProjectFiles
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.document.when_processed import WhenProcessed
from ramanstudio.gui.identify.mixture_jobs import MixtureJobs
from ramanstudio.project.project import Entry

CLOSING_S: Final = 3.0
COLLECT_YOUNG_MS: Final = 1000
COLLECT_ALL_MS: Final = 30_000
SWITCH_S: Final = 0.002  # Python's 5 ms would let a worker thread delay the window for longer


class Services(QObject):
    """All services of the window, without widgets. Only `gui.shell` holds it; a feature gets the services it needs."""

    persisting = Signal()  # save now what must survive the end of the process

    def __init__(self, loader: EngineLoader) -> None:
        super().__init__()
        self.loader = loader
        self.messages = Messages()
        self.crash_log = CrashLog(self.messages.show_error)
        self._earlier_crash = self.crash_log.start()
        self.settings = Settings()
        self.workers = Workers()
        self.session = Session()
        self.opening = Opening(self.session, self.workers, self.messages, self.settings)
        self.denoising = Denoising(self.session, self.workers, self.messages, self.settings, loader)
        self.quality_checking = QualityChecking(self.session, self.workers)
        self.recipe_editor = RecipeEditor(self.session, self.denoising)
        self.plot_tools = PlotTools(self.session, self.recipe_editor)
        self.exploring = Exploring(self.session, self.workers, self.messages, self.denoising)
        self.libraries = Libraries(self.workers, self.messages, self.settings)
        self.identifying = Identifying(self.session, self.workers, self.messages, self.denoising, self.libraries)
        self.mixture_jobs = MixtureJobs(self.workers, self.messages, self.identifying)
        self.taught_models = FineTunedModels(self.session, self.workers, self.messages, self.settings, self.denoising)
        self.peak_finding = PeakFinding(self.workers, self.messages)
        self.when_processed = WhenProcessed(self.session, self.denoising, self.messages)
        self.exporting = Exporting(self.session, self.workers, self.messages, self.when_processed, self.peak_finding)
        self.project_files = ProjectFiles(self.session, self.workers, self.messages)
        self.autosave = Autosave(self.session, self.workers, self.messages, self.project_files)
        self._collecting = [self._collect(COLLECT_YOUNG_MS, 1), self._collect(COLLECT_ALL_MS, 2)]
        self._n_frozen_modules = 0  # number of imported modules at the last gc.freeze()
        self._was_frozen = gc.get_freeze_count() > 0  # by the program that embeds the window: it stays so
        self._gc_was_enabled = gc.isenabled()
        self._switch_s = sys.getswitchinterval()
        gc.disable()  # on a worker thread the collector would destroy QObjects there
        sys.setswitchinterval(SWITCH_S)
        appearance().choose(self.settings["theme"])
        self.settings.on_change(self._follow_setting)
        self.opening.opened.connect(self._select_first)
        self.opening.library_found.connect(self.libraries.install)
        self._save_soon = QTimer(self)
        self._save_soon.setSingleShot(True)
        self._save_soon.setInterval(2000)
        self._save_soon.timeout.connect(self._save)

    def start(self) -> None:
        """Load the model and show pending messages; called once the window has been painted."""
        self.messages.start_delivery()
        self.denoising.load()
        for warning in self.settings.warnings:
            self.messages.warning(warning)
        if self._earlier_crash:
            self.messages.warning(
                "RamanStudio ended unexpectedly last time. Details shows the crash report.", self._earlier_crash
            )
        self.autosave.start()

    def persist(self) -> None:
        """Save the settings, and all that listens to `persisting` saves its own, before the process may end."""
        self.persisting.emit()
        self.autosave.save_now()
        self._save()

    def end(self) -> bool:
        """Save the settings and stop all work; returns whether every thread has ended."""
        self.persisting.emit()
        self._save()
        self._save_soon.stop()
        self.when_processed.end()
        self.denoising.end()
        self.quality_checking.end()
        self.exploring.end()
        self.identifying.end()
        self.taught_models.end()
        for timer in self._collecting:
            timer.stop()
        ended = self.workers.close(CLOSING_S)
        self.autosave.end()
        self.crash_log.end()
        sys.setswitchinterval(self._switch_s)
        if not self._was_frozen:
            gc.unfreeze()
        if self._gc_was_enabled:
            gc.enable()
        return ended

    def _select_first(self, entries: list[Entry], first_of_drop: bool) -> None:
        """Select the first spectrum that was opened; later files of the same drop leave the selection."""
        has_selection = any(entry.source is not None for entry in self.session.selected)
        if first_of_drop or not has_selection:
            first = next((entry for entry in entries if entry.source is not None), entries[0])
            self.session.select([first.id])

    def _follow_setting(self, key: str) -> None:
        if key == "theme":
            appearance().choose(self.settings["theme"])
        elif key in ("model", "device"):
            self.denoising.stop()
            self.denoising.load()
        self._save_soon.start()

    def _save(self) -> None:
        try:
            self.settings.save()
        except StudioError as error:
            self.messages.show_error(error)

    def _collect(self, every_ms: int, generation: int) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(every_ms)
        timer.timeout.connect(lambda: self._collect_now(generation))
        timer.start()
        return timer

    def _collect_now(self, generation: int) -> None:
        if generation < 2:
            gc.collect(generation)
        elif not self.workers.busy:  # a full collection takes longer than a frame
            gc.collect()
            if len(sys.modules) != self._n_frozen_modules:
                # Imported modules stay: traversing torch and others at each collection took 0.25 s.
                gc.freeze()
                self._n_frozen_modules = len(sys.modules)
