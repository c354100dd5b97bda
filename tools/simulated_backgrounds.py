"""Spectra with known baselines: measured or simulated lines on measured or simulated backgrounds, with noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

BACKGROUND_POINTS: Final = 500
HIGHEST_OWN_BASELINE: Final = 0.015  # of the strongest line, in processed spectra that serve as lines
# Raw spectra whose smooth part serves as background: the group, and how many are drawn of it.
RAW: Final = {
    "saliva": 700, "minerals_raw_train": 340, "minerals_raw_test": 150, "glasses": 431, "microplastics": 127,
    "single_cells": 120, "serum_sers": 80, "exposure_mixture_01": 20, "paracetamol_plates": 60,
}  # fmt: skip
STEPS_CM: Final = (0.4, 5.0)
SNR: Final = (3.0, 400.0)
LOW_SNR: Final = (3.0, 12.0)
BACKGROUND_SCALE: Final = (0.3, 60.0)  # of the strongest line


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Spectra `values` (N, B) on `axis` (B,) with noise `sigma` (N,); `baseline` and `lines` (N, B), 1 at most."""

    axis: Floats
    values: Floats
    baseline: Floats
    lines: Floats
    sigma: Floats


class Simulator:
    """Draws spectra with known baselines from an HDF5 corpus; `excluded` labels and samples are left out of it."""

    def __init__(self, corpus: Path, excluded: frozenset[str], rng: np.random.Generator) -> None:
        """Read the lines, and smooth the raw spectra of the corpus."""
        self._rng = rng
        self._lines = measured_lines(corpus, excluded)
        self._backgrounds = measured_backgrounds(corpus, excluded, rng)

    def __str__(self) -> str:
        """Say how much was read."""
        return f"{len(self._lines)} measured sets of lines, {len(self._backgrounds)} measured backgrounds"

    def draw(self, n_spectra: int) -> Simulated:
        """Return `n_spectra` spectra on an axis that is drawn first."""
        rng = self._rng
        step = float(np.exp(rng.uniform(*np.log(STEPS_CM))))
        span = float(np.exp(rng.uniform(np.log(350), np.log(3200))) if rng.random() < 0.5 else rng.uniform(700, 1250))
        n_points = int(np.clip(span / step, 130, 2300))
        axis = np.linspace(0, step * (n_points - 1), n_points)
        lines, baseline = np.empty((n_spectra, n_points)), np.empty((n_spectra, n_points))
        for row in range(n_spectra):
            shape = self._some_lines(axis)
            lines[row] = shape / max(float(shape.max()), 1e-12)
            curve = self._some_background(n_points)
            height = max(float(np.ptp(curve)), 1e-12)
            baseline[row] = curve / height * np.exp(rng.uniform(*np.log(BACKGROUND_SCALE)))
        clean = lines + baseline
        noise, sigma = self._noise(clean)
        return Simulated(axis, clean + noise, baseline, lines, sigma)

    def _some_lines(self, axis: Floats) -> Floats:
        rng, kind = self._rng, self._rng.random()
        if kind < 0.6:
            shape = self._measured(axis)
            if rng.random() < 0.15:
                shape = shape + self._measured(axis) * rng.uniform(0.1, 1)
            if rng.random() < 0.12:
                shape = shape + simulated_lines(axis, rng, broad=True) * rng.uniform(0.05, 0.6)
            return shape
        shape = simulated_lines(axis, rng, broad=kind > 0.88)
        if kind > 0.92:
            shape = shape + simulated_lines(axis, rng, broad=False) * rng.uniform(0.1, 2)
        return shape

    def _measured(self, axis: Floats) -> Floats:
        rng = self._rng
        own_axis, own = self._lines[rng.integers(len(self._lines))]
        length = own_axis[-1] - own_axis[0]
        stretch = float(np.exp(rng.normal(0, 0.15))) if rng.random() < 0.5 else 1.0
        taken = min(length, axis[-1] * stretch)
        start = own_axis[0] + rng.uniform(0, length - taken)
        at = start + axis / axis[-1] * taken  # a longer axis stretches the lines: broader ones are welcome
        shape = np.interp(at, own_axis, own)
        return shape[::-1] if rng.random() < 0.3 else shape

    def _some_background(self, n_points: int) -> Floats:
        rng = self._rng
        if rng.random() < 0.5:
            curve = self._backgrounds[rng.integers(len(self._backgrounds))]
            share = rng.uniform(0.5, 1)
            start = rng.uniform(0, 1 - share)
            curve = between(curve, start + share * np.linspace(0, 1, n_points))
            return curve[::-1] if rng.random() < 0.3 else curve
        return simulated_background(np.linspace(0, 1, n_points), rng)

    def _noise(self, clean: Floats) -> tuple[Floats, Floats]:
        """White noise whose variance follows the intensity; sometimes none, or what denoising leaves of it."""
        from scipy.ndimage import gaussian_filter1d

        rng = self._rng
        lowest, height = clean.min(axis=1, keepdims=True), np.ptp(clean, axis=1)[:, None]
        variance = clean - lowest + 0.05 * height
        if rng.random() < 0.15:
            variance = np.ones_like(clean)
        variance /= variance.mean(axis=1, keepdims=True)
        sigma = np.exp(-rng.uniform(*np.log(SNR), size=len(clean)))
        low = rng.random(len(clean)) < 0.4  # where errors are largest
        sigma[low] = np.exp(-rng.uniform(*np.log(LOW_SNR), size=int(low.sum())))
        sigma[rng.random(len(clean)) < 0.1] *= rng.choice([1e-4, 0.1])
        noise = rng.normal(size=clean.shape) * np.sqrt(variance)
        smooth = rng.random(len(clean)) < 0.1
        if smooth.any():
            softened = gaussian_filter1d(noise[smooth], float(rng.uniform(0.7, 5)), axis=1)
            noise[smooth] = softened / softened.std(axis=1, keepdims=True)
            sigma[smooth] *= 0.4
        return noise * sigma[:, None], sigma


