"""What the charts of the calibration window show, as series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from ramanstudio.calibration.draft import CalibrationDraft
from ramanstudio.calibration.intensity import IntensityProfile
from ramanstudio.calibration.profile import Check, Profile
from ramanstudio.core.axis_uncertainty import COVERAGE
from ramanstudio.gui.viewer.chart import Chart, ChartSeries

Floats = NDArray[np.floating[Any]]


def show_residuals(chart: Chart, draft: CalibrationDraft) -> None:
    """Show what each line is off by before (grey) and after (green) the correction."""
    left = draft.remaining()
    before = tuple((line.reference_cm, line.error_cm) for line in draft.lines)
    after = tuple((line.reference_cm, value) for line, value in zip(draft.lines, left, strict=True))
    before_names = tuple(f"before: {line.error_cm:+.2f} cm⁻¹ at {line.reference_cm:.1f}" for line in draft.lines)
    after_names = tuple(
        f"after: {value:+.2f} cm⁻¹ at {line.reference_cm:.1f}" for line, value in zip(draft.lines, left, strict=True)
    )
    _show(
        chart,
        (
            ChartSeries(before, "raw", is_line=False, names=before_names),
            ChartSeries(after, "reference", is_line=False, names=after_names),
        ),
    )


def show_correction(chart: Chart, profile: Profile | IntensityProfile) -> None:
    """Show the correction curve, with the limits of its ± (95 %) as thinner lines."""
    if isinstance(profile, IntensityProfile):
        x, centre = np.asarray(profile.axis_cm), np.asarray(profile.factor)
        spread = COVERAGE * centre * np.asarray(profile.relative_sd)
    else:
        x, centre = np.asarray(profile.curve.axis_cm), np.asarray(profile.curve.correction_cm)
        spread = COVERAGE * np.asarray(profile.curve.sd_cm)
    _show(
        chart,
        (
            ChartSeries(_points(x, centre - spread), "quiet", has_dots=False),
            ChartSeries(_points(x, centre + spread), "quiet", has_dots=False),
            ChartSeries(_points(x, centre), "accent", has_dots=False),
        ),
    )


def show_history(chart: Chart, checks: Sequence[Check]) -> None:
    """Show the mean signed deviation of each verification over time: the drift of the instrument."""
    places, title = _times(checks)
    points = tuple((place, check.offset_cm) for place, check in zip(places, checks, strict=True))
    names = tuple(
        f"{check.date[:10]}, {check.substance}: {check.offset_cm:+.2f} cm⁻¹, {'passed' if check.passed else 'failed'}"
        for check in checks
    )
    limit = checks[-1].tolerance_cm if checks else 1.0
    margin = max(0.05 * (max(places, default=0) - min(places, default=0)), 0.5)
    ends = (min(places, default=0) - margin, max(places, default=1) + margin)
    limits = tuple(
        ChartSeries(((ends[0], sign * limit), (ends[1], sign * limit)), "quiet", has_dots=False) for sign in (-1, 1)
    )
    chart.set_axis_titles(title, "Mean deviation / cm⁻¹")
    _show(chart, (*limits, ChartSeries(points, "accent", names=names)), ends)


def _times(checks: Sequence[Check]) -> tuple[list[float], str]:
    """Days since the first verification, or numbers where dates cannot be read or are equal; the title of the axis."""
    try:
        days = [datetime.fromisoformat(check.date[:10]).toordinal() for check in checks]
    except ValueError:
        days = []
    if len(set(days)) < 2:
        return [float(number) for number in range(1, len(checks) + 1)], "Number of the verification"
    first = min(days)
    return [float(day - first) for day in days], f"Days since {datetime.fromordinal(first):%Y-%m-%d}"


def _points(x: Floats, y: Floats) -> tuple[tuple[float, float], ...]:
    return tuple(zip(x.tolist(), y.tolist(), strict=True))


def _show(chart: Chart, series: Sequence[ChartSeries], ends: tuple[float, float] | None = None) -> None:
    points = np.array([point for row in series for point in row.points if np.all(np.isfinite(point))] or [(0.0, 0.0)])
    low, high = ends or (float(points[:, 0].min()), float(points[:, 0].max()))
    margin = 0.0 if ends else max(0.04 * (high - low), 5.0)
    bottom, top = float(points[:, 1].min()), float(points[:, 1].max())
    if (not ends and bottom < 0 < top) or abs(bottom) < 1 or abs(top) < 1:
        bottom, top = min(bottom, 0.0), max(top, 0.0)
    height = max(top - bottom, 0.2)
    chart.show_series(
        series, QRectF(low - margin, bottom - 0.12 * height, high - low + 2 * margin, 1.24 * height), percent=False
    )
