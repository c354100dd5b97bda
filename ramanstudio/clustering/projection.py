"""Planes in which like lies by like: by principal components at once, by neighbours as it settles."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.signal.pca import thin_svd

Floats = NDArray[np.floating[Any]]
Plane = NDArray[np.float32]

PERPLEXITY: Final = 30.0  # about as many neighbours count (van der Maaten and Hinton 2008)
FEWEST: Final = 5  # spectra; fewer have no neighbours to speak of and stay where the components put them
EARLY_STEPS, STEPS = 200, 400  # with forces exaggerated, and without; past these little moves
SHOWN_EVERY: Final = 10  # steps
NEAREST: Final = 5
DIMENSIONS: Final = 50  # of which neighbours are sought


def pca_layout(features: Floats) -> Plane:
    """The first two principal components of `features` (N, D) -> (N, 2); zero where there is nothing to tell apart."""
    plane = np.zeros((len(features), 2), dtype=np.float32)
    scores = _components(features, 2)
    plane[:, : scores.shape[1]] = scores
    return plane


def _components(features: Floats, most: int) -> NDArray[np.float32]:
    if not len(features):
        return np.empty((0, 0), dtype=np.float32)
    about = features - features.mean(axis=0)
    axes = thin_svd(about)[2][: min(most, *features.shape)].T
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)  # the same side each time
    scores: NDArray[np.float32] = (about @ axes).astype(np.float32)
    return scores


def tsne_layout(features: Floats, start: Plane, progress: Progress = SILENT, seed: int = 0) -> Plane:
    """A plane in which each of `features` (N, D) lies by those it is most like (t-SNE), from `start` on -> (N, 2).

    Shows the plane every few steps, the same for the same `seed`. Raises Cancelled when asked to stop; what was shown
    last is as far as it came.
    """
    if len(features) < FEWEST or not np.ptp(features, axis=0).any():
        return start
    import openTSNE

    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    total = EARLY_STEPS + STEPS
    progress(0, total, "steps")
    rows = _components(features, DIMENSIONS)
    affinities = openTSNE.affinity.PerplexityBasedNN(rows, perplexity, random_state=seed, n_jobs=1)
    progress(1, total, "steps")
    done = 0

    def step(_iteration: int, _error: float, plane: Plane) -> bool:
        nonlocal done
        done += SHOWN_EVERY
        progress.show(np.array(plane, dtype=np.float32))
        progress(min(done, total), total, "steps")  # raises Cancelled
        return False

    embedding = openTSNE.TSNEEmbedding(
        _scaled(start, seed), affinities, random_state=seed, n_jobs=1, negative_gradient_method=_forces(len(features))
    )
    how: dict[str, Any] = {"callbacks": step, "callbacks_every_iters": SHOWN_EVERY}
    embedding = embedding.optimize(EARLY_STEPS, exaggeration=12, momentum=0.5, **how)
    embedding = embedding.optimize(STEPS, momentum=0.8, **how)
    return np.array(embedding, dtype=np.float32)


def _forces(many: int) -> str:
    """How the forces between all points are found: exactly by a tree while they are few, else on a grid."""
    return "bh" if many < 3000 else "fft"


def _scaled(start: Plane, seed: int) -> NDArray[np.float64]:
    """`start` as t-SNE begins best: small, and no two points in one place."""
    spread = float(start.std())
    small = start * (1e-2 / spread) if spread > 0 else np.zeros_like(start)
    return np.asarray(small + np.random.default_rng(seed).normal(0, 1e-4, start.shape), dtype=np.float64)


def place(known: Floats, plane: Plane, new: Floats) -> Plane:
    """Where `new` (M, D) belong in the `plane` (N, 2) of `known` (N, D): among those they are most like -> (M, 2)."""
    from sklearn.neighbors import NearestNeighbors

    many = min(NEAREST, len(known))
    if not many or not len(new):
        return np.zeros((len(new), 2), dtype=np.float32)
    distance, near = NearestNeighbors(n_neighbors=many).fit(known).kneighbors(new)
    weight = 1 / np.maximum(distance, 1e-6)
    weight /= weight.sum(axis=1, keepdims=True)
    placed: Plane = (plane[near] * weight[:, :, None]).sum(axis=1).astype(np.float32)
    return placed
