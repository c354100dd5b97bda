"""Resample spectra on any axis to one grid of equal steps, so that they can be compared sample by sample."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class RegularGrid(Protocol):
    """A regular grid on the Raman shift axis: `samples` samples of `step_cm`, the first beginning at `low_cm`."""

    @property
    def low_cm(self) -> float: ...
    @property
    def step_cm(self) -> float: ...
    @property
    def samples(self) -> int: ...


def resample_to_grid(
    grid: RegularGrid, axis: NDArray[Any], values: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Average `values` (N, B) at `axis` (B,) cm⁻¹ over the samples of `grid` -> (N, G), and which were measured (G,).

    Each spectrum minus its mean; samples that were not measured are zero.
    """
    edges = grid.low_cm + grid.step_cm * np.arange(grid.samples + 1)
    measured = (edges[:-1] >= axis[0]) & (edges[1:] <= axis[-1])
    steps = np.diff(axis)
    centred = values.astype(np.float64) - values.mean(axis=1, keepdims=True)
    integral = np.concatenate(
        [np.zeros((len(values), 1)), np.cumsum((centred[:, 1:] + centred[:, :-1]) / 2 * steps, axis=1)], axis=1
    )
    right = np.clip(np.searchsorted(axis, edges), 1, len(axis) - 1)
    share = np.clip((edges - axis[right - 1]) / steps[right - 1], 0, 1)
    at_edges = integral[:, right - 1] * (1 - share) + integral[:, right] * share
    rows = np.diff(at_edges, axis=1) / grid.step_cm * measured
    return rows.astype(np.float32), measured
