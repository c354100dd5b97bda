"""What is said about an identification, in the field's words. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ramanstudio.core.numbers import format_significant
from ramanstudio.gui.common.texts import count_of

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

_CANDIDATES = "Candidates, right nine times in ten where the libraries have it"
SURE = 0.995  # a chance above is not written as 1


def chance_words(chance: float) -> str:
    """`97 %`, never 100 and never 0."""
    if chance >= SURE:
        return "> 99 %"
    return "< 1 %" if chance < 0.01 else f"{100 * chance:.0f} %"


def bands_words(shifts: Sequence[float], most: int = 12) -> str:
    """`464, 207 and 128 cm⁻¹`."""
    names = [f"{shift:.0f}" for shift in shifts[:most]]
    if len(shifts) > most:
        names.append(f"{len(shifts) - most} more")
    if not names:
        return "none"
    return (f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]) + " cm⁻¹"


def candidates_words(found: Identification) -> str:
    """How many of the list hold the right one nine times in ten."""
    if found.unknown or not found.matches:
        return ""
    many = min(found.candidate_set_size, len(found.matches))
    if many <= 1:
        return f"{_CANDIDATES}: the first alone."
    return f"{_CANDIDATES}: the first {many}; compare them."


def facts_of(match: Match, library: Library | None) -> str:
    """`SiO2 · silicates · laser 532 nm · R040031 · RRUFF`; empty where its library is not at hand."""
    if library is None:
        return "Its library is no longer here."
    at = match.reference
    laser = float(library.laser_nm[at])
    parts = [
        str(library.formulas[at]),
        str(library.groups[at]),
        f"laser {format_significant(laser)} nm" if laser == laser else "",
        str(library.samples[at]),
        library.title,
    ]
    return " · ".join(dict.fromkeys(part for part in parts if part and part != "nan"))


def note_of(match: Match, library: Library | None) -> str:
    """`simulated from a peak table` where the reference was not measured."""
    return "" if library is None else str(library.notes[match.reference])


def marks_words(match: Match) -> tuple[str, str, str]:
    """`6 bands matched`, `1 missing`, `2 extra`."""
    return (
        f"{count_of(len(match.matched), 'band')} matched",
        f"{len(match.missing)} missing",
        f"{len(match.extra)} extra",
    )


def mixture_words(parts: int, explain: float, simulated: bool = False) -> str:
    """Of how many substances a spectrum is mixed, how much of its lines they explain (0 to 1), and what to mind."""
    if not parts:
        return "No substances of these libraries explain it."
    # Measured: crystals lie as they like, and another substance with a line at the same place fits what is missing.
    aside = (
        " Some references are simulated, with the heights of one specimen: of parts that share a line one may be false."
        if simulated and parts > 1
        else ""
    )
    share = f"{chance_words(explain)} of its lines"
    if parts == 1:
        return f"One substance explains {share}; more do not pay."
    return f"A mixture of {parts}, as far as the data pay for; they explain {share}.{aside}"
