"""How many spectra a second are denoised, and how much of the machine's matrix product that is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import torch

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.mae.model_store import DEFAULT_MODEL

POINTS, MANY = 1000, 640
ROUNDS = 7
SMALL = "smae-small"


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure() -> dict[str, float]:
    """Spectra a second by `engine.denoise`, rates in 10⁹ operations a second, their ratio; medians of paired rounds.

    The matrix product is of two 1024 × 1024 matrices of 32 bits, on the same threads, in turn with the denoising. The
    network's rate counts two operations for each weight and token, and none for what else it does.
    """
    engine, small = (Engine.load(model, device="cpu", threads=os.cpu_count()) for model in (DEFAULT_MODEL, SMALL))
    network = engine._predictor._network
    weights = sum(weight.numel() for weight in network.parameters() if weight.ndim == 2)
    operations = 2 * weights * network.window_count(POINTS)
    random = np.random.default_rng(0)
    spectra = SpectrumSet.of(np.linspace(200, 3200, POINTS), random.normal(100, 10, (MANY, POINTS)))
    left, right = torch.randn(2, 1024, 1024)
    for one in (engine, small):
        one.denoise(spectra[:64])
        one.embed(spectra[:64])
    rates, small_rates, embedded, products = [], [], [], []
    for _ in range(ROUNDS):
        products.append(20 * 2 * 1024**3 / _seconds(lambda: [left @ right for _ in range(20)]) / 1e9)
        rates.append(MANY / _seconds(lambda: engine.denoise(spectra)))
        small_rates.append(MANY / _seconds(lambda: small.denoise(spectra)))
        embedded.append(MANY / _seconds(lambda: engine.embed(spectra)))
    share = np.median([rate * operations / 1e9 / product for rate, product in zip(rates, products, strict=True)])
    return {
        "spectra a second": float(np.median(rates)),
        "spectra a second, smae-small": float(np.median(small_rates)),
        "smae-small over smae-base": float(np.median(np.divide(small_rates, rates))),
        "spectra embedded a second": float(np.median(embedded)),
        "network, 10⁹ operations a second": float(np.median(rates)) * operations / 1e9,
        "matrix product, 10⁹ operations a second": float(np.median(products)),
        "share": float(share),
    }


if __name__ == "__main__":
    print(measure())
