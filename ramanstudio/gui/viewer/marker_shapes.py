"""The markers of points: twenty shapes, so that groups can be distinguished without colour."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

SHAPES: Final = 20
_SHAPE_STEP: Final = 7  # shapes from one to the next of a colour: it shares no divisor with SHAPES, so all come up
RING: Final = SHAPES  # the hollow mark of outliers
HALO: Final = SHAPES + 1  # what lies beneath a mark that is selected
_NAMES: Final = (
    "disc", "square", "triangle", "diamond", "plus", "pointing down", "cross", "star", "flat", "upright",
)  # fmt: skip


def shape_name(shape: int) -> str:
    """Describe a shape in words, for screen readers."""
    if shape == RING:
        return "ring"
    return _NAMES[shape % len(_NAMES)] + (" with a hole" if shape % SHAPES >= len(_NAMES) else "")


def shapes_of(colours: Sequence[int]) -> list[int]:
    """Return a shape for each of these theme colours; markers of one colour differ in shape."""
    seen = Counter[int]()
    shapes = []
    for colour in colours:
        shapes.append((colour + _SHAPE_STEP * seen[colour % SHAPES]) % SHAPES)
        seen[colour % SHAPES] += 1
    return shapes


def outline(shape: int, radius: float) -> QPainterPath:
    """Return a shape around (0, 0), about as large as a disc of that radius."""
    path = QPainterPath()
    kind = _NAMES[shape % len(_NAMES)] if shape < SHAPES else "disc"
    if kind == "disc":
        path.addEllipse(QPointF(), radius, radius)
    elif kind in ("flat", "upright"):
        wide, high = (1.25, 0.5) if kind == "flat" else (0.5, 1.25)
        path.addRect(QRectF(-wide * radius, -high * radius, 2 * wide * radius, 2 * high * radius))
    else:
        path.addPolygon(QPolygonF([QPointF(x * radius, y * radius) for x, y in _corners(kind)]))
        path.closeSubpath()
    if shape < SHAPES and shape >= len(_NAMES):
        hole = QPainterPath()
        hole.addEllipse(QPointF(), 0.42 * radius, 0.42 * radius)
        path = path.subtracted(hole)
    return path


def _corners(kind: str) -> list[tuple[float, float]]:
    if kind in ("plus", "cross"):
        thin, radius = 0.38, 1.15
        arm = [(-thin, -radius), (thin, -radius), (thin, -thin), (radius, -thin), (radius, thin), (thin, thin)]
        corners = arm + [(-x, -y) for x, y in arm]
        return corners if kind == "plus" else _rotated(corners, math.pi / 4)
    if kind == "star":
        return _rotated([(r * math.cos(a), r * math.sin(a)) for r, a in _star_corners()], -math.pi / 2)
    count, radius, angle_offset = {
        "square": (4, 1.28, math.pi / 4),
        "diamond": (4, 1.28, 0.0),
        "triangle": (3, 1.35, -math.pi / 2),
        "pointing down": (3, 1.35, math.pi / 2),
    }[kind]
    angles = [2 * math.pi * step / count for step in range(count)]
    return _rotated([(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles], angle_offset)


def _star_corners() -> list[tuple[float, float]]:
    return [(1.4 if step % 2 == 0 else 0.6, 2 * math.pi * step / 10) for step in range(10)]


def _rotated(corners: list[tuple[float, float]], angle: float) -> list[tuple[float, float]]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return [(x * cosine - y * sine, x * sine + y * cosine) for x, y in corners]


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A marker as P pixels around its centre: offsets `across` and `down` (P,), `alpha` (P,) 1 to 255, `rank` (P,).

    In the order in which they are painted: faint edges first, then from the outside in, so that where markers overlap
    each pixel belongs to the nearest.
    """

    across: NDArray[np.int64]
    down: NDArray[np.int64]
    alpha: NDArray[np.int64]
    rank: NDArray[np.float64]
    reach: int


@cache
def stamp(shape: int, radius: float) -> Stamp:
    """Return the pixels of a shape for a radius in screen pixels."""
    reach = math.ceil(1.5 * radius) + 2
    side = 2 * reach + 1
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(reach + 0.5, reach + 0.5)
    if shape == RING:
        width = max(1.0, 0.4 * radius)
        painter.setPen(QPen(QColor("white"), width))
        painter.drawEllipse(QPointF(), radius - width / 2, radius - width / 2)
    else:
        painter.fillPath(outline(shape, radius), QColor("white"))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(side, side)
    alpha = (pixels >> 24).astype(np.int64)
    down, across = np.nonzero(alpha > 12)
    opaque = alpha[down, across]
    far = np.hypot(down - reach, across - reach)
    rank = np.where(opaque < 250, opaque / 250 - 1, 1 / (1 + far))
    order = np.argsort(rank, kind="stable")
    return Stamp(across[order] - reach, down[order] - reach, opaque[order], rank[order], reach)
