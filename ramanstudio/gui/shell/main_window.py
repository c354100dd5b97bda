"""The window: panels left and right, the spectrum between them, a bar of jobs and messages below. Lays out, no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QStatusBar

from ramanstudio.gui.common import dialogs, icons
from ramanstudio.gui.common.job_bar import JobBar
from ramanstudio.gui.common.message_bar import DetailsDialog, MessageBar
from ramanstudio.gui.common.theme import Theme, appearance
from ramanstudio.gui.document.dropping import DropTarget
from ramanstudio.gui.explore.groups_panel import GroupsPanel
from ramanstudio.gui.shell import menus
from ramanstudio.gui.shell.actions import ACTIONS, Moment
from ramanstudio.gui.shell.commands import Commands
from ramanstudio.gui.shell.pages import Side
from ramanstudio.gui.shell.tabs import Middle, has_map
from ramanstudio.gui.shell.view_commands import VIEW_SETTINGS
from ramanstudio.gui.spectra_list.entry_list import EntryList
from ramanstudio.gui.spectrum.metadata_panel import FactsPanel
from ramanstudio.gui.spectrum.spectrum_page import SpectrumPage
from ramanstudio.project.project import Project, look_like_repeats

if TYPE_CHECKING:
    from ramanstudio.gui.shell.studio import Studio

LAYOUT_VERSION: Final = 1  # raise it when panels are renamed: what was remembered no longer fits then
ENABLE_MS: Final = 80


class MainWindow(QMainWindow):
    """Everything one sees."""

    painted = Signal()  # once, after the first paint

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._is_painted = False
        self._may_lose = False
        self._icons_drawn = False
        self.setWindowTitle("RamanStudio")
        self.setMinimumSize(880, 560)
        self.acts = menus.make_actions(self)
        self.commands = Commands(studio, self)
        self.page = SpectrumPage(studio.session, self.acts, self.commands.prepare)
        self.entries = EntryList(studio.session, studio.denoising.waits)
        self.facts = FactsPanel(studio.session, studio.denoising, self.acts)
        self.groups = GroupsPanel(studio.session, studio.exploring, self.acts)
        self.middle = Middle(studio, self)
        self.pages = self.middle.pages
        self.setCentralWidget(self.pages)
        self._docks = {
            "list": self._dock("list", "Spectra", self.entries, Qt.DockWidgetArea.LeftDockWidgetArea),
            "facts": self._dock("facts", "Facts", self.middle.side, Qt.DockWidgetArea.RightDockWidgetArea),
        }
        self.job_bar = JobBar(studio.workers)
        self.message_bar = MessageBar()
        self._lay_out_bars()
        self.drop_target = DropTarget(self, studio.workers, studio.opening.open)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._enable)
        self._restore()
        self._connect()
        self.entries.view.setFocus()  # not in the filter, where R and D would be letters
        self.set_theme(appearance().theme)
        self._enable()

    def actions_by_menu(self) -> Iterator[tuple[QAction, str]]:
        """Every action, with the name of its menu."""
        return ((self.acts[row.id], row.menu) for row in ACTIONS if row.id != "search")

    def show_panel(self, name: str, on: bool) -> None:
        """Show or hide the panel "list" or "facts"."""
        dock = self._docks[name]
        if not on and dock.isAncestorOf(QApplication.focusWidget() or self) and self.page.view is not None:
            self.page.view.setFocus()  # else the keyboard would land on some button
        dock.setVisible(on)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        for part in (self.middle, self.entries, self.drop_target):
            part.set_theme(theme)
        if self._icons_drawn:
            self.draw_icons()

    def draw_icons(self) -> None:
        """Load the icons; after the first paint."""
        self._icons_drawn = True
        menus.draw_icons(self.acts, appearance().theme)
        self.setWindowIcon(icons.of_program())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if self._studio.project_files.would_lose and not self._may_lose:
            event.ignore()
            self.before_losing(self._close_anyway)
            return
        settings = self._studio.settings
        settings["geometry"] = bytes(self.saveGeometry().toBase64().data()).decode()
        settings["panels"] = bytes(self.saveState(LAYOUT_VERSION).toBase64().data()).decode()
        settings["sort_by"] = self.entries.order.currentData()
        event.accept()

    def before_losing(self, go_on: Callable[[], object]) -> None:
        """Go on at once, or once the user has saved what would be lost, or said that it may be."""
        if not self._studio.project_files.would_lose:
            go_on()
            return

        def save() -> None:
            job = self.commands.save_project()
            if job is not None:
                job.succeeded.connect(lambda _: go_on())

        dialogs.ask_before_losing(self, save, go_on)

    def _close_anyway(self) -> None:
        self._may_lose = True
        self.close()

    def show_unexpected(self, sentence: str, details: str) -> None:
        """The one dialog for what nobody expected."""
        if self.findChildren(DetailsDialog):
            return  # one at a time; the log has them all
        lead = f"Something unexpected happened, and was written to the log. Your files were not changed.\n\n{sentence}"
        DetailsDialog("Unexpected", details, self, lead).open()

    def _dock(self, name: str, title: str, panel: EntryList | Side, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setTitleBarWidget(panel.heading)  # it is moved by its heading
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        return dock

    def _lay_out_bars(self) -> None:
        self._recent = QMenu("Open recent", self)
        self._recent.aboutToShow.connect(self._fill_recent)
        menus.fill_menus(self.menuBar(), self.acts, self._recent)
        self.menuBar().setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        toolbar, self.device = menus.make_toolbar(self.acts, self)
        self.addToolBar(toolbar)
        bar = QStatusBar(self)
        bar.setSizeGripEnabled(False)
        bar.setMinimumHeight(36)
        bar.addWidget(self.job_bar)
        bar.addPermanentWidget(self.message_bar, 1)
        self.setStatusBar(bar)
        for name in ("export_spectra", "copy", "remove", "set_laser"):
            self.entries.view.addAction(self.acts[name])

    def _restore(self) -> None:
        settings = self._studio.settings
        if not self.restoreGeometry(QByteArray.fromBase64(settings["geometry"].encode())):
            self.resize(QSize(1440, 900).boundedTo(self.screen().availableSize()))
        if not self.restoreState(QByteArray.fromBase64(settings["panels"].encode()), LAYOUT_VERSION):
            self.spread_panels()
        for key in VIEW_SETTINGS:
            self.acts[key].setChecked(settings[key])
        self.acts["denoise"].setChecked(settings["denoise"])
        self.acts[f"theme_{settings['theme']}"].setChecked(True)
        for name, dock in self._docks.items():
            self.acts[f"panel_{name}"].setChecked(not dock.isHidden())
            dock.visibilityChanged.connect(partial(self._follow_panel, name))
        self.entries.order.setCurrentIndex(max(0, self.entries.order.findData(settings["sort_by"])))

    def spread_panels(self) -> None:
        """Give the panels left and right their usual widths."""
        self.resizeDocks(list(self._docks.values()), [300, 280], Qt.Orientation.Horizontal)

    def _connect(self) -> None:
        studio = self._studio
        menus.connect(self.acts, self.commands)
        for signal in (
            studio.session.changed,
            studio.session.selection_changed,
            studio.denoising.engine_changed,
            studio.workers.submitted,
            studio.workers.idle,
            self.pages.chosen,
        ):
            signal.connect(self._enable_soon)
        studio.denoising.engine_changed.connect(self._show_device)
        self.groups.chosen_changed.connect(self._enable_soon)
        self.groups.refused.connect(studio.messages.show_error)
        studio.denoising.settled.connect(self.entries.model.repaint)
        studio.session.changed.connect(self._follow_sets)
        studio.session.selection_changed.connect(self._follow_sets)
        studio.messages.said.connect(self.message_bar.say)
        studio.messages.settled.connect(self.message_bar.forget)
        studio.messages.unexpected.connect(self.show_unexpected)
        studio.project_files.changed.connect(self._name_project)
        studio.opening.project_asked.connect(lambda path: self.before_losing(partial(studio.project_files.open, path)))
        appearance().changed.connect(self.set_theme)
        self._show_device()

    def _name_project(self) -> None:
        path = self._studio.project_files.path
        self.setWindowTitle(f"{path.stem} – RamanStudio" if path is not None else "RamanStudio")

    def _enable_soon(self, *_: object) -> None:
        if not self._soon.isActive():
            self._soon.start(ENABLE_MS)

    def _follow_sets(self, before: Project | None = None, now: Project | None = None) -> None:
        if before is None or now is None or before.entries is not now.entries:
            self.acts["whole_set"].setChecked(self._studio.session.uses_whole_set)

    def _enable(self) -> None:
        menus.enable(self.acts, self.moment())

    def moment(self) -> Moment:
        """What counts now for which actions make sense."""
        session = self._studio.session
        selected = session.selected
        results = [session.project.result(entry) for entry in selected]
        readable = [entry for entry in selected if entry.source is not None]
        only = selected[0].source if len(selected) == 1 else None
        return Moment(
            entries=len(session.project.entries),
            selected=len(selected),
            readable=len(readable),
            lacking=sum(not self._studio.denoising.is_denoised(entry) for entry in readable),
            sets=len(session.selected_sets),
            one_axis=look_like_repeats(readable),
            denoised=sum(result is not None and result.denoised is not None for result in results),
            unread=len(selected) - len(readable),
            maps=sum(has_map(entry) for entry in session.project.entries),
            spectra=len(only) if only is not None else 0,
            working=any(job.title for job in self._studio.workers.jobs) or bool(self.message_bar.words),
            undo_title=session.undo_title,
            redo_title=session.redo_title,
            engine=self._studio.denoising.engine is not None,
            explored=session.project.exploration is not None,
            grouped=session.groups is not None,
            groups=len(self.groups.chosen),
            identified=bool(session.project.identifications or session.project.predictions),
            pictured=self.middle.shows_picture,
            uncertain=bool(self.groups.uncertain.any()),
        )

    def _follow_panel(self, name: str, _visible: bool) -> None:
        self.acts[f"panel_{name}"].setChecked(not self._docks[name].isHidden())

    def _show_device(self) -> None:
        denoising = self._studio.denoising
        if denoising.engine is not None:
            self.device.setText(denoising.engine.device_name)
            self.device.setToolTip(f"Where the model '{denoising.engine.card.name}' computes (File › Settings)")
        else:
            self.device.setText("Loading the model…" if denoising.loading else "No model")

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self._studio.opening.recent:
            self._recent.addAction(str(path), partial(self.commands.open_recent, path))
        if self._recent.isEmpty():
            self._recent.addAction("Nothing yet").setEnabled(False)
            return
        self._recent.addSeparator()
        self._recent.addAction("Forget these", self._studio.opening.forget_recent)
