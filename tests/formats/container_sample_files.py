"""Builders of small workbooks, archives, MATLAB files and others that hold tables, byte by byte or by the library."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tests.formats.sample_files import AXIS, SPECTRUM, two_column_text

Array = NDArray[np.float64]


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of files that are stored as they are, so that the bytes are the same everywhere."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return memory.getvalue()


def gzip_bytes(content: bytes) -> bytes:
    """A gzip file, stored."""
    return gzip.compress(content, 0, mtime=0)


def xlsx_bytes(sheets: Mapping[str, list[list[object]]]) -> bytes:
    """An Excel workbook of sheets of numbers, texts and None."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names = list(sheets)
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{i + 1}.xml" ContentType="{kind}.worksheet+xml"/>'
            for i in range(len(names))
        )
        + "</Types>",
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        f'xmlns:r="{relation}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{i + 1}" r:id="s{i + 1}"/>' for i, name in enumerate(names))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="s{i + 1}" Type="{relation}/worksheet" Target="worksheets/sheet{i + 1}.xml"/>'
            for i in range(len(names))
        )
        + "</Relationships>",
    }
    for index, rows in enumerate(sheets.values()):
        files[f"xl/worksheets/sheet{index + 1}.xml"] = (
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            + "".join(
                f'<row r="{r + 1}">' + "".join(_cell(r, c, value) for c, value in enumerate(row)) + "</row>"
                for r, row in enumerate(rows)
            )
            + "</sheetData></worksheet>"
        )
    return zip_bytes({name: ('<?xml version="1.0"?>' + text).encode() for name, text in files.items()})


