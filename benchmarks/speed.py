"""How fast the program is, each figure beside its bar: python -m benchmarks.speed (with nothing else running)"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks import window_speed
from benchmarks.results import machine, table, write_section

_ALONE = "import json; from benchmarks.{0} import measure; print(json.dumps(measure()))"


def alone(name: str) -> dict[str, float]:
    """What a benchmark measures in a process of its own, so that no other's threads or caches count."""
    run = subprocess.run(
        [sys.executable, "-c", _ALONE.format(name)], capture_output=True, text=True, check=True, cwd=window_speed.ROOT
    )
    figures: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Measure everything and write the section."""
    work = alone("throughput")
    paint = window_speed.measure_first_paint()
    drop = window_speed.measure_drop_1000()
    tick = window_speed.measure_tick_while_denoising()
    viewer = alone("viewer_speed")
    plane = alone("plane_speed")
    rows = [
        ("first paint from source, warm", f"{paint['seconds']:.2f} s", "≤ 1.0 s"),
        ("of torch, scipy, sklearn, h5py, pandas, matplotlib imported by then", len(paint["slow"]), "0"),
        ("1000 two-column files of 1000 points dropped: all listed", f"{drop['seconds']:.1f} s", "≤ 5 s"),
        (
            "10 ms tick of the window while 5000 spectra denoise, 99 % within",
            f"{tick['p99_ms']:.1f} ms (idle {tick['idle_p99_ms']:.1f})",
            "≤ 20 ms",
        ),
        ("denoising, 1000 points, two cores", f"{work['spectra a second']:.0f} spectra/s", "≥ 600"),
        (
            "its share of the machine's matrix product in the same minute",
            f"{work['share']:.2f} of {work['matrix product, 10⁹ operations a second']:.0f} · 10⁹/s",
            "≥ 0.4",
        ),
        ("the same with smae-small", f"{work['spectra a second, smae-small']:.0f} spectra/s", "≥ 2000"),
        ("smae-small over smae-base, in turn", f"{work['smae-small over smae-base']:.1f} ×", "≥ 3 ×"),
        ("features, 1000 points, two cores", f"{work['spectra embedded a second']:.0f} spectra/s", ""),
        (
            "10 000 spectra in the viewer: pan, median frame",
            f"{viewer['10000 spectra: pan, median frame']:.1f} ms",
            "≤ 16 ms",
        ),
        ("the same, 95 % of frames", f"{viewer['10000 spectra: pan, 95 % of frames']:.1f} ms", ""),
        ("500 spectra as lines: pan, median frame", f"{viewer['500 spectra: pan, median frame']:.1f} ms", ""),
        ("10 000 spectra: first picture", f"{viewer['10000 spectra: first picture']:.0f} ms", ""),
        (
            "100 000 points in the plane of Explore: pan, 95 % of frames",
            f"{plane['100000 points: pan, 95 % of frames']:.1f} ms",
            "≤ 33 ms",
        ),
        ("the same, median frame", f"{plane['100000 points: pan, median frame']:.1f} ms", ""),
        (
            "100 000 points: what lies under the mouse is found and said, 95 %",
            f"{plane['100000 points: hover, 95 %']:.1f} ms",
            "≤ 20 ms",
        ),
        (
            "the same at 300 000 points, as a density: pan, 95 %",
            f"{plane['300000 points: pan, 95 % of frames']:.1f} ms",
            "",
        ),
    ]
    write_section(
        "Speed",
        f"`python -m benchmarks.speed`, {machine()}, one run, offscreen. The machine is shared; ratios say more than"
        " seconds.\n\n" + table(("what", "measured", "bar"), rows),
    )


if __name__ == "__main__":
    main()
