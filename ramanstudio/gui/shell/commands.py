"""What the actions of the File, Edit, Analyse, Model and Help menus do: one method for each action, named by its id."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from ramanstudio.core.paths import bundled_path, user_log
from ramanstudio.export.figure_style import FORMATS
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.jobs import Job
from ramanstudio.gui.document.laser import has_shift_axis
from ramanstudio.gui.shell.services import Services
from ramanstudio.gui.shell.tab_view import TabView
from ramanstudio.gui.spectra_list.entry_list import EntryList
from ramanstudio.mae import model_store
from ramanstudio.project.project import SUFFIX, Entry, share_axis

if TYPE_CHECKING:
    from ramanstudio.gui.common.job_bar import JobBar
    from ramanstudio.gui.common.message_bar import MessageBar


class FileCommands:
    """Opens, saves and exports."""

    def __init__(self, services: Services, tabs: TabView, entries: EntryList, window: QWidget) -> None:
        self._services, self._tabs, self._entries, self._window = services, tabs, entries, window
        self._settings = services.settings

    def open_files(self) -> None:
        """Ask for files and open them."""
        self._open(dialogs.ask_files(self._window, self._folder("folder")))

    def open_folder(self) -> None:
        """Ask for a folder and open the spectra in it."""
        folder = dialogs.ask_folder(self._window, "Open folder", self._folder("folder"))
        self._open([folder] if folder else [])

    def open_part_of_folder(self) -> None:
        """Ask for a folder and for what the names of its files contain, and open those."""
        folder = dialogs.ask_folder(self._window, "Open part of a folder", self._folder("folder"))
        pattern = dialogs.ask_pattern(self._window, folder.name) if folder else None
        if folder is not None and pattern is not None:
            self._settings["folder"] = str(folder)
            self._services.opening.open([folder], pattern)

    def open_recent(self, path: Path) -> None:
        """Open a file of the list of recent files."""
        self._open([path])

    def try_demo(self) -> None:
        """Open the demo spectra."""
        self._services.opening.open([bundled_path("resources", "demo")])
        self._services.messages.info("The demo spectra are simulated from the peaks of real ones; none was measured.")

    def save_project(self) -> Job | None:
        """Save the project; asks for a name the first time. Returns the job, None when cancelled."""
        path = self._services.project_files.path
        return self.save_project_as() if path is None else self._services.project_files.save(path)

    def save_project_as(self) -> Job | None:
        """Ask for a name and save the project. Returns the job, None when cancelled."""
        path = self._ask_path("Save project", SUFFIX, f"Project (*{SUFFIX})")
        return None if path is None else self._services.project_files.save(path)

    def export_spectra(self) -> None:
        """Show the dialog that exports spectra and tables."""
        from ramanstudio.gui.export.export_dialog import ExportDialog

        services = self._services
        ExportDialog(
            services.session,
            services.denoising,
            services.exporting,
            services.libraries,
            services.messages,
            self._settings,
            self._entries.shown_ids,
            self._window,
        ).open()

    def export_picture(self) -> None:
        """Export the figure of the page that is shown, or else one of the selected spectra, once they are processed."""
        self._services.when_processed.do("The figure", self._export_picture)

    def _export_picture(self) -> None:
        """Export the figure of the page, or the spectra, on a light page."""
        if (figure := self._tabs.current_page.figure()) is not None:
            path = self._ask_path(
                "Export figure", ".png", ";;".join(f"{title} (*{suffix})" for suffix, title in FORMATS.items())
            )
            if path is not None:
                self._services.exporting.drawn(partial(figure, path, dark=False))
            return
        from ramanstudio.gui.document.exporting import MAX_PANELS, figure_spectra
        from ramanstudio.gui.document.peak_label import known_labels
        from ramanstudio.gui.figure.figure_dialog import FigureDialog

        services, entries = self._services, self._services.exporting.denoised
        if len(entries) > MAX_PANELS:
            services.messages.info(f"The figure shows the first {MAX_PANELS} of {len(entries)} selected spectra.")
        labels_of = partial(known_labels, services.peak_finding, services.session)
        spectra, export = figure_spectra(entries, labels_of), services.exporting.figure
        FigureDialog(spectra, export, services.workers, services.messages, self._settings, self._window).open()

    def report(self) -> None:
        """Write a report of the selected spectra."""
        from ramanstudio.gui.report.report_dialog import ReportDialog

        services = self._services
        ReportDialog(
            services.session, services.libraries, services.exporting, services.messages, self._settings, self._window
        ).open()

    def settings(self) -> None:
        """Show the settings."""
        from ramanstudio.gui.shell.settings_dialog import SettingsDialog

        SettingsDialog(self._settings, {"model": model_store.available()}, self._window).open()

    def quit(self) -> None:
        """Close the window."""
        self._window.close()

    def _open(self, paths: list[Path]) -> None:
        if paths:
            self._settings["folder"] = str(paths[0] if paths[0].is_dir() else paths[0].parent)
            self._services.opening.open(paths)

    def _folder(self, key: str) -> str:
        return str(self._settings[key] or Path.home())

    def _ask_path(self, title: str, ending: str, filters: str) -> Path | None:
        """Ask where to save; suggests the name of the selected entry, or "spectra", with `ending`."""
        selected = self._services.session.selected
        stem = selected[0].path.stem if len(selected) == 1 else "spectra"
        return dialogs.ask_export(self._window, title, self._settings, f"{stem}{ending}", filters)


class EditCommands:
    """Undoes, copies, selects and removes."""

    def __init__(self, services: Services, tabs: TabView, entries: EntryList, window: QWidget) -> None:
        self._services, self._tabs, self._entries, self._window = services, tabs, entries, window
        self._session = services.session

    def undo(self) -> None:
        """Undo the last change."""
        self._session.undo()

    def redo(self) -> None:
        """Repeat the change that was undone."""
        self._session.redo()

    def history(self) -> None:
        """Show all changes."""
        from ramanstudio.gui.shell.history_dialog import HistoryDialog

        HistoryDialog(self._session, self._window).open()

    def copy(self) -> None:
        """Copy the plot and its numbers to the clipboard, once the selected spectra are processed."""
        self._services.when_processed.do("Copying", self._copy, first=False)

    def provenance(self) -> None:
        """Show how the selected entries came about."""
        from ramanstudio.gui.export.provenance_dialog import show_provenance

        show_provenance(self._session, self._services.workers, self._services.messages, self._window)

    def _copy(self) -> None:
        """Copy the plot and its numbers to the clipboard."""
        page = self._tabs.current_page
        if page.view is None:
            return
        clipboard = QMimeData()
        clipboard.setImageData(page.view.copy_picture())
        clipboard.setText(page.numbers())
        QGuiApplication.clipboard().setMimeData(clipboard)
        self._services.messages.info("Figure and data were copied to the clipboard.")

    def select_all(self) -> None:
        """Select all entries that the list shows."""
        self._entries.select_all()

    def remove(self) -> None:
        """Remove the selected entries, and select a neighbour."""
        ids = self._session.selected_ids
        neighbour = self._neighbour(ids)
        self._session.remove(ids)
        if neighbour is not None:
            self._session.select([neighbour])

    def set_laser(self) -> None:
        """Ask for the laser wavelength of the selected entries and use it; asks before Raman shift axes are moved."""
        entries = self._session.selected
        stated = [entry.source.about.get("laser_nm") for entry in entries if entry.source is not None]
        suggested = next((float(laser) for laser in stated if laser), self._services.settings["laser_nm"] or 532.0)
        laser_nm = dialogs.ask_laser_nm(self._window, suggested)
        if laser_nm is None:
            return
        n_shift_axes = sum(has_shift_axis(entry, laser_nm) for entry in entries)
        moves = dialogs.ask_to_move_axes(self._window, n_shift_axes) if n_shift_axes else False
        if moves is not None:
            self._services.opening.set_laser(entries, laser_nm, moves)

    def ask_laser_for(self, entries: list[Entry]) -> None:
        """Ask once for the laser wavelength of files whose axis needs it, without waiting for the answer."""
        suggested = self._services.settings["laser_nm"] or 532.0
        dialogs.open_laser_question(
            self._window, len(entries), suggested, lambda nm: self._services.opening.set_laser(entries, nm)
        )

    def _neighbour(self, ids: tuple[int, ...]) -> int | None:
        """The entry to select once `ids` are removed: the one below the last of them, or else the one above."""
        shown = self._entries.shown_ids()
        removed = frozenset(ids)
        last = max((row for row, entry_id in enumerate(shown) if entry_id in removed), default=-1)
        below = next((entry_id for entry_id in shown[last + 1 :] if entry_id not in removed), None)
        above = next((entry_id for entry_id in reversed(shown[: last + 1]) if entry_id not in removed), None)
        return below if below is not None else above


class AnalyseCommands:
    """Denoises, and cancels what is running."""

    def __init__(self, services: Services, tabs: TabView, job_bar: JobBar, message_bar: MessageBar) -> None:
        self._services, self._tabs, self._job_bar, self._message_bar = services, tabs, job_bar, message_bar
        self._session = services.session

    def denoise(self, on: bool) -> None:
        """Denoise spectra when they are opened, or stop denoising."""
        self._services.settings["denoise"] = on
        if on:
            self._services.denoising.denoise_all()
        else:
            self._services.denoising.stop()

    def denoise_selected(self) -> None:
        """Denoise the selected entries."""
        self._services.denoising.denoise(self._session.selected)

    def whole_set(self, on: bool) -> None:
        """Denoise the selected sets as sets, or each spectrum individually."""
        if on != self._session.denoises_as_sets:  # otherwise the switch only follows the selection
            self._session.set_denoising_as_sets(self._session.selected_ids, on)

    def one_set(self) -> None:
        """Denoise the selected entries as one set; warns when their axes differ."""
        entries = [entry for entry in self._session.selected if entry.source is not None]
        if entries and not all(share_axis(entries[0], entry) for entry in entries):
            self._services.messages.warning(
                "The selected entries have different Raman shift axes, so they cannot be denoised as one set."
                " Select entries with the same axis."
            )
            return
        self._session.join_into_set(entry.id for entry in entries)

    def cancel(self) -> None:
        """Cancel the gesture, or else the job that is shown, or else dismiss the message."""
        view = self._tabs.current_page.view
        if view is not None and view.cancel_gesture():
            return
        if not self._job_bar.cancel():
            self._message_bar.clear()


class HelpCommands:
    """Shows the model and the texts of the Help menu."""

    def __init__(self, services: Services, tabs: TabView, window: QWidget) -> None:
        self._services, self._tabs, self._window = services, tabs, window

    def choose_model(self) -> None:
        """Show the settings at the choice of the model."""
        from ramanstudio.gui.shell.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._services.settings, {"model": model_store.available()}, self._window)
        dialog.open()
        dialog.point_to("model")

    def model_card(self) -> None:
        """Show the model card."""
        from ramanstudio.gui.shell import about

        self._show("Model card", about.card_page(self._services.denoising.engine))

    def user_guide(self) -> None:
        """Show the user guide at the page about the tab that is shown."""
        from ramanstudio.gui.shell.help import GuideDialog

        GuideDialog(self._tabs.current_tab.guide_page, self._window).show()

    def shortcuts(self) -> None:
        """Show the keyboard shortcuts."""
        from ramanstudio.gui.shell import about

        self._show("Keyboard shortcuts", about.shortcuts_page(QApplication.focusWidget()))

    def formats(self) -> None:
        """Show the supported file formats."""
        from ramanstudio.gui.shell import about

        self._show("Supported file formats", about.formats_page())

    def open_log(self) -> None:
        """Open the log folder in the file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(user_log())))

    def about(self) -> None:
        """Show version, model and licences."""
        from ramanstudio.gui.shell import about

        self._show("About RamanStudio", about.about_page(self._services.denoising.engine))

    def _show(self, title: str, page: str) -> None:
        from ramanstudio.gui.common.text_dialog import TextDialog

        TextDialog(title, page, self._window).open()
