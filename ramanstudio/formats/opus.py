"""Bruker OPUS files (.0, .1, …): Raman spectra of FT and dispersive instruments, single or in series.

A directory states type, length and place of each block; a block of intensities belongs to the block of parameters
("data status") whose type differs in one field only. The meaning of types and three-letter parameters follows
brukeropus (MIT), which is not used to read: parameters of a damaged file keep it busy for ever, and stated numbers of
points take memory before they are compared with the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import ByteReader
from ramanstudio.formats.conversion import iso_date, positive, raman_spectra
from ramanstudio.formats.validation import read_error

_SIGNATURE: Final = b"\n\n\xfe\xfe"
_SINGLE_BEAM, _RAMAN = 1, 10  # what a block of intensities holds
_KINDS: Final = {
    1: "a single-beam spectrum", 2: "an interferogram", 3: "a phase spectrum", 4: "absorbance", 5: "transmittance",
    6: "Kubelka-Munk units", 7: "a time trace", 8: "interferograms", 9: "spectra of a chromatogram",
    11: "emission", 12: "reflectance", 15: "log reflectance", 16: "attenuated total reflectance",
    17: "a photoacoustic spectrum",
}  # fmt: skip
_SERIES: Final = 2  # last field of the type of a block of many spectra
_SERIES_INFO_BYTES: Final = 152
MAX_BLOCKS: Final = 1000
MAX_PARAMETERS: Final = 5000


@dataclass(frozen=True, slots=True)
class _Block:
    kind: tuple[int, int, int, int, int, int]
    start: int
    length: int
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> int:
        """What a block of intensities holds: 10 is Raman."""
        return self.kind[3] % 32

    @property
    def is_data(self) -> bool:
        return self.kind[2] == 0 and self.kind[3] not in (0, 13) and self.kind[5] != 5


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is an OPUS file."""
    return start.startswith(_SIGNATURE)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the Raman spectra of a file, with laser, power, scans, date and aperture.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the file is
    damaged or holds infrared spectra only.
    """
    source = ByteReader.of(path)
    if not looks_like(source.content):
        raise read_error(path, "it has the suffix of an OPUS file but not its signature")
    blocks = _blocks(source)
    settings: dict[str, Any] = {}
    for block in blocks:
        if block.kind[2] > 1 and block.kind[1] != 2:  # not those of the reference measurement
            settings |= block.parameters
    is_raman_instrument = (
        str(settings.get("plf", "")).upper() == "RAM" or "laser" in str(settings.get("src", "")).lower()
    )
    wanted = [block for block in blocks if block.is_data and block.holds == _RAMAN]
    if not wanted and is_raman_instrument:
        wanted = [block for block in blocks if block.is_data and block.holds == _SINGLE_BEAM and block.kind[1] != 2]
    if not wanted:
        raise _not_raman(path, blocks)
    pairs = [(block, status) for block in wanted if (status := _status(block, blocks)) is not None]
    if not pairs:
        raise source.damaged("the parameters of its spectra are missing")
    if sum(block.length for block, _ in pairs) > source.size:
        raise source.damaged("its spectra overlap")
    return tuple(_spectra(source, block, status, settings, laser_nm) for block, status in pairs)


def _blocks(source: ByteReader) -> list[_Block]:
    """Return the blocks of the directory with their parameters."""
    start, _, n_blocks = source.unpack("<iii", 12)
    if not 0 < n_blocks <= MAX_BLOCKS:
        raise source.damaged(f"its directory states {n_blocks} parts")
    blocks = []
    for index in range(n_blocks):
        bits, words, offset = source.unpack("<Iii", start + 12 * index)
        if offset <= 0:
            break
        kind = (bits & 3, bits >> 2 & 3, bits >> 4 & 63, bits >> 10 & 127, bits >> 17 & 3, bits >> 19 & 7)
        length = 4 * words
        if length < 0 or offset > source.size:
            raise source.cut_off()
        block = _Block(kind, offset, min(length, source.size - offset))
        if kind[2] > 0:
            block.parameters.update(_parameters(source, block))
        blocks.append(block)
    return blocks


def _parameters(source: ByteReader, block: _Block) -> dict[str, Any]:
    """Return the parameters of a block by their three letters; what is damaged ends them."""
    parameters: dict[str, Any] = {}
    offset, end = block.start, block.start + block.length
    for _ in range(MAX_PARAMETERS):
        if offset + 8 > end:
            break
        key = source.content[offset : offset + 3].decode("latin-1").lower()
        kind, words = source.unpack("<hh", offset + 4)
        length = 2 * words
        if key == "end" or length < 0 or offset + 8 + length > end:
            break
        if kind == 0 and length >= 4:
            parameters[key] = source.number("<i", offset + 8)
        elif kind == 1 and length >= 8:
            parameters[key] = source.number("<d", offset + 8)
        elif kind > 1:
            parameters[key] = source.text(offset + 8, length)
        offset += 8 + length
    return parameters


def _status(block: _Block, blocks: list[_Block]) -> _Block | None:
    """Return the block of parameters that belongs to a block of intensities; of several, one of as many points."""
    matches = [
        other
        for other in blocks
        if other.kind[2] == 1 and other.kind[:2] == block.kind[:2] and other.kind[3:] == block.kind[3:]
    ]
    fitting = [match for match in matches if 4 * _number(match.parameters.get("npt")) <= block.length]
    return next(iter(fitting or matches), None)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else 0.0


def _not_raman(path: Path, blocks: list[_Block]) -> StudioError:
    kinds = dict.fromkeys(_KINDS[block.holds] for block in blocks if block.is_data and block.holds in _KINDS)
    if not kinds:
        return read_error(path, "it contains no spectrum", "Open it in OPUS and save the spectrum again.")
    held = next((kind for kind in kinds if kind in ("absorbance", "transmittance", "reflectance")), next(iter(kinds)))
    return StudioError(
        f"'{path.name}' holds {held}, not Raman scattering.", remedy="Open a Raman spectrum; infrared is not supported."
    )


def _spectra(
    source: ByteReader, block: _Block, status: _Block, settings: dict[str, Any], laser_nm: float | None
) -> SpectrumSet:
    """Return the spectrum or the series of a block."""
    stated = status.parameters
    n_points = int(_number(stated.get("npt")))
    first, last = _number(stated.get("fxv")), _number(stated.get("lxv"))
    scale = _number(stated.get("csf")) or 1.0
    if n_points < 2:
        raise source.damaged(f"it states {n_points} points")
    dtype = "<i4" if stated.get("dpf") == 2 else "<f4"
    if block.kind[5] == _SERIES:
        values, table = _series(source, block, n_points, dtype)
    elif 4 * n_points > block.length:
        raise source.cut_off()
    else:
        begin = block.start + (block.length - 4 * n_points if block.kind[5] == 4 else 0)  # compact: after a header
        values, table = source.array(dtype, n_points, begin)[None], {}
    laser_cm = _number(settings.get("rlw"))
    file_laser = round(1e7 / laser_cm, 4) if 1e4 / 3 < laser_cm < 1e5 else None
    units = {"WN": axes.SHIFT, "MI": axes.MICRON, "PNT": axes.PIXEL, "NM": axes.NM}
    return raman_spectra(
        source.path,
        np.linspace(first, last, n_points),
        units.get(str(stated.get("dxu", "WN")).upper(), axes.UNKNOWN),
        values * np.float32(scale),
        file_laser_nm=file_laser,
        laser_nm=laser_nm,
        about=_metadata(settings, stated),
        table=table,
    )


def _series(
    source: ByteReader, block: _Block, n_points: int, dtype: str
) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """Return the spectra (N, B) of a series, and the time of each in s."""
    _, n_stated, offset, data_bytes, info_bytes, _ = source.unpack("<6i", block.start)
    item = data_bytes + info_bytes
    if offset < 24 or data_bytes < 4 * n_points or info_bytes < 0 or n_stated < 1:
        raise source.damaged("its series of spectra")
    n_spectra = min(n_stated, (block.length - offset + max(0, info_bytes)) // item)
    if n_spectra < 1:
        raise source.cut_off()
    begin = block.start + offset
    source.bytes_at(begin + (n_spectra - 1) * item, data_bytes)  # raises beyond the end
    values = np.ndarray((n_spectra, n_points), dtype, source.content, begin, (item, 4))
    table: dict[str, NDArray[Any]] = {}
    if info_bytes >= _SERIES_INFO_BYTES and begin + n_spectra * item <= source.size:
        ends = np.ndarray((n_spectra,), "<f8", source.content, begin + data_bytes + _SERIES_INFO_BYTES - 8, (item,))
        table["time"] = ends - ends[0]
    return values, table


def _metadata(settings: dict[str, Any], stated: dict[str, Any]) -> dict[str, Plain | None]:
    """Return what the file says about the measurement."""
    scans = _number(stated.get("nsn")) or _number(settings.get("ass")) or _number(settings.get("nss"))
    if _number(settings.get("nss")) > scans:
        scans = _number(settings.get("nss"))
    date = str(stated.get("dat", "")) + " " + re.sub(r"\s*\(.*\)|\.\d+", "", str(stated.get("tim", "")))
    power = _number(settings.get("srl")) or _number(settings.get("rlp"))
    return {
        "instrument": f"Bruker {settings.get('ins', '')}".strip(),
        "accumulations": int(scans) if 1 <= scans < 1e9 else None,
        "exposure_s": positive(_number(settings.get("itm"))),
        "laser_power_mw": positive(power),
        "date": iso_date(date) if date.strip() else None,
        "sample": _text(settings.get("snm")),
        "experiment": _text(settings.get("sfm")),
        "detector": _text(settings.get("dtc")),
        "aperture": _text(settings.get("apt")),
        "objective": _text(settings.get("obj")),
        "resolution_cm": positive(_number(settings.get("res"))),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
