"""Explore: how spectra lie to each other, which belong together, and what sets the groups apart. Plain functions.

They work on the denoised spectra of one or many entries, as `Part`s, and know no window and no thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis import bands, clusters, projection
from ramanstudio.analysis.bands import Band
from ramanstudio.analysis.clusters import METHODS
from ramanstudio.groups import OUTLIER, Groups, Members
from ramanstudio.progress import SILENT, Progress
from ramanstudio.project import Explored
from ramanstudio.spectra import SpectrumSet

if TYPE_CHECKING:
    from ramanstudio.engine import Comparison, Engine

__all__ = ["METHODS", "Part", "Portrait", "explore", "find_groups", "portraits", "settle", "split"]

COMPONENTS, NEIGHBOURS = "components", "neighbours"  # the planes
FEWEST_KNOWN = 0.5  # of the spectra; with fewer a plane is laid out anew
PAINTED = 3000  # spectra that the bands are found on
NEAREST = 5

Parts = Sequence["Part"]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Denoised spectra of one entry, without those that could not be denoised: its `rows` (N,) in this order."""

    entry_id: int
    name: str
    rows: NDArray[np.int64]
    denoised: SpectrumSet


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


def explore(
    engine: Engine,
    parts: Parts,
    before: Explored | None = None,
    groups: Groups | None = None,
    progress: Progress = SILENT,
) -> tuple[Explored, Groups | None]:
    """How the spectra of `parts` lie to each other, and the `groups` there were with the new spectra in them.

    What `before` knows is not computed again, and stays where it was in the planes: new spectra are placed by those
    they are like. None for the groups where they know none of these spectra. Raises Cancelled when asked to stop.
    """
    members = members_of(parts)
    known = members.places_in(before.members) if before is not None else np.full(len(members), OUTLIER)
    comparison = engine.compare([part.denoised for part in parts], progress, _known_features(parts, before, engine))
    explored = Explored(
        members,
        comparison.features,
        comparison.likeness,
        comparison.range_cm,
        aside=_aside(parts, comparison),
        model=engine.card.name,
    )
    planes = _planes(explored, known, before)
    return replace(explored, planes=MappingProxyType(planes)), _followed(explored, groups)


def _known_features(parts: Parts, before: Explored | None, engine: Engine) -> list[NDArray[np.float32] | None]:
    """For each part the features that were read earlier by the same model, None where one is missing."""
    if before is None or before.model != engine.card.name or not before.features.size:
        return [None] * len(parts)
    found: list[NDArray[np.float32] | None] = []
    for part in parts:
        places = members_of([part]).places_in(before.members)
        found.append(before.features[places] if len(places) and (places >= 0).all() else None)
    return found


def _planes(explored: Explored, known: NDArray[np.intp], before: Explored | None) -> dict[str, NDArray[np.float32]]:
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
    if COMPONENTS not in planes:
        planes[COMPONENTS] = projection.components_plane(explored.likeness)
    return planes


def _followed(explored: Explored, groups: Groups | None) -> Groups | None:
    """`groups` for the spectra explored now; each new one joins the group of most of those it is like."""
    if groups is None:
        return None
    places = explored.members.places_in(groups.members)
    there = places >= 0
    if not there.any():
        return None
    nearest = np.full(len(places), OUTLIER, dtype=np.int64)
    labels = groups.labels[places[there]]
    if not there.all() and len(groups.groups):
        near = _nearest(explored.likeness[there], explored.likeness[~there])
        votes = np.stack([(labels[near] == group).sum(axis=1) for group in range(len(groups.groups))], axis=1)
        nearest[~there] = np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), OUTLIER)
    return groups.of(explored.members, nearest)


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
    which = f"{len(others)} of {len(parts)} entries have another axis than '{parts[0].name}' ({names})."
    if comparison.range_cm is None:
        return f"{which} They share too little of a range, so only their features are compared."
    low, high = comparison.range_cm
    return (
        f"{which} Compared as resampled to the {low:,.0f}–{high:,.0f} cm⁻¹ that all have; the spectra stay as they are."
    )


def find_groups(
    explored: Explored, count: int | None = None, method: str = METHODS[0].key, progress: Progress = SILENT
) -> Groups:
    """Find groups of spectra that are alike; how many is chosen by the data when `count` is None.

    Raises StudioError when there are fewer different spectra than groups, Cancelled when asked to stop.
    """
    found = clusters.cluster(explored.likeness, count, method, progress)
    return Groups.found(explored.members, found.labels, found.probabilities, method, found.silhouette)


def split(explored: Explored, groups: Groups, index: int, progress: Progress = SILENT) -> NDArray[np.int64]:
    """Which of two or more parts each spectrum of the group `index` is in, from 0; as the data part it.

    Raises StudioError when its spectra are all alike.
    """
    rows = explored.likeness[groups.labels == index]
    parts = clusters.cluster(rows, None, METHODS[0].key, progress)
    if parts.n_clusters < 2:
        parts = clusters.cluster(rows, 2, METHODS[0].key, progress)
    return np.maximum(parts.labels, 0)


def settle(explored: Explored, progress: Progress = SILENT, seed: int = 0) -> NDArray[np.float32]:
    """The plane in which each spectrum lies by those it is most like (N, 2); shows it as it settles.

    Raises Cancelled when asked to stop: what was shown last is as far as it came.
    """
    start = explored.planes.get(COMPONENTS)
    if start is None:
        start = projection.components_plane(explored.likeness)
    return projection.settle(explored.likeness, start, progress, seed)


def portraits(
    parts: Parts, groups: Groups, range_cm: tuple[float, float] | None, progress: Progress = SILENT
) -> tuple[Portrait, ...]:
    """The mean of each group, its spread, and the bands that set it apart from the others.

    Over the axis that all parts have, or over `range_cm` where they differ; without one, of those on the first axis.
    """
    if not parts or not groups.groups:
        return ()
    axis, taken = _common_axis(parts, range_cm)
    places = members_of(taken).places_in(groups.members)
    labels = np.where(places >= 0, groups.labels[places], OUTLIER)
    values = [_on(axis, part.denoised) for part in progress.steps(taken, "entries")]
    everyone = values[0] if len(values) == 1 else np.concatenate(values)
    means, spreads = bands.mean_and_spread(everyone, labels, len(groups.groups))
    some = np.random.default_rng(0).permutation(len(everyone))[:PAINTED]
    found = []
    for group in progress.steps(range(len(groups.groups)), "groups"):
        apart = bands.distinguishing(axis, everyone[some], labels[some], group) if (labels[some] == group).any() else ()
        found.append(Portrait(axis, means[group], spreads[group], tuple(apart)))
    return tuple(found)


def _common_axis(parts: Parts, range_cm: tuple[float, float] | None) -> tuple[NDArray[np.float64], list[Part]]:
    first = parts[0].denoised
    same = [part for part in parts if part.denoised.same_axis(first)]
    if len(same) == len(parts) or range_cm is None:
        return first.axis, same
    step = float(np.median([np.median(np.diff(part.denoised.axis)) for part in parts]))
    return np.linspace(*range_cm, max(2, int((range_cm[1] - range_cm[0]) / step) + 1)), list(parts)


def _on(axis: NDArray[np.float64], spectra: SpectrumSet) -> NDArray[np.float32]:
    if spectra.axis is axis or np.array_equal(spectra.axis, axis):
        return spectra.values
    return np.stack([np.interp(axis, spectra.axis, row) for row in spectra.values]).astype(np.float32)
