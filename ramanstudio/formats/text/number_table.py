"""Parsing of text files into blocks of numbers and header lines, whatever separates the columns."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats.text.decoding import split_lines

_MISSING_VALUES = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "none", "--", "-", "?", "#div/0!", "inf", "-inf"))
_COMMENT_MARKS = "#%/;!*'\" \t"
_ONLY_A_UNIT = re.compile(r"^\W*(nm|µm|um|eV|(rel\.? *|abs\.? *)?(1/cm|cm\s?\^?[-−⁻][1¹])|a\.?u\.?|pixels?)\W*$", re.I)
_NUMBER_STARTS = frozenset("0123456789+-.")
MAX_FAST_CHARACTERS = 20_000_000  # above, parse_table takes less memory
MIN_NUMBERS_BESIDE_TEXT = 5  # "Detector size; 1024; 127" is a header line; a named spectrum is longer


@dataclass(frozen=True, slots=True)
class Dialect:
    """The column separator (None: white space) and the decimal mark (point or comma) of a text table."""

    separator: str | None
    decimal: str = "."

    def cells(self, line: str) -> list[str]:
        """Split a line into cells; empty cells at its end are dropped."""
        if self.separator is None:
            return line.split()
        cells = [cell.strip(" \"'\t\r") for cell in _split(line.rstrip("\r\n"), self.separator)]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def numbers(self, line: str) -> list[float] | None:
        """Parse a line of numbers, NaN where a cell is empty or marked as missing; None when it is not numbers."""
        if self.decimal == ",":
            line = line.replace(",", ".")
        try:
            return list(map(float, line.split(self.separator)))
        except ValueError:
            return _parse_cells(self.cells(line))


def _split(line: str, separator: str) -> list[str]:
    """Split a line at its separators, except those within quotes."""
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True))
        except (csv.Error, StopIteration):
            pass  # the quotation marks do not enclose cells
    return line.split(separator)


# In this order where several fit: "100, 200" is two columns, not the number 100 followed by 200.
DIALECTS = (
    Dialect(";"),
    Dialect(";", ","),
    Dialect("\t"),
    Dialect("\t", ","),
    Dialect(","),
    Dialect(None),
    Dialect(None, ","),
)


@dataclass(slots=True)
class NumberBlock:
    """Consecutive lines of numbers, each of `width` cells, from line `first` of the file to line `last`.

    `texts` holds the texts at the beginning of each line.
    """

    first: int
    width: int
    last: int = 0
    cells: array[float] = field(default_factory=lambda: array("d"))
    texts: list[tuple[str, ...]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The cells, (rows, width) float64; NaN where a cell is empty or holds text."""
        return np.frombuffer(self.cells, dtype=np.float64).reshape(len(self.texts), self.width)


@dataclass(frozen=True, slots=True)
class ParsedText:
    """A parsed text file: its lines, its dialect and its blocks of numbers, in order."""

    lines: Sequence[str]
    dialect: Dialect
    blocks: Sequence[NumberBlock]

    def header(self, block: NumberBlock) -> list[str]:
        """Return the lines between a block and the block before it."""
        ends = [other.last + 1 for other in self.blocks if other.first < block.first]
        return list(self.lines[max(ends, default=0) : block.first])


def parse_two_columns(text: str) -> tuple[list[str], list[float]] | None:
    """Parse the most common kind of file fast: header lines, then two plain columns; None when it is not that.

    Returns the header lines and the numbers in turn (axis, value, axis, value, …). Takes 0.3 ms for 1000 points,
    20 times less than `parse_table`.
    """
    if len(text) > MAX_FAST_CHARACTERS:
        return None
    begin, header = 0, []
    while begin < len(text):
        end = text.find("\n", begin)
        line = text[begin : end if end >= 0 else len(text)]
        if line.lstrip()[:1] in _NUMBER_STARTS and line.strip():
            break
        header.append(line.rstrip("\r"))
        if end < 0 or len(header) > 400:
            return None
        begin = end + 1
    body = text[begin:].rstrip().removesuffix("##END=").rstrip()
    first = body.partition("\n")[0]
    separator = next((mark for mark in ";\t," if mark in first), " ")
    if separator in ";\t" and "," in first:
        return None  # a decimal comma
    try:
        if len([float(cell) for cell in first.split(separator if separator != " " else None)]) != 2:
            return None
        numbers = list(map(float, body.replace(separator, " ").split()))
    except ValueError:
        return None
    if len(numbers) != 2 * (body.count("\n") + 1) or len(numbers) < 6:
        return None
    return header, numbers


