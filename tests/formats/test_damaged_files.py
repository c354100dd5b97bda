"""Damaged and hostile files end as a sentence, within seconds and little memory; inputs of our own making."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from benchmarks import hostile_files
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.formats.registry import read
from tests.formats.sample_files import AXIS, SPECTRUM, jcamp_text, spc_bytes, two_column_text

ROOT = Path(__file__).resolve().parents[2]
MAX_SECONDS, MAX_BYTES = 8.0, 2**30  # of computing, and of memory

READ = """
    import json, sys, time
    from pathlib import Path
    from ramanstudio.core.errors import StudioError
    from ramanstudio.formats.registry import read
    begin = time.process_time()
    try:
        outcome = [list(spectra.values.shape) for spectra in read(Path(sys.argv[1]))]
    except StudioError as error:
        outcome = str(error)
    # Not ru_maxrss: it counts the process that started this one.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(json.dumps([outcome, time.process_time() - begin, int(status["VmHWM"].split()[0]) * 1024]))
"""


def read_apart(path: Path) -> object:
    """Read a file in a process of its own; returns the sentence or the shapes, and checks time and memory."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(READ), str(path)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome, seconds, n_bytes = json.loads(done.stdout)
    assert seconds < MAX_SECONDS and n_bytes < MAX_BYTES
    return outcome


needs_limits = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured by Linux")


def one_long_line(path: Path) -> None:
    path.write_bytes(b"100.5 " * 25_000_000)


def newlines_only(path: Path) -> None:
    path.write_bytes(b"\n" * 300_000_000)


def old_line_ends_only(path: Path) -> None:
    path.write_bytes(b"\r" * 100_000_000)


def form_feeds_only(path: Path) -> None:
    path.write_bytes(b"1\f" * 30_000_000)


def quotation_marks_only(path: Path) -> None:
    path.write_bytes(b'"' * 100_000_000)


@needs_limits
@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "suffix"),
    [
        (one_long_line, ".txt"),
        (newlines_only, ".txt"),
        (old_line_ends_only, ".jdx"),
        (form_feeds_only, ".csv"),
        (quotation_marks_only, ".csv"),
    ],
)
def test_huge_text_without_a_table_is_refused_within_seconds(
    tmp_path: Path, make: Callable[[Path], None], suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    make(path)
    sentence = read_apart(path)
    path.unlink()
    assert isinstance(sentence, str) and f"'a{suffix}'" in sentence


@needs_limits
@pytest.mark.parametrize("subfiles", [1, 2**30, 500_000])
def test_a_large_spc_file_is_checked_before_it_is_read(tmp_path: Path, subfiles: int) -> None:
    header = bytearray(512)
    header[0], header[1], header[28] = 0x04, 0x4B, 13
    struct.pack_into("<iddi", header, 4, 200_000_000 if subfiles == 1 else 1_000_000_000, 100.0, 3000.0, subfiles)
    path = tmp_path / "a.spc"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(1_500_000_000 if subfiles != 1 else 300_000_000)
    sentence = read_apart(path)
    assert isinstance(sentence, str) and "states" in sentence


def test_spc_subfiles_of_different_encodings_are_read(tmp_path: Path) -> None:
    values = np.outer([1.0, 2.0, 3.0, 4.0], np.round(SPECTRUM))
    content = bytearray(spc_bytes(values))
    length = 32 + 4 * AXIS.size
    for index in (1, 3):  # as integers, whose exponent is in the subheader
        begin = 512 + index * length
        content[begin + 1] = 20
        integers = np.round(values[index] * 2.0**12).astype("<i4")
        content[begin + 32 : begin + length] = integers.tobytes()
    (tmp_path / "a.spc").write_bytes(content)
    np.testing.assert_allclose(read(tmp_path / "a.spc")[0].values, values, rtol=1e-6)


DENSE = np.linspace(100.0, 1000.0, 100)  # of so many points that they are no peak list
# Numbers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("axis", "says"),
    [
        (DENSE * 1e297, "not a Raman shift|laser wavelength is unknown"),
        (-DENSE * 1e297, "not a Raman shift"),
        (np.r_[-1e300, DENSE[1:]], "not a Raman shift"),
        (np.r_[DENSE[:-1], 1e300], "not a Raman shift"),
        (DENSE * 1e-310, "spans only"),
        (100 + DENSE * 1e-8, "spans only"),
    ],
)
@pytest.mark.parametrize("header", ["", "Raman shift\tIntensity\n", "Wavenumber\tIntensity\n"])
def test_an_absurd_axis_is_refused(tmp_path: Path, axis: np.ndarray, says: str, header: str) -> None:
    path = tmp_path / "a.txt"
    lines = [f"{shift!r}\t{value}" for shift, value in zip(axis.tolist(), np.cos(DENSE).tolist(), strict=True)]
    path.write_text(header + "\n".join(lines))
    with pytest.raises(StudioError, match=says):
        read(path)


@pytest.mark.parametrize("unit", ["nm", "eV", "Wavelength", "Abs. wavenumber 1/cm"])
def test_an_absurd_axis_that_has_to_be_converted_is_refused(tmp_path: Path, unit: str) -> None:
    path = tmp_path / "a.txt"
    for axis in (np.r_[1e-300, 500 + DENSE[1:] / 100], DENSE * 1e300, np.r_[0.0, 530 + DENSE[1:] / 50]):
        lines = [f"{shift!r}\t{value}" for shift, value in zip(axis.tolist(), np.cos(DENSE).tolist(), strict=True)]
        path.write_text(f"{unit}\tIntensity\n" + "\n".join(lines))
        with pytest.raises(StudioError, match=r"outside the Raman range|is not a Raman shift|not finite"):
            read(path, 532.0)


