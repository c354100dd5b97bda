"""The command line does the window's work, says what failed, and keeps what was done."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ramanstudio import demo
from ramanstudio.cli import exit_codes, main
from ramanstudio.cli.terminal import ProgressBar, format_table
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised, apply_to_finite, is_finite, warn_non_finite
from ramanstudio.engine import Engine
from ramanstudio.export.summary import ResultFolder


class Smoother:
    """Stands for the engine where the model does not matter: a moving mean, and a refusal of NaN."""

    card = SimpleNamespace(name="smoother")
    device_name = "CPU · 1 thread"

    def denoise(self, spectra: SpectrumSet) -> Denoised | StudioError:
        if not is_finite(spectra).any():
            return StudioError("The spectrum holds values that are not numbers.", remedy="Crop the range.")
        return apply_to_finite(spectra, self._smoothed)

    def _smoothed(self, spectra: SpectrumSet) -> Denoised:
        kernel = np.ones(5) / 5
        smooth = np.array([np.convolve(row, kernel, mode="same") for row in spectra.values])
        ratio = np.full(len(spectra), 4, dtype=np.float32)
        return Denoised(spectra.with_values(smooth), np.ones_like(spectra.values), ratio, 2 * ratio)

    def denoise_each(
        self, sets: Sequence[SpectrumSet], progress: Progress | None = None, together: Sequence[int] = ()
    ) -> list[Denoised | StudioError]:
        found = []
        for index, one in enumerate(sets):
            (progress or SILENT)(index, len(sets))
            warn_non_finite([one], progress or SILENT)
            found.append(self.denoise(one))
            (progress or SILENT).show((index, found[-1]))
        return found


@pytest.fixture
def smoother(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run without a model."""
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: Smoother()))


