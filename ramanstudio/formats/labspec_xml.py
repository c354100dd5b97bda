"""HORIBA LabSpec XML files: the tree of LabSpec 6 as elements `LSX`, and the intensities as rows of an `LSX_Matrix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.labspec_tree import AXES, KIND, SPECTRA, VALUES, LabSpecNode, spectra_of
from ramanstudio.formats.safe_xml import parse_xml
from ramanstudio.formats.validation import read_all_bytes, read_error

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_MB: Final = 200
_INTEGER, _DOUBLE, _FLOAT, _LIST = "4", "5", "6", "9"  # of the attribute Format


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a LabSpec XML file."""
    return b"<LSX_Data" in start[:2000]


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of a file, with x, y, z in µm or time in s where it has them, and the instrument's settings.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the file is
    damaged, is no LabSpec file, or its axis is not, and cannot be converted to, Raman shift.
    """
    content = read_all_bytes(path, MAX_MB)
    if not looks_like(content):
        raise read_error(path, "it is an XML file, but not one of LabSpec", "Export the spectrum as text.")
    document = parse_xml(path, content)
    tree, matrix = document.find("LSX_Tree"), document.find("LSX_Matrix")
    if tree is None or matrix is None:
        raise read_error(path, "it contains no spectrum", "In LabSpec, save the spectrum again.")
    root = LabSpecNode(b"root", children=[_node(path, element) for element in tree])
    data = root.child(SPECTRA)
    axes = None if data is None else data.child(AXES)
    for axis in axes.children if axes else []:
        if str(axis.value_of(KIND)).lower() == "intens":
            rows = [_numbers(path, row.text) for row in matrix.iterfind("LSX_Row")]
            if not rows or len({row.size for row in rows}) != 1:
                raise _damaged(path)
            axis.children.insert(0, LabSpecNode(VALUES, np.concatenate(rows)))
    return (spectra_of(path, root, laser_nm),)


def _node(path: Path, element: Element) -> LabSpecNode:
    """Return an element, and those in it, as a node of the tree."""
    kind = element.get("Format", "")
    identifier = element.get("ID", "")
    try:
        name = int(identifier, 16).to_bytes(4, "little")
    except (ValueError, OverflowError):
        raise _damaged(path) from None
    if kind == _LIST:
        return LabSpecNode(name, children=[_node(path, child) for child in element])
    text = (element.text or "").strip()
    value: Any = text
    if kind == _FLOAT:
        value = _numbers(path, text)
    elif kind in (_INTEGER, _DOUBLE):
        try:
            value = int(text) if kind == _INTEGER and len(text) < 20 else float(text)
        except ValueError:
            value = None
    return LabSpecNode(name, value)


def _numbers(path: Path, text: str | None) -> NDArray[np.float64]:
    """Return the numbers (n,) of an element."""
    try:
        return np.array((text or "").split(), dtype=np.float64)
    except ValueError:
        raise _damaged(path) from None


def _damaged(path: Path) -> StudioError:
    return read_error(path, "its settings or intensities are damaged", COPY_AGAIN)
