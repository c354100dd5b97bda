"""The keyed priority queue: what is preferred is taken first, the latest item of a key wins, spectra are counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ramanstudio.gui.document.priority_queue import PriorityQueue, QueueItem, Unit


def item(
    key: int, count: int = 10, batch: object = "axis", request: object = None, unit: Unit = "spectra"
) -> QueueItem[int]:
    return QueueItem(key, key, np.arange(count, dtype=np.int64), batch, request, unit)


def taken(items: Sequence[QueueItem[int]]) -> list[tuple[int, list[int]]]:
    return [(item.value, item.rows.tolist()) for item in items]


def test_spectra_of_one_batch_fill_a_chunk_and_the_rest_waits_in_its_place() -> None:
    queue = PriorityQueue([item(1, 6), item(2, 6), item(3, 2, batch="another axis")])
    assert taken(queue.take(8)) == [(1, [0, 1, 2, 3, 4, 5]), (2, [0, 1])]
    assert taken(queue.take(8)) == [(2, [2, 3, 4, 5])]
    assert taken(queue.take(8)) == [(3, [0, 1])]
    assert queue.take(8) == []


def test_preferred_spectra_are_taken_first_and_only_once() -> None:
    queue = PriorityQueue([item(1, 4), item(2, 4)])
    queue.prefer({2: np.array([3, 1])})
    assert taken(queue.take(100, 1)) == [(2, [3])]
    assert taken(queue.take(100, 1)) == [(2, [1])]
    assert taken(queue.take(100, 1)) == [(1, [0, 1, 2, 3]), (2, [0, 2])]


def test_keys_are_preferred_in_their_order_and_those_that_do_not_wait_are_skipped() -> None:
    queue = PriorityQueue([item(1), item(2), item(3)])
    queue.prefer([9, 3, 2])
    assert [queue.take(100)[0].value for _ in range(3)] == [3, 2, 1]


def test_the_latest_item_of_a_key_wins_while_it_waits() -> None:
    queue = PriorityQueue([item(1, 4)])
    queue.put([item(1, 2)])
    assert queue.total == 2
    assert taken(queue.take(100)) == [(1, [0, 1])]
    assert queue.take(100) == []


def test_another_request_supersedes_what_is_in_progress_and_an_equal_one_does_not() -> None:
    queue = PriorityQueue([item(1, 4, request="old")])
    first = queue.take(100)
    queue.put([item(1, 4, request="old")])
    assert queue.is_wanted(first) and len(queue) == 0
    queue.put([item(1, 4, request="new")])
    assert not queue.is_wanted(first) and len(queue) == 1
    queue.finish(first)
    assert (queue.done, queue.total) == (0, 4)


def test_items_that_no_longer_hold_are_discarded_waiting_or_in_progress() -> None:
    queue = PriorityQueue([item(1, 4), item(2, 4, batch="another axis"), item(3, 4)])
    first = queue.take(4)
    queue.discard_unless(lambda value: value == 2)
    assert not queue.is_wanted(first)
    assert 1 not in queue and 2 in queue and 3 not in queue
    assert queue.total == 4
    assert [item.value for item in queue.take(100)] == [2]


def test_finished_spectra_are_counted_until_the_queue_starts_anew() -> None:
    queue = PriorityQueue([item(1, 3)])
    queue.finish(queue.take(2))
    assert (queue.done, queue.total) == (2, 3)
    queue.put([item(2, 5)])
    assert (queue.done, queue.total) == (2, 8)
    while items := queue.take(100):
        queue.finish(items)
    assert (queue.done, queue.total) == (8, 8)
    queue.put([item(3, 1)])
    assert (queue.done, queue.total) == (0, 1)


def test_indivisible_items_and_batches_are_taken_whole() -> None:
    queue = PriorityQueue([item(1, 50, unit="item"), item(2, 2, unit="item")])
    assert [item.value for item in queue.take(10)] == [1]
    assert [item.value for item in queue.take(10)] == [2]
    queue = PriorityQueue([item(key, 50, unit="batch") for key in (1, 2, 3)])
    queue.prefer([2])
    assert [item.value for item in queue.take(10)] == [1, 2, 3]
