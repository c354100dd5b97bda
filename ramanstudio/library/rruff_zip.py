"""References straight from a zip of RRUFF as it is downloaded, in which each spectrum is a text file.

A member is named `Quartz__R040031__Raman__532__0__unoriented__Raman_Data_Processed__1234.txt` and begins with lines
such as `##NAMES=Quartz`. Where a measurement is there raw and processed, the processed one is taken.
"""

from __future__ import annotations

import html
import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.formats.text.decoding import decode_text
from ramanstudio.formats.text.header import laser_wavelength, parse_key_values
from ramanstudio.formats.text.number_table import parse_table, parse_two_columns
from ramanstudio.formats.validation import read_all_bytes
from ramanstudio.library.library import Reference, measured

LICENCE: Final = "RRUFF; cite Lafuente et al. 2015"
GROUP: Final = "minerals"
LARGEST_MEMBER: Final = 8 * 2**20  # bytes unpacked; the largest spectrum of RRUFF has under one million
LARGEST_ZIP: Final = 4 * 2**30
MOST_MEMBERS: Final = 200_000
_NAMED: Final = re.compile(r"__(Raman|Broad_Scan|Raman_Data)\w*__.*\.txt$", re.I)
_KIND: Final = re.compile(r"__Raman_Data_(RAW|Processed)__", re.I)
_SUBSCRIPTS: Final = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_SUPERSCRIPTS: Final = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


def looks_like(path: Path) -> bool:
    """Whether a file is a zip of RRUFF's spectra: by the names in it, without unpacking any."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(_NAMED.search(one.filename) for one in archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def read(path: Path, progress: Progress = SILENT) -> tuple[list[Reference], list[StudioError]]:
    """The references in a zip, and a sentence for each member that is none.

    Raises StudioError when the zip cannot be opened or would unpack to more than such a zip can hold, Cancelled when
    asked to stop.
    """
    references, failed = list[Reference](), list[StudioError]()
    try:
        with zipfile.ZipFile(path) as archive:
            members = _chosen(path, archive)
            for member in progress.steps(members, "spectra read"):
                try:
                    references.append(_reference(member.filename, _unpacked(archive, member)))
                except StudioError as error:
                    failed.append(error)
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise StudioError(
            f"Could not read '{path.name}': it is no whole zip file.", remedy="Download it again."
        ) from error
    return references, failed


def _chosen(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members to read: texts, of two versions of one measurement the processed one."""
    members = [one for one in archive.infolist() if _is_spectrum(one)]
    if len(members) > MOST_MEMBERS or sum(one.file_size for one in members) > LARGEST_ZIP:
        raise StudioError(
            f"'{path.name}' would unpack to more than a zip of spectra holds.", remedy="Download it again from RRUFF."
        )
    kept = set(without_raw([one.filename for one in members]))
    return [one for one in members if one.filename in kept]


def without_raw(names: Sequence[str]) -> list[str]:
    """The names of spectra, without those of raw ones that are there processed too; two of one kind are both kept."""
    kinds = [_KIND.search(name) for name in names]
    processed = {
        name[: kind.start()] for name, kind in zip(names, kinds, strict=True) if kind and kind[1].lower() == "processed"
    }
    return [
        name
        for name, kind in zip(names, kinds, strict=True)
        if not (kind and kind[1].lower() == "raw" and name[: kind.start()] in processed)
    ]


def is_member(path: Path) -> bool:
    """Whether a file is named like one that was unpacked from such a zip."""
    return _NAMED.search(path.name) is not None


def read_member(path: Path) -> Reference:
    """The reference in a file that was unpacked from such a zip; raises StudioError when it is none."""
    return _reference(path.name, read_all_bytes(path, LARGEST_MEMBER // 2**20))


def _is_spectrum(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return not member.is_dir() and not hidden and name.suffix.lower() == ".txt"


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's bytes; what its header states is not believed, so no more is unpacked than a spectrum can have."""
    name = PurePosixPath(member.filename).name
    if member.flag_bits & 1:
        raise StudioError(f"'{name}' is locked with a password.", remedy="Unlock the zip, and give that.")
    try:
        with archive.open(member) as file:
            content = file.read(LARGEST_MEMBER + 1)
    except (OSError, RuntimeError, EOFError, zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
        raise StudioError(f"'{name}' could not be unpacked.", remedy="Download the zip again.") from error
    if len(content) > LARGEST_MEMBER:
        raise StudioError(f"'{name}' is too large to be a spectrum.", remedy="Leave it out.")
    return content


def _reference(member: str, content: bytes) -> Reference:
    path = Path(PurePosixPath(member).name)
    header, numbers = _columns(path, decode_text(path, content))
    pairs = parse_key_values(header)
    name = html.unescape(pairs.get("names", "")) or path.stem.partition("__")[0]
    laser = _laser(pairs.get("raman wavelength", "")) or laser_wavelength(path, pairs)
    kind = _KIND.search(path.name)
    return Reference(
        name,
        measured(path.name, numbers[:, 0], numbers[:, 1]),
        GROUP,
        _formula(pairs.get("ideal chemistry", "")),
        math.nan if laser is None else laser,
        " ".join(f"RRUFF {pairs.get('rruffid', '')} {_address(header)}".split()),
        LICENCE,
        pairs.get("rruffid", ""),
        "as measured, not processed" if kind and kind[1].lower() == "raw" else "",
    )


def _columns(path: Path, text: str) -> tuple[list[str], NDArray[np.float64]]:
    """The lines above, and Raman shift and intensity (B, 2)."""
    plain = parse_two_columns(text)
    if plain is not None:
        return plain[0], np.array(plain[1]).reshape(-1, 2)
    sheet = parse_table(text)
    block = max((one for one in sheet.blocks if one.width == 2), key=len, default=None)
    if block is None:
        raise StudioError(f"'{path.name}' holds no two columns of numbers.", remedy="Leave it out.")
    return list(sheet.lines[: block.first]), block.numbers


def _laser(text: str) -> float | None:
    found = re.search(r"\d+(\.\d+)?", text)
    laser = float(found[0]) if found else 0.0
    return laser if 180 <= laser <= 2000 else None  # one file says 53


def _address(header: list[str]) -> str:
    return next((line.partition("=")[2].strip() for line in header if line.upper().startswith("##URL=")), "")


def _formula(marked: str) -> str:
    """RRUFF's marks as one writes them: `Ti^4+^O_2_` -> Ti⁴⁺O₂."""
    text = re.sub(r"_([^_]*)_", lambda found: found[1].translate(_SUBSCRIPTS), html.unescape(marked))
    return re.sub(r"\^([^^]*)\^", lambda found: found[1].translate(_SUPERSCRIPTS), text)
