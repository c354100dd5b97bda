"""Pictures are drawn as asked: their theme, their range, their words."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.export.denoised_figures import SpectrumPanel, draw_denoised, draw_denoised_map
from ramanstudio.export.figure_style import theme_colours
from ramanstudio.export.loss_figure import draw_loss_curve
from ramanstudio.export.snr_text import format_snr, format_snr_change


def panel(count: int = 1, noise: float = 30.0, title: str = "polystyrene.txt") -> SpectrumPanel:
    """A spectrum of two lines whose ratio went from 12.4 to 31."""
    random = np.random.default_rng(2)
    axis = np.linspace(200, 3200, 400)
    line = 900 * np.exp(-(((axis - 1001) / 15) ** 2)) + 400 * np.exp(-(((axis - 1602) / 20) ** 2)) + 200
    clean = np.repeat(line[None], count, axis=0)
    raw = SpectrumSet(axis, clean + random.normal(0, noise, clean.shape), {}, {"intensity_unit": "counts"})
    error = np.full(clean.shape, noise / 3, dtype=np.float32)
    before, after = np.full(count, 12.4, np.float32), np.full(count, 31, np.float32)
    return SpectrumPanel(title, raw, Denoised(raw.with_values(clean), error, before, after))


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path)[..., :3] * 255).round().astype(int)


def share_of(path: Path, colour: str, within: int = 12) -> float:
    """The share of a picture's pixels that look like `colour`."""
    wanted = np.array([int(colour[offset : offset + 2], 16) for offset in (1, 3, 5)])
    return float((np.abs(pixels(path) - wanted).max(axis=-1) <= within).mean())


@pytest.mark.parametrize("dark", [False, True])
def test_a_spectrum_is_drawn_raw_and_denoised_in_the_colours_of_the_theme(tmp_path: Path, dark: bool) -> None:
    colours = theme_colours("dark" if dark else "light")
    path = draw_denoised(tmp_path / "one.png", [panel()], dark=dark)
    assert share_of(path, colours.panel) > 0.6
    assert share_of(path, colours.accent) > 0.002
    assert share_of(path, colours.raw) > 0.002


def test_only_the_chosen_curves_are_drawn(tmp_path: Path) -> None:
    colours = theme_colours("light")
    path = draw_denoised(tmp_path / "raw.png", [panel()], curves=["raw"])
    assert share_of(path, colours.raw) > 0.002
    everything = draw_denoised(tmp_path / "all.png", [panel()])
    assert share_of(path, colours.accent) < 0.5 * share_of(everything, colours.accent)  # the title has it too
    assert draw_denoised(tmp_path / "none.png", [panel()], curves=[]).exists()


def test_an_svg_is_a_vector_drawing(tmp_path: Path) -> None:
    path = draw_denoised(tmp_path / "one.svg", [panel()])
    assert "<svg" in path.read_text(encoding="utf-8")[:800]


def test_the_same_spectra_give_the_same_png(tmp_path: Path) -> None:
    first = draw_denoised(tmp_path / "a.png", [panel()]).read_bytes()
    assert draw_denoised(tmp_path / "b.png", [panel()]).read_bytes() == first


def test_only_the_chosen_range_is_drawn(tmp_path: Path) -> None:
    whole = draw_denoised(tmp_path / "whole.png", [panel(noise=1)])
    flat = draw_denoised(tmp_path / "flat.png", [panel(noise=1)], shift_range=(2000, 3000))
    columns = (np.abs(pixels(flat) - pixels(whole)).max(axis=-1) > 40).any(axis=0)
    assert columns.mean() > 0.3, "the lines at 1001 and 1602 cm⁻¹ are not in the second picture"


def test_several_panels_and_sets_share_one_figure(tmp_path: Path) -> None:
    sample = draw_denoised(tmp_path / "one.png", [panel()])
    grid = draw_denoised(tmp_path / "grid.png", [panel(1), panel(50), panel(2), panel(1), panel(1)])
    assert pixels(grid).shape[1] > pixels(sample).shape[1] * 0.9
    assert share_of(grid, theme_colours("light").accent) > 0.001


def test_snr_is_formatted_with_two_or_three_digits() -> None:
    assert format_snr_change(panel().denoised) == "12 → 31 (×2.5)"
    assert [format_snr(ratio) for ratio in (0.26, 3.44, 9.96, 31.4, 1234.5)] == [
        "0.3",
        "3.4",
        "10",
        "31",
        "1234",
    ]
    assert format_snr(8_015_702) == "> 10\u202f000"
    assert format_snr(math.inf) == format_snr(math.nan) == "–"


def test_figures_that_cannot_be_written_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"\.svg or \.pdf"):
        draw_denoised(tmp_path / "one.bmp", [panel()])
    with pytest.raises(StudioError, match="no spectrum"):
        draw_denoised(tmp_path / "one.png", [])
    with pytest.raises(StudioError, match="Could not write"):
        draw_denoised(tmp_path / "nowhere" / "one.png", [panel()])
    with pytest.raises(StudioError, match="no loss"):
        draw_loss_curve(tmp_path / "loss.png", [])


def test_a_loss_curve_shows_parts_that_are_not_measured_at_every_step(tmp_path: Path) -> None:
    rows = [
        {"step": float(step), "loss": 2 / step, "noise": 1.5 / step, "hidden": math.nan if step % 3 else 3 / step}
        for step in range(1, 200)
    ]
    path = draw_loss_curve(tmp_path / "loss.png", rows)
    for colour in (theme_colours("light").accent, "#D55E00", "#009E73"):
        assert share_of(path, colour) > 0.0005


def test_a_map_shows_where_a_band_is_strong(tmp_path: Path) -> None:
    sample = panel(12)
    positions = {"x": np.tile(np.arange(4.0), 3), "y": np.repeat(np.arange(3.0), 4)}
    strong = np.where(positions["x"] >= 2, 5.0, 0.2)[:, None]
    raw = sample.raw.with_values(strong * sample.raw.values).with_table(**positions)
    denoised_before = sample.denoised
    clean = raw.with_values(strong * denoised_before.spectra.values)
    denoised = Denoised(clean, denoised_before.expected_error, denoised_before.snr_before, denoised_before.snr_after)
    path = draw_denoised_map(tmp_path / "map.png", raw, denoised, 1001)
    yellow, violet = share_of(path, "#FDE725", 40), share_of(path, "#440154", 40)
    assert yellow > 0.05
    assert violet > 0.1
    with pytest.raises(StudioError, match="no positions"):
        draw_denoised_map(tmp_path / "map.png", sample.raw, sample.denoised, 1001)
