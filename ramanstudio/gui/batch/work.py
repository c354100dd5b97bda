"""What a batch and a watched folder do in their thread: plain functions on immutable values."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ramanstudio import batch
from ramanstudio.batch.processing import is_result, needs_model, watching_run
from ramanstudio.batch.watching import FolderWatcher
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.gui.document.opening import read_file
from ramanstudio.processing.recipe import Recipe

REPORT_S: Final = 0.15
MAX_LISTED: Final = 1000  # failed files that are listed; log.csv has them all
EngineLoader = Callable[[str, str], Any]  # model, device


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with the files of a folder.

    Parameters
    ----------
    folder : with the files; those below it too
    out : where results go; None where nothing is written
    template, classifier : name or file of a template of peaks, name of a fine-tuned model; empty for none
    identifies : whether spectra are identified, by the libraries but those in `disabled_libraries`
    model, device, laser_nm : as in the settings
    earlier : what becomes of earlier results in `out`: "", "continue" or "replace"
    """

    folder: Path
    recipe: Recipe
    out: Path | None = None
    format: str = "csv"
    template: str = ""
    identifies: bool = False
    classifier: str = ""
    disabled_libraries: tuple[str, ...] = ()
    model: str = ""
    device: str = "auto"
    laser_nm: float | None = None
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files are done, how many of them by an earlier run, and why others failed."""

    done: int = 0
    earlier: int = 0
    failures: tuple[str, ...] = field(default=(), repr=False)
    n_failed: int = 0

    def plus(self, result: batch.FileResult) -> Counts:
        """Return the counts with one more file."""
        if result.error is None:
            return replace(self, done=self.done + 1, earlier=self.earlier + result.resumed)
        sentence = str(result.error)
        line = sentence if result.file.name in sentence else f"'{result.file.name}': {sentence}"
        return replace(self, n_failed=self.n_failed + 1, failures=(*self.failures, line)[:MAX_LISTED])


def run_batch(plan: Plan, load: EngineLoader, progress: Progress) -> Counts:
    """Process the files of a folder; shows Counts as it goes on. Raises StudioError, and Cancelled when stopped."""
    progress(0, 0, "Looking for spectra")
    options = _options(plan, load) | {"resume": plan.earlier == "continue", "overwrite": plan.earlier == "replace"}
    results = batch.process(plan.folder, plan.recipe, plan.out, progress=progress, **options)
    counts, shown = Counts(), 0.0
    try:
        for result in results:
            counts = counts.plus(result)
            if time.monotonic() - shown > REPORT_S:
                progress.show(counts)
                shown = time.monotonic()
    finally:
        progress.show(counts)
        results.close()  # type: ignore[attr-defined]
    return counts


@dataclass(frozen=True, slots=True)
class WatchNote:
    """What the bar of a watched folder says: that the folder is gone, or, empty, that it is there."""

    sentence: str


def watch_folder(plan: Plan, load: EngineLoader, known: Collection[Path], progress: Progress) -> None:
    """Read the files of a folder as they come, but those `known` that stay as they are, until cancelled.

    Shows lists of OpenedFile, WatchNote, and Counts of what is written where the plan has `out`. Raises StudioError
    when the folder does not exist, or results cannot be written.
    """
    note = ""

    def say(sentence: str) -> None:
        nonlocal note
        note = "" if sentence.endswith("is back.") else sentence
        progress.show(WatchNote(note))

    watcher = FolderWatcher(
        plan.folder,
        on_note=say,
        on_look=lambda: progress(0, 0),
        is_wanted=lambda file: not is_result(file, plan.out, plan.folder),
        known=known,
    )
    counts = Counts()
    run = None
    if plan.out is not None:
        options = _options(plan, load)
        run = watching_run(plan.folder, plan.recipe, plan.out, **options)
    for files in watcher.files():
        for chunk in _chunks(files):
            progress(0, 0)
            progress.show([read_file(file, plan.laser_nm) for file in chunk])
            if run is not None:
                run.reserve(chunk)
                for result in run.process(chunk, Progress(is_cancelled=lambda: _is_cancelled(progress))):
                    counts = counts.plus(result)
                progress.show(counts)


def _chunks(files: Sequence[Path]) -> list[Sequence[Path]]:
    """A few files at a time, so that the first are shown soon."""
    return [files[start : start + 16] for start in range(0, len(files), 16)]


def _is_cancelled(progress: Progress) -> bool:
    progress(0, 0)  # raises Cancelled
    return False


def _options(plan: Plan, load: EngineLoader) -> dict[str, Any]:
    """The options of `batch.process` and `watching_run`. Raises StudioError when something cannot be loaded."""
    libraries: Sequence[Any] = ()
    if plan.identifies:
        from ramanstudio.library.library_folder import open_library_folder

        libraries = [
            library for library in open_library_folder().libraries if library.path.name not in plan.disabled_libraries
        ]
        if not libraries:
            raise StudioError("No library is searched.", remedy="Switch one on in the Identify tab.")
    analyses = plan.identifies or bool(plan.classifier)
    return {
        "format": plan.format,
        "engine": load(plan.model, plan.device) if needs_model(plan.recipe, analyses) else None,
        "laser_nm": plan.laser_nm,
        "peaks": plan.template or None,
        "identify": libraries,
        "classify": plan.classifier or None,
    }
