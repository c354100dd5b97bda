"""A library keeps references as they were given, through every edit, and says what is wrong with a damaged file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import registry
from ramanstudio.library import library
from ramanstudio.library.library import Library, Reference

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "corpus.h5"
LINES = {"calcite": 1085.0, "quartz": 465.0, "rutile": 610.0, "näher bestimmt": 900.0}


def spectrum_of(name: str, points: int = 400, seed: int = 0) -> SpectrumSet:
    axis = np.linspace(200 + seed, 1800, points)
    noise = np.random.default_rng(seed).normal(0, 1, points)
    return SpectrumSet.of(axis, 100 * np.exp(-0.5 * ((axis - LINES[name]) / 8) ** 2) + noise)


def reference_of(name: str, points: int = 400, seed: int = 0, **known: object) -> Reference:
    return Reference(name, spectrum_of(name, points, seed), **known)  # type: ignore[arg-type]


class Model:
    """Stands for the engine: its fingerprints tell which spectrum they are of; `asked` counts the spectra."""

    def __init__(self, fingerprint_version: str = "model-1") -> None:
        self.fingerprint_version = fingerprint_version
        self.asked = 0

    def compute_fingerprints(self, spectra: Sequence[SpectrumSet]) -> Mapping[str, NDArray[np.float32]]:
        self.asked += len(spectra)
        peaks = [float(spectrum.axis[np.argmax(spectrum.values[0])]) for spectrum in spectra]
        return {"features": np.array(peaks, "f4")[:, None], "lengths": np.array([[s.points] * 3 for s in spectra]),
                "none": np.zeros((len(spectra), 0), "f4")}  # fmt: skip


@pytest.fixture
def board(tmp_path: Path) -> Library:
    references = [
        reference_of("calcite", 400, 1, group="minerals", formula="CaCO₃", laser_nm=532.0, source="here", sample="a"),
        reference_of("quartz", 731, 2, licence="CC0", note="simulated from a peak table"),
        reference_of("näher bestimmt", 64, 3),
        reference_of("calcite", 400, 4, sample="b"),
    ]
    return library.write(tmp_path / "board.ramanlib", references, "My board")


def peaks(of: Library) -> list[float]:
    return [float(of.spectrum(i).axis[np.argmax(of.spectrum(i).values[0])]) for i in range(len(of))]


def test_references_are_read_as_they_were_written(board: Library) -> None:
    again = library.open(board.path)
    assert (len(again), again.title) == (4, "My board")
    assert list(again.names) == ["calcite", "quartz", "näher bestimmt", "calcite"]
    assert list(again.samples) == ["a", "", "", "b"]
    assert (again.groups[0], again.formulas[0], again.sources[0], again.licences[1]) == (
        "minerals", "CaCO₃", "here", "CC0",
    )  # fmt: skip
    assert list(again.notes) == ["", "simulated from a peak table", "", ""]
    assert again.laser_nm[0] == 532.0
    assert np.isnan(again.laser_nm[1:]).all()
    for index, (name, points, seed) in enumerate([("calcite", 400, 1), ("quartz", 731, 2), ("näher bestimmt", 64, 3)]):
        given = spectrum_of(name, points, seed)
        assert np.array_equal(again.spectrum(index).values, given.values)
        assert again.spectrum(index).axis == pytest.approx(given.axis, abs=1e-3)
    assert again.spectrum(-1).values.tolist() == again.spectrum(3).values.tolist()
    assert (again.fingerprint_version, again.features, dict(again.fingerprints)) == ("", None, {})
    with pytest.raises(IndexError):
        again.spectrum(4)


def test_a_library_can_be_read_as_an_hdf5_file_of_spectra(board: Library) -> None:
    sets = registry.read(board.path)
    assert sum(len(spectra) for spectra in sets) == 4
    assert {str(label) for spectra in sets for label in spectra.table["label"]} == set(board.names)


def test_opening_does_not_read_the_spectra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.ramanlib"
    library.write(path, [reference_of("quartz", 5000, seed) for seed in range(200)])
    read = 0
    whole = h5py.Dataset.__getitem__

    def counted(self: h5py.Dataset, which: object, *rest: object) -> object:
        nonlocal read
        array = whole(self, which, *rest)
        read += np.asarray(array).nbytes
        return array

    monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)
    opened = library.open(path)
    assert isinstance(opened.stored.values, np.memmap)
    assert read < 100_000  # of eight million bytes
    assert opened.spectrum(150).points == 5000


def test_edits_rewrite_the_file_and_keep_the_other_references(board: Library) -> None:
    more = board.added([reference_of("rutile", 500, 5, group="oxides")])
    assert list(more.names) == [*board.names, "rutile"]
    less = more.removed([1, 3])
    assert list(less.names) == ["calcite", "näher bestimmt", "rutile"]
    assert list(less.groups) == ["minerals", "", "oxides"]
    assert peaks(less) == [peaks(more)[index] for index in (0, 2, 4)]
    named = less.renamed([1], "aragonite").edited([0, 1], group="carbonates").titled("Carbonates")
    again = library.open(board.path)
    assert (again.title, list(again.names)) == ("Carbonates", ["calcite", "aragonite", "rutile"])
    assert list(again.groups) == ["carbonates", "carbonates", "oxides"]
    assert again.hash == named.hash != less.hash
    # Whoever searches the library as it was still can, though the file is another.
    assert np.array_equal(board.spectrum(1).values, spectrum_of("quartz", 731, 2).values)
    with pytest.raises(StudioError, match="at least one"):
        again.removed([0, 1, 2])
    with pytest.raises(StudioError, match="name"):
        again.renamed([0], "  ")
    assert len(library.open(board.path)) == 3


def test_each_reference_is_fingerprinted_once_however_the_library_is_edited(board: Library, tmp_path: Path) -> None:
    model = Model()
    ready = board.with_fingerprints(model)
    assert ready.fingerprint_version == "model-1"
    assert ready.features is not None
    assert ready.features[:, 0].tolist() == pytest.approx(peaks(ready))
    assert ready.fingerprints["lengths"][:, 0].tolist() == [400, 731, 64, 400]
    assert ready.with_fingerprints(model) is ready
    fewer = ready.removed([0]).renamed([0], "tridymite")
    assert fewer.fingerprint_version == "model-1"
    assert fewer.fingerprints["lengths"][:, 0].tolist() == [731, 64, 400]
    assert model.asked == 4
    more = fewer.added([reference_of("rutile", 500, 5)])
    assert (more.fingerprint_version, dict(more.fingerprints)) == ("", {})
    more = more.with_fingerprints(model)
    assert model.asked == 5
    assert more.fingerprints["lengths"][:, 0].tolist() == [731, 64, 400, 500]
    other = library.write(tmp_path / "other.ramanlib", [reference_of("quartz", 90, 7)]).with_fingerprints(model)
    both = library.merged(tmp_path / "both.ramanlib", [more, other], "Both")
    assert (both.fingerprint_version, both.title, len(both)) == ("model-1", "Both", 5)
    assert both.fingerprints["lengths"][:, 0].tolist() == [731, 64, 400, 500, 90]


def test_a_large_library_is_fingerprinted_and_edited_in_blocks(tmp_path: Path) -> None:
    large = library.write(tmp_path / "many.ramanlib", [reference_of("quartz", 40 + n % 100, n % 7) for n in range(150)])
    model, reports = Model(), list[tuple[int, int]]()
    ready = large.with_fingerprints(model, Progress(lambda done, total, _: reports.append((done, total))))
    lengths = [40 + n % 100 for n in range(150)]
    assert ready.fingerprints["lengths"][:, 0].tolist() == lengths
    assert reports[:3] == [(0, 150), (64, 150), (128, 150)]
    more = ready.removed(range(0, 150, 2)).added([reference_of("rutile", 33)]).with_fingerprints(model)
    assert more.fingerprints["lengths"][:, 0].tolist() == [*lengths[1::2], 33]
    assert model.asked == 151
    assert [path.name for path in tmp_path.iterdir()] == ["many.ramanlib"]


def test_another_model_computes_its_own_fingerprints(board: Library, tmp_path: Path) -> None:
    ready = board.with_fingerprints(Model())
    second = Model("model-2")
    other = library.write(tmp_path / "other.ramanlib", [reference_of("quartz", 90, 7)]).with_fingerprints(second)
    both = library.merged(tmp_path / "both.ramanlib", [other, ready])
    assert both.fingerprint_version == ""
    first = Model()
    assert both.with_fingerprints(first).fingerprints["lengths"][:, 0].tolist() == [90, 400, 731, 64, 400]
    assert first.asked == 1  # the four of the larger library were kept
    assert ready.with_fingerprints(second).fingerprint_version == "model-2"
    assert second.asked == 5


def test_fingerprinting_can_be_cancelled_and_leaves_the_library_whole(board: Library) -> None:
    with pytest.raises(Cancelled):
        board.with_fingerprints(Model(), Progress(is_cancelled=lambda: True))
    assert list(library.open(board.path).names) == list(board.names)
    assert [path.name for path in board.path.parent.iterdir()] == ["board.ramanlib"]


def test_a_copy_under_another_name_or_scale_is_a_duplicate(board: Library) -> None:
    copy = board.spectrum(1)
    scaled = Reference("chalcedony", copy.with_values(copy.values * 3.5 + 20))
    another = reference_of("quartz", 731, 12)
    assert library.duplicates(board) == ()
    assert library.duplicates(board.added([scaled, another, scaled])) == ((1, 4, 6),)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.99])
def test_a_truncated_library_is_an_error_with_a_remedy(board: Library, share: float) -> None:
    whole = board.path.read_bytes()
    cut = board.path.with_name("cut.ramanlib")
    cut.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(StudioError, match=r"cut\.ramanlib") as read_error:
        library.open(cut)
    assert read_error.value.remedy


@pytest.mark.parametrize("name", ["spectra/offsets", "spectra/values", "spectra/label", "spectra/laser_nm", "printed"])
def test_arrays_that_do_not_fit_together_are_refused(board: Library, name: str) -> None:
    board.with_fingerprints(Model())
    with h5py.File(board.path, "a") as file:
        del file[name]
        file[name] = np.arange(3)
    with pytest.raises(StudioError, match="damaged"):
        library.open(board.path)


def test_a_damaged_library_never_ends_the_program(board: Library) -> None:
    whole = board.with_fingerprints(Model()).path.read_bytes()
    damaged, random, n_errors = board.path.with_name("damaged.ramanlib"), np.random.default_rng(1), 0
    for _ in range(150):
        content = bytearray(whole)
        for at in random.integers(0, 6000, 3):  # where the file says what lies where
            content[at] = random.integers(256)
        damaged.write_bytes(bytes(content))
        try:
            opened = library.open(damaged)
            for index in range(len(opened)):
                opened.reference(index)
        except StudioError:
            n_errors += 1
    assert n_errors > 50


def test_external_links_are_not_followed(board: Library, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["values"] = np.zeros(400 + 731 + 64 + 400, "f4")
    with h5py.File(board.path, "a") as file:
        del file["spectra/values"]
        file["spectra/values"] = h5py.ExternalLink("secret.h5", "/values")
    with pytest.raises(StudioError, match=r"board\.ramanlib.*links to other places"):
        library.open(board.path)


def test_other_files_are_refused_as_libraries(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["axis"] = np.arange(3)
    with pytest.raises(StudioError, match="not a library"):
        library.open(tmp_path / "other.h5")
    (tmp_path / "words.ramanlib").write_text("a letter")
    with pytest.raises(StudioError, match=r"words\.ramanlib"):
        library.open(tmp_path / "words.ramanlib")
    with pytest.raises(StudioError, match="There is no library"):
        library.open(tmp_path / "gone.ramanlib")


def test_invalid_references_and_unwritable_paths_are_errors(tmp_path: Path) -> None:
    gap = Reference("gap", SpectrumSet.of(np.arange(50.0), np.full(50, np.nan)))
    with pytest.raises(StudioError, match="'gap' cannot be a reference"):
        library.write(tmp_path / "x.ramanlib", [gap])
    with pytest.raises(StudioError, match="at least one"):
        library.write(tmp_path / "x.ramanlib", [])
    with pytest.raises(StudioError, match="Could not write"):
        library.write(tmp_path / "no such folder" / "x.ramanlib", [reference_of("quartz")])
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not CORPUS.exists(), reason="the real spectra are not beside the project")
def test_two_hundred_minerals_are_read_as_they_were_written(tmp_path: Path) -> None:
    with h5py.File(CORPUS) as file:
        group = file["rruff"]
        ends = group["offsets"][:201].tolist()
        axis, values = group["axis"][: ends[-1]], group["values"][: ends[-1]]
        names, samples = group["label"].asstr()[:200], group["sample"].asstr()[:200]
        lasers = group["laser_nm"][:200]
    pieces = [slice(begin, end) for begin, end in itertools.pairwise(ends)]
    references = [
        Reference(name, SpectrumSet(axis[piece], values[piece][None]), laser_nm=float(laser), sample=sample)
        for name, sample, laser, piece in zip(names, samples, lasers, pieces, strict=True)
    ]
    written = library.write(tmp_path / "rruff.ramanlib", references)
    assert len(written) == 200
    assert list(written.names) == names.tolist()
    assert list(written.samples) == samples.tolist()
    assert written.laser_nm == pytest.approx(lasers)
    for index, piece in enumerate(pieces):
        assert np.array_equal(written.spectrum(index).axis, axis[piece])
        assert np.array_equal(written.spectrum(index).values[0], values[piece])
