"""A recipe on many files: throughput against the engine alone, and kills: python -m benchmarks.batch [--files 400]

Throughput: text files of one spectrum of 1000 points with the default recipe, one process, against `Engine.denoise` of
the same spectra in memory, both timed in this run. Kills: the command line is killed with SIGKILL at ten moments and
resumed; then every output has to be there once, readable, and equal to that of an undisturbed run.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.results import machine, table, write_section
from ramanstudio import batch
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.formats.registry import read

AXIS = np.linspace(200.0, 3200.0, 1000)
BAR = 0.8


def make_spectra(n_spectra: int) -> SpectrumSet:
    """Spectra of random lines on a slope, with noise; one in five with a cosmic ray."""
    random = np.random.default_rng(0)
    centre = random.uniform(250, 3150, (n_spectra, 8, 1))
    width = random.uniform(6, 30, (n_spectra, 8, 1))
    lines = (random.uniform(20, 300, (n_spectra, 8, 1)) * np.exp(-0.5 * ((AXIS - centre) / width) ** 2)).sum(axis=1)
    values = lines + 500 - AXIS / 10 + random.normal(0, 5, lines.shape)
    for row in range(0, n_spectra, 5):
        values[row, random.integers(20, 980)] += random.uniform(100, 1000)
    return SpectrumSet(AXIS, values)


def write_files(folder: Path, spectra: SpectrumSet) -> list[Path]:
    """One text file for each spectrum."""
    files = []
    for number, row in enumerate(spectra.values):
        path = folder / f"{number:05}.txt"
        path.write_text("".join(f"{shift:.3f}\t{value:.3f}\n" for shift, value in zip(AXIS, row, strict=True)))
        files.append(path)
    return files


def throughput(model: str, n_files: int, folder: Path) -> list[str]:
    """A row: spectra a second of the engine alone and of the batch, and their ratio."""
    engine = Engine.load(model)
    spectra = make_spectra(n_files)
    files = write_files(folder, spectra)
    engine.denoise(spectra[:32])
    start, start_cpu = time.perf_counter(), time.process_time()
    engine.denoise(spectra)
    alone, alone_cpu = n_files / (time.perf_counter() - start), time.process_time() - start_cpu
    start, start_cpu = time.perf_counter(), time.process_time()
    failed = [result.file for result in batch.process(files, None, folder / "out", engine=engine) if result.error]
    whole, whole_cpu = n_files / (time.perf_counter() - start), time.process_time() - start_cpu
    share = whole / alone
    mark = "✓" if share >= BAR and not failed else "✗"
    return [model, f"{n_files}", f"{alone:.0f}", f"{whole:.0f}", f"{share:.2f} {mark}", f"{alone_cpu / whole_cpu:.2f}"]


def kills(n_files: int, n_kills: int, folder: Path) -> list[str]:
    """A row: how often a run was killed and resumed, and what is missing, doubled or damaged at the end."""
    files = folder / "in"
    files.mkdir()
    write_files(files, make_spectra(n_files))
    command = [
        sys.executable, "-m", "ramanstudio", "process", str(files), "--recipe", "Default", "--model", "smae-small",
    ]  # fmt: skip
    subprocess.run([*command, "--out", str(folder / "whole")], check=True, capture_output=True)
    n_killed = 0
    out = folder / "killed"
    for number in range(n_kills):
        process = subprocess.Popen(
            [*command, "--out", str(out), "--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        target = (number + 1) * n_files // (n_kills + 1)  # outputs, at which it is killed: while one is being written
        while process.poll() is None and len(list(out.glob("*-processed.csv"))) < target:
            time.sleep(0.005)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            n_killed += 1
    subprocess.run([*command, "--out", str(out), "--resume"], check=True, capture_output=True)
    expected = {path.name for path in (folder / "whole").glob("*-processed.csv")}
    written = {path.name for path in out.glob("*-processed.csv")}
    damaged = 0
    for name in expected & written:
        whole, resumed = read(folder / "whole" / name)[0], read(out / name)[0]
        damaged += not np.allclose(whole.values, resumed.values, rtol=1e-4, atol=1e-3)
    rows = (out / "results.csv").read_text().splitlines()[1:]
    wrong = len(expected - written) + len(written - expected) + damaged + abs(len(rows) - n_files)
    return [
        f"{n_killed} of {n_kills}",
        f"{n_files}",
        f"{len(expected - written)}",
        f"{len(written - expected)}",
        f"{damaged}",
        f"{len(rows)} {'✓' if not wrong and n_killed else '✗'}",
    ]


def main() -> None:
    """Measure, and write it into RESULTS.md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--kills", type=int, default=10)
    arguments = parser.parse_args()
    rows = []
    for model in ("smae-base", "smae-small"):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(throughput(model, arguments.files, Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        killed = kills(arguments.files, arguments.kills, Path(folder))
    write_section(
        "Batch",
        f"`python -m benchmarks.batch --files {arguments.files}` ({machine()}). Text files of one spectrum of 1000"
        " points, default recipe, into CSV; bar: 0.8 of what the engine alone does in memory.\n\n"
        + table(
            ["model", "files", "engine, spectra / s", "batch, spectra / s", "share", "share of processor time"], rows
        )
        + "\nKilled with SIGKILL and resumed:\n\n"
        + table(["killed", "files", "missing", "too many", "damaged", "rows of the table"], [killed]),
    )


if __name__ == "__main__":
    main()
