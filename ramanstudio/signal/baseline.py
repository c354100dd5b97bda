"""Baselines under the lines of a spectrum: automatic without parameters, or by a classic method of pybaselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import learned_baseline
from ramanstudio.signal.snr import noise_sigma

Floats = NDArray[np.floating[Any]]

MIN_POINTS: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Baselines `values` (N, B) in the unit of the spectra, and their `uncertainty` (N, B), a standard deviation."""

    values: NDArray[np.float32]
    uncertainty: NDArray[np.float32]
    chosen: Mapping[str, Any]


PENALISED: Final = ("arpls", "airpls", "aspls", "asls")
POLYNOMIAL: Final = ("modpoly", "imodpoly")
WINDOWED: Final = ("snip", "rolling ball")
HULL: Final = ("rubber band", "concave rubber band")
METHODS: Final = ("automatic", *PENALISED, *POLYNOMIAL, *WINDOWED, *HULL, "anchors")


def automatic_baseline(spectra: SpectrumSet, expected_error: Floats | None = None) -> Baseline:
    """Find the baseline under each spectrum without parameters.

    A small network says how far each point is to be trusted, how much of it belongs to lines and how stiff the baseline
    is; a penalised spline draws it (`learned_baseline`). Spectra of fewer than 100 points, and all where the model is
    missing, get `extended_range_baseline`.

    Parameters
    ----------
    spectra : N spectra on B points; measured or denoised
    expected_error : (N, B) standard deviation of the error at each point, where known

    Returns
    -------
    Baseline of (N, B); its uncertainty holds the true baseline at about five points in six. Raises StudioError when
    there are fewer than 16 points, or a spectrum holds NaN.
    """
    _check(spectra)
    weights = learned_baseline.model_weights() if spectra.points >= learned_baseline.FEWEST_POINTS else None
    if weights is None:
        return extended_range_baseline(spectra, expected_error)
    values, uncertainty = learned_baseline.draw_baselines(
        spectra.axis, spectra.values, _point_noise(spectra, expected_error), weights
    )
    return Baseline(values, uncertainty, {"method": "automatic", "model": learned_baseline.MODEL})


def extended_range_baseline(spectra: SpectrumSet, expected_error: Floats | None = None) -> Baseline:
    """Fit arPLS (Baek et al. 2015, doi:10.1039/C4AN01061B) to each spectrum, its smoothness chosen by the data.

    The spectrum is continued at both ends with a known line (extended range penalised least squares, Zhang et al.
    2020); by pybaselines. Parameters, result and errors as of `automatic_baseline`, which falls back on it.
    """
    from pybaselines import Baseline as Fitter

    _check(spectra)
    fitter = Fitter(spectra.axis, check_finite=False)
    rows, lams = [], []
    for row in spectra.values.astype(np.float64):
        scale = float(np.ptp(row)) or 1.0
        fitted, parameters = fitter.optimize_extended_range((row - row.min()) / scale, method="arpls")
        rows.append(fitted * scale + row.min())
        lams.append(float(np.log10(parameters["optimal_parameter"])))
    values = np.array(rows, dtype=np.float32)
    uncertainty = _uncertainty(spectra, values, np.array(lams), expected_error)
    return Baseline(values, uncertainty, {"method": "automatic", "log10_lam": float(np.median(lams))})


def classic_baseline(
    spectra: SpectrumSet,
    method: str,
    length_cm: float = 100.0,
    degree: int = 4,
    expected_error: Floats | None = None,
) -> Baseline:
    """Fit a classic baseline to each spectrum, by pybaselines (Erb 2024, doi:10.5281/zenodo.5608581).

    Parameters
    ----------
    spectra : N spectra on B points
    method : one of METHODS but "automatic" and "anchors"
    length_cm : what is broader than this counts as baseline, in cm⁻¹; for penalised and windowed methods
    degree : of the polynomial

    Raises StudioError when there are fewer than 16 points, a spectrum holds NaN, or the length does not fit the axis.
    """
    from pybaselines import Baseline as Fitter

    _check(spectra)
    points = length_cm / float(np.median(np.diff(spectra.axis)))
    if method in PENALISED + WINDOWED and not 2 <= points <= 4 * spectra.points:
        raise StudioError(
            f"A length of {length_cm:g} cm⁻¹ is {points:.1f} of the {spectra.points} points.",
            remedy="Choose a length between a few points and the range of the spectra.",
        )
    fitter = Fitter(spectra.axis, check_finite=False)
    lam = points**4
    values = np.array([_fit(fitter, row, method, lam, points, degree) for row in spectra.values.astype(np.float64)])
    chosen = {"method": method, **({"lam": lam} if method in PENALISED else {})}
    rows = values.astype(np.float32)
    return Baseline(rows, _uncertainty(spectra, rows, np.full(len(rows), np.log10(lam)), expected_error), chosen)


