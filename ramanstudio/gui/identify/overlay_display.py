"""What lies over the spectrum that is looked at: the reference of a hit, or the fit of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.identify.band_ruler import Mark
from ramanstudio.gui.identify.mixture_analysis import Mixed
from ramanstudio.gui.identify.overlay import laid_over
from ramanstudio.gui.identify.overlay_view import Over, Query
from ramanstudio.gui.identify.texts import note_of
from ramanstudio.project.project import Entry, Result

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Match


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """What lies over a spectrum, the bands that are marked, how much of the spectrum it covers (0 to 1), or the
    `problem` why there is nothing."""

    over: Over | None = None
    marks: Sequence[Mark] = ()
    share: float = 1.0
    problem: str = ""


def query_of(entry: Entry, row: int, result: Result | None) -> Query:
    """The spectrum in question, denoised where it is."""
    source, denoised = entry.source, result.denoised if result is not None else None
    assert source is not None
    values = (source if denoised is None else denoised.spectra).values[row]
    name = entry.name if len(source) == 1 else f"{entry.name} · {row + 1}"
    state = "" if denoised is None else ", denoised"
    return Query(f"{name}{state}", source.axis, values, str(source.about.get("intensity_unit", "a.u.")))


def reference_over(query: Query, match: Match | None, library: Library | None, within: Region | None) -> Laid:
    """The reference of a hit over a spectrum, fitted where spectra are compared."""
    if match is None or library is None:
        return Laid()
    try:
        reference = library.spectrum(match.reference)
    except StudioError as error:
        return Laid(problem=str(error))
    over, marks = laid_over(query.axis, query.values, reference, within), _marks_of(match)
    if over is None:
        return Laid(None, marks)
    drawn = Over(match.name, over.reference, over.difference, bool(note_of(match, library)))
    return Laid(drawn, marks, over.share)


def mixture_over(query: Query, mixed: Mixed) -> Laid:
    """The fit of all parts of a mixture over a spectrum."""
    names = " + ".join(part.name for part in mixed.parts)
    return Laid(Over(names, mixed.fitted, query.values - mixed.fitted))


def _marks_of(match: Match) -> list[Mark]:
    kinds = (("matched", match.matched), ("missing", match.missing), ("extra", match.extra))
    return [Mark(shift, kind) for kind, shifts in kinds for shift in shifts]
