"""Spectra of any axis on one grid of equal steps, so that they can be laid side by side."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class RegularGrid(Protocol):
    """Where the samples of a grid lie: `samples` of `step_cm` from `low_cm` on."""

    @property
    def low_cm(self) -> float: ...
    @property
    def step_cm(self) -> float: ...
    @property
    def samples(self) -> int: ...


def resample_to_grid(
    grid: RegularGrid, axis: NDArray[Any], values: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """`values` (N, B) at `axis` (B,) cm⁻¹, averaged over the grid's samples -> (N, G), and what was measured (G,).

    What was not measured is zero. Each spectrum is taken about its own mean.
    """
    edges = grid.low_cm + grid.step_cm * np.arange(grid.samples + 1)
    measured = (edges[:-1] >= axis[0]) & (edges[1:] <= axis[-1])
    steps = np.diff(axis)
    centred = values.astype(np.float64) - values.mean(axis=1, keepdims=True)
    area = np.concatenate(
        [np.zeros((len(values), 1)), np.cumsum((centred[:, 1:] + centred[:, :-1]) / 2 * steps, axis=1)], axis=1
    )
    right = np.clip(np.searchsorted(axis, edges), 1, len(axis) - 1)
    share = np.clip((edges - axis[right - 1]) / steps[right - 1], 0, 1)
    running = area[:, right - 1] * (1 - share) + area[:, right] * share
    rows = np.diff(running, axis=1) / grid.step_cm * measured
    return rows.astype(np.float32), measured
