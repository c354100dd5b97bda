"""The splash screen, shown where the start is slow (from a cold disk), and the time since the process started."""

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

FAST_START_S: Final = 0.7  # a start that gets this far in less is over before a splash screen could be read
SIZE: Final = QSize(440, 220)


def seconds_since_start() -> float:
    """Seconds since this process started; where the system does not tell, its processor time."""
    try:
        started = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return float(Path("/proc/uptime").read_text().split()[0]) - started
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()


def splash_if_slow(seconds: float) -> QSplashScreen | None:
    """Show the splash screen and return it if the start has already taken `seconds` that promise a slow rest."""
    if seconds < FAST_START_S:
        return None
    splash = QSplashScreen(splash_pixmap())
    splash.setAccessibleName("RamanStudio is starting")
    splash.show()
    QGuiApplication.processEvents()
    return splash


def splash_pixmap() -> QPixmap:
    """The splash drawing with name and version, at the resolution of the screen."""
    screen = QGuiApplication.primaryScreen()
    ratio = screen.devicePixelRatio() if screen is not None else 1.0
    pixmap = QIcon(str(bundled_path("resources", "icons", "splash.svg"))).pixmap(SIZE, ratio)
    painter = QPainter(pixmap)
    font = QFont(painter.font())
    font.setPixelSize(20)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor("#F2F4F8"))
    size = pixmap.deviceIndependentSize().toSize()
    line = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(28, size.height() - 44, size.width() - 56, 32, Qt.AlignmentFlag.AlignLeft | line, "RamanStudio")
    font.setPixelSize(12)
    font.setWeight(QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(QColor("#A9B2C3"))
    status = f"{ramanstudio.__version__}  starting …"
    painter.drawText(28, size.height() - 44, size.width() - 56, 32, Qt.AlignmentFlag.AlignRight | line, status)
    painter.end()
    return pixmap
