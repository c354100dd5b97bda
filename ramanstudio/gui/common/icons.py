"""Icons of one family in the colours of the theme; their font is loaded after the first paint."""

from __future__ import annotations

from PySide6.QtGui import QColor, QIcon, QPixmap

from ramanstudio.core.paths import bundled_path
from ramanstudio.gui.common.theme import Theme

SIZE = 16


def blank() -> QIcon:
    """An empty icon of the right size, shown until the font is loaded, so that nothing moves then."""
    pixmap = QPixmap(SIZE, SIZE)
    pixmap.fill(QColor(0, 0, 0, 0))
    return QIcon(pixmap)


def icon(name: str, theme: Theme) -> QIcon:
    """The qtawesome icon `name` in the colours of `theme`."""
    import qtawesome  # 0.15 s: not before the first paint

    drawn: QIcon = qtawesome.icon(
        name, color=theme.quiet, color_on=theme.accent, color_selected=theme.text, color_disabled=theme.line
    )
    return drawn


def program_icon() -> QIcon:
    """The icon of the program, with a simpler drawing up to 24 pixels."""
    drawn = QIcon()
    for name, sizes in (("ramanstudio-small", (16, 20, 24)), ("ramanstudio", (32, 48, 64, 128, 256))):
        drawing = QIcon(str(bundled_path("resources", "icons", f"{name}.svg")))
        for size in sizes:
            drawn.addPixmap(drawing.pixmap(size, size))
    return drawn
