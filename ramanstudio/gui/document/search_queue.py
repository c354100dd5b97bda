"""The spectra that wait to be identified: the window prefers, the model's thread takes. Knows no Qt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.denoising.denoised import joined
from ramanstudio.library.editing import edited

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.engine import Engine
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification

Rows = NDArray[np.int64]

CHUNK: Final = 256  # spectra of one call
SOON: Final = 32  # of what is looked at: soon enough for whoever selects another entry
TOP: Final = 10  # hits of a list
LARGE: Final = 5000  # spectra of a set whose lists are shorter: ten hits of each of 100 000 spectra take 0.6 GB
TOP_OF_LARGE: Final = 5

log = logging.getLogger("ramanstudio")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some spectra of one entry: the rows `rows` of `source`, and what denoising each by itself gave, if it has."""

    entry_id: int
    source: SpectrumSet
    rows: Rows
    denoised: Denoised | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked: by which engine, in which libraries, over which range. `key` tells it from others."""

    engine: Engine
    libraries: tuple[Library, ...]
    within: Region | None
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the spectra of a piece were found to be, one for each row."""

    piece: Piece
    found: tuple[Identification, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A library as it was, and as it is with what this engine's search needs."""

    before: Library
    now: Library


class Asked:
    """Pieces that wait, those of one axis together; safe to use from two threads."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._lock = threading.Lock()
        self._left: dict[int, Piece] = {}
        self._by_axis: dict[bytes, dict[int, None]] = {}
        self._keys: dict[int, bytes] = {}
        self._preferred: Mapping[int, Rows] = {}
        self._denoised: Mapping[int, Denoised] = {}
        for piece in pieces:
            if len(piece.rows):
                self._left[piece.entry_id] = piece
                self._keys[piece.entry_id] = piece.source.axis.tobytes()
                self._by_axis.setdefault(self._keys[piece.entry_id], {})[piece.entry_id] = None
        self.ids = frozenset(self._left)
        self.total = sum(len(piece.rows) for piece in self._left.values())
        self.done = 0

    def prefer(self, rows: Mapping[int, Rows]) -> None:
        """Take these spectra first: rows by the id of their entry."""
        with self._lock:
            self._preferred = rows

    def know(self, denoised: Mapping[int, Denoised]) -> None:
        """What denoising each spectrum by itself has given by now, by the id of the entry: nobody needs it twice."""
        with self._lock:
            self._denoised = denoised

    def take(self) -> list[Piece]:
        """What is to be identified next, all on one axis; empty once nothing waits."""
        with self._lock:
            for entry_id, rows in self._preferred.items():
                if (piece := self._left.get(entry_id)) is not None:
                    wanted = rows[np.isin(rows, piece.rows)][:SOON]
                    if len(wanted):
                        return [self._cut(piece, wanted)]
            if not self._left:
                return []
            taken: list[Piece] = []
            for entry_id in list(self._by_axis[self._keys[next(iter(self._left))]]):
                room = CHUNK - sum(len(piece.rows) for piece in taken)
                if room <= 0:
                    break
                piece = self._left[entry_id]
                taken.append(self._cut(piece, piece.rows[:room]))
            return taken

    def _cut(self, piece: Piece, rows: Rows) -> Piece:
        rest = piece.rows[~np.isin(piece.rows, rows)]
        if len(rest):
            self._left[piece.entry_id] = Piece(piece.entry_id, piece.source, rest)
        else:
            del self._left[piece.entry_id]
            del self._by_axis[self._keys[piece.entry_id]][piece.entry_id]
        known = self._denoised.get(piece.entry_id)
        return Piece(piece.entry_id, piece.source, rows, None if known is None else known[rows])


def identify_asked(question: Question, asked: Asked, progress: Progress) -> None:
    """Identify until nothing waits; shows Made, and lists of Answers, as they are there.

    Raises StudioError where the search is refused, or a library cannot be prepared; Cancelled when asked to stop.
    """
    libraries = with_fingerprints(question, progress)
    while pieces := asked.take():
        for has in (True, False):
            some = [piece for piece in pieces if (piece.denoised is not None) is has]
            if some:
                progress.show(_answers(question, libraries, some, progress.part(asked.done, asked.total)))
                asked.done += sum(len(piece.rows) for piece in some)
                progress(asked.done, asked.total, "spectra")


def _answers(
    question: Question, libraries: Sequence[Library], pieces: Sequence[Piece], progress: Progress
) -> list[Answer]:
    """What the spectra of some pieces of one axis are; all of them have been denoised, or none."""
    spectra = stacked([piece.source[piece.rows] for piece in pieces])
    parts = [piece.denoised for piece in pieces if piece.denoised is not None]
    denoised = joined(spectra, parts) if parts else None
    top = TOP if max(len(piece.source) for piece in pieces) <= LARGE else TOP_OF_LARGE
    found = _found(question, libraries, (spectra, denoised), top, progress)
    ends = np.cumsum([len(piece.rows) for piece in pieces]).tolist()
    return [Answer(piece, tuple(found[end - len(piece.rows) : end])) for piece, end in zip(pieces, ends, strict=True)]


def with_fingerprints(question: Question, progress: Progress) -> list[Library]:
    """The libraries with what the search needs of this engine; shows Made for each that had to be worked through."""
    libraries = []
    for library in question.libraries:
        now = library
        if library.fingerprint_version != question.engine.fingerprint_version:
            now = edited(library, lambda one, way: one.with_fingerprints(question.engine, way), progress, same=False)
            progress.show(Made(library, now))
        libraries.append(now)
    return libraries


def _found(
    question: Question,
    libraries: Sequence[Library],
    asked: tuple[SpectrumSet, Denoised | None],
    top: int,
    progress: Progress,
) -> list[Identification]:
    from ramanstudio.search.matches import Identification

    spectra, denoised = asked
    try:
        return list(question.engine.identify(spectra, libraries, top, question.within, progress, denoised))
    except (Cancelled, StudioError):  # of one spectrum the engine says what is wrong; what it refuses concerns all
        raise
    except Exception as error:  # a border: a spectrum that nobody was prepared for must not stop the others
        if len(spectra) > 1:
            each = [(spectra[row : row + 1], denoised and denoised[row]) for row in range(len(spectra))]
            return [one for alone in each for one in _found(question, libraries, alone, top, progress)]
        log.error("identifying failed", exc_info=error)
        return [Identification((), True, 0, f"It could not be compared: {type(error).__name__}.")]
