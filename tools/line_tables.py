"""Line tables: a Raman spectrum as a list of pseudo-Voigt lines, kept as TOML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.library.starter_library import PeakTable, pseudo_voigt

Floats = NDArray[np.float64]
DEMO_TABLES = Path(__file__).resolve().parent.parent / "resources" / "demo" / "lines.toml"


@dataclass(frozen=True, slots=True, eq=False)
class LineTable:
    """The lines of one substance between `low_cm` and `high_cm`, and the spectrum that they were fitted to.

    `lines` (L, 4): position (cm⁻¹), height (strongest near 1), full width at half maximum (cm⁻¹), and the Lorentzian
    share of the profile (0 Gaussian, 1 Lorentzian).
    """

    substance: str
    group: str
    spectrum: int
    label: str
    via: str
    low_cm: float
    high_cm: float
    lines: Floats

    def spectrum_at(self, axis: Floats) -> Floats:
        """The noiseless spectrum at the Raman shifts `axis` (B,), without baseline -> (B,)."""
        return np.asarray(pseudo_voigt(axis, self.lines).sum(axis=0))


def read_tables(path: Path = DEMO_TABLES) -> dict[str, LineTable]:
    """The tables of a TOML file by substance."""
    tables = [LineTable(**(row | {"lines": np.array(row["lines"])})) for row in _rows(path)]
    return {table.substance: table for table in tables}


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(tomllib.loads(path.read_text(encoding="utf-8"))["substance"])


def as_toml(tables: Sequence[LineTable | PeakTable], preface: str) -> str:
    """The text of a file of tables, which can be read again, under `preface` as comment."""
    text = "".join(f"# {line}".rstrip() + "\n" for line in preface.splitlines())
    for table in tables:
        text += "\n[[substance]]\n"
        for field in fields(table):
            value = getattr(table, field.name)
            if isinstance(value, str):
                text += f"{field.name} = {json.dumps(value, ensure_ascii=False)}\n"  # escapes as TOML does
            elif field.name != "lines":
                text += f"{field.name} = {value}\n"
        text += "lines = [\n"
        for position, height, width, lorentz in table.lines:
            text += f"  [{position:.2f}, {height:.5f}, {width:.2f}, {lorentz:.2f}],\n"
        text += "]\n"
    return text
