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
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.engine import Engine
    from ramanstudio.library.library import Library
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

    `denoised` has what denoising each spectrum by itself gave so far, by entry id: nobody needs that twice.
    """

    def __init__(self, request: SearchRequest) -> None:
        self.request = request
        self.queue = PriorityQueue[Entry]()
        self.denoised: Mapping[int, Denoised] = {}


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedRows:
    """The `identifications` of spectra `rows` (n,) of an entry's set `source`."""

    entry_id: int
    source: SpectrumSet
    rows: Rows
    identifications: tuple[Identification, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedLibrary:
    """A library before and after it was given what this engine's search needs."""

    before: Library
    after: Library


@dataclass(frozen=True, slots=True, eq=False)
class _Spectra:
    """Some spectra of an entry's set `source` to identify, denoised already or not."""

    entry_id: int
    source: SpectrumSet
    item: QueueItem[Entry]
    denoised: Denoised | None


def search_item(entry: Entry, rows: Rows) -> QueueItem[Entry]:
    """Spectra `rows` (n,) of an entry that wait to be identified; those on one axis are searched together."""
    assert entry.source is not None
    return QueueItem(entry.id, entry, rows, batch=entry.source.axis.tobytes(), request=id(entry.source))


def identify_waiting(run: SearchRun, progress: Progress) -> None:
    """Identify until nothing waits; shows PreparedLibrary, then lists of IdentifiedRows, as they are there.

    Raises StudioError where the search is refused, or a library cannot be prepared; Cancelled when asked to stop.
    """
    queue = run.queue
    libraries = prepare_libraries(run.request, progress)
    while items := queue.take(CHUNK, PREFERRED_CHUNK):
        spectra = [_spectra_of(item, run.denoised) for item in items]
        for is_denoised in (True, False):
            alike = [part for part in spectra if (part.denoised is not None) is is_denoised]
            if alike:
                inner = progress.part(queue.done, queue.total)
                progress.show(_identify(run.request, libraries, alike, inner))
                queue.finish(part.item for part in alike)
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


def _spectra_of(item: QueueItem[Entry], denoised: Mapping[int, Denoised]) -> _Spectra:
    entry, rows = item.value, item.rows
    assert entry.source is not None
    known = denoised.get(entry.id)
    return _Spectra(entry.id, entry.source, item, None if known is None else known[rows])


def _identify(
    request: SearchRequest, libraries: Sequence[Library], spectra: Sequence[_Spectra], progress: Progress
) -> list[IdentifiedRows]:
    """Identify spectra on one axis, all of them denoised already, or none."""
    measured = stacked([part.source[part.item.rows] for part in spectra])
    parts = [part.denoised for part in spectra if part.denoised is not None]
    denoised = concatenate_denoised(measured, parts) if parts else None
    is_large = max(len(part.source) for part in spectra) > LARGE
    n_matches = N_MATCHES_LARGE if is_large else N_MATCHES
    identifications = _identify_each(request, libraries, (measured, denoised), n_matches, progress)
    results, start = [], 0
    for part in spectra:
        end = start + len(part.item)
        results.append(IdentifiedRows(part.entry_id, part.source, part.item.rows, tuple(identifications[start:end])))
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
