"""Lines of one spectrum: found above the noise, and fitted one by one, each with the uncertainty of its centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal.snr import noise_sigma

Floats = NDArray[np.floating[Any]]

MIN_SNR: Final = 6.5  # prominence of a smoothed top over the noise there; noise alone reaches 5 to 6
SCALES_CM: Final = (2.5, 7.0)  # standard deviations of the kernels beside the one of a point: broad, weak lines
WINDOW: Final = 1.4  # full widths at half maximum on either side of a line that take part in its fit
MIN_SIDE_POINTS: Final = 4
MAX_ITERATIONS: Final = 25
MERGED: Final = 0.9  # of the mean full width: closer neighbours are not resolved
FLAT_POINTS: Final = 3  # so many equal values at the top of a line: the detector was saturated
LAGS: Final = (2, 4)  # points over which noise may be correlated
CORRELATED: Final = 1.7  # times as much scatter over such a lag as between neighbours
SAMPLING_ERROR: Final = 0.02  # of the distance between points: no real line has exactly the fitted shape


@dataclass(frozen=True, slots=True)
class FittedLine:
    """One line of a spectrum, in the unit of its axis (cm⁻¹) and of its values.

    Parameters
    ----------
    centre, centre_sd : position and its standard uncertainty
    fwhm : full width at half maximum
    height : above the local background
    snr : height over the noise of one point
    saturated : the top is cut off; the centre is not to be trusted
    merged : a neighbour is closer than the lines are wide
    """

    centre: float
    centre_sd: float
    fwhm: float
    height: float
    snr: float
    saturated: bool = False
    merged: bool = False


def find_lines(axis: Floats, values: Floats, min_snr: float = MIN_SNR, limit: int = 120) -> tuple[FittedLine, ...]:
    """Find the lines of one spectrum, `values` (B,) on `axis` (B,), and fit each: sorted by centre.

    Local maxima of the spectrum smoothed on three scales that stand `min_snr` times the noise there above their feet,
    at most the `limit` most prominent. Each is fitted as `fit_line` does, together with its nearest neighbours.
    """
    axis, values, sigma = _prepared(axis, values)
    starts = _find_tops(axis, values, sigma, min_snr, limit)
    lines = [fit_line(axis, values, centre, width, _neighbours(starts, index), sigma)
             for index, (centre, width, _) in enumerate(starts)]  # fmt: skip
    kept: list[FittedLine] = []
    for line in sorted((line for line in lines if line is not None), key=lambda line: line.centre):
        if kept and line.centre - kept[-1].centre < 0.3 * max(line.fwhm, kept[-1].fwhm):
            if line.height > kept[-1].height:  # two starts have found one line
                kept[-1] = line
            continue
        kept.append(line)
    return tuple(kept)


def fit_line(
    axis: Floats,
    values: Floats,
    centre: float,
    fwhm: float,
    neighbours: Sequence[tuple[float, float]] = (),
    sigma: float | None = None,
) -> FittedLine | None:
    """Fit a pseudo-Voigt line on a straight background near `centre`, with `neighbours` (centre, fwhm) beside it.

    `axis` (B,), `values` (B,); `sigma` is the noise of one point, estimated where it is not given. The uncertainty of
    the centre comes from the covariance of the fit, with the larger of the noise and what the fit leaves. Returns None
    where no line is found there.
    """
    if sigma is None:
        axis, values, sigma = _prepared(axis, values)
    window = _window(axis, centre, fwhm)
    if window.stop - window.start < 7:
        return None
    x, y = axis[window], values[window]
    step = float(np.median(np.diff(x)))
    inside = [(at, width) for at, width in neighbours if x[0] - width / 2 < at < x[-1] + width / 2][:2]
    while inside and 3 * (1 + len(inside)) + 3 > len(x) - 1:
        inside.pop()
    solution = _fit(x, y, [(centre, fwhm), *inside])
    if solution is None:
        return None
    parameters, covariance, spread = solution
    noise = max(sigma, spread)
    height, at, width = (float(parameter) for parameter in parameters[:3])
    moved = abs(at - centre)
    if not (height > 0 and moved < max(fwhm, 2 * step) and 0.7 * step < width < 4 * max(fwhm, 3 * step)):
        return None
    sd = float(np.sqrt(max(covariance[1, 1], 0.0))) * noise
    if not np.isfinite(sd) or sd > width:
        return None
    merged = any(abs(other - at) < MERGED * (width + broad) / 2 for other, broad in neighbours)
    return FittedLine(
        at, float(np.hypot(sd, SAMPLING_ERROR * step)), width, height, height / sigma, _is_cut_off(y), merged
    )


def _prepared(axis: Floats, values: Floats) -> tuple[Floats, Floats, float]:
    """The finite points of a spectrum (B,) as float64, and the noise of one point."""
    axis, values = np.asarray(axis, dtype=np.float64), np.asarray(values, dtype=np.float64)
    finite = np.isfinite(values)
    axis, values = axis[finite], values[finite]
    if len(axis) < 9:
        return axis, values, 1.0
    # The range counts where the noise is nil: a computed spectrum has lines down to a hundred-thousandth of it.
    sigma = max(_noise(values), 1e-5 * float(np.ptp(values)), 1e-30)
    return axis, values, sigma


def _noise(values: Floats) -> float:
    """The noise of one point of `values` (B,), also where an instrument has interpolated: neighbours are alike then."""
    white = float(noise_sigma(values[None])[0])
    for lag in LAGS:
        if len(values) < 40 * lag:
            break
        curvature = values[2 * lag :] - 2 * values[lag:-lag] + values[: -2 * lag]
        spread = float(np.median(np.abs(curvature - np.median(curvature)))) / (0.6745 * np.sqrt(6))
        white = max(white, spread) if spread > CORRELATED * white else white
    return white


def _find_tops(
    axis: Floats, values: Floats, sigma: float, min_snr: float, limit: int
) -> list[tuple[float, float, float]]:
    """(centre, fwhm, prominence) of the local maxima on all scales, sorted by centre; finer scales come first."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks, peak_widths

    if len(axis) < 9:
        return []
    steps = np.gradient(axis)
    step = float(np.median(steps))
    scales = [1.0, *(scale / step for scale in SCALES_CM if 1.6 * step < scale < len(axis) * step / 12)]
    tops: list[tuple[float, float, float]] = []
    for scale in scales:
        smooth = gaussian_filter1d(values, scale, mode="nearest")
        noise = sigma / np.sqrt(2 * np.sqrt(np.pi) * scale)
        reach = max(9, int(400 / step)) | 1
        position, properties = find_peaks(smooth, prominence=min_snr * noise, wlen=min(reach, len(axis) | 1))
        _, _, left, right = peak_widths(smooth, position, 0.5)
        for index, place in enumerate(position):
            broad = float(np.interp(right[index], np.arange(len(axis)), axis)
                          - np.interp(left[index], np.arange(len(axis)), axis))  # fmt: skip
            narrow = np.sqrt(max(broad**2 - (2.355 * scale * steps[place]) ** 2, (1.5 * steps[place]) ** 2))
            centre = float(axis[place])
            if all(abs(centre - other) > 0.6 * max(width, narrow) for other, width, _ in tops):
                tops.append((centre, float(narrow), float(properties["prominences"][index]) / noise))
    tops.sort(key=lambda top: -top[2])
    return sorted(tops[:limit])


