"""Standard questions with a system dialog: which files, which folder, which name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QInputDialog, QMessageBox, QWidget

from ramanstudio.core.settings import Settings
from ramanstudio.project.project import SUFFIX

MAX_NAMED: Final = 8  # files in a question


def ask_files(parent: QWidget, folder: str) -> list[Path]:
    """Ask which spectra or projects to open; empty when cancelled."""
    from ramanstudio.formats import registry

    patterns = " ".join(f"*{suffix}" for suffix in registry.readable_suffixes())
    filters = [f"Spectra and projects ({patterns} *{SUFFIX})", f"RamanStudio projects (*{SUFFIX})"]
    filters += [f"{row.name} ({' '.join(f'*{suffix}' for suffix in row.suffixes)})" for row in registry.FORMATS]
    filters.append("All files (*)")
    names, _ = QFileDialog.getOpenFileNames(parent, "Open files", folder, ";;".join(filters))
    return [Path(name) for name in names]


def ask_any_files(parent: QWidget, title: str, filters: str) -> list[Path]:
    """Ask which files of the kinds `filters` to open; empty when cancelled."""
    names, _ = QFileDialog.getOpenFileNames(parent, title, str(Path.home()), filters)
    return [Path(name) for name in names]


def ask_folder(parent: QWidget, title: str, folder: str) -> Path | None:
    """Ask for a folder; None when cancelled."""
    name = QFileDialog.getExistingDirectory(parent, title, folder)
    return Path(name) if name else None


def ask_name(parent: QWidget, title: str, suggested: Path, filters: str) -> Path | None:
    """Ask under which name to save; adds the suffix of the chosen filter where no suffix of `filters` was typed."""
    while True:
        name, chosen = QFileDialog.getSaveFileName(parent, title, str(suggested), filters)
        if not name:
            return None
        path = Path(name)
        if path.suffix.casefold() not in _suffixes(filters):
            path = path.with_name(path.name + _suffixes(chosen)[0])  # "PET-0.1s" has no suffix, for all its dot
        if path == Path(name) or not path.exists():
            return path
        suggested = path  # with this suffix the dialog has not asked whether to overwrite: ask again


def ask_export(parent: QWidget, title: str, settings: Settings, name: str, filters: str) -> Path | None:
    """Ask under which name to export; suggests `name` in the folder of the last export, and remembers the folder."""
    path = ask_name(parent, title, Path(settings["export_folder"] or Path.home()) / name, filters)
    if path is not None:
        settings["export_folder"] = str(path.parent)
    return path


def _suffixes(filters: str) -> list[str]:
    return re.findall(r"\*(\.\w+)", filters)


def ask_laser_nm(parent: QWidget, suggested: float) -> float | None:
    """Ask for the laser wavelength in nm; None when cancelled."""
    value, ok = QInputDialog.getDouble(
        parent, "Laser wavelength", "Laser wavelength of these spectra (nm)", suggested, 150, 2000, 3
    )
    return value if ok else None


def open_laser_question(
    parent: QWidget, n_files: int, suggested: float, use: Callable[[float], object]
) -> QInputDialog:
    """Ask once for the laser wavelength in nm of files that need it; calls `use` with the answer."""
    files = "The axis of 1 file is" if n_files == 1 else f"The axes of {n_files} files are"
    dialog = QInputDialog(parent)
    dialog.setWindowTitle("Laser wavelength")
    dialog.setLabelText(f"{files} not in Raman shift, and the laser wavelength is not stated.\nLaser wavelength (nm)")
    dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
    dialog.setDoubleRange(150, 2000)
    dialog.setDoubleDecimals(3)
    dialog.setDoubleValue(suggested)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.doubleValueSelected.connect(use)
    dialog.open()
    return dialog


def ask_to_move_axes(parent: QWidget, n_entries: int) -> bool | None:
    """Ask whether Raman shift axes move with the laser wavelength; None when cancelled."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Laser wavelength")
    axes = "The file holds a Raman shift axis" if n_entries == 1 else f"{n_entries} files hold Raman shift axes"
    box.setText(f"{axes} computed with another laser wavelength.")
    box.setInformativeText(
        "Move the axis if the instrument computed it with a wrong wavelength. Keep it to correct only the metadata."
    )
    move = box.addButton("Move axis", QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton("Keep axis", QMessageBox.ButtonRole.RejectRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(keep)
    box.exec()
    clicked = box.clickedButton()
    return True if clicked is move else False if clicked is keep else None


def ask_pattern(parent: QWidget, folder: str) -> str | None:
    """Ask which files of a folder to open; None when cancelled."""
    text, ok = QInputDialog.getText(
        parent, "Open part of a folder", f"Files in '{folder}' whose name contains (or matches, with * and ?)"
    )
    return text if ok else None


def ask_to_replace(
    parent: QWidget, existing: Sequence[Path], n_files: int, replace: Callable[[], object], keep: Callable[[], object]
) -> QMessageBox:
    """Ask what to do with files that are there already: calls `replace`, `keep` (new names), or neither."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Replace files?")
    names = [path.name for path in existing[:MAX_NAMED]]
    more = [f"… and {len(existing) - MAX_NAMED} more"] if len(existing) > MAX_NAMED else []
    exist = "1 file exists" if len(existing) == 1 else f"{len(existing)} of {n_files} files exist"
    box.setText(f"{exist} in '{existing[0].parent.name}' already.")
    box.setInformativeText("\n".join([*names, *more]))
    replace_button = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    keep_button = box.addButton("Keep, and use new names", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(keep_button)
    _open(box, {replace_button: replace, keep_button: keep})
    return box


def ask_to_save(parent: QWidget, save: Callable[[], None], discard: Callable[[], object]) -> QMessageBox:
    """Ask whether to save changes that would be lost: calls `save`, `discard`, or neither."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Save the project?")
    box.setText("Save the project before it is closed?")
    box.setInformativeText(
        "Otherwise your groups and the changes of this session are lost. The files of the spectra are not affected."
    )
    save_button = box.addButton("Save…", QMessageBox.ButtonRole.AcceptRole)
    discard_button = box.addButton("Don't save", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(save_button)
    _open(box, {save_button: save, discard_button: discard})
    return box


def _open(box: QMessageBox, actions: Mapping[QAbstractButton, Callable[[], object]]) -> None:
    """Open a question; the action of the clicked button runs once it has closed, since that may close the window."""

    def act() -> None:
        action = actions.get(box.clickedButton())
        if action is not None:
            action()

    box.finished.connect(act)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
