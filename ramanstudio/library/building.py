"""Libraries made of whatever holds spectra: files and folders, downloads of RRUFF and Open Specy, open sets."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.formats import registry
from ramanstudio.library import library, rruff_zip, tables
from ramanstudio.library.library import SUFFIX, Library, Reference, measured

LIBRARY, RRUFF, OPEN_SPECY = "library", "RRUFF", "Open Specy"  # what `detect_library_kind` tells apart
BY_FILE, BY_FOLDER = "file", "folder"  # in the place of a column that names the substance
_NAMING_COLUMNS: Final = ("label", "species", "substance", "name")
_RDS: Final = (
    "In R: lib <- readRDS('file.rds'); data.table::fwrite(cbind(wavenumber = lib$wavenumber, lib$spectra),"
    " 'library.csv'); data.table::fwrite(lib$metadata, 'metadata.csv')"
)

Found = tuple[list[Reference], list[StudioError]]  # the references, and a sentence for each thing that gave none


@dataclass(frozen=True, slots=True)
class Naming:
    """How references of files are named: all `name`, or by `column`: of the table, "file" or "folder"; else by both.

    `group`, `source` and `licence` are those of all where they are given.
    """

    name: str = ""
    column: str = ""
    group: str = ""
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True)
class BuiltLibrary:
    """A library that was made, and a sentence for each file or spectrum that could not be taken into it."""

    library: Library
    failed: tuple[StudioError, ...]


def detect_library_kind(path: Path) -> str:
    """Which library a dropped file is: LIBRARY, RRUFF, OPEN_SPECY; "" for spectra and all else. Reads little of it."""
    suffix = path.suffix.lower()
    if not path.is_file():
        return ""
    if suffix == SUFFIX:
        return LIBRARY
    if suffix == ".zip":
        return RRUFF if rruff_zip.looks_like(path) else ""
    return OPEN_SPECY if tables.looks_like(path) else ""


def install(path: Path, title: str = "", progress: Progress = SILENT) -> BuiltLibrary:
    """Put a library that was downloaded, or given by somebody, into the user's folder.

    Raises StudioError when it is none or holds no reference, Cancelled when asked to stop.
    """
    kind = detect_library_kind(path)
    if not kind:
        raise refused_rds(path) or StudioError(
            f"'{path.name}' is no library.",
            remedy="Give a library of RamanStudio, a zip of RRUFF, or a table exported from Open Specy.",
        )
    folder = paths.user_libraries()
    if kind != LIBRARY:
        title = title or (f"RRUFF {path.stem}" if kind == RRUFF else path.stem)
        return build(free_path(folder, title), [path], title, progress=progress)
    given = library.open(path)
    if path.resolve().parent == folder.resolve():
        return BuiltLibrary(given, ())
    for other in folder.glob(f"*{SUFFIX}"):
        if _is_copy(other, given):
            return BuiltLibrary(library.open(other), ())
    place = free_path(folder, path.stem)
    try:
        with atomic_path(place) as draft:
            shutil.copyfile(path, draft)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(f"Could not copy '{path.name}': {reason}.", remedy="Make room on the disk.") from error
    return BuiltLibrary(library.open(place), ())


def build(
    path: Path,
    given: Sequence[Path],
    title: str = "",
    naming: Naming | None = None,
    laser_nm: float | None = None,
    progress: Progress = SILENT,
) -> BuiltLibrary:
    """Make the library `path` of all that files and folders hold: spectra, zips of RRUFF, tables, other libraries.

    Raises StudioError when nothing in them can be a reference, or it cannot be written; Cancelled when asked to stop.
    """
    references, failed = gather(given, naming, laser_nm, progress)
    if not references:
        if len(failed) == 1:
            raise failed[0]
        raise StudioError(
            f"There is no reference in {', '.join(repr(one.name) for one in given)}.",
            remedy=str(failed[0]) if failed else "Give spectra whose substance is known.",
        )
    return BuiltLibrary(library.write(path, references, title, progress), tuple(failed))


def gather(
    given: Sequence[Path], naming: Naming | None = None, laser_nm: float | None = None, progress: Progress = SILENT
) -> Found:
    """The references in files and folders, and a sentence for each file or spectrum that gave none."""
    references, failed = list[Reference](), list[StudioError]()
    files = _files(given)
    for number, file in enumerate(files):
        part = progress if len(files) == 1 else _counting(progress, number, len(files))
        part(0, 1)
        try:
            found, bad = _of_file(file, file not in given, naming or Naming(), laser_nm, part)
        except StudioError as error:
            found, bad = [], [error]
        references += [_told(one, naming) for one in found]
        failed += bad
    return references, failed


def _counting(progress: Progress, done: int, files: int) -> Progress:
    """A progress that counts files, whatever is counted within one."""
    return Progress(lambda *_: progress(done, files, "files read"), on_warning=progress.warn)


def references_from_sets(
    sets: Sequence[SpectrumSet], names: Sequence[str], group: str = "", source: str = "", licence: str = ""
) -> Found:
    """References of sets that are open, `names` one for each set; all spectra of a set are of one substance."""
    references, failed = list[Reference](), list[StudioError]()
    for one, name in zip(sets, names, strict=True):
        naming = Naming(name=name, group=group, source=source or str(one.about.get("source", "")), licence=licence)
        found, bad = _of_set(one, Path(name), False, naming)
        references += [_told(one, naming) for one in found]
        failed += bad
    return references, failed


def free_path(folder: Path, title: str) -> Path:
    """A file name in `folder` for a library of this title which is not yet taken."""
    stem = (
        "".join(letter if letter.isalnum() or letter in " -_.()" else "-" for letter in title).strip(" .") or "library"
    )
    places = [folder / f"{stem}{SUFFIX}", *(folder / f"{stem} {number}{SUFFIX}" for number in range(2, 1000))]
    return next(place for place in places if not place.exists())


def refused_rds(path: Path) -> StudioError | None:
    """What to do with the form in which Open Specy's libraries are downloaded; None for other files."""
    if path.suffix.lower() != ".rds":
        return None
    return StudioError(f"'{path.name}' can be read only by R.", remedy=_RDS)


