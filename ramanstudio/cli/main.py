"""The command line: the window's work without a window. Heavy packages are imported by the verb that needs them."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ramanstudio import __version__, demo
from ramanstudio.cli import features, finetune, identify, library, pretrain
from ramanstudio.cli import files as cli_files
from ramanstudio.cli.terminal import table
from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_log
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write, remove_stale_drafts
from ramanstudio.denoising.batches import DEFAULT_MODEL, MIN_TOGETHER
from ramanstudio.export import tables
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig, NetworkConfig, PretrainingConfig

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.engine import Engine
    from ramanstudio.export.figures import Panel

DEVICES = ("auto", "cpu", "cuda", "mps")
DONE, SOME_FAILED, NOTHING_DONE, CANCELLED = 0, 1, 2, 130
LONGEST_TABLE = 60  # lines printed; the summary has them all
LONGEST_NAME = 48
WEAKEST_SEEN = 4.0  # ratios below are as likely to be noise

EXIT_CODES = """\
exit codes:
  0    everything was done
  1    some files failed, the others were done; each failure is a sentence on stderr
  2    nothing was done
  130  cancelled with Ctrl-C; what was done by then is kept
"""

Keep = Callable[[Path, SpectrumSet, "Denoised"], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code, which `--help` explains."""
    try:
        arguments = _parser().parse_args(argv)
        remove_stale_drafts()
        return int(arguments.verb(arguments))
    except StudioError as error:
        print(error, file=sys.stderr)
        return NOTHING_DONE
    except (KeyboardInterrupt, Cancelled):
        print("Cancelled. What was done is kept.", file=sys.stderr)
        return CANCELLED
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # the border of the program: a person gets a sentence, the log gets the rest
        log = user_log() / "command-line-crash.txt"
        atomic_write(log, f"RamanStudio {__version__}\n{traceback.format_exc()}")
        print(f"Something unexpected happened: {type(error).__name__}: {error}. Details: {log}", file=sys.stderr)
        return NOTHING_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ramanstudio",
        description="Denoise Raman spectra, with the signal-to-noise ratio before and after."
        " Without a verb the window opens: ramanstudio [FILE …].",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"RamanStudio {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, what: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        one = verbs.add_parser(
            name, help=what, description=what, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        one.set_defaults(verb=run)
        return one

    _add_denoise(verb("denoise", "Denoise files and folders, and write the results with their SNRs.", _denoise))
    _add_features(verb("embed", "Write features of files and folders: numbers alike for like substances.", _embed))
    one = verb("cluster", "Group the spectra of files and folders by how alike they are.", _cluster)
    _add_features(one)
    features.add_grouping(one)
    one = verb("identify", "Say what the spectra of files and folders are of, by libraries of references.", _identify)
    _add_identify(one)
    library.add_verbs(verb("library", "Make, list, merge and export libraries of references.", library.library))
    finetune.add_verbs(verb, _add_model, _add_laser, DEVICES)
    one = verb("info", "Say what is in files: format, axis, facts, SNR.", _info)
    one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file or folder")
    _add_laser(one)
    one = verb("demo", "Denoise the simulated demo spectra and compare with their truth.", _demo)
    one.add_argument("--out", type=Path, default=Path("demo-output"), help="folder for the results (demo-output)")
    _add_model(one)
    one = verb("pretrain", "Train a model to denoise; takes up a run that was stopped.", pretrain.pretrain)
    pretrain.add_arguments(one, PretrainingConfig, NetworkConfig)
    told = "Train a model that denoises to give features too; takes up a run that was stopped."
    one = verb("pretrain-features", told, pretrain.pretrain_features)
    pretrain.add_arguments(one, FeaturePretrainingConfig, EmbedderConfig)
    return parser


def _add_denoise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file, or folder that is searched")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for results and summary.csv")
    parser.add_argument("--format", choices=tables.RESULT_FORMATS, default="csv", help="of the results (csv)")
    parser.add_argument(
        "--together",
        choices=("file", "all", "no"),
        default="file",
        help="denoise with what spectra share: those of one file, where it holds four or more, as the window does"
        " (file); all on one axis, such as repeats saved one a file, four million intensities at a time (all); or each"
        " by itself (no)",
    )
    _add_model(parser)
    _add_laser(parser)


