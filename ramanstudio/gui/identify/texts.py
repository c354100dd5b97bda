"""Texts about an identification: probabilities, bands, candidate set, references and mixtures. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ramanstudio.core.numbers import format_probability
from ramanstudio.gui.common.texts import count_of, number

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match
    from ramanstudio.search.mixture_analysis import MixtureAnalysis


def format_bands(shifts: Sequence[float], most: int = 12) -> str:
    """`464, 207 and 128 cm⁻¹`; beyond `most` bands only their number."""
    names = [f"{shift:.0f}" for shift in shifts[:most]]
    if len(shifts) > most:
        names.append(f"{len(shifts) - most} more")
    if not names:
        return "none"
    return (f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]) + " cm⁻¹"


def candidate_set_text(identification: Identification) -> str:
    """How many matches are in the 90 % candidate set; empty where the spectrum is unknown."""
    if identification.unknown or not identification.matches:
        return ""
    size = min(identification.candidate_set_size, len(identification.matches))
    if size <= 1:
        return "90 % candidate set: the first match alone."
    return f"90 % candidate set: top {size}. Compare them below."


def reference_summary(match: Match, library: Library | None) -> str:
    """`SiO2 · silicates · laser 532 nm · R040031 · RRUFF`, or that the library is gone."""
    if library is None:
        return "The library of this match is no longer open."
    row = match.reference
    laser_nm = float(library.laser_nm[row])
    parts = [
        str(library.formulas[row]),
        str(library.groups[row]),
        f"laser {number(laser_nm)} nm" if laser_nm == laser_nm else "",
        str(library.samples[row]),
        library.title,
    ]
    return " · ".join(dict.fromkeys(part for part in parts if part and part != "nan"))


def reference_note(match: Match, library: Library | None) -> str:
    """`simulated from a peak table` where the reference was not measured."""
    return "" if library is None else str(library.notes[match.reference])


def band_counts(match: Match) -> tuple[str, str, str]:
    """`6 bands matched`, `1 missing`, `2 extra`."""
    return (
        f"{count_of(len(match.matched), 'band')} matched",
        f"{len(match.missing)} missing",
        f"{len(match.extra)} extra",
    )


def format_fraction(fraction: float, error: float) -> str:
    """`62 ± 3 %`."""
    return f"{100 * fraction:.0f} ± {max(100 * error, 1):.0f} %"


def mixture_title(mixture: MixtureAnalysis) -> str:
    """`Mixture: anatase 82 ± 3 %, rutile 18 ± 3 %`."""
    parts = (f"{part.name} {format_fraction(part.fraction, part.error)}" for part in mixture.components)
    return f"Mixture: {', '.join(parts)}"


def mixture_summary(n_components: int, explained: float, simulated: bool = False) -> str:
    """How many components fit best, and the share of the bands that they explain (0 to 1).

    `simulated`: references of some are, which limits what their heights say.
    """
    if not n_components:
        return "No substances in these libraries explain the spectrum."
    # Measured: crystals are oriented, and another substance with a band at the same shift fits what is missing.
    caution = (
        " Some references are simulated with the band heights of one specimen: of components that share a band, one may"
        " be false."
        if simulated and n_components > 1
        else ""
    )
    share = f"{format_probability(explained)} of the bands"
    if n_components == 1:
        return f"One component fits best; it explains {share}."
    count = {2: "Two", 3: "Three", 4: "Four"}.get(n_components, str(n_components))
    return f"{count} components fit best; they explain {share}.{caution}"
