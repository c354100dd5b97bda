"""Build libraries from whatever holds spectra: files and folders, RRUFF and Open Specy downloads, open spectra."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import registry
from ramanstudio.library import library, rruff_zip, tables
from ramanstudio.library.library import SUFFIX, Library, Reference
from ramanstudio.library.reference import reference_spectrum, stated_laser_nm

LIBRARY, RRUFF, OPEN_SPECY = "library", "RRUFF", "Open Specy"  # kinds of file that `detect_library_kind` knows
BY_FILE, BY_FOLDER = "file", "folder"  # in the place of a column that names the substance
_NAMING_COLUMNS: Final = ("label", "species", "substance", "name")
_RDS_REMEDY: Final = (
    "In R: lib <- readRDS('file.rds'); data.table::fwrite(cbind(wavenumber = lib$wavenumber, lib$spectra),"
    " 'library.csv'); data.table::fwrite(lib$metadata, 'metadata.csv')"
)

Collected = tuple[list[Reference], list[StudioError]]  # references, and an error for each file or spectrum without one


@dataclass(frozen=True, slots=True)
class Naming:
    """How the references of files are named, and texts that all of them get.

    All are called `name`; or the name comes from `column`: a column of the spectra's table, "file" (the file's name) or
    "folder" (that of its folder). With neither, a column that usually names substances is used, else the file's name.
    `group`, `source` and `licence` replace those of every reference where they are not empty.
    """

    name: str = ""
    column: str = ""
    group: str = ""
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class BuiltLibrary:
    """A library that was built, and an error for each file or spectrum that could not be included."""

    library: Library
    failed: tuple[StudioError, ...]


def detect_library_kind(path: Path) -> str:
    """Tell which kind of library a file is: LIBRARY, RRUFF or OPEN_SPECY; "" for all else. Reads little of the file."""
    suffix = path.suffix.lower()
    if not path.is_file():
        return ""
    if suffix == SUFFIX:
        return LIBRARY
    if suffix == ".zip":
        return RRUFF if rruff_zip.looks_like(path) else ""
    return OPEN_SPECY if tables.looks_like(path) else ""


def build(
    path: Path,
    given: Sequence[Path],
    title: str = "",
    naming: Naming | None = None,
    laser_nm: float | None = None,
    progress: Progress = SILENT,
) -> BuiltLibrary:
    """Write the library `path` from all that files and folders hold: spectra, zips of RRUFF, tables, other libraries.

    Raises StudioError when nothing in them can be a reference or the file cannot be written, Cancelled when asked to
    stop.
    """
    references, failed = collect_references(given, naming, laser_nm, progress)
    if not references:
        if len(failed) == 1:
            raise failed[0]
        raise StudioError(
            f"There is no reference in {', '.join(repr(file.name) for file in given)}.",
            remedy=str(failed[0]) if failed else "Choose spectra whose substance is known.",
        )
    return BuiltLibrary(library.write(path, references, title, progress), tuple(failed))


def collect_references(
    given: Sequence[Path], naming: Naming | None = None, laser_nm: float | None = None, progress: Progress = SILENT
) -> Collected:
    """Return the references in files and folders, and an error for each file or spectrum that gave none."""
    references, failed = list[Reference](), list[StudioError]()
    files = _files_to_read(given)
    for number, file in enumerate(files):
        file_progress = progress if len(files) == 1 else _counting_files(progress, number, len(files))
        file_progress(0, 1)
        try:
            in_file, errors = _references_of_file(file, file not in given, naming or Naming(), laser_nm, file_progress)
        except StudioError as error:
            in_file, errors = [], [error]
        references += [_with_common_texts(reference, naming) for reference in in_file]
        failed += errors
    return references, failed


def _counting_files(progress: Progress, done: int, total: int) -> Progress:
    """A progress that counts files, whatever is counted within one."""
    return Progress(lambda *_: progress(done, total, "files read"), on_warning=progress.warn)


def references_from_sets(
    sets: Sequence[SpectrumSet], names: Sequence[str], group: str = "", source: str = "", licence: str = ""
) -> Collected:
    """Return references of open spectra: all spectra of a set get its name in `names`."""
    references, failed = list[Reference](), list[StudioError]()
    for spectra, name in zip(sets, names, strict=True):
        source_of_set = source or str(spectra.about.get("source", ""))
        naming = Naming(name=name, group=group, source=source_of_set, licence=licence)
        in_set, errors = _references_of_set(spectra, Path(name), False, naming)
        references += [_with_common_texts(reference, naming) for reference in in_set]
        failed += errors
    return references, failed


def rds_error(path: Path) -> StudioError | None:
    """Return how to convert an .rds file, in which Open Specy offers its libraries; None for other files."""
    if path.suffix.lower() != ".rds":
        return None
    return StudioError(f"'{path.name}' can be read only by R.", remedy=_RDS_REMEDY)


def _files_to_read(given: Iterable[Path]) -> list[Path]:
    """The files to read: of a folder those that are readable and libraries of any kind, but no table of metadata."""
    files: dict[Path, None] = {}
    for path in given:
        libraries = [file for file in sorted(path.rglob("*")) if detect_library_kind(file)] if path.is_dir() else []
        metadata = {tables.metadata_table(file) for file in libraries if file.suffix.lower() not in (SUFFIX, ".zip")}
        if libraries:
            readable = registry.readable_suffixes()
            spectra = [file for file in registry.find_files([path]) if file.suffix.lower() in readable]
            files.update(dict.fromkeys(file for file in [*libraries, *spectra] if file not in metadata))
        else:
            files.update(dict.fromkeys(registry.find_files([path])))
    kept = set(rruff_zip.without_raw([str(file) for file in files]))
    return [file for file in files if str(file) in kept]


def _references_of_file(
    file: Path, in_folder: bool, naming: Naming, laser_nm: float | None, progress: Progress
) -> Collected:
    kind = detect_library_kind(file)
    if kind == RRUFF:
        return rruff_zip.read(file, progress)
    if kind == OPEN_SPECY:
        return tables.read(file, progress)
    if kind == LIBRARY:
        other = library.open(file)
        return [other.reference(index) for index in range(len(other))], []
    if (error := rds_error(file)) is not None:
        raise error
    if rruff_zip.is_member(file) and not naming.name and not naming.column:
        return [rruff_zip.read_member(file)], []
    references, failed = list[Reference](), list[StudioError]()
    for spectra in registry.read(file, laser_nm):
        in_set, errors = _references_of_set(spectra, file, in_folder, naming)
        references += in_set
        failed += errors
    return references, failed


def _references_of_set(spectra: SpectrumSet, file: Path, in_folder: bool, naming: Naming) -> Collected:
    """Each spectrum of a set as a reference, with the texts of its table and its metadata."""
    references, failed = list[Reference](), list[StudioError]()
    folder = file.absolute().parent.name if in_folder else ""
    for row, name in enumerate(_substance_names(spectra, file, naming)):
        try:
            references.append(
                Reference(
                    name,
                    reference_spectrum(name, spectra.axis, spectra.values[row]),
                    _text(spectra, row, "group") or folder,
                    _text(spectra, row, "formula"),
                    stated_laser_nm(_text(spectra, row, "laser_nm")),
                    _text(spectra, row, "cite") or file.name,
                    _text(spectra, row, "licence"),
                    _text(spectra, row, "sample"),
                    _text(spectra, row, "note"),
                )
            )
        except StudioError as error:
            failed.append(error)
    return references, failed


def _with_common_texts(reference: Reference, naming: Naming | None) -> Reference:
    """A reference with the group, source and licence that `naming` gives to all."""
    if naming is None:
        return reference
    return replace(
        reference,
        group=naming.group or reference.group,
        source=naming.source or reference.source,
        licence=naming.licence or reference.licence,
    )


def _substance_names(spectra: SpectrumSet, file: Path, naming: Naming) -> list[str]:
    """The substance of each spectrum of a set."""
    if naming.name:
        return [naming.name] * len(spectra)
    if naming.column == BY_FOLDER:
        return [file.absolute().parent.name] * len(spectra)
    columns = () if naming.column == BY_FILE else (naming.column,) if naming.column else _NAMING_COLUMNS
    for column in columns:
        entries = [str(entry).strip() for entry in spectra.table.get(column, ())]
        if entries and not all(entry.replace(".", "").isdigit() for entry in entries):  # numbers name no substance
            return [entry or file.stem for entry in entries]
    if naming.column and naming.column != BY_FILE:
        raise StudioError(
            f"'{file.name}' has no column '{naming.column}' with names.",
            remedy=f"Its columns are: {', '.join(spectra.table) or 'none'}.",
        )
    return [file.stem] * len(spectra)


def _text(spectra: SpectrumSet, row: int, column: str) -> str:
    """An entry of the table of a set, or of its metadata where the table has no such column."""
    return str(spectra.table[column][row]) if column in spectra.table else str(spectra.about.get(column, ""))
