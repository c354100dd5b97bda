"""A keyed priority queue between the window and a worker thread: what is looked at is taken first. Knows no Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Rows = NDArray[np.int64]
Unit = Literal["spectra", "item", "batch"]


@dataclass(frozen=True, slots=True, eq=False)
class QueueItem(Generic[T]):
    """Spectra `rows` (n,) of `value` that wait to be processed.

    key : one item of a key waits at a time; a later one takes its place
    batch : items of one batch may be processed in one call
    request : what is wanted; an item in progress is not superseded by one with an equal request
    unit : the least that is taken at once: some "spectra", the whole "item", or the whole "batch"
    """

    key: Hashable
    value: T
    rows: Rows
    batch: Hashable
    request: Hashable = None
    unit: Unit = "spectra"

    def __len__(self) -> int:
        return len(self.rows)


class PriorityQueue(Generic[T]):
    """Items in the order in which they came, batch by batch; safe to use from several threads.

    The window puts, prefers and discards; a worker takes, asks whether what it works on is still wanted, and finishes.
    `done` and `total` count spectra, from when the queue was last empty.
    """

    def __init__(self, items: Iterable[QueueItem[T]] = ()) -> None:
        self._lock = threading.Lock()
        self._batches: dict[Hashable, dict[Hashable, QueueItem[T]]] = {}
        self._batch_of: dict[Hashable, Hashable] = {}  # by the key of what waits
        self._in_progress: dict[int, QueueItem[T]] = {}  # by the identity of the item
        self._preferred: Mapping[Hashable, Rows | None] = {}
        self.done = 0
        self.total = 0
        self.put(items)

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._batch_of)

    def __contains__(self, key: Hashable) -> bool:
        """Whether an item of this key waits, or is in progress."""
        return key in self._batch_of or any(item.key == key for item in list(self._in_progress.values()))

    def put(self, items: Iterable[QueueItem[T]]) -> None:
        """Let items wait behind the others, each in the place of what has its key.

        What is in progress for an equal request goes on instead, unless its unit is the batch, which begins again.
        """
        with self._lock:
            for item in items:
                if not self._batch_of and not self._in_progress:
                    self.done = self.total = 0
                if not len(item) or (item.unit != "batch" and self._is_in_progress(item)):
                    continue
                self._discard(item.key)
                self._batches.setdefault(item.batch, {})[item.key] = item
                self._batch_of[item.key] = item.batch
                self.total += len(item)

    def prefer(self, keys: Iterable[Hashable] | Mapping[Hashable, Rows | None]) -> None:
        """Take these first, in this order; a mapping says which of their spectra (None: all)."""
        preferred = dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys)
        with self._lock:
            self._preferred = preferred

    def discard(self, keys: Iterable[Hashable]) -> None:
        """Let these wait no longer, and give up what is in progress for them."""
        with self._lock:
            for key in keys:
                self._discard(key)

    def discard_unless(self, is_kept: Callable[[T], bool]) -> None:
        """Discard what no longer holds, such as items of entries that are gone."""
        with self._lock:
            waiting = [item for batch in self._batches.values() for item in batch.values()]
            for item in (*waiting, *self._in_progress.values()):
                if not is_kept(item.value):
                    self._discard(item.key)

    def clear(self) -> None:
        """Discard everything."""
        with self._lock:
            self._batches.clear()
            self._batch_of.clear()
            self._in_progress.clear()
            self.done = self.total = 0

    def take(self, limit: int, preferred_limit: int | None = None) -> list[QueueItem[T]]:
        """Take what is to be processed next, all of one batch; empty once nothing waits.

        What is preferred comes alone, at most `preferred_limit` of its spectra; else up to `limit` spectra of the
        first batch, or its first item where that is indivisible and larger.
        """
        with self._lock:
            preferred = self._take_preferred(limit if preferred_limit is None else preferred_limit)
            if preferred or not self._batch_of:
                return preferred
            batch = self._batches[self._batch_of[next(iter(self._batch_of))]]
            if next(iter(batch.values())).unit == "batch":
                return [self._start(item, item.rows) for item in list(batch.values())]
            taken: list[QueueItem[T]] = []
            for item in list(batch.values()):
                room = limit - sum(map(len, taken))
                if room <= 0 or (taken and item.unit != "spectra" and len(item) > room):
                    break
                taken.append(self._start(item, item.rows[:room] if item.unit == "spectra" else item.rows))
            return taken

    def take_preferred(self, limit: int) -> list[QueueItem[T]]:
        """Take what is looked at and still waits, at most `limit` of its spectra; empty where nothing does."""
        with self._lock:
            return self._take_preferred(limit)

    def is_wanted(self, items: Iterable[QueueItem[T]]) -> bool:
        """Whether any of these is in progress and was neither superseded nor discarded."""
        return any(id(item) in self._in_progress for item in items)

    def finish(self, items: Iterable[QueueItem[T]]) -> None:
        """Count these as done; what was superseded or discarded meanwhile is not counted."""
        with self._lock:
            for item in items:
                if self._in_progress.pop(id(item), None) is not None:
                    self.done += len(item)

    def _take_preferred(self, limit: int) -> list[QueueItem[T]]:
        for key, rows in self._preferred.items():
            if key not in self._batch_of:
                continue
            batch = self._batches[self._batch_of[key]]
            item = batch[key]
            if item.unit == "batch":
                return [self._start(each, each.rows) for each in list(batch.values())]
            if item.unit == "item":
                return [self._start(item, item.rows)]
            wanted = item.rows if rows is None else rows[np.isin(rows, item.rows)]
            if len(wanted):
                return [self._start(item, wanted[:limit])]
        return []

    def _start(self, item: QueueItem[T], rows: Rows) -> QueueItem[T]:
        """Move `rows` of a waiting item into progress; the others go on waiting."""
        taken = item
        if len(rows) < len(item):
            taken = replace(item, rows=rows)
            self._batches[item.batch][item.key] = replace(item, rows=item.rows[~np.isin(item.rows, rows)])
        else:
            self._remove(item)
        self._in_progress[id(taken)] = taken
        return taken

    def _remove(self, item: QueueItem[T]) -> None:
        batch = self._batches[self._batch_of.pop(item.key)]
        del batch[item.key]
        if not batch:
            del self._batches[item.batch]

    def _discard(self, key: Hashable) -> None:
        if key in self._batch_of:
            item = self._batches[self._batch_of[key]][key]
            self._remove(item)
            self.total -= len(item)
        for number, item in list(self._in_progress.items()):
            if item.key == key:
                del self._in_progress[number]
                self.total -= len(item)

    def _is_in_progress(self, item: QueueItem[T]) -> bool:
        return any(other.key == item.key and other.request == item.request for other in self._in_progress.values())
