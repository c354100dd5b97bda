"""What a drop reports is true: how many files were opened, were open already, or could not be read."""

from __future__ import annotations

from pathlib import Path

from ramanstudio.gui.document.session import OpenedFile
from tests.gui.driver import Starter, write_spectra, write_spectrum


def test_a_folder_dropped_twice_is_read_once_and_reported_as_open(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 3)
    window = start()
    window.drop(tmp_path)
    window.wait_until(lambda: len(window.rows()) == 3)
    window.wait_settled()
    assert window.message == ""
    window.drop(tmp_path)
    window.wait_until(lambda: window.message == f"All 3 files in '{tmp_path.name}' are already open.")
    assert len(window.rows()) == 3


def test_new_files_in_a_folder_that_is_open_are_opened_and_counted(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 2)
    window = start()
    window.drop(tmp_path)
    window.wait_until(lambda: len(window.rows()) == 2)
    window.wait_settled()
    write_spectrum(tmp_path / "new.txt")
    window.drop(tmp_path)
    window.wait_until(lambda: window.message == f"1 new file was opened; 2 in '{tmp_path.name}' were already open.")
    assert len(window.rows()) == 3


def test_files_that_cannot_be_read_are_counted_among_the_new_ones(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 2)
    window = start()
    window.drop(tmp_path)
    window.wait_until(lambda: len(window.rows()) == 2)
    window.wait_settled()
    for name in ("bad_1.txt", "bad_2.txt"):
        (tmp_path / name).write_text("no spectrum", encoding="utf-8")
    window.drop(tmp_path)
    window.wait_until(lambda: "2 of 2 files could not be read: bad_1.txt, bad_2.txt" in window.message)
    assert [name for name, state in window.rows() if state == "problem"] == ["bad_1.txt", "bad_2.txt"]


def test_a_file_that_was_read_again_for_an_entry_that_is_gone_is_dropped(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    session = window.services.session
    entry = session.project.entries[0]
    session.remove([entry.id])
    before = session.project
    session.replace(entry.id, OpenedFile(entry.path, (entry.source,) if entry.source is not None else ()))
    assert session.project is before
    assert session.undo_title == "Remove 1 entry"
