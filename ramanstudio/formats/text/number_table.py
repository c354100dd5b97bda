"""Parsing of text files into blocks of numbers and header lines, whatever separates the columns."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.formats.text.decoding import split_lines
from ramanstudio.formats.text.dialect import DIALECTS, MISSING_VALUES, NAN, Dialect, with_decimal_points

_QUOTES = "#'\" \t"
_COMMENT_MARKS = "#%/;!*'\" \t"
_ONLY_A_UNIT = re.compile(
    r"^\W*(nm|µm|um|eV|(rel\.? *|abs\.? *)?(1/cm|cm\s?\^?[-−⁻][1¹])|a\.?u\.?|pixels?|\[?%.*|counts?|cts)\W*$", re.I
)
_NUMBER_STARTS = frozenset("0123456789+-.")
_DECIMAL_COMMA: Final = re.compile(r"\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*")
MAX_FAST_CHARACTERS = 20_000_000  # above, parse_table takes less memory
MIN_NUMBERS_BESIDE_TEXT = 5  # "Detector size; 1024; 127" is a header line; a named spectrum is longer
MIN_TIDY_ROWS: Final = 8  # of a table with few numbers beside words: sample, wavenumber, intensity
MAX_TEXTS: Final = 40  # columns of words beside a spectrum
MAX_SAMPLED_CHARACTERS: Final = 4000  # of a line
MAX_COUNTED_CHARACTERS: Final = 2**20
MAX_LINES_BETWEEN: Final = 3  # lines of words within one table
NO_TEXTS: Final[Mapping[int, str]] = MappingProxyType({})


@dataclass(slots=True)
class NumberBlock:
    """Consecutive lines of numbers, each of `width` cells, from line `first` of the file to line `last`.

    `texts` holds {column: text} of each line. `left_out` counts lines of words within the block, `words` the words
    that stand in place of numbers.
    """

    first: int
    width: int
    last: int = 0
    cells: array[float] = field(default_factory=lambda: array("d"))
    texts: list[Mapping[int, str]] = field(default_factory=list)
    left_out: int = 0
    words: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The cells, (rows, width) float64; NaN where a cell is empty or holds text."""
        return np.frombuffer(self.cells, dtype=np.float64).reshape(len(self.texts), self.width)

    @property
    def is_tidy_only(self) -> bool:
        """Whether its lines have too few numbers beside words to be spectra."""
        return bool(self.texts[0]) and self.width - len(self.texts[0]) < MIN_NUMBERS_BESIDE_TEXT

    def widen(self, width: int) -> None:
        """Add empty columns at the end, `width` columns in all."""
        cells = np.full((len(self), width), NAN)
        cells[:, : self.width] = self.numbers
        self.cells, self.width = array("d", cells.tobytes()), width

    def append(self, other: NumberBlock, left_out: int) -> None:
        """Add the lines of a later block, `left_out` lines of words apart."""
        self.cells.extend(other.cells)
        self.texts.extend(other.texts)
        self.last = other.last
        self.left_out += left_out + other.left_out
        self.words += other.words


@dataclass(frozen=True, slots=True)
class ParsedText:
    """A parsed text file: its lines, its dialect and its blocks of numbers, in order."""

    lines: Sequence[str]
    dialect: Dialect
    blocks: Sequence[NumberBlock]

    def header(self, block: NumberBlock) -> list[str]:
        """Return the lines between a block and the block of at least four numbers before it."""
        ends = [other.last + 1 for other in self.blocks if other.first < block.first and len(other) * other.width >= 4]
        return list(self.lines[max(ends, default=0) : block.first])

    def trailer(self) -> list[str]:
        """Return the lines after the last block."""
        return list(self.lines[max((block.last + 1 for block in self.blocks), default=0) :])


def parse_two_columns(text: str) -> tuple[list[str], array[float]] | None:
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
        if line.lstrip()[:1] == "−":  # a negative number, which float() does not take
            return None
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
        cells = (body if separator in "\t " else body.replace(separator, " ")).split()
        numbers = array("d", list(map(float, cells)))
    except ValueError:
        return None
    if len(numbers) != 2 * (body.count("\n") + 1) or len(numbers) < 6:
        return None
    if separator == "," and "." not in body:
        return None  # the comma may mark decimals
    return header, numbers


def parse_table(text: str) -> ParsedText:
    """Parse any text table: detect its dialect, then find every block of numbers."""
    lines = split_lines(text)
    if "." not in text[:20_000]:
        lines = list(with_decimal_points(lines))
    dialect = _detect_dialect(lines)
    if _is_column_of_decimal_commas(lines):
        dialect = Dialect(None, ",")
    return ParsedText(lines, dialect, _find_blocks(lines, dialect))


def _is_column_of_decimal_commas(lines: Sequence[str]) -> bool:
    """Whether lines are one column of numbers such as '206,263', and no axis of whole numbers beside intensities."""
    sample = [line for line in lines[:400] if line.strip()]
    if sum(bool(_DECIMAL_COMMA.fullmatch(line)) for line in sample) <= 0.9 * len(sample):
        return False
    pairs = np.array([line.split(",") for line in sample if _DECIMAL_COMMA.fullmatch(line)]).astype(float)
    steps = np.diff(pairs, axis=0)
    return not np.any(np.all(steps >= 0, axis=0) | np.all(steps <= 0, axis=0))