def write_spectrum(path: Path, height: float = 100.0, bad: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    axis = np.linspace(200, 1800, 200)
    values = height * np.exp(-(((axis - 1000) / 12) ** 2)) + np.random.default_rng(3).normal(0, 3, axis.shape)
    lines = [f"{shift:.2f}\t{value:.3f}" for shift, value in zip(axis, values, strict=True)]
    if bad:
        lines[50] = f"{axis[50]:.2f}\tnan"
    path.write_text("\n".join(lines) + "\n")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_is_denoised_and_tabled(tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b", "deep/c"):
        write_spectrum(tmp_path / "data" / f"{name}.txt")
    out = tmp_path / "out"
    assert main.main(["denoise", str(tmp_path / "data"), "--out", str(out)]) == exit_codes.DONE
    assert {file.name for file in out.iterdir()} == {
        "a-denoised.csv", "b-denoised.csv", "c-denoised.csv", "summary.csv"
    }  # fmt: skip
    assert [row["gain"] for row in rows_of(out / "summary.csv")] == ["2", "2", "2"]
    printed = capsys.readouterr()
    assert "a.txt" in printed.out
    assert "Denoised 3 of 3 files" in printed.out
    assert printed.err == ""


def test_the_spectra_of_a_file_are_denoised_together_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_one_bad_file_does_not_stop_the_others(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_spectrum(tmp_path / "good.txt")
    (tmp_path / "holiday.txt").write_text("we went to the sea\nand it was warm\n")
    also = write_spectrum(tmp_path / "also.txt", 50)
    out = tmp_path / "out"
    given = [str(good), str(tmp_path / "holiday.txt"), str(also), str(tmp_path / "nowhere.txt")]
    assert main.main(["denoise", *given, "--out", str(out)]) == exit_codes.SOME_FAILED
    said = capsys.readouterr().err
    assert "holiday.txt" in said
    assert "nowhere.txt" in said
    assert "Traceback" not in said
    assert {row["result"] for row in rows_of(out / "summary.csv")} == {"good-denoised.csv", "also-denoised.csv"}


def test_a_spectrum_that_cannot_be_denoised_is_named_and_the_others_are_done(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    axis = np.linspace(0, 100, 64)
    sets = {"a.txt": 1.0, "broken.txt": np.nan, "c.txt": 2.0}
    monkeypatch.setattr("ramanstudio.formats.registry.read", lambda path, laser_nm=None: (
        SpectrumSet(axis, np.full((1, 64), sets[path.name]), {}, {"source": str(path)}),
    ))  # fmt: skip
    files = [str(write_spectrum(tmp_path / name)) for name in sets]
    assert main.main(["denoise", *files, "--out", str(tmp_path / "out")]) == exit_codes.SOME_FAILED
    said = capsys.readouterr().err
    assert "'broken.txt': The spectrum holds values that are not numbers." in said
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"a-denoised.csv", "c-denoised.csv", "summary.csv"}


def test_a_pixel_without_numbers_has_no_ratio_and_the_others_of_its_map_are_denoised(
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
    assert [row["gain"] for row in rows_of(out / "summary.csv")] == ["2", "", "2", "2"]
    assert (
        main.main(["denoise", str(tmp_path / "map.h5"), "--out", str(out)]) == exit_codes.DONE
    )  # it finds its own table again
    assert len(rows_of(out / "summary.csv")) == 4
    with (out / "map-denoised.csv").open() as file:
        assert [np.isnan(float(row["50.793651"])) for row in csv.DictReader(file)] == [False] * 4
    assert np.isnan(np.loadtxt(out / "map-denoised.csv", delimiter=",", skiprows=1)[1]).sum() == 1


def test_nothing_done_is_said_by_the_exit_code(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "holiday.txt").write_text("we went to the sea\n")
    assert (
        main.main(["denoise", str(tmp_path / "holiday.txt"), "--out", str(tmp_path / "out")]) == exit_codes.NOTHING_DONE
    )
    (tmp_path / "empty").mkdir()
    assert main.main(["denoise", str(tmp_path / "empty"), "--out", str(tmp_path / "out")]) == exit_codes.NOTHING_DONE
    assert "no spectrum" in capsys.readouterr().err


def test_cancelling_keeps_what_was_done(
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
    assert [row["result"] for row in rows_of(tmp_path / "out" / "summary.csv")] == ["a-denoised.csv"]


def test_results_inside_the_input_folder_are_not_denoised_again(tmp_path: Path, smoother: None) -> None:
    write_spectrum(tmp_path / "a.txt")
    for _ in range(2):
        assert main.main(["denoise", str(tmp_path), "--out", str(tmp_path / "out")]) == exit_codes.DONE
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"a-denoised.csv", "summary.csv"}


def test_info_says_what_the_reader_saw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_spectrum(tmp_path / "quartz.txt")
    assert main.main(["info", str(tmp_path / "quartz.txt")]) == exit_codes.DONE
    said = capsys.readouterr().out
    assert "200 points, 200.0 to 1800.0 cm⁻¹, every 8.04" in said
    assert "SNR" in said
    (tmp_path / "empty.txt").write_text("")
    assert main.main(["info", str(tmp_path / "quartz.txt"), str(tmp_path / "empty.txt")]) == exit_codes.SOME_FAILED


def test_info_of_a_folder_without_spectra_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["info", str(tmp_path)]) == exit_codes.NOTHING_DONE
    assert "There is no spectrum in" in capsys.readouterr().err


def test_info_of_a_spectrum_without_a_number_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ramanstudio.formats import hdf5

    hdf5.write(tmp_path / "dead.h5", SpectrumSet(np.arange(200.0), np.full((1, 200), np.nan)))
    assert main.main(["info", str(tmp_path / "dead.h5")]) == exit_codes.DONE
    assert "no numbers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--steps", "0"], "steps"),
        (["--checkpoint-every", "0"], "checkpoint every"),
        (["--hidden-share", "2"], "hidden share"),
        (["--learning-rate", "nan"], "learning rate"),
        (["--seed", "-1"], "seed"),
    ],
)
def test_a_plan_that_cannot_be_is_a_sentence(
    tmp_path: Path, flags: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["pretrain", "a.h5", "--out", str(tmp_path / "model"), "--device", "cpu", *flags]
    assert main.main(given) == exit_codes.NOTHING_DONE
    assert f"The {said} of a training cannot be {flags[1]}" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_pretraining_takes_its_flags_from_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ramanstudio.mae import pretraining

    seen: dict[str, Any] = {}

    def pretrain(plan: Any, paths: Any, out: Path, progress: Progress, network_plan: Any, device: str) -> Any:
        seen.update(plan=plan, paths=paths, out=out, device=device)
        out.mkdir()
        progress.show([{"step": 50.0, "loss": 1.0, "noise": 0.9}, {"step": 100.0, "loss": 0.8, "noise": 0.7}])
        return SimpleNamespace(text=lambda: "done")

    monkeypatch.setattr(pretraining, "pretrain", pretrain)
    out = tmp_path / "model"
    given = [
        "pretrain",
        "a.h5",
        "b.h5",
        "--out",
        str(out),
        "--steps",
        "7",
        "--learning-rate",
        "0.01",
        "--device",
        "cpu",
    ]
    assert main.main(given) == exit_codes.DONE
    assert (seen["plan"].steps, seen["plan"].learning_rate, seen["device"]) == (7, 0.01, "cpu")
    assert seen["paths"] == [Path("a.h5"), Path("b.h5")]
    assert (out / "loss.png").stat().st_size > 5000


def test_the_unexpected_is_a_sentence_and_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    def fall_over() -> list[Path]:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(demo, "demo_files", fall_over)
    assert main.main(["demo"]) == exit_codes.NOTHING_DONE
    said = capsys.readouterr().err
    assert "ZeroDivisionError: nobody thought of this" in said
    assert "Traceback" not in said
    assert "fall_over" in (own_home / "log" / "command-line-crash.txt").read_text()


@pytest.mark.parametrize("wrong", [["denoise"], ["dance"], [], ["denoise", "a.txt", "--out", "o", "--format", "docx"]])
def test_wrong_words_are_explained(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main.main(wrong)
    assert left.value.code == 2
    assert "usage: ramanstudio" in capsys.readouterr().err


@pytest.mark.slow
def test_the_demo_denoises_everything_and_never_makes_it_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole main job with the shipped model: table, results, picture, and a true gain beside the reported one."""
    out = tmp_path / "demo-output"
    assert main.main(["demo", "--out", str(out), "--device", "cpu"]) == exit_codes.DONE
    said = capsys.readouterr().out
    lines = [line.rsplit(maxsplit=4) for line in said.splitlines() if "0.1s" in line or "1.0s" in line]
    assert len(lines) == 24
    for name, before, after, gain, true in lines:
        assert float(after) > float(before), name
        assert float(true) > 1, name
        assert 0.5 < float(gain) / float(true) < 2, name
    assert len(rows_of(out / "summary.csv")) == 36 + 400
    assert (out / "polystyrene-0.1s-denoised.csv").exists()
    assert (out / "gypsum-on-marble-map-denoised.csv").exists()
    assert (out / "demo.png").stat().st_size > 100_000
    assert (out / "map.png").stat().st_size > 20_000


def test_the_command_line_starts_a_program_of_its_own() -> None:
    for given, said in ((["--version"], "RamanStudio "), (["--help"], "exit codes")):
        code = "import sys; from ramanstudio.cli.main import main; sys.exit(main())"
        done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0
        assert said in done.stdout


def test_options_of_earlier_versions_are_accepted_and_name_their_successors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [
        "finetune",
        "a.txt",
        "--out",
        "x",
        "--reading",
        "lines",
        "--head",
        "LDA",
        "--full",
        "never",
        "--laser",
        "532",
    ]
    arguments = main._parser().parse_args(given)
    assert (arguments.representation, arguments.classifier, arguments.tune_features) == ("lines", "LDA", "never")
    assert arguments.laser_nm == 532
    assert capsys.readouterr().err.splitlines() == [
        "--reading is now --representation.",
        "--head is now --classifier.",
        "--full is now --tune-features.",
    ]
    arguments = main._parser().parse_args(["embed", "a.txt", "--out", "x.csv", "--plane", "neighbours"])
    assert arguments.plane == "tsne"
    assert "--plane neighbours is now --plane tsne." in capsys.readouterr().err


@pytest.mark.parametrize("verb", [verb for verb in main.VERBS if verb.name not in ("demo", "library")])
@pytest.mark.parametrize("option", ["--laser", "--laser-nm"])
def test_every_verb_that_reads_files_takes_the_laser_wavelength(verb: Verb, option: str) -> None:
    if verb.name.startswith("pretrain"):
        pytest.skip("reads corpora")
    more = {"info": [], "classify": ["--model", "m", "--out", "x"]}.get(verb.name, ["--out", "x"])
    assert main._parser().parse_args([verb.name, "a.txt", option, "633", *more]).laser_nm == 633


class Terminal:
    """Remembers what was written to it, and is one or not."""

    def __init__(self, is_one: bool) -> None:
        self.text, self._is_one = "", is_one

    def isatty(self) -> bool:
        return self._is_one

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        return None


def test_progress_is_one_line_on_a_terminal_and_few_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(0, 1000, 0.5))
    monkeypatch.setattr("ramanstudio.cli.terminal.time.monotonic", lambda: float(next(clock)))
    screen, file = Terminal(True), Terminal(False)
    on_screen, to_file = ProgressBar("Denoising", 40, screen), ProgressBar("Denoising", 40, file)  # type: ignore[arg-type]
    for done in range(40):
        on_screen(done)
        to_file(done)
    on_screen.say("One file was not read.")
    assert "Denoising 20 of 40" in screen.text
    assert screen.text.count("\n") == 1
    assert screen.text.rstrip("\n").split("\r")[-1] == "One file was not read."
    assert 3 <= file.text.count("\n") <= 10
    assert "\r" not in file.text


def test_tables_are_aligned() -> None:
    assert (
        format_table(("file", "gain"), [("a.txt", "2"), ("long.txt", "10")])
        == "file      gain\na.txt        2\nlong.txt    10"
    )
