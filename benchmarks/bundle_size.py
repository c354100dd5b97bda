"""How large the bundle is and what makes it so, and how soon its window is painted.

python -m benchmarks.bundle_size [FOLDER]     # dist/ramanstudio, and the archive beside it
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import results

ROOT = Path(__file__).resolve().parent.parent
STARTS = 5

# The parts, the first that fits counts: what a path in the bundle looks like, and what it is.
PARTS = (
    (r"^_internal/torch/lib/", "PyTorch, its libraries"),
    (r"^_internal/torch", "PyTorch, sources it reads itself"),
    (r"^_internal/(?:PySide6|shiboken6|libQt)", "Qt and PySide6"),
    (r"^_internal/(?:scipy|sklearn|scikit_learn|openTSNE|opentsne|pybaselines)", "SciPy, scikit-learn, openTSNE"),
    (r"^_internal/numpy", "NumPy"),
    (r"^ramanstudio$", "all Python modules, compressed, with the starter"),
    (r"^_internal/(?:matplotlib|PIL|pillow|kiwisolver|contourpy)", "matplotlib and Pillow"),
    (r"^_internal/h5py", "HDF5"),
    (r"^_internal/models", "models"),
    (r"^_internal/resources", "demo spectra, starter library, icons"),
    (r"^_internal/(?:qtawesome|pyqtgraph)", "icon fonts, pyqtgraph"),
    (r"^_internal/(?:libpython|python3|base_library)", "Python"),
    (r"^_internal/lib", "libraries of the system"),
    (r"^(?:licences|sbom)", "licences and parts list"),
)


def size_table(folder: Path) -> str:
    """Megabytes (10⁶ bytes) of each part, the largest first."""
    sizes: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            relative = path.relative_to(folder).as_posix()
            sizes[next((name for like, name in PARTS if re.search(like, relative)), "the rest")] += path.stat().st_size
    total = sum(sizes.values())
    rows = [(name, f"{size / 1e6:.0f}", f"{100 * size / total:.0f} %") for name, size in sizes.most_common()]
    return results.table(("part", "MB", "of all"), [*rows, ("all", f"**{total / 1e6:.0f}**", "≤ 800 MB")])


def first_paint(folder: Path, cold: bool) -> list[float]:
    """Seconds from the start of the process until the window is painted, on a screen of Xvfb's."""
    rows = []
    for _ in range(STARTS):
        if cold:
            subprocess.run(["sync"], check=True)
            Path("/proc/sys/vm/drop_caches").write_text("3\n")
        with tempfile.TemporaryDirectory() as home:
            command = ["xvfb-run", "-a", "-s", "-screen 0 1440x900x24", str(folder / "ramanstudio"), "--check"]
            environment = {"HOME": home, "PATH": os.environ["PATH"]}
            output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        rows.append(float(re.search(r"painted after +([\d.]+) s", output)[1]))  # type: ignore[index]
    return rows


def main() -> int:
    """Measure, and write the section."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "ramanstudio"
    archives = [*folder.parent.glob("ramanstudio-*.tar.zst"), *folder.parent.glob("ramanstudio-*.zip")]
    archive = max(archives, key=lambda path: path.stat().st_mtime, default=None)
    packed = f"{archive.stat().st_size / 1e6:.0f} MB as {archive.suffix}" if archive else "not packed"
    first_paint(folder, cold=False)
    warm = first_paint(folder, cold=False)
    try:
        cold = f"{statistics.median(first_paint(folder, cold=True)):.2f} s"
    except OSError:
        cold = "not measured (needs root)"
    rows = [
        ("packed", packed, "≤ 240 MB"),
        (
            f"first paint, warm, median of {STARTS} (shortest {min(warm):.2f} s)",
            f"{statistics.median(warm):.2f} s",
            "≤ 1.2 s",
        ),
        ("first paint with nothing of it in memory", cold, ""),
        ("load of the machine just after", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", ""),
    ]
    results.write_section(
        "Bundle size",
        f"`python -m benchmarks.bundle_size`, {results.machine()}. PyTorch's build for the processor.\n\n"
        + size_table(folder)
        + "\n"
        + results.table(("what", "measured", "bar"), rows),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
