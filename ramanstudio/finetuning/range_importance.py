"""Importance of spectral ranges for a model, by occlusion: what is lost when a range is replaced by a straight line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.report import ImportantRange

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]
MAX_RANGES: Final = 5  # reported
MAX_WINDOWS: Final = 32  # ranges that are occluded one by one
MAX_SPECTRA: Final = 20  # that are occluded
MIN_WIDTH_CM: Final = 20.0


def choose_spectra(targets: IntArray, limit: int = MAX_SPECTRA) -> IntArray:
    """Return the rows (M,) of up to `limit` labelled spectra, taken from each class of `targets` (N,) in turn."""
    rank = np.empty(len(targets), dtype=np.intp)
    for target in np.unique(targets):
        rank[targets == target] = np.arange(np.sum(targets == target))
    return np.sort(np.lexsort((targets, rank))[:limit])


def important_ranges(
    raw: SpectrumSet,
    denoised: SpectrumSet,
    targets: IntArray,
    predict: Callable[[SpectrumSet, SpectrumSet], FloatArray],
) -> tuple[ImportantRange, ...]:
    """Return the ranges whose occlusion lowers the probability of the true class most, the most important first.

    Each range in turn is replaced by a straight line in the `raw` and the `denoised` spectra (n, B) of class numbers
    `targets` (n,); `predict` returns the probabilities (N, K) of such spectra.
    """
    axis, n_spectra = raw.axis, len(raw)
    n_windows = max(2, min(MAX_WINDOWS, int((axis[-1] - axis[0]) / MIN_WIDTH_CM), raw.points // 4))
    edges = np.linspace(0, raw.points, n_windows + 1).astype(int)
    windows = [(0, 0), *zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]  # the first is not occluded
    occluded = (
        SpectrumSet(axis, np.concatenate([_occlude(spectra, *window) for window in windows]))
        for spectra in (raw, denoised)
    )
    probabilities = predict(*occluded)
    rows = np.arange(len(probabilities))
    true_class = probabilities[rows, np.tile(targets, n_windows + 1)]
    log_probability = np.log(np.maximum(true_class, 1e-12)).reshape(-1, n_spectra)
    loss = np.mean(log_probability[0] - log_probability[1:], axis=1)
    order = [int(window) for window in np.argsort(-loss)[:MAX_RANGES] if loss[window] > 0]
    return tuple(
        ImportantRange(
            float(axis[edges[window]]), float(axis[min(edges[window + 1], len(axis) - 1)]), float(loss[window])
        )
        for window in order
    )


def _occlude(spectra: SpectrumSet, low: int, high: int) -> FloatArray:
    """Return the intensities (n, B) with a straight line from sample `low` to before sample `high`."""
    values = spectra.values.copy()
    if high > low:
        first, last = max(low - 1, 0), min(high, spectra.points - 1)
        share = np.linspace(0, 1, last - first + 1)
        values[:, first : last + 1] = values[:, [first]] * (1 - share) + values[:, [last]] * share
    return values
