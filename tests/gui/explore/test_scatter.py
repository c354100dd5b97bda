"""The scatter plot: markers where points are, what the mouse and keyboard do, and the legend."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ramanstudio.gui.common import theme
from ramanstudio.gui.explore.scatter_view import ScatterView, TooltipContent
from ramanstudio.gui.viewer.marker_shapes import SHAPES, shapes_of, stamp

LIGHT, DARK = theme.load_theme("light"), theme.load_theme("dark")
LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
KEYS = Qt.KeyboardModifier
# Four groups of nine in the corners of a square, and one outlier in its middle.
CORNERS = np.array([(-10.0, 10.0), (10.0, 10.0), (-10.0, -10.0), (10.0, -10.0)])
NINE = np.array([(x, y) for y in (-2.0, 0.0, 2.0) for x in (-2.0, 0.0, 2.0)])
POINTS = np.concatenate([*(corner + NINE for corner in CORNERS), [(0.0, 0.0)]])
GROUPS = np.array([*np.repeat(range(4), 9), -1])
NAMES = ["calcite", "quartz", "gypsum", "talc"]
COLOURS = [0, 1, 2, 4]


class Picks:
    """What the plane says was picked and hovered."""

    def __init__(self, view: ScatterView) -> None:
        self.picked: list[tuple[list[int], str]] = []
        self.hovered: list[int] = []
        view.picked.connect(lambda indices, mode: self.picked.append((sorted(indices.tolist()), mode)))
        view.hovered.connect(self.hovered.append)


@pytest.fixture
def view(qtbot: Any) -> Iterator[ScatterView]:
    shown = ScatterView()
    qtbot.addWidget(shown)
    shown.set_theme(LIGHT)
    shown.resize(760, 560)
    shown.show()
    qtbot.waitExposed(shown)
    shown.show_points(POINTS)
    shown.set_categories(GROUPS, NAMES, COLOURS)
    yield shown
    shown.stop()


def seen(view: ScatterView) -> np.ndarray:
    """The pixels (height, width, 3) of the view once it is drawn."""
    QApplication.processEvents()
    view.finish_drawing()
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 2::-1].astype(int)


def colour_at(view: ScatterView, index: int) -> str:
    place = view.position_of(index).toPoint()
    red, green, blue = seen(view)[place.y(), place.x()].tolist()
    return QColor(red, green, blue).name()


def pane(view: ScatterView) -> Any:
    return view.focusProxy()


def place(view: ScatterView, x: float, y: float) -> QPointF:
    """Where on the pane a point of the plane lies, by three points of the corners."""
    origin, right, up = (view.position_of(index) for index in (36, 13, 4))  # (0, 0), (10, 10), (-10, 10)
    across = (right - up) / 20
    return origin + across * x - QPointF(0, across.x()) * y


def send(view: ScatterView, kind: QEvent.Type, where: QPointF, button: Any, buttons: Any, keys: Any) -> None:
    event = QMouseEvent(kind, where, pane(view).mapToGlobal(where), button, buttons, keys)
    QApplication.sendEvent(pane(view), event)


def drag(
    view: ScatterView, *trail: QPointF, button: Any = LEFT, keys: Any = KEYS.NoModifier, drop: bool = True
) -> None:
    send(view, QEvent.Type.MouseButtonPress, trail[0], button, button, keys)
    for start, end in itertools.pairwise(trail):
        for share in (0.3, 0.7, 1.0):
            send(view, QEvent.Type.MouseMove, start + (end - start) * share, NONE, button, keys)
    if drop:
        send(view, QEvent.Type.MouseButtonRelease, trail[-1], button, NONE, keys)


def around(view: ScatterView, corner: np.ndarray, reach: float = 4.0) -> list[QPointF]:
    """A closed walk around a corner of the square."""
    x, y = corner.tolist()
    steps = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    return [place(view, x + reach * right, y + reach * up) for right, up in steps]


def click(view: ScatterView, index: int, keys: Any = KEYS.NoModifier) -> None:
    QTest.mouseClick(pane(view), LEFT, keys, view.position_of(index).toPoint())


def hover(view: ScatterView, where: QPointF) -> None:
    send(view, QEvent.Type.MouseMove, where, NONE, NONE, KEYS.NoModifier)


def wheel(view: ScatterView, where: QPointF, clicks: int) -> None:
    at = pane(view).mapToGlobal(where)
    turned = QWheelEvent(
        where, at, QPoint(), QPoint(0, 120 * clicks), NONE, KEYS.NoModifier, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(pane(view), turned)


# What is seen


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=lambda shown: shown.name)
def test_each_point_has_the_colour_of_its_group(view: ScatterView, shown: theme.Theme) -> None:
    view.set_theme(shown)
    for index in (0, 9, 18, 27):
        assert colour_at(view, index) == shown.category(COLOURS[GROUPS[index]]).lower()


def test_an_outlier_is_hollow_and_grey(view: ScatterView) -> None:
    assert colour_at(view, 36) == LIGHT.panel.lower()
    picture, middle = seen(view), view.position_of(36).toPoint()
    around_it = picture[middle.y() - 6 : middle.y() + 7, middle.x() - 6 : middle.x() + 7]
    quiet = np.array(QColor(LIGHT.quiet).getRgb()[:3])
    assert (np.abs(around_it - quiet).sum(axis=-1) < 90).any()


def test_both_axes_have_the_same_scale(view: ScatterView) -> None:
    across = view.position_of(13).x() - view.position_of(4).x()
    down = view.position_of(22).y() - view.position_of(4).y()
    assert across == pytest.approx(down, abs=0.01)


def test_twenty_groups_have_twenty_shapes() -> None:
    pixels = {frozenset(zip(one.across.tolist(), one.down.tolist(), one.alpha.tolist(), strict=True)) for one in (
        stamp(shape, 4.0) for shape in range(SHAPES)
    )}  # fmt: skip
    assert len(pixels) == SHAPES


def test_more_groups_than_colours_never_share_both_colour_and_shape() -> None:
    colours = [number % 20 for number in range(70)]
    assert len(set(zip(colours, shapes_of(colours), strict=True))) == 70
    assert shapes_of(colours)[:20] == list(range(20))  # as long as every group has a colour of its own
    assert shapes_of([3, 3])[0] == 3


def test_a_selected_point_is_ringed_and_the_others_are_dimmed(view: ScatterView) -> None:
    selected = np.zeros(len(POINTS), dtype=bool)
    selected[0] = True
    view.set_selected(selected)
    assert colour_at(view, 0) == LIGHT.category(0).lower()
    assert colour_at(view, 9) == theme.blend(LIGHT.category(1), LIGHT.panel, 0.5)
    accent = np.array(QColor(LIGHT.accent).getRgb()[:3])
    ring = np.abs(seen(view) - accent).sum(axis=-1) < 40
    down, across = np.nonzero(ring)
    middle = view.position_of(0)
    assert len(across)
    assert np.hypot(across - middle.x(), down - middle.y()).max() < 14


def test_values_are_coloured_and_unknown_ones_are_grey(view: ScatterView) -> None:
    values = POINTS[:, 0].copy()
    values[9] = np.nan
    view.set_values(values, "SNR before")
    assert colour_at(view, 9) == LIGHT.raw.lower()
    assert colour_at(view, 18) == "#440154"  # the lowest
    assert colour_at(view, 29) == "#d0e11b"  # the highest, short of the yellow that is not seen on white
    assert "1 unknown" in view.bar.accessibleName()
    assert view.bar.accessibleName().startswith("Colours of SNR before")


def test_one_extreme_value_does_not_flatten_the_colours(view: ScatterView) -> None:
    points = np.random.default_rng(0).normal(0, 1, (300, 2))
    view.show_points(points)
    values = points[:, 0].copy()
    values[0] = 1e9
    view.set_values(values, "intensity")
    assert len({colour_at(view, int(index)) for index in np.argsort(points[:, 0])[[5, 150, 290]]}) == 3


def test_more_than_100_000_points_are_drawn_as_a_density(view: ScatterView) -> None:
    points = np.random.default_rng(0).normal(0, 1, (120_000, 2)).astype(np.float32)
    view.show_points(points)
    picture = seen(view)
    ink = np.abs(picture - np.array(QColor(LIGHT.panel).getRgb()[:3])).sum(axis=-1)
    middle = view.position_of(int(np.argmin((points**2).sum(axis=1)))).toPoint()
    rim = view.position_of(int(np.argmin(np.abs(points - (2.5, 0)).sum(axis=1)))).toPoint()
    assert ink[middle.y() - 8 : middle.y() + 8, middle.x() - 8 : middle.x() + 8].mean() > 2 * (
        ink[rim.y() - 8 : rim.y() + 8, rim.x() - 8 : rim.x() + 8].mean()
    )
    selected = np.zeros(len(points), dtype=bool)
    selected[7] = True
    view.set_selected(selected)
    assert colour_at(view, 7) == LIGHT.accent.lower()


def test_no_points_and_coinciding_points_are_drawn(view: ScatterView) -> None:
    view.show_points(np.zeros((0, 2)))
    hover(view, QPointF(100, 100))
    QTest.keyClick(pane(view), Qt.Key.Key_Right)
    seen(view)
    view.show_points(np.full((5, 2), 3.0))
    assert colour_at(view, 4) == LIGHT.accent.lower()
    view.show_points(np.array([(0.0, 0.0), (np.nan, 1.0), (1.0, 1.0)]))
    assert colour_at(view, 2) == LIGHT.accent.lower()


def test_a_moving_layout_is_followed_until_the_user_zooms(view: ScatterView) -> None:
    view.show_points(10 * POINTS, keep_view=True)
    assert pane(view).rect().contains(view.position_of(0).toPoint())
    wheel(view, view.position_of(36), 5)
    before = view.position_of(36)
    view.show_points(10 * POINTS, keep_view=True)
    assert view.position_of(36) == before


def test_axis_labels_do_not_cover_points(view: ScatterView) -> None:
    view.set_axis_names("PC 1 (57 %)", "PC 2 (11 %)")
    view.show_all()
    free = pane(view).rect().adjusted(24 + 5, 0, 0, -24 - 5)  # without the labels, and the radius of a marker
    assert all(free.contains(view.position_of(index).toPoint()) for index in range(len(POINTS)))


# Mouse and keyboard


def test_hovering_a_point_shows_its_tooltip(view: ScatterView) -> None:
    events = Picks(view)
    view.set_tooltip_source(
        lambda index: TooltipContent(f"spectrum {index}", "calcite", np.arange(5.0), np.arange(5.0))
    )
    hover(view, view.position_of(4))
    assert events.hovered == [4]
    assert view.tooltip is not None
    assert view.tooltip.name == "spectrum 4"
    hover(view, view.position_of(4) + QPointF(60, 60))
    assert events.hovered == [4, -1]
    assert view.tooltip is None


def test_a_click_selects_a_point_and_ctrl_click_removes_it(view: ScatterView) -> None:
    events = Picks(view)
    click(view, 3)
    click(view, 5, KEYS.ControlModifier)
    view.set_selected(np.isin(np.arange(len(POINTS)), [3, 5]))
    click(view, 5, KEYS.ControlModifier)
    click(view, 6, KEYS.ShiftModifier)
    assert events.picked == [([3], "replace"), ([5], "add"), ([5], "remove"), ([6], "add")]


def test_a_click_beside_points_selects_none_and_a_double_click_shows_all(view: ScatterView, qtbot: Any) -> None:
    events = Picks(view)
    bare = place(view, 0, 6).toPoint()
    wheel(view, place(view, 0, 6), 3)
    QTest.mouseDClick(pane(view), LEFT, KEYS.NoModifier, bare)
    QTest.qWait(QApplication.doubleClickInterval() + 50)
    assert events.picked == []
    assert pane(view).rect().contains(view.position_of(0).toPoint())
    QTest.mouseClick(pane(view), LEFT, KEYS.NoModifier, bare)
    qtbot.waitUntil(lambda: events.picked == [([], "replace")])


@pytest.mark.parametrize(
    ("keys", "mode"),
    [(KEYS.NoModifier, "replace"), (KEYS.ShiftModifier, "add"), (KEYS.ControlModifier, "remove")],
    ids=["plain", "shift", "ctrl"],
)
def test_a_lasso_selects_the_points_inside(view: ScatterView, keys: Any, mode: str) -> None:
    events = Picks(view)
    drag(view, *around(view, CORNERS[1]), keys=keys)
    assert events.picked == [(list(range(9, 18)), mode)]


def test_a_box_selects_the_points_inside(view: ScatterView) -> None:
    events = Picks(view)
    view.set_tool("box")
    drag(view, place(view, -14, -14), place(view, 14, -6))
    assert events.picked == [(list(range(18, 36)), "replace")]


def test_hidden_points_are_neither_hovered_nor_selected(view: ScatterView) -> None:
    events = Picks(view)
    view.legend.toggle(1)
    hover(view, view.position_of(13))
    drag(view, *around(view, CORNERS[1]))
    assert events.hovered == []
    assert events.picked == [([], "replace")]


def test_esc_cancels_a_lasso(view: ScatterView) -> None:
    events = Picks(view)
    drag(view, *around(view, CORNERS[1]), drop=False)
    assert view.cancel_gesture()
    send(view, QEvent.Type.MouseButtonRelease, place(view, 0, 0), LEFT, NONE, KEYS.NoModifier)
    assert events.picked == []
    assert not view.cancel_gesture()


def test_the_wheel_zooms_around_the_mouse_and_zoom_back_returns(view: ScatterView) -> None:
    before, other = view.position_of(4), view.position_of(13)
    wheel(view, before, 4)
    assert (view.position_of(4) - before).manhattanLength() < 0.1
    assert view.position_of(13).x() - view.position_of(4).x() > 1.5 * (other.x() - before.x())
    view.zoom_back()
    assert (view.position_of(13) - other).manhattanLength() < 0.1


def test_the_right_button_pans(view: ScatterView) -> None:
    events = Picks(view)
    before = view.position_of(4)
    drag(view, QPointF(200, 200), QPointF(260, 230), button=RIGHT)
    moved = view.position_of(4) - before
    assert (round(moved.x()), round(moved.y())) == (60, 30)
    assert events.picked == []
    view.show_all()
    assert (view.position_of(4) - before).manhattanLength() < 0.1


def test_the_keyboard_steps_selects_and_shows_all(view: ScatterView) -> None:
    events = Picks(view)
    key = Qt.Key
    QTest.keyClick(pane(view), key.Key_Left)  # the one in the middle
    assert events.hovered == [36]
    QTest.keyClick(pane(view), key.Key_Up)
    assert GROUPS[events.hovered[-1]] in (0, 1)
    QTest.keyClick(pane(view), key.Key_Return)
    QTest.keyClick(pane(view), key.Key_Space)
    at = events.hovered[-1]
    assert events.picked == [([at], "replace"), ([at], "add")]
    wheel(view, view.position_of(0), 8)
    QTest.keyClick(pane(view), key.Key_A)
    assert pane(view).rect().contains(view.position_of(35).toPoint())


def test_stepping_beyond_the_view_brings_the_point_into_view(view: ScatterView) -> None:
    events = Picks(view)
    wheel(view, view.position_of(36), 12)
    QTest.keyClick(pane(view), Qt.Key.Key_Left)
    QTest.keyClick(pane(view), Qt.Key.Key_Up)
    assert pane(view).rect().contains(view.position_of(events.hovered[-1]).toPoint())


# The legend


def test_the_legend_counts_and_a_click_hides(view: ScatterView) -> None:
    assert [(row.name, row.count) for row in view.legend.rows] == [*((name, 9) for name in NAMES), ("outliers", 1)]
    hidden: list[frozenset[int]] = []
    view.toggled.connect(hidden.append)
    view.finish_drawing()
    where = view.legend.visualRect(view.legend.model().index(2, 0)).center()
    QTest.mouseClick(view.legend.viewport(), LEFT, KEYS.NoModifier, where)
    assert hidden == [frozenset({2})]
    assert colour_at(view, 22) == LIGHT.panel.lower()
    assert "hidden" in view.legend.model().index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    QTest.mouseClick(view.legend.viewport(), LEFT, KEYS.NoModifier, where)
    assert colour_at(view, 22) == LIGHT.category(2).lower()


def test_a_double_click_in_the_legend_shows_only_that_group_and_another_all(view: ScatterView) -> None:
    where = view.legend.visualRect(view.legend.model().index(0, 0)).center()
    double = view.legend.viewport()
    for hidden in ({1, 2, 3, 4}, set()):
        QTest.mouseClick(double, LEFT, KEYS.NoModifier, where)
        QTest.mouseDClick(double, LEFT, KEYS.NoModifier, where)
        assert view.hidden_rows == hidden


def test_the_legend_can_be_used_from_the_keyboard(view: ScatterView) -> None:
    view.legend.setCurrentIndex(view.legend.model().index(3, 0))
    QTest.keyClick(view.legend, Qt.Key.Key_Space)
    assert view.hidden_rows == {3}
    QTest.keyClick(view.legend, Qt.Key.Key_Return)
    assert view.hidden_rows == {0, 1, 2, 4}


def test_a_hidden_group_stays_hidden_when_it_is_recoloured(view: ScatterView) -> None:
    view.legend.toggle(2)
    view.set_categories(GROUPS, NAMES, [5, 1, 2, 4])
    assert view.hidden_rows == {2}
    view.set_categories(GROUPS, ["a", "b", "c", "d"], COLOURS)
    assert view.hidden_rows == frozenset()


def test_the_copied_picture_contains_points_and_legend(view: ScatterView) -> None:
    view.finish_drawing()
    image = view.copy_picture()
    assert image.width() == 2 * view.width()
    where = view.position_of(0) * 2
    assert image.pixelColor(where.toPoint()).name() == LIGHT.category(0).lower()
