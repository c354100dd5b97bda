"""Maps taken away: pictures, 32-bit numbers with the size of a pixel, tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ramanstudio.core.errors import StudioError
from ramanstudio.export.map_files import MapFigure, format_length, round_length, save_map
from ramanstudio.signal.map_grid import MapGrid


def grid(rows: int = 3, columns: int = 4) -> MapGrid:
    index = np.arange(rows * columns).reshape(rows, columns)
    index[-1, -1] = -1
    return MapGrid(index, 10 + 2.0 * np.arange(columns), 5 + 2.5 * np.arange(rows))


def amounts() -> MapFigure:
    where = grid()
    values = where.image(np.arange(12) * 1.25)
    values[0, 1] = np.nan
    return MapFigure(where, values, "Band area 990–1010 cm⁻¹ / counts cm⁻¹", limits=(0, 12), title="a map")


@pytest.mark.parametrize("suffix", [".png", ".svg"])
@pytest.mark.parametrize("dark", [False, True])
def test_a_map_figure_has_a_scale_bar(tmp_path: Path, suffix: str, dark: bool) -> None:
    path = save_map(tmp_path / f"map{suffix}", amounts(), dark)
    if suffix == ".png":
        with Image.open(path) as image:
            assert image.width > 800
            assert len(image.convert("RGB").getcolors(1_000_000) or []) > 20
    else:
        assert "<svg" in path.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]  # no draft is left


def test_a_tiff_holds_the_values_and_the_pixel_size(tmp_path: Path) -> None:
    picture = amounts()
    path = save_map(tmp_path / "map.tif", picture)
    with Image.open(path) as image:
        assert image.mode == "F"
        assert np.array_equal(np.asarray(image), picture.values.astype(np.float32), equal_nan=True)
        assert float(image.tag_v2[282]) == pytest.approx(5000)  # 2 µm: 5000 pixels a centimetre
        assert float(image.tag_v2[283]) == pytest.approx(4000)
        assert image.tag_v2[296] == 3
        assert "990-1010 cm-1" in image.tag_v2[270]


def test_an_rgb_map_is_a_tiff_of_three_pages(tmp_path: Path) -> None:
    layers = np.random.default_rng(0).random((3, 4, 3))
    picture = MapFigure(grid(), layers, "Three bands", "rgb", names=("one", "two", "three"))
    with Image.open(save_map(tmp_path / "map.tif", picture)) as image:
        assert image.n_frames == 3
        image.seek(2)
        assert np.asarray(image) == pytest.approx(layers[..., 2], abs=1e-6)
    assert save_map(tmp_path / "map.png", picture).stat().st_size > 1000


def test_a_map_table_has_a_row_per_measured_pixel(tmp_path: Path) -> None:
    with save_map(tmp_path / "map.csv", amounts()).open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["row", "column", "x / µm", "y / µm", "spectrum", "Band area 990–1010 cm⁻¹ / counts cm⁻¹"]
    assert len(rows) == 1 + 11
    assert rows[1] == ["1", "1", "10", "5", "1", "0"]
    assert rows[2][-1] == ""
    assert rows[-1][:5] == ["3", "3", "14", "10", "11"]


def test_a_map_table_names_the_groups(tmp_path: Path) -> None:
    where = grid()
    values = where.image(np.array([0, 1, -1] * 4, dtype=float))
    picture = MapFigure(
        where, values, "Group", "categories", names=("quartz", "calcite"), colours=("#0072B2", "#C98500")
    )
    with save_map(tmp_path / "map.csv", picture).open(encoding="utf-8") as file:
        assert [row[-1] for row in csv.reader(file)][1:4] == ["quartz", "calcite", "outlier"]
    assert save_map(tmp_path / "map.svg", picture).stat().st_size > 1000


def test_a_series_is_a_table_of_intensities_and_a_figure_with_axes(tmp_path: Path) -> None:
    where = MapGrid(
        np.repeat(np.arange(3)[:, None], 5, axis=1), np.linspace(100, 200, 5), np.array([0.0, 1.0, 5.0]), "cm⁻¹"
    )
    picture = MapFigure(
        where, np.arange(15.0).reshape(3, 5), "Intensity", axis_labels=("Raman shift / cm⁻¹", "Depth / µm")
    )
    with save_map(tmp_path / "scan.csv", picture).open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0][1:] == ["100", "125", "150", "175", "200"]
    assert rows[3] == ["5", "10", "11", "12", "13", "14"]
    assert save_map(tmp_path / "scan.png", picture).stat().st_size > 1000


def test_unknown_suffixes_and_missing_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"map\.bmp"):
        save_map(tmp_path / "map.bmp", amounts())
    with pytest.raises(StudioError, match="Could not write"):
        save_map(tmp_path / "nowhere" / "map.csv", amounts())


@pytest.mark.parametrize(("longest", "length", "words"), [(37, 20, "20 µm"), (5, 5, "5 µm"), (0.9, 0.5, "500 nm")])
def test_the_scale_bar_has_a_round_length(longest: float, length: float, words: str) -> None:
    assert round_length(longest) == pytest.approx(length)
    assert format_length(round_length(longest), "µm") == words


def test_long_scale_bars_are_in_millimetres() -> None:
    assert format_length(2000, "µm") == "2 mm"
