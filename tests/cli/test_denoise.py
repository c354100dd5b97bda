"""`ramanstudio denoise`: results and a summary, whatever single files do."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.engine import Engine
from ramanstudio.export.summary import ResultFolder
from tests.cli.denoise_samples import read_rows, write_spectrum


def test_denoising_a_folder_writes_results_and_a_summary(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "deep/c"):
        write_spectrum(tmp_path / "data" / f"{name}.txt")
    out = tmp_path / "out"
    assert main.main(["denoise", str(tmp_path / "data"), "--out", str(out)]) == exit_codes.DONE
    assert {file.name for file in out.iterdir()} == {
        "a-denoised.csv", "b-denoised.csv", "c-denoised.csv", "summary.csv"
    }  # fmt: skip
    assert [row["gain"] for row in read_rows(out / "summary.csv")] == ["2", "2", "2"]
    printed = capsys.readouterr()
    assert "a.txt" in printed.out
    assert "Denoised 3 of 3 files" in printed.out
    assert printed.err == ""


def test_spectra_of_one_file_are_denoised_as_a_set_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine.load(device="cpu", threads=1)
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: engine))
    axis, random = np.linspace(200, 1800, 300), np.random.default_rng(6)
    truth = 60 * np.exp(-(((axis - 700) / 14) ** 2)) + 40 * np.exp(-(((axis - 1400) / 11) ** 2))
    repeats = truth + random.normal(0, 20, (40, axis.size))
    np.savetxt(tmp_path / "repeats.csv", np.vstack([axis, repeats]), delimiter=",", fmt="%.3f")
    for number, row in enumerate(repeats[:12]):
        np.savetxt(tmp_path / f"one-{number}.txt", np.column_stack([axis, row]), fmt="%.3f")

    def errors(*flags: str) -> tuple[float, float]:
        out = tmp_path / "-".join(("out", *flags))
        files = [str(path) for path in sorted(tmp_path.iterdir()) if path.is_file()]
        assert main.main(["denoise", *files, "--out", str(out), *flags]) == exit_codes.DONE
        whole = np.loadtxt(out / "repeats-denoised.csv", delimiter=",", skiprows=1)[:, -axis.size :]
        ones = [np.loadtxt(path, delimiter=",", skiprows=1)[:, 2] for path in out.glob("one-*-denoised.csv")]
        assert len(ones) == 12
        return float(np.std(whole - truth)), float(np.std(ones - truth))

    whole, ones = errors()
    whole_by_itself, ones_by_itself = errors("--together", "no")
    assert whole < 0.9 * whole_by_itself
    assert ones == pytest.approx(ones_by_itself)
    assert errors("--together", "all")[1] < 0.95 * ones_by_itself


def test_a_bad_file_is_named_and_the_others_are_denoised(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_spectrum(tmp_path / "good.txt")
    (tmp_path / "holiday.txt").write_text("we went to the sea\nand it was warm\n")
    also = write_spectrum(tmp_path / "also.txt", 50)
    out = tmp_path / "out"
    given = [str(good), str(tmp_path / "holiday.txt"), str(also), str(tmp_path / "nowhere.txt")]
    assert main.main(["denoise", *given, "--out", str(out)]) == exit_codes.SOME_FAILED
    printed = capsys.readouterr().err
    assert "holiday.txt" in printed
    assert "nowhere.txt" in printed
    assert "Traceback" not in printed
    assert {row["result"] for row in read_rows(out / "summary.csv")} == {"good-denoised.csv", "also-denoised.csv"}


def test_a_spectrum_of_nan_is_named_and_the_others_are_denoised(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    axis = np.linspace(0, 100, 64)
    sets = {"a.txt": 1.0, "broken.txt": np.nan, "c.txt": 2.0}
    monkeypatch.setattr("ramanstudio.formats.registry.read", lambda path, laser_nm=None: (
        SpectrumSet(axis, np.full((1, 64), sets[path.name]), {}, {"source": str(path)}),
    ))  # fmt: skip
    files = [str(write_spectrum(tmp_path / name)) for name in sets]
    assert main.main(["denoise", *files, "--out", str(tmp_path / "out")]) == exit_codes.SOME_FAILED
    printed = capsys.readouterr().err
    assert "'broken.txt': The spectrum holds values that are not numbers." in printed
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"a-denoised.csv", "c-denoised.csv", "summary.csv"}


def test_a_nan_pixel_has_no_snr_and_the_other_pixels_are_denoised(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    from ramanstudio.formats import hdf5

    values = np.random.default_rng(8).normal(0, 1, (4, 64)).astype(np.float32)
    values[1, 7] = np.nan
    hdf5.write(tmp_path / "map.h5", SpectrumSet(np.linspace(0, 100, 64), values, {"x": np.arange(4), "y": np.zeros(4)}))
    out = tmp_path / "out"
    assert main.main(["denoise", str(tmp_path / "map.h5"), "--out", str(out)]) == exit_codes.DONE
    printed = capsys.readouterr()
    assert "1 of 4 spectra in 'map.h5' holds values that are not numbers" in printed.err
    assert " 4.0 " in printed.out  # the median of those that have a ratio
    assert [row["gain"] for row in read_rows(out / "summary.csv")] == ["2", "", "2", "2"]
    assert (
        main.main(["denoise", str(tmp_path / "map.h5"), "--out", str(out)]) == exit_codes.DONE
    )  # it finds its own table again
    assert len(read_rows(out / "summary.csv")) == 4
    with (out / "map-denoised.csv").open() as file:
        rows = list(csv.DictReader(file))
        (shift,) = (name for name in rows[0] if name.startswith("50.79365"))
        assert [np.isnan(float(row[shift])) for row in rows] == [False] * 4
    assert np.isnan(np.loadtxt(out / "map-denoised.csv", delimiter=",", skiprows=1)[1]).sum() == 1


def test_exit_code_2_when_nothing_could_be_done(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "holiday.txt").write_text("we went to the sea\n")
    assert (
        main.main(["denoise", str(tmp_path / "holiday.txt"), "--out", str(tmp_path / "out")]) == exit_codes.NOTHING_DONE
    )
    (tmp_path / "empty").mkdir()
    assert main.main(["denoise", str(tmp_path / "empty"), "--out", str(tmp_path / "out")]) == exit_codes.NOTHING_DONE
    assert "no spectrum" in capsys.readouterr().err


def test_ctrl_c_keeps_the_results_written_so_far(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(write_spectrum(tmp_path / f"{name}.txt")) for name in "abc"]
    write = ResultFolder.write

    def press_ctrl_c_at_the_second(self: ResultFolder, raw: SpectrumSet, denoised: Denoised) -> Path:
        if str(raw.about["source"]).endswith("b.txt"):
            raise KeyboardInterrupt
        return write(self, raw, denoised)

    monkeypatch.setattr(ResultFolder, "write", press_ctrl_c_at_the_second)
    assert main.main(["denoise", *files, "--out", str(tmp_path / "out")]) == exit_codes.CANCELLED
    assert "Cancelled" in capsys.readouterr().err
    assert [row["result"] for row in read_rows(tmp_path / "out" / "summary.csv")] == ["a-denoised.csv"]


def test_results_inside_the_input_folder_are_not_denoised_again(tmp_path: Path, smoother: None) -> None:
    write_spectrum(tmp_path / "a.txt")
    for _ in range(2):
        assert main.main(["denoise", str(tmp_path), "--out", str(tmp_path / "out")]) == exit_codes.DONE
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"a-denoised.csv", "summary.csv"}
