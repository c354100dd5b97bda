"""Read the zip files in which RRUFF (Lafuente et al. 2015) offers its spectra, one text file for each.

A member is named `Quartz__R040031__Raman__532__0__unoriented__Raman_Data_Processed__1234.txt` and begins with lines
such as `##NAMES=Quartz`. Of a measurement that is there raw and processed, the processed spectrum is used.
"""

from __future__ import annotations

import html
import math
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.formats.safe_zip import ZIP_ERRORS, directory_bytes
from ramanstudio.formats.text.decoding import decode_text
from ramanstudio.formats.text.header import laser_wavelength, parse_key_values
from ramanstudio.formats.text.number_table import parse_table, parse_two_columns
from ramanstudio.formats.validation import read_all_bytes
from ramanstudio.library.reference import Reference, reference_spectrum, stated_laser_nm

LICENCE: Final = "RRUFF; cite Lafuente et al. 2015"
GROUP: Final = "minerals"
LARGEST_MEMBER: Final = 8 * 2**20  # bytes unpacked; the largest spectrum of RRUFF has under one million
LARGEST_ZIP: Final = 4 * 2**30
LARGEST_DIRECTORY: Final = 2**25  # bytes of the list of members, some 150 for each
HIGHEST_RATIO: Final = 100  # of unpacked to packed bytes; text of numbers has less than ten
MOST_MEMBERS: Final = 200_000
_NAMED: Final = re.compile(r"__(Raman|Broad_Scan|Raman_Data)\w*__.*\.txt$", re.I)
_KIND: Final = re.compile(r"__Raman_Data_(RAW|Processed)__", re.I)
_SUBSCRIPTS: Final = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_SUPERSCRIPTS: Final = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


def looks_like(path: Path) -> bool:
    """Tell by the names in it whether a file is a zip of RRUFF spectra; nothing is unpacked."""
    try:
        if directory_bytes(path) > LARGEST_DIRECTORY:
            return False
        with zipfile.ZipFile(path) as archive:
            return any(_NAMED.search(member.filename) for member in archive.infolist())
    except ZIP_ERRORS:
        return False


def read(path: Path, progress: Progress = SILENT) -> tuple[list[Reference], list[StudioError]]:
    """Return the references in a zip, and an error for each member that is not one.

    Raises StudioError when the zip cannot be opened or would unpack to more than such a zip can hold, Cancelled when
    asked to stop.
    """
    references, failed = list[Reference](), list[StudioError]()
    try:
        if directory_bytes(path) > LARGEST_DIRECTORY:
            raise _too_large(path)
        with zipfile.ZipFile(path) as archive:
            members = _chosen(path, archive)
            for member in progress.steps(members, "spectra read"):
                try:
                    references.append(_reference(member.filename, _unpacked(archive, member)))
                except StudioError as error:
                    failed.append(error)
    except ZIP_ERRORS as error:
        raise StudioError(
            f"Could not read '{path.name}': the zip file is damaged or incomplete.", remedy="Download it again."
        ) from error
    return references, failed


def _chosen(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members to read: text files, without raw versions of processed spectra."""
    members = [member for member in archive.infolist() if _is_spectrum(member)]
    if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > LARGEST_ZIP:
        raise _too_large(path)
    kept = set(without_raw([member.filename for member in members]))
    return [member for member in members if member.filename in kept]


def _too_large(path: Path) -> StudioError:
    return StudioError(
        f"'{path.name}' would unpack to more than a zip of spectra holds.", remedy="Download it again from RRUFF."
    )


def without_raw(names: Sequence[str]) -> list[str]:
    """Drop the names of raw spectra whose processed version is there too; two spectra of one kind are both kept."""
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
    """Tell by its name whether a file was unpacked from a zip of RRUFF."""
    return _NAMED.search(path.name) is not None


def read_member(path: Path) -> Reference:
    """Return the reference in a file that was unpacked from a zip of RRUFF; raises StudioError when it is not one."""
    return _reference(path.name, read_all_bytes(path, LARGEST_MEMBER // 2**20))


def _is_spectrum(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in name.parts)
    return not member.is_dir() and not hidden and name.suffix.lower() == ".txt"


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member. The size in its header is not trusted: no more is unpacked than a spectrum can have."""
    name = PurePosixPath(member.filename).name
    if member.flag_bits & 1:
        raise StudioError(f"'{name}' is locked with a password.", remedy="Unlock the zip, and use that.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise StudioError(f"'{name}' is compressed in a way that is not supported.", remedy="Zip it again.")
    if member.file_size > HIGHEST_RATIO * member.compress_size + 2**16:
        raise StudioError(f"'{name}' is too large to be a spectrum.", remedy="Leave it out.")
    try:
        with archive.open(member) as file:
            content = file.read(LARGEST_MEMBER + 1)
    except ZIP_ERRORS as error:
        raise StudioError(f"'{name}' could not be unpacked.", remedy="Download the zip again.") from error
    if len(content) > LARGEST_MEMBER:
        raise StudioError(f"'{name}' is too large to be a spectrum.", remedy="Leave it out.")
    return content


def _reference(member: str, content: bytes) -> Reference:
    path = Path(PurePosixPath(member).name)
    header, numbers = _columns(path, decode_text(path, content))
    pairs = parse_key_values(header)
    name = html.unescape(pairs.get("names", "")) or path.stem.partition("__")[0]
    laser_nm = stated_laser_nm(pairs.get("raman wavelength", ""))  # one file says 53
    if math.isnan(laser_nm):
        laser_nm = laser_wavelength(path, pairs) or math.nan
    kind = _KIND.search(path.name)
    return Reference(
        name,
        reference_spectrum(path.name, numbers[:, 0], numbers[:, 1]),
        GROUP,
        _formula(pairs.get("ideal chemistry", "")),
        laser_nm,
        " ".join(f"RRUFF {pairs.get('rruffid', '')} {_address(header)}".split()),
        LICENCE,
        pairs.get("rruffid", ""),
        "as measured, not processed" if kind and kind[1].lower() == "raw" else "",
    )


def _columns(path: Path, text: str) -> tuple[list[str], NDArray[np.float64]]:
    """The lines of the header, and Raman shifts and intensities (B, 2)."""
    plain = parse_two_columns(text)
    if plain is not None:
        return plain[0], np.array(plain[1]).reshape(-1, 2)
    sheet = parse_table(text)
    block = max((block for block in sheet.blocks if block.width == 2), key=len, default=None)
    if block is None:
        raise StudioError(f"'{path.name}' holds no two columns of numbers.", remedy="Leave it out.")
    return list(sheet.lines[: block.first]), block.numbers


def _address(header: list[str]) -> str:
    return next((line.partition("=")[2].strip() for line in header if line.upper().startswith("##URL=")), "")


def _formula(marked: str) -> str:
    """Typeset RRUFF's markup: `Ti^4+^O_2_` -> Ti⁴⁺O₂."""
    text = re.sub(r"_([^_]*)_", lambda match: match[1].translate(_SUBSCRIPTS), html.unescape(marked))
    return re.sub(r"\^([^^]*)\^", lambda match: match[1].translate(_SUPERSCRIPTS), text)
