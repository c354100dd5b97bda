"""Fit pseudo-Voigt lines to measured spectra, and write the tables that the demo spectra are simulated from.

    python tools/fit_lines.py ../shared/data/corpus.h5          writes resources/demo/lines.toml

The baseline is subtracted, peaks are found, and their positions, heights, widths and shapes are fitted by least
squares, one neighbourhood at a time; the residual is searched for further lines, twice.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from line_tables import DEMO_TABLES, Floats, LineTable, as_toml, pseudo_voigt

PREFACE = """\
Raman lines of a dozen substances, as fitted by tools/fit_lines.py to real spectra of public collections.
Each line: position / cm-1, relative height, full width at half maximum / cm-1, Lorentzian share of the profile.
group, spectrum and label say which spectrum of the collection was fitted, via where the collection is from.
Only these tables are kept, no measured intensities. They describe one spectrum each, between low_cm and high_cm,
on one instrument: good for a demonstration, not a reference."""

WIDEST_CM = 120.0
NARROWEST_CM = 1.5
NEIGHBOURHOOD_CM = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A substance, and the spectrum of the corpus that is fitted between two Raman shifts."""

    substance: str
    group: str
    spectrum: int
    low_cm: float
    high_cm: float


WANTED = (
    Wanted("polystyrene", "calibration", 17, 350, 3150),
    Wanted("PET", "cdph", 232, 180, 3180),
    Wanted("polypropylene", "microplastics", 5, 180, 3180),
    Wanted("paracetamol", "cdph", 141, 180, 1790),
    Wanted("aspirin", "cdph", 240, 195, 1815),
    Wanted("sucrose", "cdph", 124, 200, 3400),
    Wanted("calcite", "rruff", 831, 145, 1155),
    Wanted("gypsum", "cdph", 204, 105, 1195),
    Wanted("quartz", "cdph", 114, 160, 1190),
    Wanted("anatase", "cdph", 40, 100, 1280),
    Wanted("sulfur", "cdph", 125, 106, 1230),
    Wanted("cyclohexane", "reagents", 26, 180, 1700),
)


def real_spectrum(corpus: Path, group: str, spectrum: int) -> tuple[Floats, Floats, str, str]:
    """Raman shifts (B,), intensities (B,), label and origin of one spectrum of the corpus."""
    import h5py

    with h5py.File(corpus) as file:
        part = file[group]
        label = part["label"][spectrum]
        where: slice | tuple[int, slice] = (spectrum, slice(None))
        axis = part["axis"]
        if "offsets" in part:
            where = slice(*(int(end) for end in part["offsets"][spectrum : spectrum + 2]))
            axis = axis[where]
        values = part["values"][where]
        name = label.decode() if isinstance(label, bytes) else str(label)
        return np.array(axis, float), np.array(values, float), name, str(part.attrs["via"])


def baseline(axis: Floats, values: Floats, smoothness_cm: float = 60.0) -> Floats:
    """Asymmetrically reweighted penalised least squares (Baek et al. 2015, doi:10.1039/C4AN01061B) -> (B,)."""
    from scipy.sparse import csc_matrix, diags, identity
    from scipy.sparse.linalg import spsolve
    from scipy.special import expit

    n_points = len(values)
    step = (axis[-1] - axis[0]) / (n_points - 1)
    second = csc_matrix(np.diff(identity(n_points).toarray(), 2, axis=0))
    penalty = (smoothness_cm / step) ** 4 * (second.T @ second)
    weights = np.ones(n_points)
    for _ in range(50):
        curve = spsolve(csc_matrix(diags(weights) + penalty), weights * values)
        below = (values - curve)[values < curve]
        if len(below) < 3:  # a baseline was already taken from this spectrum
            break
        mean, spread = below.mean(), below.std() + 1e-12
        fresh = expit(-2 * (values - curve - (2 * spread - mean)) / spread)
        if np.linalg.norm(fresh - weights) < 1e-3 * np.linalg.norm(weights):
            break
        weights = fresh
    return np.asarray(curve)


