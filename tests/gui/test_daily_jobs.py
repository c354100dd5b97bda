"""Jobs of every day from the file to the result, by the menus and buttons that a user would take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.gui.document.recipe_editor import BUILT_IN
from ramanstudio.gui.map.map_panel import MapPanel
from ramanstudio.processing.background import Background
from tests.gui.driver import Starter, Window, write_spectra

AXIS = np.linspace(300, 1700, 281)
GLASS = 200 * np.exp(-(((AXIS - 560) / 120) ** 2)) + 40
LINE = 90 * np.exp(-(((AXIS - 1002) / 8) ** 2))


def processed(window: Window) -> bool:
    entries = window.services.session.project.entries
    return bool(entries) and all(map(window.services.denoising.is_processed, entries))


def test_a_fluorescent_spectrum_with_cosmic_rays_is_corrected_by_one_recipe(start: Starter, tmp_path: Path) -> None:
    values = LINE + 900 * np.exp(-(((AXIS - 800) / 250) ** 2)) + np.random.default_rng(0).normal(0, 2, AXIS.size)
    values[[60, 200]] += (700, 450)
    np.savetxt(tmp_path / "mineral.txt", np.column_stack([AXIS, values]), fmt="%.3f")
    window = start(tmp_path / "mineral.txt")
    window.wait_until(lambda: processed(window))
    fluorescent = next(i for i, recipe in enumerate(BUILT_IN) if recipe.name == "Fluorescent sample")
    window.do(f"use_recipe_{fluorescent + 1}")
    window.wait_until(lambda: processed(window))
    entry = window.services.session.project.entries[0]
    result = window.services.session.project.result(entry)
    assert result is not None and result.processed is not None
    assert np.flatnonzero(result.processed.replaced[0]).tolist() == [60, 200]
    final = result.final.values[0]
    assert abs(np.linalg.norm(final) - 1) < 1e-4
    assert abs(AXIS[final.argmax()] - 1002) < 6, "the line is the strongest, not the fluorescence"


def test_the_average_of_repeats_has_a_band_and_a_ratio(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 10))
    window.wait_until(lambda: len(window.services.session.project.entries) == 10 and processed(window))
    window.do("select_all")
    window.do("average")
    window.wait_until(lambda: len(window.services.session.project.entries) == 11 and processed(window))
    (average,) = window.services.session.selected
    result = window.services.session.project.result(average)
    assert result is not None and result.denoised is not None and result.final_error is not None
    assert average.standard_error is not None and average.name.startswith("Average of 10")
    window.wait_until(lambda: window.snr != "")
    scatter = np.sqrt(np.mean(average.standard_error**2))
    assert 0.5 < scatter / (5 / np.sqrt(10)) < 1.5, "the noise of one is 5"


def test_the_mean_of_a_map_region_without_substrate_is_one_click(start: Starter, tmp_path: Path) -> None:
    y, x = np.divmod(np.arange(30.0), 6)
    noise = np.random.default_rng(1).normal(0, 1, (30, AXIS.size))
    hdf5.write(tmp_path / "map.h5", SpectrumSet(AXIS, GLASS + LINE * (x[:, None] >= 3) + noise, {"x": x, "y": y}))
    np.savetxt(tmp_path / "glass.txt", np.column_stack([AXIS, GLASS]), fmt="%.3f")
    window = start(tmp_path / "map.h5")
    window.wait_until(lambda: processed(window))
    bar = window.window.tabs.bar
    titles = [bar.tabText(index) for index in range(bar.count()) if bar.tabRect(index).width() > 0]
    assert "Map" in titles, "the tab is there without another click"
    session, editor = window.services.session, window.services.recipe_editor
    editor.add(Background(str(tmp_path / "glass.txt")))
    window.wait_until(lambda: processed(window))
    window.do("tab_map")
    session.select_spectra(np.ones(15, dtype=np.int64), np.flatnonzero(x >= 3))
    panel = window.window.findChildren(MapPanel)[0]
    window.wait_until(lambda: panel._region_text.text() == "15 spectra selected of 30")
    window.wait_until(panel.mean_button.isEnabled)
    QTest.mouseClick(panel.mean_button, Qt.MouseButton.LeftButton)
    window.wait_until(lambda: len(session.project.entries) == 2 and processed(window))
    mean = session.project.entries[1]
    assert mean.source is not None
    assert np.abs(mean.source.values[0] - LINE).max() < 6, "the glass is off, the line is whole"
    assert not any(isinstance(row.step, Background) for row in mean.recipe.steps), "it is not subtracted again"
