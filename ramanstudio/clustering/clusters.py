"""Groups of spectra: which belong together, how surely, and into how many they fall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.clustering import silhouette as apart
from ramanstudio.clustering.neighbour_smoothing import smooth_over_neighbours
from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]
Found = tuple[Labels, NDArray[np.float32]]  # labels and probabilities, (N,) each

MOST = 60  # groups looked for when the number is not told
FEWEST_A_GROUP = 3  # spectra, on the average, in the most groups that are tried
STARTS = 10
ENOUGH = 2000  # spectra that the number of groups is chosen on
MANY = 10_000  # spectra that groups are made from; others join the group they are nearest to
MANY_PAIRS = 5000  # the same for methods that compare all pairs
MIXTURE_FLOOR = 0.02  # of the variance that every group keeps, so that none shrinks onto one spectrum
DIMENSIONS = 16  # in which a density can be told
REPEATS = 20  # times that the spectra are grouped again, from SHARE of them (of ENOUGH at most)
SHARE = 0.8
FAR = 9.0  # robust standard deviations beyond the usual distance from a group's middle: an outlier
FEWEST_FOR_FAR = 8  # spectra of a group whose usual distance can be told
_ROUNDING = 1e-5  # of the largest number: equal spectra come out of the network differing by less
NEIGHBOURS = 10  # that say how surely a spectrum belongs where a method does not


@dataclass(frozen=True, slots=True)
class Method:
    """One way to find groups; `help` says in a line when to choose it, `chooses` whether it always finds the number."""

    key: str
    name: str
    help: str
    chooses: bool = False


METHODS: Final = (
    Method("k-means", "K-means", "Round groups of any size, each about its mean; the right start for most sets."),
    Method("mixture", "Gaussian mixture", "Stretched groups that may overlap; tells the chance of each spectrum."),
    Method(
        "density", "HDBSCAN", "Dense groups of any shape, what lies between them left out; finds their number.", True
    ),
    Method("tree", "Agglomerative", "Joins what is nearest, step by step (Ward); even small groups stay apart."),
)


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Groups of spectra: `labels` (N,) from 0, the largest first, -1 for outliers; how surely each belongs, how apart.

    `probabilities` (N,): the chance that a spectrum belongs to its group; by k-means, how often it fell into it when
    the groups were found again from four fifths of the spectra. `silhouette`: the mean of (distance to the next group
    - to the own) over the larger, -1 to 1 (Rousseeuw 1987); 0 where there is but one group.
    """

    labels: Labels
    probabilities: NDArray[np.float32]
    n_clusters: int
    silhouette: float
    method: str = "k-means"


def cluster(
    features: Floats, n_clusters: int | None = None, method: str = "k-means", progress: Progress = SILENT
) -> Clusters:
    """Group rows of `features` (N, D) by one of METHODS; the number of groups is chosen by the data if not told.

    Raises StudioError when fewer different spectra than groups are there, Cancelled when asked to stop.
    """
    if method not in {one.key for one in METHODS}:
        known = ", ".join(one.key for one in METHODS)
        raise StudioError(f"There is no way to group called '{method}'.", remedy=f"Choose one of {known}.")
    features = np.ascontiguousarray(features, dtype=np.float32)
    if not np.isfinite(features).all():
        broken = int((~np.isfinite(features).all(axis=1)).sum())
        raise StudioError(
            f"{broken} of {len(features)} spectra cannot be compared: they hold values that are not numbers.",
            remedy="Leave those out.",
        )
    different = _different(features)
    if n_clusters is not None and not 1 <= n_clusters <= different:
        spectra = f"{different} different spectra" if different > 1 else "Spectra that are all equal"
        raise StudioError(
            f"{spectra} cannot form {n_clusters} groups.",
            remedy="Ask for fewer groups, from 1 on, or give more spectra.",
        )
    if different < 2 or n_clusters == 1:
        return Clusters(np.zeros(len(features), np.int64), np.ones(len(features), np.float32), 1, 0.0, method)
    drawn = smooth_over_neighbours(features)  # who belongs together is found on these, how surely and who strays is not
    if method == "density":
        progress(0, 1, "crowds")
        labels, chances = _by_density(drawn)
        labels = np.where(_far(features, labels), OUTLIER, labels)
    else:
        count = n_clusters or _number_of_groups(drawn, different, progress)
        labels, chances = _BY[method](drawn, features, count, progress) if count > 1 else _one_group(features)
    labels = _largest_first(labels)
    chances = np.where(labels == OUTLIER, np.float32(0), chances)
    many = int(labels.max(initial=0)) + 1
    return Clusters(labels, chances, many, _silhouette(features, labels), method)


def _different(features: Floats) -> int:
    """How many rows differ by more than rounding does."""
    whole = np.rint(features / _rounding(features)).astype(np.int32)
    return len({row.tobytes() for row in whole})


