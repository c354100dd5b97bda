"""Project files: spectra, results and groups in one HDF5 file that needs no other.

Numbers are datasets, everything else is one JSON text; nothing is pickled. The text is `project`; `entries/<id>/…` has
the spectra and the denoising result of each entry, then come `explored/…`, `groups/…`, `identified/<id>/…` and
`answered/<id>/…` (names of the first version of the file, kept so that files stay readable in both directions).
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
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.formats import hdf5
from ramanstudio.project import identification_store, prediction_store
from ramanstudio.project.groups import Group, Groups, Members
from ramanstudio.project.project import Entry, Exploration, Identifications, Project, Result

if TYPE_CHECKING:
    import h5py

VERSION: Final = 1
_FORMAT: Final = "RamanStudio project"
_DENOISED: Final = ("denoised", "expected_error", "snr_before", "snr_after")
# key in the JSON text: field
_ENTRY_KEYS: Final = {
    "id": "id", "name": "name", "problem": "problem", "remedy": "remedy", "noise_region": "noise_region",
    "together": "set_id",
}  # fmt: skip
_RESULT_KEYS: Final = {
    "noise_region": "noise_region", "region_chosen": "region_is_manual", "problem": "problem", "together": "set_id",
    "set_size": "set_size", "model": "model",
}  # fmt: skip
_COMPRESSED_FROM: Final = 4096  # elements; smaller arrays do not gain


def save(project: Project, path: Path, progress: Progress = SILENT) -> None:
    """Write a project atomically: a crash leaves the earlier file whole.

    Raises StudioError when the file cannot be written or a newer version saved it, Cancelled when cancelled.
    """
    import h5py

    if is_newer(path):
        raise StudioError(
            f"'{path.name}' was saved by a newer version of RamanStudio, and saving would lose its additions.",
            remedy="Save under another name.",
        )
    try:
        with atomic_path(path) as draft, h5py.File(draft, "w") as file:
            file.attrs["format"], file.attrs["version"] = _FORMAT, VERSION
            for entry in progress.steps(project.entries, "entries"):
                if entry.source is not None:
                    _write_entry(file.create_group(f"entries/{entry.id}"), entry.source, project.result(entry))
            _write_exploration(file, project)
            for entry in project.entries:
                if (identifications := project.identification(entry)) is not None:
                    identification_store.write(file.create_group(f"identified/{entry.id}"), identifications)
                prediction_store.write(file, entry.id, project.predictions_for(entry))
            file.create_dataset("project", data=json.dumps(_to_json(project)), dtype=h5py.string_dtype())
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not save '{path.name}': {reason}.", remedy="Choose another folder, or make room on the disk."
        ) from error


def load(path: Path, progress: Progress = SILENT) -> Project:
    """Read a project file; of one that a newer version saved, what this version knows.

    Raises StudioError when it is no project, is damaged, or is too new to be read; Cancelled when cancelled.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != _FORMAT:
                raise StudioError(f"'{path.name}' is not a RamanStudio project.", remedy="Open it as spectra.")
            hdf5.check_dataset_size(path, file["project"])
            facts = json.loads(file["project"].asstr()[()])
            entries, results = [], {}
            for entry_facts in progress.steps(facts["entries"], "entries"):
                entry, result = _read_entry(path, file, entry_facts)
                entries.append(entry)
                if result is not None:
                    results[entry.id] = result
            exploration, groups = _read_exploration(path, file, facts), _read_groups(path, file, facts)
            identifications = _read_identifications(path, file, entries)
            search_range = identification_store.region_from_json(facts.get("within"))
            predictions = prediction_store.read(path, file, entries)
    except StudioError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        if is_newer(path):
            raise StudioError(
                f"'{path.name}' was saved by a newer version of RamanStudio, which this one cannot read.",
                remedy="Open it with that version, or update this one.",
            ) from error
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged or cut short"
        raise StudioError(
            f"Could not open the project '{path.name}': {reason}.",
            remedy="Use a copy of it, or open the spectra again.",
        ) from error
    return Project(
        tuple(entries),
        MappingProxyType(results),
        exploration,
        groups,
        MappingProxyType(identifications),
        search_range,
        predictions,
    )


