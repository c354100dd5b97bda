"""The width of smoothing in cm⁻¹ means the same for every sampling."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.processing import smooth


@pytest.mark.parametrize("width", [6.0, 12.0, 30.0])
@pytest.mark.parametrize("method", ["gaussian", "whittaker"])
def test_a_spike_becomes_a_band_of_the_stated_width_at_half_maximum(method: str, width: float) -> None:
    row = np.zeros((1, 801))
    row[0, 400] = 1.0
    smoothed, _ = smooth._smooth(method, row, width)
    points = np.arange(801.0)
    above = smoothed[0] > smoothed[0].max() / 2
    assert np.ptp(points[above]) + 1 == pytest.approx(width, rel=0.25)
