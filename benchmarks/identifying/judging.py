"""How the judge learns what its evidence is worth, and where it draws its lines."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.identifying.queries import VARIANTS, Minerals, Trials
from ramanstudio.analysis.evidence import NUMBERS
from ramanstudio.analysis.judge import FIRST, LAYERS, NONE_LAYERS, Judge

WIDTH = 64
STEPS, QUERIES_A_STEP, RATE, DECAY = 4000, 512, 6e-3, 0.03
ABSENT_SHARE = 0.25  # of unknowns that no library has: how often a user is taken to ask for one
WRONGLY_UNKNOWN = 0.09  # of substances that the library has
HELD = 0.9
AIM = 0.92  # at which the line is drawn: on specimens that were not learned from, a little is lost

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Evidence (Q, K, D) of queries, which candidate is right (Q,), K where none is, and the fold of each (Q,).

    `here` (Q,): the library has the substance; `whole` (Q,): it is all of rruff, where most look alike.
    """

    evidence: NDArray[np.float32]
    right: NDArray[np.intp]
    here: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    folds: NDArray[np.intp]

    def __getitem__(self, which: NDArray[Any]) -> Lessons:
        return Lessons(*(getattr(self, name)[which] for name in self.__slots__))

    @classmethod
    def of(cls, found: Minerals, trials: Sequence[Trials], variants: Sequence[str] = VARIANTS) -> Lessons:
        """All `trials` in libraries of those `variants`."""
        truth, folds = found.species[found.queries], found.folds[found.queries]
        parts = []
        for one, variant in itertools.product(trials, variants):
            here, whole = "lacking" not in variant, "small" not in variant
            evidence, names = (rows[VARIANTS.index(variant)] for rows in (one.evidence, one.names))
            hit = (names == truth[:, None]) & here
            right = np.where(hit.any(axis=1), hit.argmax(axis=1), names.shape[1])
            parts.append((evidence, right, *(np.full(len(truth), flag) for flag in (here, whole)), folds))
        return cls(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


class _Network(nn.Module):
    """The judge as torch sees it; `Judge` does the same in numpy."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(NUMBERS, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 1)
        self.d, self.e = nn.Linear(2 * NUMBERS, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, seen: Tensor, absent: Tensor) -> Tensor:
        single = self._through(seen, LAYERS)[..., 0].masked_fill(absent, -1e9)
        best = seen[torch.arange(len(seen)), single.argmax(dim=1)]
        there = (~absent[:, :FIRST, None]).float()
        mean = (seen[:, :FIRST] * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
        return torch.cat([single, self._through(torch.cat([best, mean], dim=1), NONE_LAYERS)], dim=1)

    def _through(self, rows: Tensor, layers: tuple[str, ...]) -> Tensor:
        for layer in layers:
            rows = getattr(self, layer)(rows)
            if layer != layers[-1]:
                rows = nn.functional.silu(rows)
        return rows


def learn(lessons: Lessons, seed: int = 0) -> Weights:
    """Weights from all `lessons`; the lines are drawn by a first try on the fifth of them that it did not see."""
    apart = lessons.folds == lessons.folds.max()
    first = _fitted(lessons[~apart], seed)
    lines = _lines(Judge(first), lessons[apart & lessons.whole])
    return {**_fitted(lessons, seed), **lines}


def _fitted(lessons: Lessons, seed: int) -> Weights:
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    there = lessons.evidence[~np.isnan(lessons.evidence[..., 0])]
    mean, spread = there.mean(axis=0), there.std(axis=0) + 1e-6
    seen = torch.from_numpy(((np.nan_to_num(lessons.evidence) - mean) / spread).astype(np.float32))
    absent = torch.from_numpy(np.isnan(lessons.evidence[..., 0]))
    right = torch.from_numpy(lessons.right)
    places = [np.flatnonzero(lessons.here), np.flatnonzero(~lessons.here)]
    lacking = round(ABSENT_SHARE * QUERIES_A_STEP)
    network = _Network()
    learner = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(learner, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        some = np.concatenate([random.choice(places[0], QUERIES_A_STEP - lacking), random.choice(places[1], lacking)])
        loss = nn.functional.cross_entropy(network(seen[some], absent[some]), right[some])
        learner.zero_grad()
        loss.backward()
        learner.step()
        pace.step()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    return {**weights, "mean": mean.astype(np.float32), "spread": spread.astype(np.float32)}


def _lines(judge: Judge, lessons: Lessons) -> Weights:
    """From where on a spectrum is unknown, and what the chances of the candidates add up to that hold the truth."""
    chances = judge.chances(lessons.evidence)
    unknown_from = np.quantile(chances[lessons.here, -1], 1 - WRONGLY_UNKNOWN)
    held = min(float(np.quantile(cumulated(chances, lessons)[lessons.here], AIM)), 0.9999)
    return {"unknown_from": np.float32([unknown_from]), "held": np.float32([held])}


def cumulated(chances: NDArray[np.float32], lessons: Lessons) -> NDArray[np.float32]:
    """What the chances of the candidates before the right one add up to, of those that are there; 1 where none is."""
    among = chances[:, :-1] / np.maximum(1 - chances[:, -1:], 1e-6)
    order = np.argsort(-among, axis=1, kind="stable")
    sorted_sums = np.cumsum(np.take_along_axis(among, order, axis=1), axis=1)
    place = (order == lessons.right[:, None]).argmax(axis=1)
    before = (
        sorted_sums[np.arange(len(place)), place] - among[np.arange(len(place)), order[np.arange(len(place)), place]]
    )
    found: NDArray[np.float32] = np.where(lessons.right < among.shape[1], before, 1).astype(np.float32)
    return found
