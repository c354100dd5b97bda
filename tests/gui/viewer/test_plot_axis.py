"""The numbers on the axes, as a reader expects them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.viewer.plot_axis import PlotAxis, decimals_for, power_of_ten


def numbers(axis: PlotAxis, low: float, high: float, pixels: float = 400) -> list[str]:
    axis.setRange(low, high)
    ticks = axis.tickValues(low, high, pixels)
    return axis.tickStrings(ticks[0][1], 1.0, ticks[0][0])


@pytest.fixture
def intensity(qapp: QApplication) -> Any:
    return PlotAxis("left", "Intensity", "counts")


def test_numbers_have_a_true_minus_and_thousands_set_apart() -> None:
    assert format_number(1234) == "1234"
    assert format_number(12345.6) == "12\u202f346"
    assert format_number(-0.5, 1) == "−0.5"
    assert format_number(-0.0001, 1) == "0.0"
    assert [decimals_for(step) for step in (100, 1, 0.5, 0.02)] == [0, 0, 1, 2]
    assert power_of_ten(-6) == "10⁻⁶"


def test_ticks_are_round_and_few(intensity: PlotAxis) -> None:
    assert numbers(intensity, -12, 81) == ["0", "20", "40", "60", "80"]
    assert numbers(intensity, -18, 18, 130) == ["−10", "0", "10"]
    assert numbers(intensity, 0.0, 0.34) == ["0.00", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30"]


def test_the_power_of_ten_of_large_and_small_numbers_is_in_the_label(intensity: PlotAxis) -> None:
    assert numbers(intensity, 0, 2.1e6) == ["0.0", "0.5", "1.0", "1.5", "2.0"]
    assert "Intensity / 10⁶ counts" in intensity.labelString()
    assert numbers(intensity, 0, 4.2e-5)[-1] == "40"
    assert "10⁻⁶ counts" in intensity.labelString()
    numbers(intensity, 0, 60_000)
    assert intensity.labelText == "Intensity / counts"
    intensity.set_unit("a.u.")
    assert intensity.labelText == "Intensity / a.u."


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 2.0, ["1", "2", "5", "10", "20", "50", "100"]),
        (1.0, 7.0, ["10", "100", "1000", "10\u202f000", "10⁵", "10⁶", "10⁷"]),
        (2.0, 2.3, ["100", "120", "140", "160", "180"]),
    ],
)
def test_a_logarithmic_axis_shows_the_values(intensity: PlotAxis, low: float, high: float, expected: list[str]) -> None:
    intensity.set_log(True)
    assert numbers(intensity, low, high) == expected


def test_an_empty_range_has_no_ticks(intensity: PlotAxis) -> None:
    assert intensity.tickValues(1.0, 1.0, 300) == []
    assert intensity.tickValues(float("nan"), 1.0, 300) == []
    assert np.isfinite(intensity.wanted_width())
