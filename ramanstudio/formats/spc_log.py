"""The texts of an SPC file (memo, log block, axis labels) and its type codes: what kind of spectrum it holds."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain
from ramanstudio.formats import axis as axes
from ramanstudio.formats.own_metadata import LABEL, from_json
from ramanstudio.formats.text.header import header_facts, metadata_from, parse_key_values
from ramanstudio.formats.validation import not_raman_error

_NOT_SPECTRAL_AXES: Final = {
    4: "time in s", 5: "time in minutes", 6: "frequency in Hz", 7: "frequency in kHz", 8: "frequency in MHz",
    9: "mass in m/z", 10: "chemical shift in ppm", 11: "time in days", 12: "time in years",
    255: "the path difference of an interferogram",
}  # fmt: skip
_OTHER_EXPERIMENTS: Final = {1: "gas chromatogram", 2: "chromatogram", 3: "HPLC chromatogram", 6: "UV-visible spectrum",
                       7: "X-ray diffractogram", 8: "mass spectrum", 9: "NMR spectrum"}  # fmt: skip
_NOT_SCATTERING: Final = {
    1: "an interferogram", 2: "absorbance", 3: "Kubelka-Munk units", 10: "log(1/R)", 128: "transmittance",
    129: "reflectance",
}  # fmt: skip
_INTENSITIES: Final = (4, 12, 13)  # counts, intensity, relative intensity
_KEPT: Final = (
    "laser_nm", "exposure_s", "accumulations", "laser_power_mw", "objective", "grating", "detector",
    "instrument", "sample",
    "date",
)  # fmt: skip
MAX_LOG_BYTES: Final = 65536
LOWEST_INFRARED_CM: Final = 350.0  # infrared spectrometers end here
_REMEDY: Final = "If it is a Raman spectrum, export it again with Raman shift as its X axis, or as text."


@dataclass(frozen=True, slots=True)
class SpcText:
    """The texts of a file: memo and log `text`, axis `labels`, and the `metadata` found in them."""

    text: str
    labels: str
    metadata: Mapping[str, Plain] = field(default_factory=dict)

    def own_metadata(self, count: int) -> tuple[dict[str, Plain], dict[str, NDArray[Any]]]:
        """Return the metadata and columns (N,) of `count` spectra in a file that RamanStudio wrote; else nothing."""
        for line in reversed(self.text.splitlines()):
            if line.startswith(f"{LABEL}="):
                return from_json(line.partition("=")[2], count)
        return {}, {}

    @property
    def laser_nm(self) -> float | None:
        """The laser wavelength in nm that the texts state; None when they do not."""
        laser = self.metadata.get("laser_nm")
        return float(laser) if laser is not None else None


def read_log_text(read: Callable[[int, int], bytes], size: int, log: int, memo: str, labels: str) -> SpcText:
    """Return the texts of a file of `size` bytes whose log block begins at byte `log`.

    `read(offset, count)` returns bytes of the file. A damaged or missing block is empty.
    """
    text = ""
    if 0 < log <= size - 64:
        length, _, offset = struct.unpack("<iii", read(log, 12))
        begin = log + (offset if 64 <= offset <= size - log else 64)
        end = log + length if begin - log < length <= size - log else size
        text = read(begin, min(end - begin, MAX_LOG_BYTES)).decode("latin-1").replace("\0", "\n")
    pairs = parse_key_values(text.splitlines())
    metadata = metadata_from(Path("log"), pairs)
    facts = {name: value for name, value in metadata.items() if name in _KEPT} | header_facts(pairs)
    return SpcText(f"{memo}\n{text}", labels, facts)


def spc_axis_unit(
    path: Path, x_type: int, y_type: int, experiment: int, texts: SpcText, ends: tuple[float, float]
) -> str:
    """Return the unit of the axis from the file's type codes and texts; `ends` are its first and last value.

    Raises StudioError when the file is not a Raman spectrum: infrared absorption, NMR, mass spectra, chromatograms.
    """
    if x_type in _NOT_SPECTRAL_AXES:
        raise not_raman_error(
            path, f"its axis is {_NOT_SPECTRAL_AXES[x_type]}, so it is not a Raman spectrum", "Open a Raman spectrum."
        )
    if x_type == 13:
        return axes.SHIFT
    named = axes.unit_from_text(texts.labels)
    if x_type in (2, 3, 14) or (x_type in (0, 15) and named in (axes.NM, axes.EV, axes.MICRON)):
        return {2: axes.MICRON, 3: axes.NM, 14: axes.EV}.get(x_type, named)
    if experiment in _OTHER_EXPERIMENTS:
        raise not_raman_error(
            path, f"it states that it is a {_OTHER_EXPERIMENTS[experiment]}", "Open a Raman spectrum."
        )
    if named == axes.SHIFT:
        return axes.SHIFT
    says_raman = experiment == 11 or bool(re.search(r"\braman\b", f"{path.stem}\n{texts.text}".replace("_", " "), re.I))
    lowest, highest = min(ends), max(ends)
    if lowest < axes.HIGHEST_SHIFT_CM and not says_raman:
        _reject_infrared(path, y_type, lowest, highest)
    return axes.WAVENUMBER if x_type == 1 or named else axes.UNKNOWN


def _reject_infrared(path: Path, y_type: int, lowest: float, highest: float) -> None:
    """Raise StudioError when intensities of this type over this range (cm⁻¹) are an infrared spectrum."""
    span = f"{lowest:g} to {highest:g} cm⁻¹"
    # Raman spectra saved with the type code of absorbance are common; they begin below 350 cm⁻¹.
    if y_type in _NOT_SCATTERING and (y_type != 2 or lowest >= LOWEST_INFRARED_CM):
        raise not_raman_error(path, f"it holds {_NOT_SCATTERING[y_type]} from {span}, as infrared spectra do", _REMEDY)
    if y_type not in _INTENSITIES and highest > 4500:
        raise not_raman_error(
            path, f"its wavenumbers ({span}) reach beyond any Raman shift, as infrared spectra do", _REMEDY
        )
