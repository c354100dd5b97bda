"""The error that is claimed of each denoised spectrum, held against the one it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.denoising.denoised import CONFIDENCE_90

Floats = NDArray[np.floating[Any]]

MEDIAN_BAR = (0.9, 1.1)
USUAL, USUAL_BAR = (0.6, 1.6), 90.0  # so many in a hundred are to lie between
COVERED_BAR = (85.0, 95.0)  # in a hundred, of a band that is meant for ninety


def rms(rows: Floats) -> NDArray[np.float64]:
    """The root mean square of each row, (N, B) -> (N,)."""
    return np.sqrt(np.mean(np.square(rows, dtype=float), axis=1))


@dataclass(frozen=True, slots=True)
class Claim:
    """Claimed over true error of each spectrum, `ratio` (N,), and how many true values the band holds, in percent.

    `common`: how much of the true error all spectra share, as repeats of one measurement do when their truth is off.
    """

    ratio: NDArray[np.float64]
    covered: float
    common: float

    @classmethod
    def of(cls, residual: Floats, expected_error: Floats) -> Claim:
        """From what is wrong with each sample and what was claimed, both (N, B)."""
        n_spectra = len(residual)
        shared = residual.mean(axis=0, dtype=float)
        own = np.mean((residual - shared) ** 2) * n_spectra / max(1, n_spectra - 1)
        shared_square = max(0.0, float(np.mean(shared**2) - own / n_spectra))
        return cls(
            rms(expected_error) / rms(residual),
            float(100 * np.mean(np.abs(residual) < CONFIDENCE_90 * expected_error)),
            float(np.sqrt(shared_square / np.mean(residual**2))),
        )

    @classmethod
    def pooled(cls, claims: list[Claim]) -> Claim:
        """Several as one, every spectrum counting alike."""
        counts = [len(claim.ratio) for claim in claims]
        return cls(
            np.concatenate([claim.ratio for claim in claims]),
            float(np.average([claim.covered for claim in claims], weights=counts)),
            float(np.average([claim.common for claim in claims], weights=counts)),
        )

    @property
    def median(self) -> float:
        return float(np.median(self.ratio))

    @property
    def usual(self) -> float:
        """How many claims in a hundred are near the truth."""
        return float(100 * np.mean((self.ratio >= USUAL[0]) & (self.ratio <= USUAL[1])))

    @property
    def is_honest(self) -> bool:
        """Whether all three bars are met."""
        return (
            MEDIAN_BAR[0] <= self.median <= MEDIAN_BAR[1]
            and self.usual >= USUAL_BAR
            and COVERED_BAR[0] <= self.covered <= COVERED_BAR[1]
        )

    def cells(self) -> list[str]:
        """For a table: each figure and whether it meets its bar."""
        low, high = np.percentile(self.ratio, [5, 95])
        return [
            f"{self.median:.2f} {mark(MEDIAN_BAR[0] <= self.median <= MEDIAN_BAR[1])}",
            f"{low:.2f} – {high:.2f}",
            f"{self.usual:.0f} % {mark(self.usual >= USUAL_BAR)}",
            f"{self.covered:.0f} % {mark(COVERED_BAR[0] <= self.covered <= COVERED_BAR[1])}",
        ]


def mark(is_met: bool) -> str:
    """A bar is met or not."""
    return "✓" if is_met else "✗"
