"""How long this start takes, and the picture that is shown meanwhile where it takes long: from a cold disk."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QSplashScreen

import ramanstudio
from ramanstudio.core.paths import bundled_path

QUICK_S: Final = 0.7  # a start that has come this far by then is over before one has looked at a picture
SIZE: Final = QSize(440, 220)


def seconds_since_start() -> float:
    """Seconds since this process began; where the system does not say, those that it has computed."""
    try:
        begun = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(Path("/proc/uptime").read_text().split()[0]) - begun
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()


def splash_if_slow(seconds: float) -> QSplashScreen | None:
    """The picture, shown, where the start has taken so many seconds that the rest of it will be slow too."""
    if seconds < QUICK_S:
        return None
    splash = QSplashScreen(picture())
    splash.setAccessibleName("RamanStudio is starting")
    splash.show()
    QGuiApplication.processEvents()
    return splash


def picture() -> QPixmap:
    """The drawing with name and version, as sharp as the screen is."""
    screen = QGuiApplication.primaryScreen()
    ratio = screen.devicePixelRatio() if screen is not None else 1.0
    drawn = QIcon(str(bundled_path("resources", "icons", "splash.svg"))).pixmap(SIZE, ratio)
    painter = QPainter(drawn)
    font = QFont(painter.font())
    font.setPixelSize(20)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor("#F2F4F8"))
    below = drawn.deviceIndependentSize().toSize()
    line = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(28, below.height() - 44, below.width() - 56, 32, Qt.AlignmentFlag.AlignLeft | line, "RamanStudio")
    font.setPixelSize(12)
    font.setWeight(QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(QColor("#A9B2C3"))
    words = f"{ramanstudio.__version__}  starting …"
    painter.drawText(28, below.height() - 44, below.width() - 56, 32, Qt.AlignmentFlag.AlignRight | line, words)
    painter.end()
    return drawn
