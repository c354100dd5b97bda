"""Denoising the entries of a queue in chunks, what is selected first. Knows no Qt."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.batches import MIN_TOGETHER, count_portions
from ramanstudio.denoising.denoised import apply_to_finite, axis_range, concatenate_denoised, is_finite, warn_non_finite
from ramanstudio.gui.document.priority_queue import PriorityQueue, QueueItem
from ramanstudio.processing.stages import front_steps
from ramanstudio.project.entry_processing import RecipeRun
from ramanstudio.project.project import Entry, Result

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.engine import Engine

CHUNK: Final = 64  # spectra of one call: a full batch for the model, and soon done when another entry is selected

PIECE: Final = 256  # spectra of a map that are denoised at once, to limit memory

log = logging.getLogger("ramanstudio")


def denoising_item(entry: Entry) -> QueueItem[Entry]:
    """An entry that waits to be denoised; it has spectra."""
    assert entry.source is not None
    axis = entry.source.axis  # the engine compares axes point by point; this only gathers what is likely one batch
    own = entry.set_id if entry.in_larger_set else 0
    batch = own, axis.size, float(axis[0]), float(axis[axis.size // 2]), float(axis[-1])
    request = id(entry.source), entry.set_id, front_steps(entry.recipe)
    rows = np.arange(len(entry.source), dtype=np.int64)
    return QueueItem(entry.id, entry, rows, batch, request, "batch" if entry.in_larger_set else "item")


def _n_spectra(entries: Iterable[Entry]) -> int:
    return sum(len(entry.source) for entry in entries if entry.source is not None)


def denoise_waiting(engine: Engine, queue: PriorityQueue[Entry], progress: Progress) -> None:
    """Denoise until nothing waits; shows {entry id: Result} chunk by chunk. Raises Cancelled when asked to stop."""
    while chunk := queue.take(CHUNK):
        _denoise_and_show(engine, chunk, queue, progress, is_interruptible=True)


def _denoise_and_show(
    engine: Engine,
    chunk: Sequence[QueueItem[Entry]],
    queue: PriorityQueue[Entry],
    progress: Progress,
    is_interruptible: bool = False,
) -> None:
    """Denoise a chunk unless it is no longer wanted; where interruptible, what is selected meanwhile comes between."""

    def report(done: int, _total: int, _note: str) -> None:
        while is_interruptible and (preferred := queue.take_preferred(CHUNK)):
            _denoise_and_show(engine, preferred, queue, progress)
        _report_count(queue, progress, done)

    inner = Progress(report, on_warning=progress.warn, is_cancelled=lambda: not queue.is_wanted(chunk))
    try:
        progress.show(_denoise_chunk(engine, [item.value for item in chunk], inner))
    except Cancelled:
        if queue.is_wanted(chunk):
            raise
    queue.finish(chunk)
    _report_count(queue, progress)


def _report_count(queue: PriorityQueue[Entry], progress: Progress, of_chunk: int = 0) -> None:
    done = queue.done + of_chunk
    progress(done, max(queue.total, done), "spectra")


def _denoise_chunk(engine: Engine, chunk: Sequence[Entry], progress: Progress) -> dict[int, Result]:
    try:
        results = _process_each(engine, chunk, progress)
    except Cancelled:
        raise
    except Exception as error:  # a boundary: spectra that cannot be denoised must not stop the others
        if len(chunk) > 1 and not chunk[0].in_larger_set:
            return {entry.id: _denoise_chunk(engine, [entry], progress)[entry.id] for entry in chunk}
        results = [_failed(entry, _sentence(error)) for entry in chunk]
    named = [replace(result, model=engine.card.name) for result in results]
    for result in named:
        result.prepare_drawing()
    return {entry.id: result for entry, result in zip(chunk, named, strict=True)}


def _process_each(engine: Engine, chunk: Sequence[Entry], progress: Progress) -> list[Result]:
    """Apply the recipe of each entry; what several of them let denoise on one axis goes to the network together."""
    runs = [RecipeRun(entry) for entry in chunk]
    ordered = sorted(runs, key=lambda run: run.has_searched)
    pieces = [(run, piece) for run in ordered for piece in run.pieces]
    denoised: list[Denoised | StudioError] = []
    for has_searched, group in groupby(pieces, key=lambda pair: pair[0].has_searched):
        alike = list(group)
        numbers = [run.set_number for run, _ in alike]
        denoised += _denoise_pieces(engine, [piece for _, piece in alike], numbers, progress, not has_searched)
    sizes = Counter[int]()
    of_run: dict[int, list[Denoised | StudioError]] = {}
    for (run, _), outcome in zip(pieces, denoised, strict=True):
        of_run.setdefault(id(run), []).append(outcome)
    for run in runs:
        if not any(isinstance(outcome, StudioError) for outcome in of_run.get(id(run), ())):
            sizes[run.set_number] += len(run.source)
    return [_result(run, of_run.get(id(run), []), sizes[run.set_number]) for run in runs]


def _denoise_pieces(
    engine: Engine, pieces: list[SpectrumSet], set_numbers: list[int], progress: Progress, search: bool
) -> list[Denoised | StudioError]:
    """Denoise sets of spectra; each spectrum of a large one by itself, some at a time, to limit memory.

    With `search` the engine looks for cosmic rays, which the recipe has not done.
    """
    if not any(len(piece) > PIECE and not number for piece, number in zip(pieces, set_numbers, strict=True)):
        return engine.denoise_each(pieces, progress, set_numbers, search) if pieces else []
    denoised: list[Denoised | StudioError] = []
    for piece, number in zip(pieces, set_numbers, strict=True):
        if number or not is_finite(piece).any():
            denoised += engine.denoise_each([piece], progress, [number], search)  # where none is finite, it says so
        else:
            warn_non_finite([piece], progress)
            denoised.append(_in_portions(engine, piece, progress, search))
    return denoised


def _in_portions(engine: Engine, spectra: SpectrumSet, progress: Progress, search: bool) -> Denoised | StudioError:
    """Denoise each spectrum of a large set individually, some at a time."""

    def in_portions(spectra: SpectrumSet) -> Denoised:
        portions: list[Denoised] = []
        for start in range(0, len(spectra), PIECE):
            part = progress.part(start, len(spectra))
            (portion,) = engine.denoise_each([spectra[start : start + PIECE]], part, (), search)
            if isinstance(portion, StudioError):
                raise portion
            portions.append(portion)
        return concatenate_denoised(spectra, portions)

    try:
        return apply_to_finite(spectra, in_portions)
    except StudioError as error:
        return error


def _result(run: RecipeRun, denoised: Sequence[Denoised | StudioError], set_size: int) -> Result:
    """The result of an entry, its noise measured in the region that the user chose, where its axis reaches it."""
    entry, result = run.entry, run.finish(denoised)
    if result.denoised is None:
        return result
    if run.set_number and set_size >= MIN_TOGETHER:
        result = replace(result, set_size=set_size // count_portions(set_size))
    try:
        return _measured(result, entry.noise_region) if entry.noise_region is not None else result
    except StudioError:
        return result


def _failed(entry: Entry, sentence: str) -> Result:
    assert entry.source is not None
    return Result(entry.source, problem=sentence, set_id=entry.set_id, recipe=entry.recipe)


def _sentence(error: Exception) -> str:
    if isinstance(error, StudioError):
        return str(error)
    log.error("denoising failed", exc_info=error)
    return f"Could not be denoised: {type(error).__name__}. See the log (Help › Open log folder)."


def remeasure_noise(
    results: Mapping[int, Result], regions: Mapping[int, tuple[float, float] | None], progress: Progress
) -> dict[int, Result]:
    """Measure the noise of `results` in other regions, (low, high) in cm⁻¹; None where the engine chooses."""
    return {
        entry_id: _measured(results[entry_id], regions[entry_id])
        for entry_id in progress.steps(list(results), "spectra")
        if results[entry_id].denoised is not None
    }


def _measured(result: Result, chosen: tuple[float, float] | None) -> Result:
    assert result.denoised is not None
    region = chosen or axis_range(result.denoised.spectra)
    denoised = result.denoised.with_noise_region(result.measured, *region)
    return replace(result, denoised=denoised, noise_region=region, region_is_manual=chosen is not None)