def _neighbours(starts: Sequence[tuple[float, float, float]], index: int) -> list[tuple[float, float]]:
    """The (centre, fwhm) of the other tops, nearest first, that are near enough to disturb a fit."""
    centre, width, _ = starts[index]
    near = [(at, broad) for other, (at, broad, _) in enumerate(starts)
            if other != index and abs(at - centre) < (WINDOW + 0.5) * max(width, broad)]  # fmt: skip
    return sorted(near, key=lambda start: abs(start[0] - centre))


def _window(axis: Floats, centre: float, fwhm: float) -> slice:
    middle = int(np.searchsorted(axis, centre))
    start = min(int(np.searchsorted(axis, centre - WINDOW * fwhm)), middle - MIN_SIDE_POINTS)
    stop = max(int(np.searchsorted(axis, centre + WINDOW * fwhm)) + 1, middle + MIN_SIDE_POINTS)
    return slice(max(0, start), min(len(axis), stop))


def _model(x: Floats, parameters: Floats, count: int) -> tuple[Floats, Floats]:
    """Lines of `count` x (height, centre, fwhm), then the share of Lorentz, offset and slope: values and Jacobian."""
    share = parameters[3 * count]
    jacobian = np.empty((len(x), len(parameters)))
    values = parameters[3 * count + 1] + parameters[3 * count + 2] * (x - x[0])
    mixed = np.zeros(len(x))
    for line in range(count):
        height, centre, fwhm = parameters[3 * line : 3 * line + 3]
        u = (x - centre) / fwhm
        gauss = np.exp(-2.772588722239781 * u * u)
        lorentz = 1 / (1 + 4 * u * u)
        shape = share * lorentz + (1 - share) * gauss
        slope = -8 * u * share * lorentz * lorentz - 5.545177444479562 * u * (1 - share) * gauss
        values = values + height * shape
        jacobian[:, 3 * line] = shape
        jacobian[:, 3 * line + 1] = -height / fwhm * slope
        jacobian[:, 3 * line + 2] = -height / fwhm * slope * u
        mixed += height * (lorentz - gauss)
    jacobian[:, 3 * count] = mixed
    jacobian[:, 3 * count + 1] = 1
    jacobian[:, 3 * count + 2] = x - x[0]
    return values, jacobian


