"""What a column title says: axis, intensity, stage of processing, row number, position or name of a spectrum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats import axis as axes

UNIT_PREFERENCE: Final = (  # where several columns could be the axis
    axes.SHIFT,
    axes.WAVENUMBER,
    axes.ABSOLUTE,
    axes.NM,
    axes.MICRON,
    axes.ANGSTROM,
    axes.EV,
    axes.UNKNOWN,
    axes.PIXEL,
)
_GENERIC_AXIS: Final = re.compile(r"^(#?wave|[xX][- _]?axis|x|w)$", re.I)  # an axis without a unit
_POSITION: Final = re.compile(
    r"^(?:pos(?:ition)?[-_ ]?|stage[-_ ]?)?(?P<column>x|y|z|t|time|zeit|temps|tiempo|时间|時間|temperature)"
    r"(?:[-_ ]?(?:pos(?:ition)?|coord(?:inate)?))?"
    r"[\s_]*[\[(]?\s*(?P<unit>µm|μm|um|microns?|mm|nm|ms|s|sec|secs|min|h|°c|k)?\s*[\])]?$",
    re.I,
)
_POSITION_NAMES: Final = {
    "t": "time",
    "zeit": "time",
    "temps": "time",
    "tiempo": "time",
    "时间": "time",
    "時間": "time",
}
_SCALE: Final = {"mm": 1e3, "nm": 1e-3, "ms": 1e-3, "min": 60.0, "h": 3600.0}
NOT_RAMAN: Final = re.compile(
    r"absor[bp]|absorci|transmi|r[eé]fle[ctx]|(?-i:(^|\s)[Aa]bs\.?(\s*\(.*\))?$)|irradian|kubelka|^\W*%|^p$|extin[ck]tion|^t%|remission|durchlässig|吸光|透[过過]率|反射率"
    r"|吸収|透過",
    re.I,
)
NOT_SIGNAL: Final = re.compile(
    r"^(dark|dunkel|obscur|oscuro|暗)\b(?![- _]?(sub|corr|kor))|^dunkel(spektrum|signal|strom)"
    r"|^d$|^暗|^ref(erence|erenz|érence)?\b|^参[考照]"
    r"|^r$|^pixels?\b"
    r"|^(baseline|background|untergrund|basislinie)\b|^index$|^#$|^(s\.?d\.?|std\w*|error|sigma|uncertainty)$"
    r"|^(expected error|replaced)$",  # beside the spectrum in our own files
    re.I,
)
SIGNAL: Final = re.compile(
    r"intens|counts|signal|强度|強度|интенсивн|강도|zählrate|\d{3}", re.I
)  # 'Intensity at 532 nm' is no axis
_BEST_SIGNAL: Final = (
    re.compile(
        r"^(dark|dunkel|background|untergrund|hintergrund|bkg|bg)[-_ ]?(sub\w*|corr\w*|kor\w*|abgezogen)(\s*#?\d+)?$"
        r"|[-−–]\s*(dark|background|bkg|bg)$|^扣(除)?(暗|背景)|^暗电流校正",
        re.I,
    ),
    re.compile(r"^(processed|corrected|korrigiert|verarbeitet)\b", re.I),
    re.compile(r"^(raw|roh|s$|sample|原始)", re.I),
)
_ROW_NUMBER: Final = re.compile(
    r"^(|#|index|idx|n[or°]?\.?|nr\.?|num(ber)?|row|unnamed: ?\d+|points?( ?(no|nr|number)\.?)?|data ?point"
    r"|pixels?( ?(no|nr"
    r"|number|index)\.?)?|序号|编号|番号)$",
    re.I,
)
_AXIS_IN_TITLE: Final = re.compile(
    r"^(?P<before>[^\d\-−+.]*\.?)(?P<number>[-−]?\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)(?P<after>\D*[-−⁻]?[1¹]?\D*)$", re.I
)
MIN_AXIS_POINTS: Final = 8  # fewer numbers may be in order by chance


class NotRamanError(Exception):
    """The columns hold absorbance, reflectance or the like; the message is the column title."""


def title_unit(title: str) -> str | None:
    """Return the axis unit in a column title; None when it is not the title of an axis."""
    words = title.strip("# ")
    return axes.unit_from_text(words) or (axes.UNKNOWN if _GENERIC_AXIS.match(words.split(" ")[0]) else None)


def position_column(title: str) -> tuple[str, float] | None:
    """Return the table column (x, y, z, time, temperature) of a title, and its factor to µm or s; None for others."""
    match = _POSITION.match(title.strip("# "))
    if match is None:
        return None
    name = match["column"].lower()
    column = _POSITION_NAMES.get(name, name)
    unit = (match["unit"] or "").lower()
    return column, 1.0 if unit == "nm" and column == "time" else _SCALE.get(unit, 1.0)


def is_row_number(title: str) -> bool:
    """Whether a title is that of a column that counts the rows."""
    return bool(_ROW_NUMBER.match(title.strip()))


def counts_rows(column: NDArray[np.float64]) -> bool:
    """Whether a column (n,) is 0, 1, 2, … or 1, 2, 3, …"""
    return bool(column.size > 2 and column[0] in (0.0, 1.0) and np.all(np.diff(column) == 1.0))


def is_monotonic(numbers: NDArray[np.float64]) -> bool:
    """Whether numbers (n,) increase, or decrease, at every step."""
    steps = np.diff(numbers)
    return bool(numbers.size >= 2 and (np.all(steps > 0) or np.all(steps < 0)))


def signal_columns(names: Sequence[str], axis_columns: Sequence[int]) -> tuple[list[int], list[str]]:
    """Return the columns of Raman intensities, and the titles of other stages of the same measurement.

    Raises NotRamanError when there are none.
    """
    others = [i for i in range(len(names)) if i not in axis_columns and names[i].strip()]
    others = others or [i for i in range(len(names)) if i not in axis_columns]
    wanted = [i for i in others if not NOT_SIGNAL.search(names[i].strip()) and not NOT_RAMAN.search(names[i].strip())]
    if not wanted:
        raise NotRamanError(next((names[i] for i in others), "no intensity"))
    if len(axis_columns) == 1 and len(wanted) == len(others):
        return wanted, []
    # One measurement at several stages (dark, reference, raw, corrected): one of them is the spectrum.
    for pattern in _BEST_SIGNAL:
        best = [i for i in wanted if pattern.search(names[i].strip())]
        if best:
            return best, [names[i] for i in others if i not in best and not is_row_number(names[i])]
    return wanted, []


def axis_in_titles(titles: Sequence[str]) -> tuple[list[int], NDArray[np.float64], str] | None:
    """Return the columns whose titles are the points of an axis, the axis (B,), and its unit; None without one.

    '200.37', 'X200.37', '200.37 cm-1', 'wn_200.37'; R writes 'X.200.37' for -200.37. All have the same words beside
    the number, and they increase or decrease.
    """
    by_words: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for column, title in enumerate(titles):
        match = _AXIS_IN_TITLE.match(title.strip())
        if match is not None:
            before, sign = match["before"].strip(), 1.0
            if before in ("X.", "x."):
                before, sign = before[0], -1.0
            number = sign * float(match["number"].replace("−", "-").replace(",", "."))
            by_words.setdefault((before, match["after"].strip()), []).append((column, number))
    if not by_words:
        return None
    words, points = max(by_words.items(), key=lambda item: len(item[1]))
    columns = [column for column, _ in points]
    axis = np.array([number for _, number in points])
    if axis.size < MIN_AXIS_POINTS or not is_monotonic(axis) or counts_rows(axis):
        return None
    return columns, axis, axes.unit_from_text(words[1]) or axes.unit_from_text(words[0])


def names_and_positions(names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the table columns in the titles of N spectra: name, and x and y (N,) where the titles hold them."""
    table: dict[str, NDArray[Any]] = {"name": np.array(names, dtype=str)}
    # WITec: 'Map_000_Spec.Data 1(3/0)' is pixel 3 of line 0; others write the stage position into the name.
    pixels = [re.search(r"\((\d+)/(\d+)\)", name) for name in names]
    stages = [re.search(r"_X_(-?[\d.]+?\d)_+Y_(-?[\d.]+?\d)_", name + "_") for name in names]
    for matches in (pixels, stages):
        if len(names) > 1 and all(matches):
            table["x"] = np.array([float(match[1]) for match in matches if match])
            table["y"] = np.array([float(match[2]) for match in matches if match])
            break
    return table
