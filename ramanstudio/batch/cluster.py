"""Batches on a cluster: the same blocks, computed by workers of dask.distributed.

Scheduling, retries and lost workers are dask's. A worker loads the model once, reads the rows of its block itself where
they are in a file (which all workers have to see under the same path), and writes its rows of a zarr store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.batch import computing, zarr_store
from ramanstudio.batch.analyses import Analyses
from ramanstudio.batch.large_files import LargeSet, open_large
from ramanstudio.batch.large_sets import KeepRows, columns_of, write_by_blocks
from ramanstudio.batch.parts import LocalComputer, Part
from ramanstudio.batch.results import result_rows
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.batches import MIN_TOGETHER
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Processed
from ramanstudio.processing.step import State, StepResult

RETRIES: Final = 3  # of a block, by dask, where a worker dies or a disk fails
IN_FLIGHT: Final = 3  # blocks for each thread of the workers, so that none waits and memory stays bounded
SETS_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know, once: recipe, model, and the analyses by the names of what they use."""

    recipe: str
    model: str
    device: str
    needs_model: bool
    template: str = ""
    libraries: tuple[str, ...] = ()
    classify: str = ""
    laser_nm: float | None = None
    block_values: int = computing.BLOCK_VALUES


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """A client of a scheduler and the job of this batch; computes parts and blocks there."""

    client: Any
    job: Job

    @property
    def n_threads(self) -> int:
        """How many threads all workers have."""
        return max(1, int(sum(self.client.nthreads().values())))

    def parts(self, sets: Sequence[SpectrumSet], progress: Progress, stack: bool, check: bool) -> list[Part]:
        """Return what comes of each set, in order, as `LocalComputer.parts`. Raises Cancelled when asked to stop."""
        size = max(1, min(SETS_AT_ONCE, -(-len(sets) // self.n_threads)))
        chunks = [sets[start : start + size] for start in range(0, len(sets), size)]
        futures = [
            self.client.submit(
                _compute_parts, self.job, [_packed(spectra) for spectra in chunk], stack, check, pure=False,
                retries=RETRIES,
            )
            for chunk in chunks
        ]  # fmt: skip
        parts = list[Part]()
        try:
            for chunk, future in zip(chunks, futures, strict=True):
                progress(len(parts), len(sets))
                parts += [_unpacked_part(part, spectra) for part, spectra in zip(_result(future), chunk, strict=True)]
        finally:
            self.client.cancel(futures)
        return parts

    def write_blocks(self, source: LargeSet, path: Path, name: str, keep: KeepRows, progress: Progress) -> None:
        """Process a large file block by block into `path`; workers write zarr themselves, this process the others."""
        if path.suffix != zarr_store.SUFFIX:
            write_by_blocks(self._blocks(source, progress), path, name, len(source), keep)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with zarr_store.draft_store(path) as draft:
            rows = self._rows_of_blocks(source)
            first = self._unpacked(self._submit(source, rows[0]), source, rows[0])
            if isinstance(first.outcome, StudioError):
                raise first.outcome
            columns = columns_of(first.outcome)
            spectra = first.outcome.spectra
            zarr_store.create(draft, len(source), spectra.axis, spectra.about, columns)
            zarr_store.write_rows(draft, 0, columns)
            keep(result_rows(source[rows[0]], first.outcome, first.codes, name, first.cells))
            for _, table in self._in_order(source, rows[1:], progress, str(draft.absolute()), name):
                keep(table)

    def _blocks(self, source: LargeSet, progress: Progress) -> Iterator[tuple[slice, SpectrumSet, Part]]:
        for rows, packed in self._in_order(source, self._rows_of_blocks(source), progress):
            spectra = source[rows]
            yield rows, spectra, _unpacked_part(packed, spectra)

    def _in_order(
        self, source: LargeSet, blocks: Sequence[slice], progress: Progress, draft: str = "", name: str = ""
    ) -> Iterator[tuple[slice, Any]]:
        """Yield what workers return of each block, in order; a few are in flight."""
        waiting: list[tuple[slice, Any]] = []
        queue = list(reversed(blocks))
        try:
            while queue or waiting:
                while queue and len(waiting) < IN_FLIGHT * self.n_threads:
                    rows = queue.pop()
                    waiting.append((rows, self._submit(source, rows, draft, name)))
                rows, future = waiting.pop(0)
                progress(rows.start, len(source))
                yield rows, _result(future)
        finally:
            self.client.cancel([future for _, future in waiting])

    def _submit(self, source: LargeSet, rows: slice, draft: str = "", name: str = "") -> Any:
        return self.client.submit(
            _compute_block, self.job, str(source.path.absolute()), rows, len(source) >= MIN_TOGETHER, draft, name,
            pure=False, retries=RETRIES,
        )  # fmt: skip

    def _unpacked(self, future: Any, source: LargeSet, rows: slice) -> Part:
        return _unpacked_part(_result(future), source[rows])

    def _rows_of_blocks(self, source: LargeSet) -> list[slice]:
        """The blocks of a set: those of a single process, so that results are the same."""
        return computing.row_blocks(len(source), source.points, Recipe.from_text(self.job.recipe))


@contextmanager
def connect(address: str) -> Iterator[Any]:
    """Yield a client of the scheduler at `address`, or of one on this computer: "local", "local:4" for four workers.

    Raises StudioError when dask is not installed, or there is no scheduler.
    """
    try:
        import distributed
    except ImportError as error:
        raise StudioError(
            "A cluster needs the packages dask, distributed and zarr, which are not installed.",
            remedy="Install them: pip install 'ramanstudio[cluster]'.",
        ) from error
    make_client: Any = distributed.Client  # neither has types
    make_cluster: Any = distributed.LocalCluster
    kind, _, number = address.partition(":")
    if kind == "local":
        if number and (not number.isdecimal() or not 1 <= int(number) <= 1024):
            raise StudioError(f"'{address}' names no number of workers.", remedy="Write local, or local:4.")
        n_workers = int(number) if number else None
        with (
            make_cluster(
                n_workers=n_workers, threads_per_worker=1, dashboard_address=None, silence_logs=50, processes=True
            ) as cluster,
            make_client(cluster) as client,
        ):
            yield client
        return
    try:
        client = make_client(address, timeout=20)
    except (OSError, ValueError, TypeError) as error:
        raise StudioError(
            f"There is no scheduler at '{address}': {error}.",
            remedy="Give its address, such as tcp://host:8786, or local for this computer.",
        ) from error
    with client:
        yield client


# On the workers ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def _computer(job: Job) -> LocalComputer:
    """The recipe, model and analyses of a job, loaded once for each worker."""
    computing.BLOCK_VALUES = job.block_values  # as in the process that asks
    engine = None
    if job.needs_model:
        from ramanstudio.engine import Engine

        engine = Engine.load(job.model, job.device, threads=_worker_threads())
    template = model = None
    if job.template:
        from ramanstudio.peaks import templates

        template = templates.load(job.template)
    if job.classify:
        from ramanstudio.finetuning import finetuned_model

        model = finetuned_model.load(job.classify)
    from ramanstudio.library import library

    libraries = tuple(library.open(Path(path)) for path in job.libraries)
    return LocalComputer(Recipe.from_text(job.recipe), engine, Analyses(engine, libraries, model, template))


def _worker_threads() -> int:
    from distributed import get_worker

    try:
        return int(get_worker().state.nthreads)
    except (ValueError, AttributeError):
        return 1


@lru_cache(maxsize=4)
def _source(path: str, state: str, laser_nm: float | None) -> LargeSet:
    """A large file, opened once for each worker while it stays in the `state`."""
    source = open_large(Path(path), laser_nm)
    if source is None:
        raise StudioError(f"A worker cannot read '{path}'.", remedy="Workers must see it under the same path.")
    return source


def _compute_parts(job: Job, packed: Sequence[Any], stack: bool, check: bool) -> list[Any]:
    sets = [_unpacked(entry) for entry in packed]
    return [_packed_part(part) for part in _computer(job).parts(sets, SILENT, stack, check)]


def _compute_block(job: Job, path: str, rows: slice, as_set: bool, draft: str, name: str) -> Any:
    """Compute a block; into the zarr store `draft` where there is one, and return its rows of the table then."""
    from ramanstudio.batch.journal import state_of

    computer = _computer(job)
    block = _source(path, state_of(Path(path)), job.laser_nm)[rows]
    part = computer.block(block, as_set)
    if not draft:
        return _packed_part(part)
    if isinstance(part.outcome, StudioError):
        raise part.outcome
    zarr_store.write_rows(Path(draft), rows.start, columns_of(part.outcome))
    return result_rows(block, part.outcome, part.codes, name, part.cells)


# On the way: frozen mappings cannot be pickled ------------------------------------------------------------------------


def _packed(spectra: SpectrumSet) -> tuple[Any, ...]:
    return np.asarray(spectra.axis), np.asarray(spectra.values), dict(spectra.table), dict(spectra.about)


def _unpacked(packed: tuple[Any, ...]) -> SpectrumSet:
    return SpectrumSet(*packed)


def _packed_part(part: Part) -> tuple[Any, ...]:
    outcome = part.outcome
    if isinstance(outcome, StudioError):
        return outcome.sentence, outcome.remedy
    counts = [_per_spectrum(result, len(outcome.spectra)) for result in outcome.results]
    records = [dict(record) for record in outcome.records]
    arrays = (outcome.expected_error, outcome.snr_before, outcome.snr_after, outcome.replaced, outcome.doubtful)
    return (
        _packed(outcome.spectra), [np.asarray(array) for array in arrays], records, counts, part.codes, part.cells,
        outcome.steps,
    )  # fmt: skip


def _per_spectrum(result: StepResult, n_spectra: int) -> tuple[str, Mapping[str, Any], dict[str, Any]]:
    curves = {name: np.asarray(curve) for name, curve in result.curves.items() if curve.shape == (n_spectra,)}
    return result.summary, dict(result.record), curves


def _unpacked_part(packed: Any, source: SpectrumSet) -> Part:
    """What a worker returned of `source`; of the stages only numbers for each spectrum."""
    if isinstance(packed[0], str):
        return Part(StudioError(packed[0], packed[1]))
    spectra, arrays, records, counts, codes, cells, steps = packed
    state = State(source, np.zeros_like(source.values))
    results = tuple(StepResult(state, summary, record, curves) for summary, record, curves in counts)
    error, before, after, replaced, doubtful = arrays
    processed = Processed(
        _unpacked(spectra), error, before, after, tuple(records), results, {}, replaced, doubtful, steps
    )  # fmt: skip
    return Part(processed, codes, cells)


def _result(future: Any) -> Any:
    """The result of a future. Raises StudioError when its worker died too often."""
    try:
        return future.result()
    except StudioError:
        raise
    except Exception as error:
        raise StudioError(
            f"The cluster could not compute a block: {type(error).__name__}: {error}.",
            remedy="Look at the log of its workers; they may need more memory.",
        ) from error


def with_blocks_of_this_process(job: Job) -> Job:
    """Return a job whose workers use blocks of the size that this process uses."""
    return replace(job, block_values=computing.BLOCK_VALUES)
