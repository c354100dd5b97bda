"""Train the trees that tell cosmic rays from lines: python tools/train_cosmic_rays.py CORPUS.h5

Spikes of one to five points are put into real spectra of an HDF5 corpus, some of them sampled more coarsely or made
noisier. Spectra with spikes of their own (six standard deviations above a median filter over seven points) are left out
where lines are broad. Writes weights.safetensors and card.json into models/processing/cosmic-rays, in two minutes.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ramanstudio.signal.cosmic_rays import (  # noqa: E402
    MODEL,
    N_FEATURES,
    candidate_features,
    find_candidates,
    local_noise,
)
from ramanstudio.signal.snr import noise_sigma  # noqa: E402
from tools.train_ranker import tree_arrays  # noqa: E402

Floats = NDArray[np.floating[Any]]

# How many spectra of each group are drawn.
SPECTRA: Final = {
    "rruff": 2200, "saliva": 500, "single_cells": 500, "exposure_mixture_01": 300, "power_series_a": 25, "glasses": 150,
    "microplastics": 120, "cdph": 260, "serum_sers": 250, "cell_map": 400, "minerals_raw_train": 300, "sic": 60,
    "reagents": 35, "paracetamol_plates": 100, "four_classes": 100,
}  # fmt: skip
CLEAN: Final = ("rruff", "cdph", "power_series_a", "microplastics", "reagents")  # of high SNR: noise is added
NARROW: Final = ("rruff", "cdph", "microplastics")  # also sampled two to four times more coarsely
BROAD: Final = (
    "saliva",
    "single_cells",
    "serum_sers",
    "cell_map",
    "exposure_mixture_01",
    "paracetamol_plates",
    "four_classes",
)
DRAWS: Final = 2  # of spikes for each spectrum
WIDTHS: Final = (0.38, 0.3, 0.17, 0.11, 0.04)  # of spikes of 1 … 5 points
HEIGHTS: Final = (5.0, 600.0)  # standard deviations of the noise, log-uniform
MOST_SPIKES: Final = 4
TREES: Final = {
    "max_iter": 300,
    "learning_rate": 0.07,
    "max_leaf_nodes": 24,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
}


def main(corpus: Path, seed: int = 3) -> None:
    """Train, and write the model."""
    from safetensors.numpy import save
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(seed)
    features, is_spike, used = [], [], dict.fromkeys(SPECTRA, 0)
    for group, spectrum in _spectra(corpus, rng):
        used[group] += 1
        for _ in range(DRAWS):
            rows, labels = _candidates_of(_varied(spectrum, group, rng), group, rng)
            features.append(rows)
            is_spike.append(labels)
    rows, labels = np.concatenate(features), np.concatenate(is_spike)
    print(f"{len(rows)} candidates, {int(labels.sum())} spikes")
    classifier = HistGradientBoostingClassifier(**TREES, early_stopping=False, random_state=seed).fit(rows, labels)
    arrays = {f"spikes.{name}": np.ascontiguousarray(array) for name, array in tree_arrays(classifier).items()}
    folder = ROOT / "models" / "processing" / MODEL
    folder.mkdir(parents=True, exist_ok=True)
    content = save(arrays)
    (folder / "weights.safetensors").write_bytes(content)
    card = {
        "name": MODEL,
        "description": "Boosted trees that tell cosmic rays from lines, trained on spikes put into real spectra.",
        "features": N_FEATURES,
        "candidates": len(rows),
        "spikes": int(labels.sum()),
        "trained_on": {group: count for group, count in used.items() if count},
        "seed": seed,
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
        "cite": "RRUFF: Lafuente et al. 2015",
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    print(f"{folder}: {len(content) / 1e6:.2f} MB")


def _spectra(corpus: Path, rng: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    import h5py

    with h5py.File(corpus) as file:
        for group, most in SPECTRA.items():
            if group not in file:
                continue
            values, offsets = file[group]["values"], file[group].get("offsets")
            n_spectra = len(values) if offsets is None else len(offsets) - 1
            for index in np.sort(rng.permutation(n_spectra)[:most]):
                row = values[index] if offsets is None else values[offsets[index] : offsets[index + 1]]
                spectrum = np.asarray(row, dtype=np.float64)
                if len(spectrum) >= 80 and np.isfinite(spectrum).all() and np.ptp(spectrum) > 0:
                    yield group, spectrum


def _varied(spectrum: Floats, group: str, rng: np.random.Generator) -> Floats:
    factor = int(rng.integers(2, 5))
    if group in NARROW and rng.random() < 0.6 and len(spectrum) // factor > 120:
        spectrum = spectrum[: len(spectrum) // factor * factor].reshape(-1, factor).mean(axis=1)
    if group in CLEAN:
        snr = np.exp(rng.uniform(np.log(8), np.log(1500)))
        spectrum = spectrum + rng.normal(0, np.ptp(spectrum) / snr, len(spectrum))
    return spectrum


def _candidates_of(spectrum: Floats, group: str, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    from scipy.ndimage import median_filter

    nothing = np.empty((0, N_FEATURES)), np.empty(0, dtype=bool)
    sigma = float(noise_sigma(spectrum[None])[0])
    if sigma <= 0 or (group in BROAD and ((spectrum - median_filter(spectrum, 7)) > 6 * sigma).any()):
        return nothing
    added = np.zeros_like(spectrum)
    for _ in range(int(rng.integers(0, MOST_SPIKES + 1))):
        width = int(rng.choice(np.arange(1, 6), p=WIDTHS))
        start = int(rng.integers(2, len(spectrum) - width - 2))
        profile = rng.uniform(0.2, 1, width)
        height = np.exp(rng.uniform(*np.log(HEIGHTS))) * sigma
        added[start : start + width] = np.maximum(added[start : start + width], profile / profile.max() * height)
    values = (spectrum + added)[None]
    noise = local_noise(values)
    candidates = find_candidates(values, noise)
    if not len(candidates):
        return nothing
    labels = added[candidates.top] > 2 * sigma
    return candidate_features(values, noise, candidates), labels


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
