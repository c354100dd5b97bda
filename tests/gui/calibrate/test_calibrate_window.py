"""The calibration window: a standard is matched, corrected by hand, saved, verified, and everything can be read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.simulated_axes import Distortion, spectrum_of
from ramanstudio import calibration
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.calibrate.calibrate_window import CalibrateWindow
from ramanstudio.gui.calibrate.standard_plot import StandardPlot
from tests.gui.driver import Starter, Window
from tests.gui.layout import layout_problems


def write(path: Path, spectra: SpectrumSet) -> Path:
    rows = (f"{x:.4f}\t{y:.6f}" for x, y in zip(spectra.axis, spectra.values[0], strict=True))
    path.write_text("Raman shift (cm-1)\tIntensity\n" + "\n".join(rows))
    return path


def standard(folder: Path, substance: str, offset_cm: float, name: str = "") -> Path:
    rng = np.random.default_rng(2)
    known = calibration.find_substance(substance)
    spectra = spectrum_of(known, rng, 100.0, Distortion(offset_cm, 0, 0, 150, 3300), laser_nm=785.0)
    return write(folder / f"{name or substance}.txt", spectra)


def open_calibration(start: Starter, *files: Path) -> tuple[Window, CalibrateWindow]:
    window = start(*files)
    window.wait_until(lambda: len(window.rows()) == len(files))
    window.do("calibrate")
    (dialog,) = window.window.findChildren(CalibrateWindow)
    return window, dialog


def choose(dialog: CalibrateWindow, spectrum: str, substance: str) -> None:
    page = dialog.measure
    page.spectrum.setCurrentIndex(
        next(i for i in range(page.spectrum.count()) if spectrum in page.spectrum.itemText(i))
    )
    page.substance.setCurrentText(substance)


def at(plot: StandardPlot, shift: float) -> QPoint:
    """The pixel of a shift, in the middle of the plot."""
    view = plot.getViewBox()
    return plot.mapFromScene(view.mapViewToScene(QPointF(shift, float(np.mean(view.viewRange()[1])))))


def drag(plot: StandardPlot, start: float, end: float) -> None:
    """Drag with the left button from one shift to another."""
    port, left, none = plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseMove(port, at(plot, start))
    QTest.mousePress(port, left, none, at(plot, start))
    for share in (0.3, 0.6, 1.0):
        place = at(plot, start + share * (end - start))
        event = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), QPointF(port.mapToGlobal(place)), left, left, none)
        QApplication.sendEvent(port, event)
    QTest.mouseRelease(port, left, none, at(plot, end))


def matched(window: Window, dialog: CalibrateWindow) -> None:
    dialog.measure.match.click()
    window.wait_until(lambda: dialog.measure.match.isEnabled())


def test_a_standard_is_matched_saved_and_verified_with_a_second_one(start: Starter, tmp_path: Path) -> None:
    window, dialog = open_calibration(
        start, standard(tmp_path, "polystyrene", 6.0), standard(tmp_path, "calcite", 6.0),
        standard(tmp_path, "calcite", 0.0, "right"),
    )  # fmt: skip
    page = dialog.measure
    choose(dialog, "polystyrene", "Polystyrene")
    matched(window, dialog)
    assert "−6.0 cm⁻¹" in page.sentence.text() and "outside not known" in page.sentence.text()
    assert page.table.rowCount() >= 8
    page.name.setText("My instrument")
    page.save.click()
    profiles = dialog.profiles
    assert [profiles.profiles.item(i).text() for i in range(profiles.profiles.count())] == ["My instrument"]
    profiles.spectrum.setCurrentIndex(1)
    profiles.check.click()
    window.wait_until(lambda: profiles.lines.rowCount() > 0)
    assert "every line within" in profiles.verdict.text()
    profiles.spectrum.setCurrentIndex(2)
    profiles.check.click()
    window.wait_until(lambda: "worse" in profiles.verdict.text())
    assert "do not use it" in profiles.verdict.text()
    stored, _ = calibration.stored_profiles()
    assert [check.passed for check in stored[0].profile.checks] == [True, False]
    profiles.delete.click()
    assert profiles.profiles.count() == 0
    dialog.close()


def test_matches_are_moved_added_removed_and_switched_off(start: Starter, tmp_path: Path) -> None:
    window, dialog = open_calibration(start, standard(tmp_path, "polystyrene", 0.0))
    page = dialog.measure
    choose(dialog, "polystyrene", "Polystyrene")
    matched(window, dialog)
    assert page.draft is not None
    before = page.draft.lines
    strongest = next(i for i, line in enumerate(before) if abs(line.reference_cm - 1001.4) < 0.1)
    page.table.item(strongest, 0).setCheckState(Qt.CheckState.Unchecked)
    assert not page.draft.lines[strongest].used
    page.plot.getViewBox().setXRange(980, 1020, padding=0)  # as the wheel does
    drag(page.plot, before[strongest].shown_cm, 1003.0)
    assert page.draft.lines[strongest].used
    assert page.draft.lines[strongest].note == "set by hand"
    assert page.draft.lines[strongest].shown_cm == pytest.approx(before[strongest].shown_cm, abs=0.3)
    cell = page.table.visualItemRect(page.table.item(strongest, 1)).center()
    QTest.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, cell)
    QTest.mouseClick(page.remove, Qt.MouseButton.LeftButton)
    assert len(page.draft.lines) == len(before) - 1
    QTest.mouseDClick(
        page.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(page.plot, 1002.0)
    )
    assert 1001.4 in [line.reference_cm for line in page.draft.lines]
    page.table.selectRow(strongest)
    QTest.keyClick(page.table, Qt.Key.Key_Delete)
    assert len(page.draft.lines) == len(before) - 1
    dialog.close()


def test_the_wrong_substance_is_a_sentence_in_the_window(start: Starter, tmp_path: Path) -> None:
    window, dialog = open_calibration(start, standard(tmp_path, "calcite", 0.0))
    choose(dialog, "calcite", "Cyclohexane")
    matched(window, dialog)
    assert "not a spectrum of cyclohexane" in dialog.measure.sentence.text()
    assert not dialog.measure.save.isEnabled()
    dialog.close()


def test_an_intensity_standard_gives_a_correction_curve(start: Starter, tmp_path: Path) -> None:
    axis = np.arange(150.0, 3500.0, 2.0)
    glass = calibration.intensity_standards()["srm2241"].intensity(axis) * np.exp(-axis / 2500)
    window, dialog = open_calibration(start, write(tmp_path / "glass.txt", SpectrumSet.of(axis, glass)))
    choose(dialog, "glass", "NIST SRM 2241 (intensity, 785 nm)")
    matched(window, dialog)
    assert "outside nothing is corrected" in dialog.measure.sentence.text()
    assert dialog.measure.correction.series
    dialog.close()


@pytest.mark.parametrize("size", [(720, 450), (1440, 900)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_window_fits_in_both_themes(start: Starter, tmp_path: Path, size: tuple[int, int]) -> None:
    window, dialog = open_calibration(start, standard(tmp_path, "polystyrene", 6.0))
    dialog.close()
    window.window.resize(*size)
    window.do("calibrate")
    dialog = window.window.findChildren(CalibrateWindow)[-1]
    choose(dialog, "polystyrene", "Polystyrene")
    matched(window, dialog)
    dialog.measure.save.click()
    dialog.profiles.substance.setCurrentText("Polystyrene")
    for count in (1, 2):
        dialog.profiles.check.click()
        window.wait_until(lambda count=count: len(dialog.profiles.chosen.profile.checks) == count)
    window.wait_until(lambda: dialog.profiles.lines.rowCount() > 0)
    problems = {}
    for theme in ("light", "dark"):
        window.services.settings["theme"] = theme
        for tab in (0, 1):
            dialog.tabs.setCurrentIndex(tab)
            QTest.qWait(80)
            assert dialog.width() <= size[0] and dialog.height() <= size[1]
            problems[theme, tab] = layout_problems(dialog)
            if os.environ.get("SCREENSHOTS"):
                dialog.grab().save(f"{os.environ['SCREENSHOTS']}/cal-{size[0]}-{theme}-{tab}.png")
                if tab == 0:
                    for page in (1, 2):
                        dialog.measure.pages.setCurrentIndex(page)
                        QTest.qWait(60)
                        dialog.grab().save(f"{os.environ['SCREENSHOTS']}/cal-{size[0]}-{theme}-{tab}-{page}.png")
                    dialog.measure.pages.setCurrentIndex(0)
    dialog.close()
    assert {case: found for case, found in problems.items() if found} == {}


def test_the_history_of_verifications_is_drawn_over_time() -> None:
    from ramanstudio.calibration.profile import Check
    from ramanstudio.gui.calibrate.charts import _times

    checks = [Check(date, "calcite", 0.2, 0.4, 1.0, True) for date in ("2026-01-01 10:00:00", "2026-02-10")]
    assert _times(checks) == ([0.0, 40.0], "Days since 2026-01-01")
    assert _times([*checks, Check("yesterday", "calcite", 0.2, 0.4, 1.0, True)])[0] == [1.0, 2.0, 3.0]
