"""Explore: how spectra lie to each other, which belong together, and what sets the groups apart. Plain functions.

They work on the denoised spectra of one or many entries, as `Part`s, and know no window and no thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.clustering import clusters, group_bands, projection
from ramanstudio.clustering.clusters import METHODS
from ramanstudio.clustering.group_bands import Band
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import is_finite
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Exploration
from ramanstudio.signal import comparison as compare
from ramanstudio.signal import map_channels

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.signal.comparison import Comparison

COMPONENTS, NEIGHBOURS = "components", "neighbours"  # the planes
FEWEST_KNOWN = 0.5  # of the spectra; with fewer a plane is laid out anew
EQUAL = "The spectra are all equal: nothing tells them apart."
SAME_RANGE = 0.8  # of the wider range that both share; with less a plane is laid out anew
PAINTED = 3000  # spectra that the bands are found on
NEAREST = 5

Parts = Sequence["Part"]
Shifts = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Denoised spectra of one entry, without those that could not be denoised: its `rows` (N,) in this order."""

    entry_id: int
    name: str
    rows: NDArray[np.int64]
    denoised: SpectrumSet

    @classmethod
    def of(cls, entry_id: int, name: str, denoised: SpectrumSet, rows: NDArray[np.int64] | None = None) -> Part:
        """The `rows` (all, unless told) of an entry's `denoised` spectra that hold numbers only, and were measured."""
        chosen = denoised if rows is None else denoised[rows]
        rows = np.arange(len(denoised)) if rows is None else rows
        whole, there = is_finite(chosen), map_channels.measured_rows(chosen.values)
        if (whole & there).any():
            whole &= there
        return cls(entry_id, name, rows[whole], chosen if whole.all() else chosen[whole])


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """What a group looks like: mean and spread (standard deviation) at `axis` (B,), and the bands that set it apart."""

    axis: NDArray[np.float64]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    bands: tuple[Band, ...]


def members_of(parts: Parts) -> Members:
    """The spectra of all parts, in order."""
    if not parts:
        return Members.of_entries([])
    ids = np.repeat(np.array([part.entry_id for part in parts], dtype=np.int64), [len(part.rows) for part in parts])
    return Members(ids, np.concatenate([part.rows for part in parts]))


def largest_overlap(parts: Parts) -> tuple[list[Part], list[Part]]:
    """The parts that share a range with most, and those that reach so much less far that they are better left out."""
    kept = compare.largest_overlap([part.denoised for part in parts]) if parts else ()
    pairs = list(zip(parts, kept, strict=True))
    return [part for part, keep in pairs if keep], [part for part, keep in pairs if not keep]


def sharing_a_range(parts: Parts) -> list[Part]:
    """Return the parts that share a range: as many spectra over as wide a range as possible; none where none do."""
    kept = compare.largest_overlap([part.denoised for part in parts], min_share=0.0) if parts else ()
    sharing = [part for part, keep in zip(parts, kept, strict=True) if keep]
    return sharing if sharing and compare.common_axis([part.denoised for part in sharing]) is not None else []


def explore(
    engine: Engine,
    parts: Parts,
    before: Exploration | None = None,
    groups: Groups | None = None,
    progress: Progress = SILENT,
) -> tuple[Exploration, Groups | None]:
    """How the spectra of `parts` lie to each other, and the `groups` there were with the new spectra in them.

    What `before` knows is not computed again, and stays where it was in the planes: new spectra are placed by those
    they are like, unless they are compared over quite another range than before. None for the groups where they know
    none of these spectra. Raises Cancelled when asked to stop.
    """
    members = members_of(parts)
    known = members.positions_in(before.members) if before is not None else np.full(len(members), OUTLIER)
    comparison = engine.compare([part.denoised for part in parts], progress, _known_features(parts, before, engine))
    explored = Exploration(
        members,
        comparison.features,
        comparison.likeness,
        comparison.range_cm,
        aside=EQUAL if clusters.all_equal(comparison.likeness) else _aside(parts, comparison),
        model=engine.card.name,
    )
    stays = before is not None and _same_range(before.range_cm, explored.range_cm)
    planes = _planes(explored, known, before if stays else None)
    return replace(explored, planes=MappingProxyType(planes)), _followed(explored, groups)


def _known_features(parts: Parts, before: Exploration | None, engine: Engine) -> list[NDArray[np.float32] | None]:
    """For each part the features that were read earlier by the same model, None where one is missing."""
    if before is None or before.model != engine.card.name or not before.features.size:
        return [None] * len(parts)
    found: list[NDArray[np.float32] | None] = []
    for part in parts:
        places = members_of([part]).positions_in(before.members)
        found.append(before.features[places] if len(places) and (places >= 0).all() else None)
    return found


