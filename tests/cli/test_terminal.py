"""Progress bars and tables on a terminal and elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.cli.terminal import ProgressBar, format_table


class Terminal:
    """Remembers what was written to it, and is one or not."""

    def __init__(self, is_one: bool) -> None:
        self.text, self._is_one = "", is_one

    def isatty(self) -> bool:
        return self._is_one

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        return None


def test_progress_is_one_line_on_a_terminal_and_few_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(0, 1000, 0.5))
    monkeypatch.setattr("ramanstudio.cli.terminal.time.monotonic", lambda: float(next(clock)))
    screen, file = Terminal(True), Terminal(False)
    on_screen, to_file = ProgressBar("Denoising", 40, screen), ProgressBar("Denoising", 40, file)  # type: ignore[arg-type]
    for done in range(40):
        on_screen(done)
        to_file(done)
    on_screen.say("One file was not read.")
    assert "Denoising 20 of 40" in screen.text
    assert screen.text.count("\n") == 1
    assert screen.text.rstrip("\n").split("\r")[-1] == "One file was not read."
    assert 3 <= file.text.count("\n") <= 10
    assert "\r" not in file.text


def test_tables_are_aligned() -> None:
    assert (
        format_table(("file", "gain"), [("a.txt", "2"), ("long.txt", "10")])
        == "file      gain\na.txt        2\nlong.txt    10"
    )
