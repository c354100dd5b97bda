"""Exit codes of the command line."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
SOME_FAILED: Final = 1
NOTHING_DONE: Final = 2
CANCELLED: Final = 130

HELP: Final = """\
exit codes:
  0    everything was done
  1    some files failed, the others were done; each failure is a sentence on stderr
  2    nothing was done
  130  cancelled with Ctrl-C; what was done by then is kept
"""


def exit_code(n_done: int, n_failed: int) -> int:
    """Return the exit code of a verb that finished `n_done` items and failed on `n_failed`."""
    return NOTHING_DONE if not n_done else SOME_FAILED if n_failed else DONE
