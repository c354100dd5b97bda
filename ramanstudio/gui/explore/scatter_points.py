"""What is in the plane: points, how each looks, which are hidden or selected; drawn as a picture, in pieces."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from ramanstudio.gui.common.theme import Theme, blend
from ramanstudio.gui.explore.marker_painting import Marks, Pixels, argb, put_density, put_down, radius_for
from ramanstudio.gui.viewer.camera import Camera, Points
from ramanstudio.gui.viewer.marker_shapes import HALO, RING

CROWD: Final = 100_000  # more points than this in the picture are drawn as a density
_MANY_SELECTED: Final = 3000
_DIM: Final = 0.5
_BLOCK_PX: Final = 2

Drawing = Generator[QImage | None, None, None]


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """How points look: the index of each in `colours`, as "#RRGGBB", and its shape (see markers), both (N,)."""

    inks: NDArray[np.intp]
    shapes: NDArray[np.intp]
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a picture is made of: `points` (N, 2), their looks, and which are `hidden` and `selected` (N,)."""

    points: Points
    looks: Looks
    hidden: NDArray[np.bool_]
    selected: NDArray[np.bool_]
    theme: Theme

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which points can be seen, wherever they lie (N,)."""
        there: NDArray[np.bool_] = ~self.hidden & np.isfinite(self.points).all(axis=1)
        return there

    def draw(self, camera: Camera, room: float, ratio: float = 1.0) -> Drawing:
        """Draw what the camera shows, `ratio` pixels of the screen a pixel; yields None between, the picture last.

        `room` (square pixels) is what the points have to themselves: the picture without its margin.
        """
        picture: Pixels = np.zeros((round(camera.height * ratio), round(camera.width * ratio)), dtype=np.uint32)
        places = camera.to_pixels(self.points) * np.float32(ratio)
        across, down = np.ascontiguousarray(places[:, 0]), np.ascontiguousarray(places[:, 1])
        yield None
        inside = (across >= 0) & (down >= 0) & (across < picture.shape[1]) & (down < picture.shape[0])
        inside &= ~self.hidden
        count = int(inside.sum())
        yield None
        chosen = np.flatnonzero(inside & self.selected)
        others = np.flatnonzero(inside & ~self.selected)
        dims = bool(self.selected.any())
        radius = radius_for(count, room) * ratio
        ground = self._marks(across, down, others, dims)
        yield None
        if count > CROWD:
            for _ in put_density(picture, ground, max(1, round(_BLOCK_PX * ratio))):
                yield None
        else:
            hollow = ground.shapes == RING  # few, and not to be buried
            for part in (ground[~hollow], ground[hollow]) if hollow.any() else (ground,):
                for _ in put_down(picture, part, radius):
                    yield None
        if len(chosen):
            for _ in self._put_selected(picture, self._marks(across, down, chosen, False), radius, ratio):
                yield None
        yield _image(picture, ratio)

    def _marks(
        self, across: NDArray[np.float32], down: NDArray[np.float32], which: NDArray[np.intp], dims: bool
    ) -> Marks:
        colours = self.looks.colours
        if dims:
            colours = tuple(blend(colour, self.theme.panel, _DIM) for colour in colours)
        return Marks(across[which], down[which], self.looks.inks[which], self.looks.shapes[which], argb(colours))

    def _put_selected(self, picture: Pixels, marks: Marks, radius: float, ratio: float) -> Generator[None, None, None]:
        """A ring around each, so that they are told from the others without colour; in a crowd around all of them."""
        halo = np.full(len(marks.inks), HALO, dtype=np.intp)
        rings = argb([self.theme.accent, self.theme.panel])
        many = len(marks.inks) > _MANY_SELECTED
        radius = radius if many else radius + 0.5 * ratio
        widest = radius + ratio if many else 1.4 * radius + 2.5 * ratio
        yield from put_down(picture, Marks(marks.across, marks.down, np.zeros_like(marks.inks), halo, rings), widest)
        if not many:
            gap = Marks(marks.across, marks.down, np.ones_like(marks.inks), halo, rings)
            yield from put_down(picture, gap, widest - 1.5 * ratio)
        yield from put_down(picture, marks, radius)


def _image(picture: Pixels, ratio: float) -> QImage:
    height, width = picture.shape
    image = QImage(picture.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
    image.setDevicePixelRatio(ratio)
    return image