def strip_comment(line: str) -> str:
    """Return a header line without the marks that make it a comment."""
    return line.strip().lstrip(_COMMENT_MARKS).rstrip(" \"'\t")


def _detect_dialect(lines: Sequence[str]) -> Dialect:
    """Return the dialect in which most of up to 40 sampled lines are numbers of one table, then with most numbers."""
    step = max(1, len(lines) // 40)
    whole = [line for line in lines[::step] if line.strip()]
    sample = [line[:MAX_SAMPLED_CHARACTERS] for line in whole]
    best, best_fit = Dialect(None), (0, 0, False, 0)
    marks = {mark for mark in '"|' if any(mark in line for line in sample)}
    for dialect in DIALECTS:
        if (dialect == Dialect(",", ",") and '"' not in marks) or (dialect.separator == "|" and "|" not in marks):
            continue
        widths: Counter[int] = Counter()  # of the rows: names with spaces give rows of other widths than the titles
        n_tidy, n_numbers = 0, 0
        grouped: set[int] | None = None  # columns whose numbers all have a thousands separator
        for line, whole_line in zip(sample, whole, strict=True):
            row = _parse_row(dialect, line)
            if row is not None and len(row[1]) >= 2:
                measured = sum(number == number for number in row[1])
                is_tidy = bool(row[0]) and measured < MIN_NUMBERS_BESIDE_TEXT
                width = len(row[1]) if len(line) < MAX_SAMPLED_CHARACTERS else _width(dialect, whole_line)
                widths[width] += measured >= 2 and not is_tidy
                n_tidy += is_tidy
                n_numbers += measured
                separated = dialect.grouped_columns(line)
                grouped = separated if grouped is None else grouped & separated
        # White space within cells (thousands, names) gives more numbers, but not more rows.
        fit = (max(widths.values(), default=0), n_tidy, not grouped, n_numbers if dialect.separator else 0)
        if fit > best_fit:
            best, best_fit = dialect, fit
    return best


def _width(dialect: Dialect, line: str) -> int:
    return dialect.width(line) if len(line) < MAX_COUNTED_CHARACTERS else 0


def _parse_row(dialect: Dialect, line: str) -> tuple[Mapping[int, str], list[float]] | None:
    """Parse a line of numbers with words before, between or after them; None when it has too few numbers."""
    numbers = dialect.numbers(line)
    if numbers is not None:
        return NO_TEXTS, numbers
    return _parse_cells(dialect, dialect.cells(line))


def _parse_cells(dialect: Dialect, cells: Sequence[str]) -> tuple[Mapping[int, str], list[float]] | None:
    numbers: list[float] = []
    texts: dict[int, str] = {}
    fast = _words_first(cells) if dialect.decimal == "." else None
    if fast is not None:
        return fast
    for column, cell in enumerate(cells):
        number = dialect.number(cell)
        if number is None:
            texts[column] = cell
            if len(texts) > MAX_TEXTS:
                return None
        numbers.append(NAN if number is None else number)
    if not texts:
        return NO_TEXTS, numbers
    n_measured = sum(number == number for number in numbers)
    if n_measured < 2 or len(cells) < 3 or (n_measured < MIN_NUMBERS_BESIDE_TEXT and dialect.separator is None):
        return None
    return texts, numbers


def _words_first(cells: Sequence[str]) -> tuple[Mapping[int, str], list[float]] | None:
    """Parse cells that are a few words and then plain numbers, ten times as fast as cell by cell; None for others."""
    for count in range(1, min(4, len(cells) - MIN_NUMBERS_BESIDE_TEXT) + 1):
        try:
            numbers = list(map(float, cells[count:]))
        except ValueError:
            if count == 3:
                return None
            continue
        texts = {column: cell for column, cell in enumerate(cells[:count]) if cell.lower() not in MISSING_VALUES}
        if any(map(_is_float, texts.values())):
            return None
        return (texts or NO_TEXTS), [NAN] * count + numbers
    return None


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _find_blocks(lines: Sequence[str], dialect: Dialect) -> list[NumberBlock]:
    blocks: list[NumberBlock] = []
    block: NumberBlock | None = None
    for line_number, line in enumerate(lines):
        if not line or line.isspace():
            continue
        row = _parse_row(dialect, line) or (_row_with_words(dialect, line, block) if block is not None else None)
        if row is None:
            block = None
            continue
        texts, numbers = row
        if not texts and not any(number == number for number in numbers):
            continue  # only separators
        missing = 0 if block is None or dialect.separator is None else block.width - len(numbers)
        if missing > 0 and block is not None and dialect.width(line) >= block.width:
            numbers = numbers + [NAN] * missing
        if block is not None and missing < 0 and dialect.width(lines[block.first]) == len(numbers):
            block.widen(len(numbers))  # the cells at the end of the lines before are empty
        if block is None or len(numbers) != block.width:
            block = NumberBlock(line_number, len(numbers))
            blocks.append(block)
        block.cells.extend(numbers)
        block.texts.append(texts)
        block.last = line_number
    blocks = [block for block in blocks if not block.is_tidy_only or len(block) >= MIN_TIDY_ROWS]
    return _join_interrupted(lines, blocks)


def _row_with_words(dialect: Dialect, line: str, block: NumberBlock) -> tuple[Mapping[int, str], list[float]] | None:
    """Parse a line of a block of numbers in which words stand in place of some; None when it is another kind of line.

    Its first cell goes on as the block did: '400.37;saturated'.
    """
    cells = dialect.cells(line)
    if len(cells) != block.width or len(block) < 2 or block.texts[-1]:
        return None
    parsed = [dialect.number(cell) for cell in cells]
    before, last = block.cells[-2 * block.width], block.cells[-block.width]
    first = parsed[0]
    if first is None or not ((first - last) * (last - before) > 0):
        return None
    block.words.update(cell.lower() for cell, number in zip(cells, parsed, strict=True) if number is None)
    return NO_TEXTS, [NAN if number is None else number for number in parsed]


def _join_interrupted(lines: Sequence[str], blocks: Sequence[NumberBlock]) -> list[NumberBlock]:
    """Join blocks that one table was cut into by a few lines of words, or whose first line is an axis above words."""
    joined: list[NumberBlock] = []
    for position, block in enumerate(blocks):
        following = blocks[position + 1] if position + 1 < len(blocks) else None
        if joined and len(block) <= 2 and following is not None and joined[-1].width == following.width != block.width:
            continue  # a damaged line
        before = joined[-1] if joined else None
        if before is None or before.width != block.width:
            joined.append(block)
            continue
        between = sum(bool(line.strip()) for line in lines[before.last + 1 : block.first])
        if 0 < between <= MAX_LINES_BETWEEN and _continues(before, block):
            before.append(block, between)
        elif between <= MAX_LINES_BETWEEN and len(before) == 1 and _is_axis_row(before.numbers[0]):
            before.append(block, 0)
        else:
            joined.append(block)
    return joined


def _continues(before: NumberBlock, after: NumberBlock) -> bool:
    """Whether the first column of one block goes on in the next."""
    if before.width < 2 or len(before) < 4:
        return False
    column, more = before.numbers[:, 0], after.numbers[:, 0]
    steps = np.diff(column)
    typical = float(np.median(steps))
    gap = float(more[0] - column[-1])
    if not typical or not 0 < gap / typical < 50:
        return False
    return bool(np.mean(np.sign(steps) == np.sign(typical)) > 0.9) and (
        len(more) == 1 or float(np.mean(np.sign(np.diff(more)) == np.sign(typical))) > 0.9
    )


def _is_axis_row(numbers: NDArray[np.float64]) -> bool:
    known = numbers[np.isfinite(numbers)]
    steps = np.diff(known)
    return known.size >= 8 and bool(np.all(steps > 0) or np.all(steps < 0))


def column_headers(header: Sequence[str], dialect: Dialect, width: int) -> list[list[str]]:
    """Return the rows of column titles just above the numbers, `width` cells each: names, and units if below them."""
    lines = [line for line in header if line.strip()][-2:]
    if not lines or (last := _named_cells(lines[-1], dialect, width)) is None:
        return []
    above = _named_cells(lines[0], dialect, width) if len(lines) == 2 else None
    if above is None:
        return [last]
    if _ONLY_A_UNIT.match(last[0]):
        return [above, last]
    if width >= 4 and last[2:] == last[:-2] and all(above[::2]) and not any(above[1::2]):
        return [[cell for cell in above[::2] for _ in range(2)], last]  # names above pairs: 'PS;;PE;;'
    return [last]


def _named_cells(line: str, dialect: Dialect, width: int) -> list[str] | None:
    text = strip_comment(line)
    if line.startswith("##") or (re.search(r"=|:(\s|$)", text) and width <= 2):
        return None  # metadata, not titles
    if dialect.separator is not None:  # an empty first title is that of row numbers
        first, *others = dialect.cells(line.strip(" \r\n")) or [""]
        cells = [strip_comment(first), *(cell.strip(_QUOTES) for cell in others)]  # '%T' is a title
        cells += [""] * (min(width, dialect.width(line)) - len(cells))
        if len(cells) == width:
            return None if width == 2 and _is_number(dialect, cells[1]) else cells
    separators = (dialect.separator, "\t", ";", ",", "  ") if dialect.separator else ("\t", ";", ",", "  ")
    for separator in separators:
        cells = [cell.strip(_QUOTES) for cell in text.split(separator)]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            cells = [cell for cell in cells if cell]
        if len(cells) == width:
            return None if width == 2 and _is_number(dialect, cells[1]) else cells
    words = re.split(r"\s+", text)
    return words if len(words) == width else None


def _is_number(dialect: Dialect, cell: str) -> bool:
    return dialect.number(cell) is not None
