"""A recipe on many files, on large sets and on a cluster: python -m benchmarks.batch [files|memory|cluster]

Throughput: text files of one spectrum of 1000 points with the default recipe, one process, against `Engine.denoise` of
the same spectra in memory, both timed in this run. Kills: the command line is killed with SIGKILL at ten moments and
resumed; then every output has to be there once, readable, and equal to that of an undisturbed run. Memory: HDF5 files
of several lengths, by blocks into zarr, each in a process of its own, whose peak memory must not grow. Cluster: two
workers of one thread against one process of two threads on the same store.
"""

from __future__ import annotations

import argparse
import json
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


_MEASURED_RUN = """
import json, resource, sys, time
from ramanstudio import batch
start, cpu = time.perf_counter(), time.process_time()
(result,) = batch.process(sys.argv[1], None, sys.argv[2], format="zarr", model="smae-small")
assert result.error is None, result.error
print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, time.perf_counter() - start,
                  time.process_time() - cpu]))
"""


def write_large(path: Path, n_spectra: int) -> None:
    """An HDF5 file of spectra of 1000 points, written in pieces."""
    import h5py

    random = np.random.default_rng(1)
    known = make_spectra(1000).values
    with h5py.File(path, "w") as file:
        group = file.create_group("spectra")
        group["axis"] = AXIS
        values = group.create_dataset("values", shape=(n_spectra, 1000), dtype="f4", chunks=(500, 1000))
        for start in range(0, n_spectra, 1000):
            values[start : start + 1000] = known[: n_spectra - start] + random.normal(0, 3, (1, 1000))


def memory(n_spectra: int, folder: Path) -> list[str]:
    """A row: peak memory and processor time of a large file, block by block, beside the same recipe in memory."""
    from ramanstudio.processing.recipe import Recipe
    from ramanstudio.signal.blas_threads import single_threaded_blas

    source = folder / f"{n_spectra}.h5"
    write_large(source, n_spectra)
    output = subprocess.run(
        [sys.executable, "-c", _MEASURED_RUN, str(source), str(folder / f"{n_spectra}-out")],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    peak_gb, wall_s, cpu_s = json.loads(output.splitlines()[-1])
    engine, few = Engine.load("smae-small"), make_spectra(2000)
    start = time.process_time()
    with single_threaded_blas():
        Recipe.default().apply(few, engine)
    alone_ms = (time.process_time() - start) / len(few) * 1e3
    each_ms = cpu_s / n_spectra * 1e3
    share = alone_ms / each_ms
    return [
        f"{n_spectra}",
        f"{peak_gb:.2f} {'✓' if peak_gb <= 4 else '✗'}",
        f"{wall_s:.0f}",
        f"{each_ms:.2f}",
        f"{alone_ms:.2f}",
        f"{share:.2f} {'✓' if share >= BAR else '✗'}",
    ]


def on_cluster(n_spectra: int, folder: Path) -> list[str]:
    """A row: one process of two threads, and two workers of one, on the same store; seconds, ratio, difference."""
    from distributed import LocalCluster

    from ramanstudio.batch import computing, zarr_store

    computing.BLOCK_VALUES = 250 * 1000
    store = zarr_store.write(folder / "map.zarr", make_spectra(n_spectra))
    engine = Engine.load("smae-small", threads=2)
    seconds, written = [], []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as workers:
        few = zarr_store.write(folder / "few.zarr", make_spectra(1000))
        for name, source in (("warm", few), ("timed", store)):
            for number, cluster in enumerate(("", workers.scheduler_address)):
                start, out = time.perf_counter(), folder / f"{name}-{number}"
                (result,) = batch.process(
                    source, None, out, format="zarr", engine=engine, model="smae-small", cluster=cluster
                )
                assert result.error is None, result.error
                seconds.append(time.perf_counter() - start)
                written.append(zarr_store.read(result.outputs[0]).values)
    alone, shared = seconds[2:]
    difference = float(np.abs(written[2] - written[3]).max() / np.abs(written[2]).max())
    ratio = alone / shared
    passed = ratio >= 0.9 and difference <= 1e-5
    return [
        f"{n_spectra}",
        f"{alone:.1f}",
        f"{shared:.1f}",
        f"{ratio:.2f}",
        f"{difference:.1e} {'✓' if passed else '✗'}",
    ]


def main() -> None:
    """Measure, and write it into RESULTS.md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", default="files", choices=("files", "memory", "cluster"))
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--spectra", type=int, nargs="+", default=[20_000, 60_000])
    arguments = parser.parse_args()
    if arguments.what == "memory":
        with tempfile.TemporaryDirectory() as folder:
            rows = [memory(n_spectra, Path(folder)) for n_spectra in arguments.spectra]
        write_section(
            "Batch: larger than memory",
            f"`python -m benchmarks.batch memory` ({machine()}). One HDF5 file of spectra of 1000 points, default"
            " recipe with smae-small, block by block into zarr, in a process of its own. *In memory*: the recipe on"
            " 2000 of them, processor time. Bars: 4 GB, 0.8.\n\n"
            + table(
                ["spectra", "peak memory / GB", "time / s", "processor / ms each", "in memory / ms each", "share"], rows
            ),
        )
        return
    if arguments.what == "cluster":
        with tempfile.TemporaryDirectory() as folder:
            rows = [on_cluster(arguments.spectra[0], Path(folder))]
        write_section(
            "Batch: cluster",
            f"`python -m benchmarks.batch cluster` ({machine()}). A zarr store, default recipe with smae-small, blocks"
            " of 250 spectra; models were loaded before. Bars: 0.9 and 1e-5 of the strongest intensity.\n\n"
            + table(
                ["spectra", "one process, two threads / s", "two workers of one thread / s", "ratio", "difference"],
                rows,
            ),
        )
        return
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
