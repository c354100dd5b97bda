"""The fingerprint of a spectrum: several representations of its bands on one grid, which a search compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import spectral_features
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]
Fingerprints = Mapping[str, NDArray[Any]]  # of N spectra: arrays (N, …) by name

VERSION: Final = 2  # increased whenever the fingerprint of a spectrum changes
# Representations differ in what they forgive: heights of bands as they are; their square roots (the orientation of a
# crystal changes heights); roots of the slopes, which a baseline hardly has; and those of the raw spectrum, from which
# no denoiser has taken a weak band.
REPRESENTATIONS: Final = ("heights", "roots", "slopes", "climbs")
AS_MEASURED: Final = "measured"  # with its baseline, for the classic index and for mixtures
COARSE: Final = 4  # samples averaged for the first, rough comparison
_SHARP, _SOFT = 1.0, 2.0  # standard deviation in samples of the Gaussian that smooths a representation


class FingerprintedLibrary(Protocol):
    """References (R) with their fingerprints."""

    @property
    def names(self) -> NDArray[Any]: ...
    @property
    def samples(self) -> NDArray[Any]: ...
    @property
    def fingerprints(self) -> Fingerprints: ...


@dataclass(frozen=True, slots=True)
class FingerprintGrid:
    """The grid of fingerprints: from the lowest bands that are measured to the O-H stretching region."""

    low_cm: float = 60.0
    step_cm: float = 2.0
    samples: int = 1840

    @property
    def centres_cm(self) -> NDArray[np.float64]:
        """The middle of each sample in cm⁻¹, (G,)."""
        return self.low_cm + self.step_cm * (np.arange(self.samples, dtype=np.float64) + 0.5)


GRID: Final = FingerprintGrid()


def fingerprints(spectra: SpectrumSet, denoised: SpectrumSet, bands_only: SpectrumSet) -> dict[str, NDArray[Any]]:
    """Compute the fingerprints of `spectra`, given also `denoised`, and denoised without baseline, `bands_only`.

    Returns
    -------
    Arrays by name: each of REPRESENTATIONS and AS_MEASURED (N, G) float16, rows of unit length, zero where nothing was
    measured; "rough" (N, G / COARSE) float32; "first" and "last" (N,), the measured part of the grid, empty where
    nothing was measured or the spectrum is constant.
    """
    axis = spectra.axis
    raw, measured = resample_to_grid(GRID, axis, spectra.values)
    heights = resample_to_grid(GRID, axis, spectral_features.subtract_baseline(spectra).values)[0]
    clean = resample_to_grid(GRID, axis, denoised.values)[0]
    bands = resample_to_grid(GRID, axis, np.maximum(bands_only.values, 0))[0]
    representations = {
        "heights": _unit_rows(_smoothed(_from_zero(heights, measured), measured, _SHARP), measured),
        "roots": _unit_rows(_smoothed(np.sqrt(_from_zero(bands, measured)), measured, _SOFT), measured),
        "slopes": _unit_rows(_signed_root(_slope(clean, measured)), measured),
        "climbs": _unit_rows(_signed_root(_slope(_smoothed(raw, measured, _SOFT), measured)), measured),
        AS_MEASURED: _unit_rows(raw, measured),
    }
    inside = np.flatnonzero(measured)
    first, last = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
    varies = np.any(representations["heights"] != 0, axis=1)
    rough = representations["roots"].reshape(len(spectra), -1, COARSE).mean(axis=2)
    return {
        **{name: rows.astype(np.float16) for name, rows in representations.items()},
        "rough": rough.astype(np.float32),
        "first": np.where(varies, first, 0).astype(np.int16),
        "last": np.where(varies, last, 0).astype(np.int16),
    }


def empty_fingerprints(n_spectra: int) -> dict[str, NDArray[Any]]:
    """Return the fingerprints (N, …) of `n_spectra` that cannot be compared: all zero."""
    rows = {name: np.zeros((n_spectra, GRID.samples), dtype=np.float16) for name in (*REPRESENTATIONS, AS_MEASURED)}
    ends = {name: np.zeros(n_spectra, dtype=np.int16) for name in ("first", "last")}
    return {**rows, "rough": np.zeros((n_spectra, GRID.samples // COARSE), dtype=np.float32), **ends}


def are_valid(arrays: Fingerprints, n_references: int, n_features: int) -> bool:
    """Tell whether `arrays` are complete fingerprints, with embeddings, of a library that may be damaged.

    The rough fingerprints and the embeddings are checked to be finite; rows of the representations are not read.
    """
    expected = empty_fingerprints(0)
    expected["features"] = np.zeros((0, n_features), dtype=np.float32)
    if not expected.keys() <= arrays.keys():
        return False
    for name, like in expected.items():
        array = arrays[name]
        if array.shape != (n_references, *like.shape[1:]) or array.dtype != like.dtype:
            return False
    ends_inside = all(((arrays[end] >= 0) & (arrays[end] <= GRID.samples)).all() for end in ("first", "last"))
    return ends_inside and all(bool(np.isfinite(arrays[name]).all()) for name in ("rough", "features"))


def measured_samples(library: Fingerprints, rows: NDArray[np.intp], span: slice = slice(None)) -> NDArray[np.bool_]:
    """Return where some references were measured on a `span` of the grid -> (R, G)."""
    samples = np.arange(GRID.samples)[span]
    measured: NDArray[np.bool_] = samples >= library["first"][rows, None]
    measured &= samples < library["last"][rows, None]
    return measured


def _from_zero(rows: Floats, measured: NDArray[Any]) -> NDArray[np.float32]:
    """`rows` (N, G), which the grid centred on their means, with their minimum at zero."""
    if not measured.any():
        return rows.astype(np.float32)
    shifted: NDArray[np.float32] = np.where(measured, rows - rows[:, measured].min(axis=1, keepdims=True), 0)
    return shifted


def _smoothed(rows: Floats, measured: NDArray[Any], deviation: float) -> NDArray[np.float32]:
    """A Gaussian mean of `rows` (N, G) over what was measured."""
    from scipy.ndimage import gaussian_filter1d

    weight = gaussian_filter1d(measured.astype(np.float32), deviation, mode="constant")
    total = gaussian_filter1d(np.where(measured, rows, 0), deviation, axis=1, mode="constant")
    smoothed: NDArray[np.float32] = np.where(measured, total / np.maximum(weight, 1e-6), 0).astype(np.float32)
    return smoothed


def _slope(rows: Floats, measured: NDArray[Any]) -> NDArray[np.float32]:
    """The slope of smoothed `rows` (N, G), zero at the ends of what was measured."""
    smoothed = _smoothed(rows, measured, _SHARP)
    slope = np.zeros_like(smoothed)
    slope[:, 1:-1] = (smoothed[:, 2:] - smoothed[:, :-2]) * (measured[2:] & measured[:-2])
    return slope


def _signed_root(rows: Floats) -> NDArray[np.float32]:
    root: NDArray[np.float32] = (np.sign(rows) * np.sqrt(np.abs(rows))).astype(np.float32)
    return root


def _unit_rows(rows: Floats, measured: NDArray[Any]) -> NDArray[np.float32]:
    """`rows` (N, G) less their mean over what was measured, of unit length; constant rows are zero."""
    mean = rows.sum(axis=1, keepdims=True) / max(int(measured.sum()), 1)
    centred = np.where(measured, rows - mean, 0)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-9)
    return unit.astype(np.float32)
