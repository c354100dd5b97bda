"""Every format that is read or written, as rows; the dialogs, the command line and the tests are made from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5, jcamp, spc, wdf
from ramanstudio.formats.text import reader
from ramanstudio.formats.text.decoding import looks_like_text
from ramanstudio.formats.unsupported import UNSUPPORTED, refusal
from ramanstudio.formats.validation import EXPORT_AGAIN, read_error, start_of


@dataclass(frozen=True, slots=True)
class Format:
    """A family of files: its name, what it holds, its suffixes, and the verbs that read, write and recognise it.

    `read(path, laser_nm)` gives the sets of a file, `write(path, spectra)` makes one, and `sniff(start)` says whether
    the first bytes of a file are of this format.
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
    reader.write,
)
FORMATS: Final[tuple[Format, ...]] = (
    Format(
        "Renishaw WiRE",
        "single spectra, depth and time series, lines, maps with positions",
        (".wdf",),
        wdf.read,
        sniff=wdf.looks_like,
    ),
    Format("Galactic SPC", "old and new, one spectrum or many", (".spc",), spc.read, sniff=spc.looks_like),
    Format(
        "JCAMP-DX",
        "plain, packed, squeezed, difference and duplicate forms",
        (".jdx", ".dx", ".jcamp", ".jcm"),
        jcamp.read,
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
    TEXT,
)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """The spectra of a file, as one set for each axis in it.

    `laser_nm` is the excitation wavelength, used only where the file is in nm (or absolute cm⁻¹, eV) and does not say
    its own. Raises StudioError, one sentence naming the file and what to do, when it cannot be read as Raman spectra.
    """
    path = Path(path)
    if laser_nm is not None and not 100.0 <= laser_nm <= 3000.0:
        raise StudioError(f"A laser wavelength of {laser_nm:g} nm cannot be.", remedy="Give it in nm, such as 785.")
    form = format_of(path)
    try:
        # Damaged numbers overflow on their way; readers check what comes out, so numpy need not warn.
        with np.errstate(all="ignore"):
            sets = form.read(path, laser_nm)
    except StudioError as error:
        if path.name in error.sentence:
            raise
        found = f"{error.sentence[:1].lower()}{error.sentence[1:].rstrip('.')}"  # what SpectrumSet itself refused
        raise read_error(path, found, error.remedy) from error
    except OSError as error:
        raise read_error(
            path, f"the system says: {error.strerror or error}", "Check the disk and try again."
        ) from error
    except MemoryError as error:
        raise read_error(
            path, "there is not enough memory for it", "Close other programs, or export it in parts."
        ) from error
    if not any(len(spectra) for spectra in sets):
        raise read_error(path, "it holds no spectrum")
    facts = {"source": str(path), "format": form.name}
    return tuple(spectra.with_about(**facts) for spectra in sets if len(spectra))


def format_of(path: Path) -> Format:
    """The row of FORMATS that reads this file: by its suffix, unless its first bytes say otherwise.

    Raises StudioError when the file cannot be opened or is of no format that is read.
    """
    start = start_of(path)
    suffix = path.suffix.lower()
    named = next((row for row in FORMATS if suffix in row.suffixes), None)
    if named is not None and named.sniff is not None and named.sniff(start):
        return named
    sniffed = next((row for row in FORMATS if row.sniff is not None and row.sniff(start)), None)
    if sniffed is not None:
        return sniffed
    error = refusal(path, start)
    if error is not None:
        raise error
    if named is not None:
        return named  # its own reader knows best what is wrong with it
    if looks_like_text(start):
        return TEXT
    raise read_error(path, "its format is not known", EXPORT_AGAIN)


def readable_suffixes() -> tuple[str, ...]:
    """The suffixes of all readable files, lower case, each once."""
    return tuple(dict.fromkeys(suffix for row in FORMATS for suffix in row.suffixes))


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files to open for what was dropped: folders are walked, sorted, and files given by name always kept.

    A folder gives its files of readable suffixes; where it has none, those of formats known but not read, so that the
    user is told about them.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        found.update(dict.fromkeys(_in_folder(path) if path.is_dir() else (path,)))
    return list(found)


def _in_folder(folder: Path) -> list[Path]:
    readable = set(readable_suffixes())
    known = {suffix for row in UNSUPPORTED if row.of_spectra for suffix in row.suffixes}
    files = [path for path in _walked(folder) if path.suffix.lower() in readable | known]
    return [path for path in files if path.suffix.lower() in readable] or files


def _walked(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root, name)
