"""The groups of Explore as a table with a row per spectrum, and the mean spectra of the groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.labels import OUTLIER
from ramanstudio.export.denoised_files import SHIFT_HEADER
from ramanstudio.export.source_files import refuse_source, source_path
from ramanstudio.export.text_table import (
    SPECTRUM_COLUMNS,
    cell_text,
    snr_cell,
    spectrum_names,
    write_csv,
)
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Entry, Project

OUTLIER_NAME: Final = "outlier"  # in the column of the groups


class GroupMean(NamedTuple):
    """The mean spectrum of a group and its spread (standard deviation), both (B,) at `axis` (B,)."""

    name: str
    axis: NDArray[np.float64]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]


def means_path(path: Path) -> Path:
    """Return where the means are written for the group table `path`: `a-groups-means.csv` for `a-groups.csv`."""
    return path.with_name(f"{path.stem}-means{path.suffix}")


def write_groups(path: Path, project: Project, groups: Groups, means: Sequence[GroupMean] = ()) -> Path:
    """Write the group of each spectrum, a row each, and the `means` of the groups (on one axis) in a second file.

    Columns: file, spectrum, those of SPECTRUM_COLUMNS that any spectrum has, group, probability, outlier (1 or 0), two
    for each plane, SNR before, SNR after; a cell is empty where the value is unknown. The means are columns, Raman
    shift first. Raises StudioError when a source file would be overwritten or a file cannot be written.
    """
    for entry in project.entries:
        for target in (path, means_path(path)):
            if entry.source is not None:
                refuse_source(target, entry.source)
    if means:
        write_csv(means_path(path), _mean_rows(means))
    write_csv(path, _group_rows(project, groups))
    return path


def _group_rows(project: Project, groups: Groups) -> Iterator[Sequence[str]]:
    entries = [(project.entry(entry_id), members) for entry_id, members in groups.members.by_entry()]
    open_entries = [(entry, entry.source, members) for entry, members in entries if entry is not None and entry.source]
    columns = [column for column in SPECTRUM_COLUMNS if any(column in source.table for _, source, _ in open_entries)]
    planes, plane_rows = _planes_of(project, groups)
    coordinates = (f"{layout} {axis}" for layout in planes for axis in (1, 2))
    yield "file", "spectrum", *columns, "group", "probability", "outlier", *coordinates, "SNR before", "SNR after"
    group_names = groups.names(OUTLIER_NAME)
    for entry, source, members in open_entries:
        file, names, ratios = str(source_path(source) or entry.path), spectrum_names(source), _ratios(project, entry)
        for member, row in zip(members.tolist(), groups.members.rows[members].tolist(), strict=True):
            cells = (cell_text(source.table[column][row]) if column in source.table else "" for column in columns)
            probability = f"{groups.probabilities[member]:.3g}"
            is_outlier = str(int(groups.labels[member] == OUTLIER))
            plane_row = plane_rows[member]
            point = np.concatenate([plane[plane_row] for plane in planes.values()]) if planes else np.empty(0)
            point_cells = (f"{value:.6g}" if plane_row >= 0 else "" for value in point.tolist())
            snr = (snr_cell(float(ratio[row])) for ratio in ratios) if ratios is not None else ("", "")
            yield file, names[row], *cells, group_names[member], probability, is_outlier, *point_cells, *snr


def _planes_of(project: Project, groups: Groups) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.intp]]:
    """The planes that were laid out, and the row in them of each spectrum of `groups`; -1 where it has none."""
    exploration = project.exploration
    if exploration is None:
        return {}, np.full(len(groups.members), -1, dtype=np.intp)
    return dict(sorted(exploration.planes.items())), groups.members.positions_in(exploration.members)


def _ratios(project: Project, entry: Entry) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    result = project.result(entry)
    denoised = result.denoised if result is not None else None
    return (denoised.snr_before, denoised.snr_after) if denoised is not None else None


def _mean_rows(means: Sequence[GroupMean]) -> Iterator[Sequence[str]]:
    yield SHIFT_HEADER, *(f"{group.name}{statistic}" for group in means for statistic in (" mean", " spread"))
    curves = np.stack([curve for group in means for curve in (group.mean, group.spread)], axis=1)
    for shift, row in zip(means[0].axis, curves.tolist(), strict=True):
        yield f"{shift:.8g}", *(f"{value:.7g}" for value in row)
