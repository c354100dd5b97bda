"""Which part of a plane is shown, and where on the screen a point of it lies. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]

_AIR_PX: Final = 24  # between the outermost points and the edge
_SMALLEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks at (x, y) of the plane in the middle of `width` × `height` pixels, `scale` pixels a unit both ways."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    width: int = 1
    height: int = 1

    @classmethod
    def around(cls, points: Points, width: int, height: int) -> Camera:
        """Shows all of `points` (N, 2); where there are none, or all are one, a plane of two units."""
        finite = points[np.isfinite(points).all(axis=1)] if len(points) else points
        if not len(finite):
            return cls(0.0, 0.0, min(width, height) / 2, width, height)
        low, high = finite.min(axis=0).astype(float), finite.max(axis=0).astype(float)
        across, up = high - low
        room = max(width - 2 * _AIR_PX, 1), max(height - 2 * _AIR_PX, 1)
        size = max(float(np.abs(finite).max()), 1.0) * _SMALLEST
        if max(across, up) <= size:
            across = up = 2.0
        scale = min(room[0] / max(across, size), room[1] / max(up, size))
        middle = (low + high) / 2
        return cls(float(middle[0]), float(middle[1]), float(scale), width, height)

    def to_pixels(self, points: Points) -> NDArray[np.float32]:
        """Where on the screen `points` (N, 2) lie, (N, 2), counted from the upper left corner."""
        place = np.empty(points.shape, dtype=np.float32)
        place[:, 0] = (points[:, 0] - self.x) * self.scale + self.width / 2
        place[:, 1] = (self.y - points[:, 1]) * self.scale + self.height / 2
        return place

    def to_plane(self, across: float, down: float) -> tuple[float, float]:
        """The point of the plane under a pixel."""
        return self.x + (across - self.width / 2) / self.scale, self.y - (down - self.height / 2) / self.scale

    def moved(self, across: float, down: float) -> Camera:
        """What is shown moves by so many pixels."""
        return replace(self, x=self.x - across / self.scale, y=self.y + down / self.scale)

    def zoomed(self, factor: float, across: float, down: float) -> Camera:
        """Everything `factor` times as large; what lies under this pixel stays there."""
        x, y = self.to_plane(across, down)
        scale = self.scale * factor
        return replace(
            self,
            scale=scale,
            x=x - (across - self.width / 2) / scale,
            y=y + (down - self.height / 2) / scale,
        )

    def resized(self, width: int, height: int) -> Camera:
        """The same part of the plane in a larger or smaller picture."""
        shrink = min(width / max(self.width, 1), height / max(self.height, 1))
        return replace(self, width=width, height=height, scale=self.scale * shrink)

    def with_margin(self, aside: int, above: int) -> Camera:
        """The same scale with so many pixels more on each side."""
        return replace(self, width=self.width + 2 * aside, height=self.height + 2 * above)

    def covers(self, other: Camera) -> bool:
        """Whether all that `other` shows is shown here too."""
        left, top = self.to_plane(0, 0)
        right, bottom = self.to_plane(self.width, self.height)
        its_left, its_top = other.to_plane(0, 0)
        its_right, its_bottom = other.to_plane(other.width, other.height)
        return left <= its_left and its_right <= right and top >= its_top and its_bottom >= bottom