def anchor_baseline(spectra: SpectrumSet, anchors: tuple[tuple[float, float | None], ...]) -> Baseline:
    """Draw a monotone cubic through anchors: (Raman shift, intensity), or the spectrum's own local median where None.

    Raises StudioError when there are fewer than two anchors.
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.ndimage import median_filter

    _check(spectra)
    if len({shift for shift, _ in anchors}) < 2:
        raise StudioError("A baseline needs at least two anchor points.", remedy="Click on the spectrum to add some.")
    ordered = sorted(anchors, key=lambda anchor: anchor[0])
    shifts = np.array([shift for shift, _ in ordered])
    shifts, first = np.unique(shifts, return_index=True)
    smooth = median_filter(spectra.values, (1, 5))
    nearest = np.abs(spectra.axis[:, None] - shifts).argmin(axis=0)
    heights = smooth[:, nearest].astype(np.float64)
    for column, index in enumerate(first):
        height = ordered[index][1]
        if height is not None:
            heights[:, column] = height
    inside = np.clip(spectra.axis, shifts[0], shifts[-1])
    values = PchipInterpolator(shifts, heights, axis=1)(inside).astype(np.float32)
    return Baseline(values, np.zeros_like(values), {"method": "anchors", "anchors": len(shifts)})


def _fit(fitter: Any, row: Floats, method: str, lam: float, points: float, degree: int) -> Floats:
    width = max(1, round(points / 2))
    if method in PENALISED:
        return np.asarray(getattr(fitter, method)(row, lam=lam)[0])
    if method in POLYNOMIAL:
        return np.asarray(getattr(fitter, method)(row, poly_order=degree)[0])
    if method == "snip":
        return np.asarray(fitter.snip(row, max_half_window=width, decreasing=True, smooth_half_window=2)[0])
    if method == "rolling ball":
        return np.asarray(fitter.rolling_ball(row, half_window=width)[0])
    if method == "rubber band":
        return np.asarray(fitter.rubberband(row)[0])
    # concave: a parabola is added that makes the hull follow a sagging background, and taken off again
    position = np.linspace(-1, 1, len(row))
    bow = (position**2 - 1) * np.ptp(row)
    return np.asarray(fitter.rubberband(row - bow)[0]) + bow


def _uncertainty(spectra: SpectrumSet, values: Floats, log_lam: Floats, error: Floats | None) -> NDArray[np.float32]:
    """The standard deviation of a baseline (N, B): noise averaged over its length, and what it may take of lines."""
    sigma = _point_noise(spectra, error)
    length = np.clip(10.0 ** (log_lam / 4), 1, spectra.points)
    averaged = sigma / np.sqrt(length)
    above = np.maximum(spectra.values - values, 0)
    taken = 0.01 * np.sqrt((above.astype(np.float64) ** 2).mean(axis=1))
    level = np.hypot(averaged, taken)
    return np.repeat(level[:, None], spectra.points, axis=1).astype(np.float32)


def _point_noise(spectra: SpectrumSet, error: Floats | None) -> Floats:
    """The standard deviation of the error of a point, (N,)."""
    sigma: Floats = noise_sigma(spectra.values) if error is None else np.sqrt((error**2).mean(axis=1))
    return sigma


def _check(spectra: SpectrumSet) -> None:
    if spectra.points < MIN_POINTS:
        raise StudioError(
            f"{spectra.points} points are too few for a baseline.", remedy=f"It needs {MIN_POINTS} points or more."
        )
    if not np.isfinite(spectra.values).all():
        raise StudioError(
            "A spectrum holds points without a number.", remedy="Leave it out, or cut out the range without numbers."
        )
