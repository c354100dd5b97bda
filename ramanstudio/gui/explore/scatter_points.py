"""The points of the scatter plot: position, style, which are hidden or selected; rendered to an image in steps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from ramanstudio.gui.common.theme import Theme, blend
from ramanstudio.gui.explore.marker_painting import Markers, Pixels, argb, marker_radius, paint_density, paint_markers
from ramanstudio.gui.viewer.camera import Camera, Points
from ramanstudio.gui.viewer.marker_shapes import HALO, RING

DENSITY_ABOVE: Final = 100_000  # visible points; more are drawn as a density
_RINGS_UP_TO: Final = 3000  # selected points with a ring around each; more share one
_DIMMED: Final = 0.5  # how far points that are not selected fade into the background
_DENSITY_BLOCK_PX: Final = 2

ImageSteps = Generator[QImage | None, None, None]


@dataclass(frozen=True, slots=True, eq=False)
class MarkerStyles:
    """Styles of N points: `colour_index` (N,) into `colours` ("#RRGGBB"), and `shapes` (N,), see `marker_shapes`."""

    colour_index: NDArray[np.intp]
    shapes: NDArray[np.intp]
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ScatterPoints:
    """Points `xy` (N, 2) with their styles, and which of them are `hidden` and `selected` (N,)."""

    xy: Points
    styles: MarkerStyles
    hidden: NDArray[np.bool_]
    selected: NDArray[np.bool_]
    theme: Theme

    @classmethod
    def plain(cls, xy: Points, theme: Theme) -> ScatterPoints:
        """Points (N, 2) in the accent colour, none hidden, none selected."""
        none, zeros = np.zeros(len(xy), dtype=bool), np.zeros(len(xy), dtype=np.intp)
        return cls(xy, MarkerStyles(zeros, zeros, (theme.accent,)), none, none, theme)

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Which points are not hidden and have a position (N,)."""
        visible: NDArray[np.bool_] = ~self.hidden & np.isfinite(self.xy).all(axis=1)
        return visible

    def draw(self, camera: Camera, area_px: float, pixel_ratio: float = 1.0) -> ImageSteps:
        """Render what the camera shows; yields None between steps, and the image last.

        `area_px` is the visible area in square pixels, without the margin of the camera: markers are sized for it.
        """
        shape = round(camera.height * pixel_ratio), round(camera.width * pixel_ratio)
        image: Pixels = np.zeros(shape, dtype=np.uint32)
        pixels = camera.to_pixels(self.xy) * np.float32(pixel_ratio)
        x, y = np.ascontiguousarray(pixels[:, 0]), np.ascontiguousarray(pixels[:, 1])
        yield None
        inside = (x >= 0) & (y >= 0) & (x < image.shape[1]) & (y < image.shape[0])
        inside &= ~self.hidden
        n_inside = int(inside.sum())
        yield None
        selected, others = np.flatnonzero(inside & self.selected), np.flatnonzero(inside & ~self.selected)
        radius = marker_radius(n_inside, area_px) * pixel_ratio
        markers = self._markers(x, y, others, dimmed=bool(self.selected.any()))
        yield None
        if n_inside > DENSITY_ABOVE:
            for _ in paint_density(image, markers, max(1, round(_DENSITY_BLOCK_PX * pixel_ratio))):
                yield None
        else:
            rings = markers.shapes == RING  # few outliers, painted last so that they stay visible
            for layer in (markers[~rings], markers[rings]) if rings.any() else (markers,):
                for _ in paint_markers(image, layer, radius):
                    yield None
        if len(selected):
            chosen = self._markers(x, y, selected, dimmed=False)
            for _ in self._paint_selected(image, chosen, radius, pixel_ratio):
                yield None
        yield _to_image(image, pixel_ratio)

    def _markers(
        self, x: NDArray[np.float32], y: NDArray[np.float32], subset: NDArray[np.intp], dimmed: bool
    ) -> Markers:
        colours = self.styles.colours
        if dimmed:
            colours = tuple(blend(colour, self.theme.panel, _DIMMED) for colour in colours)
        styles = self.styles
        return Markers(x[subset], y[subset], styles.colour_index[subset], styles.shapes[subset], argb(colours))

    def _paint_selected(
        self, image: Pixels, markers: Markers, radius: float, pixel_ratio: float
    ) -> Generator[None, None, None]:
        """Paint a ring around each selected point, so that selection does not depend on colour; a crowd shares one."""
        halo = np.full(len(markers.shapes), HALO, dtype=np.intp)
        rings = argb([self.theme.accent, self.theme.panel])
        crowded = len(markers.shapes) > _RINGS_UP_TO
        radius = radius if crowded else radius + 0.5 * pixel_ratio
        outer = radius + pixel_ratio if crowded else 1.4 * radius + 2.5 * pixel_ratio
        accent = np.zeros_like(markers.colour_index)
        yield from paint_markers(image, Markers(markers.x, markers.y, accent, halo, rings), outer)
        if not crowded:
            gap = Markers(markers.x, markers.y, np.ones_like(markers.colour_index), halo, rings)
            yield from paint_markers(image, gap, outer - 1.5 * pixel_ratio)
        yield from paint_markers(image, markers, radius)


def _to_image(pixels: Pixels, pixel_ratio: float) -> QImage:
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
    image.setDevicePixelRatio(pixel_ratio)
    return image
