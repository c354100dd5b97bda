"""The command line says what spectra are of and which are alike, each in a line of a table."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.cli import files as cli_files
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.formats import hdf5
from ramanstudio.mae.config import EmbedderConfig
from tests.cli.denoise_samples import read_rows

AXIS = np.linspace(200, 1800, 400)
LINES = {"calcite": 1085.0, "quartz": 465.0, "rutile": 610.0}


class StubEngine:
    """Stands for the engine where the model does not matter: places of lines, and a refusal of NaN."""

    card = SimpleNamespace(name="reader", embedder="told of")
    device_name = "CPU · 1 thread"
    batch_sizes: list[int]

    def __init__(self) -> None:
        self.batch_sizes = []

    def embed(self, spectra: SpectrumSet, progress: Progress = SILENT) -> np.ndarray:
        if self.card.embedder is None:
            raise StudioError("This model gives no features.", remedy="Use another.")
        if not np.isfinite(spectra.values).all():
            raise StudioError("The spectrum holds values that are not numbers.", remedy="Crop the range.")
        self.batch_sizes.append(len(spectra))
        progress(len(spectra), len(spectra), "spectra")
        grid = np.array([np.interp(np.arange(300, 1700, 20), spectra.axis, row) for row in spectra.values])
        return (grid / np.linalg.norm(grid, axis=1, keepdims=True)).astype(np.float32)

    def denoise(self, spectra: SpectrumSet, progress: Progress = SILENT) -> SimpleNamespace:
        return SimpleNamespace(spectra=spectra)

    def compare(self, denoised: list[SpectrumSet], progress: Progress = SILENT) -> SimpleNamespace:
        return SimpleNamespace(coordinates=np.vstack([self.embed(denoised_set, progress) for denoised_set in denoised]))


@pytest.fixture
def stub_engine(monkeypatch: pytest.MonkeyPatch) -> StubEngine:
    """Commands run without a model."""
    denoised_set = StubEngine()
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: denoised_set))
    return denoised_set


def write_spectrum(path: Path, substance: str, axis: np.ndarray = AXIS, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(0, 2, axis.shape)
    values = 100 * np.exp(-0.5 * ((axis - LINES[substance]) / 12) ** 2) + noise
    path.write_text("".join(f"{shift:.3f}\t{value:.3f}\n" for shift, value in zip(axis, values, strict=True)))
    return path


def write_substances(folder: Path, each: int = 4) -> list[Path]:
    return [
        write_spectrum(folder / f"{substance}-{number}.txt", substance, seed=10 * number + index)
        for index, substance in enumerate(LINES)
        for number in range(each)
    ]


def groups_in(rows: list[dict[str, str]]) -> dict[str, set[str]]:
    """The groups that each substance's files fell into."""
    clusters_of: dict[str, set[str]] = {}
    for row in rows:
        clusters_of.setdefault(Path(row["file"]).name.partition("-")[0], set()).add(row["cluster"])
    return clusters_of


