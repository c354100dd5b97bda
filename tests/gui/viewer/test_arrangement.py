"""Several spectra together: scaled, one above the other, in colours of a scale, and the axis in other units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from ramanstudio.core.spectral_units import from_shift
from ramanstudio.gui.document.peak_label import PeakLabel
from ramanstudio.gui.viewer.arrangement import arranged, automatic_percent
from ramanstudio.gui.viewer.displayed_spectra import DisplayedSpectrum, DisplayOptions
from ramanstudio.gui.viewer.plot_panes import PlotPanes
from ramanstudio.gui.viewer.spectrum_view import SpectrumView

AXIS = np.linspace(200.0, 1800.0, 801)
LINE = np.exp(-0.5 * ((AXIS - 1000) / 20) ** 2)
PLAIN = DisplayOptions()


def spectra(count: int) -> list[DisplayedSpectrum]:
    """Spectra of different heights, the even ones denoised."""
    noise = np.random.default_rng(3).normal(0, 0.5, (count, AXIS.size))
    return [
        DisplayedSpectrum(
            f"sample {rank}",
            AXIS,
            50 * (rank + 1) * LINE + 10 + noise[rank],
            50 * (rank + 1) * LINE + 10 if rank % 2 == 0 else None,
            np.full(AXIS.size, 0.5) if rank % 2 == 0 else None,
            "counts",
        )
        for rank in range(count)
    ]


@pytest.fixture
def view(qtbot: Any) -> Iterator[SpectrumView]:
    shown = SpectrumView()
    qtbot.addWidget(shown)
    shown.resize(820, 560)
    shown.show()
    qtbot.waitExposed(shown)
    yield shown
    shown.clear()


@pytest.mark.parametrize(("scaling", "measure"), [("maximum", np.max), ("area", np.mean), ("band", None)])
def test_each_spectrum_is_scaled_to_one_with_its_error(scaling: str, measure: Any) -> None:
    options = replace(PLAIN, scaling=scaling, scaling_band=(960, 1040))
    for before, item in zip(spectra(4), arranged(spectra(4), options).drawn, strict=True):
        shown = item.raw if item.denoised is None else item.denoised
        inside = shown[(AXIS >= 960) & (AXIS <= 1040)]
        assert (measure(shown) if measure else inside.mean()) == pytest.approx(1, rel=0.01)
        if before.expected_error is not None:
            assert item.expected_error is not None and before.denoised is not None and item.denoised is not None
            ratio = before.denoised / item.denoised
            assert before.expected_error / item.expected_error == pytest.approx(ratio)


def test_a_spectrum_with_nothing_in_the_band_is_scaled_to_its_maximum_and_says_so() -> None:
    items = [replace(item, raw=item.raw - 10, denoised=None) for item in spectra(2)]
    drawn = arranged(items, replace(PLAIN, scaling="band", scaling_band=(300, 400))).drawn
    assert all(item.name.endswith("(to its maximum)") and item.raw.max() == pytest.approx(1) for item in drawn)


@pytest.mark.parametrize("log", [False, True])
def test_with_an_offset_the_first_spectrum_is_on_top_and_no_curve_meets_the_next(log: bool) -> None:
    arrangement = arranged(spectra(6), replace(PLAIN, offset=True, scaling="maximum", log=log, offset_percent=120))
    curves = [np.log10(item.raw) if log else item.raw for item in arrangement.drawn]
    feet = [np.percentile(curve, 1) for curve in curves]
    assert np.diff(feet) == pytest.approx(np.full(5, np.mean(np.diff(feet)))) and feet[0] > feet[-1]
    assert abs(feet[-1]) < 0.05
    assert arrangement.without_offset[0].raw.max() == pytest.approx(1, abs=0.1)


def test_many_spectra_are_offset_by_less() -> None:
    assert automatic_percent(2) == 110 and automatic_percent(200) == pytest.approx(6)


def test_the_plot_names_offset_curves_at_their_end_and_copies_them_without_offset(view: SpectrumView) -> None:
    view.show_spectra(spectra(4))
    whole = view.visible_range()[1]
    view.set_options(offset=True)
    boxes = view.trace_labels.placed()
    assert [trace.name for _, _, trace in boxes] == [f"sample {rank}" for rank in range(4)]
    assert [box.top() for box, _, _ in boxes] == sorted(box.top() for box, _, _ in boxes)
    assert view.legend == [] and view.visible_range()[1][1] > whole[1]
    header, first = view.numbers().splitlines()[:2]
    assert "sample 3 raw / counts" in header and 8 < float(first.split("\t")[1]) < 12
    view.set_options(offset=False)
    assert not view.trace_labels.isVisible() and len(view.legend) == 4


def test_two_hundred_spectra_have_the_colours_of_a_scale_and_names_that_do_not_overlap(view: SpectrumView) -> None:
    view.show_spectra(spectra(200))
    view.set_options(offset=True, scaling="maximum")
    view.finish_drawing()
    placed = view.trace_labels.placed()
    assert 5 < len(placed) < 60 and len({trace.colour for _, _, trace in placed}) > 5
    assert not any(a.intersects(b) for i, (a, _, _) in enumerate(placed) for b, _, _ in placed[:i])
    assert view.legend == ["200 spectra, from the first to the last"]
    image = view.grab().toImage()
    colours = {image.pixelColor(x, y).hue() // 30 for x in range(150, 600, 3) for y in range(60, 480, 3)}
    assert len(colours) >= 4  # violet to yellow


def test_one_spectrum_is_not_arranged(view: SpectrumView) -> None:
    view.set_options(offset=True, scaling="maximum")
    view.show_spectra(spectra(1))
    assert not view.trace_labels.isVisible() and view.visible_range()[1][1] > 50


def test_the_axis_the_readout_the_labels_and_the_copy_follow_the_unit_and_the_data_stay(view: SpectrumView) -> None:
    view.show_spectra(spectra(1))
    view.show_peak_labels([PeakLabel(1000.0, 60.0, "1000.0")])
    shifts, position = view.visible_range()[0], view.position_of(1000.0, 30.0)
    view.set_axis_unit("nm", 532.0)
    assert view.visible_range()[0] == shifts and view.position_of(1000.0, 30.0) == position
    assert view.peak_labels.labels[0].text == "561.89" and view.peak_labels.labels[0].shift == 1000.0
    QTest.mouseMove(view.childAt(position.toPoint()), QPoint(5, 5))
    plot = view.focusProxy()
    QTest.mouseMove(plot.viewport(), plot.viewport().mapFrom(view, position.toPoint()))  # type: ignore[union-attr]
    assert view.readout.split(" nm")[0].startswith("561.")
    header, first = view.numbers().splitlines()[:2]
    assert header.startswith("Wavelength / nm\t")
    assert float(first.split("\t")[0]) == pytest.approx(float(from_shift(200.0, "nm", 532.0)), abs=1e-3)
    ticks = view.findChild(PlotPanes).shift_axis.numbers()  # type: ignore[union-attr]
    assert ticks and all(float(from_shift(shift, "nm", 532.0)) == pytest.approx(float(text)) for shift, text in ticks)
    view.set_axis_unit("nm", None)
    assert view.numbers().startswith("Raman shift / cm⁻¹") and view.peak_labels.labels[0].text == "1000.0"
