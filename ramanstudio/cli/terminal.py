"""What the command line shows: progress bars on one line, and tables of aligned columns."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TextIO

from ramanstudio.core.csv_cells import printable
from ramanstudio.core.pace import Pace
from ramanstudio.core.progress import Progress

_BAR_WIDTH: Final = 24
_REDRAW_S: Final = 0.1  # on a terminal
_REPORT_S: Final = 5.0  # elsewhere, at most
_REPORT_SHARE: Final = 0.1  # of the work between two reports
_REPORT_AT_LEAST_S: Final = 60.0
_NAME_LENGTH: Final = 48
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class ProgressBar:
    """Progress of long work: on one line of a terminal; elsewhere a line for each tenth, or each minute.

    The time left is estimated from the pace since the first report, and from the last third of the work where that is
    known: reading files before it, and a slow start, do not count.
    """

    def __init__(self, title: str, total: int, stream: TextIO | None = None) -> None:
        self._title, self._total = title, total
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._drawn_at = time.monotonic()
        self._drawn_share = 0.0
        self._length = 0
        self._pace = Pace()

    def __call__(self, done: float, note: str = "", count: str = "") -> None:
        """Draw `done` of the total, no more often than a person can read; `count` replaces "3 of 12"."""
        now = time.monotonic()
        share = min(1.0, done / self._total) if self._total else 1.0
        self._pace.record(now, share, 1.0)
        if not self._is_due(now, share):
            return
        self._drawn_at, self._drawn_share = now, share
        note = " · ".join(text for text in (note, _time_left(self._pace.seconds_left(now, share, 1.0) or 0.0)) if text)
        text = f"{self._title} {count or f'{int(done)} of {self._total}'}{f' · {note}' if note else ''}"
        if self._is_terminal:
            filled = round(share * _BAR_WIDTH)
            self._overwrite(f"{'▓' * filled}{'░' * (_BAR_WIDTH - filled)} {text}")
        else:
            self._stream.write(f"{one_line(text)}\n")
        self._stream.flush()

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self.clear()
        say(sentence, self._stream)

    def clear(self) -> None:
        """Remove the bar."""
        if self._is_terminal and self._length:
            self._overwrite("")
            self._stream.write("\r")
            self._length = 0

    def _is_due(self, now: float, share: float) -> bool:
        """Whether it is time to draw again."""
        waited = now - self._drawn_at
        if self._is_terminal:
            return waited >= _REDRAW_S
        advanced = share - self._drawn_share >= _REPORT_SHARE
        return waited >= _REPORT_S and (advanced or waited >= _REPORT_AT_LEAST_S)

    def _overwrite(self, text: str) -> None:
        width = max(1, shutil.get_terminal_size().columns - 1)
        text = one_line(text)[:width]
        self._stream.write(f"\r{text}{' ' * (self._length - len(text))}")
        self._length = len(text)


@contextmanager
def progress_bars(title: str) -> Iterator[Progress]:
    """A Progress drawn as one bar per note, as each kind of step is counted by itself; removed at the end."""
    bars: dict[str, ProgressBar] = {}

    def report(done: int, total: int, note: str) -> None:
        if note not in bars:
            clear()
            bars[note] = ProgressBar(title, total)
        bars[note](done, note)

    def clear() -> None:
        for bar in bars.values():
            bar.clear()

    def warn(sentence: str) -> None:
        clear()
        say(sentence)

    try:
        yield Progress(report, on_warning=warn)
    finally:
        clear()


def say(sentence: str, stream: TextIO | None = None) -> None:
    """Write a sentence to `stream`, else to stderr; file names that are not UTF-8 are made printable."""
    stream = stream or sys.stderr
    stream.write(f"{one_line(sentence)}\n")
    stream.flush()


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under a header as aligned text; the first column flush left, the others flush right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def one_line(text: str) -> str:
    """Return text that any terminal can show on one line; control characters, as in a file name, become `\\x1b`."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", printable(text))


def short_name(name: str) -> str:
    """Return a file name that fits in a table, as text that any terminal can show."""
    name = one_line(name)
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 16]}…{name[-15:]}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return a count with its noun: "1 file", "2 files", "3 spectra"."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def _time_left(seconds: float) -> str:
    if seconds < 1:
        return ""
    return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"
