"""Project files: spectra, results and groups in one HDF5 file that needs no other.

Numbers are datasets, everything else is one JSON text; nothing is pickled. The text is `project`; `entries/<id>/…` has
the spectra and the denoising result of each entry, then come `explored/…`, `groups/…`, `identified/<id>/…` and
`answered/<id>/…` (names of the first version of the file, kept so that files stay readable in both directions).

Whatever is read is checked by type and range. Parts that are damaged are named and left out; the rest opens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.schema import (
    Schema,
    array,
    flag,
    integer,
    list_of,
    number,
    optional,
    plain_value,
    text,
)
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.formats import hdf5, safe_hdf5
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.recipe import Recipe
from ramanstudio.project import identification_store, prediction_store
from ramanstudio.project.checks import ID, INDEX, check_arrays, check_members, require
from ramanstudio.project.groups import Group, Groups, Members
from ramanstudio.project.project import (
    DEFAULT_RECIPE,
    Entry,
    Exploration,
    Identifications,
    LabelOffset,
    Predictions,
    Project,
    Result,
)

if TYPE_CHECKING:
    import h5py

T = TypeVar("T")
ReadOrigin = Callable[[Entry, Any, Mapping[str, Any]], "SpectrumSet | tuple[str, str]"]  # entry, record, its metadata
VERSION: Final = 1
_FORMAT: Final = "RamanStudio project"
_DENOISED: Final = ("denoised", "expected_error", "snr_before", "snr_after")
_EARLIER_RECIPE: Final = Recipe.of(Denoise())
_COMPRESSED_FROM: Final = 4096  # elements; smaller arrays do not gain
_NAMED_PARTS: Final = 5  # in a sentence about a damaged project
_DAMAGED: Final = "the project is damaged or cut short"
_USE_A_COPY: Final = "Use a copy of it, or open the spectra again."
# key in the JSON text: field
_ENTRY_KEYS: Final = {
    "id": "id", "name": "name", "problem": "problem", "remedy": "remedy", "noise_region": "noise_region",
    "together": "set_id",
}  # fmt: skip
_RESULT_KEYS: Final = {
    "noise_region": "noise_region", "region_chosen": "region_is_manual", "problem": "problem", "together": "set_id",
    "set_size": "set_size", "model": "model",
}  # fmt: skip
_RANGE: Final = optional(list_of(number(), length=2))
_RECIPE: Final = optional(integer(0, 1_000_000))  # a number in the list of recipes
_OFFSETS: Final = list_of(list_of(number(-1e6, 1e6), length=4), 100_000)
_ENTRY: Final = Schema(
    {
        "recipe": _RECIPE,
        "peak_labels": optional(_OFFSETS, ()),
        "id": ID,
        "name": text(),
        "path": text(),
        "problem": optional(text(), ""),
        "remedy": optional(text(), ""),
        "noise_region": _RANGE,
        "together": optional(ID, 0),
        "standard_error": optional(list_of(number(0, 1e38), 10_000_000), ()),
    }
)
_RESULT: Final = Schema(
    {
        "recipe": _RECIPE,
        "noise_region": _RANGE,
        "region_chosen": optional(flag(), False),
        "problem": optional(text(), ""),
        "together": optional(ID, 0),
        "set_size": optional(INDEX, 0),
        "model": optional(text(), ""),
    }
)
_EXPLORATION: Final = Schema({"range_cm": _RANGE, "aside": optional(text(), ""), "model": optional(text(), "")})
_GROUP: Final = list_of(lambda value: value, length=2)
_GROUPS: Final = Schema(
    {
        "groups": list_of(lambda value: (text()(_GROUP(value)[0]), integer(0, 10_000)(_GROUP(value)[1]))),
        "method": optional(text(), ""),
        "silhouette": optional(number(-1, 1, allow_nan=True), 0.0),
    }
)


EntryTexts = dict[int, tuple[Entry, int, str]]  # by id: the entry, the number of its recipe, its record as text


def save(
    project: Project,
    path: Path,
    progress: Progress = SILENT,
    origins: Mapping[int, Mapping[str, Any]] | None = None,
    known: EntryTexts | None = None,
) -> None:
    """Write a project atomically: a crash or a full disk leaves the earlier file whole.

    With `origins` the spectra and their denoised ones are left out; the entry of each id has a plain record instead
    of where its spectra are; `known` keeps the texts of entries for the next save. Raises StudioError when the file
    cannot be written or a newer version saved it, Cancelled
    when cancelled.
    """
    import h5py

    if is_newer(path):
        raise StudioError(
            f"'{path.name}' was saved by a newer version of RamanStudio, and saving would lose its additions.",
            remedy="Save under another name.",
        )
    with safe_hdf5.create_file(path) as file:
        file.attrs["format"], file.attrs["version"] = _FORMAT, VERSION
        for entry in progress.steps(project.entries, "entries"):
            if entry.source is not None and origins is None:
                _write_entry(file.create_group(f"entries/{entry.id}"), entry.source, project.result(entry))
        _write_exploration(file, project)
        for entry in project.entries:
            if (identifications := project.identification(entry)) is not None:
                identification_store.write(file.create_group(f"identified/{entry.id}"), identifications)
            prediction_store.write(file, entry.id, project.predictions_for(entry))
        file.create_dataset("project", data=_to_text(project, origins, known), dtype=h5py.string_dtype())


def load(path: Path, progress: Progress = SILENT, read_origin: ReadOrigin | None = None) -> Project:
    """Read a project file; of one that a newer version saved, what this version knows.

    `read_origin` reads the spectra of an entry from the record that `save` was given, or returns the problem and the
    remedy. Parts that are damaged are left out, and `progress` warns of them. Raises StudioError when it is no project,
    cannot be read at all, or is too new to be read; Cancelled when cancelled.
    """
    with safe_hdf5.open_file(path, _DAMAGED, _USE_A_COPY) as file:
        if not _is_project(file):
            raise StudioError(f"'{path.name}' is not a RamanStudio project.", remedy="Open it as spectra.")
        try:
            reader = _Reader(path, file, json.loads(file["project"].asstr()[()]), read_origin)
        except Exception as error:
            if not _is_newer_file(file):
                raise  # as a damaged file
            raise StudioError(
                f"Could not read '{path.name}': a newer version of RamanStudio saved it.",
                remedy="Open it with that version, or update this one.",
            ) from error
        project = reader.read(progress)
    if reader.damaged:
        named = ", ".join(reader.damaged[:_NAMED_PARTS])
        more = f" and {len(reader.damaged) - _NAMED_PARTS} more" if len(reader.damaged) > _NAMED_PARTS else ""
        progress.warn(f"'{path.name}' is damaged: {named}{more} could not be read. Everything else was opened.")
    return project


def is_newer(path: Path) -> bool:
    """Whether a file is a project that a newer version of RamanStudio saved."""
    if not path.is_file():
        return False
    try:
        with safe_hdf5.open_file(path) as file:
            return _is_project(file) and _is_newer_file(file)
    except StudioError:
        return False


def _is_newer_file(file: h5py.File) -> bool:
    return int(integer(0, 10**9)(file.attrs["version"])) > VERSION


def _is_project(file: h5py.File) -> bool:
    return isinstance(mark := file.attrs.get("format"), str) and mark == _FORMAT


# Writing


def _write_entry(group: h5py.Group, source: SpectrumSet, result: Result | None) -> None:
    _write_array(group, "axis", source.axis)
    _write_array(group, "values", source.values)
    table = group.create_group("table")
    for name, entries in source.table.items():
        hdf5.write_column(table, name, entries)
    if result is not None and result.denoised is not None:
        if not result.denoised.spectra.same_axis(source):
            _write_array(group, "denoised_axis", result.denoised.spectra.axis)
        _write_array(group, "denoised", result.denoised.spectra.values)
        for name in _DENOISED[1:]:
            _write_array(group, name, getattr(result.denoised, name))


def _write_exploration(file: h5py.File, project: Project) -> None:
    if (exploration := project.exploration) is not None:
        arrays = {"features": exploration.features, "likeness": exploration.coordinates}
        _write_per_spectrum(file.create_group("explored"), exploration.members, arrays)
        for layout, plane in exploration.planes.items():
            _write_array(file["explored"], f"planes/{layout}", plane)
    if (groups := project.groups) is not None:
        rows: dict[str, NDArray[Any]] = {"labels": groups.labels, "probabilities": groups.probabilities}
        _write_per_spectrum(file.create_group("groups"), groups.members, rows)


def _write_per_spectrum(group: h5py.Group, members: Members, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write `members` (N,) and `arrays` with one row for each of them."""
    for name, values in {"entry_ids": members.entry_ids, "rows": members.rows, **arrays}.items():
        _write_array(group, name, values)


