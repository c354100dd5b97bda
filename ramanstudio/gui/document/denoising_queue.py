"""The spectra that wait to be denoised: the window adds and prefers, the model's thread takes. Knows no Qt."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.batches import FEWEST_TOGETHER, portions
from ramanstudio.denoising.denoised import holds_numbers, joined, noise_region, over_gaps, warn_of_gaps
from ramanstudio.project.project import Entry, Result

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.engine import Engine

CHUNK: Final = 64  # spectra of one call: a full batch for the model, and soon enough for whoever selects another entry

PIECE: Final = 256  # spectra of a map that are denoised at once: the memory taken beside its results stays small

log = logging.getLogger("ramanstudio")


def _group_of(entry: Entry) -> Hashable:
    """What an entry is denoised in one go with: the others of its set, else what is likely on its axis."""
    assert entry.source is not None
    axis = entry.source.axis  # the engine tells axes apart by every point; this only gathers what is likely one batch
    own = entry.set_id if entry.in_larger_set else 0
    return own, axis.size, float(axis[0]), float(axis[axis.size // 2]), float(axis[-1])


def _asks_the_same(one: Entry | None, other: Entry) -> bool:
    return one is not None and one.source is other.source and one.set_id == other.set_id


def _size(entries: Iterable[Entry]) -> int:
    return sum(len(entry.source) for entry in entries if entry.source is not None)


class Waiting:
    """Entries by axis, in the order in which they came; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[Hashable, dict[int, Entry]] = {}
        self._where: dict[int, Hashable] = {}
        self._at_work: dict[int, Entry] = {}
        self._preferred: tuple[int, ...] = ()
        self.done = 0
        self.total = 0

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, entry: Entry) -> bool:
        """Whether an entry waits, or is being denoised."""
        return entry.id in self._where or entry.id in self._at_work

    def add(self, entries: Iterable[Entry]) -> None:
        """Let these wait behind the others; an id that waits, or is at work, with another wish has its new one."""
        keyed = [(_group_of(entry), entry) for entry in entries]
        with self._lock:
            if not self._where and not self._at_work:
                self.done = self.total = 0
            for key, entry in keyed:
                if _asks_the_same(self._at_work.get(entry.id), entry) and not entry.in_larger_set:
                    continue  # (a larger set that has changed begins again)
                self._forget(entry.id)
                self._groups.setdefault(key, {})[entry.id] = entry
                self._where[entry.id] = key
                self.total += _size([entry])

    def prefer(self, ids: Iterable[int]) -> None:
        """Take these first."""
        with self._lock:
            self._preferred = tuple(ids)

    def drop(self, ids: Iterable[int]) -> None:
        """Let these wait no more, and give up what is at work for them."""
        with self._lock:
            for entry_id in ids:
                self._forget(entry_id)

    def clear(self) -> None:
        """Let nothing wait, and give up what is at work."""
        with self._lock:
            self._groups.clear()
            self._where.clear()
            self._at_work.clear()
            self.done = self.total = 0

    def take(self) -> list[Entry]:
        """What is to be denoised next: a preferred entry alone, or all of a set, or a chunk on one axis."""
        with self._lock:
            if preferred := self._preferred_now():
                return preferred
            if not self._where:
                return []
            return self._taken(self._where[next(iter(self._where))])

    def take_preferred(self) -> list[Entry]:
        """What the user looks at now and still waits; empty where nothing does."""
        with self._lock:
            return self._preferred_now()

    def wants(self, entries: Sequence[Entry]) -> bool:
        """Whether what is at work for any of these is still wanted."""
        return any(self._at_work.get(entry.id) is entry for entry in entries)

    def finish(self, entries: Sequence[Entry]) -> None:
        """These were taken, and are done."""
        with self._lock:
            for entry in entries:
                if self._at_work.get(entry.id) is entry:
                    self.done += _size([self._at_work.pop(entry.id)])

    def _preferred_now(self) -> list[Entry]:
        for entry_id in self._preferred:
            if (key := self._where.get(entry_id)) is not None:
                return self._taken(key, entry_id)
        return []

    def _taken(self, key: Hashable, only: int | None = None) -> list[Entry]:
        group = self._groups[key]
        if next(iter(group.values())).in_larger_set:
            taken = list(group.values())
        elif only is not None:
            taken = [group[only]]
        else:
            taken, size = [], 0
            for entry in group.values():
                size += _size([entry])
                if taken and size > CHUNK:
                    break
                taken.append(entry)
        for entry in taken:
            self._leave(entry.id)
            self._at_work[entry.id] = entry
        return taken

    def _leave(self, entry_id: int) -> Entry:
        key = self._where.pop(entry_id)
        entry = self._groups[key].pop(entry_id)
        if not self._groups[key]:
            del self._groups[key]
        return entry

    def _forget(self, entry_id: int) -> None:
        gone = self._leave(entry_id) if entry_id in self._where else self._at_work.pop(entry_id, None)
        if gone is not None:
            self.total -= _size([gone])


