"""Damaged and hostile files, by the thousand: does anything but a sentence come out?

    python -m benchmarks.hostile_files KIND [--count 20000] [--structured] [--seed 0]

KIND is one of the rows of KINDS below. A mutant is a good file whose bytes were changed: bits flipped, numbers replaced
by extreme ones, parts cut out, repeated, zeroed or swapped. A structured one (`--structured`, for HDF5, tables and zip
files) is a well-formed file with the right fields and types and wrong values, or a good zip file around a changed one.
Each is read through its public door in a process of its own, which is killed when it hangs. Counted are crashes, files
that took over 10 s or over 1 GB, and exceptions other than StudioError, those included that readers raised themselves
and a net turned into a sentence.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ramanstudio.core.errors import StudioError

ROOT = Path(__file__).resolve().parents[1]
SECONDS, MEGABYTES = 10.0, 1024
AXIS = np.linspace(100.0, 1000.0, 120)
EXTREMES = [
    *(struct.pack("<i", number) for number in (-1, 2**31 - 1, -(2**31), 0, 1, 10**8)),
    *(struct.pack("<q", number) for number in (-1, 2**63 - 1, -(2**63), 2**40, 2**20)),
    *(struct.pack("<d", number) for number in (float("nan"), float("inf"), 1e300, -1e300, 5e-324, 1e38)),
    *(struct.pack("<f", number) for number in (float("nan"), 3e38, 1e-45)),
    b"99999999999", b"1e308", b"nan", b'"', b"[[[[[[[[", b"{", b"=", b"\0" * 8, b"\xff" * 8,
]  # fmt: skip


def spectra(count: int = 6) -> np.ndarray:
    """A few spectra (N, B) that look alike."""
    line = 50.0 + 900.0 * np.exp(-(((AXIS - 520.0) / 40.0) ** 2))
    return np.float32(np.outer(1.0 + np.arange(count), line) + np.random.default_rng(0).normal(size=(count, AXIS.size)))


# Good files ---------------------------------------------------------------------------------------------------------


def hdf5_seeds(folder: Path) -> list[Path]:
    import h5py

    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.formats import hdf5

    table = {"x": np.arange(6.0), "y": np.zeros(6), "name": np.array(list("abcdef"))}
    hdf5.write(folder / "own.h5", SpectrumSet(AXIS, spectra(), table, {"laser_nm": 532.0, "sample": "a"}))
    with h5py.File(folder / "ragged.h5", "w") as file:
        group = file.create_group("deep/er")
        group["axis"], group["values"] = np.r_[AXIS, AXIS[:50]], np.r_[spectra(1)[0], spectra(1)[0][:50]]
        group["offsets"], group["label"] = [0, 120, 170], ["a", "b"]
        group.attrs["sample"] = "b"
        group["axis"].attrs["units"] = "1/cm"
    with h5py.File(folder / "chunks.h5", "w", libver="latest") as file:
        file["axis"] = AXIS
        file.create_dataset("values", data=np.tile(spectra(), (20, 1)), chunks=(7, 33), compression="lzf", shuffle=True)
        file.create_dataset("label", data=np.array([b"abc"] * 120))
    return [folder / name for name in ("own.h5", "ragged.h5", "chunks.h5")]


def project_seeds(folder: Path) -> list[Path]:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.project import project_file
    from ramanstudio.project.project import Project

    raw = SpectrumSet(AXIS, spectra(), {"x": np.arange(6.0), "y": np.zeros(6)}, {"laser_nm": 532.0})
    snr = np.full(6, 20.0)
    project = Project().with_added([(folder / "a.txt", raw)])
    entry = project.entries[0]
    denoised = Denoised(raw, np.ones_like(raw.values), snr, 2 * snr)
    project = project.with_results({entry.id: denoised}) if hasattr(project, "with_results") else project
    project_file.save(project, folder / "a.ramanstudio")
    return [folder / "a.ramanstudio"]


def library_seeds(folder: Path) -> list[Path]:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.library import library
    from ramanstudio.library.reference import Reference

    rows = [
        Reference(f"substance {i}", SpectrumSet(AXIS, row[None]), "minerals", "SiO2", 532.0, "test")
        for i, row in enumerate(spectra())
    ]
    library.write(folder / "a.ramanlib", rows, "Seeds")
    return [folder / "a.ramanlib"]


def settings_seeds(folder: Path) -> list[Path]:
    path = folder / "settings.toml"
    path.write_text(
        'theme = "dark"\nlaser_nm = 532.0\ndenoise = false\nrecent = ["/a/b.txt", "/c/d.wdf"]\ngeometry = "AdnQyw=="\n'
        'disabled_libraries = ["a.ramanlib"]\nfuture = {a = 1, b = [1, 2]}\n'
    )
    return [path]


def zip_seeds(folder: Path) -> list[Path]:
    text = "##NAMES=Quartz\n##RRUFFID=R1\n" + "".join(
        f"{x:g}, {y:g}\n" for x, y in zip(AXIS, spectra(1)[0], strict=True)
    )
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            name = f"Quartz__R0{number}__Raman__532__0__unoriented__Raman_Data_Processed__{number}.txt"
            archive.writestr(name, text + "##END=\n")
    return [folder / "a.zip"]


def table_seeds(folder: Path) -> list[Path]:
    long = "wavenumber,intensity,sample_name\n" + "".join(
        f"{x:g},{y:g},{number}\n" for number, row in enumerate(spectra(3)) for x, y in zip(AXIS, row, strict=True)
    )
    columns = np.column_stack([AXIS, spectra(3).T])
    wide = "wavenumber,a,b,c\n" + "".join(",".join(f"{cell:g}" for cell in row) + "\n" for row in columns)
    (folder / "long_library.csv").write_text(long)
    (folder / "wide_library.csv").write_text(wide)
    return [folder / "long_library.csv", folder / "wide_library.csv"]


def text_seeds(folder: Path) -> list[Path]:
    seeds = []
    for path in sorted((ROOT / "tests" / "data" / "samples").iterdir()):
        if path.suffix in (".txt", ".csv", ".asc", ".jdx", ".dx", ".spc", ".wdf"):
            seeds.append(Path(shutil.copy(path, folder / path.name)))
    return seeds


# Public doors -------------------------------------------------------------------------------------------------------


def read_spectra(path: Path) -> None:
    from ramanstudio.formats import registry

    for spectra_set in registry.read(path, 532.0):
        assert np.all(np.diff(spectra_set.axis) > 0) and not np.any(np.isinf(spectra_set.values))


def read_project(path: Path) -> None:
    from ramanstudio.project import project_file

    project = project_file.load(path)
    project_file.save(project, path.with_name("again.ramanstudio"))


def read_library(path: Path) -> None:
    from ramanstudio.library import library

    opened = library.open(path)
    for index in range(len(opened)):
        opened.spectrum(index)


def read_settings(path: Path) -> None:
    from ramanstudio.core.settings import SETTINGS, Settings

    settings = Settings(path)
    assert all(row.accepts(settings[row.key]) for row in SETTINGS)
    settings["log_intensity"] = True
    settings.save()


def read_zip(path: Path) -> None:
    from ramanstudio.library import rruff_zip

    rruff_zip.looks_like(path)
    rruff_zip.read(path)


def read_table(path: Path) -> None:
    from ramanstudio.library import tables

    tables.looks_like(path)
    tables.read(path)


# The instruments' formats: the samples of tests/data, by the names of their files.
SAMPLES = {
    "labspec6": "labspec6*.l6?", "labspec5": "labspec5*.ngc", "labspec_xml": "labspec*.xml", "witec": "*.wip",
    "opus": "*.0", "omnic": "omnic*.sp?", "princeton": "*.spe", "andor": "*.sif", "trivista": "*.tvf",
    "matlab": "*.mat", "envi": "*.hdr", "jasco": "*.jws", "nexus": "*.nxs", "ramanchada": "*.cha", "xlsx": "*.xlsx",
    "archive": "archive.zip", "procspec": "*.ProcSpec", "gzip": "*.gz",
    "wdf": "*.wdf", "spc": "*.spc", "jcamp": "*.jdx",
}  # fmt: skip


def sample_seeds(pattern: str, folder: Path) -> list[Path]:
    for path in (ROOT / "tests" / "data" / "samples").glob(pattern):
        shutil.copy(path, folder / path.name)
    if pattern == "*.hdr":  # the data of each mutant
        shutil.copy(ROOT / "tests" / "data" / "samples" / "envi_map.dat", folder / "mutant.dat")
    return sorted(folder.glob(pattern))


KINDS: dict[str, tuple[Callable[[Path], list[Path]], Callable[[Path], None]]] = {
    "hdf5": (hdf5_seeds, read_spectra),
    "project": (project_seeds, read_project),
    "library": (library_seeds, read_library),
    "settings": (settings_seeds, read_settings),
    "zip": (zip_seeds, read_zip),
    "table": (table_seeds, read_table),
    "text": (text_seeds, read_spectra),
    **{kind: (partial(sample_seeds, pattern), read_spectra) for kind, pattern in SAMPLES.items()},
}


# Mutants ------------------------------------------------------------------------------------------------------------


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """A good file with one to four changes, most of them where headers are."""
    content = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4))):
        offset = chance.randrange(min(len(content), chance.choice((600, 4000, 10**9))) or 1)
        length = chance.choice((1, 2, 4, 8, 64, 600))
        change = chance.randrange(7)
        if change == 0:
            content[offset : offset + 1] = bytes([content[offset] ^ 1 << chance.randrange(8)]) if content else b""
        elif change == 1:
            extreme = chance.choice(EXTREMES)
            offset -= offset % chance.choice((1, 4, 8))
            content[offset : offset + len(extreme)] = extreme
        elif change == 2:
            del content[offset : offset + length]
        elif change == 3:
            content[offset:offset] = content[offset : offset + length] * chance.choice((1, 2, 50))
        elif change == 4:
            content[offset : offset + length] = bytes(min(length, len(content) - offset))
        elif change == 5:
            other = chance.randrange(len(content) or 1)
            content[offset : offset + length] = content[other : other + length]
        else:
            content[offset : offset + length] = chance.randbytes(length)
    return bytes(content[: chance.choice((10**9, 10**9, 10**9, chance.randrange(len(content) + 1)))])


def structured_hdf5(path: Path, chance: random.Random) -> None:
    """An HDF5 file of the right layout: right names and types, wrong shapes and values."""
    import h5py

    def numbers(shape: tuple[int, ...]) -> np.ndarray:
        kind = chance.choice(("f4", "f8", "f8", "i4", "u1", "i8", "f2", "?"))
        rng = np.random.default_rng(chance.randrange(2**32))
        with np.errstate(all="ignore"):
            values = (rng.normal(size=shape) * chance.choice((1.0, 1e3, 1e30, 1e38, 1e300, 0.0, 1e-310))).astype(kind)
        if values.size and values.dtype.kind == "f":
            values.flat[rng.integers(values.size, size=chance.choice((0, 0, 1, 5)))] = chance.choice(
                (np.nan, np.inf, -np.inf, 0)
            )
        return values

    def axis(length: int) -> np.ndarray:
        good = np.linspace(chance.choice((0.0, 100.0, -1e300)), chance.choice((1e3, 4e3, 1e300, 0.0)), length)
        return chance.choice(
            (good, good, good[::-1], np.zeros(length), numbers((length,)), np.sort(numbers((length,))))
        )

    with h5py.File(path, "w", libver=chance.choice(("earliest", "latest"))) as file:
        for number in range(chance.choice((1, 1, 2, 30))):
            group = file if number == 0 and chance.random() < 0.3 else file.create_group(f"g{number}")
            count, points = chance.choice((0, 1, 2, 7, 200)), chance.choice((0, 1, 2, 3, 46, 500))
            if "axis" in group:
                continue
            group["axis"] = axis(points) if chance.random() < 0.9 else numbers(chance.choice(((), (2, 3), (0, 5))))
            shape = chance.choice(((count, points),) * 6 + ((points,), (points, count), (), (2, 3, points)))
            options: dict[str, Any] = {}
            if shape and all(shape) and chance.random() < 0.5:
                options = {
                    "compression": chance.choice(("gzip", "lzf")),
                    "chunks": tuple(max(1, n // 2) for n in shape),
                }
            group.create_dataset("values", data=numbers(shape), **options)
            if chance.random() < 0.3:
                steps = [chance.choice((-5, 0, 1, 2, 5, 46, 10**12)) for _ in range(chance.choice((0, 1, 3, 8)))]
                group["offsets"] = np.cumsum([0, *steps]) if chance.random() < 0.8 else numbers((3,))
            for name in chance.sample(("x", "y", "label", "name", "time", "file"), chance.randrange(4)):
                length = chance.choice((count, count, count, 0, 5))
                texts = [chance.choice(("", "a", "ü" * 50, "\0x", "x" * 5000)) for _ in range(length)]
                group[name] = chance.choice((texts, numbers((length,)), np.array([t.encode() for t in texts] or [b""])))
            for name in ("laser_nm", "sample", "exposure_s", "source", "group", "notes"):
                if chance.random() < 0.3:
                    group.attrs[name] = chance.choice(
                        (532.0, -5, 0, 1e308, float("nan"), "a", b"\xff", [1, 2], h5py.Empty("f4"), True, 2**63)
                    )
            if chance.random() < 0.3:
                group["axis"].attrs["units"] = chance.choice(("nm", "eV", "1/cm", "µm", 3, "x" * 1000))


def structured_table(path: Path, chance: random.Random) -> None:
    """A CSV table of numbers, with the right columns and wrong cells."""
    cells = ("1", "1e308", "-1e308", "nan", "inf", "", '"', "=1+1", "1,5", "text", "9" * 400, "1e-320", "0")
    header = chance.choice(("wavenumber,intensity,sample_name", "wavenumber,a,b,c", "Raman shift,Intensity,c"))
    width = header.count(",") + 1
    rows = [header]
    for row in range(chance.choice((0, 1, 3, 60))):
        number = [f"{row * chance.choice((1, 10, -1, 0)):g}", *(chance.choice(cells) for _ in range(width - 1))]
        rows.append(",".join(number[: chance.choice((width, width, width, width - 1))]))
    path.write_text(chance.choice(("\n", "\r\n")).join(rows), encoding="utf-8")


def structured_zip(path: Path, chance: random.Random) -> None:
    """A workbook or an archive that is a good zip file, with one changed file in it."""
    sample = ROOT / "tests" / "data" / "samples" / ("workbook_set.xlsx" if path.suffix == ".xlsx" else "archive.zip")
    with zipfile.ZipFile(sample) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    changed = chance.choice(sorted(files))
    files[changed] = mutated(files[changed], chance)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


STRUCTURED = {"hdf5": structured_hdf5, "table": structured_table, "xlsx": structured_zip, "archive": structured_zip}


# The process that reads ----------------------------------------------------------------------------------------------


def work(kind: str, structured: bool, seed: int, begin: int, end: int, folder: Path) -> None:
    """Read mutants `begin` to `end`, a line of JSON for each."""
    make_seeds, read = KINDS[kind]
    seeds = make_seeds(folder)
    contents = [path.read_bytes() for path in seeds]
    for number in range(begin, end):
        chance = random.Random(f"{kind} {structured} {seed} {number}")
        which = chance.randrange(len(seeds))
        path = folder / f"mutant{seeds[which].suffix}" if kind != "table" else folder / "mutant_library.csv"
        if structured:
            path.unlink(missing_ok=True)
            try:
                STRUCTURED[kind](path, chance)
            except (ValueError, TypeError, OSError, RuntimeError, OverflowError):  # h5py does not write everything
                path.write_bytes(contents[0])
        else:
            path.write_bytes(mutated(contents[which], chance))
        print(json.dumps({"begin": number}), flush=True)
        _forget_peak()
        fault, outcome = "", "opened"
        started = time.perf_counter()
        try:
            read(path)
        except StudioError as error:
            outcome = "refused"
            fault = _own_fault(error.__cause__)
        except BaseException:
            fault = traceback.format_exc(limit=-4)
        seconds = time.perf_counter() - started
        print(json.dumps({"outcome": outcome, "fault": fault, "seconds": seconds, "mb": _peak_mb()}), flush=True)


def _own_fault(cause: BaseException | None) -> str:
    """The end of the traceback of an exception that our own code raised, not numpy or a library of the format."""
    if cause is None or isinstance(cause, (StudioError, OSError, MemoryError, UnicodeError)):
        return ""
    frames = traceback.extract_tb(cause.__traceback__)
    ours = frames and Path(frames[-1].filename).is_relative_to(ROOT / "ramanstudio")
    return "".join(traceback.format_exception(cause)[-3:]) if ours else ""


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak_mb() -> float:
    """The memory that this process and its children took at most, in MB."""
    total = 0.0
    for pid in ["self", *Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        total = max(total, float(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return total


# The process that watches --------------------------------------------------------------------------------------------


def watch(kind: str, structured: bool, seed: int, count: int, keep: Path | None) -> dict[str, Any]:
    """Run all mutants; returns what came out."""
    totals: collections.Counter[str] = collections.Counter()
    faults: list[str] = []
    slowest, most = 0.0, 0.0
    number = 0
    with tempfile.TemporaryDirectory() as name:
        while number < count:
            folder = Path(name) / f"from{number}"
            folder.mkdir()
            command = [sys.executable, "-m", "benchmarks.hostile_files", kind, "--work", f"{number}:{count}"]
            command += ["--folder", str(folder), "--seed", str(seed), *(["--structured"] if structured else [])]
            environment = os.environ | {"RAMANSTUDIO_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
            assert process.stdout is not None
            state = {"at": time.monotonic(), "killed": False}
            timer = threading.Thread(target=_kill_when_late, args=(process, state), daemon=True)
            timer.start()
            begun = number - 1
            for line in process.stdout:
                state["at"] = time.monotonic()
                row = json.loads(line)
                if "begin" in row:
                    begun = row["begin"]
                    continue
                number = begun + 1
                totals[row["outcome"]] += 1
                slowest, most = max(slowest, row["seconds"]), max(most, row["mb"])
                totals["over 10 s"] += row["seconds"] > SECONDS
                totals["over 1 GB"] += row["mb"] > MEGABYTES
                if row["fault"]:
                    totals["other exceptions"] += 1
                    faults.append(f"{begun}: {row['fault']}")
                    _keep(keep, folder, kind, begun)
            code = process.wait()
            if number < count:
                totals["over 10 s" if state["killed"] else "crashes"] += 1
                faults.append(f"{begun}: killed" if state["killed"] else f"{begun}: ended with {code}")
                _keep(keep, folder, kind, begun)
                number = max(number, begun + 1)
            shutil.rmtree(folder, ignore_errors=True)
    return {"totals": totals, "faults": faults, "slowest": slowest, "most": most}


def _kill_when_late(process: subprocess.Popen[str], state: dict[str, Any]) -> None:
    while process.poll() is None:
        time.sleep(0.2)
        if time.monotonic() - state["at"] > 2 * SECONDS:  # the start is in it, on a busy machine
            state["killed"] = True
            process.kill()


def _keep(keep: Path | None, folder: Path, kind: str, number: int) -> None:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("mutant*"):
            shutil.copy(path, keep / f"{kind}-{number}{path.suffix}")


def main() -> None:
    """Run one kind and print, or write, its row."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--structured", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that broke something")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        begin, end = map(int, arguments.work.split(":"))
        work(arguments.kind, arguments.structured, arguments.seed, begin, end, arguments.folder)
        return
    started = time.monotonic()
    result = watch(arguments.kind, arguments.structured, arguments.seed, arguments.count, arguments.keep)
    totals = result["totals"]
    for fault in result["faults"][:40]:
        print(fault, file=sys.stderr)
    name = f"{arguments.kind}, structured" if arguments.structured else arguments.kind
    print("| files | count | opened | refused | crashes | over 10 s | over 1 GB | other exceptions | slowest | most |")
    print(
        f"| {name} | {arguments.count} | {totals['opened']} | {totals['refused']} | {totals['crashes']} |"
        f" {totals['over 10 s']} | {totals['over 1 GB']} | {totals['other exceptions']} | {result['slowest']:.1f} s |"
        f" {result['most']:.0f} MB |  ({time.monotonic() - started:.0f} s)"
    )


if __name__ == "__main__":
    main()
