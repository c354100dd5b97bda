"""Paints 100 000 markers into one image, in steps of a few milliseconds; more points as a density."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.viewer.marker_shapes import stamp

Pixels = NDArray[np.uint32]  # (height, width), alpha red green blue, premultiplied
Steps = Generator[None, None, None]

_SMALLEST_PX, _LARGEST_PX = 1.9, 5.0  # radius of a marker
_RADIUS_TO_SPACING: Final = 0.28
_PIXELS_PER_STEP: Final = 120_000  # written before the window may handle events


@dataclass(frozen=True, slots=True, eq=False)
class Markers:
    """Markers at pixels `x`, `y` (N,): index of each in `colours` (C,), and shape (N,)."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    colour_index: NDArray[np.intp]
    shapes: NDArray[np.intp]
    colours: Pixels

    def __getitem__(self, subset: NDArray[Any]) -> Markers:
        """Return a subset of the markers."""
        return Markers(self.x[subset], self.y[subset], self.colour_index[subset], self.shapes[subset], self.colours)


def argb(colours: Sequence[str]) -> Pixels:
    """Convert "#RRGGBB" colours to opaque pixels (C,)."""
    return np.array([0xFF000000 | int(colour.lstrip("#"), 16) for colour in colours], dtype=np.uint32)


def paint_markers(image: Pixels, markers: Markers, radius: float) -> Steps:
    """Paint markers of `radius` pixels over `image` (height, width), in place; those that reach its edge are left out.

    One pixel of the marker after another, for all markers at once: faint edges first, then from the outside in.
    """
    height, width = image.shape
    flat = image.reshape(-1)
    counts = np.bincount(markers.shapes)
    stamps = [(shape, stamp(shape, radius)) for shape in np.flatnonzero(counts).tolist()]
    reach = max((stamped.reach for _, stamped in stamps), default=0)
    x, y = markers.x.astype(np.int32), markers.y.astype(np.int32)
    inside = (x >= reach) & (y >= reach) & (x < width - reach) & (y < height - reach)
    yield
    kept = np.flatnonzero(inside)
    kept = kept[np.argsort(markers.shapes[kept].astype(np.uint8), kind="stable")]  # one shape after another
    ends = np.cumsum(np.bincount(markers.shapes[kept], minlength=len(counts)))
    yield
    centres, colour_index = (y[kept] * width + x[kept]).astype(np.intp), markers.colour_index[kept]
    passes = [
        (
            float(stamped.rank[pixel]),
            shape,
            slice(int(ends[shape - 1]) if shape else 0, int(ends[shape])),
            stamped,
            pixel,
        )
        for shape, stamped in stamps
        for pixel in range(len(stamped.rank))
    ]
    yield
    passes.sort(key=lambda step: step[:2])
    written = 0
    for _, _, of_shape, stamped, pixel in passes:
        offset = int(stamped.down[pixel]) * width + int(stamped.across[pixel])
        alpha = int(stamped.alpha[pixel])
        _blend(flat, centres[of_shape] + offset, colour_index[of_shape], markers.colours, alpha)
        written += of_shape.stop - of_shape.start
        if written > _PIXELS_PER_STEP:
            written = 0
            yield


def _blend(
    flat: Pixels, positions: NDArray[np.intp], colour_index: NDArray[np.intp], colours: Pixels, alpha: int
) -> None:
    if alpha >= 250:
        flat[positions] = colours[colour_index]
        return
    background = flat[positions]
    flat[positions] = _scaled(colours, alpha)[colour_index] + _scaled(background, 255 - alpha)


def _scaled(pixels: Pixels, alpha: int) -> Pixels:
    """Multiply pixels by alpha / 255, two channels at a time."""
    factor = np.uint32(alpha + (alpha >> 7))  # of 256
    low = ((pixels & np.uint32(0x00FF00FF)) * factor >> np.uint32(8)) & np.uint32(0x00FF00FF)
    high = ((pixels >> np.uint32(8)) & np.uint32(0x00FF00FF)) * factor & np.uint32(0xFF00FF00)
    scaled: Pixels = low | high
    return scaled


def paint_density(image: Pixels, markers: Markers, block_px: int) -> Steps:
    """Replace `image` by the density of markers in blocks: mean colour, opaque by the logarithm of their number."""
    height, width = image.shape
    columns, rows = -(-width // block_px), -(-height // block_px)
    column, row = np.floor(markers.x / block_px).astype(np.int32), np.floor(markers.y / block_px).astype(np.int32)
    yield
    inside = np.flatnonzero((column >= 0) & (row >= 0) & (column < columns) & (row < rows))
    if not len(inside):
        return
    yield
    colour_index = markers.colour_index[inside]
    block = (row[inside] * columns + column[inside]).astype(np.intp)
    yield
    n_blocks = columns * rows
    counts = np.bincount(block, minlength=n_blocks)
    yield
    opacity = np.where(counts > 0, 0.3 + 0.7 * np.log1p(counts) / np.log1p(counts.max()), 0.0)
    blended = np.rint(255 * opacity).astype(np.uint32) << np.uint32(24)
    for shift in (16, 8, 0):
        channel = ((markers.colours >> np.uint32(shift)) & np.uint32(255)).astype(np.float64)
        mean = np.bincount(block, channel[colour_index], minlength=n_blocks) / np.maximum(counts, 1)
        blended |= np.rint(mean * opacity).astype(np.uint32) << np.uint32(shift)
        yield
    blocks = blended.reshape(rows, columns).repeat(block_px, axis=0).repeat(block_px, axis=1)
    image[:] = blocks[:height, :width]


def marker_radius(n_markers: int, area_px: float) -> float:
    """Return the radius in pixels that keeps `n_markers` on `area_px` square pixels apart, between 1.9 and 5."""
    radius = _RADIUS_TO_SPACING * math.sqrt(area_px / max(n_markers, 1))
    return min(max(_SMALLEST_PX, round(2 * radius) / 2), _LARGEST_PX)
