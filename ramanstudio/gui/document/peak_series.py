"""The same peaks fitted to every spectrum of a map, a series or several files: what is charted and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.gui.common.texts import count_of

if TYPE_CHECKING:
    from ramanstudio.core.ranges import ShiftRange
    from ramanstudio.peaks import PeakModel, PeakTable

_WRITTEN: Final = ("x", "y", "z", "time", "label", "sample")  # columns of a set that go into its table
INDEX: Final = "number"


@dataclass(frozen=True, slots=True, eq=False)
class SetFit:
    """Peaks fitted to N spectra.

    Parameters
    ----------
    table : a row for each peak of each spectrum that was fitted
    names : of the peaks
    columns : {name: (N,)} numbers that the spectra differ in, such as time or temperature; INDEX is always there
    members : (N,) entry id and row of each spectrum
    """

    name: str
    spectra: SpectrumSet
    table: PeakTable
    names: tuple[str, ...]
    columns: Mapping[str, NDArray[np.float64]]
    members: tuple[tuple[int, int], ...]

    def values(self, peak: int, key: str) -> NDArray[np.float64]:
        """Return a column of the table for one peak, (N,); NaN where it was not fitted."""
        return self._column(peak, key, np.nan)

    def is_flagged(self, peak: int) -> NDArray[np.bool_]:
        """Return whether the fit of each spectrum has a note, (N,)."""
        rows = np.flatnonzero(self.table["peak"] == peak)
        flagged = np.zeros(len(self.spectra), dtype=bool)
        flagged[self.table["spectrum"][rows]] = self.table["flag"][rows] != ""
        return flagged

    def note(self, peak: int, spectrum: int) -> str:
        """Return what to know of a peak of a spectrum."""
        rows = np.flatnonzero((self.table["peak"] == peak) & (self.table["spectrum"] == spectrum))
        return str(self.table["flag"][rows[0]]) if rows.size else "not fitted"

    def _column(self, peak: int, key: str, missing: float) -> NDArray[np.float64]:
        rows = np.flatnonzero(self.table["peak"] == peak)
        values = np.full(len(self.spectra), missing)
        values[self.table["spectrum"][rows]] = self.table[key][rows]
        return values

    def summary(self) -> str:
        """Return what was done, and how many fits have a note."""
        n_fitted = len(np.unique(self.table["spectrum"]))
        n_flagged = len(np.unique(self.table["spectrum"][self.table["flag"] != ""]))
        flagged = f" {count_of(n_flagged, 'fit has a note', 'fits have a note')}." if n_flagged else ""
        return f"{count_of(len(self.names), 'peak')} in {n_fitted} of {len(self.spectra)} spectra.{flagged}"

    def write(self, path: Path) -> Path:
        """Write the table with the positions, times and metadata of the spectra (CSV).

        Raises StudioError when the file cannot be written.
        """
        from ramanstudio.peaks import PeakTable

        spectrum = self.table["spectrum"]
        places = {name: np.asarray(self.spectra.table[name]) for name in _WRITTEN if name in self.spectra.table}
        places |= {name: column for name, column in self.columns.items() if name != INDEX}
        columns = {**self.table.columns, "spectrum": spectrum + 1, "peak": self.table["peak"] + 1}
        columns |= {name: column[spectrum] for name, column in places.items()}
        return PeakTable(columns, self.table.about).to_csv(path)


def fit_set(
    name: str,
    sets: Sequence[SpectrumSet],
    members: Sequence[tuple[int, int]],
    model: PeakModel,
    names: Sequence[str],
    within: ShiftRange | None,
    progress: Progress,
) -> SetFit:
    """Fit the peaks of a model to every spectrum of some sets, in the ranges that a single spectrum is fitted in.

    `members` are entry id and row of each spectrum. Raises StudioError when the sets differ in their axes, or no
    spectrum can be fitted.
    """
    from ramanstudio.peaks import PeakTable, fit_series
    from ramanstudio.peaks.peak_table import joined
    from ramanstudio.peaks.spectrum_fit import ranges_of

    spectra = stacked(sets)
    tables = []
    groups = ranges_of(spectra[:1], model, within)
    fitted = sorted(index for group, _ in groups for index in group)
    for number, (group, limits) in enumerate(groups):
        part = progress.part(number * len(spectra), len(groups) * len(spectra))
        table = fit_series(spectra, model.profile, model.part(group), within=limits, progress=part)
        numbers = np.searchsorted(fitted, np.array(group)[table["peak"]])
        columns = {key: column for key, column in table.columns.items() if key != "name"}
        tables.append(PeakTable({**columns, "peak": numbers}, table.about, table.problems))
    whole = joined(tables)
    whole = whole.where(np.lexsort((whole["peak"], whole["spectrum"])))
    return SetFit(name, spectra, whole, tuple(names[i] for i in fitted), numbers_of(sets, spectra), tuple(members))


def numbers_of(sets: Sequence[SpectrumSet], spectra: SpectrumSet) -> dict[str, NDArray[np.float64]]:
    """Return the numbers that spectra differ in, {name: (N,)}: their order, columns of the sets, metadata of files."""
    columns: dict[str, NDArray[np.float64]] = {INDEX: np.arange(1.0, len(spectra) + 1)}
    for name, entries in spectra.table.items():
        column = np.asarray(entries)
        if column.dtype.kind in "fiu":
            columns[name] = column.astype(np.float64)
    if len(sets) > 1:
        for key in sets[0].about:
            values: list[Any] = [members.about.get(key) for members in sets]
            if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
                columns.setdefault(key, np.repeat(np.array(values, dtype=float), [len(members) for members in sets]))
    differing = {name: column for name, column in columns.items() if np.unique(column[np.isfinite(column)]).size > 1}
    return {INDEX: columns[INDEX], **differing}
