"""TableLayout: a table of numbers read as spectra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats import axis as axes


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table read as spectra: `axis` (B,) in `unit` as in the file, `values` (N, B), `table` {column: (N,)}.

    `series` (N,) is a column of numbers without a title beside the spectra; `positions` (N, K) are several of them
    whose names the header may tell. `stages` are the titles of columns that are other stages of the same measurement.
    """

    axis: NDArray[np.float64]
    values: NDArray[Any]
    unit: str = axes.UNKNOWN
    table: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    series: NDArray[np.float64] | None = None
    stages: tuple[str, ...] = ()
