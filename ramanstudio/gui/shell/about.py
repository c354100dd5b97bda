"""About, the model card, the shortcuts and the formats: texts made from what they speak of."""

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
)


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><td style='padding: 3px 24px 3px 0;'>{html.escape(one)}</td>"
        f"<td style='padding: 3px 0;'>{html.escape(other)}</td></tr>"
        for one, other in rows
    )
    return f"<table cellspacing='0'>{cells}</table>"


def about_page(engine: Engine | None) -> str:
    """Version, device, model and licences."""
    rows = [
        ("RamanStudio", ramanstudio.__version__),
        ("Computes on", _device_words(engine) if engine is not None else "the model is not loaded yet"),
        ("Python", platform.python_version()),
        ("System", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]
    licences = [(f"{package} {_version_of(package)}".strip(), licence) for package, licence in LICENCES]
    return (
        f"<h3>RamanStudio</h3><p>Raman spectra denoised by a masked autoencoder, with the signal-to-noise ratio before"
        f" and after. Everything runs on this computer.</p>{_table(rows)}"
        f"<h4>Model</h4>{_card(engine)}<h4>Made with</h4>{_table(licences)}"
    )


def _device_words(engine: Engine) -> str:
    """The device, and for a processor why it is not a graphics card."""
    name = engine.device_name
    if not name.startswith("CPU"):
        return name
    torch = _version_of("torch")
    for_processor = torch.endswith("+cpu") or (sys.platform == "win32" and "+cu" not in torch)
    if for_processor:
        return f"{name} (PyTorch {torch} here is the build for the processor; README tells how to use an NVIDIA card)"
    return f"{name} (it was chosen, or no graphics card with a working driver was found)"


def card_page(engine: Engine | None) -> str:
    """What the model is, was trained on and how good it is."""
    return f"<h3>Model card</h3>{_card(engine)}"


def _card(engine: Engine | None) -> str:
    if engine is None:
        return "<p>The model is not loaded yet.</p>"
    paragraphs = (html.escape(line) for line in engine.card.text().splitlines() if line.strip())
    return "".join(f"<p>{line}</p>" for line in paragraphs)


def formats_page() -> str:
    """What can be opened, from the table of formats."""
    from ramanstudio.formats import registry

    rows = [(one.name, " ".join(one.suffixes)) for one in registry.FORMATS]
    return f"<h3>Formats that can be opened</h3>{_table(rows)}"


def help_page(focus: QWidget | None) -> str:
    """What the widget with the focus is for, and all shortcuts by menu."""
    page = "<h3>Help</h3>"
    widget = focus
    while widget is not None and not widget.accessibleName():
        widget = widget.parentWidget()
    if widget is not None:
        words = html.escape(widget.whatsThis() or widget.toolTip()).replace("\n", "<br>")
        page += f"<p><b>Here: {html.escape(widget.accessibleName())}</b>{'<br>' if words else ''}{words}</p>"
    page += (
        "<p>In the spectrum: the wheel zooms the Raman shift, Ctrl and wheel the intensity; drag zooms a box,"
        " right-drag moves; a double click shows all.<br>In the list: ↑ ↓ go to the next spectrum, Shift extends.</p>"
    )
    for menu in MENUS:
        rows = [(one.text.rstrip("…"), one.shortcut) for one in ACTIONS if one.menu == menu and one.shortcut]
        if rows:
            page += f"<h4>{menu}</h4>{_table(rows)}"
    return page
