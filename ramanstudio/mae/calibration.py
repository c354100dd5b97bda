"""Calibrate the expected error: the factor from predicted to true error, measured on validation spectra."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ramanstudio.mae.network import SpectrumAutoencoder
    from ramanstudio.mae.training_batch import TrainingBatch

Floats = NDArray[np.floating[Any]]

MAX_KNOTS = 8
MIN_PER_KNOT = 10  # spectra; a median of fewer is off by a tenth or more
RAY_WEIGHT = 0.02  # a sample with less weight was hit by a cosmic ray
MIN_NOISE = 0.1  # in sigma; a spectrum with less noise has no error worth measuring


@dataclass(frozen=True, slots=True)
class Calibration:
    """The factor from predicted to true error, as a function of the predicted one.

    `spread` (K,), increasing: root mean square of the predicted standard deviation over a spectrum, in units of its
    sigma; `scale` (K,): the factor there, interpolated over the logarithm of the spread and constant beyond the ends.
    """

    spread: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raises ValueError when the numbers are not such a table."""
        spread, scale = np.array(self.spread, dtype=float), np.array(self.scale, dtype=float)
        if not (len(spread) == len(scale) > 0 and min(spread.min(), scale.min()) > 0 and (np.diff(spread) >= 0).all()):
            raise ValueError("a calibration needs as many positive factors as it has spreads, which increase")

    @classmethod
    def constant(cls, scale: float) -> Calibration:
        """Return a calibration with one factor for all."""
        return cls((1.0,), (scale,))

    def factor(self, spread: Floats) -> NDArray[np.float64]:
        """Return the factors for spectra with a predicted `spread` (N,) -> (N,)."""
        return np.interp(np.log(np.maximum(spread, 1e-30)), np.log(self.spread), self.scale)

    @classmethod
    def fit(cls, spread: Floats, error: Floats) -> Calibration:
        """Fit factors to the predicted `spread` and the true `error` (N,) of spectra, for a median ratio of one.

        Medians of equally many spectra at each knot, smoothed over neighbours because each is of a few dozen only.
        """
        order = np.argsort(spread)
        n_knots = int(np.clip(len(spread) // MIN_PER_KNOT, 1, MAX_KNOTS))
        parts = np.array_split(order, n_knots)
        knots = [float(np.exp(np.mean(np.log(spread[part])))) for part in parts]
        ratio = np.array([np.median(np.log(error[part] / spread[part])) for part in parts])
        padded = np.pad(ratio, 1, mode="edge")
        smooth = np.exp((padded[:-2] + 2 * ratio + padded[2:]) / 4)
        return cls(tuple(np.maximum.accumulate(knots).tolist()), tuple(smooth.tolist()))


def spread_and_error(network: SpectrumAutoencoder, batch: TrainingBatch) -> tuple[Floats, Floats]:
    """Return predicted and true error of the spectra of a batch, root mean square in units of sigma, both (M,).

    The true error includes the drift between repeats, which the network is to expect. Spectra with cosmic rays are left
    out, as the error under a ray would outweigh all else, and so are those without noise.
    """
    import torch

    with torch.inference_mode():
        noise, log_variance, _ = network(batch.samples, batch.axis)
        spread = log_variance.exp().mean(dim=1).sqrt()
        error = (noise - batch.noise - batch.drift).square().mean(dim=1).sqrt()
        usable = (batch.weight.amin(dim=1) > RAY_WEIGHT) & (batch.noise.square().mean(dim=1).sqrt() > MIN_NOISE)
    return spread[usable].cpu().numpy(), error[usable].cpu().numpy()


def calibrate(network: SpectrumAutoencoder, batches: Iterable[TrainingBatch]) -> Calibration:
    """Calibrate a network on batches of validation spectra; the factor is 1 when none of them is usable."""
    measured = [spread_and_error(network, batch) for batch in batches]
    spread, error = (np.concatenate(part) for part in zip(*measured, strict=True))
    return Calibration.fit(spread, error) if len(spread) else Calibration.constant(1.0)
