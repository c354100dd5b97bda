"""Measure identification: python -m benchmarks.identify [search] [plastics] [speed]

`search` trains the ranker on four fifths of the specimens of RRUFF and measures on the fifth, five times. The weights
that come with the program are trained on all of them by tools/train_ranker.py. Fingerprints, which take minutes, are
cached in build/identify.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.identifying import ranking, rivals
from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Library, Reference
from ramanstudio.mae.model_store import DEFAULT_MODEL
from ramanstudio.search.library_search import search
from tools.rruff_queries import CACHE, minerals, minerals_and_queries, rruff_library


def measure_search(engine: Engine) -> None:
    """Measure top-1 and top-5 of ours and the rivals in each condition; calibration, unknowns and candidate sets."""
    ranking.measure(*minerals_and_queries(engine))


def plastics() -> tuple[list[SpectrumSet], NDArray[Any], NDArray[Any]]:
    """Return the spectra of microplastics as sets of one, with their substances and states."""
    with h5py.File(CORPUS) as file:
        group = file["microplastics"]
        axis, values = group["axis"][:], group["values"][:]
        labels, states = (group[name].asstr()[:].astype(str) for name in ("label", "state"))
    return [SpectrumSet.of(axis, row) for row in values], labels, states


def measure_plastics(engine: Engine) -> None:
    """Measure with pristine polymers as references and those from months in water as queries."""
    spectra, labels, states = plastics()
    pristine = np.char.find(np.char.lower(states), "pristine") >= 0
    reference_spectra = [spectrum for spectrum, is_pristine in zip(spectra, pristine, strict=True) if is_pristine]
    path = CACHE / "plastics.ramanlib"
    CACHE.mkdir(parents=True, exist_ok=True)
    named = zip(labels[pristine], reference_spectra, strict=True)
    references = [Reference(str(name), spectrum) for name, spectrum in named]
    library = libraries.write(path, references, "pristine").with_fingerprints(engine)
    rows = []
    index = {name: number for number, name in enumerate(np.unique(labels))}
    for state in [name for name in np.unique(states) if "pristine" not in name.lower()]:
        chosen = (states == state) & np.isin(labels, labels[pristine])
        queries = [spectra[row] for row in np.flatnonzero(chosen)]
        joint = SpectrumSet.of(queries[0].axis, np.concatenate([query.values for query in queries]))
        results = engine.identify(joint, library)
        truth = labels[chosen]
        names = [result.matches[0].name if result.matches else "" for result in results]
        unknown = np.mean([result.unknown for result in results])
        cells = [state, len(truth), f"**{np.mean(np.array(names) == truth):.3f}**", f"{unknown:.0%}"]
        of_references = np.array([index[name] for name in labels[pristine]])
        of_queries = np.array([index[name] for name in truth])
        for without in (False, True):
            both = rivals.gridded(queries, without), rivals.gridded(reference_spectra, without)
            for rival in rivals.RIVALS:
                best = rivals.similarity(rival, *both).argmax(axis=1)
                cells.append(f"{np.mean(of_references[best] == of_queries):.3f}")
        rows.append(cells)
    head = ["queries", "spectra", "ours, top-1", "called unknown", *rivals.RIVALS]
    head += [f"{rival}, baseline off" for rival in rivals.RIVALS]
    text = (
        f"`python -m benchmarks.identify plastics`, {machine()}. The library: {pristine.sum()} pristine pieces; the"
        f" ranker is the one that comes with the program, trained on minerals only. Bar: ahead of every rival.\n\n"
    )
    write_section("Identification: polymers after months in water", text + table(head, rows))


def _enlarged(library: Library, n_references: int, folder: Path) -> Library:
    """A library of `n_references`, those of `library` repeated."""
    path = folder / f"rruff-{n_references}.ramanlib"
    if path.is_file():
        return libraries.open(path)
    copies = -(-n_references // len(library))
    whole = libraries.merged(path, [library] * copies, f"{n_references} references")
    return whole.removed(np.arange(n_references, len(whole)))


def measure_speed(engine: Engine) -> None:
    """Measure how long a search takes once the fingerprints of the queries are known."""
    rruff = minerals()
    library = rruff_library(engine, rruff, CACHE)
    large = _enlarged(library, 100_000, CACHE)
    rows = []
    for name, searched, n_queries, bar in (
        ("1 query, 5009 references", library, 1, "≤ 50 ms"),
        ("1 query, 100 000 references", large, 1, "≤ 300 ms"),
        ("10 000 queries, 5009 references", library, 10_000, "≤ 30 s"),
    ):
        fingerprints = {key: np.asarray(array[:1000]) for key, array in library.fingerprints.items()}
        queries = {key: np.resize(array, (n_queries, *array.shape[1:])) for key, array in fingerprints.items()}
        search({key: array[:1] for key, array in queries.items()}, [searched])
        seconds = []
        for _ in range(7 if n_queries == 1 else 1):
            start = time.perf_counter()
            search(queries, [searched])
            seconds.append(time.perf_counter() - start)
        median = float(np.median(seconds))
        rows.append([name, f"{1000 * median:.0f} ms" if n_queries == 1 else f"{median:.1f} s", bar])
    start = time.perf_counter()
    engine.compute_fingerprints([rruff.spectra[0]] * 20)
    each_ms = 50 * (time.perf_counter() - start)
    rows.append(["fingerprint of one spectrum before that (denoise, embed)", f"{each_ms:.0f} ms", ""])
    write_section(
        "Identification: speed",
        f"`python -m benchmarks.identify speed`, {machine()}. Searching with fingerprints computed before.\n\n"
        + table(["what", "measured", "bar"], rows),
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure the named parts, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"search": measure_search, "plastics": measure_plastics, "speed": measure_speed}
    parser.add_argument("parts", nargs="*", choices=[[], *parts])
    chosen = parser.parse_args(argv).parts or list(parts)
    engine = Engine.load(DEFAULT_MODEL, threads=1)
    for name in chosen:
        parts[name](engine)


if __name__ == "__main__":
    main()
