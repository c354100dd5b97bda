"""The verb library: which libraries of references there are, and making, merging and exporting them."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ramanstudio.cli.features import bars
from ramanstudio.cli.terminal import table
from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.library import building, library_folder, tables
from ramanstudio.library import library as libraries
from ramanstudio.library.building import BY_FILE, BY_FOLDER, Naming
from ramanstudio.library.library import SUFFIX, Library

DONE, SOME_FAILED = 0, 1


def open_all(named: Sequence[str]) -> list[Library]:
    """The libraries of these files or titles, or all there are; those that cannot be opened are told and left out.

    Raises StudioError when none could be opened.
    """
    shelf = library_folder.open_library_folder()
    opened, problems = list[Library](), list[StudioError]()
    for name in named:
        try:
            opened.append(_named(name, shelf.libraries))
        except StudioError as error:
            problems.append(error)
    if not named:
        opened, problems = list(shelf.libraries), list(shelf.problems)
    if not opened:
        raise (
            problems[0]
            if problems
            else StudioError("There is no library.", remedy="Make one: ramanstudio library build.")
        )
    for problem in problems:
        print(problem, file=sys.stderr)
    return opened


def _named(name: str, known: Sequence[Library]) -> Library:
    if Path(name).is_file():
        return libraries.open(Path(name))
    for one in known:
        if name.lower() in (one.title.lower(), one.path.stem.lower()):
            return one
    titles = ", ".join(repr(one.title) for one in known)
    raise StudioError(f"There is no library '{name}'.", remedy=f"Give its file, or one of: {titles or 'none yet'}.")


def add_verbs(parser: ArgumentParser) -> None:
    """The verbs below `library`."""
    verbs = parser.add_subparsers(required=True, metavar="WHAT")

    one = verbs.add_parser("build", help="make a library of files, folders, zips of RRUFF, tables of Open Specy")
    one.set_defaults(what=_build)
    one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file, or folder that is searched")
    one.add_argument("--out", type=Path, metavar=f"X{SUFFIX}", help="the library (one in your folder of libraries)")
    one.add_argument("--title", default="", help="what to call it (the name of the file)")
    names = f"a column of the files that names the substances, or '{BY_FILE}' or '{BY_FOLDER}' (label, else the file)"
    one.add_argument("--name-from", default="", metavar="COLUMN", help=names)
    one.add_argument("--name", default="", help="the substance, where all spectra are of one")
    for known in ("group", "source", "licence"):
        one.add_argument(f"--{known}", default="", help=f"the {known} of all references")
    one.add_argument("--laser", type=float, metavar="NM", help="excitation in nm, for files in nm that do not say it")

    one = verbs.add_parser("list", help="say which libraries there are, or what is in some")
    one.set_defaults(what=_list)
    one.add_argument("libraries", nargs="*", metavar="LIB", help="file or title (all of yours)")
    one.add_argument("--names", action="store_true", help="list the substances")

    one = verbs.add_parser("merge", help="make one library of several")
    one.set_defaults(what=_merge)
    one.add_argument("libraries", nargs="+", metavar="LIB", help="file or title")
    one.add_argument("--out", type=Path, required=True, metavar=f"X{SUFFIX}", help="the library")
    one.add_argument("--title", default="", help="what to call it (the name of the file)")

    one = verbs.add_parser("export", help="write a library as tables of text, or as an HDF5 file of spectra")
    one.set_defaults(what=_export)
    one.add_argument("library", metavar="LIB", help="file or title")
    one.add_argument("--out", type=Path, required=True, metavar="X.csv", help="X.csv with X_metadata.csv, or X.h5")


def library(arguments: Namespace) -> int:
    """Run one of the verbs below `library`; returns the exit code."""
    return int(arguments.what(arguments))


def _build(arguments: Namespace) -> int:
    title = arguments.title or (arguments.out or arguments.files[0]).stem
    out = arguments.out or library_folder.free_path(paths.user_libraries(), title)
    if out.suffix.lower() != SUFFIX:
        raise StudioError(f"'{out.name}' does not end in {SUFFIX}.", remedy=f"Give --out {out.stem}{SUFFIX}.")
    naming = Naming(arguments.name, arguments.name_from, arguments.group, arguments.source, arguments.licence)
    with bars("Making the library") as progress:
        made = building.build(out, arguments.files, title, naming, arguments.laser, progress)
    for error in made.failed:
        print(error, file=sys.stderr)
    print(f"{_size(made.library)}. Library: {made.library.path}")
    return SOME_FAILED if made.failed else DONE


def _list(arguments: Namespace) -> int:
    opened = open_all(arguments.libraries)
    if arguments.names:
        for one in opened:
            counts = Counter(one.names.tolist())
            print(
                table((one.title, "references"), [(name, str(counts[name])) for name in sorted(counts, key=str.lower)])
            )
        return DONE
    rows = [(one.title, str(len(one)), str(len(set(one.names))), str(one.path)) for one in opened]
    print(table(("library", "references", "substances", "file"), rows))
    return DONE


def _merge(arguments: Namespace) -> int:
    if arguments.out.suffix.lower() != SUFFIX:
        raise StudioError(f"'{arguments.out.name}' does not end in {SUFFIX}.", remedy=f"Give --out x{SUFFIX}.")
    opened = open_all(arguments.libraries)
    with bars("Merging") as progress:
        made = libraries.merged(arguments.out, opened, arguments.title, progress)
    print(f"{_size(made)}. Library: {made.path}")
    return DONE if len(opened) == len(arguments.libraries) else SOME_FAILED


def _export(arguments: Namespace) -> int:
    (one,) = open_all([arguments.library])
    with bars("Exporting") as progress:
        if arguments.out.suffix.lower() in (".h5", ".hdf5"):
            written = [libraries.merged(arguments.out, [one], one.title, progress).path]
        else:
            written = [*tables.write(arguments.out, one, progress)]
    print(f"{_size(one)}. Written: {', '.join(map(str, written))}")
    return DONE


def _size(one: Library) -> str:
    many = len(set(one.names))
    return f"{len(one)} reference{'s' if len(one) > 1 else ''} of {many} substance{'s' if many > 1 else ''}"
