"""Explore: compare the spectra of several entries, lay them out in a plane, group them and summarise the groups.

Plain functions on denoised spectra; they know no window and no thread.
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
from ramanstudio.clustering.group_bands import GroupBand
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.numbers import format_number
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import is_finite
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Exploration
from ramanstudio.signal import comparison, map_channels

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.signal.comparison import Comparison

PCA, TSNE = "components", "neighbours"  # the names of the layouts in project files
MIN_KNOWN = 0.5  # of the spectra; with fewer a layout is computed anew
ALL_EQUAL = "The spectra are all equal: nothing distinguishes them."
SAME_RANGE = 0.8  # of the wider range that both share; with less a layout is computed anew
BAND_SAMPLE = 3000  # spectra that distinguishing bands are found on
NEAREST = 5

Shifts = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class EntrySpectra:
    """The denoised spectra of one entry that can be explored: its `rows` (N,), in the order of `denoised` (N, B)."""

    entry_id: int
    name: str
    rows: NDArray[np.int64]
    denoised: SpectrumSet

    @classmethod
    def select(
        cls, entry_id: int, name: str, denoised: SpectrumSet, rows: NDArray[np.int64] | None = None
    ) -> EntrySpectra:
        """Select the `rows` (M,), or all, of an entry's `denoised` spectra that are finite and were measured."""
        chosen = denoised if rows is None else denoised[rows]
        rows = np.arange(len(denoised)) if rows is None else rows
        finite, measured = is_finite(chosen), map_channels.measured_rows(chosen.values)
        kept = finite & measured if (finite & measured).any() else finite
        return cls(entry_id, name, rows[kept], chosen if kept.all() else chosen[kept])


@dataclass(frozen=True, slots=True, eq=False)
class GroupSummary:
    """A group's `mean` and standard deviation `spread` (B,) at `axis` (B,), and its distinguishing `bands`."""

    axis: NDArray[np.float64]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    bands: tuple[GroupBand, ...]


def members_of(entries: Sequence[EntrySpectra]) -> Members:
    """Return the spectra of all `entries`, in order."""
    if not entries:
        return Members.of_entries([])
    counts = [len(entry.rows) for entry in entries]
    ids = np.repeat(np.array([entry.entry_id for entry in entries], dtype=np.int64), counts)
    return Members(ids, np.concatenate([entry.rows for entry in entries]))


def largest_overlap(entries: Sequence[EntrySpectra]) -> tuple[list[EntrySpectra], list[EntrySpectra]]:
    """Return the entries that share a wide range, and those that had better be left out as they would shorten it."""
    kept = comparison.largest_overlap([entry.denoised for entry in entries]) if entries else ()
    pairs = list(zip(entries, kept, strict=True))
    return [entry for entry, keep in pairs if keep], [entry for entry, keep in pairs if not keep]


def sharing_a_range(entries: Sequence[EntrySpectra]) -> list[EntrySpectra]:
    """Return the entries that share a range: as many spectra over as wide a range as possible; none where none do."""
    kept = comparison.largest_overlap([entry.denoised for entry in entries], min_kept=0.0) if entries else ()
    sharing = [entry for entry, keep in zip(entries, kept, strict=True) if keep]
    return sharing if sharing and comparison.common_axis([entry.denoised for entry in sharing]) is not None else []


def explore(
    engine: Engine,
    entries: Sequence[EntrySpectra],
    before: Exploration | None = None,
    groups: Groups | None = None,
    progress: Progress = SILENT,
) -> tuple[Exploration, Groups | None]:
    """Compare the spectra of `entries`, lay them out in a plane, and put new ones into the existing `groups`.

    What `before` holds is not computed again and keeps its position in the layouts; new spectra are placed beside their
    nearest neighbours, unless the range compared is quite another. The groups are None when none of their spectra is
    here. Raises Cancelled when asked to stop.
    """
    members = members_of(entries)
    known = members.positions_in(before.members) if before is not None else np.full(len(members), OUTLIER)
    spectra = [entry.denoised for entry in entries]
    compared = engine.compare(spectra, progress, _known_features(entries, before, engine))
    exploration = Exploration(
        members,
        compared.features,
        compared.coordinates,
        compared.range_cm,
        aside=ALL_EQUAL if clusters.all_equal(compared.coordinates) else _note_on_axes(entries, compared),
        model=engine.card.name,
    )
    keeps = before is not None and _same_range(before.range_cm, exploration.range_cm)
    layouts = _layouts(exploration, known, before if keeps else None)
    return replace(exploration, planes=MappingProxyType(layouts)), _assign_new_members(exploration, groups)


