"""The floors under the figures of benchmarks/RESULTS.md on real repeats: a weaker model is never shipped unseen."""

import numpy as np
import pytest

from benchmarks.denoise import FLOORS
from benchmarks.repeats import CORPUS, conditions
from ramanstudio.engine import Engine

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus of real repeats is not on this machine")


def test_the_shipped_model_keeps_its_bars_on_real_repeats():
    engine = Engine.load(device="cpu")
    for condition, bar in zip(conditions(), FLOORS, strict=True):
        denoised = engine.denoise(condition.raw)
        before, after = condition.error(condition.raw.values), condition.error(denoised.spectra.values)
        assert np.median(before / after) >= bar, condition.name
        assert np.mean(before / after < 10 ** (-0.1 / 20)) <= 0.01, condition.name
        if condition.name.startswith("mixture"):
            claimed = np.sqrt(np.mean(denoised.expected_error**2, axis=1))
            assert 0.8 < np.median(after / claimed) < 1.25, condition.name
