"""The questions that are asked with a dialog of the system: which files, which folder, which name."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget


def ask_files(parent: QWidget, folder: str) -> list[Path]:
    """Which files to open; empty when nothing was chosen."""
    from ramanstudio.formats import registry

    every = " ".join(f"*{suffix}" for suffix in registry.readable_suffixes())
    filters = [f"Spectra ({every})"]
    filters += [f"{one.name} ({' '.join(f'*{suffix}' for suffix in one.suffixes)})" for one in registry.FORMATS]
    filters.append("All files (*)")
    names, _ = QFileDialog.getOpenFileNames(parent, "Open files", folder, ";;".join(filters))
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


def _suffixes(filters: str) -> list[str]:
    return re.findall(r"\*(\.\w+)", filters)


def ask_laser_nm(parent: QWidget, suggested: float) -> float | None:
    """The wavelength of the laser in nm; None when nothing was entered."""
    value, ok = QInputDialog.getDouble(
        parent, "Laser wavelength", "Wavelength of the laser these were measured with / nm", suggested, 150, 2000, 3
    )
    return value if ok else None
