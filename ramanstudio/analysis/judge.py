"""How credible each candidate is, by all readings at once: a small network that also knows "none of these"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.errors import StudioError
from ramanstudio.paths import shipped

Floats = NDArray[np.floating[Any]]

FIRST: Final = 5  # candidates whose mean "none of these" is judged by, beside the best
LAYERS: Final = ("a", "b", "c")  # of the part that looks at one candidate
NONE_LAYERS: Final = ("d", "e")  # of the part that says "none of these"


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Weights by name, and where the lines are drawn.

    `mean` and `spread` (D,) bring a candidate's evidence to one scale. It is unknown when "none of these" is at least
    `unknown_from`; the candidates whose chances add up to `held` hold the truth nine times in ten. All were learned on
    specimens held apart (benchmarks/identify.py).
    """

    weights: Mapping[str, NDArray[np.float32]]

    @property
    def unknown_from(self) -> float:
        """From which chance of "none of these" on a spectrum is unknown."""
        return float(self.weights["unknown_from"][0])

    @property
    def held(self) -> float:
        """What the chances of the candidates add up to that hold the truth nine times in ten."""
        return float(self.weights["held"][0])

    def chances(self, evidence: Floats) -> NDArray[np.float32]:
        """The chance of each of K candidates by its `evidence` (N, K, D), and of none of them -> (N, K + 1).

        Candidates that are not there have NaN, and no chance.
        """
        absent = np.isnan(evidence[..., 0])
        seen = (np.nan_to_num(evidence) - self.weights["mean"]) / self.weights["spread"]
        single = self._through(seen, LAYERS)[..., 0]
        single[absent] = -np.inf
        none = self._through(self._first(seen, single, absent), NONE_LAYERS)
        scores = np.concatenate([single, none], axis=1)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances: NDArray[np.float32] = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
        return chances

    def _first(self, seen: Floats, single: Floats, absent: NDArray[np.bool_]) -> Floats:
        """What "none of these" is judged by: the best candidate, and the mean of the first few."""
        best = seen[np.arange(len(seen)), single.argmax(axis=1)]
        there = ~absent[:, :FIRST, None]
        mean = (seen[:, :FIRST] * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        return np.concatenate([best, mean], axis=1)

    def _through(self, rows: Floats, layers: tuple[str, ...]) -> Floats:
        for layer in layers:
            rows = rows @ self.weights[f"{layer}.weight"].T + self.weights[f"{layer}.bias"]
            if layer != layers[-1]:
                rows = rows / (1 + np.exp(-np.clip(rows, -60, 60)))  # SiLU
        return rows


@cache
def judge(path: Path | None = None) -> Judge:
    """The judge that is shipped, or that in `path`. Raises StudioError when the file is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = path or shipped("resources") / "judge.safetensors"
    try:
        return Judge(load_file(path))
    except (OSError, ValueError, SafetensorError) as error:
        raise StudioError(f"'{path.name}', which weighs matches, is damaged.", remedy="Install again.") from error
