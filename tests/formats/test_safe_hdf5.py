"""HDF5 files of others are probed in a process of their own; what may not be opened is a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled
from ramanstudio.formats import hdf5_probe, safe_hdf5
from ramanstudio.formats.safe_hdf5 import check_file, create_file, open_file
from tests.formats.sample_files import AXIS, SPECTRUM

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is remembered from another test."""
    monkeypatch.setattr(safe_hdf5, "_good_files", {})


def spectra(file: h5py.File | h5py.Group) -> None:
    file["axis"], file["values"] = AXIS, SPECTRUM[None]


def external_link(file: h5py.File) -> None:
    spectra(file)
    file["other"] = h5py.ExternalLink("/etc/hostname.h5", "/values")


def soft_link(file: h5py.File) -> None:
    spectra(file)
    file["alias"] = h5py.SoftLink("/values")


def external_storage(file: h5py.File) -> None:
    file["axis"] = AXIS
    file.create_dataset("values", (1, 46), "u1", external=[("/etc/passwd", 0, 46)])


def virtual_dataset(file: h5py.File) -> None:
    file["axis"] = AXIS
    layout = h5py.VirtualLayout((1, 46), "f8")
    layout[0] = h5py.VirtualSource("/etc/other.h5", "values", (46,))
    file.create_virtual_dataset("values", layout)


def object_reference(file: h5py.File) -> None:
    spectra(file)
    file.attrs["best"] = file["values"].ref


def list_of_lists(file: h5py.File) -> None:
    spectra(file)
    ragged = file.create_dataset("ragged", (2,), h5py.vlen_dtype(np.float32))
    ragged[0] = [1, 2, 3]


def unusual_filter(file: h5py.File) -> None:
    file["axis"] = AXIS
    file.create_dataset("values", data=np.ones((4, 46), "i4"), scaleoffset=0)


def checksums(file: h5py.File) -> None:
    file["axis"] = AXIS
    file.create_dataset("values", data=np.ones((4, 46)), fletcher32=True)


def nesting(file: h5py.File) -> None:
    group: h5py.Group = file
    for _ in range(40):
        group = group.create_group("g")
    spectra(group)


def many_groups(file: h5py.File) -> None:
    spectra(file)
    for index in range(hdf5_probe.MIN_OBJECTS + 1):  # hard links are counted by name before they are followed
        file[f"g{index}"] = file["axis"]


def one_dataset_in_many_groups(file: h5py.File) -> None:
    file.create_dataset("values", data=np.zeros((10_000, 500), "f4"), compression="gzip")
    file["axis"] = np.arange(500.0)
    for index in range(50):
        group = file.create_group(f"g{index}")
        group["axis"], group["values"] = file["axis"], file["values"]


def zeros_by_the_gigabyte(file: h5py.File) -> None:
    file["axis"] = np.arange(500.0)
    file.create_dataset("values", (400_000, 500), "i1", chunks=(4000, 500), compression="gzip")


def one_huge_chunk(file: h5py.File) -> None:
    file["axis"] = np.arange(500.0)
    file.create_dataset("values", (10, 500), "i1", maxshape=(None, 500), chunks=(1_000_000, 500), compression="gzip")


def large_attribute(file: h5py.File) -> None:
    spectra(file)
    file.create_group("g", track_order=True).attrs.create("a", np.zeros(1_000), dtype="f8")
    identifier = h5py.h5a.create(
        file.id, b"b", h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create_simple((2_000_000,)),
    )  # fmt: skip
    del identifier


