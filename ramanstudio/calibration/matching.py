"""Match the lines that were found in a spectrum to the table of its substance, on an axis that may be far off.

The axis may be displaced by ± 50 cm⁻¹, stretched by 3 % and bent by ± 5 cm⁻¹. All offsets and scales are tried on a
grid, the best are refined by polynomials of growing degree and shrinking tolerance, and the one that explains most of
what was found, by most of what the table expects, wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal.line_fit import FittedLine

Floats = NDArray[np.floating[Any]]

MAX_OFFSET_CM: Final = 58.0  # of the axis, at its zero or in its middle
MAX_SCALE: Final = 0.034
OFFSET_STEP_CM: Final = 3.0
SCALE_STEP: Final = 0.0015
KERNEL_CM: Final = 4.5  # how far a cubic of ± 5 cm⁻¹ and the grid leave a line from its place
TOLERANCES_CM: Final = (11.0, 8.0, 5.0, 4.0, 3.0)  # of the refinement, one after the other
DEGREES: Final = (1, 1, 2, 3, 3)
N_HYPOTHESES: Final = 16
N_STRONGEST: Final = 45  # lines of the spectrum that are compared on the grid
VISIBLE: Final = 0.08  # of the strongest: weaker lines need not be explained
DETECTED_SNR: Final = 5.0  # a line of the table need not be found where it would be fainter
PRIOR_SD_CM: Final = (200.0, 200.0, 7.0, 5.0)  # of the coefficients, on an axis from -1 to 1
PLACE_SD_CM: Final = 0.6  # of a line beside what its fit states, while matching


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Which found line is which line of the table.

    Parameters
    ----------
    pairs : (index of the found line, index of the line in the table), by position
    coefficients : of the polynomial that takes positions on the axis to true ones, as Mapping of `place`
    explained : share of what was found that the table explains, 0 to 1
    expected : share of what the table expects that was found, 0 to 1
    residual_cm : root mean square of what is left between matched lines, weighted by strength
    """

    pairs: tuple[tuple[int, int], ...]
    coefficients: Floats
    span: tuple[float, float]
    explained: float
    expected: float
    residual_cm: float

    @property
    def score(self) -> float:
        """How well the match explains both sides: the harmonic mean of both shares, less what is left."""
        both = self.explained + self.expected
        harmonic = 2 * self.explained * self.expected / both if both > 0 else 0.0
        return harmonic * float(np.exp(-0.5 * (self.residual_cm / 2.5) ** 2))

    def true(self, axis: Floats) -> Floats:
        """Return the true positions (K,) of positions on the axis (K,), cm⁻¹."""
        return _evaluate(self.coefficients, self.span, axis)


def match_lines(
    found: Sequence[FittedLine], reference: Floats, strengths: Floats, span: tuple[float, float]
) -> Matching | None:
    """Match `found` lines to `reference` positions (L,) of relative `strengths` (L,); `span` is the range of the axis.

    Returns the best matching, or None where fewer than two lines can be matched.
    """
    if len(found) < 2 or len(reference) < 2:
        return None
    strongest = sorted(range(len(found)), key=lambda index: -found[index].height)[:N_STRONGEST]
    strongest.sort(key=lambda index: found[index].centre)
    chosen = [found[index] for index in strongest]
    x = np.array([line.centre for line in chosen])
    weight = _weights(np.array([line.height for line in chosen]))
    order = np.argsort(reference)
    table, table_weight = reference[order], _weights(strengths[order])
    candidates = []
    for offset, scale in _hypotheses(x, weight, table, table_weight, span):
        refined = _refine(chosen, table, strengths[order], span, offset, scale)
        if refined is not None:
            candidates.append(refined)
    if not candidates:
        return None
    best = max(candidates, key=lambda matching: matching.score)
    pairs = tuple(sorted((strongest[i], int(order[j])) for i, j in best.pairs))
    return Matching(pairs, best.coefficients, span, best.explained, best.expected, best.residual_cm)


def _weights(heights: Floats) -> Floats:
    """Heights (K,) as weights: the square root, so that weak lines count beside a strong one."""
    weights: Floats = np.sqrt(heights / heights.max())
    return weights


def _hypotheses(
    x: Floats, weight: Floats, table: Floats, table_weight: Floats, span: tuple[float, float]
) -> list[tuple[float, float]]:
    """The (offset, scale) under which most lines fall on one another: true = x + offset + scale x."""
    reach = MAX_OFFSET_CM + MAX_SCALE * (span[0] + span[1]) / 2
    offsets, scales = np.meshgrid(
        np.arange(-reach, reach + 0.1, OFFSET_STEP_CM), np.arange(-MAX_SCALE, MAX_SCALE + 1e-9, SCALE_STEP)
    )
    offset, scale = offsets.ravel(), scales.ravel()
    in_middle = np.abs(offset + scale * (span[0] + span[1]) / 2)
    allowed = (np.abs(offset) <= MAX_OFFSET_CM) | (in_middle <= MAX_OFFSET_CM)
    offset, scale = offset[allowed], scale[allowed]
    placed = x * (1 + scale[:, None]) + offset[:, None]
    near, which = _nearest(placed, table)
    agreement = np.minimum(weight, table_weight[which]) / np.maximum(weight, table_weight[which])
    explained = (weight * np.sqrt(agreement) * np.exp(-0.5 * (near / KERNEL_CM) ** 2)).sum(axis=1) / weight.sum()
    back = (table - offset[:, None]) / (1 + scale[:, None])
    inside = (back > span[0] + 2) & (back < span[1] - 2)
    near, _ = _nearest(back, x)
    shares = table_weight * inside
    expected = (shares * np.exp(-0.5 * (near / KERNEL_CM) ** 2)).sum(axis=1) / np.maximum(shares.sum(axis=1), 1e-9)
    score = 2 * explained * expected / np.maximum(explained + expected, 1e-9)
    chosen: list[tuple[float, float]] = []
    for index in np.argsort(-score):
        start = float(offset[index]), float(scale[index])
        ends = [start[0] + start[1] * end for end in span]
        if all(max(abs(ends[k] - (o + s * span[k])) for k in (0, 1)) > 6.0 for o, s in chosen):
            chosen.append(start)
        if len(chosen) == N_HYPOTHESES:
            break
    return chosen


