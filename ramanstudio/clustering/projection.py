"""Two-dimensional layouts of spectra: principal components, or t-SNE."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.signal.pca import thin_svd

Floats = NDArray[np.floating[Any]]
Layout = NDArray[np.float32]

PERPLEXITY: Final = 30.0  # about as many neighbours count (van der Maaten and Hinton 2008)
MIN_SPECTRA: Final = 5  # fewer have no neighbours to speak of and keep their principal components
EXAGGERATED_STEPS, STEPS = 200, 400  # with forces exaggerated, and without; after these little moves
SHOWN_EVERY: Final = 10  # steps
NEAREST: Final = 5
DIMENSIONS: Final = 50  # principal components in which neighbours are sought


def pca_layout(features: Floats) -> Layout:
    """Return the first two principal components of `features` (N, D) -> (N, 2); zero for equal rows."""
    layout = np.zeros((len(features), 2), dtype=np.float32)
    scores = _principal_scores(features, 2)
    layout[:, : scores.shape[1]] = scores
    return layout


def _principal_scores(features: Floats, n_components: int) -> NDArray[np.float32]:
    """Up to `n_components` principal components of `features` (N, D), with the same signs each time."""
    if not len(features):
        return np.empty((0, 0), dtype=np.float32)
    centred = features - features.mean(axis=0)
    axes = thin_svd(centred)[2][: min(n_components, *features.shape)].T
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
    scores: NDArray[np.float32] = (centred @ axes).astype(np.float32)
    return scores


def tsne_layout(features: Floats, start: Layout, progress: Progress = SILENT, seed: int = 0) -> Layout:
    """Return the t-SNE layout (N, 2) of `features` (N, D), optimised from the layout `start` (N, 2).

    Shows the layout every few steps; the same for the same `seed`. Raises Cancelled when asked to stop: the layout
    shown last is the result so far.
    """
    if len(features) < MIN_SPECTRA or not np.ptp(features, axis=0).any():
        return start
    import openTSNE

    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    total = EXAGGERATED_STEPS + STEPS
    progress(0, total, "steps")
    rows = _principal_scores(features, DIMENSIONS)
    affinities = openTSNE.affinity.PerplexityBasedNN(rows, perplexity, random_state=seed, n_jobs=1)
    progress(1, total, "steps")
    done = 0

    def report(_iteration: int, _error: float, layout: Layout) -> bool:
        nonlocal done
        done += SHOWN_EVERY
        progress.show(np.array(layout, dtype=np.float32))
        progress(min(done, total), total, "steps")  # raises Cancelled
        return False

    method = "bh" if len(features) < 3000 else "fft"  # Barnes-Hut is faster for few, interpolation for many
    embedding = openTSNE.TSNEEmbedding(
        _scale_start(start, seed), affinities, random_state=seed, n_jobs=1, negative_gradient_method=method
    )
    callbacks: dict[str, Any] = {"callbacks": report, "callbacks_every_iters": SHOWN_EVERY}
    embedding = embedding.optimize(EXAGGERATED_STEPS, exaggeration=12, momentum=0.5, **callbacks)
    embedding = embedding.optimize(STEPS, momentum=0.8, **callbacks)
    return np.array(embedding, dtype=np.float32)


def _scale_start(start: Layout, seed: int) -> NDArray[np.float64]:
    """`start` (N, 2) as t-SNE begins best: small, and no two points in one place."""
    spread = float(start.std())
    small = start * (1e-2 / spread) if spread > 0 else np.zeros_like(start)
    return np.asarray(small + np.random.default_rng(seed).normal(0, 1e-4, start.shape), dtype=np.float64)


def place_in_layout(known: Floats, layout: Layout, new: Floats) -> Layout:
    """Place `new` (M, D) in the `layout` (N, 2) of `known` (N, D), between their nearest neighbours -> (M, 2)."""
    from sklearn.neighbors import NearestNeighbors

    n_nearest = min(NEAREST, len(known))
    if not n_nearest or not len(new):
        return np.zeros((len(new), 2), dtype=np.float32)
    distance, nearest = NearestNeighbors(n_neighbors=n_nearest).fit(known).kneighbors(new)
    weight = 1 / np.maximum(distance, 1e-6)
    weight /= weight.sum(axis=1, keepdims=True)
    placed: Layout = (layout[nearest] * weight[:, :, None]).sum(axis=1).astype(np.float32)
    return placed
