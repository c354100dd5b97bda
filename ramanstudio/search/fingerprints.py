"""What a search compares of a spectrum: readings of its lines on one grid, some of the raw and some of the denoised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import spectral_features
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]
Rows = NDArray[np.float16]

VERSION: Final = 2  # counted up whenever the prints of a spectrum change
# Readings differ in what they forgive: heights of lines as they are, their roots (crystals lie as they like, which
# changes heights), roots of slopes (which a baseline hardly has), and those of the raw spectrum's slopes (from which no
# denoiser has taken a weak line).
READINGS: Final = ("heights", "roots", "slopes", "climbs")
AS_MEASURED: Final = "measured"  # beside the readings, for the classic index that takes no baseline off
COARSE: Final = 4  # samples that the first, rough comparison takes as one
_SHARP, _SOFT = 1.0, 2.0  # samples (standard deviation) over which a reading is smoothed


@dataclass(frozen=True, slots=True)
class FingerprintGrid:
    """The grid that prints lie on: from the lowest lines that are measured to the stretching of O-H."""

    low_cm: float = 60.0
    step_cm: float = 2.0
    samples: int = 1840

    @property
    def places(self) -> NDArray[np.float64]:
        """The middle of each sample in cm⁻¹, (G,)."""
        return self.low_cm + self.step_cm * (np.arange(self.samples, dtype=np.float64) + 0.5)


GRID: Final = FingerprintGrid()


def fingerprints(spectra: SpectrumSet, denoised: SpectrumSet, lines_only: SpectrumSet) -> dict[str, NDArray[Any]]:
    """The READINGS of `spectra`, each (N, G) of unit length, zero where nothing was measured.

    Of the raw ones, of them `denoised`, and of the denoised without their baselines, `lines_only`.

    Beside them the spectra AS_MEASURED; `rough` (N, G / COARSE), what the first comparison takes; `first` and `last`
    (N,), the ends of what was measured on the grid: `first` is not below `last` where nothing was, or where the
    spectrum does not vary.
    """
    axis = spectra.axis
    raw, measured = resample_to_grid(GRID, axis, spectra.values)
    heights = resample_to_grid(GRID, axis, spectral_features.subtract_baseline(spectra).values)[0]
    clean = resample_to_grid(GRID, axis, denoised.values)[0]
    above = resample_to_grid(GRID, axis, np.maximum(lines_only.values, 0))[0]
    found = {
        "heights": _unit(_smooth(_lifted(heights, measured), measured, _SHARP), measured),
        "roots": _unit(_smooth(np.sqrt(_lifted(above, measured)), measured, _SOFT), measured),
        "slopes": _unit(_root(_slope(clean, measured)), measured),
        "climbs": _unit(_root(_slope(_smooth(raw, measured, _SOFT), measured)), measured),
        AS_MEASURED: _unit(raw, measured),
    }
    inside = np.flatnonzero(measured)
    first, last = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
    varies = np.any(found["heights"] != 0, axis=1)
    rough = found["roots"].reshape(len(spectra), -1, COARSE).mean(axis=2)
    return {
        **{name: rows.astype(np.float16) for name, rows in found.items()},
        "rough": rough.astype(np.float32),
        "first": np.where(varies, first, 0).astype(np.int16),
        "last": np.where(varies, last, 0).astype(np.int16),
    }


def empty_fingerprints(many: int) -> dict[str, NDArray[Any]]:
    """The prints of `many` spectra of which nothing can be read: all zero."""
    readings = {name: np.zeros((many, GRID.samples), dtype=np.float16) for name in (*READINGS, AS_MEASURED)}
    ends = {name: np.zeros(many, dtype=np.int16) for name in ("first", "last")}
    return {**readings, "rough": np.zeros((many, GRID.samples // COARSE), dtype=np.float32), **ends}


def _lifted(rows: Floats, measured: NDArray[Any]) -> NDArray[np.float32]:
    """`rows` (N, G), which the grid took about their mean, with their low level at zero again."""
    if not measured.any():
        return rows.astype(np.float32)
    lifted: NDArray[np.float32] = np.where(measured, rows - rows[:, measured].min(axis=1, keepdims=True), 0)
    return lifted


def _smooth(rows: Floats, measured: NDArray[Any], deviation: float) -> NDArray[np.float32]:
    """A Gaussian mean of `rows` (N, G) over what was measured."""
    from scipy.ndimage import gaussian_filter1d

    weight = gaussian_filter1d(measured.astype(np.float32), deviation, mode="constant")
    total = gaussian_filter1d(np.where(measured, rows, 0), deviation, axis=1, mode="constant")
    smooth: NDArray[np.float32] = np.where(measured, total / np.maximum(weight, 1e-6), 0).astype(np.float32)
    return smooth


def _slope(rows: Floats, measured: NDArray[Any]) -> NDArray[np.float32]:
    """The slope of `rows` (N, G) smoothed, zero at the ends of what was measured."""
    smooth = _smooth(rows, measured, _SHARP)
    slope = np.zeros_like(smooth)
    slope[:, 1:-1] = (smooth[:, 2:] - smooth[:, :-2]) * (measured[2:] & measured[:-2])
    return slope


def _root(rows: Floats) -> NDArray[np.float32]:
    root: NDArray[np.float32] = (np.sign(rows) * np.sqrt(np.abs(rows))).astype(np.float32)
    return root


def _unit(rows: Floats, measured: NDArray[Any]) -> NDArray[np.float32]:
    """`rows` (N, G) about their own mean over what was measured, of unit length; those that do not vary are zero."""
    mean = rows.sum(axis=1, keepdims=True) / max(int(measured.sum()), 1)
    centred = np.where(measured, rows - mean, 0)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-9)
    return unit.astype(np.float32)
