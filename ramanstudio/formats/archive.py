"""Archives (.zip) and compressed files (.gz) of anything readable: each file in them is unpacked and read by itself."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.excel import is_workbook
from ramanstudio.formats.ocean import is_project
from ramanstudio.formats.safe_zip import open_zip
from ramanstudio.formats.validation import file_size, first_bytes, read_error

MAX_FILES: Final = 10_000
MAX_UNPACKED_BYTES: Final = 2 * 2**30
MAX_GZIP_MB: Final = 1024
MAX_GZIP_RATIO: Final = 200
MAX_NOTES: Final = 3
_BLOCK: Final = 2**20
_ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b")
_FORBIDDEN: Final = set('<>:"/\\|?*')

_DOCUMENTS: Final = {  # files by which other zipped formats are known
    "content.xml": ("a LibreOffice document", "Save the sheet as .xlsx or .csv, and open that."),
    "word/document.xml": ("a Word document", "Copy the numbers into a text file, and open that."),
    "ppt/presentation.xml": ("a PowerPoint presentation", "Ask its author for the spectrum as text."),
}

Read = Callable[[Path, float | None], tuple[SpectrumSet, ...]]


def looks_like_zip(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a zip archive."""
    return start.startswith(b"PK\x03\x04")


def looks_like_gzip(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is compressed by gzip."""
    return start.startswith(b"\x1f\x8b")


def read_zip(path: Path, laser_nm: float | None, read_file: Read) -> tuple[SpectrumSet, ...]:
    """Read every file of an archive by `read_file`; each set has the name of its file as metadata `file_in_archive`.

    Files that cannot be read are counted in the notes of the first set. Raises StudioError when none can be read, or
    the archive is damaged, locked or too large; sizes are checked before anything is unpacked.
    """
    sets: list[SpectrumSet] = []
    errors: list[StudioError] = []
    n_files = 0
    with (
        tempfile.TemporaryDirectory(prefix="ramanstudio-") as folder,
        open_zip(path, MAX_FILES, MAX_UNPACKED_BYTES) as archive,
    ):
        for name, (document, remedy) in _DOCUMENTS.items():
            if name in archive.NameToInfo:
                raise read_error(path, f"it is {document}, a format that is not supported", remedy)
        members = [member for member in archive.infolist() if not member.is_dir() and _is_wanted(member.filename)]
        unpacked: list[tuple[str, Path]] = []
        for number, member in enumerate(members):
            # Files of one folder stay side by side: a header finds its data.
            parent = Path(folder) / _safe_name(str(PurePosixPath(member.filename).parent).replace("/", "_"))
            parent.mkdir(exist_ok=True)
            target = parent / _safe_name(PurePosixPath(member.filename).name or str(number))
            if target.exists():
                target = parent / f"{number}_{target.name}"
            with archive.open(member) as packed, target.open("wb") as file:
                while block := packed.read(_BLOCK):
                    file.write(block)
            unpacked.append((member.filename, target))
        for name, target in unpacked:
            if target.suffix != ".hdr" and target.with_suffix(".hdr").exists():
                continue  # the data of an ENVI header, which reads them
            n_files += 1
            try:
                if _is_archive(target):
                    raise StudioError(
                        f"'{target.name}' is an archive within an archive.", remedy="Unpack it and open the files."
                    )
                sets += [spectra.with_about(file_in_archive=name) for spectra in read_file(target, laser_nm)]
            except StudioError as error:
                errors.append(error)
    if not n_files:
        raise read_error(path, "it contains no files", "Check that the archive is the right one.")
    if not sets:
        reason = f"none of the {n_files} files in it could be read. {errors[0].sentence.rstrip('.')}"
        if n_files == 1:
            reason = f"the file in it could not be read. {errors[0].sentence.rstrip('.')}"
        raise type(errors[0])(read_error(path, reason).sentence, errors[0].remedy)  # LaserNeededError stays one
    if errors:
        left_out = " ".join(error.sentence for error in errors[:MAX_NOTES])
        more = " …" if len(errors) > MAX_NOTES else ""
        notes = f"{len(errors)} of {n_files} files of the archive were left out. {left_out}{more}"
        earlier = str(sets[0].about.get("notes", ""))
        sets[0] = sets[0].with_about(notes=" ".join(filter(None, [earlier, notes])))
    return tuple(sets)


def read_gzip(path: Path, laser_nm: float | None, read_file: Read) -> tuple[SpectrumSet, ...]:
    """Read the one file in a gzip file by `read_file`.

    Raises StudioError when it is damaged, unpacks to far more than its size, or cannot be read.
    """
    size = file_size(path, MAX_GZIP_MB)
    limit = max(64 * 2**20, min(MAX_UNPACKED_BYTES, MAX_GZIP_RATIO * size))
    name = _safe_name(path.name.removesuffix(path.suffix) or "unpacked")
    with tempfile.TemporaryDirectory(prefix="ramanstudio-") as folder:
        target = Path(folder) / name
        _unpack_gzip(path, target, limit)
        if _is_archive(target):
            raise read_error(path, "it is an archive within an archive", "Unpack it and open the files.")
        try:
            sets = read_file(target, laser_nm)
        except StudioError as error:
            raise type(error)(error.sentence.replace(f"'{name}'", f"'{path.name}'"), error.remedy) from None
    return tuple(spectra.with_about(file_in_archive=name) for spectra in sets)


def _unpack_gzip(path: Path, target: Path, limit: int) -> None:
    """Unpack a gzip file of one or more parts; raises StudioError beyond `limit` bytes or when it is damaged."""
    total, decompressor = 0, zlib.decompressobj(31)
    with path.open("rb") as packed, target.open("wb") as file:
        pending = packed.read(_BLOCK)
        while pending:
            try:
                block = decompressor.decompress(pending, _BLOCK)
            except zlib.error:
                raise read_error(path, "it is damaged or incomplete", COPY_AGAIN) from None
            total += len(block)
            if total > limit:
                raise read_error(path, f"it unpacks to more than {limit:,} bytes", "Unpack it and open the file.")
            file.write(block)
            pending = decompressor.unconsumed_tail
            if decompressor.eof:
                pending = decompressor.unused_data or packed.read(_BLOCK)
                if not pending.startswith(b"\x1f\x8b"):
                    return  # zeros may follow
                decompressor = zlib.decompressobj(31)
            elif not pending:
                pending = packed.read(_BLOCK)
    if not decompressor.eof:
        raise read_error(path, "it is damaged or incomplete", COPY_AGAIN)


def _is_archive(path: Path) -> bool:
    """Whether a file is an archive or a compressed file; workbooks and projects are zip files of other kinds."""
    start = first_bytes(path, 4)
    return start.startswith(_ARCHIVES) and not (looks_like_zip(start) and (is_workbook(path) or is_project(path)))


def _is_wanted(name: str) -> bool:
    """Tell whether a member is a file of the user, not one that a system keeps for itself."""
    parts = PurePosixPath(name).parts
    is_hidden = any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts)
    return not is_hidden and parts[-1:] != ("Thumbs.db",)


def _safe_name(name: str) -> str:
    """Return a file name without separators, control characters or forms that lead elsewhere."""
    safe = "".join("_" if letter in _FORBIDDEN or not letter.isprintable() else letter for letter in name)
    stem, dot, suffix = safe.strip(". ").rpartition(".")
    return f"{stem[:100]}{dot}{suffix[:20]}".lstrip(".") or "unpacked"