def _fit(x: Floats, y: Floats, starts: Sequence[tuple[float, float]]) -> tuple[Floats, Floats, float] | None:
    """Levenberg-Marquardt: the parameters, their covariance for noise of 1, and the standard deviation of the rest."""
    count = len(starts)
    unit = max(float(np.ptp(y)), 1e-30)
    scaled = (y - y.min()) / unit
    parameters = np.zeros(3 * count + 3)
    ends = np.array([scaled[:2].mean(), scaled[-2:].mean()])
    for line, (centre, fwhm) in enumerate(starts):
        ground = np.interp(centre, [x[0], x[-1]], ends)
        parameters[3 * line : 3 * line + 3] = max(np.interp(centre, x, scaled) - ground, 0.05), centre, fwhm
    parameters[3 * count :] = 0.4, ends.min(), 0.0
    values, jacobian = _model(x, parameters, count)
    cost, damping = float(np.sum((scaled - values) ** 2)), 1e-2
    for _ in range(MAX_ITERATIONS):
        normal = jacobian.T @ jacobian
        gradient = jacobian.T @ (scaled - values)
        try:
            change = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), gradient)
        except np.linalg.LinAlgError:
            return None
        trial = parameters + change
        trial[3 * count] = np.clip(trial[3 * count], 0.0, 1.0)
        trial[2 : 3 * count : 3] = np.maximum(np.abs(trial[2 : 3 * count : 3]), 1e-6)
        trial_values, trial_jacobian = _model(x, trial, count)
        trial_cost = float(np.sum((scaled - trial_values) ** 2))
        if np.isfinite(trial_cost) and trial_cost <= cost:
            gain = cost - trial_cost
            parameters, values, jacobian, cost = trial, trial_values, trial_jacobian, trial_cost
            damping = max(damping / 5, 1e-9)
            if gain <= 1e-7 * cost + 1e-16:
                break
        else:
            damping *= 6
            if damping > 1e8:
                break
    freedom = max(len(x) - len(parameters), 1)
    normal = jacobian.T @ jacobian
    covariance = np.linalg.pinv(normal + 1e-10 * np.diag(np.diag(normal))) / unit**2
    heights = slice(0, 3 * count, 3)
    parameters = parameters.copy()
    parameters[heights] *= unit
    return parameters, covariance, float(np.sqrt(cost / freedom)) * unit


def _is_cut_off(y: Floats) -> bool:
    """Whether the highest points (of a window (b,)) are equal: the detector or the converter was at its limit."""
    top = y >= y.max() - 1e-6 * max(float(np.ptp(y)), 1e-30)
    runs = np.convolve(top.astype(int), np.ones(FLAT_POINTS, dtype=int), mode="valid")
    return bool(runs.max(initial=0) >= FLAT_POINTS)
