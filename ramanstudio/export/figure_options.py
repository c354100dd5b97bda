"""How a figure for a publication looks: size, type, lines, colours, what is drawn; kept as a style file (TOML)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Check, Schema, WrongValue, flag, list_of, number, optional, text
from ramanstudio.core.writing import atomic_write

WIDTHS_MM: Final = {"Single column": 85.0, "One and a half columns": 130.0, "Double column": 178.0, "Slide": 254.0}
ARRANGEMENTS: Final = {"panels": "One panel each", "overlaid": "Overlaid", "offset": "Offset (waterfall)"}
COLOURS: Final = {"colour": "Colour", "grey": "Greyscale"}
FONTS: Final = ("DejaVu Sans", "Arial", "Helvetica", "Liberation Sans", "DejaVu Serif", "Times New Roman")
STYLE_SUFFIX: Final = ".figure.toml"
_REMEDY: Final = "Choose another style file, or save one anew."


@dataclass(frozen=True, slots=True)
class FigureOptions:
    """The look of a figure.

    `width_mm` and `height_mm` are the size of the page, `dpi` the resolution of images, `font_size` and `line_width`
    in points. `arrangement`, of ARRANGEMENTS, is how several spectra share the figure; overlaid and offset ones are
    scaled to their strongest line. `shift_range` (low, high) in cm⁻¹ and `intensity_range` limit the axes, `inset`
    (low, high) in cm⁻¹ is drawn enlarged. `decreasing` turns the axis of Raman shifts round.
    """

    width_mm: float = 178.0
    height_mm: float = 90.0
    dpi: float = 300.0
    font: str = "DejaVu Sans"
    font_size: float = 9.0
    line_width: float = 1.0
    colours: str = "colour"
    arrangement: str = "panels"
    title: bool = True
    legend: bool = True
    raw: bool = True
    denoised: bool = True
    band: bool = True
    peak_labels: bool = False
    decreasing: bool = False
    shift_range: tuple[float, float] | None = None
    intensity_range: tuple[float, float] | None = None
    inset: tuple[float, float] | None = None


def _range_check(value: Any) -> tuple[float, float]:
    low, high = list_of(number(-1e9, 1e9), length=2)(value)
    return (low, high) if low < high else (high, low)


_CHECKS: Final[dict[str, Check]] = {
    "width_mm": number(20, 2000),
    "height_mm": number(20, 2000),
    "dpi": number(30, 2400),
    "font": text(100),
    "font_size": number(2, 72),
    "line_width": number(0.1, 20),
    "colours": text(choices=COLOURS),
    "arrangement": text(choices=ARRANGEMENTS),
    **{name: flag() for name in ("title", "legend", "raw", "denoised", "band", "peak_labels", "decreasing")},
    **dict.fromkeys(("shift_range", "intensity_range", "inset"), _range_check),
}


def load_style(path: Path) -> FigureOptions:
    """Read a style file; what it does not say is as by default. Raises StudioError for a file that is none."""
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"The style '{path}' cannot be read: {reason}.", remedy="Choose another style file."
        ) from error
    except UnicodeDecodeError as error:
        raise StudioError(f"'{path.name}' is not a figure style: it is no text.", remedy=_REMEDY) from error
    except (ValueError, RecursionError) as error:
        raise StudioError(f"'{path.name}' is not a figure style: {error}.", remedy=_REMEDY) from error
    unknown = sorted(set(record) - {field.name for field in fields(FigureOptions)})
    if unknown:
        raise StudioError(f"'{path.name}' has an entry '{unknown[0]}' that no figure style has.", remedy=_REMEDY)
    defaults = FigureOptions()
    schema = Schema({name: optional(check, getattr(defaults, name)) for name, check in _CHECKS.items()})
    return FigureOptions(**schema.read(record, f"The figure style '{path.name}'", _REMEDY))


def change_options(options: FigureOptions, changes: Mapping[str, Any]) -> FigureOptions:
    """Return options with some values changed. Raises StudioError for a value that no figure may have."""
    for name, value in changes.items():
        try:
            options = replace(options, **{name: _CHECKS[name](value)})
        except WrongValue as error:
            raise StudioError(
                f"The figure's {name.replace('_', ' ')} cannot be {value}.", remedy=f"Give {error.expected}."
            ) from error
    return options


def save_style(options: FigureOptions, path: Path) -> None:
    """Write a style file. Raises StudioError when it cannot be written."""
    import tomli_w

    record = {name: value for name, value in asdict(options).items() if value is not None}
    atomic_write(path, "# A figure style of RamanStudio\n" + tomli_w.dumps(record))
