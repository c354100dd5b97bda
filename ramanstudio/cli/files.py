"""The files that a verb works on: finding them, reading them in batches, and noting which of them failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ramanstudio.cli.errors import error_for_user
from ramanstudio.cli.terminal import ProgressBar, plural
from ramanstudio.core.csv_cells import printable
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet

VALUES_PER_BATCH: Final = 4_000_000  # intensities: enough to fill a GPU, few enough for memory


class Source(NamedTuple):
    """Spectra, and the file that they were read from."""

    file: Path
    spectra: SpectrumSet


class Batch(NamedTuple):
    """Spectra of some files that are worked on at once; `progress` counts their share of all files."""

    sources: list[Source]
    progress: Progress


def find_files(given: Sequence[Path], skip: Callable[[Path], bool] = lambda _: False) -> list[Path]:
    """Return the files to work on, of folders those that can be read; without those that `skip` is true for.

    Raises StudioError when there is none.
    """
    from ramanstudio.formats import registry

    files = [file for file in registry.find_files(given) if not skip(file)]
    if not files:
        raise StudioError(
            f"There is no spectrum in {', '.join(repr(printable(str(path))) for path in given)}.",
            remedy=f"Readable files end in {', '.join(registry.readable_suffixes())}.",
        )
    return files


class BatchReader:
    """Reads files in batches under a progress bar; a file that fails is a sentence, and the others go on."""

    def __init__(self, title: str, files: Sequence[Path], laser_nm: float | None) -> None:
        self.bar = ProgressBar(title, len(files))
        self.failed: set[Path] = set()
        self._files, self._laser_nm = files, laser_nm

    def fail(self, file: Path, error: Exception) -> None:
        """Say why a file failed, above the bar; of an error that nobody foresaw, the traceback goes to the log."""
        self.failed.add(file)
        known = error_for_user(error)
        self.bar.say(str(known) if file.name in known.sentence else f"'{file.name}': {known}")

    def batches(self) -> Iterator[Batch]:
        """Yield the spectra of the files in order, in batches of about VALUES_PER_BATCH intensities."""
        from ramanstudio.formats import registry

        first, sources = 0, list[Source]()
        for index, file in enumerate(self._files):
            try:
                sources += [Source(file, spectra) for spectra in registry.read(file, self._laser_nm)]
            except Cancelled:
                raise
            except Exception as error:
                self.fail(file, error)
            is_last = index == len(self._files) - 1
            if is_last or sum(source.spectra.values.size for source in sources) >= VALUES_PER_BATCH:
                yield Batch(sources, self._progress(first, index + 1, sum(len(item.spectra) for item in sources)))
                first, sources = index + 1, []

    def read_all(self, keep: Callable[[Source], Source | None] = lambda source: source) -> list[Source]:
        """Read all files, and return what `keep` returns for each source, without None; removes the bar."""
        kept = []
        for batch in self.batches():
            batch.progress(1, 1)
            kept += [source for source in map(keep, batch.sources) if source is not None]
        self.bar.clear()
        return kept

    def _progress(self, first: int, after: int, n_spectra: int) -> Progress:
        """Progress of the files from index `first` up to `after`, which hold `n_spectra`."""
        n_files = len(self._files)

        def report(done: int, total: int, _note: str) -> None:
            share = min(1.0, done / max(1, total))
            files = first + (after - first) * share
            count = f"{int(files)} of {plural(n_files, 'file')}"
            if n_spectra > after - first:  # sets: their spectra tell more than their files
                spectra = f"{int(n_spectra * share)} of {n_spectra} spectra"
                count = spectra if n_files == 1 else f"{count} · {spectra}"
            self.bar(files, count=count)

        return Progress(report, on_warning=self.bar.say)
