"""Wavelet shrinkage, averaged over shifts of the spectrum: Donoho and Johnstone 1994, Coifman and Donoho 1995."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pywt
from numpy.typing import NDArray

from ramanstudio.signal.snr import noise_sigma

Floats = NDArray[np.floating[Any]]

WAVELETS: Final = ("db2", "sym4", "sym8", "coif3")
LEVELS: Final = (3, 4, 5)


def shrink(values: Floats, wavelet: str, levels: int) -> Floats:
    """`values` (N, B) with each detail softened by the threshold that SURE likes best for its scale -> (N, B).

    Stationary transform: every shift counts, so that no dyadic grid shows. The noise is that of second differences.
    """
    points = values.shape[1]
    block = 2**levels
    around = block * int(np.ceil((points + 2 * 8 * block) / block)) - points
    padded = np.pad(values.astype(float), ((0, 0), (around // 2, around - around // 2)), mode="symmetric")
    sigma = noise_sigma(values).astype(float)[:, None]
    details = pywt.swt(padded, wavelet, levels, trim_approx=True, norm=True, axis=1)
    # norm=True scales each level so that the noise of every detail is sigma / sqrt(2) ** level
    softened = [details[0]]
    for index, detail in enumerate(details[1:]):
        scale = sigma / np.sqrt(2.0) ** (levels - index)
        softened.append(_softened(detail, scale))
    rebuilt: Floats = pywt.iswt(softened, wavelet, norm=True, axis=1)[:, around // 2 : around // 2 + points]
    return rebuilt


def _softened(detail: Floats, scale: Floats) -> Floats:
    """`detail` (N, B) of noise `scale` (N, 1), thresholded by Stein's unbiased risk estimate row by row."""
    size = np.abs(detail) / np.maximum(scale, 1e-300)
    ordered = np.sort(size, axis=1)
    points = size.shape[1]
    below = np.arange(1, points + 1)
    risk = points - 2 * below + np.cumsum(ordered**2, axis=1) + (points - below) * ordered**2
    threshold = np.take_along_axis(ordered, np.argmin(risk, axis=1)[:, None], axis=1)
    threshold = np.minimum(threshold, np.sqrt(2 * np.log(points)))
    softened: Floats = np.sign(detail) * np.maximum(size - threshold, 0) * scale
    return softened
