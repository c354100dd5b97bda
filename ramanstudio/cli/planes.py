"""Coordinates of spectra in a plane, as columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.cli.options import PCA
from ramanstudio.cli.terminal import progress_bars
from ramanstudio.clustering import projection

Floats = NDArray[np.floating[Any]]
COLUMNS = ("plane_x", "plane_y")


def coordinates(features: NDArray[np.float32], plane: str) -> NDArray[np.float32]:
    """Return the coordinates (N, 2) of `features` (N, K) in one of options.PLANES."""
    start = projection.pca_layout(features)
    if plane == PCA:
        return start
    with progress_bars("Computing t-SNE") as progress:
        return projection.tsne_layout(features, start, progress)


def header_cells(points: Floats | None) -> tuple[str, ...]:
    """Return the names of the columns of `points` (N, 2); none where there are no coordinates."""
    return () if points is None else COLUMNS


def cells(points: Floats | None, row: int) -> tuple[str, ...]:
    """Return the cells of one row of `points` (N, 2); none where there are no coordinates."""
    return () if points is None else (f"{points[row, 0]:.6g}", f"{points[row, 1]:.6g}")
