"""How long work reports, shows what it has so far, and is cancelled. Knows no thread and no window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class Cancelled(Exception):
    """Raised inside long work, by `progress(...)`, once somebody has asked it to stop."""


def _ignore(*_: object) -> None:
    return None


class Progress:
    """Handed to long work; calling it reports how far the work is and raises `Cancelled` when it should stop.

    The default instance is silent and never cancels, so that work needs no `if progress`.
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
        """Report `done` of `total`; raises Cancelled when the work should stop."""
        if self._is_cancelled():
            raise Cancelled
        self._on_progress(done, total, note)

    def show(self, value: Any) -> None:
        """Hand over a partial result (a finished spectrum, a point of the loss curve)."""
        self._on_show(value)

    def warn(self, sentence: str) -> None:
        """Tell the user something that does not stop the work."""
        self._on_warning(sentence)

    def steps(self, items: Sequence[T], note: str = "") -> Iterator[T]:
        """Yield `items` one by one, reporting before each; raises Cancelled between two of them."""
        for done, item in enumerate(items):
            self(done, len(items), note)
            yield item
        self(len(items), len(items), note)

    def part(self, start: int, total: int) -> Progress:
        """A progress for a piece of the work that begins at `start` of `total` units of the whole."""
        return Progress(
            lambda done, _total, note: self._on_progress(start + done, total, note),
            self._on_show,
            self._on_warning,
            self._is_cancelled,
        )


SILENT = Progress()


def format_duration(seconds: float) -> str:
    """A time in words: "50 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
