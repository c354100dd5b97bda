"""Images of many spectra, drawn in steps between the events of the window, and moved with the view meanwhile."""

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

# A quarter more on each side, so that a drag shows spectra before the next image is ready.
_MARGIN: Final = 0.25
_PAUSE_MS: Final = 60
_SLICE_S: Final = 0.005


class PlotImage(QGraphicsItem):
    """An image placed on a part of the plot; drawn for the present zoom, it is copied pixel by pixel."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._place = QRectF()

    def set_image(self, image: QImage | None, frame: Frame) -> None:
        """Show `image` (its first row on top) in the frame, or nothing."""
        self.prepareGeometryChange()
        self._image = image
        self._place = QRectF(frame.left, frame.low, frame.right - frame.left, frame.high - frame.low)
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The part of the plot that is covered."""
        return self._place

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint in pixels rather than plot coordinates: the intensity axis points up, images point down."""
        if self._image is None:
            return
        target = painter.worldTransform().mapRect(self._place)
        size = self._image.deviceIndependentSize()
        painter.save()
        painter.setWorldTransform(QTransform())
        if abs(target.width() - size.width()) < 0.5 and abs(target.height() - size.height()) < 0.5:
            ratio = self._image.devicePixelRatio()
            corner = QPointF(round(target.left() * ratio) / ratio, round(target.top() * ratio) / ratio)
            painter.drawImage(corner, self._image)
        else:
            painter.drawImage(target, self._image)
        painter.restore()


class TimeSlices(QObject):
    """Runs a generator between the events of the window, a few milliseconds at a time."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Iterator[Any] | None = None
        self._on_value: Callable[[Any], None] = _ignore
        self._on_done: Callable[[], None] = _ignore
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._run_slice)

    @property
    def busy(self) -> bool:
        """Whether there is work left."""
        return self._work is not None

    def run(
        self, work: Iterator[Any], on_value: Callable[[Any], None], on_done: Callable[[], None] | None = None
    ) -> None:
        """Start `work` in place of any other; each value it yields, except None, is passed to `on_value`."""
        self._work, self._on_value, self._on_done = work, on_value, on_done or _ignore
        self._timer.start()

    def stop(self) -> None:
        """Abandon the work."""
        self._work = None
        self._timer.stop()

    def step(self) -> None:
        """Do the next step now."""
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

    def run_to_end(self) -> None:
        """Do all remaining steps now."""
        while self.busy:
            self.step()

    def _run_slice(self) -> None:
        end = time.perf_counter() + _SLICE_S
        self.step()
        while self.busy and time.perf_counter() < end:
            self.step()


class ImageUpdater(QObject):
    """Keeps a `PlotImage` up to date with a view: a new image is begun once the view stops moving.

    `draw(frame, is_new)` yields images or None; `is_new` when no older image can be shown while it draws.
    """

    def __init__(self, box: pg.ViewBox, draw: Callable[[Frame, bool], ImageSteps], parent: QObject) -> None:
        super().__init__(parent)
        self._box = box
        self._draw = draw
        self._frame: Frame | None = None
        self._covered: Frame | None = None
        self.image_item = PlotImage()
        self._slices = TimeSlices(self)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._begin)
        box.addItem(self.image_item, ignoreBounds=True)
        box.sigRangeChanged.connect(self._view_moved)
        box.sigResized.connect(self._view_moved)

    def redraw(self) -> None:
        """Draw again at once: the content has changed."""
        self._covered = None
        self._begin()

    @property
    def busy(self) -> bool:
        """Whether the image of the present view is not complete."""
        return self._slices.busy or self._pause.isActive()

    def finish_drawing(self) -> None:
        """Complete the image of the present view now."""
        if self._pause.isActive():
            self._begin()
        self._slices.run_to_end()

    def remove(self) -> None:
        """Remove the image and stop."""
        self._pause.stop()
        self._slices.stop()
        self._box.sigRangeChanged.disconnect(self._view_moved)
        self._box.sigResized.disconnect(self._view_moved)
        self._box.removeItem(self.image_item)
        self.deleteLater()

    def set_visible(self, visible: bool) -> None:
        """Show or hide the image; a hidden one is not drawn."""
        if visible != self.image_item.isVisible():
            self.image_item.setVisible(visible)
            self.redraw()

    def _view_moved(self, *_: Any) -> None:
        # A drag goes on without pause: an uncovered part must not wait for its end.
        if not self._pause.isActive() or self._covers_view():
            self._pause.start()

    def _covers_view(self) -> bool:
        covered = self._covered
        (left, right), (low, high) = self._box.viewRange()
        return covered is not None and (
            covered.left <= left and right <= covered.right and covered.low <= low and high <= covered.high
        )

    def _begin(self) -> None:
        self._pause.stop()
        self._slices.stop()
        frame = frame_around(self._box)
        if not self.image_item.isVisible() or not frame.usable:
            return
        self._frame = frame
        is_new = self._covered is None
        self._slices.run(self._draw(frame, is_new), self._show_image)
        if is_new:
            self._slices.step()  # a first image, coarse, is there before the next paint

    def _show_image(self, image: QImage) -> None:
        assert self._frame is not None
        self._covered = self._frame
        self.image_item.set_image(image, self._frame)


def _ignore(*_: Any) -> None:
    return None


def frame_around(box: pg.ViewBox) -> Frame:
    """Return the view with a margin of whole pixels, so that the image falls on the pixels of the screen."""
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


def empty_image(frame: Frame) -> QImage:
    """Return a transparent image for a frame, at the resolution of the screen."""
    ratio = frame.pixel_ratio
    image = QImage(round(frame.width * ratio), round(frame.height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    return image


def to_pixels(frame: Frame) -> QTransform:
    """Return the transform from Raman shift and intensity to pixels of the image of a frame."""
    across, up = frame.width / (frame.right - frame.left), frame.height / (frame.high - frame.low)
    return QTransform(across, 0, 0, -up, -frame.left * across, frame.high * up)


def coloured_image(counts: NDArray[Any], table: Sequence[int], frame: Frame) -> QImage:
    """Return counts (height, width), lowest intensity first, as an image in 256 logarithmic colours `table` (256,)."""
    height, width = counts.shape
    shade = np.log1p(counts[::-1])
    top = float(shade.max()) or 1.0
    indices = np.zeros((height, -(-width // 4) * 4), np.uint8)  # Qt requires lines of whole 32-bit words
    indices[:, :width] = shade * (255 / top)
    image = QImage(indices.data, width, height, indices.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    image = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # a copy: the array goes
    if frame.pixel_ratio > 1:  # once, rather than at every frame
        size = image.size() * frame.pixel_ratio
        image = image.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
        image.setDevicePixelRatio(frame.pixel_ratio)
    return image