def _add_features(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file, or folder that is searched")
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="table, a line for each spectrum")
    features.add_plane(parser)
    _add_model(parser)
    _add_laser(parser)


def _add_identify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file, or folder that is searched")
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="table, a line for each hit")
    identify.add_asking(parser)
    _add_model(parser)
    _add_laser(parser)


def _add_laser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--laser", "--laser-nm", type=float, metavar="NM", help="excitation in nm, for files in nm that do not say it"
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="NAME",
        help=f"name or folder of a model ({DEFAULT_MODEL}); smae-small is the fast one, for large maps",
    )
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to compute (auto)")


def _denoise(arguments: argparse.Namespace) -> int:
    from ramanstudio.engine import Engine

    files = cli_files.find(arguments.files, arguments.out)
    results = tables.ResultFolder(arguments.out, arguments.format)
    engine = Engine.load(arguments.model, arguments.device)
    rows: list[tuple[str, ...]] = []

    def keep(file: Path, raw: SpectrumSet, denoised: Denoised) -> None:
        results.keep(raw, denoised)
        rows.append(_row(file, raw, denoised))

    try:
        failed = _denoise_files(engine, files, arguments.laser, keep, arguments.together)
    finally:
        if rows:
            results.write_summary()
    if 0 < len(rows) <= LONGEST_TABLE:
        print(table(HEADER, rows))
    if rows:
        print(f"Denoised {len(files) - failed} of {len(files)} files on {engine.device_name}. Table: {results.summary}")
    return _exit_code(len(rows), failed)


HEADER = ("file", "points", "SNR before", "SNR after", "gain")


def _row(file: Path, raw: SpectrumSet, denoised: Denoised) -> tuple[str, ...]:
    """One line of the printed table; medians for a set."""
    from ramanstudio.export.figures import format_snr, median_snr

    points = f"{raw.points}" if len(raw) == 1 else f"{len(raw)} × {raw.points}"
    name = file.name if len(file.name) <= LONGEST_NAME else f"{file.name[: LONGEST_NAME - 16]}…{file.name[-15:]}"
    return (name, points, *map(format_snr, median_snr(denoised)))


def _denoise_files(
    engine: Engine, files: Sequence[Path], laser_nm: float | None, keep: Keep, together: str = "file"
) -> int:
    """Read and denoise `files` some at a time, and `keep` each set's result; returns how many files failed."""
    reading = cli_files.Reading("Denoising", files, laser_nm)
    try:
        for report, some in reading.some_at_a_time():
            _denoise_some(engine, some, report, keep, reading, together)
    finally:
        reading.bar.clear()
    return len(reading.failed)


def _denoise_some(
    engine: Engine,
    some: Sequence[cli_files.Source],
    report: cli_files.Report,
    keep: Keep,
    reading: cli_files.Reading,
    together: str,
) -> None:
    def show(result: tuple[int, Denoised | StudioError]) -> None:
        index, found = result
        file, raw = some[index]
        try:
            if isinstance(found, StudioError):
                raise found
            keep(file, raw, found)
        except StudioError as error:
            reading.fail(file, error)

    sets = [raw for _, raw in some]
    whole = [number if len(raw) >= MIN_TOGETHER else 0 for number, raw in enumerate(sets, start=1)]
    numbers = {"file": whole, "all": [1] * len(sets), "no": ()}[together]
    engine.denoise_each(sets, Progress(report, show, reading.bar.say), numbers)


def _embed(arguments: argparse.Namespace) -> int:
    from ramanstudio.engine import Engine

    files = features.files_for(arguments.out, arguments.files)
    engine = Engine.load(arguments.model, arguments.device)
    return _exit_code(*features.embed(engine, files, arguments.laser, arguments.out, arguments.plane))


def _cluster(arguments: argparse.Namespace) -> int:
    from ramanstudio.engine import Engine

    files = features.files_for(arguments.out, arguments.files)
    engine = Engine.load(arguments.model, arguments.device)
    asked = (arguments.clusters, arguments.method, arguments.plane)
    return _exit_code(*features.cluster(engine, files, arguments.laser, arguments.out, *asked))


def _identify(arguments: argparse.Namespace) -> int:
    from ramanstudio.engine import Engine

    files = features.files_for(arguments.out, arguments.files)
    asked = identify.asked(arguments)
    engine = Engine.load(arguments.model, arguments.device)
    return _exit_code(*identify.identify(engine, files, arguments.laser, arguments.out, asked))


