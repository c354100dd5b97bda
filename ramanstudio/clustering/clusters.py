"""Cluster spectra: labels, how certain they are, and the number of groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.clustering import silhouette
from ramanstudio.clustering.neighbour_smoothing import smooth_over_neighbours
from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]
Assignment = tuple[Labels, NDArray[np.float32]]  # labels and probabilities, (N,) each

MAX_CLUSTERS = 60  # tried when the number is not given
MIN_MEAN_SIZE = 3  # spectra a group, on average, for the largest number that is tried
RANDOM_STARTS = 10
SELECTION_SAMPLE = 2000  # spectra that the number of groups is chosen on
FIT_SAMPLE = 10_000  # spectra that groups are fitted to; others are assigned to the nearest group
PAIRWISE_SAMPLE = 5000  # the same for methods that compare all pairs
VARIANCE_FLOOR = 0.02  # of the variance, kept by every component of a mixture, so that none shrinks onto one spectrum
DENSITY_DIMENSIONS = 16  # in which a density can be estimated
REPEATS = 20  # times that the spectra are clustered again, from SUBSAMPLE of them (of SELECTION_SAMPLE at most)
SUBSAMPLE = 0.8
OUTLIER_DISTANCE = 9.0  # robust standard deviations beyond the median distance from a group's centre
MIN_FOR_OUTLIERS = 8  # spectra of a group whose median distance can be estimated
_ROUNDING = 1e-5  # of the largest number: equal spectra come out of the network differing by less
NEIGHBOURS = 10  # whose labels give the probability of a spectrum where a method has none


@dataclass(frozen=True, slots=True)
class ClusteringMethod:
    """One clustering method; `help` says when to choose it, `chooses` whether it always finds the number of groups."""

    key: str
    name: str
    help: str
    chooses: bool = False


METHODS: Final = (
    ClusteringMethod("k-means", "K-means", "Compact groups of any size, each around its mean. A good first choice."),
    ClusteringMethod(
        "mixture", "Gaussian mixture", "Elongated groups that may overlap, with a probability for each spectrum."
    ),
    ClusteringMethod(
        "density", "HDBSCAN", "Dense groups of any shape; isolated spectra are outliers. Finds the number itself.", True
    ),
    ClusteringMethod("tree", "Agglomerative", "Merges the nearest groups step by step (Ward); keeps small groups."),
)


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Groups of N spectra: `labels` (N,) from 0, the largest first, -1 for outliers.

    `probabilities` (N,): the probability that a spectrum belongs to its group; for k-means, how often it was assigned
    to it when four fifths of the spectra were clustered again. `silhouette`: the mean of (distance to the nearest other
    group - to the own) over the larger, -1 to 1 (Rousseeuw 1987); 0 for a single group.
    """

    labels: Labels
    probabilities: NDArray[np.float32]
    n_clusters: int
    silhouette: float
    method: str = "k-means"


