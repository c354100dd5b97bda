"""The processing panel: rows say what each step did, edits reach the spectra, tools on the plot set parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.processing.parameters import PARAMETERS
from ramanstudio.gui.processing.processing_panel import ProcessingPanel
from ramanstudio.gui.processing.step_editors import NumberField
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.ranges import Crop, CutOut
from ramanstudio.processing.recipe import STEPS, Recipe
from ramanstudio.project import project_file
from ramanstudio.project.project import Result
from tests.gui.driver import Starter, Window, write_spectra, write_spectrum


@pytest.fixture
def window(start: Starter, tmp_path: Path) -> Window:
    window = start(write_spectrum(tmp_path / "a.txt"))
    settle(window)
    return window


def panel(window: Window) -> ProcessingPanel:
    processing = window.window.metadata_panel.processing
    assert isinstance(processing, ProcessingPanel)
    return processing


def settle(window: Window) -> None:
    session, denoising = window.services.session, window.services.denoising
    window.wait_until(
        lambda: bool(session.project.entries) and all(map(denoising.is_processed, session.project.entries))
    )
    for _ in range(3):
        QTest.qWait(20)


def result(window: Window, index: int = 0) -> Result:
    project = window.services.session.project
    found = project.result(project.entries[index])
    assert found is not None
    return found


def rows(window: Window) -> list[tuple[str, bool, str]]:
    return [(row.check.text(), row.check.isChecked(), row.summary.toolTip()) for row in panel(window).rows]


def click(window: Window, shift: float, intensity: float) -> None:
    view = window.window.page.view
    assert view is not None
    plot: QWidget = view._panes.viewport()
    position = plot.mapFrom(view, view.position_of(shift, intensity).toPoint())
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=position)
    QTest.qWait(30)


def drag(window: Window, start: tuple[float, float], end: tuple[float, float]) -> None:
    view = window.window.page.view
    assert view is not None
    plot: QWidget = view._panes.viewport()
    first, last = (plot.mapFrom(view, view.position_of(*point).toPoint()) for point in (start, end))
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=first)
    for step in range(1, 6):
        QTest.mouseMove(plot, first + (last - first) * step / 5, 5)
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=last)
    QTest.qWait(30)


def test_every_step_can_be_added_from_the_menu_with_parameters_that_suit_the_spectra(window: Window) -> None:
    assert set(PARAMETERS) == set(STEPS)
    assert [row[0] for row in rows(window)] == ["Cosmic rays", "Denoise"]
    for kind in (Crop, SubtractBaseline):
        window.do(f"add_{kind.key}")
    settle(window)
    assert [row[0] for row in rows(window)] == ["Cosmic rays", "Crop", "Denoise", "Baseline"]
    assert not any(row.problem.isVisible() for row in panel(window).rows)
    assert rows(window)[3][2].startswith("automatic")


def test_a_row_that_is_switched_off_changes_the_spectra_and_undo_switches_it_on(window: Window) -> None:
    window.do("add_normalise")
    settle(window)
    assert result(window).final.values.max() == pytest.approx(1)
    row = panel(window).rows[2]
    QTest.mouseClick(row.check, Qt.MouseButton.LeftButton, pos=QPoint(8, row.check.height() // 2))
    settle(window)
    assert result(window).final.values.max() > 10
    window.do("undo")
    settle(window)
    assert result(window).final.values.max() == pytest.approx(1)


def test_a_slider_is_one_edit_and_shows_the_step_on_the_plot(window: Window) -> None:
    window.do("add_smooth")
    settle(window)
    row = panel(window).rows[2]
    assert row.editor is not None
    field = row.editor.field("width_cm")
    assert isinstance(field, NumberField)
    assert field.slider is not None
    field.slider.setSliderDown(True)
    for position in (200, 260, 300):
        field.slider.setValue(position)
        QTest.qWait(20)
    field.slider.setSliderDown(False)
    settle(window)
    width = window.services.session.project.entries[0].recipe.steps[2].step.width_cm  # type: ignore[attr-defined]
    assert width > 40
    assert rows(window)[2][2].startswith(f"{width:g} cm⁻¹")
    view = window.window.page.view
    assert view is not None
    assert "result" in view.legend
    window.do("undo")
    assert window.services.session.undo_title == "Add smooth"


def test_a_step_that_cannot_be_applied_says_so_at_its_row_and_leaves_the_spectra(window: Window) -> None:
    before = result(window).final.values
    editor = window.services.recipe_editor
    editor.add(Crop(5000, 6000))
    settle(window)
    row = panel(window).rows[1]
    assert row.problem.isVisible()
    assert "5000" in row.problem.text()
    assert np.array_equal(result(window).final.values, before)


def test_rows_are_moved_by_dragging_and_by_the_keyboard(window: Window) -> None:
    for name in ("add_baseline", "add_normalise"):
        window.do(name)
    settle(window)
    row = panel(window).rows[3]
    handle = row._handle
    to = handle.mapFrom(panel(window), panel(window).rows[2].geometry().topLeft() + QPoint(2, 2))
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    QTest.mouseMove(handle, to, 10)
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=to)
    settle(window)
    assert [row[0] for row in rows(window)] == ["Cosmic rays", "Denoise", "Normalise", "Baseline"]
    second = panel(window).rows[2]
    second.setFocus()
    QTest.keyClick(second, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    settle(window)
    assert [row[0] for row in rows(window)] == ["Cosmic rays", "Denoise", "Baseline", "Normalise"]


def test_a_recipe_is_used_applied_to_all_saved_and_loaded(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 3))
    settle(window)
    entries = window.services.session.project.entries
    window.services.session.select([entries[0].id])
    window.do("use_recipe_2")
    settle(window)
    recipes = [entry.recipe.name for entry in window.services.session.project.entries]
    assert recipes == ["Routine", "Default", "Default"]
    window.do("apply_recipe_to_all")
    settle(window)
    assert len({id(entry.recipe) for entry in window.services.session.project.entries}) == 1
    editor = window.services.recipe_editor
    editor.save(tmp_path / "mine.toml")
    editor.use(Recipe.default())
    editor.load(tmp_path / "mine.toml")
    assert [row.step.key for row in editor.recipe.steps] == ["cosmic_rays", "denoise", "baseline", "normalise"]


def test_a_click_on_the_plot_adds_a_cosmic_ray_and_another_takes_it_back(window: Window) -> None:
    window.do("mark_cosmic_rays")
    settle(window)
    step = result(window).source.axis[1] - result(window).source.axis[0]
    assert window.services.plot_tools.tool == "cosmic rays"
    click(window, 1000.0, 20.0)
    settle(window)
    replaced = result(window).processed.replaced[0]  # type: ignore[union-attr]
    assert abs(result(window).source.axis[np.flatnonzero(replaced)] - 1000).max() < 1.5 * step
    click(window, 1000.0, 20.0)
    settle(window)
    assert not result(window).processed.replaced.any()  # type: ignore[union-attr]


def test_ranges_and_anchor_points_are_dragged_on_the_plot(window: Window) -> None:
    editor = window.services.recipe_editor
    editor.add(CutOut(()))
    settle(window)
    window.services.plot_tools.set_tool("range")
    drag(window, (900, 40), (1100, 40))
    settle(window)
    (cut,) = editor.recipe.steps[1].step.ranges_cm  # type: ignore[attr-defined]
    assert cut == pytest.approx((900, 1100), abs=10)
    axis = result(window).final.axis
    assert not ((axis > cut[0]) & (axis < cut[1])).any()
    editor.add(SubtractBaseline("anchors", anchors=((300.0, 3.0), (1700.0, 17.0))))
    settle(window)
    window.services.plot_tools.set_tool("anchors")
    click(window, 500, 30)
    settle(window)
    step = editor.recipe.steps[3].step
    assert isinstance(step, SubtractBaseline)
    assert len(step.anchors) == 3
    drag(window, step.anchors[1], (700, 50))
    settle(window)
    step = editor.recipe.steps[3].step
    assert isinstance(step, SubtractBaseline)
    assert step.anchors[1] == pytest.approx((700, 50), abs=12)
    click(window, *step.anchors[1])
    step = editor.recipe.steps[3].step
    assert isinstance(step, SubtractBaseline)
    assert len(step.anchors) == 2


def test_marks_by_hand_stay_with_their_spectrum_when_a_recipe_is_given_to_all(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 2))
    settle(window)
    session = window.services.session
    session.select([session.project.entries[0].id])
    window.services.plot_tools.mark_cosmic_ray(1000.0)
    settle(window)
    session.select([session.project.entries[1].id])
    window.do("use_recipe_2")
    window.do("apply_recipe_to_all")
    settle(window)
    first, second = (entry.recipe.steps[0].step for entry in session.project.entries)
    assert isinstance(first, RemoveCosmicRays)
    assert isinstance(second, RemoveCosmicRays)
    assert len(first.added) == 1
    assert second.added == ()


def test_the_mean_of_the_selection_is_a_new_spectrum_with_its_origin_and_standard_error(
    start: Starter, tmp_path: Path
) -> None:
    window = start(*write_spectra(tmp_path, 4))
    settle(window)
    session = window.services.session
    ids = [entry.id for entry in session.project.entries]
    corrected = Recipe.of(RemoveCosmicRays(), Crop(300, 1700), Denoise("no"), SubtractBaseline("rubber band"))
    session.edit_recipes(ids, lambda _: corrected, "Correct")
    settle(window)
    session.select(ids)
    rows = np.concatenate([result(window, index).measured.values for index in range(4)])
    expected = rows.mean(axis=0)
    window.do("average")
    window.wait_until(lambda: len(session.project.entries) == 5)
    entry = session.project.entries[4]
    assert entry.source is not None
    assert entry.name.startswith("Average of 4")
    assert np.allclose(entry.source.values[0], expected, rtol=1e-5)
    assert "spectrum_0000.txt" in str(entry.source.about["operands"])
    assert "standard error" in window.message
    settle(window)
    assert session.selected_ids == (entry.id,)
    steps = [row.step for row in entry.recipe.steps]
    assert steps == [RemoveCosmicRays(), Denoise("no"), SubtractBaseline("rubber band")], "cropped already"
    standard_error = rows.std(axis=0, ddof=1) / 2
    session.edit_recipes([entry.id], lambda recipe: recipe.with_enabled(1, False).with_enabled(2, False), "Off")
    settle(window)
    shown = result(window, 4).final_error
    assert shown is not None, "drawn as the band, and exported"
    assert np.allclose(shown[0], standard_error, rtol=1e-4)
    project_file.save(session.project, tmp_path / "work.ramanstudio")
    stored = project_file.load(tmp_path / "work.ramanstudio").entries[4].standard_error
    assert stored is not None and np.allclose(stored[0], standard_error, rtol=1e-4)


def test_the_middle_of_the_plot_reports_where_it_was_clicked(window: Window) -> None:
    view = window.window.page.view
    assert view is not None
    clicks: list[tuple[float, float]] = []
    view.clicked.connect(lambda shift, height: clicks.append((shift, height)))
    click(window, 1000, 40)
    assert clicks == [], "without a tool a click does nothing"
    view.set_tool("click")
    click(window, 1000, 40)
    assert clicks[0] == pytest.approx((1000, 40), abs=4)


def test_the_saved_profile_that_fits_is_chosen_when_calibration_is_added_and_said_at_the_row(
    start: Starter, tmp_path: Path
) -> None:
    from benchmarks.simulated_axes import Distortion, spectrum_of
    from ramanstudio import calibration
    from ramanstudio.calibration.profile_files import store

    silicon = spectrum_of(calibration.find_substance("silicon"), np.random.default_rng(3), 100.0,
                          Distortion(5.0, 0, 0, 150, 3300), laser_nm=785.0)  # fmt: skip
    rows_of_file = (f"{x:.3f}\t{y:.6f}" for x, y in zip(silicon.axis, silicon.values[0], strict=True))
    header = "# Instrument: Spectrometer A\n# Grating: 600\n# Laser: 785 nm\nRaman shift (cm-1)\tIntensity\n"
    (tmp_path / "si.txt").write_text(header + "\n".join(rows_of_file))
    silicon = silicon.with_about(instrument="Spectrometer A", grating="600")
    store(calibration.calibrate(silicon, "silicon", name="A, silicon"))
    window = start(tmp_path / "si.txt")
    settle(window)
    window.do("add_shift")
    settle(window)
    summary = next(text for title, _, text in rows(window) if title.startswith("Raman shift"))
    assert summary.startswith(("-4.9", "-5"))
    assert "'A, silicon', automatic" in summary
    assert abs(float(result(window).final.axis[np.argmax(silicon.values[0])]) - 520.45) < 1.6
    session = window.services.session
    assert ("Calibrated by", "A, silicon") in window.window.metadata_panel._shown_rows
    other = calibration.calibrate(silicon.with_about(grating="1200"), "silicon", name="other grating")
    path = store(other)
    index = next(i for i, step in enumerate(session.project.entries[0].recipe.steps) if step.step.key == "shift")
    panel(window).rows[index].edited.emit("profile", str(path), None)
    settle(window)
    summary = next(text for title, _, text in rows(window) if title.startswith("Raman shift"))
    assert "another grating (1200, not 600)" in summary
