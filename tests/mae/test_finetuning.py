"""Features learned anew on labelled spectra: better than before, stoppable, taken up again, and careful with memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.representations import FeatureExtractor
from ramanstudio.finetuning.training import finetune
from ramanstudio.mae import finetuning
from ramanstudio.mae.config import EmbedderConfig
from ramanstudio.mae.embedder import Embedder
from ramanstudio.mae.finetuning import DeviceMemoryFull, Epoch, FeatureTuner
from ramanstudio.signal.resampling import resample_to_grid

AXIS = np.linspace(300, 1700, 300)
SMALL = EmbedderConfig(width=16, heads=2, layers=1, features=8)


def hidden_classes(n_spectra: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Two classes: whether two weak lines lie together or apart, among strong ones that say nothing."""
    draw = np.random.default_rng(0)
    which = np.arange(n_spectra) % 2
    strong = np.exp(-0.5 * ((AXIS - draw.uniform(350, 1650, (n_spectra, 1))) / 12) ** 2)
    weak = np.exp(-0.5 * ((AXIS - np.where(which, 700.0, 1200.0)[:, None]) / 12) ** 2)
    return (strong + 0.6 * weak + 0.03 * draw.standard_normal((n_spectra, len(AXIS)))).astype(np.float32), which


def tuner() -> FeatureTuner:
    torch.manual_seed(1)
    return FeatureTuner(Embedder(SMALL).eval(), "cpu")


def apart_of(which: np.ndarray) -> np.ndarray:
    return np.arange(len(which)) % 5 == 0


def learn(item: FeatureTuner, epochs: int = 5, **how) -> tuple[dict[str, np.ndarray], list[Epoch]]:
    values, which = hidden_classes()
    seen: list[Epoch] = []
    return item.learn(AXIS, values, which, apart_of(which), epochs, show=seen.append, **how), seen


def test_the_loss_falls_and_the_same_seed_gives_the_same_weights():
    first, seen = learn(tuner())
    again, _ = learn(tuner())
    assert seen[-1].loss < seen[0].loss
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_the_learning_rate_decays_as_a_cosine_to_a_fiftieth():
    values, which = hidden_classes(10)
    rows, measured = resample_to_grid(SMALL, AXIS, values)
    run = finetuning._TuningRun(
        Embedder(SMALL), rows, measured, which, apart_of(which), epochs=4, seed=0, device=torch.device("cpu")
    )
    rates = []
    for _ in range(4):
        run.take_epoch(lambda: None)
        rates.append(run.optimizer.param_groups[0]["lr"])
    cosine = (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    assert rates == pytest.approx(finetuning.LEARNING_RATE * (0.02 + 0.98 * cosine))


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path):
    whole, _ = learn(tuner(), seed=3)
    kept = tmp_path / "run.safetensors"

    class Killed(Exception):
        pass

    def die(epoch: Epoch) -> None:
        if epoch.number == 3:
            raise Killed

    values, which = hidden_classes()
    with pytest.raises(Killed):
        tuner().learn(AXIS, values, which, apart_of(which), 5, 3, kept, show=die)
    assert kept.exists()
    messages: list[str] = []
    resumed, seen = learn(tuner(), seed=3, checkpoint_path=kept, progress=Progress(on_warning=messages.append))
    assert messages == ["Training on these labels was interrupted: it resumes after epoch 2."]
    assert seen[0].number == 3 and not kept.exists()
    assert all(np.allclose(whole[name], resumed[name], atol=1e-5) for name in whole)


def test_a_checkpoint_that_is_damaged_is_as_good_as_none(tmp_path):
    kept = tmp_path / "run.safetensors"
    kept.write_bytes(b"half a file")
    _, seen = learn(tuner(), epochs=2, checkpoint_path=kept)
    assert [item.number for item in seen] == [1, 2]


def test_stopped_after_an_epoch_it_gives_the_best_so_far_and_before_nothing():
    values, which = hidden_classes()
    seen: list[Epoch] = []
    stop = Progress(is_cancelled=lambda: bool(seen))
    weights = tuner().learn(AXIS, values, which, apart_of(which), 50, progress=stop, show=seen.append)
    assert len(seen) == 1 and tuner().features(AXIS, values, weights).shape == (40, 8)
    with pytest.raises(Cancelled):
        tuner().learn(AXIS, values, which, apart_of(which), 5, progress=Progress(is_cancelled=lambda: True))


def full_above(batch: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A device whose memory holds `batch` spectra; the sizes that were tried."""
    tried: list[int] = []
    step = finetuning._TuningRun._step

    def strained(run, random, subset):
        tried.append(len(subset))
        if len(subset) > batch:
            raise RuntimeError("CUDA out of memory")
        return step(run, random, subset)

    monkeypatch.setattr(finetuning._TuningRun, "_step", strained)
    return tried


def test_where_memory_is_full_the_batch_is_halved(monkeypatch):
    tried = full_above(16, monkeypatch)
    _, seen = learn(tuner(), epochs=1)
    assert len(seen) == 1 and max(tried[2:]) <= 16


def test_where_nothing_fits_it_says_so(monkeypatch):
    full_above(4, monkeypatch)
    with pytest.raises(DeviceMemoryFull):
        learn(tuner(), epochs=1)


def extractor() -> FeatureExtractor:
    item = tuner()
    weights = {name: weight.numpy() for name, weight in item._embedder.state_dict().items()}
    return FeatureExtractor(
        "made up",
        "fingerprint",
        lambda spectra, _: spectra,
        lambda d, _: item.features(d.axis, d.values, weights),
        item,
    )


def test_memory_that_is_full_leaves_the_features_as_they_are_with_a_warning(monkeypatch):
    full_above(0, monkeypatch)
    values, which = hidden_classes()
    warnings: list[str] = []
    plan = FinetunePlan(representation="features", estimator="nearest", tune_features="always", importance=False)
    result = finetune(
        extractor(), SpectrumSet.of(AXIS, values), which, None, plan, Progress(on_warning=warnings.append)
    )
    assert result.report.chosen.startswith("features") and "too little memory" in warnings[0]


def test_features_learned_anew_are_taken_only_where_they_win_and_are_kept_with_the_model(monkeypatch):
    values, which = hidden_classes(80)
    spectra = SpectrumSet.of(AXIS, values)
    plan = FinetunePlan("features", "nearest", tune_features="always", epochs=2, importance=False)
    won = finetune(
        extractor(), spectra, which, None, plan
    )  # by nearest features alone the classes are hardly told apart
    assert "fine-tuned features" in won.report.chosen
    assert won.report.confusion.sum() < 30  # judged on the part that it was kept from
    predicted = classify(extractor(), spectra, won.model)
    assert np.mean(predicted.labels == which.astype(str)) > 0.9
    usual = FinetunePlan(representation="lines", estimator="LDA", tune_features="always", epochs=1, importance=False)
    assert "fine-tuned features" not in finetune(extractor(), spectra, which, None, usual).report.chosen
