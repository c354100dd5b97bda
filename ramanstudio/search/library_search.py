"""Search: which substances of which libraries a spectrum may be of, how sure that is, or that it is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.library.library import Library
from ramanstudio.search.band_matching import Bands, compared, find_bands
from ramanstudio.search.candidate_features import Candidates, candidates, side_by_side
from ramanstudio.search.fingerprints import AS_MEASURED, GRID
from ramanstudio.search.matches import Identification, Match
from ramanstudio.search.ranker import UNKNOWN_THRESHOLD, Ranker, judge
from ramanstudio.search.shortlist import FEWEST_CM, Shortlist, correlation, listed, looked_at, nearest

AT_ONCE: Final = 128  # spectra between two reports
MOST_WITH_BANDS: Final = 3  # matches of each spectrum whose bands are told, where there are many spectra
MANY: Final = 200
LITTLE: Final = 0.5  # of a spectrum; where less was compared, that is said


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """One spectrum, the references that it was compared with, and the substances that it may be of."""

    query: Mapping[str, NDArray[Any]]
    looked: NDArray[np.bool_]
    listed: Shortlist
    found: Candidates


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What is told of the matches of many spectra: the libraries, and bands of references that were found before."""

    libraries: Sequence[Library]
    top: int
    with_bands: int
    bands: dict[tuple[int, int], Bands] = field(default_factory=dict)


def search(
    queries: Mapping[str, NDArray[Any]],
    libraries: Sequence[Library],
    top: int = 10,
    within: Region | None = None,
    progress: Progress = SILENT,
) -> list[Identification]:
    """Identify N spectra by their prints, `features` and `snr` among them; the libraries' prints are of one model.

    Raises Cancelled when asked to stop, StudioError when the weights of the judge are damaged.
    """
    many = len(queries["first"])
    told = _Told(libraries, top, top if many <= MANY else MOST_WITH_BANDS)
    weigher, answers = judge(), list[Identification]()
    for start in range(0, many, AT_ONCE):
        progress(start, many, "spectra identified")
        some = {name: rows[start : start + AT_ONCE] for name, rows in queries.items()}
        batch = weighed(some, libraries, within)
        chances = weigher.chances(side_by_side([one.found for one in batch]))
        answers += [_answer(one, row, weigher, told) for one, row in zip(batch, chances, strict=True)]
    progress(many, many, "spectra identified")
    return answers


def weighed(
    queries: Mapping[str, NDArray[Any]],
    libraries: Sequence[Library],
    within: Region | None = None,
    apart: NDArray[np.bool_] | None = None,
) -> list[Weighed]:
    """What speaks for whom, for each of the `queries`.

    `apart` (Q, N) are the references that a query may not see, where there is one library: how a benchmark keeps the
    query's own specimen out.
    """
    looked = looked_at(queries, within)
    fingerprints = [library.fingerprints for library in libraries]
    near = [nearest(queries, looked, one, apart) for one in fingerprints]
    answers = []
    for row in range(len(looked)):
        query = {name: rows[row] for name, rows in queries.items()}
        mine = [of[row] for of in near]
        among, rows = listed(query, looked[row], fingerprints, mine)
        names = [
            str(libraries[number].names[index]) for number, index in zip(among.library, among.reference, strict=True)
        ]
        looked_cm = float(looked[row].sum() * GRID.step_cm)
        found = candidates(among, rows, names, float(query["snr"]), looked_cm)
        answers.append(Weighed(query, looked[row], among, found))
    return answers


def _answer(one: Weighed, chances: NDArray[np.float32], weigher: Ranker, told: _Told) -> Identification:
    if not one.found.names:
        return Identification((), True, 0, _why_nothing(one, told.libraries))
    none = float(chances[-1])
    chances = chances[: len(one.found.names)]
    order = np.argsort(-chances, kind="stable")
    share = chances[order] / max(1 - none, 1e-6)
    held = int(np.searchsorted(np.cumsum(share), weigher.held) + 1)
    top = order[: told.top]
    pearson = _as_measured(one, top, told)
    ours = find_bands(one.query["roots"]) if told.with_bands else None
    matches = []
    for rank, place in enumerate(top.tolist()):
        gap = float(share[rank] - (share[rank + 1] if rank + 1 < len(share) else 0))
        numbers = float(chances[place]), float(share[rank]), float(pearson[rank]), gap
        matches.append(_match(one, place, numbers, told, ours if rank < told.with_bands else None))
    unknown = none >= UNKNOWN_THRESHOLD
    explanation = _why_unknown(matches[0], none) if unknown else _why_little(one, int(order[0]))
    return Identification(tuple(matches), unknown, min(held, len(order)), explanation)


