"""Known formats that cannot be read: one row each, with what to export instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.validation import NotRamanSpectraError, read_error


@dataclass(frozen=True, slots=True)
class UnsupportedFormat:
    """A format that is recognised by suffix or by its first bytes (`signatures`), and refused.

    `remedy` says what to do instead; `is_spectral` whether such files hold spectra at all.
    """

    name: str
    suffixes: tuple[str, ...]
    signatures: tuple[bytes, ...]
    remedy: str
    is_spectral: bool = True


UNSUPPORTED: Final = (
    UnsupportedFormat(
        "a HORIBA LabSpec 6 video", (".l6v",), (), "In LabSpec, save the spectra themselves (.l6s, .l6m)."
    ),
    UnsupportedFormat("a Thermo OMNIC series", (".srs",), (), "In OMNIC, save it as .spa, .spc or JCAMP-DX."),
    UnsupportedFormat("an old Excel workbook", (".xls",), (), "In Excel, save it as .xlsx or CSV, and open that."),
    UnsupportedFormat(
        "an old JASCO file", (), (b"L~S ",), "In JASCO Spectra Manager, export it as text, if it is a Raman spectrum."
    ),
    UnsupportedFormat(
        "a PerkinElmer file", (".sp",), (b"PEPE",), "In Spectrum, save it as text, if it is a Raman spectrum."
    ),
    UnsupportedFormat("a Shimadzu UV-Vis file", (), (b"\x00\x08\x02\x00\x03\x00",), "Open a Raman spectrum."),
    UnsupportedFormat(
        "an Avantes file", (".raw8", ".rfl8", ".irr8", ".roh", ".trm"), (b"AVS8",), "In AvaSoft, export it as text."
    ),
    UnsupportedFormat(
        "a PerkinElmer file",
        (".sp", ".prf"),
        (b"PEPE", b"PE IR"),
        "In Spectrum, export it as JCAMP-DX or ASCII.",
    ),
    UnsupportedFormat(
        "an image",
        (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".svg"),
        (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"GIF8", b"BM"),
        "Export the spectrum itself as text; a picture of it cannot be read.",
        is_spectral=False,
    ),
    UnsupportedFormat(
        "a PDF document", (".pdf",), (b"%PDF",), "Ask its author for the spectrum as text.", is_spectral=False
    ),
    UnsupportedFormat(
        "a Python or NumPy file", (".npy", ".npz", ".pkl"), (b"\x93NUMPY",), "Write it as CSV with numpy.savetxt."
    ),
)


def unsupported_error(path: Path, start: bytes) -> StudioError | None:
    """Return the error for a file of a known but unsupported format, by suffix and first bytes; None for others."""
    named = next((row for row in UNSUPPORTED if path.suffix.lower() in row.suffixes), None)
    signed = next((row for row in UNSUPPORTED if row.signatures and start.startswith(row.signatures)), None)
    row = named if named and (not named.signatures or named is signed) else signed or named
    if row is None:
        return None
    if not row.is_spectral:
        return NotRamanSpectraError(f"'{path.name}' is {row.name}, not a spectrum.", remedy=row.remedy)
    return read_error(path, f"it is {row.name}, a format that is not supported", row.remedy)
