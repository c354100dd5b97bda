"""The files that a verb of the command line works through: which they are, how far it is, and which of them failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ramanstudio.cli.terminal import ProgressBar
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

VALUES_AT_ONCE = 4_000_000  # intensities read before they are worked on: enough to fill a GPU, little enough for memory

Source = tuple[Path, SpectrumSet]
Report = Callable[[int, int, str], None]


def find(given: Sequence[Path], out: Path | None = None) -> list[Path]:
    """The files to work on; what an earlier run wrote to `out`, a file or a folder, is no input unless it is named.

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


class Reading:
    """Files that are read some at a time, under a bar; one that fails is a sentence, and does not stop the others."""

    def __init__(self, title: str, files: Sequence[Path], laser_nm: float | None) -> None:
        self.bar = ProgressBar(title, len(files))
        self.failed: set[Path] = set()
        self._files, self._laser_nm = files, laser_nm

    def fail(self, file: Path, error: StudioError) -> None:
        """Say why a file failed, above the bar."""
        self.failed.add(file)
        self.bar.say(str(error) if file.name in error.sentence else f"'{file.name}': {error}")

    def some_at_a_time(self) -> Iterator[tuple[Report, list[Source]]]:
        """What the next files hold, and what to call with how much of it is done."""
        from ramanstudio.formats import registry

        first, some = 0, list[Source]()
        for index, file in enumerate(self._files):
            try:
                some += [(file, one) for one in registry.read(file, self._laser_nm)]
            except StudioError as error:
                self.fail(file, error)
            if index == len(self._files) - 1 or sum(one.values.size for _, one in some) >= VALUES_AT_ONCE:
                yield self._report(first, index + 1), some
                first, some = index + 1, []

    def _report(self, first: int, after: int) -> Report:
        return lambda done, total, _note: self.bar(first + (after - first) * done / max(1, total))
