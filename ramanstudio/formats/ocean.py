"""Ocean Optics projects (.ProcSpec of SpectraSuite): a zip file of one spectrum, which Java's XStream wrote as XML.

The structure was found in public files: `sourceSpectra` is what the spectrometer measured, with its settings; each of
the `certificates` is a stage of processing with its units, the last one what was saved. XStream writes an object that
occurs again as a `reference`, a path to where it stands.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.conversion import positive, raman_spectra
from ramanstudio.formats.safe_xml import parse_xml
from ramanstudio.formats.safe_zip import open_zip
from ramanstudio.formats.validation import not_raman_error, read_error

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SIGNATURES: Final = "OOISignatures.xml"  # the member by which such a zip file is known
MAX_UNPACKED_BYTES: Final = 64 * 2**20
MAX_REFERENCES: Final = 8
_SPECTRUM: Final = re.compile(r"ps_\d+\.xml")
_NOT_COUNTS: Final = re.compile(r"transmi|absorb|reflec|irradia|flux|lumen", re.I)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_STEP: Final = re.compile(r"([\w.\-$]+)(?:\[(\d+)\])?")


def is_project(path: Path) -> bool:
    """Return whether a zip archive is an Ocean Optics project; raises StudioError when it is damaged or too large."""
    with open_zip(path, 10_000, 2**40) as archive:
        return SIGNATURES in archive.NameToInfo


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectrum of a project, with its exposure, scans, date and instrument.

    The axis is in nm, whatever unit was shown. `laser_nm` of the user wins over the file's. Raises StudioError when
    the file is damaged, is no such project, or the spectrum is transmittance, absorbance or the like.
    """
    document = _Document(path, _spectrum_xml(path))
    measured = document.root.find("sourceSpectra")
    measured = measured[0] if measured is not None and len(measured) else None
    stages = document.root.find("certificates")
    last = stages[-1] if stages is not None and len(stages) else None
    if measured is None:
        raise document.damaged()
    unit = last.find("yUnits") if last is not None else None
    if unit is not None and (match := _NOT_COUNTS.search(unit.get("class", ""))):
        kind = re.sub(r"IntensityDescriptor$", "", unit.get("class", "").rpartition(".")[2]) or match[0]
        reason = f"its intensities are '{kind}', which is not Raman scattering"
        raise not_raman_error(path, reason, "Open a spectrum in counts.")
    values = document.numbers(last, "processedPixels")
    wavelengths = document.numbers(last, "processedWavelengths")
    values = document.numbers(measured, "pixelValues") if values is None else values
    wavelengths = document.numbers(measured, "channelWavelengths") if wavelengths is None else wavelengths
    if values is None or wavelengths is None or values.size != wavelengths.size or values.size < 2:
        raise document.damaged()
    exposure_us, scans = document.number(measured, "integrationTime"), document.number(measured, "scansToAverage")
    instrument = (measured.findtext("spectrometerClass") or "").rpartition(".")[2]
    serial = measured.findtext("spectrometerSerialNumber") or ""
    about = {
        "exposure_s": positive(exposure_us / 1e6 if exposure_us is not None else None),
        "accumulations": int(scans) if scans is not None and 1 <= scans < 1e9 else None,
        "date": _date(document.number(measured, "acquisitionTime/milliTime")),
        "instrument": f"{instrument} {serial}".strip(),
        "operator": measured.findtext("userName"),
        "intensity_unit": "counts",
    }
    laser = document.number(measured, "laserWavelength")
    return (
        raman_spectra(
            path, wavelengths, axes.NM, values[None].astype(np.float32), file_laser_nm=laser, laser_nm=laser_nm,
            about=about,
        ),
    )  # fmt: skip


def _spectrum_xml(path: Path) -> bytes:
    with open_zip(path, 100, MAX_UNPACKED_BYTES) as archive:
        names = [name for name in archive.NameToInfo if _SPECTRUM.fullmatch(name)]
        if SIGNATURES not in archive.NameToInfo or not names:
            raise read_error(path, "it is no Ocean Optics project", "In SpectraSuite, export it as tab-delimited text.")
        content = archive.read(names[0])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # Java wrote it in the encoding of the system
    return _CONTROL.sub("", text).encode()


def _date(milliseconds: float | None) -> str | None:
    """Return a time in milliseconds since 1970 as text in UTC."""
    if milliseconds is None or not 0 < milliseconds < 4e12:
        return None
    return f"{datetime.fromtimestamp(milliseconds / 1e3, UTC):%Y-%m-%d %H:%M:%S} UTC"


class _Document:
    """An XML document of XStream, and what its references lead to."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.root = parse_xml(path, content)
        self._parents = {child: element for element in self.root.iter() for child in element}

    def damaged(self) -> StudioError:
        """Return the error of a project without a spectrum."""
        return read_error(self.path, "it contains no spectrum, or a damaged one", COPY_AGAIN)

    def number(self, element: Element, name: str) -> float | None:
        """Return the number in a child of an element; None without one."""
        try:
            number = float(element.findtext(name) or "")
        except ValueError:
            return None
        return number if np.isfinite(number) else None

    def numbers(self, element: Element | None, name: str) -> NDArray[np.float64] | None:
        """Return the numbers (B,) in a child of an element, or where it refers to; None without such a child."""
        child = element.find(name) if element is not None else None
        for _ in range(MAX_REFERENCES):
            if child is None or "reference" not in child.attrib:
                break
            child = self._referred(child, child.attrib["reference"])
        if child is None:
            return None
        try:
            return np.array([float(number.text or "") for number in child.iterfind("double")])
        except ValueError:
            raise self.damaged() from None

    def _referred(self, element: Element, reference: str) -> Element | None:
        """Return the element at a path such as '../../name[2]/other' from another."""
        found: Element | None = element
        for step in reference.split("/")[:50]:
            if found is None:
                return None
            if step == "..":
                found = self._parents.get(found)
                continue
            match = _STEP.fullmatch(step)
            if match is None:
                return None
            same = [child for child in found if child.tag == match[1]]
            number = int(match[2] or 1) - 1 if len(match[2] or "") < 6 else -1
            found = same[number] if 0 <= number < len(same) else None
        return found
