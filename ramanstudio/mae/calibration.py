"""How far the error that a network claims is to be trusted, measured on spectra it has not learned from."""

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

KNOTS = 8
FEWEST_A_KNOT = 10  # spectra; a median of fewer is off by a tenth or more
HIT_WEIGHT = 0.02  # a sample that counts less than this was hit by a cosmic ray
LEAST_NOISE = 0.1  # in sigma; what has less noise has no error to speak of


@dataclass(frozen=True, slots=True)
class Calibration:
    """The factor from the spread that a network predicts to the error that is found, by how large the spread is.

    `spread` (K,), increasing: root mean square of the predicted spread over a spectrum, in units of its sigma;
    `scale` (K,): the factor there. Between the knots it runs evenly over the logarithm of the spread, beyond them it
    stays.
    """

    spread: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raises ValueError when the numbers are no such table."""
        spread, scale = np.array(self.spread, dtype=float), np.array(self.scale, dtype=float)
        if not (len(spread) == len(scale) > 0 and min(spread.min(), scale.min()) > 0 and (np.diff(spread) >= 0).all()):
            raise ValueError("a calibration needs as many positive factors as it has spreads, which increase")

    @classmethod
    def flat(cls, scale: float) -> Calibration:
        """One factor, however large the spread is."""
        return cls((1.0,), (scale,))

    def of(self, spread: Floats) -> NDArray[np.float64]:
        """The factor for spectra of such a `spread` (N,) -> (N,)."""
        return np.interp(np.log(np.maximum(spread, 1e-30)), np.log(self.spread), self.scale)

    @classmethod
    def fitted(cls, spread: Floats, error: Floats) -> Calibration:
        """The factors that make the median of claimed over true error one, from `spread` and `error` (N,) of spectra.

        Medians of as many spectra at each knot, smoothed over neighbours because each is of a few dozen only.
        """
        order = np.argsort(spread)
        knots = int(np.clip(len(spread) // FEWEST_A_KNOT, 1, KNOTS))
        parts = np.array_split(order, knots)
        place = [float(np.exp(np.mean(np.log(spread[part])))) for part in parts]
        ratio = np.array([np.median(np.log(error[part] / spread[part])) for part in parts])
        around = np.pad(ratio, 1, mode="edge")
        smooth = np.exp((around[:-2] + 2 * ratio + around[2:]) / 4)
        return cls(tuple(np.maximum.accumulate(place).tolist()), tuple(smooth.tolist()))


def spread_and_error(network: SpectrumAutoencoder, example: TrainingBatch) -> tuple[Floats, Floats]:
    """Predicted spread and true error of each spectrum of a batch, root mean square in units of sigma, both (M,).

    The true error counts the drift between repeats, which the network is to expect. Spectra with cosmic rays are left
    out, as what is wrong under a ray would outweigh all else, and so are those without noise.
    """
    import torch

    with torch.inference_mode():
        noise, log_variance, _ = network(example.samples, example.axis)
        spread = log_variance.exp().mean(dim=1).sqrt()
        error = (noise - example.noise - example.drift).square().mean(dim=1).sqrt()
        usual = (example.weight.amin(dim=1) > HIT_WEIGHT) & (example.noise.square().mean(dim=1).sqrt() > LEAST_NOISE)
    return spread[usual].cpu().numpy(), error[usual].cpu().numpy()


def calibrate(network: SpectrumAutoencoder, examples: Iterable[TrainingBatch]) -> Calibration:
    """The calibration of a network on batches of spectra that it has not learned from; flat where there are none."""
    found = [spread_and_error(network, example) for example in examples]
    spread, error = (np.concatenate(part) for part in zip(*found, strict=True))
    return Calibration.fitted(spread, error) if len(spread) else Calibration.flat(1.0)
