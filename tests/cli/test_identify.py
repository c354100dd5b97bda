"""The command line says what spectra are of, a line for each hit, and makes, lists, merges and exports libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio import demo
from ramanstudio.cli import exit_codes, main
from ramanstudio.cli import files as cli_files
from ramanstudio.core import paths
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.library import library, library_folder
from ramanstudio.library.library import Library, Reference
from tests.cli.denoise_samples import read_rows
from tests.cli.identify_samples import AXIS, StubSearch, spectrum_of, write_spectrum


def test_each_match_is_a_row_and_the_terminal_shows_the_best(
    tmp_path: Path, stub_search: StubSearch, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_spectrum(tmp_path / "scan.txt", "quartz")
    both = SpectrumSet(AXIS, np.concatenate([spectrum_of("rutile").values, spectrum_of("barite").values]))
    hdf5.write(tmp_path / "two.h5", both)
    out = tmp_path / "hits.csv"
    given = ["identify", str(file), str(tmp_path / "two.h5"), "--library", "my minerals", "--out", str(out)]
    assert main.main([*given, "--top", "2"]) == exit_codes.DONE
    rows = read_rows(out)
    assert [(Path(row["file"]).name, row["spectrum"], row["rank"], row["substance"]) for row in rows] == [
        ("scan.txt", "1", "1", "quartz"),
        ("scan.txt", "1", "2", "rutile"),
        ("two.h5", "1", "1", "rutile"),
        ("two.h5", "1", "2", "quartz"),
        ("two.h5", "2", "1", "calcite"),
        ("two.h5", "2", "2", "rutile"),
    ]
    assert [row["unknown"] for row in rows] == ["no"] * 4 + ["yes"] * 2
    assert [row["candidate"] for row in rows] == ["yes", "no"] * 2 + ["no"] * 2
    assert {row["library"] for row in rows} == {"My minerals"}
    assert (rows[0]["reference sample"], rows[0]["matched bands / cm-1"], rows[4]["explanation"]) == (
        "quartz 1", "465", "Nothing is near enough.",
    )  # fmt: skip
    assert 0 <= float(rows[0]["probability"]) <= 1
    assert 980 <= float(rows[0]["HQI"]) <= 1000
    printed = capsys.readouterr().out
    assert "unknown; nearest calcite" in printed
    assert "Compared 3 spectra with My minerals" in printed


def test_a_library_is_prepared_once_and_files_on_one_axis_are_searched_at_once(
    tmp_path: Path, stub_search: StubSearch, minerals: Library
) -> None:
    for number in range(5):
        write_spectrum(tmp_path / "data" / f"{number}.txt", "quartz", number)
    given = ["identify", str(tmp_path / "data"), "--library", str(minerals.path), "--out", str(tmp_path / "x.csv")]
    assert main.main(given) == exit_codes.DONE
    assert main.main(given) == exit_codes.DONE
    assert stub_search.prepared == 3
    assert stub_search.batch_sizes == [5, 5]
    assert library.open(minerals.path).fingerprint_version == "nose-1"


def test_a_read_only_library_is_prepared_as_a_copy(
    tmp_path: Path, stub_search: StubSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = library.write(tmp_path / "theirs.ramanlib", [Reference("quartz", spectrum_of("quartz"))])
    content = theirs.path.read_bytes()
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    file = write_spectrum(tmp_path / "scan.txt", "quartz")
    given = ["identify", str(file), "--library", str(theirs.path), "--out", str(tmp_path / "x.csv")]
    assert [main.main(given), main.main(given)] == [exit_codes.DONE, exit_codes.DONE]
    assert theirs.path.read_bytes() == content
    assert stub_search.prepared == 1
    assert read_rows(tmp_path / "x.csv")[0]["library"] == "theirs"


def test_all_libraries_are_searched_by_default_and_a_damaged_one_is_named(
    tmp_path: Path, stub_search: StubSearch, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    (paths.user_libraries() / "broken.ramanlib").write_bytes(b"half")
    file = write_spectrum(tmp_path / "scan.txt", "rutile")
    assert main.main(["identify", str(file), "--out", str(tmp_path / "x.csv"), "--top", "1"]) == exit_codes.DONE
    printed = capsys.readouterr()
    assert "broken.ramanlib" in printed.err
    assert "My minerals, Starter library" in printed.out
    assert (
        main.main(["identify", str(file), "--out", str(tmp_path / "x.csv"), "--library", "nowhere"])
        == exit_codes.NOTHING_DONE
    )
    assert "'My minerals'" in capsys.readouterr().err


def test_a_bad_file_is_named_and_the_others_are_identified(
    tmp_path: Path, stub_search: StubSearch, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [write_spectrum(tmp_path / f"{number}.txt", "quartz", number) for number in range(2)]
    (tmp_path / "holiday.txt").write_text("we went to the sea\nand it was warm\n")
    hdf5.write(tmp_path / "dead.h5", SpectrumSet(AXIS, np.full((1, len(AXIS)), np.nan)))
    bad = [str(tmp_path / "holiday.txt"), str(tmp_path / "dead.h5")]
    out = tmp_path / "x.csv"
    given = ["identify", *bad, *map(str, good), "--library", "minerals", "--top", "1", "--out", str(out)]
    assert main.main(given) == exit_codes.SOME_FAILED
    assert [row["file"] for row in read_rows(out)] == [str(file) for file in good]
    printed = capsys.readouterr().err
    assert "holiday.txt" in printed
    assert "'dead.h5': The spectrum holds values" in printed


def test_ctrl_c_keeps_the_identifications_made_so_far(
    tmp_path: Path, stub_search: StubSearch, minerals: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_spectrum(tmp_path / f"{number}.txt", "quartz", number) for number in range(4)]
    monkeypatch.setattr(cli_files, "VALUES_PER_BATCH", 1)
    identify = StubSearch.identify

    def press_ctrl_c_at_the_third(self: StubSearch, *given: object, **more: object) -> object:
        if len(self.batch_sizes) == 2:
            raise KeyboardInterrupt
        return identify(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(StubSearch, "identify", press_ctrl_c_at_the_third)
    given = ["identify", *map(str, files), "--library", "minerals", "--top", "1", "--out", str(tmp_path / "x.csv")]
    assert main.main(given) == exit_codes.CANCELLED
    assert [row["file"] for row in read_rows(tmp_path / "x.csv")] == [str(file) for file in files[:2]]


def test_the_compared_range_can_be_given(tmp_path: Path, stub_search: StubSearch, minerals: Library) -> None:
    file = write_spectrum(tmp_path / "scan.txt", "quartz")
    given = ["identify", str(file), "--library", "minerals", "--out", str(tmp_path / "x.csv")]
    range_options = ["--from", "300", "--without", "500-540", "--without", "900–950"]
    assert [main.main(given), main.main([*given, *range_options]), main.main([*given, "--to", "1500"])] == [
        exit_codes.DONE
    ] * 3
    assert stub_search.within == [
        None, Region(300.0, np.inf, ((500.0, 540.0), (900.0, 950.0))), Region(-np.inf, 1500.0, ()),
    ]  # fmt: skip


def test_mixtures_writes_a_table_of_components(
    tmp_path: Path, stub_search: StubSearch, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    both = spectrum_of("quartz", 1)
    both = both.with_values(0.7 * both.values + 0.3 * spectrum_of("rutile", 2).values)
    beyond = SpectrumSet.of(AXIS + 5000, both.values)
    hdf5.write(tmp_path / "both.h5", both)
    hdf5.write(tmp_path / "elsewhere.h5", beyond)
    out = tmp_path / "x.csv"
    files = [str(tmp_path / name) for name in ("both.h5", "elsewhere.h5")]
    given = ["identify", *files, "--library", "minerals", "--top", "1", "--out", str(out), "--mixtures"]
    assert main.main(given) == exit_codes.DONE
    assert len(read_rows(out)) == 2
    assert "x_mixtures.csv" in capsys.readouterr().out
    rows = read_rows(tmp_path / "x_mixtures.csv")
    assert [(row["name"], row["component"]) for row in rows[:2]] == [("quartz", "1"), ("rutile", "2")]
    assert [float(row["fraction"]) for row in rows[:2]] == pytest.approx([0.7, 0.3], abs=0.03)
    assert all(0 < float(row["error"]) < 0.05 for row in rows[:2])
    assert 0.5 < float(rows[0]["residual / noise"]) < 3
    assert len(rows) == 3
    assert rows[2]["note"]


def test_for_many_spectra_the_terminal_counts_substances(
    tmp_path: Path, stub_search: StubSearch, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [spectrum_of(name, seed).values for seed, name in enumerate(["quartz"] * 50 + ["rutile"] * 30 + ["barite"])]
    hdf5.write(tmp_path / "map.h5", SpectrumSet(AXIS, np.concatenate(rows)))
    given = ["identify", str(tmp_path / "map.h5"), "--library", "minerals", "--out", str(tmp_path / "x.csv")]
    assert main.main(given) == exit_codes.DONE
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["quartz", "50"] in printed
    assert ["rutile", "30"] in printed
    assert ["unknown", "1"] in printed


@pytest.mark.parametrize(
    "wrong",
    [
        ["--top", "0"],
        ["--without", "500"],
        ["--without", "540-500"],
        ["--without", "0-9000"],
        ["--from", "900", "--to", "300"],
    ],
)
def test_senseless_options_are_refused_in_a_sentence(
    tmp_path: Path, stub_search: StubSearch, minerals: Library, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_spectrum(tmp_path / "scan.txt", "rutile")
    assert main.main(["identify", str(file), "--out", str(tmp_path / "x.csv"), *wrong]) == exit_codes.NOTHING_DONE
    assert wrong[0] in (printed := capsys.readouterr().err)
    assert "Traceback" not in printed
    assert not (tmp_path / "x.csv").exists()


def test_the_shipped_model_identifies_the_demo_spectra(tmp_path: Path) -> None:
    starter = library_folder.open_starter_library()
    wanted = {"Quartz", "Calcite", "Gypsum", "Anatase", "Polystyrene", "Aspirin"}
    few = [starter.reference(index) for index, name in enumerate(starter.names) if name in wanted]
    made = library.write(tmp_path / "few.ramanlib", few)
    files = [str(file) for file in demo.demo_files() if file.stem in ("quartz-10s", "sucrose-10s")]
    out = tmp_path / "x.csv"
    assert (
        main.main(["identify", *files, "--library", str(made.path), "--out", str(out), "--device", "cpu"])
        == exit_codes.DONE
    )
    quartz, sucrose = (row for row in read_rows(out) if row["rank"] == "1")
    assert (quartz["substance"], quartz["unknown"]) == ("Quartz", "no")
    assert sucrose["unknown"] == "yes"


# Libraries
