"""Formats of spectra that are known but not read: one row each says what to export instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.validation import read_error


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A format that is recognised (by suffix or by how its files begin) and refused."""

    name: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...]
    instead: str
    of_spectra: bool = True


UNSUPPORTED: Final = (
    Unsupported(
        "a HORIBA LabSpec 6 file", (".l6s", ".l6m", ".l6v"), (b"LabSpec6",), "In LabSpec, save it as text (.txt)."
    ),
    Unsupported("a HORIBA LabSpec 5 file", (".ngs", ".ngc", ".tsf"), (), "In LabSpec, save it as text (.txt)."),
    Unsupported(
        "a HORIBA LabSpec XML file", (".xml",), (b"<?xml version", b"<LSX_Data"), "In LabSpec, save it as text (.txt)."
    ),
    Unsupported(
        "a WITec project",
        (".wip", ".wid"),
        (b"WIT_PR",),
        "In WITec Project, export the data as a table (.txt) or .spc.",
    ),
    Unsupported(
        "a TriVista file",
        (".tvf",),
        (b"\xef\xbb\xbf<!--TriVista", b"<!--TriVista"),
        "In VistaControl, export it as text.",
    ),
    Unsupported(
        "a Thermo OMNIC file",
        (".spa", ".spg", ".srs"),
        (b"Spectral Data File",),
        "In OMNIC, save it as .spc or JCAMP-DX.",
    ),
    Unsupported(
        "a Bruker OPUS file", (".opus",), (b"\n\n\xfe\xfe",), "In OPUS, save it as JCAMP-DX or data point table."
    ),
    Unsupported(
        "an Andor Solis file", (".sif",), (b"Andor Technology Multi-Channel File",), "In Solis, export it as .asc text."
    ),
    Unsupported(
        "a Princeton Instruments file", (".spe",), (), "In LightField or WinSpec, export it as .csv with Raman shift."
    ),
    Unsupported(
        "an Excel workbook or another zipped document",
        (".xlsx", ".xlsm", ".ods", ".zip"),
        (b"PK\x03\x04",),
        "In Excel, save the sheet as CSV.",
    ),
    Unsupported(
        "an old Excel workbook or another compound document",
        (".xls",),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
        "Open it in the program that made it and save it as CSV or text.",
    ),
    Unsupported(
        "an Ocean Optics project", (".procspec",), (), "In SpectraSuite or OceanView, export it as tab-delimited text."
    ),
    Unsupported("a MATLAB file", (".mat",), (b"MATLAB 5.0",), "In MATLAB, write it with writematrix(…, 'file.csv')."),
    Unsupported("an Avantes file", (".raw8", ".rfl8", ".irr8", ".roh", ".trm"), (), "In AvaSoft, export it as text."),
    Unsupported(
        "a picture",
        (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".svg"),
        (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"GIF8", b"BM"),
        "Spectra are read from the numbers, not from a picture of them: export those as text.",
        of_spectra=False,
    ),
    Unsupported("a PDF", (".pdf",), (b"%PDF",), "Ask for the numbers as text.", of_spectra=False),
    Unsupported(
        "a Python or NumPy file", (".npy", ".npz", ".pkl"), (b"\x93NUMPY",), "Write it as CSV with numpy.savetxt."
    ),
)


def refusal(path: Path, start: bytes) -> StudioError | None:
    """The sentence for a file of a known but unsupported format: by how it begins and by its suffix."""
    named = next((row for row in UNSUPPORTED if path.suffix.lower() in row.suffixes), None)
    begun = next((row for row in UNSUPPORTED if row.starts and start.startswith(row.starts)), None)
    row = named if named and (not named.starts or named is begun) else begun or named
    return read_error(path, f"it is {row.name}, which is not read yet", row.instead) if row else None
