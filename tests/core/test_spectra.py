"""A subset of a set keeps each spectrum together with its row of the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ramanstudio.core.spectra import SpectrumSet

SPECTRA = SpectrumSet(
    np.arange(5.0), np.arange(20.0).reshape(4, 5), {"x": np.arange(4.0), "label": np.array(["a", "b", "c", "d"])}
)


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (2, [2]),
        (-1, [3]),
        (np.int64(1), [1]),
        (slice(1, 3), [1, 2]),
        ([3, 0], [3, 0]),
        (np.array([False, True, False, True]), [1, 3]),
    ],
    ids=str,
)
def test_a_subset_keeps_spectra_and_table_together(index: Any, rows: list[int]) -> None:
    subset = SPECTRA[index]
    np.testing.assert_array_equal(subset.values, SPECTRA.values[rows])
    np.testing.assert_array_equal(subset.table["x"], rows)
    assert subset.table["label"].tolist() == ["abcd"[row] for row in rows]
    np.testing.assert_array_equal(subset.axis, SPECTRA.axis)
