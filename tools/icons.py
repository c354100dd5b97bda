"""Draw the program's icon in the sizes and forms that systems ask for, from resources/icons/*.svg.

    python tools/icons.py [FOLDER]      # build/icons

Up to 24 pixels the small drawing is used, whose lines lie on whole pixels; above it the full one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
SMALL = 24

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def draw(folder: Path) -> None:
    """Write ramanstudio-<size>.png, ramanstudio.ico and ramanstudio.icns."""
    from PIL import Image
    from PySide6.QtGui import QGuiApplication, QIcon

    app = QGuiApplication.instance() or QGuiApplication(["icons"])
    folder.mkdir(parents=True, exist_ok=True)
    icons = ROOT / "resources" / "icons"
    for size in SIZES:
        drawing = icons / ("ramanstudio-small.svg" if size <= SMALL else "ramanstudio.svg")
        if not QIcon(str(drawing)).pixmap(size, size).save(str(folder / f"ramanstudio-{size}.png")):
            sys.exit(f"icons: '{folder}' cannot be written.")
    pictures = [Image.open(folder / f"ramanstudio-{size}.png") for size in SIZES]
    largest, others = pictures[-1], pictures[:-1]
    upto_256 = [(size, size) for size in SIZES if size <= 256]
    largest.save(folder / "ramanstudio.ico", sizes=upto_256, append_images=others)
    largest.save(folder / "ramanstudio.icns", append_images=others)
    del app


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "icons")
