"""The table of a solved fit: values, standard errors, significance and flags."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.peaks.least_squares import Solution
from ramanstudio.peaks.peak_table import PeakTable
from ramanstudio.peaks.preparation import Options, Prepared
from ramanstudio.peaks.problem import Problem
from ramanstudio.peaks.profiles import Profile

Floats = NDArray[np.float64]

# How much wider than the linear expansion says an interval of 68 % is, by the relative error r of the peak's width:
# 1 + 0.5 r + 0.7 r². Measured on 9000 simulated spectra (SNR 5 to 100, three profiles, alone and overlapping); it is
# 1.0 for peaks known to 2 %, 1.1 at 15 %, 1.3 at 40 %, of centre, width and area alike.
_BEYOND_LINEAR: Final = (0.5, 0.7)

_WIDTH_BIAS: Final = 0.6  # widths of weak peaks come out too small, by about this times r² (same spectra)

_CUT_OFF: Final = 3  # points of equal and highest intensity that a saturated top has
_AT_BOUND: Final = 1e-6  # of the range between the bounds


def result_table(
    problem: Problem,
    solution: Solution,
    spread: Floats,
    spectra: NDArray[np.intp],
    prepared: Prepared,
    options: Options,
    names: list[str] | None,
) -> PeakTable:
    """Return the table of a solution with the covariance `spread` of its free parameters.

    The error of a centre holds the uncertainty of the axis, where the metadata of the spectra state it.
    """
    n, n_peaks, n_base = len(spectra), problem.n_peaks, problem.n_baseline
    chi2, _ = reduced_chi_squared(problem, solution, prepared.n_points[spectra], prepared.sigma_known)
    n_heights = solution.linear.shape[1] - n_base
    heights = solution.linear[:, :n_heights]
    if problem.share is not None:
        heights = heights @ problem.share.T
    everything = problem.parameters(solution.free)
    center, fwhm = everything[:, :n_peaks], np.exp(everything[:, n_peaks : 2 * n_peaks])
    n_shapes = len(problem.profile.shapes)
    shapes = everything[:, 2 * n_peaks :].reshape(n, n_shapes, n_peaks).transpose(0, 2, 1)
    full = full_covariance(problem, spread, n_heights)
    unit_area = problem.profile.area(fwhm, shapes)
    area = heights * unit_area
    by_shape = _area_slopes(problem.profile, fwhm, shapes) * heights[:, :, None]
    # (n, K, 3 + S) the derivatives of the area by height, centre, log width and shapes
    slopes = np.concatenate([unit_area[:, :, None], np.zeros((n, n_peaks, 1)), area[:, :, None], by_shape], axis=2)
    own = np.arange(3 + n_shapes)[None, :] * n_peaks + np.arange(n_peaks)[:, None]
    blocks = full[:, own[:, :, None], own[:, None, :]]  # (n, K, 3 + S, 3 + S) of each peak
    errors = np.sqrt(np.maximum(blocks[:, :, np.arange(3 + n_shapes), np.arange(3 + n_shapes)], 0))
    if problem.expand is None:  # nothing is less certain than its limits
        reach = (problem.high - problem.low)[:, : 2 * n_peaks].reshape(n, 2, n_peaks).transpose(0, 2, 1) / 2
        errors[:, :, 1:3] = np.minimum(errors[:, :, 1:3], reach)
    area_error = np.sqrt(np.maximum(np.einsum("nka,nkab,nkb->nk", slopes, blocks, slopes), 0))
    weak = np.minimum(errors[:, :, 2], 1.0)  # the relative error of the width
    wider = 1 + _BEYOND_LINEAR[0] * weak + _BEYOND_LINEAR[1] * weak**2
    fwhm = fwhm * (1 + _WIDTH_BIAS * np.minimum(weak, 0.5) ** 2)
    errors, area_error = errors * wider[:, :, None], area_error * wider
    height_error = errors[:, :, 0]
    columns: dict[str, Any] = {
        "spectrum": np.repeat(spectra, n_peaks),
        "peak": np.tile(np.arange(n_peaks), n),
    }
    if names is not None and any(names):
        columns["name"] = np.tile(np.array(names), n)
    center_error = np.hypot(errors[:, :, 1], prepared.axis_sd_cm)  # of the fit, and of the calibrated axis
    pairs = [("center", center, center_error), ("fwhm", fwhm, fwhm * errors[:, :, 2])]
    pairs += [("height", heights, height_error), ("area", area, area_error)]
    pairs += [
        (shape.name, shapes[:, :, index], errors[:, :, 3 + index]) for index, shape in enumerate(problem.profile.shapes)
    ]
    for name, value, error in pairs:
        columns[name], columns[f"{name}_error"] = value.ravel(), error.ravel()
    significance = np.divide(heights, height_error, out=np.zeros_like(heights), where=height_error > 0)
    columns["significance"] = significance.ravel()
    columns["reduced_chi2"] = np.repeat(chi2, n_peaks)
    columns["flag"] = _flags(problem, solution, significance, center, fwhm)
    return PeakTable(columns, about(options, prepared))


def reduced_chi_squared(
    problem: Problem, solution: Solution, n_points: NDArray[np.intp], sigma_known: bool
) -> tuple[Floats, Floats]:
    """Return chi² over the degrees of freedom (n,), and what covariances have to be multiplied by for it.

    Noise that was measured on the spectra is known as well as the residuals show; a given expected error is enlarged
    where the residuals are larger than chance allows, and never made smaller.
    """
    freedom = np.maximum(1, n_points - solution.linear.shape[1] - solution.free.shape[1])
    chi2 = solution.chi_squared / freedom
    if not sigma_known:
        return chi2, chi2
    return chi2, np.where(chi2 > 1 + 3 * np.sqrt(2 / freedom), chi2, 1.0)


def full_covariance(problem: Problem, spread: Floats, n_heights: int) -> Floats:
    """The covariance of heights, centres, log widths and shapes, (n, K + P, K + P)."""
    keep = np.r_[0:n_heights, n_heights + problem.n_baseline : spread.shape[1]]
    part = spread[:, keep[:, None], keep]
    if problem.share is None and problem.expand is None:
        return part
    share = np.eye(n_heights) if problem.share is None else problem.share
    expand = np.eye(part.shape[1] - n_heights) if problem.expand is None else problem.expand
    whole = np.zeros((len(share) + len(expand), part.shape[1]))
    whole[: len(share), :n_heights] = share
    whole[len(share) :, n_heights:] = expand
    return np.asarray(whole @ part @ whole.T)


def _area_slopes(row: Profile, fwhm: Floats, shapes: Floats) -> Floats:
    """The derivative of the area of a unit profile by each shape (n, K, S)."""
    slopes = np.zeros_like(shapes)
    for index, shape in enumerate(row.shapes):
        step = 1e-5 * (shape.high - shape.low)
        up, down = shapes.copy(), shapes.copy()
        up[..., index] = np.minimum(up[..., index] + step, shape.high)
        down[..., index] = np.maximum(down[..., index] - step, shape.low)
        width = up[..., index] - down[..., index]
        slopes[..., index] = (row.area(fwhm, up) - row.area(fwhm, down)) / width
    return slopes


def _flags(problem: Problem, solution: Solution, significance: Floats, center: Floats, fwhm: Floats) -> NDArray[Any]:
    """What a user should know of each peak (n * K,)."""
    n, n_peaks = significance.shape
    flags = np.full((n, n_peaks), "", dtype="U40")
    flags[fwhm < 1.5 * float(np.median(np.diff(problem.axis)))] = "narrower than two points"
    outside = (center < problem.axis[0]) | (center > problem.axis[-1])
    flags[outside] = "outside the measured range"
    if problem.expand is None:
        reach = _AT_BOUND * (problem.high - problem.low)
        at = (solution.free <= problem.low + reach) | (solution.free >= problem.high - reach)
        flags[at[:, :n_peaks] | at[:, n_peaks : 2 * n_peaks]] = "at a limit"
    flags[_are_saturated(problem, center, fwhm) & (significance >= 3)] = "saturated: the top is cut off"
    flags[significance < 3] = "below three standard errors"
    flags[~solution.converged] = "not converged"
    return flags.ravel()


def _are_saturated(problem: Problem, center: Floats, fwhm: Floats) -> NDArray[np.bool_]:
    """Which peaks (n, K) have several points at exactly the highest intensity of the spectrum."""
    highest = problem.values.max(axis=1)
    at_top = problem.values >= highest[:, None]
    saturated = np.zeros(center.shape, dtype=bool)
    for row in np.flatnonzero(at_top.sum(axis=1) >= _CUT_OFF):
        shifts = problem.axis[at_top[row]]
        under = np.abs(shifts - center[row][:, None]) <= fwhm[row][:, None] / 2
        saturated[row] = under.sum(axis=1) >= _CUT_OFF
    return saturated


def empty_columns(row: Profile) -> dict[str, NDArray[Any]]:
    """Return the columns of a table without a peak."""
    names = [name for key in ("center", "fwhm", "height", "area") for name in (key, f"{key}_error")]
    names += [name for shape in row.shapes for name in (shape.name, f"{shape.name}_error")]
    columns: dict[str, NDArray[Any]] = {"spectrum": np.zeros(0, dtype=np.intp), "peak": np.zeros(0, dtype=np.intp)}
    columns.update({name: np.zeros(0) for name in (*names, "significance", "reduced_chi2")})
    return {**columns, "flag": np.zeros(0, dtype="U40")}


def about(options: Options, prepared: Prepared) -> dict[str, Any]:
    """Return what was fitted to what, for the table."""
    axis = {"axis_sd_cm": prepared.axis_sd_cm} if prepared.axis_sd_cm else {}
    return {
        **axis,
        "profile": options.profile,
        "baseline": options.baseline,
        "weights": "expected error" if prepared.sigma_known else "noise of each spectrum",
        "within": (float(prepared.axis[0]), float(prepared.axis[-1])),
    }


def shifted(table: PeakTable, first: int) -> PeakTable:
    """Return a table whose spectra are counted from `first`."""
    if not first:
        return table
    problems = {spectrum + first: error for spectrum, error in table.problems.items()}
    return PeakTable({**table.columns, "spectrum": table["spectrum"] + first}, table.about, problems)