def _known_features(
    entries: Sequence[EntrySpectra], before: Exploration | None, engine: Engine
) -> list[NDArray[np.float32] | None]:
    """The features of each entry that the same model computed earlier, None where one is missing."""
    if before is None or before.model != engine.card.name or not before.features.size:
        return [None] * len(entries)
    known: list[NDArray[np.float32] | None] = []
    for entry in entries:
        positions = members_of([entry]).positions_in(before.members)
        known.append(before.features[positions] if len(positions) and (positions >= 0).all() else None)
    return known


def _same_range(first: ShiftRange | None, second: ShiftRange | None) -> bool:
    """Whether two ranges overlap so far that layouts by them can be compared."""
    if first is None or second is None:
        return first is second
    shared = min(first[1], second[1]) - max(first[0], second[0])
    return shared >= SAME_RANGE * max(first[1] - first[0], second[1] - second[0])


def _layouts(
    exploration: Exploration, known: NDArray[np.intp], before: Exploration | None
) -> dict[str, NDArray[np.float32]]:
    """The layouts of `before` with the new spectra in them; the principal components anew where too few are known.

    `known` (N,) are the positions of the spectra in `before`, negative for new ones.
    """
    is_known, coordinates = known >= 0, exploration.coordinates
    layouts: dict[str, NDArray[np.float32]] = {}
    if before is not None and is_known.mean() >= MIN_KNOWN:
        for name, old in before.planes.items():
            layout = np.empty((len(known), 2), dtype=np.float32)
            layout[is_known] = old[known[is_known]]
            if not is_known.all():
                layout[~is_known] = projection.place_in_layout(
                    coordinates[is_known], layout[is_known], coordinates[~is_known]
                )
            layouts[name] = layout
    if clusters.all_equal(coordinates):
        layouts[PCA] = np.zeros((len(known), 2), dtype=np.float32)
    if PCA not in layouts:
        layouts[PCA] = projection.pca_layout(coordinates)
    return layouts


def _assign_new_members(exploration: Exploration, groups: Groups | None) -> Groups | None:
    """`groups` of the spectra explored now; a new one joins the group of most of its nearest neighbours."""
    if groups is None:
        return None
    positions = exploration.members.positions_in(groups.members)
    is_known = positions >= 0
    if not is_known.any():
        return None
    assigned = np.full(len(positions), OUTLIER, dtype=np.int64)
    labels = groups.labels[positions[is_known]]
    if not is_known.all() and len(groups.groups):
        nearest = _nearest(exploration.coordinates[is_known], exploration.coordinates[~is_known])
        votes = np.stack([(labels[nearest] == group).sum(axis=1) for group in range(len(groups.groups))], axis=1)
        assigned[~is_known] = np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), OUTLIER)
    return groups.for_members(exploration.members, assigned)


