"""Which references of a library have lines where a spectrum has peaks; beside the search by whole spectra."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.library.library import Library
from ramanstudio.peaks.matched_filter import candidates
from ramanstudio.signal.snr import noise_sigma, subtract_local_baseline

Floats = NDArray[np.float64]

TOLERANCE_CM: Final = 6.0
_LEAST_HEIGHT: Final = 0.05  # of the strongest line of a reference
_LEAST_SIGNIFICANCE: Final = 8.0
_MOST_LINES: Final = 40
_KEPT: Final = 8  # libraries whose lines are remembered

_lock = Lock()
_lines_of: OrderedDict[str, list[tuple[Floats, Floats, float, float]]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class LineMatch:
    """A reference whose lines agree with peaks.

    Parameters
    ----------
    score : 0 to 1, twice the common heights over those of both (Dice)
    matched : positions of the peaks that the reference has, missing : lines of the reference without a peak, in cm⁻¹
    """

    name: str
    library: Library
    reference: int
    score: float
    matched: tuple[float, ...]
    missing: tuple[float, ...]


def match_positions(
    positions: ArrayLike,
    libraries: Sequence[Library],
    heights: ArrayLike | None = None,
    within: tuple[float, float] | None = None,
    tolerance_cm: float = TOLERANCE_CM,
    top: int = 10,
    progress: Progress = SILENT,
) -> list[LineMatch]:
    """Return the references whose lines agree best with peaks at `positions` (K,) cm⁻¹, the best of each substance.

    A line counts by the square root of its height; `heights` (K,) are equal where None. Only what lies `within` the
    measured range (low, high) counts, and peaks outside of a reference's range are no evidence against it.
    Raises StudioError when there is no peak or no library.
    """
    places = np.atleast_1d(np.asarray(positions, dtype=np.float64))
    if not places.size:
        raise StudioError("There is no peak to match.", remedy="Find peaks first, or add one.")
    if not libraries:
        raise StudioError("There is no library to match with.", remedy="Add a library of reference spectra.")
    weights = np.ones(places.size) if heights is None else np.sqrt(np.maximum(np.asarray(heights, dtype=float), 0))
    best: dict[str, LineMatch] = {}
    for library in libraries:
        for index, lines in enumerate(_library_lines(library, progress)):
            match = _match(places, weights, within, tolerance_cm, library, index, lines)
            if match is not None and match.score > getattr(best.get(match.name), "score", 0.0):
                best[match.name] = match
    return sorted(best.values(), key=lambda match: -match.score)[:top]


def _match(
    places: Floats,
    weights: Floats,
    within: tuple[float, float] | None,
    tolerance_cm: float,
    library: Library,
    index: int,
    lines: tuple[Floats, Floats, float, float],
) -> LineMatch | None:
    shifts, roots, low, high = lines
    seen = (places >= low - tolerance_cm) & (places <= high + tolerance_cm)
    if within is not None:
        inside = (shifts >= within[0]) & (shifts <= within[1])
        shifts, roots = shifts[inside], roots[inside]
    if not shifts.size or not seen.any():
        return None
    near = np.abs(places[seen][:, None] - shifts) <= tolerance_cm
    has_line, has_peak = near.any(axis=1), near.any(axis=0)
    ours, theirs = weights[seen] / weights[seen].max(), roots / roots.max()
    common = float(ours[has_line].sum() + theirs[has_peak].sum())
    score = common / float(ours.sum() + theirs.sum())
    # One common line in a narrow common range is weak evidence.
    score *= float(ours.sum() / (weights / weights.max()).sum()) ** 0.5
    if score <= 0:
        return None
    matched = tuple(places[seen][has_line].tolist())
    return LineMatch(str(library.names[index]), library, index, score, matched, tuple(shifts[~has_peak].tolist()))


def _library_lines(library: Library, progress: Progress) -> list[tuple[Floats, Floats, float, float]]:
    """Of each reference the positions and square roots of the heights of its lines, and its range; kept by hash."""
    with _lock:
        if library.hash in _lines_of:
            _lines_of.move_to_end(library.hash)
            return _lines_of[library.hash]
    lines = []
    for index in range(len(library)):
        if index % 64 == 0:
            progress(index, len(library), f"lines of {library.title}")
        lines.append(_reference_lines(library, index))
    with _lock:
        _lines_of[library.hash] = lines
        while len(_lines_of) > _KEPT:
            _lines_of.popitem(last=False)
    return lines


def _reference_lines(library: Library, index: int) -> tuple[Floats, Floats, float, float]:
    nothing: Any = (np.zeros(0), np.zeros(0), 0.0, 0.0)
    try:
        spectrum = library.spectrum(index)
    except StudioError:
        return nothing  # type: ignore[no-any-return]
    values = spectrum.values.astype(np.float64)
    if not np.isfinite(values).all() or spectrum.points < 16 or np.ptp(values) <= 0:
        return nothing  # type: ignore[no-any-return]
    step = float(np.median(np.diff(spectrum.axis)))
    height = subtract_local_baseline(spectrum.axis, values)
    sigma = max(float(noise_sigma(values)[0]), 1e-3 * float(height.max()))
    places = np.array(
        [
            item.index
            for item in candidates(
                np.asarray(height / sigma, dtype=np.float64), step, _LEAST_SIGNIFICANCE, _MOST_LINES
            )[0]
        ]
    )
    if not places.size:
        return nothing  # type: ignore[no-any-return]
    heights = height[0, places]
    strong = heights >= _LEAST_HEIGHT * heights.max()
    shifts = spectrum.axis[places[strong]].astype(np.float64)
    return shifts, np.sqrt(heights[strong]), float(spectrum.axis[0]), float(spectrum.axis[-1])