def _as_measured(one: Weighed, places: NDArray[np.intp], told: _Told) -> NDArray[np.float32]:
    """Pearson's r with the best reference of each of the candidates in `places`, no baseline taken off, (K,)."""
    inside = np.flatnonzero(one.looked)
    span = slice(inside[0], inside[-1] + 1)
    along = np.arange(GRID.samples)[span]
    rows, both = [], []
    for best in one.found.best[places].tolist():
        fingerprints, index = told.libraries[one.listed.library[best]].fingerprints, one.listed.reference[best]
        rows.append(fingerprints[AS_MEASURED][index, span])
        both.append(one.looked[span] & (along >= fingerprints["first"][index]) & (along < fingerprints["last"][index]))
    return correlation(one.query[AS_MEASURED][span], np.stack(rows), np.stack(both))


def _match(
    one: Weighed, place: int, numbers: tuple[float, float, float, float], told: _Told, ours: Bands | None
) -> Match:
    """The candidate in `place`, whose chance, score, Pearson's r and gap are `numbers`; with bands beside `ours`."""
    probability, score, pearson, gap = numbers
    best = int(one.found.best[place])
    number, index = int(one.listed.library[best]), int(one.listed.reference[best])
    r = max(float(one.listed.likeness[best, 0]), 0.0)
    bands: tuple[tuple[float, ...], ...] = ((), (), ())
    if ours is not None:
        fingerprints = told.libraries[number].fingerprints
        along = np.arange(GRID.samples)
        both = one.looked & (along >= fingerprints["first"][index]) & (along < fingerprints["last"][index])
        if (number, index) not in told.bands:
            told.bands[number, index] = find_bands(fingerprints["roots"][index])
        bands = compared(ours, told.bands[number, index], both)
    name, euclid = one.found.names[place], float(np.sqrt(2 - 2 * r))
    return Match(name, probability, score, 1000 * r**2, pearson, euclid, gap, number, index, *bands)


def _why_nothing(one: Weighed, libraries: Sequence[Library]) -> str:
    if one.query["first"] >= one.query["last"]:
        return "There is nothing to compare: the spectrum is flat, or holds values that are not numbers."
    places = GRID.places[one.looked]
    if not len(places):
        return "Nothing of the spectrum lies in the region that is compared. Widen the region."
    ends = [(lib.fingerprints["first"], lib.fingerprints["last"]) for lib in libraries if len(lib)]
    if not ends:
        return "No library is searched. Choose one."
    first, last = (np.concatenate(one) for one in zip(*ends, strict=True))
    before = np.concatenate([[0], np.cumsum(one.looked)])  # samples looked at below each place
    shared = float(np.max(before[np.maximum(first, last)] - before[first])) * GRID.step_cm
    low, high = float(GRID.places[first.min()]), float(GRID.places[last.max() - 1])
    return (
        f"Of the {places[0]:.0f}–{places[-1]:.0f} cm⁻¹ that are looked at, the libraries share {shared:.0f} cm⁻¹: they"
        f" cover {low:.0f}–{high:.0f} cm⁻¹. It takes {FEWEST_CM:.0f}. Measure or compare a wider range, or choose"
        " another library."
    )


def _why_unknown(best: Match, none: float) -> str:
    return (
        f"Nothing in the libraries is credible: the nearest, {best.name}, has a hit quality of {best.hqi:.0f} of 1000;"
        f" the chance that it is none of them is {100 * none:.0f} %."
    )


def _why_little(one: Weighed, place: int) -> str:
    shared = float(one.listed.shared_cm[one.found.best[place]])
    looked = float(one.looked.sum() * GRID.step_cm)
    if shared >= LITTLE * looked:
        return ""
    return f"The best match was compared over {shared:.0f} cm⁻¹ only, of {looked:.0f} cm⁻¹ that were looked at."
