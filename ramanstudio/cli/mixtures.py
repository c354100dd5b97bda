"""Mixtures: the components of spectra, as a table with a row per component."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ramanstudio.cli.terminal import progress_bars
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.text_table import spectrum_names, write_csv
from ramanstudio.library.library import Library
from ramanstudio.library.reference import FEWEST_POINTS
from ramanstudio.signal import snr

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region

HEADER: Final = (
    "file",
    "spectrum",
    "component",
    "name",
    "fraction",
    "error",
    "residual / noise",
    "library",
    "sample",
    "note",
)


class Component(NamedTuple):
    """A reference that a spectrum contains, with its fraction and the standard error of it."""

    library: Library
    reference: int
    fraction: float
    error: float


def write_mixtures(
    out: Path, sets: Sequence[tuple[Path, SpectrumSet]], opened: Sequence[Library], region: Region | None
) -> None:
    """Fit each spectrum of `sets`, given with their files, as a mixture, and write the components to the CSV `out`.

    When cancelled, those found so far are written. Raises StudioError when the table cannot be written.
    """
    rows: list[tuple[str, ...]] = [HEADER]
    named = [
        (str(file), name, spectra[row]) for file, spectra in sets for row, name in enumerate(spectrum_names(spectra))
    ]
    try:
        with progress_bars("Fitting mixtures") as progress:
            for file, name, spectrum in progress.steps(named, "spectra"):
                rows += [(file, name, *cells) for cells in _component_rows(spectrum, opened, region)]
    finally:
        write_csv(out, rows)


def _component_rows(
    spectrum: SpectrumSet, opened: Sequence[Library], region: Region | None
) -> Iterator[tuple[str, ...]]:
    """The components of a spectrum, largest first; or why there are none, which does not stop the others."""
    try:
        components, residual = _components(spectrum, opened, region)
    except StudioError as error:
        yield (*[""] * 7, str(error))
        return
    if not components:
        yield (*[""] * 7, "No substance of the libraries could be detected.")
    for number, (library, index, fraction, deviation) in enumerate(components, start=1):
        numbers = (f"{fraction:.3f}", f"{deviation:.3f}", f"{residual:.1f}")
        reference = (library.title, str(library.samples[index]), str(library.notes[index]))
        yield str(number), str(library.names[index]), *numbers, *reference


def _components(
    spectrum: SpectrumSet, opened: Sequence[Library], region: Region | None
) -> tuple[list[Component], float]:
    """Up to four components of a spectrum (a set of one), largest first, and the residual in units of the noise.

    A residual far above one means that something else is in it. Raises StudioError when the libraries cover too little
    of the spectrum.
    """
    from ramanstudio.search.mixture_candidates import mixture_candidates
    from ramanstudio.search.mixtures import unmix

    sigma = float(snr.noise_sigma(spectrum.values)[0])
    if region is not None:
        inside = region.contains(spectrum.axis)
        if inside.sum() < FEWEST_POINTS:
            raise StudioError("Too few points are left to fit a mixture.", remedy="Compare a wider range.")
        spectrum = spectrum.with_axis(spectrum.axis[inside], spectrum.values[:, inside])
    candidates = mixture_candidates(spectrum, sigma, opened)
    names = [str(opened[library].names[index]) for library, index in candidates]
    references = [opened[library].spectrum(index) for library, index in candidates]
    mixture = unmix(spectrum.axis, spectrum.values[0], sigma, references, names)
    components = []
    for part in mixture.components:
        library, index = candidates[part.reference]
        components.append(Component(opened[library], index, part.fraction, part.error))
    components.sort(key=lambda component: -component.fraction)
    return components, float(np.sqrt(np.nanmean(mixture.residual**2))) / max(sigma, 1e-30)
