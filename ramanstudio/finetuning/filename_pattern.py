"""Labels and sample names read from file names by a pattern such as `{label}_{sample}_*`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

LABEL, SAMPLE = "{label}", "{sample}"
SEPARATORS: Final = "_- ."
MAX_NAMES: Final = 1000  # that a pattern is guessed from


def match_pattern(pattern: str, names: Sequence[str]) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """Return the labels (N,) and samples (N,) that `pattern` finds in file names (N,); empty where it does not match.

    In a pattern {label} and {sample} stand for what is looked for, * for anything.
    """
    pieces = re.split(r"(\{label\}|\{sample\}|\*)", pattern)
    expressions = {LABEL: "(?P<label>.+?)", SAMPLE: "(?P<sample>.+?)", "*": ".*"}
    used: set[str] = set()
    parts = []
    for piece in pieces:
        parts.append(expressions.get(piece, re.escape(piece)) if piece not in used else ".+?")
        used |= {piece} & {LABEL, SAMPLE}
    expression = re.compile("".join(parts))
    matches = {name: expression.fullmatch(name) for name in dict.fromkeys(names)}  # all spectra of a map share a name

    def group(key: str) -> NDArray[np.str_]:
        words = {name: (match.groupdict().get(key) or "") if match else "" for name, match in matches.items()}
        return np.array([words[name] for name in names], dtype=str)

    return group("label"), group("sample")


def guess_pattern(names: Sequence[str]) -> str:
    """Return the pattern whose labels divide the file `names` (N,) best into classes of several spectra each."""
    best, best_share = f"{LABEL}_*", 0.0
    names = names[:: -(-len(names) // MAX_NAMES)] if names else names
    for separator in SEPARATORS:
        for pattern in (f"{LABEL}{separator}*", f"*{separator}{LABEL}"):
            labels = match_pattern(pattern, names)[0]
            n_classes = len(set(labels[labels != ""].tolist()))
            share = float(np.mean(labels != "")) if 2 <= n_classes <= max(2, len(names) // 2) else 0.0
            if share > best_share:
                best, best_share = pattern, share
    return best
