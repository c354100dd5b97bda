"""Icons of the Phosphor font that comes with qtawesome, in the colours of the theme; loaded after the first paint.

The font is read here: importing qtawesome loads a dozen fonts and all of Qt once more, which held the window up for
half a second.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPixmap

from ramanstudio.core.paths import bundled_path
from ramanstudio.gui.common.theme import Theme

SIZE: Final = 16
FILL: Final = 0.875  # height of a glyph over that of its icon
FONT: Final = "phosphor-*.ttf"
CODES: Final = "phosphor-charmap-*.json"  # name -> code point in hexadecimal
PREFIX: Final = "ph."


def blank() -> QIcon:
    """An empty icon of the right size, shown until the font is loaded, so that nothing moves then."""
    pixmap = QPixmap(SIZE, SIZE)
    pixmap.fill(QColor(0, 0, 0, 0))
    return QIcon(pixmap)


def icon(name: str, theme: Theme) -> QIcon:
    """The icon `name`, such as "ph.flask", in the colours of `theme`.

    Raises KeyError when the font has no glyph of that name.
    """
    family, codes = _font()
    glyph = chr(int(codes[name.removeprefix(PREFIX)], 16))
    looks = (
        (QIcon.Mode.Normal, QIcon.State.Off, theme.quiet),
        (QIcon.Mode.Normal, QIcon.State.On, theme.accent),
        (QIcon.Mode.Selected, QIcon.State.Off, theme.text),
        (QIcon.Mode.Disabled, QIcon.State.Off, theme.line),
        (QIcon.Mode.Disabled, QIcon.State.On, theme.line),
    )
    drawn = QIcon()
    screen = QGuiApplication.primaryScreen()
    for ratio in sorted({1.0, screen.devicePixelRatio() if screen is not None else 1.0}):
        for mode, state, colour in looks:
            drawn.addPixmap(_glyph_pixmap(glyph, family, colour, ratio), mode, state)
    return drawn


def program_icon() -> QIcon:
    """The icon of the program, with a simpler drawing up to 24 pixels."""
    drawn = QIcon()
    for name, sizes in (("ramanstudio-small", (16, 20, 24)), ("ramanstudio", (32, 48, 64, 128, 256))):
        drawing = QIcon(str(bundled_path("resources", "icons", f"{name}.svg")))
        for size in sizes:
            drawn.addPixmap(drawing.pixmap(size, size))
    return drawn


def _glyph_pixmap(glyph: str, family: str, colour: str, ratio: float) -> QPixmap:
    """Draw one glyph, `SIZE` device-independent pixels wide, for a screen with `ratio` pixels per each."""
    pixmap = QPixmap(round(SIZE * ratio), round(SIZE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    font = QFont(family)
    font.setPixelSize(round(FILL * SIZE))
    font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
    painter = QPainter(pixmap)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(QRect(0, 0, SIZE, SIZE), Qt.AlignmentFlag.AlignCenter, glyph)
    painter.end()
    return pixmap


@cache
def _font() -> tuple[str, dict[str, str]]:
    """Load the font; returns its family and the code points of its glyphs."""
    folder = _fonts_folder()
    font_id = QFontDatabase.addApplicationFont(str(next(folder.glob(FONT))))
    codes: dict[str, str] = json.loads(next(folder.glob(CODES)).read_text(encoding="utf-8"))
    return QFontDatabase.applicationFontFamilies(font_id)[0], codes


def _fonts_folder() -> Path:
    """The folder of qtawesome's fonts, in the bundle or where the package is installed."""
    bundle = getattr(sys, "_MEIPASS", None)
    if bundle:
        return Path(bundle) / "qtawesome" / "fonts"
    spec = find_spec("qtawesome")
    assert spec is not None and spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "fonts"
