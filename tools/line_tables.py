"""Line tables: a Raman spectrum as a list of pseudo-Voigt lines, kept as TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def pseudo_voigt(axis: Floats, lines: Floats) -> Floats:
    """Each of `lines` (L, 4) at the Raman shifts `axis` (B,) -> (L, B)."""
    position, height, width, lorentz = (column[:, None] for column in lines.T)
    squared = ((axis - position) / (width / 2)) ** 2
    return np.asarray(height * (lorentz / (1 + squared) + (1 - lorentz) * np.exp(-np.log(2) * squared)))


def read_tables(path: Path = DEMO_TABLES) -> dict[str, LineTable]:
    """The tables of a TOML file by substance."""
    tables = [LineTable(**(row | {"lines": np.array(row["lines"])})) for row in _rows(path)]
    return {table.substance: table for table in tables}


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(tomllib.loads(path.read_text(encoding="utf-8"))["substance"])


def as_toml(tables: list[LineTable], preface: str) -> str:
    """The text of a file that `read_tables` reads, under `preface` as comment."""
    text = "".join(f"# {line}".rstrip() + "\n" for line in preface.splitlines())
    for table in tables:
        text += "\n[[substance]]\n"
        for key in ("substance", "group", "spectrum", "label", "via", "low_cm", "high_cm"):
            value = getattr(table, key)
            text += f'{key} = "{value}"\n' if isinstance(value, str) else f"{key} = {value}\n"
        text += "lines = [\n"
        for position, height, width, lorentz in table.lines:
            text += f"  [{position:.2f}, {height:.5f}, {width:.2f}, {lorentz:.2f}],\n"
        text += "]\n"
    return text
