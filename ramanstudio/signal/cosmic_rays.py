"""Cosmic rays: narrow spikes caused by particles in the detector, found by their shape and by neighbouring spectra.

Candidates are narrow runs of points that stand out from the noise. Boosted trees (trained by
tools/train_cosmic_rays.py on spikes put into real spectra) tell spikes from lines by height, edges, flanks and the
widths of the spectrum's own lines; where those are narrow too, the trees must be surer. Where a map or series gives
every spectrum neighbours, what the neighbours show too is a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.snr import GAUSSIAN_MAD, noise_sigma
from ramanstudio.signal.tree_ensemble import TreeEnsemble

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

MAX_WIDTH: Final = 5  # points of a spike
STANDS_OUT: Final = 4.5  # standard deviations above the opening, for the highest point of a candidate
RUN_FLOOR: Final = 2.2  # and for every point of its run
RUN_SHARE: Final = 0.13  # or this share of the highest, where that is more
THRESHOLD: Final = 0.95  # probability from which a candidate is a spike
BROAD_THRESHOLD: Final = 0.8  # and where the spectrum's own lines are broad
TALL_THRESHOLD: Final = 0.6  # and where the run is taller than noise can be
TALL: Final = 15.0  # standard deviations
CERTAIN: Final = 0.88  # from which it does not count among those lines
BROAD_POINTS: Final = 5.0  # width at half height of the median line
DOUBTFUL: Final = 0.5  # from which it is reported as "line or spike?"
NEIGHBOUR_THRESHOLDS: Final = ((0.7, 5.5), (0.3, 6.6))  # probability, and standard deviations above the neighbours
IN_NEIGHBOURS: Final = 0.25  # of its height that the neighbour with the second highest may show
FAR_ABOVE: Final = 8.0  # spreads of the neighbours above their median, where all of them show a line too
LEAST_SPREAD: Final = 1.2  # standard deviations of the noise
N_NEIGHBOURS: Final = 8
NOISE_BLOCK: Final = 64  # points over which the local noise is estimated
MAX_PEAKS: Final = 60  # whose widths are measured
N_FEATURES: Final = 19
BLOCK: Final = 512  # spectra at once
MODEL: Final = "cosmic-rays"


@dataclass(frozen=True, slots=True, eq=False)
class SpikeCandidates:
    """Narrow runs that stand out: of spectrum `row` the points `first` to `last`, highest at `top`; all (M,)."""

    row: Ints
    first: Ints
    last: Ints
    top: Ints

    def __len__(self) -> int:
        return len(self.row)

    def marked(self, chosen: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the points of the `chosen` (M,) runs as a mask of `shape` (N, B)."""
        mask = np.zeros(shape, dtype=bool)
        for row, first, last in zip(self.row[chosen], self.first[chosen], self.last[chosen], strict=True):
            mask[row, first : last + 1] = True
        return mask


@dataclass(frozen=True, slots=True, eq=False)
class CosmicRays:
    """Points (N, B) that are `spikes`, and those that are `doubtful`: a line as narrow as a spike, or a spike."""

    spikes: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]


