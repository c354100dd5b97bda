"""Large WiRE files and zarr stores are read, processed and written block by block, with what a whole one gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio import batch
from ramanstudio.batch import computing, zarr_store
from ramanstudio.batch.large_files import open_large
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.registry import read
from ramanstudio.processing import Recipe
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from tests.batch.test_processing import table
from tests.formats.sample_files import wdf_bytes
from tests.processing.test_steps import CountingDenoiser, spectra

RECIPE = Recipe.of(Denoise("no"), Normalise("maximum"))


def test_a_large_wire_file_is_read_by_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = spectra(10)
    path = tmp_path / "map.wdf"
    positions = np.column_stack([np.arange(10.0), np.repeat([0.0, 1.0], 5)])
    # WiRE stores the axis downwards
    path.write_bytes(wdf_bytes(source.values[:, ::-1].astype(float), source.axis[::-1], positions=positions))
    assert open_large(path) is None  # smaller than a block
    (whole,) = read(path)
    (expected,) = batch.process(path, RECIPE, engine=CountingDenoiser())
    monkeypatch.setattr(computing, "BLOCK_VALUES", 3 * 801)
    rows = open_large(path)
    assert rows is not None and len(rows) == 10
    np.testing.assert_array_equal(rows[4:7].values, whole.values[4:7])
    assert {name: list(column) for name, column in rows[4:7].table.items()} == {
        name: list(column[4:7]) for name, column in whole.table.items()
    }
    denoiser = CountingDenoiser()
    (result,) = batch.process(path, RECIPE, tmp_path / "out", engine=denoiser, format="h5")
    assert len(denoiser.axes) == 4 and result.error is None
    (written,) = read(result.outputs[0])
    np.testing.assert_array_equal(written.values, expected.processed[0].spectra.values)
    assert len(table(tmp_path / "out" / "results.csv")) == 10
    (again,) = batch.process(path, RECIPE, tmp_path / "out", engine=denoiser, format="h5", resume=True)
    assert again.resumed and len(table(tmp_path / "out" / "results.csv")) == 10


def test_zarr_stores_are_read_and_written_by_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("zarr", reason="needs the extra 'cluster'")
    source = spectra(10).with_table(name=np.array([f"pixel {row}" for row in range(10)]), x=np.arange(10.0))
    path = zarr_store.write(tmp_path / "map.zarr", source)
    (expected,) = batch.process(path, RECIPE, engine=CountingDenoiser())
    monkeypatch.setattr(computing, "BLOCK_VALUES", 3 * 801)
    monkeypatch.setattr(zarr_store, "CHUNK_VALUES", 2 * 801)  # blocks need not end where chunks do
    (result,) = batch.process(path, RECIPE, tmp_path / "out", engine=CountingDenoiser(), format="zarr")
    assert [output.name for output in result.outputs] == ["map-processed.zarr"]
    written = open_large(result.outputs[0])
    assert written is not None
    np.testing.assert_array_equal(written[0:10].values, expected.processed[0].spectra.values)
    assert list(written[2:4].table["name"]) == ["pixel 2", "pixel 3"]
    assert [row["spectrum"] for row in table(tmp_path / "out" / "results.csv")][:2] == ["pixel 0", "pixel 1"]
    (tmp_path / "empty.zarr").mkdir()
    (bad,) = batch.process(tmp_path / "empty.zarr", RECIPE, tmp_path / "other", engine=CountingDenoiser())
    assert bad.error is not None and "empty.zarr" in bad.error.sentence


def test_a_store_that_cannot_be_finished_leaves_the_earlier_one(tmp_path: Path) -> None:
    pytest.importorskip("zarr", reason="needs the extra 'cluster'")
    path = zarr_store.write(tmp_path / "map.zarr", spectra(3))
    with pytest.raises(StudioError, match="stopped"), zarr_store.draft_store(path) as draft:
        zarr_store.create(draft, 5, np.arange(2.0), {}, {})
        raise StudioError("stopped")
    assert len(zarr_store.ZarrRows(path)) == 3 and [entry.name for entry in tmp_path.iterdir()] == ["map.zarr"]


def test_a_store_of_as_many_spectra_as_points_has_no_axis_among_its_columns(tmp_path: Path) -> None:
    pytest.importorskip("zarr", reason="needs the extra 'cluster'")
    square = SpectrumSet(np.arange(20.0), np.ones((20, 20), dtype=np.float32), {"x": np.arange(20.0)})
    assert list(zarr_store.read(zarr_store.write(tmp_path / "square.zarr", square)).table) == ["x"]
