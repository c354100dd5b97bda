"""The program's own finetune on the spectra of a benchmark, which it looks at once for all draws of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.report import FineTuningResult
from ramanstudio.finetuning.representations import FeatureExtractor
from ramanstudio.finetuning.training import finetune

PLAN = FinetunePlan(importance=False)


def remembered(engine: Engine, spectra: SpectrumSet) -> FeatureExtractor:
    """The engine as teaching sees it, that has looked at `spectra` once and knows them again: draws share the work."""
    denoised = engine.denoise(spectra).spectra
    features = engine.compare([denoised]).features
    place = {row.tobytes(): index for index, row in enumerate(spectra.values)}
    again = {row.tobytes(): index for index, row in enumerate(denoised.values)}

    def denoise(some: SpectrumSet, _: Progress) -> SpectrumSet:
        return some.with_values(denoised.values[[place[row.tobytes()] for row in some.values]])

    def embed(some: SpectrumSet, _: Progress) -> NDArray[np.float32] | None:
        found: NDArray[np.float32] = features[[again[row.tobytes()] for row in some.values]]
        return found if found.shape[1] else None

    return FeatureExtractor(engine.card.name, engine.card.weights_hash, denoise, embed)


def taught(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    labels: NDArray[Any],
    train: NDArray[np.intp],
    groups: NDArray[Any] | None,
    plan: FinetunePlan = PLAN,
) -> FineTuningResult:
    """A model taught the labels of `train` only, all other spectra without one."""
    given = np.full(len(spectra), "", dtype=object)
    given[train] = labels[train]
    return finetune(extractor, spectra, given, groups, plan)
