"""Cells of CSV tables that a spreadsheet must not take for formulas, and file names that are not UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(cell: str) -> str:
    """Return a cell as text for spreadsheets: with an apostrophe in front if it would start a formula.

    Numbers, such as -1.5, stay as they are.
    """
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not _is_number(cell) else cell


def unescape_formula(cell: str) -> str:
    """Return the cell that `escape_formula` was given."""
    return cell[1:] if cell.startswith("'") and escape_formula(cell[1:]) == cell else cell


def safe_cells(row: Iterable[object]) -> list[object]:
    """Return a row whose texts can be written as UTF-8 and are no formulas for a spreadsheet."""
    return [escape_formula(printable(cell)) if isinstance(cell, str) else cell for cell in row]


def printable(text: str) -> str:
    """Return text that can be written as UTF-8: bytes of a file name that are not UTF-8 become `\\xff`."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a surrogate pair
        return text.encode("utf-8", "backslashreplace").decode()


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return not cell.isspace()
