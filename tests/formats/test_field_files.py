"""Files of working spectroscopists that readers get wrong: each opens right, or is refused for the right reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import read

FIELD = Path(__file__).parents[3] / "shared" / "data" / "field"
pytestmark = pytest.mark.skipif(not FIELD.is_dir(), reason="the field files are not beside the project")


@dataclass(frozen=True)
class Reading:
    """What a file must open as: N spectra of `points` points from `first` to `last` cm⁻¹, metadata, columns."""

    name: str
    count: int
    points: int
    first: float
    last: float
    about: Mapping[str, object] = field(default_factory=dict)
    table: Mapping[str, tuple[object, ...]] = field(default_factory=dict)  # the first entries of columns
    laser_nm: float | None = None  # given by the user
    maximum: float | None = None
    absent: tuple[str, ...] = ()  # columns that must not be there


MADE = (1, 400, 200.37, 1796.37)
MADE_MAX = 2283.403


def shift(laser_nm: float, wavelength_nm: float) -> float:
    return 1e7 / laser_nm - 1e7 / wavelength_nm


OPENED = (
    Reading("handheld_dark_raw_subtracted_baseline.txt", 1, 2048, 207.0, 4204.0),
    Reading("labspec_series_nm.txt", 4, 1873, shift(405, 400.053), shift(405, 599.958),
            {"laser_nm": 405.0, "exposure_s": 0.5, "accumulations": 2}, absent=("time",)),
    Reading("labspec_linescan_y.txt", 20, 1020, 86.957, 599.432,
            {"laser_nm": 532.0, "exposure_s": 2.0, "accumulations": 2, "grating": "1800 gr/mm", "objective": "x50"},
            {"y": (33.1398,)}, absent=("position",)),
    Reading("wire_series_long_no_header.txt", 84, 140, -199.081, 99.9344, table={"time": (0.0, 2.0, 72.0, 142.0)}),
    Reading("witec_truematch_nm.txt", 2, 1024, shift(532.201, 528.208), shift(532.201, 664.327),
            {"laser_nm": 532.200988769531}, {"name": ("Particle 916", "Particle 4681")}),
    Reading("image2x3_GraphASCII.Data_1_F_(Y-Axis).txt", 6, 1024, 28.6704, 3891.32,
            table={"x": (-61.703, -60.703, -59.703, -61.703), "y": (44.892, 44.892, 44.892, 45.892)}),
    Reading("labram_line_positions.spc", 18, 1023, 550.305, 3722.269, table={"x": (-40.0, -30.0, -20.0, -18.0)}),
    Reading("omnic_dxr_sucrose_date.spc", 1, 1753, 102.02, 3480.69,
            {"date": "2005-12-14 17:54", "software": "OMNIC"}),
    Reading("two_columns_broken_lines.txt", 1, 1596, -94.682, 3649.484),
    Reading("wdf_exposure_5s_date.wdf", 1, 572, 0, 0,
            {"exposure_s": 5.0, "accumulations": 3, "date": "2025-07-17 13:09"}),
    Reading("openspecy_row_with_meta_columns.csv", 1, 964, 301.0, 3198.0,
            table={"spectrum_identity": ("HDPE",), "spectrum_type": ("Raman",)}),
    Reading("wafer_own_axis_row_each_site.csv", 4, 2048, -40.495, 1029.653,
            table={"x": (50.0, -50.0, -50.0, 50.0), "y": (50.0, -50.0, 50.0, -50.0)}),
    Reading("made_oceanview_xaxis_wavelengths.txt", 1, 400, 200.37, 1796.37,
            {"laser_nm": 532.0, "exposure_s": 1.0, "accumulations": 3}, laser_nm=532.0),
    Reading("made_wide_label_last.csv", 6, 400, 200.37, 1796.37, table={"label": ("A",)}),
    Reading("made_wide_numeric_label_last.csv", 6, 400, 200.37, 1796.37),
    Reading("made_orange_csv_three_header.csv", 6, 400, 200.37, 1796.37, table={"label": ("A",)}),
    Reading("made_wide_cm_suffix.csv", 6, 400, 200.37, 1796.37, table={"name": ("s0", "s1")}),
    Reading("made_index_col_first.csv", *MADE, maximum=MADE_MAX),
    Reading("made_point_no_column.txt", *MADE, maximum=MADE_MAX),
    Reading("made_swapped_intensity_first.csv", *MADE, maximum=MADE_MAX),
    Reading("made_thousands_separators.csv", *MADE, maximum=MADE_MAX),
    Reading("made_jdx_decimal_comma_lightr18.jdx", *MADE, {"intensity_unit": "counts"}, maximum=MADE_MAX),
    Reading("made_repeat_scans_blank_line.txt", 3, 400, 200.37, 1796.37),
    Reading("made_junk_line_in_middle.txt", *MADE, maximum=MADE_MAX),
    Reading("made_tidy_long_named.csv", 4, 400, 200.37, 1796.37, table={"sample": ("s0", "s1", "s2", "s3")}),
    Reading("made_tidy_long_numeric_id.csv", 4, 400, 200.37, 1796.37),
    Reading("made_labspec5_nm_noaxisunit.txt", *MADE, {"laser_nm": 532.0, "exposure_s": 2.0, "accumulations": 2}),
    Reading("made_labspec_time_s.txt", 6, 400, 200.37, 1796.37, table={"time": (0, 60, 120, 180, 240, 300)}),
    Reading("made_witec_area_header.txt", 12, 400, 200.37, 1796.37,
            table={"x": (-61.7, -56.7, -51.7, -46.7, -61.7), "y": (44.9, 44.9, 44.9, 44.9, 49.9)}),
    Reading("made_witec_series_header.txt", 3, 400, 200.37, 1796.37, table={"time": (0.0, 1.0337, 2.0674)}),
    Reading("made_andor_solis_trailer_shift.asc", *MADE,
            {"exposure_s": 15.0, "accumulations": 2, "date": "2017-05-31 14:47:29"}),
    Reading("made_nul_padded_header_shift.txt", *MADE, maximum=MADE_MAX),
    Reading("made_german_header_words.txt", *MADE,
            {"laser_nm": 532.1, "exposure_s": 5.0, "accumulations": 3}, maximum=MADE_MAX),
    Reading("made_chinese_header_utf8.csv", *MADE, {"laser_nm": 785.0, "exposure_s": 2.0}, maximum=MADE_MAX),
    Reading("andor_asc_trailer_nm.asc", 1, 1024, shift(405, 405.23318), shift(405, 454.55334),
            {"exposure_s": 0.1, "accumulations": 500, "date": "2017-09-08 15:03:52"}, laser_nm=405.0),
    Reading("time_resolved_wafer_maps.csv", 50, 2048, 0, 0),
)  # fmt: skip

REFUSED = {
    "oobase32_scope.scope": "wavelength in nm",
    "tcspc_decay.asc": "time",
    "xps_specs_export.xy": "XPS",
    "kaiser_pixel_axis.spc": "pixel",
    "andor_asc_trailer_nm.asc": "wavelength in nm",
    "andor_step_and_glue_nm.asc": "wavelength in nm",
    "avantes_nul_padded.ttt": "transmi",
    "jcamp_link_uvvis.jdx": "uv/vis",
    "made_oceanview_xaxis_wavelengths.txt": "wavelength in nm",
    "made_reflectance_word.txt": "Reflectance",
    "shimadzu_old.spc": "Shimadzu",
    "perkinelmer.sp": "PerkinElmer",
}


@pytest.mark.parametrize("reading", OPENED, ids=lambda reading: reading.name)
def test_field_files_open_right(reading: Reading) -> None:
    sets = read(FIELD / reading.name, reading.laser_nm)
    assert sum(map(len, sets)) == reading.count
    spectra = sets[0]
    assert spectra.points == reading.points
    half_step = 0.5 * float(np.median(np.diff(spectra.axis)))
    if reading.last:
        np.testing.assert_allclose([spectra.axis[0], spectra.axis[-1]], [reading.first, reading.last], atol=half_step)
    for key, value in reading.about.items():
        stated = spectra.about[key]
        if isinstance(value, str):
            assert str(stated).startswith(value), key
        else:
            assert stated == pytest.approx(value, rel=1e-4), key
    for column, entries in reading.table.items():
        first = spectra.table[column][: len(entries)].tolist()
        assert first == (list(entries) if isinstance(entries[0], str) else pytest.approx(entries, abs=1e-3)), column
    assert not set(reading.absent) & set(spectra.table)
    if reading.maximum is not None:
        assert float(spectra.values.max()) == pytest.approx(reading.maximum, rel=1e-4)


@pytest.mark.parametrize("name", REFUSED)
def test_field_files_that_are_not_raman_spectra_are_refused_for_the_reason(name: str) -> None:
    with pytest.raises(StudioError) as refusal:
        read(FIELD / name)
    assert REFUSED[name].lower() in refusal.value.sentence.lower()
    assert refusal.value.remedy


def test_pairs_of_uneven_length_are_two_spectra_on_their_own_axes() -> None:
    sets = read(FIELD / "made_multi_col_pairs_uneven.csv")
    ends = [(spectra.points, spectra.axis[0], spectra.axis[-1], str(spectra.table["name"][0])) for spectra in sets]
    assert ends == [(400, 200.37, 1796.37, "A"), (350, 200.37, 1596.37, "B")]


def test_what_was_left_out_is_noted() -> None:
    for name, words in (
        ("two_columns_broken_lines.txt", "2 lines"),
        ("made_junk_line_in_middle.txt", "1 line"),
        ("made_text_named_wdf.wdf", "line"),
    ):
        (spectra,) = read(FIELD / name)
        assert words in str(spectra.about["notes"]), name


def test_text_under_the_suffix_of_an_instrument_is_read_as_text() -> None:
    (spectra,) = read(FIELD / "made_text_named_wdf.wdf")
    assert 396 <= spectra.points <= 400  # a part of the file was overwritten
    assert (spectra.axis[0], spectra.axis[-1]) == (200.37, 1796.37)
    assert spectra.about["format"] == "Text"
