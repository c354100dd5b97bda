"""Puts a hundred thousand marks into one picture, in pieces of a few milliseconds; and more of them as a density."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.viewer.marker_shapes import stamp

Pixels = NDArray[np.uint32]  # (height, width), alpha red green blue, premultiplied
Pieces = Generator[None, None, None]

_SMALLEST, _LARGEST, _CALM = 1.9, 5.0, 0.28  # radius in pixels; and as a share of how far apart marks lie
_PIECE: Final = 120_000  # pixels written between two chances for the window to answer


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is to be drawn where: `across`, `down` (N,) in pixels, the index of each in `colours` (C,), its shape."""

    across: NDArray[np.float32]
    down: NDArray[np.float32]
    inks: NDArray[np.intp]
    shapes: NDArray[np.intp]
    colours: Pixels

    def __getitem__(self, which: NDArray[Any]) -> Marks:
        return Marks(self.across[which], self.down[which], self.inks[which], self.shapes[which], self.colours)


def argb(colours: Sequence[str]) -> Pixels:
    """Colours like "#RRGGBB" as opaque pixels."""
    return np.array([0xFF000000 | int(colour.lstrip("#"), 16) for colour in colours], dtype=np.uint32)


def put_down(picture: Pixels, marks: Marks, radius: float) -> Pieces:
    """Draw marks over what is in the picture; those whose middle is too near to its edge are left out.

    Pixel after pixel of the mark, for all points at once: faint edges first, then from the outside in.
    """
    height, width = picture.shape
    flat = picture.reshape(-1)
    counts = np.bincount(marks.shapes)
    stamps = [(shape, stamp(shape, radius)) for shape in np.flatnonzero(counts).tolist()]
    reach = max((mark.reach for _, mark in stamps), default=0)
    across, down = marks.across.astype(np.int32), marks.down.astype(np.int32)
    inside = (across >= reach) & (down >= reach) & (across < width - reach) & (down < height - reach)
    yield
    kept = np.flatnonzero(inside)
    kept = kept[np.argsort(marks.shapes[kept].astype(np.uint8), kind="stable")]  # shape after shape
    ends = np.cumsum(np.bincount(marks.shapes[kept], minlength=len(counts)))
    yield
    where, inks = (down[kept] * width + across[kept]).astype(np.intp), marks.inks[kept]
    steps = [
        (float(mark.rank[n]), shape, slice(int(ends[shape - 1]) if shape else 0, int(ends[shape])), mark, n)
        for shape, mark in stamps
        for n in range(len(mark.rank))
    ]
    yield
    steps.sort(key=lambda step: step[:2])
    written = 0
    for _, _, those, mark, number in steps:
        offset = int(mark.down[number]) * width + int(mark.across[number])
        _write(flat, where[those] + offset, inks[those], marks.colours, int(mark.alpha[number]))
        written += those.stop - those.start
        if written > _PIECE:
            written = 0
            yield


def _write(flat: Pixels, where: NDArray[np.intp], inks: NDArray[np.intp], colours: Pixels, alpha: int) -> None:
    if alpha >= 250:
        flat[where] = colours[inks]
        return
    beneath = flat[where]
    flat[where] = _scaled(colours, alpha)[inks] + _scaled(beneath, 255 - alpha)


def _scaled(pixels: Pixels, alpha: int) -> Pixels:
    """Pixels times alpha / 255, two channels at a time."""
    share = np.uint32(alpha + (alpha >> 7))  # of 256
    low = ((pixels & np.uint32(0x00FF00FF)) * share >> np.uint32(8)) & np.uint32(0x00FF00FF)
    high = ((pixels >> np.uint32(8)) & np.uint32(0x00FF00FF)) * share & np.uint32(0xFF00FF00)
    scaled: Pixels = low | high
    return scaled


def put_density(picture: Pixels, marks: Marks, block: int) -> Pieces:
    """Draw how many points lie in each block of pixels: the colour is their mean, opaque by the log of their number."""
    height, width = picture.shape
    across, down = -(-width // block), -(-height // block)
    column, row = np.floor(marks.across / block).astype(np.int32), np.floor(marks.down / block).astype(np.int32)
    yield
    inside = np.flatnonzero((column >= 0) & (row >= 0) & (column < across) & (row < down))
    if not len(inside):
        return
    yield
    inks = marks.inks[inside]
    number = (row[inside] * across + column[inside]).astype(np.intp)
    yield
    size = across * down
    counts = np.bincount(number, minlength=size)
    yield
    opaque = np.where(counts > 0, 0.3 + 0.7 * np.log1p(counts) / np.log1p(counts.max()), 0.0)
    mixed = np.rint(255 * opaque).astype(np.uint32) << np.uint32(24)
    for shift in (16, 8, 0):
        channel = ((marks.colours >> np.uint32(shift)) & np.uint32(255)).astype(np.float64)
        mean = np.bincount(number, channel[inks], minlength=size) / np.maximum(counts, 1)
        mixed |= np.rint(mean * opaque).astype(np.uint32) << np.uint32(shift)
        yield
    blocks = mixed.reshape(down, across).repeat(block, axis=0).repeat(block, axis=1)
    picture[:] = blocks[:height, :width]


def radius_for(count: int, room: float) -> float:
    """How large a mark is, in pixels, where so many have `room` (square pixels): as large as lets them be told."""
    wanted = _CALM * math.sqrt(room / max(count, 1))
    return min(max(_SMALLEST, round(2 * wanted) / 2), _LARGEST)
