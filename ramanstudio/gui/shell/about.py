"""The texts of the Help menu: About, model card, keyboard shortcuts, file formats; generated, not written by hand."""

from __future__ import annotations

import html
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

import ramanstudio
from ramanstudio.gui.shell.actions import ACTIONS, MENUS

if TYPE_CHECKING:
    from ramanstudio.engine import Engine

LICENCES = (
    ("PySide6-Essentials", "LGPL-3.0"),
    ("pyqtgraph", "MIT"),
    ("torch", "BSD-3-Clause"),
    ("numpy", "BSD-3-Clause"),
    ("scipy", "BSD-3-Clause"),
    ("scikit-learn", "BSD-3-Clause"),
    ("openTSNE", "BSD-3-Clause"),
    ("pybaselines", "BSD-3-Clause"),
    ("h5py", "BSD-3-Clause"),
    ("matplotlib", "PSF based"),
    ("safetensors", "Apache-2.0"),
    ("qtawesome", "MIT"),
    ("renishaw-wdf", "Apache-2.0"),
    ("witio", "MIT-0"),
    ("openpyxl", "MIT"),
    ("olefile", "BSD-2-Clause"),
    ("defusedxml", "PSF-2.0"),
)


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><td style='padding: 3px 24px 3px 0;'>{html.escape(name)}</td>"
        f"<td style='padding: 3px 0;'>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table cellspacing='0'>{cells}</table>"


def about_page(engine: Engine | None) -> str:
    """Version, device, model and licences, as HTML."""
    rows = [
        ("RamanStudio", ramanstudio.__version__),
        ("Device", _device_text(engine) if engine is not None else "the model is not loaded yet"),
        ("Python", platform.python_version()),
        ("System", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]
    licences = [(f"{package} {_version_of(package)}".strip(), licence) for package, licence in LICENCES]
    return (
        f"<h3>RamanStudio</h3><p>Denoises Raman spectra with a masked autoencoder and shows the signal-to-noise ratio"
        f" before and after. Everything runs on this computer.</p>{_table(rows)}"
        f"<h4>Model</h4>{_card(engine)}<h4>Libraries and licences</h4>{_table(licences)}"
    )


def _device_text(engine: Engine) -> str:
    """The device, and for a CPU why it is not a GPU."""
    name = engine.device_name
    if not name.startswith("CPU"):
        return name
    torch = _version_of("torch")
    is_cpu_build = torch.endswith("+cpu") or (sys.platform == "win32" and "+cu" not in torch)
    if is_cpu_build:
        return f"{name} (this is the CPU build of PyTorch {torch}; the user guide tells how to use an NVIDIA GPU)"
    return f"{name} (chosen in the settings, or no GPU with a working driver was found)"


def card_page(engine: Engine | None) -> str:
    """The model card, as HTML."""
    return f"<h3>Model card</h3>{_card(engine)}"


def _card(engine: Engine | None) -> str:
    if engine is None:
        return "<p>The model is not loaded yet.</p>"
    paragraphs = (html.escape(line) for line in engine.card.text().splitlines() if line.strip())
    return "".join(f"<p>{line}</p>" for line in paragraphs)


def formats_page() -> str:
    """The formats that can be opened, as HTML."""
    from ramanstudio.formats import registry

    rows = [(row.name, " ".join(row.suffixes)) for row in registry.FORMATS]
    return f"<h3>Supported file formats</h3>{_table(rows)}"


def shortcuts_page(focus: QWidget | None) -> str:
    """What the widget with the keyboard focus is for, mouse gestures, and all shortcuts by menu, as HTML."""
    page = "<h3>Keyboard shortcuts</h3>"
    widget = focus
    while widget is not None and not widget.accessibleName():
        widget = widget.parentWidget()
    if widget is not None:
        description = html.escape(widget.whatsThis() or widget.toolTip()).replace("\n", "<br>")
        page += (
            f"<p><b>Here: {html.escape(widget.accessibleName())}</b>{'<br>' if description else ''}{description}</p>"
        )
    page += (
        "<p>In a plot: the wheel zooms the Raman shift, Ctrl with the wheel the intensity; drag zooms to a box,"
        " drag with the right button pans; a double click shows all.<br>"
        "In the list: ↑ ↓ select the previous or next spectrum, Shift extends the selection.</p>"
    )
    for menu in MENUS:
        rows = [(row.text.rstrip("…"), row.shortcut) for row in ACTIONS if row.menu == menu and row.shortcut]
        if rows:
            page += f"<h4>{menu}</h4>{_table(rows)}"
    return page
