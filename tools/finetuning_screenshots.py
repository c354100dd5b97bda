"""Take screenshots of the fine-tuning wizard: drives the real window on spectra simulated from the starter library.

Needs no display, and touches no settings of the user's.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
sys.path.insert(0, str(ROOT))
if sys.platform.startswith("linux"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

import h5py  # noqa: E402
import numpy as np  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from ramanstudio.gui.finetuning.wizard import FineTuneWizard  # noqa: E402
from ramanstudio.gui.shell import app  # noqa: E402
from ramanstudio.gui.shell.main_window import MainWindow  # noqa: E402
from ramanstudio.library import starter_library  # noqa: E402

SUBSTANCES = ("Calcite", "Dolomite", "Aragonite", "Gypsum", "Anhydrite", "Quartz")
COUNT, N_LABELLED = 9, 5
MIXED_UP = {("Quartz", 2): "Gypsum"}  # one label is wrong, so that the pictures show a possible label error


def write_grains(path: Path) -> None:
    """Nine noisy spectra of each substance under fluorescence, five of them labelled, each of a grain of its own."""
    rng = np.random.default_rng(4)
    axis = np.linspace(150, 1300, 700)
    known = {table.name.casefold(): table for table in starter_library.peak_tables()}
    values, labels, grains = [], [], []
    for name in SUBSTANCES:
        spectrum = starter_library.simulate(known[name.casefold()])
        line = np.interp(axis, spectrum.axis, spectrum.values[0])
        for number in range(COUNT):
            background = rng.uniform(0.5, 4) * np.exp(-((axis - rng.uniform(300, 1000)) ** 2) / 6e5)
            values.append(100 * (line / line.max() + background) + rng.normal(0, rng.uniform(6, 30), len(axis)))
            labels.append((MIXED_UP.get((name, number), name)) if number < N_LABELLED else "")
            grains.append(f"grain {len(grains) // 2 + 1}")
    with h5py.File(path, "w") as file:
        group = file.create_group("grains, simulated")
        group["axis"], group["values"] = axis, np.array(values)
        for column, words in (("label", labels), ("sample", grains)):
            group.create_dataset(column, data=words, dtype=h5py.string_dtype())


def wait(until: Callable[[], bool], seconds: float = 300.0) -> None:
    """Let the window work until something is true; ends the program where it never comes."""
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            sys.exit(f"finetuning_screenshots: gave up after {seconds:g} s")
        QApplication.processEvents()
        time.sleep(0.01)


def walk(window: MainWindow, theme: str) -> None:
    """Go through the pages, and take a picture of each."""
    window.services.settings["theme"] = theme
    window.actions_by_id["finetune"].trigger()

    def visible() -> list[FineTuneWizard]:
        widgets = QApplication.topLevelWidgets()
        return [widget for widget in widgets if isinstance(widget, FineTuneWizard) and widget.isVisible()]

    wait(lambda: bool(visible()))
    wizard = visible()[0]
    wait(wizard.labels_page.label_errors.isVisible)

    def take(name: str) -> None:
        for _ in range(10):
            QApplication.processEvents()
        path = FOLDER / f"finetune-{name}-{theme}.png"
        wizard.grab().save(str(path))
        print(path.relative_to(ROOT))

    take("1-labels")
    wizard.next()
    take("2-samples")
    wizard.next()
    wizard.train_page.train_button.click()
    wait(lambda: wizard.state.result is not None)
    wait(lambda: not window.services.workers.busy)
    take("3-train")
    wizard.next()
    take("4-result")
    wizard.next()
    wizard.save_page.name.setText("carbonates and sulfates")
    take("5-save")
    wizard.done(0)  # without the question before the model is lost


def main() -> int:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["RAMANSTUDIO_HOME"] = os.environ["HOME"] = home
        grains = Path(home) / "grains.h5"
        write_grains(grains)
        window = app.start([str(grains)])
        window.resize(1440, 900)
        wait(lambda: window.services.denoising.engine is not None and len(window.services.session.project.results) == 1)
        for theme in ("light", "dark"):
            walk(window, theme)
        window.close()
        window.end()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
