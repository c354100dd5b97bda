"""`ramanstudio peaks`: peaks of spectra, found or fitted by a template, as a table with a row per peak."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import BatchReader, Source
from ramanstudio.cli.outputs import find_files_for_table
from ramanstudio.cli.terminal import format_table, plural, short_name
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.export.peak_table import peak_cell, peak_rows
from ramanstudio.export.text_table import spectrum_names, write_csv

if TYPE_CHECKING:
    from ramanstudio.peaks import PeakTable
    from ramanstudio.peaks.templates import Template, TemplateFit

_PRINTED_ROWS: Final = 40  # the table has them all
_PROFILES: Final = ("lorentz", "gauss", "pseudo-voigt", "voigt", "bwf", "split-pseudo-voigt")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `peaks`."""
    options.add_files(parser)
    options.add_out_table(parser, "peak")
    parser.add_argument(
        "--template",
        metavar="NAME",
        help="fit the peaks of a template (carbon, graphene, silicon, silicon-crystallinity, diamond, or a TOML file);"
        " what it computes from them goes to X_quantities.csv",
    )
    parser.add_argument("--find", action="store_true", help="find the peaks, and fit them; without --template")
    parser.add_argument("--profile", default="pseudo-voigt", choices=_PROFILES, help="of found peaks (pseudo-voigt)")
    parser.add_argument(
        "--significance", type=float, default=4.0, metavar="S", help="height over its error to list a found peak (4)"
    )
    parser.add_argument("--from", dest="low", type=float, metavar="CM", help="only above this Raman shift, in cm⁻¹")
    parser.add_argument("--to", dest="high", type=float, metavar="CM", help="only below this Raman shift")
    parser.add_argument(
        "--temperature", type=float, metavar="C", help="of the sample, in °C, for templates that correct for it (25)"
    )
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Write the peaks of each spectrum; returns the exit code.

    When cancelled, the peaks of the spectra so far are written. Raises StudioError when there is no such template or
    the table cannot be written.
    """
    from ramanstudio.peaks import templates

    if arguments.template and arguments.find:
        raise StudioError("--template and --find cannot be combined.", remedy="Give one of them.")
    if arguments.low is not None and arguments.high is not None and not arguments.low < arguments.high:
        raise StudioError(
            f"There is nothing from {arguments.low:g} to {arguments.high:g} cm⁻¹.", remedy="Give --from below --to."
        )
    if not 0 < arguments.significance < float("inf"):
        raise StudioError("--significance must be above 0.", remedy="Give it as height over error, such as 4.")
    template = templates.load(arguments.template) if arguments.template else None
    quantities_path = arguments.out.with_name(f"{arguments.out.stem}_quantities{arguments.out.suffix}")
    also = [quantities_path] if template is not None and template.quantities else []
    files = find_files_for_table(arguments.files, arguments.out, arguments.overwrite, also)
    reader = BatchReader("Fitting peaks", files, arguments.laser_nm)
    tables: list[tuple[Source, PeakTable]] = []
    fits: list[tuple[Source, TemplateFit]] = []
    try:
        for batch in reader.batches():
            for source in batch.sources:
                _add(arguments, template, source, reader, batch.progress, tables, fits)
    finally:
        reader.bar.clear()
        if tables:
            write_csv(arguments.out, peak_rows([(*source, table) for source, table in tables]))
        if fits and also:
            write_csv(quantities_path, _quantity_rows(fits))
    _print_peaks(tables)
    n_peaks = sum(len(table) for _, table in tables)
    n_spectra = sum(len(source.spectra) for source, _ in tables)
    if tables:
        print(f"{plural(n_peaks, 'peak')} of {plural(n_spectra, 'spectrum', 'spectra')}. Table: {arguments.out}")
        if fits and also:
            print(f"What {template.title if template else ''} says of them: {quantities_path}")
    return exit_code(n_spectra, len(reader.failed))


VERB: Final = Verb("peaks", "Find peaks, or fit those of a template, with their standard errors.", add_arguments, run)


def _add(
    arguments: Namespace,
    template: Template | None,
    source: Source,
    reader: BatchReader,
    progress: Progress,
    tables: list[tuple[Source, PeakTable]],
    fits: list[tuple[Source, TemplateFit]],
) -> None:
    """Fit the spectra of one source; what fails is said, and the others go on."""
    from ramanstudio.peaks import find, templates

    within = None
    if arguments.low is not None or arguments.high is not None:
        axis = source.spectra.axis
        within = (
            float(axis[0]) if arguments.low is None else arguments.low,
            float(axis[-1]) if arguments.high is None else arguments.high,
        )
    try:
        if template is None:
            table = find(
                source.spectra, arguments.significance, profile=arguments.profile, within=within, progress=progress
            )
        else:
            given = {} if arguments.temperature is None else {"temperature_k": arguments.temperature + 273.15}
            fit = templates.apply(template, source.spectra, variables=given, progress=progress)
            fits.append((source, fit))
            table = fit.table
    except Cancelled:
        raise
    except Exception as error:
        reader.fail(source.file, error)
        return
    for problem in table.problems.values():
        reader.bar.say(f"'{source.file.name}': {problem}")
    tables.append((source, table))


def _quantity_rows(fits: Sequence[tuple[Source, TemplateFit]]) -> Iterator[Sequence[Any]]:
    yield "file", "spectrum", "quantity", "value", "error", "unit", "holds", "reference"
    for (file, spectra), fit in fits:
        names = spectrum_names(spectra)
        for position, row in enumerate(fit.rows.tolist()):
            for item in fit.quantities:
                holds = bool(item.is_valid[position])
                numbers = (peak_cell(float(item.value[position])), peak_cell(float(item.error[position])))
                quantity = item.quantity
                yield (
                    str(file),
                    names[row],
                    quantity.name,
                    *numbers,
                    quantity.unit,
                    "yes" if holds else "no",
                    quantity.reference,
                )


def _print_peaks(tables: Sequence[tuple[Source, PeakTable]]) -> None:
    rows = []
    for (file, spectra), table in tables:
        names = spectrum_names(spectra)
        for row in table.rows():
            short = short_name(file.name)
            spectrum = short if len(spectra) == 1 else f"{short} {names[row['spectrum']]}"
            center = row.get("position", row.get("center"))
            error = row.get("position_error", row.get("center_error"))
            rows.append(
                (
                    spectrum,
                    str(row.get("name", row["peak"] + 1)),
                    f"{center:.2f} ± {error:.2f}",
                    f"{row['fwhm']:.2f} ± {row['fwhm_error']:.2f}",
                    f"{row['height']:.4g}",
                    f"{row['significance']:.1f}",
                )
            )
    if rows and len(rows) <= _PRINTED_ROWS:
        print(format_table(("spectrum", "peak", "position / cm⁻¹", "FWHM / cm⁻¹", "height", "significance"), rows))