def long_texts(file: h5py.File) -> None:
    spectra(file)
    file["label"] = ["x" * 40_000_000, "y" * 40_000_000]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (external_link, "links to other places or other files"),
        (soft_link, "links to other places or other files"),
        (external_storage, "'/values' is stored in another file"),
        (virtual_dataset, "'/values' is a view of other datasets"),
        (object_reference, "'best' holds references"),
        (list_of_lists, "'/ragged' holds lists of variable length"),
        (unusual_filter, "'/values' is compressed in a way"),
        (checksums, "'/values' is compressed in a way"),
        (nesting, "nested more than 16 deep"),
        (many_groups, "more than 30,000 groups"),
        (one_dataset_in_many_groups, "states more than it can hold"),
        (zeros_by_the_gigabyte, "'/values' states 800,000,000 bytes"),
        (one_huge_chunk, "chunks that are too large"),
        (large_attribute, "attribute 'b' states 16,000,000 bytes|damaged"),
        (long_texts, "texts too long"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_files_that_refer_to_others_or_are_too_large_are_refused(
    tmp_path: Path, make: Callable[[h5py.File], None], says: str
) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest" if make is large_attribute else None) as file:
        make(file)
    with pytest.raises(StudioError, match=rf"Could not read 'a\.h5': .*({says})") as error, open_file(path):
        pass
    assert error.value.remedy


def test_a_large_file_may_hold_more_groups_than_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of 3000 entries, made on another computer, has 30,000 groups and datasets."""
    monkeypatch.setattr(hdf5_probe, "MIN_OBJECTS", 20)
    with h5py.File(tmp_path / "project.h5", "w") as file:
        for entry in range(10):
            for name in ("axis", "values", "error"):
                file[f"entries/{entry}/{name}"] = np.zeros(200)
    with h5py.File(tmp_path / "small.h5", "w") as file:
        for entry in range(50):
            file[f"{entry}"] = file["0"] if entry else 1
    assert hdf5_probe.probe(str(tmp_path / "project.h5")) == ""
    assert "more than 20 groups" in hdf5_probe.probe(str(tmp_path / "small.h5"))
    assert hdf5_probe.seconds_of_computing(30 * 2**20) > 5e-4 * 40_000
    assert hdf5_probe.objects_with_room(2**40) == hdf5_probe.MAX_OBJECTS


def test_groups_in_a_circle_are_read_once(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        spectra(file)
        file["g"] = file["/"]
    with open_file(tmp_path / "a.h5") as file:
        assert file["g/g/values"].shape == (1, 46)


def test_a_good_file_of_another_program_opens(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        spectra(file.create_group("deep/er", track_order=True))
        file["deep"].attrs.update({"text": "a µ", "number": 3.5, "flag": True, "list": [1, 2, 3], "texts": ["a", "b"]})
        file["label"] = ["a", "b"]
        file.create_dataset("compressed", data=np.ones((100, 46)), compression="lzf", shuffle=True, chunks=(10, 46))
        file["nothing"] = h5py.Empty("f4")
        file["compound"] = np.zeros(3, [("a", "f4"), ("b", "i8")])
        file["scalar"] = 3.0
        file.create_dataset("empty", (0, 46), "f4")
    with open_file(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["deep/er/values"][0], SPECTRUM)


def test_a_file_that_is_read_again_is_not_probed_again_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(safe_hdf5._probe, "ask", lambda path: asked.append(path) or "")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        spectra(file)
    check_file(tmp_path / "a.h5")
    check_file(tmp_path / "a.h5")
    assert len(asked) == 1
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["more"] = np.ones(1000)
    check_file(tmp_path / "a.h5")
    assert len(asked) == 2


# Files of this program ---------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that this program wrote, in a session that does not remember it."""
    with create_file(tmp_path / "a.h5") as file:
        spectra(file)
        file.create_dataset("large", data=np.random.default_rng(0).normal(size=(500, 200)), compression="gzip")
    safe_hdf5._good_files.clear()
    return tmp_path / "a.h5"


def refuse_to_probe(path: Path) -> str:
    raise AssertionError("probed")


def test_files_of_this_program_open_without_the_probe(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_hdf5._probe, "ask", refuse_to_probe)
    with open_file(written) as file:
        np.testing.assert_array_equal(file["values"][0], SPECTRUM)
    with h5py.File(written) as file:  # as any other program reads it
        assert set(file) == {"axis", "values", "large"}


@pytest.mark.parametrize("place", [0, 100, 3000, -60, -20])
def test_files_of_this_program_that_were_changed_are_probed(
    written: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    content = bytearray(written.read_bytes())
    content[place] ^= 1
    written.write_bytes(content)
    monkeypatch.setattr(safe_hdf5._probe, "ask", lambda path: "it was probed")
    with pytest.raises(StudioError, match="it was probed"):
        check_file(written)


def test_files_of_another_user_of_this_program_are_probed(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (paths.user_data() / "hdf5.key").unlink()
    monkeypatch.setattr(safe_hdf5._probe, "ask", lambda path: "it was probed")
    with pytest.raises(StudioError, match="it was probed"):
        check_file(written)


def test_without_a_key_files_are_written_and_probed(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / "data").write_text("no folder")
    with create_file(tmp_path / "a.h5") as file:
        spectra(file)
    safe_hdf5._good_files.clear()
    with open_file(tmp_path / "a.h5") as file:
        assert "values" in file


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_the_key_is_readable_by_its_user_only(written: Path) -> None:
    assert (paths.user_data() / "hdf5.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [KeyError("x"), Cancelled(), KeyboardInterrupt()])
def test_an_error_while_writing_leaves_the_old_file(written: Path, error: BaseException) -> None:
    before = written.read_bytes()
    with pytest.raises(type(error)), create_file(written) as file:
        spectra(file)
        raise error
    assert written.read_bytes() == before
    assert [path.name for path in written.parent.iterdir()] == ["a.h5"]


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    import numpy as np
    from ramanstudio.core.errors import StudioError
    from ramanstudio.formats.safe_hdf5 import create_file
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    values = np.random.default_rng(0).normal(size=(1000, 100))
    for limit in map(int, sys.argv[2:]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            with create_file(Path(sys.argv[1])) as file:
                for index in range(4):
                    group = file.create_group(f"g{index}")
                    group.attrs["name"] = "x" * 100
                    group.create_dataset("values", data=values + index, compression="gzip", compression_opts=1)
                assert np.array_equal(file["g1/values"][:], values + 1)
        except StudioError as error:
            print(error)
    print("alive")
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX systems")
def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(written: Path) -> None:
    before = written.read_bytes()
    limits = [0, 1, 100, 512, 2048, 5000, 100_000, 777_777, 1_500_000, 2_900_000]
    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(written), *map(str, limits)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *sentences, last = done.stdout.splitlines()
    assert last == "alive" and len(sentences) == len(limits)
    assert all(line.startswith("Could not write 'a.h5': the file is larger than") for line in sentences)
    assert written.read_bytes() == before
    assert [path.name for path in written.parent.iterdir()] == ["a.h5"]


# The probe ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def fake_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replace the program that probes by another, for small files."""

    def replace(script: str) -> None:
        program = tmp_path / "fake.py"
        program.write_text(textwrap.dedent(script))
        monkeypatch.setattr(hdf5_probe, "__file__", str(program))
        monkeypatch.setattr(safe_hdf5, "WALL_SECONDS", 0.5)
        safe_hdf5.close_probe()

    yield replace
    safe_hdf5.close_probe()


@pytest.mark.parametrize(
    "script",
    [
        "while True: pass",
        "import time; time.sleep(100)",
        "import os; os.abort()",
        "import sys; sys.stdin.readline(); print('half', end='', flush=True)",
    ],
)
def test_a_probe_that_hangs_or_crashes_is_a_sentence_and_the_next_file_opens(
    tmp_path: Path, fake_probe: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        spectra(file)
    fake_probe(script)
    with pytest.raises(StudioError, match=r"'a\.h5'.*probably damaged"):
        check_file(tmp_path / "a.h5")
    monkeypatch.undo()
    check_file(tmp_path / "a.h5")


def test_a_probe_that_has_ended_is_started_again(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            spectra(file)
        check_file(tmp_path / name)
        assert safe_hdf5._probe._process is not None
        safe_hdf5._probe._process.kill()
        safe_hdf5._probe._process.wait()


LOOP = """
    import sys, types
    sys.argv[0] = "probe"
    sys.path.insert(0, {package!r})
    import hdf5_probe
    hdf5_probe.SECONDS = 0.3
    def loop(path):
        while True:
            pass
    hdf5_probe.probe = loop
    hdf5_probe.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="timers of POSIX systems")
def test_a_loop_is_ended_by_its_time_of_computing(tmp_path: Path) -> None:
    script = textwrap.dedent(LOOP).format(package=str(Path(hdf5_probe.__file__).parent))
    request = f'{{"path": "{tmp_path}"}}\n'.encode()
    done = subprocess.run([sys.executable, "-P", "-c", script], input=request, capture_output=True, check=False)
    assert done.returncode == -27 and done.stdout == b"", done.stderr  # SIGPROF


def test_what_is_raised_while_a_file_is_open_is_a_sentence(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        spectra(file)
    for wrong in (AttributeError("x"), OverflowError("x"), RuntimeError("x")):
        with pytest.raises(StudioError, match=r"Could not read 'a\.h5': it is a damaged"), open_file(tmp_path / "a.h5"):
            raise wrong
    with pytest.raises(Cancelled), open_file(tmp_path / "a.h5"):
        raise Cancelled
