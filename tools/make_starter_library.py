"""Fit the tables of the starter library to real spectra of the corpus, and keep those that explain their spectrum.

    python tools/make_starter_library.py ../shared/data/corpus.h5 [NAME …]

writes resources/starter/lines.toml; with names, only the tables of these are made anew.

Of each substance wanted (tools/starter_substances.py) the best spectra are fitted as tools/fit_lines.py does it for
the demo spectra; the one whose lines explain most of it stays, if that is LEAST_EXPLAINED or more of what is not noise.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from fit_lines import baseline, fitted, real_spectrum
from line_tables import as_toml
from starter_substances import WANTED, Substance

from ramanstudio.core.writing import atomic_write
from ramanstudio.library.starter_library import PeakTable, peak_tables, pseudo_voigt, tables_file
from ramanstudio.signal.snr import noise_sigma, signal_height

PREFACE = """\
The starter library: Raman lines of common substances, as fitted by tools/make_starter_library.py to real spectra of
public collections. Only these tables are kept, no measured intensities.
Each line: position / cm-1, relative height, full width at half maximum / cm-1, Lorentzian share of the profile.
collection, spectrum, label and sample say which spectrum was fitted, via where the collection is from, r2 how much of
the spectrum's variance between low_cm and high_cm, baseline removed, the lines explain (all noise counts as a miss).
Substances are named as their source names them: a medicine may be a salt, a mineral a member of its series. What the
source does not state is left out: no formula, laser_nm = nan. Minerals: Lafuente et al. 2015, "The power of databases:
the RRUFF project".
benchmarks/RESULTS.md compares the simulated spectra with independent real ones."""

LEAST_EXPLAINED = 0.96  # of the variance that is not noise
TRIED = 3  # spectra of a substance, those of the highest SNR first
LEAST_SNR = 15.0  # a table of a noisier spectrum would hold lines that are noise
RESOLVED, STRONG, SHAPING_CM = 1.6, 0.3, 2.5  # samples: no weak line is narrower, but near others
LOWEST_CM, HIGHEST_CM, FINEST_CM = 100.0, 3600.0, 1.0

Floats = np.ndarray


@dataclass(frozen=True, slots=True)
class Sources:
    """Labels, samples and lasers of the spectra of one collection of the corpus."""

    labels: list[str]
    samples: list[str]
    laser_nm: list[float]
    processed: list[bool]
    facts: dict[str, str]

    @classmethod
    def of(cls, corpus: Path, collection: str) -> Sources:
        """Read the columns of `collection`."""
        with h5py.File(corpus) as file:
            part = file[collection]
            n_spectra = len(part["label"])

            def texts(column: str) -> list[str]:
                return part[column].asstr()[:].tolist() if column in part else [""] * n_spectra

            lasers = part["laser_nm"][:].tolist() if "laser_nm" in part else [float("nan")] * n_spectra
            processed = [kind != "raw" for kind in texts("kind")]
            facts = {key: str(part.attrs.get(key, "")) for key in ("via", "licence", "cite")}
            return cls(texts("label"), texts("sample"), lasers, processed, facts)

    def laser_wavelength(self, spectrum: int) -> float:
        """The laser's wavelength in nm, from the column or from what label or file name say of it; nan if nowhere."""
        stated = re.search(r"(\d{3}) ?nm|iR(?:Plus)?(532|785)|HLR(633)", self.labels[spectrum] + self.samples[spectrum])
        column = float(self.laser_nm[spectrum])
        return column if np.isfinite(column) or not stated else float(next(filter(None, stated.groups())))


