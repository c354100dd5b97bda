"""Pictures of many spectra, drawn in pieces between the events of the window and moved with the view meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ramanstudio.gui.viewer.density import Frame

ImageSteps = Iterator[QImage | None]

# A quarter more on each side, so that a drag does not uncover bare ground before the next picture is ready.
_MARGIN: Final = 0.25
_PATIENCE_MS: Final = 60
_BUDGET_S: Final = 0.005


class PlotImage(QGraphicsItem):
    """An image laid on a part of the plot; when it was drawn for the present zoom it is copied pixel for pixel."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._place = QRectF()

    def lay(self, image: QImage | None, frame: Frame) -> None:
        """Show `image` (its first row on top) over the frame, or nothing."""
        self.prepareGeometryChange()
        self._image = image
        self._place = QRectF(frame.left, frame.low, frame.right - frame.left, frame.high - frame.low)
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The part of the plot that is covered."""
        return self._place

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Draw the image; the intensity axis points up and images point down, hence not in plot coordinates."""
        if self._image is None:
            return
        where = painter.worldTransform().mapRect(self._place)
        size = self._image.deviceIndependentSize()
        painter.save()
        painter.setWorldTransform(QTransform())
        if abs(where.width() - size.width()) < 0.5 and abs(where.height() - size.height()) < 0.5:
            ratio = self._image.devicePixelRatio()
            corner = QPointF(round(where.left() * ratio) / ratio, round(where.top() * ratio) / ratio)
            painter.drawImage(corner, self._image)
        else:
            painter.drawImage(where, self._image)
        painter.restore()


