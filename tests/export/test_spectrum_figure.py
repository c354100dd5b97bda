"""Figures for publications: the size and resolution that were asked for, text as text, on a light page."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ramanstudio.core.errors import StudioError
from ramanstudio.export.figure_options import FigureOptions, load_style, save_style
from ramanstudio.export.spectrum_figure import FigurePeak, FigureSpectrum, draw_spectra, save_spectra

SHIFT = np.linspace(200, 1800, 400)
SMALL = FigureOptions(width_mm=85, height_mm=60, dpi=100, font_size=7)


def spectrum(number: int = 1, strongest: float = 100.0) -> FigureSpectrum:
    lines = sum(h / (1 + ((SHIFT - c) / 6) ** 2) for c, h in ((464, strongest), (1086, 60.0), (711, 15.0)))
    noise = np.random.default_rng(number).normal(0, 2, len(SHIFT))
    error = np.full(len(SHIFT), 0.8)
    return FigureSpectrum(f"sample {number}", SHIFT, lines + noise, lines, error, (464, 1086, 711), "SNR 30 → 80")


def lines_of(options: FigureOptions, *spectra: FigureSpectrum) -> list[list[float]]:
    axes = draw_spectra(spectra or [spectrum()], options).axes[0]
    return [line.get_ydata().tolist() for line in axes.get_lines()]


def test_an_image_has_the_size_and_the_resolution(tmp_path: Path) -> None:
    for suffix in (".png", ".tif"):
        with Image.open(save_spectra(tmp_path / f"figure{suffix}", [spectrum()], SMALL)) as image:
            assert image.size == pytest.approx((85 / 25.4 * 100, 60 / 25.4 * 100), abs=1)
            assert image.info["dpi"][0] == pytest.approx(100, abs=0.1)
            assert image.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


def test_text_can_be_selected_in_svg_and_pdf(tmp_path: Path) -> None:
    options = replace(SMALL, peak_labels=True)
    drawing = save_spectra(tmp_path / "figure.svg", [spectrum()], options).read_text(encoding="utf-8")
    for text in ("sample 1", "SNR 30 → 80", "Raman shift / cm⁻¹", "464", "1086"):
        assert f">{text}<" in drawing
    document = save_spectra(tmp_path / "figure.pdf", [spectrum()], options).read_bytes()
    assert document.startswith(b"%PDF") and b"/Type0" in document and b"/ToUnicode" in document
    packed = re.findall(rb"/FlateDecode[^>]*>>\s*stream\r?\n(.*?)\r?\nendstream", document, re.S)
    assert any(b"TJ" in content or b" Tj" in content for content in map(zlib.decompress, packed)), "drawn as text"


def test_the_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    for suffix in (".png", ".svg", ".pdf"):
        first = save_spectra(tmp_path / f"a{suffix}", [spectrum()], SMALL).read_bytes()
        assert save_spectra(tmp_path / f"b{suffix}", [spectrum()], SMALL).read_bytes() == first


def test_what_is_switched_off_is_not_drawn() -> None:
    assert len(lines_of(SMALL)) == 2
    assert lines_of(replace(SMALL, raw=False)) == [spectrum().values.tolist()]  # type: ignore[union-attr]
    assert lines_of(replace(SMALL, denoised=False)) == [spectrum().raw.tolist()]  # type: ignore[union-attr]


def test_offset_spectra_stand_above_each_other_in_their_order() -> None:
    first, second = lines_of(replace(SMALL, arrangement="offset"), spectrum(1), spectrum(2, 500))
    assert min(first) > max(second)
    assert max(second) - min(second) == pytest.approx(1)


def test_overlaid_spectra_have_one_scale_for_their_strongest_line() -> None:
    for line in lines_of(replace(SMALL, arrangement="overlaid"), spectrum(1), spectrum(2, 500)):
        assert (min(line), max(line)) == pytest.approx((0, 1))


def test_grey_lines_differ_by_their_dashes() -> None:
    axes = draw_spectra([spectrum(n) for n in (1, 2, 3)], replace(SMALL, arrangement="overlaid", colours="grey")).axes[
        0
    ]
    assert len({line.get_linestyle() for line in axes.get_lines()}) == 3


def test_the_axis_can_be_limited_and_turned_round() -> None:
    axes = draw_spectra([spectrum()], replace(SMALL, shift_range=(400, 800), decreasing=True)).axes[0]
    assert axes.get_xlim() == (800, 400)
    assert axes.get_ylim()[1] < 120


def test_labels_of_neighbouring_peaks_stand_side_by_side_and_moved_ones_where_they_were_put() -> None:
    moved = FigurePeak(1086.0, "1086.2, h 3", by=(40.0, -0.25))
    axes = draw_spectra([replace(spectrum(), peaks=(464.0, 466.0, moved))], replace(SMALL, peak_labels=True)).axes[0]
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert places["464"][0] < 464 and places["466"][0] > 466
    top = np.interp(1086, spectrum().shift, spectrum().values)
    assert places["1086.2, h 3"] == pytest.approx((1126, top - 0.25 * np.ptp(spectrum().values)))


def test_where_there_is_no_room_for_all_labels_the_stronger_lines_have_theirs() -> None:
    crowded = replace(spectrum(), peaks=(*np.linspace(210, 1190, 99), 1086.0))
    axes = draw_spectra([crowded], replace(SMALL, peak_labels=True)).axes[0]
    assert 5 < len(axes.texts) < 40 and "1086" in {text.get_text() for text in axes.texts}


def test_an_inset_enlarges_a_range() -> None:
    axes = draw_spectra([spectrum()], replace(SMALL, inset=(1060, 1110))).axes[0]
    (inset,) = axes.child_axes
    assert inset.get_xlim() == (1060, 1110)


def test_a_style_file_keeps_every_option(tmp_path: Path) -> None:
    options = FigureOptions(85, 60, 600, "Arial", 7, 0.8, "grey", "offset", False, False, decreasing=True, inset=(1, 2))
    save_style(options, tmp_path / "journal.figure.toml")
    assert load_style(tmp_path / "journal.figure.toml") == options


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("dpi = 1e9", "'dpi' is"),
        ("colours = 'rainbow'", "'colours' is"),
        ("colour = 'grey'", "has an entry 'colour'"),
        ("inset = [1]", "'inset' is"),
        ("width_mm = ", "is not a figure style"),
    ],
)
def test_a_style_file_with_an_error_is_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "style.toml"
    path.write_text(content)
    with pytest.raises(StudioError, match=sentence):
        load_style(path)


def test_a_figure_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"\.svg or \.pdf"):
        save_spectra(tmp_path / "figure.bmp", [spectrum()], SMALL)
    with pytest.raises(StudioError, match="no spectrum"):
        save_spectra(tmp_path / "figure.png", [], SMALL)
    blank = FigureSpectrum("blank", SHIFT, np.full(len(SHIFT), np.nan), None)
    save_spectra(tmp_path / "blank.png", [blank], replace(SMALL, arrangement="offset"))
