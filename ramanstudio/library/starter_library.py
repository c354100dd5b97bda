"""The starter library: spectra simulated from tables of pseudo-Voigt lines, each fitted to one measured spectrum."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.library.reference import Reference

Floats = NDArray[np.floating[Any]]

SIMULATED: Final = "simulated from a peak table"
STEP_CM: Final = 1.0  # no line of the tables is narrower than 1.5 cm⁻¹


@dataclass(frozen=True, slots=True, eq=False)
class PeakTable:
    """The lines of one substance between `low_cm` and `high_cm`, and the spectrum that they were fitted to.

    `lines` (L, 4): position (cm⁻¹), height (strongest near 1), full width at half maximum (cm⁻¹), and the Lorentzian
    share of the profile (0 Gaussian, 1 Lorentzian). `formula` and `sample` are "" and `laser_nm` is NaN where the
    source does not state them. `r2` is the coefficient of determination of the fit, baseline removed.
    """

    name: str
    group: str
    formula: str
    laser_nm: float
    low_cm: float
    high_cm: float
    collection: str
    spectrum: int
    label: str
    sample: str
    via: str
    licence: str
    cite: str
    r2: float
    lines: Floats

    @property
    def source(self) -> str:
        """A citation of the measured spectrum that the table was fitted to."""
        label = self.label if self.label.isascii() else ""  # a name in another script than the window's font has
        texts = [f"{text}, " for text in dict.fromkeys((label, self.sample)) if text]
        cited = f"; {self.cite}" if self.cite else ""
        return f"lines fitted to {''.join(texts)}spectrum {self.spectrum} of {self.collection} ({self.via}){cited}"


def pseudo_voigt(axis: Floats, lines: Floats) -> Floats:
    """Evaluate pseudo-Voigt `lines` (L, 4) at the Raman shifts `axis` (B,) -> (L, B).

    The sum of a Lorentzian and a Gaussian of equal width (Wertheim et al. 1974, doi:10.1063/1.1686503).
    """
    position, height, width, lorentz = (column[:, None] for column in lines.T)
    squared = ((axis - position) / (width / 2)) ** 2
    return np.asarray(height * (lorentz / (1 + squared) + (1 - lorentz) * np.exp(-np.log(2) * squared)))


def simulate(table: PeakTable, step: float = STEP_CM) -> SpectrumSet:
    """Simulate the spectrum of a table every `step` cm⁻¹ of its range, without noise or baseline, its maximum 1."""
    points = int((table.high_cm - table.low_cm) / step + 1e-6) + 1
    axis = np.asarray(table.low_cm + step * np.arange(points), dtype=np.float64)
    values = pseudo_voigt(axis, table.lines).sum(axis=0)
    about: dict[str, str | float] = {"source": table.source, "note": SIMULATED, "intensity_unit": "a.u."}
    if np.isfinite(table.laser_nm):
        about["laser_nm"] = table.laser_nm
    return SpectrumSet(axis, (values[None] / values.max()).astype(np.float32), {"label": np.array([table.name])}, about)


def tables_file() -> Path:
    """Return the path of the tables that come with the program."""
    return bundled_path("resources", "starter", "lines.toml")


@cache
def peak_tables() -> tuple[PeakTable, ...]:
    """Return the tables that come with the program, by group and name.

    Raises StudioError when they cannot be read.
    """
    file = tables_file()
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))["substance"]
        return tuple(PeakTable(**(row | {"lines": np.array(row["lines"], dtype=np.float64)})) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioError(
            f"The tables of the starter library, '{file}', cannot be read.", remedy="Install RamanStudio again."
        ) from error


def starter_references() -> list[Reference]:
    """Return one simulated spectrum for each table. Raises StudioError when the tables cannot be read."""
    return [
        Reference(
            table.name,
            simulate(table),
            table.group,
            table.formula,
            table.laser_nm,
            table.source,
            table.licence,
            note=SIMULATED,
        )
        for table in peak_tables()
    ]
