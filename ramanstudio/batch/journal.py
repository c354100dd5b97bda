"""The journal of a batch: what was begun, done and failed, so that a run that was killed goes on where it was.

One line of JSON for each event, appended; a line that a kill cut short is ignored.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from ramanstudio.core.csv_cells import printable
from ramanstudio.core.errors import StudioError
from ramanstudio.core.writing import write_error

JOURNAL_NAME: Final = "batch.jsonl"
BEGUN, DONE, FAILED, RUN = "begun", "done", "failed", "run"


class Journal:
    """The events of the runs of one output folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL_NAME
        self._file: IO[str] | None = None
        self.done: dict[str, Mapping[str, Any]] = {}  # by the path of the input
        self.names: dict[str, tuple[str, ...]] = {}  # outputs that were begun or done, likewise
        self.runs: list[Mapping[str, Any]] = []
        for event in self._events():
            path = str(event.get("file", ""))
            if event.get("event") == RUN:
                self.runs.append(event)
            elif event.get("event") == BEGUN:
                self.names[path] = tuple(str(name) for name in event.get("outputs", ()))
            elif event.get("event") == DONE and isinstance(event.get("outputs"), list):
                self.done[path] = event

    def _events(self) -> Iterator[dict[str, Any]]:
        try:
            with self.path.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    try:
                        event = json.loads(line)
                    except (ValueError, RecursionError):
                        continue  # cut short by a kill, or garbage after a power cut
                    if isinstance(event, dict):
                        yield event
        except FileNotFoundError:
            return
        except OSError as error:
            reason = error.strerror or str(error)
            raise StudioError(
                f"The journal '{self.path}' cannot be read: {reason}.", remedy="Choose another folder for the results."
            ) from error

    @property
    def is_empty(self) -> bool:
        """Whether no run has written here."""
        return not self.runs

    def restart(self) -> None:
        """Forget earlier runs."""
        self.close()
        self.done, self.names, self.runs = {}, {}, []
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(self.path, error) from error

    def add(self, event: str, **fields: Any) -> None:
        """Append an event and wait until it is on the disk. Raises StudioError when it cannot be written."""
        self.add_all(event, [fields], synchronise=True)

    def add_all(self, event: str, records: Sequence[Mapping[str, Any]], synchronise: bool = False) -> None:
        """Append an event for each of `records`. Raises StudioError when they cannot be written.

        Without `synchronise` the last of them may be lost when the power fails: their files are done again then.
        """
        lines = [printable(json.dumps({"event": event, **record}, ensure_ascii=False)) + "\n" for record in records]
        if event == BEGUN:
            self.names.update((str(record["file"]), tuple(record["outputs"])) for record in records)
        if event == RUN:
            self.runs += records
        try:
            file = self._open()
            file.write("".join(lines))
            file.flush()
            if synchronise:
                os.fsync(file.fileno())
        except OSError as error:
            raise write_error(self.path, error) from error

    def _open(self) -> IO[str]:
        """The file to append to, which stays open during a run."""
        if self._file is None:
            lacks_end = self._lacks_end()
            self._file = self.path.open("a", encoding="utf-8")
            if lacks_end:
                self._file.write("\n")  # after a line that a kill cut short
        return self._file

    def close(self) -> None:
        """Close the file; it is opened again where something is added."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lacks_end(self) -> bool:
        try:
            with self.path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        except OSError:
            return False


def path_key(file: Path) -> str:
    """Return the absolute path of an input as text."""
    return printable(str(file.absolute()))


def state_of(file: Path) -> str:
    """Return size and time of a file: one that was replaced has another state. Empty where it cannot be looked at."""
    try:
        state = file.stat()
    except (OSError, ValueError):
        return ""
    return f"{state.st_size}|{state.st_mtime_ns}"
