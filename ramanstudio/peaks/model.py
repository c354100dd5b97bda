"""PeakModel: the peaks that are fitted, which of their parameters are locked, bounded or tied to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.peaks.profiles import Profile, profile

Floats = NDArray[np.float64]

BASELINES: Final = MappingProxyType({"none": -1, "flat": 0, "linear": 1, "cubic": 3})
TIES: Final = MappingProxyType(
    {
        "width": "the width of one peak is `value` times that of another",
        "distance": "one peak lies `value` cm⁻¹ above another",
        "ratio": "the height of one peak is `value` times that of another",
    }
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a peak: where the fit starts, between which limits it stays, or that it is `locked`."""

    value: float
    low: float | None = None
    high: float | None = None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak of a model: its `name`, `center` and `fwhm` in cm⁻¹, and the shapes of its profile that are not free."""

    center: Parameter
    fwhm: Parameter
    name: str = ""
    shapes: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tie:
    """Peak `peak` follows peak `to` (both counted from 0): `kind` is one of TIES."""

    kind: str
    peak: int
    to: int
    value: float = 1.0


@dataclass(frozen=True, slots=True)
class PeakModel:
    """Peaks of one profile on a baseline ("none", "flat", "linear" or "cubic"), with ties between their parameters.

    Raises StudioError when the profile, the baseline or a tie does not exist.
    """

    peaks: tuple[Peak, ...]
    profile: str = "pseudo-voigt"
    baseline: str = "linear"
    ties: tuple[Tie, ...] = ()

    def __post_init__(self) -> None:
        profile(self.profile)
        baseline_degree(self.baseline)
        for tie in self.ties:
            n_peaks = len(self.peaks)
            if tie.kind not in TIES or not (0 <= tie.peak < n_peaks and 0 <= tie.to < n_peaks) or tie.peak == tie.to:
                raise StudioError(
                    f"The tie '{tie.kind}' of peak {tie.peak + 1} to peak {tie.to + 1} is not possible.",
                    remedy=f"Tie two different peaks, by one of {', '.join(TIES)}.",
                )

    @classmethod
    def of(cls, centers: Any, fwhm: float | Any = 10.0, profile: str = "pseudo-voigt", **options: Any) -> PeakModel:
        """Return a model with peaks at `centers` (K,) of width `fwhm`, a number or (K,), all in cm⁻¹."""
        centers = np.atleast_1d(np.asarray(centers, dtype=float))
        widths = np.broadcast_to(np.asarray(fwhm, dtype=float), centers.shape)
        peaks = tuple(Peak(Parameter(float(c)), Parameter(float(w))) for c, w in zip(centers, widths, strict=True))
        return cls(peaks, profile, **options)

    def with_peak(self, index: int, **changes: Any) -> PeakModel:
        """Return the model with parameters of peak `index` replaced."""
        peaks = list(self.peaks)
        peaks[index] = replace(peaks[index], **changes)
        return replace(self, peaks=tuple(peaks))

    def part(self, members: Sequence[int]) -> PeakModel:
        """Return the model of some peaks, in the order of `members`, with the ties between them."""
        number = {index: position for position, index in enumerate(members)}
        ties = tuple(
            replace(tie, peak=number[tie.peak], to=number[tie.to])
            for tie in self.ties
            if tie.peak in number and tie.to in number
        )
        return replace(self, peaks=tuple(self.peaks[index] for index in members), ties=ties)

    def with_tie(self, tie: Tie) -> PeakModel:
        """Return the model with a tie, in place of one of its kind that the peak had.

        Raises StudioError when it contradicts the other ties.
        """
        others = tuple(item for item in self.ties if (item.kind, item.peak) != (tie.kind, tie.peak))
        model = replace(self, ties=(*others, tie))
        centers = [peak.center.value for peak in self.peaks]
        layout(model, np.array([min(centers) - 100, max(centers) + 100, max(centers) + 101]))
        return model


def baseline_degree(baseline: str) -> int:
    """Return the degree of the polynomial, -1 for none. Raises StudioError when there is no such baseline."""
    if baseline not in BASELINES:
        raise StudioError(f"There is no baseline '{baseline}'.", remedy=f"Use one of {', '.join(BASELINES)}.")
    return BASELINES[baseline]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How the free parameters of a model make up all of them; see `least_squares.Problem`.

    Parameters
    ----------
    start, low, high : (P,) of all nonlinear parameters: centres, log widths, shapes
    expand : (P, F), offset (P,), share (K, H); None where every parameter is free
    """

    start: Floats
    low: Floats
    high: Floats
    expand: Floats | None
    offset: Floats | None
    share: Floats | None
    free: NDArray[np.intp]


