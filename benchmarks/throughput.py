"""Spectra denoised a second: alone, as a share of the machine's matrix product, and beside a busy process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.mae.model_store import DEFAULT_MODEL
from ramanstudio.mae.predictor import threads_inside_operators

POINTS, N_SPECTRA = 1000, 640
ROUNDS = 7
SMALL = "smae-small"
BUSY_BAR = 0.55  # of the rate on two idle cores, beside one process that keeps a core busy


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def busy_process() -> Iterator[None]:
    """Keep one core busy, as the program of an instrument may."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.5)
        yield
    finally:
        process.kill()
        process.wait()


def measure() -> dict[str, float]:
    """Spectra a second by `engine.denoise`, rates in 10⁹ operations a second, their ratio; medians of paired rounds.

    The matrix product is of two 1024 × 1024 matrices of 32 bits, on the same threads, in turn with the denoising. The
    network's rate counts two operations for each weight and token, and none for what else it does. Rates beside a busy
    process are paired with those without one.
    """
    engine, small = (Engine.load(model, device="cpu", threads=os.cpu_count()) for model in (DEFAULT_MODEL, SMALL))
    network = engine._predictor._network
    weights = sum(weight.numel() for weight in network.parameters() if weight.ndim == 2)
    operations = 2 * weights * network.window_count(POINTS)
    random = np.random.default_rng(0)
    spectra = SpectrumSet.of(np.linspace(200, 3200, POINTS), random.normal(100, 10, (N_SPECTRA, POINTS)))
    left, right = torch.randn(2, 1024, 1024)
    for warmed in (engine, small):
        warmed.denoise(spectra[:64])
        warmed.embed(spectra[:64])
    rates, small_rates, embedded, products, busy, small_busy = ([] for _ in range(6))
    for _ in range(ROUNDS):
        with threads_inside_operators():
            products.append(20 * 2 * 1024**3 / _seconds(lambda: [left @ right for _ in range(20)]) / 1e9)
        rates.append(N_SPECTRA / _seconds(lambda: engine.denoise(spectra)))
        small_rates.append(N_SPECTRA / _seconds(lambda: small.denoise(spectra)))
        embedded.append(N_SPECTRA / _seconds(lambda: engine.embed(spectra)))
        with busy_process():
            busy.append(N_SPECTRA / _seconds(lambda: engine.denoise(spectra)))
            small_busy.append(N_SPECTRA / _seconds(lambda: small.denoise(spectra)))
    share = np.median([rate * operations / 1e9 / product for rate, product in zip(rates, products, strict=True)])
    return {
        "spectra a second": float(np.median(rates)),
        "spectra a second, smae-small": float(np.median(small_rates)),
        "smae-small over smae-base": float(np.median(np.divide(small_rates, rates))),
        "spectra embedded a second": float(np.median(embedded)),
        f"beside a busy process, of the idle rate (bar {BUSY_BAR})": float(np.median(np.divide(busy, rates))),
        f"the same, smae-small (bar {BUSY_BAR})": float(np.median(np.divide(small_busy, small_rates))),
        "network, 10⁹ operations a second": float(np.median(rates)) * operations / 1e9,
        "matrix product, 10⁹ operations a second": float(np.median(products)),
        "share": float(share),
    }


if __name__ == "__main__":
    print(measure())
