"""The splash screen, shown where the start is slow (from a cold disk), and the time since the process started."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEventLoop, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

import ramanstudio
from ramanstudio.core.paths import bundled_path

FAST_START_S: Final = 0.9  # a start that gets this far in less is over before a splash screen could be read
PAINT_S: Final = 0.1  # longest wait for its first paint
SIZE: Final = QSize(440, 220)


class SplashScreen(QWidget):
    """A picture in the middle of the screen. QSplashScreen is not used: its `show` waits up to 1 s for the desktop."""

    def __init__(self, pixmap: QPixmap) -> None:
        super().__init__(None, Qt.WindowType.SplashScreen | Qt.WindowType.FramelessWindowHint)
        self._pixmap = pixmap
        self.is_painted = False
        self.setAccessibleName("RamanStudio is starting")
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.resize(pixmap.deviceIndependentSize().toSize())
        self.move(self.screen().availableGeometry().center() - self.rect().center())

    def show_now(self) -> None:
        """Show and paint it, as far as the desktop does that within `PAINT_S`."""
        self.show()
        deadline = time.monotonic() + PAINT_S
        while not self.is_painted and time.monotonic() < deadline:
            QGuiApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the picture."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._pixmap)
        painter.end()
        self.is_painted = True


def seconds_since_start() -> float:
    """Seconds since this process started; where the system does not tell, its processor time."""
    try:
        started = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(Path("/proc/uptime").read_text().split()[0]) - started
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()


def splash_if_slow(seconds: float) -> SplashScreen | None:
    """Show the splash screen and return it if the start has already taken `seconds` that promise a slow rest."""
    if seconds < FAST_START_S:
        return None
    splash = SplashScreen(splash_pixmap())
    splash.show_now()
    return splash


def splash_pixmap() -> QPixmap:
    """The splash drawing with name and version, at the resolution of the screen."""
    screen = QGuiApplication.primaryScreen()
    ratio = screen.devicePixelRatio() if screen is not None else 1.0
    pixmap = QIcon(str(bundled_path("resources", "icons", "splash.svg"))).pixmap(SIZE, ratio)
    painter = QPainter(pixmap)
    size, line = pixmap.deviceIndependentSize().toSize(), Qt.AlignmentFlag.AlignVCenter
    texts = (
        ("RamanStudio", 20, QFont.Weight.DemiBold, "#F2F4F8", Qt.AlignmentFlag.AlignLeft),
        (f"{ramanstudio.__version__}  starting …", 12, QFont.Weight.Normal, "#A9B2C3", Qt.AlignmentFlag.AlignRight),
    )
    for text, height_px, weight, colour, side in texts:
        font = QFont(painter.font())
        font.setPixelSize(height_px)
        font.setWeight(weight)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(28, size.height() - 44, size.width() - 56, 32, side | line, text)
    painter.end()
    return pixmap
