"""The whole window accepts dropped files: it is highlighted and says what dropping them would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme, with_alpha
from ramanstudio.gui.document.opening import count_files
from ramanstudio.project.project import SUFFIX

LIBRARY_SUFFIX: Final = ".ramanlib"
MAX_CHECKED: Final = 64  # paths that are checked during the drag; a network drive may be slow


def paths_of(mime: QMimeData) -> list[Path]:
    """The local files and folders that are being dragged."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []


class DropTarget(QWidget):
    """Covers the window while files are dragged over it; the mouse passes through."""

    def __init__(self, window: QWidget, workers: Workers, open_paths: Callable[[Sequence[Path]], object]) -> None:
        super().__init__(window)
        self._window, self._workers, self._open = window, workers, open_paths
        self._counting: Job | None = None
        self._theme: Theme | None = None
        self.text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Follow drags over the window, and open what is dropped."""
        kind = event.type()
        if kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            if paths := paths_of(event.mimeData()):
                event.acceptProposedAction()
                self._highlight(paths)
                return True
        elif kind == QEvent.Type.DragLeave:
            self._end()
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            paths = paths_of(event.mimeData())
            self._end()
            if paths:
                event.acceptProposedAction()
                self._open(paths)
                return True
        elif kind == QEvent.Type.Resize and self.isVisible():
            self._cover()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the frame and the text."""
        theme = self._theme
        if theme is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), with_alpha(theme.window, 0.82))
        frame = QRectF(self.rect()).adjusted(16, 16, -16, -16)
        painter.setPen(QPen(QColor(theme.accent), 2, Qt.PenStyle.DashLine))
        painter.setBrush(with_alpha(theme.accent, 0.08))
        painter.drawRoundedRect(frame, 12, 12)
        font = QFont(self.font())
        font.setPixelSize(22)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        painter.drawText(frame, int(Qt.AlignmentFlag.AlignCenter), self.text)

    def _highlight(self, paths: list[Path]) -> None:
        if project := next((path for path in paths if path.suffix.lower() == SUFFIX), None):
            self.text = f"Drop to open the project '{project.stem}'"
        elif library := next((path for path in paths if path.suffix.lower() == LIBRARY_SUFFIX), None):
            self.text = f"Drop to search in the library '{library.stem}' too"
        elif zipped := next((path for path in paths if path.suffix.lower() == ".zip"), None):
            self.text = f"Drop to read the library in '{zipped.name}'"
        elif len(paths) <= MAX_CHECKED and not any(path.is_dir() for path in paths):
            self._show_count(len(paths))
        else:
            self.text = "Drop to add the spectra in this folder"
            job = self._workers.submit(partial(count_files, paths), "", "files", key="count")
            job.shown.connect(lambda count: self._show_count(count, more=True))
            job.succeeded.connect(self._show_count)
            job.failed.connect(lambda _: None)  # a folder that cannot be read is reported when it is dropped
            self._counting = job
        self._cover()
        self.show()
        self.raise_()

    def _cover(self) -> None:
        self.setGeometry(self._window.rect())

    def _show_count(self, count: int, more: bool = False) -> None:
        if not count:
            self.text = "There are no spectra in this folder"
        else:
            self.text = f"Drop to add {'more than ' if more else ''}{count_of(count, 'file')}"
        self.update()

    def _end(self) -> None:
        self.hide()
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None


def let_drops_through(widget: QWidget) -> None:
    """Pass files that are dropped on a plot or list inside `widget` on to the window."""
    for inner in (widget, *widget.findChildren(QWidget)):
        if isinstance(inner, QAbstractScrollArea):
            inner.setAcceptDrops(False)
            inner.viewport().setAcceptDrops(False)
