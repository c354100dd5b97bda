"""Positions and times that the headers of LabSpec and WITec exports tell, for the spectra of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain
from ramanstudio.formats.text.column_titles import counts_rows, position_column
from ramanstudio.formats.text.table_layout import TableLayout

_SECONDS: Final = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}
_WELL: Final = {"column": ("x", 1.0), "row": ("y", 1.0)}
_MICROMETRES: Final = {"µm": 1.0, "μm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3, "m": 1e6}


def with_positions(layout: TableLayout, pairs: Mapping[str, str], about: Mapping[str, Plain]) -> TableLayout:
    """Return a layout whose table has the positions (µm) and times (s) that a header `pairs` tells."""
    table = dict(layout.table) | _witec_positions(len(layout.values), layout.table, pairs)
    table = _labspec_names(table, pairs)
    if layout.series is not None:
        table |= _named_series(layout.series, pairs, about)
    return replace(layout, table=table, series=None)


def position_note(layout: TableLayout, pairs: Mapping[str, str]) -> str:
    """Return what the positions of a map take for granted; empty where they do not."""
    y = layout.table.get("y")
    if "scanoriginy" in pairs and y is not None and y.size > 1 and np.ptp(y) > 0:
        return "WITec's header does not state in which direction y runs; it was taken to increase from line to line."
    return ""


def _labspec_types(pairs: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return type and unit of the axes of a LabSpec table beside intensity and spectrum, in their order."""
    types = []
    for number in range(8):
        kind = pairs.get(f"axistype[{number}]", "")
        if kind and not kind.lower().startswith(("intens", "spectr")):
            types.append((kind, pairs.get(f"axisunit[{number}]", "")))
    return types


def _labspec_names(table: dict[str, NDArray[Any]], pairs: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Give the untitled columns of a table the names of the axes that LabSpec states.

    The columns stand in reverse: the axis that is stated first varies fastest, as the 12 columns of a plate of 96 wells
    do in its export.
    """
    types = _labspec_types(pairs)[::-1]
    untitled = [name for name in "xyz" if name in table]
    if len(types) < 2 or len(untitled) != len(types):
        return table
    columns = [_WELL.get(kind.lower()) or position_column(f"{kind} ({unit})" if unit else kind) for kind, unit in types]
    if None in columns:
        return table
    renamed = {name: entries for name, entries in table.items() if name not in untitled}
    for column, name in zip(columns, untitled, strict=True):
        assert column is not None
        renamed[column[0]] = table[name] * column[1]
    return renamed


def _named_series(
    series: NDArray[np.float64], pairs: Mapping[str, str], about: Mapping[str, Plain]
) -> dict[str, NDArray[Any]]:
    """Return the untitled column (N,) beside the spectra under its name; nothing where it only numbers them."""
    types = _labspec_types(pairs)
    if len(types) == 1:
        kind, unit = types[0]
        column = position_column(f"{kind} ({unit})" if unit else kind) or position_column(kind)
        name, scale = column or (kind.lower(), 1.0)
        return {name: series * scale}
    if counts_rows(series):
        return {}
    exposure = float(about.get("exposure_s", 0)) * float(about.get("accumulations", 1))
    step = float(np.median(np.diff(series))) if series.size > 1 else 0.0
    return {"time" if exposure and 0.8 * exposure <= step <= 3 * exposure else "position": series}


def _witec_positions(
    count: int, table: Mapping[str, NDArray[Any]], pairs: Mapping[str, str]
) -> dict[str, NDArray[Any]]:
    """Return the columns that WITec's header of an image, a line or a series of `count` spectra tells.

    The pixel (i, j) of an image lies at origin + (i, j) × size / number of pixels.
    """
    across, down = int(_number(pairs, "sizex") or 0), int(_number(pairs, "sizey") or 0)
    if across * down != count or count < 2:
        return {}
    scale = _number(pairs, "seriesscale")
    if scale and down == 1:
        times = (_number(pairs, "seriesoffset") or 0.0) + scale * np.arange(count)
        factor = _SECONDS.get(pairs.get("seriesunit", "s").strip().lower())
        return {"position": times} if factor is None else {"time": times * factor}
    width, height = _number(pairs, "scanwidth"), _number(pairs, "scanheight")
    origin = _number(pairs, "scanoriginx"), _number(pairs, "scanoriginy")
    if not width or origin[0] is None or origin[1] is None:
        return {}
    if {"x", "y"} <= set(table):  # pixel numbers in the titles
        columns, rows = np.asarray(table["x"]), np.asarray(table["y"])
    else:
        rows, columns = np.divmod(np.arange(count), across)
    factor = _MICROMETRES.get(re.sub(r"[^a-zµμ]", "", pairs.get("scanunit", "µm").lower()), 1.0)
    return {
        "x": factor * (origin[0] + columns * width / across),
        "y": factor * (origin[1] + rows * (height or 0.0) / down),
    }


def _number(pairs: Mapping[str, str], key: str) -> float | None:
    """Return the number of a key; None without one."""
    try:
        number = float(pairs[key].replace(",", "."))
    except (KeyError, ValueError):
        return None
    return number if np.isfinite(number) and abs(number) < 1e9 else None
