"""The questions that are asked with a dialog of the system: which files, which folder, which name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from ramanstudio.core.settings import Settings
from ramanstudio.project.project_file import SUFFIX


def ask_files(parent: QWidget, folder: str) -> list[Path]:
    """Which files to open; empty when nothing was chosen."""
    from ramanstudio.formats import registry

    every = " ".join(f"*{suffix}" for suffix in registry.readable_suffixes())
    filters = [f"Spectra and projects ({every} *{SUFFIX})", f"Projects of RamanStudio (*{SUFFIX})"]
    filters += [f"{one.name} ({' '.join(f'*{suffix}' for suffix in one.suffixes)})" for one in registry.FORMATS]
    filters.append("All files (*)")
    names, _ = QFileDialog.getOpenFileNames(parent, "Open files", folder, ";;".join(filters))
    return [Path(name) for name in names]


def ask_any_files(parent: QWidget, title: str, filters: str) -> list[Path]:
    """Which files, of these kinds; empty when nothing was chosen."""
    names, _ = QFileDialog.getOpenFileNames(parent, title, str(Path.home()), filters)
    return [Path(name) for name in names]


def ask_folder(parent: QWidget, title: str, folder: str) -> Path | None:
    """Which folder; None when nothing was chosen."""
    name = QFileDialog.getExistingDirectory(parent, title, folder)
    return Path(name) if name else None


def ask_name(parent: QWidget, title: str, suggested: Path, filters: str) -> Path | None:
    """Under which name to save; the suffix of the chosen filter is added where none of the filters' was typed."""
    while True:
        name, chosen = QFileDialog.getSaveFileName(parent, title, str(suggested), filters)
        if not name:
            return None
        path = Path(name)
        if path.suffix.casefold() not in _suffixes(filters):
            path = path.with_name(path.name + _suffixes(chosen)[0])  # "PET-0.1s" has no suffix, for all its dot
        if path == Path(name) or not path.exists():
            return path
        suggested = path  # the dialog did not know this name, so it has not asked whether to write over the file


def ask_export(parent: QWidget, title: str, settings: Settings, name: str, filters: str) -> Path | None:
    """Under which name to export; starts as `name` in the folder of the last export, and remembers the folder."""
    path = ask_name(parent, title, Path(settings["export_folder"] or Path.home()) / name, filters)
    if path is not None:
        settings["export_folder"] = str(path.parent)
    return path


def _suffixes(filters: str) -> list[str]:
    return re.findall(r"\*(\.\w+)", filters)


def ask_laser_nm(parent: QWidget, suggested: float) -> float | None:
    """The wavelength of the laser in nm; None when nothing was entered."""
    value, ok = QInputDialog.getDouble(
        parent, "Laser wavelength", "Wavelength of the laser these were measured with / nm", suggested, 150, 2000, 3
    )
    return value if ok else None


def ask_before_losing(parent: QWidget, save: Callable[[], None], go_on: Callable[[], object]) -> QMessageBox:
    """Ask whether to save what would be lost: `save` it, `go_on` without, or do nothing."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Save the project?")
    box.setText("Save the project before it is closed?")
    box.setInformativeText("Else your groups and the changes of this session are lost. The files of the spectra stay.")
    keep = box.addButton("Save…", QMessageBox.ButtonRole.AcceptRole)
    drop = box.addButton("Do not save", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(keep)

    def answer() -> None:  # once the box is gone: what it was asked for may close the window
        if box.clickedButton() is keep:
            save()
        elif box.clickedButton() is drop:
            go_on()

    box.finished.connect(answer)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
