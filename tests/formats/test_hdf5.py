"""HDF5 files of spectra: groups, columns, spectra of different lengths, and writing and reading again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.formats.registry import read
from tests.formats.sample_files import AXIS, SPECTRUM


def test_a_set_survives_writing_and_reading(tmp_path: Path) -> None:
    written = SpectrumSet(
        AXIS,
        np.float32(np.outer([1.0, 2.0], SPECTRUM)),
        {"name": np.array(["α-quartz", "石英"]), "x": np.array([0.0, 1.5]), "repeat": np.array([1, 2])},
        {"laser_nm": 532.1, "instrument": "home made", "accumulations": 3, "calibrated": True},
    )
    hdf5.write(tmp_path / "a.h5", written, expected_error=np.ones_like(written.values), snr_after=np.array([3.0, 4.0]))
    (spectra,) = read(tmp_path / "a.h5")
    assert spectra.same_axis(written) and np.array_equal(spectra.values, written.values)
    for name, column in written.table.items():
        assert np.array_equal(spectra.table[name], column)
    assert spectra.table["snr_after"].tolist() == [3, 4] and "expected_error" not in spectra.table
    assert {name: spectra.about[name] for name in written.about} == dict(written.about)


def test_groups_and_spectra_of_different_lengths(tmp_path: Path) -> None:
    import h5py

    short = np.arange(100.0, 200.0, 10.0)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        even = file.create_group("even", track_order=True)
        even["axis"], even["values"] = AXIS[::-1], SPECTRUM[None, ::-1]
        ragged = file.create_group("deep/ragged")
        ragged.attrs["via"] = "somewhere"
        ragged["axis"] = np.r_[AXIS, short, AXIS]
        ragged["values"] = np.r_[SPECTRUM, short, 2 * SPECTRUM]
        ragged["offsets"] = [0, 46, 56, 102]
        ragged["label"] = ["a", "b", "c"]
    long, brief, even_set = read(tmp_path / "a.h5")
    assert long.table["label"].tolist() == ["a", "c"] and brief.table["label"].tolist() == ["b"]
    np.testing.assert_allclose(long.values, np.outer([1, 2], SPECTRUM), rtol=1e-6)
    np.testing.assert_allclose(brief.axis, short)
    assert long.about["group"] == "deep/ragged" and long.about["via"] == "somewhere"
    np.testing.assert_allclose(even_set.axis, AXIS)
    np.testing.assert_allclose(even_set.values[0], SPECTRUM, rtol=1e-6)


@pytest.mark.parametrize(
    ("offsets", "values", "says"),
    [
        ([0, 46, 40], np.r_[SPECTRUM, SPECTRUM], "offsets"),
        ([0, 500], SPECTRUM, "offsets"),
        (None, np.ones((3, 7)), "does not fit"),
        (None, np.ones((3, 7, 46)), "does not fit"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, offsets: list[int] | None, values: np.ndarray, says: str
) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["axis"], file["values"] = np.resize(AXIS, values.shape if offsets else AXIS.shape), values
        if offsets:
            file["offsets"] = offsets
    with pytest.raises(StudioError, match=rf"'a\.h5'.*{says}"):
        read(tmp_path / "a.h5")


def test_a_dataset_that_states_terabytes_takes_no_memory(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["axis"] = AXIS
        file.create_dataset("values", shape=(10**10, 46), chunks=(1000, 46), dtype="f4")
    with pytest.raises(StudioError, match="more than it can hold"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("name", "shape", "kind"), [("offsets", (10**10,), "i8"), ("label", (9,), "S2000000000"), ("label", (), "")]
)
def test_a_column_that_states_terabytes_takes_no_memory(
    tmp_path: Path, name: str, shape: tuple[int, ...], kind: str
) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["axis"], file["values"] = AXIS, np.tile(SPECTRUM, (9, 1))
        if kind:
            file.create_dataset(name, shape, dtype=kind, chunks=shape and (1,))
        else:  # one text of many megabytes, for which every row of a table would have to have room
            file[name] = ["x" * 40_000_000] + ["y"] * 8
    with pytest.raises(StudioError, match=rf"'/{name}' (states .* more than it can hold|has texts too long)"):
        read(tmp_path / "a.h5")


def test_another_layout_is_refused_with_the_layouts_that_are_read(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["masses"], file["names"] = np.array([3.0, 1.0, 2.0]), ["a", "b", "c"]
    with pytest.raises(StudioError, match=r"different layout.*NeXus.*text"):
        read(tmp_path / "a.h5")


def test_an_axis_beside_its_intensities_is_read_in_any_file(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"] = AXIS, SPECTRUM
    (spectra,) = read(tmp_path / "a.h5")
    np.testing.assert_allclose(spectra.axis, AXIS)


def test_an_axis_in_nm_needs_the_laser(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["axis"], file["values"] = 1e7 / (1e7 / 785.0 - AXIS), SPECTRUM[None]
        file["axis"].attrs["units"] = "nm"
    with pytest.raises(StudioError, match="wavelength in nm"):
        read(tmp_path / "a.h5")
    np.testing.assert_allclose(read(tmp_path / "a.h5", 785.0)[0].axis, AXIS)