def _write_array(group: h5py.Group, name: str, values: NDArray[Any]) -> None:
    small = values.size < _COMPRESSED_FROM
    group.create_dataset(name, data=values, compression=None if small else "lzf", shuffle=None if small else True)


def _to_text(project: Project, origins: Mapping[int, Mapping[str, Any]] | None, known: EntryTexts | None) -> str:
    """Everything that is not an array, as JSON; entry by entry, as one call for thousands would block other threads."""
    entries, recipes = [], _Recipes()
    texts: EntryTexts = {}
    for entry in project.entries:
        number = recipes.number(entry.recipe)
        if known is not None and (kept := known.get(entry.id)) is not None and kept[:2] == (entry, number):
            texts[entry.id] = kept
        else:
            facts = _entry_to_json(entry, project.result(entry) if origins is None else None, recipes)
            if origins is not None and entry.id in origins:
                facts["origin"] = dict(origins[entry.id])
            texts[entry.id] = (entry, number, json.dumps(facts))
        entries.append(texts[entry.id][2])
    if known is not None:
        known.clear()
        known.update(texts)
    others = json.dumps(_to_json(project, recipes))
    return f'{{"entries": [{", ".join(entries)}], {others[1:]}'


def _to_json(project: Project, recipes: _Recipes) -> dict[str, Any]:
    """Everything that is not an array and belongs to no entry."""
    exploration, groups = project.exploration, project.groups
    return {
        "recipes": recipes.texts,
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


class _Recipes:
    """The recipes of a project as TOML; entries that share one refer to it by its number."""

    def __init__(self) -> None:
        self._numbers: dict[Recipe, int] = {}
        self._by_id: dict[int, int] = {}  # of recipes that entries hold: hashing thousands takes longer

    def number(self, recipe: Recipe) -> int:
        """Return the number of a recipe."""
        number = self._by_id.get(id(recipe))
        if number is None:
            number = self._by_id[id(recipe)] = self._numbers.setdefault(recipe, len(self._numbers))
        return number

    @property
    def texts(self) -> list[str]:
        """The recipes as TOML, in the order of their numbers."""
        return [recipe.to_text() for recipe in self._numbers]


def _entry_to_json(entry: Entry, result: Result | None, recipes: _Recipes) -> dict[str, Any]:
    facts: dict[str, Any] = {key: getattr(entry, field) for key, field in _ENTRY_KEYS.items()}
    facts["recipe"] = recipes.number(entry.recipe)
    facts["path"] = str(entry.path)
    if entry.label_offsets:
        facts["peak_labels"] = [[item.row, item.shift, item.by_cm, item.by_height] for item in entry.label_offsets]
    if entry.standard_error is not None and len(entry.standard_error) == 1:  # a mean is one spectrum
        facts["standard_error"] = entry.standard_error[0].tolist()
    facts["about"] = dict(entry.source.about) if entry.source is not None else {}
    if result is not None:
        facts["result"] = {key: getattr(result, field) for key, field in _RESULT_KEYS.items()}
        facts["result"]["recipe"] = recipes.number(result.recipe)
    return facts


# Reading


class _Reader:
    """Reads one project file part by part; `damaged` names the parts that could not be read."""

    def __init__(self, path: Path, file: h5py.File, facts: Any, read_origin: ReadOrigin | None = None) -> None:
        self.path, self._file, self._read_origin = path, file, read_origin
        self._facts = facts if isinstance(facts, Mapping) else {}
        self.damaged: list[str] = [] if isinstance(facts, Mapping) else ["the list of entries"]

    def read(self, progress: Progress) -> Project:
        """Return the project without its damaged parts. Raises Cancelled when cancelled."""
        entries, results = self._entries(progress)
        sizes = {entry.id: len(entry.source) for entry in entries if entry.source is not None}
        sources = {entry.id: entry.source for entry in entries if entry.source is not None}
        return Project(
            tuple(entries),
            MappingProxyType(results),
            self._attempt("the comparison of Explore", lambda: self._exploration(sizes)),
            self._attempt("the groups", lambda: self._groups(sizes)),
            MappingProxyType(_with_recipes(self._identifications(sources), entries)),
            self._attempt(
                "the range to compare", lambda: identification_store.region_from_json(self._facts.get("within"))
            ),
            MappingProxyType(_predictions_with_recipes(self._predictions(sources), entries)),
        )

    def _attempt(self, part: str, read: Callable[[], T | None]) -> T | None:
        """What `read` returns; None when that part is damaged, which is noted."""
        try:
            return read()
        except (Cancelled, MemoryError):
            raise
        except Exception:  # whatever h5py and numpy raise for what is in a damaged file
            self.damaged.append(part)
            return None

    def _entries(self, progress: Progress) -> tuple[list[Entry], dict[int, Result]]:
        rows = self._facts.get("entries")
        if not isinstance(rows, list):
            self.damaged.append("the list of entries")
            rows = []
        self._recipes = self._attempt("the recipes", self._read_recipes) or ()
        entries: dict[int, Entry] = {}
        results: dict[int, Result] = {}
        for position, facts in enumerate(progress.steps(rows, "entries"), start=1):
            entry = self._attempt(f"entry {position}", partial(_without_source, facts, entries, self._recipes))
            if entry is None:
                continue
            if str(entry.id) in self._file.get("entries", ()):
                entry, result = self._with_source(entry, facts)
                if result is not None:
                    results[entry.id] = result
            elif self._read_origin is not None and isinstance(facts.get("origin"), Mapping):
                entry = self._from_origin(entry, facts, self._read_origin)
            entries[entry.id] = entry
        return list(entries.values()), results

    def _with_source(self, entry: Entry, facts: Mapping[str, Any]) -> tuple[Entry, Result | None]:
        """The entry with its spectra and their result; where they are damaged, with the problem that they are."""
        group = self._file[f"entries/{entry.id}"]
        source = self._attempt(f"'{entry.name}'", partial(_read_source, self.path, group, facts))
        if source is None:
            problem = f"The spectra of '{entry.name}' are damaged in the project."
            return replace(entry, problem=problem, remedy="Open the file again."), None
        stored, result = facts.get("result"), None
        if stored is not None:
            result = self._attempt(
                f"the result of '{entry.name}'", partial(_read_result, group, source, stored, self._recipes)
            )
        return replace(entry, source=source), result

    def _read_recipes(self) -> tuple[Recipe, ...]:
        texts = list_of(text(1_000_000), 100_000)(self._facts.get("recipes", ()))
        default = DEFAULT_RECIPE.to_text()
        return tuple(DEFAULT_RECIPE if content == default else Recipe.from_text(content) for content in texts)

    def _from_origin(self, entry: Entry, facts: Mapping[str, Any], read_origin: ReadOrigin) -> Entry:
        """The entry with the spectra at its origin, or with the problem why they could not be read."""
        origin = facts["origin"]
        read: Any = self._attempt(f"'{entry.name}'", lambda: read_origin(entry, origin, _read_about(facts)))
        if isinstance(read, SpectrumSet):
            file_index = self._attempt(f"'{entry.name}'", lambda: optional(INDEX)(origin.get("file_index")))
            return replace(entry, source=read, file_index=file_index)
        if read is None:
            return replace(entry, problem=f"The spectra of '{entry.name}' are damaged.", remedy="Open the file again.")
        return replace(entry, problem=read[0], remedy=read[1])

    def _exploration(self, sizes: Mapping[int, int]) -> Exploration | None:
        if self._facts.get("explored") is None:
            return None
        stored = _EXPLORATION.read(self._facts["explored"], "The comparison")
        group = self._file["explored"]
        arrays = _read_arrays(group, "entry_ids", "rows", "features", "likeness")
        members = Members(*check_members(arrays["entry_ids"], arrays["rows"], sizes))
        n_spectra = len(members)
        checks = {"features": array("f", (n_spectra, None)), "likeness": array("f", (n_spectra, None))}
        check_arrays(arrays, checks)
        planes = {}
        for name in group.get("planes", ()):
            planes[name] = array("f", (n_spectra, 2))(_read_arrays(group["planes"], name)[name])
        return Exploration(
            members,
            arrays["features"].astype(np.float32, copy=False),
            arrays["likeness"].astype(np.float32, copy=False),
            _range(stored["range_cm"]),
            MappingProxyType(planes),
            stored["aside"],
            stored["model"],
        )

    def _groups(self, sizes: Mapping[int, int]) -> Groups | None:
        if self._facts.get("groups") is None:
            return None
        stored = _GROUPS.read(self._facts["groups"], "The groups")
        arrays = _read_arrays(self._file["groups"], "entry_ids", "rows", "labels", "probabilities")
        members = Members(*check_members(arrays["entry_ids"], arrays["rows"], sizes))
        groups = tuple(Group(name, colour) for name, colour in stored["groups"])
        require(len({group.name for group in groups}) == len(groups), "two groups have one name")
        n_spectra = len(members)
        checks = {
            "labels": array("iu", (n_spectra,), -1, len(groups) - 1),
            "probabilities": array("f", (n_spectra,), 0, 1.001),
        }
        check_arrays(arrays, checks)
        labels = arrays["labels"].astype(np.int64, copy=False)
        probabilities = arrays["probabilities"].astype(np.float32, copy=False)
        return Groups(members, labels, probabilities, groups, stored["method"], stored["silhouette"])

    def _identifications(self, sources: Mapping[int, SpectrumSet]) -> dict[int, Identifications]:
        return self._per_entry("the identifications", "identified", sources, identification_store.read)

    def _predictions(self, sources: Mapping[int, SpectrumSet]) -> dict[int, tuple[Predictions, ...]]:
        return self._per_entry("the predictions", prediction_store.ROOT, sources, prediction_store.read)

    def _per_entry(
        self,
        part: str,
        name: str,
        sources: Mapping[int, SpectrumSet],
        read: Callable[[h5py.Group, SpectrumSet], T],
    ) -> dict[int, T]:
        """What `read` returns for the group below `name` of each entry in `sources`, by id."""
        groups = self._attempt(part, lambda: dict(self._file.get(name, {}).items())) or {}
        read_parts = {
            entry_id: self._attempt(f"{part} of entry {entry_id}", partial(read, groups[str(entry_id)], source))
            for entry_id, source in sources.items()
            if str(entry_id) in groups
        }
        return {entry_id: value for entry_id, value in read_parts.items() if value is not None}


def _with_recipes(
    identifications: Mapping[int, Identifications], entries: Sequence[Entry]
) -> dict[int, Identifications]:
    """`identifications` by entry id, of the spectra as the recipes of these entries process them."""
    recipes = {entry.id: entry.recipe for entry in entries}
    return {key: replace(value, recipe=recipes[key]) for key, value in identifications.items()}


def _predictions_with_recipes(
    predictions: Mapping[int, tuple[Predictions, ...]], entries: Sequence[Entry]
) -> dict[int, tuple[Predictions, ...]]:
    recipes = {entry.id: entry.recipe for entry in entries}
    return {key: tuple(replace(item, recipe=recipes[key]) for item in items) for key, items in predictions.items()}


def _recipe(number: int | None, recipes: Sequence[Recipe], missing: Recipe) -> Recipe:
    return recipes[number] if number is not None and number < len(recipes) else missing


def _without_source(facts: Any, others: Mapping[int, Entry], recipes: Sequence[Recipe]) -> Entry:
    """An entry as the JSON text has it, before its spectra are read."""
    fields = _ENTRY.read(facts, "The entry")
    require(fields["id"] not in others, "two entries have one id")
    error = fields["standard_error"]
    return Entry(
        fields["id"],
        fields["name"],
        Path(fields["path"]),
        None,
        fields["problem"],
        fields["remedy"],
        _range(fields["noise_region"]),
        fields["together"],
        recipe=_recipe(fields["recipe"], recipes, DEFAULT_RECIPE),
        label_offsets=tuple(LabelOffset(int(row), *others) for row, *others in fields["peak_labels"]),
        standard_error=np.array([error], dtype=np.float32) if error else None,
    )


def _read_source(path: Path, group: h5py.Group, facts: Mapping[str, Any]) -> SpectrumSet:
    arrays = _read_arrays(group, "axis", "values")
    axis = array("f")(arrays["axis"])
    values = arrays["values"]
    require(values.dtype.kind == "f" and values.ndim == 2 and len(values) > 0, "the intensities are no matrix")
    with np.errstate(over="ignore"):
        return SpectrumSet(axis, values, hdf5.read_columns(path, group["table"], len(values)), _read_about(facts))


def _read_about(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of an entry; what nobody can read is left out."""
    about, check = {}, plain_value(100_000)
    stored = facts.get("about")
    for key, value in (stored if isinstance(stored, Mapping) else {}).items():
        try:
            about[str(key)] = check(value)
        except ValueError:
            continue
    return about


def _read_result(group: h5py.Group, source: SpectrumSet, facts: Any, recipes: Sequence[Recipe]) -> Result:
    stored = _RESULT.read(facts, "The result")
    denoised = None
    if "denoised" in group:
        arrays = _read_arrays(group, *_DENOISED)
        axis = array("f")(_read_arrays(group, "denoised_axis")["denoised_axis"]) if "denoised_axis" in group else None
        n_points = source.points if axis is None else axis.size
        for name, shape in zip(_DENOISED, ((len(source), n_points),) * 2 + ((len(source),),) * 2, strict=True):
            require(arrays[name].dtype.kind == "f" and arrays[name].shape == shape, f"'{name}' has another shape")
        values, *others = (arrays[name].astype(np.float32, copy=False) for name in _DENOISED)
        denoised = Denoised(source.with_axis(source.axis if axis is None else axis, values), *others)
    fields = {field: stored[key] for key, field in _RESULT_KEYS.items()}
    fields["noise_region"] = _range(stored["noise_region"])
    # Before there were recipes, spectra were denoised with their cosmic rays.
    return Result(source, denoised, **fields, recipe=_recipe(stored["recipe"], recipes, _EARLIER_RECIPE))


def _read_arrays(group: h5py.Group, *names: str) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(group[name][()]) for name in names}


def _range(value: tuple[float, float] | None) -> ShiftRange | None:
    return None if value is None else (value[0], value[1])