def all_equal(features: Floats) -> bool:
    """Whether rows of `features` (N, D) differ by no more than rounding does."""
    return not features.size or bool(np.ptp(features, axis=0).max() <= _rounding(features))


def _rounding(features: Floats) -> float:
    return _ROUNDING * max(float(np.abs(features).max(initial=0)), 1e-30)


def _one_group(features: Floats) -> Found:
    return np.zeros(len(features), np.int64), np.ones(len(features), np.float32)


def _largest_first(labels: Labels) -> Labels:
    inside = labels >= 0
    if not inside.any():
        return np.zeros_like(labels)  # nothing stands out: all are one group
    counts = np.bincount(labels[inside])
    order = np.argsort(np.argsort(-counts, kind="stable"))
    largest_first: Labels = np.where(inside, order[np.maximum(labels, 0)], OUTLIER).astype(np.int64)
    return largest_first


# The methods


def _by_means(drawn: Floats, features: Floats, count: int, progress: Progress) -> Found:
    means = _means(_some(drawn, MANY), count)
    labels = means.predict(drawn).astype(np.int64)
    chances = _how_surely(features, means, labels, progress)
    return np.where(_far(features, labels), OUTLIER, labels), chances


def _by_mixture(drawn: Floats, features: Floats, count: int, progress: Progress) -> Found:
    from sklearn.mixture import GaussianMixture

    progress(0, 1, "fits of the mixture")
    rows = _in_few_dimensions(drawn)
    some = _some(rows, MANY)
    full = len(some) >= 4 * DIMENSIONS * count  # else there is too little to tell the shape of each group
    begun = _means(drawn, count).predict(drawn)[_sample(len(rows), MANY)]
    mixture = GaussianMixture(
        count,
        covariance_type="full" if full else "diag",
        means_init=np.stack([some[begun == group].mean(axis=0) for group in range(count)]),
        reg_covar=MIXTURE_FLOOR * float(some.var(axis=0).mean()) + 1e-9,
        random_state=0,
    ).fit(some)
    shares = mixture.predict_proba(rows)
    labels = shares.argmax(axis=1).astype(np.int64)
    return np.where(_far(features, labels), OUTLIER, labels), shares.max(axis=1).astype(np.float32)


