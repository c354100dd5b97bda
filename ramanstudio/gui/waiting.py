"""The spectra that wait to be denoised: the window adds and prefers, the model's thread takes. Knows no Qt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.errors import StudioError
from ramanstudio.progress import Cancelled, Progress
from ramanstudio.project import Result
from ramanstudio.spectra import SpectrumSet

if TYPE_CHECKING:
    from ramanstudio.engine import Denoised, Engine

CHUNK: Final = 64  # spectra of one call: a full batch for the model, and soon enough for whoever selects another entry

PIECE: Final = 256  # spectra of a map after which one that was selected meanwhile gets its turn

log = logging.getLogger("ramanstudio")


def _axis_key(spectra: SpectrumSet) -> Hashable:
    axis = spectra.axis  # the engine tells axes apart by every point; this only gathers what is likely one batch
    return axis.size, float(axis[0]), float(axis[axis.size // 2]), float(axis[-1])


class Waiting:
    """Entries by axis, in the order in which they came; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[Hashable, dict[int, SpectrumSet]] = {}
        self._where: dict[int, Hashable] = {}
        self._preferred: tuple[int, ...] = ()
        self.done = 0
        self.total = 0

    def __len__(self) -> int:
        return len(self._where)

    def add(self, sources: Mapping[int, SpectrumSet]) -> None:
        """Let these wait behind the others; an id that waits already waits with its new spectra."""
        keyed = {entry_id: (_axis_key(source), source) for entry_id, source in sources.items()}
        with self._lock:
            if not self._where:
                self.done = self.total = 0
            for entry_id, (key, source) in keyed.items():
                self._leave(entry_id)
                self._groups.setdefault(key, {})[entry_id] = source
                self._where[entry_id] = key
                self.total += len(source)

    def prefer(self, ids: Iterable[int]) -> None:
        """Take these first."""
        with self._lock:
            self._preferred = tuple(ids)

    def drop(self, ids: Iterable[int]) -> None:
        """Let these wait no more."""
        with self._lock:
            for entry_id in ids:
                self._leave(entry_id)

    def clear(self) -> None:
        """Let nothing wait."""
        with self._lock:
            self._groups.clear()
            self._where.clear()
            self.done = self.total = 0

    def take(self) -> list[tuple[int, SpectrumSet]]:
        """What is to be denoised next: a preferred entry alone, else a chunk on one axis; empty at the end."""
        with self._lock:
            if preferred := self._preferred_now():
                return preferred
            if not self._where:
                return []
            group = self._groups[self._where[next(iter(self._where))]]
            chosen: list[int] = []
            size = 0
            for entry_id, source in group.items():
                if chosen and size + len(source) > CHUNK:
                    break
                chosen.append(entry_id)
                size += len(source)
            return self._taken(chosen)

    def take_preferred(self) -> list[tuple[int, SpectrumSet]]:
        """What the user looks at now and still waits; empty where nothing does."""
        with self._lock:
            return self._preferred_now()

    def _preferred_now(self) -> list[tuple[int, SpectrumSet]]:
        for entry_id in self._preferred:
            if entry_id in self._where:
                return self._taken([entry_id])
        return []

    def _taken(self, ids: Sequence[int]) -> list[tuple[int, SpectrumSet]]:
        taken = [(entry_id, self._groups[self._where[entry_id]][entry_id]) for entry_id in ids]
        for entry_id in ids:
            self._leave(entry_id, counted=True)
        return taken

    def _leave(self, entry_id: int, counted: bool = False) -> None:
        key = self._where.pop(entry_id, None)
        if key is None:
            return
        source = self._groups[key].pop(entry_id)
        if not self._groups[key]:
            del self._groups[key]
        if not counted:
            self.total -= len(source)


def denoise_waiting(engine: Engine, waiting: Waiting, progress: Progress) -> None:
    """Denoise until nothing waits; shows {entry id: Result} chunk by chunk. Raises Cancelled when asked to stop."""
    while chunk := waiting.take():
        if len(chunk) == 1 and len(chunk[0][1]) > PIECE:
            progress.show(_denoise_in_pieces(engine, *chunk[0], waiting, progress))
        else:
            _denoise_and_show(engine, chunk, waiting, progress)


