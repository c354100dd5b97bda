"""A report says what was measured, done and found, and nothing that is not known."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ramanstudio.calibration import profile_files
from ramanstudio.calibration.profile import Check
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.report import ReportHeader, ReportSubject, copy_template, render
from ramanstudio.export.report_parts import GroupsOfSet, difference_text
from ramanstudio.search.matches import Identification, Match

AXIS = np.linspace(200.0, 1200.0, 500)
LINE = 100 / (1 + ((AXIS - 464) / 5) ** 2)


def subject(n_spectra: int = 1, **about: object) -> ReportSubject:
    noise = np.random.default_rng(0).normal(0, 2, (n_spectra, len(AXIS)))
    source = SpectrumSet.of(AXIS, LINE + noise, laser_nm=785.0, exposure_s=2.5, **about)  # type: ignore[arg-type]
    final, error = source.with_values(np.tile(LINE, (n_spectra, 1))), np.full((n_spectra, len(AXIS)), 0.7, np.float32)
    steps = (("Cosmic rays", "2 spikes"), ("Baseline", "automatic"))
    return ReportSubject("quartz.wdf", Path("/data/quartz.wdf"), source, source, final, error, (50.0, 140.0), steps)


def match(name: str, probability: float) -> Match:
    return Match(name, probability, probability, 912.0, 0.9, 0.1, 0.2, 0, 0, (464.0,), (1085.7,), (355.2,))


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)))


def test_a_report_states_ratios_steps_conditions_and_peaks() -> None:
    text = text_of(render([subject()], ReportHeader("Sand", "A. Author", "Minerals")))
    for part in ("Sand", "Minerals · A. Author", "50 → 140 (×2.8)", "Cosmic rays 2 spikes", "Laser wavelength 785 nm"):
        assert part in text
    assert "Exposure time 2.5 s" in text
    position = re.search(r"(46\d\.\d+) ± (\d\.\d+)", text)
    assert position is not None and abs(float(position[1]) - 464) < 1


def test_an_identification_names_all_candidates_and_an_unknown_is_unknown() -> None:
    candidates = (match("quartz", 0.62), match("coesite", 0.3), match("opal", 0.005))
    two = Identification(candidates, False, 2, "Narrow range.")
    text = text_of(render([replace(subject(), identification=two)], ReportHeader()))
    assert "One of: quartz, coesite (nine times in ten)." in text
    assert "62 %" in text and "< 1 %" in text and "912" in text and "1086" in text and "Narrow range." in text
    unknown = replace(two, unknown=True)
    assert "Unknown: no reference fits" in text_of(render([replace(subject(), identification=unknown)], ReportHeader()))
    assert "Identification" not in text_of(render([subject()], ReportHeader()))


def test_a_set_is_reported_by_its_mean_without_a_table_of_peaks() -> None:
    text = text_of(render([subject(4)], ReportHeader()))
    assert "medians of 4 spectra" in text and "Spectra 4" in text
    assert "Significance" not in text


def test_warnings_and_edits_by_hand_are_printed() -> None:
    flat = np.minimum(1000 * LINE + 100, 65535)
    cut = SpectrumSet.of(AXIS, flat, edited="laser_nm, sample", laser_nm=532.0, laser_in_file_nm=785.0)
    text = text_of(render([replace(subject(), source=cut)], ReportHeader()))
    assert "saturated" in text
    assert "Edited by hand Laser wavelength 532 nm (the file states 785 nm) Sample removed" in text
    assert "Edited by hand Nothing." in text_of(render([subject()], ReportHeader()))


def test_a_map_is_reported_with_its_groups_and_their_areas() -> None:
    x, y = (np.ravel(each).astype(float) for each in np.meshgrid(np.arange(4), 2.0 * np.arange(3)))
    pixels = replace(subject(12).source, table={"x": x, "y": y})
    labels = np.array([0] * 6 + [1] * 5 + [-1])
    report = replace(subject(12), source=pixels, measured=pixels, final=pixels, error=None)
    html = render([replace(report, groups=GroupsOfSet(("quartz", "calcite"), labels))], ReportHeader())
    text = text_of(html)
    assert html.count("<img") == 3 and "Strongest band: Area" in text
    assert "quartz 6 50.0 % 12 µm²" in text and "calcite 5 41.7 % 10 µm²" in text and "outliers 1 8.3 % 2 µm²" in text


def test_the_calibration_and_its_last_verification_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = Check("2026-01-05", "silicon", 0.12, 0.3, 1.0, True)
    stored = SimpleNamespace(profile=SimpleNamespace(hash="abc123", checks=(check,)))
    monkeypatch.setattr(profile_files, "stored_profiles", lambda: ((stored,), ()))
    about = {"calibration": "785 nm, 600 l/mm", "calibration_hash": "abc123", "axis_uncertainty_cm": 0.42}
    known = replace(subject(), final=subject().final.with_about(**about))
    text = text_of(render([known], ReportHeader()))
    assert "Profile 785 nm, 600 l/mm" in text and "± 0.42 cm⁻¹" in text
    assert "passed with silicon on 2026-01-05: lines off by 0.12 cm⁻¹ on average, 0.30 at most (± 1)" in text
    assert "Not calibrated here" in text_of(render([subject()], ReportHeader()))


def test_the_difference_says_whether_noise_explains_it() -> None:
    noise = np.random.default_rng(1).normal(0, 0.7, AXIS.size)
    error = np.full(AXIS.size, 0.7)
    assert "no more than the expected error explains" in difference_text(AXIS, LINE + noise, noise, error)
    other = 30 * np.exp(-(((AXIS - 1086) / 6) ** 2))
    text = difference_text(AXIS, LINE + other, noise + other, error)
    assert "times the expected error and most of it at 108" in text


def test_a_summary_has_a_row_for_each_spectrum() -> None:
    found = replace(subject(), identification=Identification((match("quartz", 0.999),), False, 1, ""))
    html = render([found, subject(4)], ReportHeader("Batch"), layout="summary")
    text = text_of(html)
    assert "<img" not in html and "2 entries." in text
    assert "quartz.wdf 1 50 → 140 (×2.8) quartz 464" in text
    assert "quartz.wdf 4 50 → 140 (×2.8), medians of 4 spectra – –" in text


def test_names_from_files_cannot_bring_markup_into_the_page() -> None:
    html = render([replace(subject(), name="<script>alert(1)</script>")], ReportHeader(notes="a & <b>"))
    assert "<script>" not in html and "&lt;script&gt;" in html and "a &amp; &lt;b&gt;" in html


def test_a_template_of_the_user_is_used_and_its_errors_are_sentences(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "mine.html.j2")
    template.write_text("{% for s in subjects %}[{{ s.name }}|{{ s.snr }}]{% endfor %}")
    assert render([subject(), subject()], ReportHeader(), template).count("[quartz.wdf|50 → 140 (×2.8)]") == 2
    for content in ("{% for %}", "{{ subjects[9].name }}", "{{ ''.__class__.__mro__ }}{{ subjects.append(1).x }}"):
        template.write_text(content)
        with pytest.raises(StudioError, match="has an error"):
            render([subject()], ReportHeader(), template)
    with pytest.raises(StudioError, match="cannot be read"):
        render([subject()], ReportHeader(), tmp_path / "none.j2")


def test_a_logo_is_in_the_page_itself(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "logo.png")
    assert render([subject()], ReportHeader(logo=tmp_path / "logo.png")).count("data:image/png;base64") == 2
    with pytest.raises(StudioError, match="no picture"):
        render([subject()], ReportHeader(logo=tmp_path / "logo.exe"))


def test_nothing_to_report_and_too_much_are_sentences() -> None:
    with pytest.raises(StudioError, match="nothing to report"):
        render([], ReportHeader())
    with pytest.raises(StudioError, match="at most 50"):
        render([subject()] * 51, ReportHeader())