def _by_density(features: Floats) -> Found:
    from sklearn.cluster import HDBSCAN

    rows = _in_few_dimensions(features)
    chosen = _sample(len(rows), MANY_PAIRS)
    fewest = max(FEWEST_A_GROUP, min(25, len(chosen) // 50))
    if len(chosen) < 2 * fewest:  # too few for two crowds
        return _one_group(features)
    found = HDBSCAN(min_cluster_size=fewest, min_samples=3, copy=True).fit(rows[chosen])
    labels, near = _joined_to(rows, chosen, found.labels_.astype(np.int64))
    return labels, found.probabilities_[near].astype(np.float32)


def _by_tree(drawn: Floats, features: Floats, count: int, progress: Progress) -> Found:
    progress(0, 1, "trees")
    chosen = _sample(len(drawn), MANY_PAIRS)
    labels, _ = _joined_to(drawn, chosen, _cut(_tree(drawn[chosen]), count))
    return np.where(_far(features, labels), OUTLIER, labels), _share_of_neighbours(features, chosen, labels)


_BY: Final[dict[str, Callable[[Floats, Floats, int, Progress], Found]]] = {
    "k-means": _by_means,
    "mixture": _by_mixture,
    "tree": _by_tree,
}


def _means(features: Floats, count: int) -> KMeans:
    """K-means that starts from Ward's tree cut into as many groups.

    From the best of ten random starts it finds .84 of the cultures of single cells right and .70 of raw minerals,
    from the tree .92 and .72; and always the same.
    """
    from sklearn.cluster import KMeans

    some = _some(features, MANY_PAIRS)
    cut = _cut(_tree(some), count)
    if cut.max() + 1 < count:  # equal spectra: the tree cannot be cut so fine
        return KMeans(count, n_init=STARTS, random_state=0).fit(features)
    centres = np.stack([some[cut == group].mean(axis=0) for group in range(count)])
    return KMeans(count, init=centres, n_init=1).fit(features)


def _sample(many: int, most: int) -> NDArray[np.intp]:
    """At most `most` of `many` rows, the same each time, in order."""
    return np.sort(np.random.default_rng(0).permutation(many)[:most])


def _some(features: Floats, most: int) -> Floats:
    return features[_sample(len(features), most)] if len(features) > most else features


def _in_few_dimensions(features: Floats) -> Floats:
    from sklearn.decomposition import PCA

    few = min(DIMENSIONS, *features.shape)
    rows: Floats = PCA(few, random_state=0).fit(_some(features, MANY)).transform(features)
    return rows


def _joined_to(rows: Floats, chosen: NDArray[np.intp], labels: Labels) -> tuple[Labels, NDArray[np.intp]]:
    """The label of the nearest of the `chosen` rows for every row, and which of the chosen that is."""
    if len(chosen) == len(rows):
        return labels, np.arange(len(rows))
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=1).fit(rows[chosen]).kneighbors(rows, return_distance=False)[:, 0]
    return labels[near], near


def _share_of_neighbours(features: Floats, chosen: NDArray[np.intp], labels: Labels) -> NDArray[np.float32]:
    """Which share of the nearest spectra have the same label, (N,)."""
    from sklearn.neighbors import NearestNeighbors

    many = min(NEIGHBOURS, len(chosen))
    near = NearestNeighbors(n_neighbors=many).fit(features[chosen]).kneighbors(features, return_distance=False)
    share: NDArray[np.float32] = (labels[chosen][near] == labels[:, None]).mean(axis=1).astype(np.float32)
    return share


def _usual(numbers: Floats) -> tuple[float, float]:
    """Median and robust standard deviation."""
    middle = float(np.median(numbers))
    return middle, 1.4826 * float(np.median(np.abs(numbers - middle))) + 1e-12


def _far(features: Floats, labels: Labels) -> NDArray[np.bool_]:
    """Which spectra lie much farther from the middle of their group than the others of it do, (N,)."""
    far = np.zeros(len(features), dtype=bool)
    for group in range(int(labels.max()) + 1):
        inside = np.flatnonzero(labels == group)
        if len(inside) >= FEWEST_FOR_FAR:
            rows = features[inside]
            distance = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
            usual, spread = _usual(distance)
            # where most are the same, the spread is nothing and everything else would be far
            far[inside] = distance > usual + FAR * max(spread, 0.05 * usual, 1e-6)
    return far


# How many groups


def _silhouette(features: Floats, labels: Labels) -> float:
    from sklearn.metrics import silhouette_score

    inside = np.flatnonzero(labels >= 0)
    inside = inside[_sample(len(inside), ENOUGH)]
    if not 1 < len(np.unique(labels[inside])) < len(inside):
        return 0.0
    return float(silhouette_score(features[inside], labels[inside]))


def _silhouettes(distances: Floats, labels: Labels, count: int) -> float:
    """The mean silhouette of rows whose `distances` (N, N) are known, by one product of matrices."""
    ones = np.eye(count, dtype=np.float32)[labels]
    return float(apart.widths(distances @ ones, ones.sum(axis=0), labels, np.ones(len(labels), dtype=bool)).mean())


def _number_of_groups(features: Floats, different: int, progress: Progress) -> int:
    """The number with the best silhouette: nearest to the truth on sets whose substances are known.

    Of 14 cultures it finds 13, of 63 minerals 59, of simulated substances as many as there are, where Calinski and
    Harabasz's index says 2 and a mixture's BIC has no bound (benchmarks/EXPERIMENTS.md). Each number is tried by
    cutting Ward's tree into so many: a fit of k-means for each took twenty times as long and found no more.
    """
    from sklearn.metrics import pairwise_distances

    some = features[np.random.default_rng(0).permutation(len(features))[:ENOUGH]]
    most = min(MOST, different - 1, len(some) // FEWEST_A_GROUP)
    if most < 2:
        return 1
    progress(0, most - 1, "numbers of groups")
    distances = pairwise_distances(some).astype(np.float32)
    tree = _tree(some)
    best, highest = 1, 0.0
    for count in range(2, most + 1):
        progress(count - 2, most - 1, "numbers of groups")
        found = _silhouettes(distances, _cut(tree, count), count)
        if found > highest:
            best, highest = count, found
    return best


def _tree(rows: Floats) -> Floats:
    """Ward's tree of `rows` (N, D): what joins what, as scipy writes it (N - 1, 4)."""
    from scipy.cluster.hierarchy import linkage

    tree: Floats = linkage(rows, "ward")
    return tree


def _cut(tree: Floats, count: int) -> Labels:
    """The tree cut into `count` groups -> labels (N,); fewer where rows are equal."""
    from scipy.cluster.hierarchy import fcluster

    labels: Labels = fcluster(tree, count, "maxclust").astype(np.int64) - 1
    return labels


def _how_surely(features: Floats, means: KMeans, labels: Labels, progress: Progress) -> NDArray[np.float32]:
    """How often each spectrum falls into the same group (N,) when only a share of them make the groups."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    random = np.random.default_rng(0)
    same = np.zeros(len(features))
    size = max(means.n_clusters, min(round(SHARE * len(features)), ENOUGH))
    for repeat in range(REPEATS):
        progress(repeat, REPEATS, "times grouped again")
        again = _means(features[random.permutation(len(features))[:size]], means.n_clusters)
        theirs, ours = linear_sum_assignment(cdist(again.cluster_centers_, means.cluster_centers_))
        same += ours[np.argsort(theirs)][again.predict(features)] == labels
    return (same / REPEATS).astype(np.float32)
