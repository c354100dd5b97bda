"""What a person should see: labels that spectra contradict, duplicates, bands relied on, and what to label next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.classifiers import half_distances
from ramanstudio.finetuning.report import ImportantRange, Misclassification
from ramanstudio.signal.pca import unit_rows

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

SURE, HARDLY = 0.8, 0.05  # of another class, and of the label's own, where the spectrum contradicts the label
SAME: Final = 1e-6  # half of the squared distance between spectra of unit length that are one and the same
MOST_COMPARED: Final = 4000
BANDS, WINDOWS, LOOKED_AT = 5, 32, 20  # bands told, ranges that are taken away one by one, spectra that is done to
NARROWEST_CM: Final = 20.0
NEXT: Final = 5


def confusion(probabilities: Floats, which: Places, classes: int) -> NDArray[np.intp]:
    """How many held-out spectra of each true class (a row) were given each class (a column) (K, K)."""
    counts = np.zeros((classes, classes), dtype=np.intp)
    np.add.at(counts, (which, np.argmax(probabilities, axis=1)), 1)
    return counts


def doubts(
    probabilities: Floats, which: Places, classes: Sequence[str], places: Places
) -> tuple[Misclassification, ...]:
    """The held-out spectra that were named wrong, the surest first; `probabilities` (M, K), the rest (M,)."""
    told = np.argmax(probabilities, axis=1)
    wrong = np.flatnonzero(told != which)
    wrong = wrong[np.argsort(-probabilities[wrong, told[wrong]], kind="stable")]
    return tuple(
        Misclassification(
            int(places[one]), classes[which[one]], classes[told[one]], float(probabilities[one, told[one]])
        )
        for one in wrong
    )


def suspects(
    found: Sequence[Misclassification], probabilities: Floats, which: Places, places: Places
) -> tuple[Misclassification, ...]:
    """Of the doubts those where another class is nearly sure and the label's own next to impossible."""
    own = dict(zip(places.tolist(), probabilities[np.arange(len(which)), which].tolist(), strict=True))
    return tuple(one for one in found if one.probability >= SURE and own[one.place] <= HARDLY)


def duplicates(values: Floats, places: Places) -> tuple[tuple[int, ...], ...]:
    """Sets of places whose spectra (n, B) are one and the same but for scale and offset."""
    rows = unit_rows(values[:MOST_COMPARED].astype(np.float64))
    left, found = set(range(len(rows))), list[tuple[int, ...]]()
    close = half_distances(rows, rows) < SAME
    for row in range(len(rows)):
        alike = [int(other) for other in np.flatnonzero(close[row]) if other in left]
        if row in left and len(alike) > 1:
            found.append(tuple(int(places[one]) for one in alike))
            left -= set(alike)
    return tuple(found)


def next_to_label(probabilities: Floats, rows: Floats, places: Places, many: int = NEXT) -> tuple[int, ...]:
    """Select unlabelled spectra whose labels would help most: the most uncertain, unlike each other.

    `probabilities` (M, K), representation `rows` (M, D), `places` (M,). Uncertainty is the entropy of the predicted
    probabilities; each selected spectrum lowers the worth of its neighbours (active learning with diversity).
    """
    if not len(places):
        return ()
    doubt = -np.sum(probabilities * np.log(np.maximum(probabilities, 1e-12)), axis=1)
    some = np.argsort(-doubt, kind="stable")[: 20 * many]
    doubt, rows = doubt[some], rows[some]
    apart, chosen = np.ones(len(some)), list[int]()
    for _ in range(min(many, len(some))):
        worth = doubt * apart
        worth[chosen] = -1
        chosen.append(int(np.argmax(worth)))
        distance = half_distances(rows, rows[chosen[-1:]])[:, 0]
        apart = np.minimum(apart, distance / max(float(distance.max()), 1e-12))
    return tuple(int(places[some[one]]) for one in chosen)


def looked_at(which: Places, most: int = LOOKED_AT) -> Places:
    """A few of the labelled spectra, of each class in turn."""
    rank = np.empty(len(which), dtype=np.intp)
    for one in np.unique(which):
        rank[which == one] = np.arange(np.sum(which == one))
    return np.sort(np.lexsort((which, rank))[:most])


def relied_on(
    raw: SpectrumSet,
    denoised: SpectrumSet,
    which: Places,
    probabilities: Callable[[SpectrumSet, SpectrumSet], Floats],
) -> tuple[ImportantRange, ...]:
    """The ranges without which a model is least sure of the right class, the weightiest first.

    Each range in turn is replaced by a straight line, in the `raw` spectra and in the `denoised` ones; `probabilities`
    (N, K) are what the model then says.
    """
    axis, many = raw.axis, len(raw)
    windows = max(2, min(WINDOWS, int((axis[-1] - axis[0]) / NARROWEST_CM), raw.points // 4))
    ends = np.linspace(0, raw.points, windows + 1).astype(int)
    flat = [
        (_flattened(raw, low, high), _flattened(denoised, low, high))
        for low, high in [(0, 0), *zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
    ]
    told = probabilities(*(_stacked_half(flat, part, raw) for part in (0, 1)))
    own = np.log(np.maximum(told[np.arange(len(told)), np.tile(which, windows + 1)], 1e-12)).reshape(-1, many)
    loss = np.mean(own[0] - own[1:], axis=1)
    order = [int(one) for one in np.argsort(-loss)[:BANDS] if loss[one] > 0]
    return tuple(
        ImportantRange(float(axis[ends[one]]), float(axis[min(ends[one + 1], len(axis) - 1)]), float(loss[one]))
        for one in order
    )


def _stacked_half(flat: Sequence[tuple[Floats, Floats]], part: int, like: SpectrumSet) -> SpectrumSet:
    """One half of the flattened pairs, below each other, as a set on the axis of `like`."""
    return SpectrumSet(like.axis, np.concatenate([pair[part] for pair in flat]))


def _flattened(spectra: SpectrumSet, low: int, high: int) -> Floats:
    """The intensities with a straight line from sample `low` to before sample `high`."""
    values = spectra.values.copy()
    if high > low:
        first, last = max(low - 1, 0), min(high, spectra.points - 1)
        share = np.linspace(0, 1, last - first + 1)
        values[:, first : last + 1] = values[:, [first]] * (1 - share) + values[:, [last]] * share
    return values