def _exit_code(done: int, failed: int) -> int:
    return NOTHING_DONE if not done else SOME_FAILED if failed else DONE


def _demo(arguments: argparse.Namespace) -> int:
    from ramanstudio.engine import Engine
    from ramanstudio.export import figures

    files = demo.demo_files()
    print(
        "The demo spectra are simulated from line tables, so the true gain is known beside the reported one.\n",
        flush=True,
    )
    engine = Engine.load(arguments.model, arguments.device)
    results = tables.ResultFolder(arguments.out)
    rows: list[tuple[str, ...]] = []
    panels: list[figures.Panel] = []

    def keep(file: Path, raw: SpectrumSet, denoised: Denoised) -> None:
        results.keep(raw, denoised)
        true = float(np.median(demo.true_gain(raw, denoised, demo.true_spectra(file))))
        rows.append((*_row(file, raw, denoised), figures.format_snr(true)))
        panels.append(figures.Panel(file.stem, raw, denoised))

    failed = _denoise_files(engine, files, None, keep)
    print(table((*HEADER, "true gain"), sorted(rows, key=lambda row: row[0].lower())))
    print(f"\nModel {engine.card.name} on {engine.device_name}.\nTable: {results.write_summary()}")
    for picture in _demo_pictures(arguments.out, sorted(panels, key=lambda panel: panel.title.lower())):
        print(f"Picture: {picture}")
    return SOME_FAILED if failed else DONE


def _demo_pictures(out: Path, panels: Sequence[Panel]) -> Iterator[Path]:
    """Every substance at the two shorter exposures, and the map."""
    from ramanstudio.export import figures

    noisy = [panel for panel in panels if not panel.raw.is_map and not panel.title.endswith("-10s")]
    yield figures.draw_denoised(out / "demo.png", noisy, columns=4)
    for panel in panels:
        if panel.raw.is_map:
            yield figures.draw_map(out / "map.png", panel.raw, panel.denoised, demo.MAP_LINE_CM)


def _info(arguments: argparse.Namespace) -> int:
    from ramanstudio.formats import registry

    failed = 0
    files = cli_files.find(arguments.files)
    for file in files:
        try:
            for spectra in registry.read(file, arguments.laser):
                print("\n".join(_facts(file, spectra)))
        except StudioError as error:
            failed += 1
            print(error, file=sys.stderr)
    return NOTHING_DONE if failed == len(files) else SOME_FAILED if failed else DONE


def _facts(file: Path, spectra: SpectrumSet) -> list[str]:
    """What a reader saw, a line a fact."""
    from ramanstudio.signal import snr

    steps = np.diff(spectra.axis)
    step = f"{steps[0]:.2f}" if np.ptp(steps) < 0.01 else f"{steps.min():.2f} to {steps.max():.2f}"
    place = ""
    if spectra.is_map:
        place = f", a map of {len(np.unique(spectra.table['x']))} × {len(np.unique(spectra.table['y']))}"
    finite = spectra.values[np.isfinite(spectra.values)]
    facts = {
        "spectra": f"{len(spectra)}{place}",
        "axis": f"{spectra.points} points, {spectra.axis[0]:.1f} to {spectra.axis[-1]:.1f} cm⁻¹, every {step} cm⁻¹",
        "intensity": f"{finite.min():g} to {finite.max():g}" if finite.size else "no numbers",
        "columns": ", ".join(spectra.table),
        **{key.replace("_", " "): f"{value}" for key, value in spectra.about.items() if key != "source"},
    }
    if np.isfinite(spectra.values).all() and spectra.points >= snr.FEWEST_POINTS:
        # five points averaged, else the highest excursion of the noise would count as a line
        smooth = np.mean(np.lib.stride_tricks.sliding_window_view(spectra.values, 5, axis=1), axis=2)
        ratios = snr.signal_height(spectra.axis[2:-2], smooth) / np.maximum(snr.noise_sigma(spectra.values), 1e-30)
        ratio = float(np.median(ratios))
        facts["SNR"] = f"about {ratio:.0f}" if ratio >= WEAKEST_SEEN else f"below {WEAKEST_SEEN:g}"
        facts["SNR"] += " (median of the spectra)" if len(spectra) > 1 else ""
    return [str(file), *(f"  {key:<16} {fact}" for key, fact in facts.items() if fact)]
