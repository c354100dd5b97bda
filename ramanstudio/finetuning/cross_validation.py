"""Cross-validation folds: stratified by class, with the replicates of a sample always in one fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.intp]
FOLDS_OF_FEW, FOLDS_OF_MANY = 10, 5
FEW_SPECTRA: Final = 350
NOT_TESTED: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """The fold in which each of n labelled spectra is held out.

    `fold` (n,) is NOT_TESTED for spectra that are always trained on. `group` (n,) numbers what stays in one fold: a
    sample, or a single spectrum of a class that has only one sample. `by_sample` tells whether any group has several
    spectra. `single_sample_classes` (class numbers) have one sample, whose spectra are split one by one;
    `single_spectrum_classes` have one spectrum, which is never held out.
    """

    fold: IntArray
    group: IntArray
    by_sample: bool
    single_sample_classes: tuple[int, ...]
    single_spectrum_classes: tuple[int, ...]

    @property
    def tested(self) -> NDArray[np.bool_]:
        """Whether each spectrum is held out once (N,)."""
        return np.asarray(self.fold != NOT_TESTED)

    @property
    def training_share(self) -> float:
        """The mean share of the labelled spectra in the training set of a fold."""
        splits = self.splits()
        return float(np.mean([len(train) for train, _ in splits]) / len(self.fold)) if splits else 1.0

    def describe(self, n_candidates: int, was_stopped: bool) -> str:
        """Return how candidates were compared, in a sentence for the card of a model."""
        candidates = "1 candidate" if n_candidates == 1 else f"{n_candidates} candidates"
        stopped = " before training was stopped" if was_stopped else ""
        n_folds = len(np.unique(self.fold[self.tested]))
        if not n_folds:
            return f"{candidates} trained, without cross-validation{stopped}."
        by_sample = ", replicates of a sample in one fold" if self.by_sample else ""
        return f"{candidates} evaluated by {n_folds}-fold cross-validation{by_sample}{stopped}."

    def splits(self) -> list[tuple[IntArray, IntArray]]:
        """Return the indices to train on (T,) and to test on (S,), fold by fold."""
        return [
            (np.flatnonzero(self.fold != number), np.flatnonzero(self.fold == number))
            for number in np.unique(self.fold[self.tested])
        ]


def assign_folds(targets: IntArray, samples: IntArray | None, n_folds: int = 0, seed: int = 0) -> Folds:
    """Return folds for spectra with class numbers `targets` (N,) and sample numbers `samples` (N,), if known.

    `n_folds` of 0 chooses 10 for up to 350 spectra, else 5, and no more than a class has samples.
    """
    group, single_sample = np.arange(len(targets)), []
    if samples is not None:
        group = samples + len(targets)
        for target in np.unique(targets):
            members = targets == target
            if len(np.unique(samples[members])) < 2:
                single_sample.append(int(target))
                group[members] = np.flatnonzero(members)
    single_spectrum = tuple(int(target) for target in np.unique(targets) if np.sum(targets == target) < 2)
    by_sample = samples is not None and len(np.unique(group)) < len(group)
    most_groups = max((len(np.unique(group[targets == target])) for target in np.unique(targets)), default=1)
    n_folds = min(n_folds or (FOLDS_OF_FEW if len(targets) <= FEW_SPECTRA else FOLDS_OF_MANY), most_groups)
    fold = np.full(len(targets), NOT_TESTED)
    if n_folds >= 2:
        fold = _deal_groups(targets, group, n_folds, np.random.default_rng(seed))
        fold[np.isin(targets, single_spectrum)] = NOT_TESTED
    return Folds(fold, group, by_sample, tuple(single_sample), single_spectrum)


def _deal_groups(targets: IntArray, group: IntArray, n_folds: int, rng: np.random.Generator) -> IntArray:
    """Return the fold (n,) of each spectrum: groups, largest first, go where their classes are rarest.

    Of equally suitable folds the smallest gets the group.
    """
    names, codes = np.unique(group, return_inverse=True)
    class_counts = np.zeros((len(names), int(targets.max()) + 1))
    np.add.at(class_counts, (codes, targets), 1)
    order = rng.permutation(len(names))
    order = order[np.argsort(-class_counts[order].sum(axis=1), kind="stable")]
    filled = np.zeros((n_folds, class_counts.shape[1]))
    fold_of_group = np.empty(len(names), dtype=np.intp)
    for number in order:
        counts = class_counts[number]
        crowding = filled @ counts * 1e6 + filled.sum(axis=1)
        fold_of_group[number] = int(np.argmin(crowding))
        filled[fold_of_group[number]] += counts
    return fold_of_group[codes]