def measured_lines(corpus: Path, excluded: frozenset[str]) -> list[tuple[Floats, Floats]]:
    """Return (axis, lines) of processed spectra that stand on next to nothing, scaled to 1."""
    import h5py

    kept = []
    with h5py.File(corpus) as file:
        group = file["rruff"]
        offsets = group["offsets"][:]
        labels, kinds = group["label"].asstr()[:], group["kind"].asstr()[:]
        axes, values = group["axis"][:], group["values"][:]
        for index, (label, kind) in enumerate(zip(labels, kinds, strict=True)):
            where = slice(offsets[index], offsets[index + 1])
            axis, own = axes[where].astype(np.float64), values[where].astype(np.float64)
            if kind != "processed" or label in excluded or len(own) < 300 or not np.isfinite(own).all():
                continue
            own = own - np.percentile(own, 1)
            height = float(own.max())
            if height <= 0 or lower_envelope(own / height) > HIGHEST_OWN_BASELINE:
                continue
            kept.append((axis, own / height))
    return kept


def lower_envelope(lines: Floats) -> float:
    """Return how high a wide opening of `lines` (B,) rises, after a median over five points."""
    from scipy.ndimage import grey_opening, median_filter

    opened = grey_opening(median_filter(lines, 5), max(5, len(lines) // 8))
    return float(np.percentile(np.abs(opened - np.median(opened)), 95))


def measured_backgrounds(corpus: Path, excluded: frozenset[str], rng: np.random.Generator) -> list[Floats]:
    """Return the smooth part (500,) of raw spectra, found in one of three ways so that none is favoured."""
    import h5py

    curves = []
    with h5py.File(corpus) as file:
        for name, most in RAW.items():
            if name not in file:
                continue
            group = file[name]
            offsets = group["offsets"][:] if "offsets" in group else None
            count = len(group["values"]) if offsets is None else len(offsets) - 1
            names = [group[column].asstr()[:] for column in ("sample", "label") if column in group]
            for index in rng.permutation(count)[:most]:
                if any(column[index] in excluded for column in names):
                    continue
                where = index if offsets is None else slice(offsets[index], offsets[index + 1])
                own = np.asarray(group["values"][where], dtype=np.float64)
                if len(own) < 100 or not np.isfinite(own).all() or np.ptp(own) <= 0:
                    continue
                for way in rng.permutation(3)[:2]:
                    curve = smooth_background(own, int(way), rng)
                    if np.isfinite(curve).all() and np.ptp(curve) > 0:
                        curves.append(curve.astype(np.float32))
    return curves


def smooth_background(raw: Floats, way: int, rng: np.random.Generator) -> Floats:
    """Return the background (500,) of a raw spectrum: by arPLS, by a polynomial, or by a wide opening."""
    from pybaselines import Baseline
    from scipy.ndimage import gaussian_filter1d, grey_opening, median_filter

    own = np.linspace(0, 1, len(raw))
    position = np.linspace(0, 1, BACKGROUND_POINTS)
    row = np.interp(position, own, median_filter(raw, 7))
    row = (row - row.min()) / np.ptp(row)
    if way == 2:
        width = int(rng.integers(60, 170))
        opened = grey_opening(np.pad(row, width, mode="reflect", reflect_type="odd"), width)
        return np.asarray(gaussian_filter1d(opened, width / 3)[width:-width])
    fitter = Baseline(position)
    if way == 0:
        curve = fitter.arpls(row, lam=10 ** rng.uniform(6, 7))[0]
    else:
        curve = fitter.imodpoly(row, poly_order=int(rng.integers(4, 9)))[0]
    knots = np.linspace(0, 1, int(rng.integers(4, 11)))
    return spline_through(np.interp(knots, position, curve), position)


def between(curve: Floats, positions: Floats) -> Floats:
    """Return a smooth `curve` (B,) over 0…1 at `positions`, by cubics through four points (Catmull and Rom 1974)."""
    scaled = np.clip(positions, 0, 1) * (len(curve) - 1)
    first = np.clip(scaled.astype(np.int64), 0, len(curve) - 2)
    t = scaled - first
    padded = np.concatenate([[2 * curve[0] - curve[1]], curve, [2 * curve[-1] - curve[-2]]])
    before, left, right, after = (padded[first + offset] for offset in range(4))
    bent = 2 * before - 5 * left + 4 * right - after + t * (3 * (left - right) + after - before)
    return np.asarray(left + t / 2 * (right - before + t * bent))


@cache
def _knot_splines(n_knots: int) -> Floats:
    """The cubic splines on 500 points of which each is 1 at one of the knots, (500, n_knots)."""
    from scipy.interpolate import CubicSpline

    splines = CubicSpline(np.linspace(0, 1, n_knots), np.eye(n_knots))
    return np.asarray(splines(np.linspace(0, 1, BACKGROUND_POINTS)))


def spline_through(heights: Floats, positions: Floats) -> Floats:
    """Return the cubic spline through `heights` at equal distances over 0…1, at `positions`."""
    return between(_knot_splines(len(heights)) @ heights, positions)


def simulated_lines(axis: Floats, rng: np.random.Generator, broad: bool) -> Floats:
    """Return Gauss, Lorentz and mixed lines, 1–30 of one typical width, or a few broad bands."""
    span = axis[-1]
    step = axis[1]
    count = int(rng.integers(1, 7)) if broad else int(np.exp(rng.uniform(0, np.log(30))))
    typical = span * np.exp(
        rng.uniform(np.log(0.03), np.log(0.22)) if broad else rng.uniform(np.log(0.004), np.log(0.05))
    )
    typical = max(typical, 3 * step)
    width = typical * np.exp(rng.normal(0, 0.35, count))[:, None]
    height = np.exp(rng.normal(0, rng.uniform(0.2, 1.4), count))[:, None]
    if rng.random() < 0.4:  # a crowd: lines that overlap
        centre = rng.uniform(0.1, 0.9) * span + rng.normal(0, rng.uniform(1, 4), count)[:, None] * typical
    else:
        centre = rng.uniform(-0.02, 1.02, count)[:, None] * span
    kind = rng.random()
    mixing = rng.random((count, 1)) if kind < 0.4 else np.full((count, 1), float(kind < 0.7))
    distance = (axis - centre) / (width / 2)
    shapes = mixing / (1 + distance**2) + (1 - mixing) * np.exp(-np.log(2) * distance**2)
    if rng.random() < 0.3:
        shapes = shapes * np.exp(-((distance / 20) ** 2))  # tails of Lorentz lines that end
    return np.asarray((height * shapes).sum(axis=0))


def simulated_background(position: Floats, rng: np.random.Generator) -> Floats:
    """Return a smooth curve over `position` 0…1: of one of six kinds, or the sum of two."""
    curve = np.zeros_like(position)
    for _ in range(1 if rng.random() < 0.65 else 2):
        kind = int(rng.integers(6))
        if kind == 0:
            piece = np.polynomial.chebyshev.chebval(2 * position - 1, rng.normal(0, 1, rng.integers(2, 8)))
        elif kind == 1:
            piece = np.exp(-position * np.exp(rng.uniform(np.log(0.5), np.log(9))))
            piece = piece[::-1] if rng.random() < 0.5 else piece
        elif kind == 2:
            slope = np.exp(rng.uniform(np.log(3), np.log(18)))
            piece = 1 / (1 + np.exp(-slope * (position - rng.uniform(0, 1)))) * rng.choice([-1, 1])
        elif kind == 3:
            width = np.exp(rng.uniform(np.log(0.12), np.log(0.6)))
            piece = np.exp(-(((position - rng.uniform(-0.1, 1.1)) / width) ** 2) / 2)
        elif kind == 4:
            walk = 0.6 * np.cumsum(rng.normal(0, 1, rng.integers(4, 11)))
            piece = spline_through(walk + rng.normal(0, 0.3, len(walk)), position)
        else:
            piece = spline_through(rng.normal(0, 1, rng.integers(4, 11)), position)
        height = float(np.ptp(piece))
        curve = curve + piece / max(height, 1e-9) * rng.uniform(0.3, 1)
    return curve + rng.uniform(-0.5, 0.5) * (position - 0.5)
