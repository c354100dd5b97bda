"""What the verbs that process files share: the options that they pass on, and what is said of a file that failed."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from ramanstudio.cli.errors import error_for_user

if TYPE_CHECKING:
    from ramanstudio.batch import FileResult


def batch_options(arguments: Namespace) -> dict[str, Any]:
    """Return the keyword arguments of `batch.process` and `batch.watch` that come from the same options."""
    from ramanstudio.cli.library import chosen_libraries

    return {
        "format": arguments.format,
        "model": arguments.model,
        "device": arguments.device,
        "laser_nm": arguments.laser_nm,
        "peaks": arguments.peaks,
        "identify": chosen_libraries(arguments.identify),
        "classify": arguments.classify,
    }


def problem_of(result: FileResult) -> str:
    """Return the sentence about a file that failed; it names the file."""
    assert result.error is not None
    text = str(error_for_user(result.error))
    return text if result.file.name in text else f"'{result.file.name}': {text}"
