"""Identification measured: python -m benchmarks.identify [search] [plastics] [speed] [learn]

`search` learns the judge on four fifths of the specimens of rruff and measures on the fifth, five times. `learn` makes
the weights that are shipped, from all of them. What takes minutes is kept in build/identify.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.identifying import ranking, rivals
from benchmarks.identifying.judging import Lessons, learn
from benchmarks.identifying.queries import CONDITIONS, Minerals, Trials, minerals, rruff_library, trials
from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Library, Reference
from ramanstudio.mae.model_store import DEFAULT_MODEL
from ramanstudio.search.library_search import search

FOLDER = Path("build") / "identify"


@cache
def tried(engine: Engine) -> tuple[Minerals, list[Trials]]:
    """The minerals, and what speaks for whom in each condition."""
    found = minerals()
    library = rruff_library(engine, found, FOLDER)
    return found, [trials(engine, library, found, condition, FOLDER) for condition in CONDITIONS]


def measure_search(engine: Engine) -> None:
    """Top-1 and top-5 of ours and the rivals in each condition; chances, unknowns and sets."""
    ranking.measure(*tried(engine))


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
    library = libraries.write(path, references, "pristine").with_fingerprints(engine)
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
        fingerprints = {key: np.asarray(rows_of[:1000]) for key, rows_of in library.fingerprints.items()}
        some = {key: np.resize(rows_of, (many, *rows_of.shape[1:])) for key, rows_of in fingerprints.items()}
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
    engine.compute_fingerprints([one] * 20)
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

    lessons = Lessons.of(*tried(engine))
    save_file(
        {name: np.ascontiguousarray(rows) for name, rows in learn(lessons).items()},
        bundled_path("resources") / "judge.safetensors",
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