def _nearest(positions: Floats, targets: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """The distance of each of `positions` (…,) to the nearest of the sorted `targets` (T,), and which one it is."""
    right = np.clip(np.searchsorted(targets, positions), 1, len(targets) - 1) if len(targets) > 1 else 0
    if len(targets) == 1:
        return np.abs(positions - targets[0]), np.zeros(positions.shape, dtype=np.intp)
    which = np.where(np.abs(positions - targets[right]) < np.abs(positions - targets[right - 1]), right, right - 1)
    return np.abs(positions - targets[which]), which


def _refine(
    found: Sequence[FittedLine],
    table: Floats,
    strengths: Floats,
    span: tuple[float, float],
    offset: float,
    scale: float,
) -> Matching | None:
    """Follow one hypothesis with polynomials of growing degree and a shrinking tolerance."""
    x = np.array([line.centre for line in found])
    sd = np.hypot(np.array([line.centre_sd for line in found]), PLACE_SD_CM)
    sd = np.where([line.saturated for line in found], 3 * sd, sd)
    height = np.array([line.height for line in found])
    half = (span[1] - span[0]) / 2
    start = np.array([offset + scale * (span[0] + half), scale * half, 0.0, 0.0])
    coefficients = start
    pairs: list[tuple[int, int]] = []
    for tolerance, degree in zip(TOLERANCES_CM, DEGREES, strict=True):
        pairs = _assign(_evaluate(coefficients, span, x), height, table, strengths, tolerance)
        if len(pairs) < 2:
            return None
        i, j = (np.array(side) for side in zip(*pairs, strict=True))
        free = min(degree, max(1, (len(pairs) - 1) // 2))
        coefficients = _polynomial(x[i], table[j] - x[i], sd[i], span, free, start)
    residual = _evaluate(coefficients, span, x[i]) - table[j]
    weight = _weights(height)
    visible = height > VISIBLE * height.max()
    explained = float(weight[i][visible[i]].sum() / max(weight[visible].sum(), 1e-9))
    ends = _evaluate(coefficients, span, np.asarray(span, dtype=np.float64))
    inside = (table > ends[0] + 3) & (table < ends[1] - 3)
    strongest = float(strengths[inside].max(initial=0.0)) or 1.0
    table_weight = np.sqrt(strengths / strongest)
    inside &= strengths >= max(VISIBLE, DETECTED_SNR / max(line.snr for line in found)) * strongest
    hit = np.zeros(len(table), dtype=bool)
    hit[j] = True
    expected = float(table_weight[inside & hit].sum() / max(table_weight[inside].sum(), 1e-9))
    spread = float(np.sqrt(np.average(residual**2, weights=weight[i])))
    return Matching(tuple(pairs), coefficients, span, explained, expected, spread)


def _assign(
    placed: Floats, height: Floats, table: Floats, strengths: Floats, tolerance: float
) -> list[tuple[int, int]]:
    """Pairs (found, table) that are nearest in place and strength, each line at most once."""
    distance = placed[:, None] - table[None, :]
    relative = np.log(np.maximum(height, 1e-12)[:, None] / height.max()) - np.log(strengths / strengths.max())[None, :]
    merit = (
        -0.5 * (distance / (0.4 * tolerance)) ** 2
        - 0.5 * (relative / 1.5) ** 2
        + 0.3 * np.log(np.maximum(strengths / strengths.max(), 1e-3))
    )
    merit[np.abs(distance) > tolerance] = -np.inf
    pairs: list[tuple[int, int]] = []
    while True:
        best = int(np.argmax(merit))
        i, j = divmod(best, len(table))
        if not np.isfinite(merit[i, j]):
            return sorted(pairs)
        pairs.append((i, j))
        merit[i, :] = merit[:, j] = -np.inf


def _polynomial(
    x: Floats, correction: Floats, sd: Floats, span: tuple[float, float], degree: int, start: Floats
) -> Floats:
    """Coefficients (4,) of the correction as Chebyshev polynomials on `span`, robust, held by a wide prior."""
    basis = np.polynomial.chebyshev.chebvander(_unit(x, span), 3)[:, : degree + 1]
    prior = np.array(PRIOR_SD_CM[: degree + 1])
    weights = 1 / sd**2
    coefficients = np.zeros(4)
    for _ in range(6):
        normal = basis.T @ (weights[:, None] * basis) + np.diag(1 / prior**2)
        right = (
            basis.T @ (weights * correction) + np.where(np.arange(degree + 1) < 2, start[: degree + 1], 0) / prior**2
        )
        coefficients[: degree + 1] = np.linalg.solve(normal, right)
        residual = np.abs(correction - basis @ coefficients[: degree + 1]) / sd
        weights = 1 / sd**2 / np.maximum(1, residual / 2.0)
    return coefficients


def _unit(x: Floats, span: tuple[float, float]) -> Floats:
    return (2 * x - span[0] - span[1]) / (span[1] - span[0])


def _evaluate(coefficients: Floats, span: tuple[float, float], x: Floats) -> Floats:
    values: Floats = x + np.polynomial.chebyshev.chebval(_unit(x, span), coefficients)
    return values
