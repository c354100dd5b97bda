"""The table of file formats, FORMATS, and `read`; dialogs, command-line help, documents and tests are built from it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import (
    andor,
    archive,
    envi,
    excel,
    hdf5,
    jasco,
    jcamp,
    labspec5,
    labspec6,
    labspec_xml,
    matlab,
    ocean,
    omnic,
    opus,
    princeton,
    spc,
    trivista,
    wdf,
    witec,
)
from ramanstudio.formats.text import reader, writer
from ramanstudio.formats.text.decoding import looks_like_text
from ramanstudio.formats.unsupported import UNSUPPORTED, unsupported_error
from ramanstudio.formats.validation import EXPORT_AGAIN, first_bytes, read_error, without_impossible_intensities
from ramanstudio.formats.writers import jcamp_writer, nexus_writer, spc_writer, xlsx_writer

_FIRST_NUMBER: Final = re.compile(rb"\s*[-+]?\d*[.,]?\d+[\s;,]")
_NUMBER: Final = re.compile(rb"\d+[.,]?\d*")


@dataclass(frozen=True, slots=True)
class Format:
    """One file format: its name, what such files hold, its suffixes, and its functions.

    `read(path, laser_nm)` returns the spectrum sets of a file, `write(path, spectra)` writes one set, and
    `sniff(start)` says whether a file that begins with the bytes `start` is of this format.
    """

    name: str
    holds: str
    suffixes: tuple[str, ...]
    read: Callable[[Path, float | None], tuple[SpectrumSet, ...]]
    write: Callable[[Path, SpectrumSet], None] | None = None
    sniff: Callable[[bytes], bool] | None = None


TEXT: Final = Format(
    "Text",
    "two columns, matrices and maps; comma, semicolon, tab or spaces; decimal comma; the headers of common instruments"
    " and of RRUFF",
    (".txt", ".csv", ".tsv", ".dat", ".asc", ".xy", ".rod", ".jaz", ".prn"),
    reader.read,
    writer.write,
)


def _read_zip(path: Path, laser_nm: float | None) -> tuple[SpectrumSet, ...]:
    """Read a zip file: a workbook or an archive, whatever its suffix says."""
    if excel.is_workbook(path):
        return excel.read(path, laser_nm, reader.spectra_from_text)
    if ocean.is_project(path):
        return ocean.read(path, laser_nm)
    return archive.read_zip(path, laser_nm, read)


def _read_gzip(path: Path, laser_nm: float | None) -> tuple[SpectrumSet, ...]:
    return archive.read_gzip(path, laser_nm, read)


FORMATS: Final[tuple[Format, ...]] = (
    Format(
        "Renishaw WiRE",
        "single spectra, depth and time series, lines, maps with positions",
        (".wdf",),
        wdf.read,
        sniff=wdf.looks_like,
    ),
    Format(
        "HORIBA LabSpec 6",
        "single spectra, series, lines, maps with positions",
        (".l6s", ".l6m"),
        labspec6.read,
        sniff=labspec6.looks_like,
    ),
    Format(
        "HORIBA LabSpec 5",
        "single spectra, lines, maps with positions, also of any outline",
        (".ngc", ".ngs", ".tsf"),
        labspec5.read,
        sniff=labspec5.looks_like,
    ),
    Format(
        "HORIBA LabSpec XML",
        "single spectra, lines, maps with positions",
        (".xml",),
        labspec_xml.read,
        sniff=labspec_xml.looks_like,
    ),
    Format(
        "WITec project",
        "every spectrum, time series, line, depth scan and area scan in it, with positions",
        (".wip", ".wid"),
        witec.read,
        sniff=witec.looks_like,
    ),
    Format(
        "Bruker OPUS",
        "Raman spectra, single or in series",
        (".0", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9", ".opus"),
        opus.read,
        sniff=opus.looks_like,
    ),
    Format("Thermo OMNIC", "Raman spectra, single or in groups", (".spa", ".spg"), omnic.read, sniff=omnic.looks_like),
    Format(
        "Princeton Instruments",
        "WinSpec 2.x and LightField 3.0, all frames",
        (".spe",),
        princeton.read,
        sniff=princeton.looks_like,
    ),
    Format("Andor Solis", "all frames and tracks", (".sif",), andor.read, sniff=andor.looks_like),
    Format("TriVista", "single spectra, series, lines", (".tvf",), trivista.read, sniff=trivista.looks_like),
    Format("Galactic SPC", "old and new, one spectrum or many", (".spc",), spc.read, spc_writer.write, spc.looks_like),
    Format(
        "JCAMP-DX",
        "plain, packed, squeezed, difference and duplicate forms",
        (".jdx", ".dx", ".jcamp", ".jcm"),
        jcamp.read,
        jcamp_writer.write,
        sniff=jcamp.looks_like,
    ),
    Format(
        "HDF5",
        "results exported by RamanStudio, and training corpora",
        (".h5", ".hdf5", ".hdf"),
        hdf5.read,
        hdf5.write,
        sniff=hdf5.looks_like,
    ),
    Format(
        "NeXus",
        "NXraman and any NXdata, ramanchada",
        (".nxs", ".cha"),
        hdf5.read,
        nexus_writer.write,
        sniff=hdf5.looks_like,
    ),
    Format(
        "MATLAB",
        "matrices of spectra beside their axis, maps of WITec and PLS_Toolbox; versions 5 to 7.3",
        (".mat",),
        matlab.read,
        sniff=matlab.looks_like,
    ),
    Format("ENVI", "maps: the header, with its data file beside it", (".hdr",), envi.read, sniff=envi.looks_like),
    Format("JASCO", "Raman spectra", (".jws",), jasco.read, sniff=jasco.looks_like),
    Format("Ocean Optics project", "single spectra", (".procspec",), _read_zip, sniff=archive.looks_like_zip),
    Format(
        "Excel workbook",
        "the tables of spectra on its sheets",
        (".xlsx", ".xlsm"),
        _read_zip,
        xlsx_writer.write,
        sniff=archive.looks_like_zip,
    ),
    Format("Zip archive", "files of any format in this table", (".zip",), _read_zip, sniff=archive.looks_like_zip),
    Format(
        "Compressed file", "a file of any format in this table", (".gz",), _read_gzip, sniff=archive.looks_like_gzip
    ),
    TEXT,
)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read a file of Raman spectra; one SpectrumSet for each axis in it.

    Parameters
    ----------
    path : file of any format in FORMATS
    laser_nm : excitation wavelength in nm, used where the axis is a wavelength, an absolute wavenumber or an energy;
        it wins over what the file states

    Raises LaserNeededError where such a file states no laser and none is given; StudioError, a sentence that names the
    file and what to do, when it cannot be read as Raman spectra.
    """
    path = Path(path)
    if laser_nm is not None and not 100.0 <= laser_nm <= 3000.0:
        raise StudioError(
            f"A laser wavelength of {laser_nm:g} nm is not possible.", remedy="Give it in nm, such as 785."
        )
    file_format = detect_format(path)
    try:
        # Damaged numbers may overflow; readers check the result, so numpy need not warn.
        with np.errstate(all="ignore"):
            sets = tuple(without_impossible_intensities(path, spectra) for spectra in file_format.read(path, laser_nm))
    except StudioError as error:
        if path.name in error.sentence:
            raise
        reason = f"{error.sentence[:1].lower()}{error.sentence[1:].rstrip('.')}"  # raised by SpectrumSet
        raise read_error(path, reason, error.remedy) from error
    except OSError as error:
        raise read_error(
            path, f"the system reports: {error.strerror or error}", "Check the disk and try again."
        ) from error
    except MemoryError as error:
        raise read_error(
            path, "there is not enough memory", "Close other programs, or export the file in parts."
        ) from error
    except Exception as error:  # a fault of ours; the tests of damaged files go around this net
        raise read_error(path, f"its content is not understood ({type(error).__name__})") from error
    if not any(len(spectra) for spectra in sets):
        raise read_error(path, "it contains no spectrum")
    return tuple(spectra.with_about(source=str(path), format=file_format.name) for spectra in sets if len(spectra))


