"""A project on disk: spectra, what was found about them, and the groups, in one HDF5 file that needs no other.

Numbers lie in datasets, all else in one JSON text; nothing is pickled. `project` is the text, `entries/<id>/…` have
source and result, then come `explored/…`, `groups/…`, `identified/<id>/…` and `predictions/<id>/…`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.engine import Denoised
from ramanstudio.formats import hdf5
from ramanstudio.project import identification_store, prediction_store
from ramanstudio.project.groups import Group, Groups, Members
from ramanstudio.project.project import Entry, Exploration, Identifications, Project, Region, Result

if TYPE_CHECKING:
    import h5py

SUFFIX: Final = ".ramanstudio"
VERSION: Final = 1
_MARK: Final = "RamanStudio project"
_FOUND: Final = ("denoised", "expected_error", "snr_before", "snr_after")
_LARGE: Final = 4096  # entries of an array worth compressing


def save(project: Project, path: Path, progress: Progress = SILENT) -> None:
    """Write a project, atomically: a crash leaves the file as it was.

    Raises StudioError when the file cannot be written or is a newer version's, Cancelled when asked to stop.
    """
    import h5py

    if is_newer(path):
        raise StudioError(
            f"'{path.name}' was saved by a newer RamanStudio, and holds what this one would lose.",
            remedy="Save under another name.",
        )
    try:
        with atomic_path(path) as draft, h5py.File(draft, "w") as file:
            file.attrs["format"], file.attrs["version"] = _MARK, VERSION
            for entry in progress.steps(project.entries, "entries"):
                if entry.source is not None:
                    _put_entry(file.create_group(f"entries/{entry.id}"), entry.source, project.result(entry))
            _put_comparison(file, project)
            for entry in project.entries:
                if (found := project.identification(entry)) is not None:
                    identification_store.put(file.create_group(f"identified/{entry.id}"), found)
                prediction_store.put(file, entry.id, project.answers(entry))
            file.create_dataset("project", data=json.dumps(_told(project)), dtype=h5py.string_dtype())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not save '{path.name}': {reason}.", remedy="Choose another folder, or make room on the disk."
        ) from error


def load(path: Path, progress: Progress = SILENT) -> Project:
    """Read a project that `save` wrote; of a newer version's, what this one knows.

    Raises StudioError when it is none, is damaged, or newer than can be understood; Cancelled when asked to stop.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != _MARK:
                raise StudioError(f"'{path.name}' is not a project of RamanStudio.", remedy="Open it as spectra.")
            hdf5.check_dataset_size(path, file["project"])
            told = json.loads(file["project"].asstr()[()])
            entries, results = [], {}
            for one in progress.steps(told["entries"], "entries"):
                entry, result = _entry(path, file, one)
                entries.append(entry)
                if result is not None:
                    results[entry.id] = result
            explored, groups = _explored(path, file, told), _groups(path, file, told)
            identified = _identified(path, file, entries)
            within = identification_store.region_of(told.get("within"))
            predictions = prediction_store.read(path, file, entries)
    except StudioError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        if is_newer(path):
            raise StudioError(
                f"'{path.name}' was saved by a newer RamanStudio, in a way that this one cannot read.",
                remedy="Open it with that version, or update this one.",
            ) from error
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged or cut short"
        raise StudioError(
            f"Could not open the project '{path.name}': {reason}.",
            remedy="Use a copy of it, or open the spectra again.",
        ) from error
    return Project(
        tuple(entries), MappingProxyType(results), explored, groups, MappingProxyType(identified), within, predictions
    )


