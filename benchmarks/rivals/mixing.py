"""Two ways to take a mixture apart that need no more than least squares: thresholds on all, and one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from benchmarks.mixed import KnownMixture, References
from ramanstudio.signal.spectral_features import baseline

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a method says: the fraction of each substance, and its standard error where it gives one."""

    fractions: Mapping[str, float]
    errors: Mapping[str, float]


def on_one_axis(mixed: KnownMixture, few: References) -> tuple[Floats, Floats, list[str]]:
    """For the rivals: the query (B,) and the references (R, B) without baselines, each reference of unit area."""
    low = max(mixed.spectrum.axis[0], *(spectrum.axis[0] for spectrum in few.spectra))
    high = min(mixed.spectrum.axis[-1], *(spectrum.axis[-1] for spectrum in few.spectra))
    axis = mixed.spectrum.axis[(mixed.spectrum.axis >= low) & (mixed.spectrum.axis <= high)]
    rows = np.stack([np.interp(axis, spectrum.axis, spectrum.values[0]) for spectrum in [mixed.spectrum, *few.spectra]])
    rows -= baseline(axis, rows)
    areas = np.maximum(rows, 0).sum(axis=1, keepdims=True)
    return rows[0], rows[1:] / areas[1:], [str(name) for name in few.names]


def by_name(names: Sequence[str], heights: Floats, least: float) -> Found:
    """Fractions of the substances above `least`, which add up to one."""
    total: dict[str, float] = {}
    for name, height in zip(names, heights, strict=True):
        total[name] = total.get(name, 0.0) + float(height)
    whole = sum(total.values()) or 1.0
    kept = {name: height for name, height in total.items() if height / whole >= least}
    return Found({name: height / sum(kept.values()) for name, height in kept.items()}, {})


def least_squares(mixed: KnownMixture, few: References, least: float) -> Found:
    """Non-negative least squares over all candidates; what is above the threshold is said to be there."""
    query, references, names = on_one_axis(mixed, few)
    return by_name(names, nnls(references.T, query, maxiter=60 * len(names))[0], least)


def subtraction(mixed: KnownMixture, few: References, least: float) -> Found:
    """The best hit by correlation, fitted and subtracted, while its share is above the threshold."""
    query, references, names = on_one_axis(mixed, few)
    unit = references - references.mean(axis=1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    heights, left = np.zeros(len(names)), query.copy()
    for _ in range(4):
        best = int(np.argmax(unit @ (left - left.mean())))
        height = float(references[best] @ left / (references[best] @ references[best]))
        if height <= 0 or height / (heights.sum() + height) < least:
            break
        heights[best] += height
        left = left - height * references[best]
    return by_name(names, heights, least)
