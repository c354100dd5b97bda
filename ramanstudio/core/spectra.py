"""SpectrumSet: the one type for spectra. One spectrum is a set of one; a map is a set whose table has x and y."""

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
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumSet:
    """Spectra that share one axis.

    `axis` (B,) float64, strictly increasing Raman shift in cm⁻¹; `values` (N, B) float32 intensities;
    `table` {column: (N,)} for each spectrum (x, y, z, time, label, sample, file, name);
    `about` {str: plain value} for the whole (laser_nm, exposure_s, instrument, source, intensity_unit).
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
                remedy="Each spectrum needs one intensity for every point of the axis, and at least two points.",
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
                    remedy="Give one entry for each spectrum.",
                )
            table[column] = _frozen(entries)
        object.__setattr__(self, "axis", _frozen(axis))
        object.__setattr__(self, "values", _frozen(values))
        object.__setattr__(self, "table", MappingProxyType(table))
        object.__setattr__(self, "about", MappingProxyType(dict(self.about)))

    @classmethod
    def of(cls, axis: ArrayLike, values: ArrayLike, **about: Plain) -> SpectrumSet:
        """Spectra from plain arrays: `axis` (B,) in any order, `values` (B,) or (N, B); repeats are averaged."""
        shifts = np.asarray(axis, dtype=np.float64)
        rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if shifts.ndim != 1 or rows.shape[-1] != shifts.size:
            return cls(shifts, rows.astype(np.float32), {}, about)  # refused there, with a sentence
        if np.any(np.diff(shifts) <= 0):
            shifts, where = np.unique(shifts, return_inverse=True)
            counts = np.bincount(where)
            rows = np.stack([np.bincount(where, row) / counts for row in rows])
        return cls(shifts, rows.astype(np.float32), {}, about)

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def points(self) -> int:
        """The number of samples of each spectrum, B."""
        return int(self.axis.size)

    @property
    def is_map(self) -> bool:
        """Whether every spectrum has a place in a plane (the table has x and y)."""
        return "x" in self.table and "y" in self.table

    def __getitem__(self, which: int | slice | Sequence[int] | NDArray[Any]) -> SpectrumSet:
        """Some of the spectra, as a set: an index, a slice, a list of indices or a boolean (N,)."""
        rows = slice(which, which + 1 or None) if isinstance(which, (int, np.integer)) else which
        return replace(
            self, values=self.values[rows], table={column: entries[rows] for column, entries in self.table.items()}
        )

    def with_values(self, values: ArrayLike) -> SpectrumSet:
        """The same spectra with other intensities (N, B)."""
        return replace(self, values=np.asarray(values, dtype=np.float32))

    def with_axis(self, axis: ArrayLike, values: ArrayLike) -> SpectrumSet:
        """The same spectra on another axis (B',), with the intensities (N, B') there."""
        return replace(self, axis=np.asarray(axis, dtype=np.float64), values=np.asarray(values, dtype=np.float32))

    def with_table(self, **columns: ArrayLike) -> SpectrumSet:
        """The same spectra with columns (N,) added to the table, or replaced in it."""
        return replace(self, table={**self.table, **{name: np.asarray(column) for name, column in columns.items()}})

    def with_about(self, **about: Plain) -> SpectrumSet:
        """The same spectra with facts added, or replaced."""
        return replace(self, about={**self.about, **about})

    def same_axis(self, other: SpectrumSet) -> bool:
        """Whether both sets are sampled at the same Raman shifts."""
        return self.axis is other.axis or np.array_equal(self.axis, other.axis)


def stacked(sets: Sequence[SpectrumSet]) -> SpectrumSet:
    """One set of all the spectra of `sets`, which share an axis; columns and facts that not all have are left out.

    Raises StudioError when an axis differs.
    """
    first = sets[0]
    if not all(first.same_axis(other) for other in sets[1:]):
        raise StudioError(
            "These spectra are not sampled at the same Raman shifts.", remedy="Resample them to one axis first."
        )
    columns = set.intersection(*(set(one.table) for one in sets))
    facts = {key: fact for key, fact in first.about.items() if all(one.about.get(key) == fact for one in sets)}
    return SpectrumSet(
        first.axis,
        np.concatenate([one.values for one in sets]),
        {column: np.concatenate([one.table[column] for one in sets]) for column in first.table if column in columns},
        facts,
    )