def find_cosmic_rays(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Return which points (N, B) are cosmic rays; uses the neighbours of a map or a series.

    Spectra that hold NaN or infinities, or have fewer than 16 points, have none.
    """
    return classify_spikes(spectra).spikes


def classify_spikes(spectra: SpectrumSet) -> CosmicRays:
    """Return the points of cosmic rays, and those where shape alone cannot tell a spike from a line, (N, B) each."""
    from scipy.special import expit

    shape = spectra.values.shape
    spikes, doubtful = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    usable = np.flatnonzero(np.isfinite(spectra.values).all(axis=1) & (np.ptp(spectra.values, axis=1) > 0))
    if spectra.points < 16 or not len(usable):
        return CosmicRays(spikes, doubtful)
    neighbours = _neighbours(spectra)
    for start in range(0, len(usable), BLOCK):
        rows = usable[start : start + BLOCK]
        values = spectra.values[rows].astype(np.float64)
        noise = local_noise(values)
        candidates = find_candidates(values, noise)
        if not len(candidates):
            continue
        probability = expit(_trees().score(candidate_features(values, noise, candidates)))
        if neighbours is None:
            is_spike = probability >= spike_thresholds(values, noise, candidates, probability)
        else:
            excess = _above_neighbours(spectra.values, rows, neighbours, candidates, noise)
            is_spike = np.any(
                [(probability >= least) & (excess > above) for least, above in NEIGHBOUR_THRESHOLDS], axis=0
            )
        spikes[rows] = candidates.marked(is_spike, values.shape)
        doubtful[rows] = candidates.marked(~is_spike & (probability >= DOUBTFUL), values.shape)
    return CosmicRays(spikes, doubtful)


def interpolate(axis: Floats, values: Floats, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return `values` (N, B) with the points of `mask` (N, B) replaced by linear interpolation between the others."""
    repaired = np.array(values, dtype=np.float32)
    for row in np.flatnonzero(mask.any(axis=1)):
        good = ~mask[row]
        if good.any():
            repaired[row, mask[row]] = np.interp(axis[mask[row]], axis[good], values[row, good])
    return repaired


def count_spikes(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many runs of marked points each row of `mask` (N, B) has, (N,)."""
    starts = mask[:, 1:] & ~mask[:, :-1]
    counts: NDArray[np.int64] = starts.sum(axis=1, dtype=np.int64) + mask[:, 0]
    return counts


def local_noise(values: Floats) -> Floats:
    """Return the standard deviation of the noise around each point, (N, B) -> (N, B).

    From the median absolute second difference of blocks of 64 points, and never below that of the whole spectrum: shot
    noise follows the intensity.
    """
    whole = np.maximum(noise_sigma(values), np.finfo(np.float32).tiny).astype(np.float64)
    n_blocks = values.shape[1] // NOISE_BLOCK
    if n_blocks < 2:
        return np.repeat(whole[:, None], values.shape[1], axis=1)
    curvature = np.abs(np.diff(values, n=2, axis=1))[:, : n_blocks * NOISE_BLOCK - 2]
    padded = np.pad(curvature, ((0, 0), (1, 1)), mode="edge").reshape(len(values), n_blocks, NOISE_BLOCK)
    of_block = np.median(padded, axis=2) / (GAUSSIAN_MAD * np.sqrt(6))
    nearest = np.clip(np.arange(values.shape[1]) // NOISE_BLOCK, 0, n_blocks - 1)
    # a line in one block must not hide a spike beside it: its neighbours' noise counts as well
    smooth = np.median(np.stack([np.roll(of_block, shift, axis=1) for shift in (-1, 0, 1)]), axis=0)
    noise: Floats = np.maximum(smooth[:, nearest], whole[:, None])
    return noise


def find_candidates(values: Floats, noise: Floats) -> SpikeCandidates:
    """Return the runs of `values` (N, B) that are narrow and stand out from the `noise` (N, B)."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    width = MAX_WIDTH + 1
    opened = maximum_filter1d(
        minimum_filter1d(values, width, axis=1), width, axis=1, origin=-1 if width % 2 == 0 else 0
    )
    height = (values - opened) / noise
    is_top = (height > STANDS_OUT) & (values >= np.roll(values, 1, axis=1)) & (values >= np.roll(values, -1, axis=1))
    is_top[:, :2] = is_top[:, -2:] = False
    rows, tops = np.nonzero(is_top)
    level = np.maximum(RUN_FLOOR, RUN_SHARE * height[rows, tops])
    ends = []
    for direction in (-1, 1):
        end, growing = tops.copy(), np.ones(len(tops), dtype=bool)
        for _ in range(MAX_WIDTH - 1):
            step = np.clip(end + direction, 1, values.shape[1] - 2)
            growing &= (height[rows, step] > level) & (step != end)
            end = np.where(growing, step, end)
        ends.append(end)
    order = np.lexsort((-values[rows, tops], ends[1], ends[0], rows))
    runs = np.column_stack([rows, ends[0], ends[1]])[order]
    first = np.ones(len(runs), dtype=bool)
    first[1:] = (runs[1:] != runs[:-1]).any(axis=1)
    kept = order[first]
    return SpikeCandidates(rows[kept], ends[0][kept], ends[1][kept], tops[kept])


def candidate_features(values: Floats, noise: Floats, candidates: SpikeCandidates) -> Floats:
    """Return what tells spikes from lines, (M, 19): width, height, edges, flanks, and the spectrum's own lines."""
    row, first, last = candidates.row, candidates.first, candidates.last
    sigma = noise[row, candidates.top]

    def at(points: Ints) -> Floats:
        return values[row, np.clip(points, 0, values.shape[1] - 1)]

    left, right = at(first - 1), at(last + 1)
    n_points = last - first + 1
    span = np.arange(2 * MAX_WIDTH + 1)
    run = values[row[:, None], np.clip((first - 1)[:, None] + span, 0, values.shape[1] - 1)]
    inside = (span >= 1) & (span <= n_points[:, None])
    above = np.where(inside, run - (left[:, None] + (right - left)[:, None] * span / (n_points + 1)[:, None]), 0.0)
    height = np.maximum(above.max(axis=1), 1e-30)
    steps = np.where(span[1:] <= (n_points + 1)[:, None], np.diff(run, axis=1), 0.0)
    bends = np.where(span[2:] <= (n_points + 1)[:, None], np.abs(np.diff(run, n=2, axis=1)), 0.0)
    up, down = steps.max(axis=1), -steps.min(axis=1)
    columns = [n_points, np.log(height / sigma), np.maximum(up, down) / height, np.minimum(up, down) / height]
    for far in (2, 3, 5):  # how steeply the flanks go on outside of the run
        flanks = np.sort(np.stack([left - at(first - far), right - at(last + far)]), axis=0) / height
        columns += [flanks[0], flanks[1]]
    beside = np.concatenate([np.arange(-25, -5), np.arange(6, 26)])
    around = np.stack([at((first if offset < 0 else last) + offset) for offset in beside], axis=1)
    spread = np.percentile(around, 90, axis=1) - np.percentile(around, 10, axis=1)
    whole = np.log1p(np.ptp(values, axis=1)[row] / sigma) - np.log(height / sigma + 1)
    columns += [bends.max(axis=1) / height, above.sum(axis=1) / height, whole, spread / height]
    return np.column_stack([*columns, _line_widths(values, noise)[row], sigma / height])


def _line_widths(values: Floats, noise: Floats) -> Floats:
    """Quartiles of the widths of each spectrum's strong peaks in points, and how many there are (N, 4)."""
    from scipy.signal import find_peaks, peak_widths

    widths = np.zeros((len(values), 4))
    for row, (spectrum, sigma) in enumerate(zip(values, noise, strict=True)):
        peaks, properties = find_peaks(spectrum, prominence=8 * float(np.median(sigma)))
        if len(peaks) > MAX_PEAKS:
            peaks = np.sort(peaks[np.argsort(-properties["prominences"])[:MAX_PEAKS]])
        if len(peaks):
            measured = peak_widths(spectrum, peaks, 0.5)[0]
            widths[row] = [*np.percentile(measured, (25, 50, 75)), np.log1p(len(peaks))]
    return widths


def spike_thresholds(values: Floats, noise: Floats, candidates: SpikeCandidates, probability: Floats) -> Floats:
    """Return the probability from which each candidate is a spike (M,): lower where the spectrum's lines are broad."""
    from scipy.signal import find_peaks, peak_widths

    certain = candidates.marked(probability >= CERTAIN, values.shape)
    position = np.arange(values.shape[1], dtype=np.float64)
    has_broad_lines = np.zeros(len(values), dtype=bool)
    for row in np.unique(candidates.row[(probability >= TALL_THRESHOLD) & (probability < THRESHOLD)]):
        spectrum = interpolate(position, values[row][None], certain[row][None])[0]
        peaks, _ = find_peaks(spectrum, prominence=8 * float(np.median(noise[row])))
        if len(peaks):
            has_broad_lines[row] = np.median(peak_widths(spectrum, peaks, 0.5)[0]) > BROAD_POINTS
    height = (values[candidates.row, candidates.top] - _level(values, candidates)) / noise[
        candidates.row, candidates.top
    ]
    lower = np.where(height > TALL, TALL_THRESHOLD, BROAD_THRESHOLD)
    thresholds: Floats = np.where(has_broad_lines[candidates.row], lower, THRESHOLD)
    return thresholds


def _level(spectra: Floats, candidates: SpikeCandidates, rows: Ints | None = None) -> Floats:
    """The straight line between the points beside each run, at its highest point (M,); of `rows` of the spectra."""
    rows = candidates.row if rows is None else rows
    left, right = (spectra[rows, edge].astype(np.float64) for edge in (candidates.first - 1, candidates.last + 1))
    share = (candidates.top - candidates.first + 1) / (candidates.last - candidates.first + 2)
    level: Floats = left + (right - left) * share
    return level


def _neighbours(spectra: SpectrumSet) -> Ints | None:
    """The rows of the spectra nearest to each in a map, or beside it in a series (N, K); None for single ones."""
    n_spectra = len(spectra)
    if spectra.is_map and n_spectra > N_NEIGHBOURS:
        from scipy.spatial import cKDTree

        places = np.column_stack([spectra.table[column].astype(np.float64) for column in ("x", "y")])
        if np.isfinite(places).all() and len(np.unique(places, axis=0)) > N_NEIGHBOURS:
            nearest = cKDTree(places).query(places, N_NEIGHBOURS + 1)[1]
            return np.asarray(nearest[:, 1:], dtype=np.int64)
    if n_spectra > 4 and {"z", "time"} & set(spectra.table):
        offsets = np.array([-2, -1, 1, 2])
        rows = np.arange(n_spectra)[:, None] + offsets
        inside = (rows >= 0) & (rows < n_spectra)
        beside: Ints = np.where(inside, rows, np.arange(n_spectra)[:, None] - offsets)
        return beside
    return None


def _above_neighbours(
    values: Floats, rows: Ints, neighbours: Ints, candidates: SpikeCandidates, noise: Floats
) -> Floats:
    """How many standard deviations of the noise each run stands above the median neighbour (M,).

    Nothing where the neighbours show a part of it too, unless it stands far above what they show.
    """
    own = rows[candidates.row]

    def height(spectra: Ints) -> Floats:
        above_line: Floats = values[spectra, candidates.top] - _level(values, candidates, spectra)
        return above_line / noise[candidates.row, candidates.top]

    beside = np.sort(np.stack([height(neighbours[own, index]) for index in range(neighbours.shape[1])]), axis=0)
    median = np.median(beside, axis=0)
    spread = np.maximum(np.median(np.abs(beside - median), axis=0) / GAUSSIAN_MAD, LEAST_SPREAD)
    above = height(own)
    differs = (beside[-2] < IN_NEIGHBOURS * above) | (above - median > FAR_ABOVE * spread)
    excess: Floats = np.where(differs, above - median, 0.0)
    return excess


@cache
def _trees() -> TreeEnsemble:
    from safetensors.numpy import load_file

    from ramanstudio.core.paths import bundled_path

    return TreeEnsemble.from_arrays(
        load_file(bundled_path("models", "processing", MODEL, "weights.safetensors")), "spikes"
    )
