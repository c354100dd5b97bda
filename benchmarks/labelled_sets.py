"""The labelled sets of the few-shot benchmark; labels are drawn so that no sample is on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.repeats import CORPUS
from ramanstudio.core.spectra import SpectrumSet

DRAWS = 5
# minerals_raw holds sample numbers in place of an axis, one for each cm⁻¹: the strong lines of the same species in
# rruff (calcite 1086, corundum 418, diamond 1332, diopside 1013) lie 194 to 202 higher, in the median this much.
MINERALS_START_CM = 198.0

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSpectra:
    """Spectra with a `label` and a `sample` each (N,), and how many labels a class the benchmark gives (None: all).

    `for_test` (N,) is the split that is given; where it is None, what no label was drawn from is tested on. `about`
    says in a sentence what is special about it.
    """

    name: str
    spectra: SpectrumSet
    budgets: tuple[int | None, ...]
    for_test: NDArray[np.bool_] | None = None
    about: str = ""

    @property
    def labels(self) -> NDArray[np.str_]:
        return self.spectra.table["label"]

    def splits(self, budget: int | None, draws: int = DRAWS) -> Iterator[tuple[Rows, Rows]]:
        """Yield rows to train on and to test on, `draws` times; a class with fewer labels gives all it has.

        Once, where all of a published split is given: draws would differ in their order only.
        """
        for draw in range(1 if budget is None and self.for_test is not None else draws):
            random = np.random.default_rng((draw, budget or 0))
            sides = [self._split_class(label, budget, random) for label in np.unique(self.labels)]
            train, test = (np.sort(np.concatenate(side)) for side in zip(*sides, strict=True))
            yield train, test

    def _split_class(self, label: str, budget: int | None, random: np.random.Generator) -> tuple[Rows, Rows]:
        rows = np.flatnonzero(self.labels == label)
        if self.for_test is not None:
            train = random.permutation(rows[~self.for_test[rows]])
            return train[:budget], rows[self.for_test[rows]]
        samples = self.spectra.table["sample"][rows]
        if len(np.unique(samples)) == 1:  # one culture, one sample: here only the rows can be parted
            shuffled = random.permutation(rows)
            return shuffled[:budget], shuffled[budget:]
        # whole samples until there are labels enough; what is left of those samples is not tested on
        given: list[str] = []
        for sample in random.permutation(np.unique(samples)):
            if np.isin(samples, given).sum() < (budget or len(rows)):
                given.append(str(sample))
        inside = np.isin(samples, given)
        return random.permutation(rows[inside])[:budget], rows[~inside]


def single_cells(corpus: Path = CORPUS) -> LabelledSpectra:
    """711 single microbial cells of 14 cultures on one axis of 1945 points; the one that ends at 1882 cm⁻¹ is left out.

    The axes of the days differ by at most 0.2 cm⁻¹, a ninth of a sample, and are interpolated onto one.
    """
    with h5py.File(corpus) as file:
        group = file["single_cells"]
        starts, shifts, values = (group[name][:] for name in ("offsets", "axis", "values"))
        labels, samples = (group[name].asstr()[:] for name in ("label", "sample"))
    pieces = [slice(*starts[row : row + 2]) for row in range(len(labels))]
    whole = [row for row, piece in enumerate(pieces) if shifts[piece][-1] > 3000]
    axis = shifts[pieces[whole[0]]].astype(float)
    rows = [np.interp(axis, shifts[pieces[row]], values[pieces[row]]) for row in whole]
    spectra = SpectrumSet.of(axis, rows, laser_nm=532.0, source="single_cells")
    table = {"label": labels[whole].astype(str), "sample": samples[whole].astype(str)}
    return LabelledSpectra("single_cells", spectra.with_table(**table), (1, 5, 10, 20))


def minerals_raw(corpus: Path = CORPUS) -> LabelledSpectra:
    """490 raw spectra of 63 minerals under fluorescence, in the published split of 340 and 150."""
    with h5py.File(corpus) as file:
        groups = [file["minerals_raw_train"], file["minerals_raw_test"]]
        values = [group["values"][:] for group in groups]
        labels: list[Any] = [group["label"].asstr()[:] for group in groups]
    axis = MINERALS_START_CM + np.arange(values[0].shape[1])
    spectra = SpectrumSet.of(axis, np.concatenate(values), source="minerals_raw")
    for_test = np.repeat([False, True], [len(part) for part in values])
    return LabelledSpectra(
        "minerals_raw", spectra.with_table(label=np.concatenate(labels).astype(str)), (1, 5, None), for_test
    )


def microplastics(corpus: Path = CORPUS) -> LabelledSpectra:
    """125 spectra of eleven polymers: 75 pristine and after months in fresh water to learn, 50 from the sea to test."""
    with h5py.File(corpus) as file:
        group = file["microplastics"]
        axis, values = group["axis"][:].astype(float), group["values"][:]
        label, state, sample = (group[name].asstr()[:].astype(str) for name in ("label", "state", "sample"))
    known = label != ""
    table = {"label": label[known], "sample": np.char.strip(sample[known])}
    spectra = SpectrumSet.of(axis, values[known], source="microplastics").with_table(**table)
    about = "Eleven polymers: trained on 75, pristine and after months in fresh water; tested on 50 from sea water."
    return LabelledSpectra("microplastics", spectra, (None,), state[known] == "sea water", about)


def labelled_sets(corpus: Path = CORPUS) -> tuple[LabelledSpectra, LabelledSpectra]:
    """Return both sets that models are compared on during development."""
    return single_cells(corpus), minerals_raw(corpus)
