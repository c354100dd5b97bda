"""What is lost when the window is killed, and what autosave costs.

`python -m benchmarks.autosave kill --count 100` starts the window again and again, edits every 0.1 s, kills it with
SIGKILL at a random moment, restores what it left behind, and compares with the edits that were made.
`python -m benchmarks.autosave cost` measures the window's thread and the processor over a minute of editing 10 000
spectra, with autosave and without, in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.results import machine, table, write_section
from ramanstudio.core.errors import StudioError
from ramanstudio.project import recovery

ROOT = Path(__file__).resolve().parent.parent
START_S = 120  # a window without an edit after this time counts as a failed start

EDITING = """
import sys, time
from pathlib import Path
import numpy as np
from PySide6.QtCore import QTimer
from ramanstudio.gui.shell import app
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Exploration

class Idle:
    device_name = "none"
    card = type("Card", (), {"name": "none"})
    def denoise_each(self, sets, progress=None, together=()):
        from ramanstudio.core.errors import StudioError
        return [StudioError("not measured here")] * len(sets)

begin = app.start
def start(*arguments):
    window = begin(*arguments)
    session, timer, count = window.services.session, QTimer(window), [0]
    def edit():
        entries = session.project.entries
        if len(entries) < len(sys.argv) - 1:
            return  # the first file is shown alone: groups of it would be one, and renaming the second would fail
        if session.groups is None:
            members = Members.of_entries((entry.id, 1) for entry in entries)
            rows = np.eye(len(members), dtype=np.float32)
            labels, ones = np.arange(len(members)) % 2, np.ones(len(members), dtype=np.float32)
            groups = Groups.from_clustering(members, labels, ones, "k-means")
            session.add_exploration(Exploration(members, rows, rows), groups)
        count[0] += 1
        session.edit_groups(lambda groups: groups.renamed(1, f"edit {count[0]}"), "Rename a group")
        print(count[0], time.time(), flush=True)
    timer.timeout.connect(edit)
    timer.start(100)
    return window
app.start = start
app.main(sys.argv[1:], lambda model, device: Idle())
"""

COST = """
import json, os, sys, time
from pathlib import Path
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document import autosave
from ramanstudio.gui.shell import app
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Exploration, Project

N = 10_000
if sys.argv[1] == "off":
    autosave.DELAY_MS = 10**8
class Idle:
    device_name = "none"
    card = type("Card", (), {"name": "none"})
window = app.start([], lambda model, device: Idle())
session = window.services.session
window.services.settings["denoise"] = False
rng, axis = np.random.default_rng(0), np.arange(1000.0)
values = rng.normal(size=(N, 1, 1000)).astype("f4")
sets = [SpectrumSet(axis, rows, {}, {"laser_nm": 532.0}) for rows in values]
session.open(Project(tuple(Entry(i + 1, f"{i}.txt", Path(f"{i}.txt"), each) for i, each in enumerate(sets))))
members = Members.of_entries((entry.id, 1) for entry in session.project.entries)
features = rng.normal(size=(N, 256)).astype("f4")
groups = Groups.from_clustering(members, rng.integers(0, 8, N), np.ones(N, "f4"), "k-means")
session.add_exploration(Exploration(members, features, features[:, :20].copy()), groups)
def saved():  # the first save writes the spectra, which are in no file; it is not editing
    return any((Path(os.environ["RAMANSTUDIO_HOME"]) / "data" / "recovery").glob("*/summary.json"))
first = time.process_time()
until = time.time() + (15 if sys.argv[1] == "off" else 300)
while time.time() < until and not saved():
    QApplication.processEvents()
    time.sleep(0.001)
first = time.process_time() - first
ticks, edits = [], []
timer = QTimer()
last = time.perf_counter()
def tick():
    global last
    now = time.perf_counter()
    ticks.append(now - last)
    last = now
timer.timeout.connect(tick)
timer.start(10)
editing = QTimer()
def edit():
    edits.append(1)
    session.edit_groups(lambda groups: groups.renamed(1, f"edit {len(edits)}"), "Rename a group")
