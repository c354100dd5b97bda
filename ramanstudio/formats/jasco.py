"""JASCO files (.jws), and the other formats that are compound documents, which are told apart by their streams.

The stream 'DataInfo' of a JASCO file states number of channels and points and the ends of the axis, 'Y-Data' holds the
channels one behind the other as float32. Whether it is a Raman spectrum is seen by the name of the measurement or the
instrument in its other streams; files of circular dichroism, ultraviolet and infrared instruments are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import COPY_AGAIN, ByteReader
from ramanstudio.formats.conversion import raman_spectra
from ramanstudio.formats.validation import read_all_bytes, read_error

_SIGNATURE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_MB: Final = 64
MAX_STREAMS: Final = 2000
MAX_TEXT_BYTES: Final = 2**20
_RAMAN: Final = re.compile(r"raman|(?<![a-z])(NRS|RMP|RFT)-?\d", re.I)
_LASER: Final = re.compile(r"(\d{3,4}(?:\.\d+)?)\s*nm")
_OTHERS: Final = (  # streams by which others are known, what they are, and what to do
    ("DataSetGroup", "a Shimadzu file", "In UVProbe or LabSolutions, export it as text, if it is a Raman spectrum."),
    ("Workbook", "an old Excel workbook", "In Excel, save it as .xlsx or CSV, and open that."),
    ("Book", "an old Excel workbook", "In Excel, save it as .xlsx or CSV, and open that."),
    ("WordDocument", "a Word document", "Copy the numbers into a text file, and open that."),
)


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a compound document."""
    return start.startswith(_SIGNATURE)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the channels of a JASCO Raman spectrum.

    `laser_nm` is used where the axis is in nm. Raises StudioError for files of other instruments, other compound
    documents, and damaged ones.
    """
    content = read_all_bytes(path, MAX_MB)
    if not looks_like(content):
        raise read_error(path, "it has the suffix of a JASCO file but not its signature")
    streams = _streams(path, content)
    if "DataInfo" not in streams or "Y-Data" not in streams:
        for name, what, remedy in _OTHERS:
            if name in streams:
                raise read_error(path, f"it is {what}, a format that is not supported", remedy)
        raise read_error(
            path,
            "it is a compound document of an unknown program",
            "Open it in the program that made it, and save it as text.",
        )
    words = " ".join(_words(stream) for name, stream in streams.items() if name not in ("DataInfo", "Y-Data", "X-Data"))
    if not _RAMAN.search(words):
        raise StudioError(
            f"'{path.name}' is a JASCO file of another measurement, not Raman scattering.",
            remedy="If it is a Raman spectrum, export it as text in JASCO Spectra Manager.",
        )
    info = ByteReader(path, streams["DataInfo"])
    _, _, _, n_channels, _, n_points = info.unpack("<6I", 0)
    first, last, _ = info.unpack("<3d", 24)
    data = ByteReader(path, streams["Y-Data"])
    if not 1 <= n_channels <= 100 or n_points < 2 or not np.isfinite([first, last]).all():
        raise data.damaged(f"it states {n_channels} channels of {n_points} points")
    values = data.array("<f4", n_channels * n_points, 0).reshape(n_channels, n_points)[:1]  # the others: voltages
    # NRS instruments show Raman shift; beyond it only wavelengths in nm occur.
    match = _LASER.search(words)
    spectra = raman_spectra(
        path, np.linspace(first, last, n_points), axes.WAVENUMBER, values,
        file_laser_nm=float(match[1]) if match else None, laser_nm=laser_nm, about={"instrument": "JASCO"},
    )  # fmt: skip
    return (spectra,)


def _streams(path: Path, content: bytes) -> dict[str, bytes]:
    """Return the streams of a compound document by the last part of their names; also the names of its folders."""
    import olefile

    streams: dict[str, bytes] = {}
    try:
        with olefile.OleFileIO(content, raise_defects=olefile.DEFECT_FATAL) as document:
            names: list[Any] = document.listdir(streams=True, storages=True)
            for name in names[:MAX_STREAMS]:
                if document.get_type(name) == olefile.STGTY_STREAM and document.get_size(name) <= len(content):
                    streams.setdefault(str(name[-1]), document.openstream(name).read())
                else:
                    streams.setdefault(str(name[-1]), b"")
    except Exception:  # whatever olefile makes of a damaged document
        raise read_error(path, "it is a damaged or incomplete compound document", COPY_AGAIN) from None
    return streams


def _words(stream: bytes) -> str:
    """Return the text that may be in a stream, in either encoding."""
    stream = stream[:MAX_TEXT_BYTES]
    return stream.decode("latin-1").replace("\0", "") + " " + stream.decode("utf-16-le", "ignore")