def is_newer(path: Path) -> bool:
    """Whether a file is a project that a newer version of RamanStudio saved."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return file.attrs.get("format") == _FORMAT and int(file.attrs["version"]) > VERSION
    except (OSError, KeyError, ValueError, TypeError):
        return False


# Writing


def _write_entry(group: h5py.Group, source: SpectrumSet, result: Result | None) -> None:
    _write_array(group, "axis", source.axis)
    _write_array(group, "values", source.values)
    table = group.create_group("table")
    for name, entries in source.table.items():
        hdf5.write_column(table, name, entries)
    if result is not None and result.denoised is not None:
        _write_array(group, "denoised", result.denoised.spectra.values)
        for name in _DENOISED[1:]:
            _write_array(group, name, getattr(result.denoised, name))


def _write_exploration(file: h5py.File, project: Project) -> None:
    if (exploration := project.exploration) is not None:
        _write_per_spectrum(
            file.create_group("explored"), exploration, {"features": "features", "coordinates": "likeness"}
        )
        for layout, plane in exploration.planes.items():
            _write_array(file["explored"], f"planes/{layout}", plane)
    if (groups := project.groups) is not None:
        _write_per_spectrum(file.create_group("groups"), groups, {"labels": "labels", "probabilities": "probabilities"})


def _write_per_spectrum(group: h5py.Group, owner: Exploration | Groups, names: dict[str, str]) -> None:
    """Write the members of `owner` and its arrays, attribute name -> name in the file, with one row per member."""
    _write_array(group, "entry_ids", owner.members.entry_ids)
    _write_array(group, "rows", owner.members.rows)
    for attribute, name in names.items():
        _write_array(group, name, getattr(owner, attribute))


def _write_array(group: h5py.Group, name: str, array: NDArray[Any]) -> None:
    small = array.size < _COMPRESSED_FROM
    group.create_dataset(name, data=array, compression=None if small else "lzf", shuffle=None if small else True)


def _to_json(project: Project) -> dict[str, Any]:
    """Everything that is not an array."""
    exploration, groups = project.exploration, project.groups
    return {
        "entries": [_entry_to_json(entry, project.result(entry)) for entry in project.entries],
        "explored": exploration
        and {"range_cm": exploration.range_cm, "aside": exploration.aside, "model": exploration.model},
        "groups": groups
        and {
            "groups": [[group.name, group.colour] for group in groups.groups],
            "method": groups.method,
            "silhouette": groups.silhouette,
        },
        "within": identification_store.region_to_json(project.search_range),
    }


def _entry_to_json(entry: Entry, result: Result | None) -> dict[str, Any]:
    facts: dict[str, Any] = {key: getattr(entry, field) for key, field in _ENTRY_KEYS.items()}
    facts["path"] = str(entry.path)
    facts["about"] = dict(entry.source.about) if entry.source is not None else {}
    if result is not None:
        facts["result"] = {key: getattr(result, field) for key, field in _RESULT_KEYS.items()}
    return facts


# Reading


def _read_entry(path: Path, file: h5py.File, facts: Mapping[str, Any]) -> tuple[Entry, Result | None]:
    source, group = None, file.get(f"entries/{int(facts['id'])}")
    if group is not None:
        axis, values = _read_arrays(path, group, "axis", "values")
        source = SpectrumSet(axis, values, hdf5.read_columns(path, group["table"], len(values)), facts["about"])
    entry = Entry(
        int(facts["id"]),
        str(facts["name"]),
        Path(facts["path"]),
        source,
        str(facts["problem"]),
        str(facts["remedy"]),
        _range_from_json(facts["noise_region"]),
        int(facts["together"]),
    )
    return entry, None if source is None else _read_result(path, group, source, facts.get("result"))


def _read_result(path: Path, group: h5py.Group, source: SpectrumSet, facts: Mapping[str, Any] | None) -> Result | None:
    if facts is None:
        return None
    denoised = None
    if "denoised" in group:
        values, *others = _read_arrays(path, group, *_DENOISED)
        if values.shape != source.values.shape or any(len(other) != len(values) for other in others):
            raise ValueError("a denoising result does not match its spectra")
        denoised = Denoised(source.with_values(values), *others)
    fields = {field: facts[key] for key, field in _RESULT_KEYS.items() if key in facts}
    return Result(source, denoised, **{**fields, "noise_region": _range_from_json(facts["noise_region"])})


def _read_exploration(path: Path, file: h5py.File, facts: Mapping[str, Any]) -> Exploration | None:
    if facts["explored"] is None:
        return None
    group, stored = file["explored"], facts["explored"]
    ids, rows, features, coordinates = _read_arrays(path, group, "entry_ids", "rows", "features", "likeness")
    planes = {name: _read_arrays(path, group["planes"], name)[0] for name in group.get("planes", ())}
    if any(len(array) != len(ids) for array in (rows, features, coordinates, *planes.values())):
        raise ValueError("the arrays of the exploration differ in length")
    return Exploration(
        Members(ids, rows),
        features,
        coordinates,
        _range_from_json(stored["range_cm"]),
        MappingProxyType(planes),
        str(stored["aside"]),
        str(stored["model"]),
    )


def _read_groups(path: Path, file: h5py.File, facts: Mapping[str, Any]) -> Groups | None:
    if facts["groups"] is None:
        return None
    stored = facts["groups"]
    ids, rows, labels, probabilities = _read_arrays(
        path, file["groups"], "entry_ids", "rows", "labels", "probabilities"
    )
    groups = tuple(Group(str(name), int(colour)) for name, colour in stored["groups"])
    if not len(ids) == len(rows) == len(labels) == len(probabilities) or labels.max(initial=-1) >= len(groups):
        raise ValueError("the arrays of the groups contradict each other")
    return Groups(Members(ids, rows), labels, probabilities, groups, str(stored["method"]), float(stored["silhouette"]))


def _read_identifications(path: Path, file: h5py.File, entries: list[Entry]) -> dict[int, Identifications]:
    stored = file.get("identified", {})
    sources = {entry.id: entry.source for entry in entries if entry.source is not None and str(entry.id) in stored}
    return {key: identification_store.read(path, stored[str(key)], source) for key, source in sources.items()}


def _read_arrays(path: Path, group: h5py.Group, *names: str) -> list[NDArray[Any]]:
    hdf5.check_dataset_size(path, *(group[name] for name in names))
    return [group[name][()] for name in names]


def _range_from_json(value: Any) -> ShiftRange | None:
    return None if value is None else (float(value[0]), float(value[1]))
