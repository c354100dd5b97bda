"""What instruments are calibrated with: lines of substances and lamps (resources/calibration/substances.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.tables import read_table
from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, list_of, number, optional, text
from ramanstudio.signal.refraction import air_to_vacuum

Floats = NDArray[np.floating[Any]]

SHIFT: Final = "shift"  # several Raman lines
SINGLE: Final = "single"  # one Raman line that outshines all others
LAMP: Final = "lamp"  # emission lines, wavelengths in air
_SAME_POSITION: Final = 0.05  # cm⁻¹; nearer lines of a table are one
_ROW: Final = Schema(
    {
        "key": text(60),
        "title": text(120),
        "kind": text(choices=(SHIFT, SINGLE, LAMP)),
        "source": optional(text(1000), ""),
        "checked": optional(text(1000), ""),
        "line_sd_cm": optional(number(0, 20), 0.5),
        "reference_c": optional(number(-273, 1000), 20.0),
        "cm_per_kelvin": optional(number(-1, 1), 0.0),
        "lines": list_of(list_of(number(0, 1e5), 3), 5000),
    }
)


@dataclass(frozen=True, slots=True)
class Substance:
    """A substance or lamp whose lines are known.

    Parameters
    ----------
    kind : SHIFT or SINGLE (Raman shifts in cm⁻¹), or LAMP (wavelengths in air, nm)
    lines : (position, relative intensity) of each line
    line_sds_cm : standard uncertainty of each position in cm⁻¹; where it is empty, that of all is `line_sd_cm`
    reference_c, cm_per_kelvin : temperature of the positions in °C, and how they move with it
    source, checked : where the positions were read, and what they were compared with
    """

    key: str
    title: str
    kind: str
    lines: tuple[tuple[float, float], ...]
    line_sd_cm: float = 0.5
    line_sds_cm: tuple[float, ...] = ()
    source: str = ""
    checked: str = ""
    reference_c: float = 20.0
    cm_per_kelvin: float = 0.0

    @property
    def is_lamp(self) -> bool:
        """Whether the lines are emission lines of a lamp, not Raman lines."""
        return self.kind == LAMP

    @property
    def strengths(self) -> Floats:
        """Relative intensities (L,), the strongest 1."""
        strengths = np.array([strength for _, strength in self.lines], dtype=np.float64)
        scaled: Floats = strengths / strengths.max()
        return scaled

    @property
    def sds(self) -> Floats:
        """Standard uncertainties of the positions (L,) in cm⁻¹."""
        return np.array(self.line_sds_cm or (self.line_sd_cm,) * len(self.lines), dtype=np.float64)

    def shifts(self, laser_nm: float | None = None, temperature_c: float | None = None, in_air: bool = False) -> Floats:
        """Return the Raman shifts (L,) in cm⁻¹ at which the lines lie on a correct axis.

        Of a lamp: where its lines lie with a laser of `laser_nm` (in vacuum); `in_air` without the conversion of its
        wavelengths to vacuum, as some axes are made. Raises StudioError for a lamp without `laser_nm`.
        """
        positions = np.array([position for position, _ in self.lines], dtype=np.float64)
        if not self.is_lamp:
            warmer = 0.0 if temperature_c is None else temperature_c - self.reference_c
            return positions + self.cm_per_kelvin * warmer
        if laser_nm is None:
            raise StudioError(
                f"The laser wavelength is unknown; the lines of a {self.title.lower()} have no Raman shift without it.",
                remedy="Set the laser wavelength of the spectrum.",
            )
        shifts: Floats = 1e7 / laser_nm - 1e7 / (positions if in_air else air_to_vacuum(positions))
        return shifts


@lru_cache(maxsize=1)
def substances() -> Mapping[str, Substance]:
    """Return the substances and lamps that come with the program, by key."""
    rows = read_table("substances.toml", "substance", _ROW, "The table of calibration substances")
    return {substance.key: substance for substance in map(_substance, rows)}


def find_substance(name: str | Substance) -> Substance:
    """Return a substance by its key or title, or from a file with a table of one's own.

    Raises StudioError when there is none.
    """
    if isinstance(name, Substance):
        return name
    known = substances()
    wanted = name.strip().lower()
    for substance in known.values():
        if wanted in (substance.key, substance.title.lower(), substance.key.replace("_", " ")):
            return substance
    path = Path(name)
    if path.suffix and path.is_file():
        return read_line_table(path)
    raise StudioError(
        f"There is no calibration substance '{name}'.",
        remedy=f"Choose one of: {', '.join(known)}; or a file with a table of lines (position; intensity).",
    )


def read_line_table(path: Path | str) -> Substance:
    """Read a table of one's own: each row a Raman shift in cm⁻¹, and the relative intensity where it is known.

    A line `# nm` makes the positions wavelengths in air, `# sd 0.2` states their uncertainty in cm⁻¹. Raises
    StudioError when the file holds no such table.
    """
    path = Path(path)
    try:
        content = path.read_text(encoding="utf-8-sig")[:1_000_000]
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"'{path.name}' cannot be read as a table of lines.", remedy="Save it as text.") from error
    lines, kind, line_sd_cm = [], SHIFT, 0.5
    for row in content.splitlines():
        note = row.strip().lstrip("#").strip().lower()
        if row.strip().startswith("#"):
            kind = LAMP if note.startswith("nm") else kind
            line_sd_cm = _number(note.removeprefix("sd")) or line_sd_cm if note.startswith("sd") else line_sd_cm
            continue
        numbers = [_number(cell) for cell in row.replace(";", " ").replace(",", " ").split()]
        if numbers and numbers[0] is not None and numbers[0] > 0:
            strength = numbers[1] if len(numbers) > 1 and numbers[1] is not None and numbers[1] > 0 else 1.0
            lines.append((numbers[0], strength))
    lines.sort()
    distinct = [line for index, line in enumerate(lines) if not index or line[0] - lines[index - 1][0] > _SAME_POSITION]
    if not distinct or len(distinct) > 5000:
        raise StudioError(
            f"'{path.name}' holds no table of lines.", remedy="Each row needs a Raman shift in cm⁻¹ and an intensity."
        )
    kind = SINGLE if kind == SHIFT and len(distinct) == 1 else kind
    return Substance(path.stem, path.stem, kind, tuple(distinct), line_sd_cm, source=path.name)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _substance(row: Mapping[str, Any]) -> Substance:
    rows = sorted(row["lines"])
    lines = tuple((line[0], line[1]) for line in rows)
    sds = tuple(line[2] if len(line) > 2 else row["line_sd_cm"] for line in rows)
    return Substance(**{**row, "lines": lines, "line_sds_cm": sds})
