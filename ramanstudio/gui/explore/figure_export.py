"""The plane as a picture to keep: what is shown of it now, with the spectra beneath."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.export.scatter_figure import ColourScale, MarkerShape, ScatterFigure, SpectrumCurve
from ramanstudio.gui.viewer.category_legend import viridis
from ramanstudio.gui.viewer.marker_shapes import RING, outline
from ramanstudio.gui.viewer.spectrum_strip import StripCurve

if TYPE_CHECKING:
    from ramanstudio.gui.explore.explore_strip import ExploreSpectrumStrip
    from ramanstudio.gui.explore.scatter_view import ScatterView

_TONES: Final = 64
_FINE: Final = 8.0  # corners of a round shape lie this much closer than Qt lays them for the screen


def picture_of(view: ScatterView, strip: ExploreSpectrumStrip, title: str) -> ScatterFigure:
    """What plane and strip show, to be drawn again."""
    points, camera, axes = view.content
    (left, top), (right, bottom) = camera.to_plane(0, 0), camera.to_plane(camera.width, camera.height)
    rows = [row for place, row in enumerate(view.legend.rows) if place not in view.hidden_rows]
    tones = viridis(_TONES, points.theme)
    return ScatterFigure(
        title,
        np.asarray(points.xy, dtype=np.float64),
        points.styles.colour_index,
        points.styles.colours,
        points.styles.shapes,
        _shapes(),
        points.visible,
        points.selected,
        ((left, right), (bottom, top)),
        axes,
        rows,
        ColourScale(*view.bar.range, tones) if len(points.styles.colours) > 1 and not view.legend.rows else None,
        [_line(curve) for curve in strip.curves],
        strip.unit,
        bool(points.selected.any()) or not rows,
    )


def _line(curve: StripCurve) -> SpectrumCurve:
    spread = None if curve.spread is None else np.asarray(curve.spread, np.float64)
    return SpectrumCurve(curve.name, np.asarray(curve.axis), np.asarray(curve.values, np.float64), spread, curve.colour)


@cache
def _shapes() -> tuple[MarkerShape, ...]:
    """All marks, the hollow one of outliers last."""
    return tuple(_shape(number) for number in range(RING + 1))


def _shape(number: int) -> MarkerShape:
    outlines: list[NDArray[np.float64]] = []
    for polygon in outline(number, _FINE).toSubpathPolygons():
        corners = np.array([(point.x(), -point.y()) for point in polygon.toList()]) / _FINE  # up is up
        across, up = corners.T
        is_hole = bool(outlines)  # which is left out where it runs the other way round
        runs_left = float(across @ np.roll(up, -1) - up @ np.roll(across, -1)) > 0
        outlines.append(corners[::-1] if runs_left == is_hole else corners)
    return MarkerShape(tuple(outlines), number == RING)
