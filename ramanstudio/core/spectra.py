"""SpectrumSet, the one type for spectra: a single spectrum is a set of one, a map a set with columns x and y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError

Plain = str | int | float | bool


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view, or an array that is read-only already."""
    if not array.flags.writeable:
        return array  # sets that differ in their metadata share it
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumSet:
    """N spectra that share one axis of B points; immutable.

    Parameters
    ----------
    axis : (B,) float64, strictly increasing Raman shift in cm⁻¹
    values : (N, B) float32, intensities
    table : {column: (N,)}, values per spectrum: x, y, z in µm, time in s, label, sample, file, name
    about : {key: plain value}, metadata of the set: laser_nm, exposure_s, accumulations, laser_power_mw, date,
        grating, objective, instrument, source, intensity_unit

    All arrays are read-only. Raises StudioError when the shapes disagree or the axis does not increase.
    """

    axis: NDArray[np.float64]
    values: NDArray[np.float32]
    table: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    about: Mapping[str, Plain] = field(default_factory=dict)

    def __post_init__(self) -> None:
        axis = np.asarray(self.axis, dtype=np.float64)
        values = np.asarray(self.values, dtype=np.float32)
        if axis.ndim != 1 or values.ndim != 2 or values.shape[1] != axis.size or axis.size < 2:
            raise StudioError(
                f"An axis of {axis.shape} points does not fit intensities of shape {values.shape}.",
                remedy="Each spectrum needs one intensity for each point of the axis, and at least two points.",
            )
        if not np.all(np.isfinite(axis)):
            raise StudioError(
                "The Raman shift axis has points that are not finite numbers.",
                remedy="Remove the points without a Raman shift.",
            )
        if not np.all(np.diff(axis) > 0):
            raise StudioError(
                "The Raman shift axis does not increase from point to point.",
                remedy="Sort the points by Raman shift and remove repeated ones.",
            )
        table = {}
        for column, entries in self.table.items():
            entries = np.asarray(entries)
            if entries.shape != (len(values),):
                raise StudioError(
                    f"The column '{column}' has {entries.shape[0] if entries.ndim else 1} entries"
                    f" for {len(values)} spectra.",
                    remedy="A column needs one entry for each spectrum.",
                )
            table[column] = _frozen(entries)
        object.__setattr__(self, "axis", _frozen(axis))
        object.__setattr__(self, "values", _frozen(values))
        object.__setattr__(self, "table", MappingProxyType(table))
        object.__setattr__(self, "about", MappingProxyType(dict(self.about)))

    @classmethod
    def of(cls, axis: ArrayLike, values: ArrayLike, **about: Plain) -> SpectrumSet:
        """Return spectra from arrays: `axis` (B,) in any order, `values` (B,) or (N, B); averages repeated shifts."""
        shifts = np.asarray(axis, dtype=np.float64)
        rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if shifts.ndim != 1 or rows.shape[-1] != shifts.size:
            return cls(shifts, rows.astype(np.float32), {}, about)  # raises StudioError
        if np.any(np.diff(shifts) <= 0):
            shifts, inverse = np.unique(shifts, return_inverse=True)
            counts = np.bincount(inverse)
            rows = np.stack([np.bincount(inverse, row) / counts for row in rows])
        return cls(shifts, rows.astype(np.float32), {}, about)

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def points(self) -> int:
        """The number of points of each spectrum, B."""
        return int(self.axis.size)

    @property
    def is_map(self) -> bool:
        """Whether the spectra have positions x and y."""
        return "x" in self.table and "y" in self.table

    def __getitem__(self, index: int | slice | Sequence[int] | NDArray[Any]) -> SpectrumSet:
        """Return a subset: `index` is an integer, a slice, a list of integers or a boolean mask (N,)."""
        rows = slice(index, index + 1 or None) if isinstance(index, (int, np.integer)) else index
        return replace(
            self, values=self.values[rows], table={column: entries[rows] for column, entries in self.table.items()}
        )

    def with_values(self, values: ArrayLike) -> SpectrumSet:
        """Return a copy with other intensities (N, B)."""
        return replace(self, values=np.asarray(values, dtype=np.float32))

    def with_axis(self, axis: ArrayLike, values: ArrayLike) -> SpectrumSet:
        """Return a copy on another axis (B',) with the intensities (N, B') there."""
        return replace(self, axis=np.asarray(axis, dtype=np.float64), values=np.asarray(values, dtype=np.float32))

    def with_table(self, **columns: ArrayLike) -> SpectrumSet:
        """Return a copy with columns (N,) added to the table or replaced."""
        return replace(self, table={**self.table, **{name: np.asarray(column) for name, column in columns.items()}})

    def with_about(self, **about: Plain) -> SpectrumSet:
        """Return a copy with metadata added or replaced."""
        return self.with_metadata({**self.about, **about})

    def with_metadata(self, about: Mapping[str, Plain]) -> SpectrumSet:
        """Return a copy with all metadata replaced."""
        copy = object.__new__(SpectrumSet)  # the arrays are checked already
        for name, value in (("axis", self.axis), ("values", self.values), ("table", self.table)):
            object.__setattr__(copy, name, value)
        object.__setattr__(copy, "about", MappingProxyType(dict(about)))
        return copy

    def same_axis(self, other: SpectrumSet) -> bool:
        """Return whether both sets are sampled at the same Raman shifts."""
        return self.axis is other.axis or np.array_equal(self.axis, other.axis)


def stacked(sets: Sequence[SpectrumSet]) -> SpectrumSet:
    """Concatenate sets that share an axis; columns and metadata that are not in all of them are dropped.

    Raises StudioError when an axis differs.
    """
    first = sets[0]
    if len(sets) == 1:
        return first  # a large map is not copied
    if not all(first.same_axis(other) for other in sets[1:]):
        raise StudioError(
            "These spectra are not sampled at the same Raman shifts.", remedy="Resample them to one axis first."
        )
    columns = set.intersection(*(set(spectra.table) for spectra in sets))
    about = {
        key: value for key, value in first.about.items() if all(spectra.about.get(key) == value for spectra in sets)
    }
    return SpectrumSet(
        first.axis,
        np.concatenate([spectra.values for spectra in sets]),
        {
            column: np.concatenate([spectra.table[column] for spectra in sets])
            for column in first.table
            if column in columns
        },
        about,
    )