editing.timeout.connect(edit)
editing.start(1000)
last, began, used = time.perf_counter(), time.time(), time.process_time()
while time.time() < began + 60:
    QApplication.processEvents()
    time.sleep(0.0005)
print(json.dumps({"p99": 1000 * float(np.percentile(ticks, 99)), "max": 1000 * max(ticks),
                  "cpu": (time.process_time() - used) / 60, "first": first}), flush=True)
os._exit(0)
"""


def killed_once(files: list[Path], rng: random.Random) -> tuple[float, str]:
    """Kill one window; returns the seconds of edits that are lost, and the problem where it cannot be restored."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"RAMANSTUDIO_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
        command = [sys.executable, "-c", EDITING, *map(str, files)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
            assert process.stdout is not None
            if not select.select([process.stdout], [], [], START_S)[0]:
                process.kill()
                return 0.0, f"no edit within {START_S} s of the start"
            process.stdout.readline()  # the first edit
            time.sleep(rng.uniform(0, 15))
            process.send_signal(signal.SIGKILL)
            lines = process.stdout.read().split("\n")
        made = {int(line.split()[0]): float(line.split()[1]) for line in lines if line.count(" ") == 1}
        last = max(made.values(), default=0.0)
        first = min(made.values(), default=0.0)
        waiting = recovery.find_recoveries(Path(home) / "data" / "recovery")
        if not waiting:
            return last - first, "" if last - first < 10 else "nothing to restore"
        try:
            project = recovery.recover(waiting[0]).project
        except StudioError as error:
            return last - first, str(error)
        if len(project.entries) != len(files) or any(entry.source is None for entry in project.entries):
            return last - first, "entries are missing"
        names = project.groups.names() if project.groups is not None else []
        number = max((int(name.split()[1]) for name in names if name.startswith("edit ")), default=0)
        return last - made.get(number, first), ""


def kill(count: int, seed: int) -> None:
    """Kill `count` windows and write what was lost."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.txt" for number in range(20)]
        for number, path in enumerate(files):
            values = np.random.default_rng(number).normal(100, 9, 500)
            np.savetxt(path, np.column_stack([np.linspace(200, 3200, 500), values]), fmt="%.3f")
        outcomes = []
        for number in range(count):
            outcomes.append(killed_once(files, rng))
            print(f"{number + 1}: {outcomes[-1][0]:.1f} s lost {outcomes[-1][1]}", flush=True)
    lost = np.array([seconds for seconds, _ in outcomes])
    problems = [problem for _, problem in outcomes if problem]
    rows = [(count, f"{np.median(lost):.1f} s", f"{lost.max():.1f} s", len(problems))]
    text = f"{machine()}\n\n" + table(("kills", "lost, median", "lost, most", "could not be restored"), rows)
    write_section("Autosave: window killed at random moments", text)


def cost() -> None:
    """Measure editing with autosave and without."""
    rows = []
    for state in ("off", "on", "off", "on"):
        with tempfile.TemporaryDirectory() as home:
            environment = os.environ | {"RAMANSTUDIO_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
            command = [sys.executable, "-c", COST, state]
            run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
        measured = json.loads(run.stdout.splitlines()[-1])
        first = f"{measured['first']:.1f}" if state == "on" else "–"
        times = (f"{measured['p99']:.1f}", f"{measured['max']:.1f}", f"{100 * measured['cpu']:.1f} %")
        rows.append((state, *times, first))
    head = ("autosave", "tick p99 / ms", "longest tick / ms", "of a core", "first save / s of processor")
    text = f"{machine()}; a timer of 10 ms, 10 000 spectra × 1000 points, an edit a second\n\n" + table(head, rows)
    write_section("Autosave: cost while editing", text)


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("kill", "cost"))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.what == "kill":
        kill(arguments.count, arguments.seed)
    else:
        cost()


if __name__ == "__main__":
    main()
