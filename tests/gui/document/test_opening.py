"""What a drop reports is true: how many files were opened, were open already, or could not be read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.document.session import OpenedFile
from tests.gui.driver import Starter, write_spectra, write_spectrum


def test_a_folder_dropped_twice_is_read_once_and_reported_as_open(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 3)
    window = start()
    window.drop(tmp_path)
    window.wait_until(lambda: len(window.rows()) == 3)
    window.wait_until(lambda: window.message == "3 of 3 files were opened.")
    window.wait_settled()
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
    window.wait_until(
        lambda: (
            "0 of 2 files were opened; 2 were open already; 2 hold no Raman spectra (bad_1.txt, bad_2.txt)."
            in window.message
        )
    )
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


def test_a_folder_ends_with_what_became_of_every_file_in_it(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 2)
    (tmp_path / "notes.txt").write_text("a letter", encoding="utf-8")
    (tmp_path / "damaged.wdf").write_bytes(b"WDF1" + bytes(600))
    (tmp_path / "stage.l6v").write_bytes(b"video" + bytes(600))
    for name in ("a.png", "b.png", "c.docx"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n")
    window = start()
    window.drop(tmp_path)
    window.wait_until(lambda: len(window.rows()) == 4)
    window.wait_until(lambda: "opened" in window.message)
    window.wait_settled()
    assert window.message.startswith("2 of 5 files were opened; 1 holds no Raman spectra (notes.txt)")
    assert "2 could not be read (damaged.wdf, stage.l6v)" in window.message
    assert "3 were skipped (2 .png, 1 .docx)" in window.message
    details = window.window.message_bar._message.details
    assert "LabSpec 6 video" in details and str(tmp_path / "stage.l6v") in details


def test_part_of_a_folder_is_opened_by_the_names_of_its_files(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 3)
    write_spectrum(tmp_path / "PS 5 s.txt")
    window = start()
    window.services.opening.open([tmp_path], "ps 5")
    window.wait_until(lambda: [name for name, _ in window.rows()] == ["PS 5 s.txt"])


def nm_text(laser_nm: float | None) -> str:
    shift = np.linspace(200.0, 1800.0, 200)
    nm = 1e7 / (1e7 / 532.0 - shift)
    header = f"Laser wavelength: {laser_nm} nm\n" if laser_nm else ""
    return f"{header}Wavelength (nm)\tIntensity\n" + "".join(f"{x:.5f}\t{100 + i % 7}\n" for i, x in enumerate(nm))


def test_the_laser_wavelength_of_the_user_wins_is_said_and_can_be_undone(start: Starter, tmp_path: Path) -> None:
    path = tmp_path / "nm.txt"
    path.write_text(nm_text(533.0), encoding="utf-8")
    window = start(path)
    window.wait_until(lambda: window.rows() == [("nm.txt", "denoised")])
    session, opening = window.services.session, window.services.opening
    wrong = session.project.entries[0].source
    opening.set_laser(session.project.entries, 532.0)
    source = session.project.entries[0].source
    assert source is not None and wrong is not None
    assert (source.axis[0], source.axis[-1]) == pytest.approx((200.0, 1800.0), abs=0.01)
    assert (source.about["laser_nm"], source.about["laser_in_file_nm"]) == (532.0, 533.0)
    assert "532 nm" in window.message
    session.undo()
    assert session.project.entries[0].source is wrong


def test_raman_shift_axes_move_only_when_asked(start: Starter, tmp_path: Path) -> None:
    path = tmp_path / "shift.txt"
    lines = "".join(f"{x}\t{100 + x % 7}\n" for x in range(200, 1800, 4))
    path.write_text(f"#Laser (nm)=\t532\nRaman shift (cm-1)\tCounts\n{lines}", encoding="utf-8")
    window = start(path)
    window.wait_until(lambda: window.rows() == [("shift.txt", "denoised")])
    session, opening = window.services.session, window.services.opening
    opening.set_laser(session.project.entries, 532.1)
    kept = session.project.entries[0].source
    assert kept is not None and kept.axis[0] == 200.0 and kept.about["laser_nm"] == 532.1
    session.undo()
    opening.set_laser(session.project.entries, 532.1, moves_shift_axes=True)
    moved = session.project.entries[0].source
    assert moved is not None
    assert moved.axis[0] == pytest.approx(200.0 + 1e7 * (1 / 532.1 - 1 / 532.0))


def test_files_in_nm_are_asked_for_their_laser_once(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[int] = []

    def answer(parent: object, n_files: int, suggested: float, use: Callable[[float], object]) -> None:
        questions.append(n_files)
        use(532.0)

    monkeypatch.setattr(dialogs, "open_laser_question", answer)
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(nm_text(None), encoding="utf-8")
    window = start()
    window.drop(tmp_path)
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 3)
    assert questions == [3]
    assert window.services.session.undo_title == "Set laser wavelength to 532 nm"
    window.services.session.undo()
    assert [state for _, state in window.rows()] == ["problem"] * 3


def test_the_spectra_of_an_archive_are_listed_by_the_names_of_their_files(start: Starter, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "day.zip", "w") as archive:
        for name in ("quartz", "talc"):
            archive.write(write_spectrum(tmp_path / f"{name}.txt"), f"{name}.txt")
        archive.writestr("notes.txt", "not a spectrum")
    window = start()
    window.drop(tmp_path / "day.zip")
    window.wait_until(lambda: len(window.rows()) == 2)
    assert [name for name, _ in window.rows()] == ["day.zip · quartz.txt", "day.zip · talc.txt"]
    first = window.services.session.project.entries[0].source
    assert first is not None and "1 of 3 files" in str(first.about["notes"])
