"""Maps: pixels found from stage coordinates, series, and what can be measured at each pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import registry
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import MapGrid, SpectrumSeries, map_layout

FORMATS = Path(__file__).resolve().parents[3] / "shared" / "data" / "formats"
AXIS = np.linspace(400.0, 1400.0, 501)


def set_at(x: np.ndarray, y: np.ndarray, **more: np.ndarray) -> SpectrumSet:
    return SpectrumSet(AXIS, np.zeros((len(x), len(AXIS))), {"x": x, "y": y, **more})


def stage(columns: int = 12, rows: int = 9, wide: float = 0.5, high: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(5 + wide * np.arange(columns), -3 + high * np.arange(rows))
    return x.ravel(), y.ravel()


def only_grid(spectra: SpectrumSet) -> MapGrid:
    planes = map_layout(spectra)
    assert isinstance(planes, tuple) and len(planes) == 1
    return planes[0]


@pytest.mark.parametrize("jitter", [0.0, 0.01, 0.04])
def test_a_stage_that_trembles_still_gives_every_spectrum_its_pixel(jitter: float) -> None:
    x, y = stage(40, 30)
    shake = np.random.default_rng(0)
    grid = only_grid(set_at(x + shake.normal(0, jitter, x.size), y + shake.normal(0, jitter, x.size)))
    assert grid.shape == (30, 40)
    assert grid.step == pytest.approx((0.5, 0.7), rel=1e-3)
    assert np.array_equal(grid.index.ravel(), np.arange(1200))


def test_a_serpentine_scan_lies_as_it_was_walked() -> None:
    x, y = (item.reshape(9, 12) for item in stage())
    x = x.copy()
    x[1::2] = x[1::2, ::-1]
    grid = only_grid(set_at(x.ravel(), y.ravel()))
    assert grid.index[1].tolist() == list(range(23, 11, -1))


def test_an_interrupted_map_is_blank_where_nothing_was_measured() -> None:
    x, y = stage()
    grid = only_grid(set_at(x[:100], y[:100]))
    assert grid.shape == (9, 12)
    assert (grid.index[8, 4:] == -1).all()
    picture = grid.image(np.ones(100))
    assert np.isnan(picture[8, 4:]).all() and np.isfinite(picture[8, :4]).all()


def test_missing_columns_leave_room() -> None:
    x, y = stage()
    kept = (x < 7) | (x > 8.6)
    assert only_grid(set_at(x[kept], y[kept])).shape == (9, 12)


def test_places_on_no_grid_are_drawn_in_cells_with_a_sentence() -> None:
    chance = np.random.default_rng(1)
    grid = only_grid(set_at(chance.uniform(0, 50, 300), chance.uniform(0, 30, 300)))
    assert "no grid" in grid.note
    assert grid.step[0] == pytest.approx(grid.step[1])


def test_planes_in_depth_are_named_by_it() -> None:
    x, y = stage()
    deep = set_at(np.tile(x, 3), np.tile(y, 3), z=np.repeat([0.0, 2.0, 4.0], x.size))
    planes = map_layout(deep)
    assert isinstance(planes, tuple)
    assert [item.title for item in planes] == ["z 0 µm", "z 2 µm", "z 4 µm"]
    assert planes[2].index.ravel().tolist() == list(range(216, 324))


def test_a_map_measured_again_and_again_has_a_plane_for_each_pass() -> None:
    x, y = stage()
    planes = map_layout(set_at(np.tile(x, 2), np.tile(y, 2), time=np.arange(2.0 * x.size)))
    assert isinstance(planes, tuple)
    assert [item.title for item in planes] == ["pass 1", "pass 2"]
    assert planes[1].index.min() == x.size


def test_of_several_spectra_at_one_place_the_last_is_shown_and_said() -> None:
    x, y = stage()
    grid = only_grid(set_at(np.append(x, x[7]), np.append(y, y[7])))
    assert grid.index.ravel()[7] == x.size
    assert "several" in grid.note


def test_spectra_without_a_place_are_left_out_and_counted() -> None:
    x, y = stage()
    x[3] = np.nan
    grid = only_grid(set_at(x, y))
    assert grid.index.ravel()[3] == -1
    assert "1 spectra have no coordinates" in grid.note


def test_a_slanting_line_is_a_series_of_distances() -> None:
    steps = np.arange(5.0)
    series = map_layout(set_at(10 - 3 * steps, 4 * steps))
    assert isinstance(series, SpectrumSeries)
    assert series.positions == pytest.approx(5 * steps)


def test_long_times_are_told_in_hours_and_in_order() -> None:
    series = map_layout(SpectrumSet(AXIS, np.zeros((3, 501)), {"time": np.array([7200.0, 0.0, 36000.0])}))
    assert isinstance(series, SpectrumSeries)
    assert (series.quantity, series.unit) == ("Time", "h")
    assert series.rows.tolist() == [1, 0, 2]
    assert series.positions == pytest.approx([0, 2, 10])


def test_spectra_without_places_have_no_map() -> None:
    assert map_layout(SpectrumSet(AXIS, np.zeros((3, 501)))) is None
    assert map_layout(set_at(np.ones(4), np.ones(4))) is None
    assert map_layout(set_at(np.ones(1), np.ones(1))) is None


@pytest.mark.skipif(not FORMATS.exists(), reason="needs the real files of ../shared/data")
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("wdf/renishaw_test_streamline.wdf", (49, 45)),
        ("wdf/renishaw_test_map.wdf", (3, 3)),
        ("wdf/interrupted_acquisition.wdf", (3, 4)),
        ("labspec_txt/plate3_15mgml_multiwell.txt", (8, 12)),  # a plate of 96 wells: rows A–H, columns 1–12
        ("text/graphene_map_wide.csv", (8, 8)),
    ],
)
def test_maps_of_instruments_have_their_shape(name: str, shape: tuple[int, int]) -> None:
    assert only_grid(registry.read(FORMATS / name)[0]).shape == shape


@pytest.mark.skipif(not FORMATS.exists(), reason="needs the real files of ../shared/data")
@pytest.mark.parametrize(
    ("name", "quantity", "count"),
    [
        ("wdf/renishaw_test_linescan.wdf", "Distance along the line", 5),
        ("wdf/renishaw_test_zscan.wdf", "Depth", 40),
        ("wdf/renishaw_test_focustrack_invariant.wdf", "Time", 10),
        ("labspec_txt/serie190214-1.txt", "Time", 168),
    ],
)
def test_series_of_instruments_are_known_as_such(name: str, quantity: str, count: int) -> None:
    series = map_layout(registry.read(FORMATS / name)[0])
    assert isinstance(series, SpectrumSeries)
    assert (series.quantity, len(series.rows)) == (quantity, count)


# What is measured at each pixel


def with_peak(centre: float, height: float = 100.0, slope: float = 0.0) -> np.ndarray:
    return height * np.exp(-(((AXIS - centre) / 10) ** 2)) + slope * AXIS


def test_the_area_of_a_band_leaves_the_slope_beneath_it_out() -> None:
    values = np.stack([with_peak(800), with_peak(800, slope=3.0), with_peak(800, height=200)])
    areas = map_channels.band_area(AXIS, values, (760, 840))
    assert areas == pytest.approx(100 * 10 * np.sqrt(np.pi) * np.array([1, 1, 2]), rel=1e-3)


def test_the_ratio_of_two_bands_is_blank_where_the_second_is_missing() -> None:
    both = with_peak(800, 50) + with_peak(1100, 100)
    ratios = map_channels.band_ratio(AXIS, np.stack([both, with_peak(800)]), (760, 840), (1060, 1140))
    assert ratios[0] == pytest.approx(0.5, rel=1e-3)
    assert np.isnan(ratios[1]) or ratios[1] > 1e6


def test_a_peak_is_found_between_two_samples_and_not_in_the_noise() -> None:
    noise = np.random.default_rng(2).normal(0, 1, (2, 501))
    values = noise + np.stack([with_peak(803.3), np.zeros(501)])
    result = map_channels.peak_position(AXIS, values, (770, 840), np.ones(2) * 3)
    assert result[0] == pytest.approx(803.3, abs=1.0)
    assert np.isnan(result[1])


def test_a_band_beyond_the_axis_gives_no_number() -> None:
    values = np.ones((2, 501))
    assert np.isnan(map_channels.band_area(AXIS, values, (3000, 3100))).all()
    assert np.isnan(map_channels.peak_position(AXIS, values, (3000, 3100))).all()


def test_spectra_that_are_not_numbers_are_blank_and_harm_no_other() -> None:
    values = np.stack([with_peak(800), np.full(501, np.nan)])
    for result in (map_channels.total(AXIS, values), map_channels.band_area(AXIS, values, (760, 840))):
        assert np.isfinite(result[0]) and np.isnan(result[1])
    assert np.isfinite(map_channels.peak_position(AXIS, values, (760, 840), np.ones(2)))[0]


def test_the_distance_to_the_selection_is_zero_for_its_likes() -> None:
    features = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert map_channels.distance(features, np.array([True, False, False])) == pytest.approx([0, 0, 1])
    assert np.isnan(map_channels.distance(features, np.zeros(3, dtype=bool))).all()


def test_colours_are_spread_between_percentiles_and_a_flat_map_still_has_limits() -> None:
    numbers = np.append(np.arange(101.0), [np.nan, 1e9])
    low, high = map_channels.colour_limits(numbers)
    assert 1 < low < 3 and 97 < high < 101
    assert map_channels.colour_limits(np.full(5, 4.0)) == (3.5, 4.5)
    assert np.isnan(map_channels.colour_limits(np.full(3, np.nan))).all()


def test_first_bands_lie_on_the_highest_lines() -> None:
    mean = with_peak(700, 50) + with_peak(1100, 80) + 0.01 * AXIS
    (low, high), second, *_ = map_channels.strongest_bands(AXIS, mean)
    assert low < 1100 < high
    assert second[0] < 700 < second[1]
