"""The display options in the window: View menu, Display button, what is remembered, and axes that need the laser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtTest import QTest

from tests.gui.driver import Starter, write_spectra, write_spectrum


def test_offset_and_scale_are_chosen_by_key_menu_and_slider_and_remembered(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 4))
    window.wait_settled()
    view, actions, settings = window.window.page.view, window.window.actions_by_id, window.services.settings
    assert view is not None
    window.services.session.select(entry.id for entry in window.services.session.project.entries)
    window.wait_until(lambda: len(view.legend) == 4)
    low, high = view.visible_range()[1]
    QTest.keyClick(window.window, "O")
    window.wait_until(lambda: actions["offset_spectra"].isChecked() and view.trace_labels.isVisible())
    assert view.visible_range()[1][1] > 2 * high
    window.window.page.header.display.set_offset(200)
    assert view.visible_range()[1][1] > 3.5 * high and settings["offset_percent"] == 200
    window.do("scale_maximum")
    assert view.visible_range()[1][1] < 15 and "of its maximum" in view.numbers()
    assert settings["offset_spectra"] and settings["spectra_scaling"] == "maximum"
    window.window.page.header.display.band.changed.emit(0, 580.0, 620.0)
    window.do("scale_band")
    assert (settings["scaled_band_low"], settings["scaled_band_high"]) == (580.0, 620.0)
    window.do("scale_none")
    QTest.keyClick(window.window, "O")
    window.wait_until(lambda: view.visible_range()[1] == (low, high))


def test_the_axis_in_nm_needs_a_known_laser_and_says_so(start: Starter, tmp_path: Path) -> None:
    green = tmp_path / "green.txt"
    axis = np.linspace(200, 1800, 200)
    np.savetxt(green, np.column_stack([axis, 100 + 50 * np.exp(-(((axis - 900) / 10) ** 2))]), delimiter="\t")
    green.write_text("Laser wavelength: 532 nm\n" + green.read_text(encoding="utf-8"), encoding="utf-8")
    window = start(green, write_spectrum(tmp_path / "unknown.txt"))
    window.wait_settled()
    view, actions, header = window.window.page.view, window.window.actions_by_id, window.window.page.header
    assert view is not None
    window.choose("green.txt")
    window.do("axis_nm")
    assert view.numbers().startswith("Wavelength / nm") and window.services.settings["axis_unit"] == "nm"
    window.choose("unknown.txt")
    window.wait_until(lambda: not actions["axis_ev"].isEnabled() and not header.has_laser)
    assert view.numbers().startswith("Raman shift") and "not known" in header.detail
    assert any("not known" in action.text() for action in header.display.menu().actions() if action.isVisible())
    window.choose("green.txt", "unknown.txt")
    window.wait_until(lambda: "some of these" in header.detail)
    window.choose("green.txt")
    window.wait_until(lambda: view.numbers().startswith("Wavelength / nm") and "cm⁻¹" not in header.detail)
