"""What the actions do: one method for each row, named by its id."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path, user_log
from ramanstudio.export.figures import PARTS
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.jobs import Job
from ramanstudio.gui.common.theme import appearance
from ramanstudio.gui.identify.commands import IdentifyCommands
from ramanstudio.gui.shell import about
from ramanstudio.gui.shell.command_palette import Choice, CommandPalette
from ramanstudio.gui.shell.settings_dialog import SettingsDialog
from ramanstudio.mae import model_store
from ramanstudio.project.project import share_axis
from ramanstudio.project.project_file import SUFFIX


class Commands(IdentifyCommands):
    """Carries out what a menu, a button, a shortcut or the palette asked for."""

    # File

    def open_files(self) -> None:
        self._open(dialogs.ask_files(self._window, self._folder("folder")))

    def open_folder(self) -> None:
        folder = dialogs.ask_folder(self._window, "Open a folder", self._folder("folder"))
        self._open([folder] if folder else [])

    def open_recent(self, path: Path) -> None:
        self._open([path])

    def try_demo(self) -> None:
        self._studio.opening.open([bundled_path("resources", "demo")])
        self._studio.messages.info("The demo spectra are simulated from the lines of real ones; none was measured.")

    def save_project(self) -> Job | None:
        path = self._studio.project_files.path
        return self.save_project_as() if path is None else self._studio.project_files.save(path)

    def save_project_as(self) -> Job | None:
        path = self._ask_name("Save the project", SUFFIX, f"Project (*{SUFFIX})")
        return None if path is None else self._studio.project_files.save(path)

    def export_spectra(self) -> None:
        folder = dialogs.ask_folder(self._window, "Export spectra to a folder", self._folder("export_folder"))
        if folder is not None:
            self._studio.settings["export_folder"] = str(folder)
            self._studio.exporting.spectra(folder)

    def export_picture(self) -> None:
        drawing = self._window.middle.drawing
        path = self._ask_name("Export picture", ".png", "Picture (*.png);;Drawing (*.svg)")
        if path is not None and drawing is not None:
            self._studio.exporting.drawn(partial(drawing, path, dark=appearance().theme.is_dark))
        elif path is not None:
            shifts = self._view.visible_range()[0] if self._view is not None else None
            parts = [part for part in PARTS if self._studio.settings[f"show_{part}"]]
            self._studio.exporting.picture(path, dark=appearance().theme.is_dark, shift_range=shifts, parts=parts)

    def export_table(self) -> None:
        path = self._ask_name("Export SNR table", "-snr.csv", "Table (*.csv)")
        if path is not None:
            self._studio.exporting.table(path)

    def export_map(self) -> None:
        self._window.pages.choose("map")
        if (panel := self._window.middle.map_panel) is not None:
            panel.ask_where()

    def settings(self) -> None:
        SettingsDialog(self._studio.settings, {"model": model_store.available()}, self._window).open()

    def quit(self) -> None:
        self._window.close()

    # Edit

    def undo(self) -> None:
        self._session.undo()

    def redo(self) -> None:
        self._session.redo()

    def copy(self) -> None:
        if self._shown is None:
            return
        both = QMimeData()
        both.setImageData(self._shown.copy_picture())
        both.setText(self._window.middle.numbers)
        QGuiApplication.clipboard().setMimeData(both)
        self._studio.messages.info("The picture and the numbers are on the clipboard.")

    def select_all(self) -> None:
        self._window.entries.select_all()

    def remove(self) -> None:
        ids = self._session.selected_ids
        after = self._neighbour(ids)
        self._session.remove(ids)
        if after is not None:
            self._session.select([after])

    def set_laser(self) -> None:
        settings = self._studio.settings
        laser_nm = dialogs.ask_laser_nm(self._window, settings["laser_nm"] or 532.0)
        if laser_nm is not None:
            self._studio.opening.read_again(self._session.selected, laser_nm)

    def find(self) -> None:
        self._window.show_panel("list", True)
        self._window.entries.find_words()

    # Analyse

    def denoise(self, on: bool) -> None:
        self._studio.settings["denoise"] = on
        if on:
            self._studio.denoising.denoise_all()
        else:
            self._studio.denoising.stop()

    def denoise_selected(self) -> None:
        self._studio.denoising.denoise(self._session.selected)

    def whole_set(self, on: bool) -> None:
        if on != self._session.uses_whole_set:  # else the switch follows the selection
            self._session.use_whole_set(self._session.selected_ids, on)

    def one_set(self) -> None:
        entries = [entry for entry in self._session.selected if entry.source is not None]
        if entries and not all(share_axis(entries[0], entry) for entry in entries):
            self._studio.messages.warning(
                "The selected entries are not sampled at the same Raman shifts, so they cannot be used as one set."
                " Select those that were measured alike."
            )
            return
        self._session.make_one_set(entry.id for entry in entries)

    def noise_everywhere(self) -> None:
        chosen = next((entry.noise_region for entry in self._session.selected if entry.noise_region), None)
        self._measure_in(self._session.project.entries, chosen)

    def noise_automatic(self) -> None:
        self._session.set_noise_region(self._session.selected_ids, None)

    def teach(self) -> None:
        from ramanstudio.gui.finetuning.wizard import show_wizard

        show_wizard(self._studio, self._window)

    def name_by_model(self) -> None:
        from ramanstudio.gui.finetuning import predicting

        try:
            predicting.ask_and_name(self._studio, self._window)
        except StudioError as error:
            self._studio.messages.show_error(error)

    def cancel(self) -> None:
        if self._shown is not None and self._shown.cancel_gesture():
            return
        if not self._window.job_bar.cancel():
            self._window.message_bar.clear()

    # Model and Help

    def choose_model(self) -> None:
        dialog = SettingsDialog(self._studio.settings, {"model": model_store.available()}, self._window)
        dialog.open()
        dialog.point_to("model")

    def taught_models(self) -> None:
        from ramanstudio.gui.finetuning.models_dialog import ModelsDialog

        ModelsDialog(self._studio, self._window).open()

    def model_card(self) -> None:
        self._read("Model card", about.card_page(self._studio.denoising.engine))

    def help(self) -> None:
        self._read("Help and shortcuts", about.help_page(QApplication.focusWidget()))

    def search(self) -> None:
        choices = [Choice(action, menu) for action, menu in self._window.actions_by_menu()]
        CommandPalette(choices, appearance().theme, self._window).show()

    def formats(self) -> None:
        self._read("Formats", about.formats_page())

    def open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(user_log())))

    def about(self) -> None:
        self._read("About RamanStudio", about.about_page(self._studio.denoising.engine))

    # how

    def _open(self, paths: list[Path]) -> None:
        if paths:
            self._studio.settings["folder"] = str(paths[0] if paths[0].is_dir() else paths[0].parent)
            self._studio.opening.open(paths)

    def _folder(self, key: str) -> str:
        return str(self._studio.settings[key] or Path.home())

    def _ask_name(self, title: str, ending: str, filters: str) -> Path | None:
        selected = self._session.selected
        stem = selected[0].path.stem if len(selected) == 1 else "spectra"
        path = dialogs.ask_name(self._window, title, Path(self._folder("export_folder")) / f"{stem}{ending}", filters)
        if path is not None:
            self._studio.settings["export_folder"] = str(path.parent)
        return path

    def _neighbour(self, ids: tuple[int, ...]) -> int | None:
        """The row to select once these are gone: the one below the last of them, else the one above."""
        shown = self._window.entries.shown_ids()
        gone = frozenset(ids)
        last = max((row for row, entry_id in enumerate(shown) if entry_id in gone), default=-1)
        below = next((entry_id for entry_id in shown[last + 1 :] if entry_id not in gone), None)
        above = next((entry_id for entry_id in reversed(shown[: last + 1]) if entry_id not in gone), None)
        return below if below is not None else above

    def _read(self, title: str, page: str) -> None:
        about.TextDialog(title, page, self._window).open()
