"""Where the spectra of a map lie: rows and columns found from stage coordinates, or a series in depth, time, a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet

MISSING: Final = -1
_STRAIGHT: Final = 0.02  # a set whose width is less of its length lies on a line
_CLEAR: Final = 3.0  # steps of a stage stand out from its jitter by this factor
_OFF: Final = 0.3  # of a step: what is farther from its place than this is not on a grid
_MOST_EMPTY: Final = 8  # pixels for each spectrum; a grid with more is none
_SAMPLED, _MOST_LINES, _RHYTHMIC = 2000, 500, 0.5
_MANY_TIMES: Final = 4  # spectra for each plane, or its z is a focus that follows the surface

Floats = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MapGrid:
    """Pixels of a map: `index` (R, C), the spectrum at each, MISSING where none was measured.

    `x` (C,) and `y` (R,), increasing, are the middles of the pixels in `unit`; `title` names the plane where there are
    several; `aside` says what the user should know of it.
    """

    index: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    unit: str = "µm"
    title: str = ""
    aside: str = ""

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

    def picture(self, values: Floats) -> NDArray[np.float64]:
        """`values` (N,) in their places (R, C); NaN where none is."""
        taken = np.append(np.asarray(values, dtype=np.float64), np.nan)
        return taken[self.index]


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumSeries:
    """Spectra one after the other: `rows` (n,) in the order of `at` (n,), a depth, time or place in `unit`."""

    rows: NDArray[np.int64]
    at: NDArray[np.float64]
    quantity: str
    unit: str
    aside: str = ""


MapLayout = tuple[MapGrid, ...] | SpectrumSeries


def map_layout(spectra: SpectrumSet) -> MapLayout | None:
    """The planes of a map, or the series that the spectra are; None where they have neither place, depth nor time."""
    table = spectra.table
    if len(spectra) < 2:
        return None
    if spectra.is_map:
        x, y = (np.asarray(table[name], dtype=np.float64) for name in ("x", "y"))
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() >= 2 and (np.ptp(x[known]) > 0 or np.ptp(y[known]) > 0):
            along = _along_a_line(x, y, known)
            return along if along is not None else _planes(spectra, x, y, known)
    for name, quantity, unit in (("z", "Depth", "µm"), ("time", "Time", "s")):
        if name in table and np.ptp(np.nan_to_num(np.asarray(table[name], dtype=np.float64))) > 0:
            return _series(np.asarray(table[name], dtype=np.float64), quantity, unit)
    return None


def _series(at: Doubles, quantity: str, unit: str) -> SpectrumSeries:
    rows = np.flatnonzero(np.isfinite(at))
    rows = rows[np.argsort(at[rows], kind="stable")].astype(np.int64)
    size, name = 1.0, unit
    if unit == "s" and np.ptp(at[rows]) > 7200:
        size, name = 3600.0, "h"
    return SpectrumSeries(rows, at[rows] / size, quantity, name)


def _along_a_line(x: Doubles, y: Doubles, known: NDArray[np.bool_]) -> SpectrumSeries | None:
    """Spectra on one straight line, at their distances from its beginning."""
    places = np.column_stack([x[known], y[known]])
    middle = places - places.mean(axis=0)
    _, sizes, ways = np.linalg.svd(middle, full_matrices=False)
    if sizes[1] > _STRAIGHT * sizes[0]:
        return None
    along = middle @ ways[0]
    along = along if along[0] <= along[-1] else -along
    at = np.full(len(x), np.nan)
    at[known] = along - along.min()
    return _series(at, "Distance along the line", "µm")


def _planes(spectra: SpectrumSet, x: Doubles, y: Doubles, known: NDArray[np.bool_]) -> tuple[MapGrid, ...]:
    grid = _grid(x, y, known, str(spectra.about.get("place_unit", "µm")))
    cell = grid.cell
    many = np.bincount(cell[known], minlength=grid.rows * grid.columns)
    z = spectra.table.get("z")
    if z is not None and many.max() > 1:
        levels, level = np.unique(np.round(np.nan_to_num(np.asarray(z, np.float64)), 6), return_inverse=True)
        if len(levels) > 1 and len(spectra) >= _MANY_TIMES * len(levels) and len(levels) >= many.max():
            return tuple(
                grid.filled(known & (level == number), f"z {value:g} µm") for number, value in enumerate(levels)
            )
    visits = int(many.max())
    if visits > 1 and (many[many > 0] == visits).mean() > 0.9:
        visit = _visit(cell, known)
        return tuple(grid.filled(known & (visit == number), f"pass {number + 1}") for number in range(visits))
    aside = grid.aside
    if visits > 1:
        aside = f"{aside} At {(many > 1).sum():,} places there are several spectra; the last of each is shown.".strip()
    left_out = int((~known).sum())
    if left_out:
        aside = f"{aside} {left_out:,} spectra have no place and are not shown.".strip()
    return (grid.filled(known, "", aside),)


def _visit(cell: NDArray[np.int64], known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How often a pixel had been measured before, (N,)."""
    order = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(cell[order]) != 0]))
    first = np.repeat(starts, np.diff(np.append(starts, len(order))))
    visit = np.empty(len(cell), dtype=np.int64)
    visit[order] = np.arange(len(order)) - first
    return np.where(known, visit, MISSING)