def _nearest(known: NDArray[np.float32], new: NDArray[np.float32]) -> NDArray[np.intp]:
    """The nearest of `known` (N, K) to each of `new` (M, K), (M, up to NEAREST)."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=min(NEAREST, len(known))).fit(known)
    nearest: NDArray[np.intp] = search.kneighbors(new)[1]
    return nearest


def _note_on_axes(entries: Sequence[EntrySpectra], compared: Comparison) -> str:
    """The note for the user where the spectra do not share an axis."""
    first = entries[0].denoised if entries else None
    others = [entry for entry in entries if first is not None and not entry.denoised.same_axis(first)]
    if not others or first is None:
        return ""
    names = ", ".join(f"'{entry.name}'" for entry in others[:3]) + (" …" if len(others) > 3 else "")
    counts = f"{format_number(len(others))} of {format_number(len(entries))} entries"
    differ = f"{counts} have another axis than '{entries[0].name}' ({names})."
    if compared.range_cm is None:
        return f"{differ} They share too small a range, so only their features are compared."
    shared = "–".join(format_number(end) for end in compared.range_cm)
    return (
        f"{differ} All are compared over the {shared} cm⁻¹ that they share; the spectra themselves are not resampled."
    )


def find_groups(
    exploration: Exploration, count: int | None = None, method: str = METHODS[0].key, progress: Progress = SILENT
) -> Groups:
    """Cluster the spectra; the number of groups is chosen from the data when `count` is None.

    Raises StudioError when there are fewer different spectra than groups, Cancelled when asked to stop.
    """
    found = clusters.cluster(exploration.coordinates, count, method, progress)
    return Groups.from_clustering(exploration.members, found.labels, found.probabilities, method, found.silhouette)


def split_group(exploration: Exploration, groups: Groups, index: int, progress: Progress = SILENT) -> NDArray[np.int64]:
    """Cluster the group `index` into two or more; return the label, from 0, of each of its spectra (N,).

    Raises StudioError when its spectra are all equal.
    """
    rows = exploration.coordinates[groups.labels == index]
    parts = clusters.cluster(rows, None, METHODS[0].key, progress)
    if parts.n_clusters < 2:
        parts = clusters.cluster(rows, 2, METHODS[0].key, progress)
    return np.maximum(parts.labels, 0)


def tsne_layout(exploration: Exploration, progress: Progress = SILENT, seed: int = 0) -> NDArray[np.float32]:
    """Return the t-SNE layout (N, 2); shows it as it is optimised.

    Raises Cancelled when asked to stop: the layout shown last is the result so far.
    """
    start = exploration.planes.get(PCA)
    if start is None:
        start = projection.pca_layout(exploration.coordinates)
    return projection.tsne_layout(exploration.coordinates, start, progress, seed)


def summarise_groups(
    entries: Sequence[EntrySpectra], groups: Groups, progress: Progress = SILENT
) -> tuple[GroupSummary, ...]:
    """Return the mean, the standard deviation and the distinguishing bands of each group.

    On the axis that the entries are compared on; where they share too little, of those on the first entry's axis.
    """
    if not entries or not groups.groups:
        return ()
    axis, values, labels = _on_common_axis(entries, groups, progress)
    n_groups = len(groups.groups)
    means, deviations = group_bands.mean_and_deviation(values, labels, n_groups)
    sample = np.random.default_rng(0).permutation(len(values))[:BAND_SAMPLE]
    progress(0, 1, "bands")
    bands = group_bands.distinguishing_bands_of_all(axis, values[sample], labels[sample], n_groups)
    return tuple(GroupSummary(axis, *summary) for summary in zip(means, deviations, bands, strict=True))


def mean_spectra(
    entries: Sequence[EntrySpectra], groups: Groups, progress: Progress = SILENT
) -> tuple[Shifts, Floats, Floats]:
    """Return the axis (B,), and the mean and the standard deviation of each group (K, B)."""
    axis, values, labels = _on_common_axis(entries, groups, progress)
    return (axis, *group_bands.mean_and_deviation(values, labels, len(groups.groups)))


def _on_common_axis(
    entries: Sequence[EntrySpectra], groups: Groups, progress: Progress
) -> tuple[Shifts, Floats, NDArray[np.int64]]:
    """A common axis (B,), the denoised spectra on it (N, B), and the group of each (N,)."""
    axis = comparison.common_axis([entry.denoised for entry in entries])
    if axis is None:
        axis = entries[0].denoised.axis
        entries = [entry for entry in entries if entry.denoised.same_axis(entries[0].denoised)]
    positions = members_of(entries).positions_in(groups.members)
    labels = np.where(positions >= 0, groups.labels[positions], OUTLIER)
    values = [comparison.resample(entry.denoised, axis) for entry in progress.steps(entries, "entries")]
    return axis, values[0] if len(values) == 1 else np.concatenate(values), labels
