"""Options that several verbs share, each defined once."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ramanstudio.mae.model_store import DEFAULT_MODEL

DEVICES: Final = ("auto", "cpu", "cuda", "mps")
PCA, TSNE = "pca", "tsne"
PLANES: Final = (PCA, TSNE)
_PLANES_BEFORE: Final = {"components": PCA, "neighbours": TSNE}  # values of --plane in earlier versions


def path(text: str) -> Path:
    """Parse the name of a file or folder, for `type=`; an empty one would be the current folder, and is refused."""
    if not text.strip():
        raise ArgumentTypeError("it is empty: give the name of a file or folder")
    return Path(text)


def seconds(text: str) -> float:
    """Parse a duration in seconds, for `type=`; a negative one, or one that is no number, is refused."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"'{text}' is not a number of seconds, such as 3")
    return value


def add_files(parser: ArgumentParser) -> None:
    """Add the files and folders to read."""
    parser.add_argument("files", nargs="+", type=path, metavar="FILE", help="file, or folder that is searched")


def add_out_folder(parser: ArgumentParser) -> None:
    """Add `--out DIR` for results with a summary."""
    parser.add_argument("--out", type=path, required=True, metavar="DIR", help="folder for the results and summary.csv")
    add_overwrite(parser)


def add_out_table(parser: ArgumentParser, row: str) -> None:
    """Add `--out X.csv` for a table with a row per `row`."""
    parser.add_argument("--out", type=path, required=True, metavar="X.csv", help=f"table with a row per {row}")
    add_overwrite(parser)


def add_overwrite(parser: ArgumentParser) -> None:
    """Add `--overwrite`; see `outputs.require_writable`."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace files that RamanStudio did not write, too; files that are read are never replaced",
    )


def add_model(parser: ArgumentParser) -> None:
    """Add `--model` and `--device`."""
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="NAME",
        help=f"name or folder of a model ({DEFAULT_MODEL}); smae-small is the fast one, for large maps",
    )
    add_device(parser)


def add_device(parser: ArgumentParser) -> None:
    """Add `--device`."""
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to compute (auto)")


def add_laser(parser: ArgumentParser) -> None:
    """Add `--laser-nm`, which every verb that reads files accepts, with `--laser` for short."""
    parser.add_argument(
        "--laser-nm",
        "--laser",
        type=float,
        metavar="NM",
        help="laser wavelength in nm, for files with an axis in nm; it wins over what they state",
    )


def add_analyses(parser: ArgumentParser) -> None:
    """Add `--peaks`, `--identify` and `--classify`: what a batch computes after its recipe."""
    parser.add_argument(
        "--peaks",
        metavar="TEMPLATE",
        help="also fit a template to each processed spectrum: its name (as of `peaks --template`), or a file",
    )
    parser.add_argument(
        "--identify",
        action="append",
        nargs="?",
        const="",
        metavar="LIB",
        help="also identify each spectrum, by a library file or the title of one of yours; without LIB by all of yours",
    )
    parser.add_argument("--classify", metavar="MODEL", help="also classify each spectrum with a fine-tuned model")


def add_plane(parser: ArgumentParser) -> None:
    """Add `--plane` for coordinates of each spectrum in two dimensions."""
    parser.add_argument(
        "--plane",
        type=_plane,
        choices=PLANES,
        help="also write the coordinates of each spectrum in a plane: by principal components (pca) or t-SNE (tsne)",
    )


def add_renamed(parser: ArgumentParser, old: str, new: str, **options: Any) -> None:
    """Accept the option `old` of earlier versions for `new`, and say so when it is used; the help does not list it."""
    parser.add_argument(old, action=_RenamedOption, dest=new.lstrip("-").replace("-", "_"), new=new, **options)


class _RenamedOption(Action):
    def __init__(self, *args: Any, new: str, **options: Any) -> None:
        super().__init__(*args, **{**options, "help": SUPPRESS, "default": SUPPRESS})
        self._new = new

    def __call__(
        self,
        _parser: ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[Any] | None,
        option: str | None = None,
    ) -> None:
        print(f"{option} is now {self._new}.", file=sys.stderr)
        setattr(namespace, self.dest, values)


def _plane(text: str) -> str:
    if text in _PLANES_BEFORE:
        print(f"--plane {text} is now --plane {_PLANES_BEFORE[text]}.", file=sys.stderr)
    return _PLANES_BEFORE.get(text, text)