def _denoise_and_show(
    engine: Engine, chunk: Sequence[tuple[int, SpectrumSet]], waiting: Waiting, progress: Progress
) -> None:
    progress.show(_denoise_chunk(engine, chunk, waiting, progress))
    waiting.done += sum(len(source) for _, source in chunk)
    progress(waiting.done, max(waiting.total, waiting.done), "spectra")


def _denoise_in_pieces(
    engine: Engine, entry_id: int, source: SpectrumSet, waiting: Waiting, progress: Progress
) -> dict[int, Result]:
    """A large set; what is selected meanwhile is denoised, and shown, between two pieces of it."""
    pieces: list[Result] = []
    for start in range(0, len(source), PIECE):
        while urgent := waiting.take_preferred():
            _denoise_and_show(engine, urgent, waiting, progress)
        piece = source[start : start + PIECE]
        pieces.append(_denoise_chunk(engine, [(entry_id, piece)], waiting, progress)[entry_id])
        if pieces[-1].denoised is None:  # of the whole set the engine says how many of its spectra are at fault
            return _denoise_chunk(engine, [(entry_id, source)], waiting, progress)
        waiting.done += len(piece)
        progress(waiting.done, max(waiting.total, waiting.done), "spectra")
    return {entry_id: _result(source, joined(source, [one.denoised for one in pieces if one.denoised is not None]))}


def joined(source: SpectrumSet, parts: Sequence[Denoised]) -> Denoised:
    """The denoised spectra of `source` from those of its parts, in their order."""
    from ramanstudio.engine import Denoised

    return Denoised(
        source.with_values(np.concatenate([one.spectra.values for one in parts])),
        np.concatenate([one.expected_error for one in parts]),
        np.concatenate([one.snr_before for one in parts]),
        np.concatenate([one.snr_after for one in parts]),
    )


def _denoise_chunk(
    engine: Engine, chunk: Sequence[tuple[int, SpectrumSet]], waiting: Waiting, progress: Progress
) -> dict[int, Result]:
    sources = [source for _, source in chunk]
    start = waiting.done
    inner = Progress(
        on_progress=lambda done, _total, _note: progress(start + done, max(waiting.total, start + done), "spectra"),
        on_warning=progress.warn,
    )
    try:
        denoised = engine.denoise_each(sources, progress=inner)
        return {entry_id: _result(source, one) for (entry_id, source), one in zip(chunk, denoised, strict=True)}
    except Cancelled:
        raise
    except Exception as error:  # a border: spectra that cannot be denoised must not stop those that can
        if len(chunk) > 1:
            return {
                entry_id: _denoise_chunk(engine, [(entry_id, source)], waiting, progress)[entry_id]
                for entry_id, source in chunk
            }
        return {chunk[0][0]: Result(sources[0], problem=_sentence(error))}


def _result(source: SpectrumSet, denoised: Denoised | StudioError) -> Result:
    from ramanstudio.engine import noise_region

    if isinstance(denoised, StudioError):
        return Result(source, problem=str(denoised))
    return Result(source, denoised, noise_region(source))


def _sentence(error: Exception) -> str:
    if isinstance(error, StudioError):
        return str(error)
    log.error("denoising failed", exc_info=error)
    return f"Could not be denoised: {type(error).__name__}. The log says more (Help › Open the log folder)."


def measure_again(
    results: Mapping[int, Result], regions: Mapping[int, tuple[float, float] | None], progress: Progress
) -> dict[int, Result]:
    """Measure the noise of `results` in other regions (low, high) in cm⁻¹; None is where the engine chooses."""
    from ramanstudio.engine import noise_region

    found: dict[int, Result] = {}
    for entry_id in progress.steps(list(results), "spectra"):
        result, chosen = results[entry_id], regions[entry_id]
        if result.denoised is None:
            continue
        low, high = chosen or noise_region(result.source)
        measured = result.denoised.measured_in(result.source, low, high)
        found[entry_id] = Result(result.source, measured, (low, high), region_chosen=chosen is not None)
    return found