def _cell(row: int, column: int, value: object) -> str:
    letters = chr(65 + column) if column < 26 else chr(64 + column // 26) + chr(65 + column % 26)
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{letters}{row + 1}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{letters}{row + 1}"><v>{value!r}</v></c>'


def sheet_of(axis: Array, values: Array, names: list[str]) -> list[list[object]]:
    """The rows of a sheet: a title row, then the axis and one column for each spectrum."""
    header: list[object] = ["Raman shift (cm-1)", *names]
    return [header, *([float(x), *map(float, column)] for x, column in zip(axis, values.T, strict=True))]


# MATLAB -------------------------------------------------------------------------------------------------------------


def mat5_bytes(compressed: bool = False, **variables: object) -> bytes:
    """A MATLAB file of version 5 (or 7, compressed) of arrays, texts and dictionaries (structures)."""
    content = b"MATLAB 5.0 MAT-file, simulated".ljust(124) + b"\x00\x01IM"
    for name, value in variables.items():
        element = _mat5_element(14, _mat5_matrix(name, value))
        if compressed:
            packed = zlib.compress(element)
            element = struct.pack("<II", 15, len(packed)) + packed
        content += element
    return content


def _mat5_element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def _mat5_matrix(name: str, value: object) -> bytes:
    def start(kind: int, shape: tuple[int, ...]) -> bytes:
        sizes = struct.pack(f"<{len(shape)}i", *shape)
        flags = _mat5_element(6, struct.pack("<II", kind, 0))
        return flags + _mat5_element(5, sizes) + _mat5_element(1, name.encode())

    if isinstance(value, str):
        return start(4, (1, len(value))) + _mat5_element(4, value.encode("utf-16-le"))
    if isinstance(value, dict):
        names = b"".join(key.encode().ljust(32, b"\0") for key in value)
        fields = b"".join(_mat5_element(14, _mat5_matrix("", entry)) for entry in value.values())
        return start(2, (1, 1)) + _mat5_element(5, struct.pack("<i", 32)) + _mat5_element(1, names) + fields
    if isinstance(value, list):
        return start(1, (len(value), 1)) + b"".join(_mat5_element(14, _mat5_matrix("", entry)) for entry in value)
    array = np.atleast_2d(np.asarray(value, dtype="<f8"))
    return start(6, array.shape) + _mat5_element(9, array.tobytes(order="F"))


# ENVI ---------------------------------------------------------------------------------------------------------------


def envi_header(axis: Array, n_samples: int, n_lines: int, interleave: str = "bip", more: str = "") -> bytes:
    """An ENVI header of a map of float32."""
    wavelengths = ", ".join(f"{x:.6f}" for x in axis)
    return (
        f"ENVI\ndescription = {{simulated}}\nsamples = {n_samples}\nlines = {n_lines}\nbands = {axis.size}\n"
        f"header offset = 0\ndata type = 4\nbyte order = 0\ninterleave = {interleave}\n"
        f"z plot titles = {{Raman shift (cm-1), Counts}}\npixel size = {{0.0000015, 0.000002}}\n{more}"
        f"wavelength = {{{wavelengths}}}\n"
    ).encode()


# Compound documents ---------------------------------------------------------------------------------------------------


def compound_bytes(streams: Mapping[str, bytes]) -> bytes:
    """A compound document (OLE2) of streams, each filled up to 4096 bytes, the shortest that has sectors of its own."""
    end, free, sector = 0xFFFFFFFE, 0xFFFFFFFF, 512
    chains: list[int] = []
    content = b""
    entries = [("Root Entry", 5, 1 if streams else free, end, 0)]
    n_directory = (1 + len(streams) + 3) // 4
    first = 1 + n_directory  # sector 0 is the allocation table
    for name, data in streams.items():
        data = data.ljust(max(4096, -(-len(data) // sector) * sector), b"\0")
        n_sectors = len(data) // sector
        entries.append((name, 2, free, first + len(chains), len(data)))
        begin = first + len(chains)
        chains += [*range(begin + 1, begin + n_sectors), end]
        content += data
    directory = b""
    for number, (name, kind, child, start, size) in enumerate(entries):
        right = number + 1 if 0 < number < len(entries) - 1 else free  # one behind the other
        title = name.encode("utf-16-le")
        directory += (
            title.ljust(64, b"\0") + struct.pack("<HBB", len(title) + 2, kind, 1)
            + struct.pack("<III", free, right, child) + bytes(36) + struct.pack("<IQ", start, size)
        )  # fmt: skip
    directory = directory.ljust(n_directory * sector, b"\0")
    table = [0xFFFFFFFD, *range(2, 1 + n_directory), end, *chains]
    fat = b"".join(struct.pack("<I", entry) for entry in table).ljust(sector, b"\xff")
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
        + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 432
    )  # fmt: skip
    return header + fat + directory + content


def jasco_bytes(values: Array, first: float, last: float, measurement: str = "Raman NRS-5100 532 nm") -> bytes:
    """A JASCO file of one spectrum (B,)."""
    info = struct.pack("<6I3d", 1, 0, 0, 1, 0, values.size, first, last, (last - first) / (values.size - 1))
    data = values.astype("<f4").tobytes()
    return compound_bytes({"DataInfo": info, "Y-Data": data, "MeasInfo": measurement.encode("utf-16-le")})


def procspec_bytes(values: Array, wavelengths_nm: Array, unit: str = "Counts", laser_nm: float = 0.0) -> bytes:
    """A project of SpectraSuite with one spectrum (B,): dark-subtracted, with references as XStream writes them."""

    def doubles(numbers: Array) -> str:
        return "".join(f"<double>{number!r}</double>" for number in numbers.tolist())

    package = "com.oceanoptics.spectrasuite"
    stage = (
        "<{0}.C><processedPixels{1}</processedPixels><processedWavelengths reference='../../../sourceSpectra/S/"
        "channelWavelengths'/><yUnits class='{0}.{2}IntensityDescriptor'/></{0}.C>"
    )
    xml = (
        f"<{package}.P><sourceSpectra><S><integrationTime>250000</integrationTime><pixelValues>{doubles(values + 9)}"
        "</pixelValues><acquisitionTime><milliTime>1458134311936</milliTime></acquisitionTime><scansToAverage>4"
        f"</scansToAverage><userName>a</userName><channelWavelengths>{doubles(wavelengths_nm)}</channelWavelengths>"
        f"<laserWavelength>{laser_nm}</laserWavelength><spectrometerSerialNumber>Q1</spectrometerSerialNumber>"
        f"<spectrometerClass>x.QE65000</spectrometerClass></S></sourceSpectra><certificates>"
        + stage.format(package, f">{doubles(values)}", "Counts")
        + stage.format(package, f" reference='../../{package}.C[1]/processedPixels'>", unit)
        + f"</certificates><NaN>\xa0</NaN></{package}.P>"
    )
    return zip_bytes({"ps_1.xml": xml.encode("latin-1"), "OOISignatures.xml": b"<x/>", "OOIVersion.txt": b"1"})


def small_container_files() -> dict[str, list[bytes]]:
    """Files of small spectra by the name of their format, for tests of damaged files."""
    values = np.outer(np.arange(1.0, 4.0), SPECTRUM)
    text = two_column_text(header="Raman shift\tCounts\n").encode()
    return {
        "Ocean Optics project": [procspec_bytes(SPECTRUM, 1e7 / (1e7 / 532.0 - AXIS), laser_nm=532.0)],
        "Excel workbook": [xlsx_bytes({"Spectra": sheet_of(AXIS, values, ["a", "b", "c"]), "Notes": [["by hand"]]})],
        "Zip archive": [zip_bytes({"a.txt": text, "folder/b.csv": two_column_text(",").encode(), "c.png": b"\x89PNG"})],
        "Compressed file": [gzip_bytes(text)],
        "MATLAB": [
            mat5_bytes(raman_shift=AXIS, spectra=values),
            mat5_bytes(
                True, map={"data": values, "axisscale": [AXIS, "Raman shift"], "imagesize": np.array([3.0, 1.0])}
            ),
        ],
        "ENVI": [envi_header(AXIS, 3, 1)],
        "JASCO": [jasco_bytes(SPECTRUM, AXIS[0], AXIS[-1])],
    }
