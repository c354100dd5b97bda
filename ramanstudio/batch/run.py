"""A run of one recipe on files: read ahead, compute, write, note in a journal, and yield each file's result."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ramanstudio.batch import zarr_store
from ramanstudio.batch.analyses import Analyses
from ramanstudio.batch.cluster import Cluster
from ramanstudio.batch.computing import STACK_FROM, SpectrumRows, row_blocks
from ramanstudio.batch.items import Item, read_group, unexpected
from ramanstudio.batch.journal import BEGUN, DONE, FAILED, RUN, Journal, path_key, state_of
from ramanstudio.batch.large_sets import KeepRows, local_blocks, write_by_blocks
from ramanstudio.batch.names import OutputNames
from ramanstudio.batch.parts import Computer, LocalComputer
from ramanstudio.batch.results import (
    LOG_NAME,
    RECIPE_NAME,
    RESULTS_NAME,
    ROWS_FOLDER,
    result_rows,
    row_file,
    write_tables,
)
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.version import __version__
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.processed_files import extra_datasets, write_processed
from ramanstudio.export.text_table import make_folder
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Processed
from ramanstudio.processing.step import Denoiser

WRITERS: Final = 4  # threads: they mostly wait for the disk


@dataclass(frozen=True, slots=True, eq=False)
class FileResult:
    """What became of one file of a batch.

    Parameters
    ----------
    file : the input
    outputs : the files with its processed spectra, empty without an output folder
    processed : one result for each set of spectra in the file; empty where it was done by an earlier run, failed, or is
        too large to keep
    error : why it failed, or None
    resumed : whether an earlier run had done it
    """

    file: Path
    outputs: tuple[Path, ...] = ()
    processed: tuple[Processed, ...] = field(default=(), repr=False)
    error: StudioError | None = None
    resumed: bool = False


def earlier_results(out: Path) -> str:
    """Return what an output folder holds: "run", files of an earlier run; "files" of our names; or nothing, "".

    Raises StudioError when its journal cannot be read.
    """
    if not Journal(out).is_empty:
        return "run"
    return "files" if any(os.path.lexists(out / name) for name in (RESULTS_NAME, LOG_NAME, RECIPE_NAME)) else ""


class BatchRun:
    """One recipe on files, and the output folder with its journal."""

    def __init__(
        self,
        recipe: Recipe,
        engine: Denoiser | None,
        out: Path | None,
        given: Sequence[Path],
        format: str = "csv",
        laser_nm: float | None = None,
        overwrite: bool = False,
        resume: bool = False,
        analyses: Analyses | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        """Raises StudioError when `out` cannot be made, or holds results that may not be replaced."""
        self.recipe, self.engine, self.out = recipe, engine, out
        self._format, self._laser_nm, self._overwrite = format, laser_nm, overwrite
        self._analyses = analyses or Analyses()
        self._local = LocalComputer(recipe, engine, self._analyses)
        self._cluster = cluster
        self._failures: dict[str, tuple[str, str]] = {}
        self._journal: Journal | None = None
        if out is None:
            return
        make_folder(out)
        self._journal = Journal(out)
        self._check_folder(out, self._journal, resume)
        taken = [name for names in self._journal.names.values() for name in names]
        self._names = OutputNames(out, given, taken)
        atomic_write(out / RECIPE_NAME, recipe.to_text(self._provenance()))
        self._journal.add(
            RUN,
            recipe=self._recipe_text(),
            format=format,
            columns=list(self._analyses.header),
            analyses=list(self._analyses.names),
            version=__version__,
            **self._provenance(),
        )

    def _check_folder(self, out: Path, journal: Journal, resume: bool) -> None:
        if resume and not journal.is_empty:
            now = (self._recipe_text(), self._format, list(self._analyses.header), list(self._analyses.names))
            last = {"analyses": [], **journal.runs[-1]}
            if tuple(last.get(name) for name in ("recipe", "format", "columns", "analyses")) != now:
                raise StudioError(
                    f"The run in '{out}' was started with another recipe, format or analysis.",
                    remedy="Resume it with the same, or choose another folder.",
                )
            if journal.runs[-1].get("model_hash", "") != self._provenance().get("model_hash", ""):
                raise StudioError(
                    f"The run in '{out}' was started with another model.",
                    remedy="Resume it with the same, or choose another folder.",
                )
            return
        if self._overwrite:
            journal.restart()
            return
        if not journal.is_empty:
            raise StudioError(
                f"'{out}' holds the results of an earlier run.",
                remedy="Go on with it (--resume), replace them (--overwrite), or choose another folder.",
            )
        for name in (RESULTS_NAME, LOG_NAME, RECIPE_NAME):
            if os.path.lexists(out / name):
                raise StudioError(
                    f"'{name}' in '{out}' would be replaced.", remedy="Choose another folder, or allow --overwrite."
                )

    def _recipe_text(self) -> str:
        return self.recipe.to_text()

    def _provenance(self) -> dict[str, str]:
        """The model by name and hash, where one is loaded."""
        card = getattr(self.engine, "card", None)
        return {} if card is None else {"model": card.name, "model_hash": card.weights_hash}

    def reserve(self, files: Sequence[Path]) -> None:
        """Keep the names of inputs in the output folder from being results."""
        if self.out is not None:
            self._names.forbid(files)

    def process(self, files: Sequence[Path], progress: Progress = SILENT) -> Iterator[FileResult]:
        """Yield the result of each file in order; at the end, and where it is stopped, write the tables."""
        pending = [file for file in files if not self._is_done(file)]
        finished = len(files) - len(pending)
        for file in files:
            if self._is_done(file):
                yield FileResult(file, self._outputs_of(file), resumed=True)
        stack = len(pending) > STACK_FROM
        try:
            with ThreadPoolExecutor(1, "reading") as reader, ThreadPoolExecutor(WRITERS, "writing") as writers:
                queue = list(reversed(pending))
                read = partial(read_group, queue, self._laser_nm, self.out is not None)
                upcoming: Future[list[Item]] | None = reader.submit(read)
                written: list[tuple[Item, Future[list[list[Any]]] | None]] = []
                while upcoming is not None or written:
                    # a group is computed while the one before it is written and the one after it is read
                    items = upcoming.result() if upcoming is not None else []
                    upcoming = reader.submit(read) if queue else None
                    counted = _counted(progress, finished + len(written), len(items), len(files))
                    begun = self._compute_group(items, writers, counted, stack)
                    for result in self._finish(written, progress):
                        finished += 1
                        progress(finished, len(files))
                        yield result
                    written = begun
        finally:
            self.write_tables()
            if self._journal is not None:
                self._journal.close()

    def _is_done(self, file: Path) -> bool:
        if self._journal is None or self.out is None:
            return False
        event = self._journal.done.get(path_key(file))
        if event is None or event.get("state") != state_of(file):
            return False
        return all((self.out / str(name)).exists() for name in event["outputs"])

    def _outputs_of(self, file: Path) -> tuple[Path, ...]:
        assert self._journal is not None and self.out is not None
        return tuple(self.out / str(name) for name in self._journal.done[path_key(file)]["outputs"])

    def _compute_group(
        self, items: Sequence[Item], writers: ThreadPoolExecutor, progress: Progress, stack: bool
    ) -> list[tuple[Item, Future[list[list[Any]]] | None]]:
        """Compute the spectra of a group and begin to write them; None stands for a large file, still to be done."""
        for item in items:
            if item.error is None and self.out is not None:
                earlier = self._journal.names.get(item.path, ()) if self._journal else ()
                n_sets = 1 if item.lazy is not None else len(item.sets)
                enough = len(earlier) == n_sets
                item.names = list(earlier) if enough else self._names.choose(
                    item.file, n_sets, self._format, self._overwrite
                )  # fmt: skip
        if self._journal is not None:
            begun = [{"file": item.path, "outputs": item.names} for item in items if item.error is None]
            self._journal.add_all(BEGUN, begun)
        large = [item for item in items if item.error is None and self._is_large(item)]
        sets = [(item, spectra) for item in items if item.error is None and item not in large for spectra in item.sets]
        computer: Computer = self._cluster or self._local
        parts = computer.parts([spectra for _, spectra in sets], progress, stack, self.out is not None)
        for (item, _), part in zip(sets, parts, strict=True):
            if isinstance(part.outcome, StudioError):
                item.error = item.error or part.outcome
            else:
                item.processed.append(part.outcome)
                item.codes.append(part.codes)
                item.cells.append(part.cells)
        return [(item, writers.submit(self._write, item) if item not in large else None) for item in items]

    def _finish(
        self, written: Sequence[tuple[Item, Future[list[list[Any]]] | None]], progress: Progress
    ) -> Iterator[FileResult]:
        """Wait until the files of a group are written, and yield their results in order."""
        for item, future in written:
            rows = future.result() if future is not None else self._write_large(item, _in_spectra(progress, item.file))
            yield self._settle(item, rows)

    def _is_large(self, item: Item) -> bool:
        return item.lazy is not None or any(
            len(row_blocks(len(spectra), spectra.points, self.recipe)) > 1 for spectra in item.sets
        )

    def _write(self, item: Item) -> list[list[Any]]:
        """Write the results of a file; returns its rows of the table. Its error is kept in the item."""
        if item.error is not None or self.out is None:
            return []
        rows = list[list[Any]]()
        try:
            written = zip(item.sets, item.processed, item.codes, item.names, item.cells, strict=True)
            for spectra, processed, codes, name, cells in written:
                make_folder((self.out / name).parent)
                _write_small(self.out / name, processed)
                rows += result_rows(spectra, processed, codes, name, cells)
        except StudioError as error:
            item.error = error
        except Exception as error:
            item.error = unexpected(error)
        return rows

    def _write_large(self, item: Item, progress: Progress) -> list[list[Any]]:
        """Process a large file block by block into its results; its rows of the table go to a file of their own."""
        try:
            sources: Sequence[SpectrumRows] = item.sets if item.lazy is None else (item.lazy,)
            for index, spectra in enumerate(sources):
                if self.out is None:
                    self._write_blocks(item, spectra, "", lambda _: None, progress)
                    continue
                name = item.names[index]
                item.row_files.append(f"{sha256(name.encode()).hexdigest()[:24]}.jsonl")
                with row_file(self.out / ROWS_FOLDER / item.row_files[-1]) as keep:
                    self._write_blocks(item, spectra, name, keep, progress)
        except Cancelled:
            raise
        except StudioError as error:
            item.error = error
        except Exception as error:
            item.error = unexpected(error)
        return []

    def _write_blocks(self, item: Item, spectra: SpectrumRows, name: str, keep: KeepRows, progress: Progress) -> None:
        path = None if self.out is None else self.out / name
        if self._cluster is not None and item.lazy is not None and path is not None:
            self._cluster.write_blocks(item.lazy, path, name, keep, progress)
            return
        blocks = local_blocks(spectra, self._local, progress)
        write_by_blocks(blocks, path, name, len(spectra), keep)

    def _settle(self, item: Item, rows: list[list[Any]]) -> FileResult:
        """Note in the journal what became of a file."""
        file = item.path
        if item.error is not None:
            self._failures[file] = ("failed", str(item.error))
            if self._journal is not None:
                self._journal.add_all(FAILED, [{"file": file, "reason": str(item.error)}])
            return FileResult(item.file, error=item.error)
        if self._journal is not None and self.out is not None:
            record = {"file": file, "state": item.state, "outputs": item.names, "rows": rows}
            if item.row_files:
                record["row_files"] = item.row_files
            self._journal.add_all(DONE, [record])
            self._journal.done[file] = record
            self._failures.pop(file, None)
        outputs = tuple(self.out / name for name in item.names) if self.out is not None else ()
        return FileResult(item.file, outputs, tuple(item.processed))

    def write_tables(self) -> None:
        """Write results.csv and log.csv from the journal. Raises StudioError when that cannot be done."""
        if self._journal is None or self.out is None:
            return
        done = self._journal.done.values()
        log = [(str(event["file"]), "done", "") for event in done]
        log += [(file, status, reason) for file, (status, reason) in self._failures.items()]
        write_tables(self.out, done, log, self._analyses.header)


def _write_small(path: Path, processed: Processed) -> None:
    if path.suffix == zarr_store.SUFFIX:
        zarr_store.write(path, processed.spectra, **extra_datasets(processed))
    else:
        write_processed(path, processed)


def _counted(progress: Progress, first: int, n_items: int, n_files: int) -> Progress:
    """Progress in files, of spectra of `n_items` files from the file `first` on."""
    return Progress(
        lambda done, total, _note: progress(first + int(n_items * done / max(total, 1)), n_files),
        on_warning=progress.warn,
    )


def _in_spectra(progress: Progress, file: Path) -> Progress:
    """Progress in the spectra of a large file."""
    return Progress(
        lambda done, total, _note: progress(done, total, f"spectra of {file.name}"), on_warning=progress.warn
    )
