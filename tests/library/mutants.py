"""Damaged copies of libraries, zips of RRUFF and tables of Open Specy, and the doors through which they are opened."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.library import building, library, rruff_zip, tables
from ramanstudio.library.library import Reference
from ramanstudio.search.fingerprints import fingerprints
from ramanstudio.search.library_search import search
from ramanstudio.signal.spectral_features import subtract_baseline

Random = np.random.Generator

AXIS: Final = np.linspace(200, 1800, 161)
SUBSTANCES: Final = ("quartz", "calcite", "rutile", "gypsum")
NUMBERS: Final = ("1e400", "-1e308", "nan", "inf", "9" * 400, "0x10", "١٢", "1,5", "", '"', "1e-320", "-0", "1_0")


def spectrum(name: str) -> SpectrumSet:
    random = np.random.default_rng(SUBSTANCES.index(name))
    bands = sum(np.exp(-0.5 * ((AXIS - centre) / 12) ** 2) for centre in random.uniform(250, 1700, 5))
    return SpectrumSet.of(AXIS, 100 * bands + random.normal(0, 1, AXIS.size))


class Fingerprinter:
    """Stands for the engine: fingerprints without a network."""

    fingerprint_version = "mutants-1"

    def compute_fingerprints(self, sets: list[SpectrumSet]) -> dict[str, Any]:
        joint = stacked(sets)
        features = np.linspace(-1, 1, 8, dtype=np.float32)[None] * np.arange(1, len(joint) + 1)[:, None]
        unit = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
        snr = np.full(len(joint), 50, dtype=np.float32)
        return {**fingerprints(joint, joint, subtract_baseline(joint)), "features": unit, "snr": snr}


# What is damaged


def library_bytes(folder: Path) -> bytes:
    references = [Reference(name, spectrum(name), "minerals", laser_nm=532.0, sample=name[0]) for name in SUBSTANCES]
    path = folder / "whole.ramanlib"
    return library.write(path, references, "Whole").with_fingerprints(Fingerprinter()).path.read_bytes()


def zip_bytes() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, name in enumerate(SUBSTANCES):
            columns = "".join(f"{x:.2f}, {y:.3f}\n" for x, y in zip(AXIS, spectrum(name).values[0], strict=True))
            header = f"##NAMES={name.title()}\n##RRUFFID=R{number}\n##IDEAL CHEMISTRY=SiO_2_\n\n"
            member = f"{name.title()}__R{number}__Raman__532__0__unoriented__Raman_Data_Processed__{number}.txt"
            archive.writestr(member, header + columns + "##END=\n")
    return memory.getvalue()


def table_bytes(layout: str) -> bytes:
    rows = [spectrum(name).values[0] for name in SUBSTANCES]
    if layout == "long":
        lines = ["wavenumber,intensity,sample_name"]
        for key, row in enumerate(rows):
            lines += [f"{x:.2f},{y:.3f},{key}" for x, y in zip(AXIS, row, strict=True)]
    elif layout == "wide":
        lines = [",".join(["wavenumber", *SUBSTANCES])]
        lines += [",".join(f"{value:.3f}" for value in (x, *column)) for x, *column in zip(AXIS, *rows, strict=True)]
    else:
        lines = [",".join([*(f"{x:.0f}" for x in AXIS), "spectrum_identity", "laser_light_used"])]
        lines += [
            ",".join([*(f"{value:.3f}" for value in row), name, "532 nm"])
            for name, row in zip(SUBSTANCES, rows, strict=True)
        ]
    return ("\n".join(lines) + "\n").encode()


# Damage


def with_changed_bytes(content: bytes, random: Random, front: int | None = None) -> bytes:
    """Change a few bytes, cut the end off, or copy, swap or blank a part; mostly within the `front` bytes."""
    changed = bytearray(content)
    end = len(content) if front is None or random.random() < 0.3 else min(front, len(content))
    kind = random.integers(6)
    start = int(random.integers(end))
    length = int(random.integers(1, 200))
    if kind <= 2:
        for position in random.integers(0, end, random.integers(1, 9)):
            changed[position] = random.choice([0, 1, 0x7F, 0x80, 0xFF, random.integers(256)])
    elif kind == 3:
        del changed[int(random.integers(len(content))) :]
    elif kind == 4:
        changed[start : start + length] = bytes(length)
    else:
        source = int(random.integers(len(content)))
        changed[start : start + length] = content[source : source + length]
    return bytes(changed)


def with_changed_cells(content: bytes, random: Random) -> bytes:
    """Replace cells of a table by unusual ones, or repeat or remove lines."""
    lines = content.decode().split("\n")
    for _ in range(random.integers(1, 6)):
        row = int(random.integers(len(lines)))
        cells = lines[row].split(",")
        cells[int(random.integers(len(cells)))] = str(random.choice(NUMBERS))
        lines[row] = random.choice(["\n", ";", ","]).join(cells) if random.random() < 0.1 else ",".join(cells)
        if random.random() < 0.2:
            lines[row : row + 1] = [lines[row]] * int(random.integers(0, 4))
    return "\n".join(lines).encode()


def with_changed_zip_fields(content: bytes, random: Random) -> bytes:
    """Write unusual numbers into the headers of a zip file."""
    changed = bytearray(content)
    for signature, length in ((b"PK\x01\x02", 46), (b"PK\x03\x04", 30), (b"PK\x05\x06", 22)):
        begin = changed.find(signature, int(random.integers(len(changed))) if random.random() < 0.5 else 0)
        if begin >= 0 and random.random() < 0.5:
            value = int(random.choice([0, 1, 0x7FFF, 0xFFFF, random.integers(2**16)]))
            struct.pack_into("<H", changed, begin + int(random.choice(range(4, length, 2))), value)
    return bytes(changed)


def with_changed_objects(path: Path, random: Random) -> None:
    """Replace, remove or link arrays and attributes of a library: right types with wrong values, and wrong types."""
    with h5py.File(path, "a") as file:
        names = ["printed", *(f"{group}/{name}" for group in ("spectra", "prints") for name in file[group])]
        for _ in range(random.integers(1, 3)):
            if random.random() < 0.25:
                file.attrs[str(random.choice(list(file.attrs)))] = _unusual_attribute(random)
                continue
            name = str(random.choice(names))
            array = file[name][()] if name in file else np.arange(5.0)
            if name in file:
                del file[name]
            replacement = _unusual_array(array, random)
            if replacement is not None:
                file[name] = replacement


def _unusual_attribute(random: Random) -> Any:
    values = (np.bytes_(b"9" * 3000), np.float64("nan"), "text", np.arange(3), np.bytes_(b"\xff\xfe"), np.bytes_(b"-1"))
    return values[random.integers(len(values))]


def _unusual_array(array: Any, random: Random) -> Any:
    kind = random.integers(9)
    if kind == 0:
        return None
    if kind == 1:
        return array[: int(random.integers(len(array) + 1))]
    if kind == 2:
        return h5py.SoftLink("/spectra/axis")
    if kind == 3:
        return np.array([b"text", b"\xff"]) if random.random() < 0.5 else np.zeros((2, 3, 4))
    if array.dtype.kind not in "fiu":
        return np.array([bytes(random.integers(0, 256, 40).astype(np.uint8)) for _ in array])
    changed = array.copy()
    extremes = [0, 1, -1, np.nan, np.inf, -np.inf, 3e38, 1e-45] if array.dtype.kind == "f" else [0, 1, 127, 32767]
    if array.dtype.kind == "i":
        extremes += [-1, -32768, *([2**62] if array.dtype.itemsize == 8 else [])]
    with np.errstate(all="ignore"):
        values = np.array(extremes, dtype=np.float64).astype(array.dtype)
        where = random.random(array.shape) < random.choice([1e-3, 0.1, 1.0])
        changed[where] = random.choice(values, int(where.sum()))
    return changed.astype(">" + array.dtype.str[1:]) if kind == 4 else changed


# Doors


def open_library(path: Path) -> None:
    """Open a library, read all of it, search it, and write it again."""
    opened = library.open(path)
    for index in range(len(opened)):
        try:
            opened.reference(index)
        except StudioError:
            continue
    library.duplicates(opened)
    if opened.fingerprint_version:
        search(Fingerprinter().compute_fingerprints([spectrum(SUBSTANCES[1])]), [opened])
    opened.renamed([0], "Other")


def read_zip(path: Path) -> None:
    """Read a zip as it is dropped on the window."""
    building.detect_library_kind(path)
    rruff_zip.read(path)


def read_table(path: Path) -> None:
    """Read a table as it is dropped on the window."""
    building.detect_library_kind(path)
    tables.read(path)


Door = Callable[[Path], None]
