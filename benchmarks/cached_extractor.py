"""The program's own fine-tuning on the spectra of a benchmark, which are denoised once for all draws of labels."""

from __future__ import annotations

import hashlib
from pathlib import Path
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


def cached_extractor(engine: Engine, spectra: SpectrumSet, folder: Path | None = None) -> FeatureExtractor:
    """Return the feature extractor of `engine` that knows `spectra` (N, B) already: draws of labels share the work.

    With a `folder`, denoised spectra and features are kept there for the next run.
    """
    denoised, features = _denoise_and_embed(engine, spectra, folder)
    raw_rows = {row.tobytes(): index for index, row in enumerate(spectra.values)}
    denoised_rows = {row.tobytes(): index for index, row in enumerate(denoised.values)}

    def denoise(subset: SpectrumSet, _: Progress) -> SpectrumSet:
        return subset.with_values(denoised.values[[raw_rows[row.tobytes()] for row in subset.values]])

    def embed(subset: SpectrumSet, _: Progress) -> NDArray[np.float32] | None:
        rows: NDArray[np.float32] = features[[denoised_rows[row.tobytes()] for row in subset.values]]
        return rows if rows.shape[1] else None

    return FeatureExtractor(engine.card.name, engine.card.weights_hash, denoise, embed)


def _denoise_and_embed(
    engine: Engine, spectra: SpectrumSet, folder: Path | None
) -> tuple[SpectrumSet, NDArray[np.float32]]:
    """Return the denoised spectra (N, B) and their features (N, D), from the `folder` where they are kept."""
    key = engine.card.weights_hash.encode() + spectra.axis.tobytes() + spectra.values.tobytes()
    path = None if folder is None else folder / f"{hashlib.sha256(key).hexdigest()[:24]}.npz"
    if path is not None and path.exists():
        with np.load(path) as kept:
            return spectra.with_values(kept["denoised"]), kept["features"]
    denoised = engine.denoise(spectra).spectra
    features = engine.compare([denoised]).features
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, denoised=denoised.values, features=features)
    return denoised, features


def finetune_on(
    extractor: FeatureExtractor,
    spectra: SpectrumSet,
    labels: NDArray[Any],
    train: NDArray[np.intp],
    groups: NDArray[Any] | None,
    plan: FinetunePlan = PLAN,
) -> FineTuningResult:
    """Return a model trained on the labels (N,) of the rows `train` only; all other spectra are unlabelled."""
    given = np.full(len(spectra), "", dtype=object)
    given[train] = labels[train]
    return finetune(extractor, spectra, given, groups, plan)
