"""What one export writes: which contents of which entries, in which format, under which names."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.group_table import means_path
from ramanstudio.export.name_pattern import DEFAULT_PATTERN, check_pattern, fill_pattern
from ramanstudio.export.source_files import refuse_source
from ramanstudio.project.project import Entry, Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ramanstudio.peaks import PeakTable

CONTENTS: Final = {"raw": "Raw", "denoised": "Denoised", "processed": "Processed"}
TABLES: Final = {
    "snr": "Signal-to-noise ratios",
    "peaks": "Peaks",
    "identifications": "Identifications",
    "groups": "Groups",
}
ALL_NAME: Final = "spectra"  # {name} of a file that holds all of them
_OF_PROCESSING: Final = (
    "intensity",
    "calibration",
    "axis_uncertainty",
    "axis_known",
    "resolution",
)  # keys that it sets
ERROR_ENDING: Final = ".expected-error"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The choices of an export, as they are remembered.

    `contents` are keys of CONTENTS, `tables` of TABLES, `format` one of WRITERS. `one_file` puts all spectra on one
    axis in one file; `with_error` writes the expected error beside denoised and processed spectra.
    """

    contents: tuple[str, ...] = ("raw", "processed")
    tables: tuple[str, ...] = ("snr",)
    format: str = "csv"
    one_file: bool = False
    with_error: bool = True
    pattern: str = DEFAULT_PATTERN


@dataclass(frozen=True, slots=True, eq=False)
class ExportItem:
    """The spectra of one entry, or some of them, with what its recipe made of them.

    `peaks` of a single spectrum are those that the user found or fitted; None where they are to be found.
    """

    entry: Entry
    result: Result | None = None
    peaks: PeakTable | None = None

    def has(self, content: str) -> bool:
        """Whether there are such spectra."""
        if content == "raw":
            return self.entry.source is not None
        return self.result is not None and self.result.denoised is not None

    def spectra(self, content: str) -> SpectrumSet:
        """The spectra, with the metadata of the entry as they are now."""
        source = self.entry.source
        assert source is not None
        if content == "raw" or self.result is None or self.result.denoised is None:
            return source
        spectra = self.result.denoised.spectra if content == "denoised" else self.result.final
        about = dict(source.about)
        about |= {key: value for key, value in spectra.about.items() if key.startswith(_OF_PROCESSING)}
        return spectra.with_metadata(about)

    def error(self, content: str) -> NDArray[Any] | None:
        """The expected error (N, B) of the spectra; None for raw ones."""
        if content == "raw" or self.result is None or self.result.denoised is None:
            return None
        return self.result.denoised.expected_error if content == "denoised" else self.result.final_error


@dataclass(frozen=True, slots=True, eq=False)
class PlannedFile:
    """A file of spectra: the `contents` of `items` in it, the last of them the main one; `error_path` beside it.

    Several items are on one axis and become one set; several contents are columns of one spectrum, or datasets.
    """

    path: Path
    items: tuple[ExportItem, ...]
    contents: tuple[str, ...]
    error_path: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are written."""
        return (self.path,) if self.error_path is None else (self.error_path, self.path)


@dataclass(frozen=True, slots=True, eq=False)
class ExportPlan:
    """All files of an export, and what of it cannot be written because it does not exist."""

    options: ExportOptions
    folder: Path
    items: tuple[ExportItem, ...]
    files: tuple[PlannedFile, ...]
    tables: tuple[tuple[str, Path], ...]
    n_missing: int = 0  # contents of entries that have no result

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that the export writes, but for recipes and provenance, which never replace others."""
        spectra = [path for file in self.files for path in file.files]
        return (*spectra, *(path for key, table in self.tables for path in _files_of_table(key, table)))

    @property
    def existing(self) -> tuple[Path, ...]:
        """Those of the files that are there already."""
        return tuple(path for path in self.paths if os.path.lexists(path))


def plan_export(
    items: Sequence[ExportItem], options: ExportOptions, folder: Path, keep_existing: bool = False
) -> ExportPlan:
    """Return the files that an export writes into `folder`; with `keep_existing` names that are free.

    Raises StudioError where nothing would be written, the pattern is wrong, or a source file would be replaced.
    """
    check_pattern(options.pattern)
    items = [item for item in items if item.entry.source is not None]
    contents = [content for content in CONTENTS if content in options.contents]
    if not items or not (contents or options.tables):
        remedy = "Choose raw, denoised or processed spectra, or a table." if items else "Select spectra in the list."
        raise StudioError("There is nothing to export.", remedy=remedy)
    names = _Names(folder, keep_existing)
    files: list[PlannedFile] = []
    if options.one_file:
        for content in contents:
            files += _joined(items, content, options, names)
    else:
        width = len(str(len(items)))
        for number, item in enumerate(items, start=1):
            files += _single(item, contents, options, names, f"{number:0{width}}")
    tables = tuple((key, names.free(key, "csv")) for key in TABLES if key in options.tables)
    n_missing = sum(not item.has(content) for item in items for content in contents)
    plan = ExportPlan(options, folder, tuple(items), tuple(files), tables, n_missing)
    if not plan.paths:
        raise StudioError(
            "There is nothing to export: none of these spectra is denoised.",
            remedy="Choose raw spectra, or wait until they are denoised.",
        )
    for path in plan.existing:
        for item in items:
            assert item.entry.source is not None
            refuse_source(path, item.entry.source)
    return plan


