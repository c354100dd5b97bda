"""Identifying the spectra of a queue in chunks, what is looked at first. Knows no Qt."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.denoising.denoised import concatenate_denoised
from ramanstudio.gui.document.priority_queue import PriorityQueue, QueueItem, Rows
from ramanstudio.library.editing import edit_library
from ramanstudio.processing.stages import front_steps
from ramanstudio.project.entry_processing import RecipeRun
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.engine import Engine
    from ramanstudio.library.library import Library
    from ramanstudio.processing.recipe import Recipe
    from ramanstudio.search.matches import Identification

CHUNK: Final = 256  # spectra of one call
PREFERRED_CHUNK: Final = 32  # of what is looked at: soon enough for whoever selects another entry
N_MATCHES: Final = 10  # of each spectrum
LARGE: Final = 5000  # spectra of a set with fewer matches each: ten of each of 100 000 spectra take 0.6 GB
N_MATCHES_LARGE: Final = 5

log = logging.getLogger("ramanstudio")


@dataclass(frozen=True, slots=True, eq=False)
class SearchRequest:
    """What is searched: with which engine, in which libraries, over which range. `key` tells requests apart."""

    engine: Engine
    libraries: tuple[Library, ...]
    within: Region | None
    key: str


class SearchRun:
    """A request, and the spectra that wait for it in `queue`, by the id of their entry.

    `measured` has the spectra of entries as they enter Denoise, so far as they are known; `denoised` what denoising
    each spectrum by itself gave, by entry id: nobody needs that twice.
    """

    def __init__(self, request: SearchRequest) -> None:
        self.request = request
        self.queue = PriorityQueue[Entry]()
        self.measured: Mapping[int, SpectrumSet] = {}
        self.denoised: Mapping[int, Denoised] = {}
        self._prepared: dict[int, tuple[Entry, SpectrumSet]] = {}  # of entries without a result

    def measured_spectra(self, entry: Entry) -> SpectrumSet:
        """Return the spectra of an entry as they enter Denoise."""
        known = self.measured.get(entry.id)
        if known is not None:
            return known
        if entry.id not in self._prepared or self._prepared[entry.id][0] is not entry:
            self._prepared[entry.id] = (entry, RecipeRun(entry).measured)
        return self._prepared[entry.id][1]


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedRows:
    """The `identifications` of spectra `rows` (n,) of an entry's set `source`, processed by `recipe`."""

    entry_id: int
    source: SpectrumSet
    recipe: Recipe
    rows: Rows
    identifications: tuple[Identification, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedLibrary:
    """A library before and after it was given what this engine's search needs."""

    before: Library
    after: Library


@dataclass(frozen=True, slots=True, eq=False)
class _Spectra:
    """Some spectra of an entry to identify, as they enter Denoise, denoised already or not."""

    entry: Entry
    measured: SpectrumSet
    item: QueueItem[Entry]
    denoised: Denoised | None


def search_item(entry: Entry, rows: Rows) -> QueueItem[Entry]:
    """Spectra `rows` (n,) of an entry that wait to be identified; those on one axis are searched together."""
    assert entry.source is not None
    request = id(entry.source), front_steps(entry.recipe)
    return QueueItem(entry.id, entry, rows, batch=entry.source.axis.tobytes(), request=request)


def identify_waiting(run: SearchRun, progress: Progress) -> None:
    """Identify until nothing waits; shows PreparedLibrary, then lists of IdentifiedRows, as they are there.

    Raises StudioError where the search is refused, or a library cannot be prepared; Cancelled when asked to stop.
    """
    queue = run.queue
    libraries = prepare_libraries(run.request, progress)
    while items := queue.take(CHUNK, PREFERRED_CHUNK):
        alike: dict[tuple[bool, bytes], list[_Spectra]] = {}
        for part in [_spectra_of(item, run) for item in items]:
            alike.setdefault((part.denoised is not None, part.measured.axis.tobytes()), []).append(part)
        for parts in alike.values():
            inner = progress.part(queue.done, queue.total)
            progress.show(_identify(run.request, libraries, parts, inner))
            queue.finish(part.item for part in parts)
            progress(queue.done, queue.total, "spectra")


def prepare_libraries(request: SearchRequest, progress: Progress) -> list[Library]:
    """The libraries with what the search needs of this engine; shows PreparedLibrary for each that lacked it."""
    libraries = []
    for library in request.libraries:
        current = library
        if library.fingerprint_version != request.engine.fingerprint_version:
            current = edit_library(
                library, lambda now, inner: now.with_fingerprints(request.engine, inner), progress, must_match=False
            )
            progress.show(PreparedLibrary(library, current))
        libraries.append(current)
    return libraries


def _spectra_of(item: QueueItem[Entry], run: SearchRun) -> _Spectra:
    entry, rows = item.value, item.rows
    measured, known = run.measured_spectra(entry), run.denoised.get(entry.id)
    if known is not None and not known.spectra.same_axis(measured):
        known = None  # the recipe has changed
    return _Spectra(entry, measured[rows], item, None if known is None else known[rows])


def _n_spectra(entry: Entry) -> int:
    return len(entry.source) if entry.source is not None else 0


def _identify(
    request: SearchRequest, libraries: Sequence[Library], spectra: Sequence[_Spectra], progress: Progress
) -> list[IdentifiedRows]:
    """Identify spectra on one axis, all of them denoised already, or none."""
    measured = stacked([part.measured for part in spectra])
    parts = [part.denoised for part in spectra if part.denoised is not None]
    denoised = concatenate_denoised(measured, parts) if parts else None
    is_large = max(_n_spectra(part.entry) for part in spectra) > LARGE
    n_matches = N_MATCHES_LARGE if is_large else N_MATCHES
    identifications = _identify_each(request, libraries, (measured, denoised), n_matches, progress)
    results, start = [], 0
    for part in spectra:
        end = start + len(part.item)
        assert part.entry.source is not None
        of_part = tuple(identifications[start:end])
        results.append(IdentifiedRows(part.entry.id, part.entry.source, part.entry.recipe, part.item.rows, of_part))
        start = end
    return results


def _identify_each(
    request: SearchRequest,
    libraries: Sequence[Library],
    spectra: tuple[SpectrumSet, Denoised | None],
    n_matches: int,
    progress: Progress,
) -> list[Identification]:
    """Identify all at once; where that fails, one by one, with a sentence for those at fault."""
    from ramanstudio.search.matches import Identification

    measured, denoised = spectra
    try:
        return list(request.engine.identify(measured, libraries, n_matches, request.within, progress, denoised))
    except (Cancelled, StudioError):  # of one spectrum the engine says what is wrong; what it refuses concerns all
        raise
    except Exception as error:  # a border: a spectrum that nobody was prepared for must not stop the others
        if len(measured) > 1:
            singles = [(measured[row : row + 1], denoised and denoised[row]) for row in range(len(measured))]
            return [
                identification
                for single in singles
                for identification in _identify_each(request, libraries, single, n_matches, progress)
            ]
        log.error("identifying failed", exc_info=error)
        return [Identification((), True, 0, f"It could not be compared: {type(error).__name__}.")]
