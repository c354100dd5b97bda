"""The spectra of a plot, their bounds, and their numbers as text. Free of Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectral_units import AxisScale
from ramanstudio.denoising.denoised import CONFIDENCE_90

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.denoising.denoised import Denoised

FloatArray = NDArray[Any]
Quantity = Literal["raw", "denoised", "band", "residual"]


@dataclass(frozen=True, slots=True, eq=False)
class DisplayedSpectrum:
    """One spectrum to draw.

    `axis` (B,) increasing Raman shift in cm⁻¹; `raw` (B,); `denoised` (B,) and `expected_error` (B,), one standard
    deviation of the denoised curve, once they are known; `unit` of the intensities ("counts", "a.u."); `replaced` (B,)
    marks raw points that are cosmic rays, which the intensity axis need not reach. `position` from 0 to 1 is its place
    in a scale of colours, None where it has no colour of its own.
    """

    name: str
    axis: FloatArray
    raw: FloatArray
    denoised: FloatArray | None = None
    expected_error: FloatArray | None = None
    unit: str = "a.u."
    replaced: FloatArray | None = None
    position: float | None = None


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """Which quantities are drawn, and how: whether intensities are logarithmic, and how several spectra are arranged.

    `scaling` ("maximum", "area", "band", "" for none) makes several spectra comparable, `scaling_band` is the band in
    cm⁻¹ that is 1; `offset` draws them one above the other, `offset_percent` of their height apart (0: automatic).
    """

    raw: bool = True
    denoised: bool = True
    residual: bool = False
    band: bool = True
    log: bool = False
    scaling: str = ""
    scaling_band: tuple[float, float] = (900.0, 1100.0)
    offset: bool = False
    offset_percent: float = 0.0

    @property
    def arranges(self) -> bool:
        """Whether several spectra are drawn otherwise than as they are."""
        return bool(self.scaling) or self.offset


@dataclass(frozen=True, slots=True, eq=False)
class SpectraBlock:
    """Spectra on one axis: `axis` (B,), `raw` (N, B), `denoised` and `expected_error` (N, B) where known.

    `positions` (N,) are their places in a scale of colours, from 0 to 1; empty where they have none.
    """

    axis: FloatArray
    raw: FloatArray
    denoised: FloatArray | None = None
    expected_error: FloatArray | None = None
    names: Sequence[str] = field(default=())
    positions: Sequence[float] = field(default=())

    @classmethod
    def of(cls, spectra: SpectrumSet, denoised: Denoised | None) -> SpectraBlock:
        """Return the block of a set."""
        clean = None if denoised is None else denoised.spectra.values
        error = None if denoised is None else denoised.expected_error
        return cls(spectra.axis, spectra.values, clean, error, list(spectra.table.get("name", ())))

    def __len__(self) -> int:
        """Return the number of spectra."""
        return len(self.raw)

    def name(self, row: int) -> str:
        """Return the name of a spectrum, or its number where it has none."""
        return str(self.names[row]) if row < len(self.names) else f"spectrum {row + 1}"

    def spectrum(self, row: int, unit: str) -> DisplayedSpectrum:
        """Return one spectrum of the block."""
        denoised = None if self.denoised is None else self.denoised[row]
        error = None if self.expected_error is None else self.expected_error[row]
        return DisplayedSpectrum(self.name(row), self.axis, self.raw[row], denoised, error, unit)

    def values(self, quantity: Quantity) -> list[FloatArray]:
        """Return the arrays (N, B) of a quantity: none where it is unknown, the two edges for the confidence band."""
        if quantity == "raw":
            return [self.raw]
        if self.denoised is None:
            return []
        if quantity == "denoised":
            return [self.denoised]
        if quantity == "residual":
            return [self.raw - self.denoised]
        if self.expected_error is None:
            return []
        half = CONFIDENCE_90 * self.expected_error
        return [self.denoised - half, self.denoised + half]


def group_by_axis(items: Sequence[DisplayedSpectrum]) -> list[SpectraBlock]:
    """Group spectra by axis, so that each block is one array."""
    groups: dict[bytes, list[DisplayedSpectrum]] = {}
    for item in items:
        groups.setdefault(np.asarray(item.axis, np.float64).tobytes(), []).append(item)
    return [_block(group) for group in groups.values()]


def _block(group: list[DisplayedSpectrum]) -> SpectraBlock:
    return SpectraBlock(
        np.asarray(group[0].axis, np.float64),
        np.stack([item.raw for item in group]).astype(np.float32, copy=False),
        _stacked([item.denoised for item in group]),
        _stacked([item.expected_error for item in group]),
        [item.name for item in group],
        [item.position for item in group if item.position is not None],
    )


def _stacked(rows: list[FloatArray | None]) -> FloatArray | None:
    known = [row for row in rows if row is not None]
    if not known:
        return None
    # A spectrum that is not denoised yet takes part as a gap.
    gap = np.full(known[0].shape, np.nan, np.float32)
    return np.stack([gap if row is None else row for row in rows]).astype(np.float32, copy=False)


def shared_unit(units: Iterable[str]) -> str:
    """Return the unit of all spectra; arbitrary units where they differ."""
    different = set(units)
    return different.pop() if len(different) == 1 else "a.u."


def logarithm(values: FloatArray) -> FloatArray:
    """Return log10 of intensities (...), NaN where an intensity is not positive."""
    values = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore"):
        positive = np.isfinite(values) & (values > 0)
    return np.log10(values, out=np.full(values.shape, np.nan), where=positive)


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """The lowest and highest intensities at each Raman shift: `axis`, `low`, `high` (B,); NaN where unknown."""

    axis: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, axis: FloatArray, values: FloatArray) -> Envelope:
        """Return the envelope of spectra `values` (N, B), without values that are not finite."""
        low, high = values.min(axis=0), values.max(axis=0)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            finite = np.isfinite(values)
            low = np.where(finite, values, np.inf).min(axis=0)
            high = np.where(finite, values, -np.inf).max(axis=0)
            nowhere = ~finite.any(axis=0)
            low, high = np.where(nowhere, np.nan, low), np.where(nowhere, np.nan, high)
        return cls(axis, low, high)

    def within(self, left: float, right: float) -> tuple[FloatArray, FloatArray]:
        """Return the finite lows and highs (N,) between two Raman shifts, and at the first sample beyond each."""
        first = max(int(np.searchsorted(self.axis, left)) - 1, 0)
        last = int(np.searchsorted(self.axis, right, side="right")) + 1
        low, high = self.low[first:last], self.high[first:last]
        return low[np.isfinite(low)], high[np.isfinite(high)]


def intensity_range(envelopes: Sequence[Envelope], left: float, right: float, log: bool) -> tuple[float, float] | None:
    """Return the intensities (logarithms when `log`) that show all `envelopes` between two shifts, with a margin."""
    pieces = [envelope.within(left, right) for envelope in envelopes]
    lows = np.concatenate([low for low, _ in pieces]) if pieces else np.empty(0)
    highs = np.concatenate([high for _, high in pieces]) if pieces else np.empty(0)
    if not lows.size or not highs.size:
        return None
    # Noise around zero has logarithms without end; a few of its spikes may leave the picture.
    low = float(np.percentile(lows, 2) if log else lows.min())
    high = float(highs.max())
    margin = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
    return low - margin, high + margin


def residual_range(envelopes: Sequence[Envelope], left: float, right: float) -> tuple[float, float] | None:
    """Return a range symmetric around zero that shows all residuals between two shifts."""
    both = intensity_range(envelopes, left, right, log=False)
    if both is None:
        return None
    reach = max(abs(both[0]), abs(both[1]))
    return -reach, reach


def columns_as_text(columns: Sequence[tuple[str, FloatArray]]) -> str:
    """Return named columns (B,) as tab-separated text with a header; shorter columns end in empty fields."""
    height = max((len(column) for _, column in columns), default=0)
    texts = [[f"{value:.7g}" for value in column] + [""] * (height - len(column)) for _, column in columns]
    lines = ["\t".join(head.replace("\t", " ").replace("\n", " ") for head, _ in columns)]
    lines += ["\t".join(line) for line in zip(*texts, strict=True)]
    return "\n".join(lines) + "\n"


def numbers_of(
    items: Sequence[DisplayedSpectrum],
    options: DisplayOptions,
    left: float,
    right: float,
    scale: AxisScale = AxisScale(),  # noqa: B008 - frozen
) -> str:
    """Return what is drawn between two Raman shifts as tab-separated text; spectra on one axis share its column."""
    columns: list[tuple[str, FloatArray]] = []
    previous: FloatArray | None = None
    for item in items:
        inside = (item.axis >= left) & (item.axis <= right)
        if previous is None or not np.array_equal(previous, item.axis):
            columns.append((scale.unit.label, scale.values(np.asarray(item.axis)[inside])))
            previous = item.axis
        columns += [(head, column[inside]) for head, column in _drawn_columns(item, options)]
    return columns_as_text(columns)


def _drawn_columns(item: DisplayedSpectrum, options: DisplayOptions) -> list[tuple[str, FloatArray]]:
    unit = f"of its {options.scaling}" if options.scaling else item.unit
    columns = [(f"{item.name} raw / {unit}", item.raw)] if options.raw or item.denoised is None else []
    if item.denoised is None:
        return columns
    if options.denoised:
        columns.append((f"{item.name} denoised / {unit}", item.denoised))
    if options.band and options.denoised and item.expected_error is not None:
        columns.append((f"{item.name} expected error / {unit}", item.expected_error))
    if options.residual:
        columns.append((f"{item.name} residual / {unit}", item.raw - item.denoised))
    return columns
