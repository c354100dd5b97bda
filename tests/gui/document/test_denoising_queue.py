"""Waiting entries are denoised in the right order, and a failure does not affect others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document.denoising_queue import CHUNK, denoise_waiting, denoising_item
from ramanstudio.gui.document.opening import count_files
from ramanstudio.gui.document.priority_queue import PriorityQueue, QueueItem
from ramanstudio.project.project import Entry, Result
from tests.gui.driver import SmoothingEngine


def spectra(points: int = 100, count: int = 1) -> SpectrumSet:
    return SpectrumSet.of(np.arange(float(points)), np.ones((count, points)))


def items(sources: dict[int, SpectrumSet], together: int | None = 0) -> list[QueueItem[Entry]]:
    """Entries to denoise, by id; `together` is the number of their set, None that of each its own."""
    return [
        denoising_item(
            Entry(number, "", Path(f"{number}.txt"), source, set_id=number if together is None else together)
        )
        for number, source in sources.items()
    ]


def ids(taken: list[QueueItem[Entry]]) -> list[int]:
    return [item.value.id for item in taken]


def test_entries_on_one_axis_are_taken_in_chunks() -> None:
    queue = PriorityQueue[Entry]()
    queue.put(items({number: spectra(100 + number % 2) for number in range(200)}))
    first = ids(queue.take(CHUNK))
    assert len(first) == CHUNK
    assert {number % 2 for number in first} == {0}
    taken = len(first)
    while chunk := queue.take(CHUNK):
        assert len({item.value.source.points for item in chunk if item.value.source is not None}) == 1
        taken += len(chunk)
    assert taken == 200


def test_a_preferred_entry_is_taken_first_and_alone() -> None:
    queue = PriorityQueue[Entry]()
    queue.put(items({number: spectra() for number in range(10)}))
    queue.prefer([7])
    assert ids(queue.take(CHUNK)) == [7]
    assert 7 not in ids(queue.take(CHUNK))


def test_a_discarded_entry_is_not_taken() -> None:
    queue = PriorityQueue[Entry]()
    queue.put(items({1: spectra(), 2: spectra()}))
    queue.discard([1, 99])
    assert ids(queue.take(CHUNK)) == [2]
    assert len(queue) == 0


def test_a_large_map_is_a_chunk_of_its_own() -> None:
    queue = PriorityQueue[Entry]()
    queue.put(items({1: spectra(), 2: spectra(count=1000), 3: spectra()}))
    assert ids(queue.take(CHUNK)) == [1]
    assert ids(queue.take(CHUNK)) == [2]


class FailingEngine(SmoothingEngine):
    """Fails as a whole where one of the sets has 101 points."""

    def denoise_each(
        self, sets: Any, progress: Progress = SILENT, together: Any = (), search: bool = True
    ) -> list[Any]:
        if any(spectra.values.max() > 1 for spectra in sets):
            raise FloatingPointError
        return super().denoise_each(sets, progress, together)


def test_an_entry_that_fails_has_a_problem_and_the_rest_of_its_chunk_is_denoised() -> None:
    queue = PriorityQueue[Entry]()
    bad = spectra().with_values(np.full((1, 100), 2.0))
    queue.put(items({1: spectra(), 2: bad, 3: spectra()}))
    results: dict[int, Result] = {}
    reports: list[tuple[int, int]] = []
    progress = Progress(on_progress=lambda done, total, _: reports.append((done, total)), on_show=results.update)
    denoise_waiting(FailingEngine(), queue, progress)  # type: ignore[arg-type]
    assert results[1].denoised is not None
    assert results[3].denoised is not None
    assert results[2].denoised is None
    assert "FloatingPointError" in results[2].problem
    assert reports[-1] == (3, 3)


def test_an_entry_selected_while_a_large_map_is_denoised_comes_first() -> None:
    queue = PriorityQueue[Entry]()
    large = spectra(count=1000)
    queue.put(items({1: large, 2: spectra()}))
    order: list[int] = []
    results: dict[int, Result] = {}

    def keep(shown: dict[int, Result]) -> None:
        order.extend(shown)
        results.update(shown)

    def select(done: int, _total: int, _note: str) -> None:
        if done >= 256:
            queue.prefer([2])

    denoise_waiting(SmoothingEngine(), queue, Progress(on_progress=select, on_show=keep))  # type: ignore[arg-type]
    assert order == [2, 1]
    whole = results[1].denoised
    assert whole is not None
    assert whole.spectra.values.shape == large.values.shape
    assert whole.snr_before.shape == (1000,)
    assert queue.done == queue.total == 1001


def test_a_spectrum_of_a_large_map_without_numbers_is_reported_once_and_the_others_are_denoised() -> None:
    queue = PriorityQueue[Entry]()
    values = np.ones((600, 100))
    values[500, 3] = np.nan
    queue.put(items({1: spectra().with_values(np.ones((1, 100))), 2: SpectrumSet.of(np.arange(100.0), values)}))
    results: dict[int, Result] = {}
    warned: list[str] = []
    progress = Progress(on_show=results.update, on_warning=warned.append)
    denoise_waiting(SmoothingEngine(), queue, progress)  # type: ignore[arg-type]
    assert results[1].denoised is not None
    denoised = results[2].denoised
    assert denoised is not None
    assert np.flatnonzero(np.isnan(denoised.snr_after)).tolist() == [500]
    assert np.isnan(denoised.spectra.values[500, 3])
    assert len(warned) == 1
    assert warned[0].startswith("1 of 600 spectra holds values that are not numbers")


def test_a_large_map_without_any_numbers_has_a_problem() -> None:
    queue, results = PriorityQueue[Entry](), dict[int, Result]()
    queue.put(items({1: SpectrumSet.of(np.arange(100.0), np.full((600, 100), np.nan))}))
    denoise_waiting(SmoothingEngine(), queue, Progress(on_show=results.update))  # type: ignore[arg-type]
    assert "not numbers" in results[1].problem


def test_cancelling_leaves_the_others_waiting() -> None:
    queue = PriorityQueue[Entry]()
    queue.put(items({1: spectra(), 2: spectra(101)}))
    with pytest.raises(Cancelled):
        denoise_waiting(SmoothingEngine(), queue, Progress(is_cancelled=lambda: True))  # type: ignore[arg-type]
    assert len(queue) == 1


def test_files_of_a_drop_are_counted(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    for name in ("one.txt", "two.WDF", "picture.png", ".hidden.txt"):
        (deep / name).touch()
    assert count_files([tmp_path, tmp_path / "odd.xyz"], SILENT) == 3


def test_a_set_of_several_files_is_taken_whole_whichever_is_selected() -> None:
    queue = PriorityQueue[Entry]()
    repeats = {number: spectra() for number in range(100)}
    queue.put([*items({200: spectra()}), *items(repeats, together=999), *items({201: spectra()})])
    queue.prefer([42])
    assert ids(queue.take(CHUNK)) == list(range(100))
    assert ids(queue.take(CHUNK)) == [200, 201]


def test_a_later_request_supersedes_an_earlier_one_waiting_or_in_progress() -> None:
    queue = PriorityQueue[Entry]()
    (alone,), (whole,) = items({1: spectra(count=9)}), items({1: spectra(count=9)}, together=None)
    queue.put([alone])
    queue.put([whole])
    assert queue.total == 9
    taken = queue.take(CHUNK)
    assert taken == [whole]
    assert queue.is_wanted(taken)
    queue.put([whole])
    assert not queue.take(CHUNK)  # the same is on its way
    queue.put([alone])
    assert not queue.is_wanted(taken)
    assert queue.take(CHUNK) == [alone]
    queue.discard([1])
    assert not queue.is_wanted([alone])
    assert queue.total == 0


class RecordingEngine(SmoothingEngine):
    """Remembers how many spectra it was given at once, and of which set."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, int]] = []

    def denoise_each(
        self, sets: Any, progress: Progress = SILENT, together: Any = (), search: bool = True
    ) -> list[Any]:
        self.seen += [(len(spectra), number) for spectra, number in zip(sets, together or [0] * len(sets), strict=True)]
        return super().denoise_each(sets, progress, together)


