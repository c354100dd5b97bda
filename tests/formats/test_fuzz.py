"""Every reader gives spectra or a StudioError for any file: no other exception, little memory, little time."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import FORMATS, read
from tests.formats.container_sample_files import small_container_files
from tests.formats.sample_files import (
    AXIS,
    SPECTRUM,
    jcamp_plain,
    jcamp_text,
    spc_bytes,
    spc_log,
    two_column_text,
    wdf_bytes,
)
from tests.formats.vendor_sample_files import small_vendor_files

SEVERAL = np.outer([1.0, 2.0, 3.0, 4.0], SPECTRUM)
MAX_BYTES = 64 * 2**20
MAX_SECONDS = 3.0  # of computing


def hdf5_bytes() -> bytes:
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        group = file.create_group("spectra")
        group["axis"], group["label"] = AXIS, ["a", "b", "c", "d"]
        group.create_dataset("values", data=SEVERAL, compression="gzip")
        ragged = file.create_group("ragged")
        ragged["axis"], ragged["values"], ragged["offsets"] = np.r_[AXIS, AXIS], np.r_[SPECTRUM, SPECTRUM], [0, 46, 92]
    return memory.getvalue()


def nexus_bytes() -> bytes:
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        data = file.create_group("entry/data")
        data.attrs["NX_class"], data.attrs["signal"], data.attrs["axes"] = "NXdata", "counts", ["y", "raman_shift"]
        data["counts"], data["raman_shift"], data["y"] = SEVERAL, AXIS, np.arange(4.0)
        data["raman_shift"].attrs["units"] = "1/cm"
        file["entry/instrument/laser/wavelength"] = 532.0
    return memory.getvalue()


def matrix_text() -> str:
    rows = ["#Laser=\t532", "#AxisUnit[1]=\t1/cm", "\t\t" + "\t".join(map(str, AXIS))]
    return "\n".join(rows + [f"{row}\t1\t" + "\t".join(map(str, SPECTRUM)) for row in range(5)])


INPUTS: dict[str, list[bytes]] = {
    "Text": [
        two_column_text(header="#Laser=\t532\nRaman shift\tCounts\n").encode(),
        two_column_text(";", ",", "Wellenzahl;Zählrate\n").encode("latin-1"),
        two_column_text().encode("utf-16"),
        matrix_text().encode(),
    ],
    "Renishaw WiRE": [wdf_bytes(SEVERAL, positions=SEVERAL[:, :2])],
    "Galactic SPC": [
        spc_bytes(SEVERAL, log=spc_log(b"Laser=785\r\n")),
        spc_bytes(SPECTRUM[None], axis=AXIS),
        spc_bytes(SEVERAL, old=True),
    ],
    "JCAMP-DX": [jcamp_plain().encode(), jcamp_text("100AJT%jX\n500Z9jS2\n", 30).encode()],
    "HDF5": [hdf5_bytes()],
    **small_vendor_files(),
    **small_container_files(),
    "NeXus": [nexus_bytes()],
}
ROWS = [pytest.param(row, id=row.name) for row in FORMATS]
EXTREMES = [
    *(struct.pack("<i", number) for number in (-1, 2**31 - 1, -(2**31), 0, 1, 10**8)),
    *(struct.pack("<q", number) for number in (-1, 2**63 - 1, -(2**63), 2**40)),
    *(struct.pack("<d", number) for number in (float("nan"), float("inf"), 1e300, -1e300, 0.0)),
    struct.pack("<f", float("nan")),
    b"99999999999",
    b"1e308 -1e308",
    b"\n##NPOINTS=999999999999\n",
    b"nan inf",
]
quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def assert_spectra_or_sentence(path: Path, content: bytes, laser_nm: float | None = 532.0) -> None:
    path.write_bytes(content)
    if path.suffix == ".hdr":
        path.with_suffix(".dat").write_bytes(SEVERAL.astype("<f4").tobytes())
    begin = process_time()
    tracemalloc.start()
    try:
        sets = read(path, laser_nm)
    except StudioError as refusal:
        assert f"'{path.name}'" in refusal.sentence and refusal.remedy
        assert "content is not understood" not in refusal.sentence  # the net of registry.read, for faults of ours
    else:
        assert sets and all(np.all(np.diff(spectra.axis) > 0) for spectra in sets)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MAX_BYTES and process_time() - begin < MAX_SECONDS


def test_every_format_has_inputs_and_they_open(tmp_path: Path) -> None:
    assert set(INPUTS) == {row.name for row in FORMATS}
    for row in FORMATS:
        for sample in INPUTS[row.name]:
            path = tmp_path / f"a{row.suffixes[0]}"
            path.write_bytes(sample)
            path.with_suffix(".dat").write_bytes(SEVERAL.astype("<f4").tobytes())
            if row.name != "JCAMP-DX" or sample is INPUTS["JCAMP-DX"][0]:
                assert read(path, 532.0)[0].about["format"] == row.name


@pytest.mark.parametrize("row", ROWS)
@quick
@given(data=st.data())
def test_a_file_cut_anywhere(row, data: st.DataObject, tmp_path: Path) -> None:
    sample = data.draw(st.sampled_from(INPUTS[row.name]))
    end = data.draw(st.integers(0, len(sample)))
    assert_spectra_or_sentence(tmp_path / f"a{row.suffixes[0]}", sample[:end])


@pytest.mark.parametrize("row", ROWS)
@quick
@given(data=st.data())
def test_a_file_with_absurd_numbers_anywhere(row, data: st.DataObject, tmp_path: Path) -> None:
    sample = bytearray(data.draw(st.sampled_from(INPUTS[row.name])))
    for _ in range(data.draw(st.integers(1, 3))):
        # Mostly where headers are, where a number states how much is to come.
        offset = data.draw(st.one_of(st.integers(0, 600), st.integers(0, len(sample))))
        extreme = data.draw(st.sampled_from(EXTREMES))
        sample[offset : offset + len(extreme)] = extreme
    assert_spectra_or_sentence(tmp_path / f"a{row.suffixes[0]}", bytes(sample))


@pytest.mark.parametrize("row", ROWS)
@quick
@given(garbage=st.binary(max_size=2000), keep=st.integers(0, 600))
def test_garbage_after_a_valid_beginning(row, garbage: bytes, keep: int, tmp_path: Path) -> None:
    assert_spectra_or_sentence(tmp_path / f"a{row.suffixes[0]}", INPUTS[row.name][0][:keep] + garbage)


@quick
@given(
    words=st.text(alphabet="0123456789.,;:\t\n #=eE+-_/XYxynmcRW()[]\"'µ²\u2028\x1c", max_size=400),
    suffix=st.sampled_from([".txt", ".csv", ".jdx"]),
)
def test_random_text(words: str, suffix: str, tmp_path: Path) -> None:
    assert_spectra_or_sentence(tmp_path / f"a{suffix}", words.encode())


numbers = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(-5000, 5000), st.just(""))


@quick
@given(
    table=st.integers(1, 6).flatmap(
        lambda width: st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1, max_size=30)
    ),
    separator=st.sampled_from(["\t", ",", ";", " "]),
    header=st.sampled_from(["", "x,y\n", "Raman shift\tI\n", "nm;counts\n", "X Y Wave Intensity\n", "\t\t1\t2\n"]),
)
def test_random_tables(table: list[list[float | str]], separator: str, header: str, tmp_path: Path) -> None:
    rows = [separator.join(str(cell) for cell in row) for row in table]
    assert_spectra_or_sentence(tmp_path / "a.txt", (header + "\n".join(rows)).encode())