def _same_range(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    if one is None or other is None:
        return one is other
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared >= SAME_RANGE * max(one[1] - one[0], other[1] - other[0])


def _planes(
    explored: Exploration, known: NDArray[np.intp], before: Exploration | None
) -> dict[str, NDArray[np.float32]]:
    """The planes of `before` with the new spectra in them; the components anew where too little is known."""
    there = known >= 0
    planes: dict[str, NDArray[np.float32]] = {}
    if before is not None and there.mean() >= FEWEST_KNOWN:
        for layout, old in before.planes.items():
            plane = np.empty((len(known), 2), dtype=np.float32)
            plane[there] = old[known[there]]
            if not there.all():
                plane[~there] = projection.place(explored.likeness[there], plane[there], explored.likeness[~there])
            planes[layout] = plane
    if clusters.all_equal(explored.likeness):
        planes[COMPONENTS] = np.zeros((len(known), 2), dtype=np.float32)
    if COMPONENTS not in planes:
        planes[COMPONENTS] = projection.pca_layout(explored.likeness)
    return planes


def _followed(explored: Exploration, groups: Groups | None) -> Groups | None:
    """`groups` for the spectra explored now; each new one joins the group of most of those it is like."""
    if groups is None:
        return None
    places = explored.members.positions_in(groups.members)
    there = places >= 0
    if not there.any():
        return None
    nearest = np.full(len(places), OUTLIER, dtype=np.int64)
    labels = groups.labels[places[there]]
    if not there.all() and len(groups.groups):
        near = _nearest(explored.likeness[there], explored.likeness[~there])
        votes = np.stack([(labels[near] == group).sum(axis=1) for group in range(len(groups.groups))], axis=1)
        nearest[~there] = np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), OUTLIER)
    return groups.for_members(explored.members, nearest)


def _nearest(known: NDArray[np.float32], new: NDArray[np.float32]) -> NDArray[np.intp]:
    """Which of `known` (N, K) each of `new` (M, K) is most like, (M, up to NEAREST)."""
    from sklearn.neighbors import NearestNeighbors

    near: NDArray[np.intp] = NearestNeighbors(n_neighbors=min(NEAREST, len(known))).fit(known).kneighbors(new)[1]
    return near


def _aside(parts: Parts, comparison: Comparison) -> str:
    """What to say where the spectra do not share an axis."""
    first = parts[0].denoised if parts else None
    others = [part for part in parts if first is not None and not part.denoised.same_axis(first)]
    if not others or first is None:
        return ""
    names = ", ".join(f"'{part.name}'" for part in others[:3]) + (" …" if len(others) > 3 else "")
    which = f"{len(others):,} of {len(parts):,} entries have another axis than '{parts[0].name}' ({names})."
    if comparison.range_cm is None:
        return f"{which} They share too little of a range, so only their features are compared."
    low, high = comparison.range_cm
    return (
        f"{which} Compared as resampled to the {low:,.0f}–{high:,.0f} cm⁻¹ that all have; the spectra stay as they are."
    )


def find_groups(
    explored: Exploration, count: int | None = None, method: str = METHODS[0].key, progress: Progress = SILENT
) -> Groups:
    """Find groups of spectra that are alike; how many is chosen by the data when `count` is None.

    Raises StudioError when there are fewer different spectra than groups, Cancelled when asked to stop.
    """
    found = clusters.cluster(explored.likeness, count, method, progress)
    return Groups.from_clustering(explored.members, found.labels, found.probabilities, method, found.silhouette)


def split(explored: Exploration, groups: Groups, index: int, progress: Progress = SILENT) -> NDArray[np.int64]:
    """Which of two or more parts each spectrum of the group `index` is in, from 0; as the data part it.

    Raises StudioError when its spectra are all alike.
    """
    rows = explored.likeness[groups.labels == index]
    parts = clusters.cluster(rows, None, METHODS[0].key, progress)
    if parts.n_clusters < 2:
        parts = clusters.cluster(rows, 2, METHODS[0].key, progress)
    return np.maximum(parts.labels, 0)


def tsne_layout(explored: Exploration, progress: Progress = SILENT, seed: int = 0) -> NDArray[np.float32]:
    """The plane in which each spectrum lies by those it is most like (N, 2); shows it as it settles.

    Raises Cancelled when asked to stop: what was shown last is as far as it came.
    """
    start = explored.planes.get(COMPONENTS)
    if start is None:
        start = projection.pca_layout(explored.likeness)
    return projection.tsne_layout(explored.likeness, start, progress, seed)


def portraits(parts: Parts, groups: Groups, progress: Progress = SILENT) -> tuple[Portrait, ...]:
    """The mean of each group, its spread, and the bands that set it apart from the others.

    On the axis that the parts were compared on; where they share too little, of those on the first part's axis.
    """
    if not parts or not groups.groups:
        return ()
    axis, values, labels = _side_by_side(parts, groups, progress)
    many = len(groups.groups)
    means, spreads = group_bands.mean_and_deviation(values, labels, many)
    some = np.random.default_rng(0).permutation(len(values))[:PAINTED]
    progress(0, 1, "bands")
    apart = group_bands.distinguishing_bands_of_all(axis, values[some], labels[some], many)
    return tuple(Portrait(axis, *of) for of in zip(means, spreads, apart, strict=True))


def means(parts: Parts, groups: Groups, progress: Progress = SILENT) -> tuple[Shifts, Floats, Floats]:
    """The axis (B,) of the portraits, and the mean and the spread of each group (K, B), without its bands."""
    axis, values, labels = _side_by_side(parts, groups, progress)
    return (axis, *group_bands.mean_and_deviation(values, labels, len(groups.groups)))


def _side_by_side(parts: Parts, groups: Groups, progress: Progress) -> tuple[Shifts, Floats, NDArray[np.int64]]:
    """The axis (B,), the denoised spectra on it (N, B), and the group of each (N,)."""
    axis = compare.common_axis([part.denoised for part in parts])
    if axis is None:
        axis = parts[0].denoised.axis
        parts = [part for part in parts if part.denoised.same_axis(parts[0].denoised)]
    places = members_of(parts).positions_in(groups.members)
    labels = np.where(places >= 0, groups.labels[places], OUTLIER)
    values = [compare.resampled(part.denoised, axis) for part in progress.steps(parts, "entries")]
    return axis, values[0] if len(values) == 1 else np.concatenate(values), labels