def test_intensities_that_no_detector_measures_are_left_out_or_refused(tmp_path: Path) -> None:
    values = np.tile(SPECTRUM, (4, 1))
    values[1], values[2, 3] = 1e38, -1e300
    path = tmp_path / "a.csv"
    rows = [",".join(map(str, ["name", *AXIS])), *(",".join(map(str, ["s", *row])) for row in values)]
    path.write_text("\n".join(rows))
    (spectra,) = read(path)
    assert np.isnan(spectra.values[1]).all() and np.isnan(spectra.values[2, 3])
    np.testing.assert_allclose(spectra.values[[0, 3]], SPECTRUM[None].repeat(2, 0), rtol=1e-6)
    assert "47 intensities beyond ±1e+30 were left out" in str(spectra.about["notes"])
    path.write_text(two_column_text(",").replace(".000\n", "e38\n").replace("50.", "9e35"))
    lines = [f"{shift},{value}e36" for shift, value in zip(AXIS, SPECTRUM, strict=True)]
    path.write_text("\n".join(lines))
    with pytest.raises(StudioError, match=r"'a\.csv'.*intensities are beyond"):
        read(path)


@pytest.mark.parametrize("line", ["#Accumulations=\t1e999", "#Laser=\t1e999", "#Acq. time (s)=\t9e999", "#Title=\t\0"])
def test_absurd_metadata_is_left_out(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.txt").write_text(two_column_text(header=line + "\n"))
    (spectra,) = read(tmp_path / "a.txt")
    assert all(np.isfinite(value) for value in spectra.about.values() if isinstance(value, float))


def test_an_axis_that_is_not_finite_is_refused() -> None:
    for wrong in (np.inf, np.nan):
        with pytest.raises(StudioError, match="finite"):
            SpectrumSet(np.array([1.0, 2.0, wrong]), np.ones((1, 3)))


# JCAMP-DX ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "100" + "Z" * 5000 + "\n",
        "100A" + "%" * 100_000 + "\n",
        "100 " + "9" * 100_000 + "\n",
        "100 1e308 1e308 -1e308\n",
    ],
)
def test_absurd_jcamp_numbers_are_a_sentence(tmp_path: Path, data: str) -> None:
    (tmp_path / "a.jdx").write_text(jcamp_text(data, 40))
    with pytest.raises(StudioError, match=r"'a\.jdx'"):
        read(tmp_path / "a.jdx")


# HDF5 --------------------------------------------------------------------------------------------------------------


def test_a_group_without_intensities_is_named_and_the_others_open(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in ("first", "second", "third"):
            file[f"{name}/axis"] = AXIS
        file["first/values"] = SPECTRUM[None]
        file["second/values"] = h5py.Empty("f4")
        file["third/values"] = SPECTRUM[None, :-3]
    (spectra,) = read(tmp_path / "a.h5")
    assert spectra.about["group"] == "first" and "2 of 3 groups were left out" in str(spectra.about["notes"])
    assert "'/second'" in str(spectra.about["notes"]) and "'/third'" in str(spectra.about["notes"])


def test_only_empty_groups_are_a_sentence(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["axis"], file["values"] = AXIS, h5py.Empty("f4")
    with pytest.raises(StudioError, match="empty"):
        read(tmp_path / "a.h5")


def test_texts_of_stated_gigabytes_take_no_memory(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["axis"], file["values"] = AXIS, np.tile(SPECTRUM, (6, 1))
        file.create_dataset("label", data=["abcdefgh"] * 6, dtype=h5py.string_dtype())
    content = bytearray((tmp_path / "a.h5").read_bytes())
    heap = content.index(b"GCOL")
    text = content.index(b"abcdefgh", heap)
    struct.pack_into("<Q", content, text - 8, 2_000_000_000)  # the length of the first text in the heap
    reference = content.index(struct.pack("<IQ", 8, heap))
    struct.pack_into("<I", content, reference, 2_000_000_000)  # and in the dataset
    (tmp_path / "a.h5").write_bytes(content)
    sentence = read_apart(tmp_path / "a.h5")
    assert isinstance(sentence, str) and "damaged" in sentence


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    folder = tmp_path_factory.mktemp("seeds")
    return [(path.suffix, path.read_bytes()) for path in hostile_files.hdf5_seeds(folder)]


def assert_spectra_or_sentence(path: Path) -> None:
    try:
        with np.errstate(all="ignore"):
            sets = hdf5.read(path, 532.0)
    except StudioError as error:
        assert f"'{path.name}'" in str(error) or isinstance(error.__cause__, StudioError) or error.remedy
        assert hostile_files._own_fault(error.__cause__) == ""
    else:
        assert all(np.all(np.diff(spectra.axis) > 0) for spectra in sets)


@pytest.mark.slow
def test_mutated_hdf5_files_open_or_are_a_sentence(tmp_path: Path, seeds: list[tuple[str, bytes]]) -> None:
    for number in range(400):
        chance = random.Random(number)
        suffix, content = chance.choice(seeds)
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(hostile_files.mutated(content, chance))
        assert_spectra_or_sentence(path)
        path.unlink()


@pytest.mark.slow
def test_hdf5_files_with_wrong_values_open_or_are_a_sentence(tmp_path: Path) -> None:
    for number in range(200):
        path = tmp_path / f"{number}.h5"
        try:
            hostile_files.structured_hdf5(path, random.Random(number))
        except (ValueError, TypeError, OSError, RuntimeError, OverflowError):
            continue  # h5py does not write everything
        assert_spectra_or_sentence(path)
        path.unlink()
