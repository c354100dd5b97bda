"""Quality of what is opened, shown in the list and the panel; the list filtered and sorted by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document import quality_checking
from ramanstudio.gui.spectra_list.entry_delegate import badge_of
from ramanstudio.gui.spectra_list.entry_filter import EntryFilter
from ramanstudio.gui.spectrum.metadata_panel import MetadataPanel
from ramanstudio.project.project import Entry
from ramanstudio.signal.quality import check_quality
from tests.gui.driver import Starter, Window

AXIS = np.linspace(200, 1800, 400)


def write(path: Path, values: np.ndarray) -> Path:
    np.savetxt(path, np.column_stack([AXIS, values]), header="Raman shift / cm-1\tcounts", delimiter="\t")
    return path


@pytest.fixture
def window(start: Starter, tmp_path: Path) -> Window:
    rng = np.random.default_rng(7)
    line = 2000 * np.exp(-0.5 * ((AXIS - 1000) / 12) ** 2)
    noisy = 500 + line + rng.normal(0, 20, AXIS.size)
    spiked = 500 + line + rng.normal(0, 20, AXIS.size)
    spiked[[60, 300]] += 5000
    saturated = np.minimum(30 * line + 500 + rng.normal(0, 20, AXIS.size), 30_000)
    opened = start(
        write(tmp_path / "a_clean.txt", noisy),
        write(tmp_path / "b_spiked.txt", spiked),
        write(tmp_path / "c_saturated.txt", saturated),
        write(tmp_path / "d_full_scale.txt", np.full(AXIS.size, 65535.0)),
    )
    opened.wait_settled()
    checking, session = opened.services.quality_checking, opened.services.session
    opened.wait_until(lambda: all(checking.quality(entry) is not None for entry in session.project.entries))
    return opened


def names(window: Window) -> list[str]:
    return [name[0] for name, _ in window.rows()]


def test_what_the_checks_found_is_in_the_row_and_the_panel_and_no_saturated_trace_is_called_clean(
    window: Window,
) -> None:
    model = window.window.entries.model
    tips = [str(model.data(model.index(row), Qt.ItemDataRole.ToolTipRole)) for row in range(4)]
    assert "cosmic ray" not in tips[0] and "saturated" not in tips[0].split("\n", 1)[-1]
    assert "2 cosmic rays." in tips[1]
    assert "saturated at" in tips[2] and "saturated" in tips[3]
    assert model.data(model.index(2), Qt.ItemDataRole.AccessibleTextRole).count("saturated at") == 1
    panel = window.window.findChild(MetadataPanel)
    window.choose("d_full_scale.txt")
    window.wait_until(lambda: "saturated" in panel.findings)  # type: ignore[union-attr]
    assert "No measurable noise" not in panel.text() and "trusted" in panel.text()  # type: ignore[union-attr]
    window.choose("a_clean.txt")
    window.wait_until(lambda: panel.findings == "")  # type: ignore[union-attr]


def test_the_list_is_filtered_by_numbers_and_words_and_sorted_both_ways(window: Window) -> None:
    entries = window.window.entries

    def filtered(text: str) -> str:
        entries.filter_box.setText(text)
        return "".join(names(window))

    assert filtered("cosmic rays > 0") == "b"
    assert filtered("saturated > 0") == "cd" and filtered("Saturated") == "cd"
    assert filtered("points < 500 not saturated") == "ab"
    assert filtered("clean not identified") == "a"
    assert filtered("cosmic rays>0 saturated>0") == ""
    assert filtered("") == "abcd"
    entries.order.setCurrentIndex(entries.order.findData("cosmic_rays"))
    assert names(window)[0] == "b"
    entries.direction.setChecked(True)
    assert names(window)[-1] == "b"
    preset = entries.presets.menu().actions()[1]
    preset.trigger()
    assert entries.filter_box.text() == "cosmic rays > 0" and names(window) == ["b"]


def test_a_large_set_is_checked_in_portions_with_the_same_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).normal(100, 3, (7, AXIS.size)) + 400 * np.exp(-(((AXIS - 900) / 9) ** 2))
    values[[2, 5]] = 65535.0
    spectra = SpectrumSet(AXIS, values)
    monkeypatch.setattr(quality_checking, "LARGEST", 3)
    entry = Entry(1, "map", Path("map.txt"), spectra)
    _, checked = quality_checking.check_entries([entry], Progress())[1]
    whole = check_quality(spectra, search_cosmic_rays=False)
    assert [checked.codes(row) for row in range(7)] == [whole.codes(row) for row in range(7)]
    assert "saturated" in checked.codes(5) and not checked.codes(0)
    assert [badge_of(check_quality(spectra[rows])) for rows in (slice(7), slice(5, 6))] == ["2× saturated", "saturated"]


@pytest.mark.parametrize(
    ("text", "words", "n_conditions"),
    [
        ("snr<5", (), 1),
        ("quartz SNR before >= 2,5 laser = 785", ("quartz",), 2),
        ("snr < x", ("snr", "<", "x"), 0),
        ("not", ("not",), 0),
    ],
)
def test_the_filter_reads_conditions_and_takes_the_rest_as_words(
    text: str, words: tuple[str, ...], n_conditions: int
) -> None:
    parsed = EntryFilter.parse(text)
    assert (parsed.words, len(parsed.conditions)) == (words, n_conditions)
