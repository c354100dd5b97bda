"""The command line: finds the verb and runs it. Heavy packages are imported by the verb that needs them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

import numpy as np

from ramanstudio import __version__
from ramanstudio.cli import (
    calibrate,
    classify,
    cluster,
    demo,
    denoise,
    embed,
    exit_codes,
    figure,
    finetune,
    identify,
    info,
    library,
    peaks,
    pretrain,
    pretrain_features,
    process,
    recipe,
    report,
    watch,
)
from ramanstudio.cli.errors import error_for_user, unexpected_error
from ramanstudio.cli.terminal import say
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled
from ramanstudio.core.writing import remove_stale_drafts

VERBS: Final[tuple[Verb, ...]] = (
    demo.VERB,
    info.VERB,
    process.VERB,
    watch.VERB,
    recipe.VERB,
    denoise.VERB,
    identify.VERB,
    peaks.VERB,
    calibrate.VERB,
    cluster.VERB,
    embed.VERB,
    library.VERB,
    finetune.VERB,
    classify.VERB,
    figure.VERB,
    report.VERB,
    pretrain.VERB,
    pretrain_features.VERB,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code, which `--help` explains."""
    try:
        arguments = _parser().parse_args(argv)
        remove_stale_drafts()
        with np.errstate(all="ignore"):  # results are checked; numpy need not warn on the terminal
            return int(arguments.run(arguments))
    except StudioError as error:
        say(str(error_for_user(error)))
        return exit_codes.NOTHING_DONE
    except (KeyboardInterrupt, Cancelled):
        say("Cancelled. What was done is kept.")
        return exit_codes.CANCELLED
    except BrokenPipeError:  # the reader of our output, such as `head`, has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.DONE
    except MemoryError:
        say("There is not enough memory. Close other programs, or give fewer files.")
        return exit_codes.NOTHING_DONE
    except OSError as error:
        where = f"'{error.filename}': " if error.filename else ""
        reason = error.strerror or str(error)
        say(f"{where}the system reports: {reason}. Choose another file or folder.")
        return exit_codes.NOTHING_DONE
    except Exception as error:  # the user gets a sentence, the log gets the traceback
        say(str(unexpected_error(error)))
        return exit_codes.NOTHING_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ramanstudio",
        usage="ramanstudio VERB … | ramanstudio [FILE …]",
        description="Denoise, group and identify Raman spectra. Without a verb the window opens with the files.",
        epilog=f"Each verb has its own help: ramanstudio denoise --help\n\n{exit_codes.HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"RamanStudio {__version__}")
    verbs = parser.add_subparsers(required=True, title="verbs", metavar="VERB")
    for verb in VERBS:
        subparser = verbs.add_parser(
            verb.name,
            prog=f"ramanstudio {verb.name}",
            help=verb.help,
            description=verb.help,
            epilog=exit_codes.HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.set_defaults(run=verb.run)
        verb.add_arguments(subparser)
    return parser
