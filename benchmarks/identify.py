"""Identification measured: python -m benchmarks.identify [search] [plastics] [speed] [learn]

`search` learns the judge on four fifths of the specimens of rruff and measures on the fifth, five times. `learn` makes
the weights that are shipped, from all of them. What takes minutes is kept in build/identify.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.identifying import rivals
from benchmarks.identifying.judging import HELD, Lessons, cumulated, learn
from benchmarks.identifying.queries import (
    CONDITIONS,
    FOLDS,
    Minerals,
    Trials,
    corrupted,
    minerals,
    rruff_library,
    trials,
)
from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from ramanstudio.analysis import library as libraries
from ramanstudio.analysis.judge import Judge
from ramanstudio.analysis.library import Library, Reference
from ramanstudio.analysis.prints import READINGS
from ramanstudio.analysis.search import search
from ramanstudio.engine import DEFAULT_MODEL, Engine
from ramanstudio.paths import shipped
from ramanstudio.spectra import SpectrumSet

FOLDER = Path("build") / "identify"
BARS = {
    "clean": (0.86, 0.96),
    "SNR 5": (0.81, 0.94),
    "fluorescence, SNR 20": (0.84, 0.95),
    "fluorescence, SNR 5": (0.80, 0.93),
}
SETTINGS = [(rival, off) for off in (False, True) for rival in rivals.RIVALS]
BINS = 10

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the judge said of all queries of a condition, each time by one that had not seen the specimen.

    `places` (Q,): where the truth came; `unknown` and `lacking_unknown` (Q,), (P,): called unknown where the library
    had it and where it did not; `sure` and `right` (M,): the chance of the first match, and whether it was true;
    `held` (Q,): the truth was in the set that is to hold it nine times in ten, of `set_sizes` (Q,).
    """

    places: Places
    unknown: NDArray[np.bool_]
    lacking_unknown: NDArray[np.bool_]
    sure: NDArray[np.float32]
    right: NDArray[np.bool_]
    held: NDArray[np.bool_]
    set_sizes: Places


def judged(found: Minerals, all_trials: Sequence[Trials]) -> list[Judged]:
    """For each condition, what five judges say of the fifth of the specimens that each has not learned from."""
    judges = [Judge(learn(_apart(Lessons.of(found, all_trials), fold))) for fold in range(FOLDS)]
    answers = []
    for one in all_trials:
        lessons = Lessons.of(found, [one], ("whole", "lacking"))
        chances = np.zeros((len(lessons.right), lessons.evidence.shape[1] + 1), dtype=np.float32)
        lines = np.zeros((len(lessons.right), 2), dtype=np.float32)
        for fold, judge in enumerate(judges):
            mine = lessons.folds == fold
            chances[mine] = judge.chances(lessons.evidence[mine])
            lines[mine] = judge.unknown_from, judge.held
        answers.append(_said(lessons, chances, lines))
    return answers


def _apart(lessons: Lessons, fold: int) -> Lessons:
    return lessons[lessons.folds != fold]


