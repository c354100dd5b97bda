"""A project that is saved is the project that is opened again; what is damaged is a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.project import project_file
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Exploration, Project, Result


@pytest.fixture
def project() -> Project:
    """A denoised map in groups, a spectrum that is not denoised, and a file that could not be read."""
    random = np.random.default_rng(0)
    axis = np.linspace(200, 1800, 300)
    table = {"x": np.arange(40.0), "y": np.zeros(40), "label": np.array(["näher"] * 40)}
    spectra = SpectrumSet(axis, random.normal(size=(40, 300)), table, {"laser_nm": 532.0, "unit": "counts"})
    ones = np.ones(40, dtype=np.float32)
    denoised = Denoised(spectra.with_values(spectra.values / 2), np.full_like(spectra.values, 0.3), ones, 3 * ones)
    entries = (
        Entry(1, "map.wdf", Path("map.wdf"), spectra, noise_region=(300.0, 400.0), set_id=1),
        Entry(4, "one.txt", Path("one.txt"), SpectrumSet.of(axis, np.ones(300))),
        Entry(5, "letter.txt", Path("letter.txt"), None, "'letter.txt' is not a spectrum.", "Open another."),
    )
    members = Members.of_entries([(1, 40)])
    explored = Exploration(members, random.normal(size=(40, 8)).astype("f4"), random.normal(size=(40, 9)).astype("f4"))
    groups = Groups.from_clustering(members, np.repeat([0, 1, -1, 1], 10), ones, "k-means", 0.4).renamed(0, "calcite")
    result = Result(spectra, denoised, (300.0, 400.0), True, set_id=1, set_size=40, model="smae-base")
    plane = random.normal(size=(40, 2)).astype("f4")
    return Project(entries, {1: result}, explored.with_plane("components", plane), groups)


def test_a_saved_project_opens_unchanged(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    again = project_file.load(path)
    for entry, before in zip(again.entries, project.entries, strict=True):
        assert (entry.id, entry.name, entry.path, entry.problem, entry.remedy, entry.noise_region, entry.set_id) == (
            before.id, before.name, before.path, before.problem, before.remedy, before.noise_region, before.set_id,
        )  # fmt: skip
    source, result = again.entries[0].source, again.result(again.entries[0])
    assert source is not None
    assert result is not None
    assert result.denoised is not None
    assert source.about["laser_nm"] == 532.0
    assert source.table["label"].tolist() == ["näher"] * 40
    assert np.array_equal(result.denoised.spectra.values, project.results[1].denoised.spectra.values)  # type: ignore[union-attr]
    assert (result.model, result.set_size, result.region_is_manual) == ("smae-base", 40, True)
    assert again.result(again.entries[1]) is None
    assert again.exploration is not None
    assert np.array_equal(again.exploration.planes["components"], project.exploration.planes["components"])  # type: ignore[union-attr]
    assert again.groups is not None
    assert again.groups.names() == project.groups.names()  # type: ignore[union-attr]


def test_a_file_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.ramanstudio", "w") as file:
        file["axis"] = np.arange(3)
    with pytest.raises(StudioError, match="not a RamanStudio project"):
        project_file.load(tmp_path / "other.ramanstudio")


def test_a_project_of_a_newer_version_is_read_but_never_overwritten(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    with h5py.File(path, "a") as file:
        file.attrs["version"] = project_file.VERSION + 1
        file["holograms"] = [1, 2, 3]
    assert project_file.is_newer(path)
    assert [entry.name for entry in project_file.load(path).entries] == [entry.name for entry in project.entries]
    before = path.read_bytes()
    with pytest.raises(StudioError, match=r"newer.*another name"):
        project_file.save(project, path)
    assert path.read_bytes() == before


def test_an_unreadable_newer_project_is_not_called_damaged(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    with h5py.File(path, "a") as file:
        file.attrs["version"] = project_file.VERSION + 1
        del file["project"]
    with pytest.raises(StudioError, match="newer"):
        project_file.load(path)


@pytest.mark.parametrize("name", ["project", "entries/1/values", "entries/1/table/label", "groups/labels"])
def test_a_project_that_states_terabytes_takes_no_memory(project: Project, tmp_path: Path, name: str) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    with h5py.File(path, "a") as file:
        shape = file[name].shape
        del file[name]
        file.create_dataset(name, shape, dtype="S2000000000", chunks=shape and (1,) * len(shape))
    with pytest.raises(StudioError, match=f"'/{name}'.* more than it can hold|chunks that are too large"):
        project_file.load(path)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_a_truncated_project_is_refused_in_a_sentence(project: Project, tmp_path: Path, share: float) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(StudioError, match=r"work\.ramanstudio") as refused:
        project_file.load(path)
    assert refused.value.remedy


def load_damaged(path: Path) -> tuple[Project, str]:
    """The project, and the sentence about what is damaged in it."""
    warnings: list[str] = []
    project = project_file.load(path, Progress(on_warning=warnings.append))
    assert len(warnings) == 1
    return project, warnings[0]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("groups/labels", "the groups"),
        ("groups/rows", "the groups"),
        ("explored/features", "the comparison"),
        ("explored/likeness", "the comparison"),
        ("entries/1/expected_error", "the result of 'map.wdf'"),
        ("entries/1/axis", "'map.wdf'"),
    ],
)
@pytest.mark.parametrize("values", [np.arange(3), np.full((40, 2), np.nan), np.array([b"text"])])
def test_damaged_parts_are_named_and_the_rest_opens(
    project: Project, tmp_path: Path, name: str, part: str, values: np.ndarray
) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = values
    opened, sentence = load_damaged(path)
    assert f"'work.ramanstudio' is damaged: {part}" in sentence
    assert [entry.name for entry in opened.entries] == ["map.wdf", "one.txt", "letter.txt"]
    assert (opened.groups is None) == ("groups" in part)
    assert (opened.exploration is None) == ("comparison" in part)
    assert (opened.result(opened.entries[0]) is None) == ("map.wdf" in part)
    assert (opened.entries[0].source is None) == (part == "'map.wdf'")
    assert opened.entries[1].source is not None


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda facts: facts["entries"][0].update(id="seven"), "entry 1"),
        (lambda facts: facts["entries"][0].update(id=2**40), "entry 1"),
        (lambda facts: facts["entries"][1].update(id=1), "entry 2"),
        (lambda facts: facts["entries"][1].update(noise_region=[1]), "entry 2"),
        (lambda facts: facts["entries"][0]["result"].update(set_size="many"), "the result of 'map.wdf'"),
        (lambda facts: facts["groups"].update(groups=[["quartz", 0], ["quartz", 1]]), "the groups"),
        (lambda facts: facts["groups"].update(groups=[]), "the groups"),
        (lambda facts: facts.update(entries=3), "the list of entries"),
        (lambda facts: facts.update(within=[5, 3, []]), "the range to compare"),
        (lambda facts: facts["explored"].update(range_cm=["a", "b"]), "the comparison"),
    ],
)
def test_damaged_fields_are_named_and_the_rest_opens(
    project: Project, tmp_path: Path, change: Callable[[dict[str, Any]], None], part: str
) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    with h5py.File(path, "a") as file:
        facts = json.loads(file["project"].asstr()[()])
        change(facts)
        del file["project"]
        file.create_dataset("project", data=json.dumps(facts), dtype=h5py.string_dtype())
    opened, sentence = load_damaged(path)
    assert part in sentence
    assert "Everything else was opened." in sentence
    project_file.save(opened, tmp_path / "again.ramanstudio")  # what was opened can be saved
    assert len(project_file.load(tmp_path / "again.ramanstudio").entries) == len(opened.entries)


def test_metadata_that_makes_no_sense_is_left_out(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project, path)
    with h5py.File(path, "a") as file:
        facts = json.loads(file["project"].asstr()[()])
        facts["entries"][0]["about"] = {"laser_nm": 785.0, "depth": [1, 2], "exposure_s": float("nan")}
        del file["project"]
        file.create_dataset("project", data=json.dumps(facts), dtype=h5py.string_dtype())
    source = project_file.load(path).entries[0].source
    assert source is not None
    assert dict(source.about) == {"laser_nm": 785.0}


FAULTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "faults"


@pytest.mark.skipif(not FAULTS.is_dir(), reason="the damaged projects are not in the repository")
@pytest.mark.parametrize("name", ["project_hang", "1269-fault-memory", "project_121", "project_336", "project_622"])
def test_damaged_projects_are_a_sentence_or_open_in_part(tmp_path: Path, name: str) -> None:
    try:
        project = project_file.load(FAULTS / f"{name}.ramanstudio")
    except StudioError as error:
        assert name in str(error)
        assert error.remedy
    else:
        project_file.save(project, tmp_path / "again.ramanstudio")


@pytest.mark.parametrize("seed", range(8))
def test_mutated_projects_are_a_sentence_or_open_in_part(project: Project, tmp_path: Path, seed: int) -> None:
    good = tmp_path / "work.ramanstudio"
    project_file.save(project, good)
    content = np.frombuffer(good.read_bytes(), dtype=np.uint8)
    random = np.random.default_rng(seed)
    for number in range(25):
        mutated = content.copy()
        positions = random.integers(0, len(content), size=int(random.integers(1, 20)))
        mutated[positions] = random.integers(0, 256, len(positions))
        path = tmp_path / f"mutated-{number}.ramanstudio"
        path.write_bytes(mutated.tobytes())
        try:
            opened = project_file.load(path)
        except StudioError as error:
            assert path.name in str(error)
        else:
            project_file.save(opened, tmp_path / "again.ramanstudio")


def test_saving_to_a_missing_folder_is_refused_in_a_sentence(project: Project, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"Could not (save|write)"):
        project_file.save(project, tmp_path / "no such folder" / "work.ramanstudio")
