"""A run of one recipe on files: read ahead, compute, write, note in a journal, and yield each file's result."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ramanstudio.batch.analyses import Analyses
from ramanstudio.batch.computing import STACK_FROM, SpectrumRows, apply_to_sets, row_blocks
from ramanstudio.batch.journal import BEGUN, DONE, FAILED, RUN, Journal, path_key, state_of
from ramanstudio.batch.large_files import LazySet, open_large
from ramanstudio.batch.large_sets import write_by_blocks
from ramanstudio.batch.names import OutputNames
from ramanstudio.batch.results import LOG_NAME, RECIPE_NAME, RESULTS_NAME, quality_codes, result_rows, write_tables
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.processed_files import write_processed
from ramanstudio.export.text_table import make_folder
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Processed
from ramanstudio.processing.step import Denoiser

GROUP_VALUES: Final = 1_000_000  # intensities that are read, computed and written at once
GROUP_FILES: Final = 512
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


@dataclass(slots=True)
class _Item:
    """A file on its way: its sets or why it cannot be read, then where its results go."""

    file: Path
    path: str
    state: str
    sets: tuple[SpectrumSet, ...] = ()
    error: StudioError | None = None
    lazy: LazySet | None = None
    names: list[str] = field(default_factory=list)
    processed: list[Processed] = field(default_factory=list)
    codes: list[list[str]] = field(default_factory=list)
    cells: list[list[list[Any]]] = field(default_factory=list)


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
    ) -> None:
        """Raises StudioError when `out` cannot be made, or holds results that may not be replaced."""
        self.recipe, self.engine, self.out = recipe, engine, out
        self._format, self._laser_nm, self._overwrite = format, laser_nm, overwrite
        self._analyses = analyses or Analyses()
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
                upcoming: Future[list[_Item]] | None = reader.submit(self._read_group, queue)
                written: list[tuple[_Item, Future[list[list[Any]]] | None]] = []
                while upcoming is not None or written:
                    # a group is computed while the one before it is written and the one after it is read
                    items = upcoming.result() if upcoming is not None else []
                    upcoming = reader.submit(self._read_group, queue) if queue else None
                    counted = _counted(progress, finished + len(written), len(items), len(files))
                    begun = self._compute_group(items, writers, counted, stack)
                    for result in self._finish(written, counted):
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

    def _read_group(self, queue: list[Path]) -> list[_Item]:
        """Read files off the end of `queue` until there are enough to compute at once."""
        from ramanstudio.formats import registry

        items, n_values = list[_Item](), 0
        while queue and n_values < GROUP_VALUES and len(items) < GROUP_FILES:
            file = queue.pop()
            item = _Item(file, path_key(file), state_of(file))
            try:
                item.lazy = open_large(file) if self.out is not None else None
                item.sets = registry.read(file, self._laser_nm) if item.lazy is None else ()
                n_values += sum(spectra.values.size for spectra in item.sets)
            except StudioError as error:
                item.error = error
            except Exception as error:
                item.error = _unexpected(error)
            items.append(item)
        return items

    def _compute_group(
        self, items: Sequence[_Item], writers: ThreadPoolExecutor, progress: Progress, stack: bool
    ) -> list[tuple[_Item, Future[list[list[Any]]] | None]]:
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
        outcomes = apply_to_sets([spectra for _, spectra in sets], self.recipe, self.engine, progress, stack)
        codes = quality_codes([spectra for _, spectra in sets]) if self.out is not None else [[]] * len(sets)
        processed = [None if isinstance(outcome, StudioError) else outcome for outcome in outcomes]
        silent = Progress(on_warning=progress.warn)
        cells = self._analyses.columns([spectra for _, spectra in sets], processed, silent)
        for (item, _), outcome, found, row in zip(sets, outcomes, codes, cells, strict=True):
            if isinstance(outcome, StudioError):
                item.error = item.error or outcome
            else:
                item.processed.append(outcome)
                item.codes.append(found)
                item.cells.append(row)
        return [(item, writers.submit(self._write, item) if item not in large else None) for item in items]

    def _finish(
        self, written: Sequence[tuple[_Item, Future[list[list[Any]]] | None]], progress: Progress
    ) -> Iterator[FileResult]:
        """Wait until the files of a group are written, and yield their results in order."""
        for item, future in written:
            rows = future.result() if future is not None else self._write_large(item, progress)
            yield self._settle(item, rows)

    def _is_large(self, item: _Item) -> bool:
        return item.lazy is not None or any(
            len(row_blocks(len(spectra), spectra.points, self.recipe)) > 1 for spectra in item.sets
        )

    def _write(self, item: _Item) -> list[list[Any]]:
        """Write the results of a file; returns its rows of the table. Its error is kept in the item."""
        if item.error is not None or self.out is None:
            return []
        rows = list[list[Any]]()
        try:
            written = zip(item.sets, item.processed, item.codes, item.names, item.cells, strict=True)
            for spectra, processed, codes, name, cells in written:
                make_folder((self.out / name).parent)
                write_processed(self.out / name, processed)
                rows += result_rows(spectra, processed, codes, name, cells)
        except StudioError as error:
            item.error = error
        except Exception as error:
            item.error = _unexpected(error)
        return rows

    def _write_large(self, item: _Item, progress: Progress) -> list[list[Any]]:
        """Process a large file block by block into its results."""
        rows = list[list[Any]]()
        try:
            sources: Sequence[SpectrumRows] = item.sets if item.lazy is None else (item.lazy,)
            for index, spectra in enumerate(sources):
                name = item.names[index] if self.out is not None else ""
                path = None if self.out is None else self.out / name
                rows += write_by_blocks(spectra, self.recipe, self.engine, path, name, progress, self._analyses)
        except Cancelled:
            raise
        except StudioError as error:
            item.error = error
        except Exception as error:
            item.error = _unexpected(error)
        return rows

    def _settle(self, item: _Item, rows: list[list[Any]]) -> FileResult:
        """Note in the journal what became of a file."""
        file = item.path
        if item.error is not None:
            self._failures[file] = ("failed", str(item.error))
            if self._journal is not None:
                self._journal.add_all(FAILED, [{"file": file, "reason": str(item.error)}])
            return FileResult(item.file, error=item.error)
        if self._journal is not None and self.out is not None:
            record = {"file": file, "state": item.state, "outputs": item.names, "rows": rows}
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


def _counted(progress: Progress, first: int, n_items: int, n_files: int) -> Progress:
    """Progress in files, of spectra of `n_items` files from the file `first` on."""
    return Progress(
        lambda done, total, _note: progress(first + int(n_items * done / max(total, 1)), n_files),
        on_warning=progress.warn,
    )


def _unexpected(error: Exception) -> StudioError:
    return StudioError(
        f"Something unexpected happened: {type(error).__name__}: {error}.", remedy="Report it, with the file."
    )