def _said(lessons: Lessons, chances: NDArray[np.float32], lines: NDArray[np.float32]) -> Judged:
    here = lessons.here
    single = chances[:, :-1]
    true = np.take_along_axis(single, np.minimum(lessons.right, single.shape[1] - 1)[:, None], axis=1)[:, 0]
    places = np.where(lessons.right < single.shape[1], (single > true[:, None]).sum(axis=1), single.shape[1])
    unknown = chances[:, -1] >= lines[:, 0]
    before = cumulated(chances, lessons)
    among = np.sort(single / np.maximum(1 - chances[:, -1:], 1e-6), axis=1)[:, ::-1].cumsum(axis=1)
    sizes = (among < lines[:, 1:]).sum(axis=1) + 1
    # a library lacks one in four of what is asked, as the judge was taught: the others are drawn to that share
    lacking = np.flatnonzero(~here)[: here.sum() // 3]
    both = np.concatenate([np.flatnonzero(here), lacking])
    return Judged(
        places[here],
        unknown[here],
        unknown[~here],
        single.max(axis=1)[both],
        (places == 0)[both] & here[both],
        (before <= lines[:, 1])[here] & (lessons.right < single.shape[1])[here],
        sizes[here],
    )


def calibration_error(sure: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: how far stated chance and share of right answers lie apart, over ten bins."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(sure[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean() for one in np.unique(bins)]
    return float(sum(gaps))


def rival_places(found: Minerals, condition: str) -> dict[str, Places]:
    """Where the truth comes by each rival; references as they are in rruff."""
    queries, asked = corrupted(found, condition)
    of = np.unique(found.species, return_inverse=True)[1]
    known, seen = found.known[queries], found.apart(queries)
    places = {}
    for without in (False, True):
        both = rivals.gridded(asked, without), rivals.gridded(found.spectra, without)
        for rival in rivals.RIVALS:
            alike = rivals.likeness(rival, *both)
            name = f"{rival}{', baseline off' if without else ''}"
            places[name] = rivals.ranks(alike, of, of[queries], seen)[known]
    return places


def _top(places: Places) -> str:
    return f".{round(1000 * np.mean(places == 0)):03d} / .{round(1000 * np.mean(places < 5)):03d}"


def measure_search(engine: Engine) -> None:
    """Top-1 and top-5 of ours and the rivals in each condition; chances, unknowns and sets."""
    found = minerals()
    library = rruff_library(engine, found, FOLDER)
    all_trials = [trials(engine, library, found, condition, FOLDER) for condition in CONDITIONS]
    answers = judged(found, all_trials)
    rows, trust = [], []
    for condition, answer, one in zip(CONDITIONS, answers, all_trials, strict=True):
        others = rival_places(found, condition)
        best = max(others, key=lambda name: (np.mean(others[name] == 0), np.mean(others[name] < 5)))
        bar = BARS.get(condition)
        goal = f"≥ {bar[0]:.2f} / {bar[1]:.2f}" if bar else "ahead"
        ahead = np.mean(answer.places == 0) > max(np.mean(others[name] == 0) for name in others)
        met = (np.mean(answer.places == 0) >= bar[0] and np.mean(answer.places < 5) >= bar[1]) if bar else ahead
        alone = [_by_reading(found, one, column) for column in range(len(READINGS) + 1)]
        best_alone = max(alone, key=lambda places: float(np.mean(places == 0)))
        cells = [_top(others[name]) for name in rivals.RIVALS]
        ours, best_one = f"**{_top(answer.places)}**", f"{_top(others[best])} ({best})"
        rows.append(
            [condition, ours, f"{goal} {'✓' if met else '✗'}", best_one, *cells, _top(best_alone), _top(alone[-1])]
        )
        trust.append([condition, *_trusted(answer)])
    _write_search(rows, trust, len(answers[0].places))


def _write_search(rows: Sequence[Sequence[str]], trust: Sequence[Sequence[str]], asked: int) -> None:
    head = ["query", "ours", "bar", "best rival", *rivals.RIVALS, "our best reading alone", "our features alone"]
    trust_head = ["query", "calibration error", "truth in the set", "its size, median"]
    trust_head += ["lacking: called unknown", "there: wrongly unknown"]
    text = (
        f"`python -m benchmarks.identify search`, {machine()}. Top-1 / top-5 species, of {asked} or so"
        f" spectra of rruff in each condition (of 2000 at random those whose species is in the library)."
        f" The specimens are parted at random into five folds; the library is rruff without the fold of the query, and"
        f" the judge learned on the queries of the other folds. The features were learned without labels, but on"
        f" spectra that are"
        f" asked here too. Corruptions: `benchmarks/identifying/queries.py`; signal-to-noise ratios are those of single"
        f" samples, 0.5 cm⁻¹ apart. *Best rival*: of correlation, first derivative and Euclid, each as measured and"
        f" after an automatic baseline. Our readings alone: among our own candidates.\n\n"
        + table(head, rows)
        + f"\nHow far its words hold; bars: calibration error ≤ 0.05, the set holds the truth {HELD:.0%} of the time,"
        f" of lacking species ≥ 80 % called unknown, of those there ≤ 10 %. Many species of rruff are all but twins"
        f" (garnets, amphiboles): where one is lacking, the other fits to within the noise.\n\n"
        + table(trust_head, trust)
    )
    write_section("Identification: rruff", text)


def _trusted(answer: Judged) -> list[str]:
    """The cells of one condition about what the judge claims."""
    return [
        f"{calibration_error(answer.sure, answer.right):.3f}",
        f"{answer.held.mean():.1%}",
        f"{np.median(answer.set_sizes):.0f}",
        f"{answer.lacking_unknown.mean():.1%}",
        f"{answer.unknown.mean():.1%}",
    ]


def _by_reading(found: Minerals, one: Trials, column: int) -> Places:
    """Where the truth comes by one reading alone, the features being the last."""
    likeness = np.nan_to_num(one.evidence[0, ..., column], nan=-9)
    truth = found.species[one.queries]
    hit = one.names[0] == truth[:, None]
    right = np.where(hit, likeness, -9).max(axis=1)
    places = (likeness > right[:, None]).sum(axis=1)
    return np.where(hit.any(axis=1), places, len(hit[0]))[found.known[one.queries]]


def plastics() -> tuple[list[SpectrumSet], NDArray[Any], NDArray[Any]]:
    """Microplastics: spectra of one each, what they are of, and their state."""
    with h5py.File(CORPUS) as file:
        group = file["microplastics"]
        axis, values = group["axis"][:], group["values"][:]
        labels, states = (group[name].asstr()[:].astype(str) for name in ("label", "state"))
    return [SpectrumSet.of(axis, row) for row in values], labels, states


def measure_plastics(engine: Engine) -> None:
    """Pristine polymers as references, those from months in water as queries."""
    spectra, labels, states = plastics()
    pristine = np.char.find(np.char.lower(states), "pristine") >= 0
    own = [one for one, here in zip(spectra, pristine, strict=True) if here]
    path = FOLDER / "plastics.ramanlib"
    FOLDER.mkdir(parents=True, exist_ok=True)
    references = [Reference(str(name), one) for name, one in zip(labels[pristine], own, strict=True)]
    library = libraries.write(path, references, "pristine").prepared(engine)
    rows = []
    of = {name: number for number, name in enumerate(np.unique(labels))}
    for state in [one for one in np.unique(states) if "pristine" not in one.lower()]:
        here = (states == state) & np.isin(labels, labels[pristine])
        asked = [one for one, chosen in zip(spectra, here, strict=True) if chosen]
        joint = SpectrumSet.of(asked[0].axis, np.concatenate([one.values for one in asked]))
        answers = engine.identify(joint, library)
        names = [[match.name for match in one.matches] for one in answers]
        truth = labels[here]
        ours = [name[:1] == [one] for name, one in zip(names, truth, strict=True)]
        cells = [state, len(truth), f"**{np.mean(ours):.3f}**", f"{np.mean([one.unknown for one in answers]):.0%}"]
        kinds, true = np.array([of[one] for one in labels[pristine]]), np.array([of[one] for one in truth])
        for without in (False, True):
            both = rivals.gridded(asked, without), rivals.gridded(own, without)
            for rival in rivals.RIVALS:
                alike = rivals.likeness(rival, *both)
                cells.append(f"{np.mean(kinds[alike.argmax(axis=1)] == true):.3f}")
        rows.append(cells)
    head = ["queries", "spectra", "ours, top-1", "called unknown", *rivals.RIVALS]
    head += [f"{rival}, baseline off" for rival in rivals.RIVALS]
    text = (
        f"`python -m benchmarks.identify plastics`, {machine()}. The library: {pristine.sum()} pristine pieces; the"
        f" judge is the one that is shipped, which learned on minerals only. Bar: ahead of every rival.\n\n"
    )
    write_section("Identification: polymers after months in water", text + table(head, rows))


def _repeated(library: Library, many: int, folder: Path) -> Library:
    """`many` references made of those of `library`, one after the other again and again."""
    path = folder / f"rruff-{many}.ramanlib"
    if path.is_file():
        return libraries.open(path)
    times = -(-many // len(library))
    whole = libraries.merged(path, [library] * times, f"{many} references")
    return whole.removed(np.arange(many, len(whole)))


def measure_speed(engine: Engine) -> None:
    """How long a search takes once a spectrum has been read."""
    found = minerals()
    library = rruff_library(engine, found, FOLDER)
    large = _repeated(library, 100_000, FOLDER)
    rows = []
    for name, of, many, bar in (
        ("1 query, 5009 references", library, 1, "≤ 50 ms"),
        ("1 query, 100 000 references", large, 1, "≤ 300 ms"),
        ("10 000 queries, 5009 references", library, 10_000, "≤ 30 s"),
    ):
        prints = {key: np.asarray(rows_of[:1000]) for key, rows_of in library.prints.items()}
        some = {key: np.resize(rows_of, (many, *rows_of.shape[1:])) for key, rows_of in prints.items()}
        search({key: rows_of[:1] for key, rows_of in some.items()}, [of])
        seconds = []
        for _ in range(7 if many == 1 else 1):
            start = time.perf_counter()
            search(some, [of])
            seconds.append(time.perf_counter() - start)
        took = float(np.median(seconds))
        rows.append([name, f"{1000 * took:.0f} ms" if many == 1 else f"{took:.1f} s", bar])
    one = found.spectra[0]
    start = time.perf_counter()
    engine.prints_of([one] * 20)
    rows.append(
        [
            "reading one spectrum before that (denoise, features, prints)",
            f"{50 * (time.perf_counter() - start):.0f} ms",
            "",
        ]
    )
    write_section(
        "Identification: speed",
        f"`python -m benchmarks.identify speed`, {machine()}. Searching prints that were read before.\n\n"
        + table(["what", "measured", "bar"], rows),
    )


def make_judge(engine: Engine) -> None:
    """Write the weights that are shipped, learned on all specimens."""
    from safetensors.numpy import save_file

    found = minerals()
    library = rruff_library(engine, found, FOLDER)
    lessons = Lessons.of(found, [trials(engine, library, found, condition, FOLDER) for condition in CONDITIONS])
    save_file(
        {name: np.ascontiguousarray(rows) for name, rows in learn(lessons).items()},
        shipped("resources") / "judge.safetensors",
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is asked for, or all but `learn`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"learn": make_judge, "search": measure_search, "plastics": measure_plastics, "speed": measure_speed}
    parser.add_argument("parts", nargs="*", choices=[[], *parts])
    chosen = parser.parse_args(argv).parts or [name for name in parts if name != "learn"]
    engine = Engine.load(DEFAULT_MODEL, threads=1)
    for name in chosen:
        parts[name](engine)


if __name__ == "__main__":
    main()
