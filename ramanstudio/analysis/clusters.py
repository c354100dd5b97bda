"""Groups of spectra that are alike, found without being told how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.errors import StudioError
from ramanstudio.progress import SILENT, Progress

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

Floats = NDArray[np.floating[Any]]

MOST = 60  # groups that are tried when nobody says how many
FEWEST_A_GROUP = 3  # spectra, on the average, in the most groups that are tried
STARTS = 10
ENOUGH = 2000  # spectra that the number of groups is chosen on
REPEATS = 20  # times that the spectra are grouped again, from SHARE of them
SHARE = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Groups of spectra: `labels` (N,) from 0, the largest first; how surely each belongs, and how apart they lie.

    `probabilities` (N,): how often a spectrum fell into its group when the groups were found again from four fifths of
    the spectra. `silhouette`: the mean of (distance to the next group - to the own) over the larger, -1 to 1
    (Rousseeuw 1987); 0 where there is but one group.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    n_clusters: int
    silhouette: float


def cluster(features: Floats, n_clusters: int | None = None, progress: Progress = SILENT) -> Clusters:
    """Group rows of `features` (N, D) by k-means; the number of groups is the one with the best silhouette if not told.

    Raises StudioError when fewer different spectra than groups are there, Cancelled when asked to stop.
    """
    different = len(np.unique(features, axis=0))
    if n_clusters is not None and not 1 <= n_clusters <= different:
        raise StudioError(
            f"{different} different spectra cannot form {n_clusters} groups.",
            remedy="Ask for fewer groups, from 1 on, or give more spectra.",
        )
    count = n_clusters or _number_of_groups(features, different, progress)
    if count == 1:
        return Clusters(np.zeros(len(features), np.int64), np.ones(len(features), np.float32), 1, 0.0)
    means = _means(features, count)
    order = np.argsort(np.argsort(-np.bincount(means.labels_, minlength=count), kind="stable"))
    labels = order[means.labels_].astype(np.int64)
    return Clusters(labels, _how_surely(features, means, progress), count, _silhouette(features, labels))


def _means(features: Floats, count: int, starts: int = STARTS, seed: int = 0) -> KMeans:
    from sklearn.cluster import KMeans

    return KMeans(count, n_init=starts, random_state=seed).fit(features)


def _silhouette(features: Floats, labels: NDArray[np.int64]) -> float:
    from sklearn.metrics import silhouette_score

    if not 1 < len(np.unique(labels)) < len(features):
        return 0.0
    return float(silhouette_score(features, labels, sample_size=min(ENOUGH, len(features)), random_state=0))


def _number_of_groups(features: Floats, different: int, progress: Progress) -> int:
    """The number with the best silhouette: nearest to the truth on sets whose substances are known.

    Of 14 cultures it finds 12, of 63 minerals more than 50, of simulated substances as many as there are, where
    Calinski and Harabasz's index says 2 and a mixture's BIC has no bound (benchmarks/EXPERIMENTS.md).
    """
    some = features[np.random.default_rng(0).permutation(len(features))[:ENOUGH]]
    most = min(MOST, different - 1, len(some) // FEWEST_A_GROUP)
    best, highest = 1, 0.0
    for count in range(2, most + 1):
        progress(count - 2, most - 1, "numbers of groups")
        found = _silhouette(some, _means(some, count, starts=3).labels_)
        if found > highest:
            best, highest = count, found
    return best


def _how_surely(features: Floats, means: KMeans, progress: Progress) -> NDArray[np.float32]:
    """How often each spectrum falls into the same group (N,) when only SHARE of them make the groups."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    random = np.random.default_rng(0)
    same = np.zeros(len(features))
    size = max(means.n_clusters, round(SHARE * len(features)))
    for repeat in range(REPEATS):
        progress(repeat, REPEATS, "times grouped again")
        again = _means(features[random.permutation(len(features))[:size]], means.n_clusters, starts=1, seed=repeat)
        theirs, ours = linear_sum_assignment(cdist(again.cluster_centers_, means.cluster_centers_))
        same += ours[np.argsort(theirs)][again.predict(features)] == means.labels_
    return (same / REPEATS).astype(np.float32)
