"""`ramanstudio figure`: a figure of spectra for a publication, as the window's *Export figure…* draws it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any, Final

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import BatchReader, Source, find_files
from ramanstudio.cli.outputs import require_writable
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.export.figure_options import ARRANGEMENTS, FigureOptions, change_options, load_style
from ramanstudio.export.figure_style import check_suffix

MAX_SPECTRA: Final = 24


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `figure`."""
    options.add_files(parser)
    parser.add_argument(
        "--out", type=options.path, required=True, metavar="X.pdf", help="the figure: .png, .tif, .svg or .pdf"
    )
    options.add_overwrite(parser)
    parser.add_argument("--style", type=options.path, metavar="S.toml", help="style file, as the window saves it")
    parser.add_argument(
        "--arrangement", choices=tuple(ARRANGEMENTS), help="how several spectra share the figure (panels)"
    )
    parser.add_argument("--width-mm", type=float, metavar="MM", help="width of the figure (178)")
    parser.add_argument("--height-mm", type=float, metavar="MM", help="height of the figure (90)")
    parser.add_argument("--dpi", type=float, metavar="N", help="resolution of images (300)")
    parser.add_argument("--measured", action="store_true", help="draw the spectra as measured, without denoising")
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Draw the figure; returns the exit code."""
    from ramanstudio.export.spectrum_figure import FigureSpectrum, save_spectra

    check_suffix(arguments.out)
    look = _options(arguments)
    files = find_files(arguments.files, lambda file: file.absolute() == arguments.out.absolute())
    require_writable(arguments.out, files, arguments.overwrite)
    reader = BatchReader("Reading", files, arguments.laser_nm)
    sources = reader.read_all()
    if len(sources) > MAX_SPECTRA:
        raise StudioError(
            f"A figure shows at most {MAX_SPECTRA} files or sets, and these are {len(sources)}.",
            remedy="Give fewer files.",
        )
    spectra: list[FigureSpectrum] = _measured(sources) if arguments.measured else _denoised(sources, arguments)
    if spectra:
        print(f"Figure: {save_spectra(arguments.out, spectra, look)}")
    return exit_code(len(spectra), len(reader.failed))


def _options(arguments: Namespace) -> FigureOptions:
    look = load_style(arguments.style) if arguments.style is not None else FigureOptions()
    given = {name: getattr(arguments, name) for name in ("arrangement", "width_mm", "height_mm", "dpi")}
    return change_options(look, {name: value for name, value in given.items() if value is not None})


def _measured(sources: list[Source]) -> list[Any]:
    from ramanstudio.export.spectrum_figure import FigureSpectrum

    return [FigureSpectrum.of_set(file.name, spectra, spectra, None) for file, spectra in sources]


def _denoised(sources: list[Source], arguments: Namespace) -> list[Any]:
    from ramanstudio.engine import Engine
    from ramanstudio.export.snr_text import format_snr_change
    from ramanstudio.export.spectrum_figure import FigureSpectrum

    engine = Engine.load(arguments.model, arguments.device)
    drawn = []
    for file, spectra in sources:
        denoised = engine.denoise(spectra)
        note = f"SNR {format_snr_change(denoised)}"
        drawn.append(FigureSpectrum.of_set(file.name, spectra, denoised.spectra, denoised.expected_error, note=note))
    return drawn


VERB: Final = Verb("figure", "Draw a figure of spectra for a publication: PNG, TIFF, SVG or PDF.", add_arguments, run)