def _single(
    item: ExportItem, contents: Sequence[str], options: ExportOptions, names: _Names, number: str
) -> Iterator[PlannedFile]:
    """The files of one entry: contents on one axis share a file where the format has columns or datasets for them."""
    present = [content for content in contents if item.has(content)]
    if not present:
        return
    main, together = present[-1], [present[-1]]
    if _combines(options.format, item):
        axis = item.spectra(main).axis
        together = [content for content in present if np.array_equal(item.spectra(content).axis, axis)]
    groups = [(content,) for content in present if content not in together]
    for group in (*groups, tuple(together)):
        stem = fill_pattern(options.pattern, _values(item, group[-1], number))
        yield _planned(names, stem, (item,), group, options)


def _joined(items: Sequence[ExportItem], content: str, options: ExportOptions, names: _Names) -> Iterator[PlannedFile]:
    """A file for each axis of the spectra."""
    by_axis: dict[bytes, list[ExportItem]] = {}
    for item in items:
        if item.has(content):
            by_axis.setdefault(item.spectra(content).axis.tobytes(), []).append(item)
    for number, group in enumerate(by_axis.values(), start=1):
        values = {"name": ALL_NAME, "file": ALL_NAME, "content": content, "number": str(number)}
        values["folder"] = group[0].entry.path.parent.name
        yield _planned(names, fill_pattern(options.pattern, values), tuple(group), (content,), options)


def _planned(
    names: _Names, stem: str, items: tuple[ExportItem, ...], contents: tuple[str, ...], options: ExportOptions
) -> PlannedFile:
    beside = options.with_error and contents[-1] != "raw" and not (options.format == "h5" or _is_single(items, options))
    path = names.free(stem, options.format, ERROR_ENDING if beside else "")
    return PlannedFile(path, items, contents, _with_ending(path, ERROR_ENDING) if beside else None)


def _combines(format: str, item: ExportItem) -> bool:
    return format == "h5" or _is_single((item,), replace(ExportOptions(), format=format))


def _is_single(items: Sequence[ExportItem], options: ExportOptions) -> bool:
    """Whether a file is a CSV of one spectrum, with a column for each content."""
    return options.format == "csv" and sum(len(item.entry.source or ()) for item in items) == 1


def _values(item: ExportItem, content: str, number: str) -> dict[str, str]:
    entry, about = item.entry, item.entry.source.about if item.entry.source is not None else {}
    suffix = entry.path.suffix if "source" in about else ""  # what was computed has no file
    name = entry.name.replace(suffix, "", 1) if suffix else entry.name  # "a.wdf · 2" is "a · 2"
    return {
        "name": name,
        "file": entry.path.stem,
        "folder": entry.path.parent.name,
        "number": number,
        "content": content,
        "sample": str(about.get("sample", "")),
        "date": str(about.get("date", "")),
    }


def _files_of_table(key: str, path: Path) -> tuple[Path, ...]:
    return (path, means_path(path)) if key == "groups" else (path,)


def _with_ending(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.stem}{ending}{path.suffix}")


class _Names:
    """Gives each file of an export a name that no other has."""

    def __init__(self, folder: Path, keep_existing: bool) -> None:
        self._folder = folder
        self._taken: set[str] = set()
        if keep_existing:
            self._taken |= {name.casefold() for name in _names_in(folder)}

    def free(self, stem: str, suffix: str, ending: str = "") -> Path:
        """Return the path of a new file: `a.csv`, else `a-2.csv`, …; what is written beside it is free, too."""
        number = 1
        while True:
            path = self._folder / f"{stem}{'' if number == 1 else f'-{number}'}.{suffix}"
            names = [path.name.casefold(), _with_ending(path, ending).name.casefold(), means_path(path).name.casefold()]
            if not self._taken.intersection(names):
                self._taken.update(names[:2])
                return path
            number += 1


def _names_in(folder: Path) -> Collection[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return ()
