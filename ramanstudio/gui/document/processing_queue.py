"""Applying what comes behind Denoise to the entries of a queue, what is selected first. Knows no Qt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.gui.document.priority_queue import PriorityQueue, QueueItem, Rows
from ramanstudio.processing.stages import concatenate_processed, is_set_wide
from ramanstudio.project.entry_processing import apply_behind
from ramanstudio.project.project import Entry, Result

CHUNK: Final = 32  # spectra of one call
PORTION: Final = 512  # spectra of a large set that are processed at once: soon given up when the recipe changes again
LARGE: Final = 8  # more spectra than this are preceded by a preview of what is looked at
MAX_PREVIEWED: Final = 4  # spectra

log = logging.getLogger("ramanstudio")


@dataclass(frozen=True, slots=True, eq=False)
class ProcessingTask:
    """An entry whose recipe has changed behind Denoise, and its earlier result."""

    entry: Entry
    result: Result


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What a recipe makes of some spectra `rows` (n,) of an entry, while the others are still processed."""

    entry: Entry
    rows: Rows
    result: Result


def processing_item(entry: Entry, result: Result) -> QueueItem[ProcessingTask]:
    """An entry that waits to be processed behind Denoise; it has spectra."""
    assert entry.source is not None
    rows = np.arange(len(entry.source), dtype=np.int64)
    request = id(entry.source), entry.recipe, id(result.denoised)
    return QueueItem(entry.id, ProcessingTask(entry, result), rows, "behind", request, "item")


def process_waiting(queue: PriorityQueue[ProcessingTask], progress: Progress) -> None:
    """Process until nothing waits; shows {entry id: Result} chunk by chunk. Raises Cancelled when asked to stop."""
    while chunk := queue.take(CHUNK):

        def report(done: int, _total: int, _note: str) -> None:
            progress(queue.done + done, max(queue.total, queue.done + done), "spectra")

        inner = Progress(report, on_warning=progress.warn, is_cancelled=lambda chunk=chunk: not queue.is_wanted(chunk))  # type: ignore[misc]
        try:
            results = {item.value.entry.id: _process(item.value, inner) for item in chunk}
            for result in results.values():
                result.prepare_drawing()
            progress.show(results)
        except Cancelled:
            if queue.is_wanted(chunk):
                raise
        queue.finish(chunk)
        progress(queue.done, queue.total, "spectra")


def preview(task: ProcessingTask, rows: Rows, progress: Progress) -> Preview:
    """Process only the spectra `rows` (n,) of an entry."""
    return Preview(task.entry, rows, _guarded(task, rows, progress))


def _process(task: ProcessingTask, progress: Progress) -> Result:
    assert task.entry.source is not None
    n_spectra = len(task.entry.source)
    steps = [row.step for row in task.entry.recipe.steps if row.enabled]
    if n_spectra <= PORTION or any(map(is_set_wide, steps)) or task.result.processed is None:
        progress(0, n_spectra)
        return _guarded(task, None, progress)
    portions: list[Result] = []
    for start in range(0, n_spectra, PORTION):
        progress(start, n_spectra)
        portions.append(_guarded(task, np.arange(start, min(n_spectra, start + PORTION)), progress))
    return _joined(task, portions)


def _joined(task: ProcessingTask, portions: Sequence[Result]) -> Result:
    """The result of an entry from those of its portions, which follow each other."""
    parts = [portion.processed for portion in portions if portion.processed is not None]
    assert task.entry.source is not None and task.result.processed is not None
    if len(parts) < len(portions):
        return next(portion for portion in portions if portion.processed is None)
    whole = concatenate_processed(task.entry.source, task.result.processed, parts)
    return replace(task.result, recipe=task.entry.recipe, processed=whole)


def _guarded(task: ProcessingTask, rows: Rows | None, progress: Progress) -> Result:
    """Process; what a step did not expect must not stop the other entries."""
    try:
        return apply_behind(task.entry, task.result, rows, progress)
    except Cancelled:
        raise
    except Exception as error:
        if not isinstance(error, StudioError):
            log.error("processing failed", exc_info=error)
        sentence = str(error) if isinstance(error, StudioError) else f"Could not be processed: {type(error).__name__}."
        source = task.result.source if rows is None else task.result.source[rows]
        return Result(source, problem=sentence, set_id=task.entry.set_id, recipe=task.entry.recipe)
