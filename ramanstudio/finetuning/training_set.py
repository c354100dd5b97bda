"""Spectra of many files made one set to teach by, and what the names of files tell of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import comparison

LABEL, SAMPLE = "{label}", "{sample}"
SEPARATORS: Final = "_- ."
MOST_LOOKED_AT: Final = 1000  # names that a pattern is guessed by


def on_one_axis(sets: Sequence[SpectrumSet]) -> tuple[SpectrumSet, NDArray[np.bool_]]:
    """The spectra of `sets` on one axis (N, B), and which of the sets (S,) they come from: those that share a range.

    Raises StudioError when they share too little.
    """
    kept = np.asarray(comparison.largest_overlap(sets), dtype=bool)
    chosen = [one for one, keep in zip(sets, kept.tolist(), strict=True) if keep]
    axis = comparison.common_axis(chosen)
    if axis is None:
        raise StudioError(
            "These spectra share too little of a range to be taught together.", remedy="Select those of one range."
        )
    return SpectrumSet(axis, resampled(chosen, axis)), kept


def resampled(sets: Sequence[SpectrumSet], axis: NDArray[np.float64]) -> NDArray[np.float32]:
    """The spectra of all `sets` at `axis` (B,), one under the other (N, B)."""
    return np.concatenate([comparison.resampled(one, axis) for one in sets])


def from_names(pattern: str, names: Sequence[str]) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """What `pattern` finds in file names (N,): labels (N,) and samples (N,), empty where it does not fit.

    In a pattern {label} and {sample} stand for what is looked for, * for anything: "{label}_{sample}_*".
    """
    pieces = re.split(r"(\{label\}|\{sample\}|\*)", pattern)
    known = {LABEL: "(?P<label>.+?)", SAMPLE: "(?P<sample>.+?)", "*": ".*"}
    seen: set[str] = set()
    parts = []
    for piece in pieces:
        parts.append(known.get(piece, re.escape(piece)) if piece not in seen else ".+?")
        seen |= {piece} & {LABEL, SAMPLE}
    whole = re.compile("".join(parts))
    found = {name: whole.fullmatch(name) for name in dict.fromkeys(names)}  # of a map all have one name

    def told(what: str) -> NDArray[np.str_]:
        words = {name: (one.groupdict().get(what) or "") if one else "" for name, one in found.items()}
        return np.array([words[name] for name in names], dtype=str)

    return told("label"), told("sample")


def likely_pattern(names: Sequence[str]) -> str:
    """The pattern whose labels part the `names` (N,) of files into classes best: of several spectra each."""
    best, most = f"{LABEL}_*", 0.0
    names = names[:: -(-len(names) // MOST_LOOKED_AT)] if names else names
    for separator in SEPARATORS:
        for pattern in (f"{LABEL}{separator}*", f"*{separator}{LABEL}"):
            labels = from_names(pattern, names)[0]
            classes = len(set(labels[labels != ""].tolist()))
            worth = float(np.mean(labels != "")) if 2 <= classes <= max(2, len(names) // 2) else 0.0
            if worth > most:
                best, most = pattern, worth
    return best