class TimeSlices(QObject):
    """Runs a generator in turns with the events of the window, some milliseconds at a time."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Iterator[Any] | None = None
        self._on_value: Callable[[Any], None] = _ignore
        self._on_done: Callable[[], None] = _ignore
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._take_turn)

    @property
    def busy(self) -> bool:
        """Whether there is work left."""
        return self._work is not None

    def run(
        self, work: Iterator[Any], on_value: Callable[[Any], None], on_done: Callable[[], None] | None = None
    ) -> None:
        """Begin `work` in place of any other; each thing it yields but None is handed to `on_value`."""
        self._work, self._on_value, self._on_done = work, on_value, on_done or _ignore
        self._turn.start()

    def stop(self) -> None:
        """Give up the work."""
        self._work = None
        self._turn.stop()

    def step(self) -> None:
        """Do the next piece now."""
        if self._work is None:
            return
        try:
            value = next(self._work)
        except StopIteration:
            self.stop()
            self._on_done()
            return
        if value is not None:
            self._on_value(value)

    def finish(self) -> None:
        """Do all that is left now."""
        while self.busy:
            self.step()

    def _take_turn(self) -> None:
        end = time.perf_counter() + _BUDGET_S
        self.step()
        while self.busy and time.perf_counter() < end:
            self.step()


class ImageUpdater(QObject):
    """Keeps a `PlotImage` of what `draw` makes up to date with a view; the new one is begun once the view rests.

    `draw(frame, anew)` yields images or None; `anew` when no older picture can stand in while it draws.
    """

    def __init__(self, box: pg.ViewBox, draw: Callable[[Frame, bool], ImageSteps], parent: QObject) -> None:
        super().__init__(parent)
        self._box = box
        self._draw = draw
        self._frame: Frame | None = None
        self._covered: Frame | None = None
        self.picture = PlotImage()
        self._turns = TimeSlices(self)
        self._rest = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._rest.timeout.connect(self._begin)
        box.addItem(self.picture, ignoreBounds=True)
        box.sigRangeChanged.connect(self._view_moved)
        box.sigResized.connect(self._view_moved)

    def redraw(self) -> None:
        """What is drawn has changed: begin anew, at once."""
        self._covered = None
        self._begin()

    @property
    def busy(self) -> bool:
        """Whether the picture of the present view is not there yet."""
        return self._turns.busy or self._rest.isActive()

    def finish_drawing(self) -> None:
        """Finish the picture of the present view now."""
        if self._rest.isActive():
            self._begin()
        self._turns.finish()

    def remove(self) -> None:
        """Take the picture away and stop."""
        self._rest.stop()
        self._turns.stop()
        self._box.sigRangeChanged.disconnect(self._view_moved)
        self._box.sigResized.disconnect(self._view_moved)
        self._box.removeItem(self.picture)
        self.deleteLater()

    def set_visible(self, visible: bool) -> None:
        """Show or hide the picture; a hidden one is not drawn."""
        if visible != self.picture.isVisible():
            self.picture.setVisible(visible)
            self.redraw()

    def _view_moved(self, *_: Any) -> None:
        # A drag goes on without pause: bare ground must not wait for its end.
        if not self._rest.isActive() or self._covers_view():
            self._rest.start()

    def _covers_view(self) -> bool:
        covered = self._covered
        (left, right), (low, high) = self._box.viewRange()
        return covered is not None and (
            covered.left <= left and right <= covered.right and covered.low <= low and high <= covered.high
        )

    def _begin(self) -> None:
        self._rest.stop()
        self._turns.stop()
        frame = frame_around(self._box)
        if not self.picture.isVisible() or not frame.usable:
            return
        self._frame = frame
        anew = self._covered is None
        self._turns.run(self._draw(frame, anew), self._lay)
        if anew:
            self._turns.step()  # a first image, coarse, is there before the next paint

    def _lay(self, image: QImage) -> None:
        assert self._frame is not None
        self._covered = self._frame
        self.picture.lay(image, self._frame)


def _ignore(*_: Any) -> None:
    return None


def frame_around(box: pg.ViewBox) -> Frame:
    """The view with a margin of whole pixels, so that what is drawn for it falls on the pixels of the screen."""
    (left, right), (low, high) = box.viewRange()
    width, height = box.width(), box.height()
    if width < 1 or height < 1:
        return Frame(left, right, low, high, 0, 0)
    across, up = (right - left) / width, (high - low) / height
    aside, above = round(_MARGIN * width), round(_MARGIN * height)
    columns, rows = int(np.ceil(width)) + 2 * aside, int(np.ceil(height)) + 2 * above
    view = box.scene().views()[0] if box.scene() is not None and box.scene().views() else None
    start, floor = left - aside * across, low - above * up
    return Frame(
        start,
        start + columns * across,
        floor,
        floor + rows * up,
        columns,
        rows,
        view.devicePixelRatioF() if view is not None else 1.0,
    )


def painted(frame: Frame) -> QImage:
    """An empty, transparent image for a frame, at the resolution of the screen."""
    ratio = frame.pixel_ratio
    image = QImage(round(frame.width * ratio), round(frame.height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image


def to_pixels(frame: Frame) -> QTransform:
    """From Raman shift and intensity to the pixels of a frame's image."""
    across, up = frame.width / (frame.right - frame.left), frame.height / (frame.high - frame.low)
    return QTransform(across, 0, 0, -up, -frame.left * across, frame.high * up)


def coloured(counts: NDArray[Any], table: Sequence[int], frame: Frame) -> QImage:
    """Counts (height, width), lowest intensity first, as an image in the 256 colours of their logarithm."""
    height, width = counts.shape
    shade = np.log1p(counts[::-1])
    top = float(shade.max()) or 1.0
    places = np.zeros((height, -(-width // 4) * 4), np.uint8)  # Qt wants lines of whole words
    places[:, :width] = shade * (255 / top)
    image = QImage(places.data, width, height, places.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    image = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # a copy: the array goes
    if frame.pixel_ratio > 1:  # once, rather than at every frame
        size = image.size() * frame.pixel_ratio
        image = image.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
        image.setDevicePixelRatio(frame.pixel_ratio)
    return image
