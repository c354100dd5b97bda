"""Progress reports, partial results and cancellation of long work; independent of threads and of Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class Cancelled(Exception):
    """Raised in long work by `progress(...)` once the user has cancelled it."""


def _ignore(*_: object) -> None:
    return None


class Progress:
    """Passed to long work; calling it reports how far the work is, and raises Cancelled when it should stop.

    The default instance reports nothing and never cancels.
    """

    def __init__(
        self,
        on_progress: Callable[[int, int, str], None] = _ignore,
        on_show: Callable[[Any], None] = _ignore,
        on_warning: Callable[[str], None] = _ignore,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._on_progress = on_progress
        self._on_show = on_show
        self._on_warning = on_warning
        self._is_cancelled = is_cancelled

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Report `done` of `total` steps; raises Cancelled when the work should stop."""
        if self._is_cancelled():
            raise Cancelled
        self._on_progress(done, total, note)

    def show(self, value: Any) -> None:
        """Pass on a partial result (a finished spectrum, a point of the loss curve)."""
        self._on_show(value)

    def warn(self, sentence: str) -> None:
        """Warn the user of something that does not stop the work."""
        self._on_warning(sentence)

    def steps(self, items: Sequence[T], note: str = "") -> Iterator[T]:
        """Yield `items`, reporting before each; raises Cancelled between two of them."""
        for done, item in enumerate(items):
            self(done, len(items), note)
            yield item
        self(len(items), len(items), note)

    def part(self, start: int, total: int) -> Progress:
        """Return a Progress for a part of the work that begins at step `start` of `total`."""
        return Progress(
            lambda done, _total, note: self._on_progress(start + done, total, note),
            self._on_show,
            self._on_warning,
            self._is_cancelled,
        )


SILENT = Progress()


def format_duration(seconds: float) -> str:
    """Format a time: "50 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