def resampled(axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The spectrum between LOWEST_CM and HIGHEST_CM with samples no closer than FINEST_CM: means of neighbours."""
    inside = (axis >= LOWEST_CM) & (axis <= HIGHEST_CM) & np.isfinite(values)
    cell = np.floor(axis[inside] / FINEST_CM).astype(int)
    _, cell = np.unique(cell, return_inverse=True)
    counts = np.bincount(cell)
    return np.bincount(cell, axis[inside]) / counts, np.bincount(cell, values[inside]) / counts


def snr_of(axis: Floats, values: Floats) -> float:
    """Height of the strongest line in standard deviations of the noise."""
    return float(signal_height(axis, values[None])[0] / max(float(noise_sigma(values[None])[0]), 1e-12))


def wanted_range(substance: Substance, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return the part of a spectrum that is fitted."""
    inside = (axis >= substance.low_cm) & (axis <= substance.high_cm)
    return axis[inside], values[inside]


def candidates(corpus: Path, substance: Substance, sources: Sources) -> list[int]:
    """The spectra to fit: of that label, processed if there are such, the highest SNR first."""
    ours = [number for number, label in enumerate(sources.labels) if label == substance.label]
    if substance.sample:
        ours = [number for number in ours if sources.samples[number] == substance.sample]
    ours = [number for number in ours if sources.processed[number]] or ours
    snr = {}
    for number in ours:
        axis, values, _, _ = real_spectrum(corpus, substance.collection, number)
        snr[number] = snr_of(*wanted_range(substance, *resampled(axis, values)))
    return sorted((number for number in ours if snr[number] >= LEAST_SNR), key=lambda number: -snr[number])[:TRIED]


def without_cosmic_rays(axis: Floats, lines: Floats) -> Floats:
    """`lines` (L, 4) without the weak ones that the sampling could not show: cosmic rays, and ripple of the detector.
    A narrow one that shapes a peak together with others stays."""
    kept = []
    for line in lines:
        away = np.abs(lines[:, 0] - line[0])
        narrow = line[1] < STRONG and line[2] < RESOLVED * np.interp(line[0], axis, np.gradient(axis))
        taller = (lines[:, 1] > line[1]) & (lines[:, 2] < 6 * line[2]) & (away < lines[:, 2])
        kept.append(not narrow or bool(taller.any()) or int((away < SHAPING_CM).sum()) > 1)
    return lines[kept]


def fitted_table(corpus: Path, substance: Substance, sources: Sources, spectrum: int) -> tuple[PeakTable, float]:
    """The table of one spectrum, and how much of the variance that is not noise its lines explain."""
    axis, values, label, _ = real_spectrum(corpus, substance.collection, spectrum)
    axis, values = wanted_range(substance, *resampled(axis, values))
    lines = fitted(axis, values)
    lines = without_cosmic_rays(axis, lines[np.argsort(lines[:, 0])])
    above = values - baseline(axis, values)
    above /= above.max()
    left = above - pseudo_voigt(axis, lines).sum(axis=0)
    noise = float(noise_sigma(above[None])[0]) ** 2
    explained = 1 - max(left.var() - noise, 0.0) / (above.var() - noise)
    table = PeakTable(
        name=substance.name,
        group=substance.group,
        formula=substance.formula,
        laser_nm=sources.laser_wavelength(spectrum),
        low_cm=float(np.ceil(axis[0])),
        high_cm=float(np.floor(axis[-1])),
        collection=substance.collection,
        spectrum=spectrum,
        label=label,
        sample=sources.samples[spectrum].strip(),
        r2=round(float(1 - left.var() / above.var()), 4),
        lines=lines,
        **sources.facts,
    )
    return table, float(explained)


def main(corpus: Path, names: set[str]) -> None:
    """Fit all that is wanted, or what is named, and write the tables that explain their spectra, by group and name."""
    sources = {name: Sources.of(corpus, name) for name in sorted({substance.collection for substance in WANTED})}
    tables = [table for table in peak_tables() if table.name not in names] if names else []
    for substance in WANTED:
        if names and substance.name not in names:
            continue
        known = sources[substance.collection]
        tried = [fitted_table(corpus, substance, known, row) for row in candidates(corpus, substance, known)]
        best, explained = max(tried, key=lambda pair: pair[1], default=(None, 0.0))
        kept = best is not None and explained >= LEAST_EXPLAINED
        result = (
            f"{len(best.lines):3d} lines, R² {best.r2:.4f}, {explained:.4f} of what is not noise" if best else "noisy"
        )
        print(f"{'kept' if kept else 'LEFT'} {substance.name:32s} {result}", flush=True)
        if kept:
            tables.append(best)
    tables.sort(key=lambda table: (table.group, table.name))
    atomic_write(tables_file(), as_toml(tables, PREFACE))
    print(f"{len(tables)} tables of {len({table.name for table in tables})} substances")


if __name__ == "__main__":
    main(Path(sys.argv[1]), set(sys.argv[2:]))