def is_newer(path: Path) -> bool:
    """Whether a file is the project of a newer version than this."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return file.attrs.get("format") == _MARK and int(file.attrs["version"]) > VERSION
    except (OSError, KeyError, ValueError, TypeError):
        return False


# Writing


def _put_entry(group: h5py.Group, source: SpectrumSet, result: Result | None) -> None:
    _put(group, "axis", source.axis)
    _put(group, "values", source.values)
    table = group.create_group("table")
    for name, entries in source.table.items():
        hdf5.write_column(table, name, entries)
    if result is not None and result.denoised is not None:
        _put(group, "denoised", result.denoised.spectra.values)
        for name in _FOUND[1:]:
            _put(group, name, getattr(result.denoised, name))


def _put_comparison(file: h5py.File, project: Project) -> None:
    if (explored := project.explored) is not None:
        _put_all(file.create_group("explored"), explored, ("features", "likeness"))
        for layout, plane in explored.planes.items():
            _put(file["explored"], f"planes/{layout}", plane)
    if (groups := project.groups) is not None:
        _put_all(file.create_group("groups"), groups, ("labels", "probabilities"))


def _put_all(group: h5py.Group, of: Exploration | Groups, names: tuple[str, ...]) -> None:
    _put(group, "entry_ids", of.members.entry_ids)
    _put(group, "rows", of.members.rows)
    for name in names:
        _put(group, name, getattr(of, name))


def _put(group: h5py.Group, name: str, array: NDArray[Any]) -> None:
    small = array.size < _LARGE
    group.create_dataset(name, data=array, compression=None if small else "lzf", shuffle=None if small else True)


def _told(project: Project) -> dict[str, Any]:
    """What is not numbers."""
    explored, groups = project.explored, project.groups
    return {
        "entries": [_told_entry(entry, project.result(entry)) for entry in project.entries],
        "explored": explored and {"range_cm": explored.range_cm, "aside": explored.aside, "model": explored.model},
        "groups": groups
        and {
            "groups": [[group.name, group.colour] for group in groups.groups],
            "method": groups.method,
            "silhouette": groups.silhouette,
        },
        "within": identification_store.told_region(project.within),
    }


def _told_entry(entry: Entry, result: Result | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: getattr(entry, name) for name in ("id", "name", "problem", "remedy", "noise_region", "together")
    }
    told["path"] = str(entry.path)
    told["about"] = dict(entry.source.about) if entry.source is not None else {}
    if result is not None:
        names = ("noise_region", "region_chosen", "problem", "together", "set_size", "model")
        told["result"] = {name: getattr(result, name) for name in names}
    return told


# Reading


def _entry(path: Path, file: h5py.File, told: Mapping[str, Any]) -> tuple[Entry, Result | None]:
    source, group = None, file.get(f"entries/{int(told['id'])}")
    if group is not None:
        axis, values = _arrays(path, group, "axis", "values")
        source = SpectrumSet(axis, values, hdf5.read_columns(path, group["table"], len(values)), told["about"])
    entry = Entry(
        int(told["id"]),
        str(told["name"]),
        Path(told["path"]),
        source,
        str(told["problem"]),
        str(told["remedy"]),
        _region(told["noise_region"]),
        int(told["together"]),
    )
    return entry, None if source is None else _result(path, group, source, told.get("result"))


def _result(path: Path, group: h5py.Group, source: SpectrumSet, told: Mapping[str, Any] | None) -> Result | None:
    if told is None:
        return None
    denoised = None
    if "denoised" in group:
        values, *others = _arrays(path, group, *_FOUND)
        if values.shape != source.values.shape or any(len(other) != len(values) for other in others):
            raise ValueError("a result does not fit its spectra")
        denoised = Denoised(source.with_values(values), *others)
    return Result(source, denoised, **{**told, "noise_region": _region(told["noise_region"])})


def _explored(path: Path, file: h5py.File, told: Mapping[str, Any]) -> Exploration | None:
    if told["explored"] is None:
        return None
    group, facts = file["explored"], told["explored"]
    ids, rows, features, likeness = _arrays(path, group, "entry_ids", "rows", "features", "likeness")
    planes = {name: _arrays(path, group["planes"], name)[0] for name in group.get("planes", ())}
    if any(len(array) != len(ids) for array in (rows, features, likeness, *planes.values())):
        raise ValueError("what was compared does not fit together")
    return Exploration(
        Members(ids, rows),
        features,
        likeness,
        _region(facts["range_cm"]),
        MappingProxyType(planes),
        str(facts["aside"]),
        str(facts["model"]),
    )


def _groups(path: Path, file: h5py.File, told: Mapping[str, Any]) -> Groups | None:
    if told["groups"] is None:
        return None
    facts = told["groups"]
    ids, rows, labels, chances = _arrays(path, file["groups"], "entry_ids", "rows", "labels", "probabilities")
    groups = tuple(Group(str(name), int(colour)) for name, colour in facts["groups"])
    if not len(ids) == len(rows) == len(labels) == len(chances) or labels.max(initial=-1) >= len(groups):
        raise ValueError("the groups do not fit together")
    return Groups(Members(ids, rows), labels, chances, groups, str(facts["method"]), float(facts["silhouette"]))


def _identified(path: Path, file: h5py.File, entries: list[Entry]) -> dict[int, Identifications]:
    there = file.get("identified", {})
    found = {entry.id: entry.source for entry in entries if entry.source is not None and str(entry.id) in there}
    return {key: identification_store.read(path, there[str(key)], source) for key, source in found.items()}


def _arrays(path: Path, group: h5py.Group, *names: str) -> list[NDArray[Any]]:
    hdf5.check_dataset_size(path, *(group[name] for name in names))
    return [group[name][()] for name in names]


def _region(told: Any) -> Region | None:
    return None if told is None else (float(told[0]), float(told[1]))
