"""Arrange the spectra of a map: rows and columns from stage coordinates, or a series in depth, in time or on a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet

MISSING: Final = -1
_LINE_WIDTH: Final = 0.02  # coordinates narrower than this share of their length lie on a line
_STEP_OVER_JITTER: Final = 3.0  # steps of a stage exceed its jitter by this factor
_MAX_OFFSET: Final = 0.3  # of a step; coordinates farther from a grid point are not on the grid
_MAX_PIXELS: Final = 8  # for each spectrum; a grid with more is rejected
_PERIOD_SAMPLE, _MAX_LINES, _MIN_COHERENCE = 2000, 500, 0.5
_MIN_PER_PLANE: Final = 4  # spectra for each plane; with fewer, z is a focus that follows the surface

Floats = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MapGrid:
    """The pixels of a map: `index` (R, C), the spectrum at each, MISSING where none was measured.

    `x` (C,) and `y` (R,), increasing, are the pixel centres in `unit`; `title` names the plane where there are several;
    `note` is a remark for the user.
    """

    index: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    unit: str = "µm"
    title: str = ""
    note: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.index.shape[0], self.index.shape[1]

    @property
    def step(self) -> tuple[float, float]:
        """Width and height of a pixel in `unit`."""
        across = float(self.x[1] - self.x[0]) if len(self.x) > 1 else 0.0
        down = float(self.y[1] - self.y[0]) if len(self.y) > 1 else 0.0
        return across or down or 1.0, down or across or 1.0

    def image(self, values: Floats) -> NDArray[np.float64]:
        """Arrange `values` (N,) of the spectra as an image (R, C); NaN where none was measured."""
        padded = np.append(np.asarray(values, dtype=np.float64), np.nan)
        return padded[self.index]


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumSeries:
    """A series of spectra: `rows` (n,) in the order of their `positions` (n,), a depth, time or distance in `unit`."""

    rows: NDArray[np.int64]
    positions: NDArray[np.float64]
    quantity: str
    unit: str
    note: str = ""


MapLayout = tuple[MapGrid, ...] | SpectrumSeries


def map_layout(spectra: SpectrumSet) -> MapLayout | None:
    """Return the planes of a map, or the series; None when the spectra have no coordinates, depth or time."""
    table = spectra.table
    if len(spectra) < 2:
        return None
    if spectra.is_map:
        x, y = (np.asarray(table[name], dtype=np.float64) for name in ("x", "y"))
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() >= 2 and (np.ptp(x[known]) > 0 or np.ptp(y[known]) > 0):
            line = _line_scan(x, y, known)
            return line if line is not None else _planes(spectra, x, y, known)
    for name, quantity, unit in (("z", "Depth", "µm"), ("time", "Time", "s")):
        if name in table and np.ptp(np.nan_to_num(np.asarray(table[name], dtype=np.float64))) > 0:
            return _series(np.asarray(table[name], dtype=np.float64), quantity, unit)
    return None


def _series(positions: Doubles, quantity: str, unit: str) -> SpectrumSeries:
    """A series in the order of `positions` (N,), without those that are not finite; long times in hours."""
    rows = np.flatnonzero(np.isfinite(positions))
    rows = rows[np.argsort(positions[rows], kind="stable")].astype(np.int64)
    if unit == "s" and np.ptp(positions[rows]) > 7200:
        return SpectrumSeries(rows, positions[rows] / 3600.0, quantity, "h")
    return SpectrumSeries(rows, positions[rows], quantity, unit)


def _line_scan(x: Doubles, y: Doubles, known: NDArray[np.bool_]) -> SpectrumSeries | None:
    """Spectra on one straight line, at their distances from its beginning; None when they lie on no line."""
    coordinates = np.column_stack([x[known], y[known]])
    centred = coordinates - coordinates.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    if singular[1] > _LINE_WIDTH * singular[0]:
        return None
    along = centred @ directions[0]
    along = along if along[0] <= along[-1] else -along
    distance = np.full(len(x), np.nan)
    distance[known] = along - along.min()
    return _series(distance, "Distance along the line", "µm")


def _planes(spectra: SpectrumSet, x: Doubles, y: Doubles, known: NDArray[np.bool_]) -> tuple[MapGrid, ...]:
    """One grid, or one for each plane in z or each pass over the same pixels; spectra not `known` have no place."""
    lattice = _find_lattice(x, y, known, str(spectra.about.get("place_unit", "µm")))
    cell = lattice.cell
    counts = np.bincount(cell[known], minlength=lattice.rows * lattice.columns)
    z = spectra.table.get("z")
    if z is not None and counts.max() > 1:
        levels, level = np.unique(np.round(np.nan_to_num(np.asarray(z, np.float64)), 6), return_inverse=True)
        if len(levels) > 1 and len(spectra) >= _MIN_PER_PLANE * len(levels) and len(levels) >= counts.max():
            return tuple(
                lattice.filled(known & (level == number), f"z {value:g} µm") for number, value in enumerate(levels)
            )
    visits = int(counts.max())
    if visits > 1 and (counts[counts > 0] == visits).mean() > 0.9:
        visit = _visit(cell, known)
        return tuple(lattice.filled(known & (visit == number), f"pass {number + 1}") for number in range(visits))
    note = lattice.note
    if visits > 1:
        note = f"{note} {(counts > 1).sum():,} pixels have several spectra; the last of each is shown.".strip()
    n_unplaced = int((~known).sum())
    if n_unplaced:
        note = f"{note} {n_unplaced:,} spectra have no coordinates and are not shown.".strip()
    return (lattice.filled(known, "", note),)


def _visit(cell: NDArray[np.int64], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How often the pixel of each spectrum had been measured before, (N,)."""
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(cell[order]) != 0]))
    first = np.repeat(starts, np.diff(np.append(starts, len(order))))
    visit = np.empty(len(cell), dtype=np.int64)
    visit[order] = np.arange(len(order)) - first
    return np.where(known, visit, MISSING)


