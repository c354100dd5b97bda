"""Measure `unmix` beside two rivals: python -m benchmarks.mixtures [--fit] [--number N]

--fit fits how `unmix` decides whether one more component is real, on the species of one half; the results are of the
species of the other half, and of the reagents.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.mixed import (
    DRIFT,
    SHIFT_CM,
    SNR,
    KnownMixture,
    References,
    minerals,
    reagents,
    simulated,
    simulated_reagents,
    starter_minerals,
)
from benchmarks.results import machine, table, write_section
from benchmarks.rivals.mixing import Found, least_squares, subtraction
from ramanstudio.search import mixtures
from ramanstudio.search.fingerprints import AS_MEASURED, GRID
from ramanstudio.search.mixture_candidates import mixture_candidates
from ramanstudio.search.mixtures import component_features, unmix
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]
Case = tuple[KnownMixture, References]  # a mixture, and the references to unmix it with
Method = Callable[[KnownMixture, References], Found]

N_EACH = 60  # mixtures of a kind
N_CANDIDATES = 30
THRESHOLDS = (0.03, 0.05, 0.08, 0.12, 0.18)
NAMES = {
    "ours": "ours",
    "nnls": "least squares over all candidates, fractions above a threshold",
    "subtract": "best hit subtracted, again and again",
}


def ours(mixture: KnownMixture, references: References) -> Found:
    """Run `unmix`."""
    values, names = mixture.spectrum.values[0].astype(float), [str(name) for name in references.names]
    components = unmix(mixture.spectrum.axis, values, mixture.sigma, references.spectra, names).components
    return Found(
        {names[component.reference]: component.fraction for component in components},
        {names[component.reference]: component.error for component in components},
    )


def methods_with(thresholds: Mapping[str, float]) -> dict[str, Method]:
    """Return all methods, the rivals with their thresholds."""
    return {
        "ours": ours,
        "nnls": partial(least_squares, least=thresholds["nnls"]),
        "subtract": partial(subtraction, least=thresholds["subtract"]),
    }


def candidates(mixture: KnownMixture, library: References, complete: bool, each: int = 5) -> References:
    """Return the references that a mixture is unmixed with.

    With `complete`, those of the N_CANDIDATES substances most similar by correlation, the true ones put in place of the
    last; else those that the program finds.
    """
    allowed = library.only(~np.isin(library.samples, sorted(mixture.without)))
    if not complete:
        candidates = mixture_candidates(mixture.spectrum, mixture.sigma, [allowed], N_CANDIDATES, each)
        return allowed.rows([row for _, row in candidates])
    order = by_correlation(mixture, allowed)
    names = list(dict.fromkeys(str(allowed.names[row]) for row in order))
    names = list(mixture.shares) + [name for name in names if name not in mixture.shares]
    first = set(names[:N_CANDIDATES])
    rows: dict[str, list[int]] = {name: [] for name in first}
    for row in order:
        if (name := str(allowed.names[row])) in first and len(rows[name]) < each:
            rows[name].append(int(row))
    return allowed.rows([row for of_substance in rows.values() for row in of_substance])


def by_correlation(mixture: KnownMixture, library: References) -> NDArray[np.intp]:
    """Return the indices of the references by their correlation with the mixture, on the grid of the search."""
    values, measured = resample_to_grid(GRID, mixture.spectrum.axis, mixture.spectrum.values)
    rows = library.fingerprints[AS_MEASURED][:, measured].astype(np.float32)
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    query = values[0, measured] - values[0, measured].mean()
    return np.argsort(-(rows @ query), kind="stable")


def is_right(result: Found, shares: Mapping[str, float]) -> bool:
    """Tell whether the set of substances is right."""
    return set(result.fractions) == set(shares)


def is_right_but_for_confusable(result: Found, shares: Mapping[str, float], library: References) -> bool:
    """Tell whether the set is right when each substance may stand for a confusable one."""
    wrong, missing = set(result.fractions) - set(shares), set(shares) - set(result.fractions)
    if len(wrong) != len(missing):
        return False
    return any(
        all(library.are_confusable(first, second) for first, second in zip(sorted(wrong), order, strict=True))
        for order in permutations(sorted(missing))
    )


def worst_error(result: Found, shares: Mapping[str, float]) -> float:
    """Return by how much the worst fraction is off."""
    return max(abs(result.fractions[name] - share) for name, share in shares.items())


def recognised_pure(mixture: KnownMixture, library: References, references: References) -> bool:
    """Tell whether each component, measured pure with the same SNR, is recognised among the same references."""
    random, axis = np.random.default_rng(len(mixture.components)), mixture.spectrum.axis
    names = [str(name) for name in references.names]
    for row in mixture.components:
        pure = np.interp(axis, library.spectra[row].axis, library.spectra[row].values[0])
        sigma = float(np.ptp(pure)) / SNR
        noisy = pure + random.normal(0, sigma, len(axis))
        components = unmix(axis, noisy, sigma, references.spectra, names, most=1).components
        if {names[component.reference] for component in components} != {str(library.names[row])}:
            return False
    return True


def best_thresholds(cases: Sequence[Case]) -> dict[str, float]:
    """Return the threshold that suits each rival best on mixtures of the half of species that rules are fitted on."""

    def n_right(method: Callable[..., Found], least: float) -> int:
        return sum(is_right(method(mixture, references, least), mixture.shares) for mixture, references in cases)

    methods = {"nnls": least_squares, "subtract": subtraction}
    return {name: max(THRESHOLDS, key=partial(n_right, method)) for name, method in methods.items()}


def percent(outcomes: Sequence[bool]) -> str:
    """Format a share in percent with its standard error."""
    share = float(np.mean(outcomes))
    return f"{100 * share:.0f} ± {100 * np.sqrt(share * (1 - share) / len(outcomes)):.0f} %"


def table_rows(
    title: str, cases: Sequence[Case], methods: Mapping[str, Method], bar: str, library: References
) -> list[list[str]]:
    """Return the rows of the table for one kind of mixtures."""
    known = (
        [recognised_pure(mixture, library, references) for mixture, references in cases]
        if cases[0][0].components
        else None
    )
    complete = [set(mixture.shares) <= set(map(str, references.names)) for mixture, references in cases]
    shares = [mixture.shares for mixture, _ in cases]
    rows = []
    for key, method in methods.items():
        start = time.perf_counter()
        results = [method(mixture, references) for mixture, references in cases]
        each_ms = 1e3 * (time.perf_counter() - start) / len(cases)
        pairs = list(zip(results, shares, strict=True))
        right = [is_right(result, truth) for result, truth in pairs]
        pure = [outcome for outcome, recognised in zip(right, known, strict=True) if recognised] if known else []
        errors = [worst_error(*pair) for pair, outcome in zip(pairs, right, strict=True) if outcome]
        is_ours = key == "ours"
        rows.append(
            [
                title if is_ours else "",
                NAMES[key],
                f"**{percent(right)}**" if is_ours else percent(right),
                bar if is_ours else "",
                percent([is_right_but_for_confusable(result, truth, library) for result, truth in pairs]),
                percent(pure) if pure else "–",
                percent([len(result.fractions) == len(truth) for result, truth in pairs]),
                f"{100 * np.mean(np.array(errors) <= 0.1):.0f} %" if errors else "–",
                percent(complete) if is_ours else "",
                f"{each_ms:.0f} ms",
            ]
        )
    return rows


def pulls(cases: Sequence[Case]) -> list[float]:
    """Return (fraction - truth) / error of the components of mixtures whose set is right."""
    values = []
    for mixture, references in cases:
        result = ours(mixture, references)
        if is_right(result, mixture.shares) and len(mixture.shares) > 1:
            names = mixture.shares
            values += [(result.fractions[name] - mixture.shares[name]) / result.errors[name] for name in names]
    return values


def fit_coefficients(library: References) -> None:
    """Print COMPONENT_COEFFICIENTS of ramanstudio/search/mixtures.py, fitted to mixtures of half of the species."""
    features, real = [], []
    for n_components, n_mixtures in ((1, 120), (2, 250), (3, 250)):
        for mixture in simulated(library, n_components, n_mixtures, 0, seed=10 + n_components):
            references = candidates(mixture, library, complete=True)
            path = mixtures.selection_path(mixture.spectrum, mixture.sigma, references.spectra, references.names)
            for number, (selection, least_fraction) in enumerate(path):
                features.append(component_features(selection, least_fraction))
                real.append(number < n_components)
    model = LogisticRegression(C=100, max_iter=1000).fit(features, real)
    print("COMPONENT_COEFFICIENTS =", np.round([*model.intercept_, *model.coef_[0]], 2).tolist())


def measure(n_each: int) -> str:
    """Measure all kinds, `n_each` mixtures of each, and return the section."""
    library, (pure, real) = minerals(), reagents()
    tuning = [
        (mixture, candidates(mixture, library, True))
        for n_components in (2, 3)
        for mixture in simulated(library, n_components, n_each // 2, 0, seed=70 + n_components)
    ]
    thresholds = best_thresholds(tuning)
    methods = methods_with(thresholds)
    rows = table_rows("reagents, two of twenty", [(mixture, pure) for mixture in real], methods, "≥ 85 %", pure)
    for n in (2, 3):
        cases = [(mixture, pure) for mixture in simulated_reagents(pure, n, n_each, seed=30 + n)]
        rows += table_rows(f"{n} reagents added, of twenty", cases, methods, "≥ 75 %", pure)
    common, all_pulls, complete = starter_minerals(library), [], {}
    cases = [(mixture, candidates(mixture, library, True)) for mixture in simulated(library, 1, n_each, 1, seed=41)]
    rows += table_rows("1 mineral, pure, 30 candidates that hold it", cases, {"ours": ours}, "", library)
    for n in (2, 3):
        of_all = simulated(library, n, n_each, 1, seed=40 + n)
        cases = [(mixture, candidates(mixture, library, True)) for mixture in of_all]
        all_pulls += pulls(cases)
        rows += table_rows(f"{n} minerals, 30 candidates that hold them", cases, methods, "≥ 75 %", library)
        cases = [(mixture, candidates(mixture, library, False)) for mixture in of_all]
        rows += table_rows(f"{n} minerals, in all of rruff", cases, methods, "", library)
        of_common = simulated(common, n, n_each, None, seed=50 + n)
        cases = [(mixture, candidates(mixture, common, False)) for mixture in of_common]
        rows += table_rows(f"{n} minerals, among {len(set(common.names))} common ones", cases, methods, "", common)
        complete[n] = percent([complete_by_correlation(mixture, library) for mixture in of_all])
    return section(rows, all_pulls, complete, thresholds)


def complete_by_correlation(mixture: KnownMixture, library: References) -> bool:
    """Tell whether the N_CANDIDATES substances most similar by correlation include all components."""
    allowed = library.only(~np.isin(library.samples, sorted(mixture.without)))
    names = list(dict.fromkeys(str(allowed.names[row]) for row in by_correlation(mixture, allowed)))
    return set(mixture.shares) <= set(names[:N_CANDIDATES])


def section(
    rows: list[list[str]], pulls: list[float], complete: Mapping[int, str], thresholds: Mapping[str, float]
) -> str:
    """Return the text of the section."""
    head = [
        "mixtures",
        "method",
        "right set",
        "bar",
        "right but for confusable",
        "where each component is recognised pure",
        "right number",
    ]
    head += ["right sets with all fractions within 10 points", "all components among the candidates", "each"]
    lead = (
        f"`python -m benchmarks.mixtures`, {machine()}, one thread. *Reagents*: the ten mixtures of two whose label "
        "says what of; candidates are the twenty pure reagents of the collection, whose lines lie some 4 cm⁻¹ lower; "
        "fractions against shares of volume. *Reagents added*: spectra of two or three of the twenty added, shares of "
        f"area of at least 15 %, SNR {SNR}; there is one recording of each, so what is mixed is the reference too, but "
        f"moved by up to {SHIFT_CM:g} cm⁻¹ and with a response that drifts by up to {100 * DRIFT:.0f} % from end to "
        "end.\n*Minerals*: real spectra added, shares of area of at least 15 %, "
        f"SNR {SNR}; references are other specimens than those mixed. On none of these species was fitted how `unmix` "
        f"decides, or the thresholds of the rivals ({thresholds['nnls']:g} and {thresholds['subtract']:g}, the best "
        "for each), but on half of the *common ones*, those of the starter library. *30 candidates that hold them*: "
        "the species most similar to the mixture by correlation, the true ones put in; *in all of rruff*: 30 of some "
        "1700 species by `mixture_candidates`.\n\n"
    )
    spread = float(np.median(np.abs(pulls)) / 0.6745)
    tail = (
        "\n*Right but for confusable* takes a substance for another where their references are as similar as two "
        "specimens of one of them; the window and the command line then name both. "
        "What limits the minerals is less the unmixing than that members of a series (amblygonite and "
        "montebrasite, the axinites) are not distinguished when pure either. *Where each component is recognised pure* "
        "counts only mixtures each component of which is recognised alone, at the same SNR among the same candidates. "
        f"The thirty species most similar to a mixture by correlation include all components of {complete[2]} of "
        f"those of two and {complete[3]} of those of three minerals; the column says how often those of "
        f"`mixture_candidates` do. Fractions are off by {spread:.2f} × their stated error (median, as a standard "
        f"deviation).\n"
    )
    return lead + table(head, rows) + tail


def main() -> None:
    """Measure, or fit the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print the coefficients of component_features")
    parser.add_argument("--number", type=int, help=f"mixtures of each kind; printed instead of written unless {N_EACH}")
    arguments = parser.parse_args()
    if arguments.fit:
        fit_coefficients(minerals())
    elif arguments.number:
        print(measure(arguments.number))
    else:
        write_section("Mixtures", measure(N_EACH))


if __name__ == "__main__":
    main()
