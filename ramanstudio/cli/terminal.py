"""What the command line draws: a progress bar on one line, and tables of aligned columns."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TextIO

WIDTH = 24


class ProgressBar:
    """How far long work is, on one line of a terminal; elsewhere a line at most every five seconds."""

    def __init__(self, title: str, total: int, stream: TextIO | None = None) -> None:
        self._title, self._total = title, total
        self._stream = stream or sys.stderr
        self._one_line = self._stream.isatty()
        self._started = self._drawn = time.monotonic()
        self._length = 0

    def __call__(self, done: float, note: str = "") -> None:
        """Draw `done` of the total; only as often as a person can read."""
        now = time.monotonic()
        if now - self._drawn < (0.1 if self._one_line else 5.0):
            return
        self._drawn = now
        share = min(1.0, done / self._total) if self._total else 1.0
        note = note or _time_left((now - self._started) * (1 - share) / share if share > 0.02 else 0)
        text = f"{self._title} {int(done)} of {self._total}{f' · {note}' if note else ''}"
        if self._one_line:
            filled = round(share * WIDTH)
            self._over(f"{'▓' * filled}{'░' * (WIDTH - filled)} {text}")
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def say(self, sentence: str) -> None:
        """Write a line above the bar."""
        self.clear()
        self._stream.write(f"{sentence}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar away."""
        if self._one_line and self._length:
            self._over("")
            self._stream.write("\r")
            self._length = 0

    def _over(self, text: str) -> None:
        self._stream.write(f"\r{text}{' ' * (self._length - len(text))}")
        self._length = len(text)


def _time_left(seconds: float) -> str:
    if seconds < 1:
        return ""
    return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under a header as aligned text; the first column to the left, the others to the right."""
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