def test_a_large_map_is_denoised_in_pieces_unless_as_a_set() -> None:
    engine, queue, results = RecordingEngine(), PriorityQueue[Entry](), dict[int, Result]()
    queue.put([*items({1: spectra(count=600)}), *items({2: spectra(count=600)}, together=None)])
    denoise_waiting(engine, queue, Progress(on_show=results.update))  # type: ignore[arg-type]
    assert engine.seen == [(256, 0), (256, 0), (88, 0), (600, 2)]
    assert [results[number].set_size for number in (1, 2)] == [0, 600]
    assert [results[number].set_id for number in (1, 2)] == [0, 2]


def test_an_entry_selected_while_a_map_is_denoised_as_a_set_comes_first() -> None:
    queue, order = PriorityQueue[Entry](), list[int]()
    queue.put([*items({1: spectra(count=50)}, together=None), *items({2: spectra(101)})])

    def select(done: int, _total: int, _note: str) -> None:
        if done == 20:
            queue.prefer([2])

    denoise_waiting(SmoothingEngine(), queue, Progress(on_progress=select, on_show=order.extend))  # type: ignore[arg-type]
    assert order == [2, 1]
    assert queue.done == queue.total == 51


def test_a_bad_spectrum_of_a_set_has_a_problem_and_the_set_is_denoised_without_it() -> None:
    queue, results = PriorityQueue[Entry](), dict[int, Result]()
    bad = spectra().with_values(np.full((1, 100), np.nan))
    queue.put(items({number: spectra() if number else bad for number in range(6)}, together=99))
    denoise_waiting(SmoothingEngine(), queue, Progress(on_show=results.update))  # type: ignore[arg-type]
    assert "not numbers" in results[0].problem
    assert [results[number].set_size for number in range(1, 6)] == [5] * 5


def test_a_set_that_fails_has_problems_and_no_set_size() -> None:
    queue, results = PriorityQueue[Entry](), dict[int, Result]()
    bad = spectra().with_values(np.full((1, 100), 2.0))
    queue.put(items({number: spectra() if number else bad for number in range(6)}, together=99))
    denoise_waiting(FailingEngine(), queue, Progress(on_show=results.update))  # type: ignore[arg-type]
    assert all("FloatingPointError" in result.problem for result in results.values())
    assert len(results) == 6
