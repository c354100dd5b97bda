"""How fast the window is: first paint, a drop of 1000 files, and the window's turn while 5000 spectra denoise.

Each measurement runs in a process of its own, offscreen, with settings of its own. `python benchmarks/window_speed.py`
prints them; benchmarks/speed.py takes them from here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SLOW = ("torch", "scipy", "sklearn", "h5py", "pandas", "matplotlib")

FIRST_PAINT = """
import json, sys, time
started = float(sys.argv[1])
from ramanstudio.gui.shell import app
begin, result = app.start, {}
def start(*arguments):  # the real start: nothing of the window is imported before
    window = begin(*arguments)
    def note():
        result["seconds"] = time.time() - started
        result["slow"] = [name for name in %r if name in sys.modules]
        window.close()
    window.painted.connect(note)
    return window
app.start = start
class Idle:
    device_name = "none"
    card = type("Card", (), {"name": "none"})
app.main([], lambda model, device: Idle())
print(json.dumps(result))
"""

DROP_1000 = """
import json, sys, time
from pathlib import Path
import numpy as np
from PySide6.QtWidgets import QApplication
from ramanstudio.gui.shell import app
folder = Path(sys.argv[1])
axis = np.linspace(200, 3200, 1000)
for number in range(1000):
    values = np.random.default_rng(number).normal(100, 9, 1000)
    np.savetxt(folder / f"{number:04d}.txt", np.column_stack([axis, values]), fmt="%.3f")
class Idle:
    device_name = "none"
    card = type("Card", (), {"name": "none"})
    def denoise_each(self, sets, progress=None, together=()):
        from ramanstudio.core.errors import StudioError
        return [StudioError("not measured here")] * len(sets)
window = app.start([], lambda model, device: Idle())
while window.services.denoising.engine is None:
    QApplication.processEvents()
    time.sleep(0.005)
begun = time.perf_counter()
window.services.opening.open([folder])
longest = last = 0.0
model = window.entries.model
while model.rowCount() < 1000:
    turn = time.perf_counter()
    QApplication.processEvents()
    longest = max(longest, time.perf_counter() - turn)
    time.sleep(0.001)
took = time.perf_counter() - begun
print(json.dumps({"seconds": took, "longest_turn_ms": 1000 * longest, "files": model.rowCount()}))
window.close()
window.end()
"""

TICK = """
import json, sys, time
import numpy as np
from pathlib import Path
from PySide6.QtCore import QTimer, Qt
from PySide6.QtWidgets import QApplication
from ramanstudio.gui.shell import app
from ramanstudio.gui.document.session import OpenedFile
from ramanstudio.core.spectra import SpectrumSet
window = app.start([])
while window.services.denoising.engine is None:
    QApplication.processEvents()
    time.sleep(0.01)
until = time.perf_counter() + 1.0   # icons and viewer
while time.perf_counter() < until:
    QApplication.processEvents()
axis = np.linspace(200, 3200, 1000)
rows = np.random.default_rng(0).normal(200, 10, (5000, 1000)).astype(np.float32)
rows += 300 * np.exp(-(((axis - 1000) / 8) ** 2)).astype(np.float32)
late, last = [], [time.perf_counter()]
def tick():
    now = time.perf_counter()
    late.append(now - last[0])
    last[0] = now
timer = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
timer.timeout.connect(tick)
timer.start()
until = time.perf_counter() + 3.0
while time.perf_counter() < until:
    QApplication.processEvents()
    time.sleep(0.0005)
idle = 1000 * np.array(late[5:])
late.clear()
opened = [OpenedFile(Path(f"/{n:04d}.txt"), (SpectrumSet(axis, rows[n:n + 1]),)) for n in range(5000)]
entries = window.services.session.add(opened, "Open")
window.services.session.select([entries[0].id])
begun = last[0] = time.perf_counter()
window.services.denoising.settled.connect(QApplication.quit)
QTimer.singleShot(int(sys.argv[1]) * 1000, QApplication.quit)
QApplication.exec()
timer.stop()
took = time.perf_counter() - begun
done = len(window.services.session.project.results)
gaps = 1000 * np.array(late[5:])
percentile = lambda of, share: float(np.percentile(of, share))
print(json.dumps({
    "p50_ms": percentile(gaps, 50), "p99_ms": percentile(gaps, 99), "longest_ms": float(gaps.max()),
    "idle_p99_ms": percentile(idle, 99), "ticks": len(gaps), "denoised": done, "seconds": took,
    "spectra_per_s": done / took,
}))
window.close()
window.end()
"""


def measure_first_paint(repeats: int = 3) -> dict[str, Any]:
    """Seconds from Python's start to the first paint, warm (the best of some), and the slow libraries it took."""
    import time

    runs = []
    for _ in range(repeats + 1):  # the first warms the disk's cache
        runs.append(_run(FIRST_PAINT % (SLOW,), repr(time.time())))
    best = min(runs[1:], key=lambda run: float(run["seconds"]))
    return {**best, "all_seconds": [round(float(run["seconds"]), 3) for run in runs]}


def measure_drop_1000() -> dict[str, Any]:
    """Seconds from dropping a folder of 1000 two-column files of 1000 points until all are listed."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(DROP_1000, folder)


def measure_tick_while_denoising(most_s: int = 120) -> dict[str, Any]:
    """How late a 10 ms tick of the window comes while 5000 spectra of 1000 points denoise, for at most `most_s`."""
    return _run(TICK, str(most_s))


def _run(program: str, *arguments: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        run = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "RAMANSTUDIO_HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode != 0:
        raise RuntimeError(run.stderr)
    result: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return result


if __name__ == "__main__":
    print("first paint:", measure_first_paint())
    print("drop of 1000 files:", measure_drop_1000())
    print("tick while denoising:", measure_tick_while_denoising())