def _is_copy(path: Path, given: Library) -> bool:
    try:
        return library.open(path).hash == given.hash
    except StudioError:
        return False


def _files(given: Iterable[Path]) -> list[Path]:
    """The files to read: of a folder those that are readable, and libraries in any form, but no table of facts."""
    files: dict[Path, None] = {}
    for path in given:
        whole = [one for one in sorted(path.rglob("*")) if detect_library_kind(one)] if path.is_dir() else []
        facts = {tables.beside(one) for one in whole if one.suffix.lower() not in (SUFFIX, ".zip")}
        if whole:
            readable = registry.readable_suffixes()
            spectra = [one for one in registry.find_files([path]) if one.suffix.lower() in readable]
            files.update(dict.fromkeys(one for one in [*whole, *spectra] if one not in facts))
        else:
            files.update(dict.fromkeys(registry.find_files([path])))
    kept = set(rruff_zip.without_raw([str(one) for one in files]))
    return [one for one in files if str(one) in kept]


def _of_file(file: Path, in_folder: bool, naming: Naming, laser_nm: float | None, progress: Progress) -> Found:
    kind = detect_library_kind(file)
    if kind == RRUFF:
        return rruff_zip.read(file, progress)
    if kind == OPEN_SPECY:
        return tables.read(file, progress)
    if kind == LIBRARY:
        other = library.open(file)
        return [other.reference(index) for index in range(len(other))], []
    if (error := refused_rds(file)) is not None:
        raise error
    if rruff_zip.is_member(file) and not naming.name and not naming.column:
        return [rruff_zip.read_member(file)], []
    references, failed = list[Reference](), list[StudioError]()
    for one in registry.read(file, laser_nm):
        found, bad = _of_set(one, file, in_folder, naming)
        references += found
        failed += bad
    return references, failed


def _of_set(one: SpectrumSet, file: Path, in_folder: bool, naming: Naming) -> Found:
    """Each spectrum of a set as a reference, with what its table and its facts say."""
    references, failed = list[Reference](), list[StudioError]()
    folder = file.absolute().parent.name if in_folder else ""
    for row, name in enumerate(_names(one, file, naming)):
        try:
            references.append(
                Reference(
                    name,
                    measured(name, one.axis, one.values[row]),
                    _known(one, row, "group") or folder,
                    _known(one, row, "formula"),
                    _laser(one, row),
                    _known(one, row, "cite") or file.name,
                    _known(one, row, "licence"),
                    _known(one, row, "sample"),
                    _known(one, row, "note"),
                )
            )
        except StudioError as error:
            failed.append(error)
    return references, failed


def _told(reference: Reference, naming: Naming | None) -> Reference:
    """A reference with what is said of all."""
    if naming is None:
        return reference
    return replace(
        reference,
        group=naming.group or reference.group,
        source=naming.source or reference.source,
        licence=naming.licence or reference.licence,
    )


def _names(one: SpectrumSet, file: Path, naming: Naming) -> list[str]:
    """What each spectrum of a set is of."""
    if naming.name:
        return [naming.name] * len(one)
    if naming.column == BY_FOLDER:
        return [file.absolute().parent.name] * len(one)
    columns = () if naming.column == BY_FILE else (naming.column,) if naming.column else _NAMING_COLUMNS
    for column in columns:
        entries = [str(entry).strip() for entry in one.table.get(column, ())]
        if entries and not all(entry.replace(".", "").isdigit() for entry in entries):  # numbers name no substance
            return [entry or file.stem for entry in entries]
    if naming.column and naming.column != BY_FILE:
        raise StudioError(
            f"'{file.name}' has no column '{naming.column}' with names.",
            remedy=f"Its columns are: {', '.join(one.table) or 'none'}.",
        )
    return [file.stem] * len(one)


def _known(one: SpectrumSet, row: int, column: str) -> str:
    return str(one.table[column][row]) if column in one.table else str(one.about.get(column, ""))


def _laser(one: SpectrumSet, row: int) -> float:
    try:
        return float(_known(one, row, "laser_nm") or math.nan)
    except ValueError:
        return math.nan
