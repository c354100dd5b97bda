"""How labelled spectra are parted to choose by and to measure: repeats of one sample never fall on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]
MOST, FEWER = 10, 5  # folds where spectra are few, and where they are many
FEW = 350  # spectra
NOT_TESTED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """In which fold each labelled spectrum is tested (n,), NOT_TESTED where it is always learned from.

    `unit` (n,) numbers what stays together: a sample, or a spectrum of a class that has no two samples. `by_sample`
    tells whether anything is kept together; `sole` names the classes (by number) with one sample only, whose spectra
    are parted one by one; `single` those with one spectrum, of which none can be held out.
    """

    fold: Places
    unit: Places
    by_sample: bool
    sole: tuple[int, ...]
    single: tuple[int, ...]

    @property
    def tested(self) -> NDArray[np.bool_]:
        return np.asarray(self.fold != NOT_TESTED)

    @property
    def learned_share(self) -> float:
        """How much of the labelled spectra is learned from while some are held out, on the average."""
        splits = self.splits()
        return float(np.mean([len(learn) for learn, _ in splits]) / len(self.fold)) if splits else 1.0

    def splits(self) -> list[tuple[Places, Places]]:
        """Places to learn from and places to test on, fold by fold."""
        return [
            (np.flatnonzero(self.fold != one), np.flatnonzero(self.fold == one))
            for one in np.unique(self.fold[self.tested])
        ]


def deal(which: Places, samples: Places | None, folds: int = 0, seed: int = 0) -> Folds:
    """Folds of spectra of the classes `which` (n,), each class spread over them; `samples` (n,) numbers the samples."""
    unit, sole = np.arange(len(which)), []
    if samples is not None:
        unit = samples + len(which)
        for one in np.unique(which):
            mine = which == one
            if len(np.unique(samples[mine])) < 2:
                sole.append(int(one))
                unit[mine] = np.flatnonzero(mine)
    single = tuple(int(one) for one in np.unique(which) if np.sum(which == one) < 2)
    by_sample = samples is not None and len(np.unique(unit)) < len(unit)
    most = max((len(np.unique(unit[which == one])) for one in np.unique(which)), default=1)
    many = min(folds or (MOST if len(which) <= FEW else FEWER), most)
    fold = np.full(len(which), NOT_TESTED)
    if many >= 2:
        fold = _dealt(which, unit, many, np.random.default_rng(seed))
        fold[np.isin(which, single)] = NOT_TESTED
    return Folds(fold, unit, by_sample, tuple(sole), single)


def _dealt(which: Places, samples: Places, many: int, random: np.random.Generator) -> Places:
    """The samples, largest first, each to the fold that has least of its classes, and of those the smallest."""
    names, inside = np.unique(samples, return_inverse=True)
    held = np.zeros((len(names), int(which.max()) + 1))
    np.add.at(held, (inside, which), 1)
    order = random.permutation(len(names))
    order = order[np.argsort(-held[order].sum(axis=1), kind="stable")]
    filled = np.zeros((many, held.shape[1]))
    place = np.empty(len(names), dtype=np.intp)
    for one in order:
        mine = held[one]
        crowd = filled @ mine * 1e6 + filled.sum(axis=1)
        place[one] = int(np.argmin(crowd))
        filled[place[one]] += mine
    return place[inside]