def cluster(
    features: Floats, n_clusters: int | None = None, method: str = "k-means", progress: Progress = SILENT
) -> Clusters:
    """Cluster rows of `features` (N, D) by one of METHODS; the number is chosen from the data when not given.

    Raises StudioError when there are fewer different spectra than groups or a row is not finite, Cancelled when asked
    to stop.
    """
    if method not in {known.key for known in METHODS}:
        keys = ", ".join(known.key for known in METHODS)
        raise StudioError(f"There is no clustering method called '{method}'.", remedy=f"Choose one of {keys}.")
    features = np.ascontiguousarray(features, dtype=np.float32)
    if not np.isfinite(features).all():
        n_broken = int((~np.isfinite(features).all(axis=1)).sum())
        raise StudioError(
            f"{n_broken} of {len(features)} spectra cannot be compared: they hold values that are not numbers.",
            remedy="Leave those out.",
        )
    n_different = _count_different(features)
    if n_clusters is not None and not 1 <= n_clusters <= n_different:
        spectra = f"{n_different} different spectra" if n_different > 1 else "Spectra that are all equal"
        raise StudioError(
            f"{spectra} cannot form {n_clusters} groups.",
            remedy="Ask for fewer groups, from 1 on, or give more spectra.",
        )
    if n_different < 2 or n_clusters == 1:
        return Clusters(np.zeros(len(features), np.int64), np.ones(len(features), np.float32), 1, 0.0, method)
    # groups are found on the smoothed rows; probabilities and outliers are judged on the original ones
    smoothed = smooth_over_neighbours(features)
    if method == "density":
        progress(0, 1, "densities")
        labels, probabilities = _hdbscan(smoothed)
        labels = np.where(_outliers(features, labels), OUTLIER, labels)
    else:
        count = n_clusters or _choose_number(smoothed, n_different, progress)
        labels, probabilities = (
            _FIT[method](smoothed, features, count, progress) if count > 1 else _single_group(features)
        )
    labels = _largest_first(labels)
    probabilities = np.where(labels == OUTLIER, np.float32(0), probabilities)
    n_found = int(labels.max(initial=0)) + 1
    return Clusters(labels, probabilities, n_found, _mean_silhouette(features, labels), method)


def _count_different(features: Floats) -> int:
    """The number of rows that differ by more than rounding."""
    rounded = np.rint(features / _rounding(features)).astype(np.int32)
    return len({row.tobytes() for row in rounded})


def all_equal(features: Floats) -> bool:
    """Return whether rows of `features` (N, D) differ by no more than rounding."""
    return not features.size or bool(np.ptp(features, axis=0).max() <= _rounding(features))


def _rounding(features: Floats) -> float:
    return _ROUNDING * max(float(np.abs(features).max(initial=0)), 1e-30)


def _single_group(features: Floats) -> Assignment:
    return np.zeros(len(features), np.int64), np.ones(len(features), np.float32)


def _largest_first(labels: Labels) -> Labels:
    """Number groups by size; where all are outliers, all are one group."""
    inside = labels >= 0
    if not inside.any():
        return np.zeros_like(labels)
    counts = np.bincount(labels[inside])
    order = np.argsort(np.argsort(-counts, kind="stable"))
    ordered: Labels = np.where(inside, order[np.maximum(labels, 0)], OUTLIER).astype(np.int64)
    return ordered


# The methods


def _kmeans(smoothed: Floats, features: Floats, count: int, progress: Progress) -> Assignment:
    fitted = _fit_kmeans(_subsample(smoothed, FIT_SAMPLE), count)
    labels = fitted.predict(smoothed).astype(np.int64)
    probabilities = _stability(features, fitted, labels, progress)
    return np.where(_outliers(features, labels), OUTLIER, labels), probabilities


def _gaussian_mixture(smoothed: Floats, features: Floats, count: int, progress: Progress) -> Assignment:
    from sklearn.mixture import GaussianMixture

    progress(0, 1, "fits of the mixture")
    rows = _reduce_dimensions(smoothed)
    sample = _subsample(rows, FIT_SAMPLE)
    full = len(sample) >= 4 * DENSITY_DIMENSIONS * count  # else too few to estimate the shape of each group
    initial = _fit_kmeans(smoothed, count).predict(smoothed)[_sample_indices(len(rows), FIT_SAMPLE)]
    mixture = GaussianMixture(
        count,
        covariance_type="full" if full else "diag",
        means_init=np.stack([sample[initial == group].mean(axis=0) for group in range(count)]),
        reg_covar=VARIANCE_FLOOR * float(sample.var(axis=0).mean()) + 1e-9,
        random_state=0,
    ).fit(sample)
    shares = mixture.predict_proba(rows)
    labels = shares.argmax(axis=1).astype(np.int64)
    return np.where(_outliers(features, labels), OUTLIER, labels), shares.max(axis=1).astype(np.float32)


