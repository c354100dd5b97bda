"""The numbers of a text file, and the words above them, whatever separates its columns."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "none", "--", "-", "?", "#div/0!", "inf", "-inf"))
_COMMENT = "#%/;!*'\" \t"
_ONLY_A_UNIT = re.compile(r"^\W*(nm|µm|um|eV|(rel\.? *|abs\.? *)?(1/cm|cm\s?\^?[-−⁻][1¹])|a\.?u\.?|pixels?)\W*$", re.I)
_NUMBER_STARTS = frozenset("0123456789+-.")
_LARGEST_QUICK = 20_000_000  # characters; the thorough way takes less memory
FEWEST_NUMBERS_BESIDE_WORDS = 5  # "Detector size; 1024; 127" is a header line, a named spectrum is longer


@dataclass(frozen=True, slots=True)
class Dialect:
    """What separates the columns (None: white space) and the decimal point or comma."""

    separator: str | None
    decimal: str = "."

    def cells(self, line: str) -> list[str]:
        """The line cut into cells; empty cells at its end are dropped."""
        if self.separator is None:
            return line.split()
        cells = [cell.strip(" \"'\t\r") for cell in _split(line.rstrip("\r\n"), self.separator)]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def numbers(self, line: str) -> list[float] | None:
        """The line as numbers, NaN where a cell is empty or says that nothing was measured; None when it is words."""
        if self.decimal == ",":
            line = line.replace(",", ".")
        try:
            return list(map(float, line.split(self.separator)))
        except ValueError:
            return _numbers_and_gaps(self.cells(line))


def _split(line: str, separator: str) -> list[str]:
    """The line cut at its separators, except at those within quotes."""
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True))
        except (csv.Error, StopIteration):
            pass  # the quotes are no quotes
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
class Block:
    """Lines of numbers that follow one another, each of `width` cells, from line `first` of the file to line `last`."""

    first: int
    width: int
    last: int = 0
    cells: array[float] = field(default_factory=lambda: array("d"))
    words: list[tuple[str, ...]] = field(default_factory=list)  # the words at the beginning of each line

    def __len__(self) -> int:
        return len(self.words)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The cells (rows, width), NaN where a cell is empty or holds a word."""
        return np.frombuffer(self.cells, dtype=np.float64).reshape(len(self.words), self.width)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text file taken apart: its lines, what separates its columns and its blocks of numbers, in order."""

    lines: Sequence[str]
    dialect: Dialect
    blocks: Sequence[Block]

    def header(self, block: Block) -> list[str]:
        """The lines of words above a block, up to the block before it."""
        ends = [other.last + 1 for other in self.blocks if other.first < block.first]
        return list(self.lines[max(ends, default=0) : block.first])


def two_columns(text: str) -> tuple[list[str], list[float]] | None:
    """The quick way through the commonest file: lines of words, then two plain columns; None when it is not that.

    Gives the lines above and the numbers in turn (axis, value, axis, value, …). Takes 0.3 ms for 1000 points, a
    twentieth of the thorough way.
    """
    if len(text) > _LARGEST_QUICK:
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


def taken_apart(text: str) -> Sheet:
    """The thorough way: find what separates the columns, then every block of numbers."""
    lines = text.splitlines()
    dialect = _dialect_of(lines)
    return Sheet(lines, dialect, _blocks_of(lines, dialect))


def bare(line: str) -> str:
    """A header line without the marks that make it a comment."""
    return line.strip().lstrip(_COMMENT).rstrip(" \"'\t")


def _numbers_and_gaps(cells: list[str]) -> list[float] | None:
    numbers = []
    for cell in cells:
        if cell.lower() in _MISSING:
            numbers.append(float("nan"))
            continue
        try:
            numbers.append(float(cell))
        except ValueError:
            return None
    return numbers


def _dialect_of(lines: Sequence[str]) -> Dialect:
    step = max(1, len(lines) // 40)
    sample = [line[:4000] for line in lines[::step] if line.strip()]
    best, most = DIALECTS[0], -1
    for dialect in DIALECTS:
        fitting = 0
        for line in sample:
            numbers = _row(dialect, line)
            fitting += numbers is not None and len(numbers[1]) >= 2
        if fitting > most:
            best, most = dialect, fitting
    return best if most > 0 else Dialect(None)


def _row(dialect: Dialect, line: str) -> tuple[tuple[str, ...], list[float]] | None:
    numbers = dialect.numbers(line)
    if numbers is not None:
        return (), numbers
    cells = dialect.cells(line.replace(",", ".") if dialect.decimal == "," else line)
    if len(cells) <= FEWEST_NUMBERS_BESIDE_WORDS:
        return None
    for count in range(1, min(12, len(cells) - FEWEST_NUMBERS_BESIDE_WORDS) + 1):
        numbers = _numbers_and_gaps(cells[count:])
        if numbers is not None:
            real = sum(number == number for number in numbers)
            words = tuple(cells[:count])
            gaps = [float("nan")] * count
            return (words, gaps + numbers) if real >= FEWEST_NUMBERS_BESIDE_WORDS else None
    return None


def _blocks_of(lines: Sequence[str], dialect: Dialect) -> list[Block]:
    blocks: list[Block] = []
    block: Block | None = None
    for place, line in enumerate(lines):
        if not line or line.isspace():
            continue
        row = _row(dialect, line)
        if row is None or not any(number == number for number in row[1]):
            block = None
            continue
        words, numbers = row
        if block is None or len(numbers) != block.width:
            block = Block(place, len(numbers))
            blocks.append(block)
        block.cells.extend(numbers)
        block.words.append(words)
        block.last = place
    return blocks


def column_words(header: Sequence[str], dialect: Dialect, width: int) -> list[list[str]]:
    """The lines just above the numbers that name their columns, cut into `width` cells: names, and units if below."""
    lines = [line for line in header if line.strip()][-2:]
    if not lines or (last := _named_cells(lines[-1], dialect, width)) is None:
        return []
    above = _named_cells(lines[0], dialect, width) if len(lines) == 2 and _ONLY_A_UNIT.match(last[0]) else None
    return [last] if above is None else [above, last]


def _named_cells(line: str, dialect: Dialect, width: int) -> list[str] | None:
    text = bare(line)
    if line.startswith("##") or re.search(r"=|:(\s|$)", text):
        return None  # a fact, not names
    separators = (dialect.separator, "\t", ";", ",", "  ") if dialect.separator else ("\t", ";", ",", "  ")
    for separator in separators:
        cells = [bare(cell) for cell in text.split(separator)]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            cells = [cell for cell in cells if cell]
        if len(cells) == width:
            return None if width == 2 and _is_number(cells[1]) else cells
    words = re.split(r"\s+", text)
    return words if len(words) == width else None


def _is_number(cell: str) -> bool:
    return _numbers_and_gaps([cell]) is not None
