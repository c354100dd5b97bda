"""`ramanstudio library`: list, build, merge and export libraries of reference spectra."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ramanstudio.cli import exit_codes, options
from ramanstudio.cli.errors import error_for_user
from ramanstudio.cli.exit_codes import DONE, SOME_FAILED
from ramanstudio.cli.files import find_files
from ramanstudio.cli.outputs import require_writable
from ramanstudio.cli.terminal import format_table, plural, progress_bars, say
from ramanstudio.cli.verb import Verb
from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.library import building, library_folder, tables
from ramanstudio.library import library as libraries
from ramanstudio.library.building import BY_FILE, BY_FOLDER, Naming
from ramanstudio.library.library import SUFFIX, Library


def open_libraries(names: Sequence[str]) -> list[Library]:
    """Open libraries by file or title, or all of the user's; those that cannot be opened are reported and left out.

    Raises StudioError when none could be opened.
    """
    folder = library_folder.open_library_folder()
    opened, problems = list[Library](), list[StudioError]()
    for name in names:
        try:
            opened.append(_open_named(name, folder.libraries))
        except StudioError as error:
            problems.append(error)
    if not names:
        opened, problems = list(folder.libraries), list(folder.problems)
    if not opened:
        raise (
            problems[0]
            if problems
            else StudioError("There is no library.", remedy="Build one: ramanstudio library build.")
        )
    for problem in problems:
        say(str(problem))
    return opened


def chosen_libraries(names: Sequence[str] | None) -> Sequence[Library]:
    """Open the libraries of `--identify`: none without it, all of the user's where no name is given.

    Raises StudioError when none could be opened.
    """
    return () if names is None else open_libraries([name for name in names if name])


def _open_named(name: str, known: Sequence[Library]) -> Library:
    if Path(name).is_file():
        return libraries.open(Path(name))
    for library in known:
        if name.lower() in (library.title.lower(), library.path.stem.lower()):
            return library
    titles = ", ".join(repr(library.title) for library in known)
    raise StudioError(f"There is no library '{name}'.", remedy=f"Give its file, or one of: {titles or 'none yet'}.")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the verbs below `library`."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for verb in (_BUILD, _LIST, _MERGE, _EXPORT):
        below = verbs.add_parser(
            verb.name,
            help=verb.help,
            description=verb.help,
            epilog=exit_codes.HELP,
            formatter_class=RawDescriptionHelpFormatter,
        )
        below.set_defaults(run_below=verb.run)
        verb.add_arguments(below)


def run(arguments: Namespace) -> int:
    """Run one of the verbs below `library`; returns the exit code."""
    return int(arguments.run_below(arguments))


VERB: Final = Verb("library", "Build, list, merge and export libraries of reference spectra.", add_arguments, run)


def _add_out(parser: ArgumentParser, required: bool) -> None:
    default = "" if required else " (a file in your folder of libraries)"
    parser.add_argument(
        "--out", type=options.path, required=required, metavar=f"X{SUFFIX}", help=f"the library{default}"
    )
    options.add_overwrite(parser)
    parser.add_argument("--title", default="", help="its title (the name of the file)")


def _add_build(parser: ArgumentParser) -> None:
    options.add_files(parser)
    _add_out(parser, required=False)
    parser.add_argument(
        "--name-from",
        default="",
        metavar="COLUMN",
        help=f"the column of the files that names the substances, or '{BY_FILE}' or '{BY_FOLDER}' (label, else the"
        " file)",
    )
    parser.add_argument("--name", default="", help="the substance, where all spectra are of one")
    for column in ("group", "source", "licence"):
        parser.add_argument(f"--{column}", default="", help=f"the {column} of all references")
    options.add_laser(parser)


def _add_list(parser: ArgumentParser) -> None:
    parser.add_argument("libraries", nargs="*", metavar="LIB", help="file or title (all of yours)")
    parser.add_argument("--names", action="store_true", help="list the substances")


def _add_merge(parser: ArgumentParser) -> None:
    parser.add_argument("libraries", nargs="+", metavar="LIB", help="file or title")
    _add_out(parser, required=True)


def _add_export(parser: ArgumentParser) -> None:
    parser.add_argument("library", metavar="LIB", help="file or title")
    parser.add_argument(
        "--out", type=options.path, required=True, metavar="X.csv", help="X.csv with X_metadata.csv beside it, or X.h5"
    )
    options.add_overwrite(parser)


def _build(arguments: Namespace) -> int:
    title = arguments.title or (arguments.out or arguments.files[0]).stem
    out = arguments.out or library_folder.free_path(paths.user_libraries(), title)
    _require_suffix(out)
    require_writable(out, find_files(arguments.files), arguments.overwrite)
    naming = Naming(arguments.name, arguments.name_from, arguments.group, arguments.source, arguments.licence)
    with progress_bars("Building the library") as progress:
        built = building.build(out, arguments.files, title, naming, arguments.laser_nm, progress)
    for error in built.failed:
        say(str(error_for_user(error)))
    print(f"{_describe(built.library)}. Library: {built.library.path}")
    return SOME_FAILED if built.failed else DONE


def _list(arguments: Namespace) -> int:
    opened = open_libraries(arguments.libraries)
    if arguments.names:
        for library in opened:
            counts = Counter(library.names.tolist())
            substances = [(name, str(counts[name])) for name in sorted(counts, key=str.lower)]
            print(format_table((library.title, "references"), substances))
        return DONE
    rows = [(library.title, str(len(library)), str(len(set(library.names))), str(library.path)) for library in opened]
    print(format_table(("library", "references", "substances", "file"), rows))
    return DONE


def _merge(arguments: Namespace) -> int:
    _require_suffix(arguments.out)
    opened = open_libraries(arguments.libraries)
    require_writable(arguments.out, [library.path for library in opened], arguments.overwrite)
    with progress_bars("Merging") as progress:
        merged = libraries.merged(arguments.out, opened, arguments.title, progress)
    print(f"{_describe(merged)}. Library: {merged.path}")
    return DONE if len(opened) == len(arguments.libraries) else SOME_FAILED


def _export(arguments: Namespace) -> int:
    if arguments.out.suffix.lower() not in (".csv", ".tsv", ".txt", ".h5", ".hdf5"):
        raise StudioError(
            f"A library cannot be exported as '{arguments.out.name}'.", remedy="Choose a name ending in .csv or .h5."
        )
    (library,) = open_libraries([arguments.library])
    is_hdf5 = arguments.out.suffix.lower() in (".h5", ".hdf5")
    for path in (arguments.out,) if is_hdf5 else tables.table_paths(arguments.out):
        require_writable(path, [library.path], arguments.overwrite)
    with progress_bars("Exporting") as progress:
        if is_hdf5:
            written = [libraries.merged(arguments.out, [library], library.title, progress).path]
        else:
            written = [*tables.write(arguments.out, library, progress)]
    print(f"{_describe(library)}. Written: {', '.join(map(str, written))}")
    return DONE


_BUILD: Final = Verb("build", "Build a library of files, folders, RRUFF zips or Open Specy tables.", _add_build, _build)
_LIST: Final = Verb("list", "List your libraries, or the substances of some.", _add_list, _list)
_MERGE: Final = Verb("merge", "Merge several libraries into one.", _add_merge, _merge)
_EXPORT: Final = Verb("export", "Write a library as text tables, or as an HDF5 file of spectra.", _add_export, _export)


def _require_suffix(out: Path) -> None:
    if out.suffix.lower() != SUFFIX:
        raise StudioError(f"'{out.name}' does not end in {SUFFIX}.", remedy=f"Give --out {out.stem}{SUFFIX}.")


def _describe(library: Library) -> str:
    return f"{plural(len(library), 'reference')} of {plural(len(set(library.names)), 'substance')}"