def parse_table(text: str) -> ParsedText:
    """Parse any text table: detect its dialect, then find every block of numbers."""
    lines = split_lines(text)
    dialect = _detect_dialect(lines)
    return ParsedText(lines, dialect, _find_blocks(lines, dialect))


def strip_comment(line: str) -> str:
    """Return a header line without the marks that make it a comment."""
    return line.strip().lstrip(_COMMENT_MARKS).rstrip(" \"'\t")


def _parse_cells(cells: list[str]) -> list[float] | None:
    """Return the cells as numbers, NaN where a value is missing; None when one is text."""
    numbers = []
    for cell in cells:
        if cell.lower() in _MISSING_VALUES:
            numbers.append(float("nan"))
            continue
        try:
            numbers.append(float(cell))
        except ValueError:
            return None
    return numbers


def _detect_dialect(lines: Sequence[str]) -> Dialect:
    """Return the dialect in which most of up to 40 sampled lines are numbers, then that with most numbers in them."""
    step = max(1, len(lines) // 40)
    sample = [line[:4000] for line in lines[::step] if line.strip()]
    best, best_fit = Dialect(None), (0, 0)
    for dialect in DIALECTS:
        n_rows, n_numbers = 0, 0
        for line in sample:
            row = _parse_row(dialect, line)
            if row is not None and len(row[1]) >= 2:
                n_rows += 1
                n_numbers += sum(number == number for number in row[1])
        if (n_rows, n_numbers) > best_fit:
            best, best_fit = dialect, (n_rows, n_numbers)
    return best


def _parse_row(dialect: Dialect, line: str) -> tuple[tuple[str, ...], list[float]] | None:
    """Parse a line of up to twelve texts and then numbers; None when it is not one."""
    numbers = dialect.numbers(line)
    if numbers is not None:
        return (), numbers
    cells = dialect.cells(line.replace(",", ".") if dialect.decimal == "," else line)
    if len(cells) <= MIN_NUMBERS_BESIDE_TEXT:
        return None
    for count in range(1, min(12, len(cells) - MIN_NUMBERS_BESIDE_TEXT) + 1):
        numbers = _parse_cells(cells[count:])
        if numbers is not None:
            n_measured = sum(number == number for number in numbers)
            gaps = [float("nan")] * count
            return (tuple(cells[:count]), gaps + numbers) if n_measured >= MIN_NUMBERS_BESIDE_TEXT else None
    return None


def _find_blocks(lines: Sequence[str], dialect: Dialect) -> list[NumberBlock]:
    blocks: list[NumberBlock] = []
    block: NumberBlock | None = None
    for line_number, line in enumerate(lines):
        if not line or line.isspace():
            continue
        row = _parse_row(dialect, line)
        if row is None or not any(number == number for number in row[1]):
            block = None
            continue
        texts, numbers = row
        if block is None or len(numbers) != block.width:
            block = NumberBlock(line_number, len(numbers))
            blocks.append(block)
        block.cells.extend(numbers)
        block.texts.append(texts)
        block.last = line_number
    return blocks


def column_headers(header: Sequence[str], dialect: Dialect, width: int) -> list[list[str]]:
    """Return the rows of column titles just above the numbers, `width` cells each: names, and units if below them."""
    lines = [line for line in header if line.strip()][-2:]
    if not lines or (last := _named_cells(lines[-1], dialect, width)) is None:
        return []
    above = _named_cells(lines[0], dialect, width) if len(lines) == 2 and _ONLY_A_UNIT.match(last[0]) else None
    return [last] if above is None else [above, last]


def _named_cells(line: str, dialect: Dialect, width: int) -> list[str] | None:
    text = strip_comment(line)
    if line.startswith("##") or re.search(r"=|:(\s|$)", text):
        return None  # metadata, not titles
    separators = (dialect.separator, "\t", ";", ",", "  ") if dialect.separator else ("\t", ";", ",", "  ")
    for separator in separators:
        cells = [strip_comment(cell) for cell in text.split(separator)]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            cells = [cell for cell in cells if cell]
        if len(cells) == width:
            return None if width == 2 and _is_number(cells[1]) else cells
    words = re.split(r"\s+", text)
    return words if len(words) == width else None


def _is_number(cell: str) -> bool:
    return _parse_cells([cell]) is not None