def test_embed_writes_a_row_of_features_per_spectrum(
    tmp_path: Path, stub_engine: StubEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    denoised_set = write_spectrum(tmp_path / "quartz.txt", "quartz")
    map_of_four = SpectrumSet(AXIS, np.random.default_rng(0).random((4, 400)), {"x": np.arange(4.0), "y": np.zeros(4)})
    hdf5.write(tmp_path / "map.h5", map_of_four)
    out = tmp_path / "deep" / "features.csv"
    assert main.main(["embed", str(denoised_set), str(tmp_path / "map.h5"), "--out", str(out)]) == exit_codes.DONE
    rows = read_rows(out)
    assert [Path(row["file"]).name for row in rows] == ["quartz.txt", *["map.h5"] * 4]
    assert [row["spectrum"] for row in rows[1:]] == [f"x={index} y=0" for index in range(4)]
    numbers = np.array([[float(row[f"f{number}"]) for number in range(1, 71)] for row in rows])
    assert numbers[1:] == pytest.approx(StubEngine().embed(map_of_four), abs=1e-5)
    assert "70 features of 5 spectra by reader" in capsys.readouterr().out


def test_files_on_one_axis_are_embedded_at_once_and_stay_in_order(tmp_path: Path, stub_engine: StubEngine) -> None:
    other = np.linspace(100, 2000, 300)
    files = [
        write_spectrum(tmp_path / f"{name}.txt", "quartz", other if name in "bd" else AXIS, seed)
        for seed, name in enumerate("abcde")
    ]
    assert main.main(["embed", *map(str, files), "--out", str(tmp_path / "f.csv")]) == exit_codes.DONE
    assert sorted(stub_engine.batch_sizes) == [2, 3]
    assert [row["file"] for row in read_rows(tmp_path / "f.csv")] == [str(file) for file in files]


@pytest.mark.parametrize("verb", ["embed", "cluster"])
def test_bad_files_are_named_and_the_others_are_done(
    tmp_path: Path, stub_engine: StubEngine, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_substances(tmp_path, each=3)
    (tmp_path / "holiday.txt").write_text("we went to the sea\nand it was warm\n")
    hdf5.write(tmp_path / "dead.h5", SpectrumSet(AXIS, np.full((1, 400), np.nan)))
    bad = [str(tmp_path / name) for name in ("holiday.txt", "dead.h5", "nowhere.txt")]
    out = tmp_path / "x.csv"
    assert main.main([verb, bad[0], *map(str, good), *bad[1:], "--out", str(out)]) == exit_codes.SOME_FAILED
    printed = capsys.readouterr().err
    assert all(name in printed for name in ("holiday.txt", "'dead.h5': The spectrum holds values", "nowhere.txt"))
    assert "Traceback" not in printed
    assert [row["file"] for row in read_rows(out)] == [str(file) for file in good]


@pytest.mark.parametrize("verb", ["embed", "cluster"])
def test_spectra_with_nan_are_left_out_and_the_others_keep_their_names(
    tmp_path: Path, stub_engine: StubEngine, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    values = np.random.default_rng(2).normal(0, 1, (6, 400))
    values[2, 9] = np.inf
    hdf5.write(tmp_path / "six.h5", SpectrumSet(AXIS, values))
    assert main.main([verb, str(tmp_path / "six.h5"), "--out", str(tmp_path / "x.csv")]) == exit_codes.DONE
    assert "'six.h5': 1 of 6 spectra hold values that are not numbers" in capsys.readouterr().err
    assert [row["spectrum"] for row in read_rows(tmp_path / "x.csv")] == ["1", "2", "4", "5", "6"]


@pytest.mark.parametrize("verb", ["embed", "cluster"])
def test_exit_code_2_when_nothing_could_be_done(tmp_path: Path, stub_engine: StubEngine, verb: str) -> None:
    (tmp_path / "holiday.txt").write_text("we went to the sea\n")
    assert main.main([verb, str(tmp_path / "holiday.txt"), "--out", str(tmp_path / "x.csv")]) == exit_codes.NOTHING_DONE
    assert not (tmp_path / "x.csv").exists()


def test_a_model_without_features_is_reported_once(
    tmp_path: Path, stub_engine: StubEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(StubEngine, "card", SimpleNamespace(name="blind", embedder=None))
    write_substances(tmp_path)
    assert main.main(["embed", str(tmp_path), "--out", str(tmp_path / "x.csv")]) == exit_codes.NOTHING_DONE
    assert capsys.readouterr().err.count("This model gives no features.") == 1


def test_ctrl_c_keeps_the_features_computed_so_far(
    tmp_path: Path, stub_engine: StubEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_substances(tmp_path, each=1)
    monkeypatch.setattr(cli_files, "VALUES_PER_BATCH", 1)  # a file at a time
    embed = StubEngine.embed

    def press_ctrl_c_at_the_third(self: StubEngine, spectra: SpectrumSet, progress: Progress = SILENT) -> np.ndarray:
        if len(self.batch_sizes) == 2:
            raise KeyboardInterrupt
        return embed(self, spectra, progress)

    monkeypatch.setattr(StubEngine, "embed", press_ctrl_c_at_the_third)
    assert main.main(["embed", *map(str, files), "--out", str(tmp_path / "x.csv")]) == exit_codes.CANCELLED
    assert [row["file"] for row in read_rows(tmp_path / "x.csv")] == [str(file) for file in files[:2]]


def test_similar_spectra_of_several_files_form_one_group(
    tmp_path: Path, stub_engine: StubEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    write_substances(tmp_path / "data")
    out = tmp_path / "groups.csv"
    assert main.main(["cluster", str(tmp_path / "data"), "--out", str(out)]) == exit_codes.DONE
    clusters_of = groups_in(read_rows(out))
    assert {group for denoised_set in clusters_of.values() for group in denoised_set} == {"1", "2", "3"}
    assert all(len(groups) == 1 for groups in clusters_of.values())
    assert all(0 <= float(row["probability"]) <= 1 for row in read_rows(out))
    printed = capsys.readouterr().out
    assert "Found 3 groups" in printed
    assert "in 12 spectra" in printed
    assert "Compared from" not in printed


def test_the_number_of_clusters_can_be_given(
    tmp_path: Path, stub_engine: StubEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    write_substances(tmp_path / "data")
    out = tmp_path / "groups.csv"
    assert main.main(["cluster", str(tmp_path / "data"), "--out", str(out), "--clusters", "2"]) == exit_codes.DONE
    assert {row["cluster"] for row in read_rows(out)} == {"1", "2"}
    assert (
        main.main(["cluster", str(tmp_path / "data"), "--out", str(out), "--clusters", "13"]) == exit_codes.NOTHING_DONE
    )
    assert "12 different spectra cannot form 13 groups." in capsys.readouterr().err


def test_a_spectrum_unlike_all_others_is_an_outlier(
    tmp_path: Path, stub_engine: StubEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    write_substances(tmp_path / "data", each=12)
    values = 100 * np.exp(-0.5 * ((AXIS - 1400) / 60) ** 2)
    odd = tmp_path / "data" / "zeolite-odd.txt"
    odd.write_text("".join(f"{shift:.3f}\t{value:.3f}\n" for shift, value in zip(AXIS, values, strict=True)))
    out = tmp_path / "groups.csv"
    given = ["cluster", str(tmp_path / "data"), "--out", str(out), "--clusters", "3"]
    assert main.main([*given, "--method", "density"]) == exit_codes.DONE
    rows = read_rows(out)
    assert [Path(row["file"]).name for row in rows if row["cluster"] == "outlier"] == ["zeolite-odd.txt"]
    assert all((row["cluster"] == "outlier") == (row["silhouette"] == "") for row in rows)
    printed = capsys.readouterr()
    assert "Found 3 groups and 1 outlier (silhouette" in printed.out
    assert "'density' chooses the number of groups itself" in printed.err


@pytest.mark.parametrize("method", ["k-means", "mixture", "tree"])
def test_every_method_gives_groups_and_probabilities(tmp_path: Path, stub_engine: StubEngine, method: str) -> None:
    write_substances(tmp_path / "data", each=8)
    out = tmp_path / "groups.csv"
    given = ["cluster", str(tmp_path / "data"), "--out", str(out), "--clusters", "3", "--method", method]
    assert main.main(given) == exit_codes.DONE
    assert sorted(map(len, groups_in(read_rows(out)).values())) == [1, 1, 1]
    assert all(0 < float(row["probability"]) <= 1 for row in read_rows(out))
    assert all(0.5 < float(row["silhouette"]) <= 1 for row in read_rows(out))


@pytest.mark.parametrize("verb", ["embed", "cluster"])
@pytest.mark.parametrize("plane", ["components", "neighbours"])
def test_plane_writes_coordinates_that_separate_substances(
    tmp_path: Path, stub_engine: StubEngine, verb: str, plane: str
) -> None:
    write_substances(tmp_path / "data")
    out = tmp_path / "x.csv"
    assert main.main([verb, str(tmp_path / "data"), "--out", str(out), "--plane", plane]) == exit_codes.DONE
    rows = read_rows(out)
    points = np.array([[float(row["plane_x"]), float(row["plane_y"])] for row in rows])
    substances = np.array([Path(row["file"]).name.partition("-")[0] for row in rows])
    middles = np.stack([points[substances == name].mean(axis=0) for name in LINES])
    nearest = np.linalg.norm(points[:, None] - middles, axis=2).argmin(axis=1)
    assert np.array_equal(np.array(list(LINES))[nearest], substances)
    assert main.main([verb, str(tmp_path / "data"), "--out", str(out)]) == exit_codes.DONE
    assert "plane_x" not in read_rows(out)[0]


def test_spectra_on_different_axes_are_compared_where_they_overlap(
    tmp_path: Path, stub_engine: StubEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    write_substances(tmp_path / "data")
    for index, substance in enumerate(LINES):
        axis = np.linspace(250, 2500, 900)
        write_spectrum(tmp_path / "data" / f"{substance}-elsewhere.txt", substance, axis, seed=90 + index)
    out = tmp_path / "groups.csv"
    assert main.main(["cluster", str(tmp_path / "data"), "--out", str(out)]) == exit_codes.DONE
    assert len(read_rows(out)) == 15
    assert sorted(map(len, groups_in(read_rows(out)).values())) == [1, 1, 1]
    assert "Compared from 250 to 1800 cm⁻¹" in capsys.readouterr().out


def test_a_spectrum_of_a_short_range_is_left_out_rather_than_shortening_all(
    tmp_path: Path, stub_engine: StubEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_substances(tmp_path / "data", each=7)
    short = write_spectrum(tmp_path / "data" / "quartz-short.txt", "quartz", np.linspace(200, 900, 200))
    out = tmp_path / "groups.csv"
    assert main.main(["cluster", *map(str, [*files, short]), "--out", str(out)]) == exit_codes.SOME_FAILED
    assert {row["file"] for row in read_rows(out)} == {str(file) for file in files}
    assert sorted(map(len, groups_in(read_rows(out)).values())) == [1, 1, 1]  # calcite's line lies beyond
    sentence = "'quartz-short.txt' reaches only from 200 to 900 cm⁻¹, unlike 21 of 22 spectra, and is left out."
    assert sentence in capsys.readouterr().err


def test_spectra_without_a_common_range_are_refused(
    tmp_path: Path, stub_engine: StubEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    write_spectrum(tmp_path / "low.txt", "quartz")
    write_spectrum(tmp_path / "high.txt", "quartz", np.linspace(2500, 3500, 400))
    assert main.main(["cluster", str(tmp_path), "--out", str(tmp_path / "x.csv")]) == exit_codes.NOTHING_DONE
    printed = capsys.readouterr().err
    assert "'high.txt' begins at 2500 cm⁻¹ and 'low.txt' ends at 1800 cm⁻¹" in printed


@pytest.mark.parametrize("verb", ["embed", "cluster"])
def test_the_table_of_an_earlier_run_is_no_input_and_inputs_are_never_overwritten(
    tmp_path: Path, stub_engine: StubEngine, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_substances(tmp_path)
    for _ in range(2):
        assert main.main([verb, str(tmp_path), "--out", str(tmp_path / "x.csv")]) == exit_codes.DONE
        assert len(read_rows(tmp_path / "x.csv")) == 12
    raw = write_spectrum(tmp_path / "raw.csv", "quartz")
    before = raw.read_bytes()
    assert main.main([verb, str(raw), "--out", str(raw)]) == exit_codes.NOTHING_DONE
    assert "raw data is never overwritten" in capsys.readouterr().err
    assert raw.read_bytes() == before


@pytest.mark.parametrize("verb", ["embed", "cluster"])
def test_out_that_is_a_folder_is_refused_before_any_work(
    tmp_path: Path, stub_engine: StubEngine, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_substances(tmp_path / "data")
    assert main.main([verb, str(tmp_path / "data"), "--out", str(tmp_path)]) == exit_codes.NOTHING_DONE
    assert "is a folder" in capsys.readouterr().err
    assert stub_engine.batch_sizes == []


def test_the_shipped_model_groups_noisy_files(tmp_path: Path) -> None:
    write_substances(tmp_path / "data")
    out = tmp_path / "groups.csv"
    given = ["cluster", str(tmp_path / "data"), "--out", str(out), "--clusters", "3", "--device", "cpu"]
    assert main.main(given) == exit_codes.DONE
    assert sorted(map(len, groups_in(read_rows(out)).values())) == [1, 1, 1]


def test_a_model_with_features_writes_rows_of_unit_length(tmp_path: Path) -> None:
    import torch

    from ramanstudio.mae import model_store
    from ramanstudio.mae.config import NetworkConfig
    from ramanstudio.mae.embedder import Embedder
    from ramanstudio.mae.network import SpectrumAutoencoder

    torch.manual_seed(0)
    plan = NetworkConfig(width=16, heads=2, encoder_layers=1)
    network, features = SpectrumAutoencoder(plan), EmbedderConfig(width=16, heads=2, layers=1, features=8)
    card = model_store.ModelCard("tiny", "A test.", plan, 1, 0, 0, {"simulated": 1})
    model_store.save(tmp_path / "tiny", card, network.state_dict())
    model_store.save_embedder(
        tmp_path / "tiny", model_store.EmbedderCard(features, 1, 0, {"simulated": 1}), Embedder(features).state_dict()
    )
    write_substances(tmp_path / "data", each=2)
    given = ["embed", str(tmp_path / "data"), "--out", str(tmp_path / "f.csv"), "--model", str(tmp_path / "tiny")]
    assert main.main([*given, "--device", "cpu"]) == exit_codes.DONE
    rows = np.array([[float(row[f"f{number}"]) for number in range(1, 9)] for row in read_rows(tmp_path / "f.csv")])
    assert rows.shape == (6, 8)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-4)
