"""What every tab's page offers to the window: its plot, its numbers, its figure, its theme."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import Theme

DrawFigure = Callable[..., Path]  # (path, *, dark: bool) -> the path written; slow, for a worker


class PlotView(Protocol):
    """A plot that can be zoomed, moved and copied by the actions of the View and Edit menus."""

    def show_all(self) -> None:
        """Show everything; `zoom_back` returns to the view before."""

    def zoom_back(self) -> None:
        """Return to the view before the last zoom."""

    def zoom_by(self, factor: float, /) -> None:
        """Show `factor` times as much around the same centre."""

    def move_by(self, fraction: float, /) -> None:
        """Pan to the right by a fraction of the width."""

    def cancel_gesture(self) -> bool:
        """Cancel the box or lasso being drawn; return whether there was one."""

    def copy_picture(self) -> QImage | QPixmap:
        """Render the plot at twice its size."""


class TabPage(QWidget):
    """Base of the pages of the tabs; a page overrides what it has."""

    view: PlotView | None = None  # None until the plot has been made

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        raise NotImplementedError

    def set_current(self, on: bool) -> None:
        """The page comes to the front (`on`), or another takes its place: start or stop keeping it up to date."""

    def numbers(self) -> str:
        """What is drawn, as tab-separated text for the clipboard."""
        return ""

    @property
    def has_figure(self) -> bool:
        """Whether `figure` would return one; cheap."""
        return False

    def figure(self) -> DrawFigure | None:
        """A function that draws what the page shows into a file; None where Export draws the selected spectra."""
        return None
