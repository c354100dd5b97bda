"""A selection is one thing: some spectra of a set, in the list, the viewer, the facts and what is taken away."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from tests.gui.driver import Starter, Window


def write_map(path: Path, rows: int = 3, columns: int = 4) -> Path:
    axis = np.linspace(200.0, 1800.0, 200)
    y, x = np.mgrid[:rows, :columns]
    values = np.exp(-(((axis - 600) / 12) ** 2)) * 100 * (1 + x.ravel()[:, None]) + np.random.default_rng(0).normal(
        0, 5, (rows * columns, 200)
    )
    with h5py.File(path, "w") as file:
        group = file.create_group("map")
        group["axis"], group["values"], group["x"], group["y"] = axis, values, x.ravel() * 2.0, y.ravel() * 2.0
    return path


def opened(start: Starter, tmp_path: Path) -> Window:
    window = start()
    window.drop(write_map(tmp_path / "map.h5"))
    window.wait_until(lambda: window.snr != "")
    return window


def test_part_of_a_set_is_selected_in_every_view(start: Starter, tmp_path: Path) -> None:
    window = opened(start, tmp_path)
    session = window.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id] * 3, [1, 5, 7])
    window.wait_settled()
    assert session.rows_of(entry).tolist() == [1, 5, 7]
    assert session.single_row is None
    assert window.window.metadata_panel._scope.text() == "median of 3 spectra"
    assert "3 of the 12 spectra" in window.window.page.header._detail.text()
    ((_, result),) = session.selected_results
    assert len(result.source) == 3
    assert [len(result.source) for _, result in window.services.exporting.denoised] == [3]


def test_the_header_shows_the_number_of_the_selected_spectrum_of_a_set(start: Starter, tmp_path: Path) -> None:
    window = opened(start, tmp_path)
    session = window.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id], [4])
    assert session.single_row == 4
    assert window.window.metadata_panel._scope.text() == "spectrum 5 of 12"
    session.select_spectrum(None)
    assert len(session.rows_of(entry)) == 12


def test_selecting_all_spectra_of_an_entry_selects_the_entry(start: Starter, tmp_path: Path) -> None:
    window = opened(start, tmp_path)
    session = window.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id] * 12, list(range(12)))
    assert not session.selection.rows
    session.remove([entry.id])
    assert session.selected_ids == ()
