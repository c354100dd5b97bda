"""The files that a verb works on: finding them, reading them in batches, and noting which of them failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ramanstudio.cli.terminal import ProgressBar
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
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


def find_files(given: Sequence[Path], out: Path | None = None) -> list[Path]:
    """Return the files to work on; what an earlier run wrote to `out`, a file or folder, only if it is named.

    Raises StudioError when there is none.
    """
    from ramanstudio.formats import registry

    files = registry.find_files(given)
    if out is not None:
        named, results = {path.absolute() for path in given}, out.absolute()
        files = [
            file
            for file in files
            if file.absolute() in named
            or results not in (file.absolute(), *file.absolute().parents)
            or results in named
        ]
    if not files:
        raise StudioError(
            f"There is no spectrum in {', '.join(repr(str(path)) for path in given)}.",
            remedy=f"Readable files end in {', '.join(registry.readable_suffixes())}.",
        )
    return files


class BatchReader:
    """Reads files in batches under a progress bar; a file that fails is a sentence, and the others go on."""

    def __init__(self, title: str, files: Sequence[Path], laser_nm: float | None) -> None:
        self.bar = ProgressBar(title, len(files))
        self.failed: set[Path] = set()
        self._files, self._laser_nm = files, laser_nm

    def fail(self, file: Path, error: StudioError) -> None:
        """Say why a file failed, above the bar."""
        self.failed.add(file)
        self.bar.say(str(error) if file.name in error.sentence else f"'{file.name}': {error}")

    def batches(self) -> Iterator[Batch]:
        """Yield the spectra of the files in order, in batches of about VALUES_PER_BATCH intensities."""
        from ramanstudio.formats import registry

        first, sources = 0, list[Source]()
        for index, file in enumerate(self._files):
            try:
                sources += [Source(file, spectra) for spectra in registry.read(file, self._laser_nm)]
            except StudioError as error:
                self.fail(file, error)
            is_last = index == len(self._files) - 1
            if is_last or sum(source.spectra.values.size for source in sources) >= VALUES_PER_BATCH:
                yield Batch(sources, self._progress(first, index + 1))
                first, sources = index + 1, []

    def read_all(self, keep: Callable[[Source], Source | None] = lambda source: source) -> list[Source]:
        """Read all files, and return what `keep` returns for each source, without None; removes the bar."""
        kept = []
        for batch in self.batches():
            batch.progress(1, 1)
            kept += [source for source in map(keep, batch.sources) if source is not None]
        self.bar.clear()
        return kept

    def _progress(self, first: int, after: int) -> Progress:
        """Progress of the files from index `first` up to `after`."""

        def report(done: int, total: int, _note: str) -> None:
            self.bar(first + (after - first) * done / max(1, total))

        return Progress(report, on_warning=self.bar.say)