def layout(model: PeakModel, axis: Floats) -> Layout:
    """Return the parameters of a model for spectra on `axis` (B,).

    Raises StudioError when ties contradict each other.
    """
    row = profile(model.profile)
    centers, widths = [peak.center for peak in model.peaks], [peak.fwhm for peak in model.peaks]
    start = [parameter.value for parameter in centers]
    low, high = limits(model, np.array(start), np.array([width.value for width in widths]), axis)
    start += [float(np.log(width.value)) for width in widths]
    locked = [parameter.locked for parameter in (*centers, *widths)]
    for shape in row.shapes:
        for peak in model.peaks:
            parameter = peak.shapes.get(shape.name, Parameter(shape.start))
            start.append(min(max(parameter.value, shape.low), shape.high))
            locked.append(parameter.locked)
    return _tied(model, np.array(start), low, high, np.array(locked, dtype=bool))


def limits(model: PeakModel, center: Floats, fwhm: Floats, axis: Floats) -> tuple[Floats, Floats]:
    """Return the limits (..., P) of all nonlinear parameters: the model's, else those around `center` and `fwhm`.

    `center` and `fwhm` (..., K) are where the peaks start.
    """
    row, n_peaks = profile(model.profile), len(model.peaks)
    low, high = default_limits(center, fwhm, axis, row)
    for index, parameter in enumerate([*(peak.center for peak in model.peaks), *(peak.fwhm for peak in model.peaks)]):
        by_log = index >= n_peaks
        if parameter.low is not None:
            low[..., index] = np.log(max(parameter.low, 1e-9)) if by_log else parameter.low
        if parameter.high is not None:
            high[..., index] = np.log(max(parameter.high, 1e-9)) if by_log else parameter.high
    for number, shape in enumerate(row.shapes):
        for index, peak in enumerate(model.peaks):
            parameter = peak.shapes.get(shape.name, Parameter(shape.start))
            at = (2 + number) * n_peaks + index
            low[..., at] = shape.low if parameter.low is None else max(shape.low, parameter.low)
            high[..., at] = shape.high if parameter.high is None else min(shape.high, parameter.high)
    return low, high


def default_limits(center: Floats, fwhm: Floats, axis: Floats, row: Profile) -> tuple[Floats, Floats]:
    """Return the limits of all nonlinear parameters of peaks that start at `center` and `fwhm` (..., K): (..., P).

    A centre may move by its width (and out of the axis by half of it), a width between a fifth and five times.
    """
    step = float(np.median(np.diff(axis)))
    reach = np.maximum(1.0 * fwhm, 3 * step)
    low = [np.maximum(center - reach, axis[0] - fwhm / 2), np.log(np.maximum(fwhm / 5, 0.5 * step))]
    high = [np.minimum(center + reach, axis[-1] + fwhm / 2), np.log(np.minimum(fwhm * 5, 2 * np.ptp(axis)))]
    high[1] = np.maximum(high[1], low[1] + 0.1)
    low += [np.full_like(center, shape.low) for shape in row.shapes]
    high += [np.full_like(center, shape.high) for shape in row.shapes]
    return np.concatenate(low, axis=-1), np.concatenate(high, axis=-1)


def _tied(model: PeakModel, start: Floats, low: Floats, high: Floats, locked: NDArray[np.bool_]) -> Layout:
    n_peaks, n_all = len(model.peaks), len(start)
    if not locked.any() and not model.ties:
        return Layout(start, low, high, None, None, None, np.arange(n_all))
    expand, offset = np.eye(n_all), np.zeros(n_all)
    share = np.eye(n_peaks)
    follows = np.zeros(n_all, dtype=bool)
    heights_follow = np.zeros(n_peaks, dtype=bool)
    for tie in model.ties:
        if tie.kind == "ratio":
            share[tie.peak] = tie.value * share[tie.to]
            heights_follow[tie.peak] = True
            continue
        shift = 0 if tie.kind == "distance" else n_peaks
        index, to = tie.peak + shift, tie.to + shift
        if follows[index] or expand[to, index] != 0:
            raise StudioError(f"The ties of peak {tie.peak + 1} contradict each other.", remedy="Remove one of them.")
        by = tie.value if tie.kind == "distance" else float(np.log(max(tie.value, 1e-9)))
        followers = expand[:, index] != 0
        expand[followers] = expand[to]
        offset[followers] += offset[to] + by - offset[index] * 0
        follows[index] = True
    held = locked & ~follows
    offset = offset + expand[:, held] @ start[held]
    keep = np.flatnonzero(~held & ~follows)
    if any(heights_follow[tie.to] for tie in model.ties if tie.kind == "ratio"):
        raise StudioError("The height of a peak follows one that follows another.", remedy="Tie both to the first.")
    free = share[:, ~heights_follow]
    return Layout(start, low[keep], high[keep], expand[:, keep], offset, free if heights_follow.any() else None, keep)
