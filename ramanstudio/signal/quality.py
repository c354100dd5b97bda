"""Checks of measured spectra: saturated, cosmic rays, pixel axis, fluorescence, only noise; nothing is corrected.

quality = check_quality(spectra)
quality.findings(0)            # (Finding("fluorescence", "The baseline is 12 times as high as the strongest line …"),)
quality.sentences()            # of the whole set, with counts
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.cosmic_rays import classify_spikes, count_spikes
from ramanstudio.signal.snr import FEWEST_POINTS, noise_sigma, subtract_local_baseline

Floats = NDArray[np.floating[Any]]

# What common detectors give at most; two points there are enough.
FULL_SCALES: Final = tuple(float(2**bits - 1) for bits in (12, 14, 16, 18, 20))
MIN_PLATEAU: Final = 4  # equal highest points side by side, elsewhere
STRONG_FLUORESCENCE: Final = 3.0  # height of the baseline over that of the strongest line
# The highest excursion of noise averaged over WIDTHS points, times 2 √(2 ln(points / width)): 1.07 in 995 of 1000.
ONLY_NOISE, WIDTHS = 1.1, (3, 7, 15, 31)
BLOCK: Final = 512  # spectra at once


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found in one spectrum, or in a set: its code in CHECKS, and a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Check:
    """A row of CHECKS: its code, its name in tables, and the sentences of one spectrum and of `count` of `total`."""

    code: str
    title: str
    sentence: Callable[[float], str]
    of_set: str


CHECKS: Final = (
    Check(
        "no_numbers",
        "Points without a number",
        lambda n: f"{n:.0f} points hold no number.",
        "{count} of {total} spectra hold points without a number.",
    ),
    Check(
        "saturated",
        "Saturated",
        lambda n: f"The detector was saturated at {n:.0f} points: lines are cut off there. Measure for a shorter time.",
        "{count} of {total} spectra are saturated. Measure for a shorter time.",
    ),
    Check(
        "flat",
        "Flat",
        lambda _: "All intensities are equal: nothing was measured.",
        "{count} of {total} spectra are flat: nothing was measured.",
    ),
    Check(
        "cosmic_rays",
        "Cosmic rays",
        lambda n: f"{n:.0f} cosmic ray{'s' if n > 1 else ''}.",
        "{count} of {total} spectra hold cosmic rays.",
    ),
    Check(
        "line_or_spike",
        "Line or spike?",
        lambda n: f"{n:.0f} peak{'s' if n > 1 else ''} may be a narrow line or a cosmic ray: compare with a repeat.",
        "{count} of {total} spectra hold peaks that may be a narrow line or a cosmic ray.",
    ),
    Check(
        "pixel_axis",
        "Pixel axis",
        lambda _: "The axis counts 0, 1, 2, …: it may be detector pixels instead of Raman shift.",
        "The axis counts 0, 1, 2, …: it may be detector pixels instead of Raman shift.",
    ),
    Check(
        "fluorescence",
        "Strong fluorescence",
        lambda n: f"The baseline is {n:.3g} times as high as the strongest line. Subtract it?",
        "{count} of {total} spectra have a baseline {value:.3g} times as high as the strongest line. Subtract it?",
    ),
    Check(
        "only_noise",
        "Only noise",
        lambda _: "No line stands above the noise. Measure for longer.",
        "{count} of {total} spectra show no line above the noise.",
    ),
)  # fmt: skip
_BY_CODE: Final = {check.code: check for check in CHECKS}


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """What was found in N spectra: by code of CHECKS a number for each (N,), 0 where the check finds nothing.

    The number is what the sentence states: saturated points, cosmic rays, height of the baseline over the line.
    """

    n_spectra: int
    values: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def findings(self, index: int) -> tuple[Finding, ...]:
        """Return what was found in one spectrum, in the order of CHECKS."""
        return tuple(
            Finding(code, _BY_CODE[code].sentence(float(values[index])))
            for code, values in self.values.items()
            if values[index] > 0
        )

    def codes(self, index: int) -> tuple[str, ...]:
        """Return the codes of what was found in one spectrum."""
        return tuple(code for code, values in self.values.items() if values[index] > 0)

    def sentences(self) -> tuple[Finding, ...]:
        """Return one sentence for each check that found something in the set."""
        if self.n_spectra == 1:
            return self.findings(0)
        found = []
        for code, values in self.values.items():
            hit = values > 0
            if hit.any():
                text = _BY_CODE[code].of_set
                shown = text.format(count=int(hit.sum()), total=self.n_spectra, value=float(np.median(values[hit])))
                found.append(Finding(code, shown))
        return tuple(found)


def check_quality(spectra: SpectrumSet, search_cosmic_rays: bool = True) -> Quality:
    """Check each of N measured spectra, before anything is corrected.

    Cosmic rays are searched with the neighbours of a map or series; without that search, spikes count as lines. What a
    spectrum is too short for is not checked.
    """
    values = {check.code: np.zeros(len(spectra)) for check in CHECKS}
    missing = (~np.isfinite(spectra.values)).sum(axis=1)
    values["no_numbers"] = missing.astype(np.float64)
    if _counts_pixels(spectra.axis):
        values["pixel_axis"][:] = 1
    if spectra.points >= FEWEST_POINTS:
        spikes = classify_spikes(spectra) if search_cosmic_rays else None
        if spikes is not None:
            values["cosmic_rays"] = count_spikes(spikes.spikes).astype(np.float64)
            values["line_or_spike"] = count_spikes(spikes.doubtful).astype(np.float64)
        whole = np.flatnonzero(missing == 0)
        for start in range(0, len(whole), BLOCK):
            rows = whole[start : start + BLOCK]
            block = spectra.values[rows].astype(np.float64)
            flat = np.ptp(block, axis=1) == 0
            full = np.isin(block[:, 0], FULL_SCALES)
            values["flat"][rows] = flat & ~full
            values["saturated"][rows] = _saturated_points(block)
            repaired = block if spikes is None else _without(block, spikes.spikes[rows])
            background, line = _fluorescence(spectra.axis, repaired)
            noisy = _is_only_noise(spectra.axis, repaired)
            values["only_noise"][rows] = noisy & ~flat
            values["fluorescence"][rows] = np.where(
                ~noisy & ~flat & (background > STRONG_FLUORESCENCE), background, 0
            ) * (line > 0)
    return Quality(len(spectra), {code: numbers for code, numbers in values.items() if numbers.any()})


def _counts_pixels(axis: Floats) -> bool:
    """Whether the axis is 0, 1, 2, … or 1, 2, 3, …."""
    return bool(axis[0] in (0.0, 1.0) and np.all(np.diff(axis) == 1.0))


def _saturated_points(values: Floats) -> NDArray[np.int64]:
    """How many points of each spectrum (N, B) lie on a plateau at its top, (N,); 0 where that is chance."""
    top = values.max(axis=1, keepdims=True)
    at_top = values == top
    counts = at_top.sum(axis=1)
    padded = np.pad(at_top, ((0, 0), (1, 1))).astype(np.int8)
    runs = np.zeros(len(values), dtype=np.int64)
    for row in np.flatnonzero(counts >= 2):
        edges = np.flatnonzero(np.diff(padded[row]))
        runs[row] = int((edges[1::2] - edges[::2]).max())
    # where the noise is no larger than one count, equal neighbours are no plateau
    steps = np.abs(np.diff(values, axis=1))
    quantum = np.where(steps > 0, steps, np.inf).min(axis=1)
    resolved = noise_sigma(values) > 2 * quantum
    flat = np.ptp(values, axis=1) == 0
    at_full_scale = np.isin(top[:, 0], FULL_SCALES) & (runs >= 2)
    plateau = (runs >= MIN_PLATEAU) & resolved & ~flat
    saturated: NDArray[np.int64] = np.where(at_full_scale | plateau, counts, 0)
    return saturated


def _without(values: Floats, spikes: NDArray[np.bool_]) -> Floats:
    """`values` (N, B) with straight lines across the spikes."""
    hit = np.flatnonzero(spikes.any(axis=1) & ~spikes.all(axis=1))
    if not len(hit):
        return values
    repaired, points = values.copy(), np.arange(values.shape[1])
    for row in hit:
        good = ~spikes[row]
        repaired[row] = np.interp(points, points[good], values[row, good])
    return repaired


def _fluorescence(axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The height of the slow background over that of the strongest line (N,), and the height of the line (N,)."""
    from scipy.ndimage import uniform_filter1d

    smooth = uniform_filter1d(values, 5, axis=1, mode="nearest")
    lines = subtract_local_baseline(axis, smooth)
    height = lines.max(axis=1)
    background = np.ptp(smooth - lines, axis=1)
    return background / np.maximum(height, np.finfo(np.float64).tiny), height


def _is_only_noise(axis: Floats, values: Floats) -> NDArray[np.bool_]:
    """Whether nothing in a spectrum (N, B) stands higher than white noise does, at any width of a line (N,)."""
    from scipy.ndimage import uniform_filter1d

    sigma = np.maximum(noise_sigma(values).astype(np.float64), np.finfo(np.float64).tiny)
    highest = np.zeros(len(values))
    for width in WIDTHS:
        if 4 * width > values.shape[1]:
            break
        smooth = uniform_filter1d(values, width, axis=1, mode="nearest")
        lines = subtract_local_baseline(axis, smooth)[:, width:-width].max(axis=1)
        expected = 2 * np.sqrt(2 * np.log(values.shape[1] / width)) / np.sqrt(width)
        highest = np.maximum(highest, lines / (sigma * expected))
    only_noise: NDArray[np.bool_] = highest < ONLY_NOISE
    return only_noise
