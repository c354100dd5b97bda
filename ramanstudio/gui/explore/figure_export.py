"""The scatter plot as a figure for export: what is shown of it, with the spectra beneath."""

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

_N_COLOURS: Final = 64
_OVERSAMPLING: Final = 8.0  # outlines are taken at this radius, where Qt gives a round shape more corners


def scatter_figure(view: ScatterView, strip: ExploreSpectrumStrip, title: str) -> ScatterFigure:
    """Return the figure of what plot and strip show."""
    points, camera, axis_names = view.content
    (left, top), (right, bottom) = camera.to_plane(0, 0), camera.to_plane(camera.width, camera.height)
    rows = [row for number, row in enumerate(view.legend.rows) if number not in view.hidden_rows]
    colours = viridis(_N_COLOURS, points.theme)
    by_value = len(points.styles.colours) > 1 and not view.legend.rows
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
        axis_names,
        rows,
        ColourScale(*view.bar.range, colours) if by_value else None,
        [_line(curve) for curve in strip.curves],
        strip.unit,
        bool(points.selected.any()) or not rows,
    )


def _line(curve: StripCurve) -> SpectrumCurve:
    spread = None if curve.spread is None else np.asarray(curve.spread, np.float64)
    return SpectrumCurve(curve.name, np.asarray(curve.axis), np.asarray(curve.values, np.float64), spread, curve.colour)


@cache
def _shapes() -> tuple[MarkerShape, ...]:
    """Return all marker shapes, the hollow one of outliers last."""
    return tuple(_shape(number) for number in range(RING + 1))


def _shape(number: int) -> MarkerShape:
    outlines: list[NDArray[np.float64]] = []
    for polygon in outline(number, _OVERSAMPLING).toSubpathPolygons():
        corners = np.array([(point.x(), -point.y()) for point in polygon.toList()]) / _OVERSAMPLING  # y points up
        x, y = corners.T
        is_hole = bool(outlines)  # drawn as a hole where it runs the other way round
        runs_left = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) > 0
        outlines.append(corners[::-1] if runs_left == is_hole else corners)
    return MarkerShape(tuple(outlines), number == RING)
