"""Puts a hundred thousand marks into one picture, in pieces of a few milliseconds; and more of them as a density."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.gui.plane.markers import Stamp, stamp

Pixels = NDArray[np.uint32]  # (height, width), alpha red green blue, premultiplied
Pieces = Generator[None, None, None]

_RADII: Final = ((300, 5.0), (3000, 4.0), (15_000, 3.0), (50_000, 2.4))
_PIECE: Final = 120_000  # pixels written between two chances for the window to answer


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is to be drawn where: `places` (N, 2) in pixels, which of the `colours` (C,) and which shape each has."""

    places: NDArray[np.float32]
    inks: NDArray[np.intp]
    shapes: NDArray[np.intp]
    colours: Pixels

    def __getitem__(self, which: NDArray[Any]) -> Marks:
        return Marks(self.places[which], self.inks[which], self.shapes[which], self.colours)


def argb(colours: Sequence[str]) -> Pixels:
    """Colours like "#RRGGBB" as opaque pixels."""
    return np.array([0xFF000000 | int(colour.lstrip("#"), 16) for colour in colours], dtype=np.uint32)


def put_down(picture: Pixels, marks: Marks, radius: float) -> Pieces:
    """Draw marks over what is in the picture; those whose middle is too near to its edge are left out.

    Pixel after pixel of the mark, for all points at once: faint edges first, then from the outside in.
    """
    height, width = picture.shape
    flat = picture.reshape(-1)
    steps: list[tuple[float, int, NDArray[np.intp], NDArray[np.intp], Stamp, int]] = []
    for shape in np.unique(marks.shapes).tolist():
        mark = stamp(shape, radius)
        middles = np.rint(marks.places[marks.shapes == shape] - 0.5).astype(np.intp)
        inside = (
            (middles[:, 0] >= mark.reach)
            & (middles[:, 1] >= mark.reach)
            & (middles[:, 0] < width - mark.reach)
            & (middles[:, 1] < height - mark.reach)
        )
        middles = middles[inside]
        where = middles[:, 1] * width + middles[:, 0]
        inks = marks.inks[marks.shapes == shape][inside]
        if len(where):
            steps += [(float(mark.rank[n]), shape, where, inks, mark, n) for n in range(len(mark.rank))]
    steps.sort(key=lambda step: step[:2])
    written = 0
    for _, _, where, inks, mark, number in steps:
        offset = int(mark.down[number]) * width + int(mark.across[number])
        _write(flat, where + offset, inks, marks.colours, int(mark.alpha[number]))
        written += len(where)
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
    cells = np.floor(marks.places / block)
    yield
    inside = (cells[:, 0] >= 0) & (cells[:, 1] >= 0) & (cells[:, 0] < across) & (cells[:, 1] < down)
    cells = cells[inside].astype(np.intp)
    if not len(cells):
        return
    inks = marks.inks[inside]
    number = cells[:, 1] * across + cells[:, 0]
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


def radius_for(count: int) -> float:
    """How large a mark is drawn, in pixels, by how many points are in the picture."""
    return next((radius for most, radius in _RADII if count <= most), 1.9)
