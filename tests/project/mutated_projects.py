"""Opens thousands of damaged project files: bytes changed, cut or repeated, and fields of right types but wrong values.

`python -m tests.project.mutated_projects FOLDER COUNT` says how many opened, opened in part, and were refused; every
other end, more than ten seconds or a gigabyte is a fault.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py
import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.project import project_file
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Exploration, Identifications, Predictions, Project, Result
from ramanstudio.search.matches import Identification, Match

SLOW_SECONDS = 10.0
WRONG_NUMBERS = (-1, 0, 1, 2, 7, 255, 2**31, -(2**40), 2**62, 1e300, -1e-300, float("nan"), float("inf"), 0.5)
WRONG_VALUES = (*WRONG_NUMBERS, None, True, "", "x" * 20_000, "name", [], [1, 2], [[1]], {}, {"id": 1}, "\x00", "/etc")


def sample_project() -> Project:
    """A project with everything in it."""
    random = np.random.default_rng(0)
    axis = np.linspace(200, 1800, 60)
    source = SpectrumSet(axis, random.normal(size=(12, 60)), {"x": np.arange(12.0), "label": np.array(["ä"] * 12)})
    ones = np.ones(12, dtype=np.float32)
    denoised = Denoised(source.with_values(source.values / 2), np.full_like(source.values, 0.3), ones, 3 * ones)
    entries = (
        Entry(1, "map.wdf", Path("map.wdf"), source.with_about(laser_nm=532.0), noise_region=(300.0, 400.0), set_id=1),
        Entry(4, "one.txt", Path("one.txt"), SpectrumSet.of(axis, np.ones(60))),
        Entry(5, "letter.txt", Path("letter.txt"), None, "'letter.txt' is not a spectrum.", "Open another."),
    )
    source = entries[0].source or source
    members = Members.of_entries([(1, 12), (4, 1)])
    rows = random.normal(size=(13, 5)).astype("f4")
    exploration = Exploration(members, rows, rows, (200.0, 1800.0)).with_plane("components", rows[:, :2])
    groups = Groups.from_clustering(members, np.arange(13) % 4 - 1, np.ones(13, dtype=np.float32), "k-means", 0.4)
    match = Match("Quartz", 0.9, 0.9, 812.5, -0.1, 1.2, 0.25, 0, 4, (464.0,), (), (988.0,))
    found = tuple(Identification((match,) * (row % 3), not row % 3, min(1, row % 3), "why") for row in range(12))
    predictions = Predictions(source, "minerals", "abc", np.array(["a", "b"] * 6), ones, np.zeros(12, dtype=bool))
    return Project(
        entries,
        MappingProxyType({1: Result(source, denoised, (300.0, 400.0), True, set_id=1, set_size=12, model="smae-base")}),
        exploration,
        groups,
        MappingProxyType({1: Identifications(source, found, "query", ("hash",))}),
        Region(300.0, 1500.0, ((500.0, 540.0),)),
        MappingProxyType({1: (predictions,)}),
    )


def mutate_bytes(content: np.ndarray, random: np.random.Generator) -> bytes:
    """Change, cut, repeat or move some bytes."""
    kind = random.integers(4)
    if kind == 0:
        mutated = content.copy()
        positions = random.integers(0, len(content), int(random.integers(1, 30)))
        mutated[positions] = random.integers(0, 256, len(positions))
        return mutated.tobytes()
    begin, length = int(random.integers(0, len(content))), int(random.integers(1, 3000))
    if kind == 1:
        return content[:begin].tobytes()
    block = content[begin : begin + length]
    if kind == 2:
        return np.concatenate([content[:begin], block, content[begin:]]).tobytes()
    mutated = content.copy()
    target = int(random.integers(0, len(content) - len(block) + 1))
    mutated[target : target + len(block)] = block
    return mutated.tobytes()


def mutate_fields(path: Path, random: np.random.Generator) -> None:
    """Give some fields and arrays of a project file wrong values."""
    with h5py.File(path, "a") as file:
        facts = json.loads(file["project"].asstr()[()])
        for _ in range(int(random.integers(1, 4))):
            if random.random() < 0.5:
                _set_random_field(facts, random)
            else:
                _set_random_array(file, random)
        del file["project"]
        file.create_dataset("project", data=json.dumps(facts), dtype=h5py.string_dtype())


def _set_random_field(record: Any, random: np.random.Generator) -> None:
    """Walk down at random, and replace what is there."""
    while True:
        keys: Sequence[Any] = list(record) if isinstance(record, dict) else range(len(record))
        key = keys[int(random.integers(len(keys)))]
        if isinstance(record[key], dict | list) and record[key] and random.random() < 0.8:
            record = record[key]
            continue
        record[key] = WRONG_VALUES[int(random.integers(len(WRONG_VALUES)))]
        return


def _set_random_array(file: h5py.File, random: np.random.Generator) -> None:
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    name = sorted(set(names) - {"project"})[int(random.integers(len(set(names) - {"project"})))]
    values = file[name][()]
    if random.random() < 0.3:
        values = values[: len(values) // 2] if random.random() < 0.5 else np.concatenate([values, values])
    elif values.dtype.kind in "iuf" and values.size:
        with np.errstate(all="ignore"):
            wrong = np.array(WRONG_NUMBERS)[random.integers(0, len(WRONG_NUMBERS), 3)]
            values.flat[random.integers(0, values.size, 3)] = (
                np.nan_to_num(wrong, posinf=1e18, neginf=-1e18).astype(values.dtype)
                if values.dtype.kind in "iu"
                else wrong
            )
    else:
        values = np.zeros(3)
    del file[name]
    file[name] = values


def open_mutated(path: Path) -> str:
    """Open a file, and save what was opened; returns "opened", "in part" or "refused", else the fault."""
    warnings: list[str] = []
    began = time.monotonic()
    try:
        project = project_file.load(path, Progress(on_warning=warnings.append))
        project_file.save(project, path.with_name("again.ramanstudio"))
        outcome = "in part" if warnings else "opened"
    except StudioError:
        outcome = "refused"
    except Exception as error:
        outcome = f"FAULT {type(error).__name__}: {error}"
    return f"FAULT slow, {outcome}" if time.monotonic() - began > SLOW_SECONDS else outcome


def run(folder: Path, count: int, seed: int = 0) -> Counter[str]:
    """Open `count` files of which bytes were changed, and half as many of which fields were; returns the outcomes."""
    random, outcomes = np.random.default_rng(seed), Counter[str]()
    good, path = folder / "good.ramanstudio", folder / "mutated.ramanstudio"
    project_file.save(sample_project(), good)
    content = np.frombuffer(good.read_bytes(), dtype=np.uint8)
    for number in range(count + count // 2):
        if number < count:
            path.write_bytes(mutate_bytes(content, random))
        else:
            path.write_bytes(content.tobytes())
            mutate_fields(path, random)
        outcome = open_mutated(path)
        outcomes[
            outcome if outcome.startswith("FAULT") else f"{'bytes' if number < count else 'fields'} {outcome}"
        ] += 1
        if outcome.startswith("FAULT"):
            path.rename(folder / f"fault-{seed}-{number}.ramanstudio")
    return outcomes


if __name__ == "__main__":
    for outcome, times in run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])).most_common():
        print(f"{times:6} {outcome}")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
