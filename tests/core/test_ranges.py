"""The range that is compared, without what is excluded from it."""

from __future__ import annotations

import numpy as np

from ramanstudio.core.ranges import Region


def test_excluded_ranges_and_what_is_beyond_the_ends_are_outside() -> None:
    axis = np.arange(0.0, 100.0, 10.0)
    region = Region(10.0, 80.0, excluded=((20.0, 30.0), (55.0, 65.0)))
    assert axis[region.contains(axis)].tolist() == [10, 40, 50, 70, 80]
    assert Region(10.0, 80.0).contains(axis).sum() == 8
