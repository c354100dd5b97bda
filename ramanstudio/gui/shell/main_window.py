"""The main window: panels left and right, the tabs between them, jobs and messages below."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QStatusBar

from ramanstudio.gui.batch.commands import BatchCommands
from ramanstudio.gui.batch.run_bar import BatchBar, WatchBar
from ramanstudio.gui.calibrate.commands import CalibrateCommands
from ramanstudio.gui.common import dialogs, icons
from ramanstudio.gui.common.action import ActionContext
from ramanstudio.gui.common.job_bar import JobBar
from ramanstudio.gui.common.message_bar import DetailsDialog, MessageBar
from ramanstudio.gui.common.theme import Theme, appearance
from ramanstudio.gui.document.dropping import DropTarget
from ramanstudio.gui.explore.commands import GroupCommands
from ramanstudio.gui.finetuning.commands import FinetuningCommands
from ramanstudio.gui.finetuning.services import FinetuningServices
from ramanstudio.gui.identify.commands import IdentifyCommands
from ramanstudio.gui.libraries.commands import LibraryCommands
from ramanstudio.gui.map.commands import MapCommands
from ramanstudio.gui.peaks.commands import PeakCommands
from ramanstudio.gui.processing.commands import ProcessingCommands
from ramanstudio.gui.shell import menus
from ramanstudio.gui.shell.actions import ACTIONS
from ramanstudio.gui.shell.commands import AnalyseCommands, EditCommands, FileCommands, HelpCommands
from ramanstudio.gui.shell.recovery_bar import RecoveryBar
from ramanstudio.gui.shell.services import Services
from ramanstudio.gui.shell.tab_view import PanelStack, TabView
from ramanstudio.gui.shell.tabs import TABS, TabContext
from ramanstudio.gui.shell.view_commands import ViewCommands
from ramanstudio.gui.spectra_list.entry_list import EntryList
from ramanstudio.gui.spectrum.commands import VIEW_SETTINGS, SpectrumCommands
from ramanstudio.gui.spectrum.display_menu import AXIS_UNITS, SCALINGS
from ramanstudio.gui.spectrum.spectrum_page import SpectrumPage
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.project.project import Project, look_like_repeats

if TYPE_CHECKING:
    from ramanstudio.gui.explore.groups_panel import GroupsPanel
    from ramanstudio.gui.identify.identify_page import IdentifyPage
    from ramanstudio.gui.map.map_panel import MapPanel
    from ramanstudio.gui.peaks.peaks_page import PeaksPage
    from ramanstudio.gui.spectrum.metadata_panel import MetadataPanel

LAYOUT_VERSION: Final = 1  # raise it when panels are renamed: a remembered layout then no longer fits
ENABLE_MS: Final = 80
COMPACT_PX: Final = 860  # in a narrower window the toolbar is shortened


class MainWindow(QMainWindow):
    """Lays out the window, connects the actions, and enables those that make sense."""

    painted = Signal()  # once, after the first paint

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self._is_painted = False
        self._discards_changes = False  # on closing
        self._closes_after_saving = False
        self._is_ending = False
        self._icons_drawn = False
        self.setWindowTitle("RamanStudio")
        self.setMinimumSize(680, 420)
        self.actions_by_id = menus.make_actions(self)
        self._enable_timer = QTimer(self)
        self._enable_timer.setSingleShot(True)
        self._enable_timer.timeout.connect(self._enable)
        self._library_commands = LibraryCommands(
            services.session, services.workers, services.messages, services.libraries, self
        )
        self.entries = EntryList(services.session, services.denoising.is_pending, services.quality_checking)
        self.tabs = TabView(
            TABS, TabContext(services, self.actions_by_id, self._library_commands.show_reference, self._enable_soon)
        )
        self.setCentralWidget(self.tabs)
        self._docks = {
            "list": self._dock("list", "Spectra", self.entries, Qt.DockWidgetArea.LeftDockWidgetArea),
            "side": self._dock("facts", "Side panel", self.tabs.panels, Qt.DockWidgetArea.RightDockWidgetArea),
        }
        self.job_bar = JobBar(services.workers)
        self.message_bar = MessageBar()
        self._make_commands()
        self._lay_out_bars()
        self.drop_target = DropTarget(self, services.workers, services.opening.open)
        self._restore()
        self._connect()
        self.entries.view.setFocus()  # not in the filter, where R and D would be letters
        self.set_theme(appearance().theme)
        self._enable()

    def _make_commands(self) -> None:
        """Make the objects that carry out the actions, each from the services it needs."""
        services, tabs = self.services, self.tabs
        page = cast("SpectrumPage", tabs.page("spectrum"))
        self.file_commands = FileCommands(services, tabs, self.entries, self)
        self.spectrum_commands = SpectrumCommands(services.session, services.settings, services.messages, page)
        self.group_commands = GroupCommands(
            services.session,
            services.settings,
            services.exporting,
            lambda: cast("GroupsPanel | None", tabs.panel("explore")),
            self._show_groups_panel,
            self,
        )
        self.edit_commands = EditCommands(services, tabs, self.entries, self)
        self.batch_commands = BatchCommands(
            services.session, services.workers, services.messages, services.settings, services.loader, self
        )
        self._handlers = menus.handlers_of(
            self.batch_commands,
            self.file_commands,
            self.edit_commands,
            ViewCommands(services.settings, tabs, self.entries, self.show_panel),
            AnalyseCommands(services, tabs, self.job_bar, self.message_bar),
            HelpCommands(services, tabs, self),
            self.spectrum_commands,
            self.group_commands,
            MapCommands(self._show_map_panel),
            self._processing_commands(),
            PeakCommands(self._show_peaks_page, services.messages, self),
            IdentifyCommands(
                services.session,
                services.settings,
                services.exporting,
                services.identifying,
                services.mixture_jobs,
                self._show_identify_page,
                self,
            ),
            self._library_commands,
            CalibrateCommands(services.session, services.workers, services.messages, self),
            FinetuningCommands(
                FinetuningServices(
                    services.session,
                    services.workers,
                    services.messages,
                    services.settings,
                    services.denoising,
                    services.taught_models,
                ),
                self,
            ),
        )
        self._handlers |= self._own_handlers()

    def _own_handlers(self) -> dict[str, Callable[..., object]]:
        """What the window itself carries out: palette, closing the project, showing tabs."""
        close = partial(self.after_saving, self.services.project_files.new)
        own: dict[str, Callable[..., object]] = {
            "search": self._show_palette,
            "new_project": close,
            "close_project": close,
        }
        return own | {f"tab_{tab.key}": partial(self._show_tab, tab.key) for tab in TABS}

    def _processing_commands(self) -> ProcessingCommands:
        services = self.services
        return ProcessingCommands(
            services.session,
            services.workers,
            services.messages,
            services.settings,
            services.recipe_editor,
            services.plot_tools,
            self,
        )

    def show_panel(self, name: str, on: bool) -> None:
        """Show or hide the panel "list" on the left or "side" on the right."""
        dock = self._docks[name]
        if not on and dock.isAncestorOf(QApplication.focusWidget() or self) and self.page.view is not None:
            self.page.view.setFocus()  # otherwise the keyboard focus would land on some button
        dock.setVisible(on)

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        for part in (self.tabs, self.entries, self.drop_target):
            part.set_theme(theme)
        if self._icons_drawn:
            self.draw_icons()

    def draw_icons(self) -> None:
        """Load the icons, after the first paint: their font takes 0.15 s."""
        self._icons_drawn = True
        menus.draw_icons(self.actions_by_id, appearance().theme)
        self.setWindowIcon(icons.program_icon())

    @property
    def page(self) -> SpectrumPage:
        """The page of the Spectrum tab."""
        return cast("SpectrumPage", self.tabs.page("spectrum"))

    @property
    def metadata_panel(self) -> MetadataPanel:
        """The panel of the Spectrum tab."""
        return cast("MetadataPanel", self.tabs.panel("spectrum"))

    @property
    def groups(self) -> GroupsPanel:
        """The panel of the Explore tab."""
        return cast("GroupsPanel", self.tabs.make("explore")[1])

    def end(self) -> bool:
        """Stop following the theme, and end the services; returns whether every thread has ended."""
        with contextlib.suppress(RuntimeError, TypeError):  # never connected, or gone with the window
            appearance().changed.disconnect(self.set_theme)
        return self.services.end()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Emit `painted` after the first paint."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Shorten the toolbar where the window is narrow."""
        super().resizeEvent(event)
        self.toolbar.set_compact(event.size().width() < COMPACT_PX)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ask about unsaved changes; remember the layout."""
        if self.services.workers.saving:
            event.ignore()
            self._close_after_saving()
            return
        if self.services.project_files.would_lose and not self._discards_changes:
            event.ignore()
            self.after_saving(self._close_anyway)
            return
        self.remember_layout()
        event.accept()
        if self._is_ending:  # a dialog may still be open, which would keep the application running
            QTimer.singleShot(0, QApplication.quit)

    def remember_layout(self) -> None:
        """Store the size of the window, its panels and the order of the list in the settings."""
        settings = self.services.settings
        settings["geometry"] = bytes(self.saveGeometry().toBase64().data()).decode()
        settings["panels"] = bytes(self.saveState(LAYOUT_VERSION).toBase64().data()).decode()
        settings["sort_by"] = self.entries.order.currentData()
        settings["sort_reversed"] = self.entries.direction.isChecked()

    def persist(self) -> None:
        """Save what must survive the end of the desktop session; asks nothing."""
        self.remember_layout()
        self.services.persist()

    def end_in_order(self) -> None:
        """Close the window and end the application without asking: the system has requested it."""
        self.persist()
        self._is_ending = self._discards_changes = True
        self.services.autosave.keeps_files = True
        self.close()

    def _close_after_saving(self) -> None:
        """Close the window once all files are written; stay open if one of them cannot be."""
        if self._closes_after_saving:
            return
        self._closes_after_saving = True

        def proceed() -> None:
            if not self._closes_after_saving or self.services.workers.saving:
                return
            self._closes_after_saving = False
            self.close()

        def stay_open() -> None:
            self._closes_after_saving = self._is_ending

        for job in self.services.workers.saving:
            job.failed.connect(stay_open)
            job.cancelled.connect(stay_open)
            job.finished.connect(proceed)

    def after_saving(self, proceed: Callable[[], object]) -> None:
        """Call `proceed` once no change would be lost by it: at once, or when the user has saved or discarded them."""
        if not self.services.project_files.would_lose:
            proceed()
            return

        def save() -> None:
            job = self.file_commands.save_project()
            if job is not None:
                job.succeeded.connect(lambda _: proceed())

        dialogs.ask_to_save(self, save, proceed)

    def _close_anyway(self) -> None:
        self._discards_changes = True
        self.close()

    def show_unexpected(self, sentence: str, details: str) -> None:
        """Show an unexpected error with its details; one dialog at a time."""
        if self.findChildren(DetailsDialog):
            return  # the log has them all
        lead = f"An unexpected error occurred and was written to the log. Your files were not changed.\n\n{sentence}"
        DetailsDialog("Unexpected error", details, self, lead).open()

    def _dock(
        self, object_name: str, title: str, panel: EntryList | PanelStack, area: Qt.DockWidgetArea
    ) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(object_name)  # the key under which its position is remembered
        dock.setTitleBarWidget(panel.heading)  # the heading moves the dock
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        return dock

    def _lay_out_bars(self) -> None:
        self._recent = QMenu("Open recent", self)
        self._recent.aboutToShow.connect(self._fill_recent)
        menus.fill_menus(self.menuBar(), self.actions_by_id, self._recent)
        self.menuBar().setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toolbar = menus.MainToolbar(self.actions_by_id, self)
        self.addToolBar(self.toolbar)
        self.addToolBarBreak()
        self.recovery_bar = RecoveryBar(self.services.autosave, self.after_saving)
        self.addToolBar(self.recovery_bar)
        batch = self.batch_commands
        self.batch_bar, self.watch_bar = BatchBar(batch.job, batch.batch), WatchBar(batch.folder_watch)
        for bar in (self.batch_bar, self.watch_bar):
            self.addToolBarBreak()
            self.addToolBar(bar)
        status = QStatusBar(self)
        status.setSizeGripEnabled(False)
        status.setMinimumHeight(36)
        status.addWidget(self.job_bar)
        status.addPermanentWidget(self.message_bar, 1)
        self.setStatusBar(status)
        for name in ("average", "export_spectra", "copy", "provenance", "all_metadata", "remove", "set_laser"):
            self.entries.view.addAction(self.actions_by_id[name])

    def _restore(self) -> None:
        settings = self.services.settings
        if not self.restoreGeometry(QByteArray.fromBase64(settings["geometry"].encode())):
            self.resize(QSize(1440, 900).boundedTo(self.screen().availableSize()))
        if not self.restoreState(QByteArray.fromBase64(settings["panels"].encode()), LAYOUT_VERSION):
            self.reset_panel_widths()
        for key in VIEW_SETTINGS:
            self.actions_by_id[key].setChecked(settings[key])
        self.actions_by_id[SCALINGS[settings["spectra_scaling"]]].setChecked(True)
        self.actions_by_id[AXIS_UNITS[settings["axis_unit"]]].setChecked(True)
        self.actions_by_id["denoise"].setChecked(settings["denoise"])
        self.actions_by_id[f"theme_{settings['theme']}"].setChecked(True)
        for name, dock in self._docks.items():
            self.actions_by_id[f"panel_{name}"].setChecked(not dock.isHidden())
            dock.visibilityChanged.connect(partial(self._follow_panel, name))
        self.entries.order.setCurrentIndex(max(0, self.entries.order.findData(settings["sort_by"])))
        self.entries.direction.setChecked(settings["sort_reversed"])

    def reset_panel_widths(self) -> None:
        """Give the panels their default widths, less in a narrow window."""
        widths = [min(300, max(180, self.width() // 4)), min(280, max(248, 3 * self.width() // 10))]
        self.resizeDocks(list(self._docks.values()), widths, Qt.Orientation.Horizontal)

    def _connect(self) -> None:
        services = self.services
        menus.connect(self.actions_by_id, self._handlers)
        for signal in (
            services.session.changed,
            services.session.selection_changed,
            services.denoising.engine_changed,
            services.workers.submitted,
            services.workers.idle,
            self.tabs.current_changed,
        ):
            signal.connect(self._enable_soon)
        services.denoising.engine_changed.connect(self._show_device)
        self.tabs.current_changed.connect(self._follow_tab)
        services.denoising.settled.connect(self.entries.model.repaint)
        services.session.changed.connect(self._follow_sets)
        services.session.selection_changed.connect(self._follow_sets)
        services.messages.posted.connect(self.message_bar.post)
        services.messages.retracted.connect(self.message_bar.retract)
        services.messages.unexpected.connect(self.show_unexpected)
        services.project_files.changed.connect(self._show_project_name)
        services.session.changed.connect(lambda *_: self._show_project_name())
        services.autosave.current_tab = lambda: self.tabs.current_tab.key
        services.autosave.view_restored.connect(lambda view: self._show_tab_if_offered(view.tab))
        services.opening.project_requested.connect(self._open_project)
        services.opening.laser_needed.connect(self.edit_commands.ask_laser_for)
        services.settings.on_change(self._follow_setting)
        appearance().changed.connect(self.set_theme)
        self.painted.connect(self._finish_start)
        self._show_device()

    def _finish_start(self) -> None:
        """Do what would have delayed the first paint."""
        self.services.start()
        self.draw_icons()
        QTimer.singleShot(0, self.page.make_viewer)

    def _open_project(self, path: Path) -> None:
        self.after_saving(partial(self.services.project_files.open, path))

    def _follow_setting(self, key: str) -> None:
        if key == "theme":
            self.actions_by_id[f"theme_{self.services.settings['theme']}"].setChecked(True)
        elif key == "denoise":
            self.actions_by_id["denoise"].setChecked(self.services.settings["denoise"])

    def _follow_tab(self, key: str) -> None:
        self.actions_by_id[f"tab_{key}"].setChecked(True)

    def _show_tab(self, key: str, on: bool) -> None:
        if on:
            self.tabs.show_tab(key)

    def _show_tab_if_offered(self, key: str) -> None:
        if key in self.tabs.offered:
            self.tabs.show_tab(key)

    def _show_groups_panel(self) -> GroupsPanel:
        self.tabs.show_tab("explore")
        self.show_panel("side", True)
        return self.groups

    def _show_map_panel(self) -> MapPanel:
        self.tabs.show_tab("map")
        return cast("MapPanel", self.tabs.make("map")[1])

    def _show_peaks_page(self) -> PeaksPage:
        self.tabs.show_tab("peaks")
        return cast("PeaksPage", self.tabs.make("peaks")[0])

    def _show_identify_page(self) -> IdentifyPage:
        self.tabs.show_tab("identify")
        return cast("IdentifyPage", self.tabs.make("identify")[0])

    def _show_palette(self) -> None:
        from ramanstudio.gui.shell.command_palette import CommandPalette, PaletteItem

        items = [
            PaletteItem(self.actions_by_id[row.id], row.menu, row.synonyms) for row in ACTIONS if row.id != "search"
        ]
        CommandPalette(items, appearance().theme, self).show()

    def _show_project_name(self) -> None:
        """Name the project in the title; an asterisk marks changes that are not saved."""
        files = self.services.project_files
        path = files.path if self.services.session.project.entries else None
        name = path.stem if path is not None else "Untitled" if files.would_lose else ""
        title = f"{name}{'*' if files.would_lose else ''} – RamanStudio"
        self.setWindowTitle(title if name else "RamanStudio")

    def _enable_soon(self, *_: object) -> None:
        if not self._enable_timer.isActive():
            self._enable_timer.start(ENABLE_MS)

    def _follow_sets(self, before: Project | None = None, now: Project | None = None) -> None:
        if before is None or now is None or before.entries is not now.entries:
            self.actions_by_id["whole_set"].setChecked(self.services.session.denoises_as_sets)

    def _enable(self) -> None:
        menus.enable(self.actions_by_id, self.context())

    def context(self) -> ActionContext:
        """The state that decides which actions are enabled."""
        session = self.services.session
        selected = session.selected
        results = [session.project.result(entry) for entry in selected]
        readable = [entry for entry in selected if entry.source is not None]
        only = selected[0].source if len(selected) == 1 else None
        return ActionContext(
            entries=len(session.project.entries),
            selected=len(selected),
            readable=len(readable),
            lacking=sum(not self.services.denoising.is_denoised(entry) for entry in readable),
            sets=len(session.selected_sets),
            one_axis=look_like_repeats(readable),
            denoised=sum(result is not None and result.denoised is not None for result in results),
            unread=len(selected) - len(readable),
            tabs=self.tabs.offered,
            spectra=len(only) if only is not None else 0,
            chosen_spectra=sum(len(session.rows_of(entry)) for entry in readable),
            has_baseline=self.services.recipe_editor.index_of(SubtractBaseline) is not None,
            working=any(job.title for job in self.services.workers.jobs) or bool(self.message_bar.text),
            undo_title=session.undo_title,
            redo_title=session.redo_title,
            engine=self.services.denoising.engine is not None,
            explored=session.project.exploration is not None,
            grouped=session.groups is not None,
            groups=self.group_commands.n_chosen,
            identified=bool(session.project.identifications or session.project.predictions),
            has_figure=self.tabs.current_page.has_figure,
            has_laser=self.page.header.has_laser,
            uncertain=self.group_commands.has_uncertain,
        )

    def _follow_panel(self, name: str, _visible: bool) -> None:
        self.actions_by_id[f"panel_{name}"].setChecked(not self._docks[name].isHidden())

    def _show_device(self) -> None:
        denoising = self.services.denoising
        if denoising.engine is not None:
            self.toolbar.device.setText(denoising.engine.device_name)
            name = denoising.engine.card.name
            self.toolbar.device.setToolTip(f"The device that runs the model '{name}' (File › Settings)")
        else:
            self.toolbar.device.setText("Loading the model…" if denoising.loading else "No model")

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self.services.opening.recent:
            self._recent.addAction(str(path), partial(self.file_commands.open_recent, path))
        if self._recent.isEmpty():
            self._recent.addAction("No recent files").setEnabled(False)
            return
        self._recent.addSeparator()
        self._recent.addAction("Clear list", self.services.opening.forget_recent)