def denoise_waiting(engine: Engine, waiting: Waiting, progress: Progress) -> None:
    """Denoise until nothing waits; shows {entry id: Result} chunk by chunk. Raises Cancelled when asked to stop."""
    while chunk := waiting.take():
        _denoise_and_show(engine, chunk, waiting, progress, gives_way=True)


def _denoise_and_show(
    engine: Engine, chunk: Sequence[Entry], waiting: Waiting, progress: Progress, gives_way: bool = False
) -> None:
    """Denoise a chunk, unless nobody wants it any more; what is selected meanwhile comes between two of its batches."""

    def report(done: int, _total: int, _note: str) -> None:
        while gives_way and (urgent := waiting.take_preferred()):
            _denoise_and_show(engine, urgent, waiting, progress)
        _count(waiting, progress, done)

    inner = Progress(report, on_warning=progress.warn, is_cancelled=lambda: not waiting.wants(chunk))
    try:
        progress.show(_denoise_chunk(engine, chunk, inner))
    except Cancelled:
        if waiting.wants(chunk):
            raise
    waiting.finish(chunk)
    _count(waiting, progress)


def _count(waiting: Waiting, progress: Progress, of_chunk: int = 0) -> None:
    done = waiting.done + of_chunk
    progress(done, max(waiting.total, done), "spectra")


def _denoise_chunk(engine: Engine, chunk: Sequence[Entry], progress: Progress) -> dict[int, Result]:
    try:
        if len(chunk) == 1 and not chunk[0].set_id and _size(chunk) > PIECE:
            found = [_denoise_in_pieces(engine, chunk[0], progress)]
        else:
            found = _denoise_each(engine, chunk, progress)
    except Cancelled:
        raise
    except Exception as error:  # a border: spectra that cannot be denoised must not stop those that can
        if len(chunk) > 1 and not chunk[0].in_larger_set:
            return {entry.id: _denoise_chunk(engine, [entry], progress)[entry.id] for entry in chunk}
        found = [_problem(entry, _sentence(error)) for entry in chunk]
    return {entry.id: replace(one, model=engine.card.name) for entry, one in zip(chunk, found, strict=True)}


def _denoise_each(engine: Engine, chunk: Sequence[Entry], progress: Progress) -> list[Result]:
    sources = [entry.source for entry in chunk if entry.source is not None]
    denoised = engine.denoise_each(sources, progress, [entry.set_id for entry in chunk])
    pairs = list(zip(chunk, denoised, strict=True))
    sizes = Counter[int]()
    for entry, one in pairs:
        if not isinstance(one, StudioError):
            sizes[entry.set_id] += len(one)
    return [_result(entry, one, sizes[entry.set_id]) for entry, one in pairs]


def _denoise_in_pieces(engine: Engine, entry: Entry, progress: Progress) -> Result:
    """A large set, each spectrum by itself."""
    source = entry.source
    assert source is not None
    if not holds_numbers(source).any():
        return _denoise_each(engine, [entry], progress)[0]  # the engine says why not

    def in_pieces(spectra: SpectrumSet) -> Denoised:
        pieces: list[Denoised] = []
        for start in range(0, len(spectra), PIECE):
            (piece,) = engine.denoise_each([spectra[start : start + PIECE]], progress.part(start, len(spectra)))
            if isinstance(piece, StudioError):
                raise piece
            pieces.append(piece)
        return joined(spectra, pieces)

    warn_of_gaps([source], progress)
    return _result(entry, over_gaps(source, in_pieces), 0)


def _result(entry: Entry, denoised: Denoised | StudioError, set_size: int) -> Result:
    """What was found for an entry, its noise measured where the user wants it as far as its axis goes there."""
    assert entry.source is not None
    if isinstance(denoised, StudioError):
        return _problem(entry, str(denoised))
    result = Result(entry.source, denoised, noise_region(entry.source), set_id=entry.set_id)
    if entry.set_id and set_size >= FEWEST_TOGETHER:
        result = replace(result, set_size=set_size // portions(set_size))
    try:
        return _measured(result, entry.noise_region) if entry.noise_region is not None else result
    except StudioError:
        return result


def _problem(entry: Entry, sentence: str) -> Result:
    assert entry.source is not None
    return Result(entry.source, problem=sentence, set_id=entry.set_id)


def _sentence(error: Exception) -> str:
    if isinstance(error, StudioError):
        return str(error)
    log.error("denoising failed", exc_info=error)
    return f"Could not be denoised: {type(error).__name__}. The log says more (Help › Open the log folder)."


def measure_again(
    results: Mapping[int, Result], regions: Mapping[int, tuple[float, float] | None], progress: Progress
) -> dict[int, Result]:
    """Measure the noise of `results` in other regions (low, high) in cm⁻¹; None is where the engine chooses."""
    return {
        entry_id: _measured(results[entry_id], regions[entry_id])
        for entry_id in progress.steps(list(results), "spectra")
        if results[entry_id].denoised is not None
    }


def _measured(result: Result, chosen: tuple[float, float] | None) -> Result:
    assert result.denoised is not None
    region = chosen or noise_region(result.source)
    denoised = result.denoised.measured_in(result.source, *region)
    return replace(result, denoised=denoised, noise_region=region, region_is_manual=chosen is not None)
