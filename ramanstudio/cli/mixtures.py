"""Mixtures: the components of spectra, as a table with a row per component."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio.cli.terminal import progress_bars
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.text_table import spectrum_names, write_csv
from ramanstudio.library.library import Library

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
    from ramanstudio.search.mixture_analysis import analyse_mixture

    try:
        mixture = analyse_mixture(spectrum, opened, region)
    except StudioError as error:
        yield (*[""] * 7, str(error))
        return
    if not mixture.components:
        yield (*[""] * 7, "No substance of the libraries could be detected.")
    for number, component in enumerate(mixture.components, start=1):
        library = opened[component.library]
        numbers = (f"{component.fraction:.3f}", f"{component.error:.3f}", f"{mixture.residual_to_noise:.1f}")
        yield (
            str(number),
            component.name,
            *numbers,
            library.title,
            str(library.samples[component.reference]),
            component.note,
        )
