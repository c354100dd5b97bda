"""Progress bars and tables on a terminal and elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.cli.files import BatchReader
from ramanstudio.cli.terminal import ProgressBar, format_table, one_line
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5


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


def test_control_characters_of_a_name_are_shown_not_obeyed() -> None:
    assert one_line("a\nb\x1b[2J\udcff") == "a\\x0ab\\x1b[2J\\xff"


class Clock:
    """A clock that tests set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("ramanstudio.cli.terminal.time.monotonic", lambda: self.now)


def seconds_left(text: str) -> float:
    """The time left that a line states."""
    match = re.search(r"(\d+) (s|min) left", text)
    assert match is not None, text
    return float(match[1]) * (60 if match[2] == "min" else 1)


@pytest.mark.parametrize("pause", [0.0, 100.0])
@pytest.mark.parametrize("slowdown", [0.5, 1.0, 2.0])
def test_the_time_left_is_right_within_a_factor_of_two_after_a_tenth(
    monkeypatch: pytest.MonkeyPatch, pause: float, slowdown: float
) -> None:
    clock, screen = Clock(monkeypatch), Terminal(True)
    bar = ProgressBar("Denoising", 1, screen)  # type: ignore[arg-type]
    clock.now += pause  # the file is read
    paces = [1.0 + (slowdown - 1.0) * step / 1000 for step in range(1000)]  # seconds per step, changing steadily
    for step, pace in enumerate(paces):
        screen.text = ""
        bar(step / 1000)
        if step >= 100 and sum(paces[step:]) >= 2:
            assert 0.5 <= seconds_left(screen.text) / sum(paces[step:]) <= 2, step
        clock.now += pace


def test_progress_of_one_map_counts_its_spectra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, screen = Clock(monkeypatch), Terminal(True)
    hdf5.write(tmp_path / "map.h5", SpectrumSet(np.arange(50.0), np.ones((400, 50))))
    reader = BatchReader("Denoising", [tmp_path / "map.h5"], None)
    reader.bar = ProgressBar("Denoising", 1, screen)  # type: ignore[arg-type]
    for batch in reader.batches():
        for done in range(0, 401, 100):
            clock.now += 10
            batch.progress(done, 400)
    shown = re.findall(r"Denoising (\d+) of 400 spectra", screen.text)
    assert shown == ["0", "100", "200", "300", "400"]


def test_long_work_reports_sparsely_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, file = Clock(monkeypatch), Terminal(False)
    bar = ProgressBar("Denoising", 1000, file)  # type: ignore[arg-type]
    for done in range(1001):
        bar(done)
        clock.now += 3.6  # an hour in all
    assert 10 <= file.text.count("\n") <= 65
    short = Terminal(False)
    bar = ProgressBar("Denoising", 1000, short)  # type: ignore[arg-type]
    for done in range(1001):
        bar(done)
        clock.now += 0.06  # a minute
    assert 5 <= short.text.count("\n") <= 10
