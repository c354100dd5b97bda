"""The command line says what spectra are of, a line for each hit, and makes, lists, merges and exports libraries."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from ramanstudio import demo
from ramanstudio.cli import exit_codes, main
from ramanstudio.cli import files as cli_files
from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.formats import hdf5, registry
from ramanstudio.library import library, library_folder
from ramanstudio.library.library import Library, Reference
from ramanstudio.search import fingerprints
from ramanstudio.signal.spectral_features import subtract_baseline

AXIS = np.linspace(200, 1800, 321)
LINES = {"calcite": 1085.0, "quartz": 465.0, "rutile": 610.0, "barite": 988.0}


def spectrum_of(name: str, seed: int = 0) -> SpectrumSet:
    noise = np.random.default_rng(seed).normal(0, 0.5, AXIS.shape)
    return SpectrumSet.of(AXIS, 100 * np.exp(-0.5 * ((AXIS - LINES[name]) / 10) ** 2) + noise)


class Nose:
    """Stands for the engine: it knows a substance by the shift of its peak, and calls unknown what lies 20 cm⁻¹ off."""

    device_name = "CPU · 1 thread"
    fingerprint_version = "nose-1"

    def __init__(self) -> None:
        self.prepared = 0
        self.asked: list[int] = []
        self.within: list[object] = []

    def compute_fingerprints(self, spectra: Sequence[SpectrumSet]) -> Mapping[str, NDArray[np.float64]]:
        self.prepared += len(spectra)
        one_by_one = [fingerprints.fingerprints(one, one, subtract_baseline(one)) for one in spectra]
        peaks = [[one.axis[np.argmax(one.values[0])]] for one in spectra]
        return {name: np.concatenate([one[name] for one in one_by_one]) for name in one_by_one[0]} | {
            "peak": np.array(peaks)
        }

    def identify(
        self,
        spectra: SpectrumSet,
        libraries: Sequence[Library],
        top: int = 10,
        within: object = None,
        progress: Progress = SILENT,
    ) -> list[SimpleNamespace]:
        if not np.isfinite(spectra.values).all():
            raise StudioError("The spectrum holds values that are not numbers.", remedy="Crop the range.")
        progress(len(spectra), len(spectra), "spectra")
        self.asked.append(len(spectra))
        self.within.append(within)
        return [self._told(float(spectra.axis[np.argmax(row)]), libraries, top) for row in spectra.values]

    def _told(self, peak: float, libraries: Sequence[Library], top: int) -> SimpleNamespace:
        places = [
            (abs(float(one.fingerprints["peak"][index, 0]) - peak), str(one.names[index]), which, index)
            for which, one in enumerate(libraries)
            for index in range(len(one))
        ]
        best: dict[str, tuple[float, int, int]] = {}
        for off, name, which, index in sorted(places):
            best.setdefault(name, (off, which, index))
        matches = tuple(
            SimpleNamespace(
                name=name, probability=1 / (1 + off), hqi=1000 - off, pearson=0.9, euclid=0.3, gap=0.1,
                library=which, reference=index,
                matched=(peak,), missing=(), extra=(),
            )
            for name, (off, which, index) in list(best.items())[:top]
        )  # fmt: skip
        unknown = matches[0].hqi < 980
        return SimpleNamespace(
            matches=matches,
            unknown=unknown,
            candidate_set_size=1,
            explanation="Nothing is near enough." if unknown else "",
        )


@pytest.fixture
def nose(monkeypatch: pytest.MonkeyPatch) -> Nose:
    """Commands run without a model."""
    one = Nose()
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: one))
    return one


@pytest.fixture
def minerals() -> Library:
    references = [Reference(name, spectrum_of(name, 5), sample=f"{name} 1") for name in ("calcite", "quartz", "rutile")]
    return library.write(paths.user_libraries() / "minerals.ramanlib", references, "My minerals")


def write_spectrum(path: Path, name: str, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    one = spectrum_of(name, seed)
    path.write_text("".join(f"{x:.3f}\t{y:.4f}\n" for x, y in zip(one.axis, one.values[0], strict=True)))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_hit_is_a_line_and_each_spectrum_a_line_on_the_terminal(
    tmp_path: Path, nose: Nose, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_spectrum(tmp_path / "scan.txt", "quartz")
    both = SpectrumSet(AXIS, np.concatenate([spectrum_of("rutile").values, spectrum_of("barite").values]))
    hdf5.write(tmp_path / "two.h5", both)
    out = tmp_path / "hits.csv"
    given = ["identify", str(file), str(tmp_path / "two.h5"), "--library", "my minerals", "--out", str(out)]
    assert main.main([*given, "--top", "2"]) == exit_codes.DONE
    rows = rows_of(out)
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


def test_a_library_is_prepared_once_and_files_of_one_axis_are_searched_in_one_go(
    tmp_path: Path, nose: Nose, minerals: Library
) -> None:
    for number in range(5):
        write_spectrum(tmp_path / "data" / f"{number}.txt", "quartz", number)
    given = ["identify", str(tmp_path / "data"), "--library", str(minerals.path), "--out", str(tmp_path / "x.csv")]
    assert main.main(given) == exit_codes.DONE
    assert main.main(given) == exit_codes.DONE
    assert nose.prepared == 3
    assert nose.asked == [5, 5]
    assert library.open(minerals.path).fingerprint_version == "nose-1"


def test_a_library_in_a_folder_that_cannot_be_written_is_searched_by_a_copy(
    tmp_path: Path, nose: Nose, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = library.write(tmp_path / "theirs.ramanlib", [Reference("quartz", spectrum_of("quartz"))])
    content = theirs.path.read_bytes()
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    file = write_spectrum(tmp_path / "scan.txt", "quartz")
    given = ["identify", str(file), "--library", str(theirs.path), "--out", str(tmp_path / "x.csv")]
    assert [main.main(given), main.main(given)] == [exit_codes.DONE, exit_codes.DONE]
    assert theirs.path.read_bytes() == content
    assert nose.prepared == 1
    assert rows_of(tmp_path / "x.csv")[0]["library"] == "theirs"


def test_all_libraries_are_searched_when_none_is_named_and_a_damaged_one_is_named(
    tmp_path: Path, nose: Nose, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    (paths.user_libraries() / "broken.ramanlib").write_bytes(b"half")
    file = write_spectrum(tmp_path / "scan.txt", "rutile")
    assert main.main(["identify", str(file), "--out", str(tmp_path / "x.csv"), "--top", "1"]) == exit_codes.DONE
    said = capsys.readouterr()
    assert "broken.ramanlib" in said.err
    assert "My minerals, Starter library" in said.out
    assert (
        main.main(["identify", str(file), "--out", str(tmp_path / "x.csv"), "--library", "nowhere"])
        == exit_codes.NOTHING_DONE
    )
    assert "'My minerals'" in capsys.readouterr().err


def test_a_bad_file_is_a_sentence_and_does_not_stop_the_others(
    tmp_path: Path, nose: Nose, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [write_spectrum(tmp_path / f"{number}.txt", "quartz", number) for number in range(2)]
    (tmp_path / "holiday.txt").write_text("we went to the sea\nand it was warm\n")
    hdf5.write(tmp_path / "dead.h5", SpectrumSet(AXIS, np.full((1, len(AXIS)), np.nan)))
    bad = [str(tmp_path / "holiday.txt"), str(tmp_path / "dead.h5")]
    out = tmp_path / "x.csv"
    given = ["identify", *bad, *map(str, good), "--library", "minerals", "--top", "1", "--out", str(out)]
    assert main.main(given) == exit_codes.SOME_FAILED
    assert [row["file"] for row in rows_of(out)] == [str(file) for file in good]
    said = capsys.readouterr().err
    assert "holiday.txt" in said
    assert "'dead.h5': The spectrum holds values" in said


def test_cancelling_keeps_what_was_found_by_then(
    tmp_path: Path, nose: Nose, minerals: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_spectrum(tmp_path / f"{number}.txt", "quartz", number) for number in range(4)]
    monkeypatch.setattr(cli_files, "VALUES_PER_BATCH", 1)
    identify = Nose.identify

    def press_ctrl_c_at_the_third(self: Nose, *given: object, **more: object) -> object:
        if len(self.asked) == 2:
            raise KeyboardInterrupt
        return identify(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Nose, "identify", press_ctrl_c_at_the_third)
    given = ["identify", *map(str, files), "--library", "minerals", "--top", "1", "--out", str(tmp_path / "x.csv")]
    assert main.main(given) == exit_codes.CANCELLED
    assert [row["file"] for row in rows_of(tmp_path / "x.csv")] == [str(file) for file in files[:2]]


def test_the_range_that_is_looked_at_can_be_told(tmp_path: Path, nose: Nose, minerals: Library) -> None:
    file = write_spectrum(tmp_path / "scan.txt", "quartz")
    given = ["identify", str(file), "--library", "minerals", "--out", str(tmp_path / "x.csv")]
    told = ["--from", "300", "--without", "500-540", "--without", "900–950"]
    assert [main.main(given), main.main([*given, *told]), main.main([*given, "--to", "1500"])] == [exit_codes.DONE] * 3
    assert nose.within == [
        None, Region(300.0, np.inf, ((500.0, 540.0), (900.0, 950.0))), Region(-np.inf, 1500.0, ()),
    ]  # fmt: skip


def test_the_parts_of_mixtures_are_a_table_beside(
    tmp_path: Path, nose: Nose, minerals: Library, capsys: pytest.CaptureFixture[str]
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
    assert len(rows_of(out)) == 2
    assert "x_mixtures.csv" in capsys.readouterr().out
    rows = rows_of(tmp_path / "x_mixtures.csv")
    assert [(row["name"], row["component"]) for row in rows[:2]] == [("quartz", "1"), ("rutile", "2")]
    assert [float(row["fraction"]) for row in rows[:2]] == pytest.approx([0.7, 0.3], abs=0.03)
    assert all(0 < float(row["error"]) < 0.05 for row in rows[:2])
    assert 0.5 < float(rows[0]["residual / noise"]) < 3
    assert len(rows) == 3
    assert rows[2]["note"]


def test_of_many_spectra_the_terminal_counts_the_substances(
    tmp_path: Path, nose: Nose, minerals: Library, capsys: pytest.CaptureFixture[str]
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
    "wrong", [["--top", "0"], ["--without", "500"], ["--without", "540-500"], ["--from", "900", "--to", "300"]]
)
def test_a_question_that_makes_no_sense_is_a_sentence(
    tmp_path: Path, nose: Nose, minerals: Library, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_spectrum(tmp_path / "scan.txt", "rutile")
    assert main.main(["identify", str(file), "--out", str(tmp_path / "x.csv"), *wrong]) == exit_codes.NOTHING_DONE
    assert wrong[0] in (said := capsys.readouterr().err)
    assert "Traceback" not in said
    assert not (tmp_path / "x.csv").exists()


def test_the_shipped_model_knows_what_the_demo_spectra_are(tmp_path: Path) -> None:
    starter = library_folder.starter()
    wanted = {"Quartz", "Calcite", "Gypsum", "Anatase", "Polystyrene", "Aspirin"}
    few = [starter.reference(index) for index, name in enumerate(starter.names) if name in wanted]
    made = library.write(tmp_path / "few.ramanlib", few)
    files = [str(file) for file in demo.demo_files() if file.stem in ("quartz-10s", "sucrose-10s")]
    out = tmp_path / "x.csv"
    assert (
        main.main(["identify", *files, "--library", str(made.path), "--out", str(out), "--device", "cpu"])
        == exit_codes.DONE
    )
    quartz, sucrose = (row for row in rows_of(out) if row["rank"] == "1")
    assert (quartz["substance"], quartz["unknown"]) == ("Quartz", "no")
    assert sucrose["unknown"] == "yes"


# Libraries


def test_a_library_is_built_listed_merged_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("quartz", "rutile"):
        write_spectrum(tmp_path / "data" / name / "scan.txt", name)
    given = [
        "library",
        "build",
        str(tmp_path / "data"),
        "--name-from",
        "folder",
        "--title",
        "Field work",
        "--licence",
        "CC0",
    ]
    assert main.main(given) == exit_codes.DONE
    assert "2 references of 2 substances" in capsys.readouterr().out
    mine = library.open(paths.user_libraries() / "Field work.ramanlib")
    assert list(mine.names) == ["quartz", "rutile"]
    assert set(mine.licences) == {"CC0"}

    one = write_spectrum(tmp_path / "b.txt", "barite")
    assert (
        main.main(["library", "build", str(one), "--name", "Barite", "--out", str(tmp_path / "b.ramanlib")])
        == exit_codes.DONE
    )
    both = tmp_path / "both.ramanlib"
    given = ["library", "merge", "field work", str(tmp_path / "b.ramanlib"), "--out", str(both), "--title", "Both"]
    assert main.main(given) == exit_codes.DONE
    assert main.main(["library", "list", str(both), "--names"]) == exit_codes.DONE
    assert main.main(["library", "list"]) == exit_codes.DONE
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("Both", "Barite", "quartz", "rutile", "Field work", "Starter library"))

    assert main.main(["library", "export", str(both), "--out", str(tmp_path / "both.csv")]) == exit_codes.DONE
    assert [row["spectrum_identity"] for row in rows_of(tmp_path / "both_metadata.csv")] == [
        "quartz",
        "rutile",
        "Barite",
    ]
    assert main.main(["library", "export", str(both), "--out", str(tmp_path / "both.h5")]) == exit_codes.DONE
    (back,) = registry.read(tmp_path / "both.h5")
    assert back.table["label"].tolist() == ["quartz", "rutile", "Barite"]


def test_what_cannot_be_taken_in_is_said_and_the_rest_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_spectrum(tmp_path / "data" / "quartz.txt", "quartz")
    (tmp_path / "data" / "holiday.txt").write_text("we went to the sea")
    out = tmp_path / "x.ramanlib"
    assert main.main(["library", "build", str(tmp_path / "data"), "--out", str(out)]) == exit_codes.SOME_FAILED
    assert "holiday.txt" in capsys.readouterr().err
    assert list(library.open(out).names) == ["quartz"]
    empty = str(tmp_path / "data" / "holiday.txt")
    assert main.main(["library", "build", empty, "--out", str(tmp_path / "y.ramanlib")]) == exit_codes.NOTHING_DONE
    assert (
        main.main(["library", "build", str(tmp_path / "data"), "--out", str(tmp_path / "y.h5")])
        == exit_codes.NOTHING_DONE
    )
    assert "does not end in .ramanlib" in capsys.readouterr().err
    assert not (tmp_path / "y.h5").exists()
