"""Compute batches in several threads. For work that releases the interpreter: numpy on large arrays, networks."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")

_STACK: Final = 16 * 2**20  # bytes; macOS gives threads half a megabyte, which torch may exceed
_threads = os.cpu_count() or 1
_is_worker = threading.local()


def threads() -> int:
    """Return how many threads of this process compute."""
    return _threads


def set_threads(count: int | None) -> None:
    """Compute with `count` threads; by default one for each core."""
    global _threads
    _threads = count or os.cpu_count() or 1


def map_ordered(compute: Callable[[Batch], Result], batches: Sequence[Batch]) -> Iterator[tuple[Batch, Result]]:
    """Yield each batch with what `compute` returns of it, in order; several threads compute ahead.

    In a thread of such a computation, and for a single batch, everything happens in the calling thread.
    """
    workers = min(_threads, len(batches))
    if workers <= 1 or getattr(_is_worker, "value", False):
        yield from ((batch, compute(batch)) for batch in batches)
        return
    previous = threading.stack_size(_STACK) if sys.platform == "darwin" else 0
    pending: deque[tuple[Batch, Future[Result]]] = deque()
    try:
        with ThreadPoolExecutor(workers, initializer=_mark_worker) as pool:
            try:
                for batch in batches:
                    pending.append((batch, pool.submit(compute, batch)))
                    if len(pending) > 2 * workers:
                        first, future = pending.popleft()
                        yield first, future.result()
                while pending:
                    first, future = pending.popleft()
                    yield first, future.result()
            finally:
                for _, future in pending:
                    future.cancel()
    finally:
        if sys.platform == "darwin":
            threading.stack_size(previous)


def _mark_worker() -> None:
    _is_worker.value = True


def slices(count: int, size: int) -> list[slice]:
    """Return slices of `size` that cover `count` rows."""
    return [slice(start, min(count, start + size)) for start in range(0, count, size)]
