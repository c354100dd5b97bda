"""Steps that filter along the axis: Smooth, Derivative. Widths are in cm⁻¹, whatever the sampling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import Schema, integer, number, optional, text
from ramanstudio.processing.step import Context, State, StepResult, apply_to_finite, points_of, segments

METHODS = ("savitzky-golay", "gaussian", "whittaker", "median")
GAUSSIAN_FWHM = 2.3548  # full width at half maximum in standard deviations
MEDIAN_EFFICIENCY = 1.2533  # √(π/2): standard error of a median over that of a mean


@dataclass(frozen=True, slots=True)
class Smooth:
    """Smooth along the axis.

    method : "savitzky-golay" (cubic), "gaussian" (`width_cm` is its width at half maximum), "whittaker" or "median"
    """

    method: str = "savitzky-golay"
    width_cm: float = 10.0

    key: ClassVar[str] = "smooth"
    title: ClassVar[str] = "Smooth"
    schema: ClassVar[Schema] = Schema(
        {"method": optional(text(choices=METHODS), METHODS[0]), "width_cm": optional(number(0.01, 1000), 10.0)}
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return smoothed spectra (N, B); the error falls with the number of points averaged and becomes correlated.

        Raises StudioError when `width_cm` is narrower than the method needs or wider than the spectra.
        """
        return _filtered(state, self.width_cm, lambda rows, step: _smooth(self.method, rows, self.width_cm / step))


@dataclass(frozen=True, slots=True)
class Derivative:
    """First or second derivative with respect to Raman shift, by a Savitzky-Golay filter (1964)."""

    order: int = 1
    width_cm: float = 15.0

    key: ClassVar[str] = "derivative"
    title: ClassVar[str] = "Derivative"
    schema: ClassVar[Schema] = Schema(
        {"order": optional(integer(1, 2), 1), "width_cm": optional(number(0.01, 1000), 15.0)}
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return derivatives (N, B) per cm⁻¹ (or per cm⁻² for `order` 2)."""

        def derive(rows: NDArray[Any], step: float) -> tuple[NDArray[Any], float]:
            from scipy.signal import savgol_coeffs, savgol_filter

            window = _odd(self.width_cm / step, 5, rows.shape[1])
            scale = float(np.sqrt((savgol_coeffs(window, 3, self.order, step) ** 2).sum()))
            return savgol_filter(rows, window, 3, self.order, step, axis=1), scale

        return _filtered(state, self.width_cm, derive)


def _filtered(state: State, width_cm: float, method: Any) -> StepResult:
    return apply_to_finite(state, lambda finite: _filter_finite(finite, width_cm, method))


def _filter_finite(state: State, width_cm: float, method: Any) -> StepResult:
    spectra = state.spectra
    values, error = spectra.values.astype(np.float64), np.array(state.expected_error)
    for part in segments(spectra.axis):
        if part.stop - part.start < 5:
            raise StudioError(
                "A stretch between two gaps has fewer than five points.", remedy="Cut out the whole stretch."
            )
        step = float(np.median(np.diff(spectra.axis[part])))
        values[:, part], scale = method(values[:, part], step)
        error[:, part] *= _error_factor(scale, state.correlation_cm, width_cm, max(1.0, scale))
    correlation = max(state.correlation_cm, width_cm)
    smoothed = replace(
        state,
        spectra=spectra.with_values(values),
        expected_error=error.astype(np.float32),
        correlation_cm=correlation,
    )
    points = points_of(spectra.axis, width_cm)
    return StepResult(smoothed, f"{width_cm:g} cm⁻¹, {points:.0f} points", {"points": round(points, 2)})


def _error_factor(scale: float, correlation_cm: float, width_cm: float, correlated: float) -> float:
    """The factor of the error: `scale` for independent errors, `correlated` for those alike over the whole filter."""
    share = min(1.0, correlation_cm / width_cm)
    return float(np.sqrt((1 - share) * scale**2 + share * correlated**2))


def _smooth(method: str, rows: NDArray[Any], width: float) -> tuple[NDArray[Any], float]:
    """Smoothed rows (N, B), and the standard deviation of the mean of independent unit errors in the filter."""
    from scipy import ndimage, signal

    if method == "savitzky-golay":
        window = _odd(width, 5, rows.shape[1])
        weights = signal.savgol_coeffs(window, 3)
        return signal.savgol_filter(rows, window, 3, axis=1), float(np.sqrt((weights**2).sum()))
    if method == "gaussian":
        deviation = _within(width, 0.3, rows.shape[1]) / GAUSSIAN_FWHM
        smoothed = ndimage.gaussian_filter1d(rows, deviation, axis=1)
        impulse = np.zeros(int(16 * deviation) * 2 + 9)
        impulse[len(impulse) // 2] = 1
        return smoothed, float(np.sqrt((ndimage.gaussian_filter1d(impulse, deviation) ** 2).sum()))
    if method == "median":
        window = _odd(width, 3, rows.shape[1])
        return ndimage.median_filter(rows, (1, window)), min(1.0, MEDIAN_EFFICIENCY / float(np.sqrt(window)))
    return _whittaker(rows, _within(width, 1, rows.shape[1]))


def _whittaker(rows: NDArray[Any], width: float) -> tuple[NDArray[Any], float]:
    """Penalised least squares on second differences (Eilers 2003); the kernel is `width` points wide at half height."""
    from scipy.linalg import solveh_banded

    n_points = rows.shape[1]
    # The equivalent kernel of lam |D2 z|² has a width at half height of about 2.8 lam^(1/4) points.
    lam = (width / 2.8) ** 4
    bands = np.zeros((3, n_points))
    difference = np.array([1.0, -2.0, 1.0])
    for start in range(3):
        for other in range(start + 1):
            bands[2 - (start - other), start : n_points - 2 + start] += lam * difference[start] * difference[other]
    bands[2] += 1
    impulse = np.zeros(n_points)
    impulse[n_points // 2] = 1
    solved = solveh_banded(bands, np.column_stack([rows.T, impulse]))
    return solved[:, :-1].T, float(np.sqrt((solved[:, -1] ** 2).sum()))


def _odd(width: float, least: int, points: int) -> int:
    """The odd window of about `width` points, from `least` to what fits."""
    return int(_within(2 * (round(width) // 2) + 1, least, points if points % 2 else points - 1))


def _within(width: float, least: float, points: int) -> float:
    if width > points:
        raise StudioError(
            f"A width of {width:.0f} points is wider than the {points} points there are.",
            remedy="Choose a smaller width.",
        )
    return max(width, least)
