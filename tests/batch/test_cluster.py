"""Batches on workers of dask: the numbers of a single process, also when a worker dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramanstudio import batch
from ramanstudio.batch import cluster, computing, zarr_store
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.formats.registry import read
from ramanstudio.processing import Recipe
from ramanstudio.processing.baseline import SubtractBaseline
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.normalise import Normalise
from tests.batch.test_processing import table, write
from tests.processing.test_steps import spectra

pytest.importorskip("distributed", reason="needs the extra 'cluster'")
pytest.importorskip("zarr", reason="needs the extra 'cluster'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of dask's own

RECIPE = Recipe.of(RemoveCosmicRays(), SubtractBaseline(), Normalise("maximum"), name="Test")


@pytest.fixture(scope="module")
def local_cluster() -> Iterator[Any]:
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as workers:
        yield workers


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of 24 spectra, of which four are a block."""
    monkeypatch.setattr(computing, "BLOCK_VALUES", 4 * 801)
    return zarr_store.write(tmp_path / "map.zarr", spectra(24))


def test_files_and_stores_give_what_a_single_process_gives(local_cluster: Any, store: Path, tmp_path: Path) -> None:
    singles = [write(tmp_path / f"{number}.txt", number) for number in range(5)]
    (tmp_path / "notes.txt").write_text("no spectrum")
    given = [store, *singles, tmp_path / "notes.txt"]
    alone = list(batch.process(given, RECIPE, tmp_path / "alone", format="zarr"))
    shared = list(
        batch.process(given, RECIPE, tmp_path / "shared", format="zarr", cluster=local_cluster.scheduler_address)
    )
    assert [result.error is None for result in shared] == [True] * 6 + [False]
    for one, other in zip(alone[:6], shared[:6], strict=True):
        expected, written = (zarr_store.ZarrRows(result.outputs[0]) for result in (one, other))
        np.testing.assert_allclose(written[0 : len(expected)].values, expected[0 : len(expected)].values, atol=1e-5)
    columns = ("spectrum", "points", "cosmic rays", "checks", "result")
    first, second = (
        [tuple(row[name] for name in columns) for row in table(tmp_path / name / "results.csv")]
        for name in ("alone", "shared")
    )
    assert first == second and len(first) == 29


def test_other_formats_are_written_in_order(local_cluster: Any, store: Path, tmp_path: Path) -> None:
    (alone,) = batch.process(store, RECIPE, tmp_path / "alone", format="h5")
    (shared,) = batch.process(store, RECIPE, tmp_path / "shared", format="h5", cluster=local_cluster.scheduler_address)
    first, second = read(alone.outputs[0])[0], read(shared.outputs[0])[0]
    np.testing.assert_allclose(second.values, first.values, atol=1e-5)


def test_nothing_is_missing_when_a_worker_is_killed(local_cluster: Any, store: Path, tmp_path: Path) -> None:
    killed = list[int]()

    def kill(done: int, total: int, note: str) -> None:
        if not killed and done >= 8 and (total, note) == (24, "spectra of map.zarr"):
            worker = next(iter(local_cluster.workers.values()))
            killed.append(worker.pid)
            worker.process.process._process.kill()

    (result,) = batch.process(
        store, RECIPE, tmp_path / "out", format="zarr", cluster=local_cluster.scheduler_address, progress=Progress(kill)
    )
    assert killed and result.error is None
    written = zarr_store.ZarrRows(result.outputs[0])
    assert len(written) == 24 and (written[0:24].values.max(axis=1) > 0.5).all()
    assert len(table(tmp_path / "out" / "results.csv")) == 24


def test_what_a_cluster_needs_is_a_sentence(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudioError, match="no number of workers"):
        list(batch.process(store, RECIPE, tmp_path / "a", cluster="local:many"))
    with pytest.raises(StudioError, match="no scheduler at"):
        list(batch.process(store, RECIPE, tmp_path / "b", cluster="nonsense"))
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(StudioError, match="dask") as error, cluster.connect("local"):
        pass
    assert "ramanstudio[cluster]" in error.value.remedy
