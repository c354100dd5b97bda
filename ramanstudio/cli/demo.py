"""`ramanstudio demo`: denoise the simulated demo spectra, and compare the gain with the true one."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio import demo
from ramanstudio.cli import denoise, options
from ramanstudio.cli.exit_codes import DONE, SOME_FAILED
from ramanstudio.cli.outputs import require_writable
from ramanstudio.cli.terminal import format_table
from ramanstudio.cli.verb import Verb
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.snr_text import format_snr
from ramanstudio.export.summary import ResultFolder

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.export.denoised_figures import SpectrumPanel

_OUT: Final = Path("demo-output")
_FIGURE: Final = "demo.png"
_MAP_FIGURE: Final = "map.png"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `demo`."""
    parser.add_argument("--out", type=options.path, default=_OUT, metavar="DIR", help=f"folder for results ({_OUT})")
    options.add_overwrite(parser)
    options.add_model(parser)


def run(arguments: Namespace) -> int:
    """Denoise the demo spectra; returns the exit code."""
    from ramanstudio.engine import Engine
    from ramanstudio.export.denoised_figures import SpectrumPanel

    files = demo.demo_files()
    for name in (_FIGURE, _MAP_FIGURE):
        require_writable(arguments.out / name, files, arguments.overwrite)
    print(
        "The demo spectra are simulated from line tables, so the true gain is known; it is listed beside the estimate."
        "\n",
        flush=True,
    )
    engine = Engine.load(arguments.model, arguments.device)
    results = ResultFolder(arguments.out, inputs=files, overwrite=arguments.overwrite)
    rows: list[tuple[str, ...]] = []
    panels: list[SpectrumPanel] = []

    def write(file: Path, raw: SpectrumSet, denoised: Denoised) -> None:
        results.write(raw, denoised)
        true_gain = float(np.median(demo.true_gain(raw, denoised, demo.true_spectra(file))))
        rows.append((*denoise.table_row(file, raw, denoised), format_snr(true_gain)))
        panels.append(SpectrumPanel(file.stem, raw, denoised))

    n_failed = denoise.denoise_files(engine, files, None, write)
    print(format_table((*denoise.HEADER, "true gain"), sorted(rows, key=lambda row: row[0].lower())))
    print(f"\nModel {engine.card.name} on {engine.device_name}.\nTable: {results.write_summary()}")
    for figure in _draw_figures(arguments.out, sorted(panels, key=lambda panel: panel.title.lower())):
        print(f"Figure: {figure}")
    return SOME_FAILED if n_failed else DONE


VERB: Final = Verb("demo", "Denoise simulated spectra, and compare with the known truth.", add_arguments, run)


def _draw_figures(out: Path, panels: Sequence[SpectrumPanel]) -> Iterator[Path]:
    """Draw every substance at the two shorter exposures, and the map."""
    from ramanstudio.export.denoised_figures import draw_denoised, draw_denoised_map

    noisy = [panel for panel in panels if not panel.raw.is_map and not panel.title.endswith("-10s")]
    yield draw_denoised(out / _FIGURE, noisy, columns=4)
    for panel in panels:
        if panel.raw.is_map:
            yield draw_denoised_map(out / _MAP_FIGURE, panel.raw, panel.denoised, demo.MAP_LINE_CM)
