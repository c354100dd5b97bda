"""Baselines by a small network and a penalised spline.

The network looks at a spectrum on a grid of 512 cells and says of each how far it is to be trusted (a weight), how much
of it belongs to lines (an offset), and how stiff the baseline is. The baseline is the penalised least-squares spline
through what is left, so that it scales with the spectrum. Trained by tools/train_baseline.py; run here by numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal import penalised_spline
from ramanstudio.signal.blas_threads import single_threaded_blas

Floats = NDArray[np.floating[Any]]

GRID: Final = 512  # cells
PATCH: Final = 4  # cells that one position of the network stands for
CLIP_WIDTHS: Final = (8, 24, 64, 160)  # cells: half windows of the clipped curves
CLIP_SMOOTHING: Final = (3, 5, 9, 15)  # cells averaged before
FEATURES: Final = 12  # of each cell
CONSTANTS: Final = 3  # of each spectrum
CHANNELS: Final = (32, 48, 64, 80, 80)  # at 128, 64, 32, 16 and 8 positions
NOISE_FLOOR: Final = 3e-5  # of the range, where there is no noise
OFFSET_LIMITS: Final = (-3.0, 7.0)
STIFFNESS_LIMITS: Final = (-9.0, 16.0)  # natural logarithms
BLOCK: Final = 128  # spectra at once: what they need stays in the processor's cache
FEWEST_POINTS: Final = 100
MODEL: Final = "baseline"


@dataclass(frozen=True, slots=True, eq=False)
class GridSpectra:
    """Spectra on a grid of equal cells: `values` (N, GRID) in units of their range above their minimum.

    `minimum`, `scale` (N,) undo that; `sigma` (N,) is the noise of a cell in the same unit; `inputs`
    (N, GRID / PATCH, ...) are what the network sees; `heights` (N, GRID) above the widest clipped curve.
    """

    values: Floats
    minimum: Floats
    scale: Floats
    sigma: Floats
    inputs: Floats
    heights: Floats


def to_grid(axis: Floats, values: Floats) -> Floats:
    """Average the line through `values` (N, B) over each of GRID equal cells of `axis` (B,) -> (N, GRID)."""
    edges = np.linspace(axis[0], axis[-1], GRID + 1)
    index = np.clip(np.searchsorted(axis, edges, side="right") - 1, 0, len(axis) - 2)
    step = np.diff(axis)
    integral = np.zeros(values.shape)
    np.cumsum((values[:, 1:] + values[:, :-1]) * (step / 2), axis=1, out=integral[:, 1:])
    inside = edges - axis[index]
    left = inside - inside**2 / (2 * step[index])
    right = inside**2 / (2 * step[index])
    at_edges = integral[:, index] + values[:, index] * left + values[:, index + 1] * right
    averages: Floats = np.diff(at_edges, axis=1) * (GRID / (axis[-1] - axis[0]))
    return averages


def grid_spectra(axis: Floats, values: Floats, sigma: Floats) -> GridSpectra:
    """Put `values` (N, B) with noise `sigma` (N,) a point on the grid, and measure what the network looks at."""
    n_points = len(axis)
    curvature = np.zeros_like(values)
    curvature[:, 1:-1] = np.abs(values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2])
    raw = to_grid(axis, values)
    minimum, scale = raw.min(axis=1), np.maximum(np.ptp(raw, axis=1), np.finfo(np.float32).tiny)
    grid = (raw - minimum[:, None]) / scale[:, None]
    noise = np.maximum(sigma * min(1.0, (GRID / n_points) ** 0.5) / scale, NOISE_FLOOR)
    roughness = _running_mean(to_grid(axis, curvature), 31) / scale[:, None]
    inputs, heights = _inputs(
        grid.astype(np.float32), noise.astype(np.float32), roughness, n_points, float(np.ptp(axis))
    )
    return GridSpectra(grid, minimum, scale, noise, inputs, heights)


def _inputs(grid: Floats, noise: Floats, roughness: Floats, n_points: int, span_cm: float) -> tuple[Floats, Floats]:
    sigma = noise[:, None]
    features = [2 * grid - 1]
    heights = grid
    for width, smoothing in zip(CLIP_WIDTHS, CLIP_SMOOTHING, strict=True):
        smooth = _running_mean(grid, smoothing)
        heights = smooth - _clipped(smooth, width)
        features += [np.arcsinh(heights / sigma) / 3]
        if width in (24, 160):
            features += [np.sqrt(heights / np.maximum(heights.max(axis=1, keepdims=True), 1e-12))]
    smooth = _running_mean(grid, 5)
    for beside in (4, 12, 40):
        before, after = _shifted(smooth, -beside), _shifted(smooth, beside)
        features += [np.arcsinh((before + after - 2 * smooth) / sigma) / 3]
    features += [np.arcsinh((_shifted(smooth, 6) - _shifted(smooth, -6)) / sigma) / 3]
    features += [np.log(np.maximum(roughness / (2 * sigma), 1e-3)) / 2]
    cells = np.stack(features, axis=2).reshape(len(grid), GRID // PATCH, PATCH * FEATURES)
    constants = np.empty((len(grid), GRID // PATCH, CONSTANTS))
    constants[:, :, 0] = np.log10(1 / sigma) - 2
    constants[:, :, 1] = np.log(n_points / GRID)
    constants[:, :, 2] = np.log(span_cm / 1000)
    return np.concatenate([cells, constants], axis=2).astype(np.float32), heights


def _shifted(rows: Floats, by: int) -> Floats:
    """Return rows[:, i + by], and the ends beyond."""
    shifted = np.empty_like(rows)
    if by > 0:
        shifted[:, :-by], shifted[:, -by:] = rows[:, by:], rows[:, -1:]
    else:
        shifted[:, -by:], shifted[:, :-by] = rows[:, :by], rows[:, :1]
    return shifted


def _running_mean(rows: Floats, width: int) -> Floats:
    half = width // 2
    total = np.empty((len(rows), rows.shape[1] + width))
    total[:, : half + 1] = rows[:, :1]
    total[:, half + 1 : half + 1 + rows.shape[1]] = rows
    total[:, half + 1 + rows.shape[1] :] = rows[:, -1:]
    np.cumsum(total, axis=1, out=total)
    mean: Floats = ((total[:, width:] - total[:, :-width]) / width).astype(rows.dtype)
    return mean


def _clipped(rows: Floats, width: int) -> Floats:
    """Clip each point to the middle of what stands on both sides of it, from far to near (Ryan et al. 1988).

    The far end is `width` cells away; close to the ends of the range it comes nearer, so that slopes stay as they are.
    """
    clipped = rows
    while width >= 1:
        middle = np.empty_like(clipped)
        middle[:, width:-width] = clipped[:, : -2 * width] + clipped[:, 2 * width :]
        middle[:, :width] = clipped[:, :1] + clipped[:, : 2 * width : 2]
        middle[:, -width:] = (clipped[:, -1:] + clipped[:, : -2 * width - 1 : -2])[:, ::-1]
        middle /= 2
        clipped = np.minimum(clipped, middle, out=middle)
        width = min(width - 1, round(width * 0.7))
    return clipped


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What the network says of cells: `weights`, `offsets`, `shares` (N, GRID), and `log_error` (N, GRID / PATCH).

    The offset (asinh of its value in sigma) and this share of the height of a cell belong to lines; `log_error` is the
    logarithm of the expected error over the range. `second` (N, K - 2), `third` (N, K - 3) and `fourth` (N, 1) are the
    stiffness of the spline in its differences.
    """

    weights: Floats
    offsets: Floats
    shares: Floats
    second: Floats
    third: Floats
    fourth: Floats
    log_error: Floats


