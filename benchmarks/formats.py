"""Reading speed and memory: python -m benchmarks.formats [--map-mb 1024] [--write]

Text files by the thousand as a drop reads them, one large WiRE map with the memory it takes and its first picture, and
each reader beside the reference library on the same file. The files are made here. Seconds are those of the processor,
because the machine is shared.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.results import machine, table, write_section
from ramanstudio import export
from ramanstudio.core.progress import SILENT
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.registry import read

N_FILES = 3000
POINTS = 1000
REPEATS = 3
BARS = {"text": 3.0, "memory": 1.3, "picture": 2.0, "reference": 2.0}
NOTE = (
    "Measured beside eight other programs, where float() alone takes 0.5 ms for the 2000 numbers of a file, 0.3 "
    "ms on an idle machine. Text misses its bar: a file takes 3.1 times as long as float() alone (4.0 times "
    "before this change, in the same run; 580 calls of functions, 1345 before). Tried: nothing done for headers "
    "that are empty, one look at the file, axes that run one way taken as they are, metadata added without "
    "checking the arrays again, and a decimal parser by numpy, which was slower than float() (0.8 ms). HDF5 is "
    "read like the reference: axis, intensities and metadata. MATLAB and WITec take 0.4 and 0.9 ms more than "
    "their libraries, which leave the numbers in the order of the file, unchecked; a map of 3.2 MB in .mat takes "
    "7.6 ms instead of 1.9, a project of 0.5 MB 5.4 instead of 3.2.\n"
)
_READ_MAP = """
import sys, time, tracemalloc
from pathlib import Path
from ramanstudio.formats.registry import read
import wdf.wdf
path = Path(sys.argv[1])
begin = time.process_time()
(spectra,) = read(path)
opened = time.process_time() - begin
begin = time.process_time()
picture = spectra.values.sum(axis=1).reshape(-1)
summed = time.process_time() - begin
n_bytes = spectra.values.nbytes
del spectra
tracemalloc.start()  # numpy reports its arrays to it
read(path)
print(opened, summed, tracemalloc.get_traced_memory()[1] / n_bytes)
"""


def best_s(work: Callable[[], object]) -> float:
    """The shortest of a few runs, in seconds."""
    seconds = []
    for _ in range(REPEATS):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def text_seconds(folder: Path) -> float:
    """Seconds to read N_FILES two-column files of POINTS points, as a drop does."""
    from ramanstudio.gui.document.opening import read_files

    axis = np.linspace(100.0, 3000.0, POINTS)
    rng = np.random.default_rng(0)
    lines = "".join(
        f"{shift:.3f}\t{value:.2f}\n" for shift, value in zip(axis, rng.normal(100, 5, POINTS), strict=True)
    )
    for number in range(N_FILES):
        (folder / f"{number:04}.txt").write_text(lines)
    begin = time.process_time()
    count = read_files([folder], None, (), "", SILENT)
    assert count.read == N_FILES
    return time.process_time() - begin


def map_figures(folder: Path, megabytes: int) -> tuple[float, float, float, float]:
    """Seconds to open a WiRE map, to sum its first picture, memory over its size, and seconds to read its bytes."""
    from tests.formats.sample_files import wdf_bytes

    count = megabytes * 2**20 // (4 * POINTS)
    side = int(count**0.5)
    values = np.random.default_rng(0).random((side * side, POINTS), dtype=np.float32)
    rows, columns = np.divmod(np.arange(side * side), side)
    path = folder / "map.wdf"
    path.write_bytes(wdf_bytes(values, np.linspace(100.0, 3000.0, POINTS), positions=np.column_stack([columns, rows])))
    del values
    begin = time.process_time()
    with path.open("rb") as file:
        while file.read(2**24):
            pass
    disk = time.process_time() - begin
    done = subprocess.run([sys.executable, "-c", _READ_MAP, str(path)], capture_output=True, text=True, check=True)
    opened, picture, memory = map(float, done.stdout.split())
    path.unlink()
    return opened, picture, memory, disk


def reference_rows(folder: Path) -> list[tuple[str, float, float]]:
    """Each reader and the reference library on the same file: name, our seconds, theirs."""
    import scipy.io

    from tests.formats.vendor_sample_files import witec_bytes

    rng = np.random.default_rng(1)
    several = SpectrumSet(np.linspace(100.0, 3000.0, POINTS), rng.normal(100, 5, (50, POINTS)).astype(np.float32))
    rows = []
    for key, theirs in (("spc", _spc_io), ("jdx", _jcamp), ("xlsx", _openpyxl), ("h5", _h5py)):
        spectra = several[0] if key == "jdx" else several
        path = export.write(spectra, folder / f"a.{key}")
        rows.append((key, best_s(lambda path=path: read(path)), best_s(lambda path=path, theirs=theirs: theirs(path))))
    spectra = several.values.astype(np.float64)
    scipy.io.savemat(folder / "a.mat", {"wavenumber": several.axis, "spectra": spectra})
    (folder / "a.wip").write_bytes(witec_bytes(spectra, 10, 5, 1e7 / (1e7 / 532.0 - several.axis)))
    for path, theirs in ((folder / "a.mat", scipy.io.loadmat), (folder / "a.wip", _witio)):
        ours = best_s(lambda path=path: read(path))
        rows.append((path.suffix[1:], ours, best_s(lambda path=path, theirs=theirs: theirs(path))))
    return rows


def _witio(path: Path) -> object:
    import witio

    return [(graph.array(), graph.x_axis()) for graph in witio.read(str(path)).find(class_name="TDGraph")]


def _spc_io(path: Path) -> object:
    import spc_io

    with path.open("rb") as file:
        return [(part.xarray, part.yarray) for part in spc_io.SPC.from_bytes_io(file)]


def _jcamp(path: Path) -> object:
    import jcamp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jcamp.readfile(str(path))


def _openpyxl(path: Path) -> object:
    import openpyxl

    return [list(sheet.values) for sheet in openpyxl.load_workbook(path, read_only=True).worksheets]


def _h5py(path: Path) -> object:
    import h5py

    with h5py.File(path) as file:
        group = file["spectra"]
        return group["axis"][()], group["values"][()], dict(group.attrs)


def main() -> None:
    """Measure, print, and with --write put the section into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--map-mb", type=int, default=1024)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text").mkdir()
        seconds = text_seconds(folder / "text")
        opened, picture, memory, disk = map_figures(folder, arguments.map_mb)
        references = reference_rows(folder)
    rows: list[tuple[object, ...]] = [
        (f"{N_FILES} text files of {POINTS} points read as a drop does", f"{seconds:.1f} s", f"≤ {BARS['text']:g} s"),
        (f"WiRE map of {arguments.map_mb} MB: memory over its size", f"{memory:.2f} ×", f"≤ {BARS['memory']:g} ×"),
        (
            "it opened and its first picture, after reading its bytes",
            f"{opened - disk + picture:.1f} s (bytes {disk:.1f} s)",
            f"≤ {BARS['picture']:g} s",
        ),
    ]
    for key, ours, theirs in references:
        rows.append((f".{key} beside its reference library", f"{ours / theirs:.2f} × ({ours * 1e3:.0f} ms)", "≤ 2 ×"))
    title = f"`python -m benchmarks.formats --map-mb {arguments.map_mb}`, {machine()}. Seconds of the processor."
    text = f"{title}\n\n{table(('what', 'measured', 'bar'), rows)}\n{NOTE}"
    if arguments.write:
        write_section("Reading and writing files", text)
    else:
        print(text)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB", file=sys.stderr)


if __name__ == "__main__":
    main()