def find_lines(axis: Floats, values: Floats, least: float) -> Floats:
    """A first guess (L, 4) of the lines that stand out of `values` by at least `least`."""
    from scipy.signal import find_peaks, peak_widths

    peaks, _ = find_peaks(values, prominence=least, height=least)
    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    widths = np.clip(peak_widths(values, peaks, rel_height=0.5)[0] * step, NARROWEST_CM, WIDEST_CM / 2)
    return np.stack([axis[peaks], values[peaks], widths, np.full(len(peaks), 0.5)], axis=1)


def refined(axis: Floats, values: Floats, lines: Floats) -> Floats:
    """`lines` (L, 4) fitted to `values` (B,): each neighbourhood in turn, the lines elsewhere held."""
    from scipy.optimize import least_squares

    lines = lines[np.argsort(lines[:, 0])]
    groups = np.split(np.arange(len(lines)), np.flatnonzero(np.diff(lines[:, 0]) > NEIGHBOURHOOD_CM / 4) + 1)
    groups = [part for group in groups for part in np.array_split(group, -(-len(group) // 8))]
    for _ in range(3):
        for group in groups:
            ours = lines[group]
            near = (axis > ours[0, 0] - NEIGHBOURHOOD_CM) & (axis < ours[-1, 0] + NEIGHBOURHOOD_CM)
            here = axis[near]
            wanted = values[near] - pseudo_voigt(here, np.delete(lines, group, axis=0)).sum(axis=0)
            low = np.stack([ours[:, 0] - 5, 0 * ours[:, 1], 0 * ours[:, 2] + NARROWEST_CM, 0 * ours[:, 3]], axis=1)
            high = np.stack([ours[:, 0] + 5, 3 * ours[:, 1] + 1e-3, 0 * ours[:, 2] + WIDEST_CM, 0 * ours[:, 3] + 1], 1)
            start = np.clip(ours, low + 1e-9, high - 1e-9)
            fit = least_squares(
                lambda flat, here=here, wanted=wanted: pseudo_voigt(here, flat.reshape(-1, 4)).sum(axis=0) - wanted,
                start.ravel(),
                bounds=(low.ravel(), high.ravel()),
                x_scale=np.tile([1.0, 0.05, 5.0, 0.5], len(group)),
                max_nfev=60,
            )
            lines[group] = fit.x.reshape(-1, 4)
    return lines


def fitted(axis: Floats, values: Floats) -> Floats:
    """The lines (L, 4) of one spectrum, the strongest point of which is 1 above its baseline."""
    above = values - baseline(axis, values)
    above /= above.max()
    noise = np.median(np.abs(np.diff(above, 2))) / 0.6745 / np.sqrt(6)
    least = max(6 * noise, 0.006)
    lines = refined(axis, above, find_lines(axis, above, least))
    for _ in range(2):
        left = above - pseudo_voigt(axis, lines).sum(axis=0)
        further = find_lines(axis, left, 2 * least)
        if not len(further):
            break
        lines = refined(axis, above, np.concatenate([lines, further]))
    return np.asarray(lines[lines[:, 1] > least / 2])


def fitted_table(corpus: Path, wanted: Wanted) -> LineTable:
    """The line table of one substance."""
    axis, values, label, via = real_spectrum(corpus, wanted.group, wanted.spectrum)
    inside = (axis >= wanted.low_cm) & (axis <= wanted.high_cm)
    axis, values = axis[inside], values[inside]
    if len(axis) > 2500:  # finer sampling than the lines need only costs time
        axis, values = axis[::2], values[::2]
    lines = fitted(axis, values)
    return LineTable(
        wanted.substance, wanted.group, wanted.spectrum, label, via, float(wanted.low_cm), float(wanted.high_cm), lines
    )


def main(corpus: Path) -> None:
    """Fit all wanted spectra and write the tables."""
    tables = []
    for wanted in WANTED:
        table = fitted_table(corpus, wanted)
        tables.append(table)
        axis, values, _, _ = real_spectrum(corpus, wanted.group, wanted.spectrum)
        inside = (axis >= table.low_cm) & (axis <= table.high_cm)
        above = values[inside] - baseline(axis[inside], values[inside])
        match = np.corrcoef(above, table.spectrum_at(axis[inside]))[0, 1]
        print(f"{table.substance:14s} {len(table.lines):3d} lines, correlation {match:.4f}", flush=True)
    DEMO_TABLES.write_text(as_toml(tables, PREFACE), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