def _hdbscan(features: Floats) -> Assignment:
    from sklearn.cluster import HDBSCAN

    rows = _reduce_dimensions(features)
    chosen = _sample_indices(len(rows), PAIRWISE_SAMPLE)
    min_size = max(MIN_MEAN_SIZE, min(25, len(chosen) // 50))
    if len(chosen) < 2 * min_size:  # too few for two groups
        return _single_group(features)
    fitted = HDBSCAN(min_cluster_size=min_size, min_samples=3, copy=True).fit(rows[chosen])
    labels, nearest = _assign_to_nearest(rows, chosen, fitted.labels_.astype(np.int64))
    return labels, fitted.probabilities_[nearest].astype(np.float32)


def _agglomerative(smoothed: Floats, features: Floats, count: int, progress: Progress) -> Assignment:
    progress(0, 1, "trees")
    chosen = _sample_indices(len(smoothed), PAIRWISE_SAMPLE)
    labels, _ = _assign_to_nearest(smoothed, chosen, _cut_tree(_ward_tree(smoothed[chosen]), count))
    labelled = _share_of_neighbours(features, chosen, labels)
    return np.where(_outliers(features, labels), OUTLIER, labels), labelled


_FIT: Final[dict[str, Callable[[Floats, Floats, int, Progress], Assignment]]] = {
    "k-means": _kmeans,
    "mixture": _gaussian_mixture,
    "tree": _agglomerative,
}


def _fit_kmeans(features: Floats, count: int) -> KMeans:
    """K-means initialised by Ward's tree cut into as many groups.

    From the best of ten random starts it finds .84 of the cultures of single cells right and .70 of raw minerals,
    from the tree .92 and .72; and always the same.
    """
    from sklearn.cluster import KMeans

    sample = _subsample(features, PAIRWISE_SAMPLE)
    cut = _cut_tree(_ward_tree(sample), count)
    if cut.max() + 1 < count:  # equal spectra: the tree cannot be cut into as many
        return KMeans(count, n_init=RANDOM_STARTS, random_state=0).fit(features)
    centres = np.stack([sample[cut == group].mean(axis=0) for group in range(count)])
    return KMeans(count, init=centres, n_init=1).fit(features)


def _sample_indices(n_rows: int, size: int) -> NDArray[np.intp]:
    """At most `size` of `n_rows` rows, the same each time, in order."""
    return np.sort(np.random.default_rng(0).permutation(n_rows)[:size])


def _subsample(features: Floats, size: int) -> Floats:
    return features[_sample_indices(len(features), size)] if len(features) > size else features


def _reduce_dimensions(features: Floats) -> Floats:
    """The first DENSITY_DIMENSIONS principal components (N, d)."""
    from sklearn.decomposition import PCA

    n_components = min(DENSITY_DIMENSIONS, *features.shape)
    rows: Floats = PCA(n_components, random_state=0).fit(_subsample(features, FIT_SAMPLE)).transform(features)
    return rows


def _assign_to_nearest(rows: Floats, chosen: NDArray[np.intp], labels: Labels) -> tuple[Labels, NDArray[np.intp]]:
    """Give every row the label of the nearest of the `chosen` rows -> labels (N,), and which of the chosen that is."""
    if len(chosen) == len(rows):
        return labels, np.arange(len(rows))
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=1).fit(rows[chosen]).kneighbors(rows, return_distance=False)[:, 0]
    return labels[nearest], nearest


def _share_of_neighbours(features: Floats, chosen: NDArray[np.intp], labels: Labels) -> NDArray[np.float32]:
    """The share of the nearest spectra that have the same label, (N,)."""
    from sklearn.neighbors import NearestNeighbors

    n_neighbours = min(NEIGHBOURS, len(chosen))
    nearest = NearestNeighbors(n_neighbors=n_neighbours).fit(features[chosen])
    neighbours = nearest.kneighbors(features, return_distance=False)
    share: NDArray[np.float32] = (labels[chosen][neighbours] == labels[:, None]).mean(axis=1).astype(np.float32)
    return share


def _outliers(features: Floats, labels: Labels) -> NDArray[np.bool_]:
    """Which spectra lie much farther from the centre of their group than the others of it, (N,)."""
    outliers = np.zeros(len(features), dtype=bool)
    for group in range(int(labels.max()) + 1):
        members = np.flatnonzero(labels == group)
        if len(members) >= MIN_FOR_OUTLIERS:
            rows = features[members]
            distance = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
            median = float(np.median(distance))
            spread = 1.4826 * float(np.median(np.abs(distance - median))) + 1e-12  # robust standard deviation
            # where most are the same, the spread is nothing and everything else would be an outlier
            outliers[members] = distance > median + OUTLIER_DISTANCE * max(spread, 0.05 * median, 1e-6)
    return outliers


# The number of groups


def _mean_silhouette(features: Floats, labels: Labels) -> float:
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    inside = inside[_sample_indices(len(inside), SELECTION_SAMPLE)]
    if not 1 < len(np.unique(labels[inside])) < len(inside):
        return 0.0
    return float(silhouette_score(features[inside], labels[inside]))


def _silhouette_of_distances(distances: Floats, labels: Labels, count: int) -> float:
    """The mean silhouette of rows whose `distances` (N, N) are known, by one matrix product."""
    membership = np.eye(count, dtype=np.float32)[labels]
    counted = np.ones(len(labels), dtype=bool)
    widths = silhouette.widths_from_sums(distances @ membership, membership.sum(axis=0), labels, counted)
    return float(widths.mean())


def _choose_number(features: Floats, n_different: int, progress: Progress) -> int:
    """The number of groups with the highest silhouette: nearest to the truth on sets whose substances are known.

    Of 14 cultures it finds 13, of 63 minerals 59, of simulated substances as many as there are, where Calinski and
    Harabasz's index says 2 and a mixture's BIC has no bound (benchmarks/EXPERIMENTS.md). Each number is tried by
    cutting Ward's tree: fitting k-means for each took twenty times as long and was no better.
    """
    from sklearn.metrics import pairwise_distances

    sample = features[np.random.default_rng(0).permutation(len(features))[:SELECTION_SAMPLE]]
    largest = min(MAX_CLUSTERS, n_different - 1, len(sample) // MIN_MEAN_SIZE)
    if largest < 2:
        return 1
    progress(0, largest - 1, "numbers of groups")
    distances = pairwise_distances(sample).astype(np.float32)
    tree = _ward_tree(sample)
    best, highest = 1, 0.0
    for count in range(2, largest + 1):
        progress(count - 2, largest - 1, "numbers of groups")
        score = _silhouette_of_distances(distances, _cut_tree(tree, count), count)
        if score > highest:
            best, highest = count, score
    return best


def _ward_tree(rows: Floats) -> Floats:
    """Ward's linkage of `rows` (N, D), in scipy's form (N - 1, 4)."""
    from scipy.cluster.hierarchy import linkage

    tree: Floats = linkage(rows, "ward")
    return tree


def _cut_tree(tree: Floats, count: int) -> Labels:
    """The tree cut into `count` groups -> labels (N,); fewer groups where rows are equal."""
    from scipy.cluster.hierarchy import fcluster

    labels: Labels = fcluster(tree, count, "maxclust").astype(np.int64) - 1
    return labels


def _stability(features: Floats, fitted: KMeans, labels: Labels, progress: Progress) -> NDArray[np.float32]:
    """How often each spectrum is assigned to the same group (N,) when only a share of the spectra are clustered."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    random = np.random.default_rng(0)
    n_same = np.zeros(len(features))
    size = max(fitted.n_clusters, min(round(SUBSAMPLE * len(features)), SELECTION_SAMPLE))
    for repeat in range(REPEATS):
        progress(repeat, REPEATS, "clusterings repeated")
        again = _fit_kmeans(features[random.permutation(len(features))[:size]], fitted.n_clusters)
        theirs, ours = linear_sum_assignment(cdist(again.cluster_centers_, fitted.cluster_centers_))
        n_same += ours[np.argsort(theirs)][again.predict(features)] == labels
    return (n_same / REPEATS).astype(np.float32)
