"""`ramanstudio`: a verb goes to the command line, anything else to the window."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

OPTIONS = ("-h", "--help", "-V", "--version")
PROBE_HDF5 = "--probe-hdf5"  # a bundle starts itself to read HDF5 files of others (formats.safe_hdf5)
HTML_TO_PDF = "--html-to-pdf"  # for `ramanstudio report`, as only the window's library writes PDF
CHECK = "--check"  # opens the window, drops a spectrum on it, and reports whether all went well


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb of the command line, or open the window with the given files; returns the exit code."""
    try:
        return _run(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:  # before a verb, which says what it has done, or while the window starts
        print("Cancelled.", file=sys.stderr)
        return 130


def _run(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without → or ▓ shows ? instead of failing
            stream.reconfigure(errors="replace")
    if arguments[:1] == [PROBE_HDF5]:
        from ramanstudio.formats import hdf5_probe

        return hdf5_probe.main()
    if arguments[:1] == [HTML_TO_PDF]:
        from ramanstudio.gui.common import html_to_pdf

        return html_to_pdf.main(arguments[1:])
    if arguments and _is_verb(arguments[0]):
        from ramanstudio.cli import main

        return main.main(arguments)
    if not all(argument.strip() for argument in arguments):
        print("A file name is empty. Give the names of files or folders, or a verb.", file=sys.stderr)
        return 2
    if not _has_display():
        print(
            "The window needs a display; without one, 'ramanstudio demo' and 'ramanstudio denoise' work.",
            file=sys.stderr,
        )
        return 2
    if sys.platform == "win32":
        import torch  # noqa: F401  (after Qt it fails to load c10.dll there: pytorch issue 169429)
    if arguments[:1] == [CHECK]:
        from ramanstudio.gui.shell import self_check

        return self_check.main(arguments[1:])
    from ramanstudio.gui.shell import app

    return app.main(arguments)


def _is_verb(word: str) -> bool:
    """Whether a first argument is for the command line: an option of it, or a bare word that is no file."""
    if word in OPTIONS:
        return True
    return word.replace("-", "").isalnum() and not word.startswith("-") and not os.path.exists(word)  # noqa: PTH110  (of any name)


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    sys.exit(main())
