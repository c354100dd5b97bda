"""One thread of BLAS for the small matrices of searches and baselines: threads that wait for each other take longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

_lock = threading.Lock()
_uses = 0
_limit = ExitStack()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let numpy's linear algebra use one thread while this lasts; uses may overlap.

    Beside other programs that keep both cores busy, 600 searches took 39 s of computing with two threads, 3 s with one.
    """
    global _uses
    with _lock:
        _uses += 1
        if _uses == 1:
            _limit.enter_context(_controller().limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            _uses -= 1
            if _uses == 0:
                _limit.close()


@cache
def _controller() -> Any:
    """The libraries of linear algebra in this process, looked up once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
