"""The legend above a plot leaves the plot its room, and says how many names it left out."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.gui.common import theme
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.curve_legend import CurveLegend


@pytest.fixture
def legend(qtbot: object) -> CurveLegend:
    plot = QWidget()
    qtbot.addWidget(plot)  # type: ignore[attr-defined]
    legend = CurveLegend(plot, theme.load_theme("light"))
    layout = QVBoxLayout(plot)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(legend)
    layout.addStretch()
    plot.resize(300, 240)
    plot.show()
    return legend


def test_many_names_leave_a_low_plot_its_room_and_a_high_one_shows_them_all(legend: CurveLegend) -> None:
    legend.show_entries([LegendEntry(f"spectrum-{number}.txt", "#2563eb") for number in range(12)])
    plot = legend.parentWidget()
    assert legend.heightForWidth(300) <= 0.33 * plot.height()
    rects, n_more = legend._arranged(300)
    assert n_more == 12 - (len(rects) - 1) > 0 and all(rect.right() <= 300 for rect in rects)
    assert "spectrum-11.txt" in legend.toolTip()
    plot.resize(300, 1200)
    assert legend._arranged(300)[1] == 0


def test_few_names_are_all_shown(legend: CurveLegend) -> None:
    legend.show_entries([LegendEntry("raw", "#888888"), LegendEntry("denoised", "#2563eb")])
    assert legend._arranged(300)[1] == 0
