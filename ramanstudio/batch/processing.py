"""Process many files, or those that come into a folder, with a recipe."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ramanstudio.batch.analyses import Analyses
from ramanstudio.batch.cluster import Cluster, Job, connect, with_blocks_of_this_process
from ramanstudio.batch.journal import Journal
from ramanstudio.batch.names import SUFFIX
from ramanstudio.batch.results import LOG_NAME, RESULTS_NAME
from ramanstudio.batch.run import BatchRun, FileResult
from ramanstudio.batch.watching import POLL_S, SETTLE_S, FolderWatcher
from ramanstudio.batch.zarr_store import SUFFIX as ZARR_SUFFIX
from ramanstudio.batch.zarr_store import is_store, require_zarr
from ramanstudio.core.csv_cells import printable
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.export.processed_files import error_path, writable_formats
from ramanstudio.mae.model_store import DEFAULT_MODEL
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.recipe import Recipe, find_recipe
from ramanstudio.processing.step import Denoiser

if TYPE_CHECKING:
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.library.library import Library
    from ramanstudio.peaks.templates import Template

ZARR: Final = ZARR_SUFFIX.removeprefix(".")


def process(
    paths: Sequence[Path | str] | Path | str,
    recipe: Recipe | Path | str | None = None,
    out: Path | str | None = None,
    *,
    format: str = "csv",
    engine: Denoiser | None = None,
    model: str | Path = DEFAULT_MODEL,
    device: str = "auto",
    laser_nm: float | None = None,
    peaks: Template | str | Path | None = None,
    identify: Sequence[Library] = (),
    classify: FineTunedModel | str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    cluster: str = "",
    progress: Progress = SILENT,
) -> Iterator[FileResult]:
    """Process files and folders with a recipe, and yield the result of each file in order.

    Parameters
    ----------
    paths : files, and folders that are searched
    recipe : a recipe, its file, or the name of a built-in one; the default recipe where None
    out : folder for the processed spectra, results.csv, log.csv and recipe.toml; nothing is written where None
    format : of the processed spectra: "csv", "h5", or another suffix that RamanStudio writes
    engine : loaded model; where None, `model` is loaded onto `device` if the recipe needs one
    peaks : template, its file or its name, that is fitted to the processed spectra, into columns of results.csv
    identify : libraries by which the spectra are identified, into columns likewise
    classify : fine-tuned model whose predictions become columns likewise
    overwrite : replace what is in `out`; inputs are never replaced
    resume : go on with an earlier run in `out` that was stopped or killed: files that were done are not done again
    cluster : where to compute: "" in this process, "local" or "local:4" in worker processes, "tcp://host:8786" on the
        workers of a dask scheduler, which load `model` themselves

    A file that fails is a result with an error, and the others go on. Raises StudioError when there is no file, the
    recipe cannot be read, or `out` holds results and neither `overwrite` nor `resume` is given; Cancelled when asked to
    stop, what was done is kept.
    """
    given = [Path(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]
    chosen = _chosen_recipe(recipe)
    require_format(format)
    folder = Path(out) if out is not None else None
    files = find_inputs(given, folder)
    engine = engine or load_engine(chosen, model, device, bool(identify) or classify is not None)
    analyses = _analyses(engine, peaks, identify, classify)
    make_run = partial(BatchRun, chosen, engine, folder, given, format, laser_nm, overwrite, resume, analyses)
    if cluster:
        names = tuple(str(library.path.absolute()) for library in identify)
        uses = (engine is not None, _named(peaks), names, _named(classify))
        job = Job(chosen.to_text(), str(model), device, *uses, laser_nm)
        return _process_on_cluster(cluster, job, make_run, files, progress)
    run = make_run()
    run.reserve(files)
    return run.process(files, progress)


def _process_on_cluster(
    address: str, job: Job, make_run: Callable[..., BatchRun], files: Sequence[Path], progress: Progress
) -> Iterator[FileResult]:
    with connect(address) as client:
        run = make_run(cluster=Cluster(client, with_blocks_of_this_process(job)))
        run.reserve(files)
        yield from run.process(files, progress)


def _named(value: Any) -> str:
    """The name or path by which a worker finds a template or model. Raises StudioError for an object in memory."""
    if value is None:
        return ""
    if not isinstance(value, (str, Path)):
        raise StudioError(
            "Workers of a cluster load templates and models by name.", remedy="Give a name or a file instead."
        )
    path = Path(value)
    return str(path.absolute()) if path.exists() else str(value)


def watch(
    folder: Path | str,
    recipe: Recipe | Path | str | None = None,
    out: Path | str | None = None,
    *,
    format: str = "csv",
    engine: Denoiser | None = None,
    model: str | Path = DEFAULT_MODEL,
    device: str = "auto",
    laser_nm: float | None = None,
    peaks: Template | str | Path | None = None,
    identify: Sequence[Library] = (),
    classify: FineTunedModel | str | Path | None = None,
    settle_s: float = SETTLE_S,
    poll_s: float = POLL_S,
    idle_s: float | None = None,
    stop: threading.Event | None = None,
    progress: Progress = SILENT,
) -> Iterator[FileResult]:
    """Process the files of a folder as they come, and yield the result of each; as `process` with `resume`.

    A file is read once it has not changed for `settle_s` seconds, and again when it is replaced. A folder that
    disappears is waited for. Ends when `stop` is set, or after `idle_s` seconds without a new file. Raises StudioError
    when the folder does not exist, or the recipe cannot be read.
    """
    chosen = _chosen_recipe(recipe)
    source, target = Path(folder), Path(out) if out is not None else None
    watched = FolderWatcher(
        source, settle_s, poll_s, stop, progress.warn, lambda file: not is_result(file, target, source)
    )
    engine = engine or load_engine(chosen, model, device, bool(identify) or classify is not None)
    run = watching_run(
        source, chosen, target, format, engine, laser_nm=laser_nm, peaks=peaks, identify=identify, classify=classify
    )
    return _watch(watched, run, idle_s, progress)


def watching_run(
    folder: Path,
    recipe: Recipe,
    out: Path | None,
    format: str = "csv",
    engine: Denoiser | None = None,
    laser_nm: float | None = None,
    peaks: Template | str | Path | None = None,
    identify: Sequence[Library] = (),
    classify: FineTunedModel | str | Path | None = None,
) -> BatchRun:
    """Return the run whose `process` writes the results of files of a watched folder; it goes on with an earlier one.

    Raises StudioError when `out` was begun with something else, or a template or model cannot be loaded.
    """
    require_format(format)
    analyses = _analyses(engine, peaks, identify, classify)
    return BatchRun(recipe, engine, out, [folder], format, laser_nm, resume=True, analyses=analyses)


def _chosen_recipe(recipe: Recipe | Path | str | None) -> Recipe:
    """The recipe, that of a file or a name, or the default one. Raises StudioError when it cannot be read."""
    if recipe is None:
        return Recipe.default()
    return recipe if isinstance(recipe, Recipe) else find_recipe(recipe)


def _watch(watched: FolderWatcher, run: BatchRun, idle_s: float | None, progress: Progress) -> Iterator[FileResult]:
    for files in watched.files(idle_s):
        run.reserve(files)
        yield from run.process(files, progress)


def is_result(file: Path, out: Path | None, folder: Path) -> bool:
    """Return whether a file below a watched folder is a result in the output folder `out`."""
    if out is None:
        return False
    target = out.absolute()
    if target != folder.absolute():
        return target in file.absolute().parents
    return file.stem.endswith((SUFFIX, f"{SUFFIX}.expected-error")) or file.name in (RESULTS_NAME, LOG_NAME)


def require_format(format: str) -> None:
    """Raise StudioError when spectra cannot be written in a format."""
    if format == ZARR:
        require_zarr()
    elif format not in writable_formats():
        formats = ", ".join((*writable_formats(), ZARR))
        raise StudioError(f"Spectra cannot be written as '{format}'.", remedy=f"Choose one of: {formats}.")


def _analyses(
    engine: Denoiser | None,
    peaks: Template | str | Path | None,
    identify: Sequence[Library],
    classify: FineTunedModel | str | Path | None,
) -> Analyses:
    """What is computed beside the processed spectra. Raises StudioError when a template or model cannot be loaded."""
    if isinstance(peaks, (str, Path)):
        from ramanstudio.peaks import templates

        peaks = templates.load(str(peaks))
    if isinstance(classify, (str, Path)):
        from ramanstudio.finetuning import finetuned_model

        classify = finetuned_model.load(classify)
    return Analyses(engine, tuple(identify), classify, peaks)  # type: ignore[arg-type]


def load_engine(recipe: Recipe, model: str | Path, device: str, needed: bool = False) -> Denoiser | None:
    """Load the model that a recipe denoises with; None where it does not denoise and no other work has `needed` it."""
    if not needs_model(recipe, needed):
        return None
    from ramanstudio.engine import Engine

    return Engine.load(model, device)


def needs_model(recipe: Recipe, analyses: bool = False) -> bool:
    """Return whether a recipe, or what comes after it, needs a loaded model."""
    return analyses or any(isinstance(entry.step, Denoise) and entry.enabled for entry in recipe.steps)


def find_inputs(given: Sequence[Path], out: Path | None) -> list[Path]:
    """Return the files of a batch; results in its output folder only where they are named.

    Raises StudioError when there is none.
    """
    from ramanstudio.formats import registry

    named, folder = {path.absolute() for path in given}, out.absolute() if out is not None else None
    stores = [path for path in given if is_store(path)]
    files = [
        file
        for file in [*stores, *registry.find_files([path for path in given if path not in stores])]
        if file.absolute() in named or folder is None or folder in named or folder not in file.absolute().parents
    ]
    if folder is not None and folder in named:
        own = {name for names in Journal(folder).names.values() for name in names}
        skipped = {(folder / name).absolute() for name in own} | {
            (folder / name).absolute() for name in (RESULTS_NAME, LOG_NAME)
        }
        skipped |= {error_path(path) for path in skipped if path.suffix == ".csv"}
        files = [file for file in files if file.absolute() not in skipped]
    if not files:
        raise StudioError(
            f"There is no spectrum in {', '.join(repr(printable(str(path))) for path in given)}.",
            remedy=f"Readable files end in {', '.join(registry.readable_suffixes())}.",
        )
    if not any(file.exists() for file in files):
        raise StudioError(
            f"There is no file {', '.join(repr(printable(str(file))) for file in files[:3])}.",
            remedy="It may have been moved or renamed; check the name.",
        )
    return files
