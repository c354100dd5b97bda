"""Runs every writer of results with a disk that is full after so many bytes, or killed while it writes.

A program of its own, started by `test_writing_faults.py`: its children have limits that a test run must not have.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import remove_stale_drafts
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.export import denoised_files, group_table, map_files, summary
from ramanstudio.export.denoised_figures import SpectrumPanel, draw_denoised
from ramanstudio.library import library, tables
from ramanstudio.library.library import Reference
from ramanstudio.project import project_file
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Project, Result
from ramanstudio.signal.map_grid import MapGrid

WRITTEN, REFUSED, UNEXPECTED = 0, 3, 4  # exit codes of a child


def sample(seed: int = 0) -> tuple[SpectrumSet, Denoised]:
    """A denoised map of 60 spectra."""
    random = np.random.default_rng(seed)
    raw = SpectrumSet(
        np.linspace(200, 1800, 400), random.normal(100, 9, (60, 400)), {"x": np.arange(60.0), "y": np.zeros(60)}
    )
    ones = np.ones(60, dtype=np.float32)
    return raw, Denoised(raw.with_values(raw.values / 2), np.ones_like(raw.values), ones, 2 * ones)


def project(seed: int = 0) -> Project:
    raw, denoised = sample(seed)
    groups = Groups.from_clustering(Members.of_entries([(1, 60)]), np.arange(60) % 3, np.ones(60, dtype=np.float32))
    entry = Entry(1, "map.wdf", Path("map.wdf"), raw)
    return Project((entry,), {1: Result(raw, denoised)}, groups=groups)


def references(seed: int = 0) -> list[Reference]:
    raw, _ = sample(seed)
    return [Reference(f"mineral {row}", raw[row]) for row in range(40)]


def map_figure(seed: int = 0) -> map_files.MapFigure:
    grid = MapGrid(np.arange(10_000).reshape(100, 100), np.arange(100.0), np.arange(100.0))
    return map_files.MapFigure(grid, np.random.default_rng(seed).random((100, 100)), "Intensity")


def write_library_tables(path: Path, seed: int) -> None:
    opened = library.write(path.with_suffix(".ramanlib"), references(), "Minerals")
    tables.write(path, opened)


# name of the file, and what writes it with the data of a seed
WRITERS: dict[str, Callable[[Path, int], object]] = {
    "work.ramanstudio": lambda path, seed: project_file.save(project(seed), path),
    "result.h5": lambda path, seed: denoised_files.write_denoised(path, *sample(seed)),
    "result.csv": lambda path, seed: denoised_files.write_denoised(path, *sample(seed)),
    "summary.csv": lambda path, seed: summary.write_summary(path, summary.summary_rows(*sample(seed))),
    "groups.csv": lambda path, seed: group_table.write_groups(path, project(seed), project(seed).groups),  # type: ignore[arg-type]
    "figure.png": lambda path, seed: draw_denoised(path, [SpectrumPanel("map", *sample(seed))]),
    "map.tif": lambda path, seed: map_files.save_map(path, map_figure(seed)),
    "minerals.ramanlib": lambda path, seed: library.write(path, references(seed), "Minerals"),
}


def write_with_limit(name: str, folder: Path, limit: int) -> int:
    """Write a file in a child process whose files may have `limit` bytes; returns its exit code, or minus a signal."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        WRITERS[name](folder / name, 1)
    except StudioError:
        os._exit(REFUSED)
    except BaseException:
        os._exit(UNEXPECTED)
    os._exit(WRITTEN)


def check_full_disk(folder: Path, count: int) -> None:
    """Write each file with `count` limits on its size; the old file stays whole, and no draft is left."""
    random = np.random.default_rng(0)
    for name, write in WRITERS.items():
        path = folder / name
        write(path, 1)
        whole = path.stat().st_size
        write(path, 0)
        before = path.read_bytes()
        refused = 0
        for limit in [0, 1, *random.integers(2, whole, size=count - 2).tolist()]:
            code = write_with_limit(name, folder, limit)
            assert code in (WRITTEN, REFUSED), f"{name} with {limit} bytes: {code}"
            if code == REFUSED:
                refused += 1
                assert path.read_bytes() == before, f"{name} with {limit} bytes: the old file has changed"
            else:
                write(path, 0)
                before = path.read_bytes()
            assert not [file for file in folder.iterdir() if file.name.endswith(".part")]
        assert refused >= count - 2, f"{name}: {refused} of {count}"


def check_kills(folder: Path, count: int) -> None:
    """Kill a process `count` times while it saves a project: the file opens, and its drafts go at the next start."""
    random = np.random.default_rng(1)
    path = folder / "work.ramanstudio"
    project_file.save(project(0), path)
    began = time.perf_counter()
    project_file.save(project(0), path)
    once = time.perf_counter() - began
    left = 0
    for _ in range(count):
        child = os.fork()
        if not child:
            while True:
                project_file.save(project(1), path)
        time.sleep(random.uniform(0, 3 * once))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        left += any(file.name.endswith(".part") for file in folder.iterdir())
        remove_stale_drafts()
        assert not [file for file in folder.iterdir() if file.name.endswith(".part")]
        assert len(project_file.load(path).entries) == 1
    print(f"{count} kills, {left} of them left a draft", file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """`full-disk | kill`, a folder, and how often."""
    kind, folder, count = arguments
    checks = {"full-disk": check_full_disk, "kill": check_kills}
    checks[kind](Path(folder), int(count))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
