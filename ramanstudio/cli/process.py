"""`ramanstudio process`: apply a recipe to files and folders; write processed spectra and a table of results."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from ramanstudio.cli import options
from ramanstudio.cli.batch_results import batch_options, problem_of
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.terminal import one_line, plural, progress_bars
from ramanstudio.cli.verb import Verb


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `process`."""
    options.add_files(parser)
    parser.add_argument(
        "--recipe",
        default="Default",
        metavar="RECIPE",
        help="a recipe, or the name of a built-in one; `ramanstudio recipe list` shows them (Default)",
    )
    parser.add_argument(
        "--out",
        type=options.path,
        required=True,
        metavar="DIR",
        help="folder for the processed spectra, results.csv, log.csv and recipe.toml",
    )
    parser.add_argument(
        "--format",
        default="csv",
        metavar="csv|h5|…",
        help="of the processed spectra: csv, h5, zarr, or the suffix of another format that RamanStudio writes (csv)",
    )
    options.add_analyses(parser)
    parser.add_argument(
        "--cluster",
        default="",
        metavar="local[:N]|tcp://HOST:PORT",
        help="compute in N worker processes, or on the workers of a dask scheduler (needs the extra 'cluster')",
    )
    earlier = parser.add_mutually_exclusive_group()
    earlier.add_argument(
        "--resume", action="store_true", help="go on with a run that was stopped or killed; what was done is kept"
    )
    earlier.add_argument(
        "--overwrite", action="store_true", help="replace earlier results; files that are read are never replaced"
    )
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Process files; returns the exit code."""
    from ramanstudio import batch
    from ramanstudio.batch.results import RESULTS_NAME
    from ramanstudio.processing.recipe import find_recipe

    recipe = find_recipe(arguments.recipe)
    n_done = n_failed = n_resumed = 0
    with progress_bars("Processing") as progress:
        for result in batch.process(
            arguments.files,
            recipe,
            arguments.out,
            overwrite=arguments.overwrite,
            resume=arguments.resume,
            cluster=arguments.cluster,
            progress=progress,
            **batch_options(arguments),
        ):
            if result.error is not None:
                n_failed += 1
                progress.warn(problem_of(result))
            else:
                n_done += 1
                n_resumed += result.resumed
    earlier = f", {n_resumed} of them earlier" if n_resumed else ""
    name = one_line(recipe.name or str(arguments.recipe))
    counted = f"{n_done} of {plural(n_done + n_failed, 'file')}{earlier}"
    print(f"Processed {counted} with the recipe '{name}'. Table: {one_line(str(arguments.out / RESULTS_NAME))}")
    return exit_code(n_done, n_failed)


VERB: Final = Verb(
    "process", "Apply a recipe to files and folders; write the processed spectra and a table.", add_arguments, run
)