@dataclass(frozen=True, slots=True, eq=False)
class _PixelLattice:
    cell: NDArray[np.int64]  # (N,) row * columns + column
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    unit: str
    aside: str

    @property
    def rows(self) -> int:
        return len(self.y)

    @property
    def columns(self) -> int:
        return len(self.x)

    def filled(self, which: NDArray[np.bool_], title: str, aside: str = "") -> MapGrid:
        index = np.full(self.rows * self.columns, MISSING, dtype=np.int64)
        chosen = np.flatnonzero(which)
        index[self.cell[chosen]] = chosen
        return MapGrid(index.reshape(self.rows, self.columns), self.x, self.y, self.unit, title, aside or self.aside)


def _grid(x: Doubles, y: Doubles, known: NDArray[np.bool_], unit: str) -> _PixelLattice:
    across, down = (_steps(one[known]) or _rhythm(one[known]) for one in (x, y))
    aside = ""
    count = int(known.sum())
    if across is None or down is None or across[1] * down[1] > _MOST_EMPTY * count + 64:
        across, down = _even_cells(x[known], y[known])
        aside = (
            f"The places lie on no grid: each spectrum is drawn in the nearest of {across[1]:,} × {down[1]:,} cells."
        )
    (left, columns, wide), (top, rows, high) = across, down
    wide, high = wide or high or 1.0, high or wide or 1.0
    column = np.clip(np.rint((np.where(known, x, left) - left) / wide), 0, columns - 1).astype(np.int64)
    row = np.clip(np.rint((np.where(known, y, top) - top) / high), 0, rows - 1).astype(np.int64)
    return _PixelLattice(row * columns + column, _middles(left, columns, wide), _middles(top, rows, high), unit, aside)


def _middles(first: float, count: int, step: float) -> Doubles:
    """Evenly spaced places, without figures that no stage has."""
    middles: Doubles = np.round(first + step * np.arange(count), max(0, 6 - int(np.floor(np.log10(step))))) + 0.0
    return middles


def _steps(values: Floats) -> tuple[float, int, float] | None:
    """First place, number and distance of evenly spaced places that `values` jitter around; None where there are none.

    Between sorted values lie gaps that are jitter and gaps that are steps of the stage: the widest jump in size among
    them, from what could still be a step down, tells the two apart.
    """
    placed = np.sort(np.asarray(values, dtype=np.float64))
    span = float(np.ptp(placed))
    if span == 0:
        return float(placed[0]), 1, 0.0
    gaps = np.diff(placed)
    sizes = np.sort(np.maximum(gaps, span / (10 * len(placed))))
    ratios = sizes[1:] / sizes[:-1]
    least = 0.0
    if ratios.size and ratios.max() >= _CLEAR:
        jump = int(ratios.argmax())
        least = float(np.sqrt(sizes[jump] * sizes[jump + 1]))
    elif sizes[-1] > _CLEAR * sizes[0]:
        return None  # gaps of every size
    number = np.concatenate([[0], np.cumsum(gaps > least)])
    levels = np.bincount(number, placed) / np.bincount(number)
    step = float(np.median(np.diff(levels)))
    where = np.rint((levels - levels[0]) / step)
    if len(levels) > 2:
        step, first = (float(one) for one in np.polyfit(where, levels, 1))
    else:
        first = float(levels[0])
    off = np.abs(levels - first - where * step)
    if (off > _OFF * step).mean() > 0.05:
        return None
    return first, int(where[-1]) + 1, step


def _rhythm(values: Floats) -> tuple[float, int, float] | None:
    """The same for places whose jitter hides the gaps: the step at which they come round most often."""
    placed = np.sort(np.asarray(values, dtype=np.float64))
    span = float(np.ptp(placed))
    some = placed[np.linspace(0, len(placed) - 1, min(len(placed), _SAMPLED)).astype(int)]
    rounds = np.arange(1.8, min(len(placed) / 2, _MOST_LINES), 0.2) / span
    if span == 0 or len(rounds) < 2:
        return None
    together = np.array([np.abs(np.exp(2j * np.pi * one * some).mean()) for one in rounds])
    if together.max() < _RHYTHMIC:
        return None
    step = 1 / float(rounds[int(np.argmax(together >= 0.95 * together.max()))])
    for _ in range(4):  # the step, then the phase, then the step again
        first = float(np.angle(np.exp(2j * np.pi * placed / step).mean()) / (2 * np.pi) * step)
        where = np.rint((placed - first) / step)
        step, first = (float(one) for one in np.polyfit(where, placed, 1))
    return first + where[0] * step, int(where[-1] - where[0]) + 1, step


def _even_cells(x: Floats, y: Floats) -> tuple[tuple[float, int, float], tuple[float, int, float]]:
    """Square cells, about as many as there are spectra."""
    wide, high = float(np.ptp(x)), float(np.ptp(y))
    side = max(np.sqrt(max(wide * high, 0.0) / len(x)), max(wide, high) / len(x))
    return (
        (float(x.min()), int(np.rint(wide / side)) + 1, side),
        (float(y.min()), int(np.rint(high / side)) + 1, side),
    )
