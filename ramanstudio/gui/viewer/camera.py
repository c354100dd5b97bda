"""The part of a plane that is shown, and the conversion between plane and screen coordinates. Free of Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]

_MARGIN_PX: Final = 24  # between the outermost points and the edge
_SMALLEST_EXTENT: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Camera:
    """Shows `width` × `height` pixels around (x, y) of the plane at `scale` pixels per unit in both directions."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    width: int = 1
    height: int = 1

    @classmethod
    def around(cls, points: Points, width: int, height: int) -> Camera:
        """Fit all finite `points` (N, 2); two units of the plane where there are none, or where they coincide."""
        finite = points[np.isfinite(points).all(axis=1)] if len(points) else points
        if not len(finite):
            return cls(0.0, 0.0, min(width, height) / 2, width, height)
        low, high = finite.min(axis=0).astype(float), finite.max(axis=0).astype(float)
        x_extent, y_extent = high - low
        available = max(width - 2 * _MARGIN_PX, 1), max(height - 2 * _MARGIN_PX, 1)
        smallest = max(float(np.abs(finite).max()), 1.0) * _SMALLEST_EXTENT
        if max(x_extent, y_extent) <= smallest:
            x_extent = y_extent = 2.0
        scale = min(available[0] / max(x_extent, smallest), available[1] / max(y_extent, smallest))
        center = (low + high) / 2
        return cls(float(center[0]), float(center[1]), float(scale), width, height)

    def to_pixels(self, points: Points) -> NDArray[np.float32]:
        """Convert points of the plane (N, 2) to pixels (N, 2), from the upper left corner."""
        pixels = np.empty(points.shape, dtype=np.float32)
        pixels[:, 0] = (points[:, 0] - self.x) * self.scale + self.width / 2
        pixels[:, 1] = (self.y - points[:, 1]) * self.scale + self.height / 2
        return pixels

    def to_plane(self, pixel_x: float, pixel_y: float) -> tuple[float, float]:
        """Convert a pixel to a point of the plane."""
        return self.x + (pixel_x - self.width / 2) / self.scale, self.y - (pixel_y - self.height / 2) / self.scale

    def moved(self, dx_px: float, dy_px: float) -> Camera:
        """Pan: the picture moves by so many pixels to the right and down."""
        return replace(self, x=self.x - dx_px / self.scale, y=self.y + dy_px / self.scale)

    def zoomed(self, factor: float, pixel_x: float, pixel_y: float) -> Camera:
        """Magnify by `factor` around a pixel."""
        x, y = self.to_plane(pixel_x, pixel_y)
        scale = self.scale * factor
        return replace(
            self,
            scale=scale,
            x=x - (pixel_x - self.width / 2) / scale,
            y=y + (pixel_y - self.height / 2) / scale,
        )

    def resized(self, width: int, height: int) -> Camera:
        """Show the same part of the plane in a picture of another size."""
        shrink = min(width / max(self.width, 1), height / max(self.height, 1))
        return replace(self, width=width, height=height, scale=self.scale * shrink)

    def with_margin(self, horizontal_px: int, vertical_px: int) -> Camera:
        """Add so many pixels on each side at the same scale."""
        return replace(self, width=self.width + 2 * horizontal_px, height=self.height + 2 * vertical_px)

    def covers(self, other: Camera) -> bool:
        """Return whether everything that `other` shows is shown here too."""
        left, top = self.to_plane(0, 0)
        right, bottom = self.to_plane(self.width, self.height)
        other_left, other_top = other.to_plane(0, 0)
        other_right, other_bottom = other.to_plane(other.width, other.height)
        return left <= other_left and other_right <= right and top >= other_top and other_bottom >= bottom