def detect_format(path: Path) -> Format:
    """Return the row of FORMATS that reads this file: by its suffix, unless its first bytes say otherwise.

    Raises StudioError when the file cannot be opened or its format is not supported.
    """
    start = _as_utf8(first_bytes(path))
    suffix = path.suffix.lower()
    named = next((row for row in FORMATS if suffix in row.suffixes), None)
    if named is TEXT and _FIRST_NUMBER.match(start) and looks_like_text(start):
        return TEXT  # most files; no signature begins with a number and goes on as text
    if named is not None and named.sniff is not None and named.sniff(start):
        return named
    sniffed = next((row for row in FORMATS if row.sniff is not None and row.sniff(start)), None)
    if sniffed is not None:
        return sniffed
    error = unsupported_error(path, start)
    if error is None and not looks_like_text(start):
        error = envi.data_file_error(path)
    if error is not None:
        raise error
    is_text = looks_like_text(start)
    if named is not None and not (is_text and named.sniff is not None and _has_numbers(start)):
        return named  # its reader gives the most specific error
    if is_text:
        return TEXT
    raise read_error(path, "its format is unknown", EXPORT_AGAIN)


def _as_utf8(start: bytes) -> bytes:
    """Return the first bytes of a text in UTF-16 in UTF-8, without its mark; others as they are."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) and not start.startswith(b"\xff\xfe\0\0"):
        return start.decode("utf-16", "ignore").encode()
    return start


def _has_numbers(start: bytes) -> bool:
    """Whether the first bytes of a text are a table of numbers, and no JCAMP-DX labels or XML."""
    return not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"##", b"<")) and len(_NUMBER.findall(start)) >= 8


def is_readable_content(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is of a binary format that is read, whatever its suffix."""
    return any(row.sniff is not None and row.sniff(start) for row in FORMATS)


def readable_suffixes() -> tuple[str, ...]:
    """Return the suffixes of all readable formats, lower case, each once."""
    return tuple(dict.fromkeys(suffix for row in FORMATS for suffix in row.suffixes))


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files to open for dropped `paths`: folders are searched recursively, named files always kept.

    Of a folder, the files with a readable suffix in sorted order; where there are none, those of known unsupported
    formats, so that the user learns why nothing opens.
    """
    files: dict[Path, None] = {}  # keeps the order, drops repetitions
    for path in map(Path, paths):
        files.update(dict.fromkeys(_files_in_folder(path) if is_folder(path) else (path,)))
    return list(files)


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; False where it cannot be looked at."""
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or has a NUL
        return False


def _files_in_folder(folder: Path) -> list[Path]:
    readable = set(readable_suffixes())
    known = {suffix for row in UNSUPPORTED if row.is_spectral for suffix in row.suffixes}
    files = [path for path in walk(folder) if path.suffix.lower() in readable | known]
    return [path for path in files if path.suffix.lower() in readable] or files


def walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in sorted order, without hidden ones and expected errors beside their spectra."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        present = set(names)
        for name in sorted(names):
            spectra = name.replace(".expected-error.", ".")  # what an export of this program wrote beside it
            if not name.startswith(".") and (spectra == name or spectra not in present):
                yield Path(root, name)