@dataclass(frozen=True, slots=True, eq=False)
class _PixelLattice:
    """Pixels on the stage, and the pixel that each spectrum lies in."""

    cell: NDArray[np.int64]  # (N,) row * columns + column
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    unit: str
    note: str

    @property
    def rows(self) -> int:
        return len(self.y)

    @property
    def columns(self) -> int:
        return len(self.x)

    def filled(self, members: NDArray[np.bool_], title: str, note: str = "") -> MapGrid:
        """The grid with the spectra that are `members` (N,) in their pixels."""
        index = np.full(self.rows * self.columns, MISSING, dtype=np.int64)
        chosen = np.flatnonzero(members)
        index[self.cell[chosen]] = chosen
        return MapGrid(index.reshape(self.rows, self.columns), self.x, self.y, self.unit, title, note or self.note)


def _find_lattice(x: Doubles, y: Doubles, known: NDArray[np.bool_], unit: str) -> _PixelLattice:
    """The lattice that coordinates (N,) lie on: by their gaps, by their period, or square cells where there is none."""
    across, down = (_steps(values[known]) or _period(values[known]) for values in (x, y))
    note = ""
    count = int(known.sum())
    if across is None or down is None or across[1] * down[1] > _MAX_PIXELS * count + 64:
        across, down = _square_cells(x[known], y[known])
        note = (
            f"The coordinates lie on no grid: each spectrum is drawn in the nearest of {across[1]:,} × {down[1]:,}"
            " cells."
        )
    (left, columns, width), (top, rows, height) = across, down
    width, height = width or height or 1.0, height or width or 1.0
    column = np.clip(np.rint((np.where(known, x, left) - left) / width), 0, columns - 1).astype(np.int64)
    row = np.clip(np.rint((np.where(known, y, top) - top) / height), 0, rows - 1).astype(np.int64)
    return _PixelLattice(
        row * columns + column, _centres(left, columns, width), _centres(top, rows, height), unit, note
    )


def _centres(first: float, count: int, step: float) -> Doubles:
    """Evenly spaced coordinates (count,), rounded to what a stage can resolve."""
    centres: Doubles = np.round(first + step * np.arange(count), max(0, 6 - int(np.floor(np.log10(step))))) + 0.0
    return centres


def _steps(values: Floats) -> tuple[float, int, float] | None:
    """First coordinate, number and step of evenly spaced ones that `values` jitter around; None where there are none.

    Between sorted values lie gaps that are jitter and gaps that are steps of the stage: the largest jump in size among
    them separates the two.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    span = float(np.ptp(ordered))
    if span == 0:
        return float(ordered[0]), 1, 0.0
    gaps = np.diff(ordered)
    sizes = np.sort(np.maximum(gaps, span / (10 * len(ordered))))
    ratios = sizes[1:] / sizes[:-1]
    least = 0.0
    if ratios.size and ratios.max() >= _STEP_OVER_JITTER:
        jump = int(ratios.argmax())
        least = float(np.sqrt(sizes[jump] * sizes[jump + 1]))
    elif sizes[-1] > _STEP_OVER_JITTER * sizes[0]:
        return None  # gaps of every size
    level_of = np.concatenate([[0], np.cumsum(gaps > least)])
    levels = np.bincount(level_of, ordered) / np.bincount(level_of)
    step = float(np.median(np.diff(levels)))
    numbers = np.rint((levels - levels[0]) / step)
    if len(levels) > 2:
        step, first = (float(value) for value in np.polyfit(numbers, levels, 1))
    else:
        first = float(levels[0])
    offset = np.abs(levels - first - numbers * step)
    if (offset > _MAX_OFFSET * step).mean() > 0.05:
        return None
    return first, int(numbers[-1]) + 1, step


def _period(values: Floats) -> tuple[float, int, float] | None:
    """The same where jitter hides the gaps: the step at which coordinates recur most regularly."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    span = float(np.ptp(ordered))
    sample = ordered[np.linspace(0, len(ordered) - 1, min(len(ordered), _PERIOD_SAMPLE)).astype(int)]
    frequencies = np.arange(1.8, min(len(ordered) / 2, _MAX_LINES), 0.2) / span
    if span == 0 or len(frequencies) < 2:
        return None
    coherence = np.array([np.abs(np.exp(2j * np.pi * frequency * sample).mean()) for frequency in frequencies])
    if coherence.max() < _MIN_COHERENCE:
        return None
    step = 1 / float(frequencies[int(np.argmax(coherence >= 0.95 * coherence.max()))])
    for _ in range(4):  # the step, then the phase, then the step again
        first = float(np.angle(np.exp(2j * np.pi * ordered / step).mean()) / (2 * np.pi) * step)
        numbers = np.rint((ordered - first) / step)
        step, first = (float(value) for value in np.polyfit(numbers, ordered, 1))
    return first + numbers[0] * step, int(numbers[-1] - numbers[0]) + 1, step


def _square_cells(x: Floats, y: Floats) -> tuple[tuple[float, int, float], tuple[float, int, float]]:
    """Square cells, about as many as there are spectra: first centre, number and size in x and in y."""
    width, height = float(np.ptp(x)), float(np.ptp(y))
    side = max(np.sqrt(max(width * height, 0.0) / len(x)), max(width, height) / len(x))
    return (
        (float(x.min()), int(np.rint(width / side)) + 1, side),
        (float(y.min()), int(np.rint(height / side)) + 1, side),
    )
