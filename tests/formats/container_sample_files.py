"""Builders of small workbooks, archives, MATLAB files and others that hold tables, byte by byte or by the library."""

from __future__ import annotations

import gzip
import io
import zipfile
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


def small_container_files() -> dict[str, list[bytes]]:
    """Files of small spectra by the name of their format, for tests of damaged files."""
    values = np.outer(np.arange(1.0, 4.0), SPECTRUM)
    text = two_column_text(header="Raman shift\tCounts\n").encode()
    return {
        "Excel workbook": [xlsx_bytes({"Spectra": sheet_of(AXIS, values, ["a", "b", "c"]), "Notes": [["by hand"]]})],
        "Zip archive": [zip_bytes({"a.txt": text, "folder/b.csv": two_column_text(",").encode(), "c.png": b"\x89PNG"})],
        "Compressed file": [gzip_bytes(text)],
    }
