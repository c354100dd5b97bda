"""The starter library's simulated spectra beside independent real ones: python -m benchmarks.starter

Independent: another specimen of the mineral, or the substance in another collection of the corpus, on another
instrument. Spectra of a specimen that a table was fitted to are left out, also those with another laser.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from ramanstudio.library.starter_library import PeakTable, peak_tables, starter_references
from ramanstudio.signal.spectral_features import baseline

Floats = NDArray[np.floating[Any]]

STEP_CM = 2.0
GRID_CM = np.arange(100.0, 3600.0, STEP_CM)
LEAST_RANGE_CM = 400.0
# Where a substance of the starter library stands in another collection. Minerals of rruff and polymers of microplastics
# (months in water) are found by their label.
ELSEWHERE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Polystyrene": (("calibration", "Pol"),),
    "Polyethylene terephthalate": (("cdph", "PET pellets_785nm_processed"),),
    "Polypropylene": (("cdph", "PP pellets_785nm_processed"),),
    "Silicon": (("calibration", "S0B"), ("calibration", "Si")),
    "Sulfuric acid": (("cdph", "Sulfuric Acid (96%)"),),
    "Paracetamol": (("cdph", "Tylenol"),),
    "Ibuprofen": (("cdph", "Advil"),),
    "Sucrose": (("cdph", "Sugar GranulatedCH"),),
    "Borax": (("rruff", "Borax"),),
    "Massicot": (("rruff", "Massicot"),),
    "Litharge": (("rruff", "Litharge"),),
    "Pararealgar": (("rruff", "Pararealgar"),),
    "Red lead": (("rruff", "Minium"),),
    "Calcite": (("cdph", "Calcite(CaCO3)"), ("calibration", "nCAL10"), ("calibration", "sCAL")),
    "Quartz": (("cdph", "Quartz"),),
    "Anatase": (("cdph", "Anatase"),),
    "Rutile": (("cdph", "Rutile"),),
    "Gypsum": (("cdph", "Gypsum"),),
    "Hematite": (("cdph", "Hematite"),),
    "Zircon": (("cdph", "Zircon"),),
    "Dolomite": (("cdph", "Dolomite"),),
    "Diamond": (("cdph", "Diamond"),),
    "Talc": (("cdph", "Talc"),),
}


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """A real spectrum, whose substance is known, and which no table was fitted to."""

    name: str
    collection: str
    axis: Floats
    values: Floats


def independent(tables: tuple[PeakTable, ...]) -> Iterator[Real]:
    """Yield all measured spectra of the substances of the tables but those of the samples that were fitted."""
    fitted = {(table.collection, table.sample) for table in tables if table.sample}
    numbers = {(table.collection, table.spectrum) for table in tables}
    wanted: dict[tuple[str, str], str] = {
        (table.collection, table.label): table.name
        for table in tables
        if table.collection in {"rruff", "microplastics"}
    }
    wanted |= {source: name for name, spectra in ELSEWHERE.items() for source in spectra if named(name, tables)}
    with h5py.File(CORPUS) as file:
        for collection in sorted({source[0] for source in wanted}):
            part = file[collection]
            labels = part["label"].asstr()[:]
            samples = part["sample"].asstr()[:] if "sample" in part else np.full(len(labels), "")
            kinds = part["kind"].asstr()[:] if "kind" in part else np.full(len(labels), "processed")
            for row, (label, sample, kind) in enumerate(zip(labels, samples, kinds, strict=True)):
                taken = (collection, sample) in fitted or (collection, row) in numbers
                if (collection, label) not in wanted or kind != "processed" or taken:
                    continue
                axis, values = spectrum(part, row)
                if not np.array_equal(axis, np.arange(len(axis))):  # some instruments told only pixel numbers
                    yield Real(wanted[collection, label], collection, axis, values)


def named(name: str, tables: tuple[PeakTable, ...]) -> bool:
    """Tell whether there is a table of that name."""
    return any(table.name == name for table in tables)


def spectrum(part: h5py.Group, row: int) -> tuple[Floats, Floats]:
    """Return axis and values (B,) of one spectrum of a collection."""
    if "offsets" not in part:
        return np.array(part["axis"], float), np.array(part["values"][row], float)
    span = slice(*(int(end) for end in part["offsets"][row : row + 2]))
    return np.array(part["axis"][span], float), np.array(part["values"][span], float)


def resampled_bands(axis: Floats, values: Floats) -> Floats:
    """Return a spectrum (B,) averaged to GRID_CM, without its baseline (G,); NaN outside of its range."""
    edges = np.append(GRID_CM - STEP_CM / 2, GRID_CM[-1] + STEP_CM / 2)
    area = np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2 * np.diff(axis))])
    values_on_grid = np.full(len(GRID_CM), np.nan)
    inside = (edges[:-1] >= axis[0]) & (edges[1:] <= axis[-1])
    values_on_grid[inside] = np.diff(np.interp(edges, axis, area))[inside] / STEP_CM
    values_on_grid[inside] -= baseline(GRID_CM[inside], values_on_grid[None, inside])[0]
    return values_on_grid


def correlations(real: Floats, references: Floats) -> NDArray[np.float64]:
    """Return the correlation of a spectrum (G,) with each reference (R, G) over their shared range; -1 if too short."""
    values = np.full(len(references), -1.0)
    for number, reference in enumerate(references):
        both = np.isfinite(real) & np.isfinite(reference)
        if both.sum() * STEP_CM >= LEAST_RANGE_CM:
            values[number] = np.corrcoef(real[both], reference[both])[0, 1]
    return values


def measured(tables: tuple[PeakTable, ...]) -> list[tuple[Real, float, int]]:
    """Return each measured spectrum with its correlation with its own table, and the rank of its substance."""
    library = starter_references()
    names = np.array([reference.name for reference in library])
    spectra = [(reference.spectrum.axis, reference.spectrum.values[0].astype(float)) for reference in library]
    references = np.stack([resampled_bands(*spectrum) for spectrum in spectra])
    rows = []
    for real in independent(tables):
        values = correlations(resampled_bands(real.axis, real.values), references)
        own = float(values[names == real.name].max())
        if own > -1:  # the ranges overlap
            better = {str(name) for name in names[values > own]} - {real.name}
            rows.append((real, own, 1 + len(better)))
    return rows


def main() -> None:
    """Measure and write the section."""
    tables = peak_tables()
    rows = measured(tables)
    groups = {table.name: table.group for table in tables}
    gathered: dict[str, list[tuple[Real, float, int]]] = defaultdict(list)
    for row in rows:
        gathered[groups[row[0].name]].append(row)
        gathered["all"].append(row)
    shown = []
    for group in [*sorted(set(gathered) - {"all"}), "all"]:
        measured_rows = gathered[group]
        own, rank = np.array([row[1] for row in measured_rows]), np.array([row[2] for row in measured_rows])
        count = len({table.name for table in tables if group in {"all", table.group}})
        r2 = np.median([table.r2 for table in tables if group in {"all", table.group}])
        shown.append(
            [
                group,
                count,
                f"{r2:.4f}",
                len({row[0].name for row in measured_rows}),
                len(measured_rows),
                f"{np.median(own):.3f}",
                f"{np.quantile(own, 0.1):.2f}",
                f"{100 * np.mean(rank == 1):.0f} %",
                f"{100 * np.mean(rank <= 5):.0f} %",
            ]
        )
    head = ["group", "substances", "R² of the fits, median", "with independent spectra", "independent spectra"]
    head += ["correlation, median", "a tenth is below", "first", "among the first five"]
    missed = Counter(f"{row[0].name} ({row[0].collection})" for row in rows if row[2] > 5)
    none = {group for group in groups.values() if group not in gathered}
    lead = (
        f"`python -m benchmarks.starter`, {machine()}. Each simulated spectrum beside real ones of the same substance "
        "that no table was fitted to: other specimens of the mineral, other collections, instruments and lasers, "
        "polymers after months in water. Correlation over the range both have, baselines off; *first*: how often the "
        f"right substance has the highest of the whole library ({len(groups)} substances). Groups without an "
        f"independent spectrum in the corpus: {', '.join(sorted(none)) or 'none'}.\n\n"
    )
    named_misses = ", ".join(f"{name} {count}" for name, count in sorted(missed.items()))
    tail = f"\nNot among the first five, how many spectra: {named_misses or 'none'}.\n"
    write_section("The starter library", lead + table(head, shown) + tail)


if __name__ == "__main__":
    main()