def run_network(weights: Mapping[str, NDArray[np.float32]], inputs: Floats) -> Outputs:
    """Evaluate the network (a U-net of residual blocks of convolutions over three) on `inputs` (N, P, C)."""
    layers = dict(weights)

    def linear(name: str, rows: Floats) -> Floats:
        return rows @ layers[f"{name}.weight"] + layers[f"{name}.bias"]

    def convolved(name: str, rows: Floats) -> Floats:
        taps = layers[f"{name}.weight"]
        n_spectra, n_positions, channels = rows.shape
        padded = np.zeros((n_spectra, n_positions + 2, channels), dtype=np.float32)
        padded[:, 1:-1] = rows
        total: Floats = padded[:, :-2] @ taps[0]
        total += padded[:, 1:-1] @ taps[1]
        total += padded[:, 2:] @ taps[2]
        total += layers[f"{name}.bias"]
        return total

    def block(name: str, rows: Floats) -> Floats:
        inner = convolved(f"{name}.first", np.maximum(rows, 0))
        return rows + convolved(f"{name}.second", np.maximum(inner, 0))

    rows = block("enter.0", linear("stem", inputs.astype(np.float32)))
    skipped = []
    last = len(CHANNELS) - 1
    for level in range(1, last + 1):
        skipped.append(rows)
        rows = linear(f"down.{level}", rows.reshape(len(rows), rows.shape[1] // 2, -1))
        rows = block(f"enter.{level}", rows)
    whole = linear("whole", rows.mean(axis=1, keepdims=True))[:, 0]
    local: Floats = whole
    for level in range(last - 1, -1, -1):
        rows = linear(f"up.{level}", rows).reshape(len(rows), rows.shape[1] * 2, -1) + skipped[level]
        rows = block(f"leave.{level}", rows)
        if level == 1:
            local = linear("local", np.maximum(rows, 0))
    return interpreted(linear("cells", np.maximum(rows, 0)), local, whole)


def interpreted(cells: Floats, local: Floats, whole: Floats) -> Outputs:
    """Turn the numbers that leave the network into weights, offsets and stiffness."""
    flat = cells[:, :, : 3 * PATCH].reshape(len(cells), GRID, 3)

    def stiffness(logarithm: Floats) -> Floats:
        return np.exp(np.clip(logarithm, *STIFFNESS_LIMITS).astype(np.float64))

    return Outputs(
        weights=1 / (1 + np.exp(-np.clip(flat[:, :, 0], -12, 12))) + 1e-5,
        offsets=np.clip(flat[:, :, 1], *OFFSET_LIMITS),
        shares=1 / (1 + np.exp(-np.clip(flat[:, :, 2], -12, 12))),
        second=stiffness(local[:, 1:-1, 0] + whole[:, :1]),
        third=stiffness((local[:, 1:-2, 1] + local[:, 2:-1, 1]) / 2 + whole[:, 1:2]),
        fourth=stiffness(whole[:, 2:]),
        log_error=cells[:, :, 3 * PATCH],
    )


def draw_baselines(axis: Floats, values: Floats, sigma: Floats, weights: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Return the baselines of `values` (N, B) with noise `sigma` (N,) a point, and their uncertainty, (N, B) each.

    Those of a spectrum are the same to the last bit whatever else is computed with it.
    """
    with single_threaded_blas():
        return _draw_baselines(axis, values, sigma, weights)


def _draw_baselines(axis: Floats, values: Floats, sigma: Floats, weights: Mapping[str, Any]) -> tuple[Floats, Floats]:
    position = (axis - axis[0]) / (axis[-1] - axis[0])
    splines = penalised_spline.basis(position)
    centres = penalised_spline.cell_centres(GRID // PATCH)
    baselines, errors = np.empty(values.shape, dtype=np.float32), np.empty(values.shape, dtype=np.float32)
    scale_of_error = float(weights["error_scale"][0])
    for start in range(0, len(values), BLOCK):
        rows = slice(start, start + BLOCK)
        spectra = grid_spectra(axis, values[rows].astype(np.float64), sigma[rows].astype(np.float64))
        outputs = run_network(weights, spectra.inputs)
        offsets = spectra.sigma[:, None] * np.sinh(outputs.offsets) + outputs.shares * spectra.heights
        penalties = outputs.second, outputs.third, outputs.fourth
        fitted = penalised_spline.fit(spectra.values - offsets, outputs.weights, *penalties)
        baselines[rows] = (
            penalised_spline.row_products(fitted, splines.T) * spectra.scale[:, None] + spectra.minimum[:, None]
        )
        error = np.exp(np.clip(outputs.log_error, -20, 3)) * scale_of_error * spectra.scale[:, None]
        left = np.clip(np.searchsorted(centres, position) - 1, 0, len(centres) - 2)
        share = np.clip((position - centres[left]) / (centres[1] - centres[0]), 0, 1)
        errors[rows] = error[:, left] * (1 - share) + error[:, left + 1] * share
    return baselines, errors


@cache
def model_weights() -> Mapping[str, NDArray[np.float32]] | None:
    """Return the arrays of the shipped network, or None where they are missing or damaged."""
    from safetensors.numpy import load_file

    from ramanstudio.core.paths import bundled_path

    path = bundled_path("models", "processing", MODEL, "weights.safetensors")
    try:
        return {name: array.astype(np.float32) for name, array in load_file(path).items()}
    except Exception:  # missing, cut or foreign: the classic method takes its place
        return None
