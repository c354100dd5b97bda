"""`ramanstudio watch`: process the files of a folder as an instrument writes them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from ramanstudio.cli import options
from ramanstudio.cli.batch_results import batch_options, problem_of
from ramanstudio.cli.exit_codes import CANCELLED, exit_code
from ramanstudio.cli.terminal import one_line, plural, say
from ramanstudio.cli.verb import Verb
from ramanstudio.core.progress import Progress


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `watch`."""
    from ramanstudio.batch.watching import SETTLE_S

    parser.add_argument("folder", type=options.path, metavar="DIR", help="folder to watch, with those below it")
    parser.add_argument("--recipe", default="Default", metavar="RECIPE", help="as for `process` (Default)")
    parser.add_argument("--out", type=options.path, required=True, metavar="DIR", help="as for `process`")
    parser.add_argument("--format", default="csv", metavar="csv|h5|…", help="as for `process` (csv)")
    options.add_analyses(parser)
    parser.add_argument(
        "--settle",
        type=options.seconds,
        default=SETTLE_S,
        metavar="S",
        help=f"seconds without a change after which a file counts as whole ({SETTLE_S:g})",
    )
    parser.add_argument(
        "--idle",
        type=options.seconds,
        metavar="S",
        help="end after so many seconds without a new file; else with Ctrl-C",
    )
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Process files as they come; returns the exit code."""
    from ramanstudio import batch
    from ramanstudio.batch.results import RESULTS_NAME

    n_done = n_failed = 0
    results = batch.watch(
        arguments.folder,
        arguments.recipe,
        arguments.out,
        settle_s=arguments.settle,
        idle_s=arguments.idle,
        progress=Progress(on_warning=say),
        **batch_options(arguments),
    )
    say(f"Watching '{one_line(str(arguments.folder))}'. Ctrl-C ends.")
    cancelled = False
    try:
        for result in results:
            if result.error is not None:
                n_failed += 1
                say(problem_of(result))
            elif not result.resumed:
                n_done += 1
                print(one_line(", ".join(str(path) for path in result.outputs)), flush=True)
    except KeyboardInterrupt:
        cancelled = True
    table = one_line(str(arguments.out / RESULTS_NAME))
    say(f"Ended. Processed {n_done} of {plural(n_done + n_failed, 'file')}. Table: {table}")
    return CANCELLED if cancelled else exit_code(max(n_done, not n_failed), n_failed)


VERB: Final = Verb("watch", "Watch a folder, and apply a recipe to files as they come.", add_arguments, run)
